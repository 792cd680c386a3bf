// SPDX-License-Identifier: MIT
/*
 * A prover that lies: the prover's own source, called below its checks, so
 * that only the verifier stands between a false statement and acceptance.
 */
#include <string.h>

#include "proof/ipp_prove.h"

/* A computation that goes wrong at its end, when told to. */
static int faulty_ipp_prove(struct cr_transcript *t, struct cr_point *g,
			    struct cr_point *h, struct cr_scalar *h_scale,
			    const struct cr_scalar *w, struct cr_scalar *a,
			    struct cr_scalar *b, size_t length, uint8_t *out);
#define ipp_prove faulty_ipp_prove
#include "proof/range_prove.c"
#undef ipp_prove

#include "range_fixture.h"
#include "seeded.h"
#include "vectors.h"

static bool fault;

static int faulty_ipp_prove(struct cr_transcript *t, struct cr_point *g,
			    struct cr_point *h, struct cr_scalar *h_scale,
			    const struct cr_scalar *w, struct cr_scalar *a,
			    struct cr_scalar *b, size_t length, uint8_t *out)
{
	int err = ipp_prove(t, g, h, h_scale, w, a, b, length, out);

	if (fault)
		out[0] ^= 1;
	return err;
}

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

/*
 * Errors moved between the two equations of a proof: e_blinding + d and
 * t_x_blinding - d / guess would pass if c could be guessed to be @guess.
 */
static void shifted(struct range_fixture *f, const struct cr_scalar *guess,
		    const struct cr_scalar *d)
{
	struct cr_scalar e, t_x, moved;
	struct cr_transcript t;
	struct work k = {
		.bits = 8, .count = 1, .nm = 8, .values = f->values,
		.blindings = f->blindings, .proof = f->proof,
	};
	struct cr_scalar scalars[24];
	struct cr_point g[16];
	struct witness *s = witness_new(8);

	assert_non_null(s);
	k.g = g;
	k.y_powers = scalars;
	k.l = scalars + 8;
	k.r = scalars + 16;
	assert_int_equal(cr_generators(g, g + 8, 1, 8), 0);
	cr_transcript_init(&t, FIXTURE_LABEL, strlen(FIXTURE_LABEL));
	range_begin(&t, 8, (const uint8_t (*)[32])f->commitments, 1);
	cr_transcript_rng_init(&s->rng, &t);
	cr_transcript_rng_start(&s->rng);
	cr_transcript_rng_scalar(&s->rng, &s->alpha);
	cr_transcript_rng_scalar(&s->rng, &s->rho);
	commit_bits(&k, s);
	commit_masks(&k, s);
	append(&t, &k, "A", RANGE_A);
	append(&t, &k, "S", RANGE_S);
	assert_int_equal(range_challenge(&t, "y", &k.y), 0);
	assert_int_equal(range_challenge(&t, "z", &k.z), 0);
	commit_polynomial(&k, s);
	append(&t, &k, "T_1", RANGE_T1);
	append(&t, &k, "T_2", RANGE_T2);
	assert_int_equal(range_challenge(&t, "x", &k.x), 0);
	open_at_x(&k, s);

	assert_true(cr_scalar_parse(&e, field(&k, RANGE_E_BLINDING)));
	assert_true(cr_scalar_parse(&t_x, field(&k, RANGE_TX_BLINDING)));
	cr_scalar_add(&e, &e, d);
	cr_scalar_invert(&moved, guess);
	cr_scalar_mul(&moved, &moved, d);
	cr_scalar_sub(&t_x, &t_x, &moved);
	memcpy(field(&k, RANGE_E_BLINDING), e.b, 32);
	memcpy(field(&k, RANGE_TX_BLINDING), t_x.b, 32);

	append(&t, &k, "t_x", RANGE_TX);
	append(&t, &k, "t_x_blinding", RANGE_TX_BLINDING);
	append(&t, &k, "e_blinding", RANGE_E_BLINDING);
	assert_int_equal(range_challenge(&t, "w", &k.w), 0);
	range_begin_ipp(&t, 8);
	invert_y_powers(&k);
	assert_int_equal(ipp_prove(&t, g, g + 8, k.y_powers, &k.w, k.l, k.r, 8,
				   field(&k, RANGE_LR)), 0);
	sodium_free(s);
}

static void test_equations_kept_apart(void **state)
{
	static struct range_fixture f;
	struct cr_scalar v, guess;

	(void)state;
	fixture_values(&f, 8, 1);
	cr_scalar_u64(&v, f.values[0]);
	commit(&f, 0, &v);
	/* the same steps without a shift: accepted */
	shifted(&f, &cr_scalar_one, &cr_scalar_zero);
	assert_int_equal(fixture_verify(&f), 0);
	shifted(&f, &cr_scalar_one, &cr_scalar_one);
	assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
	cr_scalar_neg(&guess, &cr_scalar_one);
	shifted(&f, &guess, &cr_scalar_one);
	assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
}

static const char *broken_name(void)
{
	return "broken";
}

static uint32_t broken_u32(void)
{
	return 0;
}

static void broken_buf(void *const buf, const size_t size)
{
	memset(buf, 0, size);
}

/*
 * With a system generator that gives zeroes, whoever knows the statement and
 * that must still not be able to compute the nonces: they depend on the
 * witness. Here the guess for A is right in all but the witness.
 */
static void test_nonces_need_witness(void **state)
{
	static struct randombytes_implementation broken = {
		.implementation_name = broken_name, .random = broken_u32,
		.buf = broken_buf,
	};
	static struct range_fixture f;
	static const uint8_t seed[32];
	uint8_t guess[480];
	struct cr_point g[16];
	struct work k = {
		.bits = 8, .count = 1, .nm = 8, .values = f.values,
		.blindings = f.blindings, .proof = guess, .g = g,
	};
	struct witness *s = witness_new(8);

	(void)state;
	assert_non_null(s);
	assert_int_equal(cr_generators(g, g + 8, 1, 8), 0);
	fixture_values(&f, 8, 1);
	randombytes_set_implementation(&broken);
	assert_int_equal(fixture_prove(&f), 0);
	randombytes_set_implementation(&randombytes_sysrandom_implementation);
	for (int with = 0; with < 2; with++) {
		struct cr_transcript t;

		cr_transcript_init(&t, FIXTURE_LABEL, strlen(FIXTURE_LABEL));
		range_begin(&t, 8, (const uint8_t (*)[32])f.commitments, 1);
		cr_transcript_rng_init(&s->rng, &t);
		if (with) {
			cr_transcript_rng_witness(&s->rng, "values", f.values,
						  sizeof(f.values[0]));
			cr_transcript_rng_witness(&s->rng, "blindings",
						  f.blindings,
						  sizeof(f.blindings[0]));
		}
		cr_transcript_rng_start_with(&s->rng, seed);
		cr_transcript_rng_scalar(&s->rng, &s->alpha);
		commit_bits(&k, s);
		if (with)
			assert_memory_equal(guess, f.proof, 32);
		else
			assert_memory_not_equal(guess, f.proof, 32);
	}
	sodium_free(s);
}

/* A machine that computes wrongly hands out nothing. */
static void test_own_fault(void **state)
{
	static struct range_fixture f;

	(void)state;
	fixture_values(&f, 16, 1);
	fault = true;
	assert_int_equal(fixture_prove(&f), CR_ERR_FAULT);
	assert_true(sodium_is_zero(f.proof, f.len));
	fault = false;
	assert_int_equal(fixture_prove(&f), 0);
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
		cmocka_unit_test(test_equations_kept_apart),
		cmocka_unit_test(test_nonces_need_witness),
		cmocka_unit_test(test_own_fault),
	};

	return cmocka_run_group_tests_name("range_cheat", tests, start, NULL);
}
