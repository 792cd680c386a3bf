// SPDX-License-Identifier: MIT
/*
 * What the module does with frames, in nanoseconds per frame; under a clock that counts
 * instructions, that many. The kernel runs a program on live frames
 * (BPF_F_TEST_XDP_LIVE_FRAMES) that puts the next of many prepared cells into each and hands it on.
 *
 *	xdpbench xdp DIR NODE IDX PREV NEXT NETNS-BEFORE NETNS-BEHIND [CIRCUITS]
 *		a middle relay's forwarder, with that many circuits (as many as DIR has), visited at
 *		random. It redirects to a veth whose other end, in those namespaces, drops.
 *	xdpbench socket DIR NODE IDX PREV NEXT
 *		the same relay by way of stack and socket
 *	xdpbench replay DEVICE PCAP NAME DIRECTION BYTES SUITE
 *		frames of a file go up the stack as if received on DEVICE; BYTES: of inner packet in each
 *
 * Rows of JSON on standard output. Where frames go up the stack whoever calls lets the other end of the
 * wire drop them, and all that the processor does counts, in whatever context. What putting a cell
 * into the frame costs is measured alone and taken off. Each
 * measurement stands between marks for the profiler (profile/), in this order: copy, drop, redirect
 * twice, hop; forward large, small, backward large, small. XDPBENCH_SYMBOLS names a file for
 * the kernel's symbols.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/cellrelay.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "profile/mark.h"

#include "bpf/xdp.skel.h"
#include "bpf/xdpbench.skel.h"
#include "nlt.h"
#include "rig.h"
#include "run.h"

#define FRAMES	4096
#define REPEAT	(FRAMES - 64)	/* the kernel makes up whole batches */
#define ROOM	1536
#define REQUESTS	64

static struct rig rig;
static struct xdpbench *b;
static u64 next_ctr = 1;
static u32 zero;
static const char *suite = "1";

/* Nanoseconds per frame in the loop that runs @prog. */
static double run(struct bpf_program *prog, u32 ifindex, size_t len)
{
	static u8 in[ROOM];
	struct xdp_md ctx = { .data_end = (u32)len, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = (u32)len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = REPEAT, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
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

/* Nanoseconds since boot in which the (only) processor was not idle. */
static double busy(void)
{
	unsigned long long now = 0, idle = 0;
	char line[256];
	FILE *f = fopen("/proc/timer_list", "re");

	if (!f)
		err(2, "/proc/timer_list");
	while (fgets(line, sizeof(line), f)) {
		if (!now)
			sscanf(line, "now at %llu", &now);
		if (!idle)
			sscanf(line, " .idle_sleeptime : %llu", &idle);
	}
	fclose(f);
	if (!now || !idle)
		errx(2, "/proc/timer_list does not tell how long the processor was idle");
	return (double)(now - idle);
}

/* The same with all that follows from it: what softirqs and their threads do later. */
static double run_all(struct bpf_program *prog, u32 ifindex, size_t len)
{
	double start = busy();

	run(prog, ifindex, len);
	usleep(100000);
	return (busy() - start) / REPEAT;
}

/* Putting a cell into a frame. */
static double copying(u32 ifindex, size_t len)
{
	return run(b->progs.xb_copy, ifindex, len) - run(b->progs.xb_drop, ifindex, len);
}

static void put_frame(u32 i, const u8 *frame)
{
	if (bpf_map_update_elem(bpf_map__fd(b->maps.xb_frames), &i, frame, BPF_ANY))
		err(2, "xb_frames");
}

static size_t prepare(bool back, size_t size)
{
	const struct rig_link *l = back ? &rig.next : &rig.prev;
	const struct rig_outer plain = { .ttl = 60 };
	u8 frame[ROOM] = { 0 }, cell[CR_CELL_LARGE];
	size_t len = 0, off;

	for (u32 i = 0; i < FRAMES; i++) {
		const struct rig_circ *c = rig.circ;
		u32 at;

		if (rig.circs > 1) {
			rig_random(&at, sizeof(at));
			c += at % rig.circs;
		}
		if (back)
			rig_backward(&rig, c, cell, size, next_ctr);
		else
			rig_forward(&rig, c, cell, size, next_ctr, next_ctr, CR_CELL_RELAY);
		next_ctr++;
		len = rig_frame(l, false, &plain, cell, size, frame, &off);
		put_frame(i, frame);
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

/* Bytes of the kernel's in slabs, in large mappings and per processor. */
static double kernel_memory(void)
{
	unsigned long long sum = 0, n;
	char line[256], what[32];
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		err(2, "/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%31[^:]: %llu", what, &n) == 2 &&
		    (!strcmp(what, "Slab") || !strcmp(what, "VmallocUsed") || !strcmp(what, "Percpu")))
			sum += n;
	fclose(f);
	return (double)sum * 1024;
}

/* More circuits over the same links, all with the first one's keys: what is visited differs, which is all
 * that matters here.
 */
static void more_circuits(u32 n)
{
	static char buf[REQUESTS * 512];
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct rig_circ *all = reallocarray(rig.circ, n, sizeof(*all));
	double memory = kernel_memory();
	u32 had = rig.circs;
	struct nlt nl;

	if (!all)
		err(2, "%u circuits", n);
	rig.circ = all;
	nlt_open(&nl);
	if (nlt_set_u32(&nl, CELLRELAY_CMD_NS_SET, CELLRELAY_A_NS_CIRC_MAX, n))
		errx(2, "this namespace may not have %u circuits", n);
	while (rig.circs < n) {
		u32 seq = nl.seq, k;
		size_t len = 0;

		for (k = 0; k < REQUESTS && rig.circs < n; k++) {
			struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_NEW, 0);
			struct rig_circ *c = &all[rig.circs];

			*c = all[0];
			c->id = ++rig.circs;
			rig_random(&c->prev_rx, sizeof(c->prev_rx));
			rig_random(&c->next_rx, sizeof(c->next_rx));
			nla_put_u32(msg, CELLRELAY_A_CIRC_ID, c->id);
			nla_put_u8(msg, CELLRELAY_A_CIRC_ROLE, CELLRELAY_ROLE_RELAY);
			nla_put_u8(msg, CELLRELAY_A_CIRC_POS, (u8)rig.pos);
			nla_put_u8(msg, CELLRELAY_A_CIRC_SUITE, CELLRELAY_SUITE_CHACHA);
			nla_put_u16(msg, CELLRELAY_A_CIRC_LARGE, CR_CELL_LARGE);
			nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_LINK, rig.pos);
			nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_RX, c->prev_rx);
			nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_TX, c->prev_tx);
			nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_LINK, rig.pos + 1);
			nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_RX, c->next_rx);
			nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_TX, c->next_tx);
			nla_put(msg, CELLRELAY_A_CIRC_KEY_FWD, CR_KEY_LEN, c->fwd.key);
			nla_put(msg, CELLRELAY_A_CIRC_KEY_BWD, CR_KEY_LEN, c->bwd.key);
			memcpy(buf + len, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
			len += NLMSG_ALIGN(nlmsg_hdr(msg)->nlmsg_len);
			nlmsg_free(msg);
		}
		if (sendto(nl.fd, buf, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			err(2, "circuits");
		for (nl.seq = seq; k; k--) {
			struct nlt_result r;

			nl.seq++;
			/* A random id that is taken: the first circuit is visited twice as often. */
			if (nlt_answer(&nl, &r, NULL, NULL) == -EEXIST)
				all[rig.circs - k] = all[0];
			else if (r.err)
				errx(2, "circuit: %s (%s)", strerror(-r.err), r.msg);
		}
	}
	nlt_close(&nl);
	/* what growing tables left behind is freed after a while */
	sleep(2);
	printf("{\"name\":\"memory\",\"direction\":null,\"size\":null,\"circuits\":%u,\"suite\":1,\"instr_per_cell\":null,\"instr_per_byte\":null,\"bytes_per_circuit\":%.1f}\n",
	       n, (kernel_memory() - memory) / (n - had));
}

static void row(const char *name, const char *dir, size_t size, int family, double n, u32 bytes)
{
	printf("{\"name\":\"%s\",\"direction\":\"%s\",\"size\":\"%s\",\"family\":%d,\"circuits\":%u,\"suite\":%s,\"instr_per_cell\":%.1f,\"instr_per_byte\":%.3f}\n",
	       name, dir, size == CR_CELL_LARGE ? "large" : "small", family, rig.circs, suite, n, n / bytes);
	fflush(stdout);
}

/* Bytes of inner packet in a cell at three hops. */
static u32 inner(size_t size)
{
	return (u32)cr_payload_len(size - CR_HDR_LEN, 3) - 2;
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
	if (after.out.cells - before.out.cells < REPEAT)
		errx(2, "only %llu of %u cells were forwarded",
		     (unsigned long long)(after.out.cells - before.out.cells), REPEAT);
	if (rig.circs == 1)
		row("xdp_redirect", dir, size, in->family, redirect, inner(size));
	row("xdp_hop", dir, size, in->family, hop - copy, inner(size));
}

/* Up the stack. Dropping at once costs what setting up costs, and copying. */
static double passing(u32 ifindex, size_t len)
{
	double floor = run_all(b->progs.xb_copy, ifindex, len);

	return run_all(b->progs.xb_pass, ifindex, len) - floor;
}

static void hops(struct xdp *s)
{
	static const size_t sizes[] = { CR_CELL_LARGE, CR_CELL_SMALL };

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
				row("socket_hop", dir, sizes[i], in->family, passing(in->ifindex, len), inner(sizes[i]));
		}
	}
}

static void forwarder(char **netns)
{
	struct xdp *s;
	int self, prog;

	self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	sink(netns[0], self);
	sink(netns[1], self);
	s = run_load_slots(0, rig.circs > CELLRELAY_ACCT_SLOTS ? rig.circs : CELLRELAY_ACCT_SLOTS);
	prog = bpf_program__fd(s->progs.cr_xdp);
	if (bpf_map_update_elem(bpf_map__fd(b->maps.xb_next), &zero, &prog, BPF_ANY))
		err(2, "xb_next");
	/* as the loader does */
	bpf_map_update_elem(bpf_map__fd(s->maps.cr_devs), &rig.prev.ifindex, &rig.prev.ifindex, BPF_ANY);
	bpf_map_update_elem(bpf_map__fd(s->maps.cr_devs), &rig.next.ifindex, &rig.next.ifindex, BPF_ANY);
	hops(s);
}

/* Frames of a file as tcpdump writes it, all of one length. Return: that length. */
static size_t load_pcap(const char *path)
{
	struct {
		u32 sec, usec, len, whole;
	} rec;
	u8 frame[ROOM] = { 0 }, head[24];
	FILE *f = fopen(path, "re");
	u32 i, len = 0;

	if (!f || fread(head, sizeof(head), 1, f) != 1)
		err(2, "%s", path);
	for (i = 0; i < FRAMES; i++) {
		if (fread(&rec, sizeof(rec), 1, f) != 1)
			errx(2, "%s: %u frames, %u are needed", path, i, FRAMES);
		if (rec.len != rec.whole || rec.len > ROOM || (i && rec.len != len))
			errx(2, "%s: frame %u has %u of %u bytes, the first had %u", path, i, rec.len, rec.whole, len);
		len = rec.len;
		if (fread(frame, len, 1, f) != 1)
			errx(2, "%s ends inside a frame", path);
		put_frame(i, frame);
	}
	fclose(f);
	return len;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	u32 ifindex;

	b = xdpbench__open_and_load();
	if (!b)
		err(2, "the benchmark's programs do not load");
	if (!strcmp(mode, "replay") && argc == 8) {
		ifindex = if_nametoindex(argv[2]);
		if (!ifindex)
			err(2, "%s", argv[2]);
		rig.circs = 1;
		suite = argv[7];
		row(argv[4], argv[5], CR_CELL_LARGE, 4, passing(ifindex, load_pcap(argv[3])), (u32)atoi(argv[6]));
		return 0;
	}
	if ((strcmp(mode, "xdp") || (argc != 9 && argc != 10)) && (strcmp(mode, "socket") || argc != 7)) {
		fputs("usage: xdpbench xdp DIR NODE IDX PREV NEXT NETNS-BEFORE NETNS-BEHIND [CIRCUITS]\n"
		      "       xdpbench socket DIR NODE IDX PREV NEXT\n"
		      "       xdpbench replay DEVICE PCAP NAME DIRECTION BYTES SUITE\n", stderr);
		return 2;
	}
	rig_load(&rig, argv[2], (unsigned int)atoi(argv[3]), argv[4], argv[5], argv[6]);
	suite = rig.circ->aesgcm ? "2" : "1";
	if (argc == 10)
		more_circuits((u32)strtoul(argv[9], NULL, 10));
	if (argc == 7)
		hops(NULL);
	else
		forwarder(argv + 7);
	return 0;
}
