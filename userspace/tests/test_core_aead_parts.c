// SPDX-License-Identifier: MIT
/*
 * kmod/aead.c, which puts ChaCha20-Poly1305 together from the kernel's parts, with libsodium's in
 * their place (kernel/): against libsodium's own AEAD, for every length up to a cell's and with and
 * without room behind the tag, in buffers that end where the caller's bytes end.
 */
#include "test_core.h"
#include "aead.h"

#define cr_aead_seal	parts_seal
#define cr_aead_open	parts_open
#define cr_chacha20_xor	parts_xor
void parts_seal(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr);
bool parts_open(u8 *buf, size_t len, size_t room, const u8 *key, u64 ctr);
void parts_xor(u8 *buf, size_t len, const u8 *key, const u8 *nonce);
#include "../aead.c"
#undef cr_aead_seal
#undef cr_aead_open
#undef cr_chacha20_xor

#define LEN_MAX	(CR_CELL_LARGE - CR_HDR_LEN)

static void one(size_t n, size_t room, u64 *seed)
{
	size_t all = n + CR_AEAD_TAG_LEN + room;
	u8 key[CR_KEY_LEN], *mine = malloc(all), *theirs = malloc(all), *plain = malloc(all);
	u64 ctr = prng(seed);

	assert_true(mine && theirs && plain);
	prng_fill(seed, key, sizeof(key));
	prng_fill(seed, plain, all);
	memcpy(mine, plain, all);
	memcpy(theirs, plain, all);
	parts_seal(mine, n, room, key, ctr);
	cr_aead_seal(theirs, n, 0, key, ctr);
	assert_memory_equal(mine, theirs, all);
	assert_true(parts_open(mine, n + CR_AEAD_TAG_LEN, room, key, ctr));
	assert_memory_equal(mine, plain, n);
	assert_memory_equal(mine + n, theirs + n, CR_AEAD_TAG_LEN + room);
	/* one bit wrong: refused, and nothing has changed */
	theirs[prng(seed) % (n + CR_AEAD_TAG_LEN)] ^= (u8)(1 << prng(seed) % 8);
	memcpy(mine, theirs, all);
	assert_false(parts_open(mine, n + CR_AEAD_TAG_LEN, room, key, ctr));
	assert_memory_equal(mine, theirs, all);
	free(mine);
	free(theirs);
	free(plain);
}

static void test_every_length(void **state)
{
	static const size_t rooms[] = { 0, 1, 15, 16, 23, 161 };
	u64 seed = 1;

	(void)state;
	for (size_t n = 0; n <= LEN_MAX - CR_AEAD_TAG_LEN; n++)
		for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
			one(n, rooms[i], &seed);
}

static void test_too_short(void **state)
{
	u8 buf[CR_AEAD_TAG_LEN] = { 0 }, key[CR_KEY_LEN] = { 0 };

	(void)state;
	for (size_t n = 0; n < CR_AEAD_TAG_LEN; n++)
		assert_false(parts_open(buf, n, 0, key, 0));
}

static void test_keystream(void **state)
{
	u8 key[CR_KEY_LEN], nonce[12], mine[1024], theirs[1024];
	u64 seed = 2;

	(void)state;
	for (int with = 0; with < 2; with++) {
		prng_fill(&seed, key, sizeof(key));
		prng_fill(&seed, nonce, sizeof(nonce));
		prng_fill(&seed, mine, sizeof(mine));
		memcpy(theirs, mine, sizeof(mine));
		parts_xor(mine, sizeof(mine), key, with ? nonce : NULL);
		cr_chacha20_xor(theirs, sizeof(theirs), key, with ? nonce : NULL);
		assert_memory_equal(mine, theirs, sizeof(mine));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_too_short),
		cmocka_unit_test(test_keystream),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
