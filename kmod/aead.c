// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 (RFC 8439) put together from lib/crypto's parts, because its own
 * chacha20poly1305_{en,de}crypt() pay for things that are not the cipher: the one block that
 * keys the authenticator they make alone, in C, which costs as much as eight blocks of vector
 * code; and they feed the authenticator its last 32 bytes in pieces, each of which leaves and
 * enters vector code. Here the keying block comes with the cipher's first blocks, and what the
 * authenticator reads is in one piece where there is room behind the text, else in two. As
 * there, the tag is checked before a byte is decrypted.
 */
#include <crypto/poly1305.h>

#include "compat/chacha.h"
#include "core/aead.h"

/*
 * Blocks made at once in the beginning, the keying block with them: vector code makes 2, 4 or 8.
 * With four, 21 and a bit that a large cell needs fall into 4 + 8 + 8 + 4, with two into 2 + 8 + 8 + 8.
 */
#define CR_AEAD_FEW	2
#define CR_AEAD_MANY	4
#define CR_AEAD_LONG	512

#define CR_AEAD_TAIL	(2 * POLY1305_BLOCK_SIZE)	/* what follows the text's last whole block, at most */

/**
 * struct cr_aead - a layer under way
 * @made: length of @ks
 * @chacha: the keystream behind @ks
 * @ks: its first blocks; block 0 is the authenticator's key
 */
struct cr_aead {
	size_t made;
	struct cr_chacha chacha;
	u8 ks[CR_AEAD_MANY * CHACHA_BLOCK_SIZE] __aligned(16);
};

static const u8 cr_aead_zeros[CR_AEAD_MANY * CHACHA_BLOCK_SIZE];

static __always_inline void cr_aead_begin(struct cr_aead *a, const u8 *key, u64 ctr, size_t len)
{
	__le64 iv[2] = { 0, cpu_to_le64(ctr) };

	a->made = (len > CR_AEAD_LONG ? CR_AEAD_MANY : CR_AEAD_FEW) * CHACHA_BLOCK_SIZE;
	cr_compat_chacha_init(&a->chacha, key, (u8 *)iv);
	cr_compat_chacha20(&a->chacha, a->ks, cr_aead_zeros, a->made);
}

static __always_inline void cr_aead_end(struct cr_aead *a)
{
	memzero_explicit(&a->chacha, offsetof(struct cr_aead, ks) -
			 offsetof(struct cr_aead, chacha) + a->made);
}

static __always_inline void cr_aead_xor8(u8 *buf, const u8 *ks)
{
	put_unaligned(get_unaligned((const u64 *)ks) ^ get_unaligned((const u64 *)buf), (u64 *)buf);
}

static __always_inline void cr_aead_crypt(struct cr_aead *a, u8 *buf, size_t len)
{
	size_t i, head = min(len, a->made - CHACHA_BLOCK_SIZE);
	const u8 *ks = a->ks + CHACHA_BLOCK_SIZE;

	for (i = 0; i + 32 <= head; i += 32) {
		cr_aead_xor8(buf + i, ks + i);
		cr_aead_xor8(buf + i + 8, ks + i + 8);
		cr_aead_xor8(buf + i + 16, ks + i + 16);
		cr_aead_xor8(buf + i + 24, ks + i + 24);
	}
	for (; i < head; i++)
		buf[i] ^= ks[i];
	if (len > head)
		cr_compat_chacha20(&a->chacha, buf + head, buf + head, len - head);
}

/* What the authenticator reads behind @rest bytes of a block: padding, and the lengths. Return: how much. */
static __always_inline size_t cr_aead_tail(u8 *p, size_t rest, size_t len)
{
	size_t pad = -rest & (POLY1305_BLOCK_SIZE - 1);

	memset(p, 0, POLY1305_BLOCK_SIZE);
	put_unaligned_le64(0, p + pad);
	put_unaligned_le64(len, p + pad + 8);
	return pad + 16;
}

static __always_inline void cr_aead_tag(struct cr_aead *a, u8 *buf, size_t len, size_t room,
					u8 *tag)
{
	size_t rest = len & (POLY1305_BLOCK_SIZE - 1);
	struct poly1305_desc_ctx mac;
	u8 tail[CR_AEAD_TAIL];

	poly1305_init(&mac, a->ks);
	if (CR_AEAD_TAG_LEN + room >= CR_AEAD_TAIL) {
		memcpy(tail, buf + len, sizeof(tail));
		poly1305_update(&mac, buf, len + cr_aead_tail(buf + len, rest, len));
		memcpy(buf + len, tail, sizeof(tail));
	} else {
		poly1305_update(&mac, buf, len - rest);
		memcpy(tail, buf + len - rest, rest);
		poly1305_update(&mac, tail, rest + cr_aead_tail(tail + rest, rest, len));
	}
	poly1305_final(&mac, tag); /* and wipes */
}

/** cr_aead_seal() - see core/aead.h */
void cr_aead_seal(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr)
{
	struct cr_aead a;

	cr_aead_begin(&a, key, ctr, len);
	cr_aead_crypt(&a, buf, len);
	cr_aead_tag(&a, buf, len, room, buf + len);
	cr_aead_end(&a);
}

/** cr_aead_open() - see core/aead.h */
bool cr_aead_open(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr)
{
	struct cr_aead a;
	u64 tag[2], diff;

	if (unlikely(len < CR_AEAD_TAG_LEN))
		return false;
	len -= CR_AEAD_TAG_LEN;
	cr_aead_begin(&a, key, ctr, len);
	cr_aead_tag(&a, buf, len, room, (u8 *)tag);
	/* No time that depends on where they differ. */
	diff = (tag[0] ^ get_unaligned((u64 *)(buf + len))) |
	       (tag[1] ^ get_unaligned((u64 *)(buf + len + 8)));
	OPTIMIZER_HIDE_VAR(diff);
	if (likely(!diff))
		cr_aead_crypt(&a, buf, len);
	cr_aead_end(&a);
	memzero_explicit(tag, sizeof(tag)); /* a forger would like to know the right one */
	return !diff;
}

/** cr_chacha20_xor() - see core/aead.h */
void cr_chacha20_xor(u8 *buf, size_t len, const u8 *key, const u8 *nonce)
{
	u8 iv[CHACHA_IV_SIZE] = {};
	struct cr_chacha c;

	if (nonce)
		memcpy(iv + sizeof(u32), nonce, sizeof(iv) - sizeof(u32));
	cr_compat_chacha_init(&c, key, iv);
	cr_compat_chacha20(&c, buf, buf, len);
	memzero_explicit(&c, sizeof(c));
}
