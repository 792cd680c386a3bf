// SPDX-License-Identifier: MIT
/* The real kernel behind kn.h, by libnl. */
#include "netlink/kn.h"

#include <errno.h>
#include <linux/cellrelay.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

/* Room for one datagram of a dump: the kernel fills up to 32 KiB. */
#define RECV_BUF	(64 * 1024)

const char *(*kn_attr_name)(const struct arg *args, unsigned int attr);

static struct nl_sock *genl_sk, *rtnl_sk, *event_sk, *daemon_sk;
static uint16_t family;
static uint8_t family_version;
static uint32_t event_group;
static bool dump_interrupted;

/**
 * struct reply - one request under way
 * @req: the request, to find the attribute that a refusal points at
 * @what: for messages; NULL: print nothing
 * @fn: takes the answers
 * @arg: for @fn
 * @rc: result
 * @error: errno of a refusal, positive
 * @done: nothing more will come
 */
struct reply {
	const struct nlmsghdr *req;
	const struct kn_what *what;
	kn_fn fn;
	void *arg;
	enum rc rc;
	int error;
	bool done;
};

static struct nl_sock *sock_open(int protocol)
{
	struct nl_sock *sk = nl_socket_alloc();
	int one = 1;

	if (!sk)
		return NULL;
	if (nl_connect(sk, protocol) < 0 || nl_socket_set_msg_buf_size(sk, RECV_BUF) < 0) {
		nl_socket_free(sk);
		return NULL;
	}
	/* texts with refusals, but not the request again: it may hold keys */
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return sk;
}

/* Type of the outermost attribute at @offs of the request; 0: none. */
static unsigned int attr_at(const struct nlmsghdr *req, uint32_t offs)
{
	size_t hdrlen = req->nlmsg_type >= NLMSG_MIN_TYPE ? GENL_HDRLEN : 0;
	struct nlattr *a;
	int rem;

	nlmsg_for_each_attr(a, (struct nlmsghdr *)req, hdrlen, rem) {
		size_t at = (char *)a - (char *)req;

		if (offs >= at && offs < at + a->nla_len)
			return nla_type(a);
	}
	return 0;
}

/* One line: our sentence, what the kernel says, verbatim, and which argument it means. */
static void refusal(const struct reply *r, const char *text, unsigned int attr, bool missing)
{
	const char *name = kn_attr_name ? kn_attr_name(r->what->args, attr) : NULL;
	char which[96] = "";

	if (name)
		snprintf(which, sizeof(which), " (%s \"%s\")", missing ? "missing:" : "argument", name);
	else if (attr)
		snprintf(which, sizeof(which), " (%s %u)", missing ? "missing attribute" : "attribute",
			 attr);
	if (text)
		err("cannot %s: %s%s", r->what->doing, text, which);
	else if (r->error == EPERM || r->error == EACCES)
		err("cannot %s: not permitted%s; it takes CAP_NET_ADMIN, try as root",
		    r->what->doing, which);
	else
		err("cannot %s: %s%s", r->what->doing, strerror(r->error), which);
}

/* Reads the extended acknowledgement behind @skip bytes of payload; prints it. */
static void extack(const struct reply *r, const struct nlmsghdr *nlh, size_t skip)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1] = { NULL };
	unsigned int attr = 0;
	bool missing = false;
	char text[512];

	if (nlh->nlmsg_len >= NLMSG_HDRLEN + skip && (nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		nla_parse(tb, NLMSGERR_ATTR_MAX,
			  (struct nlattr *)((char *)nlh + NLMSG_HDRLEN + NLMSG_ALIGN(skip)),
			  nlh->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(skip), NULL);
	if (tb[NLMSGERR_ATTR_OFFS] && nla_len(tb[NLMSGERR_ATTR_OFFS]) >= 4)
		attr = attr_at(r->req, nla_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	if (tb[NLMSGERR_ATTR_MISS_TYPE] && nla_len(tb[NLMSGERR_ATTR_MISS_TYPE]) >= 4) {
		attr = nla_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]);
		missing = true;
	}
	if (tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(text, tb[NLMSGERR_ATTR_MSG], sizeof(text));
	if (r->error)
		refusal(r, tb[NLMSGERR_ATTR_MSG] ? text : NULL, attr, missing);
	else if (tb[NLMSGERR_ATTR_MSG])
		err("note on \"%s\": %s", r->what->doing, text);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	struct reply *r = arg;
	size_t skip = sizeof(*e);

	(void)from;
	/* without CAP_ACK a refusal repeats the whole request in front of the text */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	r->error = -e->error;
	r->rc = RC_REFUSED;
	r->done = true;
	if (r->what)
		extack(r, nlh, skip);
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct reply *r = arg;

	r->done = true;
	if (r->what)
		extack(r, nlmsg_hdr(msg), sizeof(struct nlmsgerr));
	return NL_STOP;
}

/* The end of a dump carries its result. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct reply *r = arg;
	int error = 0;

	r->done = true;
	if (nlmsg_datalen(nlh) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(nlh), sizeof(error));
	if (error < 0) {
		r->error = -error;
		r->rc = RC_REFUSED;
		if (r->what)
			extack(r, nlh, sizeof(error));
	}
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct reply *r = arg;

	/* after a failure the rest is read and thrown away */
	if (r->fn && !r->rc)
		r->rc = r->fn(nlmsg_hdr(msg), r->arg);
	return NL_OK;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	dump_interrupted = true;
	return NL_OK;
}

void kn_drop(struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	sodium_memzero((char *)nlh + NLMSG_HDRLEN, nlh->nlmsg_len - NLMSG_HDRLEN);
	nlmsg_free(msg);
}

static int last_error;

/* Sends and collects until the last answer. Frees @msg. */
static enum rc transact(struct nl_sock *sk, struct nl_msg *msg, struct reply *r)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	r->req = nlmsg_hdr(msg);
	ret = cb ? nl_send_auto(sk, msg) : -NLE_NOMEM;
	if (ret >= 0) {
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, r);
		nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, r);
		nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, r);
		nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, r);
		nl_cb_err(cb, NL_CB_CUSTOM, on_error, r);
		while (!r->done && ret >= 0)
			ret = nl_recvmsgs(sk, cb);
	}
	if (!r->done) {
		r->rc = RC_REFUSED;
		if (r->what)
			err("cannot %s: netlink: %s", r->what->doing, nl_geterror(ret));
	}
	kn_drop(msg);
	nl_cb_put(cb);
	last_error = r->error;
	return r->rc;
}

int kn_errno(void)
{
	return last_error;
}

static enum rc take_family(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *grp, *g[CTRL_ATTR_MCAST_GRP_MAX + 1];
	int rem;

	(void)arg;
	if (genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) < 0 || !tb[CTRL_ATTR_FAMILY_ID])
		return RC_REFUSED;
	family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	family_version = kn_u32(tb, CTRL_ATTR_VERSION, 0);
	if (!tb[CTRL_ATTR_MCAST_GROUPS])
		return RC_OK;
	nla_for_each_nested(grp, tb[CTRL_ATTR_MCAST_GROUPS], rem) {
		if (nla_parse_nested(g, CTRL_ATTR_MCAST_GRP_MAX, grp, NULL) == 0 &&
		    g[CTRL_ATTR_MCAST_GRP_NAME] && g[CTRL_ATTR_MCAST_GRP_ID] &&
		    nla_strcmp(g[CTRL_ATTR_MCAST_GRP_NAME], CELLRELAY_MCGRP_EVENTS) == 0)
			event_group = nla_get_u32(g[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return RC_OK;
}

enum rc kn_probe(uint8_t *version)
{
	struct reply r = { .fn = take_family };
	struct nl_msg *msg;

	if (!genl_sk)
		genl_sk = sock_open(NETLINK_GENERIC);
	msg = nlmsg_alloc();
	if (!genl_sk || !msg ||
	    !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0, 0, CTRL_CMD_GETFAMILY, 1) ||
	    nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, CELLRELAY_FAMILY_NAME) < 0) {
		nlmsg_free(msg);
		return RC_REFUSED;
	}
	family = 0;
	transact(genl_sk, msg, &r);
	if (r.error == ENOENT)
		r.rc = RC_ABSENT;
	if (version)
		*version = family_version;
	return r.rc ? r.rc : family ? RC_OK : RC_REFUSED;
}

enum rc kn_open(void)
{
	enum rc rc;

	if (family)
		return RC_OK;
	rc = kn_probe(NULL);
	if (rc == RC_ABSENT)
		err("the cellrelay module is not loaded; try: modprobe cellrelay");
	else if (rc)
		err("cannot open generic netlink: %s", strerror(errno));
	return rc;
}

void kn_close(void)
{
	nl_socket_free(genl_sk);
	nl_socket_free(rtnl_sk);
	nl_socket_free(event_sk);
	nl_socket_free(daemon_sk);
	genl_sk = rtnl_sk = event_sk = daemon_sk = NULL;
	family = 0;
}

struct nl_msg *kn_new(uint8_t cmd, enum rc *rc)
{
	struct nl_msg *msg;

	*rc = kn_open();
	if (*rc)
		return NULL;
	msg = nlmsg_alloc();
	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, cmd,
				 CELLRELAY_FAMILY_VERSION)) {
		nlmsg_free(msg);
		*rc = fail(RC_REFUSED, "out of memory");
		return NULL;
	}
	return msg;
}

struct nl_msg *kn_rtnl_new(uint16_t type, uint16_t flags, enum rc *rc)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	*rc = RC_OK;
	if (!rtnl_sk)
		rtnl_sk = sock_open(NETLINK_ROUTE);
	if (!rtnl_sk || !msg) {
		nlmsg_free(msg);
		*rc = fail(RC_REFUSED, "cannot open rtnetlink: %s", strerror(errno));
		return NULL;
	}
	return msg;
}

enum rc kn_do(struct nl_msg *msg, kn_fn fn, void *arg, const struct kn_what *what)
{
	struct reply r = { .fn = fn, .arg = arg, .what = what };

	return transact(genl_sk, msg, &r);
}

enum rc kn_dump(struct nl_msg *msg, kn_fn fn, void *arg, const struct kn_what *what)
{
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	return kn_do(msg, fn, arg, what);
}

enum rc kn_rtnl(struct nl_msg *msg, bool dump, kn_fn fn, void *arg, const struct kn_what *what)
{
	struct reply r = { .fn = fn, .arg = arg, .what = what };

	if (dump)
		nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	return transact(rtnl_sk, msg, &r);
}

bool kn_interrupted(void)
{
	bool was = dump_interrupted;

	dump_interrupted = false;
	return was;
}

/* Events carry the number 0, not that of a request. */
static int any_seq(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

static void set_room(struct nl_sock *sk, int room)
{
	int fd = nl_socket_get_fd(sk);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

enum rc kn_event_join(int room)
{
	enum rc rc = kn_open();

	if (rc)
		return rc;
	if (!event_group)
		return fail(RC_REFUSED, "this module has no group \"%s\"", CELLRELAY_MCGRP_EVENTS);
	event_sk = sock_open(NETLINK_GENERIC);
	if (!event_sk)
		return fail(RC_REFUSED, "cannot open generic netlink: %s", strerror(errno));
	set_room(event_sk, room);
	if (nl_socket_add_membership(event_sk, event_group) < 0)
		return fail(RC_REFUSED, "cannot listen to events: %s; it takes CAP_NET_ADMIN",
			    strerror(errno));
	return RC_OK;
}

enum rc kn_daemon_join(int room)
{
	static const struct kn_what what = { .doing = "become this namespace's daemon" };
	struct reply r = { .what = &what };
	struct nl_msg *msg;
	enum rc rc;

	msg = kn_new(CELLRELAY_CMD_DAEMON, &rc);
	if (!msg)
		return rc;
	daemon_sk = sock_open(NETLINK_GENERIC);
	if (!daemon_sk) {
		kn_drop(msg);
		return fail(RC_REFUSED, "cannot open generic netlink: %s", strerror(errno));
	}
	set_room(daemon_sk, room);
	return transact(daemon_sk, msg, &r);
}

/* Messages that nobody asked for. @wait: for one, else all that are there. */
static enum rc take(struct nl_sock *sk, kn_fn fn, void *arg, bool wait, bool *lost)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	struct reply r = { .fn = fn, .arg = arg };
	int ret;

	*lost = false;
	if (!cb)
		return fail(RC_REFUSED, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &r);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_seq, NULL);
	do {
		errno = 0;
		ret = nl_recvmsgs(sk, cb);
	} while (ret >= 0 && !wait);
	nl_cb_put(cb);
	/* libnl calls a full receive buffer "out of memory" */
	if (ret == -NLE_NOMEM || (ret < 0 && errno == ENOBUFS))
		*lost = true;
	else if (ret < 0 && ret != -NLE_INTR && ret != -NLE_AGAIN)
		return fail(RC_REFUSED, "cannot read what the kernel sends: %s", nl_geterror(ret));
	return r.rc;
}

enum rc kn_event_wait(kn_fn fn, void *arg, bool *lost)
{
	return take(event_sk, fn, arg, true, lost);
}

enum rc kn_event_read(kn_fn fn, void *arg, bool *lost)
{
	nl_socket_set_nonblocking(event_sk);
	return take(event_sk, fn, arg, false, lost);
}

enum rc kn_daemon_read(kn_fn fn, void *arg, bool *lost)
{
	nl_socket_set_nonblocking(daemon_sk);
	return take(daemon_sk, fn, arg, false, lost);
}

int kn_event_fd(void)
{
	return nl_socket_get_fd(event_sk);
}

int kn_daemon_fd(void)
{
	return nl_socket_get_fd(daemon_sk);
}

uint64_t kn_u64(struct nlattr *const *tb, int attr, uint64_t missing)
{
	return tb[attr] && nla_len(tb[attr]) == 8 ? nla_get_u64(tb[attr]) : missing;
}

uint32_t kn_u32(struct nlattr *const *tb, int attr, uint32_t missing)
{
	if (!tb[attr])
		return missing;
	switch (nla_len(tb[attr])) {
	case 1:
		return nla_get_u8(tb[attr]);
	case 2:
		return nla_get_u16(tb[attr]);
	case 4:
		return nla_get_u32(tb[attr]);
	default:
		return missing;
	}
}
