// SPDX-License-Identifier: GPL-2.0
#include <linux/cellrelay.h>
#include <linux/idr.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "circuit.h"
#include "device.h"
#include "main.h"
#include "netlink.h"
#include "relay.h"
#include "suite.h"
#include "trace.h"

#define CR_KILL_QUEUED	0	/* bit of cr_circuit.kill_state */

static struct kmem_cache *cr_circ_cache;
static DEFINE_IDA(cr_slots);			/* slots of the accounting map, machine-wide */
static atomic64_t cr_cookie = ATOMIC64_INIT(0);	/* the first circuit gets 1 */

static void cr_circ_trace(const struct cr_circuit *circ, u32 event)
{
	/* A program that a softirq finds running on its CPU is skipped; here
	 * none can be interrupted by another event of the same kind.
	 */
	local_bh_disable();
	trace_cellrelay_circ(circ->slot, circ->cookie, circ->cn->cookie, event);
	local_bh_enable();
}

/* Does a key want to be freed in process context? */
static bool cr_circ_sleeps(const struct cr_circuit *circ)
{
	unsigned int i;

	/* The two keys of a hop are of one suite. */
	for (i = 0; i < circ->nr_hops; i++)
		if (cr_cipher_sleeps(&circ->hops[i].fwd))
			return true;
	return cr_cipher_sleeps(&circ->dir[CELLRELAY_FWD].cipher);
}

static void cr_circ_free(struct cr_circuit *circ)
{
	unsigned int i;

	cr_dev_free_circ(circ);
	for (i = 0; i < circ->nr_hops; i++) {
		cr_cipher_clear(&circ->hops[i].fwd);
		cr_cipher_clear(&circ->hops[i].bwd);
	}
	if (circ->hops)
		kfree_sensitive(circ->hops);
	for (i = 0; i < ARRAY_SIZE(circ->dir); i++)
		cr_cipher_clear(&circ->dir[i].cipher);
	memzero_explicit(circ->dir, sizeof(circ->dir));
	kmem_cache_free(cr_circ_cache, circ);
}

static void cr_circ_reap(struct work_struct *work)
{
	struct cr_circuit *circ = container_of(work, struct cr_circuit, reap);

	cancel_work_sync(&circ->kill_work);
	cr_circ_free(circ);
}

/*
 * No reader is left, so nobody can queue a kill any more; but one may be queued
 * or running, and only process context can wait for it, or free a key of suite 2. @rcu is
 * done with, so @reap may use its memory.
 */
static void cr_circ_free_rcu(struct rcu_head *rcu)
{
	struct cr_circuit *circ = container_of(rcu, struct cr_circuit, rcu);

	cr_circ_trace(circ, CELLRELAY_CIRC_DEL);
	ida_free(&cr_slots, circ->slot);
	if (test_bit(CR_KILL_QUEUED, &circ->kill_state) || cr_circ_sleeps(circ)) {
		INIT_WORK(&circ->reap, cr_circ_reap);
		queue_work(cr_wq, &circ->reap);
	} else {
		cr_circ_free(circ);
	}
}

static void cr_circ_kill_work(struct work_struct *work)
{
	struct cr_circuit *circ = container_of(work, struct cr_circuit, kill_work);

	mutex_lock(&circ->cn->lock);
	if (!circ->dead)
		cr_circ_del(circ, circ->kill_reason);
	mutex_unlock(&circ->cn->lock);
}

/**
 * cr_circ_kill() - end a circuit soon
 * @circ: circuit, held by RCU or its namespace's lock
 * @reason: enum cellrelay_event_reason
 *
 * Context: any; the first call counts.
 */
void cr_circ_kill(struct cr_circuit *circ, u8 reason)
{
	if (READ_ONCE(circ->dead) || test_and_set_bit(CR_KILL_QUEUED, &circ->kill_state))
		return;
	circ->kill_reason = reason;
	queue_work(cr_wq, &circ->kill_work);
}

static int cr_circ_check_large(u16 large, struct netlink_ext_ack *extack)
{
	if (large == CR_CELL_LARGE || large == CR_CELL_LARGE_V6MIN)
		return 0;
	NL_SET_ERR_MSG(extack, "the large cell size must be 1408 or 1232");
	return -EINVAL;
}

static int cr_circ_check_ids(struct cr_net *cn, u32 rx, u32 tx, struct netlink_ext_ack *extack)
{
	if (!rx || !tx) {
		NL_SET_ERR_MSG(extack, "circuit id 0 is the link itself; draw another");
		return -EINVAL;
	}
	if (cr_table_find(&cn->dirs, rx)) {
		NL_SET_ERR_MSG(extack, "this receiving circuit id is in use; draw another");
		return -EEXIST;
	}
	return 0;
}

static struct cr_link *cr_circ_link(struct cr_net *cn, u32 id, struct netlink_ext_ack *extack)
{
	struct cr_link *link = cr_link_find(cn, id);

	if (!link)
		NL_SET_ERR_MSG(extack, "no link with this id; make it first");
	return link;
}

/* Everything about a configuration that can be refused before anything is made. */
static int cr_circ_check(struct cr_net *cn, const struct cr_circ_cfg *cfg,
			 struct netlink_ext_ack *extack)
{
	int err;

	if (cn->dead) {
		NL_SET_ERR_MSG(extack, "the namespace or the module is going away");
		return -ESHUTDOWN;
	}
	if (cn->circ_count >= cn->circ_max) {
		NL_SET_ERR_MSG(extack, "this namespace has all the circuits it may have; see CIRC_MAX");
		return -ENOSPC;
	}
	err = cr_circ_check_large(cfg->large, extack);
	if (err)
		return err;
	switch (cfg->role) {
	case CELLRELAY_ROLE_RELAY:
		if (cfg->pos < 1 || cfg->pos > CR_HOPS_MAX) {
			NL_SET_ERR_MSG(extack, "a relay's position must be 1 to 8");
			return -EINVAL;
		}
		if (!cfg->has_prev) {
			NL_SET_ERR_MSG(extack, "a relay's circuit needs the link and ids towards the client (PREV_*)");
			return -EINVAL;
		}
		break;
	case CELLRELAY_ROLE_CLIENT:
		if (cfg->has_prev || !cfg->has_next) {
			NL_SET_ERR_MSG(extack, "a client's circuit has a next link (NEXT_*) and no previous one");
			return -EINVAL;
		}
		if (cfg->has_ifindex) {
			NL_SET_ERR_MSG(extack, "install the hops first, then give a client's circuit its device by CIRC_SET");
			return -EINVAL;
		}
		break;
	default:
		NL_SET_ERR_MSG(extack, "role must be relay or client");
		return -EINVAL;
	}
	if (cfg->has_prev) {
		err = cr_circ_check_ids(cn, cfg->prev_rx, cfg->prev_tx, extack);
		if (err)
			return err;
		if (!cr_circ_link(cn, cfg->prev_link, extack))
			return -ENOENT;
	}
	if (cfg->has_next) {
		err = cr_circ_check_ids(cn, cfg->next_rx, cfg->next_tx, extack);
		if (err)
			return err;
		if (!cr_circ_link(cn, cfg->next_link, extack))
			return -ENOENT;
	}
	if (cfg->has_prev && cfg->has_next) {
		if (cfg->prev_link == cfg->next_link) {
			NL_SET_ERR_MSG(extack, "previous and next link are the same: a loop");
			return -ELOOP;
		}
		if (cfg->prev_rx == cfg->next_rx) {
			NL_SET_ERR_MSG(extack, "both receiving circuit ids are the same; draw another");
			return -EINVAL;
		}
	}
	return 0;
}

static void cr_dir_init(struct cr_dir *dir, u8 d)
{
	dir->d = d;
	spin_lock_init(&dir->lock);
	atomic64_set(&dir->tx_ctr, get_random_u64() & (CR_CTR_START_LIMIT - 1));
}

/* Towards the client. cr_circ_check() was there before: nothing can fail. */
static void cr_circ_join_prev(struct cr_circuit *circ, struct cr_link *link, u32 rx, u32 tx)
{
	struct cr_dir *fwd = &circ->dir[CELLRELAY_FWD], *bwd = &circ->dir[CELLRELAY_BWD];

	fwd->e.id = rx;
	fwd->link_in = link;
	bwd->circ_out = tx;
	bwd->link_out = link;
	list_add_tail(&circ->prev_node, &link->prev_circs);
	link->circ_count++;
}

/* Away from the client. The release lets a receiver of forward cells that sees
 * the link see the id, too.
 */
static void cr_circ_join_next(struct cr_circuit *circ, struct cr_link *link, u32 rx, u32 tx)
{
	struct cr_dir *fwd = &circ->dir[CELLRELAY_FWD], *bwd = &circ->dir[CELLRELAY_BWD];

	bwd->e.id = rx;
	bwd->link_in = link;
	fwd->circ_out = tx;
	smp_store_release(&fwd->link_out, link);
	list_add_tail(&circ->next_node, &link->next_circs);
	link->circ_count++;
}

static void cr_circ_leave_links(struct cr_circuit *circ)
{
	if (circ->dir[CELLRELAY_BWD].link_out) {
		list_del(&circ->prev_node);
		circ->dir[CELLRELAY_BWD].link_out->circ_count--;
	}
	if (circ->dir[CELLRELAY_FWD].link_out) {
		list_del(&circ->next_node);
		circ->dir[CELLRELAY_FWD].link_out->circ_count--;
	}
}

/* An exit that loses its device stays an exit: DATA for it is dropped, not a violation. */
static int cr_circ_bind(struct cr_circuit *circ, const struct cr_circ_cfg *cfg,
			struct netlink_ext_ack *extack)
{
	u8 was = circ->exit_pos;
	int err;

	if (circ->role == CELLRELAY_ROLE_CLIENT && !circ->exit_pos) {
		NL_SET_ERR_MSG(extack, "the circuit has no exit hop yet; install it first");
		return -EINVAL;
	}
	if (circ->role == CELLRELAY_ROLE_RELAY)
		WRITE_ONCE(circ->exit_pos, circ->pos);
	err = cr_dev_bind(circ, cfg->ifindex, extack);
	if (err)
		WRITE_ONCE(circ->exit_pos, was);
	return err;
}

static int cr_circ_assign_id(struct cr_circuit *circ, struct netlink_ext_ack *extack)
{
	struct cr_net *cn = circ->cn;
	int err;

	/* The entry stays empty until the circuit is complete. */
	if (circ->id) {
		err = xa_insert(&cn->circs, circ->id, NULL, GFP_KERNEL_ACCOUNT);
		if (err == -EBUSY) {
			NL_SET_ERR_MSG(extack, "a circuit with this id exists");
			err = -EEXIST;
		}
		return err;
	}
	/* Ids of circuits that went are not given out again soon. */
	err = xa_alloc_cyclic(&cn->circs, &circ->id, NULL, xa_limit_31b, &cn->circ_next,
			      GFP_KERNEL_ACCOUNT);
	return min(err, 0);
}

/**
 * cr_circ_new() - make a circuit
 * @cn: namespace, its lock held; rtnl, too, when a device is given
 * @cfg: what is asked for
 * @extack: where to say why not
 *
 * Return: the circuit or an ERR_PTR().
 */
struct cr_circuit *cr_circ_new(struct cr_net *cn, const struct cr_circ_cfg *cfg,
			       struct netlink_ext_ack *extack)
{
	struct cr_circuit *circ;
	int err;

	lockdep_assert_held(&cn->lock);
	err = cr_circ_check(cn, cfg, extack);
	if (err)
		return ERR_PTR(err);
	circ = kmem_cache_zalloc(cr_circ_cache, GFP_KERNEL);
	if (!circ)
		return ERR_PTR(-ENOMEM);
	circ->cn = cn;
	circ->id = cfg->id;
	circ->role = cfg->role;
	circ->large = cfg->large;
	circ->limit = cfg->has_limit ? cfg->limit : U64_MAX;
	circ->rate = cfg->has_rate ? cfg->rate : CR_RATE_UNLIMITED;
	circ->inner4 = cfg->has_inner4 ? cfg->inner4 : 0;
	if (cfg->has_inner6)
		circ->inner6 = cfg->inner6;
	spin_lock_init(&circ->half_lock);
	INIT_WORK(&circ->kill_work, cr_circ_kill_work);
	cr_dir_init(&circ->dir[CELLRELAY_FWD], CELLRELAY_FWD);
	cr_dir_init(&circ->dir[CELLRELAY_BWD], CELLRELAY_BWD);
	if (cfg->role == CELLRELAY_ROLE_RELAY) {
		circ->pos = cfg->pos;
		circ->suite = cfg->suite;
		err = cr_cipher_set(&circ->dir[CELLRELAY_FWD].cipher, cfg->suite, cfg->key_fwd,
				    extack) ?:
		      cr_cipher_set(&circ->dir[CELLRELAY_BWD].cipher, cfg->suite, cfg->key_bwd,
				    extack);
		if (err)
			goto err_free;
	} else {
		circ->hops = kcalloc(CR_HOPS_MAX, sizeof(*circ->hops), GFP_KERNEL_ACCOUNT);
		if (!circ->hops) {
			err = -ENOMEM;
			goto err_free;
		}
	}
	err = ida_alloc(&cr_slots, GFP_KERNEL);
	if (err < 0)
		goto err_free;
	circ->slot = err;
	circ->cookie = atomic64_inc_return(&cr_cookie);
	err = cr_circ_assign_id(circ, extack);
	if (err)
		goto err_slot;

	cr_circ_trace(circ, CELLRELAY_CIRC_NEW);
	if (cfg->has_prev)
		cr_circ_join_prev(circ, cr_link_find(cn, cfg->prev_link), cfg->prev_rx,
				  cfg->prev_tx);
	if (cfg->has_next)
		cr_circ_join_next(circ, cr_link_find(cn, cfg->next_link), cfg->next_rx,
				  cfg->next_tx);
	if (cfg->has_ifindex) {
		err = cr_circ_bind(circ, cfg, extack);
		if (err)
			goto err_links;
	}
	/* Complete: cells may come. The ids were seen to be free. */
	if (cfg->has_prev)
		WARN_ON(cr_table_add(&cn->dirs, &circ->dir[CELLRELAY_FWD].e));
	if (cfg->has_next)
		WARN_ON(cr_table_add(&cn->dirs, &circ->dir[CELLRELAY_BWD].e));
	xa_store(&cn->circs, circ->id, circ, GFP_KERNEL_ACCOUNT); /* reserved: does not allocate */
	cn->circ_count++;
	cr_event_circ(circ, CELLRELAY_EVENT_CIRC_NEW, CELLRELAY_REASON_REQUEST);
	return circ;

err_links:
	cr_circ_leave_links(circ);
	cr_circ_trace(circ, CELLRELAY_CIRC_DEL);
	xa_erase(&cn->circs, circ->id);
err_slot:
	ida_free(&cr_slots, circ->slot);
err_free:
	cr_circ_free(circ);
	return ERR_PTR(err);
}

/* Both locks: no cell is between its refusal and the event, see cr_limit_tell(). */
static void cr_circ_set_limit(struct cr_circuit *circ, u64 limit)
{
	spin_lock_bh(&circ->dir[0].lock);
	spin_lock_nested(&circ->dir[1].lock, SINGLE_DEPTH_NESTING);
	WRITE_ONCE(circ->limit, limit);
	WRITE_ONCE(circ->limit_told, false);
	spin_unlock(&circ->dir[1].lock);
	spin_unlock_bh(&circ->dir[0].lock);
}

/**
 * cr_circ_set() - change limit, rate, device and addresses; extend once
 * @circ: circuit, its namespace's lock held; rtnl, too, when a device is given
 * @cfg: what to change
 * @extack: where to say why not
 *
 * Return: 0 or -errno; nothing changed then.
 */
int cr_circ_set(struct cr_circuit *circ, const struct cr_circ_cfg *cfg,
		struct netlink_ext_ack *extack)
{
	struct cr_net *cn = circ->cn;
	struct in6_addr old6 = circ->inner6;
	__be32 old4 = circ->inner4;
	struct cr_link *next = NULL;
	int err;

	lockdep_assert_held(&cn->lock);
	if (cfg->has_next) {
		if (circ->dir[CELLRELAY_FWD].link_out) {
			NL_SET_ERR_MSG(extack, "the circuit has a next link, which never changes");
			return -EEXIST;
		}
		err = cr_circ_check_ids(cn, cfg->next_rx, cfg->next_tx, extack);
		if (err)
			return err;
		next = cr_circ_link(cn, cfg->next_link, extack);
		if (!next)
			return -ENOENT;
		if (next == circ->dir[CELLRELAY_BWD].link_out) {
			NL_SET_ERR_MSG(extack, "previous and next link are the same: a loop");
			return -ELOOP;
		}
	}
	if (cfg->has_ifindex && !cfg->ifindex && (cfg->has_inner4 || cfg->has_inner6)) {
		NL_SET_ERR_MSG(extack, "take the circuit from its device first, then change its addresses");
		return -EINVAL;
	}
	if (cfg->has_ifindex && !cfg->ifindex) {
		cr_dev_unbind(circ);
	} else if (cfg->has_ifindex || cfg->has_inner4 || cfg->has_inner6) {
		if (rcu_access_pointer(circ->dev)) {
			NL_SET_ERR_MSG(extack, "the circuit has a device; take it from there (ifindex 0) before this changes");
			return -EEXIST;
		}
		if (cfg->has_inner4)
			circ->inner4 = cfg->inner4;
		if (cfg->has_inner6)
			circ->inner6 = cfg->inner6;
		err = cfg->has_ifindex ? cr_circ_bind(circ, cfg, extack) : 0;
		if (err) {
			circ->inner4 = old4;
			circ->inner6 = old6;
			return err;
		}
	}
	if (next) {
		cr_circ_join_next(circ, next, cfg->next_rx, cfg->next_tx);
		WARN_ON(cr_table_add(&cn->dirs, &circ->dir[CELLRELAY_BWD].e));
	}
	if (cfg->has_rate)
		WRITE_ONCE(circ->rate, cfg->rate);
	if (cfg->has_limit)
		cr_circ_set_limit(circ, cfg->limit);
	cr_event_circ(circ, CELLRELAY_EVENT_CIRC_CHANGED, CELLRELAY_REASON_REQUEST);
	return 0;
}

/**
 * cr_circ_hop_new() - install the keys of a client's next hop
 * @circ: a client's circuit, its namespace's lock held
 * @cfg: position and keys
 * @extack: where to say why not
 *
 * Return: 0 or -errno.
 */
int cr_circ_hop_new(struct cr_circuit *circ, const struct cr_hop_cfg *cfg,
		    struct netlink_ext_ack *extack)
{
	struct cr_hop *hop;
	int err;

	lockdep_assert_held(&circ->cn->lock);
	if (circ->role != CELLRELAY_ROLE_CLIENT) {
		NL_SET_ERR_MSG(extack, "only a client's circuit has hops");
		return -EINVAL;
	}
	if (cfg->pos > CR_HOPS_MAX || cfg->pos != circ->nr_hops + 1) {
		NL_SET_ERR_MSG(extack, "hops are installed in order: the position must be one more than those installed, at most 8");
		return -EINVAL;
	}
	if (cfg->exit && circ->exit_pos) {
		NL_SET_ERR_MSG(extack, "the circuit has an exit hop");
		return -EEXIST;
	}
	hop = &circ->hops[cfg->pos - 1];
	err = cr_cipher_set(&hop->fwd, cfg->suite, cfg->key_fwd, extack) ?:
	      cr_cipher_set(&hop->bwd, cfg->suite, cfg->key_bwd, extack);
	if (err) {
		cr_cipher_clear(&hop->fwd);
		return err;
	}
	atomic64_set(&hop->tx_ctr, get_random_u64() & (CR_CTR_START_LIMIT - 1));
	hop->suite = cfg->suite;
	hop->exit = cfg->exit;
	smp_store_release(&circ->nr_hops, cfg->pos);
	if (cfg->exit)
		WRITE_ONCE(circ->exit_pos, cfg->pos);
	cr_event_circ(circ, CELLRELAY_EVENT_CIRC_CHANGED, CELLRELAY_REASON_REQUEST);
	return 0;
}

/**
 * cr_circ_del() - delete a circuit
 * @circ: circuit, its namespace's lock held
 * @reason: enum cellrelay_event_reason
 *
 * Who may still hold it afterwards: RCU readers that found it in cr_net.dirs,
 * cr_net.circs or through its device; call_rcu() waits for them. A kill that
 * was queued: the callback leaves freeing to a work that waits for it. The
 * device: cr_dev_unbind() makes it forget. After the locks below nothing is
 * charged any more (cr_relay_charge() looks at @dead), so the event's counts are
 * final but for refunds of cells under way.
 */
void cr_circ_del(struct cr_circuit *circ, u8 reason)
{
	struct cr_net *cn = circ->cn;
	unsigned int d;

	lockdep_assert_held(&cn->lock);
	if (WARN_ON_ONCE(circ->dead))
		return;
	WRITE_ONCE(circ->dead, true);
	cr_dev_unbind(circ);
	for (d = 0; d < ARRAY_SIZE(circ->dir); d++) {
		if (circ->dir[d].link_in)
			cr_table_del(&cn->dirs, &circ->dir[d].e);
		spin_lock_bh(&circ->dir[d].lock);
		spin_unlock_bh(&circ->dir[d].lock);
	}
	cr_circ_leave_links(circ);
	xa_erase(&cn->circs, circ->id);
	cn->circ_count--;
	cr_event_circ(circ, CELLRELAY_EVENT_CIRC_DEL, reason);
	call_rcu(&circ->rcu, cr_circ_free_rcu);
}

/**
 * cr_circ_init() - make the slab cache
 *
 * Return: 0 or -ENOMEM.
 */
int cr_circ_init(void)
{
	/* What a look-up and a replay check touch is one cache line. */
	BUILD_BUG_ON(sizeof(spinlock_t) == 4 && offsetof(struct cr_dir, link_out) != 64);
	cr_circ_cache = KMEM_CACHE(cr_circuit, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	return cr_circ_cache ? 0 : -ENOMEM;
}

/** cr_circ_exit() - destroy it; every circuit was freed */
void cr_circ_exit(void)
{
	kmem_cache_destroy(cr_circ_cache);
	ida_destroy(&cr_slots);
}
