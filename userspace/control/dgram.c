// SPDX-License-Identifier: MIT
#include "control/dgram.h"

#include <sodium.h>
#include <string.h>

#include "siphash.h"

#define MACED	(16u + CR_CELL_SMALL - CR_DGRAM_HDR)

static bool size_ok(size_t size)
{
	return size == CR_CELL_SMALL || size == CR_CELL_LARGE || size == CR_CELL_LARGE_V6MIN;
}

void cr_siphash128(uint8_t out[16], const uint8_t key[16], const uint8_t *in, size_t len)
{
	struct cr_siphash_key k;
	u64 w[31], hi = 0, lo;

	for (size_t i = 0; i < len / 8; i++)
		w[i] = get_unaligned_le64(in + 8 * i);
	cr_siphash_key_load(&k, key);
	lo = cr_siphash_words(w, (unsigned int)(len / 8), &k, &hi);
	put_unaligned_le64(lo, out);
	put_unaligned_le64(hi, out + 8);
	sodium_memzero(&k, sizeof(k));
}

/* The first 256 bytes vouch for the rest: what is in the frame is authenticated by itself. */
static void mac_of(uint8_t out[16], const uint8_t *dgram, const uint8_t key[16], const uint8_t *context)
{
	uint8_t in[MACED + 16];

	memcpy(in, dgram, 16);
	memcpy(in + 16, dgram + CR_DGRAM_HDR, CR_CELL_SMALL - CR_DGRAM_HDR);
	if (context)
		memcpy(in + MACED, context, 16);
	cr_siphash128(out, key, in, context ? sizeof(in) : MACED);
}

static void xor_stream(uint8_t *out, const uint8_t *in, size_t size, const uint8_t *nonce,
		       const uint8_t key[32])
{
	crypto_stream_chacha20_ietf_xor(out, in, size, nonce, key);
}

bool cr_dgram_seal_with(uint8_t *out, size_t size, const struct cr_dgram_keys *k, uint8_t type,
			const void *msg, size_t len, const uint8_t *cookie, const uint8_t *context,
			const uint8_t random[32])
{
	if (!size_ok(size) || !cr_frame_put(out + CR_DGRAM_HDR, size - CR_DGRAM_HDR, type, msg, len))
		return false;
	memcpy(out, random, 16);
	memcpy(out + CR_DGRAM_COOKIE, random + 16, 16);
	xor_stream(out + CR_DGRAM_HDR, out + CR_DGRAM_HDR, size - CR_DGRAM_HDR, out, k->stream);
	mac_of(out + CR_DGRAM_MAC, out, k->mac, context);
	if (cookie)
		cr_siphash128(out + CR_DGRAM_COOKIE, cookie, out, CR_DGRAM_COOKIE);
	return true;
}

bool cr_dgram_seal(uint8_t *out, size_t size, const struct cr_dgram_keys *k, uint8_t type,
		   const void *msg, size_t len, const uint8_t *cookie, const uint8_t *context)
{
	uint8_t random[32];

	randombytes_buf(random, sizeof(random));
	return cr_dgram_seal_with(out, size, k, type, msg, len, cookie, context, random);
}

bool cr_dgram_is(const uint8_t *in, size_t size, const uint8_t mac[16], const uint8_t *context)
{
	uint8_t want[16];

	if (!size_ok(size))
		return false;
	mac_of(want, in, mac, context);
	return sodium_memcmp(want, in + CR_DGRAM_MAC, sizeof(want)) == 0;
}

bool cr_dgram_has_cookie(const uint8_t *in, size_t size, const uint8_t cookie[CR_COOKIE_BYTES])
{
	uint8_t want[16];

	if (!size_ok(size))
		return false;
	cr_siphash128(want, cookie, in, CR_DGRAM_COOKIE);
	return sodium_memcmp(want, in + CR_DGRAM_COOKIE, sizeof(want)) == 0;
}

bool cr_dgram_open(const uint8_t *in, size_t size, const uint8_t stream[32], uint8_t *plain,
		   uint8_t *type, const uint8_t **msg, size_t *len)
{
	if (!size_ok(size))
		return false;
	xor_stream(plain, in + CR_DGRAM_HDR, size - CR_DGRAM_HDR, in, stream);
	return cr_frame_get(plain, size - CR_DGRAM_HDR, type, msg, len);
}
