/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A link: our session with a peer. Up to three generations of keys exist at
 * once (previous, current, next); circuits bind to the link, not to a key.
 */
#ifndef CR_LINK_H
#define CR_LINK_H

#include <net/dst_cache.h>

#include "core/header.h"
#include "core/replay.h"
#include "sock.h"

#define CR_LINK_GENS	3

/**
 * struct cr_keygen - one generation of a link's keys
 * @e: entry in cr_net.gens; e.id is our receiving index
 * @rx: receiving header keys
 * @tx: sending header keys
 * @tx_idx: peer's index key
 * @tx_index: peer's receiving index
 * @link: owner; lives longer than its generations
 * @rx_ctl: key of received link control cells
 * @tx_ctl: key of sent link control cells
 * @ctl_lock: spinlock_bh, guards @ctl_top and @ctl_win
 * @ctl_top: replay window's top
 * @ctl_win: replay window of circ 0
 * @ctl_ctr: next sending counter of circ 0
 * @expires: ktime_get_boottime_ns() after which nothing is accepted; 0: never
 * @gen: 0..CR_LINK_GENS - 1
 * @rcu: frees it, keys wiped
 */
struct cr_keygen {
	struct cr_entry e;
	struct cr_hdr_keys rx;
	struct cr_hdr_keys tx;
	struct cr_siphash_key tx_idx;
	u32 tx_index;
	struct cr_link *link;
	u8 rx_ctl[CR_KEY_LEN];
	u8 tx_ctl[CR_KEY_LEN];
	spinlock_t ctl_lock;
	u64 ctl_top;
	struct cr_replay ctl_win;
	atomic64_t ctl_ctr;
	u64 expires;
	u8 gen;
	struct rcu_head rcu;
};

/** struct cr_key_cfg - what KEY_NEW asks for; wiped by the caller */
struct cr_key_cfg {
	u8 gen;
	u32 rx_index, tx_index;
	struct cr_hdr_keys rx, tx;
	struct cr_siphash_key tx_idx;
	u8 rx_ctl[CR_KEY_LEN], tx_ctl[CR_KEY_LEN];
	u32 expires_ms;
	bool send;
};

/**
 * struct cr_endpoint - peer's address and the way there; replaced as a whole when address or
 * socket change, so that nobody can put the old way into the new cache; read under RCU
 * @addr: address
 * @dst_cache: route to it, shared by both paths
 * @rcu: frees it
 */
struct cr_endpoint {
	struct cr_addr addr;
	struct dst_cache dst_cache;
	struct rcu_head rcu;
};

/** struct cr_link_cfg - what LINK_NEW and LINK_SET ask for; @has_* say what is given */
struct cr_link_cfg {
	u32 id;
	u32 sock;
	struct cr_addr addr;
	u32 flags;
	bool has_sock, has_addr, has_flags;
};

/**
 * struct cr_link_stats - one CPU's counters of a link
 */
struct cr_link_stats {
	struct cellrelay_count rx, tx;
};

/**
 * struct cr_link - session with a peer
 * @id: its id
 * @flags: CELLRELAY_LINK_F_*
 * @cn: namespace
 * @send: generation used for sending; RCU, changed under cn->lock
 * @gen: all generations; RCU, changed under cn->lock
 * @sock: socket it sends from, NULL when that was deleted; RCU, changed under cn->lock
 * @ep: peer's address; RCU, changed under cn->lock after @sock: who reads it first, with
 *	acquire, finds a socket at least as new
 * @stats: per-CPU counters
 * @last_rx: ktime_get_boottime_ns()-ish (coarse) time of the last authentic cell; 0: never
 * @roam_stamp: when the last ROAM event was sent, so that they are rate limited
 * @prev_circs: circuits whose link towards the client this is, by prev_node; under cn->lock
 * @next_circs: circuits whose link away from the client this is, by next_node; under cn->lock
 * @circ_count: circuits in both lists; under cn->lock
 * @dead: being deleted; set under cn->lock, read anywhere
 * @rcu: frees it
 */
struct cr_link {
	u32 id;
	u32 flags;
	struct cr_net *cn;
	struct cr_keygen __rcu *send;
	struct cr_keygen __rcu *gen[CR_LINK_GENS];
	struct cr_sock __rcu *sock;
	struct cr_endpoint __rcu *ep;
	struct cr_link_stats __percpu *stats;
	u64 last_rx;
	u64 roam_stamp;
	struct list_head prev_circs;
	struct list_head next_circs;
	u32 circ_count;
	bool dead;
	struct rcu_head rcu;
};

/* All of these hold cn->lock. */
struct cr_link *cr_link_new(struct cr_net *cn, const struct cr_link_cfg *cfg,
			    struct netlink_ext_ack *extack);
int cr_link_set(struct cr_link *link, const struct cr_link_cfg *cfg,
		struct netlink_ext_ack *extack);
void cr_link_del(struct cr_link *link, u8 reason);
int cr_link_key_new(struct cr_link *link, const struct cr_key_cfg *cfg,
		    struct netlink_ext_ack *extack);
int cr_link_key_set(struct cr_link *link, u8 gen, bool send, bool has_expires, u32 expires_ms,
		    struct netlink_ext_ack *extack);
int cr_link_key_del(struct cr_link *link, u8 gen, u8 reason, struct netlink_ext_ack *extack);
void cr_link_sum(const struct cr_link *link, struct cr_link_stats *sum);
/* Delete keys whose time is over. Return: when the next one is due, 0: none has an end. */
u64 cr_link_expire(struct cr_net *cn);
/* A socket went: every link that used it forgets it. */
void cr_link_sock_gone(struct cr_net *cn, const struct cr_sock *cs);

/** cr_link_heard() - a cell of the link is authentic as far as this host can tell */
static inline void cr_link_heard(struct cr_link *link, u64 now)
{
	if (READ_ONCE(link->last_rx) != now) /* shared by all CPUs: dirty once a tick */
		WRITE_ONCE(link->last_rx, now);
}

/** cr_link_find() - link by id; RCU or cn->lock */
static inline struct cr_link *cr_link_find(struct cr_net *cn, u32 id)
{
	return xa_load(&cn->links, id);
}

#endif /* CR_LINK_H */
