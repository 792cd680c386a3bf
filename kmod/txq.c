// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit queues of client and exit: one per bound circuit, worked off by a
 * NAPI instance per CPU and device.
 *
 * Why NAPI: what a softirq round queues (acknowledgements of a received batch,
 * say) is there before the poll function runs, so packets share cells without
 * a timer; the budget hands long work to ksoftirqd; and threaded mode (sysfs
 * "threaded") moves the cipher work off the sender's CPU where that pays.
 * An instance serves many circuits in turn, a budget of cells each, so that a
 * greedy circuit does not hold up the others, and 100 000 circuits need no
 * 100 000 NAPI instances.
 *
 * Packets stay owned by their socket until their bytes are sealed into a cell:
 * TCP small queues and socket buffers see this queue.
 *
 * What may wait, in true sizes of buffers: CR_TXQ_BYTES per circuit, less for one
 * with a low rate (txq_limit()), whose oldest packets make room; CR_TXQ_TOTAL per
 * device and CR_QUEUED_BATCH per CPU. At the latter the circuit that holds most makes
 * room, so that those that wait for a slow one do not suffer with it.
 */
#include <linux/jiffies.h>

#include "device_priv.h"

#define CR_QUEUED_BATCH	(256 << 10)	/* what a CPU may add before others see it */
#define CR_TXQ_LOOK	64		/* queues of a list among which the largest is sought */

static void txq_uncharge(struct cr_dev *cd, u32 bytes)
{
	percpu_counter_add_batch(&cd->queued, -(s64)bytes, CR_QUEUED_BATCH);
}

/* Drop all of @list; softirqs off. */
static void txq_drop(struct cr_txq *q, struct sk_buff_head *list, u8 reason)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(list))) {
		cr_dev_lost(q->cd, q->circ, q->d, skb->len, reason);
		cr_dev_count(q->cd, tx_dropped, 1);
		kfree_skb(skb);
	}
}

/*
 * Take the oldest packet, unless it is the last and @keep_last; q->lock held.
 * A queue that was killed in the middle of its turn is dead, not running, but @run
 * belongs to that turn until it ends. One that was killed at rest has nothing there.
 */
static struct sk_buff *txq_oldest(struct cr_txq *q, bool keep_last)
{
	struct sk_buff_head *from = &q->in;
	struct sk_buff *skb;

	if (q->where != CR_TXQ_RUNNING && q->where != CR_TXQ_DEAD && !skb_queue_empty(&q->run))
		from = &q->run;
	else if (skb_queue_len(from) < (keep_last ? 2 : 1))
		return NULL;
	skb = __skb_dequeue(from);
	if (from == &q->run) {
		q->off = 0;
		q->seg = 0;
	}
	q->bytes -= cr_txcb(skb)->charge;
	return skb;
}

/* A circuit with a rate may queue what leaves within CR_TXQ_SLOW_MS. */
static u32 txq_limit(const struct cr_txq *q)
{
	u64 rate = min(READ_ONCE(q->circ->rate), READ_ONCE(q->cd->cn->fair_rate));

	if (rate >= CR_TXQ_BYTES * (u64)(MSEC_PER_SEC / CR_TXQ_SLOW_MS))
		return CR_TXQ_BYTES;
	return max_t(u32, CR_TXQ_SLOW, (u32)rate / (MSEC_PER_SEC / CR_TXQ_SLOW_MS));
}

/* Of the queues that wait on any CPU, at least of many, the one that holds most. */
static struct cr_txq *txq_largest(struct cr_dev *cd)
{
	struct cr_txq *q, *best = NULL;
	u32 bytes, most = 0;
	int cpu, i, left;

	for_each_possible_cpu(cpu) {
		struct cr_txctx *ctx = per_cpu_ptr(cd->ctx, cpu);
		struct list_head *lists[] = { &ctx->waiting, &ctx->active };

		spin_lock(&ctx->lock);
		for (i = 0; i < ARRAY_SIZE(lists); i++) {
			left = CR_TXQ_LOOK;
			list_for_each_entry(q, lists[i], node) {
				bytes = READ_ONCE(q->bytes);
				if (bytes > most) {
					most = bytes;
					best = q;
				}
				if (!--left)
					break;
			}
		}
		spin_unlock(&ctx->lock);
	}
	return best;
}

/*
 * The device's queues together would hold too much: the largest loses its oldest
 * packets, half of what it has, so that not every packet starts a search.
 * Return: was there room made for @need bytes?
 */
static bool txq_evict(struct cr_dev *cd, u32 need)
{
	struct cr_txq *q = txq_largest(cd);
	struct sk_buff_head lost;
	struct sk_buff *skb;
	u32 freed = 0, want;

	if (!q)
		return false;
	__skb_queue_head_init(&lost);
	/* RCU keeps it, though it may be anywhere by now. */
	spin_lock(&q->lock);
	want = max(need, q->bytes / 2);
	while (freed < want && (skb = txq_oldest(q, false))) {
		freed += cr_txcb(skb)->charge;
		__skb_queue_tail(&lost, skb);
	}
	spin_unlock(&q->lock);
	txq_drop(q, &lost, CR_DROP_QUEUE_FULL);
	txq_uncharge(cd, freed);
	return freed >= need;
}

/* q->lock held. */
static void txq_activate(struct cr_txq *q, struct cr_txctx *ctx)
{
	q->where = CR_TXQ_ACTIVE;
	q->ctx = ctx;
	spin_lock(&ctx->lock);
	list_move_tail(&q->node, &ctx->active);
	spin_unlock(&ctx->lock);
}

/**
 * cr_txq_put() - queue a packet for a circuit; older ones go when there are too many
 * @q: queue
 * @skb: IP packet, GSO or not; consumed
 *
 * Context: softirqs off, RCU.
 */
void cr_txq_put(struct cr_txq *q, struct sk_buff *skb)
{
	u32 size = skb->truesize, freed = 0, limit = txq_limit(q);
	struct cr_txctx *ctx = NULL;
	struct cr_dev *cd = q->cd;
	struct sk_buff_head lost;
	struct sk_buff *old;

	__skb_queue_head_init(&lost);
	if (unlikely(percpu_counter_read(&cd->queued) + size > CR_TXQ_TOTAL) &&
	    !txq_evict(cd, size)) {
		__skb_queue_tail(&lost, skb);
		txq_drop(q, &lost, CR_DROP_QUEUE_FULL);
		return;
	}
	cr_txcb(skb)->charge = size;
	spin_lock(&q->lock);
	if (unlikely(q->where == CR_TXQ_DEAD)) {
		spin_unlock(&q->lock);
		__skb_queue_tail(&lost, skb);
		txq_drop(q, &lost, CR_DROP_DEAD);
		return;
	}
	__skb_queue_tail(&q->in, skb);
	q->bytes += size;
	while (unlikely(q->bytes > limit) && (old = txq_oldest(q, true))) {
		freed += cr_txcb(old)->charge;
		__skb_queue_tail(&lost, old);
	}
	if (q->where == CR_TXQ_IDLE) {
		ctx = this_cpu_ptr(cd->ctx);
		txq_activate(q, ctx);
	}
	spin_unlock(&q->lock);

	percpu_counter_add_batch(&cd->queued, (s64)size - freed, CR_QUEUED_BATCH);
	if (unlikely(!skb_queue_empty(&lost)))
		txq_drop(q, &lost, CR_DROP_QUEUE_FULL);
	if (ctx)
		napi_schedule(&ctx->napi);
}

/* One turn of a queue that was taken off the active list. */
static void txq_run(struct cr_txctx *ctx, struct cr_txq *q, int budget, int *done)
{
	struct sk_buff_head lost;
	enum cr_pack res;
	u32 freed = 0;

	spin_lock(&q->lock);
	if (unlikely(q->where != CR_TXQ_ACTIVE)) {
		spin_unlock(&q->lock);
		return;
	}
	q->where = CR_TXQ_RUNNING;
	skb_queue_splice_tail_init(&q->in, &q->run);
	spin_unlock(&q->lock);

	res = cr_pack_run(ctx, q, budget, done, &freed);

	__skb_queue_head_init(&lost);
	spin_lock(&q->lock);
	q->bytes -= freed;
	if (unlikely(q->where == CR_TXQ_DEAD)) {
		skb_queue_splice_init(&q->run, &lost);
		freed += q->bytes;
		q->bytes = 0;
	} else if (res == CR_PACK_WAIT) {
		q->where = CR_TXQ_WAITING;
		spin_lock(&ctx->lock);
		list_add_tail(&q->node, &ctx->waiting);
		spin_unlock(&ctx->lock);
		mod_timer(&q->timer, jiffies + q->wait);
	} else if (!skb_queue_empty(&q->run) || !skb_queue_empty(&q->in)) {
		txq_activate(q, ctx);
	} else {
		q->where = CR_TXQ_IDLE;
	}
	spin_unlock(&q->lock);
	txq_uncharge(q->cd, freed);
	txq_drop(q, &lost, CR_DROP_DEAD);
}

static int txctx_poll(struct napi_struct *napi, int budget)
{
	struct cr_txctx *ctx = container_of(napi, struct cr_txctx, napi);
	struct cr_txq *q;
	int done = 0;

	/* From the list to the end of its turn: cr_txq_kill() frees after RCU. */
	rcu_read_lock();
	while (done < budget) {
		spin_lock(&ctx->lock);
		q = list_first_entry_or_null(&ctx->active, struct cr_txq, node);
		if (q)
			list_del_init(&q->node);
		spin_unlock(&ctx->lock);
		if (!q)
			break;
		txq_run(ctx, q, budget, &done);
	}
	rcu_read_unlock();
	if (done >= budget)
		return budget;
	/* Whoever lists a queue from here on schedules us again. */
	napi_complete_done(napi, done);
	return done;
}

static void txq_timer(struct timer_list *t)
{
	struct cr_txq *q = container_of(t, struct cr_txq, timer);
	struct cr_txctx *ctx = NULL;

	spin_lock(&q->lock);
	if (q->where == CR_TXQ_WAITING) {
		ctx = q->ctx;
		txq_activate(q, ctx);
	}
	spin_unlock(&q->lock);
	if (ctx)
		napi_schedule(&ctx->napi);
}

/**
 * cr_txq_new() - queue for a circuit about to be bound
 * @cd: device
 * @circ: circuit whose role, exit position and large size are settled
 *
 * Return: the queue or NULL.
 */
struct cr_txq *cr_txq_new(struct cr_dev *cd, struct cr_circuit *circ)
{
	struct cr_txq *q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);

	if (!q)
		return NULL;
	spin_lock_init(&q->lock);
	__skb_queue_head_init(&q->in);
	__skb_queue_head_init(&q->run);
	INIT_LIST_HEAD(&q->node);
	INIT_HLIST_NODE(&q->node4);
	INIT_HLIST_NODE(&q->node6);
	timer_setup(&q->timer, txq_timer, 0);
	q->circ = circ;
	q->cd = cd;
	q->d = circ->role == CELLRELAY_ROLE_CLIENT ? CELLRELAY_FWD : CELLRELAY_BWD;
	q->hop = circ->exit_pos;
	q->large = circ->large;
	q->cap_small = cr_payload_len(CR_CELL_SMALL - CR_HDR_LEN, q->hop);
	q->cap_large = cr_payload_len(circ->large - CR_HDR_LEN, q->hop);
	q->hash = cr_circ_hash(circ, q->d);
	q->addr4 = circ->inner4;
	q->addr6 = circ->inner6;
	return q;
}

/* Empty a queue that no poll function may enter; softirqs off. */
static void txq_purge(struct cr_txq *q, u8 where)
{
	struct sk_buff_head lost;
	u32 freed = 0;

	__skb_queue_head_init(&lost);
	spin_lock(&q->lock);
	if (q->where == CR_TXQ_ACTIVE || q->where == CR_TXQ_WAITING) {
		spin_lock(&q->ctx->lock);
		list_del_init(&q->node);
		spin_unlock(&q->ctx->lock);
	}
	if (q->where == CR_TXQ_RUNNING) {
		/* The turn that goes on ends with dropping the rest. */
		struct sk_buff *skb;

		while ((skb = __skb_dequeue(&q->in))) {
			freed += cr_txcb(skb)->charge;
			__skb_queue_tail(&lost, skb);
		}
		q->bytes -= freed;
	} else {
		skb_queue_splice_init(&q->run, &lost);
		skb_queue_splice_tail_init(&q->in, &lost);
		freed = q->bytes;
		q->bytes = 0;
		q->off = 0;
		q->seg = 0;
		q->ctr_left = 0;
	}
	q->where = where;
	spin_unlock(&q->lock);
	txq_uncharge(q->cd, freed);
	txq_drop(q, &lost, where == CR_TXQ_DEAD ? CR_DROP_DEAD : CR_DROP_DEV_DOWN);
}

/**
 * cr_txq_kill() - end a queue
 * @q: queue that no look-up finds any more
 *
 * Who may still hold it: senders and poll functions inside an RCU section, which
 * find CR_TXQ_DEAD and touch nothing else, and the timer, which is waited for
 * and cannot be armed again. It is freed after a grace period; the circuit,
 * whose own grace period starts later, outlives it.
 *
 * Context: process, cn->lock.
 */
void cr_txq_kill(struct cr_txq *q)
{
	local_bh_disable();
	txq_purge(q, CR_TXQ_DEAD);
	local_bh_enable();
	timer_shutdown_sync(&q->timer);
	kfree_rcu(q, rcu);
}

/**
 * cr_txctx_init() - a device's transmit contexts
 * @cd: device
 *
 * Return: 0 or -ENOMEM.
 */
int cr_txctx_init(struct cr_dev *cd)
{
	int cpu;

	cd->ctx = alloc_percpu(struct cr_txctx);
	if (!cd->ctx)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct cr_txctx *ctx = per_cpu_ptr(cd->ctx, cpu);

		ctx->cd = cd;
		spin_lock_init(&ctx->lock);
		INIT_LIST_HEAD(&ctx->active);
		INIT_LIST_HEAD(&ctx->waiting);
		netif_napi_add_tx(cd->dev, &ctx->napi, txctx_poll);
	}
	return 0;
}

/**
 * cr_txctx_del() - take the contexts from the device that is going
 * @cd: device, closed and without circuits
 *
 * Their memory stays until cr_txctx_free(), after a grace period.
 */
void cr_txctx_del(struct cr_dev *cd)
{
	int cpu;

	for_each_possible_cpu(cpu)
		__netif_napi_del(&per_cpu_ptr(cd->ctx, cpu)->napi);
}

/**
 * cr_txctx_free() - free the contexts
 * @cd: device that nobody sees any more
 */
void cr_txctx_free(struct cr_dev *cd)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct cr_txctx *ctx = per_cpu_ptr(cd->ctx, cpu);

		if (ctx->pf.page)
			put_page(ctx->pf.page);
	}
	free_percpu(cd->ctx);
}

/**
 * cr_txctx_open() - the device goes up
 * @cd: device
 */
void cr_txctx_open(struct cr_dev *cd)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct cr_txctx *ctx = per_cpu_ptr(cd->ctx, cpu);

		napi_enable(&ctx->napi);
		/* For a packet that slipped in while the device went down. */
		local_bh_disable();
		napi_schedule(&ctx->napi);
		local_bh_enable();
	}
}

/**
 * cr_txctx_stop() - the device goes down: wait for the poll functions, empty the queues
 * @cd: device
 *
 * Context: rtnl.
 */
void cr_txctx_stop(struct cr_dev *cd)
{
	struct cr_circuit *circ;
	int cpu;

	for_each_possible_cpu(cpu)
		napi_disable(&per_cpu_ptr(cd->ctx, cpu)->napi);
	mutex_lock(&cd->cn->lock);
	list_for_each_entry(circ, &cd->circs, dev_node) {
		local_bh_disable();
		txq_purge(circ->tx, CR_TXQ_IDLE);
		local_bh_enable();
		timer_delete_sync(&circ->tx->timer);
	}
	mutex_unlock(&cd->cn->lock);
}
