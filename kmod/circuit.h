/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A circuit: a client's way through us. A relay's circuit has a link towards
 * the client and, unless it ends here, one away from it. A client's circuit
 * has one link and all hops' keys.
 */
#ifndef CR_CIRCUIT_H
#define CR_CIRCUIT_H

#include <linux/cellrelay.h>

#include "core/aead.h"
#include "core/frame.h"
#include "link.h"

struct cr_dev;

/**
 * struct cr_dir - one direction of a circuit
 *
 * The first cache line is all that a look-up and a replay check touch.
 *
 * @e: entry in cr_net.dirs when cells of this direction arrive here; e.id is the
 *	circuit id that we chose
 * @lock: spinlock_bh, guards @top, @win, @bucket, @count, @dropped
 * @d: which direction this is: CELLRELAY_FWD or CELLRELAY_BWD
 * @link_in: link whose cells these are; NULL: cells of this direction start here
 * @top: replay window's top (relay); a client has one window per hop instead
 * @link_out: link they leave by; NULL: they end here. Set once more when a circuit
 *	is extended (release; readers acquire)
 * @circ_out: id that the receiver of @link_out chose
 * @cipher: layer key of a relay (forward: opens, backward: seals)
 * @tx_ctr: next counter of a relay's backward layer; one for forwarded and own cells
 * @bucket: rate limit
 * @count: cells and bytes that were charged: forwarded, delivered or originated
 * @dropped: cells of this direction dropped after the circuit was known
 * @win: replay window
 */
struct cr_dir {
	struct cr_entry e;
	spinlock_t lock;
	u8 d;
	struct cr_link *link_in;
	u64 top;

	struct cr_link *link_out;
	u32 circ_out;
	struct cr_cipher cipher;
	atomic64_t tx_ctr;
	struct cr_bucket bucket;
	struct cellrelay_count count;
	struct cellrelay_count dropped;
	struct cr_replay win;
} ____cacheline_aligned;

/**
 * struct cr_hop - a client's end of one hop
 * @fwd: seals forward layers
 * @bwd: opens backward layers
 * @tx_ctr: next forward counter
 * @top: replay window's top, backward; under the lock of the circuit's backward direction
 * @win: replay window, likewise
 * @suite: enum cellrelay_suite
 * @exit: DATA goes to, and is taken from, this hop only
 */
struct cr_hop {
	struct cr_cipher fwd;
	struct cr_cipher bwd;
	atomic64_t tx_ctr;
	u64 top;
	struct cr_replay win;
	u8 suite;
	bool exit;
};

/** struct cr_half - half of a split packet that waits for the other; one per circuit
 * @len: 0: none
 * @flags: which half
 * @ctr: counter of the cell it came in
 * @data: bytes
 */
struct cr_half {
	u16 len;
	u16 flags;
	u64 ctr;
	u8 data[CR_CELL_LARGE];
};

/**
 * struct cr_circuit - a circuit
 * @dir: CELLRELAY_FWD and CELLRELAY_BWD
 * @limit: absolute limit on the bytes of both directions; all ones: none
 * @rate: cap per direction, bytes/s
 * @cookie: unique while the module is loaded
 * @slot: index in the accounting map, unique on the machine
 * @id: netlink id
 * @role: enum cellrelay_role
 * @pos: a relay's position
 * @hops: a client's hops, in order of position; published by @nr_hops (release)
 * @nr_hops: how many of them are installed
 * @exit_pos: position of the hop that DATA belongs to: a client's exit hop, or @pos of an
 *	exit relay; 0: no DATA here
 * @large: CR_CELL_LARGE or CR_CELL_LARGE_V6MIN
 * @suite: a relay's suite
 * @dead: being deleted; set before it is unlinked
 * @limit_told: the CIRC_LIMIT event for this limit was sent; with @limit, changed under
 *	both directions' locks
 * @cn: namespace
 * @dev: device of a client or exit; RCU, changed under cn->lock
 * @inner4: client's inner address, 0: none. On an exit: the only source accepted and the
 *	address that leads back here
 * @inner6: likewise
 * @half: reassembly of split packets; allocated with the device binding, under half_lock
 * @half_lock: spinlock_bh
 * @tx: transmit queue of a client or exit, owned by device.c; NULL otherwise
 * @prev_node: in dir[BWD].link_out's prev_circs (relay)
 * @next_node: in dir[FWD].link_out's next_circs
 * @dev_node: in the device's list of circuits
 * @kill_work: ends the circuit from softirq (protocol violation)
 * @kill_state: bit 0: @kill_work was queued
 * @kill_reason: enum cellrelay_event_reason
 * @rcu: frees it, keys wiped
 * @reap: frees it in process context when @kill_work was ever queued, or a key is one of
 *	suite 2
 */
struct cr_circuit {
	struct cr_dir dir[2];
	u64 limit;
	u64 rate;
	u64 cookie;
	u32 slot;
	u32 id;
	u8 role;
	u8 pos;
	u8 nr_hops;
	u8 exit_pos;
	u16 large;
	u8 suite;
	bool dead;
	bool limit_told;
	struct cr_net *cn;
	struct cr_hop *hops;
	struct cr_dev __rcu *dev;
	__be32 inner4;
	struct in6_addr inner6;
	struct cr_half *half;
	spinlock_t half_lock;
	struct cr_txq *tx;
	struct list_head prev_node;
	struct list_head next_node;
	struct list_head dev_node;
	struct work_struct kill_work;
	unsigned long kill_state;
	u8 kill_reason;
	union {
		struct rcu_head rcu;
		struct work_struct reap;
	};
};

/** struct cr_circ_cfg - what CIRC_NEW and CIRC_SET ask for; keys wiped by the caller */
struct cr_circ_cfg {
	u32 id;
	u8 role, pos, suite;
	u16 large;
	u32 prev_link, prev_rx, prev_tx;
	u32 next_link, next_rx, next_tx;
	u8 key_fwd[CR_KEY_LEN], key_bwd[CR_KEY_LEN];
	u64 limit, rate;
	u32 ifindex;
	__be32 inner4;
	struct in6_addr inner6;
	bool has_prev, has_next, has_limit, has_rate, has_ifindex, has_inner4, has_inner6;
};

/** struct cr_hop_cfg - what HOP_NEW asks for; keys wiped by the caller */
struct cr_hop_cfg {
	u8 pos, suite;
	u8 key_fwd[CR_KEY_LEN], key_bwd[CR_KEY_LEN];
	bool exit;
};

/* All of these hold cn->lock (and those with an ifindex, rtnl before it). */
struct cr_circuit *cr_circ_new(struct cr_net *cn, const struct cr_circ_cfg *cfg,
			       struct netlink_ext_ack *extack);
int cr_circ_set(struct cr_circuit *circ, const struct cr_circ_cfg *cfg,
		struct netlink_ext_ack *extack);
int cr_circ_hop_new(struct cr_circuit *circ, const struct cr_hop_cfg *cfg,
		    struct netlink_ext_ack *extack);
void cr_circ_del(struct cr_circuit *circ, u8 reason);

/* Any context: end the circuit soon, from a worker; safe to call many times. */
void cr_circ_kill(struct cr_circuit *circ, u8 reason);

/** cr_circ_find() - circuit by id; RCU or cn->lock */
static inline struct cr_circuit *cr_circ_find(struct cr_net *cn, u32 id)
{
	return xa_load(&cn->circs, id);
}

/** cr_dir_circ() - the circuit of a direction */
static inline struct cr_circuit *cr_dir_circ(struct cr_dir *dir)
{
	return container_of(dir - dir->d, struct cr_circuit, dir[0]);
}

int cr_circ_init(void);
void cr_circ_exit(void);

#endif /* CR_CIRCUIT_H */
