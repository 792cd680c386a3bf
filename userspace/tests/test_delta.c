// SPDX-License-Identifier: MIT
/* Deltas between snapshots: what they give, how long they are, and that nothing else passes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory_fixture.h"
#include "directory/delta.h"

/** struct made - a snapshot with its bytes */
struct made {
	uint8_t *bytes;
	size_t len;
	struct cr_snapshot s;
};

/* Snapshot @number of the relays of @e. */
static struct made make(uint64_t number, struct cr_entry *e, uint32_t n)
{
	struct cr_snapshot_head head;
	struct made m;

	fix_head(&head, number);
	m.bytes = fix_snapshot(&head, e, n, &m.len);
	fix_sign(m.bytes, &m.len, 0);
	fix_sign(m.bytes, &m.len, 1);
	assert_int_equal(cr_snapshot_parse(&m.s, m.bytes, m.len), CR_DIR_OK);
	return m;
}

static void relays(struct cr_entry *e, uint32_t first, uint32_t n)
{
	memset(e, 0, n * sizeof(*e));
	for (uint32_t i = 0; i < n; i++) {
		fix_descriptor(&e[i].d, first + i, first + i);
		e[i].stake = 100;
	}
}

/* The delta between two, applied, is the second, to the last byte. Return: its length. */
static size_t round_trip(const struct made *a, const struct made *b)
{
	struct cr_delta d;
	uint8_t *delta, *out;
	size_t len;

	assert_int_equal(cr_delta_make(&a->s, &b->s, &delta, &len), CR_DIR_OK);
	assert_int_equal(cr_delta_parse(&d, delta, len), CR_DIR_OK);
	assert_int_equal(cr_delta_bytes(&d), b->len);
	out = malloc(b->len);
	assert_non_null(out);
	assert_int_equal(cr_delta_apply(&d, &a->s, out), CR_DIR_OK);
	assert_memory_equal(out, b->bytes, b->len);
	free(out);
	free(delta);
	return len;
}

static void test_same(void **state)
{
	struct cr_entry e[5];
	struct made a, b;

	(void)state;
	relays(e, 1, 5);
	a = make(1, e, 5);
	b = make(2, e, 5);
	/* head and signatures, nothing of the relays */
	assert_int_equal(round_trip(&a, &b), CR_DELTA_FIXED + (size_t)(b.s.relays - b.bytes) + b.len - b.s.body_len);
	free(a.bytes);
	free(b.bytes);
}

/* Every subset of six relays to every other: all kinds of steps at all places. */
static void test_subsets(void **state)
{
	struct made m[64];

	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		struct cr_entry e[6];
		uint32_t n = 0;

		memset(e, 0, sizeof(e));
		for (uint32_t k = 0; k < 6; k++) {
			if (i & 1U << k)
				fix_descriptor(&e[n++].d, k, k);
		}
		m[i] = make(i + 1, e, n);
	}
	for (unsigned int i = 0; i < 64; i++) {
		for (unsigned int k = i + 1; k < 64; k++)
			round_trip(&m[i], &m[k]);
	}
	for (unsigned int i = 0; i < 64; i++)
		free(m[i].bytes);
}

static void test_changes(void **state)
{
	struct cr_entry e[4];
	struct made a, b, c;
	size_t fixed;

	(void)state;
	relays(e, 1, 4);
	a = make(1, e, 4);
	fixed = CR_DELTA_FIXED + (size_t)(a.s.relays - a.bytes) + a.len - a.s.body_len;
	/* rank: 29 bytes each */
	e[0].stake++;
	e[3].measured = 77;
	b = make(2, e, 4);
	assert_int_equal(round_trip(&a, &b), fixed + 2 * (4 + 1 + 24));
	/* a new descriptor */
	for (uint32_t i = 1; i <= 4; i++) {
		struct fix_key key;

		fix_key(&key, "relay", i);
		if (memcmp(key.public_key, e[1].d.identity, CR_PUBLIC_BYTES) == 0) {
			e[1].d.serial++;
			assert_int_equal(fix_resign(&e[1].d, i, i), CR_DIR_OK);
		}
	}
	c = make(3, e, 4);
	round_trip(&b, &c);
	round_trip(&a, &c);
	free(a.bytes);
	free(b.bytes);
	free(c.bytes);
}

/* One in a hundred relays has a new descriptor: the delta is at most two hundredths. */
static void test_size(void **state)
{
	enum { N = 400 };
	struct cr_entry *e = calloc(N, sizeof(*e));
	struct made a, b;
	size_t len;

	(void)state;
	assert_non_null(e);
	relays(e, 1, N);
	a = make(1, e, N);
	for (uint32_t i = 0; i < N; i += 100) {
		e[i].d.serial++;
		e[i].d.signature[0] ^= 1;
	}
	b = make(2, e, N);
	len = round_trip(&a, &b);
	assert_true(len * 50 <= b.len);
	free(e);
	free(a.bytes);
	free(b.bytes);
}

static void test_refused(void **state)
{
	struct cr_entry e[3];
	struct made a, b, other;
	struct cr_delta d;
	uint8_t *delta, *out;
	size_t len;

	(void)state;
	relays(e, 1, 3);
	a = make(1, e, 3);
	b = make(2, e, 2);
	e[0].stake += 7;
	other = make(1, e, 3);
	assert_int_equal(cr_delta_make(&b.s, &a.s, &delta, &len), CR_DIR_NUMBER);
	assert_null(delta);
	assert_int_equal(cr_delta_make(&a.s, &a.s, &delta, &len), CR_DIR_NUMBER);
	assert_int_equal(cr_delta_make(&a.s, &b.s, &delta, &len), CR_DIR_OK);
	assert_int_equal(cr_delta_parse(&d, delta, len), CR_DIR_OK);
	out = malloc(cr_delta_bytes(&d));
	assert_non_null(out);
	/* a snapshot of the right number, and other content */
	assert_int_equal(cr_delta_apply(&d, &other.s, out), CR_DIR_BASE);
	assert_int_equal(cr_delta_apply(&d, &b.s, out), CR_DIR_BASE);
	d.ledger[0] ^= 1;
	assert_int_equal(cr_delta_apply(&d, &a.s, out), CR_DIR_BASE);
	free(out);
	free(delta);
	free(a.bytes);
	free(b.bytes);
	free(other.bytes);
}

/* Damaged anywhere: refused, or, where signatures were hit, the same body. */
static void test_damaged(void **state)
{
	struct cr_entry e[4];
	struct made a, b;
	struct cr_delta d;
	uint8_t *delta, *copy, *out;
	size_t len;

	(void)state;
	relays(e, 1, 4);
	a = make(1, e, 4);
	e[0].stake++;
	relays(e + 2, 9, 2);
	b = make(2, e, 4);
	assert_int_equal(cr_delta_make(&a.s, &b.s, &delta, &len), CR_DIR_OK);
	copy = malloc(len + 1);
	assert_non_null(copy);
	for (size_t i = 0; i < 8 * len; i++) {
		enum cr_verdict v;

		memcpy(copy, delta, len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		if (cr_delta_parse(&d, copy, len))
			continue;
		out = malloc(cr_delta_bytes(&d));
		assert_non_null(out);
		v = cr_delta_apply(&d, &a.s, out);
		if (!v && (d.body_len != b.s.body_len || memcmp(out, b.bytes, d.body_len) != 0))
			fail_msg("bit %zu: another body is taken", i);
		if (!v && i / 8 < len - d.sigs_len)
			fail_msg("bit %zu: passes", i);
		free(out);
	}
	for (size_t i = 0; i < len; i++) {
		uint8_t *exact = malloc(i ? i : 1);

		assert_non_null(exact);
		memcpy(exact, delta, i);
		assert_int_not_equal(cr_delta_parse(&d, exact, i), CR_DIR_OK);
		free(exact);
	}
	memcpy(copy, delta, len);
	copy[len] = 0;
	assert_int_equal(cr_delta_parse(&d, copy, len + 1), CR_DIR_TRAILING);
	free(copy);
	free(delta);
	free(a.bytes);
	free(b.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_subsets),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damaged),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("delta", tests, NULL, NULL);
}
