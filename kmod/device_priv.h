/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the network device share. */
#ifndef CR_DEVICE_PRIV_H
#define CR_DEVICE_PRIV_H

#include <linux/netdevice.h>
#include <linux/percpu_counter.h>
#include <linux/timer.h>
#include <linux/u64_stats_sync.h>
#include <net/gro_cells.h>

#include "device.h"
#include "relay.h"

#define CR_TXQ_BYTES	(2u << 20)	/* one circuit's queue, in true sizes */
#define CR_TXQ_SLOW	(128u << 10)	/* the least that a rate-limited circuit may queue */
#define CR_TXQ_SLOW_MS	100		/* or what its rate carries in this time */
#define CR_TXQ_TOTAL	(64u << 20)	/* all circuits of a device */
#define CR_DEV_MTU_MAX	1500		/* two cells hold it at any hop count and size */
#define CR_TRAIN_CELLS	64		/* UDP_MAX_SEGMENTS of the oldest kernel */
#define CR_TRAIN_BYTES	65000

/**
 * struct cr_dev_stats - one CPU's counters of a device
 */
struct cr_dev_stats {
	u64_stats_t rx_packets, rx_bytes, rx_errors, rx_dropped;
	u64_stats_t tx_packets, tx_bytes, tx_errors, tx_dropped;
	struct u64_stats_sync sync;
};

#define cr_dev_count(cd, field, n) do {						\
	struct cr_dev_stats *__st = this_cpu_ptr((cd)->stats);			\
										\
	u64_stats_update_begin(&__st->sync);					\
	u64_stats_add(&__st->field, n);						\
	u64_stats_update_end(&__st->sync);					\
} while (0)

/* A packet and its bytes. */
#define cr_dev_count2(cd, packets, bytes, len) do {				\
	struct cr_dev_stats *__st = this_cpu_ptr((cd)->stats);			\
										\
	u64_stats_update_begin(&__st->sync);					\
	u64_stats_inc(&__st->packets);						\
	u64_stats_add(&__st->bytes, len);					\
	u64_stats_update_end(&__st->sync);					\
} while (0)

/**
 * struct cr_txctx - a CPU's transmit work of one device
 * @napi: runs the queues on @active
 * @cd: device
 * @lock: spinlock_bh, innermost; guards both lists
 * @active: queues that wait for a turn, in order
 * @waiting: queues that wait for tokens, longest first
 * @pf: memory that cells of trains are built in; the poll function's
 */
struct cr_txctx {
	struct napi_struct napi;
	struct cr_dev *cd;
	spinlock_t lock;
	struct list_head active;
	struct list_head waiting;
	struct page_frag pf;
};

/** struct cr_flow_set - a client device's circuits; replaced as a whole */
struct cr_flow_set {
	struct rcu_head rcu;
	u32 n;
	struct cr_txq *q[];
};

/** struct cr_addr_hash - an exit device's circuits by inner address
 * @mask: number of lists less one
 * @seed: of the hash
 * @head: the lists, IPv4 and IPv6 together
 */
struct cr_addr_hash {
	u32 mask;
	u32 seed;
	struct hlist_head head[];
};

/**
 * struct cr_dev - a cellrelay network device
 * @dev: itself
 * @cn: its namespace; it never leaves it
 * @gro: receive side
 * @ctx: transmit work per CPU
 * @stats: per CPU
 * @queued: true size of all that is queued
 * @circs: circuits bound to it; under cn->lock
 * @nr: their number, likewise
 * @role: enum cellrelay_role of all of them; under cn->lock
 * @auto_mtu: MTU that we set; when the device's differs, somebody chose one
 * @flows: a client's circuits; RCU, changed under cn->lock
 * @hash: an exit's circuits; RCU, set once under cn->lock, freed with the device
 */
struct cr_dev {
	struct net_device *dev;
	struct cr_net *cn;
	struct gro_cells gro;
	struct cr_txctx __percpu *ctx;
	struct cr_dev_stats __percpu *stats;
	struct percpu_counter queued;
	struct list_head circs;
	u32 nr;
	u8 role;
	u32 auto_mtu;
	struct cr_flow_set __rcu *flows;
	struct cr_addr_hash __rcu *hash;
};

/** enum cr_txq_where - who may touch a queue's @run; under the queue's lock
 * @CR_TXQ_IDLE: empty
 * @CR_TXQ_ACTIVE: on ctx->active
 * @CR_TXQ_RUNNING: a poll function works on it, without the lock
 * @CR_TXQ_WAITING: on ctx->waiting, timer armed
 * @CR_TXQ_DEAD: unbound; nothing enters any more
 */
enum cr_txq_where {
	CR_TXQ_IDLE,
	CR_TXQ_ACTIVE,
	CR_TXQ_RUNNING,
	CR_TXQ_WAITING,
	CR_TXQ_DEAD,
};

/**
 * struct cr_txq - transmit queue of a bound circuit
 *
 * One poll function at a time works on it, so that the circuit's packets keep
 * their order and its counters rise.
 *
 * @lock: spinlock_bh, guards @in, @bytes, @where; before ctx->lock
 * @in: packets as they came, GSO included
 * @bytes: true size of @in and @run
 * @where: see enum
 * @ctx: whose lists it is on
 * @node: in them
 * @run: packets under work, the first may be partly sent
 * @off: bytes of the first of @run that an earlier cell took
 * @seg: segments of the first of @run that earlier cells took (TCP)
 * @ctr: next reserved counter
 * @ctr_left: how many are reserved
 * @wait: jiffies to wait for tokens
 * @timer: ends the wait
 * @circ: circuit
 * @cd: device
 * @d: direction in which it sends
 * @hop: position of the hop that opens or seals the data layer
 * @cap_small: payload of a small cell
 * @cap_large: payload of a large cell
 * @large: large cell size
 * @hash: spreads circuits over the queues below
 * @addr4: inner IPv4 address
 * @addr6: inner IPv6 address
 * @node4: in the device's hash (exit)
 * @node6: likewise
 * @rcu: frees it
 */
struct cr_txq {
	spinlock_t lock;
	u8 where;
	u8 d;
	u8 hop;
	u16 large;
	u32 cap_small, cap_large;
	u32 bytes;
	u32 hash;
	struct sk_buff_head in;
	struct sk_buff_head run;
	u32 off;
	u32 seg;
	u64 ctr;
	u32 ctr_left;
	u32 wait;
	struct cr_txctx *ctx;
	struct list_head node;
	struct timer_list timer;
	struct cr_circuit *circ;
	struct cr_dev *cd;
	__be32 addr4;
	struct in6_addr addr6;
	struct hlist_node node4;
	struct hlist_node node6;
	struct rcu_head rcu;
};

/** struct cr_txcb - in the control block of queued packets
 * @charge: part of cr_txq.bytes that goes with it
 */
struct cr_txcb {
	u32 charge;
};

static inline struct cr_txcb *cr_txcb(const struct sk_buff *skb)
{
	return (struct cr_txcb *)skb->cb;
}

/* A packet that never became, or already was, part of a cell: one made here and lost here. */
static inline void cr_dev_lost(struct cr_dev *cd, struct cr_circuit *circ, u8 d, u32 len, u8 reason)
{
	cr_count_drop(cd->cn, circ, d, len, reason);
}

/* txq.c */
struct cr_txq *cr_txq_new(struct cr_dev *cd, struct cr_circuit *circ);
void cr_txq_kill(struct cr_txq *q);
void cr_txq_put(struct cr_txq *q, struct sk_buff *skb);
int cr_txctx_init(struct cr_dev *cd);
void cr_txctx_del(struct cr_dev *cd);
void cr_txctx_free(struct cr_dev *cd);
void cr_txctx_open(struct cr_dev *cd);
void cr_txctx_stop(struct cr_dev *cd);

/** enum cr_pack - why a queue's turn ended
 * @CR_PACK_EMPTY: nothing left
 * @CR_PACK_MORE: budget used
 * @CR_PACK_WAIT: no tokens; cr_txq.wait says for how long
 */
enum cr_pack {
	CR_PACK_EMPTY,
	CR_PACK_MORE,
	CR_PACK_WAIT,
};

enum cr_pack cr_pack_run(struct cr_txctx *ctx, struct cr_txq *q, int budget, int *done,
			 u32 *freed);

#endif /* CR_DEVICE_PRIV_H */
