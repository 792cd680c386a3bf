/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ChaCha20 from lib/crypto. Up to 6.15 the state is u32[16], later a struct
 * chacha_state that wraps the same array; a void pointer converts to both, so
 * no version test is needed.
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

/** struct cr_chacha - a keystream's state, on every kernel */
struct cr_chacha {
	u32 w[CHACHA_BLOCK_SIZE / sizeof(u32)];
};

/**
 * cr_compat_chacha_init() - begin a keystream
 * @c: state; the caller wipes it
 * @key: 32 bytes
 * @iv: 16 bytes: number of the first block, 4 bytes, little-endian, then the nonce
 */
static __always_inline void cr_compat_chacha_init(struct cr_chacha *c, const u8 *key, const u8 *iv)
{
	unsigned int i;

	/* RFC 8439, 2.3: constants, key, block number and nonce. What chacha_init() writes, without
	 * a second copy of the key that would have to be wiped.
	 */
	c->w[0] = 0x61707865;
	c->w[1] = 0x3320646e;
	c->w[2] = 0x79622d32;
	c->w[3] = 0x6b206574;
	for (i = 0; i < 8; i++)
		c->w[4 + i] = get_unaligned_le32(key + 4 * i);
	for (i = 0; i < 4; i++)
		c->w[12 + i] = get_unaligned_le32(iv + 4 * i);
}

/**
 * cr_compat_chacha20() - XOR keystream onto bytes
 * @c: state; goes on by whole blocks
 * @dst: where to; may be @src
 * @src: bytes
 * @len: how many
 */
static inline void cr_compat_chacha20(struct cr_chacha *c, u8 *dst, const u8 *src,
				      unsigned int len)
{
	void *st = c;

	chacha20_crypt(st, dst, src, len);
}

#endif /* CR_COMPAT_CHACHA_H */
