// SPDX-License-Identifier: GPL-2.0
/*
 * The relay's work on one cell. Order matters: cheap checks that need no
 * secret come before hashes, hashes before the cipher, the cipher before
 * anything that changes state. Nothing that a forger could send moves a
 * window, takes a token or costs a circuit its life.
 */
#include <linux/cellrelay.h>

#include "core/credit.h"
#include "core/layer.h"
#include "relay.h"

/* Can @link send? Return: 0, then @send is the generation to send with; or a drop reason. */
static u8 cr_link_ready(const struct cr_link *link, const struct cr_keygen **send)
{
	*send = rcu_dereference(link->send);
	if (unlikely(!*send))
		return CR_DROP_NO_KEYS;
	if (unlikely(!rcu_access_pointer(link->sock)))
		return CR_DROP_NO_SOCKET;
	if (unlikely(!rcu_access_pointer(link->ep)))
		return CR_DROP_NO_ROUTE;
	return 0;
}

/*
 * Lockless look at what the commit will decide, so that replays and cells
 * beyond limit or rate cost no cipher work. Races aside, refuses nothing that the
 * commit would let pass.
 */
static u8 cr_dir_hint(const struct cr_circuit *circ, const struct cr_dir *dir, u32 len, u64 now)
{
	if (!cr_credit_ready(&circ->dir[0].count.bytes, &circ->dir[1].count.bytes,
			     READ_ONCE(circ->limit), len))
		return CR_DROP_CREDIT;
	if (unlikely(!cr_bucket_ready(&dir->bucket, now,
				      min(READ_ONCE(circ->rate), READ_ONCE(circ->cn->fair_rate)),
				      len)))
		return CR_DROP_RATE;
	return 0;
}

/* The link that the header named, unless its keys' time is over. */
static u8 cr_lookup_gen(struct cr_rx *rx, u32 index)
{
	struct cr_entry *e = cr_table_find(&rx->cn->gens, index);
	u64 expires;

	rx->circ = NULL;
	rx->d = CELLRELAY_FWD;
	rx->hop = 0;
	rx->newest = false;
	rx->tagged = false;
	rx->gen = e ? container_of(e, struct cr_keygen, e) : NULL;
	if (unlikely(!e))
		return CR_DROP_LINK_UNKNOWN;
	expires = READ_ONCE(rx->gen->expires);
	return likely(!expires || rx->now < expires) ? 0 : CR_DROP_LINK_UNKNOWN;
}

/* What an authentic header says: which circuit, and may the cell pass? */
static __always_inline u8 cr_lookup_dir(struct cr_rx *rx)
{
	const struct cr_keygen *send;
	struct cr_circuit *circ;
	struct cr_entry *e;
	struct cr_dir *dir;
	u8 reason;

	rx->tagged = true;
	if (!rx->hdr.circ)
		return likely(cr_replay_fresh(&rx->gen->ctl_win, READ_ONCE(rx->gen->ctl_top),
					      rx->hdr.ctr)) ? 0 : CR_DROP_REPLAY;

	e = cr_table_find(&rx->cn->dirs, rx->hdr.circ);
	dir = e ? container_of(e, struct cr_dir, e) : NULL;
	/* An id of another link is as unknown as one that was never given. */
	if (unlikely(!dir || dir->link_in != rx->gen->link))
		return CR_DROP_CIRC_UNKNOWN;
	circ = cr_dir_circ(dir);
	rx->circ = circ;
	rx->d = dir->d;
	if (unlikely(rx->len != CR_CELL_SMALL && rx->len != circ->large))
		return CR_DROP_SIZE;
	if (circ->role == CELLRELAY_ROLE_CLIENT) {
		const struct cr_hop *hop = circ->hops;

		/* Its first hop sealed the outermost layer. */
		if (unlikely(!smp_load_acquire(&circ->nr_hops)))
			return CR_DROP_NO_KEYS;
		if (unlikely(!cr_replay_fresh(&hop->win, READ_ONCE(hop->top), rx->hdr.ctr)))
			return CR_DROP_REPLAY;
	} else if (unlikely(!cr_replay_fresh(&dir->win, READ_ONCE(dir->top), rx->hdr.ctr))) {
		return CR_DROP_REPLAY;
	}
	reason = cr_dir_hint(circ, dir, rx->len, rx->now);
	if (unlikely(reason))
		return reason;
	/* Backward, the way on is known. Forward, the layer has to say first. */
	if (rx->d == CELLRELAY_BWD && circ->role == CELLRELAY_ROLE_RELAY)
		return cr_link_ready(dir->link_out, &send);
	return 0;
}

static enum cr_verdict cr_looked_up(struct cr_rx *rx, u8 reason)
{
	rx->reason = reason;
	return likely(!reason) ? CR_V_FORWARD : CR_V_DROP;
}

/**
 * cr_relay_lookup() - first stage: whose cell is this, and may it pass?
 * @rx: @cn, @cell, @len (of a cell) and @now are set
 *
 * Nothing of the cell is written, nothing counted.
 *
 * Context: softirqs off, RCU.
 * Return: CR_V_FORWARD or CR_V_DROP: go on with cr_relay_accept(); CR_V_NOT_CELL.
 */
enum cr_verdict cr_relay_lookup(struct cr_rx *rx)
{
	u32 index = cr_hdr_link(rx->cell, &rx->cn->idx_key);
	u8 reason = cr_lookup_gen(rx, index);

	if (unlikely(!rx->gen))
		return CR_V_NOT_CELL;
	if (likely(!reason))
		reason = likely(cr_hdr_open(&rx->hdr, rx->cell, rx->len, index, &rx->gen->rx)) ?
			 cr_lookup_dir(rx) : CR_DROP_TAG;
	return cr_looked_up(rx, reason);
}

/**
 * cr_relay_lookup_again() - the same for a header that was opened before, on another CPU
 * @rx: @cn, @cell, @len, @now and @hdr are set
 *
 * Context: softirqs off, RCU.
 * Return: as cr_relay_lookup()
 */
enum cr_verdict cr_relay_lookup_again(struct cr_rx *rx)
{
	u8 reason = cr_lookup_gen(rx, rx->hdr.link);

	if (unlikely(!rx->gen)) /* its keys went on the way here */
		return CR_V_NOT_CELL;
	return cr_looked_up(rx, reason ?: cr_lookup_dir(rx));
}

/**
 * cr_relay_accept() - the cell is ours: count it in, and out again if it is to be dropped
 * @rx: as cr_relay_lookup() left it
 * @v: what that returned, not CR_V_NOT_CELL
 *
 * Context: softirqs off, the same RCU section as the look-up.
 * Return: @v
 */
enum cr_verdict cr_relay_accept(struct cr_rx *rx, enum cr_verdict v)
{
	cr_rx_in(rx);
	if (unlikely(v == CR_V_DROP)) {
		if (rx->reason == CR_DROP_RATE)
			this_cpu_ptr(rx->cn->stats)->refused += rx->len;
		cr_rx_drop(rx, rx->reason);
	}
	return v;
}

static __always_inline u8 cr_charge(struct cr_circuit *circ, u8 d, u32 len, u64 now)
{
	struct cr_dir *dir = &circ->dir[d], *other = &circ->dir[!d];
	u64 limit = READ_ONCE(circ->limit), rate;

	lockdep_assert_held(&dir->lock);
	if (unlikely(READ_ONCE(circ->dead)))
		return CR_DROP_DEAD;
	if (!cr_credit_ready(&dir->count.bytes, &other->count.bytes, limit, len))
		return CR_DROP_CREDIT;
	rate = min(READ_ONCE(circ->rate), READ_ONCE(circ->cn->fair_rate));
	if (rate != CR_RATE_UNLIMITED) {
		struct cr_stats *s = this_cpu_ptr(circ->cn->stats);

		if (!cr_bucket_take(&dir->bucket, now, rate, len)) {
			s->refused += len;
			return CR_DROP_RATE;
		}
		s->admitted += len;
	}
	if (!cr_credit_take(&dir->count.bytes, &other->count.bytes, limit, len))
		return CR_DROP_CREDIT;
	WRITE_ONCE(dir->count.cells, dir->count.cells + 1);
	return 0;
}

/**
 * cr_relay_charge() - what the circuit pays for a cell
 * @circ: circuit
 * @d: direction, whose lock is held
 * @len: length of the cell
 * @now: cr_now()
 *
 * The limit is on the sum of both directions, each of which has a lock of its
 * own: see cr_credit_take().
 *
 * Return: 0, or a drop reason, and nothing is charged then.
 */
u8 cr_relay_charge(struct cr_circuit *circ, u8 d, u32 len, u64 now)
{
	return cr_charge(circ, d, len, now);
}

/**
 * cr_relay_refund() - a charged cell was lost here
 * @circ: circuit
 * @d: direction
 * @len: length of the cell
 *
 * Context: softirqs off.
 */
void cr_relay_refund(struct cr_circuit *circ, u8 d, u32 len)
{
	struct cr_dir *dir = &circ->dir[d];

	spin_lock(&dir->lock);
	WRITE_ONCE(dir->count.cells, dir->count.cells - 1);
	WRITE_ONCE(dir->count.bytes, dir->count.bytes - len);
	spin_unlock(&dir->lock);
}

/**
 * cr_relay_originate() - admit a cell that starts here
 * @circ: circuit
 * @d: direction
 * @len: length of the cell
 * @now: cr_now()
 *
 * Context: softirqs off.
 * Return: 0 or a drop reason; not counted.
 */
u8 cr_relay_originate(struct cr_circuit *circ, u8 d, u32 len, u64 now)
{
	struct cr_dir *dir = &circ->dir[d];
	u8 reason;

	spin_lock(&dir->lock);
	reason = cr_relay_charge(circ, d, len, now);
	spin_unlock(&dir->lock);
	return reason;
}

/* The one place that changes a relay circuit's state for a received cell. @fail: why an
 * authentic cell cannot go on all the same; it is committed, so that it is no
 * replay's excuse, and not charged.
 */
static __always_inline u8 cr_dir_commit(struct cr_rx *rx, struct cr_dir *dir, u8 fail)
{
	bool newest;
	u8 reason;

	spin_lock(&dir->lock);
	newest = rx->hdr.ctr >= dir->top;
	if (unlikely(!cr_replay_commit(&dir->win, &dir->top, rx->hdr.ctr))) {
		spin_unlock(&dir->lock);
		return CR_DROP_REPLAY;
	}
	reason = fail ?: cr_charge(rx->circ, dir->d, rx->len, rx->now);
	spin_unlock(&dir->lock);
	/* Backward, no AEAD vouches for the sender: only the header's tag does. */
	rx->newest = newest && dir->d == CELLRELAY_FWD;
	cr_link_heard(rx->gen->link, rx->now);
	return reason;
}

static enum cr_verdict cr_work_ctl(struct cr_rx *rx)
{
	struct cr_keygen *gen = rx->gen;
	u8 *body = rx->cell + CR_HDR_LEN;
	size_t body_len = rx->len - CR_HDR_LEN;
	bool newest, fresh;

	if (!cr_ctl_open(body, body_len, gen->rx_ctl, rx->hdr.ctr))
		return cr_rx_drop(rx, CR_DROP_AUTH);
	spin_lock(&gen->ctl_lock);
	newest = rx->hdr.ctr >= gen->ctl_top;
	fresh = cr_replay_commit(&gen->ctl_win, &gen->ctl_top, rx->hdr.ctr);
	spin_unlock(&gen->ctl_lock);
	if (!fresh)
		return cr_rx_drop(rx, CR_DROP_REPLAY);
	rx->newest = newest;
	cr_link_heard(gen->link, rx->now);
	rx->plain = body;
	rx->plain_len = body_len - CR_AEAD_TAG_LEN;
	rx->ctr = rx->hdr.ctr;
	return CR_V_LINK_CTL;
}

static enum cr_verdict cr_work_fwd(struct cr_rx *rx)
{
	struct cr_circuit *circ = rx->circ;
	struct cr_dir *dir = &circ->dir[CELLRELAY_FWD];
	u8 *body = rx->cell + CR_HDR_LEN;
	size_t body_len = rx->len - CR_HDR_LEN;
	size_t plain_len = cr_payload_len(body_len, circ->pos);
	const struct cr_keygen *send = NULL;
	struct cr_link *out = NULL;
	struct cr_trailer tr;
	struct cr_hdr hdr;
	u8 reason = 0;

	if (unlikely(!cr_layer_open(body, body_len, circ->pos, &dir->cipher, rx->hdr.ctr, &tr)))
		return cr_rx_drop(rx, CR_DROP_AUTH);
	switch (tr.type) {
	case CR_CELL_RELAY:
		out = smp_load_acquire(&dir->link_out); /* pairs with cr_circ_join_next() */
		reason = out ? cr_link_ready(out, &send) : CR_DROP_PROTO;
		break;
	case CR_CELL_DATA:
		if (READ_ONCE(circ->exit_pos) != circ->pos)
			reason = CR_DROP_PROTO;
		break;
	case CR_CELL_CONTROL:
	case CR_CELL_PAD:
		break;
	default:
		reason = CR_DROP_PROTO;
	}
	reason = cr_dir_commit(rx, dir, reason);
	if (unlikely(reason)) {
		if (reason == CR_DROP_PROTO)
			cr_circ_kill(circ, CELLRELAY_REASON_PROTO);
		return cr_rx_drop(rx, reason);
	}
	if (likely(out)) {
		cr_filler(body + plain_len, body_len - plain_len);
		hdr.link = send->tx_index;
		hdr.circ = dir->circ_out;
		hdr.ctr = tr.ctr;
		cr_hdr_seal(rx->cell, rx->len, &hdr, &send->tx, &send->tx_idx);
		rx->out = out;
		return CR_V_FORWARD;
	}
	rx->plain = body;
	rx->plain_len = plain_len;
	rx->ctr = rx->hdr.ctr;
	if (tr.type == CR_CELL_DATA)
		return CR_V_DATA;
	if (tr.type == CR_CELL_CONTROL)
		return CR_V_CONTROL;
	cr_rx_delivered(rx);
	return CR_V_DONE;
}

/*
 * Seal at a relay's position under its own next counter and head for the client.
 * What lies behind the layer is overwritten: it is the same on the wire that the
 * cell came by.
 */
static u8 cr_seal_bwd(struct cr_circuit *circ, u8 *cell, u32 len, u64 ctr,
		      const struct cr_trailer *tr, const struct cr_keygen *send)
{
	struct cr_dir *dir = &circ->dir[CELLRELAY_BWD];
	u8 *body = cell + CR_HDR_LEN;
	size_t body_len = len - CR_HDR_LEN;
	size_t layer_len = cr_layer_len(body_len, circ->pos);
	struct cr_hdr hdr;

	if (unlikely(ctr >= CR_CTR_LIMIT))
		return CR_DROP_CTR_EXHAUSTED;
	cr_layer_seal(body, body_len, circ->pos, &dir->cipher, ctr, tr);
	cr_filler(body + layer_len, body_len - layer_len);
	hdr.link = send->tx_index;
	hdr.circ = dir->circ_out;
	hdr.ctr = ctr;
	cr_hdr_seal(cell, len, &hdr, &send->tx, &send->tx_idx);
	return 0;
}

static enum cr_verdict cr_work_bwd(struct cr_rx *rx)
{
	struct cr_circuit *circ = rx->circ;
	struct cr_dir *dir = &circ->dir[CELLRELAY_BWD];
	struct cr_trailer tr = { .ctr = rx->hdr.ctr, .type = CR_CELL_RELAY };
	const struct cr_keygen *send;
	u8 reason;

	/* Again: the keys may have gone since the look-up. */
	reason = cr_dir_commit(rx, dir, cr_link_ready(dir->link_out, &send));
	if (unlikely(reason))
		return cr_rx_drop(rx, reason);
	reason = cr_seal_bwd(circ, rx->cell, rx->len, cr_relay_reserve(circ, 0, 1), &tr, send);
	if (unlikely(reason)) {
		cr_relay_refund(circ, CELLRELAY_BWD, rx->len);
		return cr_rx_drop(rx, reason);
	}
	rx->out = dir->link_out;
	return CR_V_FORWARD;
}

/**
 * cr_relay_work() - second stage: cipher work in place, then commit
 * @rx: as cr_relay_accept() left it; the cell is linear and writable
 *
 * Context: softirqs off, the same RCU section as the look-up.
 * Return: what to do with the cell; drops and padding are counted already, all
 * else is charged and counted by who acts on it.
 */
enum cr_verdict cr_relay_work(struct cr_rx *rx)
{
	if (!rx->circ)
		return cr_work_ctl(rx);
	if (rx->circ->role == CELLRELAY_ROLE_CLIENT)
		return cr_client_open(rx);
	return rx->d == CELLRELAY_FWD ? cr_work_fwd(rx) : cr_work_bwd(rx);
}

/**
 * cr_relay_seal() - a relay's own backward cell, header included
 * @circ: a relay's circuit
 * @cell: whole cell; the payload stands at its place
 * @len: its length
 * @hop: ignored
 * @type: enum cr_cell_type
 * @has_ctr: @ctr was reserved before
 * @ctr: counter
 *
 * Context: softirqs off, RCU.
 * Return: 0 or a drop reason; not counted.
 */
u8 cr_relay_seal(struct cr_circuit *circ, u8 *cell, u32 len, u8 hop, u8 type, bool has_ctr, u64 ctr)
{
	struct cr_trailer tr = { .ctr = 0, .type = type };
	const struct cr_keygen *send;
	u8 reason;

	reason = cr_link_ready(circ->dir[CELLRELAY_BWD].link_out, &send);
	if (reason)
		return reason;
	return cr_seal_bwd(circ, cell, len, has_ctr ? ctr : cr_relay_reserve(circ, hop, 1), &tr,
			   send);
}
