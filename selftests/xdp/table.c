// SPDX-License-Identifier: MIT
/*
 * The XDP program frame by frame (BPF_PROG_TEST_RUN): every byte of what comes out, and for
 * what it leaves to the stack, that not one byte was changed. rig.sh makes the relay.
 *
 *	table DIR NODE IDX PREV NEXT	see rig_load()
 *
 * Circuit 1 carries cells, 2 has a limit of three large cells, 3 is broken by its client, 4 has
 * a device.
 */
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/xdp.skel.h"
#include "ktap.h"
#include "reason.h"
#include "run.h"

#define LIMITED	1	/* index of the circuit with a limit */
#define BROKEN	2
#define EXIT	3

static struct rig rig;
static struct xdp *skel;
static int prog;
static u64 next_ctr = 1000;

static const struct rig_outer plain = { .ttl = 64 }, odd = { .ttl = 3, .tos = 0xb9, .id = 0x5a5a5 };

/** struct shot - one frame, before and after */
struct shot {
	u8 in[RIG_FRAME_MAX], out[RIG_FRAME_MAX];
	size_t len, off, out_len;
	u64 ctr, inner;
	int ret;
};

static const char *const names[] = { "ABORTED", "DROP", "PASS", "TX", "REDIRECT" };

static void fire(struct shot *s, const struct rig_link *l)
{
	s->ret = run_frame(prog, l->ifindex, s->in, s->len, s->out, &s->out_len);
	if (s->ret == XDP_PASS)
		CHECK(s->out_len == s->len && !memcmp(s->in, s->out, s->len), "a frame that was passed was changed");
}

static void load_forward(struct shot *s, const struct rig_circ *c, size_t len, u8 type, const struct rig_outer *o)
{
	u8 cell[CR_CELL_LARGE];

	s->ctr = next_ctr++;
	s->inner = 0x123456789abcULL - s->ctr;
	rig_forward(&rig, c, cell, len, s->ctr, s->inner, type);
	s->len = rig_frame(&rig.prev, false, o, cell, len, s->in, &s->off);
}

static void load_backward(struct shot *s, const struct rig_circ *c, size_t len, const struct rig_outer *o)
{
	u8 cell[CR_CELL_LARGE];

	s->ctr = next_ctr++;
	rig_backward(&rig, c, cell, len, s->ctr);
	s->len = rig_frame(&rig.next, false, o, cell, len, s->in, &s->off);
}

static bool ended(const struct shot *s, int want, const char *what)
{
	return CHECK(s->ret == want, "%s: %s, expected %s", what, names[s->ret], names[want]);
}

/* What came out is a frame of link @l whose every byte outside the cell is as computed here. */
static const u8 *frame_right(const struct shot *s, const struct rig_link *l, size_t len)
{
	u8 want[RIG_FRAME_MAX];
	size_t off, n, head = 14 + (l->family == 6 ? 40 : 20) + 8;

	if (!CHECK(s->ret == XDP_REDIRECT, "%s, expected REDIRECT", names[s->ret]))
		return NULL;
	if (!CHECK(s->out_len == head + len, "%zu bytes came out, not %zu", s->out_len, head + len))
		return NULL;
	n = rig_frame(l, true, &plain, s->out + head, len, want, &off);
	for (size_t i = 0; i < n; i++)
		if (!CHECK(want[i] == s->out[i], "byte %zu of the frame is %02x, not %02x", i, s->out[i], want[i]))
			return NULL;
	return s->out + head;
}

static void forward_right(const struct shot *s, const struct rig_circ *c, size_t len)
{
	const u8 *cell = frame_right(s, &rig.next, len), *fresh;
	const char *wrong;
	size_t n;

	if (!cell)
		return;
	wrong = rig_check_forward(&rig, c, s->in + s->off, len, s->ctr, s->inner, cell, &fresh, &n);
	CHECK(!wrong, "%s", wrong);
}

static u64 backward_right(const struct shot *s, const struct rig_circ *c, size_t len)
{
	const u8 *cell = frame_right(s, &rig.prev, len), *fresh;
	const char *wrong;
	u64 own = 0;
	size_t n;

	if (!cell)
		return 0;
	wrong = rig_check_backward(&rig, c, s->in + s->off, len, s->ctr, &own, cell, &fresh, &n);
	CHECK(!wrong, "%s", wrong);
	return own;
}

static const size_t sizes[] = { CR_CELL_SMALL, CR_CELL_LARGE };

static void forward(const void *arg)
{
	struct shot s;

	for (int i = 0; i < 2; i++) {
		load_forward(&s, rig.circ, sizes[i], CR_CELL_RELAY, arg);
		fire(&s, &rig.prev);
		forward_right(&s, rig.circ, sizes[i]);
	}
}

static void backward(const void *arg)
{
	struct shot s;
	u64 a, b;

	load_backward(&s, rig.circ, CR_CELL_SMALL, arg);
	fire(&s, &rig.next);
	a = backward_right(&s, rig.circ, CR_CELL_SMALL);
	load_backward(&s, rig.circ, CR_CELL_LARGE, arg);
	fire(&s, &rig.next);
	b = backward_right(&s, rig.circ, CR_CELL_LARGE);
	CHECK(b == a + 1, "the relay's own counters are not consecutive: %llu, %llu", (unsigned long long)a,
	      (unsigned long long)b);
}

/* Filler must not repeat. */
static void filler(const void *arg)
{
	const u8 *cell[2], *fresh[2];
	struct shot s[2];
	size_t n[2];

	(void)arg;
	for (int i = 0; i < 2; i++) {
		load_forward(&s[i], rig.circ, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
		fire(&s[i], &rig.prev);
		cell[i] = frame_right(&s[i], &rig.next, CR_CELL_SMALL);
		if (!cell[i] || rig_check_forward(&rig, rig.circ, s[i].in + s[i].off, CR_CELL_SMALL, s[i].ctr,
						  s[i].inner, cell[i], &fresh[i], &n[i]))
			ktap_bail("no cell came out");
	}
	CHECK(n[0] == 46 && memcmp(fresh[0], fresh[1], n[0]), "two cells have the same filler");
}

static void tagged(const void *arg)
{
	struct rig_outer o = { .ttl = 64, .vlan = 7 };
	struct shot s;

	forward(&o);
	(void)arg;
	o.vlan = 9;	/* which the relay has not */
	load_forward(&s, rig.circ, CR_CELL_SMALL, CR_CELL_RELAY, &o);
	fire(&s, &rig.prev);
	ended(&s, XDP_PASS, "a VLAN that the host has not");
}

/* ------------------------------------------------- what is left to the stack */

/* One change of a good frame; offsets from the Ethernet header (negative: from the cell) */
struct damage {
	const char *name;
	int family;	/* 0: both */
	int at;
	u8 flip;
	bool repair;	/* checksums are right again */
	int want;	/* 0: PASS */
};

#define UDP_SRC	(-8)
#define UDP_DST	(-6)
#define UDP_LEN	(-4)
#define UDP_SUM	(-2)

static const struct damage damages[] = {
	{ "another link-layer address", 0, 0, 2, false, 0 },
	{ "another EtherType", 0, 12, 0x40, false, 0 },
	{ "version of IP", 0, 14, 0x20, true, 0 },
	{ "IPv4 options", 4, 14, 3, true, 0 },
	{ "IPv4 length, low byte", 4, 17, 1, true, 0 },
	{ "IPv4 length, high byte", 4, 16, 1, true, 0 },
	{ "more fragments", 4, 20, 0x20, true, 0 },
	{ "fragment offset", 4, 21, 1, true, 0 },
	{ "IPv4 reserved flag", 4, 20, 0x80, true, XDP_REDIRECT },
	{ "IPv4 protocol", 4, 23, 1, true, 0 },
	{ "IPv4 header checksum", 4, 24, 1, false, 0 },
	{ "IPv6 length", 6, 19, 1, false, 0 },
	{ "IPv6 next header", 6, 20, 17, false, 0 },
	{ "UDP length, low byte", 0, UDP_LEN + 1, 1, false, 0 },
	{ "UDP length, high byte", 0, UDP_LEN, 4, false, 0 },
	{ "UDP destination port", 0, UDP_DST + 1, 1, true, 0 },
	{ "UDP source port", 0, UDP_SRC, 1, true, XDP_REDIRECT },
	{ "UDP checksum", 0, UDP_SUM, 1, false, XDP_REDIRECT },
};

static void damaged(const void *arg)
{
	struct shot s;

	(void)arg;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];

		if (d->family && d->family != rig.prev.family)
			continue;
		load_forward(&s, rig.circ, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
		s.in[d->at < 0 ? (int)s.off + d->at : d->at] ^= d->flip;
		if (d->repair)
			rig_checksums(s.in, 14, s.len);
		fire(&s, &rig.prev);
		ended(&s, d->want ? d->want : XDP_PASS, d->name);
	}
	load_forward(&s, rig.circ, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
	memset(s.in + s.off + UDP_SUM, 0, 2);
	fire(&s, &rig.prev);
	ended(&s, rig.prev.family == 6 ? XDP_PASS : XDP_REDIRECT, "no UDP checksum");
}

static void lengths(const void *arg)
{
	struct shot s;
	size_t whole;

	(void)arg;
	load_forward(&s, rig.circ, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
	whole = s.len;
	for (s.len = 14; s.len < whole; s.len++) {
		fire(&s, &rig.prev);
		if (!ended(&s, XDP_PASS, "a truncated frame"))
			break;
	}
	memset(s.in + whole, 0, 8);
	for (s.len = whole + 1; s.len < whole + 8; s.len++) {
		fire(&s, &rig.prev);
		ended(&s, XDP_PASS, "a frame with something behind the datagram");
	}
	s.len = whole;
	fire(&s, &rig.prev);
	forward_right(&s, rig.circ, CR_CELL_SMALL);
	/* whole datagrams whose size no cell has */
	for (size_t n = 0; n <= CR_CELL_LARGE + 8; n += 8) {
		u8 junk[RIG_FRAME_MAX];

		if (n == CR_CELL_SMALL || n == CR_CELL_LARGE)
			continue;
		rig_random(junk, n);
		s.len = rig_frame(&rig.prev, false, &plain, junk, n, s.in, &s.off);
		fire(&s, &rig.prev);
		ended(&s, XDP_PASS, "a datagram of another size");
	}
}

static void control(const void *arg)
{
	u8 cell[CR_CELL_SMALL];
	struct shot s;

	(void)arg;
	rig_control(&rig, cell, sizeof(cell), next_ctr++, CR_CTL_PING);
	s.len = rig_frame(&rig.prev, false, &plain, cell, sizeof(cell), s.in, &s.off);
	fire(&s, &rig.prev);
	ended(&s, XDP_PASS, "link control");
}

static void ends_here(const void *arg)
{
	struct shot s;

	(void)arg;
	load_forward(&s, &rig.circ[EXIT], CR_CELL_SMALL, CR_CELL_DATA, &plain);
	fire(&s, &rig.prev);
	ended(&s, XDP_PASS, "a cell for an exit");
}

/* Runs a command of the shell in the middle of a test. */
static void shell(const char *cmd)
{
	if (system(cmd))
		ktap_bail("failed: %s", cmd);
}

static void no_way(const void *arg)
{
	struct shot s;

	(void)arg;
	load_forward(&s, rig.circ, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
	shell("eval \"$UNKNOW_NEXT\"");
	fire(&s, &rig.prev);
	ended(&s, XDP_PASS, "a next hop whose link-layer address is not known");
	shell("eval \"$KNOW_NEXT\"");
	shell("eval \"$VLAN_ROUTE\"");
	fire(&s, &rig.prev);
	ended(&s, XDP_PASS, "a VLAN egress");
	shell("eval \"$PLAIN_ROUTE\"");
	shell("eval \"$NARROW\"");
	load_forward(&s, rig.circ, CR_CELL_LARGE, CR_CELL_RELAY, &plain);
	fire(&s, &rig.prev);
	ended(&s, XDP_PASS, "a way out that is too narrow");
	shell("eval \"$WIDE\"");
	shell("eval \"$KNOW_NEXT\"");
	fire(&s, &rig.prev);
	forward_right(&s, rig.circ, CR_CELL_LARGE);
}

/* --------------------------------------------------------- what is consumed */

static u64 dropped(unsigned int reason)
{
	struct cellrelay_totals t;

	run_totals(skel, &t);
	return t.drop[reason].cells;
}

static void consumed(struct shot *s, unsigned int reason, const char *what)
{
	u64 before = dropped(reason);

	fire(s, &rig.prev);
	if (ended(s, XDP_DROP, what))
		CHECK(dropped(reason) == before + 1, "%s: not counted as it should be", what);
}

static void replay(const void *arg)
{
	struct shot s;

	(void)arg;
	load_forward(&s, rig.circ, CR_CELL_LARGE, CR_CELL_RELAY, &plain);
	fire(&s, &rig.prev);
	forward_right(&s, rig.circ, CR_CELL_LARGE);
	consumed(&s, CR_DROP_REPLAY, "a replayed forward cell");
	load_backward(&s, rig.circ, CR_CELL_LARGE, &plain);
	fire(&s, &rig.next);
	backward_right(&s, rig.circ, CR_CELL_LARGE);
	fire(&s, &rig.next);
	ended(&s, XDP_DROP, "a replayed backward cell");
}

/* Each byte of a cell flipped, one at a time: by where it stands, never passed once touched. */
static void flipped(const void *arg)
{
	const size_t len = CR_CELL_SMALL, behind = CR_HDR_LEN + cr_layer_len(len - CR_HDR_LEN, rig.pos);
	struct shot s;

	(void)arg;
	for (size_t i = 0; i < len; i++) {
		int want = i < CR_OFF_CIRC ? XDP_PASS : i < behind || i >= len - 16 ? XDP_DROP : XDP_REDIRECT;

		load_forward(&s, rig.circ, len, CR_CELL_RELAY, &plain);
		s.in[s.off + i] ^= 1;
		fire(&s, &rig.prev);
		if (!CHECK(s.ret == want, "byte %zu flipped: %s, expected %s", i, names[s.ret], names[want]))
			break;
		s.in[s.off + i] ^= 1;
		if (s.ret != XDP_DROP)
			continue;
		/* and a forgery takes nothing from the cell it was made of */
		fire(&s, &rig.prev);
		forward_right(&s, rig.circ, len);
	}
}

static void unknown(const void *arg)
{
	struct rig_circ c = rig.circ[0];
	struct shot s;

	(void)arg;
	c.prev_rx ^= 0x10;
	load_forward(&s, &c, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
	consumed(&s, CR_DROP_CIRC_UNKNOWN, "a circuit id that was never given");
	c.prev_rx = rig.circ[0].next_rx;
	load_forward(&s, &c, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
	consumed(&s, CR_DROP_CIRC_UNKNOWN, "an id of the other link");
	load_forward(&s, rig.circ, CR_CELL_LARGE_V6MIN, CR_CELL_RELAY, &plain);
	consumed(&s, CR_DROP_SIZE, "a size that the circuit has not");
}

static void limit(const void *arg)
{
	const struct rig_circ *c = &rig.circ[LIMITED];
	struct shot s;

	(void)arg;
	load_forward(&s, c, CR_CELL_LARGE, CR_CELL_RELAY, &plain);
	fire(&s, &rig.prev);
	forward_right(&s, c, CR_CELL_LARGE);
	load_backward(&s, c, CR_CELL_LARGE, &plain);
	fire(&s, &rig.next);
	backward_right(&s, c, CR_CELL_LARGE);
	load_forward(&s, c, CR_CELL_LARGE, CR_CELL_RELAY, &plain);
	fire(&s, &rig.prev);
	forward_right(&s, c, CR_CELL_LARGE);
	load_forward(&s, c, CR_CELL_SMALL, CR_CELL_RELAY, &plain);
	consumed(&s, CR_DROP_CREDIT, "one cell beyond the limit");
}

static void for_us(const void *arg)
{
	struct cellrelay_totals t;
	u64 before;
	struct shot s;

	(void)arg;
	load_forward(&s, rig.circ, CR_CELL_SMALL, CR_CELL_CONTROL, &plain);
	consumed(&s, CR_DROP_NO_DAEMON, "CONTROL without a daemon");
	run_totals(skel, &t);
	before = t.delivered.cells;
	load_forward(&s, rig.circ, CR_CELL_SMALL, CR_CELL_PAD, &plain);
	fire(&s, &rig.prev);
	ended(&s, XDP_DROP, "padding");
	run_totals(skel, &t);
	CHECK(t.delivered.cells == before + 1, "padding is not counted as delivered");
	load_forward(&s, &rig.circ[BROKEN], CR_CELL_SMALL, CR_CELL_DATA, &plain);
	consumed(&s, CR_DROP_PROTO, "DATA where no exit is");
	shell("for i in $(seq 100); do relayctl circuit show 3 >/dev/null 2>&1 || exit 0; sleep 0.05; done; exit 1");
	load_forward(&s, &rig.circ[BROKEN], CR_CELL_SMALL, CR_CELL_RELAY, &plain);
	consumed(&s, CR_DROP_CIRC_UNKNOWN, "the circuit has ended");
}

/* The program's maps against the module's own counters. */
static void books(const void *arg)
{
	struct cellrelay_totals t;
	u64 gone, drops = 0;
	char cmd[512];

	(void)arg;
	run_totals(skel, &t);
	for (int i = 0; i < CELLRELAY_ACCT_REASONS; i++)
		drops += t.drop[i].cells;
	gone = t.out.cells + t.delivered.cells + drops;
	CHECK(t.in.cells == gone, "%llu cells came, %llu went", (unsigned long long)t.in.cells,
	      (unsigned long long)gone);
	CHECK(!t.unattributed.cells && !t.originated.cells, "cells of nobody");
	snprintf(cmd, sizeof(cmd),
		 "relayctl -j stats | jq -e '.stats | .in.cells == %llu and .in.bytes == %llu and .out.cells == %llu and .out.bytes == %llu and .delivered.cells == %llu and ([.drops[].cells] | add) == %llu'",
		 (unsigned long long)t.in.cells, (unsigned long long)t.in.bytes, (unsigned long long)t.out.cells,
		 (unsigned long long)t.out.bytes, (unsigned long long)t.delivered.cells, (unsigned long long)drops);
	CHECK(!system(cmd), "the module counts differently: %s", cmd);
	CHECK(run_passed(skel, CELLRELAY_XDP_NOT_UDP) && run_passed(skel, CELLRELAY_XDP_OTHER) &&
	      run_passed(skel, CELLRELAY_XDP_CONTROL) && run_passed(skel, CELLRELAY_XDP_ENDS) &&
	      run_passed(skel, CELLRELAY_XDP_NO_NEIGH) && run_passed(skel, CELLRELAY_XDP_EGRESS) &&
	      run_passed(skel, CELLRELAY_XDP_TOO_BIG), "a reason for passing was never given");
}

static const struct ktap_test tests[] = {
	{ "forward, large and small: every byte", forward, &plain },
	{ "backward, large and small: every byte", backward, &plain },
	{ "forward: nothing of the old outer header is in the new one", forward, &odd },
	{ "backward: likewise", backward, &odd },
	{ "filler does not repeat", filler, NULL },
	{ "a VLAN's tag comes off; an unknown VLAN is passed", tagged, NULL },
	{ "headers that are not as they should be", damaged, NULL },
	{ "truncated frames, longer frames, other sizes", lengths, NULL },
	{ "link control goes up", control, NULL },
	{ "a circuit that ends here goes up", ends_here, NULL },
	{ "no neighbour, a VLAN egress, a narrow way: passed", no_way, NULL },
	{ "replays are dropped", replay, NULL },
	{ "each byte of a cell flipped", flipped, NULL },
	{ "unknown circuits and sizes are dropped", unknown, NULL },
	{ "the limit holds to the cell", limit, NULL },
	{ "CONTROL, PAD and DATA are consumed", for_us, NULL },
	{ "maps and module agree", books, NULL },
};

int main(int argc, char **argv)
{
	if (argc != 6)
		ktap_bail("usage: table DIR NODE IDX PREV NEXT\"");
	rig_load(&rig, argv[1], (unsigned int)atoi(argv[2]), argv[3], argv[4], argv[5]);
	skel = run_load(0);
	prog = bpf_program__fd(skel->progs.cr_xdp);
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
