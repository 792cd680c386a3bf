// SPDX-License-Identifier: MIT
/*
 * Everything that a command must refuse: each attribute missing, short, long,
 * out of range, unknown, in the wrong kind of request; and values that only the
 * handlers can judge. Every refusal says something, names the attribute, and
 * changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nlt.h"
#include "table.gen.h"

static struct nlt nl;
static unsigned long refusals;

static const struct nlt_attr *find(const struct nlt_op *op, uint16_t num)
{
	unsigned int i;

	for (i = 0; i < op->n_attr; i++)
		if (op->attr[i].num == num)
			return &op->attr[i];
	return NULL;
}

/*
 * A request whose attributes all pass the policy, without @skip; what is put
 * behind it comes last.
 */
static struct nl_msg *valid(const struct nlt_op *op, const struct nlt_attr *skip)
{
	struct nl_msg *msg = nlt_request(&nl, op->cmd, 0);
	unsigned int i;

	for (i = 0; i < op->n_attr; i++)
		if (&op->attr[i] != skip && (op->attr[i].flags & NLT_DO))
			nlt_put(msg, &op->attr[i], op->attr[i].min);
	return msg;
}

/* The kernel must refuse @msg and, when @at is set, point at the last attribute. */
static void refused(const struct nlt_op *op, struct nl_msg *msg, const char *what,
		    const char *name, bool at)
{
	uint32_t len = nlmsg_hdr(msg)->nlmsg_len;
	struct nlt_result r;

	nlt_talk(&nl, msg, &r, NULL, NULL);
	refusals++;
	if (!CHECK(r.err < 0, "%s: %s %s was accepted", op->name, what, name))
		return;
	CHECK(r.err == -EINVAL || r.err == -ERANGE, "%s: %s %s: %s", op->name, what, name,
	      strerror(-r.err));
	CHECK(r.msg[0], "%s: %s %s: refused without a word", op->name, what, name);
	CHECK(!at || (r.offset && r.offset < len), "%s: %s %s: does not say which attribute (%s)",
	      op->name, what, name, r.msg);
	CHECK(r.objects == 0, "%s: %s %s: refused and answered", op->name, what, name);
}

static void with(const struct nlt_op *op, const struct nlt_attr *a, const char *what, size_t len,
		 uint64_t value)
{
	static const uint8_t zero[2048];
	struct nl_msg *msg = valid(op, a);

	if (a->kind == NLT_BIN)
		nlt_put_key(msg, a->num, len);
	else if (len > sizeof(value))
		nla_put(msg, a->num, len, zero);
	else
		nla_put(msg, a->num, len, &value);
	refused(op, msg, what, a->name, true);
}

static void test_attr(const struct nlt_op *op, const struct nlt_attr *a)
{
	const size_t len = nlt_len(a);
	struct nlt_result r;

	if (a->flags & NLT_REQUIRED) {
		nlt_talk(&nl, valid(op, a), &r, NULL, NULL);
		refusals++;
		CHECK(r.err == -EINVAL, "%s: without %s: %d", op->name, a->name, r.err);
		CHECK(strstr(r.msg, a->name), "%s: without %s: says \"%s\"", op->name, a->name, r.msg);
		CHECK(r.miss == a->num, "%s: without %s: says that %u is missing", op->name, a->name,
		      r.miss);
	}
	if (a->kind == NLT_BIN) {
		if (a->min)
			with(op, a, "short", a->min - 1, 0);
		if (a->min)
			with(op, a, "empty", 0, 0);
		with(op, a, "long", a->max + 1, 0);
		return;
	}
	with(op, a, "long", len + 1, a->min);
	with(op, a, "very long", 1000, 0);
	if (a->kind == NLT_FLAG)
		return;
	with(op, a, "short", len - 1, a->min);
	if (a->min)
		with(op, a, "too small", len, a->min - 1);
	if (a->min > 1)
		with(op, a, "zero", len, 0);
	if (len == 8 ? a->max < UINT64_MAX : a->max < (1ULL << (8 * len)) - 1) {
		with(op, a, "too large", len, a->max + 1);
		with(op, a, "all ones", len, UINT64_MAX);
	}
}

static void test_op(const void *arg)
{
	const struct nlt_op *op = arg;
	const uint64_t before = nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ);
	const uint64_t zero[2] = {};
	const struct nlt_attr *a;
	char name[32];
	struct nl_msg *msg;
	struct nlt_result r;
	unsigned int i;

	refusals = 0;
	for (i = 0; i < op->n_attr; i++)
		if (op->attr[i].flags & NLT_DO)
			test_attr(op, &op->attr[i]);
	for (i = 0; i <= op->last + 3u; i++) {
		a = find(op, i);
		if (a && (a->flags & NLT_DO))
			continue;
		snprintf(name, sizeof(name), "%u", i);
		msg = valid(op, NULL);
		nla_put(msg, i, a ? nlt_len(a) : 4, a && a->min ? (const void *)&a->min : zero);
		refused(op, msg, "unknown attribute", name, i != 0);
	}
	msg = valid(op, NULL);
	nla_put(msg, 0x3fff, 16, zero);
	refused(op, msg, "unknown attribute", "0x3fff", true);
	msg = valid(op, NULL);
	nlmsg_append(msg, (void *)zero, 3, 0);
	refused(op, msg, "three bytes", "behind the attributes", false);

	/* The same command as a dump. */
	if (!op->has_dump) {
		nlt_talk(&nl, nlt_request(&nl, op->cmd, NLM_F_DUMP), &r, NULL, NULL);
		CHECK(r.err == -EOPNOTSUPP, "%s: dumps: %d", op->name, r.err);
	}
	for (i = 0; op->has_dump && i <= op->last + 3u; i++) {
		a = find(op, i);
		if (a && (a->flags & NLT_DUMP))
			continue;
		snprintf(name, sizeof(name), "%u", i);
		msg = nlt_request(&nl, op->cmd, NLM_F_DUMP);
		nla_put(msg, i, a ? nlt_len(a) : 4, a && a->min ? (const void *)&a->min : zero);
		/* 6.1 cannot point at an attribute once the dump began */
		refused(op, msg, "in a dump, attribute", name, i && !a);
	}
	for (i = 0; op->has_dump && i < op->n_attr; i++) {
		a = &op->attr[i];
		if (!(a->flags & NLT_DUMP))
			continue;
		msg = nlt_request(&nl, op->cmd, NLM_F_DUMP);
		nla_put(msg, a->num, nlt_len(a) - 1, zero);
		refused(op, msg, "in a dump, short", a->name, true);
		if (!a->min)
			continue;
		msg = nlt_request(&nl, op->cmd, NLM_F_DUMP);
		nla_put(msg, a->num, nlt_len(a), zero);
		refused(op, msg, "in a dump, too small", a->name, true);
	}
	ktap_note("%s: %lu requests refused", op->name, refusals);
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ) == before, "%s: a refused request changed something",
	      op->name);
}

/* What only the handlers can judge. */
struct value {
	const char *what;
	uint8_t cmd;
	int err;
	void (*put)(struct nl_msg *msg);
};

#define IP4		"\x7f\0\0\1"
#define put_u(bits, a, v)	nla_put_u##bits(msg, CELLRELAY_A_##a, v)
#define put_b(a, len, v)	nla_put(msg, CELLRELAY_A_##a, len, v)

static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
static const uint8_t multicast6[16] = { 0xff, 2, [15] = 1 };
static const uint8_t any6[16];

static void addr5(struct nl_msg *msg) { put_b(SOCK_ADDR, 5, mapped); }
static void addr_mapped(struct nl_msg *msg) { put_b(SOCK_ADDR, 16, mapped); }
static void addr_multi4(struct nl_msg *msg) { put_b(SOCK_ADDR, 4, "\xe0\0\0\1"); }
static void addr_multi6(struct nl_msg *msg) { put_b(SOCK_ADDR, 16, multicast6); }
static void addr_foreign(struct nl_msg *msg) { put_b(SOCK_ADDR, 4, "\xc0\0\2\1"); }

static void sock_dup(struct nl_msg *msg)
{
	put_u(32, SOCK_ID, 1);
	put_b(SOCK_ADDR, 4, IP4);
}

static void sock_no_dev(struct nl_msg *msg)
{
	put_b(SOCK_ADDR, 4, IP4);
	put_u(32, SOCK_IFINDEX, 4711);
}

static void id4711(struct nl_msg *msg) { nla_put_u32(msg, 1, 4711); }
static void nothing(struct nl_msg *msg) { }
static void id1(struct nl_msg *msg) { nla_put_u32(msg, 1, 1); }

static void peer(struct nl_msg *msg, size_t len, const void *addr)
{
	put_u(32, LINK_SOCK, 1);
	put_b(LINK_ADDR, len, addr);
	put_u(16, LINK_PORT, 9);
}

static void link_any(struct nl_msg *msg) { peer(msg, 4, "\0\0\0\0"); }
static void link_any6(struct nl_msg *msg) { peer(msg, 16, any6); }
static void link_bcast(struct nl_msg *msg) { peer(msg, 4, "\xff\xff\xff\xff"); }
static void link_multi(struct nl_msg *msg) { peer(msg, 16, multicast6); }
static void link_mapped(struct nl_msg *msg) { peer(msg, 16, mapped); }
static void link_10(struct nl_msg *msg) { peer(msg, 10, mapped); }
static void link_v6(struct nl_msg *msg) { peer(msg, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"); }
static void link_no_port(struct nl_msg *msg) { put_b(LINK_ADDR, 4, IP4); }
static void link_no_addr(struct nl_msg *msg) { put_u(16, LINK_PORT, 9); }
static void link_no_sock(struct nl_msg *msg) { put_u(32, LINK_SOCK, 4711); }

static void link_dup(struct nl_msg *msg)
{
	put_u(32, LINK_ID, 1);
	peer(msg, 4, IP4);
}

static void set_4711(struct nl_msg *msg)
{
	put_u(32, LINK_ID, 4711);
	put_u(32, LINK_FLAGS, 0);
}

static void keys(struct nl_msg *msg, uint32_t link, uint8_t gen, uint32_t index)
{
	put_u(32, KEY_LINK, link);
	put_u(8, KEY_GEN, gen);
	put_u(32, KEY_RX_INDEX, index);
	put_u(32, KEY_TX_INDEX, 1);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_IDX_KEY, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_CTL, 32);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_CTL, 32);
}

static void key_no_link(struct nl_msg *msg) { keys(msg, 4711, 0, 77); }
static void key_dup_gen(struct nl_msg *msg) { keys(msg, 1, 0, 77); }
static void key_dup_index(struct nl_msg *msg) { keys(msg, 1, 1, 1000); }

static void key_gen(struct nl_msg *msg, uint8_t gen)
{
	put_u(32, KEY_LINK, 1);
	put_u(8, KEY_GEN, gen);
}

static void key_set_nothing(struct nl_msg *msg) { key_gen(msg, 0); }
static void key_del_none(struct nl_msg *msg) { key_gen(msg, 2); }

static void key_set_none(struct nl_msg *msg)
{
	key_gen(msg, 2);
	nla_put_flag(msg, CELLRELAY_A_KEY_SEND);
}

#define C_POS	(1u << 0)
#define C_SUITE	(1u << 1)
#define C_LINK	(1u << 2)
#define C_RX	(1u << 3)
#define C_TX	(1u << 4)
#define C_FWD	(1u << 5)
#define C_BWD	(1u << 6)
#define C_ALL	0x7fu

static void relay(struct nl_msg *msg, unsigned int have, uint32_t link, uint32_t rx, uint16_t large,
		  uint8_t suite)
{
	put_u(8, CIRC_ROLE, CELLRELAY_ROLE_RELAY);
	put_u(16, CIRC_LARGE, large);
	if (have & C_POS)
		put_u(8, CIRC_POS, 1);
	if (have & C_SUITE)
		put_u(8, CIRC_SUITE, suite);
	if (have & C_LINK)
		put_u(32, CIRC_PREV_LINK, link);
	if (have & C_RX)
		put_u(32, CIRC_PREV_RX, rx);
	if (have & C_TX)
		put_u(32, CIRC_PREV_TX, 5);
	if (have & C_FWD)
		nlt_put_key(msg, CELLRELAY_A_CIRC_KEY_FWD, 32);
	if (have & C_BWD)
		nlt_put_key(msg, CELLRELAY_A_CIRC_KEY_BWD, 32);
}

static void circ_1300(struct nl_msg *msg) { relay(msg, C_ALL, 1, 5, 1300, 1); }
static void circ_no_pos(struct nl_msg *msg) { relay(msg, C_ALL & ~C_POS, 1, 5, 1408, 1); }
static void circ_no_suite(struct nl_msg *msg) { relay(msg, C_ALL & ~C_SUITE, 1, 5, 1408, 1); }
static void circ_no_prev(struct nl_msg *msg) { relay(msg, C_ALL & ~C_LINK, 1, 5, 1408, 1); }
static void circ_no_rx(struct nl_msg *msg) { relay(msg, C_ALL & ~C_RX, 1, 5, 1408, 1); }
static void circ_no_tx(struct nl_msg *msg) { relay(msg, C_ALL & ~C_TX, 1, 5, 1408, 1); }
static void circ_no_fwd(struct nl_msg *msg) { relay(msg, C_ALL & ~C_FWD, 1, 5, 1408, 1); }
static void circ_no_bwd(struct nl_msg *msg) { relay(msg, C_ALL & ~C_BWD, 1, 5, 1408, 1); }
static void circ_no_link(struct nl_msg *msg) { relay(msg, C_ALL, 4711, 5, 1408, 1); }
static void circ_aes(struct nl_msg *msg) { relay(msg, C_ALL, 1, 5, 1408, 2); }
static void circ_dup_rx(struct nl_msg *msg) { relay(msg, C_ALL, 1, 2000, 1408, 1); }

static void circ_dup(struct nl_msg *msg)
{
	put_u(32, CIRC_ID, 1);
	relay(msg, C_ALL, 1, 5, 1408, 1);
}

static void next(struct nl_msg *msg, uint32_t link, uint32_t rx)
{
	put_u(32, CIRC_NEXT_LINK, link);
	put_u(32, CIRC_NEXT_RX, rx);
	put_u(32, CIRC_NEXT_TX, 6);
}

static void circ_loop(struct nl_msg *msg)
{
	relay(msg, C_ALL, 1, 5, 1408, 1);
	next(msg, 1, 6);
}

static void circ_same_rx(struct nl_msg *msg)
{
	relay(msg, C_ALL, 1, 5, 1408, 1);
	next(msg, 2, 5);
}

static void circ_half_next(struct nl_msg *msg)
{
	relay(msg, C_ALL, 1, 5, 1408, 1);
	put_u(32, CIRC_NEXT_LINK, 2);
}

static void circ_no_dev(struct nl_msg *msg)
{
	relay(msg, C_ALL, 1, 5, 1408, 1);
	put_u(32, CIRC_IFINDEX, 4711);
	put_b(CIRC_INNER4, 4, "\x0a\0\0\1");
}

static void circ_lo(struct nl_msg *msg)
{
	relay(msg, C_ALL, 1, 5, 1408, 1);
	put_u(32, CIRC_IFINDEX, 1);
	put_b(CIRC_INNER4, 4, "\x0a\0\0\1");
}

static void client(struct nl_msg *msg)
{
	put_u(8, CIRC_ROLE, CELLRELAY_ROLE_CLIENT);
	put_u(16, CIRC_LARGE, 1408);
}

static void client_no_next(struct nl_msg *msg) { client(msg); }

static void client_keys(struct nl_msg *msg)
{
	client(msg);
	next(msg, 1, 5);
	nlt_put_key(msg, CELLRELAY_A_CIRC_KEY_FWD, 32);
}

static void client_prev(struct nl_msg *msg)
{
	client(msg);
	next(msg, 1, 5);
	put_u(32, CIRC_PREV_LINK, 2);
}

static void client_pos(struct nl_msg *msg)
{
	client(msg);
	next(msg, 1, 5);
	put_u(8, CIRC_POS, 1);
}

static void circ_set_none(struct nl_msg *msg)
{
	put_u(32, CIRC_ID, 4711);
	nla_put_u64(msg, CELLRELAY_A_CIRC_LIMIT, 1);
}

static void circ_set_half(struct nl_msg *msg)
{
	put_u(32, CIRC_ID, 1);
	put_u(32, CIRC_NEXT_LINK, 2);
}

static void circ_set_loop(struct nl_msg *msg)
{
	put_u(32, CIRC_ID, 1);
	next(msg, 1, 7);
}

static void hop(struct nl_msg *msg, uint32_t circ, uint8_t pos, uint8_t suite)
{
	put_u(32, HOP_CIRC, circ);
	put_u(8, HOP_POS, pos);
	put_u(8, HOP_SUITE, suite);
	nlt_put_key(msg, CELLRELAY_A_HOP_KEY_FWD, 32);
	nlt_put_key(msg, CELLRELAY_A_HOP_KEY_BWD, 32);
}

static void hop_none(struct nl_msg *msg) { hop(msg, 4711, 1, 1); }
static void hop_relay(struct nl_msg *msg) { hop(msg, 1, 1, 1); }
static void hop_skip(struct nl_msg *msg) { hop(msg, 2, 3, 1); }
static void hop_aes(struct nl_msg *msg) { hop(msg, 2, 1, 2); }

static void ctl_neither(struct nl_msg *msg) { put_b(CTL_DATA, 4, IP4); }

static void ctl_both(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_LINK, 1);
	put_u(32, CTL_CIRC, 1);
}

static void ctl_no_type(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_LINK, 1);
}

static void ctl_no_link(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_LINK, 4711);
	put_u(8, CTL_TYPE, 1);
}

static void ctl_addr_pong(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_LINK, 1);
	put_u(8, CTL_TYPE, 2);
	put_b(CTL_ADDR, 4, IP4);
	put_u(16, CTL_PORT, 9);
}

static void ctl_link_hop(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_LINK, 1);
	put_u(8, CTL_TYPE, 1);
	put_u(8, CTL_HOP, 1);
}

static void ctl_no_circ(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_CIRC, 4711);
}

static void ctl_circ_type(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_CIRC, 1);
	put_u(8, CTL_TYPE, 1);
}

static void ctl_relay_hop(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_CIRC, 1);
	put_u(8, CTL_HOP, 1);
}

static void ctl_client_no_hop(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_CIRC, 2);
}

static void ctl_client_far_hop(struct nl_msg *msg)
{
	ctl_neither(msg);
	put_u(32, CTL_CIRC, 2);
	put_u(8, CTL_HOP, 8);
}

static void ctl_too_long(struct nl_msg *msg)
{
	static const uint8_t data[1384];

	put_u(32, CTL_LINK, 1);
	put_u(8, CTL_TYPE, 1);
	put_b(CTL_DATA, sizeof(data), data);
}

static void dgram(struct nl_msg *msg, uint32_t sock, size_t addr_len, const void *addr, size_t len)
{
	static const uint8_t data[1408];

	put_u(32, DGRAM_SOCK, sock);
	put_b(DGRAM_ADDR, addr_len, addr);
	put_u(16, DGRAM_PORT, 9);
	put_b(DGRAM_DATA, len, data);
}

static void dgram_300(struct nl_msg *msg) { dgram(msg, 1, 4, IP4, 300); }
static void dgram_no_sock(struct nl_msg *msg) { dgram(msg, 4711, 4, IP4, 256); }
static void dgram_any(struct nl_msg *msg) { dgram(msg, 1, 4, "\0\0\0\0", 256); }
static void dgram_v6(struct nl_msg *msg) { dgram(msg, 1, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 256); }

static void filter(struct nl_msg *msg, size_t macs, size_t streams)
{
	static const uint8_t keys[64];

	put_b(DGRAM_MACS, macs, keys);
	put_u(8, DGRAM_OWN, 1);
	if (streams)
		put_b(DGRAM_STREAMS, streams, keys);
}

static void filter_17(struct nl_msg *msg) { filter(msg, 17, 32); }
static void filter_no_stream(struct nl_msg *msg) { filter(msg, 16, 0); }
static void filter_two_streams(struct nl_msg *msg) { filter(msg, 16, 64); }
static void filter_nobody(struct nl_msg *msg) { filter(msg, 16, 32); }

#define V(what, cmd, err, put)	{ what, CELLRELAY_CMD_##cmd, -(err), put }

static const struct value values[] = {
	V("nothing to set", NS_SET, EINVAL, nothing),
	V("address of 5 bytes", SOCK_NEW, EINVAL, addr5),
	V("IPv4-mapped address", SOCK_NEW, EINVAL, addr_mapped),
	V("multicast address", SOCK_NEW, EINVAL, addr_multi4),
	V("IPv6 multicast address", SOCK_NEW, EINVAL, addr_multi6),
	V("address of another host", SOCK_NEW, EADDRNOTAVAIL, addr_foreign),
	V("id in use", SOCK_NEW, EEXIST, sock_dup),
	V("no such device", SOCK_NEW, ENODEV, sock_no_dev),
	V("no such socket", SOCK_DEL, ENOENT, id4711),
	V("no such socket", SOCK_GET, ENOENT, id4711),
	V("peer 0.0.0.0", LINK_NEW, EINVAL, link_any),
	V("peer ::", LINK_NEW, EINVAL, link_any6),
	V("peer 255.255.255.255", LINK_NEW, EINVAL, link_bcast),
	V("multicast peer", LINK_NEW, EINVAL, link_multi),
	V("IPv4-mapped peer", LINK_NEW, EINVAL, link_mapped),
	V("peer of 10 bytes", LINK_NEW, EINVAL, link_10),
	V("peer of the other family", LINK_NEW, EAFNOSUPPORT, link_v6),
	V("address without port", LINK_NEW, EINVAL, link_no_port),
	V("port without address", LINK_NEW, EINVAL, link_no_addr),
	V("no such socket", LINK_NEW, ENOENT, link_no_sock),
	V("id in use", LINK_NEW, EEXIST, link_dup),
	V("nothing to set", LINK_SET, EINVAL, id1),
	V("no such link", LINK_SET, ENOENT, set_4711),
	V("no such link", LINK_DEL, ENOENT, id4711),
	V("no such link", LINK_GET, ENOENT, id4711),
	V("no such link", KEY_NEW, ENOENT, key_no_link),
	V("generation in use", KEY_NEW, EEXIST, key_dup_gen),
	V("index in use", KEY_NEW, EEXIST, key_dup_index),
	V("nothing to set", KEY_SET, EINVAL, key_set_nothing),
	V("no such generation", KEY_SET, ENOENT, key_set_none),
	V("no such generation", KEY_DEL, ENOENT, key_del_none),
	V("large cells of 1300", CIRC_NEW, EINVAL, circ_1300),
	V("relay without pos", CIRC_NEW, EINVAL, circ_no_pos),
	V("relay without suite", CIRC_NEW, EINVAL, circ_no_suite),
	V("relay without prev-link", CIRC_NEW, EINVAL, circ_no_prev),
	V("relay without prev-rx", CIRC_NEW, EINVAL, circ_no_rx),
	V("relay without prev-tx", CIRC_NEW, EINVAL, circ_no_tx),
	V("relay without key-fwd", CIRC_NEW, EINVAL, circ_no_fwd),
	V("relay without key-bwd", CIRC_NEW, EINVAL, circ_no_bwd),
	V("no such link", CIRC_NEW, ENOENT, circ_no_link),
	V("suite that is not offered", CIRC_NEW, EOPNOTSUPP, circ_aes),
	V("receiving id in use", CIRC_NEW, EEXIST, circ_dup_rx),
	V("id in use", CIRC_NEW, EEXIST, circ_dup),
	V("loop", CIRC_NEW, ELOOP, circ_loop),
	V("receiving ids alike", CIRC_NEW, EINVAL, circ_same_rx),
	V("half a next link", CIRC_NEW, EINVAL, circ_half_next),
	V("no such device", CIRC_NEW, ENODEV, circ_no_dev),
	V("device of another kind", CIRC_NEW, 0, circ_lo),
	V("client without next", CIRC_NEW, EINVAL, client_no_next),
	V("client with keys", CIRC_NEW, EINVAL, client_keys),
	V("client with prev", CIRC_NEW, EINVAL, client_prev),
	V("client with pos", CIRC_NEW, EINVAL, client_pos),
	V("nothing to set", CIRC_SET, EINVAL, id1),
	V("no such circuit", CIRC_SET, ENOENT, circ_set_none),
	V("half a next link", CIRC_SET, EINVAL, circ_set_half),
	V("loop", CIRC_SET, ELOOP, circ_set_loop),
	V("no such circuit", CIRC_DEL, ENOENT, id4711),
	V("no such circuit", CIRC_GET, ENOENT, id4711),
	V("no such circuit", HOP_NEW, ENOENT, hop_none),
	V("a relay's circuit", HOP_NEW, EINVAL, hop_relay),
	V("position skipped", HOP_NEW, EINVAL, hop_skip),
	V("suite that is not offered", HOP_NEW, EOPNOTSUPP, hop_aes),
	V("neither link nor circuit", CTL_SEND, EINVAL, ctl_neither),
	V("link and circuit", CTL_SEND, EINVAL, ctl_both),
	V("link without type", CTL_SEND, EINVAL, ctl_no_type),
	V("no such link", CTL_SEND, ENOENT, ctl_no_link),
	V("PONG to another address", CTL_SEND, EINVAL, ctl_addr_pong),
	V("link with hop", CTL_SEND, EINVAL, ctl_link_hop),
	V("no such circuit", CTL_SEND, ENOENT, ctl_no_circ),
	V("circuit with type", CTL_SEND, EINVAL, ctl_circ_type),
	V("relay with hop", CTL_SEND, EINVAL, ctl_relay_hop),
	V("client without hop", CTL_SEND, EINVAL, ctl_client_no_hop),
	V("client, hop that is not there", CTL_SEND, 0, ctl_client_far_hop),
	V("message longer than a cell", CTL_SEND, EMSGSIZE, ctl_too_long),
	V("300 bytes", DGRAM_SEND, EINVAL, dgram_300),
	V("no such socket", DGRAM_SEND, ENOENT, dgram_no_sock),
	V("to 0.0.0.0", DGRAM_SEND, EINVAL, dgram_any),
	V("the other family", DGRAM_SEND, EAFNOSUPPORT, dgram_v6),
	V("17 bytes of MAC keys", DGRAM_FILTER, EINVAL, filter_17),
	V("own key without stream", DGRAM_FILTER, EINVAL, filter_no_stream),
	V("more streams than own keys", DGRAM_FILTER, EINVAL, filter_two_streams),
	V("nobody is the daemon", DGRAM_FILTER, ENOTCONN, filter_nobody),
	V("not the first namespace", UNLOAD, EPERM, nothing),
};

/* err 0 in the table: any error will do. */
static void test_values(const void *arg)
{
	uint32_t sock = 1, before, suites;
	struct nl_msg *msg;
	struct nlt_result r;
	size_t i;

	CHECK(!nlt_sock_new(&nl, &sock, NULL), "socket");
	CHECK(!nlt_link_new(&nl, 1, 1, 9), "link 1");
	CHECK(!nlt_link_new(&nl, 2, 1, 10), "link 2");
	CHECK(!nlt_key_new(&nl, 1, 0, 1000), "keys");
	msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_NEW, 0);
	put_u(32, CIRC_ID, 1);
	relay(msg, C_ALL, 1, 2000, 1408, 1);
	CHECK(!nlt_talk(&nl, msg, &r, NULL, NULL), "circuit 1: %s", r.msg);
	msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_NEW, 0);
	put_u(32, CIRC_ID, 2);
	client(msg);
	next(msg, 1, 2001);
	CHECK(!nlt_talk(&nl, msg, &r, NULL, NULL), "circuit 2: %s", r.msg);

	suites = nlt_ns(&nl, CELLRELAY_A_NS_SUITES);
	before = nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct value *v = &values[i];

		/* Kernels with suite 2 take it. */
		if (v->err == -EOPNOTSUPP && suites & 1 << (CELLRELAY_SUITE_AESGCM - 1))
			continue;
		msg = nlt_request(&nl, v->cmd, 0);
		v->put(msg);
		nlt_talk(&nl, msg, &r, NULL, NULL);
		CHECK(v->err ? r.err == v->err : r.err < 0, "command %u, %s: %s", v->cmd, v->what,
		      r.err ? strerror(-r.err) : "accepted");
		CHECK(r.msg[0] || !r.err, "command %u, %s: refused without a word", v->cmd, v->what);
	}
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_EVENT_SEQ) == before, "a refused request changed something");
}

static void test_unknown(const void *arg)
{
	struct nlt_result r;
	unsigned int cmd;

	for (cmd = 0; cmd < 256; cmd++) {
		size_t i;

		for (i = 0; i < sizeof(nlt_ops) / sizeof(nlt_ops[0]); i++)
			if (nlt_ops[i].cmd == cmd)
				break;
		if (i < sizeof(nlt_ops) / sizeof(nlt_ops[0]))
			continue;
		nlt_talk(&nl, nlt_request(&nl, cmd, 0), &r, NULL, NULL);
		CHECK(r.err == -EOPNOTSUPP, "command %u: %d", cmd, r.err);
	}
}

static void test_marks(const void *arg)
{
	CHECK(!nl.marks, "keys came back %lu times in %lu bytes", nl.marks, nl.bytes);
	ktap_note("%lu bytes received", nl.bytes);
}

int main(void)
{
	struct ktap_test tests[64];
	size_t n = 0, i;

	nlt_unshare();
	nlt_open(&nl);
	nlt_cap_ack(&nl);
	for (i = 0; i < sizeof(nlt_ops) / sizeof(nlt_ops[0]); i++)
		tests[n++] = (struct ktap_test){ nlt_ops[i].name, test_op, &nlt_ops[i] };
	tests[n++] = (struct ktap_test){ "unknown commands", test_unknown, NULL };
	tests[n++] = (struct ktap_test){ "values that only the handlers can judge", test_values, NULL };
	tests[n++] = (struct ktap_test){ "no key came back", test_marks, NULL };
	return ktap_run(tests, n);
}
