// SPDX-License-Identifier: MIT
/* Filler: its key chain against libsodium, erasure, reseeding, any length. */
#include "test_core.h"
#include "filler.h"
#include "layer.h"

static const u8 seed0[32] = { 1, 2, 3 };

static void keystream(u8 *out, const u8 *key)
{
	u8 nonce[12] = { 0 };

	crypto_stream_chacha20_ietf(out, CR_FILLER_BUF, nonce, key);
}

/* Whole words, so nothing is skipped: the stream is bytes 32..1023 of each block. */
static void test_key_chain(void **state)
{
	u8 expect[CR_FILLER_BUF], got[CR_FILLER_BUF - 32], key[32];
	struct cr_filler f;
	unsigned int i;
	size_t off;

	(void)state;
	cr_filler_seed(&f, seed0);
	memcpy(key, seed0, 32);
	for (i = 0; i < 20; i++) {
		keystream(expect, key);
		for (off = 0; off < sizeof(got); off += 8)
			cr_filler_take(&f, got + off, 8);
		assert_memory_equal(got, expect + 32, sizeof(got));
		memcpy(key, expect, 32);
		assert_memory_equal(f.key, key, 32);
	}
	/* one take across several refills */
	{
		u8 big[3 * sizeof(got)];

		cr_filler_take(&f, big, sizeof(big));
		for (i = 0; i < 3; i++) {
			keystream(expect, key);
			assert_memory_equal(big + i * sizeof(got), expect + 32, sizeof(got));
			memcpy(key, expect, 32);
		}
	}
}

/* After a take neither the bytes handed out nor the key that made them exist. */
static void test_erasure(void **state)
{
	static const u8 zero[CR_FILLER_BUF];
	u8 out[184], expect[CR_FILLER_BUF];
	struct cr_filler f;
	size_t n, used;

	(void)state;
	keystream(expect, seed0);
	for (n = 1; n <= sizeof(out); n++) {
		cr_filler_seed(&f, seed0);
		cr_filler_take(&f, out, n);
		assert_memory_equal(out, expect + 32, n);
		used = CR_FILLER_BUF - 8 * f.left;
		assert_int_equal(used, 32 + (n + 7) / 8 * 8);
		assert_memory_equal(f.buf, zero, used);
		assert_memory_not_equal(f.key, seed0, 32);
		if (n >= 8)
			assert_null(memmem(&f, sizeof(f), out, 8));
	}
}

/* Exactly n bytes are written, at any alignment; no two takes give the same. */
static void test_bounds(void **state)
{
	u8 buf[8 + 1100 + 8], last[16] = { 0 };
	struct cr_filler f;
	size_t n, off, i;

	(void)state;
	cr_filler_seed(&f, seed0);
	for (n = 0; n <= 1100; n++)
		for (off = 0; off < 8; off++) {
			memset(buf, 0x5a, sizeof(buf));
			cr_filler_take(&f, buf + off, n);
			for (i = 0; i < off; i++)
				assert_int_equal(buf[i], 0x5a);
			for (i = off + n; i < sizeof(buf); i++)
				assert_int_equal(buf[i], 0x5a);
			if (n >= 16) {
				assert_memory_not_equal(buf + off, last, 16);
				memcpy(last, buf + off, 16);
			}
		}
}

static void test_reseed(void **state)
{
	struct cr_filler f;
	u8 out[CR_FILLER_BUF - 32];
	unsigned int i;

	(void)state;
	memset(&f, 0, sizeof(f));
	assert_true(cr_filler_wants_seed(&f));
	cr_filler_seed(&f, seed0);
	for (i = 0; i < CR_FILLER_RESEED; i++) {
		assert_false(cr_filler_wants_seed(&f));
		cr_filler_take(&f, out, sizeof(out));
	}
	assert_true(cr_filler_wants_seed(&f));
	/* it goes on until the caller has a seed, and does not wrap around */
	cr_filler_take(&f, out, sizeof(out));
	assert_true(cr_filler_wants_seed(&f));
	/* a seed in the middle of a buffer starts that seed's stream */
	cr_filler_take(&f, out, 23);
	cr_filler_seed(&f, seed0);
	assert_false(cr_filler_wants_seed(&f));
	{
		u8 expect[CR_FILLER_BUF];

		keystream(expect, seed0);
		cr_filler_take(&f, out, sizeof(out));
		assert_memory_equal(out, expect + 32, sizeof(out));
	}
}

/* Chi-square over the byte values of every length a hop takes: 255 degrees of
 * freedom, mean 255, sigma 22.6.
 */
static void test_uniform(void **state)
{
	static unsigned int seen[256];
	struct cr_filler f;
	u8 out[CR_HOPS_MAX * CR_LAYER_OVERHEAD];
	unsigned long total = 0;
	double chi = 0, mean;
	unsigned int i, j;

	(void)state;
	cr_filler_seed(&f, seed0);
	for (i = 0; i < 20000; i++) {
		size_t n = (i % CR_HOPS_MAX + 1) * CR_LAYER_OVERHEAD;

		cr_filler_take(&f, out, n);
		for (j = 0; j < n; j++)
			seen[out[j]]++;
		total += n;
	}
	mean = (double)total / 256;
	for (i = 0; i < 256; i++)
		chi += (seen[i] - mean) * (seen[i] - mean) / mean;
	assert_true(chi > 255 - 6 * 22.6 && chi < 255 + 6 * 22.6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_chain),
		cmocka_unit_test(test_erasure),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_reseed),
		cmocka_unit_test(test_uniform),
	};

	return RUN_TESTS("core filler", tests);
}
