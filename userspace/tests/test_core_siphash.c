// SPDX-License-Identifier: MIT
/*
 * SipHash-2-4 against the authors' vectors (github.com/veorq/SipHash,
 * vectors.h, CC0): key 00..0f, input 00, 01, ... of whole words, and against
 * libsodium's crypto_shorthash for random inputs.
 */
#include "test_core.h"
#include "siphash.h"

#define MAX_WORDS 8

static const char *const sip64[MAX_WORDS] = {
	"310e0edd47db6f72", "6224939a79f5f593", "db9bc2577fcc2a3f", "94af49f6c650adb8",
	"ce7cf2722f512771", "d0a704536ba93e0e", "51a9cb9ecba312e6", "bd838d3aafbf8db7",
};

static const char *const sip128[MAX_WORDS] = {
	"a3817f04ba25a8e66df67214c7550293", "3b62a9ba6258f5610f83e264f31497b4",
	"6ee2a4ca67b054bbfd3315bf85230577", "2db479ae78bd50d8882a8a178a6132ad",
	"7c3956ca5eeafc3e363e9d556546eb68", "df6a301e95c95dad97ae0cc8c6913bd8",
	"f7e5aef549f782cf379055a608269b16", "1938f2cf72d54ee97e94166fa91d2a36",
};

static void load(struct cr_siphash_key *key, u64 *w)
{
	u8 bytes[8 * MAX_WORDS];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)i;
	cr_siphash_key_load(key, bytes);
	for (i = 0; i < MAX_WORDS; i++)
		w[i] = get_unaligned_le64(bytes + 8 * i);
}

static void assert_hex(const u8 *got, size_t len, const char *hex)
{
	char text[64];

	assert_string_equal(sodium_bin2hex(text, sizeof(text), got, len), hex);
}

static void test_published_64(void **state)
{
	struct cr_siphash_key key;
	u64 w[MAX_WORDS];
	u8 out[8];
	unsigned int n;

	(void)state;
	load(&key, w);
	for (n = 0; n < MAX_WORDS; n++) {
		put_unaligned_le64(cr_siphash_words(w, n, &key, NULL), out);
		assert_hex(out, sizeof(out), sip64[n]);
	}
}

static void test_published_128(void **state)
{
	struct cr_siphash_key key;
	u64 w[MAX_WORDS], second;
	u8 out[16];
	unsigned int n;

	(void)state;
	load(&key, w);
	for (n = 0; n < MAX_WORDS; n++) {
		put_unaligned_le64(cr_siphash_words(w, n, &key, &second), out);
		put_unaligned_le64(second, out + 8);
		assert_hex(out, sizeof(out), sip128[n]);
	}
}

static void test_against_libsodium(void **state)
{
	u8 kb[16], in[8 * MAX_WORDS], expect[8], out[8];
	struct cr_siphash_key key;
	u64 w[MAX_WORDS], seed = 1;
	unsigned int i, n, round;

	(void)state;
	for (round = 0; round < 1000; round++) {
		prng_fill(&seed, kb, sizeof(kb));
		prng_fill(&seed, in, sizeof(in));
		cr_siphash_key_load(&key, kb);
		for (i = 0; i < MAX_WORDS; i++)
			w[i] = get_unaligned_le64(in + 8 * i);
		for (n = 0; n <= MAX_WORDS; n++) {
			crypto_shorthash_siphash24(expect, in, 8 * n, kb);
			put_unaligned_le64(cr_siphash_words(w, n, &key, NULL), out);
			assert_memory_equal(out, expect, 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_64),
		cmocka_unit_test(test_published_128),
		cmocka_unit_test(test_against_libsodium),
	};

	return RUN_TESTS("core siphash", tests);
}
