// SPDX-License-Identifier: MIT
/* Multiscalar product for secret scalars: Straus, signed 4-bit windows. */
#include <string.h>

#include <sodium.h>

#include "proof/group.h"

#define DIGITS	64	/* of 4 bits; scalars are below 2^253 */
#define ENTRIES	8	/* 1 p .. 8 p */
#define CHUNK	32	/* points that share the doublings */

/* Digits from -8 to 7, least significant first. */
static void recode(int8_t digits[DIGITS], const struct cr_scalar *s)
{
	int carry = 0;

	for (int i = 0; i < DIGITS; i++) {
		int d = ((s->b[i / 2] >> (4 * (i % 2))) & 15) + carry;

		carry = (d + 8) >> 4;
		digits[i] = (int8_t)(d - (carry << 4));
	}
}

/* 1 if a == b, else 0, for a and b from 0 to 255 */
static inline uint64_t same(uint32_t a, uint32_t b)
{
	uint32_t diff = a ^ b;

	__asm__("" : "+r"(diff));
	return ((uint64_t)diff - 1) >> 63;
}

/* out = digit * p; reads the whole table whatever the digit is */
static void pick(struct cr_point *out, const struct cr_point table[ENTRIES],
		 int8_t digit)
{
	const uint32_t negative = (uint32_t)(int32_t)digit >> 31;
	const uint32_t size = ((uint32_t)(int32_t)digit ^ (0 - negative)) +
			      negative;
	struct cr_point minus;

	cr_point_identity(out);
	for (uint32_t j = 0; j < ENTRIES; j++) {
		uint64_t mask = 0 - same(size, j + 1);

		__asm__("" : "+r"(mask));
		for (size_t w = 0; w < sizeof(out->opaque) / 8; w++)
			out->opaque[w] ^= mask & (out->opaque[w] ^
						  table[j].opaque[w]);
	}
	cr_point_neg(&minus, out);
	cr_point_select(out, out, &minus, negative);
}

static void msm_chunk(struct cr_point *out, const struct cr_scalar *scalars,
		      const struct cr_point *points, size_t n)
{
	struct cr_point table[CHUNK][ENTRIES];
	int8_t digits[CHUNK][DIGITS];
	struct cr_point acc, term;

	for (size_t i = 0; i < n; i++) {
		recode(digits[i], &scalars[i]);
		table[i][0] = points[i];
		for (int j = 1; j < ENTRIES; j++) {
			if (j % 2)
				cr_point_double(&table[i][j], &table[i][j / 2]);
			else
				cr_point_add(&table[i][j], &table[i][j - 1],
					     &points[i]);
		}
	}
	cr_point_identity(&acc);
	for (int d = DIGITS - 1; d >= 0; d--) {
		for (int k = 0; k < 4; k++)
			cr_point_double(&acc, &acc);
		for (size_t i = 0; i < n; i++) {
			pick(&term, table[i], digits[i][d]);
			cr_point_add(&acc, &acc, &term);
		}
	}
	*out = acc;
	sodium_memzero(digits, sizeof(digits));
	sodium_memzero(&acc, sizeof(acc));
	sodium_memzero(&term, sizeof(term));
}

void cr_msm_secret(struct cr_point *out, const struct cr_scalar *scalars,
		   const struct cr_point *points, size_t n)
{
	struct cr_point sum, part;

	cr_point_identity(&sum);
	for (size_t i = 0; i < n; i += CHUNK) {
		msm_chunk(&part, scalars + i, points + i,
			  n - i < CHUNK ? n - i : CHUNK);
		cr_point_add(&sum, &sum, &part);
	}
	*out = sum;
	sodium_memzero(&sum, sizeof(sum));
	sodium_memzero(&part, sizeof(part));
}
