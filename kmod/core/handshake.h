/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Handshake datagrams (docs/protocol.md, section 14): what a relay checks and
 * answers before any public-key work. Made and read by the daemon.
 */
#ifndef CR_CORE_HANDSHAKE_H
#define CR_CORE_HANDSHAKE_H

#include "siphash.h"
#include "wire.h"

#define CR_DGRAM_MAC		16u	/* offset of the MAC ... */
#define CR_DGRAM_COOKIE		32u	/* ... of the cookie's ... */
#define CR_DGRAM_HDR		48u	/* ... and of the frame */
#define CR_DGRAM_MAC_LEN	16u
#define CR_DGRAM_COOKIE_LEN	16u
#define CR_DGRAM_STREAM_LEN	32u	/* key that the frame is hidden with */
#define CR_DGRAM_RANDOM		32u	/* random bytes that a datagram without cookie takes */

/** enum cr_dgram_type - what is in the frame */
enum cr_dgram_type {
	CR_DGRAM_FIRST = 1,	/* first message of a link handshake */
	CR_DGRAM_SECOND = 2,	/* second */
	CR_DGRAM_TRY_AGAIN = 3,	/* a cookie */
};

/**
 * cr_dgram_mac() - MAC of a datagram: SipHash-128 of bytes 0 to 15 and 48 to 255
 * @out: CR_DGRAM_MAC_LEN bytes
 * @dgram: a cell's length, so at least CR_CELL_SMALL
 * @key: who may send it
 */
void cr_dgram_mac(u8 *out, const u8 *dgram, const struct cr_siphash_key *key);

/** cr_dgram_cookie_mac() - MAC of a cookie: SipHash-128 of bytes 0 to 31 under the cookie */
void cr_dgram_cookie_mac(u8 *out, const u8 *dgram, const u8 *cookie);

/** cr_dgram_equal() - are two MACs equal? Constant time. */
static inline bool cr_dgram_equal(const u8 *a, const u8 *b)
{
	return !((get_unaligned_le64(a) ^ get_unaligned_le64(b)) |
		 (get_unaligned_le64(a + 8) ^ get_unaligned_le64(b + 8)));
}

/**
 * cr_dgram_hide() - XOR the frame with its ChaCha20 stream, either way
 * @dgram: datagram, its first 16 bytes written
 * @len: its length
 * @stream: key
 */
void cr_dgram_hide(u8 *dgram, size_t len, const u8 *stream);

/**
 * cr_dgram_try_again() - answer a datagram by a cookie
 * @out: CR_CELL_SMALL bytes, not longer than any question
 * @asked: the question: its MAC is the key of the answer's
 * @stream: key that questions are hidden with
 * @cookie: CR_DGRAM_COOKIE_LEN bytes
 * @random: CR_DGRAM_RANDOM bytes
 */
void cr_dgram_try_again(u8 *out, const u8 *asked, const u8 *stream, const u8 *cookie,
			const u8 *random);

#endif /* CR_CORE_HANDSHAKE_H */
