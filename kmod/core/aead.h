/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The two primitives under the core: ChaCha20-Poly1305 (RFC 8439, nonce = 4
 * zero bytes | LE64(counter), no additional data) and a ChaCha20 keystream.
 * Kernel: lib/crypto, the flat calls, which check the tag before they decrypt.
 * Userspace: libsodium; call sodium_init() first, or it stays portable C.
 */
#ifndef CR_CORE_AEAD_H
#define CR_CORE_AEAD_H

#include "wire.h"

#ifdef __KERNEL__

#include <crypto/chacha20poly1305.h>
#include "../compat/chacha.h"

/** cr_aead_seal() - encrypt in place and append the tag
 * @buf: @len bytes of plaintext, then room for CR_AEAD_TAG_LEN
 * @len: plaintext length
 * @key: CR_KEY_LEN bytes
 * @ctr: counter, never used twice with @key
 */
static inline void cr_aead_seal(u8 *buf, size_t len, const u8 *key, u64 ctr)
{
	chacha20poly1305_encrypt(buf, buf, len, NULL, 0, ctr, key);
}

/** cr_aead_open() - check the tag, then decrypt in place
 * @buf: ciphertext and tag; unchanged on failure
 * @len: length with the tag
 * @key: CR_KEY_LEN bytes
 * @ctr: counter
 *
 * Return: true when authentic.
 */
static inline bool cr_aead_open(u8 *buf, size_t len, const u8 *key, u64 ctr)
{
	return chacha20poly1305_decrypt(buf, buf, len, NULL, 0, ctr, key);
}

/** cr_chacha20_xor() - XOR the keystream of @key (nonce and counter 0) onto @buf */
static inline void cr_chacha20_xor(u8 *buf, size_t len, const u8 *key)
{
	cr_compat_chacha20_xor(buf, len, key);
}

#else /* userspace */

#include <sodium.h>

static inline void cr_aead_nonce(u8 nonce[12], u64 ctr)
{
	memset(nonce, 0, 4);
	put_unaligned_le64(ctr, nonce + 4);
}

static inline void cr_aead_seal(u8 *buf, size_t len, const u8 *key, u64 ctr)
{
	u8 nonce[12];

	cr_aead_nonce(nonce, ctr);
	crypto_aead_chacha20poly1305_ietf_encrypt(buf, NULL, buf, len, NULL, 0,
						  NULL, nonce, key);
}

/* Not crypto_aead_*_decrypt(): that zeroes the buffer when the tag is wrong,
 * and the core promises what the kernel does, an unchanged one.
 */
static inline bool cr_aead_open(u8 *buf, size_t len, const u8 *key, u64 ctr)
{
	static const u8 zero[16];
	crypto_onetimeauth_poly1305_state st;
	u8 nonce[12], otk[32], mac[16], lens[16];
	size_t n;
	bool ok;

	if (len < CR_AEAD_TAG_LEN)
		return false;
	n = len - CR_AEAD_TAG_LEN;
	cr_aead_nonce(nonce, ctr);
	crypto_stream_chacha20_ietf(otk, sizeof(otk), nonce, key);
	crypto_onetimeauth_poly1305_init(&st, otk);
	crypto_onetimeauth_poly1305_update(&st, buf, n);
	crypto_onetimeauth_poly1305_update(&st, zero, -n & 15);
	put_unaligned_le64(0, lens);
	put_unaligned_le64(n, lens + 8);
	crypto_onetimeauth_poly1305_update(&st, lens, sizeof(lens));
	crypto_onetimeauth_poly1305_final(&st, mac);
	ok = crypto_verify_16(mac, buf + n) == 0;
	if (ok)
		crypto_stream_chacha20_ietf_xor_ic(buf, buf, n, nonce, 1, key);
	cr_memzero(otk, sizeof(otk));
	return ok;
}

static inline void cr_chacha20_xor(u8 *buf, size_t len, const u8 *key)
{
	static const u8 nonce[12];

	crypto_stream_chacha20_ietf_xor_ic(buf, buf, len, nonce, 0, key);
}

#endif

#endif /* CR_CORE_AEAD_H */
