// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/netlink.h>

#include "nlt.h"

void nlt_unshare(void)
{
	if (unshare(CLONE_NEWNET))
		ktap_bail("cannot make a network namespace: %s", strerror(errno));
	if (system("ip link set lo up") != 0)
		ktap_bail("cannot set the loopback device up");
}

void nlt_open(struct nlt *n)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(a);
	struct nl_sock *ctrl;
	int one = 1, family, group;

	memset(n, 0, sizeof(*n));
	ctrl = nl_socket_alloc();
	if (!ctrl || genl_connect(ctrl))
		ktap_bail("no generic netlink here");
	family = genl_ctrl_resolve(ctrl, CELLRELAY_FAMILY_NAME);
	group = genl_ctrl_resolve_grp(ctrl, CELLRELAY_FAMILY_NAME, CELLRELAY_MCGRP_EVENTS);
	nl_socket_free(ctrl);
	if (family < 0 || group < 0)
		ktap_bail("no netlink family %s: modprobe cellrelay", CELLRELAY_FAMILY_NAME);
	n->family = family;
	n->group = group;
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (n->fd < 0 || bind(n->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(n->fd, (struct sockaddr *)&a, &len) ||
	    setsockopt(n->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)))
		ktap_bail("netlink socket: %s", strerror(errno));
	n->portid = a.nl_pid;
	n->seq = 1;
}

void nlt_close(struct nlt *n)
{
	close(n->fd);
	n->fd = -1;
}

void nlt_cap_ack(struct nlt *n)
{
	int one = 1;

	if (setsockopt(n->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)))
		ktap_bail("NETLINK_CAP_ACK: %s", strerror(errno));
}

struct nl_msg *nlt_request(struct nlt *n, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (flags != NLM_F_DUMP)
		flags |= NLM_F_ACK;
	if (!msg || !genlmsg_put(msg, n->portid, ++n->seq, n->family, 0, NLM_F_REQUEST | flags,
				 cmd, CELLRELAY_FAMILY_VERSION))
		ktap_bail("out of memory");
	return msg;
}

int nlt_send(struct nlt *n, struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	ssize_t sent;

	sent = sendto(n->fd, nlh, nlh->nlmsg_len, 0, n->plain ? NULL : (struct sockaddr *)&to,
		      n->plain ? 0 : sizeof(to));
	nlmsg_free(msg);
	return sent < 0 ? -errno : 0;
}

ssize_t nlt_recv(struct nlt *n, void *buf, size_t size, int flags)
{
	ssize_t len = recv(n->fd, buf, size, flags);
	const uint8_t *p = buf, *end;

	if (len < 0)
		return -errno;
	n->bytes += len;
	for (end = p + len; p + NLT_MARK_LEN <= end; p++)
		n->marks += !memcmp(p, NLT_MARK, NLT_MARK_LEN);
	return len;
}

/* The extended acknowledgement behind an error, or inside the end of a dump. */
static void parse_ext(struct nlt_result *r, const void *data, int len)
{
	const struct nlattr *nla;
	int rem;

	nla_for_each_attr(nla, (struct nlattr *)data, len, rem) {
		switch (nla_type(nla)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(r->msg, sizeof(r->msg), "%.*s", nla_len(nla),
				 (const char *)nla_data(nla));
			break;
		case NLMSGERR_ATTR_OFFS:
			r->offset = nla_get_u32((struct nlattr *)nla);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			r->miss = nla_get_u32((struct nlattr *)nla);
			break;
		}
	}
}

static void parse_error(struct nlt_result *r, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	size_t skip = sizeof(*e);

	r->err = e->error;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	parse_ext(r, (const char *)e + skip, nlh->nlmsg_len - NLMSG_HDRLEN - skip);
}

static void parse_done(struct nlt_result *r, const struct nlmsghdr *nlh)
{
	const int *err = NLMSG_DATA(nlh);

	r->err = nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(*err)) ? *err : 0;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		parse_ext(r, err + 1, nlh->nlmsg_len - NLMSG_LENGTH(sizeof(*err)));
}

static void object(struct nlt *n, struct nlmsghdr *nlh, nlt_object fn, void *arg)
{
	struct nlattr *a[NLT_ATTRS] = {};
	struct genlmsghdr *hdr = NLMSG_DATA(nlh);

	if (!fn)
		return;
	nla_parse(a, NLT_ATTRS - 1, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), NULL);
	fn(n, hdr, a, arg);
}

int nlt_answer(struct nlt *n, struct nlt_result *r, nlt_object fn, void *arg)
{
	static char buf[65536];
	struct nlmsghdr *nlh;
	ssize_t len;
	int rem;

	memset(r, 0, sizeof(*r));
	for (;;) {
		len = nlt_recv(n, buf, sizeof(buf), 0);
		if (len < 0) {
			r->err = len;
			return r->err;
		}
		rem = len;
		for (nlh = (struct nlmsghdr *)buf; nlmsg_ok(nlh, rem); nlh = nlmsg_next(nlh, &rem)) {
			if (nlh->nlmsg_seq != n->seq)
				continue;
			r->intr |= !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				parse_error(r, nlh);
				return r->err;
			}
			if (nlh->nlmsg_type == NLMSG_DONE) {
				parse_done(r, nlh);
				return r->err;
			}
			r->objects++;
			object(n, nlh, fn, arg);
		}
	}
}

int nlt_talk(struct nlt *n, struct nl_msg *msg, struct nlt_result *r, nlt_object fn, void *arg)
{
	struct nlt_result unused;
	int err = nlt_send(n, msg);

	if (err) {
		if (r)
			*r = (struct nlt_result){ .err = err };
		return err;
	}
	return nlt_answer(n, r ? r : &unused, fn, arg);
}

size_t nlt_len(const struct nlt_attr *at)
{
	switch (at->kind) {
	case NLT_U8: return 1;
	case NLT_U16: return 2;
	case NLT_U32: return 4;
	case NLT_U64: return 8;
	case NLT_FLAG: return 0;
	default: return at->min;
	}
}

void nlt_put_key(struct nl_msg *msg, int attr, size_t len)
{
	struct nlattr *nla = nla_reserve(msg, attr, len);
	size_t i;

	if (!nla)
		ktap_bail("message too long");
	for (i = 0; i < len; i++)
		((char *)nla_data(nla))[i] = NLT_MARK[i % NLT_MARK_LEN];
}

void nlt_put(struct nl_msg *msg, const struct nlt_attr *at, uint64_t value)
{
	/* Little-endian hosts only, like the module's test machines. */
	if (at->kind == NLT_BIN)
		nlt_put_key(msg, at->num, value);
	else if (nla_put(msg, at->num, nlt_len(at), &value))
		ktap_bail("message too long");
}

static void keep(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a, void *arg)
{
	uint32_t *id = arg;

	id[0] = nla_get_u32(a[CELLRELAY_A_SOCK_ID]);
	id[1] = nla_get_u16(a[CELLRELAY_A_SOCK_PORT]);
}

int nlt_sock_new(struct nlt *n, uint32_t *id, uint16_t *port)
{
	struct nl_msg *msg = nlt_request(n, CELLRELAY_CMD_SOCK_NEW, 0);
	uint32_t got[2] = {};
	int err;

	if (*id)
		nla_put_u32(msg, CELLRELAY_A_SOCK_ID, *id);
	nla_put(msg, CELLRELAY_A_SOCK_ADDR, 4, "\x7f\0\0\1");
	err = nlt_talk(n, msg, NULL, keep, got);
	*id = got[0];
	if (port)
		*port = got[1];
	return err;
}

int nlt_link_new(struct nlt *n, uint32_t id, uint32_t sock, uint16_t port)
{
	struct nl_msg *msg = nlt_request(n, CELLRELAY_CMD_LINK_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_LINK_ID, id);
	if (sock)
		nla_put_u32(msg, CELLRELAY_A_LINK_SOCK, sock);
	if (port) {
		nla_put(msg, CELLRELAY_A_LINK_ADDR, 4, "\x7f\0\0\1");
		nla_put_u16(msg, CELLRELAY_A_LINK_PORT, port);
	}
	return nlt_talk(n, msg, NULL, NULL, NULL);
}

int nlt_key_new(struct nlt *n, uint32_t link, uint8_t gen, uint32_t rx_index)
{
	struct nl_msg *msg = nlt_request(n, CELLRELAY_CMD_KEY_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_KEY_LINK, link);
	nla_put_u8(msg, CELLRELAY_A_KEY_GEN, gen);
	nla_put_u32(msg, CELLRELAY_A_KEY_RX_INDEX, rx_index);
	nla_put_u32(msg, CELLRELAY_A_KEY_TX_INDEX, 1);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_IDX_KEY, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_CTL, 32);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_CTL, 32);
	nla_put_flag(msg, CELLRELAY_A_KEY_SEND);
	return nlt_talk(n, msg, NULL, NULL, NULL);
}

struct nl_msg *nlt_circ_request(struct nlt *n, uint32_t id, uint32_t link)
{
	struct nl_msg *msg = nlt_request(n, CELLRELAY_CMD_CIRC_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, id);
	nla_put_u8(msg, CELLRELAY_A_CIRC_ROLE, CELLRELAY_ROLE_RELAY);
	nla_put_u8(msg, CELLRELAY_A_CIRC_POS, 1);
	nla_put_u8(msg, CELLRELAY_A_CIRC_SUITE, CELLRELAY_SUITE_CHACHA);
	nla_put_u16(msg, CELLRELAY_A_CIRC_LARGE, 1408);
	nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_LINK, link);
	/* Ids are random by contract, and the tables rely on it: spread them. */
	nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_RX, id * 2654435761u | 1);
	nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_TX, id);
	nlt_put_key(msg, CELLRELAY_A_CIRC_KEY_FWD, 32);
	nlt_put_key(msg, CELLRELAY_A_CIRC_KEY_BWD, 32);
	return msg;
}

int nlt_circ_new(struct nlt *n, uint32_t id, uint32_t link)
{
	return nlt_talk(n, nlt_circ_request(n, id, link), NULL, NULL, NULL);
}

int nlt_by_id(struct nlt *n, uint8_t cmd, uint32_t id)
{
	return nlt_set_u32(n, cmd, 1, id);
}

int nlt_set_u32(struct nlt *n, uint8_t cmd, int attr, uint32_t value)
{
	struct nl_msg *msg = nlt_request(n, cmd, 0);

	nla_put_u32(msg, attr, value);
	return nlt_talk(n, msg, NULL, NULL, NULL);
}

struct ns_want {
	int attr;
	uint64_t value;
};

static void ns_value(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a, void *arg)
{
	struct ns_want *want = arg;

	if (a[want->attr])
		memcpy(&want->value, nla_data(a[want->attr]), nla_len(a[want->attr]));
}

uint64_t nlt_ns(struct nlt *n, int attr)
{
	struct ns_want want = { attr, 0 };

	if (nlt_talk(n, nlt_request(n, CELLRELAY_CMD_NS_GET, 0), NULL, ns_value, &want))
		ktap_bail("ns-get failed");
	return want.value;
}

static void sum(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **unused, void *arg)
{
	struct nlattr *nla, *d[NLT_ATTRS];
	struct nlt_sums *s = arg;
	int rem;

	nla_for_each_attr(nla, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), rem) {
		switch (nla_type(nla)) {
		case CELLRELAY_A_STATS_IN_CELLS: s->in = nla_get_u64(nla); break;
		case CELLRELAY_A_STATS_ORIG_CELLS: s->orig = nla_get_u64(nla); break;
		case CELLRELAY_A_STATS_OUT_CELLS: s->out = nla_get_u64(nla); break;
		case CELLRELAY_A_STATS_DELIVERED_CELLS: s->delivered = nla_get_u64(nla); break;
		case CELLRELAY_A_STATS_DROP:
			memset(d, 0, sizeof(d));
			nla_parse_nested(d, NLT_ATTRS - 1, nla, NULL);
			s->drops += nla_get_u64(d[CELLRELAY_A_DROP_CELLS]);
			if (nla_get_u32(d[CELLRELAY_A_DROP_REASON]) == s->reason)
				s->reason_cells = nla_get_u64(d[CELLRELAY_A_DROP_CELLS]);
		}
	}
}

struct nlt_sums nlt_sums(struct nlt *n, uint32_t reason)
{
	struct nlt_sums s = { .reason = reason };

	if (nlt_talk(n, nlt_request(n, CELLRELAY_CMD_STATS_GET, 0), NULL, sum, &s))
		ktap_bail("stats-get");
	return s;
}
