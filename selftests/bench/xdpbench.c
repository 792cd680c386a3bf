// SPDX-License-Identifier: MIT
/*
 * What a middle hop costs by XDP and by the module's socket: the kernel runs a program on live
 * frames (BPF_F_TEST_XDP_LIVE_FRAMES) and says how long a frame took; under a clock that counts
 * instructions, that many.
 *
 *	xdpbench DIR NODE IDX PREV NEXT [NETNS-BEFORE NETNS-BEHIND]	rows of JSON on standard output
 *
 * With the namespaces, the forwarder redirects frames to a veth whose other end, there, drops them.
 * Without, frames go up the stack and the module sends them on: whoever calls lets the other end
 * drop. The cost of putting a fresh cell into the frame is measured alone and taken off. Each measurement
 * stands between marks for the profiler (profile/), in this order: copy, drop, redirect twice, hop; forward
 * large, small, backward large, small. XDPBENCH_SYMBOLS names a file for the kernel's symbols.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "profile/mark.h"

#include "bpf/xdp.skel.h"
#include "bpf/xdpbench.skel.h"
#include "rig.h"
#include "run.h"

#define FRAMES	4096
#define ROOM	1536

static struct rig rig;
static struct xdpbench *b;
static u64 next_ctr = 1;

/* Nanoseconds per frame. */
static double run(struct bpf_program *prog, u32 ifindex, size_t len)
{
	static u8 in[ROOM];
	struct xdp_md ctx = { .data_end = (u32)len, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = (u32)len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = FRAMES - 64, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = 64);
	int ret;

	b->bss->xb_at = 0;
	b->bss->xb_len = (u32)len;
	profile_mark(PROFILE_BEGIN);
	ret = bpf_prog_test_run_opts(bpf_program__fd(prog), &o);
	profile_mark(PROFILE_END);
	if (ret)
		err(2, "BPF_PROG_TEST_RUN with live frames");
	return o.duration;
}

/* For a profile: names of addresses, of the programs too, while they are loaded. */
static void symbols(const char *path)
{
	FILE *in = fopen("/proc/kallsyms", "re"), *out = fopen(path, "we");
	char buf[4096];
	size_t n;

	if (!in || !out)
		err(2, "copy of /proc/kallsyms to %s", path);
	while ((n = fread(buf, 1, sizeof(buf), in)))
		if (fwrite(buf, 1, n, out) != n)
			err(2, "%s", path);
	fclose(in);
	if (fclose(out))
		err(2, "%s", path);
}

static size_t prepare(bool back, size_t size)
{
	const struct rig_link *l = back ? &rig.next : &rig.prev;
	const struct rig_outer plain = { .ttl = 60 };
	u8 frame[ROOM] = { 0 }, cell[CR_CELL_LARGE];
	size_t len = 0, off;

	for (__u32 i = 0; i < FRAMES; i++) {
		if (back)
			rig_backward(&rig, rig.circ, cell, size, next_ctr);
		else
			rig_forward(&rig, rig.circ, cell, size, next_ctr, next_ctr, CR_CELL_RELAY);
		next_ctr++;
		len = rig_frame(l, false, &plain, cell, size, frame, &off);
		if (bpf_map_update_elem(bpf_map__fd(b->maps.xb_frames), &i, frame, BPF_ANY))
			err(2, "xb_frames");
	}
	return len;
}

/* In @netns: the end of the wire drops. */
static void sink(const char *netns, int back_to)
{
	struct if_nameindex *all;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(2, "%s", path);
	close(fd);
	all = if_nameindex();
	for (struct if_nameindex *i = all; i && i->if_index; i++)
		if (strcmp(i->if_name, "lo") &&
		    bpf_xdp_attach((int)i->if_index, bpf_program__fd(b->progs.xb_drop), XDP_FLAGS_DRV_MODE, NULL))
			err(2, "sink on %s", i->if_name);
	if_freenameindex(all);
	if (setns(back_to, CLONE_NEWNET))
		err(2, "setns");
}

static void row(const char *name, const char *dir, size_t size, int family, double n)
{
	printf("{\"name\":\"%s\",\"direction\":\"%s\",\"size\":\"%s\",\"family\":%d,\"suite\":1,\"instr_per_cell\":%.1f,\"instr_per_byte\":%.3f}\n",
	       name, dir, size == CR_CELL_LARGE ? "large" : "small", family, n,
	       n / (double)(cr_payload_len(size - CR_HDR_LEN, 3) - 2));
	fflush(stdout);
}

/* Putting a cell into a frame. */
static double copying(u32 ifindex, size_t len)
{
	return run(b->progs.xb_copy, ifindex, len) - run(b->progs.xb_drop, ifindex, len);
}

static void by_xdp(struct xdp *s, const char *dir, size_t size, const struct rig_link *in, size_t len)
{
	double redirect, copy = copying(in->ifindex, len), hop;
	struct cellrelay_totals before, after;

	run(b->progs.xb_redirect, in->ifindex, len);
	redirect = run(b->progs.xb_redirect, in->ifindex, len);
	run_totals(s, &before);
	hop = run(b->progs.xb_hop, in->ifindex, len);
	run_totals(s, &after);
	if (after.out.cells - before.out.cells < FRAMES - 64)
		errx(2, "only %llu of %u cells were forwarded",
		     (unsigned long long)(after.out.cells - before.out.cells), FRAMES - 64);
	row("xdp_redirect", dir, size, in->family, redirect);
	row("xdp_hop", dir, size, in->family, hop - copy);
}

static void by_socket(const char *dir, size_t size, const struct rig_link *in, size_t len)
{
	double copy = copying(in->ifindex, len);

	row("socket_hop", dir, size, in->family, run(b->progs.xb_pass, in->ifindex, len) - copy);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { CR_CELL_LARGE, CR_CELL_SMALL };
	struct xdp *s = NULL;
	int self, prog;
	u32 zero = 0;

	if (argc != 6 && argc != 8)
		errx(2, "usage: xdpbench DIR NODE IDX PREV NEXT [NETNS-BEFORE NETNS-BEHIND]");
	rig_load(&rig, argv[1], (unsigned int)atoi(argv[2]), argv[3], argv[4], argv[5]);
	b = xdpbench__open_and_load();
	if (!b)
		err(2, "the benchmark's programs do not load");
	if (argc == 8) {
		self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		sink(argv[6], self);
		sink(argv[7], self);
		s = run_load(0);
		prog = bpf_program__fd(s->progs.cr_xdp);
		if (bpf_map_update_elem(bpf_map__fd(b->maps.xb_next), &zero, &prog, BPF_ANY))
			err(2, "xb_next");
		/* as the loader does */
		bpf_map_update_elem(bpf_map__fd(s->maps.cr_devs), &rig.prev.ifindex, &rig.prev.ifindex, BPF_ANY);
		bpf_map_update_elem(bpf_map__fd(s->maps.cr_devs), &rig.next.ifindex, &rig.next.ifindex, BPF_ANY);
	}

	if (getenv("XDPBENCH_SYMBOLS"))
		symbols(getenv("XDPBENCH_SYMBOLS"));
	for (int back = 0; back < 2; back++) {
		const struct rig_link *in = back ? &rig.next : &rig.prev, *out = back ? &rig.prev : &rig.next;
		const char *dir = back ? "back" : "forward";

		if (bpf_map_update_elem(bpf_map__fd(b->maps.xb_devs), &zero, &out->ifindex, BPF_ANY))
			err(2, "xb_devs");
		for (int i = 0; i < 2; i++) {
			size_t len = prepare(back, sizes[i]);

			if (s)
				by_xdp(s, dir, sizes[i], in, len);
			else
				by_socket(dir, sizes[i], in, len);
		}
	}
	return 0;
}
