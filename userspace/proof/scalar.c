// SPDX-License-Identifier: MIT
/*
 * Arithmetic modulo l, the order of ristretto255, on four 64-bit limbs.
 *
 * Products use Montgomery's reduction with R = 2^256: mont(a, b) = a b / R
 * mod l, for any a < R and b < l. A plain product is two of these, the second
 * by R^2 mod l. No branch and no index depends on a value; masks go through
 * an empty asm so that the compiler cannot turn them back into branches.
 */
#include <endian.h>
#include <string.h>

#include <sodium.h>

#include "proof/group.h"
#include "proof/secret.h"

typedef unsigned __int128 u128;

const struct cr_scalar cr_scalar_zero;
const struct cr_scalar cr_scalar_one = { .b = { 1 } };

static const uint64_t ell[4] = {
	0x5812631a5cf5d3edULL, 0x14def9dea2f79cd6ULL, 0, 0x1000000000000000ULL
};

/* R^2 mod l, and -1/l mod 2^64; wrong ones fail every product of test_group.c */
static const uint64_t r_squared[4] = {
	0xa40611e3449c0f01ULL, 0xd00e1ba768859347ULL,
	0xceec73d217f5be65ULL, 0x0399411b7c309a3dULL
};

static const uint64_t ell_neg_inv = 0xd2b51da312547e1bULL;

static inline uint64_t barrier(uint64_t v)
{
	__asm__("" : "+r"(v));
	return v;
}

static inline void load(uint64_t w[4], const uint8_t b[CR_SCALAR_BYTES])
{
	memcpy(w, b, 32);
	for (int i = 0; i < 4; i++)
		w[i] = le64toh(w[i]);
}

static inline void store(struct cr_scalar *s, const uint64_t w[4])
{
	uint64_t t[4];

	for (int i = 0; i < 4; i++)
		t[i] = htole64(w[i]);
	memcpy(s->b, t, 32);
}

/* a - b, returns the borrow (0 or 1) */
static inline uint64_t sub4(uint64_t out[4], const uint64_t a[4],
			    const uint64_t b[4])
{
	uint64_t borrow = 0;

	for (int i = 0; i < 4; i++) {
		u128 d = (u128)a[i] - b[i] - borrow;

		out[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) & 1;
	}
	return borrow;
}

/* r < 2l, which is below 2^254: subtract l if that does not go below zero */
static inline void sub_ell_once(uint64_t r[4])
{
	uint64_t t[4], keep;

	keep = barrier(0 - sub4(t, r, ell));
	for (int i = 0; i < 4; i++)
		r[i] = (r[i] & keep) | (t[i] & ~keep);
}

/* a b / R mod l; needs a < R and b < l */
static void mont(uint64_t out[4], const uint64_t a[4], const uint64_t b[4])
{
	uint64_t t[5] = { 0 };

	for (int i = 0; i < 4; i++) {
		u128 acc;
		uint64_t carry, m, top;

		acc = (u128)a[i] * b[0] + t[0];
		t[0] = (uint64_t)acc;
		carry = (uint64_t)(acc >> 64);
		for (int j = 1; j < 4; j++) {
			acc = (u128)a[i] * b[j] + t[j] + carry;
			t[j] = (uint64_t)acc;
			carry = (uint64_t)(acc >> 64);
		}
		acc = (u128)t[4] + carry;
		t[4] = (uint64_t)acc;
		top = (uint64_t)(acc >> 64);

		m = t[0] * ell_neg_inv;
		acc = (u128)m * ell[0] + t[0];
		carry = (uint64_t)(acc >> 64);
		for (int j = 1; j < 4; j++) {
			acc = (u128)m * ell[j] + t[j] + carry;
			t[j - 1] = (uint64_t)acc;
			carry = (uint64_t)(acc >> 64);
		}
		acc = (u128)t[4] + carry;
		t[3] = (uint64_t)acc;
		t[4] = top + (uint64_t)(acc >> 64);
	}
	/* a b / R + l is below 2l: t[4] is zero */
	sub_ell_once(t);
	memcpy(out, t, 32);
}

bool cr_scalar_parse(struct cr_scalar *s, const uint8_t bytes[CR_SCALAR_BYTES])
{
	uint64_t w[4], t[4], below;

	load(w, bytes);
	below = sub4(t, w, ell);
	/* that a number is no scalar is told; nothing else about it is */
	cr_declassify(&below, sizeof(below));
	if (!below)
		return false;
	store(s, w);
	return true;
}

void cr_scalar_reduce(struct cr_scalar *s,
		      const uint8_t bytes[CR_UNIFORM_BYTES])
{
	static const uint64_t one[4] = { 1 };
	uint64_t lo[4], hi[4];
	struct cr_scalar a, b;

	load(lo, bytes);
	load(hi, bytes + 32);
	mont(hi, hi, r_squared);
	mont(lo, lo, r_squared);
	mont(lo, lo, one);
	store(&a, lo);
	store(&b, hi);
	cr_scalar_add(s, &a, &b);
	sodium_memzero(lo, sizeof(lo));
	sodium_memzero(hi, sizeof(hi));
	sodium_memzero(&a, sizeof(a));
	sodium_memzero(&b, sizeof(b));
}

void cr_scalar_random(struct cr_scalar *s)
{
	uint8_t wide[CR_UNIFORM_BYTES];

	randombytes_buf(wide, sizeof(wide));
	cr_scalar_reduce(s, wide);
	sodium_memzero(wide, sizeof(wide));
}

void cr_scalar_u64(struct cr_scalar *s, uint64_t v)
{
	const uint64_t w[4] = { v };

	store(s, w);
}

void cr_scalar_add(struct cr_scalar *out, const struct cr_scalar *a,
		   const struct cr_scalar *b)
{
	uint64_t x[4], y[4], carry = 0;

	load(x, a->b);
	load(y, b->b);
	for (int i = 0; i < 4; i++) {
		u128 sum = (u128)x[i] + y[i] + carry;

		x[i] = (uint64_t)sum;
		carry = (uint64_t)(sum >> 64);
	}
	sub_ell_once(x);
	store(out, x);
}

void cr_scalar_sub(struct cr_scalar *out, const struct cr_scalar *a,
		   const struct cr_scalar *b)
{
	uint64_t x[4], y[4], mask, carry = 0;

	load(x, a->b);
	load(y, b->b);
	mask = barrier(0 - sub4(x, x, y));
	for (int i = 0; i < 4; i++) {
		u128 sum = (u128)x[i] + (ell[i] & mask) + carry;

		x[i] = (uint64_t)sum;
		carry = (uint64_t)(sum >> 64);
	}
	store(out, x);
}

void cr_scalar_neg(struct cr_scalar *out, const struct cr_scalar *a)
{
	cr_scalar_sub(out, &cr_scalar_zero, a);
}

void cr_scalar_mul(struct cr_scalar *out, const struct cr_scalar *a,
		   const struct cr_scalar *b)
{
	uint64_t x[4], y[4];

	load(x, a->b);
	load(y, b->b);
	mont(x, x, y);
	mont(x, x, r_squared);
	store(out, x);
}

void cr_scalar_muladd(struct cr_scalar *out, const struct cr_scalar *a,
		      const struct cr_scalar *b, const struct cr_scalar *c)
{
	struct cr_scalar t;

	cr_scalar_mul(&t, a, b);
	cr_scalar_add(out, &t, c);
}

void cr_scalar_invert(struct cr_scalar *out, const struct cr_scalar *a)
{
	static const uint64_t one[4] = { 1 };
	uint64_t table[16][4], acc[4], exponent[4];

	/* Fermat: a^(l-2); only the public exponent steers the loop */
	memcpy(exponent, ell, sizeof(exponent));
	exponent[0] -= 2;
	mont(table[0], one, r_squared);
	load(acc, a->b);
	mont(table[1], acc, r_squared);
	for (int i = 2; i < 16; i++)
		mont(table[i], table[i - 1], table[1]);
	memcpy(acc, table[0], sizeof(acc));
	for (int i = 63; i >= 0; i--) {
		unsigned int digit = exponent[i / 16] >> (4 * (i % 16)) & 15;

		for (int k = 0; k < 4; k++)
			mont(acc, acc, acc);
		if (digit)
			mont(acc, acc, table[digit]);
	}
	mont(acc, acc, one);
	store(out, acc);
	sodium_memzero(table, sizeof(table));
	sodium_memzero(acc, sizeof(acc));
}

bool cr_scalar_is_zero(const struct cr_scalar *a)
{
	return sodium_is_zero(a->b, sizeof(a->b)) == 1;
}

bool cr_scalar_equal(const struct cr_scalar *a, const struct cr_scalar *b)
{
	return sodium_memcmp(a->b, b->b, sizeof(a->b)) == 0;
}
