// SPDX-License-Identifier: MIT
/*
 * Layers: RFC 8439 vector, round trips at every size and position, onions
 * built straight on libsodium, tampering, link control bodies.
 */
#include "test_core.h"
#include "suite1.h"

static const size_t bodies[] = {
	CR_CELL_SMALL - CR_HDR_LEN, CR_CELL_LARGE_V6MIN - CR_HDR_LEN, CR_CELL_LARGE - CR_HDR_LEN,
};
#define BODY_MAX (CR_CELL_LARGE - CR_HDR_LEN)

/* The same layer without a line of the core: libsodium's one-shot AEAD. */
static void sodium_seal(u8 *out, const u8 *plain, size_t n, const u8 *key, u64 ctr)
{
	u8 nonce[12] = { 0 };
	unsigned int i;

	for (i = 0; i < 8; i++)
		nonce[4 + i] = (u8)(ctr >> 8 * i);
	assert_int_equal(crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain, n, NULL,
								   0, NULL, nonce, key), 0);
}

static bool sodium_open(u8 *out, const u8 *in, size_t n, const u8 *key, u64 ctr)
{
	u8 nonce[12] = { 0 };
	unsigned int i;

	for (i = 0; i < 8; i++)
		nonce[4 + i] = (u8)(ctr >> 8 * i);
	return !crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, n, NULL, 0,
							  nonce, key);
}

/* RFC 8439, A.5: nonce 00000000 0102030405060708 has our form; it has
 * additional data, so only its keystream (A.5 ciphertext) is compared.
 */
static void test_rfc8439_keystream(void **state)
{
	static const u8 key[32] = {
		0x1c, 0x92, 0x40, 0xa5, 0xeb, 0x55, 0xd3, 0x8a, 0xf3, 0x33, 0x88, 0x86, 0x04, 0xf6,
		0xb5, 0xf0, 0x47, 0x39, 0x17, 0xc1, 0x40, 0x2b, 0x80, 0x09, 0x9d, 0xca, 0x5c, 0xbc,
		0x20, 0x70, 0x75, 0xc0,
	};
	static const char plain[] = "Internet-Drafts are draft docume";
	static const u8 cipher[32] = {
		0x64, 0xa0, 0x86, 0x15, 0x75, 0x86, 0x1a, 0xf4, 0x60, 0xf0, 0x62, 0xc7, 0x9b, 0xe6,
		0x43, 0xbd, 0x5e, 0x80, 0x5c, 0xfd, 0x34, 0x5c, 0xf3, 0x89, 0xf1, 0x08, 0x67, 0x0a,
		0xc7, 0x6c, 0x8c, 0xb2,
	};
	u8 buf[32 + CR_AEAD_TAG_LEN];

	(void)state;
	memcpy(buf, plain, 32);
	cr_aead_seal(buf, 32, 0, key, 0x0807060504030201ULL);
	assert_memory_equal(buf, cipher, 32);
}

static void test_aead_against_libsodium(void **state)
{
	u8 key[32], plain[600], mine[616], theirs[616];
	u64 seed = 10, ctr;
	size_t n;

	(void)state;
	for (n = 0; n <= 600; n++) {
		prng_fill(&seed, key, sizeof(key));
		prng_fill(&seed, plain, n);
		ctr = prng(&seed);
		memcpy(mine, plain, n);
		cr_aead_seal(mine, n, 0, key, ctr);
		sodium_seal(theirs, plain, n, key, ctr);
		assert_memory_equal(mine, theirs, n + 16);
		assert_true(cr_aead_open(mine, n + 16, 0, key, ctr));
		assert_memory_equal(mine, plain, n);
		theirs[prng(&seed) % (n + 16)] ^= 1;
		memcpy(mine, theirs, n + 16);
		assert_false(cr_aead_open(mine, n + 16, 0, key, ctr));
		assert_memory_equal(mine, theirs, n + 16);
	}
	for (n = 0; n < CR_AEAD_TAG_LEN; n++)
		assert_false(cr_aead_open(mine, n, 0, key, 0));
}

static void test_lengths(void **state)
{
	unsigned int pos;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		for (pos = 1; pos <= CR_HOPS_MAX; pos++) {
			assert_int_equal(cr_layer_len(bodies[i], pos), bodies[i] - 23 * (pos - 1));
			assert_int_equal(cr_payload_len(bodies[i], pos), bodies[i] - 23 * pos);
		}
	assert_int_equal(cr_payload_len(232, 8), 48);
	assert_int_equal(cr_payload_len(1384, 3), 1315);
}

static void test_round_trip(void **state)
{
	static const u64 ctrs[] = { 0, 1, 0xffffffff, 1ULL << 32, CR_CTR_LIMIT - 1 };
	u8 body[BODY_MAX], orig[BODY_MAX], sealed[BODY_MAX], key[CR_KEY_LEN];
	u64 seed = 11;
	unsigned int pos, type, c;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		for (pos = 1; pos <= CR_HOPS_MAX; pos++)
			for (c = 0; c < 5; c++)
				for (type = 0; type < 256; type += 51) {
					size_t n = cr_payload_len(bodies[i], pos);
					struct cr_trailer in = { ctrs[4 - c], (u8)type }, out;

					prng_fill(&seed, key, sizeof(key));
					prng_fill(&seed, orig, bodies[i]);
					memcpy(body, orig, bodies[i]);
					suite1_seal(body, bodies[i], pos, key, ctrs[c], &in);
					/* nothing behind the layer is touched */
					assert_memory_equal(body + n + CR_LAYER_OVERHEAD,
							    orig + n + CR_LAYER_OVERHEAD,
							    bodies[i] - n - CR_LAYER_OVERHEAD);
					memcpy(sealed, body, bodies[i]);
					assert_false(suite1_open(body, bodies[i], pos, key,
								   ctrs[c] ^ 1, &out));
					if (pos < CR_HOPS_MAX)
						assert_false(suite1_open(body, bodies[i], pos + 1,
									   key, ctrs[c], &out));
					if (pos > 1)
						assert_false(suite1_open(body, bodies[i], pos - 1,
									   key, ctrs[c], &out));
					assert_memory_equal(body, sealed, bodies[i]);
					assert_true(suite1_open(body, bodies[i], pos, key,
								  ctrs[c], &out));
					assert_memory_equal(body, orig, n);
					assert_int_equal(out.ctr, in.ctr);
					assert_int_equal(out.type, in.type);
				}
}

/* Forward: an onion of libsodium calls, peeled by the core, hop by hop. */
static void test_forward_onion(void **state)
{
	u8 keys[CR_HOPS_MAX][CR_KEY_LEN], plain[BODY_MAX], body[BODY_MAX], tmp[BODY_MAX];
	u64 ctrs[CR_HOPS_MAX], seed = 12;
	unsigned int hops, pos;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		for (hops = 1; hops <= CR_HOPS_MAX; hops++) {
			size_t len = bodies[i] - 23 * hops;
			struct cr_trailer tr;

			prng_fill(&seed, keys, sizeof(keys));
			prng_fill(&seed, plain, len);
			memcpy(body, plain, len);
			for (pos = hops; pos >= 1; pos--) {
				u64 inner = pos == hops ? 0 : ctrs[pos];
				unsigned int b;

				ctrs[pos - 1] = prng(&seed) % CR_CTR_LIMIT;
				for (b = 0; b < 6; b++)
					body[len++] = (u8)(inner >> 8 * b);
				body[len++] = pos == hops ? CR_CELL_DATA : CR_CELL_RELAY;
				sodium_seal(tmp, body, len, keys[pos - 1], ctrs[pos - 1]);
				len += 16;
				memcpy(body, tmp, len);
			}
			assert_int_equal(len, bodies[i]);
			for (pos = 1; pos <= hops; pos++) {
				size_t n = cr_payload_len(bodies[i], pos);

				assert_true(suite1_open(body, bodies[i], pos, keys[pos - 1],
							  ctrs[pos - 1], &tr));
				assert_int_equal(tr.type,
						 pos == hops ? CR_CELL_DATA : CR_CELL_RELAY);
				if (pos < hops)
					assert_int_equal(tr.ctr, ctrs[pos]);
				prng_fill(&seed, body + n, bodies[i] - n);
			}
			assert_memory_equal(body, plain, cr_payload_len(bodies[i], hops));
		}
}

/* Backward: every hop seals with the core, libsodium peels at the client. */
static void test_backward_onion(void **state)
{
	u8 keys[CR_HOPS_MAX][CR_KEY_LEN], plain[BODY_MAX], body[BODY_MAX], tmp[BODY_MAX];
	u64 ctrs[CR_HOPS_MAX], seed = 13;
	unsigned int hops, pos, b;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		for (hops = 1; hops <= CR_HOPS_MAX; hops++) {
			u64 expect, inner = 0;
			size_t len;

			prng_fill(&seed, keys, sizeof(keys));
			prng_fill(&seed, plain, sizeof(plain));
			memcpy(body, plain, bodies[i]);
			for (pos = hops; pos >= 1; pos--) {
				struct cr_trailer tr = {
					inner, pos == hops ? CR_CELL_CONTROL : CR_CELL_RELAY,
				};

				inner = prng(&seed) % CR_CTR_LIMIT;
				ctrs[pos - 1] = inner;
				len = cr_layer_len(bodies[i], pos);
				suite1_seal(body, bodies[i], pos, keys[pos - 1], inner, &tr);
				prng_fill(&seed, body + len, bodies[i] - len);
			}
			len = bodies[i];
			expect = ctrs[0];
			for (pos = 1; pos <= hops; pos++) {
				assert_true(sodium_open(tmp, body, len, keys[pos - 1], expect));
				len -= 16 + 7;
				for (b = 0, expect = 0; b < 6; b++)
					expect |= (u64)tmp[len + b] << 8 * b;
				assert_int_equal(tmp[len + 6],
						 pos == hops ? CR_CELL_CONTROL : CR_CELL_RELAY);
				memcpy(body, tmp, len);
			}
			assert_int_equal(expect, 0);
			assert_memory_equal(body, plain, len);
		}
}

/* One flipped bit anywhere in the layer is refused and nothing is changed;
 * behind it, it does not matter.
 */
static void test_every_bit(void **state)
{
	u8 body[232], sealed[232], key[CR_KEY_LEN];
	struct cr_trailer tr = { 5, CR_CELL_RELAY }, out;
	size_t bit, len = cr_layer_len(232, 3);
	u64 seed = 14;

	(void)state;
	prng_fill(&seed, key, sizeof(key));
	prng_fill(&seed, sealed, sizeof(sealed));
	suite1_seal(sealed, 232, 3, key, 99, &tr);
	for (bit = 0; bit < 8 * sizeof(body); bit++) {
		memcpy(body, sealed, sizeof(body));
		body[bit / 8] ^= (u8)(1 << bit % 8);
		if (bit / 8 < len) {
			u8 before[232];

			memcpy(before, body, sizeof(body));
			assert_false(suite1_open(body, 232, 3, key, 99, &out));
			assert_memory_equal(body, before, sizeof(body));
		} else {
			assert_true(suite1_open(body, 232, 3, key, 99, &out));
		}
	}
}

static void test_ctl_seal(void **state)
{
	u8 body[BODY_MAX], ref[BODY_MAX], plain[BODY_MAX], key[CR_KEY_LEN];
	u64 seed = 15;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		size_t n = bodies[i] - CR_CTL_OVERHEAD;

		prng_fill(&seed, key, sizeof(key));
		prng_fill(&seed, plain, n);
		memcpy(body, plain, n);
		cr_ctl_seal(body, bodies[i], key, 12345);
		sodium_seal(ref, plain, n, key, 12345);
		assert_memory_equal(body, ref, bodies[i]);
		assert_false(cr_ctl_open(body, bodies[i], key, 12346));
		assert_true(cr_ctl_open(body, bodies[i], key, 12345));
		assert_memory_equal(body, plain, n);
	}
}

static void test_ctl_messages(void **state)
{
	u8 plain[216], msg[216], type, t;
	u64 seed = 16;
	u16 len;
	size_t n, i;

	(void)state;
	prng_fill(&seed, msg, sizeof(msg));
	for (t = 0; t <= CR_CTL_TYPE_MAX; t++)
		for (n = 0; n <= sizeof(plain) - CR_CTL_HDR_LEN; n++) {
			memset(plain, 0xa5, sizeof(plain));
			assert_true(cr_ctl_build(plain, sizeof(plain), t, msg, n));
			assert_true(cr_ctl_parse(plain, sizeof(plain), &type, &len));
			assert_int_equal(type, t);
			assert_int_equal(len, n);
			assert_memory_equal(plain + CR_CTL_HDR_LEN, msg, n);
			for (i = CR_CTL_HDR_LEN + n; i < sizeof(plain); i++) {
				assert_int_equal(plain[i], 0);
				plain[i] = 1;
				assert_false(cr_ctl_parse(plain, sizeof(plain), &type, &len));
				plain[i] = 0;
			}
		}
	/* too long for the plaintext, unknown types, plaintext too short */
	assert_false(cr_ctl_build(plain, sizeof(plain), CR_CTL_PING, msg, 214));
	assert_true(cr_ctl_build(plain, sizeof(plain), CR_CTL_PING, NULL, 0));
	plain[1] = 214;
	assert_false(cr_ctl_parse(plain, sizeof(plain), &type, &len));
	plain[1] = 0;
	plain[2] = 0xff;
	assert_false(cr_ctl_parse(plain, sizeof(plain), &type, &len));
	for (i = CR_CTL_TYPE_MAX + 1; i < 256; i++) {
		assert_false(cr_ctl_build(plain, sizeof(plain), (u8)i, msg, 1));
		memset(plain, 0, sizeof(plain));
		plain[0] = (u8)i;
		assert_false(cr_ctl_parse(plain, sizeof(plain), &type, &len));
	}
	memset(plain, 0, sizeof(plain));
	for (n = 0; n < CR_CTL_HDR_LEN; n++) {
		assert_false(cr_ctl_parse(plain, n, &type, &len));
		assert_false(cr_ctl_build(plain, n, CR_CTL_PAD, NULL, 0));
	}
	assert_true(cr_ctl_parse(plain, CR_CTL_HDR_LEN, &type, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8439_keystream),
		cmocka_unit_test(test_aead_against_libsodium),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_forward_onion),
		cmocka_unit_test(test_backward_onion),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_ctl_seal),
		cmocka_unit_test(test_ctl_messages),
	};

	return RUN_TESTS("core layer", tests);
}
