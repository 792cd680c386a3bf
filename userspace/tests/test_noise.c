// SPDX-License-Identifier: MIT
/* Noise IK and NK: public vectors, and every way a message can be wrong. */
#include "vectors.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "noise/noise.h"

struct pair {
	struct noise *i, *r;
	uint8_t is[32], rs[32], is_pub[32], rs_pub[32];
};

static struct noise *make(enum noise_pattern p, bool initiator, const char *prologue,
			  const uint8_t *s, const uint8_t *rs)
{
	struct noise *n;

	assert_int_equal(noise_new(&n, p, initiator, prologue, strlen(prologue), s, rs), NOISE_OK);
	assert_non_null(n);
	return n;
}

static void make_pair(struct pair *p, enum noise_pattern pattern)
{
	randombytes_buf(p->is, 32);
	randombytes_buf(p->rs, 32);
	crypto_scalarmult_base(p->is_pub, p->is);
	crypto_scalarmult_base(p->rs_pub, p->rs);
	p->i = make(pattern, true, "p", pattern == NOISE_IK ? p->is : NULL, p->rs_pub);
	p->r = make(pattern, false, "p", p->rs, NULL);
}

static void free_pair(struct pair *p)
{
	noise_free(p->i);
	noise_free(p->r);
}

/* One transport message under key @k, as the vectors have them after the handshake. */
static void transport(const uint8_t k[32], uint64_t nonce, const json_t *m)
{
	size_t plen, clen;
	uint8_t *payload = vectors_bytes(vectors_str(m, "payload"), &plen);
	uint8_t *want = vectors_bytes(vectors_str(m, "ciphertext"), &clen);
	uint8_t *got = malloc(plen + 16), npub[12] = { 0 };

	assert_non_null(got);
	npub[4] = (uint8_t)nonce;
	crypto_aead_chacha20poly1305_ietf_encrypt(got, NULL, payload, plen, NULL, 0, NULL, npub, k);
	assert_int_equal(clen, plen + 16);
	assert_memory_equal(got, want, clen);
	free(payload);
	free(want);
	free(got);
}

static void run_vector(const json_t *v)
{
	const char *name = vectors_str(v, "protocol_name");
	enum noise_pattern p = strstr(name, "_IK_") ? NOISE_IK : NOISE_NK;
	uint8_t is[32], ie[32], rs[32], re[32], irs[32], h[64], k[2][32], k2[2][32];
	struct noise *side[2];
	size_t plen;
	uint8_t *prologue = vectors_bytes(vectors_str(v, "init_prologue"), &plen);
	const json_t *messages = vectors_get(v, "messages");

	vectors_hex(ie, 32, vectors_str(v, "init_ephemeral"));
	vectors_hex(re, 32, vectors_str(v, "resp_ephemeral"));
	vectors_hex(rs, 32, vectors_str(v, "resp_static"));
	vectors_hex(irs, 32, vectors_str(v, "init_remote_static"));
	if (p == NOISE_IK)
		vectors_hex(is, 32, vectors_str(v, "init_static"));
	assert_int_equal(noise_new(&side[0], p, true, prologue, plen, p == NOISE_IK ? is : NULL, irs), 0);
	assert_int_equal(noise_new(&side[1], p, false, prologue, plen, rs, NULL), 0);
	noise_set_ephemeral(side[0], ie);
	noise_set_ephemeral(side[1], re);

	for (size_t i = 0; i < json_array_size(messages); i++) {
		const json_t *m = json_array_get(messages, i);
		size_t len, clen, mlen, outlen;
		uint8_t *payload, *want, *msg, *out;

		if (i == 2) {
			assert_int_equal(noise_split(side[0], k[0], k[1]), NOISE_OK);
			assert_int_equal(noise_split(side[1], k2[1], k2[0]), NOISE_OK);
			assert_memory_equal(k, k2, sizeof(k));
		}
		if (i >= 2) {
			transport(k[i % 2], (i - 2) / 2, m);
			continue;
		}
		payload = vectors_bytes(vectors_str(m, "payload"), &len);
		want = vectors_bytes(vectors_str(m, "ciphertext"), &clen);
		msg = malloc(clen);
		out = malloc(len);
		assert_true(msg && out);
		mlen = clen;
		assert_int_equal(noise_write(side[i], payload, len, msg, &mlen), NOISE_OK);
		assert_int_equal(mlen, clen);
		assert_memory_equal(msg, want, clen);
		outlen = len;
		assert_int_equal(noise_read(side[1 - i], msg, mlen, out, &outlen), NOISE_OK);
		assert_int_equal(outlen, len);
		assert_memory_equal(out, payload, len);
		free(payload);
		free(want);
		free(msg);
		free(out);
	}
	vectors_hex(h, 64, vectors_str(v, "handshake_hash"));
	assert_memory_equal(noise_hash(side[0]), h, 64);
	assert_memory_equal(noise_hash(side[1]), h, 64);
	noise_free(side[0]);
	noise_free(side[1]);
	free(prologue);
}

static void test_vectors(void **state)
{
	json_t *file = vectors_load("noise-ik-nk.json");
	const json_t *vectors = vectors_get(file, "vectors");
	size_t i;

	(void)state;
	assert_true(json_array_size(vectors) >= 2);
	for (i = 0; i < json_array_size(vectors); i++)
		run_vector(json_array_get(vectors, i));
	json_decref(file);
}

/* Each byte of both messages flipped in turn: refused, nothing given out. */
static void flip_all(enum noise_pattern pattern, unsigned int which)
{
	size_t size = 1;

	for (size_t at = 0; at < size; at++) {
		uint8_t msg[256], out[64];
		size_t mlen = sizeof(msg), olen = sizeof(out);
		struct pair p;

		make_pair(&p, pattern);
		assert_int_equal(noise_write(p.i, "hello", 5, msg, &mlen), NOISE_OK);
		if (which == 1) {
			assert_int_equal(noise_read(p.r, msg, mlen, out, &olen), NOISE_OK);
			mlen = sizeof(msg);
			olen = sizeof(out);
			assert_int_equal(noise_write(p.r, "world", 5, msg, &mlen), NOISE_OK);
		}
		size = mlen;
		/* bit 7 of an X25519 key's last byte is ignored by the curve, but hashed */
		msg[at] ^= 0x80;
		memset(out, 0xaa, sizeof(out));
		assert_int_not_equal(noise_read(which ? p.i : p.r, msg, mlen, out, &olen), NOISE_OK);
		assert_false(noise_done(which ? p.i : p.r));
		assert_int_not_equal(out[0], which ? 'w' : 'h');
		if (!which)
			assert_null(noise_remote_static(p.r));
		/* and the handshake stays dead */
		msg[at] ^= 0x80;
		olen = sizeof(out);
		assert_int_equal(noise_read(which ? p.i : p.r, msg, mlen, out, &olen), NOISE_E_ORDER);
		free_pair(&p);
	}
}

static void test_flipped_bytes(void **state)
{
	(void)state;
	flip_all(NOISE_IK, 0);
	flip_all(NOISE_IK, 1);
	flip_all(NOISE_NK, 0);
	flip_all(NOISE_NK, 1);
}

static void test_lengths(void **state)
{
	uint8_t msg[256], out[64];
	struct pair p;

	(void)state;
	for (size_t len = 0; len < NOISE_IK_1_OVERHEAD; len++) {
		size_t olen = sizeof(out);

		make_pair(&p, NOISE_IK);
		memset(msg, 1, sizeof(msg));
		assert_int_equal(noise_read(p.r, msg, len, out, &olen), NOISE_E_LENGTH);
		free_pair(&p);
	}
	make_pair(&p, NOISE_NK);
	{
		size_t mlen = NOISE_NK_1_OVERHEAD + 4, olen = 4;

		assert_int_equal(noise_write(p.i, "hello", 5, msg, &mlen), NOISE_E_LENGTH);
		mlen = sizeof(msg);
		assert_int_equal(noise_write(p.i, "hello", 5, msg, &mlen), NOISE_OK);
		assert_int_equal(noise_read(p.r, msg, mlen, out, &olen), NOISE_E_LENGTH);
		olen = 5;
		assert_int_equal(noise_read(p.r, msg, mlen, out, &olen), NOISE_OK);
		mlen = sizeof(msg);
		assert_int_equal(noise_write(p.r, msg, NOISE_MESSAGE_MAX, msg, &mlen), NOISE_E_LENGTH);
	}
	free_pair(&p);
}

static void test_low_order_keys(void **state)
{
	static const uint8_t low[][32] = { { 0 }, { 1 } };
	uint8_t msg[256], out[64], zero[32] = { 0 };
	size_t mlen, olen;
	struct pair p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noise *n = make(NOISE_NK, true, "p", NULL, low[i]);

		mlen = sizeof(msg);
		assert_int_equal(noise_write(n, NULL, 0, msg, &mlen), NOISE_E_KEY);
		noise_free(n);
		/* an ephemeral key of low order */
		make_pair(&p, NOISE_NK);
		mlen = sizeof(msg);
		assert_int_equal(noise_write(p.i, NULL, 0, msg, &mlen), NOISE_OK);
		memcpy(msg, low[i], 32);
		olen = sizeof(out);
		assert_int_equal(noise_read(p.r, msg, mlen, out, &olen), NOISE_E_KEY);
		free_pair(&p);
	}
	{
		struct noise *n;

		assert_int_equal(noise_new(&n, NOISE_IK, true, "", 0, NULL, zero), NOISE_E_KEY);
		assert_int_equal(noise_new(&n, NOISE_NK, false, "", 0, NULL, NULL), NOISE_E_KEY);
	}
}

static void test_order_and_prologue(void **state)
{
	uint8_t msg[256], out[64], k[32], k2[32];
	size_t mlen = sizeof(msg), olen = sizeof(out);
	struct noise *other;
	struct pair p;

	(void)state;
	make_pair(&p, NOISE_IK);
	assert_int_equal(noise_split(p.i, k, k2), NOISE_E_ORDER);
	assert_int_equal(noise_write(p.r, NULL, 0, msg, &mlen), NOISE_E_ORDER);
	assert_int_equal(noise_read(p.i, msg, 64, out, &olen), NOISE_E_ORDER);
	mlen = sizeof(msg);
	assert_int_equal(noise_write(p.i, NULL, 0, msg, &mlen), NOISE_OK);
	assert_int_equal(noise_write(p.i, NULL, 0, msg, &mlen), NOISE_E_ORDER);
	other = make(NOISE_IK, false, "q", p.rs, NULL);
	olen = sizeof(out);
	assert_int_equal(noise_read(other, msg, mlen, out, &olen), NOISE_E_AUTH);
	noise_free(other);
	olen = sizeof(out);
	assert_int_equal(noise_read(p.r, msg, mlen, out, &olen), NOISE_OK);
	assert_memory_equal(noise_remote_static(p.r), p.is_pub, 32);
	mlen = sizeof(msg);
	assert_int_equal(noise_write(p.r, NULL, 0, msg, &mlen), NOISE_OK);
	olen = sizeof(out);
	assert_int_equal(noise_read(p.i, msg, mlen, out, &olen), NOISE_OK);
	assert_true(noise_done(p.i) && noise_done(p.r));
	assert_int_equal(noise_split(p.i, k, k2), NOISE_OK);
	assert_int_equal(noise_split(p.i, k, k2), NOISE_E_ORDER);
	free_pair(&p);
}

static int setup(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_low_order_keys),
		cmocka_unit_test(test_order_and_prologue),
	};

	return cmocka_run_group_tests_name("noise", tests, setup, NULL);
}
