// SPDX-License-Identifier: GPL-2.0
#include <linux/cellrelay.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "circuit.h"
#include "link.h"
#include "netlink.h"
#include "relay.h"

static void cr_keygen_free_rcu(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct cr_keygen, rcu));
}

static void cr_endpoint_free(struct cr_endpoint *ep)
{
	if (!ep)
		return;
	dst_cache_destroy(&ep->dst_cache);
	kfree(ep);
}

static void cr_endpoint_free_rcu(struct rcu_head *rcu)
{
	cr_endpoint_free(container_of(rcu, struct cr_endpoint, rcu));
}

static struct cr_endpoint *cr_endpoint_new(const struct cr_addr *addr)
{
	struct cr_endpoint *ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);

	if (!ep)
		return NULL;
	ep->addr = *addr;
	if (dst_cache_init(&ep->dst_cache, GFP_KERNEL_ACCOUNT)) {
		kfree(ep);
		return NULL;
	}
	return ep;
}

static void cr_link_free_rcu(struct rcu_head *rcu)
{
	struct cr_link *link = container_of(rcu, struct cr_link, rcu);

	cr_endpoint_free(rcu_dereference_protected(link->ep, true));
	free_percpu(link->stats);
	kfree(link);
}

static struct cr_keygen *cr_link_gen(struct cr_link *link, u8 gen)
{
	return rcu_dereference_protected(link->gen[gen], lockdep_is_held(&link->cn->lock));
}

static int cr_link_check_addr(const struct cr_addr *a, struct netlink_ext_ack *extack)
{
	if (!a->port) {
		NL_SET_ERR_MSG(extack, "the peer's port must not be 0");
		return -EINVAL;
	}
	if (a->family == AF_INET) {
		if (a->in4 && !ipv4_is_multicast(a->in4) && !ipv4_is_lbcast(a->in4))
			return 0;
	} else if (a->family == AF_INET6) {
		if (ipv6_addr_v4mapped(&a->in6)) {
			NL_SET_ERR_MSG(extack, "give an IPv4 peer by its 4-byte address");
			return -EINVAL;
		}
		if (!ipv6_addr_any(&a->in6) && !ipv6_addr_is_multicast(&a->in6))
			return 0;
	} else {
		NL_SET_ERR_MSG(extack, "the peer's address must be IPv4 or IPv6");
		return -EAFNOSUPPORT;
	}
	NL_SET_ERR_MSG(extack, "the peer's address must be a unicast address");
	return -EINVAL;
}

/* Everything about a configuration that can be refused before anything changes. */
static int cr_link_check(struct cr_link *link, const struct cr_link_cfg *cfg,
			 struct netlink_ext_ack *extack)
{
	const struct cr_sock *cs = rcu_dereference_protected(link->sock,
							     lockdep_is_held(&link->cn->lock));
	const struct cr_endpoint *ep = rcu_dereference_protected(link->ep,
								 lockdep_is_held(&link->cn->lock));
	const struct cr_addr *addr = ep ? &ep->addr : NULL;
	int err;

	if (cfg->has_sock) {
		cs = xa_load(&link->cn->socks, cfg->sock);
		if (!cs) {
			NL_SET_ERR_MSG(extack, "no socket with this id; make it first");
			return -ENOENT;
		}
	}
	if (cfg->has_addr) {
		addr = &cfg->addr;
		err = cr_link_check_addr(addr, extack);
		if (err)
			return err;
	}
	if (cfg->has_flags && (cfg->flags & ~CELLRELAY_LINK_F_ROAM)) {
		NL_SET_ERR_MSG(extack, "unknown link flag");
		return -EINVAL;
	}
	if (cs && addr && cs->local.family != addr->family) {
		NL_SET_ERR_MSG(extack, "socket and peer's address are of different families");
		return -EAFNOSUPPORT;
	}
	return cr_output_check_loop(cs, addr, extack);
}

/* Cannot fail for lack of anything but memory: cr_link_check() was there before. */
static int cr_link_apply(struct cr_link *link, const struct cr_link_cfg *cfg)
{
	struct cr_endpoint *old = rcu_dereference_protected(link->ep,
							    lockdep_is_held(&link->cn->lock));
	struct cr_endpoint *ep = old;

	if (cfg->has_addr || (cfg->has_sock && old)) {
		ep = cr_endpoint_new(cfg->has_addr ? &cfg->addr : &old->addr);
		if (!ep)
			return -ENOMEM;
	}
	if (cfg->has_sock)
		rcu_assign_pointer(link->sock, xa_load(&link->cn->socks, cfg->sock));
	if (ep != old) {
		rcu_assign_pointer(link->ep, ep);
		if (old)
			call_rcu(&old->rcu, cr_endpoint_free_rcu);
	}
	if (cfg->has_flags)
		WRITE_ONCE(link->flags, cfg->flags);
	return 0;
}

/**
 * cr_link_new() - make a link, without keys yet
 * @cn: namespace, its lock held
 * @cfg: what is known; @cfg->id 0: choose one
 * @extack: where to say why not
 *
 * Return: the link or an ERR_PTR().
 */
struct cr_link *cr_link_new(struct cr_net *cn, const struct cr_link_cfg *cfg,
			    struct netlink_ext_ack *extack)
{
	struct cr_link *link;
	int err;

	lockdep_assert_held(&cn->lock);
	if (cn->dead) {
		NL_SET_ERR_MSG(extack, "the namespace or the module is going away");
		return ERR_PTR(-ESHUTDOWN);
	}
	if (cr_netns_paused()) {
		NL_SET_ERR_MSG(extack, "the machine is being suspended; make links when it is back");
		return ERR_PTR(-EBUSY);
	}
	if (cn->link_count >= cn->link_max) {
		NL_SET_ERR_MSG(extack, "this namespace has all the links it may have; see LINK_MAX");
		return ERR_PTR(-ENOSPC);
	}
	link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);
	if (!link)
		return ERR_PTR(-ENOMEM);
	link->cn = cn;
	link->id = cfg->id;
	INIT_LIST_HEAD(&link->prev_circs);
	INIT_LIST_HEAD(&link->next_circs);
	err = -ENOMEM;
	link->stats = alloc_percpu_gfp(struct cr_link_stats, GFP_KERNEL_ACCOUNT);
	if (!link->stats)
		goto err_free;
	err = cr_link_check(link, cfg, extack);
	if (err)
		goto err_stats;
	err = cr_link_apply(link, cfg);
	if (err)
		goto err_stats;

	if (link->id) {
		err = xa_insert(&cn->links, link->id, link, GFP_KERNEL_ACCOUNT);
		if (err == -EBUSY) {
			NL_SET_ERR_MSG(extack, "a link with this id exists");
			err = -EEXIST;
		}
	} else {
		/* Ids of links that went are not given out again soon. */
		err = xa_alloc_cyclic(&cn->links, &link->id, link, xa_limit_31b, &cn->link_next,
				      GFP_KERNEL_ACCOUNT);
	}
	if (err < 0)
		goto err_ep;
	cn->link_count++;
	cr_event_link(link, CELLRELAY_EVENT_LINK_NEW, CELLRELAY_REASON_REQUEST);
	return link;

err_ep:
	cr_endpoint_free(rcu_dereference_protected(link->ep, true));
err_stats:
	free_percpu(link->stats);
err_free:
	kfree(link);
	return ERR_PTR(err);
}

/**
 * cr_link_set() - change socket, address or flags
 * @link: link, its namespace's lock held
 * @cfg: what to change
 * @extack: where to say why not
 *
 * Return: 0 or -errno; nothing changed then.
 */
int cr_link_set(struct cr_link *link, const struct cr_link_cfg *cfg,
		struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&link->cn->lock);
	err = cr_link_check(link, cfg, extack) ?: cr_link_apply(link, cfg);
	if (err)
		return err;
	cr_event_link(link, CELLRELAY_EVENT_LINK_CHANGED, CELLRELAY_REASON_REQUEST);
	return 0;
}

/* Who may still hold it: a receiver that found it in cr_net.gens, a sender
 * that read link->send or link->gen; all in an RCU read section, which
 * call_rcu() waits for.
 */
static void cr_keygen_del(struct cr_keygen *g)
{
	struct cr_link *link = g->link;

	cr_table_del(&link->cn->gens, &g->e);
	RCU_INIT_POINTER(link->gen[g->gen], NULL);
	if (rcu_access_pointer(link->send) == g)
		RCU_INIT_POINTER(link->send, NULL);
	call_rcu(&g->rcu, cr_keygen_free_rcu);
}

/**
 * cr_link_del() - delete a link, its keys and every circuit that uses it
 * @link: link, its namespace's lock held
 * @reason: enum cellrelay_event_reason
 *
 * Who may still hold it afterwards: RCU readers that found it in cr_net.links,
 * through a key generation, or through a direction of a circuit. Those are all
 * unlinked before call_rcu(), so one grace period covers them. Work items and
 * timers hold no link: they look it up by id or in cr_net.links under the lock.
 */
void cr_link_del(struct cr_link *link, u8 reason)
{
	struct cr_circuit *circ, *tmp;
	unsigned int i;

	lockdep_assert_held(&link->cn->lock);
	WRITE_ONCE(link->dead, true);
	list_for_each_entry_safe(circ, tmp, &link->prev_circs, prev_node)
		cr_circ_del(circ, reason == CELLRELAY_REASON_REQUEST ?
			    CELLRELAY_REASON_LINK_GONE : reason);
	list_for_each_entry_safe(circ, tmp, &link->next_circs, next_node)
		cr_circ_del(circ, reason == CELLRELAY_REASON_REQUEST ?
			    CELLRELAY_REASON_LINK_GONE : reason);
	for (i = 0; i < CR_LINK_GENS; i++)
		if (cr_link_gen(link, i))
			cr_keygen_del(cr_link_gen(link, i));
	xa_erase(&link->cn->links, link->id);
	link->cn->link_count--;
	cr_event_link(link, CELLRELAY_EVENT_LINK_DEL, reason);
	call_rcu(&link->rcu, cr_link_free_rcu);
}

/* When keys that expire in @ms from now expire; 0: never. */
static u64 cr_key_expiry(u32 ms)
{
	return ms ? cr_now() + (u64)ms * NSEC_PER_MSEC : 0;
}

/**
 * cr_link_key_new() - install a generation of keys
 * @link: link, its namespace's lock held
 * @cfg: keys
 * @extack: where to say why not
 *
 * Sending counters start at random, so that a generation installed twice by
 * mistake is unlikely to repeat a nonce.
 *
 * Return: 0 or -errno.
 */
int cr_link_key_new(struct cr_link *link, const struct cr_key_cfg *cfg,
		    struct netlink_ext_ack *extack)
{
	struct cr_keygen *g;
	int err;

	lockdep_assert_held(&link->cn->lock);
	if (cfg->gen >= CR_LINK_GENS) {
		NL_SET_ERR_MSG(extack, "key generation must be 0, 1 or 2");
		return -EINVAL;
	}
	if (cr_link_gen(link, cfg->gen)) {
		NL_SET_ERR_MSG(extack, "this generation has keys; delete them first");
		return -EEXIST;
	}
	g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	if (!g)
		return -ENOMEM;
	g->e.id = cfg->rx_index;
	g->rx = cfg->rx;
	g->tx = cfg->tx;
	g->tx_idx = cfg->tx_idx;
	g->tx_index = cfg->tx_index;
	g->link = link;
	memcpy(g->rx_ctl, cfg->rx_ctl, CR_KEY_LEN);
	memcpy(g->tx_ctl, cfg->tx_ctl, CR_KEY_LEN);
	spin_lock_init(&g->ctl_lock);
	atomic64_set(&g->ctl_ctr, get_random_u64() & (CR_CTR_START_LIMIT - 1));
	g->expires = cr_key_expiry(cfg->expires_ms);
	g->gen = cfg->gen;
	err = cr_table_add(&link->cn->gens, &g->e);
	if (err) {
		NL_SET_ERR_MSG(extack, "this receiving index is in use; draw another");
		kfree_sensitive(g);
		return err;
	}
	rcu_assign_pointer(link->gen[g->gen], g);
	if (cfg->send)
		rcu_assign_pointer(link->send, g);
	if (g->expires)
		cr_net_expire_arm(link->cn, g->expires);
	cr_event_key(link, CELLRELAY_EVENT_KEY_NEW, g->gen, CELLRELAY_REASON_REQUEST);
	return 0;
}

/**
 * cr_link_key_set() - send with a generation, or give it another end
 * @link: link, its namespace's lock held
 * @gen: generation
 * @send: send with it from now on
 * @has_expires: @expires_ms is given
 * @expires_ms: from now; 0: never
 * @extack: where to say why not
 *
 * Return: 0 or -ENOENT.
 */
int cr_link_key_set(struct cr_link *link, u8 gen, bool send, bool has_expires, u32 expires_ms,
		    struct netlink_ext_ack *extack)
{
	struct cr_keygen *g;

	lockdep_assert_held(&link->cn->lock);
	g = gen < CR_LINK_GENS ? cr_link_gen(link, gen) : NULL;
	if (!g) {
		NL_SET_ERR_MSG(extack, "this generation has no keys");
		return -ENOENT;
	}
	if (send)
		rcu_assign_pointer(link->send, g);
	if (has_expires) {
		WRITE_ONCE(g->expires, cr_key_expiry(expires_ms));
		if (g->expires)
			cr_net_expire_arm(link->cn, g->expires);
	}
	return 0;
}

/**
 * cr_link_key_del() - forget a generation of keys
 * @link: link, its namespace's lock held
 * @gen: generation
 * @reason: enum cellrelay_event_reason
 * @extack: where to say why not
 *
 * Return: 0 or -ENOENT.
 */
int cr_link_key_del(struct cr_link *link, u8 gen, u8 reason, struct netlink_ext_ack *extack)
{
	struct cr_keygen *g;

	lockdep_assert_held(&link->cn->lock);
	g = gen < CR_LINK_GENS ? cr_link_gen(link, gen) : NULL;
	if (!g) {
		NL_SET_ERR_MSG(extack, "this generation has no keys");
		return -ENOENT;
	}
	cr_keygen_del(g);
	cr_event_key(link, CELLRELAY_EVENT_KEY_DEL, gen, reason);
	return 0;
}

/**
 * cr_link_expire() - delete every key whose time is over
 * @cn: namespace, its lock held
 *
 * Return: when the next one is due, as cr_now(); 0: none.
 */
u64 cr_link_expire(struct cr_net *cn)
{
	u64 now = cr_now(), next = 0;
	struct cr_link *link;
	unsigned long id;
	unsigned int i;

	lockdep_assert_held(&cn->lock);
	xa_for_each(&cn->links, id, link) {
		for (i = 0; i < CR_LINK_GENS; i++) {
			struct cr_keygen *g = cr_link_gen(link, i);

			if (!g || !g->expires)
				continue;
			if (g->expires <= now)
				cr_link_key_del(link, i, CELLRELAY_REASON_EXPIRED, NULL);
			else if (!next || g->expires < next)
				next = g->expires;
		}
		cond_resched();
	}
	return next;
}

/**
 * cr_link_sock_gone() - a socket is being closed: its links forget it
 * @cn: namespace, its lock held
 * @cs: socket; the caller waits for RCU readers before it frees it
 */
void cr_link_sock_gone(struct cr_net *cn, const struct cr_sock *cs)
{
	struct cr_link *link;
	unsigned long id;

	lockdep_assert_held(&cn->lock);
	xa_for_each(&cn->links, id, link) {
		if (rcu_access_pointer(link->sock) != cs)
			continue;
		RCU_INIT_POINTER(link->sock, NULL);
		cr_event_link(link, CELLRELAY_EVENT_LINK_CHANGED, CELLRELAY_REASON_REQUEST);
	}
}

/**
 * cr_link_sum() - sum the counters of all CPUs
 * @link: link
 * @sum: result
 */
void cr_link_sum(const struct cr_link *link, struct cr_link_stats *sum)
{
	unsigned int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct cr_link_stats *s = per_cpu_ptr(link->stats, cpu);

		sum->rx.cells += READ_ONCE(s->rx.cells);
		sum->rx.bytes += READ_ONCE(s->rx.bytes);
		sum->tx.cells += READ_ONCE(s->tx.cells);
		sum->tx.bytes += READ_ONCE(s->tx.bytes);
	}
}
