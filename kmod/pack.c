// SPDX-License-Identifier: GPL-2.0
/*
 * From packets to cells: several packets share a cell, a packet larger than a
 * cell takes two with consecutive counters, the smallest cell is used that
 * holds what is there, and equal cells leave as one train (UDP GSO).
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "compat/netdev.h"
#include "core/inner.h"
#include "device_priv.h"

#define CR_CTR_BATCH	32	/* counters reserved when packets are being split */
#define CR_WAIT_NS	(2 * NSEC_PER_MSEC)	/* the shortest wait for tokens */

/**
 * struct cr_train - cells of one size under construction
 * @skb: what will be sent, NULL: none
 * @len: length of a cell
 * @n: cells in it
 */
struct cr_train {
	struct sk_buff *skb;
	u32 len;
	u32 n;
};

/**
 * struct cr_packed - what pack_cell() put into a cell, before it is taken from the queue
 * @used: bytes of frames
 * @whole: packets, segments counted, of which nothing is left
 * @bytes: their length
 * @skbs: queued packets that are used up
 * @seg: segments taken of the one after those
 * @off: bytes taken of the packet after those, its first half; 0: not split
 */
struct cr_packed {
	u32 used;
	u32 whole;
	u32 bytes;
	u32 skbs;
	u32 seg;
	u32 off;
};

static void pack_drop(struct cr_txq *q, struct sk_buff *skb, u8 reason, u32 *freed)
{
	__skb_unlink(skb, &q->run);
	*freed += cr_txcb(skb)->charge;
	cr_dev_lost(q->cd, q->circ, q->d, skb->len, reason);
	cr_dev_count(q->cd, tx_dropped, 1);
	kfree_skb(skb);
}

/* No memory: the first packet, or what is left of it, goes, so that the queue moves on. */
static void pack_drop_first(struct cr_txq *q, struct sk_buff *skb, u32 *freed)
{
	q->off = 0;
	q->seg = 0;
	pack_drop(q, skb, CR_DROP_NOMEM, freed);
}

/* Replace a GSO packet on the list by its segments. */
static bool pack_segment(struct cr_txq *q, struct sk_buff *skb)
{
	struct sk_buff *segs, *seg, *next, *at = skb;

	segs = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(segs))
		return false;
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		/* The whole charge goes with the last one. */
		cr_txcb(seg)->charge = next ? 0 : cr_txcb(skb)->charge;
		__skb_queue_after(&q->run, at, seg);
		at = seg;
	}
	__skb_unlink(skb, &q->run);
	/* The last segment has taken over what the socket was charged for. */
	consume_skb(skb);
	return true;
}

/*
 * Plain TCP, whose segments fit a cell, is cut up while it is copied: no buffer
 * per segment. Everything else goes through the stack's own segmentation.
 */
static bool pack_is_tso(const struct cr_txq *q, const struct sk_buff *skb)
{
	const unsigned int known = SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_TCP_ECN;
	const struct skb_shared_info *sh = skb_shinfo(skb);
	u32 hlen = skb_transport_offset(skb);

	if (sh->gso_type & ~known || !(sh->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) ||
	    skb->ip_summed != CHECKSUM_PARTIAL || skb->encapsulation ||
	    hlen + sizeof(struct tcphdr) > skb_headlen(skb))
		return false;
	if (sh->gso_type & SKB_GSO_TCPV4 ? ip_hdr(skb)->version != 4 || hlen != ip_hdrlen(skb) :
					   ip_hdr(skb)->version != 6 || hlen < sizeof(struct ipv6hdr))
		return false;
	hlen += tcp_hdrlen(skb);
	return hlen < skb->len && hlen <= skb_headlen(skb) &&
	       hlen + sh->gso_size + CR_FRAME_HDR <= q->cap_large;
}

/* Length of segment @seg of a packet (0 of one that is whole) and how many there are. */
static u32 pack_len(const struct sk_buff *skb, u32 seg, u32 *segs)
{
	u32 mss = skb_shinfo(skb)->gso_size;
	u32 hlen, rest;

	*segs = 1;
	if (!mss)
		return skb->len;
	hlen = skb_transport_offset(skb) + tcp_hdrlen(skb);
	*segs = DIV_ROUND_UP(skb->len - hlen, mss);
	rest = skb->len - hlen - seg * mss;
	return hlen + min(rest, mss);
}

/* Copy segment @seg of a TCP packet, headers and checksums made right. */
static void pack_copy_seg(const struct sk_buff *skb, u32 seg, u32 segs, u8 *to, u32 len)
{
	u32 off = skb_transport_offset(skb), hlen = off + tcp_hdrlen(skb);
	u32 at = seg * skb_shinfo(skb)->gso_size;
	struct tcphdr *th = (struct tcphdr *)(to + off);
	__wsum csum;

	memcpy(to, skb->data, hlen);
	csum = skb_copy_and_csum_bits(skb, hlen + at, to + hlen, len - hlen);
	put_unaligned_be32(get_unaligned_be32(&th->seq) + at, &th->seq);
	if (seg)
		th->cwr = 0;
	if (seg + 1 < segs) {
		th->fin = 0;
		th->psh = 0;
	}
	th->check = 0;
	csum = csum_partial(th, hlen - off, csum);
	if (to[0] >> 4 == 4) {
		struct iphdr *ip = (struct iphdr *)to;

		put_unaligned_be16(len, &ip->tot_len);
		put_unaligned_be16(get_unaligned_be16(&ip->id) + seg, &ip->id);
		ip->check = 0;
		ip->check = ip_fast_csum(ip, ip->ihl);
		th->check = csum_tcpudp_magic(ip->saddr, ip->daddr, len - off, IPPROTO_TCP, csum);
	} else {
		struct ipv6hdr *ip6 = (struct ipv6hdr *)to;

		put_unaligned_be16(len - sizeof(*ip6), &ip6->payload_len);
		th->check = csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len - off, IPPROTO_TCP, csum);
	}
}

/* Make of @skb, on the list, something that cells can hold; else drop it. */
static bool pack_prepare(struct cr_txq *q, struct sk_buff *skb, u32 *freed)
{
	if (skb_is_gso(skb)) {
		if (pack_is_tso(q, skb))
			return true;
		if (!pack_segment(q, skb))
			pack_drop(q, skb, CR_DROP_NOMEM, freed);
		return false;
	}
	if (likely(skb->len <= 2 * (q->cap_large - CR_FRAME_HDR)))
		return true;
	pack_drop(q, skb, CR_DROP_TOO_BIG, freed);
	return false;
}

/* The packet after @prev (NULL: the first). */
static struct sk_buff *pack_next(struct cr_txq *q, struct sk_buff *prev, u32 *freed)
{
	struct sk_buff *skb;

	do {
		skb = prev ? skb_peek_next(prev, &q->run) : skb_peek(&q->run);
	} while (skb && !pack_prepare(q, skb, freed));
	return skb;
}

/*
 * Does all that is queued go into one cell? Then it needs no train.
 * Return: the cell's length, or 0.
 */
static u32 pack_single(const struct cr_txq *q)
{
	const struct sk_buff *skb;
	u32 need = 0;

	skb_queue_walk(&q->run, skb) {
		if (skb_is_gso(skb))
			return 0;
		need += CR_FRAME_HDR + skb->len;
		if (need > q->cap_large + q->off)
			return 0;
	}
	need -= q->off;
	return need <= q->cap_small ? CR_CELL_SMALL : q->large;
}

/* Copy a packet with its checksum complete; a TCP SYN asks for segments of one cell. */
static void pack_copy(const struct cr_txq *q, struct sk_buff *skb, u8 *to)
{
	u8 proto;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_copy_and_csum_dev(skb, to);
	else if (skb_copy_bits(skb, 0, to, skb->len))
		memset(to, 0, skb->len);	/* cannot be: the length is the packet's own */
	proto = to[0] >> 4 == 4 ? to[9] : to[6];
	if (proto != IPPROTO_UDP)
		cr_inner_clamp_mss(to, skb->len, q->cap_large - CR_FRAME_HDR);
}

/* Copy part of a packet. */
static bool pack_copy_part(struct sk_buff *skb, u32 off, u8 *to, u32 n)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return false;
	return !skb_copy_bits(skb, off, to, n);
}

/*
 * Fill a payload of @cap bytes from the head of the queue. Nothing is taken from
 * the queue yet: the cell may still be refused for lack of tokens.
 */
static void pack_cell(struct cr_txq *q, u8 *plain, u32 cap, struct cr_packed *p, u32 *freed)
{
	struct sk_buff *skb, *prev = NULL;
	bool tail = q->off;
	size_t used = 0;
	u8 *to;

	memset(p, 0, sizeof(*p));
	p->seg = q->seg;
	while ((skb = pack_next(q, prev, freed))) {
		u32 segs, len = pack_len(skb, p->seg, &segs);
		u32 room = cap - used, n;

		if (tail && !p->whole) {
			n = len - q->off;
			to = cr_frame_put(plain, cap, &used, NULL, n, CR_FRAME_LAST);
			if (!to || !pack_copy_part(skb, q->off, to, n)) {
				q->off = 0;
				tail = false;
				used = 0;
				pack_drop(q, skb, CR_DROP_NOMEM, freed);
				continue;
			}
		} else if (room >= CR_FRAME_HDR + len) {
			to = cr_frame_put(plain, cap, &used, NULL, len, 0);
			if (segs > 1)
				pack_copy_seg(skb, p->seg, segs, to, len);
			else
				pack_copy(q, skb, to);
		} else {
			/* Only what fits no cell is split: a lost cell should cost one packet. */
			if (len <= q->cap_large - CR_FRAME_HDR || room <= CR_FRAME_HDR)
				break;
			n = room - CR_FRAME_HDR;
			/* The rest must fit the next cell, which needs the next counter. */
			if (len - n > q->cap_large - CR_FRAME_HDR || (tail && q->ctr_left < 2))
				break;
			to = cr_frame_put(plain, cap, &used, NULL, n, CR_FRAME_FIRST);
			if (!pack_copy_part(skb, 0, to, n)) {
				used -= CR_FRAME_HDR + n;
				pack_drop(q, skb, CR_DROP_NOMEM, freed);
				continue;
			}
			p->off = n;
			break;
		}
		p->whole++;
		p->bytes += len;
		if (++p->seg == segs) {
			p->seg = 0;
			p->skbs++;
			prev = skb;
		}
	}
	p->used = used;
}

/* The cell is on its way: take what it holds from the queue. */
static void pack_commit(struct cr_txq *q, const struct cr_packed *p, u32 *freed)
{
	struct cr_dev_stats *st;
	u32 i;

	for (i = 0; i < p->skbs; i++) {
		struct sk_buff *skb = __skb_dequeue(&q->run);

		*freed += cr_txcb(skb)->charge;
		consume_skb(skb);
	}
	q->seg = p->seg;
	q->off = p->off;
	st = this_cpu_ptr(q->cd->stats);
	u64_stats_update_begin(&st->sync);
	u64_stats_add(&st->tx_packets, p->whole);
	u64_stats_add(&st->tx_bytes, p->bytes);
	u64_stats_update_end(&st->sync);
}

/* A cell that was charged and will not leave. */
static void pack_lost_cell(struct cr_txq *q, u32 len, u8 reason)
{
	cr_relay_refund(q->circ, q->d, len);
	cr_count_drop(q->cd->cn, q->circ, q->d, len, reason);
}

static void train_send(struct cr_txq *q, struct cr_train *t)
{
	struct cr_dir *dir = &q->circ->dir[q->d];
	struct sk_buff *skb = t->skb;
	u8 reason;
	u32 i;

	if (!skb)
		return;
	t->skb = NULL;
	/* Set once; pairs with the release in circuit.c. */
	reason = cr_output(smp_load_acquire(&dir->link_out), skb, q->hash, t->n > 1 ? t->len : 0);
	for (i = 0; i < t->n; i++) {
		if (likely(!reason))
			cr_count_out(q->cd->cn, q->circ, q->d, t->len);
		else
			pack_lost_cell(q, t->len, reason);
	}
}

/* Would a cell of @len bytes at the present place go into this train? */
static bool train_takes(const struct cr_train *t, const struct page_frag *pf, u32 len)
{
	int i = skb_shinfo(t->skb)->nr_frags;

	return t->len == len && t->n < CR_TRAIN_CELLS &&
	       (t->n + 1) * len <= CR_TRAIN_BYTES &&
	       (i < MAX_SKB_FRAGS || skb_can_coalesce(t->skb, i, pf->page, pf->offset));
}

/* Append the sealed cell that stands at the page fragment's offset. */
static bool train_add(struct cr_txq *q, struct cr_train *t, struct page_frag *pf, u32 len)
{
	struct sk_buff *skb;
	int i;

	if (t->skb && !train_takes(t, pf, len))
		train_send(q, t);
	if (!t->skb) {
		t->skb = alloc_skb(CR_HEADROOM, GFP_ATOMIC);
		if (!t->skb)
			return false;
		skb_reserve(t->skb, CR_HEADROOM);
		t->len = len;
		t->n = 0;
	}
	skb = t->skb;
	i = skb_shinfo(skb)->nr_frags;
	if (skb_can_coalesce(skb, i, pf->page, pf->offset)) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], len);
	} else {
		get_page(pf->page);
		skb_fill_page_desc(skb, i, pf->page, pf->offset, len);
	}
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
	pf->offset += len;
	t->n++;
	return true;
}

static u8 pack_seal(struct cr_txq *q, u8 *cell, u32 len, const struct cr_packed *p)
{
	bool has = q->ctr_left;
	u64 ctr = q->ctr;

	if (p->off && q->ctr_left < 2) {
		ctr = cr_relay_reserve(q->circ, q->hop, CR_CTR_BATCH);
		if (ctr == CR_CTR_LIMIT)
			return CR_DROP_CTR_EXHAUSTED;
		q->ctr = ctr;
		q->ctr_left = CR_CTR_BATCH;
		has = true;
	}
	if (has) {
		q->ctr++;
		q->ctr_left--;
	}
	return q->d == CELLRELAY_FWD ?
	       cr_client_seal(q->circ, cell, len, q->hop, CR_CELL_DATA, has, ctr) :
	       cr_relay_seal(q->circ, cell, len, q->hop, CR_CELL_DATA, has, ctr);
}

/* How long until there are tokens for a large cell. */
static u32 pack_wait(const struct cr_txq *q)
{
	u64 rate = min(READ_ONCE(q->circ->rate), READ_ONCE(q->cd->cn->fair_rate));
	u64 ns = div64_u64(q->large * NSEC_PER_SEC, max(rate, 1ULL));

	return nsecs_to_jiffies(clamp(ns, (u64)CR_WAIT_NS, (u64)NSEC_PER_SEC)) + 1;
}

/**
 * cr_pack_run() - one turn of a queue: cells from packets until it is empty, the
 *	budget is used or there are no tokens
 * @ctx: transmit context
 * @q: queue in state CR_TXQ_RUNNING
 * @budget: cells
 * @done: cells so far; advanced
 * @freed: charge of the packets that left the queue; advanced
 *
 * Context: softirqs off, RCU, the only one at work on this queue.
 * Return: what to do with the queue next.
 */
enum cr_pack cr_pack_run(struct cr_txctx *ctx, struct cr_txq *q, int budget, int *done,
			 u32 *freed)
{
	struct cr_circuit *circ = q->circ;
	struct page_frag *pf = &ctx->pf;
	enum cr_pack res = CR_PACK_EMPTY;
	u64 now = cr_now();
	struct cr_train t = {};
	struct cr_packed p;
	struct sk_buff *skb;

	while ((skb = skb_peek(&q->run))) {
		struct sk_buff *one = NULL;
		u32 len = 0;
		u8 *cell;
		u8 reason;

		if (*done >= budget) {
			res = CR_PACK_MORE;
			break;
		}
		if (!t.skb)
			len = pack_single(q);
		if (len) {
			one = alloc_skb(CR_HEADROOM + len, GFP_ATOMIC);
			if (unlikely(!one)) {
				pack_drop_first(q, skb, freed);
				continue;
			}
			skb_reserve(one, CR_HEADROOM);
			cell = one->data;
		} else {
			len = q->large;
			if (unlikely(!skb_page_frag_refill(len, pf, GFP_ATOMIC))) {
				pack_drop_first(q, skb, freed);
				continue;
			}
			cell = page_address(pf->page) + pf->offset;
		}
		pack_cell(q, cell + CR_HDR_LEN, len == q->large ? q->cap_large : q->cap_small, &p,
			  freed);
		if (unlikely(!p.used)) {
			kfree_skb(one);
			continue;
		}
		if (p.used <= q->cap_small)
			len = CR_CELL_SMALL;
		cr_frame_end(cell + CR_HDR_LEN, len == q->large ? q->cap_large : q->cap_small,
			     p.used);

		reason = cr_relay_originate(circ, q->d, len, now);
		if (reason == CR_DROP_RATE) {
			kfree_skb(one);
			q->wait = pack_wait(q);
			res = CR_PACK_WAIT;
			break;
		}
		if (unlikely(reason)) {
			/* No credit, and none will come in time for what is queued. */
			kfree_skb(one);
			while ((skb = skb_peek(&q->run)))
				pack_drop(q, skb, reason, freed);
			q->off = 0;
			q->seg = 0;
			break;
		}
		reason = pack_seal(q, cell, len, &p);
		pack_commit(q, &p, freed);
		(*done)++;
		if (unlikely(reason)) {
			kfree_skb(one);
			pack_lost_cell(q, len, reason);
		} else if (one) {
			skb_put(one, len);
			t.skb = one;
			t.len = len;
			t.n = 1;
			train_send(q, &t);
		} else if (unlikely(!train_add(q, &t, pf, len))) {
			pack_lost_cell(q, len, CR_DROP_NOMEM);
		}
	}
	train_send(q, &t);
	/* Reserved counters would fall behind the window if they were kept. */
	if (!q->off)
		q->ctr_left = 0;
	return res;
}
