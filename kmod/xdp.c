// SPDX-License-Identifier: GPL-2.0
/*
 * The XDP path: the same work on a cell as on the socket path, without an skb.
 *
 * Everything that could send the frame to the stack instead is looked at first, and
 * up to cr_relay_accept() nothing is written to the frame or counted. After that
 * the cell is this path's: it goes out, or ends here, and never up the stack.
 *
 * What the stack would have checked and nobody does here: the UDP checksum of the
 * received datagram (a veth's local sender leaves it to a device that never comes; a
 * forward cell is authenticated as a whole anyway, a backward one by the client), and
 * the host's packet filters, which XDP runs before.
 */
#include <linux/cellrelay.h>
#include <linux/cellrelay_xdp.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/udp.h>
#include <net/arp.h>
#include <net/ip6_checksum.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/route.h>
#include <net/xdp.h>

#include "compat/kfunc.h"
#include "compat/xdp.h"
#include "control.h"
#include "relay.h"
#include "xdp.h"

/* What the C library calls them in the shared header is what the kernel does. */
static_assert(CELLRELAY_XDP_INET == AF_INET && CELLRELAY_XDP_INET6 == AF_INET6);

/**
 * struct cr_xdp - a frame under way
 * @xdp: the frame
 * @o: what the program gave and gets
 * @rx: the cell in it
 * @eth: its Ethernet header
 * @ip: its IPv4 or IPv6 header
 * @udp: its UDP header
 */
struct cr_xdp {
	struct xdp_buff *xdp;
	struct cellrelay_xdp *o;
	struct cr_rx rx;
	const struct ethhdr *eth;
	const void *ip;
	const struct udphdr *udp;
};

static int cr_xdp_pass(struct cellrelay_xdp *o, u32 why)
{
	o->why = why;
	return CELLRELAY_XDP_PASS;
}

/*
 * The program has parsed the frame, but what it says is not taken on trust: all that is
 * read or written from here on lies inside the frame.
 */
static __always_inline bool cr_xdp_frame(struct cr_xdp *x, u32 off)
{
	const struct cellrelay_xdp *o = x->o;
	u8 *data = x->xdp->data;
	u32 len = (u8 *)x->xdp->data_end - data;
	u32 ip_len = o->family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	if (unlikely(o->family != AF_INET && o->family != AF_INET6))
		return false;
	if (unlikely(!cr_cell_len_ok(o->len) || len < o->len || off != len - o->len ||
		     off < ETH_HLEN + ip_len + sizeof(struct udphdr)))
		return false;
	if (unlikely(xdp_buff_has_frags(x->xdp)))
		return false;
	x->eth = (struct ethhdr *)data;
	x->udp = (struct udphdr *)(data + off) - 1;
	x->ip = (const u8 *)x->udp - ip_len;
	x->rx.cell = data + off;
	x->rx.len = o->len;
	return true;
}

static void cr_xdp_source(const struct cr_xdp *x, struct cr_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->family = x->o->family;
	a->port = x->udp->source;
	if (a->family == AF_INET) {
		a->in4 = ((const struct iphdr *)x->ip)->saddr;
		return;
	}
	a->in6 = ((const struct ipv6hdr *)x->ip)->saddr;
	if (__ipv6_addr_needs_scope_id(__ipv6_addr_type(&a->in6)))
		a->scope = x->xdp->rxq->dev->ifindex;
}

/*
 * Would the stack hand this datagram to the socket of the link whose cell it holds? Another
 * of our sockets would take the cell as well; that, and what only the stack can
 * tell (bridges, several link-layer addresses), is left to it.
 */
static __always_inline bool cr_xdp_ours(const struct cr_xdp *x)
{
	const struct cr_sock *cs = rcu_dereference(x->rx.gen->link->sock);
	struct net_device *dev = x->xdp->rxq->dev;
	int ifindex = dev->ifindex;

	if (unlikely(!cs || cs->local.port != x->udp->dest || cs->local.family != x->o->family))
		return false;
	if (unlikely(!ether_addr_equal_unaligned(x->eth->h_dest, dev->dev_addr)))
		return false;
	if (unlikely(x->o->vlan_proto)) {
		dev = __vlan_find_dev_deep_rcu(dev, x->o->vlan_proto, x->o->vlan_id);
		if (!dev || !(dev->flags & IFF_UP) || !net_eq(dev_net(dev), x->rx.cn->net))
			return false;
		ifindex = dev->ifindex;
	}
	if (cs->ifindex && cs->ifindex != ifindex)
		return false;
	if (x->o->family == AF_INET)
		return !cs->local.in4 || cs->local.in4 == ((const struct iphdr *)x->ip)->daddr;
	return ipv6_addr_any(&cs->local.in6) ||
	       ipv6_addr_equal(&cs->local.in6, &((const struct ipv6hdr *)x->ip)->daddr);
}

/*
 * Link-layer address of the next hop. Looking at an entry keeps it in use: the neighbour code
 * goes on to confirm it, as for traffic of the stack.
 */
static __always_inline u32 cr_xdp_neigh(struct cellrelay_xdp *o, struct neighbour *n)
{
	unsigned int seq;

	if (unlikely(!n || !(READ_ONCE(n->nud_state) & NUD_VALID) || neigh_event_send(n, NULL)))
		return CELLRELAY_XDP_NO_NEIGH;
	do {
		seq = read_seqbegin(&n->ha_lock);
		memcpy(o->eth_dst, n->ha, ETH_ALEN);
	} while (read_seqretry(&n->ha_lock, seq));
	return 0;
}

/* Can frames be handed to this device directly? A VLAN's need a tag that only it can put on. */
static __always_inline u32 cr_xdp_egress(struct cr_xdp *x, const struct dst_entry *dst,
					 u32 mtu)
{
	const struct net_device *dev = dst->dev;
	struct cellrelay_xdp *o = x->o;
	u32 ip_len = o->out_family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	if (unlikely(dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN || is_vlan_dev(dev) ||
		     !(dev->flags & IFF_UP)))
		return CELLRELAY_XDP_EGRESS;
	if (unlikely(!(o->flags & CELLRELAY_XDP_F_GENERIC) && !cr_compat_xdp_xmit(dev)))
		return CELLRELAY_XDP_EGRESS;
	if (unlikely(ip_len + sizeof(struct udphdr) + o->len > mtu))
		return CELLRELAY_XDP_TOO_BIG;
#ifdef CONFIG_XFRM
	if (unlikely(dst->xfrm))
		return CELLRELAY_XDP_NO_ROUTE;
#endif
	if (unlikely(dst->lwtstate || dst->error))
		return CELLRELAY_XDP_NO_ROUTE;
	o->ifindex = dev->ifindex;
	memcpy(o->eth_src, dev->dev_addr, ETH_ALEN);
	return 0;
}

static u32 cr_xdp_way4(struct cr_xdp *x, struct cr_sock *cs, struct cr_endpoint *ep)
{
	struct cellrelay_xdp *o = x->o;
	struct neighbour *n;
	struct rtable *rt;
	u8 reason;
	u32 why;

	rt = cr_route4(cs, &ep->addr, &ep->dst_cache, &o->saddr[0], &reason);
	if (unlikely(!rt))
		return CELLRELAY_XDP_NO_ROUTE;
	o->daddr[0] = ep->addr.in4;
	why = CELLRELAY_XDP_NO_ROUTE;
	if (unlikely(rt->rt_type != RTN_UNICAST))
		goto out;
	why = cr_xdp_egress(x, &rt->dst, READ_ONCE(rt->dst.dev->mtu));
	if (unlikely(why))
		goto out;
	if (unlikely(rt->rt_gw_family == AF_INET6))
		n = __ipv6_neigh_lookup_noref(rt->dst.dev, &rt->rt_gw6);
	else
		n = __ipv4_neigh_lookup_noref(rt->dst.dev,
					      (__force u32)rt_nexthop(rt, ep->addr.in4));
	why = cr_xdp_neigh(o, n);
out:
	ip_rt_put(rt);
	return why;
}

static u32 cr_xdp_way6(struct cr_xdp *x, struct cr_sock *cs, struct cr_endpoint *ep)
{
	struct cellrelay_xdp *o = x->o;
	const struct rt6_info *rt;
	struct dst_entry *dst;
	struct in6_addr saddr;
	u8 reason;
	u32 why;

	dst = cr_route6(cs, &ep->addr, &ep->dst_cache, &saddr, &reason);
	if (unlikely(!dst))
		return CELLRELAY_XDP_NO_ROUTE;
	memcpy(o->saddr, &saddr, sizeof(saddr));
	memcpy(o->daddr, &ep->addr.in6, sizeof(o->daddr));
	rt = container_of(dst, struct rt6_info, dst);
	why = CELLRELAY_XDP_NO_ROUTE;
	if (unlikely(rt->rt6i_flags & (RTF_REJECT | RTF_LOCAL | RTF_ANYCAST)))
		goto out;
	why = cr_xdp_egress(x, dst, cr_dev_mtu6(dst));
	if (unlikely(why))
		goto out;
	why = cr_xdp_neigh(o, __ipv6_neigh_lookup_noref(dst->dev,
							rt6_nexthop(rt, &ep->addr.in6)));
out:
	dst_release(dst);
	return why;
}

/* The new header may be longer than the old one: is there room in front of the frame? */
static bool cr_xdp_room(const struct cr_xdp *x)
{
	const struct xdp_buff *xdp = x->xdp;
	u32 new_len = ETH_HLEN + sizeof(struct udphdr) +
		      (x->o->out_family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	const void *first = xdp_data_meta_unsupported(xdp) ? xdp->data : xdp->data_meta;
	const void *end = xdp->data_hard_start + sizeof(struct xdp_frame);

	return new_len <= x->rx.cell - (u8 *)xdp->data ||
	       first - end >= (ptrdiff_t)(new_len - (x->rx.cell - (u8 *)xdp->data));
}

/* Where the cell goes, all of it, or why not by this path. */
static u32 cr_xdp_way(struct cr_xdp *x, struct cr_link *out)
{
	/* In the order of cr_output(). */
	struct cr_endpoint *ep = smp_load_acquire((struct cr_endpoint **)&out->ep);
	struct cr_sock *cs = rcu_dereference(out->sock);
	struct cellrelay_xdp *o = x->o;
	u32 why;

	if (unlikely(!ep || !cs || !rcu_access_pointer(out->send) ||
		     cs->local.family != ep->addr.family))
		return CELLRELAY_XDP_NOT_READY;
	o->out_family = ep->addr.family;
	o->sport = cs->local.port;
	o->dport = ep->addr.port;
	why = o->out_family == AF_INET ? cr_xdp_way4(x, cs, ep) : cr_xdp_way6(x, cs, ep);
	if (unlikely(why))
		return why;
	return likely(cr_xdp_room(x)) ? 0 : CELLRELAY_XDP_NO_ROOM;
}

/* By which link a relay's cell goes on, if it does. */
static u32 cr_xdp_next(const struct cr_rx *rx, struct cr_link **out)
{
	const struct cr_circuit *circ = rx->circ;

	if (!circ)
		return CELLRELAY_XDP_CONTROL;
	if (circ->role != CELLRELAY_ROLE_RELAY ||
	    (rx->d == CELLRELAY_FWD && READ_ONCE(circ->exit_pos)))
		return CELLRELAY_XDP_ENDS;
	*out = smp_load_acquire(&circ->dir[rx->d].link_out); /* pairs with cr_circ_join_next() */
	return *out ? 0 : CELLRELAY_XDP_ENDS;
}

/* Complete, over the cell as it will be sent. */
static __sum16 cr_xdp_check(const struct cr_xdp *x)
{
	const struct cellrelay_xdp *o = x->o;
	u32 len = sizeof(struct udphdr) + o->len;
	__wsum sum = csum_partial(x->rx.cell, o->len, 0);
	__sum16 check;

	sum = csum_add(sum, (__force __wsum)o->sport);
	sum = csum_add(sum, (__force __wsum)o->dport);
	sum = csum_add(sum, (__force __wsum)htons(len));
	if (o->out_family == AF_INET)
		check = csum_tcpudp_magic(o->saddr[0], o->daddr[0], len, IPPROTO_UDP, sum);
	else
		check = csum_ipv6_magic((struct in6_addr *)o->saddr, (struct in6_addr *)o->daddr,
					len, IPPROTO_UDP, sum);
	return check ?: CSUM_MANGLED_0;
}

static void cr_xdp_account(struct cr_xdp *x)
{
	const struct cr_circuit *circ = x->rx.circ;
	struct cellrelay_xdp *o = x->o;

	o->slot = circ ? circ->slot : CELLRELAY_SLOT_NONE;
	o->cookie = circ ? circ->cookie : 0;
	o->netns = x->rx.cn->cookie;
	o->what = x->rx.what;
}

static int cr_xdp_forward(struct cr_xdp *x)
{
	struct cr_link_stats *ls = this_cpu_ptr(x->rx.out->stats);

	ls->tx.cells++;
	ls->tx.bytes += x->rx.len;
	cr_rx_out(&x->rx);
	cr_xdp_account(x);
	x->o->check = (__force u16)cr_xdp_check(x);
	return CELLRELAY_XDP_FORWARD;
}

/* The cell is ours and has an open way: from here on it does not go up the stack. */
static int cr_xdp_work(struct cr_xdp *x)
{
	struct cr_rx *rx = &x->rx;
	struct cr_addr from;
	enum cr_verdict v = cr_relay_work(rx);

	if (rx->newest && (READ_ONCE(rx->gen->link->flags) & CELLRELAY_LINK_F_ROAM)) {
		cr_xdp_source(x, &from);
		cr_rx_roamed(rx, &from);
	}
	switch (v) {
	case CR_V_FORWARD:
		return cr_xdp_forward(x);
	case CR_V_DATA: /* became an exit while the cell was opened */
		cr_rx_data(rx, NULL);
		break;
	case CR_V_CONTROL:
		cr_rx_ended(rx, cr_control_up_circ(rx));
		break;
	case CR_V_LINK_CTL:
	case CR_V_NOT_CELL:
	case CR_V_DONE:
	case CR_V_DROP:
		break;
	}
	cr_xdp_account(x);
	return CELLRELAY_XDP_CONSUMED;
}

static int cr_xdp_run(struct cr_xdp *x)
{
	struct cellrelay_xdp *o = x->o;
	struct cr_rx *rx = &x->rx;
	struct cr_link *out;
	enum cr_verdict v;
	u32 why;

	if (o->flags & CELLRELAY_XDP_F_META) {
		rx->hdr.link = o->meta.index;
		rx->hdr.circ = o->meta.circ;
		rx->hdr.ctr = o->meta.ctr;
		v = cr_relay_lookup_again(rx);
	} else {
		v = cr_relay_lookup(rx);
	}
	if (unlikely(v == CR_V_NOT_CELL || !cr_xdp_ours(x)))
		return cr_xdp_pass(o, CELLRELAY_XDP_OTHER);
	if (likely(v == CR_V_FORWARD)) {
		why = cr_xdp_next(rx, &out);
		if (likely(!why))
			why = cr_xdp_way(x, out);
		if (unlikely(why))
			return cr_xdp_pass(o, why);
	}
	if (likely(cr_relay_accept(rx, v) == CR_V_FORWARD))
		return cr_xdp_work(x);
	cr_xdp_account(x);
	return CELLRELAY_XDP_CONSUMED;
}

/*
 * On which CPU, without touching the cell: what ends here, or has no way on, need not go to
 * another CPU first.
 */
static int cr_xdp_spread(struct cr_xdp *x)
{
	struct cellrelay_xdp *o = x->o;
	struct cr_rx *rx = &x->rx;
	enum cr_verdict v = cr_relay_lookup(rx);
	struct cr_link *out;
	u32 why;

	if (unlikely(v == CR_V_NOT_CELL || !cr_xdp_ours(x)))
		goto pass;
	if (unlikely(v == CR_V_DROP)) {
		cr_relay_accept(rx, v);
		cr_xdp_account(x);
		return CELLRELAY_XDP_CPU_CONSUMED;
	}
	why = cr_xdp_next(rx, &out);
	if (unlikely(why)) {
		cr_xdp_pass(o, why);
		return CELLRELAY_XDP_CPU_PASS;
	}
	o->meta.index = rx->hdr.link;
	o->meta.circ = rx->hdr.circ;
	o->meta.ctr = rx->hdr.ctr;
	return reciprocal_scale(cr_circ_hash(rx->circ, rx->d), o->cpus);
pass:
	cr_xdp_pass(o, CELLRELAY_XDP_OTHER);
	return CELLRELAY_XDP_CPU_PASS;
}

/*
 * What both functions check first, and all of @x and x->rx that a look-up wants to be set: the rest
 * of it gets values when they are known, for zeroing it all would cost more than some checks.
 * Return: namespace's state, or NULL.
 */
static __always_inline struct cr_net *cr_xdp_enter(struct cr_xdp *x, struct xdp_md *ctx, u32 off,
						   struct cellrelay_xdp *o, u32 size)
{
	struct cr_net *cn;

	x->xdp = (struct xdp_buff *)ctx;
	x->o = o;
	if (unlikely(size != sizeof(*x->o) || !cr_xdp_frame(x, off)))
		return NULL;
	cn = cr_net(dev_net(x->xdp->rxq->dev));
	if (unlikely(READ_ONCE(cn->dead))) /* see cr_net_pre_exit() */
		return NULL;
	x->rx.cn = cn;
	x->rx.xdp = true;
	x->rx.what = 0;
	x->rx.now = cr_now();
	return cn;
}

__bpf_kfunc_start_defs();

/**
 * bpf_cellrelay_xdp() - a relay's whole work on one cell, in place
 * @ctx: the frame
 * @off: where the UDP payload starts
 * @o: in and out, see struct cellrelay_xdp
 * @o__sz: its size
 *
 * Context: XDP program, in softirq or, when busy-polled or run by a test, in a task.
 * Return: enum cellrelay_xdp_verdict
 */
__bpf_kfunc int bpf_cellrelay_xdp(struct xdp_md *ctx, u32 off, struct cellrelay_xdp *o,
				  u32 o__sz)
{
	struct cr_xdp x;
	int ret;

	local_bh_disable();
	rcu_read_lock();
	ret = likely(cr_xdp_enter(&x, ctx, off, o, o__sz)) ? cr_xdp_run(&x) :
	      o__sz == sizeof(*o) ? cr_xdp_pass(o, CELLRELAY_XDP_BAD_CALL) : CELLRELAY_XDP_PASS;
	rcu_read_unlock();
	local_bh_enable();
	return ret;
}

/**
 * bpf_cellrelay_xdp_cpu() - which CPU should do the work on this cell?
 * @ctx: the frame
 * @off: where the UDP payload starts
 * @o: in and out, see struct cellrelay_xdp; @o->cpus to choose from
 * @o__sz: its size
 *
 * Opens the header and leaves it in @o->meta, so that bpf_cellrelay_xdp() need not. All cells of
 * a circuit's direction get the same answer: their order is kept.
 *
 * Context: as bpf_cellrelay_xdp()
 * Return: 0 to @o->cpus - 1, the frame untouched; CELLRELAY_XDP_CPU_PASS, likewise;
 * CELLRELAY_XDP_CPU_CONSUMED: to be counted and dropped
 */
__bpf_kfunc int bpf_cellrelay_xdp_cpu(struct xdp_md *ctx, u32 off, struct cellrelay_xdp *o,
				      u32 o__sz)
{
	struct cr_xdp x;
	int ret = CELLRELAY_XDP_CPU_PASS;

	local_bh_disable();
	rcu_read_lock();
	if (likely(cr_xdp_enter(&x, ctx, off, o, o__sz) && o->cpus && o->cpus <= INT_MAX))
		ret = cr_xdp_spread(&x);
	else if (o__sz == sizeof(*o))
		cr_xdp_pass(o, CELLRELAY_XDP_BAD_CALL);
	rcu_read_unlock();
	local_bh_enable();
	return ret;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(cr_xdp_funcs)
BTF_ID_FLAGS(func, bpf_cellrelay_xdp)
BTF_ID_FLAGS(func, bpf_cellrelay_xdp_cpu)
BTF_KFUNCS_END(cr_xdp_funcs)

static const struct btf_kfunc_id_set cr_xdp_set = {
	.owner = THIS_MODULE,
	.set = &cr_xdp_funcs,
};

/**
 * cr_xdp_available() - can programs find the functions?
 *
 * Registering them without type information of this module succeeds and does nothing, so
 * look for that, and whether it has ids for them.
 */
bool cr_xdp_available(void)
{
#ifdef CONFIG_DEBUG_INFO_BTF_MODULES
	return THIS_MODULE->btf_data_size && cr_xdp_funcs.cnt && cr_xdp_funcs.pairs[0].id;
#else
	return false;
#endif
}

/**
 * cr_xdp_init() - offer the functions
 *
 * They go by themselves with the module, which a loaded program holds.
 *
 * Return: 0 or -errno.
 */
int cr_xdp_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &cr_xdp_set);
}
