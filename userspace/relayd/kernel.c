// SPDX-License-Identifier: MIT
/* Requests to the module, and what it sends by itself. */
#include "kernel.h"

#include <linux/cellrelay.h>
#include <stdio.h>
#include <string.h>

#include "control/limits.h"
#include "netlink/kn.h"

#define MESSAGES_ROOM	(4 << 20)	/* the module bounds it, too */
#define EVENTS_ROOM	(4 << 20)

static uint8_t idx_key[16];
static uint64_t event_seq;

static enum rc unreadable(void)
{
	return fail(RC_REFUSED, "the module's answer cannot be read: module and daemon are of different versions");
}

static enum rc take_ns(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_NS_MAX + 1];

	(void)arg;
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_NS_MAX, NULL) < 0 || !tb[CELLRELAY_A_NS_IDX_KEY] ||
	    nla_len(tb[CELLRELAY_A_NS_IDX_KEY]) != sizeof(idx_key))
		return unreadable();
	memcpy(idx_key, nla_data(tb[CELLRELAY_A_NS_IDX_KEY]), sizeof(idx_key));
	event_seq = kn_u64(tb, CELLRELAY_A_NS_EVENT_SEQ, 0);
	return RC_OK;
}

static enum rc get_ns(void)
{
	static const struct kn_what what = { .doing = "read the state of this namespace" };
	struct nl_msg *msg;
	enum rc rc;

	msg = kn_new(CELLRELAY_CMD_NS_GET, &rc);
	return msg ? kn_do(msg, take_ns, NULL, &what) : rc;
}

enum rc kernel_open(void)
{
	enum rc rc = kn_open();

	if (!rc)
		rc = kn_daemon_join(MESSAGES_ROOM);
	if (!rc)
		rc = kn_event_join(EVENTS_ROOM);
	return rc ? rc : get_ns();
}

void kernel_close(void)
{
	kn_close();
}

const uint8_t *kernel_idx_key(void)
{
	return idx_key;
}

/* ---- told ---- */

static bool get_addr(struct nlattr *const *tb, int addr, int port, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (!tb[addr] || (nla_len(tb[addr]) != 4 && nla_len(tb[addr]) != 16))
		return false;
	a->len = (uint8_t)nla_len(tb[addr]);
	memcpy(a->bytes, nla_data(tb[addr]), a->len);
	a->port = (uint16_t)kn_u32(tb, port, 0);
	return true;
}

static void take_dgram(struct nlmsghdr *nlh)
{
	struct nlattr *tb[CELLRELAY_A_DGRAM_MAX + 1], *data;
	struct addr from;

	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_DGRAM_MAX, NULL) < 0 ||
	    !get_addr(tb, CELLRELAY_A_DGRAM_ADDR, CELLRELAY_A_DGRAM_PORT, &from))
		return;
	data = tb[CELLRELAY_A_DGRAM_DATA];
	if (data)
		links_on_dgram(kn_u32(tb, CELLRELAY_A_DGRAM_SOCK, 0), &from, nla_data(data), nla_len(data));
}

static void take_ctl(struct nlmsghdr *nlh)
{
	struct nlattr *tb[CELLRELAY_A_CTL_MAX + 1], *data;
	struct addr from;
	bool has_from;

	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_CTL_MAX, NULL) < 0 || !tb[CELLRELAY_A_CTL_DATA])
		return;
	data = tb[CELLRELAY_A_CTL_DATA];
	has_from = get_addr(tb, CELLRELAY_A_CTL_ADDR, CELLRELAY_A_CTL_PORT, &from);
	if (tb[CELLRELAY_A_CTL_LINK])
		links_on_message(nla_get_u32(tb[CELLRELAY_A_CTL_LINK]), (uint8_t)kn_u32(tb, CELLRELAY_A_CTL_TYPE, 0),
				 nla_data(data), nla_len(data), has_from ? &from : NULL);
	else if (tb[CELLRELAY_A_CTL_CIRC])
		circs_on_message(nla_get_u32(tb[CELLRELAY_A_CTL_CIRC]), kn_u64(tb, CELLRELAY_A_CTL_COOKIE, 0),
				 (uint8_t)kn_u32(tb, CELLRELAY_A_CTL_HOP, 0), nla_data(data), nla_len(data));
}

static enum rc take_message(struct nlmsghdr *nlh, void *arg)
{
	(void)arg;
	if (genlmsg_hdr(nlh)->cmd == CELLRELAY_CMD_DGRAM_RECV)
		take_dgram(nlh);
	else if (genlmsg_hdr(nlh)->cmd == CELLRELAY_CMD_CTL_RECV)
		take_ctl(nlh);
	return RC_OK;
}

static enum rc take_event(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_EVENT_MAX + 1];
	bool *gap = arg;
	struct addr to;
	uint64_t seq;
	uint32_t id;

	if (genlmsg_hdr(nlh)->cmd != CELLRELAY_CMD_EVENT ||
	    genlmsg_parse(nlh, 0, tb, CELLRELAY_A_EVENT_MAX, NULL) < 0)
		return RC_OK;
	seq = kn_u64(tb, CELLRELAY_A_EVENT_SEQ, 0);
	if (seq <= event_seq)	/* from before the last look at everything */
		return RC_OK;
	*gap |= seq != event_seq + 1;
	event_seq = seq;
	id = kn_u32(tb, CELLRELAY_A_EVENT_ID, 0);
	switch (kn_u32(tb, CELLRELAY_A_EVENT_TYPE, 0)) {
	case CELLRELAY_EVENT_LINK_DEL:
		links_on_gone(id);
		break;
	case CELLRELAY_EVENT_KEY_DEL:
		links_on_key_gone(id);
		break;
	case CELLRELAY_EVENT_CIRC_DEL:
		circs_on_gone(id, kn_u64(tb, CELLRELAY_A_EVENT_COOKIE, 0));
		break;
	case CELLRELAY_EVENT_ROAM:
		if (get_addr(tb, CELLRELAY_A_EVENT_ADDR, CELLRELAY_A_EVENT_PORT, &to))
			links_on_roam(id, &to);
		break;
	default:
		break;
	}
	return RC_OK;
}

enum rc kernel_read_messages(void)
{
	bool lost;

	/* what is lost here is repeated by those who wait for an answer */
	return kn_daemon_read(take_message, NULL, &lost);
}

enum rc kernel_read_events(void)
{
	bool lost = false, gap = false;
	enum rc rc = kn_event_read(take_event, &gap, &lost);

	if (rc || (!lost && !gap))
		return rc;
	rc = get_ns();
	if (!rc)
		relayd_resync();
	return rc;
}

/* ---- asked ---- */

/* A request under construction; the first failure sticks. */
struct req {
	struct nl_msg *msg;
	enum rc rc;
	struct kn_what what;
};

static struct req req_new(uint8_t cmd, const char *doing, uint32_t id)
{
	struct req r = { .rc = RC_OK };

	if (id)
		snprintf(r.what.doing, sizeof(r.what.doing), "%s %u", doing, id);
	else
		snprintf(r.what.doing, sizeof(r.what.doing), "%s", doing);
	r.msg = kn_new(cmd, &r.rc);
	return r;
}

static void put(struct req *r, int attr, const void *data, size_t len)
{
	if (r->msg && nla_put(r->msg, attr, (int)len, data) < 0) {
		kn_drop(r->msg);
		r->msg = NULL;
		r->rc = fail(RC_REFUSED, "cannot %s: the request is too long", r->what.doing);
	}
}

static void put_u8(struct req *r, int attr, uint8_t v)
{
	put(r, attr, &v, sizeof(v));
}

static void put_u16(struct req *r, int attr, uint16_t v)
{
	put(r, attr, &v, sizeof(v));
}

static void put_u32(struct req *r, int attr, uint32_t v)
{
	put(r, attr, &v, sizeof(v));
}

static void put_u64(struct req *r, int attr, uint64_t v)
{
	put(r, attr, &v, sizeof(v));
}

static void put_addr(struct req *r, int addr, int port, const struct addr *a)
{
	put(r, addr, a->bytes, a->len);
	put_u16(r, port, a->port);
}

static enum rc run(struct req *r, kn_fn fn, void *arg)
{
	return r->msg ? kn_do(r->msg, fn, arg, &r->what) : r->rc;
}

static bool run_quiet(struct req *r, kn_fn fn, void *arg)
{
	return r->msg && kn_do(r->msg, fn, arg, NULL) == RC_OK;
}

/* All of a kind, again when it changed under way: objects then come twice. */
static enum rc dump(uint8_t cmd, const char *doing, kn_fn fn, void *arg)
{
	enum rc rc;

	do {
		struct req r = req_new(cmd, doing, 0);

		rc = r.msg ? kn_dump(r.msg, fn, arg, &r.what) : r.rc;
	} while (!rc && kn_interrupted());
	return rc;
}

/** struct dumped - who gets the objects of a dump */
struct dumped {
	void (*sock)(const struct ksock *s, void *arg);
	void (*link)(const struct klink *l, void *arg);
	void (*circ)(const struct kcirc *c, void *arg);
	void *arg;
};

static bool parse_sock(struct nlmsghdr *nlh, struct ksock *s)
{
	struct nlattr *tb[CELLRELAY_A_SOCK_MAX + 1];

	memset(s, 0, sizeof(*s));
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_SOCK_MAX, NULL) < 0)
		return false;
	s->id = kn_u32(tb, CELLRELAY_A_SOCK_ID, 0);
	s->fwmark = kn_u32(tb, CELLRELAY_A_SOCK_FWMARK, 0);
	return get_addr(tb, CELLRELAY_A_SOCK_ADDR, CELLRELAY_A_SOCK_PORT, &s->addr);
}

static enum rc one_sock(struct nlmsghdr *nlh, void *arg)
{
	const struct dumped *d = arg;
	struct ksock s;

	if (!parse_sock(nlh, &s))
		return unreadable();
	d->sock(&s, d->arg);
	return RC_OK;
}

enum rc kernel_socks(void (*fn)(const struct ksock *s, void *arg), void *arg)
{
	struct dumped d = { .sock = fn, .arg = arg };

	return dump(CELLRELAY_CMD_SOCK_GET, "list sockets", one_sock, &d);
}

static void parse_key(struct nlattr *nest, struct klink *l)
{
	struct nlattr *tb[CELLRELAY_A_KEY_MAX + 1];

	if (nla_parse_nested(tb, CELLRELAY_A_KEY_MAX, nest, NULL) < 0 || !tb[CELLRELAY_A_KEY_SEND])
		return;
	l->keys = true;
	l->gen = (uint8_t)kn_u32(tb, CELLRELAY_A_KEY_GEN, 0);
}

static bool parse_link(struct nlmsghdr *nlh, struct klink *l)
{
	struct nlattr *tb[CELLRELAY_A_LINK_MAX + 1], *a;
	int rem;

	memset(l, 0, sizeof(*l));
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_LINK_MAX, NULL) < 0)
		return false;
	l->id = kn_u32(tb, CELLRELAY_A_LINK_ID, 0);
	l->sock = kn_u32(tb, CELLRELAY_A_LINK_SOCK, 0);
	get_addr(tb, CELLRELAY_A_LINK_ADDR, CELLRELAY_A_LINK_PORT, &l->addr);
	l->roam = kn_u32(tb, CELLRELAY_A_LINK_FLAGS, 0) & CELLRELAY_LINK_F_ROAM;
	l->cells = kn_u64(tb, CELLRELAY_A_LINK_RX_CELLS, 0) + kn_u64(tb, CELLRELAY_A_LINK_TX_CELLS, 0);
	l->silent_ms = kn_u64(tb, CELLRELAY_A_LINK_LAST_RX_MS, UINT64_MAX);
	nlmsg_for_each_attr(a, nlh, GENL_HDRLEN, rem)
		if (nla_type(a) == CELLRELAY_A_LINK_KEY)
			parse_key(a, l);
	return true;
}

static enum rc one_link(struct nlmsghdr *nlh, void *arg)
{
	const struct dumped *d = arg;
	struct klink l;

	if (!parse_link(nlh, &l))
		return unreadable();
	d->link(&l, d->arg);
	return RC_OK;
}

enum rc kernel_links(void (*fn)(const struct klink *l, void *arg), void *arg)
{
	struct dumped d = { .link = fn, .arg = arg };

	return dump(CELLRELAY_CMD_LINK_GET, "list links", one_link, &d);
}

static enum rc this_link(struct nlmsghdr *nlh, void *arg)
{
	return parse_link(nlh, arg) ? RC_OK : RC_REFUSED;
}

bool kernel_link(uint32_t id, struct klink *l)
{
	struct req r = req_new(CELLRELAY_CMD_LINK_GET, "show link", id);

	put_u32(&r, CELLRELAY_A_LINK_ID, id);
	return run_quiet(&r, this_link, l);
}

static bool parse_circ(struct nlmsghdr *nlh, struct kcirc *c)
{
	struct nlattr *tb[CELLRELAY_A_CIRC_MAX + 1];

	memset(c, 0, sizeof(*c));
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_CIRC_MAX, NULL) < 0)
		return false;
	c->id = kn_u32(tb, CELLRELAY_A_CIRC_ID, 0);
	c->cookie = kn_u64(tb, CELLRELAY_A_CIRC_COOKIE, 0);
	c->client = kn_u32(tb, CELLRELAY_A_CIRC_ROLE, 0) == CELLRELAY_ROLE_CLIENT;
	c->pos = (uint8_t)kn_u32(tb, CELLRELAY_A_CIRC_POS, 0);
	c->hops = (uint8_t)kn_u32(tb, CELLRELAY_A_CIRC_HOPS, 0);
	c->large = (uint16_t)kn_u32(tb, CELLRELAY_A_CIRC_LARGE, 0);
	c->prev = (struct kside){ kn_u32(tb, CELLRELAY_A_CIRC_PREV_LINK, 0), kn_u32(tb, CELLRELAY_A_CIRC_PREV_RX, 0),
				  kn_u32(tb, CELLRELAY_A_CIRC_PREV_TX, 0) };
	c->next = (struct kside){ kn_u32(tb, CELLRELAY_A_CIRC_NEXT_LINK, 0), kn_u32(tb, CELLRELAY_A_CIRC_NEXT_RX, 0),
				  kn_u32(tb, CELLRELAY_A_CIRC_NEXT_TX, 0) };
	c->ifindex = kn_u32(tb, CELLRELAY_A_CIRC_IFINDEX, 0);
	if (tb[CELLRELAY_A_CIRC_INNER4])
		nla_memcpy(c->inner4, tb[CELLRELAY_A_CIRC_INNER4], sizeof(c->inner4));
	if (tb[CELLRELAY_A_CIRC_INNER6])
		nla_memcpy(c->inner6, tb[CELLRELAY_A_CIRC_INNER6], sizeof(c->inner6));
	c->fwd_cells = kn_u64(tb, CELLRELAY_A_CIRC_FWD_CELLS, 0);
	c->bwd_cells = kn_u64(tb, CELLRELAY_A_CIRC_BWD_CELLS, 0);
	c->bytes = kn_u64(tb, CELLRELAY_A_CIRC_FWD_BYTES, 0) + kn_u64(tb, CELLRELAY_A_CIRC_BWD_BYTES, 0);
	return true;
}

static enum rc one_circ(struct nlmsghdr *nlh, void *arg)
{
	const struct dumped *d = arg;
	struct kcirc c;

	if (!parse_circ(nlh, &c))
		return unreadable();
	d->circ(&c, d->arg);
	return RC_OK;
}

enum rc kernel_circs(void (*fn)(const struct kcirc *c, void *arg), void *arg)
{
	struct dumped d = { .circ = fn, .arg = arg };

	return dump(CELLRELAY_CMD_CIRC_GET, "list circuits", one_circ, &d);
}

static enum rc this_circ(struct nlmsghdr *nlh, void *arg)
{
	return parse_circ(nlh, arg) ? RC_OK : RC_REFUSED;
}

bool kernel_circ(uint32_t id, struct kcirc *c)
{
	struct req r = req_new(CELLRELAY_CMD_CIRC_GET, "show circuit", id);

	put_u32(&r, CELLRELAY_A_CIRC_ID, id);
	return run_quiet(&r, this_circ, c);
}

static enum rc this_sock(struct nlmsghdr *nlh, void *arg)
{
	return parse_sock(nlh, arg) ? RC_OK : unreadable();
}

enum rc kernel_sock_new(const struct addr *a, uint32_t fwmark, uint32_t *id)
{
	struct req r = req_new(CELLRELAY_CMD_SOCK_NEW, "make a socket", 0);
	char text[ADDR_TEXT];
	struct ksock s = { .id = 0 };
	enum rc rc;

	snprintf(r.what.doing, sizeof(r.what.doing), "make a socket on %s", addr_text(text, a));
	put_addr(&r, CELLRELAY_A_SOCK_ADDR, CELLRELAY_A_SOCK_PORT, a);
	if (fwmark)
		put_u32(&r, CELLRELAY_A_SOCK_FWMARK, fwmark);
	rc = run(&r, this_sock, &s);
	*id = s.id;
	return rc;
}

enum rc kernel_sock_del(uint32_t id)
{
	struct req r = req_new(CELLRELAY_CMD_SOCK_DEL, "close socket", id);

	put_u32(&r, CELLRELAY_A_SOCK_ID, id);
	return run(&r, NULL, NULL);
}

enum rc kernel_link_new(uint32_t sock, const struct addr *peer, bool roam, uint32_t *id)
{
	struct req r = req_new(CELLRELAY_CMD_LINK_NEW, "make a link", 0);
	struct klink l = { .id = 0 };
	enum rc rc;

	put_u32(&r, CELLRELAY_A_LINK_SOCK, sock);
	put_addr(&r, CELLRELAY_A_LINK_ADDR, CELLRELAY_A_LINK_PORT, peer);
	if (roam)
		put_u32(&r, CELLRELAY_A_LINK_FLAGS, CELLRELAY_LINK_F_ROAM);
	rc = run(&r, this_link, &l);
	*id = l.id;
	return rc;
}

enum rc kernel_link_move(uint32_t id, const struct addr *to)
{
	struct req r = req_new(CELLRELAY_CMD_LINK_SET, "move link", id);

	put_u32(&r, CELLRELAY_A_LINK_ID, id);
	put_addr(&r, CELLRELAY_A_LINK_ADDR, CELLRELAY_A_LINK_PORT, to);
	return run(&r, NULL, NULL);
}

enum rc kernel_link_del(uint32_t id)
{
	struct req r = req_new(CELLRELAY_CMD_LINK_DEL, "delete link", id);

	put_u32(&r, CELLRELAY_A_LINK_ID, id);
	return run_quiet(&r, NULL, NULL) ? RC_OK : RC_REFUSED;
}

bool kernel_key_new(const struct kkey *k)
{
	struct req r = req_new(CELLRELAY_CMD_KEY_NEW, "install keys of link", k->link);

	put_u32(&r, CELLRELAY_A_KEY_LINK, k->link);
	put_u8(&r, CELLRELAY_A_KEY_GEN, k->gen);
	put_u32(&r, CELLRELAY_A_KEY_RX_INDEX, k->rx_index);
	put_u32(&r, CELLRELAY_A_KEY_TX_INDEX, k->tx_index);
	put(&r, CELLRELAY_A_KEY_TX_IDX_KEY, k->tx_idx_key, 16);
	put(&r, CELLRELAY_A_KEY_RX_TAG, k->rx.tag, 16);
	put(&r, CELLRELAY_A_KEY_RX_MASK, k->rx.mask, 16);
	put(&r, CELLRELAY_A_KEY_RX_CTL, k->rx.ctl, 32);
	put(&r, CELLRELAY_A_KEY_TX_TAG, k->tx.tag, 16);
	put(&r, CELLRELAY_A_KEY_TX_MASK, k->tx.mask, 16);
	put(&r, CELLRELAY_A_KEY_TX_CTL, k->tx.ctl, 32);
	put_u32(&r, CELLRELAY_A_KEY_EXPIRES_MS, k->expires_ms);
	if (k->send)
		put(&r, CELLRELAY_A_KEY_SEND, NULL, 0);
	return run_quiet(&r, NULL, NULL);
}

enum rc kernel_key_set(uint32_t link, uint8_t gen, bool send, uint32_t expires_ms)
{
	struct req r = req_new(CELLRELAY_CMD_KEY_SET, "change keys of link", link);

	put_u32(&r, CELLRELAY_A_KEY_LINK, link);
	put_u8(&r, CELLRELAY_A_KEY_GEN, gen);
	if (send)
		put(&r, CELLRELAY_A_KEY_SEND, NULL, 0);
	put_u32(&r, CELLRELAY_A_KEY_EXPIRES_MS, expires_ms);
	return run(&r, NULL, NULL);
}

void kernel_key_del(uint32_t link, uint8_t gen)
{
	struct req r = req_new(CELLRELAY_CMD_KEY_DEL, "delete keys of link", link);

	put_u32(&r, CELLRELAY_A_KEY_LINK, link);
	put_u8(&r, CELLRELAY_A_KEY_GEN, gen);
	run_quiet(&r, NULL, NULL);
}

static void put_side(struct req *r, int first, const struct kside *s)
{
	/* link, rx and tx of a side are neighbours in the specification */
	put_u32(r, first, s->link);
	put_u32(r, first + 1, s->rx);
	put_u32(r, first + 2, s->tx);
}

bool kernel_circ_new_relay(const struct kside *prev, uint8_t pos, uint16_t large, const uint8_t fwd[32],
			   const uint8_t bwd[32], uint64_t limit, uint32_t *id, uint64_t *cookie)
{
	struct req r = req_new(CELLRELAY_CMD_CIRC_NEW, "make a circuit", 0);
	struct kcirc c;

	put_u8(&r, CELLRELAY_A_CIRC_ROLE, CELLRELAY_ROLE_RELAY);
	put_u8(&r, CELLRELAY_A_CIRC_POS, pos);
	put_u8(&r, CELLRELAY_A_CIRC_SUITE, CELLRELAY_SUITE_CHACHA);
	put_u16(&r, CELLRELAY_A_CIRC_LARGE, large);
	put_side(&r, CELLRELAY_A_CIRC_PREV_LINK, prev);
	put(&r, CELLRELAY_A_CIRC_KEY_FWD, fwd, 32);
	put(&r, CELLRELAY_A_CIRC_KEY_BWD, bwd, 32);
	put_u64(&r, CELLRELAY_A_CIRC_LIMIT, limit);
	if (!run_quiet(&r, this_circ, &c))
		return false;
	*id = c.id;
	*cookie = c.cookie;
	return true;
}

bool kernel_circ_new_client(const struct kside *next, uint16_t large, uint32_t *id, uint64_t *cookie)
{
	struct req r = req_new(CELLRELAY_CMD_CIRC_NEW, "make a circuit", 0);
	struct kcirc c;

	put_u8(&r, CELLRELAY_A_CIRC_ROLE, CELLRELAY_ROLE_CLIENT);
	put_u16(&r, CELLRELAY_A_CIRC_LARGE, large);
	put_side(&r, CELLRELAY_A_CIRC_NEXT_LINK, next);
	if (!run_quiet(&r, this_circ, &c))
		return false;
	*id = c.id;
	*cookie = c.cookie;
	return true;
}

enum rc kernel_circ_next(uint32_t id, const struct kside *next)
{
	struct req r = req_new(CELLRELAY_CMD_CIRC_SET, "extend circuit", id);

	put_u32(&r, CELLRELAY_A_CIRC_ID, id);
	put_side(&r, CELLRELAY_A_CIRC_NEXT_LINK, next);
	return run(&r, NULL, NULL);
}

static bool all_zero(const uint8_t *p, size_t len)
{
	while (len && !*p)
		p++, len--;
	return !len;
}

enum rc kernel_circ_bind(uint32_t id, uint32_t ifindex, const uint8_t *inner4, const uint8_t *inner6)
{
	struct req r = req_new(CELLRELAY_CMD_CIRC_SET, "give a device to circuit", id);

	put_u32(&r, CELLRELAY_A_CIRC_ID, id);
	put_u32(&r, CELLRELAY_A_CIRC_IFINDEX, ifindex);
	if (!all_zero(inner4, 4))
		put(&r, CELLRELAY_A_CIRC_INNER4, inner4, 4);
	if (!all_zero(inner6, 16))
		put(&r, CELLRELAY_A_CIRC_INNER6, inner6, 16);
	return run(&r, NULL, NULL);
}

enum rc kernel_circ_unbind(uint32_t id)
{
	struct req r = req_new(CELLRELAY_CMD_CIRC_SET, "take the device from circuit", id);

	put_u32(&r, CELLRELAY_A_CIRC_ID, id);
	put_u32(&r, CELLRELAY_A_CIRC_IFINDEX, 0);
	return run(&r, NULL, NULL);
}

enum rc kernel_circ_del(uint32_t id)
{
	struct req r = req_new(CELLRELAY_CMD_CIRC_DEL, "delete circuit", id);

	put_u32(&r, CELLRELAY_A_CIRC_ID, id);
	return run_quiet(&r, NULL, NULL) ? RC_OK : RC_REFUSED;
}

enum rc kernel_hop_new(uint32_t circ, uint8_t pos, const uint8_t fwd[32], const uint8_t bwd[32], bool exit)
{
	struct req r = req_new(CELLRELAY_CMD_HOP_NEW, "add a hop to circuit", circ);

	put_u32(&r, CELLRELAY_A_HOP_CIRC, circ);
	put_u8(&r, CELLRELAY_A_HOP_POS, pos);
	put_u8(&r, CELLRELAY_A_HOP_SUITE, CELLRELAY_SUITE_CHACHA);
	put(&r, CELLRELAY_A_HOP_KEY_FWD, fwd, 32);
	put(&r, CELLRELAY_A_HOP_KEY_BWD, bwd, 32);
	if (exit)
		put(&r, CELLRELAY_A_HOP_EXIT, NULL, 0);
	return run(&r, NULL, NULL);
}

bool kernel_send_link(uint32_t link, uint8_t type, const void *msg, size_t len, const struct addr *to)
{
	struct req r = req_new(CELLRELAY_CMD_CTL_SEND, "send to link", link);

	put_u32(&r, CELLRELAY_A_CTL_LINK, link);
	put_u8(&r, CELLRELAY_A_CTL_TYPE, type);
	put(&r, CELLRELAY_A_CTL_DATA, msg, len);
	if (to)
		put_addr(&r, CELLRELAY_A_CTL_ADDR, CELLRELAY_A_CTL_PORT, to);
	return run_quiet(&r, NULL, NULL);
}

bool kernel_send_circ(uint32_t circ, uint8_t hop, bool large, const void *data, size_t len)
{
	struct req r = req_new(CELLRELAY_CMD_CTL_SEND, "send to circuit", circ);

	put_u32(&r, CELLRELAY_A_CTL_CIRC, circ);
	if (hop)
		put_u8(&r, CELLRELAY_A_CTL_HOP, hop);
	if (large)
		put(&r, CELLRELAY_A_CTL_LARGE, NULL, 0);
	put(&r, CELLRELAY_A_CTL_DATA, data, len);
	return run_quiet(&r, NULL, NULL);
}

bool kernel_send_dgram(uint32_t sock, const struct addr *to, const void *data, size_t len)
{
	struct req r = req_new(CELLRELAY_CMD_DGRAM_SEND, "send a datagram", 0);

	put_u32(&r, CELLRELAY_A_DGRAM_SOCK, sock);
	put_addr(&r, CELLRELAY_A_DGRAM_ADDR, CELLRELAY_A_DGRAM_PORT, to);
	put(&r, CELLRELAY_A_DGRAM_DATA, data, len);
	return run_quiet(&r, NULL, NULL);
}

void kernel_filter(const uint8_t *macs, unsigned int n, const uint8_t *streams, unsigned int own, uint32_t rate)
{
	struct req r = req_new(CELLRELAY_CMD_DGRAM_FILTER, "say which datagrams are wanted", 0);

	put(&r, CELLRELAY_A_DGRAM_MACS, macs, 16 * n);
	put_u8(&r, CELLRELAY_A_DGRAM_OWN, (uint8_t)own);
	put(&r, CELLRELAY_A_DGRAM_STREAMS, streams, 32 * own);
	put_u32(&r, CELLRELAY_A_DGRAM_RATE, rate);
	/* an older module lets all of them through: nothing is lost but the protection */
	run(&r, NULL, NULL);
}
