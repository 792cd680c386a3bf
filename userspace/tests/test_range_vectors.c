// SPDX-License-Identifier: MIT
/* Bases, generators and fixed proofs of the `bulletproofs` crate. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "proof/generators.h"
#include "proof/pedersen.h"
#include "proof/range.h"
#include "vectors.h"

static void assert_point_hex(const struct cr_point *p, const char *hex)
{
	uint8_t got[32], expect[32];

	vectors_hex(expect, 32, hex);
	cr_point_encode(got, p);
	assert_memory_equal(got, expect, 32);
}

static void test_bases(void **state)
{
	json_t *root = vectors_load("generators.json");
	struct cr_point base;

	(void)state;
	cr_point_base(&base);
	assert_point_hex(&base, vectors_str(root, "B"));
	assert_point_hex(cr_pedersen_blinding_base(),
			 vectors_str(root, "B_blinding"));
	json_decref(root);
}

static void test_generators(void **state)
{
	json_t *root = vectors_load("generators.json");
	json_t *item;
	size_t i;

	(void)state;
	json_array_foreach(vectors_get(root, "chain"), i, item) {
		static struct cr_point chain[64];
		const size_t index = json_integer_value(vectors_get(item, "index"));

		assert_true(index < 64);
		cr_generators_chain(chain, vectors_str(item, "kind")[0],
				    json_integer_value(vectors_get(item, "party")),
				    index + 1);
		assert_point_hex(&chain[index], vectors_str(item, "point"));
	}
	json_decref(root);
}

/* The cache: order and stride for full and for shortened chains. */
static void test_generator_cache(void **state)
{
	static struct cr_point g[64 * 64], h[64 * 64], short_g[16 * 8],
		short_h[16 * 8];
	json_t *root = vectors_load("generators.json");
	uint8_t digest[32], expect[32], encoded[32];
	crypto_hash_sha256_state hash;

	(void)state;
	assert_int_equal(cr_generators(g, h, 64, 64), 0);
	crypto_hash_sha256_init(&hash);
	for (size_t j = 0; j < 16; j++) {
		for (size_t i = 0; i < 64; i++) {
			cr_point_encode(encoded, &g[j * 64 + i]);
			crypto_hash_sha256_update(&hash, encoded, 32);
		}
		for (size_t i = 0; i < 64; i++) {
			cr_point_encode(encoded, &h[j * 64 + i]);
			crypto_hash_sha256_update(&hash, encoded, 32);
		}
	}
	crypto_hash_sha256_final(&hash, digest);
	vectors_hex(expect, 32, vectors_str(root,
		"sha256_of_all_compressed_for_j_in_0..15_of_G_j[0..63]_then_H_j[0..63]"));
	assert_memory_equal(digest, expect, 32);

	assert_int_equal(cr_generators(short_g, short_h, 16, 8), 0);
	for (size_t j = 0; j < 16; j++) {
		for (size_t i = 0; i < 8; i++) {
			assert_true(cr_point_equal(&short_g[j * 8 + i],
						   &g[j * 64 + i]));
			assert_true(cr_point_equal(&short_h[j * 8 + i],
						   &h[j * 64 + i]));
		}
	}
	assert_int_equal(cr_generators(g, h, 65, 64), CR_ERR_LIMIT);
	assert_int_equal(cr_generators(g, h, 64, 65), CR_ERR_LIMIT);
	json_decref(root);
}

static void test_fixed_proofs(void **state)
{
	json_t *root = vectors_load("bulletproofs-crate-fixed.json");
	json_t *list = vectors_get(root, "proofs");
	struct cr_range_item items[8];
	uint8_t commitments[8][8][32];
	uint8_t *proofs[8];
	json_t *p;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(list), 8);
	json_array_foreach(list, i, p) {
		const char *label = vectors_str(p, "label");
		const unsigned int bits = json_integer_value(vectors_get(p, "n"));
		const size_t count = json_integer_value(vectors_get(p, "m"));
		struct cr_transcript t;
		size_t len;

		proofs[i] = vectors_bytes(vectors_str(p, "proof"), &len);
		assert_int_equal(len, cr_range_proof_bytes(bits, count));
		for (size_t j = 0; j < count; j++) {
			json_t *value = json_array_get(vectors_get(p, "values"), j);
			uint8_t raw[32], commitment[32];
			struct cr_scalar blinding;

			vectors_hex(raw, 32, json_string_value(json_array_get(
				vectors_get(p, "blindings"), j)));
			assert_true(cr_scalar_parse(&blinding, raw));
			vectors_hex(commitments[i][j], 32,
				    json_string_value(json_array_get(
					vectors_get(p, "commitments"), j)));
			cr_pedersen_commit_u64(commitment,
				strtoull(json_string_value(value), NULL, 10),
				&blinding);
			assert_memory_equal(commitment, commitments[i][j], 32);
		}
		cr_transcript_init(&t, label, strlen(label));
		items[i] = (struct cr_range_item){
			.transcript = t, .bits = bits, .count = count,
			.commitments = (const uint8_t (*)[32])commitments[i],
			.proof = proofs[i], .proof_len = len,
		};
		assert_int_equal(cr_range_verify(&t, bits, items[i].commitments,
						 count, proofs[i], len), 0);
		/* another label, another statement */
		cr_transcript_init(&t, "Deserialize-And-Verify Tesu", 27);
		assert_int_equal(cr_range_verify(&t, bits, items[i].commitments,
						 count, proofs[i], len),
				 CR_ERR_REJECTED);
	}
	assert_int_equal(cr_range_verify_batch(items, 8), 0);
	for (i = 0; i < 8; i++) {
		assert_int_equal(items[i].verdict, 0);
		free(proofs[i]);
	}
	json_decref(root);
}

static int start(void **state)
{
	(void)state;
	return cr_proof_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_generators),
		cmocka_unit_test(test_generator_cache),
		cmocka_unit_test(test_fixed_proofs),
	};

	return cmocka_run_group_tests_name("range_vectors", tests, start, NULL);
}
