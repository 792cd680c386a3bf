/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Filler: what stands behind a hop's own layer is overwritten on every cell,
 * or it would link the two wires and tell the position. The bytes come from a
 * buffer of ChaCha20 keystream with fast key erasure (Bernstein, 2017): each
 * refill replaces the key by the first 32 bytes it made. The caller keeps one
 * per CPU, used with softirqs off, and reseeds it from the kernel's generator.
 */
#ifndef CR_CORE_FILLER_H
#define CR_CORE_FILLER_H

#include "env.h"

#define CR_FILLER_BUF		1024u	/* 16 ChaCha blocks, the first half block becomes the key */
#define CR_FILLER_RESEED	65536u	/* refills between reseeds */

/** struct cr_filler - keystream and position; all zero wants a seed
 * @buf: unused keystream is the last @left words; used words are zeroed
 * @key: key of the next refill
 * @left: unused words
 * @refills_left: refills until a new seed is wanted
 */
struct cr_filler {
	u64 buf[CR_FILLER_BUF / 8];
	u8 key[32];
	u32 left;
	u32 refills_left;
};

/** cr_filler_seed() - start over from 32 fresh random bytes; the caller wipes @seed */
void cr_filler_seed(struct cr_filler *f, const u8 seed[32]);

/** cr_filler_wants_seed() - true before first use and every CR_FILLER_RESEED refills */
static inline bool cr_filler_wants_seed(const struct cr_filler *f)
{
	return unlikely(!f->refills_left);
}

/** cr_filler_take() - overwrite @n bytes at @dst with keystream that is never used again; any @n */
void cr_filler_take(struct cr_filler *f, u8 *dst, size_t n);

#endif /* CR_CORE_FILLER_H */
