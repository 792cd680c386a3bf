// SPDX-License-Identifier: MIT
/*
 * Differential fuzzing of points and scalars against libsodium: 64 bytes are
 * two encodings, a hash, two scalars; every operation must agree, and so must
 * the answer whether an encoding is one.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "fuzz.h"
#include "proof/group.h"

static void check_point(const struct cr_point *p, const uint8_t expect[32])
{
	uint8_t got[32];

	cr_point_encode(got, p);
	fuzz_assert(!memcmp(got, expect, 32));
}

static void check_scalar(const struct cr_scalar *s, const uint8_t expect[32])
{
	static const struct cr_scalar zero;
	struct cr_scalar again;

	fuzz_assert(!memcmp(s->b, expect, 32));
	fuzz_assert(cr_scalar_parse(&again, s->b));
	fuzz_assert(cr_scalar_is_zero(s) == !memcmp(s, &zero, sizeof(zero)));
}

static void encodings(const uint8_t in[64])
{
	struct cr_point p[2], r;
	uint8_t expect[32];
	bool ok[2];

	for (int i = 0; i < 2; i++) {
		const uint8_t *e = in + 32 * i;

		ok[i] = cr_point_decode(&p[i], e);
		/* libsodium 1.0.18 ignores bit 255; RFC 9496 4.3.1 refuses it */
		fuzz_assert(ok[i] == (!(e[31] & 0x80) &&
			    crypto_core_ristretto255_is_valid_point(e) == 1));
		if (ok[i])
			check_point(&p[i], e);
	}
	if (!ok[0] || !ok[1])
		return;
	fuzz_assert(crypto_core_ristretto255_add(expect, in, in + 32) == 0);
	cr_point_add(&r, &p[0], &p[1]);
	check_point(&r, expect);
	fuzz_assert(crypto_core_ristretto255_sub(expect, in, in + 32) == 0);
	cr_point_sub(&r, &p[0], &p[1]);
	check_point(&r, expect);
	fuzz_assert(cr_point_equal(&p[0], &p[1]) == !memcmp(in, in + 32, 32));
}

static void scalars(const uint8_t in[64])
{
	struct cr_scalar a, b, r;
	uint8_t expect[32], wide[64] = { 0 };

	cr_scalar_reduce(&a, in);
	crypto_core_ristretto255_scalar_reduce(expect, in);
	check_scalar(&a, expect);
	memcpy(wide, in + 16, 48);
	cr_scalar_reduce(&b, wide);
	crypto_core_ristretto255_scalar_add(expect, a.b, b.b);
	cr_scalar_add(&r, &a, &b);
	check_scalar(&r, expect);
	crypto_core_ristretto255_scalar_sub(expect, a.b, b.b);
	cr_scalar_sub(&r, &a, &b);
	check_scalar(&r, expect);
	crypto_core_ristretto255_scalar_mul(expect, a.b, b.b);
	cr_scalar_mul(&r, &a, &b);
	check_scalar(&r, expect);
	crypto_core_ristretto255_scalar_negate(expect, a.b);
	cr_scalar_neg(&r, &a);
	check_scalar(&r, expect);
	cr_scalar_invert(&r, &a);
	if (!cr_scalar_is_zero(&a)) {
		fuzz_assert(crypto_core_ristretto255_scalar_invert(expect, a.b) == 0);
		check_scalar(&r, expect);
	}
	/* raw bytes parse exactly if reducing leaves them alone */
	memset(wide, 0, sizeof(wide));
	memcpy(wide, in, 32);
	crypto_core_ristretto255_scalar_reduce(expect, wide);
	fuzz_assert(cr_scalar_parse(&r, in) == !memcmp(expect, in, 32));
}

static void products(const uint8_t in[64])
{
	uint8_t encoded[32], expect[32], other[32];
	struct cr_scalar s, t;
	struct cr_point p, r;

	crypto_core_ristretto255_from_hash(encoded, in);
	cr_point_from_uniform(&p, in);
	check_point(&p, encoded);
	cr_scalar_reduce(&s, in);
	cr_scalar_neg(&t, &s);
	cr_point_mul(&r, &s, &p);
	/* -1: the result is the identity, all zero */
	if (crypto_scalarmult_ristretto255(expect, s.b, encoded))
		memset(expect, 0, 32);
	check_point(&r, expect);
	cr_point_mul_base(&r, &t);
	if (crypto_scalarmult_ristretto255_base(other, t.b))
		memset(other, 0, 32);
	check_point(&r, other);
	fuzz_assert(crypto_core_ristretto255_add(expect, expect, other) == 0);
	cr_point_base(&r);
	cr_point_mul2(&r, &t, &r, &s, &p);
	check_point(&r, expect);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t in[64] = { 0 };

	memcpy(in, data, size < sizeof(in) ? size : sizeof(in));
	encodings(in);
	scalars(in);
	products(in);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_assert(cr_proof_init() == 0);
	return 0;
}
