// SPDX-License-Identifier: MIT
/*
 * Multiscalar products for public data: Straus with width-5 NAF below a
 * crossover, Pippenger's buckets above it.
 */
#include <stdlib.h>
#include <string.h>

#include "proof/error.h"
#include "proof/group.h"

#define STRAUS_MAX	135	/* crossover measured on x86-64 (Xeon, 2.6 GHz) */
#define NAF_WIDTH	5
#define NAF_ENTRIES	(1 << (NAF_WIDTH - 2))	/* 1p, 3p .. 15p */
#define NAF_DIGITS	256
#define MAX_WINDOW	16

/* Width-5 non-adjacent form: digits zero or odd, |d| <= 15. */
static void recode_naf(int8_t naf[NAF_DIGITS], const struct cr_scalar *s)
{
	uint8_t bytes[CR_SCALAR_BYTES + 2] = { 0 };
	unsigned int carry = 0, pos = 0;

	memcpy(bytes, s->b, CR_SCALAR_BYTES);
	memset(naf, 0, NAF_DIGITS);
	while (pos < NAF_DIGITS) {
		unsigned int bits = bytes[pos / 8] |
				    (unsigned int)bytes[pos / 8 + 1] << 8;
		unsigned int window;

		bits >>= pos % 8;
		window = (bits & ((1 << NAF_WIDTH) - 1)) + carry;
		if (!(window & 1)) {
			pos++;
			continue;
		}
		if (window < 1 << (NAF_WIDTH - 1)) {
			carry = 0;
			naf[pos] = (int8_t)window;
		} else {
			carry = 1;
			naf[pos] = (int8_t)((int)window - (1 << NAF_WIDTH));
		}
		pos += NAF_WIDTH;
	}
}

static int straus(struct cr_point *out, const struct cr_scalar *scalars,
		  const struct cr_point *points, size_t n)
{
	struct cr_point (*table)[NAF_ENTRIES] = NULL;
	int8_t (*naf)[NAF_DIGITS] = NULL;
	struct cr_point acc, twice;
	int err = CR_ERR_NOMEM;
	int top = -1;

	cr_point_identity(&acc);
	if (n == 0) {
		*out = acc;
		return 0;
	}
	table = aligned_alloc(_Alignof(struct cr_point), n * sizeof(*table));
	naf = malloc(n * sizeof(*naf));
	if (!table || !naf)
		goto out_free;
	for (size_t i = 0; i < n; i++) {
		recode_naf(naf[i], &scalars[i]);
		for (int d = NAF_DIGITS - 1; d > top; d--)
			if (naf[i][d])
				top = d;
		table[i][0] = points[i];
		cr_point_double(&twice, &points[i]);
		for (int j = 1; j < NAF_ENTRIES; j++)
			cr_point_add(&table[i][j], &table[i][j - 1], &twice);
	}
	for (int d = top; d >= 0; d--) {
		cr_point_double(&acc, &acc);
		for (size_t i = 0; i < n; i++) {
			int8_t digit = naf[i][d];

			if (digit > 0)
				cr_point_add(&acc, &acc, &table[i][digit / 2]);
			else if (digit < 0)
				cr_point_sub(&acc, &acc, &table[i][-digit / 2]);
		}
	}
	*out = acc;
	err = 0;
out_free:
	free(table);
	free(naf);
	return err;
}

/* Additions of Pippenger with windows of @w bits: see the loop below. */
static size_t pippenger_cost(size_t n, unsigned int w)
{
	return (253 / w + 1) * (n + ((size_t)2 << (w - 1)) + w);
}

static unsigned int pippenger_window(size_t n)
{
	unsigned int best = 4;

	for (unsigned int w = 5; w <= MAX_WINDOW; w++)
		if (pippenger_cost(n, w) < pippenger_cost(n, best))
			best = w;
	return best;
}

/* Bits [pos, pos + w) of a 40-byte little-endian number. */
static unsigned int window_of(const uint8_t b[40], unsigned int pos,
			      unsigned int w)
{
	uint32_t bits = (uint32_t)b[pos / 8] | (uint32_t)b[pos / 8 + 1] << 8 |
			(uint32_t)b[pos / 8 + 2] << 16;

	return bits >> (pos % 8) & ((1U << w) - 1);
}

/*
 * Adding the constant with a one at the top of every window turns plain
 * windows into signed digits without carries: digit = window - 2^(w-1).
 */
static void bias(uint8_t out[40], const struct cr_scalar *s,
		 const uint8_t constant[40])
{
	unsigned int carry = 0;

	for (int i = 0; i < 40; i++) {
		carry += constant[i];
		if (i < CR_SCALAR_BYTES)
			carry += s->b[i];
		out[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static int pippenger(struct cr_point *out, const struct cr_scalar *scalars,
		     const struct cr_point *points, size_t n)
{
	const unsigned int w = pippenger_window(n);
	const unsigned int windows = 253 / w + 1;
	const unsigned int half = 1U << (w - 1);
	struct cr_point acc, running, sum;
	struct cr_point *buckets;
	uint8_t constant[40] = { 0 };
	uint8_t (*biased)[40];
	uint8_t *used;
	int err = CR_ERR_NOMEM;

	buckets = aligned_alloc(_Alignof(struct cr_point),
				half * sizeof(*buckets));
	used = malloc(half);
	biased = calloc(n, sizeof(*biased));
	if (!buckets || !used || !biased)
		goto out_free;
	for (unsigned int i = 0; i < windows; i++) {
		unsigned int bit = i * w + w - 1;

		constant[bit / 8] |= (uint8_t)(1U << (bit % 8));
	}
	for (size_t i = 0; i < n; i++)
		bias(biased[i], &scalars[i], constant);

	cr_point_identity(&acc);
	for (unsigned int i = windows; i-- > 0;) {
		for (unsigned int k = 0; k < w; k++)
			cr_point_double(&acc, &acc);
		memset(used, 0, half);
		for (size_t k = 0; k < n; k++) {
			int digit = (int)window_of(biased[k], i * w, w) -
				    (int)half;
			struct cr_point *bucket;

			if (!digit)
				continue;
			bucket = &buckets[(digit > 0 ? digit : -digit) - 1];
			if (!used[bucket - buckets]) {
				used[bucket - buckets] = 1;
				if (digit > 0)
					*bucket = points[k];
				else
					cr_point_neg(bucket, &points[k]);
			} else if (digit > 0) {
				cr_point_add(bucket, bucket, &points[k]);
			} else {
				cr_point_sub(bucket, bucket, &points[k]);
			}
		}
		/* sum of (j + 1) * bucket[j]: add up the partial sums */
		cr_point_identity(&running);
		cr_point_identity(&sum);
		for (unsigned int j = half; j-- > 0;) {
			if (used[j])
				cr_point_add(&running, &running, &buckets[j]);
			cr_point_add(&sum, &sum, &running);
		}
		cr_point_add(&acc, &acc, &sum);
	}
	*out = acc;
	err = 0;
out_free:
	free(buckets);
	free(used);
	free(biased);
	return err;
}

int cr_msm_vartime(struct cr_point *out, const struct cr_scalar *scalars,
		   const struct cr_point *points, size_t n)
{
	if (n <= STRAUS_MAX)
		return straus(out, scalars, points, n);
	return pippenger(out, scalars, points, n);
}
