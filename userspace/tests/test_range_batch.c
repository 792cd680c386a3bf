// SPDX-License-Identifier: MIT
/* Batches of range proofs: verdicts equal those of single verification. */
#include <stdlib.h>
#include <string.h>

#include "proof/error.h"
#include "range_fixture.h"
#include "seeded.h"
#include "vectors.h"

#define N 24

static struct range_fixture proofs[N];

static int start(void **state)
{
	static const unsigned int bits[] = { 8, 32, 16, 64 };
	int err = cr_proof_init();

	(void)state;
	/* the shape varies: generators are shared between different ones */
	for (size_t i = 0; !err && i < N; i++) {
		fixture_values(&proofs[i], bits[i % 4], (size_t)1 << (i % 3));
		err = fixture_prove(&proofs[i]);
	}
	return err;
}

static void load(struct cr_range_item items[N])
{
	for (size_t i = 0; i < N; i++)
		items[i] = fixture_item(&proofs[i]);
}

static void test_all_good(void **state)
{
	struct cr_range_item items[N];

	(void)state;
	assert_int_equal(cr_range_verify_batch(NULL, 0), 0);
	for (size_t n = 1; n <= N; n += n < 4 ? 1 : 5) {
		load(items);
		assert_int_equal(cr_range_verify_batch(items, n), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(items[i].verdict, 0);
	}
}

static void test_limit(void **state)
{
	struct cr_range_item *items = calloc(CR_RANGE_BATCH_MAX + 1,
					     sizeof(*items));

	(void)state;
	assert_non_null(items);
	assert_int_equal(cr_range_verify_batch(items, CR_RANGE_BATCH_MAX + 1),
			 CR_ERR_LIMIT);
	for (size_t i = 0; i <= CR_RANGE_BATCH_MAX; i++)
		assert_int_not_equal(items[i].verdict, 0);
	free(items);
}

/* One culprit, of every kind, at many places (TEST_LONG: at every place). */
static void test_culprit(void **state)
{
	static const struct {
		size_t byte;
		uint8_t flip;
	} kinds[] = {
		{ 1, 0x10 },			/* A: another point or none */
		{ 4 * 32, 1 },			/* t_x */
		{ 4 * 32 + 31, 0xf0 },		/* t_x not canonical */
	};

	(void)state;
	for (size_t at = 0; at < N; at += getenv("TEST_LONG") ? 1 : 5) {
		for (size_t k = 0; k < 3; k++) {
			struct cr_range_item items[N];
			uint8_t *byte = &proofs[at].proof[kinds[k].byte];

			load(items);
			*byte ^= kinds[k].flip;
			assert_int_equal(cr_range_verify_batch(items, N),
					 CR_ERR_REJECTED);
			for (size_t i = 0; i < N; i++)
				assert_int_equal(items[i].verdict,
						 fixture_verify(&proofs[i]));
			assert_int_not_equal(items[at].verdict, 0);
			*byte ^= kinds[k].flip;
		}
	}
}

static void test_many_culprits(void **state)
{
	struct cr_range_item items[N];
	struct range_fixture keep[N];

	(void)state;
	memcpy(keep, proofs, sizeof(keep));
	for (size_t i = 0; i < N; i++) {
		struct range_fixture *f = &proofs[i];

		switch (i % 6) {
		case 0:	/* a does not match: only the last scalars change */
			f->proof[f->len - 64] ^= 1;
			break;
		case 1:
			memset(f->proof, 0, 32);
			break;
		case 2:
			memset(f->commitments[0], 0xff, 32);
			break;
		case 3:
			f->len -= 32;
			break;
		default:
			break;
		}
	}
	load(items);
	assert_int_equal(cr_range_verify_batch(items, N), CR_ERR_REJECTED);
	for (size_t i = 0; i < N; i++) {
		static const int expect[6] = {
			CR_ERR_REJECTED, CR_ERR_IDENTITY, CR_ERR_POINT,
			CR_ERR_LENGTH, 0, 0
		};
		int single = fixture_verify(&proofs[i]);

		assert_int_equal(items[i].verdict, single);
		if (i % 6)
			assert_int_equal(single, expect[i % 6]);
		else	/* or not canonical any more, by chance */
			assert_true(single == CR_ERR_REJECTED ||
				    single == CR_ERR_SCALAR);
	}
	memcpy(proofs, keep, sizeof(keep));
}

/*
 * One valid proof twice, its last scalar a changed to a + d in one and a - d in
 * the other: what is left of the two equations is opposite, so with equal (or
 * predictable) weights their sum would be accepted.
 */
static void test_no_cancelling(void **state)
{
	struct range_fixture up = proofs[0], down = proofs[0];
	struct cr_range_item items[4];
	struct cr_scalar a, d;

	(void)state;
	assert_true(cr_scalar_parse(&a, up.proof + up.len - 64));
	seeded_scalar(&d);
	cr_scalar_add(&d, &a, &d);
	memcpy(up.proof + up.len - 64, d.b, 32);
	cr_scalar_sub(&d, &a, &d);
	cr_scalar_add(&d, &d, &a);
	memcpy(down.proof + up.len - 64, d.b, 32);
	for (size_t i = 0; i < 4; i++)
		items[i] = fixture_item(i % 2 ? &up : &down);
	assert_int_equal(cr_range_verify_batch(items, 4), CR_ERR_REJECTED);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(items[i].verdict, CR_ERR_REJECTED);
}

/* Statements of two proofs exchanged. */
static void test_statements_exchanged(void **state)
{
	struct cr_range_item items[2];

	(void)state;
	items[0] = fixture_item(&proofs[0]);
	items[1] = fixture_item(&proofs[12]);
	assert_int_equal(proofs[0].bits, proofs[12].bits);
	assert_int_equal(proofs[0].count, proofs[12].count);
	items[0].commitments = (const uint8_t (*)[32])proofs[12].commitments;
	items[1].commitments = (const uint8_t (*)[32])proofs[0].commitments;
	assert_int_equal(cr_range_verify_batch(items, 2), CR_ERR_REJECTED);
	assert_int_equal(items[0].verdict, CR_ERR_REJECTED);
	assert_int_equal(items[1].verdict, CR_ERR_REJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_good),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_culprit),
		cmocka_unit_test(test_many_culprits),
		cmocka_unit_test(test_no_cancelling),
		cmocka_unit_test(test_statements_exchanged),
	};

	return cmocka_run_group_tests_name("range_batch", tests, start, NULL);
}
