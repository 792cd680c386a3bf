// SPDX-License-Identifier: MIT
/*
 * Objects come back as they were asked for, keys never do, not even in the
 * copy of a refused request; the daemon's place; deletion takes along what
 * hangs on an object.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "nlt.h"

static struct nlt nl;

/* A copy of the attributes of the last object that came. */
static char copy[4096];
static struct nlattr *got[NLT_ATTRS];
static uint8_t got_cmd;

static void keep(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a, void *arg)
{
	size_t used = 0;
	int i;

	got_cmd = hdr->cmd;
	memset(got, 0, sizeof(got));
	for (i = 0; i < NLT_ATTRS; i++) {
		if (!a[i])
			continue;
		if (used + NLA_ALIGN(a[i]->nla_len) > sizeof(copy))
			ktap_bail("object of more than %zu bytes", sizeof(copy));
		got[i] = (struct nlattr *)(copy + used);
		memcpy(got[i], a[i], a[i]->nla_len);
		used += NLA_ALIGN(a[i]->nla_len);
	}
}

static uint64_t num(int attr)
{
	uint64_t v = 0;

	if (!CHECK(got[attr], "no attribute %d in the answer", attr))
		return ~0ULL;
	memcpy(&v, nla_data(got[attr]), nla_len(got[attr]));
	return v;
}

static bool same(int attr, const void *bytes, size_t len)
{
	return CHECK(got[attr] && (size_t)nla_len(got[attr]) == len &&
		     !memcmp(nla_data(got[attr]), bytes, len), "attribute %d differs", attr);
}

static void ask(struct nl_msg *msg, const char *what)
{
	struct nlt_result r;

	got_cmd = 0;
	memset(got, 0, sizeof(got));
	nlt_talk(&nl, msg, &r, keep, NULL);
	CHECK(!r.err && r.objects == 1, "%s: %s, %lu objects (%s)", what, strerror(-r.err),
	      r.objects, r.msg);
}

static void get(uint8_t cmd, uint32_t id)
{
	struct nl_msg *msg = nlt_request(&nl, cmd, 0);

	nla_put_u32(msg, 1, id);
	ask(msg, "get");
	CHECK(got_cmd == cmd, "answered with command %u", got_cmd);
}

static int talk(struct nl_msg *msg)
{
	return nlt_talk(&nl, msg, NULL, NULL, NULL);
}

static void test_ns(const void *arg)
{
	struct nl_msg *msg;
	uint64_t seq;

	ask(nlt_request(&nl, CELLRELAY_CMD_NS_GET, 0), "ns-get");
	CHECK(num(CELLRELAY_A_NS_RATE) == UINT64_MAX, "a rate cap nobody set");
	CHECK(num(CELLRELAY_A_NS_CIRC_MAX) == 65536, "circ-max %llu",
	      (unsigned long long)num(CELLRELAY_A_NS_CIRC_MAX));
	CHECK(got[CELLRELAY_A_NS_IDX_KEY] && nla_len(got[CELLRELAY_A_NS_IDX_KEY]) == 16, "idx-key");
	CHECK(num(CELLRELAY_A_NS_COOKIE), "cookie 0");
	CHECK(got[CELLRELAY_A_NS_VERSION], "version");
	seq = num(CELLRELAY_A_NS_EVENT_SEQ);
	msg = nlt_request(&nl, CELLRELAY_CMD_NS_SET, 0);
	nla_put_u64(msg, CELLRELAY_A_NS_RATE, 12345678);
	nla_put_u32(msg, CELLRELAY_A_NS_CIRC_MAX, 3);
	nla_put_u32(msg, CELLRELAY_A_NS_LINK_MAX, 200000);
	CHECK(!talk(msg), "ns-set");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_RATE) == 12345678, "rate");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_CIRC_MAX) == 3, "circ-max");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_LINK_MAX) == 200000, "link-max");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ) == seq + 1, "one event");
	msg = nlt_request(&nl, CELLRELAY_CMD_NS_SET, 0);
	nla_put_u64(msg, CELLRELAY_A_NS_RATE, UINT64_MAX);
	CHECK(!talk(msg), "ns-set without cap");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_CIRC_MAX) == 3, "circ-max changed with the rate");
}

static void test_sock(const void *arg)
{
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_SOCK_NEW, 0);
	uint32_t id;

	nla_put(msg, CELLRELAY_A_SOCK_ADDR, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	nla_put_u32(msg, CELLRELAY_A_SOCK_IFINDEX, 1);
	nla_put_u32(msg, CELLRELAY_A_SOCK_FWMARK, 0xabcd);
	ask(msg, "sock-new");
	CHECK(got_cmd == CELLRELAY_CMD_SOCK_NEW, "answered with command %u", got_cmd);
	id = num(CELLRELAY_A_SOCK_ID);
	CHECK(id, "id 0");
	get(CELLRELAY_CMD_SOCK_GET, id);
	same(CELLRELAY_A_SOCK_ADDR, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	CHECK(num(CELLRELAY_A_SOCK_PORT), "no port");
	CHECK(num(CELLRELAY_A_SOCK_IFINDEX) == 1, "ifindex");
	CHECK(num(CELLRELAY_A_SOCK_FWMARK) == 0xabcd, "fwmark");
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_SOCK_DEL, id), "sock-del");
	CHECK(nlt_by_id(&nl, CELLRELAY_CMD_SOCK_GET, id) == -ENOENT, "socket is still there");
	id = 1;
	CHECK(!nlt_sock_new(&nl, &id, NULL) && id == 1, "socket 1");
}

static void test_link(const void *arg)
{
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_LINK_NEW, 0);
	struct nlattr *key[NLT_ATTRS];
	uint32_t id;

	nla_put_u32(msg, CELLRELAY_A_LINK_SOCK, 1);
	nla_put(msg, CELLRELAY_A_LINK_ADDR, 4, "\x7f\0\0\2");
	nla_put_u16(msg, CELLRELAY_A_LINK_PORT, 4000);
	nla_put_u32(msg, CELLRELAY_A_LINK_FLAGS, CELLRELAY_LINK_F_ROAM);
	ask(msg, "link-new");
	CHECK(got_cmd == CELLRELAY_CMD_LINK_NEW, "answered with command %u", got_cmd);
	id = num(CELLRELAY_A_LINK_ID);
	CHECK(!nlt_key_new(&nl, id, 1, 77), "key-new");
	get(CELLRELAY_CMD_LINK_GET, id);
	CHECK(num(CELLRELAY_A_LINK_SOCK) == 1, "sock");
	same(CELLRELAY_A_LINK_ADDR, "\x7f\0\0\2", 4);
	CHECK(num(CELLRELAY_A_LINK_PORT) == 4000, "port");
	CHECK(num(CELLRELAY_A_LINK_FLAGS) == CELLRELAY_LINK_F_ROAM, "flags");
	CHECK(num(CELLRELAY_A_LINK_CIRCS) == 0, "circs");
	CHECK(!got[CELLRELAY_A_LINK_LAST_RX_MS], "received before anything came");
	if (CHECK(got[CELLRELAY_A_LINK_KEY], "no key generation")) {
		nla_parse_nested(key, NLT_ATTRS - 1, got[CELLRELAY_A_LINK_KEY], NULL);
		CHECK(key[CELLRELAY_A_KEY_GEN] && nla_get_u8(key[CELLRELAY_A_KEY_GEN]) == 1, "gen");
		CHECK(key[CELLRELAY_A_KEY_RX_INDEX] &&
		      nla_get_u32(key[CELLRELAY_A_KEY_RX_INDEX]) == 77, "rx-index");
		CHECK(key[CELLRELAY_A_KEY_SEND], "send");
		CHECK(!key[CELLRELAY_A_KEY_EXPIRES_MS], "expires");
	}
	msg = nlt_request(&nl, CELLRELAY_CMD_KEY_SET, 0);
	nla_put_u32(msg, CELLRELAY_A_KEY_LINK, id);
	nla_put_u8(msg, CELLRELAY_A_KEY_GEN, 1);
	nla_put_u32(msg, CELLRELAY_A_KEY_EXPIRES_MS, 3600000);
	CHECK(!talk(msg), "key-set");
	get(CELLRELAY_CMD_LINK_GET, id);
	nla_parse_nested(key, NLT_ATTRS - 1, got[CELLRELAY_A_LINK_KEY], NULL);
	CHECK(key[CELLRELAY_A_KEY_EXPIRES_MS] &&
	      nla_get_u32(key[CELLRELAY_A_KEY_EXPIRES_MS]) > 3000000, "expires");
	msg = nlt_request(&nl, CELLRELAY_CMD_LINK_SET, 0);
	nla_put_u32(msg, CELLRELAY_A_LINK_ID, id);
	nla_put_u32(msg, CELLRELAY_A_LINK_FLAGS, 0);
	CHECK(!talk(msg), "link-set");
	get(CELLRELAY_CMD_LINK_GET, id);
	CHECK(num(CELLRELAY_A_LINK_FLAGS) == 0, "flags");
	same(CELLRELAY_A_LINK_ADDR, "\x7f\0\0\2", 4);
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, id), "link-del");
	CHECK(nlt_by_id(&nl, CELLRELAY_CMD_LINK_GET, id) == -ENOENT, "link is still there");
	/* Its index is free again. */
	CHECK(!nlt_link_new(&nl, 1, 1, 9) && !nlt_link_new(&nl, 2, 1, 10), "links");
	CHECK(!nlt_key_new(&nl, 1, 0, 77), "index of a deleted link");
}

static void test_circ(const void *arg)
{
	struct nl_msg *msg;

	msg = nlt_circ_request(&nl, 9, 1);
	nla_put_u64(msg, CELLRELAY_A_CIRC_LIMIT, 1 << 20);
	ask(msg, "circ-new");
	CHECK(got_cmd == CELLRELAY_CMD_CIRC_NEW, "answered with command %u", got_cmd);
	get(CELLRELAY_CMD_CIRC_GET, 9);
	CHECK(num(CELLRELAY_A_CIRC_ROLE) == CELLRELAY_ROLE_RELAY, "role");
	CHECK(num(CELLRELAY_A_CIRC_POS) == 1, "pos");
	CHECK(num(CELLRELAY_A_CIRC_SUITE) == 1, "suite");
	CHECK(num(CELLRELAY_A_CIRC_LARGE) == 1408, "large");
	CHECK(num(CELLRELAY_A_CIRC_PREV_LINK) == 1, "prev-link");
	CHECK(num(CELLRELAY_A_CIRC_PREV_TX) == 9, "prev-tx");
	CHECK(num(CELLRELAY_A_CIRC_LIMIT) == 1 << 20, "limit");
	CHECK(num(CELLRELAY_A_CIRC_RATE) == UINT64_MAX, "rate");
	CHECK(num(CELLRELAY_A_CIRC_COOKIE), "cookie 0");
	CHECK(!got[CELLRELAY_A_CIRC_NEXT_LINK], "a next link nobody gave");
	CHECK(!got[CELLRELAY_A_CIRC_KEY_FWD] && !got[CELLRELAY_A_CIRC_KEY_BWD], "keys");
	CHECK(num(CELLRELAY_A_CIRC_FWD_BYTES) == 0, "fwd-bytes");

	msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_SET, 0);
	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, 9);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_LINK, 2);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_RX, 123);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_TX, 124);
	nla_put_u64(msg, CELLRELAY_A_CIRC_RATE, 1000);
	CHECK(!talk(msg), "circ-set");
	get(CELLRELAY_CMD_CIRC_GET, 9);
	CHECK(num(CELLRELAY_A_CIRC_NEXT_LINK) == 2, "next-link");
	CHECK(num(CELLRELAY_A_CIRC_NEXT_RX) == 123, "next-rx");
	CHECK(num(CELLRELAY_A_CIRC_NEXT_TX) == 124, "next-tx");
	CHECK(num(CELLRELAY_A_CIRC_RATE) == 1000, "rate");
	CHECK(num(CELLRELAY_A_CIRC_LIMIT) == 1 << 20, "limit");
	msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_SET, 0);
	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, 9);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_LINK, 2);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_RX, 125);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_TX, 126);
	CHECK(talk(msg) == -EEXIST, "a next link changed");

	CHECK(!nlt_circ_new(&nl, 10, 1) && !nlt_circ_new(&nl, 11, 1), "circuits");
	CHECK(nlt_circ_new(&nl, 12, 1) == -ENOSPC, "more circuits than circ-max");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_CIRCS) == 3, "circs");
	get(CELLRELAY_CMD_LINK_GET, 1);
	CHECK(num(CELLRELAY_A_LINK_CIRCS) == 3, "circs of link 1");
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_CIRC_DEL, 11), "circ-del");
	CHECK(nlt_by_id(&nl, CELLRELAY_CMD_CIRC_GET, 11) == -ENOENT, "circuit is still there");
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, 2), "link-del");
	CHECK(nlt_by_id(&nl, CELLRELAY_CMD_CIRC_GET, 9) == -ENOENT, "circuit outlived its next link");
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_CIRC_GET, 10), "circuit of another link");
	CHECK(!nlt_set_u32(&nl, CELLRELAY_CMD_NS_SET, CELLRELAY_A_NS_CIRC_MAX, 1000), "circ-max");
}

static void test_client(const void *arg)
{
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_NEW, 0);
	uint32_t id;
	int pos;

	nla_put_u8(msg, CELLRELAY_A_CIRC_ROLE, CELLRELAY_ROLE_CLIENT);
	nla_put_u16(msg, CELLRELAY_A_CIRC_LARGE, 1232);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_LINK, 1);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_RX, 500);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_TX, 501);
	ask(msg, "circ-new of a client");
	id = num(CELLRELAY_A_CIRC_ID);
	CHECK(num(CELLRELAY_A_CIRC_HOPS) == 0, "hops");
	CHECK(num(CELLRELAY_A_CIRC_LARGE) == 1232, "large");
	for (pos = 1; pos <= 3; pos++) {
		msg = nlt_request(&nl, CELLRELAY_CMD_HOP_NEW, 0);
		nla_put_u32(msg, CELLRELAY_A_HOP_CIRC, id);
		nla_put_u8(msg, CELLRELAY_A_HOP_POS, pos);
		nla_put_u8(msg, CELLRELAY_A_HOP_SUITE, CELLRELAY_SUITE_CHACHA);
		nlt_put_key(msg, CELLRELAY_A_HOP_KEY_FWD, 32);
		nlt_put_key(msg, CELLRELAY_A_HOP_KEY_BWD, 32);
		if (pos == 3)
			nla_put_flag(msg, CELLRELAY_A_HOP_EXIT);
		CHECK(!talk(msg), "hop %d", pos);
	}
	get(CELLRELAY_CMD_CIRC_GET, id);
	CHECK(num(CELLRELAY_A_CIRC_HOPS) == 3, "hops");
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_CIRC_DEL, id), "circ-del");
}

/* A request that a handler refuses comes back in the error, with its keys wiped. */
static void test_echo(const void *arg)
{
	static char buf[65536];
	static const char zero[32];
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_KEY_NEW, 0);
	const struct nlmsghdr *nlh = (void *)buf;
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	struct nlattr *a[NLT_ATTRS] = {};
	unsigned long before = nl.marks;
	ssize_t len;

	nla_put_u32(msg, CELLRELAY_A_KEY_LINK, 4711);
	nla_put_u8(msg, CELLRELAY_A_KEY_GEN, 0);
	nla_put_u32(msg, CELLRELAY_A_KEY_RX_INDEX, 5);
	nla_put_u32(msg, CELLRELAY_A_KEY_TX_INDEX, 6);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_IDX_KEY, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_CTL, 32);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_CTL, 32);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_CTL, 32);	/* twice: both are wiped */
	CHECK(!nlt_send(&nl, msg), "send");
	len = nlt_recv(&nl, buf, sizeof(buf), 0);
	if (!CHECK(len > 0 && nlh->nlmsg_type == NLMSG_ERROR && e->error == -ENOENT, "key-new: %zd", len))
		return;
	CHECK(!(nlh->nlmsg_flags & NLM_F_CAPPED), "the request did not come back");
	nla_parse(a, NLT_ATTRS - 1, (void *)((char *)&e->msg + NLMSG_LENGTH(GENL_HDRLEN)),
		  e->msg.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), NULL);
	CHECK(a[CELLRELAY_A_KEY_RX_INDEX] && nla_get_u32(a[CELLRELAY_A_KEY_RX_INDEX]) == 5,
	      "the request did not come back whole");
	CHECK(a[CELLRELAY_A_KEY_TX_CTL] && !memcmp(nla_data(a[CELLRELAY_A_KEY_TX_CTL]), zero, 32),
	      "tx-ctl is not wiped");
	CHECK(a[CELLRELAY_A_KEY_RX_TAG] && !memcmp(nla_data(a[CELLRELAY_A_KEY_RX_TAG]), zero, 16),
	      "rx-tag is not wiped");
	CHECK(nl.marks == before, "a key came back");
}

static int become_daemon(struct nlt *n)
{
	return nlt_talk(n, nlt_request(n, CELLRELAY_CMD_DAEMON, 0), NULL, NULL, NULL);
}

static void test_daemon(const void *arg)
{
	struct nlt a, b;
	int i, status;
	pid_t pid;

	nlt_open(&a);
	nlt_open(&b);
	CHECK(!become_daemon(&a), "daemon");
	CHECK(!become_daemon(&a), "daemon twice");
	CHECK(become_daemon(&b) == -EBUSY, "two daemons");
	nlt_close(&b);
	nlt_open(&b);
	CHECK(become_daemon(&b) == -EBUSY, "the daemon went with another socket");
	nlt_close(&a);
	CHECK(!become_daemon(&b), "no daemon after the first one's end");
	nlt_close(&b);
	/* A killed daemon leaves its place. */
	for (i = 0; i < 50; i++) {
		pid = fork();
		if (!pid) {
			nlt_open(&a);
			_exit(become_daemon(&a) != 0);
		}
		waitpid(pid, &status, 0);
		if (!CHECK(!status, "daemon %d", i))
			break;
	}
}

static void test_stats(const void *arg)
{
	ask(nlt_request(&nl, CELLRELAY_CMD_STATS_GET, 0), "stats-get");
	CHECK(num(CELLRELAY_A_STATS_IN_CELLS) == 0, "in");
	CHECK(num(CELLRELAY_A_STATS_OUT_BYTES) == 0, "out");
}

static void test_marks(const void *arg)
{
	CHECK(!nl.marks, "keys came back %lu times in %lu bytes", nl.marks, nl.bytes);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "namespace", test_ns, NULL },
		{ "sockets", test_sock, NULL },
		{ "links and keys", test_link, NULL },
		{ "circuits", test_circ, NULL },
		{ "a client's circuit and hops", test_client, NULL },
		{ "keys are wiped from a refused request", test_echo, NULL },
		{ "the daemon", test_daemon, NULL },
		{ "counters", test_stats, NULL },
		{ "no key came back", test_marks, NULL },
	};

	nlt_unshare();
	nlt_open(&nl);
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
