/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The primitives under the core: ChaCha20-Poly1305 (RFC 8439), for layers of
 * suite 2 AES-256-GCM (NIST SP 800-38D), and a ChaCha20 keystream. Both AEADs:
 * nonce = 4 zero bytes | LE64(counter), no additional data, a tag of 16 bytes.
 * Kernel: lib/crypto's ChaCha20 and Poly1305 (../aead.c); the crypto API for AES
 * (../suite.c). Both check the tag before they decrypt with suite 1.
 * Userspace: libsodium; call sodium_init() first, or it stays portable C.
 */
#ifndef CR_CORE_AEAD_H
#define CR_CORE_AEAD_H

#include "wire.h"

/**
 * struct cr_cipher - a layer's key, one hop and direction, and with it its suite
 * @aes: suite 2: the prepared key, owned by whoever made this: in the kernel a struct
 *	crypto_aead, in userspace a struct cr_aes_key. NULL: suite 1
 * @key: suite 1: CR_KEY_LEN bytes; suite 2: zero
 */
struct cr_cipher {
	void *aes;
	u8 key[CR_KEY_LEN];
};

#ifdef __KERNEL__

/** cr_aead_seal() - encrypt in place and append the tag (../aead.c)
 * @buf: @len bytes of plaintext, then room for CR_AEAD_TAG_LEN
 * @len: plaintext length
 * @room: bytes behind the tag's place that may be written meanwhile; in the end they are as before
 * @key: CR_KEY_LEN bytes
 * @ctr: counter, never used twice with @key
 */
void cr_aead_seal(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr);

/** cr_aead_open() - check the tag, then decrypt in place
 * @buf: ciphertext and tag; unchanged on failure
 * @len: length with the tag
 * @room: bytes behind it that may be written meanwhile; in the end they are as before
 * @key: CR_KEY_LEN bytes
 * @ctr: counter
 *
 * Return: true when authentic.
 */
bool cr_aead_open(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr);

/**
 * cr_chacha20_xor() - XOR the keystream of @key onto @buf, from block 0 on
 * @nonce: 12 bytes; NULL: zeros
 */
void cr_chacha20_xor(u8 *buf, size_t len, const u8 *key, const u8 *nonce);

/* AES-256-GCM with a prepared key (suite.c); as above, but cr_aes_open() leaves @buf undefined
 * when it fails.
 */
void cr_aes_seal(void *aes, u8 *buf, size_t len, u64 ctr);
bool cr_aes_open(void *aes, u8 *buf, size_t len, u64 ctr);

#else /* userspace */

#include <sodium.h>

static inline void cr_aead_nonce(u8 nonce[12], u64 ctr)
{
	memset(nonce, 0, 4);
	put_unaligned_le64(ctr, nonce + 4);
}

static inline void cr_aead_seal(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr)
{
	u8 nonce[12];

	(void)room;
	cr_aead_nonce(nonce, ctr);
	crypto_aead_chacha20poly1305_ietf_encrypt(buf, NULL, buf, len, NULL, 0,
						  NULL, nonce, key);
}

/* Not crypto_aead_*_decrypt(): that zeroes the buffer when the tag is wrong,
 * and the core promises what the kernel does, an unchanged one.
 */
static inline bool cr_aead_open(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr)
{
	static const u8 zero[16];
	crypto_onetimeauth_poly1305_state st;
	u8 nonce[12], otk[32], mac[16], lens[16];
	size_t n;
	bool ok;

	(void)room;
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

static inline void cr_chacha20_xor(u8 *buf, size_t len, const u8 *key, const u8 *nonce)
{
	static const u8 zeros[12];

	crypto_stream_chacha20_ietf_xor_ic(buf, buf, len, nonce ? nonce : zeros, 0, key);
}

/** struct cr_aes_key - an AES-256-GCM key made ready */
struct cr_aes_key {
	crypto_aead_aes256gcm_state st;
};

/**
 * cr_aes_prepare() - make a key ready for suite 2
 * @aes: to fill in; the caller wipes it
 * @key: CR_KEY_LEN bytes
 *
 * Return: false where libsodium has no AES because this processor has none.
 */
static inline bool cr_aes_prepare(struct cr_aes_key *aes, const u8 *key)
{
	return crypto_aead_aes256gcm_is_available() &&
	       !crypto_aead_aes256gcm_beforenm(&aes->st, key);
}

static inline void cr_aes_seal(void *aes, u8 *buf, size_t len, u64 ctr)
{
	const struct cr_aes_key *k = aes;
	u8 nonce[12];

	cr_aead_nonce(nonce, ctr);
	crypto_aead_aes256gcm_encrypt_afternm(buf, NULL, buf, len, NULL, 0, NULL, nonce, &k->st);
}

static inline bool cr_aes_open(void *aes, u8 *buf, size_t len, u64 ctr)
{
	const struct cr_aes_key *k = aes;
	u8 nonce[12];

	if (len < CR_AEAD_TAG_LEN)
		return false;
	cr_aead_nonce(nonce, ctr);
	return !crypto_aead_aes256gcm_decrypt_afternm(buf, NULL, NULL, buf, len, NULL, 0, nonce,
						      &k->st);
}

#endif

/** cr_cipher_chacha() - make @c a key of suite 1 */
static inline void cr_cipher_chacha(struct cr_cipher *c, const u8 *key)
{
	c->aes = NULL;
	memcpy(c->key, key, CR_KEY_LEN);
}

/** cr_cipher_seal() - encrypt in place and append the tag
 * @c: key
 * @buf: @len bytes of plaintext, then room for CR_AEAD_TAG_LEN
 * @len: plaintext length
 * @room: as with cr_aead_seal()
 * @ctr: counter, never used twice with @c
 */
static inline void cr_cipher_seal(const struct cr_cipher *c, u8 *buf, size_t len, size_t room,
				  u64 ctr)
{
	if (c->aes)
		cr_aes_seal(c->aes, buf, len, ctr);
	else
		cr_aead_seal(buf, len, room, c->key, ctr);
}

/** cr_cipher_open() - authenticate and decrypt in place
 * @c: key
 * @buf: ciphertext and tag; on failure unchanged with suite 1, undefined with suite 2
 * @len: length with the tag
 * @room: as with cr_aead_open()
 * @ctr: counter
 *
 * Return: true when authentic.
 */
static inline bool cr_cipher_open(const struct cr_cipher *c, u8 *buf, size_t len, size_t room,
				  u64 ctr)
{
	return c->aes ? cr_aes_open(c->aes, buf, len, ctr) :
			cr_aead_open(buf, len, room, c->key, ctr);
}

#endif /* CR_CORE_AEAD_H */
