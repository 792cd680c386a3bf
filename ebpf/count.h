/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The accounting maps and how a cell is counted into them: on the socket path by the
 * tracepoint programs (acct.bpf.c), on the XDP path by the XDP programs (xdp.bpf.c).
 * Nothing is ever inserted: both maps are preallocated arrays.
 */
#ifndef CR_COUNT_H
#define CR_COUNT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/cellrelay_acct.h>

/*
 * cr_circuits: what each circuit moved.
 * Owner: the module assigns slots; `relayctl load` makes and pins the map.
 * Key: slot, 0..max_entries-1. Value: struct cellrelay_acct; cookie 0: free.
 * Writers: the two programs here, and the XDP programs on their path.
 * Readers: relayctl, relayd, bpftool.
 * Pin: /sys/fs/bpf/cellrelay/v1/cr_circuits
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CELLRELAY_ACCT_SLOTS);
	__type(key, __u32);
	__type(value, struct cellrelay_acct);
} cr_circuits SEC(".maps");

/*
 * cr_totals: sums over the whole machine, one copy per CPU, because every
 * cell writes here and CPUs must not share a cache line for it.
 * Owner, writers, readers: as above. Key: 0. Value: struct cellrelay_totals.
 * Pin: /sys/fs/bpf/cellrelay/v1/cr_totals
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cellrelay_totals);
} cr_totals SEC(".maps");

/* Shared between CPUs: one circuit's cells may come in on several. */
static __always_inline void count_shared(struct cellrelay_count *c, __u64 len)
{
	__sync_fetch_and_add(&c->cells, 1);
	__sync_fetch_and_add(&c->bytes, len);
}

/*
 * Only this CPU writes it, and nothing interrupts the writer: cells are counted with softirqs
 * off, and an XDP program ends before the stack sees a frame.
 */
static __always_inline void count_local(struct cellrelay_count *c, __u64 len)
{
	c->cells++;
	c->bytes += len;
}

/*
 * The value of a slot, if it belongs to the circuit with this cookie. A free
 * slot is taken over: the circuit is older than the accounting.
 */
static __always_inline struct cellrelay_acct *slot_of(__u32 slot, __u64 cookie, __u64 netns)
{
	struct cellrelay_acct *v = bpf_map_lookup_elem(&cr_circuits, &slot);

	if (!v)
		return NULL;
	if (v->cookie == cookie)
		return v;
	if (__sync_val_compare_and_swap(&v->cookie, 0, cookie) == 0) {
		v->netns = netns;
		return v;
	}
	return v->cookie == cookie ? v : NULL;
}

/* Count the end of a cell; arguments as those of the tracepoint cellrelay_cell. */
static __always_inline void count_cell(__u32 slot, __u64 cookie, __u64 netns, __u32 what, __u32 len)
{
	__u32 reason = CELLRELAY_WHAT_REASON(what), zero = 0;
	struct cellrelay_totals *t;
	struct cellrelay_acct *v;

	t = bpf_map_lookup_elem(&cr_totals, &zero);
	if (!t)
		return;

	count_local(CELLRELAY_WHAT_ORIGINATED(what) ? &t->originated : &t->in, len);
	switch (CELLRELAY_WHAT_VERDICT(what)) {
	case CELLRELAY_OUT:
		count_local(&t->out, len);
		break;
	case CELLRELAY_DELIVERED:
		count_local(&t->delivered, len);
		break;
	default:
		if (reason >= CELLRELAY_ACCT_REASONS)
			reason = 0;
		count_local(&t->drop[reason], len);
		break;
	}

	if (slot == CELLRELAY_SLOT_NONE)
		return;
	v = slot_of(slot, cookie, netns);
	if (!v)
		count_local(&t->unattributed, len);
	else if (CELLRELAY_WHAT_VERDICT(what) == CELLRELAY_DROP)
		count_shared(&v->dropped, len);
	else
		count_shared(CELLRELAY_WHAT_DIR(what) == CELLRELAY_FWD ? &v->fwd : &v->bwd, len);
}

/* Layout is ABI: the same asserts stand in userspace/relayctl/acct.c. */
_Static_assert(sizeof(struct cellrelay_count) == 16, "count");
_Static_assert(sizeof(struct cellrelay_acct) == 64, "one cache line per circuit");
_Static_assert(__builtin_offsetof(struct cellrelay_acct, dropped) == 48, "acct.dropped");
_Static_assert(__builtin_offsetof(struct cellrelay_totals, drop) == 128, "totals.drop");
_Static_assert(sizeof(struct cellrelay_totals) == 128 + 64 * 16, "totals");

#endif /* CR_COUNT_H */
