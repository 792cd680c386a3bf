// SPDX-License-Identifier: MIT
/*
 * RFC 9497: appendix A.1 vectors of all three modes (the product uses mode 1;
 * the others hold the shared parts to the same source), then what a hostile
 * server or client may try.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "proof/oprf_core.h"
#include "vectors.h"

#define BATCH 2

/* One vector; batches stand as comma-separated lists. */
struct vector {
	size_t n, input_len[BATCH];
	uint8_t input[BATCH][32];
	struct cr_scalar blind[BATCH], nonce;
	uint8_t blinded[BATCH][32], evaluated[BATCH][32], output[BATCH][64];
	uint8_t proof[64];
};

/* the i-th field of a comma-separated list, as bytes; returns their number */
static size_t field(uint8_t *out, size_t size, const char *list, size_t i)
{
	const char *comma;
	size_t got;

	while (i--) {
		list = strchr(list, ',');
		assert_non_null(list);
		list++;
	}
	comma = strchr(list, ',');
	assert_int_equal(sodium_hex2bin(out, size, list,
					comma ? (size_t)(comma - list) : strlen(list),
					NULL, &got, NULL), 0);
	return got;
}

static void load(struct vector *v, const json_t *item)
{
	json_t *proof = json_object_get(item, "Proof");
	uint8_t bytes[32];

	memset(v, 0, sizeof(*v));
	v->n = (size_t)json_integer_value(vectors_get(item, "Batch"));
	assert_in_range(v->n, 1, BATCH);
	for (size_t i = 0; i < v->n; i++) {
		v->input_len[i] = field(v->input[i], 32, vectors_str(item, "Input"), i);
		assert_int_equal(field(bytes, 32, vectors_str(item, "Blind"), i), 32);
		assert_true(cr_scalar_parse(&v->blind[i], bytes));
		field(v->blinded[i], 32, vectors_str(item, "BlindedElement"), i);
		field(v->evaluated[i], 32, vectors_str(item, "EvaluationElement"), i);
		field(v->output[i], 64, vectors_str(item, "Output"), i);
	}
	if (proof) {
		vectors_hex(v->proof, 64, vectors_str(proof, "proof"));
		vectors_hex(bytes, 32, vectors_str(proof, "r"));
		assert_true(cr_scalar_parse(&v->nonce, bytes));
	}
}

static json_t *suite_of_mode(const json_t *root, int mode)
{
	json_t *suites = vectors_get(root, "suites"), *suite;
	size_t i;

	json_array_foreach(suites, i, suite) {
		if (json_integer_value(vectors_get(suite, "mode")) == mode)
			return suite;
	}
	fail_msg("no suite of mode %d", mode);
	return NULL;
}

static void derive(struct cr_scalar *k, const json_t *suite, enum cr_oprf_mode mode)
{
	uint8_t seed[32], expect[32], *info;
	size_t info_len;

	vectors_hex(seed, 32, vectors_str(suite, "seed"));
	vectors_hex(expect, 32, vectors_str(suite, "skSm"));
	info = vectors_bytes(vectors_str(suite, "keyInfo"), &info_len);
	assert_int_equal(cr_oprf_derive(k, mode, seed, info, info_len), 0);
	assert_memory_equal(k->b, expect, 32);
	free(info);
}

static void encode_mul(uint8_t out[32], struct cr_point *p,
		       const struct cr_scalar *k, const struct cr_point *q)
{
	cr_point_mul(p, k, q);
	cr_point_encode(out, p);
}

/* Blinding, evaluation and output of the modes that voprf.c does not offer. */
static void test_shared_parts(const json_t *suite, enum cr_oprf_mode mode)
{
	json_t *list = vectors_get(suite, "vectors"), *item;
	struct cr_scalar k, t, inverse;
	struct cr_point p, c[BATCH], d[BATCH];
	uint8_t enc[32], out[64], key_bytes[32], evaluated[BATCH][32], proof[64];
	struct vector v;
	size_t i;

	derive(&k, suite, mode);
	assert_int_not_equal(json_array_size(list), 0);
	json_array_foreach(list, i, item) {
		uint8_t *info = NULL;
		size_t info_len = 0;

		load(&v, item);
		t = k;
		if (mode == CR_MODE_POPRF) {
			uint8_t len[2], uniform[64];
			struct cr_bytes parts[] = {
				{ "Info", 4 }, { len, 2 }, { NULL, 0 },
			};

			info = vectors_bytes(vectors_str(item, "Info"), &info_len);
			len[0] = (uint8_t)(info_len >> 8);
			len[1] = (uint8_t)info_len;
			parts[2] = (struct cr_bytes){ info, info_len };
			cr_oprf_expand(uniform, mode, "HashToScalar-", parts, 3);
			cr_scalar_reduce(&t, uniform);
			cr_scalar_add(&t, &t, &k);
		}
		for (size_t j = 0; j < v.n; j++) {
			cr_oprf_hash_to_group(&p, mode, v.input[j], v.input_len[j]);
			encode_mul(enc, &c[j], &v.blind[j], &p);
			assert_memory_equal(enc, v.blinded[j], 32);
			inverse = t;
			if (mode == CR_MODE_POPRF)
				cr_scalar_invert(&inverse, &t);
			encode_mul(evaluated[j], &d[j], &inverse, &c[j]);
			assert_memory_equal(evaluated[j], v.evaluated[j], 32);
			cr_scalar_invert(&inverse, &v.blind[j]);
			encode_mul(enc, &p, &inverse, &d[j]);
			cr_oprf_finalize_hash(out, v.input[j], v.input_len[j],
					      info, info_len, enc);
			assert_memory_equal(out, v.output[j], 64);
		}
		if (mode == CR_MODE_POPRF) {
			/* C and D change places: C = t * D */
			const struct cr_dleq st = {
				.mode = mode, .k_point = key_bytes, .c = d, .d = c,
				.c_bytes = (const uint8_t (*)[32])v.evaluated,
				.d_bytes = (const uint8_t (*)[32])v.blinded, .n = v.n,
			};

			cr_point_mul_base(&p, &t);
			cr_point_encode(key_bytes, &p);
			assert_int_equal(cr_dleq_prove(proof, &st, &t, &v.nonce), 0);
			assert_memory_equal(proof, v.proof, 64);
			assert_int_equal(cr_dleq_verify(&st, proof), 0);
		}
		free(info);
	}
}

static void test_rfc9497_oprf(void **state)
{
	json_t *root = vectors_load("voprf-ristretto255-rfc9497.json");

	(void)state;
	test_shared_parts(suite_of_mode(root, 0), CR_MODE_OPRF);
	json_decref(root);
}

static void test_rfc9497_poprf(void **state)
{
	json_t *root = vectors_load("voprf-ristretto255-rfc9497.json");

	(void)state;
	test_shared_parts(suite_of_mode(root, 2), CR_MODE_POPRF);
	json_decref(root);
}

static void test_rfc9497_voprf(void **state)
{
	json_t *root = vectors_load("voprf-ristretto255-rfc9497.json");
	json_t *suite = suite_of_mode(root, 1);
	json_t *list = vectors_get(suite, "vectors"), *item;
	uint8_t seed[32], public_key[32], bytes[32], proof[64], out[64], *info;
	uint8_t evaluated[BATCH][32];
	struct cr_voprf_key key, loaded;
	size_t info_len, i;
	struct vector v;

	(void)state;
	vectors_hex(seed, 32, vectors_str(suite, "seed"));
	info = vectors_bytes(vectors_str(suite, "keyInfo"), &info_len);
	assert_int_equal(cr_voprf_key_derive(&key, seed, info, info_len), 0);
	free(info);
	vectors_hex(bytes, 32, vectors_str(suite, "skSm"));
	vectors_hex(public_key, 32, vectors_str(suite, "pkSm"));
	assert_memory_equal(key.k.b, bytes, 32);
	assert_memory_equal(key.public_key, public_key, 32);
	assert_int_equal(cr_voprf_key_load(&loaded, bytes), 0);
	assert_memory_equal(loaded.public_key, public_key, 32);

	assert_int_equal(json_array_size(list), 3);
	json_array_foreach(list, i, item) {
		struct cr_point c[BATCH], d[BATCH];
		uint8_t outputs[1][64];
		const struct cr_dleq st = {
			.mode = CR_MODE_VOPRF, .k_point = public_key, .c = c, .d = d,
			.c_bytes = (const uint8_t (*)[32])v.blinded,
			.d_bytes = (const uint8_t (*)[32])v.evaluated,
			.n = (size_t)json_integer_value(vectors_get(item, "Batch")),
		};

		load(&v, item);
		for (size_t j = 0; j < v.n; j++) {
			assert_int_equal(cr_voprf_blind_with(bytes, &v.blind[j],
							     v.input[j],
							     v.input_len[j]), 0);
			assert_memory_equal(bytes, v.blinded[j], 32);
			assert_int_equal(cr_voprf_output(out, &key, v.input[j],
							 v.input_len[j]), 0);
			assert_memory_equal(out, v.output[j], 64);
		}
		assert_int_equal(cr_voprf_evaluate(evaluated, proof, &key,
						   st.c_bytes, v.n), 0);
		assert_memory_equal(evaluated, v.evaluated, v.n * 32);
		assert_int_equal(cr_voprf_verify(st.c_bytes, st.d_bytes, proof,
						 public_key, v.n), 0);

		/* the RFC's own proof: byte-equal under its nonce, and accepted */
		assert_int_equal(cr_oprf_decode(c, st.c_bytes, v.n), 0);
		assert_int_equal(cr_oprf_decode(d, st.d_bytes, v.n), 0);
		assert_int_equal(cr_dleq_prove(proof, &st, &key.k, &v.nonce), 0);
		assert_memory_equal(proof, v.proof, 64);
		if (v.n == 1) {	/* inputs of a batch have one length in voprf.h */
			assert_int_equal(cr_voprf_finalize(outputs, v.input[0],
							   v.input_len[0], v.blind,
							   st.c_bytes, st.d_bytes,
							   v.proof, public_key, 1), 0);
			assert_memory_equal(outputs[0], v.output[0], 64);
		}
		assert_int_equal(cr_voprf_verify(st.c_bytes, st.d_bytes, v.proof,
						 public_key, v.n), 0);
	}
	json_decref(root);
}

/* A small honest run to break. */
struct run {
	struct cr_voprf_key key;
	uint8_t input[3][32], blinded[3][32], evaluated[3][32], proof[64];
	struct cr_scalar blind[3];
};

static void honest(struct run *run)
{
	uint8_t seed[32];

	randombytes_buf(seed, sizeof(seed));
	assert_int_equal(cr_voprf_key_derive(&run->key, seed, NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		randombytes_buf(run->input[i], 32);
		assert_int_equal(cr_voprf_blind(run->blinded[i], &run->blind[i],
						run->input[i], 32), 0);
	}
	assert_int_equal(cr_voprf_evaluate(run->evaluated, run->proof, &run->key,
					   (const uint8_t (*)[32])run->blinded, 3), 0);
}

static int finalize(struct run *run, uint8_t (*outputs)[64])
{
	return cr_voprf_finalize(outputs, run->input[0], 32, run->blind,
				 (const uint8_t (*)[32])run->blinded,
				 (const uint8_t (*)[32])run->evaluated, run->proof,
				 run->key.public_key, 3);
}

static void test_round_trip(void **state)
{
	uint8_t outputs[3][64], expect[64], again[64];
	struct run run;

	(void)state;
	for (int round = 0; round < 20; round++) {
		honest(&run);
		assert_int_equal(finalize(&run, outputs), 0);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(cr_voprf_output(expect, &run.key,
							 run.input[i], 32), 0);
			assert_memory_equal(outputs[i], expect, 64);
		}
	}
	/* proofs are randomised: the nonce is not reused */
	memcpy(again, run.proof, 64);
	assert_int_equal(cr_voprf_evaluate(run.evaluated, run.proof, &run.key,
					   (const uint8_t (*)[32])run.blinded, 3), 0);
	assert_memory_not_equal(again, run.proof, 64);
}

static void test_every_bit_counts(void **state)
{
	struct { uint8_t *at; size_t len; } parts[4];
	uint8_t outputs[3][64], zero[3][64] = { 0 };
	struct run run;

	(void)state;
	honest(&run);
	parts[0].at = run.blinded[0];
	parts[0].len = sizeof(run.blinded);
	parts[1].at = run.evaluated[0];
	parts[1].len = sizeof(run.evaluated);
	parts[2].at = run.proof;
	parts[2].len = sizeof(run.proof);
	parts[3].at = run.key.public_key;
	parts[3].len = 32;
	for (int p = 0; p < 4; p++) {
		for (size_t i = 0; i < parts[p].len; i++) {
			parts[p].at[i] ^= (uint8_t)(1 << (i % 8));
			memset(outputs, 0xff, sizeof(outputs));
			assert_int_not_equal(finalize(&run, outputs), 0);
			assert_memory_equal(outputs, zero, sizeof(zero));
			parts[p].at[i] ^= (uint8_t)(1 << (i % 8));
		}
	}
	assert_int_equal(finalize(&run, outputs), 0);
}

/* One element under another key, hidden in an otherwise honest batch. */
static void test_tagging_server(void **state)
{
	struct cr_voprf_key other;
	uint8_t seed[32], outputs[3][64], proof[64];
	struct run run;

	(void)state;
	honest(&run);
	randombytes_buf(seed, sizeof(seed));
	assert_int_equal(cr_voprf_key_derive(&other, seed, NULL, 0), 0);
	assert_int_equal(cr_voprf_evaluate(run.evaluated + 1, proof, &other,
					   (const uint8_t (*)[32])run.blinded + 1, 1), 0);
	assert_int_equal(finalize(&run, outputs), CR_ERR_REJECTED);
	/* all under another key, with a proof that is right for that key */
	assert_int_equal(cr_voprf_evaluate(run.evaluated, run.proof, &other,
					   (const uint8_t (*)[32])run.blinded, 3), 0);
	assert_int_equal(finalize(&run, outputs), CR_ERR_REJECTED);
}

static void test_swapped_and_repeated(void **state)
{
	uint8_t outputs[3][64], t[32];
	struct run run;

	(void)state;
	honest(&run);
	memcpy(t, run.evaluated[0], 32);
	memcpy(run.evaluated[0], run.evaluated[1], 32);
	memcpy(run.evaluated[1], t, 32);
	assert_int_equal(finalize(&run, outputs), CR_ERR_REJECTED);
	memcpy(run.evaluated[0], t, 32);
	assert_int_equal(finalize(&run, outputs), CR_ERR_REJECTED);
}

static void test_refused_input(void **state)
{
	/* l itself: the smallest number that is no canonical scalar */
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
		0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
	};
	const uint8_t zero[32] = { 0 };
	uint8_t outputs[3][64], save[32], proof[64];
	struct cr_voprf_key key;
	struct run run;

	(void)state;
	honest(&run);
	assert_int_equal(cr_voprf_key_load(&key, zero), CR_ERR_SCALAR);
	assert_int_equal(cr_voprf_key_load(&key, order), CR_ERR_SCALAR);
	assert_int_equal(cr_voprf_evaluate(run.evaluated, proof, &run.key,
					   (const uint8_t (*)[32])run.blinded, 0),
			 CR_ERR_COUNT);
	assert_int_equal(cr_voprf_evaluate(run.evaluated, proof, &run.key,
					   (const uint8_t (*)[32])run.blinded,
					   CR_VOPRF_BATCH_MAX + 1), CR_ERR_COUNT);
	assert_int_equal(cr_voprf_blind(save, &run.blind[0], run.input[0],
					CR_VOPRF_INPUT_MAX + 1), CR_ERR_LENGTH);

	/* identities and non-canonical bytes, from either side */
	memcpy(save, run.blinded[2], 32);
	memcpy(run.blinded[2], zero, 32);
	assert_int_equal(cr_voprf_evaluate(run.evaluated, proof, &run.key,
					   (const uint8_t (*)[32])run.blinded, 3),
			 CR_ERR_IDENTITY);
	memset(run.blinded[2], 0xff, 32);
	assert_int_equal(cr_voprf_evaluate(run.evaluated, proof, &run.key,
					   (const uint8_t (*)[32])run.blinded, 3),
			 CR_ERR_POINT);
	memcpy(run.blinded[2], save, 32);
	memcpy(save, run.evaluated[0], 32);
	memcpy(run.evaluated[0], zero, 32);
	assert_int_equal(finalize(&run, outputs), CR_ERR_IDENTITY);
	memcpy(run.evaluated[0], save, 32);

	memcpy(save, run.proof, 32);
	memcpy(run.proof, order, 32);
	assert_int_equal(finalize(&run, outputs), CR_ERR_SCALAR);
	memcpy(run.proof, save, 32);
	memset(run.key.public_key, 0, 32);
	assert_int_equal(finalize(&run, outputs), CR_ERR_IDENTITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc9497_oprf),
		cmocka_unit_test(test_rfc9497_voprf),
		cmocka_unit_test(test_rfc9497_poprf),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_tagging_server),
		cmocka_unit_test(test_swapped_and_repeated),
		cmocka_unit_test(test_refused_input),
	};

	if (cr_proof_init())
		return 1;
	return cmocka_run_group_tests_name("voprf", tests, NULL, NULL);
}
