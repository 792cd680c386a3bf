// SPDX-License-Identifier: GPL-2.0
/*
 * From DATA plaintexts to the stack: frames, halves of split packets, checks of
 * what the other side may send, GRO.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "core/inner.h"
#include "device_priv.h"

/* Where a circuit's received DATA comes from. */
static u8 rx_dir(const struct cr_circuit *circ)
{
	return circ->role == CELLRELAY_ROLE_CLIENT ? CELLRELAY_BWD : CELLRELAY_FWD;
}

static void rx_lost(struct cr_dev *cd, struct cr_circuit *circ, u32 len, u8 reason)
{
	cr_dev_lost(cd, circ, rx_dir(circ), len, reason);
	if (reason == CR_DROP_INNER || reason == CR_DROP_INNER_ADDR)
		cr_dev_count(cd, rx_errors, 1);
	else
		cr_dev_count(cd, rx_dropped, 1);
}

/*
 * An exit takes packets only from the address that it gave to the circuit, a
 * client only what is for its own: neither may speak for, or to, anybody else
 * behind the device.
 */
static bool rx_addr_ok(const struct cr_circuit *circ, int ver, const u8 *p)
{
	bool client = circ->role == CELLRELAY_ROLE_CLIENT;
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)p;
	const struct iphdr *ip = (const struct iphdr *)p;

	if (ver == 4)
		return circ->inner4 && (client ? ip->daddr : ip->saddr) == circ->inner4;
	return !ipv6_addr_any(&circ->inner6) &&
	       ipv6_addr_equal(client ? &ip6->daddr : &ip6->saddr, &circ->inner6);
}

/* Hand a whole packet, data at its first byte, to the stack; takes @skb. */
static void rx_deliver(struct cr_dev *cd, struct cr_circuit *circ, struct sk_buff *skb)
{
	u32 len = skb->len;
	int ver = cr_inner_check(skb->data, len);
	u8 reason = !ver ? CR_DROP_INNER :
		    !rx_addr_ok(circ, ver, skb->data) ? CR_DROP_INNER_ADDR : 0;

	if (unlikely(reason)) {
		kfree_skb(skb);
		rx_lost(cd, circ, len, reason);
		return;
	}
	cr_inner_clamp_mss(skb->data, len, cr_frame_capacity(circ->large, circ->exit_pos));
	/*
	 * The layer vouches for what the other end of the circuit put in, not for
	 * what reached that end: the packet's own checksum stays to be checked
	 * (CHECKSUM_NONE), which GRO does once per packet.
	 */
	skb->protocol = ver == 4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	cr_dev_count2(cd, rx_packets, rx_bytes, len);
	gro_cells_receive(&cd->gro, skb);
}

/* One packet in up to two parts, copied; @b may be NULL. */
static void rx_packet(struct cr_dev *cd, struct cr_circuit *circ, const u8 *a, u32 a_len,
		      const u8 *b, u32 b_len)
{
	struct sk_buff *skb = netdev_alloc_skb_ip_align(cd->dev, a_len + b_len);

	if (unlikely(!skb)) {
		rx_lost(cd, circ, a_len + b_len, CR_DROP_NOMEM);
		return;
	}
	skb_put_data(skb, a, a_len);
	if (b)
		skb_put_data(skb, b, b_len);
	rx_deliver(cd, circ, skb);
}

/*
 * A cell that holds one packet and little else: the packet stays where it is.
 * A small packet is copied out instead, or it would hold on to the whole
 * buffer in some socket's queue.
 */
static bool rx_in_place(struct cr_dev *cd, struct cr_circuit *circ, const struct cr_frame *f,
			const u8 *plain, u32 len, struct sk_buff **skbp)
{
	struct sk_buff *skb = *skbp;
	struct cr_frame more;
	size_t off = f->data + f->len - plain;

	if (f->flags || f->len < len / 2 || cr_frame_next(plain, len, &off, &more))
		return false;
	*skbp = NULL;
	__skb_pull(skb, f->data - skb->data);
	__skb_trim(skb, f->len);
	cr_skb_scrub(skb);
	skb->dev = cd->dev;
	rx_deliver(cd, circ, skb);
	return true;
}

/* Half a packet: join it with the other half, or keep it in place of an older one. */
static void rx_half(struct cr_dev *cd, struct cr_circuit *circ, const struct cr_frame *f, u64 ctr)
{
	bool first = f->flags == CR_FRAME_FIRST;
	struct cr_half *h;

	spin_lock(&circ->half_lock);
	h = circ->half;
	if (unlikely(!h)) {
		h = kzalloc(sizeof(*h), GFP_ATOMIC | __GFP_NOWARN);
		if (!h) {
			spin_unlock(&circ->half_lock);
			rx_lost(cd, circ, f->len, CR_DROP_NOMEM);
			return;
		}
		circ->half = h;
	}
	if (h->len && h->flags != f->flags && (first ? ctr + 1 == h->ctr : h->ctr + 1 == ctr)) {
		if (first)
			rx_packet(cd, circ, f->data, f->len, h->data, h->len);
		else
			rx_packet(cd, circ, h->data, h->len, f->data, f->len);
		h->len = 0;
	} else {
		if (h->len)
			rx_lost(cd, circ, h->len, CR_DROP_HALF);
		memcpy(h->data, f->data, f->len);
		h->len = f->len;
		h->flags = f->flags;
		h->ctr = ctr;
	}
	spin_unlock(&circ->half_lock);
}

/**
 * cr_dev_rx() - deliver the packets of an opened DATA plaintext
 * @circ: circuit
 * @plain: frames
 * @len: their length
 * @ctr: counter of the layer that held them
 * @skb: the linear buffer that @plain is in; NULL: copy. Set to NULL when it was kept.
 *
 * The cell itself was counted by the caller. A packet that is refused here
 * counts as one made here and dropped here, so that sums stay conserved.
 *
 * Context: softirqs off, RCU.
 * Return: 0, or -EBADMSG when the list of frames is malformed: the circuit ends.
 */
int cr_dev_rx(struct cr_circuit *circ, const u8 *plain, u32 len, u64 ctr, struct sk_buff **skb)
{
	struct cr_dev *cd = rcu_dereference(circ->dev);
	struct cr_frame f;
	size_t off = 0;
	int ret;

	while ((ret = cr_frame_next(plain, len, &off, &f)) > 0) {
		if (unlikely(!cd || !(READ_ONCE(cd->dev->flags) & IFF_UP))) {
			cr_count_drop(circ->cn, circ, rx_dir(circ), f.len, CR_DROP_DEV_DOWN);
			continue;
		}
		if (skb && off == CR_FRAME_HDR + f.len &&
		    rx_in_place(cd, circ, &f, plain, len, skb))
			break;
		if (likely(!f.flags))
			rx_packet(cd, circ, f.data, f.len, NULL, 0);
		else if (f.len <= sizeof(circ->half->data))
			rx_half(cd, circ, &f, ctr);
		else
			rx_lost(cd, circ, f.len, CR_DROP_TOO_BIG);
	}
	return min(ret, 0);
}

/**
 * cr_dev_free_circ() - free what a circuit keeps for its device
 * @circ: circuit that nobody can see any more
 */
void cr_dev_free_circ(struct cr_circuit *circ)
{
	kfree_sensitive(circ->half);
	circ->half = NULL;
}
