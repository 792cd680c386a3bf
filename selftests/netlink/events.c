// SPDX-License-Identifier: MIT
/*
 * Events: numbered without gaps; a reader that is too slow loses some, sees
 * that, and gets a true picture by dumping.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "nlt.h"

#define SLOW_EVENTS	3000

static struct nlt nl;

struct ev {
	uint64_t seq, cookie;
	uint32_t type, reason, id;
	bool final;
};

/* A reader of events with a receive buffer of @size bytes. */
static void listen_to(struct nlt *n, int size)
{
	nlt_open(n);
	if (setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(n->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &n->group, sizeof(n->group)))
		ktap_bail("cannot listen: %s", strerror(errno));
}

/* Next event that is there. Returns 0, -EAGAIN, or -ENOBUFS when some were lost. */
static int next(struct nlt *n, struct ev *ev)
{
	static char buf[65536];
	struct nlmsghdr *nlh = (void *)buf;
	struct genlmsghdr *hdr = NLMSG_DATA(nlh);
	struct nlattr *a[NLT_ATTRS] = {};
	ssize_t len = nlt_recv(n, buf, sizeof(buf), MSG_DONTWAIT);

	if (len < 0)
		return len;
	if (nlh->nlmsg_type != n->family || hdr->cmd != CELLRELAY_CMD_EVENT)
		ktap_bail("something that is no event");
	nla_parse(a, NLT_ATTRS - 1, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), NULL);
	if (!a[CELLRELAY_A_EVENT_SEQ] || !a[CELLRELAY_A_EVENT_TYPE] || !a[CELLRELAY_A_EVENT_ID] ||
	    !a[CELLRELAY_A_EVENT_REASON])
		ktap_bail("an event without number, type, reason or id");
	*ev = (struct ev){
		.seq = nla_get_u64(a[CELLRELAY_A_EVENT_SEQ]),
		.type = nla_get_u32(a[CELLRELAY_A_EVENT_TYPE]),
		.reason = nla_get_u32(a[CELLRELAY_A_EVENT_REASON]),
		.id = nla_get_u32(a[CELLRELAY_A_EVENT_ID]),
		.cookie = a[CELLRELAY_A_EVENT_COOKIE] ? nla_get_u64(a[CELLRELAY_A_EVENT_COOKIE]) : 0,
		.final = a[CELLRELAY_A_EVENT_FWD_BYTES] && a[CELLRELAY_A_EVENT_BWD_BYTES],
	};
	return 0;
}

static void expect(struct nlt *n, uint64_t *seq, uint32_t type, uint32_t id, uint32_t reason)
{
	struct ev ev = {};
	int err = next(n, &ev);

	if (!CHECK(!err, "no event %u: %s", type, strerror(-err)))
		return;
	(*seq)++;
	CHECK(ev.seq == *seq, "number %llu for %llu", (unsigned long long)ev.seq,
	      (unsigned long long)*seq);
	CHECK(ev.type == type && ev.id == id && ev.reason == reason,
	      "event %u of %u, reason %u, for %u of %u, reason %u", ev.type, ev.id, ev.reason, type, id,
	      reason);
	CHECK(!!ev.cookie == (type >= CELLRELAY_EVENT_CIRC_NEW && type <= CELLRELAY_EVENT_CIRC_LIMIT),
	      "cookie of event %u", type);
	CHECK(ev.final == (type == CELLRELAY_EVENT_CIRC_DEL), "counts of event %u", type);
}

static void test_each(const void *arg)
{
	uint64_t seq = nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ);
	uint32_t sock = 5;
	struct nl_msg *msg;
	struct nlt n;
	struct ev ev;

	listen_to(&n, 1 << 20);
	CHECK(!nlt_set_u32(&nl, CELLRELAY_CMD_NS_SET, CELLRELAY_A_NS_CIRC_MAX, 100000), "ns-set");
	expect(&n, &seq, CELLRELAY_EVENT_NS, 0, CELLRELAY_REASON_REQUEST);
	CHECK(!nlt_sock_new(&nl, &sock, NULL), "sock-new");
	expect(&n, &seq, CELLRELAY_EVENT_SOCK_NEW, 5, CELLRELAY_REASON_REQUEST);
	CHECK(!nlt_link_new(&nl, 7, 5, 9), "link-new");
	expect(&n, &seq, CELLRELAY_EVENT_LINK_NEW, 7, CELLRELAY_REASON_REQUEST);
	CHECK(!nlt_key_new(&nl, 7, 2, 99), "key-new");
	expect(&n, &seq, CELLRELAY_EVENT_KEY_NEW, 7, CELLRELAY_REASON_REQUEST);
	msg = nlt_request(&nl, CELLRELAY_CMD_LINK_SET, 0);
	nla_put_u32(msg, CELLRELAY_A_LINK_ID, 7);
	nla_put_u32(msg, CELLRELAY_A_LINK_FLAGS, CELLRELAY_LINK_F_ROAM);
	CHECK(!nlt_talk(&nl, msg, NULL, NULL, NULL), "link-set");
	expect(&n, &seq, CELLRELAY_EVENT_LINK_CHANGED, 7, CELLRELAY_REASON_REQUEST);
	CHECK(!nlt_circ_new(&nl, 3, 7) && !nlt_circ_new(&nl, 4, 7), "circ-new");
	expect(&n, &seq, CELLRELAY_EVENT_CIRC_NEW, 3, CELLRELAY_REASON_REQUEST);
	expect(&n, &seq, CELLRELAY_EVENT_CIRC_NEW, 4, CELLRELAY_REASON_REQUEST);
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_CIRC_DEL, 3), "circ-del");
	expect(&n, &seq, CELLRELAY_EVENT_CIRC_DEL, 3, CELLRELAY_REASON_REQUEST);
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, 7), "link-del");
	expect(&n, &seq, CELLRELAY_EVENT_CIRC_DEL, 4, CELLRELAY_REASON_LINK_GONE);
	expect(&n, &seq, CELLRELAY_EVENT_LINK_DEL, 7, CELLRELAY_REASON_REQUEST);
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_SOCK_DEL, 5), "sock-del");
	expect(&n, &seq, CELLRELAY_EVENT_SOCK_DEL, 5, CELLRELAY_REASON_REQUEST);
	CHECK(next(&n, &ev) == -EAGAIN, "more events than changes");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ) == seq, "number of the last event");
	nlt_close(&n);
}

static void test_nobody(const void *arg)
{
	uint64_t seq = nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ);

	CHECK(!nlt_link_new(&nl, 7, 0, 0) && !nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, 7), "link");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ) == seq + 2, "numbers were not used");
}

/* Keys expire by themselves. */
static void test_expiry(const void *arg)
{
	struct timeval patience = { .tv_sec = 20 };
	struct nl_msg *msg;
	struct ev ev = {};
	struct nlt n;
	char c;

	CHECK(!nlt_link_new(&nl, 7, 0, 0) && !nlt_key_new(&nl, 7, 1, 99), "link");
	listen_to(&n, 1 << 20);
	setsockopt(n.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	msg = nlt_request(&nl, CELLRELAY_CMD_KEY_SET, 0);
	nla_put_u32(msg, CELLRELAY_A_KEY_LINK, 7);
	nla_put_u8(msg, CELLRELAY_A_KEY_GEN, 1);
	nla_put_u32(msg, CELLRELAY_A_KEY_EXPIRES_MS, 10);
	CHECK(!nlt_talk(&nl, msg, NULL, NULL, NULL), "key-set");
	CHECK(recv(n.fd, &c, 1, MSG_PEEK) > 0, "no event in 20 s");
	CHECK(!next(&n, &ev) && ev.type == CELLRELAY_EVENT_KEY_DEL && ev.id == 7 &&
	      ev.reason == CELLRELAY_REASON_EXPIRED, "event %u, reason %u", ev.type, ev.reason);
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, 7), "link-del");
	nlt_close(&n);
}

static void mark(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a, void *arg)
{
	bool *there = arg;
	uint32_t id = nla_get_u32(a[CELLRELAY_A_CIRC_ID]);

	if (id <= SLOW_EVENTS)
		there[id] = true;
}

static void apply(const struct ev *ev, bool *there)
{
	if (ev->id > SLOW_EVENTS)
		return;
	if (ev->type == CELLRELAY_EVENT_CIRC_NEW)
		there[ev->id] = true;
	else if (ev->type == CELLRELAY_EVENT_CIRC_DEL)
		there[ev->id] = false;
}

static void test_slow(const void *arg)
{
	static bool there[SLOW_EVENTS + 1];
	uint64_t seq = nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ) + 1, last = seq;	/* the link's */
	uint32_t i, got = 0, wrong = 0;
	bool lost = false, gap = false;
	struct nlt slow, fast;
	struct nlt_result r;
	struct ev ev;
	int err;

	CHECK(!nlt_link_new(&nl, 7, 0, 0), "link");
	listen_to(&slow, 16384);
	listen_to(&fast, 64 << 20);
	for (i = 1; i <= SLOW_EVENTS; i++)
		CHECK(!nlt_circ_new(&nl, i, 7), "circuit %u", i);
	while (!next(&fast, &ev))
		CHECK(ev.seq == ++seq && ev.id == ev.seq - last, "event %llu", (unsigned long long)ev.seq);
	CHECK(seq == last + SLOW_EVENTS, "the fast reader has %llu events",
	      (unsigned long long)(seq - last));
	/* The slow one reads what is left: a beginning, an error, and nothing more. */
	while ((err = next(&slow, &ev)) != -EAGAIN) {
		if (err == -ENOBUFS) {
			lost = true;
			continue;
		}
		if (!CHECK(!err, "recv: %s", strerror(-err)))
			return;
		got++;
		gap |= ev.seq != ++last;
		apply(&ev, there);
	}
	CHECK(lost, "no ENOBUFS");
	CHECK(got && got < SLOW_EVENTS, "%u events in 16 KiB", got);
	CHECK(!gap, "a gap before the first loss");
	/* The next event shows the gap without any error. */
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_CIRC_DEL, 1), "circ-del");
	CHECK(!next(&slow, &ev) && ev.seq > last + 1, "no gap after the loss");
	last = ev.seq;
	/* So it dumps again, and goes on from there. */
	memset(there, 0, sizeof(there));
	nlt_talk(&nl, nlt_request(&nl, CELLRELAY_CMD_CIRC_GET, NLM_F_DUMP), &r, mark, there);
	CHECK(!r.err && !r.intr && r.objects == SLOW_EVENTS - 1, "dump: %d, %lu objects", r.err, r.objects);
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_CIRC_DEL, 2), "circ-del");
	CHECK(!next(&slow, &ev) && ev.seq == last + 1, "a gap after dumping");
	apply(&ev, there);
	for (i = 1; i <= SLOW_EVENTS; i++)
		wrong += there[i] != (i > 2);
	CHECK(!wrong, "a wrong picture of %u circuits", wrong);
	ktap_note("%u events fitted 16 KiB, %u were lost", got, SLOW_EVENTS - got);
	nlt_close(&fast);
	nlt_close(&slow);
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, 7), "link-del");
}

/* Another namespace's events are not heard. */
static void test_other_ns(const void *arg)
{
	struct nlt n, other;
	struct ev ev;

	listen_to(&n, 1 << 20);
	nlt_unshare();
	nlt_open(&other);
	CHECK(!nlt_link_new(&other, 7, 0, 0), "link");
	CHECK(next(&n, &ev) == -EAGAIN, "heard another namespace");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_LINKS) == 0, "a link of another namespace");
	CHECK(nlt_by_id(&nl, CELLRELAY_CMD_LINK_GET, 7) == -ENOENT, "found another namespace's link");
	nlt_close(&other);
	nlt_close(&n);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "one event for each change", test_each, NULL },
		{ "numbers are used when nobody listens", test_nobody, NULL },
		{ "keys that expire", test_expiry, NULL },
		{ "a slow reader loses some, sees it and dumps again", test_slow, NULL },
		{ "namespaces do not hear each other", test_other_ns, NULL },
	};

	nlt_unshare();
	nlt_open(&nl);
	nlt_cap_ack(&nl);
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
