// SPDX-License-Identifier: GPL-2.0
/*
 * What the daemons say to each other: the kernel opens and seals the cells,
 * so that keys stay here. A CONTROL payload is handed up whole and filled with
 * zeros going down; its framing is the daemons' own.
 */
#include <linux/cellrelay.h>
#include <linux/skbuff.h>

#include "control.h"
#include "cookie.h"
#include "core/layer.h"

/**
 * cr_control_up_link() - hand a link control message to the daemon
 * @rx: CR_V_LINK_CTL
 * @from: where it came from
 *
 * Context: softirq.
 * Return: 0 or a drop reason.
 */
u8 cr_control_up_link(struct cr_rx *rx, const struct cr_addr *from)
{
	u16 len;
	u8 type;

	if (!cr_ctl_parse(rx->plain, rx->plain_len, &type, &len))
		return CR_DROP_PROTO;
	if (type == CR_CTL_PAD)
		return 0;
	return cr_nl_up_link(rx->cn, rx->gen->link->id, type, rx->plain + CR_CTL_HDR_LEN, len, from);
}

/**
 * cr_control_up_circ() - hand a circuit's control message to the daemon
 * @rx: CR_V_CONTROL
 *
 * Context: softirq.
 * Return: 0 or a drop reason.
 */
u8 cr_control_up_circ(struct cr_rx *rx)
{
	return cr_nl_up_circ(rx->cn, rx->circ->id, rx->circ->cookie, rx->hop, rx->plain,
			     rx->plain_len);
}

/**
 * cr_control_up_dgram() - hand a datagram that is no cell to the daemon, if it wants it
 * @cs: socket that received it
 * @from: sender
 * @data: payload
 * @len: its length
 *
 * Context: softirq.
 * Return: 0 or a drop reason; without a daemon it is a cell of an unknown link.
 */
u8 cr_control_up_dgram(struct cr_sock *cs, const struct cr_addr *from, const u8 *data, u32 len)
{
	u8 reason;

	if (!cr_cookie_filter(cs, from, data, len, &reason))
		return reason;
	reason = cr_nl_up_dgram(cs->cn, cs->id, from, data, len);
	return reason == CR_DROP_NO_DAEMON ? CR_DROP_LINK_UNKNOWN : reason;
}

/* A drop reason as a command's error. */
static int cr_control_error(u8 reason, struct netlink_ext_ack *extack)
{
	switch (reason) {
	case CR_DROP_NONE:
		return 0;
	case CR_DROP_NO_KEYS:
		NL_SET_ERR_MSG(extack, "nothing to seal with: the link has no key generation for sending, or the circuit no such hop");
		return -ENOKEY;
	case CR_DROP_NO_SOCKET:
		NL_SET_ERR_MSG(extack, "the link has no socket; give it one by LINK_SET");
		return -ENOTCONN;
	case CR_DROP_NO_ROUTE:
		NL_SET_ERR_MSG(extack, "no route to the peer, or its address is not known");
		return -EHOSTUNREACH;
	case CR_DROP_LOOP:
		NL_SET_ERR_MSG(extack, "the route to the peer leads into a cellrelay device");
		return -ELOOP;
	case CR_DROP_TOO_BIG:
		NL_SET_ERR_MSG(extack, "the cell is larger than the MTU of the way to the peer");
		return -EMSGSIZE;
	case CR_DROP_CREDIT:
		NL_SET_ERR_MSG(extack, "the circuit's limit is reached");
		return -EDQUOT;
	case CR_DROP_RATE:
		NL_SET_ERR_MSG(extack, "the circuit's rate is used up; try again");
		return -EAGAIN;
	case CR_DROP_CTR_EXHAUSTED:
		NL_SET_ERR_MSG(extack, "the key's counters are used up; make a new link or circuit");
		return -EKEYEXPIRED;
	case CR_DROP_NOMEM:
		return -ENOMEM;
	case CR_DROP_DEAD:
		return -ENOENT;
	default:
		NL_SET_ERR_MSG(extack, "the network stack refused the datagram");
		return -EIO;
	}
}

static struct sk_buff *cr_control_skb(u32 len)
{
	struct sk_buff *skb = alloc_skb(CR_HEADROOM + len, GFP_KERNEL);

	if (skb) {
		skb_reserve(skb, CR_HEADROOM);
		skb_put(skb, len);
	}
	return skb;
}

static u8 cr_control_seal_link(struct cr_keygen *gen, u8 *cell, u32 len)
{
	struct cr_hdr hdr = { .link = gen->tx_index };

	hdr.ctr = atomic64_fetch_add(1, &gen->ctl_ctr);
	if (hdr.ctr >= CR_CTR_LIMIT)
		return CR_DROP_CTR_EXHAUSTED;
	cr_ctl_seal(cell + CR_HDR_LEN, len - CR_HDR_LEN, gen->tx_ctl, hdr.ctr);
	cr_hdr_seal(cell, len, &hdr, &gen->tx, &gen->tx_idx);
	return 0;
}

static void cr_control_count(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len, u8 reason)
{
	if (reason)
		cr_count_drop(cn, circ, d, len, reason);
	else
		cr_count_out(cn, circ, d, len);
}

/**
 * cr_control_down_link() - send a message in circ 0 of a link
 * @link: link, its namespace's lock held
 * @type: enum cr_ctl_type
 * @large: use a large cell, else a small one
 * @msg: message
 * @len: its length
 * @to: NULL, or the address to send to instead of the peer's
 * @extack: where to say why not
 *
 * Return: 0 or -errno.
 */
int cr_control_down_link(struct cr_link *link, u8 type, bool large, const void *msg, u32 len,
			 const struct cr_addr *to, struct netlink_ext_ack *extack)
{
	u32 cell_len = large ? CR_CELL_LARGE : CR_CELL_SMALL;
	struct sk_buff *skb = cr_control_skb(cell_len);
	struct cr_keygen *gen;
	struct cr_sock *cs;
	u8 reason;

	if (!skb)
		return -ENOMEM;
	if (!cr_ctl_build(skb->data + CR_HDR_LEN, cell_len - CR_HDR_LEN - CR_AEAD_TAG_LEN, type,
			  msg, len)) {
		NL_SET_ERR_MSG(extack, "unknown message type, or too long for one cell of this size");
		kfree_skb(skb);
		return -EMSGSIZE;
	}
	local_bh_disable();
	rcu_read_lock();
	gen = rcu_dereference(link->send);
	cs = rcu_dereference(link->sock);
	reason = !gen ? CR_DROP_NO_KEYS : !cs ? CR_DROP_NO_SOCKET :
		 cr_control_seal_link(gen, skb->data, cell_len);
	if (reason)
		kfree_skb(skb);
	else if (to)
		reason = cr_output_to(cs, to, skb, 0);
	else
		reason = cr_output(link, skb, 0, 0);
	cr_control_count(link->cn, NULL, 0, cell_len, reason);
	rcu_read_unlock();
	local_bh_enable();
	return cr_control_error(reason, extack);
}

/**
 * cr_control_down_circ() - send a CONTROL cell: a relay's to the client, a client's to a hop
 * @circ: circuit, its namespace's lock held
 * @hop: a client's hop, 1 to those installed; 0 on a relay
 * @large: use the circuit's large cell, else a small one
 * @msg: message
 * @len: its length
 * @extack: where to say why not
 *
 * Return: 0 or -errno.
 */
int cr_control_down_circ(struct cr_circuit *circ, u8 hop, bool large, const void *msg, u32 len,
			 struct netlink_ext_ack *extack)
{
	bool client = circ->role == CELLRELAY_ROLE_CLIENT;
	u32 cell_len = large ? circ->large : CR_CELL_SMALL;
	u8 d = client ? CELLRELAY_FWD : CELLRELAY_BWD;
	struct sk_buff *skb;
	size_t room;
	u8 reason;

	if (client && (!hop || hop > circ->nr_hops)) {
		NL_SET_ERR_MSG(extack, "no hop with this position is installed");
		return -EINVAL;
	}
	if (!client && hop) {
		NL_SET_ERR_MSG(extack, "a relay speaks to its client only: leave the hop away");
		return -EINVAL;
	}
	room = cr_payload_len(cell_len - CR_HDR_LEN, client ? hop : circ->pos);
	if (len > room) {
		NL_SET_ERR_MSG(extack, "the message does not fit a cell of this size");
		return -EMSGSIZE;
	}
	skb = cr_control_skb(cell_len);
	if (!skb)
		return -ENOMEM;
	memcpy(skb->data + CR_HDR_LEN, msg, len);
	memset(skb->data + CR_HDR_LEN + len, 0, room - len);

	local_bh_disable();
	rcu_read_lock();
	reason = cr_relay_originate(circ, d, cell_len, cr_now());
	if (reason) {
		kfree_skb(skb);
		goto count;
	}
	reason = (client ? cr_client_seal : cr_relay_seal)(circ, skb->data, cell_len, hop,
							   CR_CELL_CONTROL, false, 0);
	if (reason)
		kfree_skb(skb);
	else
		reason = cr_output(circ->dir[d].link_out, skb, cr_circ_hash(circ, d), 0);
	if (reason)
		cr_relay_refund(circ, d, cell_len);
count:
	cr_control_count(circ->cn, circ, d, cell_len, reason);
	rcu_read_unlock();
	local_bh_enable();
	return cr_control_error(reason, extack);
}

/**
 * cr_control_down_dgram() - send the daemon's own datagram
 * @cs: socket, its namespace's lock held
 * @to: address
 * @data: payload
 * @len: a cell's length, so that handshakes look like cells
 * @extack: where to say why not
 *
 * Return: 0 or -errno.
 */
int cr_control_down_dgram(struct cr_sock *cs, const struct cr_addr *to, const void *data, u32 len,
			  struct netlink_ext_ack *extack)
{
	struct sk_buff *skb;
	u8 reason;

	if (!cr_cell_len_ok(len)) {
		NL_SET_ERR_MSG(extack, "a datagram must have the length of a cell: 256, 1232 or 1408");
		return -EMSGSIZE;
	}
	if (to->family != cs->local.family || !to->port) {
		NL_SET_ERR_MSG(extack, "the address must be of the socket's family, with a port");
		return -EINVAL;
	}
	skb = cr_control_skb(len);
	if (!skb)
		return -ENOMEM;
	memcpy(skb->data, data, len);
	local_bh_disable();
	rcu_read_lock();
	reason = cr_output_to(cs, to, skb, 0);
	cr_control_count(cs->cn, NULL, 0, len, reason);
	rcu_read_unlock();
	local_bh_enable();
	return cr_control_error(reason, extack);
}
