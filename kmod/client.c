// SPDX-License-Identifier: GPL-2.0
/*
 * A client's end of a circuit: all hops' layers, opened one after the other on
 * the way in and put on in reverse on the way out.
 */

#include "core/layer.h"
#include "relay.h"

/* Authentic but not what such a hop may send: the circuit ends. */
static enum cr_verdict client_proto(struct cr_rx *rx)
{
	cr_circ_kill(rx->circ, CELLRELAY_REASON_PROTO);
	return cr_rx_drop(rx, CR_DROP_PROTO);
}

/**
 * cr_client_open() - open a backward cell hop after hop
 * @rx: cell that passed cr_relay_lookup(); the body is overwritten
 *
 * Every hop numbers its own layers, so each has its window. They are looked at
 * before the cipher work and committed together once the innermost layer has
 * proved authentic: a cell that anyone on the way has damaged leaves no trace,
 * and the intact one is still taken.
 *
 * Context: softirqs off, RCU.
 * Return: CR_V_DATA, CR_V_CONTROL, CR_V_DONE (padding, counted) or CR_V_DROP (counted).
 */
enum cr_verdict cr_client_open(struct cr_rx *rx)
{
	struct cr_circuit *circ = rx->circ;
	struct cr_dir *dir = &circ->dir[CELLRELAY_BWD];
	/* Pairs with the release in cr_circ_hop_new(): the keys are there. */
	unsigned int n = smp_load_acquire(&circ->nr_hops);
	u8 *body = rx->cell + CR_HDR_LEN;
	size_t body_len = rx->len - CR_HDR_LEN;
	u64 ctr[CR_HOPS_MAX];
	u64 next = rx->hdr.ctr;
	struct cr_trailer tr;
	struct cr_hop *hop;
	unsigned int k = 0;
	unsigned int i;
	u8 reason = 0;

	do {
		if (k == n)
			return k ? client_proto(rx) : cr_rx_drop(rx, CR_DROP_AUTH);
		hop = &circ->hops[k];
		if (!cr_replay_fresh(&hop->win, READ_ONCE(hop->top), next))
			return cr_rx_drop(rx, CR_DROP_REPLAY);
		if (!cr_layer_open(body, body_len, k + 1, &hop->bwd, next, &tr))
			return cr_rx_drop(rx, CR_DROP_AUTH);
		ctr[k++] = next;
		next = tr.ctr;
	} while (tr.type == CR_CELL_RELAY);

	if (tr.type > CR_CELL_PAD || (tr.type == CR_CELL_DATA && !hop->exit))
		return client_proto(rx);

	spin_lock(&dir->lock);
	for (i = 0; i < k; i++)
		if (!cr_replay_commit(&circ->hops[i].win, &circ->hops[i].top, ctr[i]))
			reason = CR_DROP_REPLAY;
	if (!reason)
		reason = cr_relay_charge(circ, CELLRELAY_BWD, rx->len, rx->now);
	spin_unlock(&dir->lock);
	cr_link_heard(rx->gen->link, rx->now);
	if (unlikely(reason))
		return cr_rx_drop(rx, reason);

	rx->plain = body;
	rx->plain_len = cr_payload_len(body_len, k);
	rx->ctr = ctr[k - 1];
	rx->hop = k;
	if (tr.type == CR_CELL_DATA)
		return CR_V_DATA;
	if (tr.type == CR_CELL_CONTROL)
		return CR_V_CONTROL;
	cr_rx_delivered(rx);
	return CR_V_DONE;
}

/**
 * cr_client_seal() - put the layers of hops @hop..1 and the header on a payload
 * @circ: a client's circuit
 * @cell: payload at CR_HDR_LEN, cr_payload_len() bytes of hop @hop
 * @len: cell length
 * @hop: position of the hop that is to open it
 * @type: enum cr_cell_type
 * @has_ctr: use @ctr for the innermost layer, else draw one
 * @ctr: counter that cr_relay_reserve() gave
 *
 * The outermost layer covers the whole body, so there is no filler.
 *
 * Context: RCU.
 * Return: 0 or a drop reason, not counted.
 */
u8 cr_client_seal(struct cr_circuit *circ, u8 *cell, u32 len, u8 hop, u8 type, bool has_ctr,
		  u64 ctr)
{
	struct cr_dir *dir = &circ->dir[CELLRELAY_FWD];
	struct cr_trailer tr = { .type = type };
	struct cr_keygen *gen;
	struct cr_link *link;
	struct cr_hdr hdr;
	unsigned int k;

	/* Both pair with the releases in circuit.c: id and keys are there. */
	link = smp_load_acquire(&dir->link_out);
	if (unlikely(!link || READ_ONCE(circ->dead)))
		return CR_DROP_DEAD;
	gen = rcu_dereference(link->send);
	if (unlikely(!gen))
		return CR_DROP_NO_KEYS;
	/* As above. */
	if (unlikely(!hop || hop > smp_load_acquire(&circ->nr_hops)))
		return CR_DROP_PROTO;

	for (k = hop; k; k--) {
		struct cr_hop *h = &circ->hops[k - 1];

		if (k != hop || !has_ctr)
			ctr = atomic64_fetch_add(1, &h->tx_ctr);
		if (unlikely(ctr >= CR_CTR_LIMIT))
			return CR_DROP_CTR_EXHAUSTED;
		cr_layer_seal(cell + CR_HDR_LEN, len - CR_HDR_LEN, k, &h->fwd, ctr, &tr);
		tr.ctr = ctr;
		tr.type = CR_CELL_RELAY;
	}
	hdr.link = gen->tx_index;
	hdr.circ = dir->circ_out;
	hdr.ctr = ctr;
	cr_hdr_seal(cell, len, &hdr, &gen->tx, &gen->tx_idx);
	return 0;
}

/**
 * cr_relay_reserve() - take consecutive counters of an innermost layer
 * @circ: circuit
 * @hop: a client's hop; ignored on a relay, which has one backward layer
 * @n: how many
 *
 * Counters that are reserved and not used are lost, which harms nobody: a
 * window only ever sees gaps.
 *
 * Return: the first, or CR_CTR_LIMIT when they are exhausted.
 */
u64 cr_relay_reserve(struct cr_circuit *circ, u8 hop, u32 n)
{
	atomic64_t *next = circ->role == CELLRELAY_ROLE_CLIENT ?
			   &circ->hops[hop - 1].tx_ctr : &circ->dir[CELLRELAY_BWD].tx_ctr;
	u64 first = atomic64_fetch_add(n, next);

	return first + n <= CR_CTR_LIMIT ? first : CR_CTR_LIMIT;
}
