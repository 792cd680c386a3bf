/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to one cell: look-up, checks, open or seal, verdict. The
 * socket path and the XDP path both call this with a linear, writable cell,
 * so there is one truth. Softirqs off, rcu_read_lock held.
 */
#ifndef CR_RELAY_H
#define CR_RELAY_H

#include <linux/hash.h>
#include <linux/ktime.h>

#include "circuit.h"

#define CR_TTL		64	/* of every outer header, or it would tell the distance */

/** enum cr_verdict - what the caller does with the cell
 * @CR_V_DROP: free it; counted already, but for what cr_relay_lookup() says
 * @CR_V_FORWARD: cell is ready; send it by cr_rx.out (counted as out by whoever hands it over)
 * @CR_V_DATA: payload at cr_rx.plain is a list of frames for the circuit's device
 * @CR_V_CONTROL: payload at cr_rx.plain is a control message for the daemon
 * @CR_V_LINK_CTL: plain is an opened link control plaintext
 * @CR_V_DONE: consumed and counted (padding)
 * @CR_V_NOT_CELL: no link has this index: perhaps a handshake; untouched, not counted
 */
enum cr_verdict {
	CR_V_DROP,
	CR_V_FORWARD,
	CR_V_DATA,
	CR_V_CONTROL,
	CR_V_LINK_CTL,
	CR_V_DONE,
	CR_V_NOT_CELL,
};

/**
 * struct cr_rx - a cell under way
 * @cn: namespace
 * @cell: the whole cell, linear and writable
 * @len: its length
 * @now: cr_now(): expiry, rate limits
 * @hdr: unmasked header (after look-up)
 * @gen: key generation it came under
 * @circ: its circuit; NULL for link control and before look-up
 * @d: direction
 * @out: link it leaves by (FORWARD)
 * @plain: payload (DATA, CONTROL, LINK_CTL)
 * @plain_len: its length
 * @ctr: counter of the layer that held the payload
 * @hop: position of the hop that sent it (client) or 0
 * @reason: why it was dropped
 * @tagged: the header's tag is right
 * @xdp: on the XDP path; its end goes to @what, for the program to count
 * @what: as for the tracepoint, see linux/cellrelay_acct.h
 * @newest: the cell passed an AEAD and its counter was above all earlier ones: a sign that
 *	the peer is where it came from
 */
struct cr_rx {
	struct cr_net *cn;
	u8 *cell;
	u32 len;
	u64 now;
	struct cr_hdr hdr;
	struct cr_keygen *gen;
	struct cr_circuit *circ;
	u8 d;
	struct cr_link *out;
	u8 *plain;
	u32 plain_len;
	u64 ctr;
	u8 hop;
	u8 reason;
	bool tagged;
	bool xdp;
	bool newest;
	u32 what;
};

/** cr_now() - boot time in ns, a tick coarse: what all limits and expiries compare with */
static inline u64 cr_now(void)
{
	return ktime_get_coarse_boottime_ns();
}

/** cr_circ_hash() - spreads circuits over queues; says nothing to anybody but this host */
static inline u32 cr_circ_hash(const struct cr_circuit *circ, u8 d)
{
	return hash_64(circ->cookie << 1 | d, 32);
}

/*
 * First stage: nothing is written or counted. Finds link, direction, circuit; checks tag,
 * size, replay, credit and rate as hints. CR_V_FORWARD here means "go on".
 */
enum cr_verdict cr_relay_lookup(struct cr_rx *rx);
enum cr_verdict cr_relay_lookup_again(struct cr_rx *rx);

/*
 * Between the stages: the caller decides that the cell is its own. Counts it in, and its drop.
 */
enum cr_verdict cr_relay_accept(struct cr_rx *rx, enum cr_verdict v);

/* Second stage: cipher work in place, commit, count. */
enum cr_verdict cr_relay_work(struct cr_rx *rx);

/*
 * The same second stage for a client's circuit: opens hop after hop
 * (client.c); commits every hop's window.
 */
enum cr_verdict cr_client_open(struct cr_rx *rx);

/*
 * Limit (exact over both directions) and rate of one cell, and its count in dir[d].count
 * when it may pass. dir[d].lock held; a refusal changes nothing but cr_stats.refused.
 * Return: 0, CR_DROP_CREDIT or CR_DROP_RATE.
 */
u8 cr_relay_charge(struct cr_circuit *circ, u8 d, u32 len, u64 now);

/*
 * Admit a cell that starts here (client forward, exit backward, own control):
 * cr_relay_charge() under the direction's lock. Not counted as a drop when refused: a device
 * keeps what is over the rate and tries again. When the cell cannot be sent after all:
 * cr_relay_refund() and cr_count_drop() with orig.
 * Return: 0 or a drop reason.
 */
u8 cr_relay_originate(struct cr_circuit *circ, u8 d, u32 len, u64 now);

/*
 * A charged cell was lost here: take the charge back, so that dir[d].count holds what was
 * forwarded, delivered or originated, as the accounting map does. Tokens stay spent.
 * Softirqs off, dir[d].lock not held.
 */
void cr_relay_refund(struct cr_circuit *circ, u8 d, u32 len);

/*
 * Seal a payload that starts here into a whole cell, header included.
 * cell: buffer of @len bytes, payload already at its place (CR_HDR_LEN, first
 * cr_payload_len() bytes of the hop).
 * Relay: @hop ignored, backward. Client: layers of hops @hop..1, forward.
 * @ctr: counter to use for the innermost layer when @has_ctr (a reserved pair for
 * a split packet), else the next one.
 * Return: 0 or a drop reason; not counted.
 */
u8 cr_relay_seal(struct cr_circuit *circ, u8 *cell, u32 len, u8 hop, u8 type, bool has_ctr, u64 ctr);
u8 cr_client_seal(struct cr_circuit *circ, u8 *cell, u32 len, u8 hop, u8 type, bool has_ctr, u64 ctr);

/* Reserve @n consecutive counters of the innermost layer at @hop (client) or of the backward
 * layer (relay). Return: the first, or CR_CTR_LIMIT when exhausted.
 */
u64 cr_relay_reserve(struct cr_circuit *circ, u8 hop, u32 n);

/* Fill with random-looking bytes from this CPU's filler; softirqs off. */
void cr_filler(u8 *dst, size_t n);
int cr_filler_init(void);
void cr_filler_exit(void);
/* Every CPU's filler takes a fresh seed before it is used again. Any context. */
void cr_filler_reseed(void);

/* Count a received cell, and its end: namespace, circuit, tracepoint or XDP program. Softirqs
 * off. The cell must be in before it ends.
 */
void cr_rx_in(struct cr_rx *rx);
void cr_rx_out(struct cr_rx *rx);
void cr_rx_delivered(struct cr_rx *rx);
enum cr_verdict cr_rx_drop(struct cr_rx *rx, u8 reason);

/* The same for a cell that was made here (circuit may be NULL): its origin is counted with its
 * end.
 */
void cr_count_out(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len);
void cr_count_drop(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len, u8 reason);

void cr_skb_scrub(struct sk_buff *skb);

/*
 * output.c: route to an address, and the source address that the stack would choose; from
 * @cache if that has one, which else gets it. Softirqs off, RCU. The caller holds what is
 * returned. Return: NULL: *@reason says why.
 */
struct rtable *cr_route4(const struct cr_sock *cs, const struct cr_addr *to,
			 struct dst_cache *cache, __be32 *saddr, u8 *reason);
struct dst_entry *cr_route6(const struct cr_sock *cs, const struct cr_addr *to,
			    struct dst_cache *cache, struct in6_addr *saddr, u8 *reason);
u32 cr_dev_mtu6(const struct dst_entry *dst);

/*
 * output.c: send cells. The skb's data is one cell, or, with gso_size, a train of equal
 * cells, headers sealed, with CR_HEADROOM in front. Consumes the skb. Resets everything that
 * could tell where it came from; new outer header: TTL 64, DSCP 0, not-ECT, IPv4 id 0 and
 * DF, no flow label, real checksums. @hash spreads circuits over queues.
 * Return: 0, or a drop reason (not counted; skb freed).
 */
u8 cr_output(struct cr_link *link, struct sk_buff *skb, u32 hash, u16 gso_size);
/* The same to another address of the peer (PING to a candidate), or to anyone (datagrams). */
u8 cr_output_to(struct cr_sock *cs, const struct cr_addr *to, struct sk_buff *skb, u32 hash);
#define CR_HEADROOM	128	/* IPv6 + UDP + link layer, rounded up */

/*
 * Does the way to the link's peer lead into a cellrelay device? Process context, cn->lock held.
 * Return: 0, also when there is no route at all, or -ELOOP.
 */
int cr_output_check_loop(const struct cr_sock *cs, const struct cr_addr *to,
			 struct netlink_ext_ack *extack);

/* input.c: what both paths do with a cell that cr_relay_work() is done with. */
void cr_rx_ended(struct cr_rx *rx, u8 reason);
void cr_rx_data(struct cr_rx *rx, struct sk_buff **skb);
void cr_rx_roamed(struct cr_rx *rx, const struct cr_addr *from);

/* Packet sockets: encap_rcv. */
int cr_input(struct sock *sk, struct sk_buff *skb);

#endif /* CR_RELAY_H */
