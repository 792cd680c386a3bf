/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ChaCha20 keystream from lib/crypto. Up to 6.15 the state is u32[16], later a
 * struct chacha_state that wraps the same array; a void pointer converts to
 * both, so no version test is needed.
 */
#ifndef CR_COMPAT_CHACHA_H
#define CR_COMPAT_CHACHA_H

#include <crypto/chacha.h>
#include <linux/string.h>
#include <linux/types.h>
#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/**
 * cr_compat_chacha20_xor() - XOR keystream onto a buffer
 * @buf: buffer
 * @len: its length
 * @key: 32 bytes
 * @nonce: 12 bytes, once per key; NULL: zeros, the key is used for this one stream only
 *
 * The block counter starts at zero.
 */
static inline void cr_compat_chacha20_xor(u8 *buf, unsigned int len, const u8 *key,
					  const u8 *nonce)
{
	u8 iv[CHACHA_IV_SIZE] = {};
	u32 state[CHACHA_BLOCK_SIZE / sizeof(u32)];
	u32 k[CHACHA_KEY_SIZE / sizeof(u32)];
	void *st = state;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(k); i++)
		k[i] = get_unaligned_le32(key + 4 * i);
	if (nonce)
		memcpy(iv + sizeof(u32), nonce, sizeof(iv) - sizeof(u32));
	chacha_init(st, k, iv);
	chacha20_crypt(st, buf, buf, len);
	memzero_explicit(k, sizeof(k));
	memzero_explicit(state, sizeof(state));
}

#endif /* CR_COMPAT_CHACHA_H */
