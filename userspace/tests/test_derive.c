// SPDX-License-Identifier: MIT
/* Layer keys from a handshake: OpenSSL's keyed BLAKE2b over the same text is the witness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>
#include <string.h>

#include "noise/derive.h"

static void witness(uint8_t *key, const uint8_t *split, uint8_t suite)
{
	size_t size = DERIVE_LEN, len;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "BLAKE2BMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	assert_non_null(ctx);
	assert_int_equal(EVP_MAC_init(ctx, split, DERIVE_LEN, params), 1);
	assert_int_equal(EVP_MAC_update(ctx, (const uint8_t *)"cellrelay 1 layer", 17), 1);
	assert_int_equal(EVP_MAC_update(ctx, &suite, 1), 1);
	assert_int_equal(EVP_MAC_final(ctx, key, &len, DERIVE_LEN), 1);
	assert_int_equal(len, DERIVE_LEN);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static void test_witness(void **state)
{
	uint8_t split[DERIVE_LEN], mine[DERIVE_LEN], theirs[DERIVE_LEN];

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		randombytes_buf(split, sizeof(split));
		derive_layer(mine, split, 1 + i % 2);
		witness(theirs, split, 1 + i % 2);
		assert_memory_equal(mine, theirs, DERIVE_LEN);
	}
}

/* The suite is in the key: one handshake gives two suites two keys. */
static void test_suites_differ(void **state)
{
	uint8_t split[DERIVE_LEN] = { 7 }, one[DERIVE_LEN], two[DERIVE_LEN];

	(void)state;
	derive_layer(one, split, 1);
	derive_layer(two, split, 2);
	assert_memory_not_equal(one, two, DERIVE_LEN);
	assert_memory_not_equal(one, split, DERIVE_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_witness),
		cmocka_unit_test(test_suites_differ),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("derive", tests, NULL, NULL);
}
