// SPDX-License-Identifier: MIT
/*
 * The same cells through two relays with the same keys: one by its XDP program (and by its
 * socket what that passes), one by its socket alone. Good cells, damaged ones, replays,
 * cells of circuits that have ended, CONTROL, DATA, padding, link control, junk. What comes
 * out must be the same, filler and the relay's own counters apart; parity.sh compares the counts.
 *
 *	parity CELLS SEED NODE X S	X, S: DIR|PREV|NEXT|netns before, relay, behind
 */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bpf/xdp.skel.h"
#include "ktap.h"
#include "reason.h"
#include "run.h"

#define BATCH	48
#define PAST	64	/* cells kept for replays */

/** struct side - one of the two relays
 * @rig: its keys and place
 * @netns: host before it, itself, host behind it
 * @fd: sockets of the hosts before and behind it
 * @sent: datagrams its socket was given, and cells its program took
 */
struct side {
	struct rig rig;
	char netns[3][64];
	int fd[2];
	u64 sent;
};

/** struct item - one cell
 * @back: comes from behind
 * @circ: index of its circuit
 * @cell: as side X gets it; side S's differs in the masked link index only
 */
struct item {
	bool back;
	bool out;
	unsigned int circ;
	size_t len;
	u64 ctr, inner;
	u8 cell[2][CR_CELL_LARGE];
	u8 got[2][CR_CELL_LARGE];
	bool came[2];
};

static struct side side[2];	/* X, S */
static int prog;
static unsigned int seed;
static u64 forwarded, kinds[10];

static unsigned int draw(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void enter(const char *netns)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(2, "%s", path);
	close(fd);
}

static int host_socket(const char *netns, const struct rig_link *l)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(RIG_PORT) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(RIG_PORT) };
	bool v6 = l->family == 6;
	struct sockaddr *sa = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	socklen_t len = v6 ? sizeof(a6) : sizeof(a4);
	int fd, room = 8 << 20;

	enter(netns);
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, sa, len) || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		err(2, "socket in %s", netns);
	memcpy(&a6.sin6_addr, l->addr, 16);
	memcpy(&a4.sin_addr, l->addr, 4);
	if (connect(fd, sa, len))
		err(2, "connect in %s", netns);
	return fd;
}

static void load_side(struct side *s, char *text, unsigned int node)
{
	char *part[6];

	for (int i = 0; i < 6; i++) {
		part[i] = strsep(&text, "|");
		if (!part[i])
			errx(2, "not six parts");
	}
	for (int i = 0; i < 3; i++)
		snprintf(s->netns[i], sizeof(s->netns[i]), "%s", part[3 + i]);
	enter(s->netns[1]);
	rig_load(&s->rig, part[0], node, "node2.idx", part[1], part[2]);
	s->fd[0] = host_socket(s->netns[0], &s->rig.prev);
	s->fd[1] = host_socket(s->netns[2], &s->rig.next);
}

/* Cells that the relay's module has counted in. */
static u64 counted(const struct side *s)
{
	unsigned long long n = 0;
	char cmd[256];
	FILE *f;

	snprintf(cmd, sizeof(cmd), "relayctl -n %s -j stats | jq .stats.in.cells", s->netns[1]);
	f = popen(cmd, "re");
	if (!f || fscanf(f, "%llu", &n) != 1)
		errx(2, "%s", cmd);
	pclose(f);
	return n;
}

static void wait_for(const struct side *s)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };

	for (int i = 0; i < 500; i++) {
		if (counted(s) == s->sent)
			return;
		nanosleep(&pause, NULL);
	}
	errx(2, "%s: %llu cells sent, %llu counted", s->netns[1], (unsigned long long)s->sent,
	     (unsigned long long)counted(s));
}

static void to_socket(struct side *s, const struct item *it, int which)
{
	if (send(s->fd[it->back], it->cell[which], it->len, 0) != (ssize_t)it->len)
		err(2, "send");
	s->sent++;
}

/* The other side's copy: what differs is the relay's own index key. */
static void for_s(struct item *it)
{
	u64 tag;
	u32 link;

	memcpy(it->cell[1], it->cell[0], it->len);
	memcpy(&tag, it->cell[0] + CR_OFF_TAG, sizeof(tag));
	memcpy(&link, it->cell[0] + CR_OFF_LINK, sizeof(link));
	link ^= (u32)cr_siphash_words(&tag, 1, &side[0].rig.idx, NULL) ^
		(u32)cr_siphash_words(&tag, 1, &side[1].rig.idx, NULL);
	memcpy(it->cell[1] + CR_OFF_LINK, &link, sizeof(link));
}

enum kind { GOOD, DAMAGED, REPLAY, ENDED, KINDS_CONTROL, PAD, LINK_CONTROL, JUNK, BREAK, OTHER_SIZE };

static enum kind draw_kind(void)
{
	unsigned int n = draw(100);

	return n < 55 ? GOOD : n < 70 ? DAMAGED : n < 78 ? REPLAY : n < 82 ? ENDED : n < 86 ? KINDS_CONTROL :
	       n < 90 ? PAD : n < 94 ? LINK_CONTROL : n < 97 ? JUNK : n < 99 ? OTHER_SIZE : BREAK;
}

/* Circuits: the first half lives on, the others are broken one after the other. */
static void make(struct item *it, u64 n, struct item *past, unsigned int *broken)
{
	struct rig *r = &side[0].rig;
	unsigned int live = r->circs / 2;
	enum kind kind = draw_kind();

	if ((kind == ENDED && !*broken) || (kind == REPLAY && n < PAST) || (kind == BREAK && *broken + 1 >= live))
		kind = GOOD;
	kinds[kind]++;
	if (kind == REPLAY) {
		*it = past[draw(PAST)];
		it->out = false;
		it->came[0] = it->came[1] = false;
		return;
	}
	memset(it, 0, sizeof(*it));
	it->back = draw(2);
	it->circ = draw(live);
	it->len = draw(2) ? CR_CELL_LARGE : CR_CELL_SMALL;
	it->ctr = 5000 + n;
	it->inner = 1 + n * 77;
	it->out = kind == GOOD;
	switch (kind) {
	case ENDED:
		it->circ = live + draw(*broken);
		break;
	case OTHER_SIZE:
		it->len = CR_CELL_LARGE_V6MIN;
		break;
	case BREAK:
		it->circ = live + (*broken)++;
		it->back = false;
		break;
	case KINDS_CONTROL:
	case PAD:
		it->back = false;
		break;
	default:
		break;
	}
	if (kind == LINK_CONTROL) {
		it->back = false;
		rig_control(r, it->cell[0], it->len, n, draw(2) ? CR_CTL_PING : CR_CTL_PAD);
	} else if (kind == JUNK) {
		rig_random(it->cell[0], it->len);
	} else if (it->back) {
		rig_backward(r, &r->circ[it->circ], it->cell[0], it->len, it->ctr);
	} else {
		rig_forward(r, &r->circ[it->circ], it->cell[0], it->len, it->ctr, it->inner,
			    kind == BREAK ? (draw(2) ? CR_CELL_DATA : 200) : kind == KINDS_CONTROL ? CR_CELL_CONTROL :
			    kind == PAD ? CR_CELL_PAD : CR_CELL_RELAY);
	}
	/* wherever the damage is, at times where nothing looks: then the cell goes on */
	if (kind == DAMAGED)
		it->cell[0][draw((unsigned int)it->len)] ^= (u8)(1 << draw(8));
	for_s(it);
}

/* By XDP; what that passes goes to the socket, as the stack would do. */
static void by_xdp(struct item *it)
{
	struct side *s = &side[0];
	const struct rig_link *l = it->back ? &s->rig.next : &s->rig.prev;
	const struct rig_outer outer = { .ttl = 61 };
	u8 in[RIG_FRAME_MAX], out[RIG_FRAME_MAX];
	size_t off, n, len = rig_frame(l, false, &outer, it->cell[0], it->len, in, &off);
	int ret;

	ret = run_frame(prog, l->ifindex, in, len, out, &n);
	if (ret == XDP_PASS) {
		CHECK(n == len && !memcmp(in, out, n), "a frame that was passed was changed");
		to_socket(s, it, 0);
		return;
	}
	s->sent++;
	if (ret != XDP_REDIRECT)
		return;
	it->came[0] = true;
	memcpy(it->got[0], out + n - it->len, it->len);
}

/* What comes out of S's socket, in order, for those that X has forwarded, and no more. */
static void collect(struct item *batch, int n)
{
	struct side *s = &side[1];
	u8 buf[2048];

	for (int back = 0; back < 2; back++) {
		/* forward cells leave behind the relay, where the second socket is */
		struct pollfd p = { .fd = s->fd[!back], .events = POLLIN };
		ssize_t len;

		for (int i = 0; i < n; i++) {
			if (batch[i].back != back || !batch[i].came[0])
				continue;
			if (poll(&p, 1, 10000) != 1)
				break;
			len = recv(p.fd, buf, sizeof(buf), 0);
			batch[i].came[1] = len == (ssize_t)batch[i].len;
			if (batch[i].came[1])
				memcpy(batch[i].got[1], buf, (size_t)len);
		}
		while (recv(p.fd, buf, sizeof(buf), 0) > 0)
			ktap_fail(__FILE__, __LINE__, "the socket's relay forwards a cell that XDP does not");
		while (recv(side[0].fd[!back], buf, sizeof(buf), 0) > 0)
			ktap_fail(__FILE__, __LINE__, "the XDP relay's socket forwards a cell that its program passed");
	}
}

static void compare(const struct item *it)
{
	const u8 *fresh[2];
	size_t n[2];
	u64 own;

	if (!CHECK(it->came[0] == it->came[1], "%s cell, circuit %u: XDP %s, socket %s",
		   it->back ? "backward" : "forward", it->circ, it->came[0] ? "forwards" : "drops",
		   it->came[1] ? "forwards" : "drops"))
		return;
	CHECK(!it->out || it->came[0], "a good %s cell did not come out", it->back ? "backward" : "forward");
	if (!it->came[0])
		return;
	forwarded++;
	for (int w = 0; w < 2; w++) {
		const struct rig *r = &side[w].rig;
		const struct rig_circ *c = &r->circ[it->circ];
		const char *wrong = it->back ?
			rig_check_backward(r, c, it->cell[w], it->len, it->ctr, &own, it->got[w], &fresh[w], &n[w]) :
			rig_check_forward(r, c, it->cell[w], it->len, it->ctr, it->inner, it->got[w], &fresh[w], &n[w]);

		if (!CHECK(!wrong, "%s relay: %s", w ? "socket" : "XDP", wrong))
			return;
	}
	if (!it->back)
		CHECK(!memcmp(it->got[0] + CR_HDR_LEN, it->got[1] + CR_HDR_LEN,
			      (size_t)(fresh[0] - it->got[0]) - CR_HDR_LEN), "the two inner layers differ");
	CHECK(memcmp(fresh[0], fresh[1], n[0]), "the two fillers do not differ");
}

static void cells(const void *arg)
{
	static struct item batch[BATCH], past[PAST];
	unsigned int broken = 0, was;
	u64 total = *(const u64 *)arg, n = 0;

	enter(side[0].netns[1]);
	while (n < total) {
		int k = 0;

		was = broken;
		while (k < BATCH && n < total && broken == was) {	/* a circuit's end is the last of a batch */
			make(&batch[k], n, past, &broken);
			past[n++ % PAST] = batch[k++];
		}
		for (int i = 0; i < k; i++) {
			by_xdp(&batch[i]);
			to_socket(&side[1], &batch[i], 1);
		}
		collect(batch, k);
		for (int i = 0; i < k; i++)
			compare(&batch[i]);
		for (int w = 0; w < 2 && broken != was; w++) {
			char cmd[256];

			snprintf(cmd, sizeof(cmd), "for i in $(seq 100); do relayctl -n %s circuit show %u >/dev/null 2>&1 || exit 0; sleep 0.05; done; exit 1",
				 side[w].netns[1], side[w].rig.circ[side[w].rig.circs / 2 + broken - 1].id);
			CHECK(!system(cmd), "a broken circuit lives on");
		}
	}
	wait_for(&side[0]);
	wait_for(&side[1]);
	collect(batch, 0);
	CHECK(forwarded > total / 3, "only %llu cells came out", (unsigned long long)forwarded);
	for (int i = GOOD; i <= OTHER_SIZE; i++)
		CHECK(kinds[i], "no cell of kind %d was drawn: take another seed, or more cells", i);
	ktap_note("%llu cells: %llu good, %llu damaged, %llu replayed, %llu of ended circuits, %llu control, %llu padding, %llu link control, %llu junk, %llu breaking their circuit; %llu came out of both",
		  (unsigned long long)total, (unsigned long long)kinds[GOOD], (unsigned long long)kinds[DAMAGED],
		  (unsigned long long)kinds[REPLAY], (unsigned long long)kinds[ENDED],
		  (unsigned long long)kinds[KINDS_CONTROL], (unsigned long long)kinds[PAD],
		  (unsigned long long)kinds[LINK_CONTROL], (unsigned long long)kinds[JUNK],
		  (unsigned long long)kinds[BREAK], (unsigned long long)forwarded);
}

int main(int argc, char **argv)
{
	struct ktap_test test = { "the same cells by XDP and by socket: the same comes out", cells, NULL };
	struct xdp *s;
	u64 total;

	if (argc != 6)
		ktap_bail("usage: parity CELLS SEED NODE X S");
	total = strtoull(argv[1], NULL, 10);
	test.arg = &total;
	seed = (unsigned int)strtoul(argv[2], NULL, 10);
	for (int w = 0; w < 2; w++) {
		load_side(&side[w], argv[4 + w], (unsigned int)atoi(argv[3]));
		side[w].sent = counted(&side[w]);
	}
	s = run_load(0);
	prog = bpf_program__fd(s->progs.cr_xdp);
	return ktap_run(&test, 1);
}
