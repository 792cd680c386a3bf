// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes cost the daemon public-key work, and their sources can be forged.
 * So the module looks first: a datagram with none of the expected MACs is a
 * cell of no link. Above a rate, a question must show a cookie, a hash of its
 * source that only whoever receives there can know; without, it is answered by
 * one, which costs no state and is never longer than the question.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "cookie.h"
#include "relay.h"

#define CR_COOKIE_TURN_NS	(60 * NSEC_PER_SEC)	/* new secret; the one before still counts */

static void cr_filter_free_rcu(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct cr_filter, rcu));
}

/**
 * cr_filter_set() - what the daemon wants to see from now on
 * @cn: namespace
 * @f: the filter, ours from now on; NULL: everything
 *
 * Return: 0.
 */
int cr_filter_set(struct cr_net *cn, struct cr_filter *f)
{
	struct cr_filter *old;

	spin_lock_bh(&cn->event_lock);
	old = rcu_replace_pointer(cn->filter, f, lockdep_is_held(&cn->event_lock));
	spin_unlock_bh(&cn->event_lock);
	if (old)
		call_rcu(&old->rcu, cr_filter_free_rcu);
	return 0;
}

/* Secrets of two minutes at most. Under cookie_lock. */
static void cr_cookie_turn(struct cr_net *cn, u64 now)
{
	if (cn->cookie_made && now - cn->cookie_made < CR_COOKIE_TURN_NS)
		return;
	cn->cookie_secret[1] = cn->cookie_secret[0];
	/* after a pause the other one is too old, too */
	if (!cn->cookie_made || now - cn->cookie_made >= 2 * CR_COOKIE_TURN_NS)
		get_random_bytes(&cn->cookie_secret[1], sizeof(cn->cookie_secret[1]));
	get_random_bytes(&cn->cookie_secret[0], sizeof(cn->cookie_secret[0]));
	cn->cookie_made = now;
}

/* One more question: are there more than so many in this second? Under cookie_lock. */
static bool cr_cookie_load(struct cr_net *cn, u64 now, u32 rate)
{
	if (now - cn->cookie_second >= NSEC_PER_SEC) {
		cn->cookie_second = now;
		cn->cookie_count = 0;
	}
	return cn->cookie_count++ >= rate;
}

static void cr_cookie_of(u8 *out, const struct cr_addr *from, const struct cr_siphash_key *secret)
{
	u8 bytes[24] = {};
	u64 w[3], hi, lo;
	int i;

	if (from->family == AF_INET6)
		memcpy(bytes, &from->in6, 16);
	else
		memcpy(bytes, &from->in4, 4);
	memcpy(bytes + 16, &from->port, sizeof(from->port));
	bytes[18] = from->family;
	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = get_unaligned_le64(bytes + 8 * i);
	lo = cr_siphash_words(w, ARRAY_SIZE(w), secret, &hi);
	put_unaligned_le64(lo, out);
	put_unaligned_le64(hi, out + 8);
}

/* Must this question be answered by a cookie? If so @cookie is it. */
static bool cr_cookie_wanted(struct cr_net *cn, const struct cr_filter *f, const struct cr_addr *from,
			     const u8 *data, u8 *cookie)
{
	struct cr_siphash_key secret[2];
	u8 old[CR_DGRAM_COOKIE_LEN], mac[CR_DGRAM_MAC_LEN];
	u64 now = cr_now();
	bool load;

	spin_lock_bh(&cn->cookie_lock);
	load = cr_cookie_load(cn, now, f->rate);
	if (load)
		cr_cookie_turn(cn, now);
	memcpy(secret, cn->cookie_secret, sizeof(secret));
	spin_unlock_bh(&cn->cookie_lock);
	if (!load)
		return false;
	cr_cookie_of(cookie, from, &secret[0]);
	cr_cookie_of(old, from, &secret[1]);
	memzero_explicit(secret, sizeof(secret));
	cr_dgram_cookie_mac(mac, data, cookie);
	if (cr_dgram_equal(mac, data + CR_DGRAM_COOKIE))
		return false;
	cr_dgram_cookie_mac(mac, data, old);
	return !cr_dgram_equal(mac, data + CR_DGRAM_COOKIE);
}

static void cr_cookie_answer(struct cr_sock *cs, const struct cr_addr *to, const u8 *data,
			     const u8 *stream, const u8 *cookie)
{
	struct sk_buff *skb = alloc_skb(CR_HEADROOM + CR_CELL_SMALL, GFP_ATOMIC);
	u8 random[CR_DGRAM_RANDOM];
	u8 reason;

	if (!skb)
		return;
	skb_reserve(skb, CR_HEADROOM);
	skb_put(skb, CR_CELL_SMALL);
	cr_filler(random, sizeof(random));
	cr_dgram_try_again(skb->data, data, stream, cookie, random);
	reason = cr_output_to(cs, to, skb, 0);
	if (reason)
		cr_count_drop(cs->cn, NULL, 0, CR_CELL_SMALL, reason);
	else
		cr_count_out(cs->cn, NULL, 0, CR_CELL_SMALL);
}

/**
 * cr_cookie_filter() - look at a datagram before the daemon does
 * @cs: socket that received it
 * @from: sender
 * @data: payload
 * @len: its length, a cell's
 * @reason: if it ends here: 0 when it was answered, else a drop reason
 *
 * Context: softirq, RCU.
 * Return: true: it is for the daemon.
 */
bool cr_cookie_filter(struct cr_sock *cs, const struct cr_addr *from, const u8 *data, u32 len,
		      u8 *reason)
{
	const struct cr_filter *f = rcu_dereference(cs->cn->filter);
	u8 mac[CR_DGRAM_MAC_LEN], cookie[CR_DGRAM_COOKIE_LEN];
	u32 i;

	if (!f)
		return true;
	for (i = 0; i < f->nr; i++) {
		cr_dgram_mac(mac, data, &f->mac[i]);
		if (cr_dgram_equal(mac, data + CR_DGRAM_MAC))
			break;
	}
	*reason = CR_DROP_LINK_UNKNOWN;
	if (i == f->nr)
		return false;
	if (i >= f->own || !cr_cookie_wanted(cs->cn, f, from, data, cookie))
		return true;
	cr_cookie_answer(cs, from, data, f->stream[i], cookie);
	*reason = 0;
	return false;
}
