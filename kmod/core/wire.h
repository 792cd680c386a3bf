/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Every size, offset and limit of the wire format, in one place.
 * docs/protocol.md describes the same bytes in prose, with test vectors.
 *
 *	 0  4  link   receiver's random index, masked with SipHash(k_idx, tag)
 *	 4  8  tag    SipHash(k_tag, link | circ | ctr | last 16 bytes of cell)
 *	12  4  circ   } masked with the first 12 bytes of
 *	16  8  ctr    } SipHash-2-4-128(k_mask, tag)
 *	24  -  body   layers, then filler
 *
 * All integers little-endian.
 */
#ifndef CR_CORE_WIRE_H
#define CR_CORE_WIRE_H

#include "env.h"

/* UDP payload sizes of a cell. Nothing else is a cell. */
#define CR_CELL_SMALL		256u
#define CR_CELL_LARGE		1408u
#define CR_CELL_LARGE_V6MIN	1232u	/* paths that only carry IPv6's minimum MTU */

#define CR_OFF_LINK		0
#define CR_OFF_TAG		4
#define CR_OFF_CIRC		12
#define CR_OFF_CTR		16
#define CR_HDR_LEN		24u

#define CR_AEAD_TAG_LEN		16u
#define CR_TRAILER_LEN		7u	/* LE48 counter of the inner layer, 1 byte type */
#define CR_LAYER_OVERHEAD	(CR_AEAD_TAG_LEN + CR_TRAILER_LEN)
#define CR_KEY_LEN		32u	/* layer and link control keys */
#define CR_HOPS_MAX		8u

/* Counters live below 2^48 (the trailer holds six bytes); sending counters
 * start at a random value below 2^47, so at least 2^47 cells fit.
 */
#define CR_CTR_LIMIT		(1ULL << 48)
#define CR_CTR_START_LIMIT	(1ULL << 47)

/**
 * enum cr_cell_type - what a layer's plaintext is (last byte of the trailer)
 * @CR_CELL_RELAY: the next layer; only valid where there is a next hop
 * @CR_CELL_DATA: frames of IP packets, see frame.h; exit and client only
 * @CR_CELL_CONTROL: for, or from, this hop's daemon
 * @CR_CELL_PAD: drop
 *
 * Any other value is a protocol violation and ends the circuit.
 */
enum cr_cell_type {
	CR_CELL_RELAY	= 0,
	CR_CELL_DATA	= 1,
	CR_CELL_CONTROL	= 2,
	CR_CELL_PAD	= 3,
};

/* Link control (circ 0): one AEAD layer over the whole body under k_ctl.
 * Plaintext: {u8 type, LE16 length, bytes...}, zero-filled to the body's end.
 */
#define CR_CTL_OVERHEAD		CR_AEAD_TAG_LEN
#define CR_CTL_HDR_LEN		3u

enum cr_ctl_type {
	CR_CTL_PAD	= 0,
	CR_CTL_PING	= 1,
	CR_CTL_PONG	= 2,
	CR_CTL_CREATE	= 3,
	CR_CTL_CREATED	= 4,
	CR_CTL_DESTROY	= 5,
	CR_CTL_REKEY	= 6,
	CR_CTL_TYPE_MAX	= 6,
};

/**
 * cr_cell_len_ok() - is this the UDP payload length of a cell?
 * @len: UDP payload length in bytes
 *
 * Whether this circuit uses that size is checked once the circuit is known.
 */
static inline bool cr_cell_len_ok(size_t len)
{
	return len == CR_CELL_LARGE || len == CR_CELL_SMALL ||
	       len == CR_CELL_LARGE_V6MIN;
}

/**
 * cr_layer_len() - length of the layer that position @pos opens or seals
 * @body_len: cell length less CR_HDR_LEN
 * @pos: position on the circuit, 1 (next to the client) to CR_HOPS_MAX
 *
 * The layer starts at the body's first byte; what is behind it is filler.
 */
static inline size_t cr_layer_len(size_t body_len, unsigned int pos)
{
	return body_len - (size_t)(pos - 1) * CR_LAYER_OVERHEAD;
}

/**
 * cr_payload_len() - bytes that a DATA, CONTROL or PAD plaintext of hop @pos holds
 * @body_len: cell length less CR_HDR_LEN
 * @pos: position of the hop that opens (forward) or sealed (backward) it
 */
static inline size_t cr_payload_len(size_t body_len, unsigned int pos)
{
	return cr_layer_len(body_len, pos) - CR_LAYER_OVERHEAD;
}

static_assert(CR_CELL_SMALL - CR_HDR_LEN > CR_HOPS_MAX * CR_LAYER_OVERHEAD,
	      "a small cell must hold a payload at the last position");

#endif /* CR_CORE_WIRE_H */
