/* SPDX-License-Identifier: MIT */
/*
 * Keys of links, circuits and handshake datagrams: BLAKE2b (RFC 7693), keyed, with one label each
 * (docs/protocol.md, section 15). Results are secrets of the caller, who wipes them.
 */
#ifndef CELLRELAY_CONTROL_DERIVE_H
#define CELLRELAY_CONTROL_DERIVE_H

#include <stdint.h>

#include "control/message.h"

/** struct cr_way_keys - header and control keys of one direction of a link */
struct cr_way_keys {
	uint8_t tag[16];
	uint8_t mask[16];
	uint8_t ctl[32];
};

/** cr_derive_way() - from the Split key of that direction */
void cr_derive_way(struct cr_way_keys *k, const uint8_t split[32], uint8_t suite);

/** cr_derive_layer() - key of a circuit's layer, from the Split key of that direction */
void cr_derive_layer(uint8_t key[32], const uint8_t split[32], uint8_t suite);

/**
 * struct cr_dgram_keys - what a handshake datagram is made with
 * @mac: of its MAC
 * @stream: of what it hides its content with
 */
struct cr_dgram_keys {
	uint8_t mac[16];
	uint8_t stream[32];
};

/** cr_derive_first() - first messages to, and cookies from, the owner of X25519 key @responder */
void cr_derive_first(struct cr_dgram_keys *k, const uint8_t responder[32]);

/**
 * cr_derive_reply() - the second message
 * @idx_key: the initiator's k_idx, from its first message
 * @ck: chaining key after the first message
 */
void cr_derive_reply(struct cr_dgram_keys *k, const uint8_t idx_key[CR_IDX_KEY_LEN],
		     const uint8_t ck[NOISE_HASH_LEN]);

/** cr_derive_reply_mac() - the MAC key alone, which is one for all handshakes of a host */
void cr_derive_reply_mac(uint8_t mac[16], const uint8_t idx_key[CR_IDX_KEY_LEN]);

#endif /* CELLRELAY_CONTROL_DERIVE_H */
