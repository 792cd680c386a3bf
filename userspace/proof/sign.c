// SPDX-License-Identifier: MIT
/*
 * Strict Ed25519. The equation is libsodium's; the rules about encodings are
 * checked here as well, so that no build option or other version of that
 * library (there is a lenient one) can change what we accept.
 */
#include <string.h>

#include <sodium.h>

#include "proof/sign.h"

/* y coordinates, little-endian, of the eight points whose order divides 8 */
static const uint8_t small_order_y[][32] = {
	{ 0 },		/* order 4 */
	{ 1 },		/* the identity */
	{		/* p - 1: order 2 */
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	}, {		/* order 8 */
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
		0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
		0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	}, {		/* order 8, the negative of that */
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
		0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
		0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
};

/* p = 2^255 - 19 and l, little-endian */
static const uint8_t field_order[32] = {
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};
static const uint8_t group_order[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
};

/* public data only */
static bool below(const uint8_t a[32], const uint8_t bound[32])
{
	for (int i = 31; i >= 0; i--) {
		if (a[i] != bound[i])
			return a[i] < bound[i];
	}
	return false;
}

void cr_key_from_seed(uint8_t public_key[CR_PUBLIC_BYTES],
		      uint8_t secret[CR_SECRET_BYTES],
		      const uint8_t seed[CR_SEED_BYTES])
{
	uint8_t copy[CR_SEED_BYTES];

	/* libsodium writes the secret before it has read all of the seed */
	memcpy(copy, seed, sizeof(copy));
	crypto_sign_seed_keypair(public_key, secret, copy);
	sodium_memzero(copy, sizeof(copy));
}

void cr_sign(uint8_t signature[CR_SIGNATURE_BYTES], const void *message,
	     size_t len, const uint8_t secret[CR_SECRET_BYTES])
{
	crypto_sign_detached(signature, NULL, message, len, secret);
}

/*
 * With the sign bit masked off this also refuses the two encodings of x = 0
 * with the sign bit set: their y is 1 or p - 1.
 */
bool cr_key_usable(const uint8_t public_key[CR_PUBLIC_BYTES])
{
	uint8_t y[32];

	memcpy(y, public_key, sizeof(y));
	y[31] &= 0x7f;
	if (!below(y, field_order))
		return false;
	for (size_t i = 0; i < sizeof(small_order_y) / sizeof(*small_order_y); i++) {
		if (memcmp(y, small_order_y[i], sizeof(y)) == 0)
			return false;
	}
	return true;
}

enum cr_reason cr_verify(const uint8_t signature[CR_SIGNATURE_BYTES],
			 const void *message, size_t len,
			 const uint8_t public_key[CR_PUBLIC_BYTES])
{
	if (!cr_key_usable(public_key))
		return CR_BAD_KEY;
	/* R obeys the same rules as A */
	if (!cr_key_usable(signature) || !below(signature + 32, group_order))
		return CR_BAD_SIGNATURE;
	if (crypto_sign_verify_detached(signature, message, len, public_key))
		return CR_BAD_SIGNATURE;
	return CR_ACCEPTED;
}
