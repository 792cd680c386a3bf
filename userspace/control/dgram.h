/* SPDX-License-Identifier: MIT */
/*
 * Handshake datagrams (docs/protocol.md, section 14): as long as cells, and random to whoever does not know
 * the responder's public key.
 *
 *	 0  16  random
 *	16  16  MAC: SipHash-2-4-128(k, random | bytes 48 to 255)
 *	32  16  cookie MAC: SipHash-2-4-128(cookie, random | MAC), or random
 *	48  ..  frame {type, LE16 length, message, zeros} XOR ChaCha20(stream key, first 12 random bytes)
 */
#ifndef CELLRELAY_CONTROL_DGRAM_H
#define CELLRELAY_CONTROL_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/derive.h"
#include "control/limits.h"
#include "handshake.h"

/**
 * cr_dgram_seal() - make a datagram
 * @out: @size bytes, all written
 * @size: that of a cell
 * @k: keys
 * @type: enum cr_dgram_type
 * @msg: message, outside @out
 * @len: its length
 * @cookie: cookie to show, or NULL
 *
 * Return: false when the message does not fit or the size is none of a cell.
 */
bool cr_dgram_seal(uint8_t *out, size_t size, const struct cr_dgram_keys *k, uint8_t type,
		   const void *msg, size_t len, const uint8_t *cookie);

/** cr_dgram_seal_with() - the same with given random bytes, for test vectors: @random: 32 of them */
bool cr_dgram_seal_with(uint8_t *out, size_t size, const struct cr_dgram_keys *k, uint8_t type,
			const void *msg, size_t len, const uint8_t *cookie,
			const uint8_t random[CR_DGRAM_RANDOM]);

/** cr_dgram_is() - made by someone who knows @mac? Constant time. */
bool cr_dgram_is(const uint8_t *in, size_t size, const uint8_t mac[16]);

/** cr_dgram_has_cookie() - does it show this cookie? */
bool cr_dgram_has_cookie(const uint8_t *in, size_t size, const uint8_t cookie[CR_DGRAM_COOKIE_LEN]);

/**
 * cr_dgram_open() - take the frame out
 * @in: datagram
 * @size: its length
 * @stream: key
 * @plain: room for @size bytes, receives the frame
 * @type: enum cr_dgram_type, or another number
 * @msg: message, within @plain
 * @len: its length
 *
 * Return: false when that is not a frame.
 */
bool cr_dgram_open(const uint8_t *in, size_t size, const uint8_t stream[32], uint8_t *plain,
		   uint8_t *type, const uint8_t **msg, size_t *len);

#endif /* CELLRELAY_CONTROL_DGRAM_H */
