// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Random bytes behind a hop's own layer, from buffered ChaCha20 keystream. */
#include "aead.h"
#include "filler.h"

#define WORDS	(CR_FILLER_BUF / 8)

static_assert(CR_FILLER_BUF % 64 == 0, "whole ChaCha blocks");

void cr_filler_seed(struct cr_filler *f, const u8 seed[32])
{
	memcpy(f->key, seed, sizeof(f->key));
	cr_memzero(f->buf, sizeof(f->buf));
	f->left = 0;
	f->refills_left = CR_FILLER_RESEED;
}

/* Everything was taken, so the buffer holds zeros only and can be encrypted
 * onto itself.
 */
static void filler_refill(struct cr_filler *f)
{
	cr_chacha20_xor((u8 *)f->buf, sizeof(f->buf), f->key, NULL);
	memcpy(f->key, f->buf, sizeof(f->key));
	cr_memzero(f->buf, sizeof(f->key));
	f->left = WORDS - sizeof(f->key) / 8;
	if (f->refills_left)
		f->refills_left--;
}

/* Word by word, because a call of memcpy() and memset() costs more than the
 * bytes of one layer. What is left of the last word is dropped.
 */
void cr_filler_take(struct cr_filler *f, u8 *dst, size_t n)
{
	u64 w;

	while (n) {
		u64 *src;
		size_t words, i;

		if (unlikely(!f->left))
			filler_refill(f);
		src = f->buf + WORDS - f->left;
		words = n / 8 < f->left ? n / 8 : f->left;
		for (i = 0; i < words; i++) {
			put_unaligned_le64(src[i], dst);
			src[i] = 0;
			dst += 8;
		}
		n -= 8 * words;
		f->left -= (u32)words;
		if (n >= 8 || !n || !f->left)
			continue;
		w = src[words];
		src[words] = 0;
		f->left--;
		if (n & 4) {
			put_unaligned_le32((u32)w, dst);
			w >>= 32;
			dst += 4;
		}
		if (n & 2) {
			put_unaligned_le16((u16)w, dst);
			w >>= 16;
			dst += 2;
		}
		if (n & 1)
			*dst = (u8)w;
		return;
	}
}
