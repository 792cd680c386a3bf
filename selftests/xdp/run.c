// SPDX-License-Identifier: MIT
#include "run.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>

#include "bpf/xdp.skel.h"

struct xdp *run_load(u32 mode)
{
	return run_load_slots(mode, CELLRELAY_ACCT_SLOTS);
}

struct xdp *run_load_slots(u32 mode, u32 slots)
{
	struct xdp *s = xdp__open();

	if (!s)
		err(2, "XDP object");
	s->rodata->cr_mode = mode;
	bpf_map__set_max_entries(s->maps.cr_circuits, slots);
	if (xdp__load(s))
		err(2, "the XDP program does not load");
	return s;
}

int run_frame(int prog, u32 ifindex, const u8 *in, size_t len, u8 *out, size_t *out_len)
{
	struct xdp_md ctx = { .data_end = (u32)len, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = (u32)len, .data_out = out,
		    .data_size_out = RIG_FRAME_MAX, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(prog, &o))
		err(2, "BPF_PROG_TEST_RUN");
	*out_len = o.data_size_out;
	return (int)o.retval;
}

void run_totals(const struct xdp *s, struct cellrelay_totals *sum)
{
	int cpus = libbpf_num_possible_cpus();
	struct cellrelay_totals *t = calloc((size_t)cpus, sizeof(*t));
	u64 *to = (u64 *)sum;
	u32 zero = 0;

	memset(sum, 0, sizeof(*sum));
	if (!t || bpf_map_lookup_elem(bpf_map__fd(s->maps.cr_totals), &zero, t))
		err(2, "cr_totals");
	for (int c = 0; c < cpus; c++)
		for (size_t i = 0; i < sizeof(*t) / sizeof(u64); i++)
			to[i] += ((u64 *)&t[c])[i];
	free(t);
}

u64 run_passed(const struct xdp *s, u32 why)
{
	int cpus = libbpf_num_possible_cpus();
	u64 *n = calloc((size_t)cpus, sizeof(*n)), sum = 0;

	if (!n || bpf_map_lookup_elem(bpf_map__fd(s->maps.cr_xdp_pass), &why, n))
		err(2, "cr_xdp_pass");
	for (int c = 0; c < cpus; c++)
		sum += n[c];
	free(n);
	return sum;
}
