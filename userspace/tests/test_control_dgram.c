// SPDX-License-Identifier: MIT
/* Handshake datagrams: round trips, every bit that counts, and the published bytes (vectors/control.json). */
#include "vectors.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "control/bytes.h"
#include "control/dgram.h"
#include "noise/noise.h"

static const size_t sizes[] = { CR_CELL_SMALL, CR_CELL_LARGE_V6MIN, CR_CELL_LARGE };

static void test_round_trip(void **state)
{
	uint8_t dgram[CR_CELL_LARGE], plain[CR_CELL_LARGE], msg[100], cookie[16], type;
	struct cr_dgram_keys k, other;
	const uint8_t *got;
	size_t len;

	(void)state;
	randombytes_buf(&k, sizeof(k));
	randombytes_buf(&other, sizeof(other));
	randombytes_buf(msg, sizeof(msg));
	randombytes_buf(cookie, sizeof(cookie));
	for (size_t i = 0; i < 3; i++) {
		size_t n = sizes[i];

		assert_true(cr_dgram_seal(dgram, n, &k, CR_DGRAM_FIRST, msg, sizeof(msg), cookie));
		assert_true(cr_dgram_is(dgram, n, k.mac));
		assert_false(cr_dgram_is(dgram, n, other.mac));
		assert_true(cr_dgram_has_cookie(dgram, n, cookie));
		assert_false(cr_dgram_has_cookie(dgram, n, msg));
		assert_true(cr_dgram_open(dgram, n, k.stream, plain, &type, &got, &len));
		assert_int_equal(type, CR_DGRAM_FIRST);
		assert_int_equal(len, sizeof(msg));
		assert_memory_equal(got, msg, len);
		assert_false(cr_dgram_open(dgram, n, other.stream, plain, &type, &got, &len));
		/* each bit of the first 32 bytes, and of the frame's first 208, is vouched for */
		for (size_t b = 0; b < CR_CELL_SMALL * 8; b++) {
			bool counts = b / 8 < CR_DGRAM_COOKIE || b / 8 >= CR_DGRAM_HDR;

			dgram[b / 8] ^= (uint8_t)(1u << (b % 8));
			assert_int_equal(cr_dgram_is(dgram, n, k.mac), !counts);
			dgram[b / 8] ^= (uint8_t)(1u << (b % 8));
		}
		/* padding is part of the frame: all zeros */
		dgram[n - 1] ^= 1;
		assert_false(cr_dgram_open(dgram, n, k.stream, plain, &type, &got, &len));
	}
	assert_false(cr_dgram_seal(dgram, 257, &k, CR_DGRAM_FIRST, msg, sizeof(msg), NULL));
	assert_false(cr_dgram_seal(dgram, 256, &k, CR_DGRAM_FIRST, plain, 206, NULL));
	assert_true(cr_dgram_seal(dgram, 256, &k, CR_DGRAM_FIRST, plain, 205, NULL));
	assert_false(cr_dgram_is(dgram, 255, k.mac));
	assert_false(cr_dgram_open(dgram, 255, k.stream, plain, &type, &got, &len));
	assert_false(cr_dgram_has_cookie(dgram, 255, cookie));
}

/* What the module answers is what we would, and is read as such; it answers one datagram only. */
static void test_try_again(void **state)
{
	uint8_t asked[CR_CELL_LARGE], again[CR_CELL_SMALL], want[CR_CELL_SMALL], plain[CR_CELL_SMALL], type;
	uint8_t cookie[CR_DGRAM_COOKIE_LEN], random[CR_DGRAM_RANDOM], msg[8] = { 0 };
	struct cr_dgram_keys k, answer;
	const uint8_t *got;
	size_t len;

	(void)state;
	randombytes_buf(&k, sizeof(k));
	randombytes_buf(cookie, sizeof(cookie));
	randombytes_buf(random, sizeof(random));
	assert_true(cr_dgram_seal(asked, sizeof(asked), &k, CR_DGRAM_FIRST, msg, sizeof(msg), NULL));
	cr_dgram_try_again(again, asked, k.stream, cookie, random);
	memcpy(answer.mac, asked + CR_DGRAM_MAC, 16);
	memcpy(answer.stream, k.stream, 32);
	assert_true(cr_dgram_seal_with(want, sizeof(want), &answer, CR_DGRAM_TRY_AGAIN, cookie, sizeof(cookie), NULL,
				       random));
	assert_memory_equal(again, want, sizeof(want));
	assert_true(cr_dgram_is(again, sizeof(again), asked + CR_DGRAM_MAC));
	assert_false(cr_dgram_is(again, sizeof(again), k.mac));
	assert_true(cr_dgram_open(again, sizeof(again), k.stream, plain, &type, &got, &len));
	assert_int_equal(type, CR_DGRAM_TRY_AGAIN);
	assert_int_equal(len, sizeof(cookie));
	assert_memory_equal(got, cookie, len);
	/* and the next question shows it */
	assert_true(cr_dgram_seal(asked, sizeof(asked), &k, CR_DGRAM_FIRST, msg, sizeof(msg), got));
	assert_true(cr_dgram_has_cookie(asked, sizeof(asked), cookie));
}

static uint8_t *field(const json_t *v, const char *name, size_t want)
{
	size_t len;
	uint8_t *p = vectors_bytes(vectors_str(v, name), &len);

	assert_int_equal(len, want);
	return p;
}

/* The responder of the published link handshake finds in the datagram what the file says. */
static void test_vector_link(void **state)
{
	json_t *file = vectors_load("control.json"), *v = vectors_get(file, "link");
	uint8_t *secret = field(v, "responder_static", 32), *dgram = field(v, "first_datagram", CR_CELL_LARGE);
	uint8_t *prologue = field(v, "prologue", CR_PROLOGUE_LEN), *e = field(v, "responder_ephemeral", 32);
	uint8_t *second = field(v, "second_message", CR_LINK_MSG2_LEN), *tag = field(v, "k_tag_to_initiator", 16);
	uint8_t pub[32], plain[CR_CELL_LARGE], payload[256], type, out[CR_LINK_MSG2_LEN], send[32], recv[32];
	size_t len, n = sizeof(payload), out_len = sizeof(out);
	struct cr_dgram_keys first;
	struct cr_link_hello hello;
	struct cr_way_keys way;
	const uint8_t *msg;
	struct noise *noise;

	(void)state;
	crypto_scalarmult_base(pub, secret);
	cr_derive_first(&first, pub);
	assert_true(cr_dgram_is(dgram, CR_CELL_LARGE, first.mac));
	assert_true(cr_dgram_open(dgram, CR_CELL_LARGE, first.stream, plain, &type, &msg, &len));
	assert_int_equal(type, CR_DGRAM_FIRST);
	assert_int_equal(noise_new(&noise, NOISE_IK, false, prologue, CR_PROLOGUE_LEN, secret, NULL), NOISE_OK);
	assert_int_equal(noise_read(noise, msg, len, payload, &n), NOISE_OK);
	assert_true(cr_link_hello_get(&hello, payload, n));
	assert_int_equal(hello.index, json_integer_value(vectors_get(v, "initiator_index")));
	assert_int_equal(hello.large, CR_CELL_LARGE);
	noise_set_ephemeral(noise, e);
	hello.index = (uint32_t)json_integer_value(vectors_get(v, "responder_index"));
	{
		uint8_t *key = field(v, "responder_k_idx", 16);

		memcpy(hello.idx_key, key, 16);
		free(key);
	}
	cr_link_hello_put(payload, &hello);
	assert_int_equal(noise_write(noise, payload, CR_LINK_HELLO_LEN, out, &out_len), NOISE_OK);
	assert_memory_equal(out, second, sizeof(out));
	assert_int_equal(noise_split(noise, send, recv), NOISE_OK);
	cr_derive_way(&way, send, 1);
	assert_memory_equal(way.tag, tag, 16);
	noise_free(noise);
	free(secret);
	free(dgram);
	free(prologue);
	free(e);
	free(second);
	free(tag);
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_try_again), cmocka_unit_test(test_vector_link),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("control datagrams", tests, NULL, NULL);
}
