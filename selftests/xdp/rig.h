/* SPDX-License-Identifier: MIT */
/*
 * A middle relay under test: its keys and circuits as `relayctl circuit keygen` wrote them,
 * the cells that its neighbours would send, the frames around them, and what must come out.
 * rig.sh makes the hosts.
 */
#ifndef XDP_RIG_H
#define XDP_RIG_H

#include <linux/types.h>

#include "aead.h"
#include "header.h"
#include "layer.h"

#define RIG_FRAME_MAX	2048u
#define RIG_PORT	4000u

/** struct rig_link - the relay's session with a neighbour, and how frames get there
 * @rx_index: index that the relay chose
 * @tx_index: index that the neighbour chose
 * @rx: the relay receives with
 * @tx: the relay sends with
 * @rx_ctl: key of received link control
 * @peer_idx: the neighbour's index key
 * @family: 4 or 6
 * @ifindex: the relay's device towards it
 * @mac: that device's address
 * @peer_mac: the neighbour's
 * @addr: the relay's address, network order; IPv4 uses the first four bytes
 * @peer: the neighbour's
 */
struct rig_link {
	u32 rx_index, tx_index;
	struct cr_hdr_keys rx, tx;
	u8 rx_ctl[CR_KEY_LEN];
	struct cr_siphash_key peer_idx;
	int family;
	u32 ifindex;
	u8 mac[6], peer_mac[6];
	u8 addr[16], peer[16];
};

/** struct rig_circ - a circuit of the relay
 * @prev_rx: id of forward cells that arrive
 * @prev_tx: id of backward cells that leave
 * @next_rx: id of backward cells that arrive
 * @next_tx: id of forward cells that leave
 * @fwd: layer key
 * @bwd: layer key
 * @aesgcm: suite 2
 */
struct rig_circ {
	u32 id, prev_rx, prev_tx, next_rx, next_tx;
	struct cr_cipher fwd, bwd;
	bool aesgcm;
};

/** struct rig - all of it
 * @prev: towards the client
 * @next: away from it
 * @idx: the relay's own index key
 * @pos: its position
 * @circ: circuits
 * @circs: how many
 */
struct rig {
	struct rig_link prev, next;
	struct cr_siphash_key idx;
	unsigned int pos;
	struct rig_circ *circ;
	unsigned int circs;
};

/*
 * Read a node's files in @dir; @idx is the file with its own index key; "DEV,ADDRESS,PEER-ADDRESS,
 * PEER-MAC" say how its links lie. Ends the program with a message when something is missing.
 */
void rig_load(struct rig *r, const char *dir, unsigned int node, const char *idx, const char *prev,
	      const char *next);

/* Random bytes. */
void rig_random(void *buf, size_t len);

/* A forward cell as the hop before would send it; the inner layer is random. */
void rig_forward(const struct rig *r, const struct rig_circ *c, u8 *cell, size_t len, u64 ctr,
		 u64 inner_ctr, u8 type);
/* A backward cell as the hop behind would send it; the body is random. */
void rig_backward(const struct rig *r, const struct rig_circ *c, u8 *cell, size_t len, u64 ctr);
/* Link control from the hop before. */
void rig_control(const struct rig *r, u8 *cell, size_t len, u64 ctr, u8 type);

/*
 * What came out of the relay for @in: NULL when all is as it must be, else what is wrong.
 * @fresh: filler of the output, *@fresh_len bytes of it, which nothing may depend on.
 */
const char *rig_check_forward(const struct rig *r, const struct rig_circ *c, const u8 *in, size_t len,
			      u64 ctr, u64 inner_ctr, const u8 *out, const u8 **fresh, size_t *fresh_len);
const char *rig_check_backward(const struct rig *r, const struct rig_circ *c, const u8 *in, size_t len,
			       u64 ctr, u64 *own_ctr, const u8 *out, const u8 **fresh, size_t *fresh_len);

/** struct rig_outer - what of an outer header is not computed
 * @vlan: VLAN tag to put on, 0: none
 * @ttl: TTL or hop limit
 * @tos: DSCP and ECN
 * @id: IPv4 identification, IPv6 flow label
 */
struct rig_outer {
	u16 vlan;
	u8 ttl, tos;
	u32 id;
};

/*
 * Frame of the relay's link @l around @cell: to the relay, or, with @out, from it.
 * Return: length; *@off: where the cell starts.
 */
size_t rig_frame(const struct rig_link *l, bool out, const struct rig_outer *outer, const u8 *cell,
		 size_t len, u8 *frame, size_t *off);
/* Again after a change: checksums of IPv4 header and UDP. @l3: offset of the IP header. */
void rig_checksums(u8 *frame, size_t l3, size_t frame_len);

#endif /* XDP_RIG_H */
