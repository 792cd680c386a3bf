// SPDX-License-Identifier: MIT
/*
 * Differential fuzzing of the multiscalar products against libsodium.
 *
 * First byte: number of terms; it may repeat what follows to get beyond the
 * crossover to Pippenger's method. Then per term a byte that says what scalar
 * and point are, and the bytes they take.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "fuzz.h"
#include "proof/group.h"

#define MAX_TERMS	320

struct input {
	const uint8_t *data;
	size_t left;
};

static void take(struct input *in, uint8_t *out, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memset(out, 0, len);
	if (n)
		memcpy(out, in->data, n);
	in->data += n;
	in->left -= n;
}

static void scalar(struct input *in, uint8_t kind, struct cr_scalar *s)
{
	uint8_t wide[64] = { 0 }, small[8];

	switch (kind & 7) {
	case 0:
		*s = cr_scalar_zero;
		break;
	case 1:
		cr_scalar_neg(s, &cr_scalar_one);
		break;
	case 2:	/* one run of ones: carries through every window */
		take(in, small, 2);
		memset(wide + small[0] % 32, 0xff, small[1] % 32);
		cr_scalar_reduce(s, wide);
		break;
	case 3:
		take(in, small, 8);
		memcpy(wide, small, 8);
		cr_scalar_reduce(s, wide);
		break;
	case 4:
		take(in, small, 8);
		memcpy(wide, small, 8);
		cr_scalar_reduce(s, wide);
		cr_scalar_neg(s, s);
		break;
	default:
		take(in, wide, 32);
		cr_scalar_reduce(s, wide);
	}
}

static void point(struct input *in, uint8_t kind, struct cr_point *p,
		  const struct cr_point *before)
{
	uint8_t wide[64] = { 0 };

	switch (kind >> 4 & 3) {
	case 0:
		cr_point_identity(p);
		break;
	case 1:
		*p = *before;
		break;
	case 2:
		cr_point_neg(p, before);
		break;
	default:
		take(in, wide, 4);
		cr_point_from_uniform(p, wide);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cr_scalar s[MAX_TERMS];
	static struct cr_point p[MAX_TERMS];
	struct input in = { data, size };
	uint8_t expect[32] = { 0 }, got[32], head[2];
	struct cr_point sum, before;
	size_t n, distinct;

	take(&in, head, 2);
	distinct = head[0] % 12;
	n = head[1] & 1 && distinct ? MAX_TERMS - head[1] / 2 : distinct;
	cr_point_base(&before);
	for (size_t i = 0; i < distinct; i++) {
		uint8_t kind;

		take(&in, &kind, 1);
		scalar(&in, kind, &s[i]);
		point(&in, kind, &p[i], &before);
		before = p[i];
	}
	for (size_t i = distinct; i < n; i++) {
		s[i] = s[i - distinct];
		p[i] = p[i - distinct];
	}

	/* libsodium for the distinct terms only, each as often as it occurs */
	for (size_t i = 0; i < distinct; i++) {
		uint8_t encoded[32], term[32];
		struct cr_scalar times;

		cr_scalar_u64(&times, n / distinct + (i < n % distinct));
		crypto_core_ristretto255_scalar_mul(times.b, times.b, s[i].b);
		cr_point_encode(encoded, &p[i]);
		/* -1 with zeroes: the product is the identity */
		if (crypto_scalarmult_ristretto255(term, times.b, encoded))
			memset(term, 0, 32);
		fuzz_assert(crypto_core_ristretto255_add(expect, expect, term) == 0);
	}
	fuzz_assert(cr_msm_vartime(&sum, s, p, n) == 0);
	cr_point_encode(got, &sum);
	fuzz_assert(!memcmp(got, expect, 32));
	cr_msm_secret(&sum, s, p, n);
	cr_point_encode(got, &sum);
	fuzz_assert(!memcmp(got, expect, 32));
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_assert(cr_proof_init() == 0);
	return 0;
}
