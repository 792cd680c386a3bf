// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: the daemon, and what goes to it and comes from it: control messages
 * and datagrams that are no cells.
 *
 * The queue towards the daemon is its socket's receive queue. A daemon could
 * make that as large as it likes, and what waits there is kernel memory that
 * nobody else accounts for, so CR_UP_QUEUE_MAX bounds it too. The daemon's
 * struct sock is only looked at, under RCU: the notifier forgets it while the
 * socket is being released, which frees it a grace period later.
 */
#include <linux/netlink.h>
#include <linux/notifier.h>

#include "../control.h"
#include "../cookie.h"
#include "addr.h"
#include "nl.h"

/** cr_nl_daemon_doit() - DAEMON */
int cr_nl_daemon_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	int err = 0;

	spin_lock_bh(&cn->event_lock);
	if (cn->daemon_portid && cn->daemon_portid != info->snd_portid) {
		NL_SET_ERR_MSG(info->extack, "another daemon serves this namespace; stop it first");
		err = -EBUSY;
	} else {
		WRITE_ONCE(cn->daemon_portid, info->snd_portid);
		rcu_assign_pointer(cn->daemon_sk, NETLINK_CB(skb).sk);
	}
	spin_unlock_bh(&cn->event_lock);
	return err ?: cr_filter_set(cn, NULL);
}

static int cr_nl_get_filter(const struct genl_info *info, struct cr_filter *f)
{
	struct nlattr *macs = info->attrs[CELLRELAY_A_DGRAM_MACS];
	struct nlattr *streams = info->attrs[CELLRELAY_A_DGRAM_STREAMS];
	struct nlattr *own = info->attrs[CELLRELAY_A_DGRAM_OWN];
	struct nlattr *rate = info->attrs[CELLRELAY_A_DGRAM_RATE];
	u32 i;

	f->nr = nla_len(macs) / CR_DGRAM_MAC_LEN;
	f->own = own ? nla_get_u8(own) : 0;
	f->rate = rate ? nla_get_u32(rate) : U32_MAX;
	if (nla_len(macs) % CR_DGRAM_MAC_LEN) {
		NL_SET_ERR_MSG_ATTR(info->extack, macs, "dgram-filter: a MAC key has 16 bytes");
		return -EINVAL;
	}
	if (f->own > f->nr || (streams ? nla_len(streams) : 0) != f->own * CR_DGRAM_STREAM_LEN) {
		NL_SET_ERR_MSG(info->extack,
			       "dgram-filter: each own key is one of macs and has 32 bytes of streams");
		return -EINVAL;
	}
	for (i = 0; i < f->nr; i++)
		cr_siphash_key_load(&f->mac[i], nla_data(macs) + i * CR_DGRAM_MAC_LEN);
	if (streams)
		memcpy(f->stream, nla_data(streams), nla_len(streams));
	return 0;
}

/** cr_nl_dgram_filter_doit() - DGRAM_FILTER */
int cr_nl_dgram_filter_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_filter *f;
	int err;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	err = cr_nl_get_filter(info, f);
	if (!err && !READ_ONCE(cn->daemon_portid)) {
		NL_SET_ERR_MSG(info->extack, "dgram-filter: nobody is the daemon of this namespace");
		err = -ENOTCONN;
	}
	if (!err)
		return cr_filter_set(cn, f);
	kfree_sensitive(f);
	return err;
}

/* A socket is being released: perhaps a daemon's. */
static int cr_nl_released(struct notifier_block *nb, unsigned long what, void *arg)
{
	const struct netlink_notify *n = arg;
	bool was = false;
	struct cr_net *cn;

	if (what != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	cn = cr_net(n->net);
	spin_lock_bh(&cn->event_lock);
	if (cn->daemon_portid == n->portid) {
		WRITE_ONCE(cn->daemon_portid, 0);
		RCU_INIT_POINTER(cn->daemon_sk, NULL);
		was = true;
	}
	spin_unlock_bh(&cn->event_lock);
	if (was)	/* nobody wants to be asked any more */
		cr_filter_set(cn, NULL);
	return NOTIFY_DONE;
}

static struct notifier_block cr_nl_notifier = {
	.notifier_call = cr_nl_released,
};

/* Hear of released sockets; the namespaces are set up. */
int __init cr_nl_daemon_init(void)
{
	return netlink_register_notifier(&cr_nl_notifier);
}

void cr_nl_daemon_exit(void)
{
	netlink_unregister_notifier(&cr_nl_notifier);
}

static int cr_nl_send_link(struct cr_net *cn, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct nlattr *data = a[CELLRELAY_A_CTL_DATA];
	struct cr_link *link;
	struct cr_addr to;
	u8 type;
	int err;

	if (!a[CELLRELAY_A_CTL_TYPE]) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, CELLRELAY_A_CTL_TYPE);
		NL_SET_ERR_MSG(info->extack, "ctl-send: a link's message needs type");
		return -EINVAL;
	}
	type = nla_get_u8(a[CELLRELAY_A_CTL_TYPE]);
	if (a[CELLRELAY_A_CTL_HOP]) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CELLRELAY_A_CTL_HOP],
				    "ctl-send: a link's message has no hop");
		return -EINVAL;
	}
	err = cr_nl_get_peer(info, CELLRELAY_A_CTL_ADDR, CELLRELAY_A_CTL_PORT, &to);
	if (err)
		return err;
	if (to.family && type != CR_CTL_PING) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CELLRELAY_A_CTL_ADDR],
				    "ctl-send: only a PING may go to another address than the link's");
		return -EINVAL;
	}
	link = cr_nl_link(cn, info, CELLRELAY_A_CTL_LINK);
	if (IS_ERR(link))
		return PTR_ERR(link);
	return cr_control_down_link(link, type, nla_get_flag(a[CELLRELAY_A_CTL_LARGE]),
				    nla_data(data), nla_len(data), to.family ? &to : NULL,
				    info->extack);
}

static int cr_nl_send_circ(struct cr_net *cn, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct nlattr *data = a[CELLRELAY_A_CTL_DATA], *hop = a[CELLRELAY_A_CTL_HOP];
	struct nlattr *bad = a[CELLRELAY_A_CTL_TYPE] ?: a[CELLRELAY_A_CTL_ADDR] ?:
			     a[CELLRELAY_A_CTL_PORT];
	struct cr_circuit *circ;

	if (bad) {
		NL_SET_ERR_MSG_ATTR(info->extack, bad,
				    "ctl-send: a circuit's message has neither type nor address");
		return -EINVAL;
	}
	circ = cr_nl_circ(cn, info, CELLRELAY_A_CTL_CIRC);
	if (IS_ERR(circ))
		return PTR_ERR(circ);
	if (circ->role == CELLRELAY_ROLE_CLIENT && !hop) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, CELLRELAY_A_CTL_HOP);
		NL_SET_ERR_MSG(info->extack, "ctl-send: a client's circuit needs hop");
		return -EINVAL;
	}
	if (circ->role != CELLRELAY_ROLE_CLIENT && hop) {
		NL_SET_ERR_MSG_ATTR(info->extack, hop,
				    "ctl-send: a relay's message goes to the client: no hop");
		return -EINVAL;
	}
	return cr_control_down_circ(circ, hop ? nla_get_u8(hop) : 0,
				    nla_get_flag(a[CELLRELAY_A_CTL_LARGE]),
				    nla_data(data), nla_len(data), info->extack);
}

/** cr_nl_ctl_send_doit() - CTL_SEND */
int cr_nl_ctl_send_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	bool link = info->attrs[CELLRELAY_A_CTL_LINK], circ = info->attrs[CELLRELAY_A_CTL_CIRC];
	int err;

	if (link == circ) {
		NL_SET_ERR_MSG(info->extack, "ctl-send: give either link or circ");
		return -EINVAL;
	}
	mutex_lock(&cn->lock);
	err = link ? cr_nl_send_link(cn, info) : cr_nl_send_circ(cn, info);
	mutex_unlock(&cn->lock);
	return err;
}

/** cr_nl_dgram_send_doit() - DGRAM_SEND */
int cr_nl_dgram_send_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *data = info->attrs[CELLRELAY_A_DGRAM_DATA];
	struct cr_sock *cs;
	struct cr_addr to;
	int err;

	err = cr_nl_get_peer(info, CELLRELAY_A_DGRAM_ADDR, CELLRELAY_A_DGRAM_PORT, &to);
	if (err)
		return err;
	if (!cr_cell_len_ok(nla_len(data))) {
		NL_SET_ERR_MSG_ATTR(info->extack, data,
				    "dgram-send: a datagram is as long as a cell: 256, 1232 or 1408 bytes");
		return -EINVAL;
	}
	mutex_lock(&cn->lock);
	cs = cr_nl_sock(cn, info, CELLRELAY_A_DGRAM_SOCK);
	err = PTR_ERR_OR_ZERO(cs);
	if (!err && cs->local.family != to.family) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CELLRELAY_A_DGRAM_ADDR],
				    "dgram-send: the socket is of the other address family");
		err = -EAFNOSUPPORT;
	}
	if (!err)
		err = cr_control_down_dgram(cs, &to, nla_data(data), nla_len(data), info->extack);
	mutex_unlock(&cn->lock);
	return err;
}

/*
 * A message to the daemon with room for @len bytes of data and all else that
 * one carries. RCU.
 */
static struct sk_buff *cr_nl_up_new(struct cr_net *cn, u8 cmd, u32 len, void **hdr, u8 *reason)
{
	const struct sock *sk = rcu_dereference(cn->daemon_sk);
	struct sk_buff *skb;

	*reason = CR_DROP_NO_DAEMON;
	if (!sk || !READ_ONCE(cr_nl_up))
		return NULL;
	*reason = CR_DROP_QUEUE_FULL;
	if (sk_rmem_alloc_get(sk) >= CR_UP_QUEUE_MAX)
		return NULL;
	*reason = CR_DROP_NOMEM;
	skb = genlmsg_new(nla_total_size(len) + 4 * nla_total_size(sizeof(u32)) +
			  nla_total_size_64bit(sizeof(u64)) +
			  nla_total_size(sizeof(struct in6_addr)), GFP_ATOMIC);
	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &cr_nl_family, 0, cmd);
	*reason = CR_DROP_NONE;
	return skb;
}

/* RCU. @err: of putting the attributes; there was room for them. */
static u8 cr_nl_up_send(struct cr_net *cn, struct sk_buff *skb, void *hdr, int err)
{
	u32 portid = READ_ONCE(cn->daemon_portid);

	if (WARN_ON_ONCE(err)) {
		nlmsg_free(skb);
		return CR_DROP_NOMEM;
	}
	genlmsg_end(skb, hdr);
	err = portid ? genlmsg_unicast(cn->net, skb, portid) : -ECONNREFUSED;
	if (!portid)
		nlmsg_free(skb);
	return !err ? CR_DROP_NONE : err == -EAGAIN ? CR_DROP_QUEUE_FULL : CR_DROP_NO_DAEMON;
}

/**
 * cr_nl_up_link() - a link's control message to the daemon
 * @cn: namespace
 * @link: id of the link
 * @type: enum cr_ctl_type
 * @msg: message
 * @len: its length
 * @from: where it came from
 *
 * Context: any but hard interrupts.
 * Return: 0 or a drop reason.
 */
u8 cr_nl_up_link(struct cr_net *cn, u32 link, u8 type, const void *msg, u32 len,
		 const struct cr_addr *from)
{
	struct sk_buff *skb;
	void *hdr;
	u8 reason;

	rcu_read_lock();
	skb = cr_nl_up_new(cn, CELLRELAY_CMD_CTL_RECV, len, &hdr, &reason);
	if (skb)
		reason = cr_nl_up_send(cn, skb, hdr,
				       nla_put_u32(skb, CELLRELAY_A_CTL_LINK, link) ?:
				       nla_put_u8(skb, CELLRELAY_A_CTL_TYPE, type) ?:
				       nla_put(skb, CELLRELAY_A_CTL_DATA, len, msg) ?:
				       cr_nl_put_addr(skb, CELLRELAY_A_CTL_ADDR,
						      CELLRELAY_A_CTL_PORT, from));
	rcu_read_unlock();
	return reason;
}

/**
 * cr_nl_up_circ() - a circuit's control message to the daemon
 * @cn: namespace
 * @circ: id of the circuit
 * @cookie: its cookie: ids are used again
 * @hop: hop that sent it (client), or 0
 * @msg: message
 * @len: its length
 *
 * Context: any but hard interrupts.
 * Return: 0 or a drop reason.
 */
u8 cr_nl_up_circ(struct cr_net *cn, u32 circ, u64 cookie, u8 hop, const void *msg, u32 len)
{
	struct sk_buff *skb;
	void *hdr;
	u8 reason;

	rcu_read_lock();
	skb = cr_nl_up_new(cn, CELLRELAY_CMD_CTL_RECV, len, &hdr, &reason);
	if (skb)
		reason = cr_nl_up_send(cn, skb, hdr,
				       nla_put_u32(skb, CELLRELAY_A_CTL_CIRC, circ) ?:
				       nla_put_u64_64bit(skb, CELLRELAY_A_CTL_COOKIE, cookie,
							 CELLRELAY_A_CTL_PAD) ?:
				       (hop ? nla_put_u8(skb, CELLRELAY_A_CTL_HOP, hop) : 0) ?:
				       nla_put(skb, CELLRELAY_A_CTL_DATA, len, msg));
	rcu_read_unlock();
	return reason;
}

/**
 * cr_nl_up_dgram() - a datagram that is no cell to the daemon
 * @cn: namespace
 * @sock: id of the socket that it came to
 * @from: where it came from
 * @data: its bytes
 * @len: their number
 *
 * Context: any but hard interrupts.
 * Return: 0 or a drop reason.
 */
u8 cr_nl_up_dgram(struct cr_net *cn, u32 sock, const struct cr_addr *from, const void *data,
		  u32 len)
{
	struct sk_buff *skb;
	void *hdr;
	u8 reason;

	rcu_read_lock();
	skb = cr_nl_up_new(cn, CELLRELAY_CMD_DGRAM_RECV, len, &hdr, &reason);
	if (skb)
		reason = cr_nl_up_send(cn, skb, hdr,
				       nla_put_u32(skb, CELLRELAY_A_DGRAM_SOCK, sock) ?:
				       cr_nl_put_addr(skb, CELLRELAY_A_DGRAM_ADDR,
						      CELLRELAY_A_DGRAM_PORT, from) ?:
				       nla_put(skb, CELLRELAY_A_DGRAM_DATA, len, data));
	rcu_read_unlock();
	return reason;
}
