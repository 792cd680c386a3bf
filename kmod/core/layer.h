/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Onion layers: one AEAD per hop and direction, of the suite that was chosen for
 * the hop, nonce = 4 zero bytes | LE64(counter), no additional data, in place.
 */
#ifndef CR_CORE_LAYER_H
#define CR_CORE_LAYER_H

#include "wire.h"

struct cr_cipher;

/** struct cr_trailer - last seven bytes of a layer's plaintext
 * @ctr: counter of the layer inside (RELAY), else 0 when sent, ignored when read
 * @type: enum cr_cell_type; may hold any byte value after opening
 */
struct cr_trailer {
	u64 ctr;
	u8 type;
};

/**
 * cr_layer_open() - authenticate and decrypt the layer that @pos owns, in place
 * @body: cell body
 * @body_len: its length
 * @pos: position, 1..CR_HOPS_MAX
 * @c: the hop's key
 * @ctr: counter, below CR_CTR_LIMIT
 * @tr: the trailer, when true is returned
 *
 * On failure the body is unchanged with suite 1; with suite 2 what the layer covered is
 * undefined, so a cell that failed can only be dropped. On success the inner layer or payload is
 * the first cr_payload_len() bytes; what is behind it is plaintext trailer and
 * old tag, to be overwritten by the caller with filler before it is sent on.
 */
bool cr_layer_open(u8 *body, size_t body_len, unsigned int pos, const struct cr_cipher *c,
		   u64 ctr, struct cr_trailer *tr);

/**
 * cr_layer_seal() - append the trailer and encrypt the layer of @pos, in place
 * @body: first cr_payload_len(@body_len, @pos) bytes are the plaintext
 * @body_len: body length
 * @pos: position, 1..CR_HOPS_MAX
 * @c: the hop's key
 * @ctr: own next counter; never used twice with @c
 * @tr: trailer to append
 */
void cr_layer_seal(u8 *body, size_t body_len, unsigned int pos, const struct cr_cipher *c,
		   u64 ctr, const struct cr_trailer *tr);

/**
 * cr_ctl_open() - open a link control body (circ 0): one layer over all of it, always suite 1
 *
 * Return: true when authentic; plaintext is the first @body_len - CR_AEAD_TAG_LEN bytes.
 */
bool cr_ctl_open(u8 *body, size_t body_len, const u8 *key, u64 ctr);

/** cr_ctl_seal() - seal a link control body; the mirror of cr_ctl_open() */
void cr_ctl_seal(u8 *body, size_t body_len, const u8 *key, u64 ctr);

/**
 * cr_ctl_parse() - find the message in an opened link control plaintext
 * @plain: plaintext
 * @len: its length
 * @type: enum cr_ctl_type, when true is returned
 * @msg_len: length of the message at @plain + CR_CTL_HDR_LEN
 *
 * Return: false for an unknown type, a length beyond the plaintext, or
 * a non-zero byte behind the message.
 */
bool cr_ctl_parse(const u8 *plain, size_t len, u8 *type, u16 *msg_len);

/**
 * cr_ctl_build() - write header and message and zero the rest
 *
 * Return: false when it does not fit or @type is unknown.
 */
bool cr_ctl_build(u8 *plain, size_t len, u8 type, const void *msg, size_t msg_len);

#endif /* CR_CORE_LAYER_H */
