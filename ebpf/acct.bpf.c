// SPDX-License-Identifier: GPL-2.0
/*
 * Byte accounting of the socket path: one pair of raw tracepoint programs per
 * machine. The tracepoints carry scalars only, so neither program needs the
 * module's BTF.
 *
 * Cell events come with softirqs off, so a CPU is never interrupted by
 * another cell in the middle of one; circuit events come from process context.
 */
#include "count.h"

static __always_inline void fold(struct cellrelay_count *sum, struct cellrelay_count *c)
{
	sum->cells += c->cells;
	sum->bytes += c->bytes;
	c->cells = 0;
	c->bytes = 0;
}

/* cellrelay_cell(slot, cookie, netns, what, len) */
SEC("raw_tp/cellrelay_cell")
int cr_cell(struct bpf_raw_tracepoint_args *ctx)
{
	count_cell(ctx->args[0], ctx->args[1], ctx->args[2], ctx->args[3], ctx->args[4]);
	return 0;
}

/*
 * cellrelay_circ(slot, cookie, netns, event)
 *
 * The slot is folded when its circuit goes, after its last cell; and once
 * more, for the case that nobody was attached then, when the next one comes.
 */
SEC("raw_tp/cellrelay_circ")
int cr_circ(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 slot = ctx->args[0], zero = 0;
	struct cellrelay_totals *t = bpf_map_lookup_elem(&cr_totals, &zero);
	struct cellrelay_acct *v = bpf_map_lookup_elem(&cr_circuits, &slot);
	_Bool is_new = (__u32)ctx->args[3] == CELLRELAY_CIRC_NEW;

	if (!t || !v)
		return 0;
	/* a deletion speaks only for the circuit it names */
	if (!is_new && v->cookie != ctx->args[1])
		return 0;

	fold(&t->closed_fwd, &v->fwd);
	fold(&t->closed_bwd, &v->bwd);
	fold(&t->closed_dropped, &v->dropped);
	v->netns = is_new ? ctx->args[2] : 0;
	v->cookie = is_new ? ctx->args[1] : 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
