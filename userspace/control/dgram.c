// SPDX-License-Identifier: MIT
#include "control/dgram.h"

#include <sodium.h>
#include <string.h>

static void mac_of(uint8_t out[CR_DGRAM_MAC_LEN], const uint8_t *dgram, const uint8_t mac[16])
{
	struct cr_siphash_key key;

	cr_siphash_key_load(&key, mac);
	cr_dgram_mac(out, dgram, &key);
	sodium_memzero(&key, sizeof(key));
}

bool cr_dgram_seal_with(uint8_t *out, size_t size, const struct cr_dgram_keys *k, uint8_t type,
			const void *msg, size_t len, const uint8_t *cookie,
			const uint8_t random[CR_DGRAM_RANDOM])
{
	if (!cr_cell_len_ok(size) || !cr_frame_put(out + CR_DGRAM_HDR, size - CR_DGRAM_HDR, type, msg, len))
		return false;
	memcpy(out, random, 16);
	memcpy(out + CR_DGRAM_COOKIE, random + 16, 16);
	cr_dgram_hide(out, size, k->stream);
	mac_of(out + CR_DGRAM_MAC, out, k->mac);
	if (cookie)
		cr_dgram_cookie_mac(out + CR_DGRAM_COOKIE, out, cookie);
	return true;
}

bool cr_dgram_seal(uint8_t *out, size_t size, const struct cr_dgram_keys *k, uint8_t type,
		   const void *msg, size_t len, const uint8_t *cookie)
{
	uint8_t random[CR_DGRAM_RANDOM];

	randombytes_buf(random, sizeof(random));
	return cr_dgram_seal_with(out, size, k, type, msg, len, cookie, random);
}

bool cr_dgram_is(const uint8_t *in, size_t size, const uint8_t mac[16])
{
	uint8_t want[CR_DGRAM_MAC_LEN];

	if (!cr_cell_len_ok(size))
		return false;
	mac_of(want, in, mac);
	return cr_dgram_equal(want, in + CR_DGRAM_MAC);
}

bool cr_dgram_has_cookie(const uint8_t *in, size_t size, const uint8_t cookie[CR_DGRAM_COOKIE_LEN])
{
	uint8_t want[CR_DGRAM_MAC_LEN];

	if (!cr_cell_len_ok(size))
		return false;
	cr_dgram_cookie_mac(want, in, cookie);
	return cr_dgram_equal(want, in + CR_DGRAM_COOKIE);
}

bool cr_dgram_open(const uint8_t *in, size_t size, const uint8_t stream[32], uint8_t *plain,
		   uint8_t *type, const uint8_t **msg, size_t *len)
{
	if (!cr_cell_len_ok(size))
		return false;
	crypto_stream_chacha20_ietf_xor(plain, in + CR_DGRAM_HDR, size - CR_DGRAM_HDR, in, stream);
	return cr_frame_get(plain, size - CR_DGRAM_HDR, type, msg, len);
}
