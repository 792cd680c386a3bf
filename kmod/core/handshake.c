// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "aead.h"
#include "handshake.h"
#include "layer.h"

#define CR_MACED_WORDS	((16 + CR_CELL_SMALL - CR_DGRAM_HDR) / 8)

static void cr_dgram_hash(u8 *out, const u64 *w, unsigned int n, const struct cr_siphash_key *key)
{
	u64 hi, lo = cr_siphash_words(w, n, key, &hi);

	put_unaligned_le64(lo, out);
	put_unaligned_le64(hi, out + 8);
}

void cr_dgram_mac(u8 *out, const u8 *dgram, const struct cr_siphash_key *key)
{
	u64 w[CR_MACED_WORDS];
	unsigned int i;

	w[0] = get_unaligned_le64(dgram);
	w[1] = get_unaligned_le64(dgram + 8);
	for (i = 2; i < CR_MACED_WORDS; i++)
		w[i] = get_unaligned_le64(dgram + CR_DGRAM_HDR + 8 * (i - 2));
	cr_dgram_hash(out, w, CR_MACED_WORDS, key);
}

void cr_dgram_cookie_mac(u8 *out, const u8 *dgram, const u8 *cookie)
{
	struct cr_siphash_key key;
	u64 w[CR_DGRAM_COOKIE / 8];
	unsigned int i;

	for (i = 0; i < CR_DGRAM_COOKIE / 8; i++)
		w[i] = get_unaligned_le64(dgram + 8 * i);
	cr_siphash_key_load(&key, cookie);
	cr_dgram_hash(out, w, CR_DGRAM_COOKIE / 8, &key);
}

void cr_dgram_hide(u8 *dgram, size_t len, const u8 *stream)
{
	cr_chacha20_xor(dgram + CR_DGRAM_HDR, len - CR_DGRAM_HDR, stream, dgram);
}

void cr_dgram_try_again(u8 *out, const u8 *asked, const u8 *stream, const u8 *cookie,
			const u8 *random)
{
	struct cr_siphash_key key;
	u8 *frame = out + CR_DGRAM_HDR;

	memcpy(out, random, 16);
	memcpy(out + CR_DGRAM_COOKIE, random + 16, 16);
	frame[0] = CR_DGRAM_TRY_AGAIN;
	put_unaligned_le16(CR_DGRAM_COOKIE_LEN, frame + 1);
	memcpy(frame + CR_CTL_HDR_LEN, cookie, CR_DGRAM_COOKIE_LEN);
	memset(frame + CR_CTL_HDR_LEN + CR_DGRAM_COOKIE_LEN, 0,
	       CR_CELL_SMALL - CR_DGRAM_HDR - CR_CTL_HDR_LEN - CR_DGRAM_COOKIE_LEN);
	cr_dgram_hide(out, CR_CELL_SMALL, stream);
	cr_siphash_key_load(&key, asked + CR_DGRAM_MAC);
	cr_dgram_mac(out + CR_DGRAM_MAC, out, &key);
}
