// SPDX-License-Identifier: MIT
/*
 * A prover that lies: the prover's own source, called below its checks, so
 * that only the verifier stands between a false statement and acceptance.
 */
#include <string.h>

#include "proof/range_prove.c"

#include "range_fixture.h"
#include "seeded.h"
#include "vectors.h"

/* Prove @bits of values[] for whatever is in @f->commitments. */
static void lie(struct range_fixture *f)
{
	struct cr_transcript t;
	struct work k = {
		.bits = f->bits, .count = f->count, .nm = f->bits * f->count,
		.values = f->values, .blindings = f->blindings,
		.proof = f->proof,
	};

	cr_transcript_init(&t, FIXTURE_LABEL, strlen(FIXTURE_LABEL));
	range_begin(&t, f->bits, (const uint8_t (*)[32])f->commitments,
		    f->count);
	assert_int_equal(prove_with(&t, &k), 0);
}

static void commit(struct range_fixture *f, size_t j, const struct cr_scalar *v)
{
	struct cr_point c;

	cr_pedersen_commit(&c, v, &f->blindings[j]);
	cr_point_encode(f->commitments[j], &c);
}

/* The route itself: an honest statement through it is accepted. */
static void test_honest(void **state)
{
	static struct range_fixture f;
	struct cr_scalar v;

	(void)state;
	fixture_values(&f, 8, 2);
	for (size_t j = 0; j < 2; j++) {
		cr_scalar_u64(&v, f.values[j]);
		commit(&f, j, &v);
	}
	lie(&f);
	assert_int_equal(fixture_verify(&f), 0);
}

/* Out of range by every natural amount, negative and wrapped values. */
static void test_false_values(void **state)
{
	static struct range_fixture f;

	(void)state;
	for (unsigned int bits = 8; bits <= 64; bits *= 2) {
		for (int kind = 0; kind < 6; kind++) {
			struct cr_scalar v, two_n;

			fixture_values(&f, bits, 2);
			for (size_t j = 0; j < 2; j++) {
				cr_scalar_u64(&v, f.values[j]);
				commit(&f, j, &v);
			}
			cr_scalar_u64(&two_n, 1ULL << (bits - 1));
			cr_scalar_add(&two_n, &two_n, &two_n);
			cr_scalar_u64(&v, f.values[1]);
			switch (kind) {
			case 0:	/* v + 2^n, bits those of v */
				cr_scalar_add(&v, &v, &two_n);
				break;
			case 1:	/* v - 2^n: wrapped below zero */
				cr_scalar_sub(&v, &v, &two_n);
				break;
			case 2:	/* -1, claiming all bits set */
				f.values[1] = bits == 64 ? UINT64_MAX :
					      (1ULL << bits) - 1;
				cr_scalar_neg(&v, &cr_scalar_one);
				break;
			case 3:	/* 2^n, claiming zero */
				f.values[1] = 0;
				v = two_n;
				break;
			case 4:	/* off by one */
				cr_scalar_add(&v, &v, &cr_scalar_one);
				break;
			default:	/* anything */
				seeded_scalar(&v);
			}
			commit(&f, 1, &v);
			lie(&f);
			assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
		}
	}
}

/* What the crate's prover does with v = 2^n: our verifier refuses it too. */
static void test_crate_like_overflow(void **state)
{
	static struct range_fixture f;
	struct cr_scalar v;

	(void)state;
	fixture_values(&f, 8, 1);
	f.values[0] = 256;
	cr_scalar_u64(&v, 256);
	commit(&f, 0, &v);
	lie(&f);
	assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
	f.values[0] = 255;
	cr_scalar_u64(&v, 255);
	commit(&f, 0, &v);
	lie(&f);
	assert_int_equal(fixture_verify(&f), 0);
}

/* A wrong blinding: the value is fine, the opening is not known. */
static void test_wrong_blinding(void **state)
{
	static struct range_fixture f;
	struct cr_scalar v;

	(void)state;
	fixture_values(&f, 16, 1);
	cr_scalar_u64(&v, f.values[0]);
	commit(&f, 0, &v);
	cr_scalar_add(&f.blindings[0], &f.blindings[0], &cr_scalar_one);
	lie(&f);
	assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
}

static int start(void **state)
{
	(void)state;
	return cr_proof_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),
		cmocka_unit_test(test_false_values),
		cmocka_unit_test(test_crate_like_overflow),
		cmocka_unit_test(test_wrong_blinding),
	};

	return cmocka_run_group_tests_name("range_cheat", tests, start, NULL);
}
