// SPDX-License-Identifier: MIT
/* Range proofs: round trips, and everything that must be refused. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "range_fixture.h"
#include "seeded.h"
#include "vectors.h"

/* TEST_LONG in the environment widens the loops (make check-long-proof). */
static bool long_run;

static const unsigned int all_bits[] = { 8, 16, 32, 64 };

static void test_round_trips(void **state)
{
	static struct range_fixture f;

	(void)state;
	for (int repeat = 0; repeat < (long_run ? 5 : 1); repeat++) {
		for (int b = 0; b < 4; b++) {
			for (size_t m = 1; m <= 64; m *= 2) {
				fixture_new(&f, all_bits[b], m);
				assert_int_equal(fixture_verify(&f), 0);
				f.proof[5] ^= 1;
				assert_int_not_equal(fixture_verify(&f), 0);
			}
		}
	}
}

static void test_proof_size(void **state)
{
	(void)state;
	assert_int_equal(cr_range_proof_bytes(64, 1), 672);
	assert_int_equal(cr_range_proof_bytes(8, 1), 480);
	assert_int_equal(cr_range_proof_bytes(64, 64), CR_RANGE_MAX_BYTES);
	assert_int_equal(cr_range_proof_bytes(64, 3), 0);
	assert_int_equal(cr_range_proof_bytes(24, 1), 0);
}

/* Values at the edges, alone. */
static void test_edges(void **state)
{
	static struct range_fixture f;

	(void)state;
	for (int b = 0; b < 4; b++) {
		const unsigned int bits = all_bits[b];
		const uint64_t max = bits == 64 ? UINT64_MAX : (1ULL << bits) - 1;
		const uint64_t in[] = { 0, 1, max - 1, max, max / 2 + 1 };

		for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
			fixture_values(&f, bits, 1);
			f.values[0] = in[i];
			assert_int_equal(fixture_prove(&f), 0);
			assert_int_equal(fixture_verify(&f), 0);
		}
	}
}

static void test_value_out_of_range(void **state)
{
	static struct range_fixture f;

	(void)state;
	for (int b = 0; b < 3; b++) {
		const uint64_t out[] = { 1ULL << all_bits[b], UINT64_MAX,
					 1ULL << 63 };

		for (size_t i = 0; i < 3; i++) {
			for (size_t j = 0; j < 4; j++) {
				fixture_values(&f, all_bits[b], 4);
				f.values[j] = out[i];
				assert_int_equal(fixture_prove(&f), CR_ERR_RANGE);
				assert_true(sodium_is_zero(f.proof, f.len));
			}
		}
	}
}

static void test_identity_commitment(void **state)
{
	static struct range_fixture f;

	(void)state;
	fixture_values(&f, 32, 2);
	f.values[0] = 0;
	f.blindings[0] = cr_scalar_zero;
	assert_int_equal(fixture_prove(&f), 0);
	assert_true(sodium_is_zero(f.commitments[0], 32));
	assert_int_equal(fixture_verify(&f), 0);
}

/* Every byte of proof and commitments, one flipped bit at a time. */
static void test_every_byte(void **state)
{
	static const struct {
		unsigned int bits;
		size_t count;
	} shapes[] = { { 8, 1 }, { 16, 2 }, { 64, 2 }, { 32, 16 } };
	static struct range_fixture f;

	(void)state;
	for (size_t s = 0; s < (long_run ? 4 : 2); s++) {
		size_t total;

		fixture_new(&f, shapes[s].bits, shapes[s].count);
		total = f.len + 32 * f.count;
		for (size_t i = 0; i < total; i++) {
			uint8_t *byte = i < f.len ? &f.proof[i] :
					(uint8_t *)f.commitments + (i - f.len);
			const uint8_t flip = (uint8_t)(1U << (i % 8));
			int err;

			*byte ^= flip;
			err = fixture_verify(&f);
			*byte ^= flip;
			if (err == 0 || err == CR_ERR_NOMEM)
				fail_msg("byte %zu of %zu flipped: %s", i,
					 total, cr_err_text(err));
		}
		assert_int_equal(fixture_verify(&f), 0);
	}
}

/* The order of the group, little-endian */
static const uint8_t order[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10
};

static void test_scalars_not_canonical(void **state)
{
	static struct range_fixture f;
	size_t fields[5];

	(void)state;
	fixture_new(&f, 16, 1);
	fields[0] = 4;
	fields[1] = 5;
	fields[2] = 6;
	fields[3] = f.len / 32 - 2;
	fields[4] = f.len / 32 - 1;
	for (size_t i = 0; i < 5; i++) {
		uint8_t *s = f.proof + 32 * fields[i];
		uint8_t keep[32];

		memcpy(keep, s, 32);
		/* the same number plus l: equal modulo l, yet malformed */
		sodium_add(s, order, 32);
		assert_int_equal(fixture_verify(&f), CR_ERR_SCALAR);
		memcpy(s, order, 32);
		assert_int_equal(fixture_verify(&f), CR_ERR_SCALAR);
		memcpy(s, keep, 32);
		s[31] |= 0x80;
		assert_int_equal(fixture_verify(&f), CR_ERR_SCALAR);
		memset(s, 0, 32);
		assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
		memcpy(s, keep, 32);
	}
	assert_int_equal(fixture_verify(&f), 0);
}

static void test_points_malformed(void **state)
{
	static struct range_fixture f;
	size_t fields;

	(void)state;
	fixture_new(&f, 16, 1);
	fields = f.len / 32;
	for (size_t i = 0; i < fields; i++) {
		uint8_t *p = f.proof + 32 * i;
		uint8_t keep[32];

		if ((i >= 4 && i <= 6) || i >= fields - 2)
			continue;
		memcpy(keep, p, 32);
		memset(p, 0, 32);
		assert_int_equal(fixture_verify(&f), CR_ERR_IDENTITY);
		/* the field's prime: zero, but not canonical */
		memset(p, 0xff, 32);
		p[0] = 0xed;
		p[31] = 0x7f;
		assert_int_equal(fixture_verify(&f), CR_ERR_POINT);
		/* a negative field element */
		memset(p, 0, 32);
		p[0] = 1;
		assert_int_equal(fixture_verify(&f), CR_ERR_POINT);
		memcpy(p, keep, 32);
	}
	memset(f.commitments[0], 0xff, 32);
	assert_int_equal(fixture_verify(&f), CR_ERR_POINT);
}

static void test_lengths(void **state)
{
	static struct range_fixture f;
	const uint8_t (*v)[32] = (const uint8_t (*)[32])f.commitments;

	(void)state;
	fixture_new(&f, 32, 2);
	for (size_t len = 0; len <= f.len + 96; len++) {
		struct cr_transcript t;
		uint8_t *exact;

		if (len == f.len || (!long_run && len % 32 > 1 && len % 32 < 31))
			continue;
		/* its own allocation, so that a read beyond it is seen */
		exact = malloc(len + !len);
		assert_non_null(exact);
		memset(exact, 0, len + !len);
		memcpy(exact, f.proof, len < f.len ? len : f.len);
		cr_transcript_init(&t, FIXTURE_LABEL, strlen(FIXTURE_LABEL));
		assert_int_equal(cr_range_verify(&t, 32, v, 2, exact, len),
				 CR_ERR_LENGTH);
		free(exact);
	}
}

static void test_shapes_refused(void **state)
{
	static const unsigned int bits[] = { 0, 1, 7, 9, 24, 63, 65, 128,
					     1U << 31 };
	static const size_t counts[] = { 0, 3, 5, 6, 63, 65, 128,
					 (size_t)1 << 63, SIZE_MAX };
	static struct range_fixture f;
	struct cr_range_item item;

	(void)state;
	fixture_new(&f, 8, 1);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		item = fixture_item(&f);
		item.bits = bits[i];
		assert_int_equal(cr_range_verify_batch(&item, 1), CR_ERR_REJECTED);
		assert_int_equal(item.verdict, CR_ERR_BITS);
		f.bits = bits[i];
		assert_int_equal(fixture_prove(&f), CR_ERR_BITS);
	}
	f.bits = 8;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		item = fixture_item(&f);
		item.count = counts[i];
		assert_int_equal(cr_range_verify_batch(&item, 1), CR_ERR_REJECTED);
		assert_int_equal(item.verdict, CR_ERR_COUNT);
		f.count = counts[i];
		assert_int_equal(fixture_prove(&f), CR_ERR_COUNT);
	}
	f.count = 1;
	f.len--;
	assert_int_equal(fixture_prove(&f), CR_ERR_LENGTH);
}

/* Shapes with one proof length: 8 x 4, 16 x 2 and 32 x 1. */
static void test_other_shape(void **state)
{
	static struct range_fixture f;

	(void)state;
	fixture_new(&f, 16, 2);
	f.bits = 32;
	f.count = 1;
	assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
	f.bits = 8;
	f.count = 4;
	memcpy(f.commitments[2], f.commitments[0], 64);
	assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
	f.bits = 16;
	f.count = 2;
	assert_int_equal(fixture_verify(&f), 0);
}

static void test_commitments_moved(void **state)
{
	static struct range_fixture f;
	uint8_t keep[4][32];

	(void)state;
	fixture_new(&f, 16, 4);
	memcpy(keep, f.commitments, sizeof(keep));
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 4; j++) {
			if (i == j)
				continue;
			memcpy(f.commitments[i], keep[j], 32);
			assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
			memcpy(f.commitments[j], keep[i], 32);
			assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
			memcpy(f.commitments, keep, sizeof(keep));
		}
	}
	assert_int_equal(fixture_verify(&f), 0);
}

/* Shifts that leave the sum of the commitments as it was. */
static void test_shifts(void **state)
{
	static struct range_fixture f;
	struct cr_scalar up, down;
	uint8_t keep[2][32];

	(void)state;
	fixture_new(&f, 32, 2);
	memcpy(keep, f.commitments, sizeof(keep));
	for (int i = 0; i < 6; i++) {
		switch (i % 3) {
		case 0:
			up = cr_scalar_one;
			break;
		case 1:
			cr_scalar_u64(&up, 1ULL << 32);
			break;
		default:
			seeded_scalar(&up);
		}
		cr_scalar_neg(&down, &up);
		fixture_shift(&f, 0, &up, i >= 3);
		assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
		fixture_shift(&f, 1, &down, i >= 3);
		assert_int_equal(fixture_verify(&f), CR_ERR_REJECTED);
		memcpy(f.commitments, keep, sizeof(keep));
	}
	assert_int_equal(fixture_verify(&f), 0);
}

static void test_transcript_binds(void **state)
{
	static struct range_fixture f;
	const uint8_t (*v)[32] = (const uint8_t (*)[32])f.commitments;
	struct cr_transcript p, q;
	uint8_t after[2][32];

	(void)state;
	fixture_values(&f, 16, 2);
	cr_transcript_init(&p, "claim", 5);
	cr_transcript_append(&p, "epoch", "\x07", 1);
	q = p;
	assert_int_equal(cr_range_prove(&p, 16, f.values, f.blindings, 2,
					f.commitments, f.proof, f.len), 0);
	assert_int_equal(cr_range_verify(&q, 16, v, 2, f.proof, f.len), 0);
	/* both go on from the same state */
	cr_transcript_challenge(&p, "next", after[0], 32);
	cr_transcript_challenge(&q, "next", after[1], 32);
	assert_memory_equal(after[0], after[1], 32);

	cr_transcript_init(&q, "claim", 5);
	assert_int_equal(cr_range_verify(&q, 16, v, 2, f.proof, f.len),
			 CR_ERR_REJECTED);
	cr_transcript_init(&q, "claim", 5);
	cr_transcript_append(&q, "epoch", "\x08", 1);
	assert_int_equal(cr_range_verify(&q, 16, v, 2, f.proof, f.len),
			 CR_ERR_REJECTED);
	cr_transcript_init(&q, "clain", 5);
	cr_transcript_append(&q, "epoch", "\x07", 1);
	assert_int_equal(cr_range_verify(&q, 16, v, 2, f.proof, f.len),
			 CR_ERR_REJECTED);
}

/* The same statement twice: nothing of the randomness is repeated. */
static void test_fresh_randomness(void **state)
{
	static struct range_fixture f;
	uint8_t first[480];

	(void)state;
	fixture_new(&f, 8, 1);
	assert_int_equal(f.len, sizeof(first));
	memcpy(first, f.proof, sizeof(first));
	assert_int_equal(fixture_prove(&f), 0);
	for (size_t i = 0; i < sizeof(first); i += 32)
		assert_memory_not_equal(first + i, f.proof + i, 32);
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
 * A system generator that repeats itself (a restored snapshot): the nonces of
 * two different statements must still have nothing in common.
 */
static void test_hedged_randomness(void **state)
{
	static struct randombytes_implementation broken = {
		.implementation_name = broken_name, .random = broken_u32,
		.buf = broken_buf,
	};
	static struct range_fixture f[3];

	(void)state;
	fixture_values(&f[0], 8, 1);
	f[0].values[0] = 5;
	f[1] = f[0];
	f[2] = f[0];
	f[2].values[0] = 6;
	randombytes_set_implementation(&broken);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fixture_prove(&f[i]), 0);
	randombytes_set_implementation(&randombytes_sysrandom_implementation);
	/* it was broken: the same statement gives the same proof */
	assert_memory_equal(f[0].proof, f[1].proof, f[0].len);
	for (size_t i = 0; i < f[0].len; i += 32)
		assert_memory_not_equal(f[0].proof + i, f[2].proof + i, 32);
}

static int start(void **state)
{
	(void)state;
	long_run = getenv("TEST_LONG") != NULL;
	return cr_proof_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_proof_size),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_value_out_of_range),
		cmocka_unit_test(test_identity_commitment),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_scalars_not_canonical),
		cmocka_unit_test(test_points_malformed),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_shapes_refused),
		cmocka_unit_test(test_other_shape),
		cmocka_unit_test(test_commitments_moved),
		cmocka_unit_test(test_shifts),
		cmocka_unit_test(test_transcript_binds),
		cmocka_unit_test(test_fresh_randomness),
		cmocka_unit_test(test_hedged_randomness),
	};

	return cmocka_run_group_tests_name("range", tests, start, NULL);
}
