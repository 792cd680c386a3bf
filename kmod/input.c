// SPDX-License-Identifier: GPL-2.0
/* Datagrams that arrive at the module's sockets. */
#include <linux/cellrelay.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/udp.h>

#include "control.h"
#include "device.h"
#include "netlink.h"
#include "relay.h"

#define CR_ROAM_EVENT_NS	NSEC_PER_SEC	/* at most one event a second and link */

static void cr_input_source(const struct sk_buff *skb, struct cr_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->port = udp_hdr(skb)->source;
	if (ip_hdr(skb)->version == 4) {
		a->family = AF_INET;
		a->in4 = ip_hdr(skb)->saddr;
		return;
	}
	a->family = AF_INET6;
	a->in6 = ipv6_hdr(skb)->saddr;
	if (__ipv6_addr_needs_scope_id(__ipv6_addr_type(&a->in6)))
		a->scope = inet6_iif(skb);
}

/**
 * cr_rx_roamed() - does the peer's cell come from another address than the link's?
 * @rx: authentic cell, the newest of its key
 * @from: where it came from
 *
 * A client that sent it may have moved. The daemon hears of it and finds out; nothing
 * changes before.
 *
 * Context: softirqs off, RCU.
 */
void cr_rx_roamed(struct cr_rx *rx, const struct cr_addr *from)
{
	struct cr_link *link = rx->gen->link;
	const struct cr_endpoint *ep;
	u64 last;

	ep = rcu_dereference(link->ep);
	if (ep && cr_addr_equal(&ep->addr, from))
		return;
	last = READ_ONCE(link->roam_stamp);
	if ((last && rx->now - last < CR_ROAM_EVENT_NS) ||
	    cmpxchg(&link->roam_stamp, last, rx->now) != last)
		return;
	cr_event_roam(link, from);
}

/**
 * cr_rx_ended() - the cell ended here, or could not after all
 * @rx: cell; charged when it has a circuit
 * @reason: 0, or why it could not: the charge is taken back
 *
 * Context: softirqs off, RCU.
 */
void cr_rx_ended(struct cr_rx *rx, u8 reason)
{
	if (!reason) {
		cr_rx_delivered(rx);
		return;
	}
	if (rx->circ)
		cr_relay_refund(rx->circ, rx->d, rx->len);
	cr_rx_drop(rx, reason);
}

/**
 * cr_rx_data() - hand an opened DATA plaintext to the circuit's device
 * @rx: CR_V_DATA
 * @skb: the linear buffer that holds it, set to NULL when it was kept; or NULL: copy
 *
 * Context: softirqs off, RCU.
 */
void cr_rx_data(struct cr_rx *rx, struct sk_buff **skb)
{
	if (likely(!cr_dev_rx(rx->circ, rx->plain, rx->plain_len, rx->ctr, skb))) {
		cr_rx_ended(rx, 0);
		return;
	}
	/* It was authentic, so the other end broke the protocol. */
	cr_rx_ended(rx, CR_DROP_PROTO);
	cr_circ_kill(rx->circ, CELLRELAY_REASON_PROTO);
}

static void cr_input_forward(struct cr_rx *rx, struct sk_buff *skb)
{
	u8 reason = cr_output(rx->out, skb, cr_circ_hash(rx->circ, rx->d), 0);

	if (likely(!reason))
		cr_rx_out(rx);
	else
		cr_rx_ended(rx, reason);
}

/* A datagram that does not even get to be looked up. */
static void cr_input_unfit(struct cr_rx *rx, u8 reason)
{
	cr_rx_in(rx);
	cr_rx_drop(rx, reason);
}

/* Never seen as a cell: counted here as received, so that in = out + delivered + drops. */
static void cr_input_other(struct cr_rx *rx, struct cr_sock *cs, const struct sk_buff *skb)
{
	struct cr_addr from;

	cr_rx_in(rx);
	cr_input_source(skb, &from);
	cr_rx_ended(rx, cr_control_up_dgram(cs, &from, rx->cell, rx->len));
}

/**
 * cr_input() - encap_rcv of the module's sockets
 * @sk: socket
 * @skb: datagram, its UDP checksum verified, data at the UDP header
 *
 * Context: softirq, RCU.
 * Return: 0: consumed, always.
 */
int cr_input(struct sock *sk, struct sk_buff *skb)
{
	struct cr_sock *cs = rcu_dereference_sk_user_data(sk);
	struct cr_rx rx = { .xdp = false };
	struct cr_addr from;
	enum cr_verdict v;

	/* A segment of a train comes with its successors attached; whoever
	 * frees or sends it would free or send them, too.
	 */
	skb_mark_not_on_list(skb);
	if (unlikely(!cs)) /* socket is being closed */
		goto free;
	rx.cn = cs->cn;
	rx.len = skb->len - sizeof(struct udphdr);
	if (unlikely(!cr_cell_len_ok(rx.len))) {
		cr_input_unfit(&rx, CR_DROP_SIZE);
		goto free;
	}
	/* In place means: ours alone, in one piece. */
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		cr_input_unfit(&rx, CR_DROP_NOMEM);
		return 0;
	}
	if (unlikely(skb_linearize_cow(skb))) {
		cr_input_unfit(&rx, CR_DROP_TRUNCATED);
		goto free;
	}
	__skb_pull(skb, sizeof(struct udphdr));
	rx.cell = skb->data;
	rx.now = cr_now();

	v = cr_relay_lookup(&rx);
	if (unlikely(v == CR_V_NOT_CELL)) {
		cr_input_other(&rx, cs, skb);
		goto free;
	}
	v = cr_relay_accept(&rx, v);
	if (likely(v == CR_V_FORWARD))
		v = cr_relay_work(&rx);
	if (v == CR_V_DROP)
		goto free;
	if (rx.newest && (READ_ONCE(rx.gen->link->flags) & CELLRELAY_LINK_F_ROAM)) {
		cr_input_source(skb, &from);
		cr_rx_roamed(&rx, &from);
	}
	switch (v) {
	case CR_V_FORWARD:
		cr_input_forward(&rx, skb);
		return 0;
	case CR_V_DATA:
		cr_rx_data(&rx, &skb);
		break;
	case CR_V_CONTROL:
		cr_rx_ended(&rx, cr_control_up_circ(&rx));
		break;
	case CR_V_LINK_CTL:
		cr_input_source(skb, &from);
		cr_rx_ended(&rx, cr_control_up_link(&rx, &from));
		break;
	case CR_V_DONE:
	case CR_V_DROP:
	case CR_V_NOT_CELL:
		break;
	}
free:
	kfree_skb(skb);
	return 0;
}
