// SPDX-License-Identifier: GPL-2.0
/*
 * Cells go out. Of the outer headers nothing may depend on what came in: a copied
 * field would be a tag that no layer of encryption removes. So none is taken over;
 * addresses and ports are the link's, everything else is constant or computed.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/route.h>

#include "compat/route6.h"
#include "device.h"
#include "relay.h"

/**
 * cr_skb_scrub() - forget everything that a buffer knows of where it has been
 * @skb: buffer that goes out as a cell, or into the stack as what was in one
 *
 * The fields of skb->headers are cleared as one block; what it holds, and why it must go:
 *
 *  pkt_type			"for us" of the way in
 *  ignore_df			would let the stack fragment
 *  ip_summed, csum*		describe the old bytes
 *  tstamp_type, tc_*, redirected, from_ingress, nf_skip_egress
 *				marks of classifiers on the way in
 *  l4_hash, sw_hash, hash	of the old headers: would tie both sides of a hop
 *  wifi_*, no_fcs, ndisc_nodetype, vlan_*	link-layer remains; a VLAN's priority would go on
 *  encapsulation, inner_*	no inner headers here
 *  ipvs_property, nf_trace, secmark, mark	marks of the host's filters: policies of the
 *				way in must not choose the way out
 *  offload_*fwd_mark		switch hardware would think it forwarded the frame already
 *  decrypted, slow_gro, csum_not_inet	of other offloads
 *  priority			would become a queue, a VLAN priority or a DSCP
 *  skb_iif			the way in
 *  napi_id/sender_cpu		would pick the transmit queue by the receive queue
 *  protocol, *_header		set anew
 */
void cr_skb_scrub(struct sk_buff *skb)
{
	u16 cpu = skb->alloc_cpu;

	/* dst, conntrack, extensions (bridge, IPsec, MPTCP) and time stamp;
	 * fq drops what carries a stamp of another clock.
	 */
	skb_scrub_packet(skb, true);
	skb_orphan(skb); /* owner: the sender's socket must not be charged or asked */
	memset(&skb->headers, 0, sizeof(skb->headers));
	skb->alloc_cpu = cpu; /* where its memory came from is still true */
	skb_set_queue_mapping(skb, 0); /* receive queue; EDT throttling looks at it */
	skb->peeked = 0;
	skb->mac_len = 0;
	skb->dev = NULL;
	memset(skb->cb, 0, sizeof(skb->cb)); /* IPCB: options and flags of the way in */
	skb_shinfo(skb)->tx_flags = 0; /* requests for time stamps */
	skb_shinfo(skb)->tskey = 0;
	skb_shinfo(skb)->gso_size = 0; /* of a train that it was part of */
	skb_shinfo(skb)->gso_segs = 0;
	skb_shinfo(skb)->gso_type = 0;
	memset(skb_hwtstamps(skb), 0, sizeof(*skb_hwtstamps(skb)));
}

static void cr_output_gso(struct sk_buff *skb, u16 gso_size, u32 cells_len, unsigned int type)
{
	skb_shinfo(skb)->gso_size = gso_size;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(cells_len, gso_size);
	skb_shinfo(skb)->gso_type = type;
}

/* UDP header. Checksums are always real; the device or the stack fills them in, for a train
 * in each segment.
 */
static struct udphdr *cr_output_udp(struct sk_buff *skb, __be16 sport, __be16 dport)
{
	struct udphdr *uh = __skb_push(skb, sizeof(*uh));

	skb_reset_transport_header(skb);
	uh->source = sport;
	uh->dest = dport;
	uh->len = htons(skb->len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	return uh;
}

/**
 * cr_route4() - route, and source address as the stack would choose it
 * @cs: socket to send from
 * @to: address
 * @cache: where it may be and where it goes, or NULL
 * @saddr: source address
 * @reason: why not
 *
 * Context: softirqs off, RCU.
 * Return: route, held; or NULL.
 */
struct rtable *cr_route4(const struct cr_sock *cs, const struct cr_addr *to,
			 struct dst_cache *cache, __be32 *saddr, u8 *reason)
{
	struct flowi4 fl;
	struct rtable *rt;

	if (cache) {
		rt = dst_cache_get_ip4(cache, saddr);
		if (likely(rt))
			return rt;
	}
	fl = (struct flowi4) {
		.saddr = cs->local.in4,
		.daddr = to->in4,
		.fl4_sport = cs->local.port,
		.fl4_dport = to->port,
		.flowi4_oif = cs->ifindex,
		.flowi4_mark = cs->fwmark,
		.flowi4_proto = IPPROTO_UDP,
	};
	security_sk_classify_flow(cs->sock->sk, flowi4_to_flowi_common(&fl));
	rt = ip_route_output_flow(cs->cn->net, &fl, cs->sock->sk);
	if (IS_ERR(rt)) {
		*reason = CR_DROP_NO_ROUTE;
		return NULL;
	}
	if (unlikely(cr_dev_is(rt->dst.dev))) {
		ip_rt_put(rt);
		*reason = CR_DROP_LOOP;
		return NULL;
	}
	*saddr = fl.saddr;
	if (cache)
		dst_cache_set_ip4(cache, &rt->dst, fl.saddr);
	return rt;
}

static u8 cr_output4(struct cr_sock *cs, const struct cr_addr *to, struct dst_cache *cache,
		     struct sk_buff *skb, u32 hash, u16 gso_size)
{
	u32 cells_len = skb->len, one = gso_size ?: skb->len;
	struct sock *sk = cs->sock->sk;
	u8 reason = CR_DROP_NO_ROUTE;
	struct rtable *rt;
	struct udphdr *uh;
	struct iphdr *iph;
	__be32 saddr;
	int err;

	rt = cr_route4(cs, to, cache, &saddr, &reason);
	if (unlikely(!rt))
		goto drop;
	reason = CR_DROP_TOO_BIG;
	if (unlikely(one + sizeof(*iph) + sizeof(*uh) > READ_ONCE(rt->dst.dev->mtu)))
		goto drop_rt;
	reason = CR_DROP_NOMEM;
	if (unlikely(skb_cow_head(skb, LL_RESERVED_SPACE(rt->dst.dev) + sizeof(*iph) +
				  sizeof(*uh))))
		goto drop_rt;

	cr_skb_scrub(skb);
	uh = cr_output_udp(skb, cs->local.port, to->port);
	uh->check = ~csum_tcpudp_magic(saddr, to->in4, skb->len, IPPROTO_UDP, 0);
	iph = __skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = 0;
	iph->id = 0; /* never fragmented, so it need not be told apart (RFC 6864) */
	iph->frag_off = htons(IP_DF);
	iph->ttl = CR_TTL;
	iph->protocol = IPPROTO_UDP;
	iph->saddr = saddr;
	iph->daddr = to->in4;
	if (gso_size) /* or segments would count their id up from 0 */
		cr_output_gso(skb, gso_size, cells_len, SKB_GSO_UDP_L4 | SKB_GSO_TCP_FIXEDID);
	skb_dst_set(skb, &rt->dst);
	skb_set_hash(skb, hash, PKT_HASH_TYPE_L4);
	skb->mark = cs->fwmark;
	err = ip_local_out(cs->cn->net, sk, skb);
	return likely(!net_xmit_eval(err)) ? 0 : CR_DROP_XMIT;

drop_rt:
	ip_rt_put(rt);
drop:
	kfree_skb(skb);
	return reason;
}

/**
 * cr_route6() - the same for IPv6
 * @cs: socket to send from
 * @to: address
 * @cache: where it may be and where it goes, or NULL
 * @saddr: source address
 * @reason: why not
 *
 * Context: softirqs off, RCU.
 * Return: route, held; or NULL.
 */
struct dst_entry *cr_route6(const struct cr_sock *cs, const struct cr_addr *to,
			    struct dst_cache *cache, struct in6_addr *saddr, u8 *reason)
{
	struct flowi6 fl;
	struct dst_entry *dst;

	if (cache) {
		dst = dst_cache_get_ip6(cache, saddr);
		if (likely(dst))
			return dst;
	}
	fl = (struct flowi6) {
		.saddr = cs->local.in6,
		.daddr = to->in6,
		.fl6_sport = cs->local.port,
		.fl6_dport = to->port,
		.flowi6_oif = to->scope ?: cs->ifindex,
		.flowi6_mark = cs->fwmark,
		.flowi6_proto = IPPROTO_UDP,
	};
	security_sk_classify_flow(cs->sock->sk, flowi6_to_flowi_common(&fl));
	dst = cr_compat_route6(cs->cn->net, cs->sock->sk, &fl);
	if (IS_ERR(dst)) {
		*reason = CR_DROP_NO_ROUTE;
		return NULL;
	}
	if (unlikely(cr_dev_is(dst->dev))) {
		dst_release(dst);
		*reason = CR_DROP_LOOP;
		return NULL;
	}
	*saddr = fl.saddr;
	if (cache)
		dst_cache_set_ip6(cache, dst, &fl.saddr);
	return dst;
}

/**
 * cr_dev_mtu6() - what fits the device, whatever ICMP messages have made the stack believe
 * @dst: route
 *
 * Context: RCU.
 */
u32 cr_dev_mtu6(const struct dst_entry *dst)
{
	const struct inet6_dev *idev = __in6_dev_get(dst->dev);
	u32 mtu = READ_ONCE(dst->dev->mtu);

	if (idev) /* the link's routers may have set a smaller one */
		mtu = min_t(u32, mtu, READ_ONCE(idev->cnf.mtu6));
	return mtu - lwtunnel_headroom(dst->lwtstate, mtu);
}

static u8 cr_output6(struct cr_sock *cs, const struct cr_addr *to, struct dst_cache *cache,
		     struct sk_buff *skb, u32 hash, u16 gso_size)
{
	u32 cells_len = skb->len, one = gso_size ?: skb->len;
	struct sock *sk = cs->sock->sk;
	u8 reason = CR_DROP_NO_ROUTE;
	struct dst_entry *dst;
	struct in6_addr saddr;
	struct ipv6hdr *ip6h;
	struct udphdr *uh;
	bool beyond;
	int err;

	dst = cr_route6(cs, to, cache, &saddr, &reason);
	if (unlikely(!dst))
		goto drop;
	reason = CR_DROP_TOO_BIG;
	one += sizeof(*ip6h) + sizeof(*uh);
	beyond = one > dst_mtu(dst);
	if (unlikely(beyond && one > cr_dev_mtu6(dst)))
		goto drop_dst;
	reason = CR_DROP_NOMEM;
	if (unlikely(skb_cow_head(skb, LL_RESERVED_SPACE(dst->dev) + sizeof(*ip6h) +
				  sizeof(*uh))))
		goto drop_dst;

	cr_skb_scrub(skb);
	uh = cr_output_udp(skb, cs->local.port, to->port);
	uh->check = ~csum_ipv6_magic(&saddr, &to->in6, skb->len, IPPROTO_UDP, 0);
	ip6h = __skb_push(skb, sizeof(*ip6h));
	skb_reset_network_header(skb);
	ip6_flow_hdr(ip6h, 0, 0);
	ip6h->nexthdr = IPPROTO_UDP;
	ip6h->hop_limit = CR_TTL;
	ip6h->saddr = saddr;
	ip6h->daddr = to->in6;
	if (gso_size)
		cr_output_gso(skb, gso_size, cells_len, SKB_GSO_UDP_L4);
	skb_dst_set(skb, dst);
	skb_set_hash(skb, hash, PKT_HASH_TYPE_L4);
	skb->mark = cs->fwmark;
	skb->protocol = htons(ETH_P_IPV6);
	/* The stack would drop what exceeds the path MTU that it has learned; of
	 * a packet that such a socket owns (sock.c) it compares the device's. Not
	 * always, for the reference is a write that all CPUs share.
	 */
	if (unlikely(beyond && !skb_set_owner_sk_safe(skb, sk))) {
		kfree_skb(skb);
		return CR_DROP_NO_SOCKET;
	}
	err = ip6_local_out(cs->cn->net, sk, skb);
	return likely(!net_xmit_eval(err)) ? 0 : CR_DROP_XMIT;

drop_dst:
	dst_release(dst);
drop:
	kfree_skb(skb);
	return reason;
}

static u8 cr_output_by(struct cr_sock *cs, const struct cr_addr *to, struct dst_cache *cache,
		       struct sk_buff *skb, u32 hash, u16 gso_size)
{
	/* The stack takes a train of one for an error. */
	if (skb->len <= gso_size)
		gso_size = 0;
	if (unlikely(cs->local.family != to->family)) {
		kfree_skb(skb);
		return CR_DROP_NO_ROUTE;
	}
	if (to->family == AF_INET)
		return cr_output4(cs, to, cache, skb, hash, gso_size);
	return cr_output6(cs, to, cache, skb, hash, gso_size);
}

/**
 * cr_output() - send a cell, or a train of equal cells, to a link's peer
 * @link: link
 * @skb: data is the cells, CR_HEADROOM in front; consumed
 * @hash: cr_circ_hash()
 * @gso_size: length of a cell of a train, 0 for a single cell
 *
 * Context: softirqs off, RCU.
 * Return: 0 or a drop reason; not counted but on the link.
 */
u8 cr_output(struct cr_link *link, struct sk_buff *skb, u32 hash, u16 gso_size)
{
	/* Endpoint first: the socket read after it is at least as new. */
	struct cr_endpoint *ep = smp_load_acquire((struct cr_endpoint **)&link->ep);
	struct cr_sock *cs = rcu_dereference(link->sock);
	struct cr_link_stats *ls;
	u32 len = skb->len;
	u8 reason;

	if (unlikely(!cs || !ep)) {
		kfree_skb(skb);
		return cs ? CR_DROP_NO_ROUTE : CR_DROP_NO_SOCKET;
	}
	reason = cr_output_by(cs, &ep->addr, &ep->dst_cache, skb, hash, gso_size);
	if (likely(!reason)) {
		ls = this_cpu_ptr(link->stats);
		ls->tx.cells += gso_size ? DIV_ROUND_UP(len, gso_size) : 1;
		ls->tx.bytes += len;
	}
	return reason;
}

/**
 * cr_output_to() - send one datagram to any address
 * @cs: socket to send from
 * @to: address
 * @skb: data is the payload, CR_HEADROOM in front; consumed
 * @hash: for queues
 *
 * Context: softirqs off, RCU.
 * Return: 0 or a drop reason; not counted.
 */
u8 cr_output_to(struct cr_sock *cs, const struct cr_addr *to, struct sk_buff *skb, u32 hash)
{
	return cr_output_by(cs, to, NULL, skb, hash, 0);
}

/**
 * cr_output_check_loop() - would cells to the peer come back into a cellrelay device?
 * @cs: socket that they would be sent from, or NULL; held by its namespace's lock
 * @to: address, or NULL
 * @extack: where to say so
 *
 * Routes change, so every later look-up checks again; this is for the user to
 * hear of it at once.
 *
 * Return: -ELOOP, else 0, also when there is no socket, address or route yet.
 */
int cr_output_check_loop(const struct cr_sock *cs, const struct cr_addr *to,
			 struct netlink_ext_ack *extack)
{
	u8 reason = 0;

	if (!cs || !to)
		return 0;
	rcu_read_lock();
	local_bh_disable();
	if (to->family == AF_INET) {
		__be32 saddr;
		struct rtable *rt = cr_route4(cs, to, NULL, &saddr, &reason);

		if (rt)
			ip_rt_put(rt);
	} else {
		struct in6_addr saddr;

		dst_release(cr_route6(cs, to, NULL, &saddr, &reason));
	}
	local_bh_enable();
	rcu_read_unlock();
	if (reason != CR_DROP_LOOP)
		return 0;
	NL_SET_ERR_MSG(extack, "the route to the peer leads into a cellrelay device; give it a route of its own, or the socket a mark or device");
	return -ELOOP;
}
