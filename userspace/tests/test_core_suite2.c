// SPDX-License-Identifier: MIT
/*
 * Layers of suite 2: the published vectors whose nonce has our form, and OpenSSL as
 * a witness for every size and position, in both directions.
 */
#include <openssl/evp.h>

#include "test_core.h"
#include "aead.h"
#include "layer.h"

static const size_t bodies[] = {
	CR_CELL_SMALL - CR_HDR_LEN, CR_CELL_LARGE_V6MIN - CR_HDR_LEN, CR_CELL_LARGE - CR_HDR_LEN,
};
#define BODY_MAX (CR_CELL_LARGE - CR_HDR_LEN)

/* A key ready for use; the test is skipped where the processor has no AES. */
static void make_cipher(struct cr_cipher *c, struct cr_aes_key *aes, const u8 *key)
{
	if (!cr_aes_prepare(aes, key)) {
		print_message("libsodium has AES-256-GCM only on processors with AES instructions\n");
		skip();
	}
	memset(c, 0, sizeof(*c));
	c->aes = aes;
}

/* AES-256-GCM without a line of the core. Return: length of @out, or 0: not authentic. */
static size_t openssl_gcm(bool seal, u8 *out, const u8 *in, size_t n, const u8 *key, u64 ctr)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	u8 nonce[12] = { 0 }, tag[16];
	unsigned int i;
	int len, end;

	assert_non_null(ctx);
	for (i = 0; i < 8; i++)
		nonce[4 + i] = (u8)(ctr >> 8 * i);
	if (!seal) {
		n -= 16;
		memcpy(tag, in + n, 16);
	}
	assert_int_equal(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, seal), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &len, in, (int)n), 1);
	if (!seal)
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, tag), 1);
	end = EVP_CipherFinal_ex(ctx, out + len, &len);
	if (seal) {
		assert_int_equal(end, 1);
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + n), 1);
		n += 16;
	}
	EVP_CIPHER_CTX_free(ctx);
	return end == 1 ? n : 0;
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 and 14. */
static void test_published(void **state)
{
	static const u8 empty_tag[16] = {
		0x53, 0x0f, 0x8a, 0xfb, 0xc7, 0x45, 0x36, 0xb9, 0xa9, 0x63, 0xb4, 0xf1, 0xc4, 0xcb,
		0x73, 0x8b,
	};
	static const u8 zeros[32] = {
		0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3,
		0x9d, 0x18, 0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5,
		0xd4, 0x8a, 0xb9, 0x19,
	};
	u8 key[CR_KEY_LEN] = { 0 }, buf[32] = { 0 };
	struct cr_aes_key aes;
	struct cr_cipher c;

	(void)state;
	make_cipher(&c, &aes, key);
	cr_cipher_seal(&c, buf, 0, 0, 0);
	assert_memory_equal(buf, empty_tag, 16);
	memset(buf, 0, sizeof(buf));
	cr_cipher_seal(&c, buf, 16, 0, 0);
	assert_memory_equal(buf, zeros, 32);
	assert_true(cr_cipher_open(&c, buf, 32, 0, 0));
	assert_false(cr_cipher_open(&c, buf, 15, 0, 0));
}

/* What the core seals OpenSSL opens, and the other way round; nothing behind the layer changes. */
static void test_against_openssl(void **state)
{
	u8 key[CR_KEY_LEN], orig[BODY_MAX], body[BODY_MAX], other[BODY_MAX];
	u64 seed = 21, ctr;
	unsigned int pos;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		for (pos = 1; pos <= CR_HOPS_MAX; pos++) {
			size_t len = cr_layer_len(bodies[i], pos), n = cr_payload_len(bodies[i], pos);
			struct cr_trailer in = { prng(&seed) % CR_CTR_LIMIT, CR_CELL_RELAY }, out;
			struct cr_aes_key aes;
			struct cr_cipher c;

			prng_fill(&seed, key, sizeof(key));
			prng_fill(&seed, orig, bodies[i]);
			make_cipher(&c, &aes, key);
			ctr = prng(&seed) % CR_CTR_LIMIT;
			memcpy(body, orig, bodies[i]);
			cr_layer_seal(body, bodies[i], pos, &c, ctr, &in);
			assert_memory_equal(body + len, orig + len, bodies[i] - len);
			assert_int_equal(openssl_gcm(false, other, body, len, key, ctr), len - 16);
			assert_memory_equal(other, orig, n);
			assert_int_equal(other[n + 6], CR_CELL_RELAY);
			assert_int_equal(openssl_gcm(true, body, other, len - 16, key, ctr), len);
			assert_true(cr_layer_open(body, bodies[i], pos, &c, ctr, &out));
			assert_memory_equal(body, orig, n);
			assert_int_equal(out.ctr, in.ctr);
			assert_int_equal(out.type, in.type);
		}
}

/* Another counter, another position, the key under suite 1, and any bit of the layer. */
static void test_refused(void **state)
{
	u8 key[CR_KEY_LEN], sealed[232], body[232];
	struct cr_trailer tr = { 5, CR_CELL_RELAY }, out;
	size_t bit, len = cr_layer_len(232, 3);
	struct cr_cipher c, one;
	struct cr_aes_key aes;
	u64 seed = 22;

	(void)state;
	prng_fill(&seed, key, sizeof(key));
	prng_fill(&seed, sealed, sizeof(sealed));
	make_cipher(&c, &aes, key);
	cr_cipher_chacha(&one, key);
	cr_layer_seal(sealed, 232, 3, &c, 99, &tr);
#define REFUSED(pos, c, ctr) \
	(memcpy(body, sealed, sizeof(body)), !cr_layer_open(body, 232, pos, c, ctr, &out))
	assert_true(REFUSED(3, &c, 98));
	assert_true(REFUSED(2, &c, 99));
	assert_true(REFUSED(4, &c, 99));
	assert_true(REFUSED(3, &one, 99));
	for (bit = 0; bit < 8 * len; bit++) {
		sealed[bit / 8] ^= (u8)(1 << bit % 8);
		assert_true(REFUSED(3, &c, 99));
		sealed[bit / 8] ^= (u8)(1 << bit % 8);
	}
	assert_false(REFUSED(3, &c, 99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_against_openssl),
		cmocka_unit_test(test_refused),
	};

	return RUN_TESTS("core: suite 2", tests);
}
