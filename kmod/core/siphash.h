/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * SipHash-2-4 with 64- and 128-bit output (Aumasson, Bernstein: "SipHash: a
 * fast short-input PRF", 2012, and the authors' 128-bit variant), for inputs
 * of whole 64-bit words, inlined because every cell hashes two to four times.
 */
#ifndef CR_CORE_SIPHASH_H
#define CR_CORE_SIPHASH_H

#include "env.h"

/** struct cr_siphash_key - 128-bit key as two native words (LE on the wire) */
struct cr_siphash_key {
	u64 k0;
	u64 k1;
};

#define CR_SIP_ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
#define CR_SIP_ROUND(v0, v1, v2, v3) do {					\
	(v0) += (v1); (v1) = CR_SIP_ROTL(v1, 13); (v1) ^= (v0);			\
	(v0) = CR_SIP_ROTL(v0, 32);						\
	(v2) += (v3); (v3) = CR_SIP_ROTL(v3, 16); (v3) ^= (v2);			\
	(v0) += (v3); (v3) = CR_SIP_ROTL(v3, 21); (v3) ^= (v0);			\
	(v2) += (v1); (v1) = CR_SIP_ROTL(v1, 17); (v1) ^= (v2);			\
	(v2) = CR_SIP_ROTL(v2, 32);						\
} while (0)

/* Common body: absorb @n words and the length block. @out2 NULL: 64 bits. */
static __always_inline u64 cr_siphash_words(const u64 *w, unsigned int n,
					    const struct cr_siphash_key *k,
					    u64 *out2)
{
	u64 v0 = 0x736f6d6570736575ULL ^ k->k0;
	u64 v1 = 0x646f72616e646f6dULL ^ k->k1;
	u64 v2 = 0x6c7967656e657261ULL ^ k->k0;
	u64 v3 = 0x7465646279746573ULL ^ k->k1;
	u64 last = (u64)(n * 8) << 56;
	u64 out;
	unsigned int i;

	if (out2)
		v1 ^= 0xee;
	for (i = 0; i < n; i++) {
		v3 ^= w[i];
		CR_SIP_ROUND(v0, v1, v2, v3);
		CR_SIP_ROUND(v0, v1, v2, v3);
		v0 ^= w[i];
	}
	v3 ^= last;
	CR_SIP_ROUND(v0, v1, v2, v3);
	CR_SIP_ROUND(v0, v1, v2, v3);
	v0 ^= last;
	v2 ^= out2 ? 0xee : 0xff;
	CR_SIP_ROUND(v0, v1, v2, v3);
	CR_SIP_ROUND(v0, v1, v2, v3);
	CR_SIP_ROUND(v0, v1, v2, v3);
	CR_SIP_ROUND(v0, v1, v2, v3);
	out = v0 ^ v1 ^ v2 ^ v3;
	if (out2) {
		v1 ^= 0xdd;
		CR_SIP_ROUND(v0, v1, v2, v3);
		CR_SIP_ROUND(v0, v1, v2, v3);
		CR_SIP_ROUND(v0, v1, v2, v3);
		CR_SIP_ROUND(v0, v1, v2, v3);
		*out2 = v0 ^ v1 ^ v2 ^ v3;
	}
	return out;
}

/** cr_siphash_key_load() - key from 16 wire bytes */
static inline void cr_siphash_key_load(struct cr_siphash_key *k, const u8 *p)
{
	k->k0 = get_unaligned_le64(p);
	k->k1 = get_unaligned_le64(p + 8);
}

#endif /* CR_CORE_SIPHASH_H */
