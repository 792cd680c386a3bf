// SPDX-License-Identifier: MIT
/*
 * Memory of the range proofs: every allocation may fail, and hostile sizes
 * allocate nothing. Linked with --wrap for the allocators.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "range_fixture.h"
#include "vectors.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__real_sodium_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void *__wrap_sodium_malloc(size_t size);

static bool watch;
static size_t allocations, bytes, fail_at;

/* Count one; false: this one has to fail. */
static bool count(size_t size)
{
	if (!watch)
		return true;
	allocations++;
	bytes += size;
	return allocations != fail_at;
}

void *__wrap_malloc(size_t size)
{
	return count(size) ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return count(n * size) ? __real_calloc(n, size) : NULL;
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return count(size) ? __real_aligned_alloc(align, size) : NULL;
}

void *__wrap_sodium_malloc(size_t size)
{
	return count(size) ? __real_sodium_malloc(size) : NULL;
}

static void begin(size_t fail)
{
	allocations = 0;
	bytes = 0;
	fail_at = fail;
	watch = true;
}

static void test_prove(void **state)
{
	static struct range_fixture f;
	size_t n;
	int err = CR_ERR_NOMEM;

	(void)state;
	fixture_values(&f, 16, 2);
	for (n = 1; err; n++) {
		begin(n);
		err = fixture_prove(&f);
		watch = false;
		assert_true(err == 0 || err == CR_ERR_NOMEM);
		if (err)
			assert_true(sodium_is_zero(f.proof, f.len));
		assert_true(n < 1000);
	}
	assert_true(n > 8);
	assert_int_equal(fixture_verify(&f), 0);
}

/* Out of memory is no verdict: neither accepted nor rejected. */
static void test_verify(void **state)
{
	static struct range_fixture f[3];
	struct cr_range_item items[3];
	int err = CR_ERR_NOMEM;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		fixture_new(&f[i], 64, 2);
	for (n = 1; err; n++) {
		begin(n);
		err = fixture_verify(&f[0]);
		watch = false;
		assert_true(err == 0 || err == CR_ERR_NOMEM);
	}
	assert_true(n > 4);
	f[1].proof[1] ^= 1;
	err = CR_ERR_NOMEM;
	for (n = 1; err == CR_ERR_NOMEM; n++) {
		for (size_t i = 0; i < 3; i++)
			items[i] = fixture_item(&f[i]);
		begin(n);
		err = cr_range_verify_batch(items, 3);
		watch = false;
		assert_true(err == CR_ERR_REJECTED || err == CR_ERR_NOMEM);
		assert_int_not_equal(items[1].verdict, 0);
		if (err == CR_ERR_NOMEM)
			assert_int_not_equal(items[0].verdict, 0);
		else
			assert_int_equal(items[0].verdict, 0);
	}
	assert_true(n > 8);
}

/* Shapes and lengths that no proof has are refused before any allocation. */
static void test_hostile_sizes(void **state)
{
	static struct range_fixture f;
	const size_t counts[] = { 0, 3, 128, (size_t)1 << 32, SIZE_MAX };
	struct cr_transcript t;

	(void)state;
	fixture_new(&f, 8, 1);
	cr_transcript_init(&t, FIXTURE_LABEL, strlen(FIXTURE_LABEL));
	for (size_t i = 0; i < 5; i++) {
		begin(0);
		assert_int_equal(cr_range_verify(&t, 64, NULL, counts[i],
						 f.proof, f.len),
				 CR_ERR_COUNT);
		watch = false;
		assert_int_equal(allocations, 0);
	}
	begin(0);
	assert_int_equal(cr_range_verify(&t, 64, (const uint8_t (*)[32])
					 f.commitments, 64, f.proof, f.len),
			 CR_ERR_LENGTH);
	assert_int_equal(cr_range_verify(&t, 8, (const uint8_t (*)[32])
					 f.commitments, 1, f.proof, SIZE_MAX),
			 CR_ERR_LENGTH);
	watch = false;
	assert_int_equal(allocations, 0);
	/* the largest shape, well-formed scalars: bounded */
	memset(&f, 0, sizeof(f));
	f.bits = 64;
	f.count = 64;
	f.len = cr_range_proof_bytes(64, 64);
	memset(f.proof, 0, f.len);
	begin(0);
	assert_int_equal(fixture_verify(&f), CR_ERR_IDENTITY);
	watch = false;
	assert_int_equal(bytes, 0);
	fixture_new(&f, 64, 64);
	begin(0);
	assert_int_equal(fixture_verify(&f), 0);
	watch = false;
	assert_true(bytes < 8 << 20);
}

static int start(void **state)
{
	(void)state;
	return cr_proof_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prove),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_hostile_sizes),
	};

	return cmocka_run_group_tests_name("range_memory", tests, start, NULL);
}
