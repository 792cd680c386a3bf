// SPDX-License-Identifier: MIT
/* Keccak, SHA-3, SHAKE, STROBE and Merlin against their vectors. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/group.h"
#include "proof/keccak.h"
#include "proof/transcript.h"
#include "vectors.h"

static void test_keccak(void **state)
{
	json_t *root = vectors_load("keccak-sha3-shake.json");
	json_t *list = vectors_get(root, "keccak_f1600");
	uint8_t in[200], out[200];
	json_t *item;
	size_t i;

	(void)state;
	assert_true(json_array_size(list) >= 3);
	json_array_foreach(list, i, item) {
		vectors_hex(in, 200, vectors_str(item, "in"));
		vectors_hex(out, 200, vectors_str(item, "out"));
		cr_keccak_f1600(in);
		assert_memory_equal(in, out, 200);
	}
	json_decref(root);
}

static void test_sha3_512(void **state)
{
	json_t *root = vectors_load("keccak-sha3-shake.json");
	json_t *list = vectors_get(root, "sha3_512");
	uint8_t got[64], expect[64];
	json_t *item;
	size_t i;

	(void)state;
	assert_true(json_array_size(list) >= 7);
	json_array_foreach(list, i, item) {
		size_t len;
		uint8_t *msg = vectors_bytes(vectors_str(item, "msg"), &len);

		vectors_hex(expect, 64, vectors_str(item, "digest"));
		cr_sha3_512(got, msg, len);
		assert_memory_equal(got, expect, 64);
		free(msg);
	}
	json_decref(root);
}

/* Whole, and cut into odd pieces on both sides. */
static void test_shake256(void **state)
{
	json_t *root = vectors_load("keccak-sha3-shake.json");
	json_t *list = vectors_get(root, "shake256");
	json_t *item;
	size_t i;

	(void)state;
	assert_true(json_array_size(list) >= 9);
	json_array_foreach(list, i, item) {
		size_t len, out_len;
		uint8_t *msg = vectors_bytes(vectors_str(item, "msg"), &len);
		uint8_t *expect = vectors_bytes(vectors_str(item, "out"),
						&out_len);
		uint8_t *got = malloc(out_len + 1);

		assert_non_null(got);
		for (size_t piece = 1; piece < 300; piece = piece * 3 + 2) {
			struct cr_shake256 h;

			cr_shake256_init(&h);
			for (size_t at = 0; at < len; at += piece)
				cr_shake256_absorb(&h, msg + at,
						   len - at < piece ?
						   len - at : piece);
			cr_shake256_finish(&h);
			for (size_t at = 0; at < out_len; at += piece)
				cr_shake256_squeeze(&h, got + at,
						    out_len - at < piece ?
						    out_len - at : piece);
			assert_memory_equal(got, expect, out_len);
		}
		free(msg);
		free(expect);
		free(got);
	}
	json_decref(root);
}

struct output {
	uint8_t *bytes;
	size_t len;
};

static void output_set(struct output *last, uint8_t *bytes, size_t len)
{
	free(last->bytes);
	last->bytes = bytes;
	last->len = len;
}

static uint8_t *op_data(const json_t *op, const struct output *last,
			size_t *len)
{
	const char *hex = vectors_str(op, "data");
	uint8_t *copy;

	if (strcmp(hex, "$last"))
		return vectors_bytes(hex, len);
	copy = malloc(last->len + 1);
	assert_non_null(copy);
	memcpy(copy, last->bytes, last->len);
	*len = last->len;
	return copy;
}

/* Check one squeeze against "out" and keep it for "$last". */
static void op_output(const json_t *op, struct output *last, uint8_t *got,
		      size_t len)
{
	size_t expect_len;
	uint8_t *expect = vectors_bytes(vectors_str(op, "out"), &expect_len);

	assert_int_equal(len, expect_len);
	assert_memory_equal(got, expect, len);
	free(expect);
	output_set(last, got, len);
}

static void strobe_op(struct cr_strobe *s, const json_t *op,
		      struct output *last)
{
	const char *name = vectors_str(op, "op");
	bool more = json_is_true(json_object_get(op, "more"));
	size_t len;
	uint8_t *data;

	if (!strcmp(name, "prf")) {
		len = json_integer_value(vectors_get(op, "len"));
		data = malloc(len + 1);
		assert_non_null(data);
		cr_strobe_prf(s, data, len, more);
		op_output(op, last, data, len);
		return;
	}
	data = op_data(op, last, &len);
	if (!strcmp(name, "meta_ad"))
		cr_strobe_meta_ad(s, data, len, more);
	else if (!strcmp(name, "ad"))
		cr_strobe_ad(s, data, len, more);
	else if (!strcmp(name, "key"))
		cr_strobe_key(s, data, len, more);
	else
		fail_msg("operation %s?", name);
	free(data);
}

static void merlin_op(struct cr_transcript *t, const json_t *op,
		      struct output *last)
{
	const char *name = vectors_str(op, "op");
	const char *label = vectors_str(op, "label");
	size_t len;
	uint8_t *data;

	if (!strcmp(name, "challenge")) {
		len = json_integer_value(vectors_get(op, "len"));
		data = malloc(len + 1);
		assert_non_null(data);
		cr_transcript_challenge(t, label, data, len);
		op_output(op, last, data, len);
	} else if (!strcmp(name, "append")) {
		data = op_data(op, last, &len);
		cr_transcript_append(t, label, data, len);
		free(data);
	} else if (!strcmp(name, "append_u64")) {
		json_t *value = vectors_get(op, "value");
		uint64_t v;

		if (json_is_string(value))
			v = strtoull(json_string_value(value), NULL, 10);
		else
			v = json_integer_value(value);
		cr_transcript_append_u64(t, label, v);
	} else {
		fail_msg("operation %s?", name);
	}
}

static void test_transcripts(void **state)
{
	json_t *root = vectors_load("merlin.json");
	json_t *list = vectors_get(root, "vectors");
	json_t *vector, *op;
	size_t i, k;

	(void)state;
	assert_true(json_array_size(list) >= 4);
	json_array_foreach(list, i, vector) {
		bool strobe = !strcmp(vectors_str(vector, "kind"), "strobe");
		const char *init = vectors_str(vector, "init");
		struct output last = { 0 };
		struct cr_transcript t;

		if (strobe)
			cr_strobe_init(&t.strobe, init, strlen(init));
		else
			cr_transcript_init(&t, init, strlen(init));
		json_array_foreach(vectors_get(vector, "ops"), k, op) {
			if (strobe)
				strobe_op(&t.strobe, op, &last);
			else
				merlin_op(&t, op, &last);
		}
		free(last.bytes);
	}
	json_decref(root);
}

/* Every operation at every position of the rate, also exactly at its end. */
static void test_strobe_edges(void **state)
{
	json_t *root = vectors_load("strobe-edges.json");
	const char *init = vectors_str(root, "init");
	const size_t lengths = json_integer_value(vectors_get(root, "lengths"));
	uint8_t data[340], expect[32], digest[32], out[216], key[32];

	(void)state;
	assert_int_equal(lengths, sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i % 251);
	for (int with_key = 0; with_key < 2; with_key++) {
		crypto_hash_sha256_state hash;

		crypto_hash_sha256_init(&hash);
		for (size_t n = 0; n < lengths; n++) {
			struct cr_strobe s;

			cr_strobe_init(&s, init, strlen(init));
			cr_strobe_ad(&s, data, n, false);
			memset(key, (int)(n % 256), sizeof(key));
			if (with_key)
				cr_strobe_key(&s, key, sizeof(key), false);
			cr_strobe_prf(&s, out, 16, false);
			cr_strobe_prf(&s, out + 16, 200, false);
			crypto_hash_sha256_update(&hash, out, sizeof(out));
		}
		crypto_hash_sha256_final(&hash, digest);
		vectors_hex(expect, 32, vectors_str(root, with_key ?
						    "sha256_with_key" :
						    "sha256_without_key"));
		assert_memory_equal(digest, expect, 32);
	}
	json_decref(root);
}

/* The prover's generator moves with transcript, witness, label and seed. */
static void test_rng(void **state)
{
	static const uint8_t seed[2][32] = { { 1 }, { 2 } };
	uint8_t out[6][32];

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct cr_transcript t;
		struct cr_transcript_rng rng;
		const char *label = i == 1 ? "b" : "a";
		const char *witness = i == 2 ? "x" : "y";

		cr_transcript_init(&t, "test", 4);
		if (i == 3)
			cr_transcript_append(&t, "more", "m", 1);
		cr_transcript_rng_init(&rng, &t);
		cr_transcript_rng_witness(&rng, label, witness, 1);
		cr_transcript_rng_start_with(&rng, seed[i == 4]);
		cr_transcript_rng_bytes(&rng, out[i], 32);
	}
	assert_memory_equal(out[0], out[5], 32);
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < i; k++)
			assert_memory_not_equal(out[i], out[k], 32);
}

static int start(void **state)
{
	(void)state;
	return cr_proof_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keccak),
		cmocka_unit_test(test_sha3_512),
		cmocka_unit_test(test_shake256),
		cmocka_unit_test(test_transcripts),
		cmocka_unit_test(test_strobe_edges),
		cmocka_unit_test(test_rng),
	};

	return cmocka_run_group_tests_name("transcript", tests, start, NULL);
}
