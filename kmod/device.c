// SPDX-License-Identifier: GPL-2.0
/*
 * The cellrelay network device: `ip link add cell0 type cellrelay`.
 *
 * It carries bare IP packets. A device belongs to a client (packets go into one
 * of its circuits by source address and flow) or to an exit (by destination
 * address), never to both. It stays in the namespace it was made in: a
 * namespace is a host, and the circuits of a host are bound by index.
 */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/flow_dissector.h>
#include <net/icmp.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>

#include "compat/netdev.h"
#include "device_priv.h"
#include "netlink.h"

#define CR_HASH_MIN	256u
#define CR_HASH_MAX	32768u

static u32 hash4(const struct cr_addr_hash *h, __be32 addr)
{
	return jhash_1word((__force u32)addr, h->seed) & h->mask;
}

static u32 hash6(const struct cr_addr_hash *h, const struct in6_addr *addr)
{
	return jhash2((__force const u32 *)addr->s6_addr32, 4, h->seed) & h->mask;
}

static struct cr_txq *find4(const struct cr_addr_hash *h, __be32 addr)
{
	struct cr_txq *q;

	hlist_for_each_entry_rcu(q, &h->head[hash4(h, addr)], node4)
		if (q->addr4 == addr)
			return q;
	return NULL;
}

static struct cr_txq *find6(const struct cr_addr_hash *h, const struct in6_addr *addr)
{
	struct cr_txq *q;

	hlist_for_each_entry_rcu(q, &h->head[hash6(h, addr)], node6)
		if (ipv6_addr_equal(&q->addr6, addr))
			return q;
	return NULL;
}

/* An exit's circuit is the one whose client has the destination address. */
static struct cr_txq *pick_exit(const struct cr_dev *cd, const struct sk_buff *skb)
{
	const struct cr_addr_hash *h = rcu_dereference(cd->hash);

	if (unlikely(!h))
		return NULL;
	return skb->protocol == htons(ETH_P_IP) ? find4(h, ip_hdr(skb)->daddr) :
						  find6(h, &ipv6_hdr(skb)->daddr);
}

/*
 * Hash of a flow that does not change while it lives. Not skb->hash, and without
 * the flow label: TCP changes both after a timeout, and a flow that changes its
 * circuit changes its exit.
 */
static u32 flow_hash(const struct sk_buff *skb)
{
	struct flow_keys keys;

	if (!skb_flow_dissect_flow_keys(skb, &keys, 0))
		return 0;
	keys.tags.flow_label = 0;
	return flow_hash_from_keys(&keys);
}

static bool txq_has_source(const struct cr_txq *q, const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) ?
	       q->addr4 && q->addr4 == ip_hdr(skb)->saddr :
	       !ipv6_addr_any(&q->addr6) && ipv6_addr_equal(&q->addr6, &ipv6_hdr(skb)->saddr);
}

/*
 * A client's circuit: of those that own the source address, the one with the
 * highest hash of flow and circuit, so that a new or lost circuit moves no
 * flow but its own share.
 */
static struct cr_txq *pick_client(const struct cr_dev *cd, const struct sk_buff *skb)
{
	const struct cr_flow_set *set = rcu_dereference(cd->flows);
	struct cr_txq *best = NULL;
	u32 i, n, w, best_w = 0, hash;

	if (unlikely(!set))
		return NULL;
	n = READ_ONCE(set->n);
	hash = n > 1 ? flow_hash(skb) : 0;
	for (i = 0; i < n; i++) {
		struct cr_txq *q = READ_ONCE(set->q[i]);

		if (!txq_has_source(q, skb))
			continue;
		w = jhash_2words(hash, q->hash, 0);
		if (!best || w > best_w) {
			best = q;
			best_w = w;
		}
	}
	return best;
}

static netdev_tx_t crdev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct cr_dev *cd = netdev_priv(dev);
	__be16 proto = ip_tunnel_parse_protocol(skb);
	u8 reason = CR_DROP_INNER;
	struct cr_txq *q;

	if (unlikely(!proto || proto != skb->protocol || skb_network_offset(skb)))
		goto drop;
	reason = CR_DROP_TOO_BIG;
	if (unlikely(!skb_is_gso(skb) && skb->len > READ_ONCE(dev->mtu)))
		goto drop;

	rcu_read_lock();
	q = READ_ONCE(cd->role) == CELLRELAY_ROLE_CLIENT ? pick_client(cd, skb) :
							   pick_exit(cd, skb);
	if (unlikely(!q)) {
		rcu_read_unlock();
		reason = CR_DROP_NO_CIRCUIT;
		if (proto == htons(ETH_P_IP))
			icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
		else
			icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
		goto drop;
	}
	/* The route was kept for the error above; a queue should hold neither. */
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	cr_txq_put(q, skb);
	rcu_read_unlock();
	return NETDEV_TX_OK;

drop:
	cr_dev_lost(cd, NULL, 0, skb->len, reason);
	cr_dev_count(cd, tx_errors, 1);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

static void crdev_stats64(struct net_device *dev, struct rtnl_link_stats64 *s)
{
	struct cr_dev *cd = netdev_priv(dev);
	int cpu;

	for_each_possible_cpu(cpu) {
		struct cr_dev_stats *st = per_cpu_ptr(cd->stats, cpu);
		struct rtnl_link_stats64 v;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&st->sync);
			v.rx_packets = u64_stats_read(&st->rx_packets);
			v.rx_bytes = u64_stats_read(&st->rx_bytes);
			v.rx_errors = u64_stats_read(&st->rx_errors);
			v.rx_dropped = u64_stats_read(&st->rx_dropped);
			v.tx_packets = u64_stats_read(&st->tx_packets);
			v.tx_bytes = u64_stats_read(&st->tx_bytes);
			v.tx_errors = u64_stats_read(&st->tx_errors);
			v.tx_dropped = u64_stats_read(&st->tx_dropped);
		} while (u64_stats_fetch_retry(&st->sync, start));
		s->rx_packets += v.rx_packets;
		s->rx_bytes += v.rx_bytes;
		s->rx_errors += v.rx_errors;
		s->rx_dropped += v.rx_dropped;
		s->tx_packets += v.tx_packets;
		s->tx_bytes += v.tx_bytes;
		s->tx_errors += v.tx_errors;
		s->tx_dropped += v.tx_dropped;
	}
}

static const char crdev_stat_names[][ETH_GSTRING_LEN] = { "tx_queued_bytes" };

static int crdev_sset_count(struct net_device *dev, int sset)
{
	return sset == ETH_SS_STATS ? ARRAY_SIZE(crdev_stat_names) : -EOPNOTSUPP;
}

static void crdev_strings(struct net_device *dev, u32 sset, u8 *buf)
{
	if (sset == ETH_SS_STATS)
		memcpy(buf, crdev_stat_names, sizeof(crdev_stat_names));
}

static void crdev_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	struct cr_dev *cd = netdev_priv(dev);

	data[0] = percpu_counter_sum_positive(&cd->queued);
}

/* `ethtool -S`: what waits in the device's queues, true sizes of buffers. */
static const struct ethtool_ops cr_ethtool_ops = {
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= crdev_sset_count,
	.get_strings		= crdev_strings,
	.get_ethtool_stats	= crdev_ethtool_stats,
};

static int crdev_open(struct net_device *dev)
{
	struct inet6_dev *in6 = __in6_dev_get(dev);

	/* No neighbours, so no link-local address and no solicitations. */
	if (in6)
		in6->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	cr_txctx_open(netdev_priv(dev));
	return 0;
}

static int crdev_stop(struct net_device *dev)
{
	cr_txctx_stop(netdev_priv(dev));
	return 0;
}

static int crdev_init(struct net_device *dev)
{
	struct cr_dev *cd = netdev_priv(dev);
	int err, cpu;

	cd->dev = dev;
	cd->cn = cr_net(dev_net(dev));
	INIT_LIST_HEAD(&cd->circs);
	cd->auto_mtu = dev->mtu;
	cd->stats = alloc_percpu(struct cr_dev_stats);
	if (!cd->stats)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(cd->stats, cpu)->sync);
	err = percpu_counter_init(&cd->queued, 0, GFP_KERNEL);
	if (err)
		goto free_stats;
	err = cr_txctx_init(cd);
	if (err)
		goto free_counter;
	err = gro_cells_init(&cd->gro, dev);
	if (err)
		goto free_ctx;
	return 0;

free_ctx:
	cr_txctx_del(cd);
	synchronize_net();
	cr_txctx_free(cd);
free_counter:
	percpu_counter_destroy(&cd->queued);
free_stats:
	free_percpu(cd->stats);
	return err;
}

/*
 * The device is closed and off the lists, and a grace period has passed: no
 * sender and no received cell is inside it. Circuits are taken from it here, so
 * whichever way it goes (netlink, end of its namespace, unload), none keeps a
 * pointer; another grace period passes before the memory goes.
 */
static void crdev_uninit(struct net_device *dev)
{
	struct cr_dev *cd = netdev_priv(dev);
	struct cr_circuit *circ, *next;

	mutex_lock(&cd->cn->lock);
	list_for_each_entry_safe(circ, next, &cd->circs, dev_node) {
		cr_dev_unbind(circ);
		cr_event_circ(circ, CELLRELAY_EVENT_CIRC_CHANGED, CELLRELAY_REASON_DEVICE_GONE);
	}
	mutex_unlock(&cd->cn->lock);
	cr_txctx_del(cd);
	gro_cells_destroy(&cd->gro);
}

static void crdev_free(struct net_device *dev)
{
	struct cr_dev *cd = netdev_priv(dev);

	cr_txctx_free(cd);
	percpu_counter_destroy(&cd->queued);
	free_percpu(cd->stats);
	kvfree(rcu_dereference_protected(cd->flows, 1));
	kvfree(rcu_dereference_protected(cd->hash, 1));
}

static const struct net_device_ops cr_netdev_ops = {
	.ndo_init	= crdev_init,
	.ndo_uninit	= crdev_uninit,
	.ndo_open	= crdev_open,
	.ndo_stop	= crdev_stop,
	.ndo_start_xmit	= crdev_xmit,
	.ndo_get_stats64 = crdev_stats64,
};

static const struct device_type cr_dev_type = { .name = "cellrelay" };

static void crdev_setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM |
					   NETIF_F_GSO_SOFTWARE | NETIF_F_HIGHDMA;

	dev->netdev_ops = &cr_netdev_ops;
	dev->ethtool_ops = &cr_ethtool_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->mtu = CR_MTU_MIN;
	dev->min_mtu = CR_MTU_MIN;
	dev->max_mtu = CR_DEV_MTU_MAX;
	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	dev->needs_free_netdev = true;
	dev->priv_destructor = crdev_free;
	cr_compat_dev_flags(dev);
	/* Errors about packets for which there is no circuit need the route. */
	netif_keep_dst(dev);
	SET_NETDEV_DEVTYPE(dev, &cr_dev_type);
}

static struct rtnl_link_ops cr_link_ops __read_mostly = {
	.kind		= "cellrelay",
	.priv_size	= sizeof(struct cr_dev),
	.setup		= crdev_setup,
};

/**
 * cr_dev_is() - is this one of our devices?
 * @dev: device
 */
bool cr_dev_is(const struct net_device *dev)
{
	return dev->netdev_ops == &cr_netdev_ops;
}

/**
 * cr_dev_ifindex() - index of a device
 * @cd: device
 */
u32 cr_dev_ifindex(const struct cr_dev *cd)
{
	return cd->dev->ifindex;
}

static struct cr_addr_hash *hash_new(u32 circ_max)
{
	struct cr_addr_hash *h;
	u32 n;

	n = clamp(circ_max / 2, CR_HASH_MIN, CR_HASH_MAX);
	n = roundup_pow_of_two(n);
	h = kvzalloc(struct_size(h, head, n), GFP_KERNEL_ACCOUNT);
	if (h) {
		h->mask = n - 1;
		h->seed = get_random_u32();
	}
	return h;
}

/* Make an exit's circuit known by its addresses. */
static int bind_exit(struct cr_dev *cd, struct cr_txq *q, struct netlink_ext_ack *extack)
{
	struct cr_addr_hash *h = rcu_dereference_protected(cd->hash,
							   lockdep_is_held(&cd->cn->lock));
	bool has6 = !ipv6_addr_any(&q->addr6);

	if (!q->addr4 && !has6) {
		NL_SET_ERR_MSG(extack, "an exit's circuit needs an inner address");
		return -EINVAL;
	}
	if (!h) {
		h = hash_new(cd->cn->circ_max);
		if (!h)
			return -ENOMEM;
		rcu_assign_pointer(cd->hash, h);
	}
	if ((q->addr4 && find4(h, q->addr4)) || (has6 && find6(h, &q->addr6))) {
		NL_SET_ERR_MSG(extack, "another circuit of this device has this inner address");
		return -EADDRINUSE;
	}
	if (q->addr4)
		hlist_add_head_rcu(&q->node4, &h->head[hash4(h, q->addr4)]);
	if (has6)
		hlist_add_head_rcu(&q->node6, &h->head[hash6(h, &q->addr6)]);
	return 0;
}

/* Replace a client's set by one with @add, or without @del. */
static int change_flows(struct cr_dev *cd, struct cr_txq *add, struct cr_txq *del)
{
	struct cr_flow_set *old = rcu_dereference_protected(cd->flows,
							    lockdep_is_held(&cd->cn->lock));
	u32 i, n = old ? old->n : 0;
	struct cr_flow_set *set;

	set = kvmalloc(struct_size(set, q, n + 1), GFP_KERNEL_ACCOUNT);
	if (!set) {
		if (!del)
			return -ENOMEM;
		/* Taking away must not fail: the last one moves into the gap. */
		for (i = 0; i < n; i++)
			if (old->q[i] == del)
				WRITE_ONCE(old->q[i], old->q[n - 1]);
		WRITE_ONCE(old->n, n - 1);
		return 0;
	}
	set->n = 0;
	for (i = 0; i < n; i++)
		if (old->q[i] != del)
			set->q[set->n++] = old->q[i];
	if (add)
		set->q[set->n++] = add;
	rcu_assign_pointer(cd->flows, set);
	kvfree_rcu(old, rcu);
	return 0;
}

/* The MTU follows the circuits until somebody sets another. */
static void update_mtu(struct cr_dev *cd)
{
	struct cr_circuit *circ;
	u32 mtu = CR_DEV_MTU_MAX;

	if (cd->dev->mtu != cd->auto_mtu)
		return;
	list_for_each_entry(circ, &cd->circs, dev_node)
		mtu = min(mtu, cr_mtu(circ->large, circ->exit_pos));
	if (mtu != cd->dev->mtu && !dev_set_mtu(cd->dev, mtu))
		cd->auto_mtu = mtu;
}

/**
 * cr_dev_bind() - bind a circuit to a device
 * @circ: circuit with an exit position, not bound; its inner addresses must not change
 *	while it is
 * @ifindex: a cellrelay device of the circuit's namespace
 * @extack: why not
 *
 * Context: rtnl, cn->lock.
 * Return: 0 or -errno.
 */
int cr_dev_bind(struct cr_circuit *circ, u32 ifindex, struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_index(circ->cn->net, ifindex);
	struct cr_txq *q;
	struct cr_dev *cd;
	int err;

	ASSERT_RTNL();
	lockdep_assert_held(&circ->cn->lock);
	if (!dev || !cr_dev_is(dev)) {
		NL_SET_ERR_MSG(extack, "no cellrelay device has this index");
		return -ENODEV;
	}
	cd = netdev_priv(dev);
	if (circ->tx) {
		NL_SET_ERR_MSG(extack, "the circuit is bound to a device already");
		return -EBUSY;
	}
	if (!circ->exit_pos) {
		NL_SET_ERR_MSG(extack, "a circuit without exit hop carries no packets");
		return -EINVAL;
	}
	if (cd->nr && cd->role != circ->role) {
		NL_SET_ERR_MSG(extack, "a device serves a client's circuits or an exit's, not both");
		return -EBUSY;
	}
	q = cr_txq_new(cd, circ);
	if (!q)
		return -ENOMEM;
	err = circ->role == CELLRELAY_ROLE_CLIENT ? change_flows(cd, q, NULL) :
						    bind_exit(cd, q, extack);
	if (err) {
		kfree(q);
		return err;
	}
	circ->tx = q;
	WRITE_ONCE(cd->role, circ->role);
	cd->nr++;
	list_add_tail(&circ->dev_node, &cd->circs);
	rcu_assign_pointer(circ->dev, cd);
	update_mtu(cd);
	return 0;
}

/**
 * cr_dev_unbind() - take a circuit from its device
 * @circ: circuit; nothing happens when it is not bound
 *
 * Who may still see it: senders that found the queue, poll functions and
 * receivers, all inside an RCU section; see cr_txq_kill().
 *
 * Context: process, cn->lock.
 */
void cr_dev_unbind(struct cr_circuit *circ)
{
	struct cr_txq *q = circ->tx;
	struct cr_dev *cd;

	lockdep_assert_held(&circ->cn->lock);
	if (!q)
		return;
	cd = q->cd;
	RCU_INIT_POINTER(circ->dev, NULL);
	if (circ->role == CELLRELAY_ROLE_CLIENT) {
		change_flows(cd, NULL, q);
	} else {
		hlist_del_init_rcu(&q->node4);
		hlist_del_init_rcu(&q->node6);
	}
	list_del_init(&circ->dev_node);
	cd->nr--;
	circ->tx = NULL;
	cr_txq_kill(q);
	if (circ->half && circ->half->len) {
		spin_lock_bh(&circ->half_lock);
		if (circ->half->len)
			cr_dev_lost(cd, circ, circ->role == CELLRELAY_ROLE_CLIENT,
				    circ->half->len, CR_DROP_HALF);
		circ->half->len = 0;
		spin_unlock_bh(&circ->half_lock);
	}
}

/*
 * Devices go before their namespace's counters: we are registered after, so taken
 * down before, what netns.c keeps.
 */
static void __net_exit crdev_net_exit(struct list_head *nets)
{
	struct net_device *dev, *next;
	LIST_HEAD(kill);
	struct net *net;

	rtnl_lock();
	list_for_each_entry(net, nets, exit_list)
		for_each_netdev_safe(net, dev, next)
			if (cr_dev_is(dev))
				unregister_netdevice_queue(dev, &kill);
	unregister_netdevice_many(&kill);
	rtnl_unlock();
}

static struct pernet_operations crdev_net_ops = {
	.exit_batch = crdev_net_exit,
};

/**
 * cr_dev_init() - register the link type; after cr_netns_register()
 *
 * Return: 0 or -errno.
 */
int cr_dev_init(void)
{
	int err = register_pernet_device(&crdev_net_ops);

	if (err)
		return err;
	err = rtnl_link_register(&cr_link_ops);
	if (err)
		unregister_pernet_device(&crdev_net_ops);
	return err;
}

/** cr_dev_exit() - unregister it; deletes every device */
void cr_dev_exit(void)
{
	rtnl_link_unregister(&cr_link_ops);
	unregister_pernet_device(&crdev_net_ops);
}
