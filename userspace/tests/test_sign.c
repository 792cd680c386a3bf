// SPDX-License-Identifier: MIT
/* Strict Ed25519: edge cases of others, and all small-order keys. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "payments.h"
#include "proof/group.h"
#include "proof/sign.h"
#include "vectors.h"

static void test_edge_cases(void **state)
{
	json_t *root = vectors_load("ed25519-edge-cases.json");
	json_t *list = vectors_get(root, "cases"), *item;
	uint8_t message[32], key[32], signature[64];
	size_t i, accepted = 0;

	(void)state;
	assert_int_equal(json_array_size(list), 15);
	json_array_foreach(list, i, item) {
		enum cr_reason got;

		vectors_hex(message, 32, vectors_str(item, "message"));
		vectors_hex(key, 32, vectors_str(item, "pub_key"));
		vectors_hex(signature, 64, vectors_str(item, "signature"));
		got = cr_verify(signature, message, 32, key);
		if (strcmp(cr_reason_name(got), vectors_str(item, "strict")) != 0)
			fail_msg("%s: got %s", vectors_str(item, "what"),
				 cr_reason_name(got));
		if (got == CR_ACCEPTED) {
			/* never more lenient than the library below us */
			assert_int_equal(crypto_sign_verify_detached(signature, message,
								     32, key), 0);
			accepted++;
		}
	}
	assert_int_equal(accepted, 1);
	json_decref(root);
}

/* Every encoding, canonical or not, of a point whose order divides 8. */
static void test_small_order_keys(void **state)
{
	static const char *const y[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t key[32];

	(void)state;
	for (size_t i = 0; i < sizeof(y) / sizeof(*y); i++) {
		vectors_hex(key, 32, y[i]);
		assert_false(cr_key_usable(key));
		key[31] |= 0x80;
		assert_false(cr_key_usable(key));
	}
	/* every y from p to 2^255 - 1 is a second name of a small one */
	memset(key, 0xff, sizeof(key));
	key[31] = 0x7f;
	for (int low = 0xed; low <= 0xff; low++) {
		key[0] = (uint8_t)low;
		assert_false(cr_key_usable(key));
	}
	/* the next ones below are not our business here */
	key[0] = 0xeb;
	assert_true(cr_key_usable(key));
}

static void test_every_byte_counts(void **state)
{
	uint8_t message[100], signature[64];
	struct key k;

	(void)state;
	make_key(&k, "signer", 0);
	randombytes_buf(message, sizeof(message));
	cr_sign(signature, message, sizeof(message), k.secret);
	expect_reason(cr_verify(signature, message, sizeof(message), k.public_key),
		      CR_ACCEPTED);
	for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		expect_reason(cr_verify(signature, message, sizeof(message),
					k.public_key), CR_BAD_SIGNATURE);
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t i = 0; i < sizeof(message); i++) {
		message[i] ^= 1;
		expect_reason(cr_verify(signature, message, sizeof(message),
					k.public_key), CR_BAD_SIGNATURE);
		message[i] ^= 1;
	}
	expect_reason(cr_verify(signature, message, sizeof(message) - 1, k.public_key),
		      CR_BAD_SIGNATURE);
}

/* S + l gives the same equation; only canonical S may pass. */
static void test_malleated_s(void **state)
{
	uint8_t message[3] = "abc", signature[64];
	struct key k;

	(void)state;
	make_key(&k, "signer", 1);
	cr_sign(signature, message, sizeof(message), k.secret);
	add_group_order(signature + 32);
	expect_reason(cr_verify(signature, message, sizeof(message), k.public_key),
		      CR_BAD_SIGNATURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edge_cases),
		cmocka_unit_test(test_small_order_keys),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_malleated_s),
	};

	if (cr_proof_init())
		return 1;
	return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
