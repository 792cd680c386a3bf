// SPDX-License-Identifier: MIT
/* ristretto255 and its scalars: RFC 9496 vectors, and libsodium as witness. */
#include <string.h>

#include <sodium.h>

#include "proof/group.h"
#include "vectors.h"

static void random_point(struct cr_point *p)
{
	uint8_t wide[CR_UNIFORM_BYTES];

	randombytes_buf(wide, sizeof(wide));
	cr_point_from_uniform(p, wide);
}

static void assert_point_is(const struct cr_point *p, const uint8_t expect[32])
{
	uint8_t got[CR_POINT_BYTES];

	cr_point_encode(got, p);
	assert_memory_equal(got, expect, sizeof(got));
}

static void test_multiples(void **state)
{
	json_t *root = vectors_load("ristretto255-rfc9496.json");
	json_t *list = vectors_get(root, "multiples_of_generator");
	struct cr_point p, base, q;
	struct cr_scalar s;
	uint8_t expect[32];
	json_t *item;
	size_t i;

	(void)state;
	cr_point_identity(&p);
	cr_point_base(&base);
	assert_int_equal(json_array_size(list), 16);
	json_array_foreach(list, i, item) {
		vectors_hex(expect, 32, json_string_value(item));
		assert_point_is(&p, expect);
		assert_true(cr_point_decode(&q, expect));
		assert_true(cr_point_equal(&p, &q));
		assert_int_equal(cr_point_is_identity(&q), i == 0);
		cr_scalar_u64(&s, i);
		cr_point_mul_base(&q, &s);
		assert_point_is(&q, expect);
		cr_point_mul(&q, &s, &base);
		assert_point_is(&q, expect);
		cr_point_add(&p, &p, &base);
	}
	json_decref(root);
}

static void test_invalid_encodings(void **state)
{
	json_t *root = vectors_load("ristretto255-rfc9496.json");
	json_t *kinds = vectors_get(root, "invalid_encodings");
	const char *kind;
	json_t *list, *item;
	uint8_t bytes[32];
	struct cr_point p;
	size_t i, seen = 0;

	(void)state;
	json_object_foreach(kinds, kind, list) {
		json_array_foreach(list, i, item) {
			vectors_hex(bytes, 32, json_string_value(item));
			assert_false(cr_point_decode(&p, bytes));
			seen++;
		}
	}
	assert_true(seen >= 20);
	/* bit 255 of an element's encoding, which libsodium 1.0.18 ignores */
	cr_point_base(&p);
	cr_point_encode(bytes, &p);
	bytes[31] |= 0x80;
	assert_false(cr_point_decode(&p, bytes));
	memset(bytes, 0, 32);
	bytes[31] = 0x80;
	assert_false(cr_point_decode(&p, bytes));
	json_decref(root);
}

static void test_from_uniform(void **state)
{
	json_t *root = vectors_load("ristretto255-rfc9496.json");
	json_t *list = vectors_get(root, "from_uniform_bytes");
	uint8_t in[64], out[32];
	struct cr_point p;
	json_t *item;
	size_t i;

	(void)state;
	assert_true(json_array_size(list) >= 7);
	json_array_foreach(list, i, item) {
		vectors_hex(in, 64, vectors_str(item, "input"));
		vectors_hex(out, 32, vectors_str(item, "output"));
		cr_point_from_uniform(&p, in);
		assert_point_is(&p, out);
	}
	json_decref(root);
}

/* Every operation against libsodium's, on random operands. */
static void test_points_against_sodium(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct cr_point p, q, r;
		struct cr_scalar s, t;
		uint8_t pb[32], qb[32], sum[32], expect[32];

		random_point(&p);
		random_point(&q);
		cr_scalar_random(&s);
		cr_scalar_random(&t);
		cr_point_encode(pb, &p);
		cr_point_encode(qb, &q);

		cr_point_add(&r, &p, &q);
		assert_int_equal(crypto_core_ristretto255_add(expect, pb, qb), 0);
		assert_point_is(&r, expect);
		cr_point_sub(&r, &p, &q);
		assert_int_equal(crypto_core_ristretto255_sub(expect, pb, qb), 0);
		assert_point_is(&r, expect);
		cr_point_neg(&r, &q);
		cr_point_add(&r, &p, &r);
		assert_point_is(&r, expect);
		cr_point_double(&r, &p);
		assert_int_equal(crypto_core_ristretto255_add(expect, pb, pb), 0);
		assert_point_is(&r, expect);
		cr_point_mul(&r, &s, &p);
		assert_int_equal(crypto_scalarmult_ristretto255(sum, s.b, pb), 0);
		assert_point_is(&r, sum);
		assert_int_equal(crypto_scalarmult_ristretto255(expect, t.b, qb), 0);
		assert_int_equal(crypto_core_ristretto255_add(expect, expect, sum), 0);
		cr_point_mul2(&r, &s, &p, &t, &q);
		assert_point_is(&r, expect);
		cr_point_mul_base(&r, &s);
		assert_int_equal(crypto_scalarmult_ristretto255_base(expect, s.b), 0);
		assert_point_is(&r, expect);
		cr_point_select(&r, &p, &q, false);
		assert_point_is(&r, pb);
		cr_point_select(&r, &p, &q, true);
		assert_point_is(&r, qb);
		assert_false(cr_point_equal(&p, &q));
	}
}

static const uint8_t order[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10
};

static void test_scalar_parse(void **state)
{
	uint8_t bytes[32];
	struct cr_scalar s, minus_one;

	(void)state;
	assert_false(cr_scalar_parse(&s, order));
	memcpy(bytes, order, 32);
	bytes[0]--;
	assert_true(cr_scalar_parse(&s, bytes));
	cr_scalar_neg(&minus_one, &cr_scalar_one);
	assert_true(cr_scalar_equal(&s, &minus_one));
	bytes[0] += 2;
	assert_false(cr_scalar_parse(&s, bytes));
	memset(bytes, 0xff, 32);
	assert_false(cr_scalar_parse(&s, bytes));
	/* bit 255, which crypto_scalarmult would ignore */
	memset(bytes, 0, 32);
	assert_true(cr_scalar_parse(&s, bytes));
	assert_true(cr_scalar_is_zero(&s));
	bytes[31] = 0x80;
	assert_false(cr_scalar_parse(&s, bytes));
	bytes[31] = 0x10;
	assert_true(cr_scalar_parse(&s, bytes));
	bytes[16] = 0x01;
	assert_false(cr_scalar_parse(&s, bytes));
}

/* Operands near the edges, where carries and the last subtraction happen. */
static void edge_scalar(struct cr_scalar *s, int which)
{
	struct cr_scalar t;

	switch (which) {
	case 0:
		cr_scalar_u64(s, 0);
		break;
	case 1:
		cr_scalar_u64(s, 1);
		break;
	case 2:
		cr_scalar_neg(s, &cr_scalar_one);
		break;
	case 3:
		cr_scalar_u64(s, UINT64_MAX);
		break;
	case 4:
		cr_scalar_u64(&t, UINT64_MAX);
		cr_scalar_neg(s, &t);
		break;
	case 5:	/* 2^252 */
		memset(s, 0, sizeof(*s));
		s->b[31] = 0x10;
		break;
	default:
		cr_scalar_random(s);
	}
}

static void test_scalars_against_sodium(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		for (int j = 0; j < 12; j++) {
			struct cr_scalar a, b, r, q;
			uint8_t expect[32];

			edge_scalar(&a, i);
			edge_scalar(&b, j);
			crypto_core_ristretto255_scalar_add(expect, a.b, b.b);
			cr_scalar_add(&r, &a, &b);
			assert_memory_equal(r.b, expect, 32);
			crypto_core_ristretto255_scalar_sub(expect, a.b, b.b);
			cr_scalar_sub(&r, &a, &b);
			assert_memory_equal(r.b, expect, 32);
			crypto_core_ristretto255_scalar_mul(expect, a.b, b.b);
			cr_scalar_mul(&r, &a, &b);
			assert_memory_equal(r.b, expect, 32);
			cr_scalar_muladd(&q, &a, &b, &a);
			crypto_core_ristretto255_scalar_add(expect, expect, a.b);
			assert_memory_equal(q.b, expect, 32);
			cr_scalar_invert(&r, &a);
			if (cr_scalar_is_zero(&a)) {
				assert_true(cr_scalar_is_zero(&r));
				continue;
			}
			assert_int_equal(crypto_core_ristretto255_scalar_invert(expect, a.b), 0);
			assert_memory_equal(r.b, expect, 32);
		}
	}
}

static void test_scalar_reduce(void **state)
{
	uint8_t wide[64], expect[32];
	struct cr_scalar s;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		if (i == 0)
			memset(wide, 0xff, sizeof(wide));
		else
			randombytes_buf(wide, sizeof(wide));
		if (i % 3 == 1)
			memset(wide + 32, 0, 32);
		if (i % 3 == 2)
			memset(wide, 0xff, 32);
		cr_scalar_reduce(&s, wide);
		crypto_core_ristretto255_scalar_reduce(expect, wide);
		assert_memory_equal(s.b, expect, 32);
	}
	memset(wide, 0, sizeof(wide));
	memcpy(wide, order, 32);
	cr_scalar_reduce(&s, wide);
	assert_true(cr_scalar_is_zero(&s));
}

/* Both products against single multiplications, around the crossover too. */
static void test_msm(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 31, 32, 33, 64, 65, 135,
					136, 400 };
	enum { MAX = 400 };
	static struct cr_scalar scalars[MAX];
	static struct cr_point points[MAX];
	struct cr_point expect, got, term;

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		const size_t n = sizes[k];

		cr_point_identity(&expect);
		for (size_t i = 0; i < n; i++) {
			edge_scalar(&scalars[i], (int)(i % 12));
			random_point(&points[i]);
			if (i % 7 == 6)
				points[i] = points[i - 1];
			if (i % 11 == 10)
				cr_point_identity(&points[i]);
			cr_point_mul(&term, &scalars[i], &points[i]);
			cr_point_add(&expect, &expect, &term);
		}
		cr_msm_secret(&got, scalars, points, n);
		assert_true(cr_point_equal(&got, &expect));
		assert_int_equal(cr_msm_vartime(&got, scalars, points, n), 0);
		assert_true(cr_point_equal(&got, &expect));
	}
}

static int start(void **state)
{
	(void)state;
	return cr_proof_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_multiples),
		cmocka_unit_test(test_invalid_encodings),
		cmocka_unit_test(test_from_uniform),
		cmocka_unit_test(test_points_against_sodium),
		cmocka_unit_test(test_scalar_parse),
		cmocka_unit_test(test_scalars_against_sodium),
		cmocka_unit_test(test_scalar_reduce),
		cmocka_unit_test(test_msm),
	};

	return cmocka_run_group_tests_name("group", tests, start, NULL);
}
