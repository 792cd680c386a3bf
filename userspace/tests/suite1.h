/* SPDX-License-Identifier: MIT */
/* Layers of suite 1 by their bare 32-byte keys, for tests that hold such. */
#ifndef CR_SUITE1_H
#define CR_SUITE1_H

#include "aead.h"
#include "layer.h"

/* cr_layer_open() with @key */
static inline bool suite1_open(u8 *body, size_t body_len, unsigned int pos, const u8 *key, u64 ctr,
			       struct cr_trailer *tr)
{
	struct cr_cipher c;

	cr_cipher_chacha(&c, key);
	return cr_layer_open(body, body_len, pos, &c, ctr, tr);
}

/* cr_layer_seal() with @key */
static inline void suite1_seal(u8 *body, size_t body_len, unsigned int pos, const u8 *key, u64 ctr,
			       const struct cr_trailer *tr)
{
	struct cr_cipher c;

	cr_cipher_chacha(&c, key);
	cr_layer_seal(body, body_len, pos, &c, ctr, tr);
}

#endif /* CR_SUITE1_H */
