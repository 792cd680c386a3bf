/* SPDX-License-Identifier: MIT */
/*
 * What kmod/aead.c needs of the kernel, on libsodium: so it runs under the sanitizers. The state is
 * the one of lib/crypto: RFC 8439's sixteen words, the block number goes on by itself.
 */
#ifndef TEST_KERNEL_CHACHA_H
#define TEST_KERNEL_CHACHA_H

#include <asm/unaligned.h>
#include <sodium.h>

#define CHACHA_BLOCK_SIZE	64
#define CHACHA_KEY_SIZE		32
#define CHACHA_IV_SIZE		16

#define __aligned(n)		__attribute__((aligned(n)))
#define cpu_to_le64(x)		htole64(x)
#define min(a, b)		((a) < (b) ? (a) : (b))
#define memzero_explicit(p, n)	cr_memzero(p, n)
#define OPTIMIZER_HIDE_VAR(v)	__asm__ volatile("" : "+r"(v))

static inline void chacha20_crypt(u32 *st, u8 *dst, const u8 *src, unsigned int len)
{
	crypto_stream_chacha20_ietf_xor_ic(dst, src, len, (const u8 *)(st + 13), st[12],
					   (const u8 *)(st + 4));
	st[12] += (len + CHACHA_BLOCK_SIZE - 1) / CHACHA_BLOCK_SIZE;
}

#endif /* TEST_KERNEL_CHACHA_H */
