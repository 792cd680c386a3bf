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

/* The four words of state; passed by pointer to what is inlined, so that they stay in registers. */
struct cr_sip {
	u64 v0, v1, v2, v3;
};

static __always_inline void cr_sip_begin(struct cr_sip *s, const struct cr_siphash_key *k,
					 bool wide)
{
	s->v0 = 0x736f6d6570736575ULL ^ k->k0;
	s->v1 = 0x646f72616e646f6dULL ^ (wide ? 0xee : 0) ^ k->k1;
	s->v2 = 0x6c7967656e657261ULL ^ k->k0;
	s->v3 = 0x7465646279746573ULL ^ k->k1;
}

static __always_inline void cr_sip_word(struct cr_sip *s, u64 w)
{
	s->v3 ^= w;
	CR_SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	CR_SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	s->v0 ^= w;
}

static __always_inline u64 cr_sip_rounds4(struct cr_sip *s)
{
	CR_SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	CR_SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	CR_SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	CR_SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* After @n words: the length block, then the result; @out2 NULL: 64 bits. */
static __always_inline u64 cr_sip_end(struct cr_sip *s, unsigned int n, u64 *out2)
{
	u64 out;

	cr_sip_word(s, (u64)(n * 8) << 56);
	s->v2 ^= out2 ? 0xee : 0xff;
	out = cr_sip_rounds4(s);
	if (out2) {
		s->v1 ^= 0xdd;
		*out2 = cr_sip_rounds4(s);
	}
	return out;
}

/* Of @n words; @out2 NULL: 64 bits. */
static __always_inline u64 cr_siphash_words(const u64 *w, unsigned int n,
					    const struct cr_siphash_key *k,
					    u64 *out2)
{
	struct cr_sip s;
	unsigned int i;

	cr_sip_begin(&s, k, out2);
	for (i = 0; i < n; i++)
		cr_sip_word(&s, w[i]);
	return cr_sip_end(&s, n, out2);
}

/** cr_siphash_key_load() - key from 16 wire bytes */
static inline void cr_siphash_key_load(struct cr_siphash_key *k, const u8 *p)
{
	k->k0 = get_unaligned_le64(p);
	k->k1 = get_unaligned_le64(p + 8);
}

#endif /* CR_CORE_SIPHASH_H */
