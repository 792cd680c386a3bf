// SPDX-License-Identifier: MIT
/* The cell header: round trips, every flipped bit, other keys, counter limits. */
#include "test_core.h"
#include "header.h"
#include "replay.h"

static const size_t sizes[] = { CR_CELL_SMALL, CR_CELL_LARGE_V6MIN, CR_CELL_LARGE };

struct side {
	struct cr_hdr_keys keys;
	struct cr_siphash_key idx;
};

static void random_side(struct side *s, u64 *seed)
{
	prng_fill(seed, s, sizeof(*s));
}

static bool opens(const u8 *cell, size_t len, const struct side *s, u32 link,
		  struct cr_hdr *out)
{
	return cr_hdr_link(cell, &s->idx) == link &&
	       cr_hdr_open(out, cell, len, link, &s->keys);
}

static void test_round_trip(void **state)
{
	u64 seed = 2;
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 2000; round++) {
		for (i = 0; i < 3; i++) {
			u8 cell[CR_CELL_LARGE], body[CR_CELL_LARGE];
			struct cr_hdr in, out;
			struct side s;

			random_side(&s, &seed);
			prng_fill(&seed, cell, sizes[i]);
			memcpy(body, cell, sizes[i]);
			in.link = (u32)prng(&seed);
			in.circ = (u32)prng(&seed);
			in.ctr = prng(&seed) % CR_CTR_LIMIT;
			cr_hdr_seal(cell, sizes[i], &in, &s.keys, &s.idx);
			assert_memory_equal(cell + CR_HDR_LEN, body + CR_HDR_LEN,
					    sizes[i] - CR_HDR_LEN);
			assert_true(opens(cell, sizes[i], &s, in.link, &out));
			assert_int_equal(out.link, in.link);
			assert_int_equal(out.circ, in.circ);
			assert_int_equal(out.ctr, in.ctr);
		}
	}
}

/* Header bits, and those of the last 16 bytes, are all covered; a body bit in
 * between is the layers' business and must not matter here.
 */
static void test_every_bit(void **state)
{
	u8 cell[CR_CELL_LARGE];
	struct cr_hdr in = { 0x01020304, 0x05060708, 0x090a0b0c0d0eULL }, out;
	struct side s;
	u64 seed = 3;
	unsigned int i;
	size_t bit;

	(void)state;
	for (i = 0; i < 3; i++) {
		size_t len = sizes[i];

		random_side(&s, &seed);
		prng_fill(&seed, cell, len);
		cr_hdr_seal(cell, len, &in, &s.keys, &s.idx);
		for (bit = 0; bit < 8 * len; bit++) {
			bool covered = bit < 8 * CR_HDR_LEN || bit >= 8 * (len - 16);

			cell[bit / 8] ^= (u8)(1 << bit % 8);
			assert_int_equal(opens(cell, len, &s, in.link, &out), !covered);
			cell[bit / 8] ^= (u8)(1 << bit % 8);
		}
		assert_true(opens(cell, len, &s, in.link, &out));
	}
}

static void test_wrong_keys(void **state)
{
	u8 cell[CR_CELL_SMALL];
	struct cr_hdr in = { 1, 2, 3 }, out;
	struct side s, other;
	u64 seed = 4;
	unsigned int bit;

	(void)state;
	random_side(&s, &seed);
	prng_fill(&seed, cell, sizeof(cell));
	cr_hdr_seal(cell, sizeof(cell), &in, &s.keys, &s.idx);
	for (bit = 0; bit < 8 * sizeof(s); bit++) {
		other = s;
		((u8 *)&other)[bit / 8] ^= (u8)(1 << bit % 8);
		assert_false(opens(cell, sizeof(cell), &other, in.link, &out));
	}
	/* The index is authenticated too: another link with these keys refuses. */
	for (bit = 0; bit < 32; bit++)
		assert_false(cr_hdr_open(&out, cell, sizeof(cell), in.link ^ 1U << bit,
					 &s.keys));
}

/* Any counter is opened as it was sealed: the replay window refuses the high ones. */
static void test_counter_limit(void **state)
{
	static const u64 ctrs[] = {
		0, 1, CR_CTR_LIMIT - 1, CR_CTR_LIMIT, CR_CTR_LIMIT + 1, 1ULL << 63, ~0ULL,
	};
	u8 cell[CR_CELL_SMALL];
	struct cr_hdr in = { 1, 2, 0 }, out;
	struct cr_replay w = { { 0 } };
	struct side s;
	u64 seed = 5;
	unsigned int i;

	(void)state;
	random_side(&s, &seed);
	prng_fill(&seed, cell, sizeof(cell));
	for (i = 0; i < sizeof(ctrs) / sizeof(*ctrs); i++) {
		in.ctr = ctrs[i];
		cr_hdr_seal(cell, sizeof(cell), &in, &s.keys, &s.idx);
		assert_true(opens(cell, sizeof(cell), &s, in.link, &out));
		assert_true(out.ctr == in.ctr);
		assert_int_equal(cr_replay_fresh(&w, 0, out.ctr), in.ctr < CR_CTR_LIMIT);
	}
}

/* Consecutive counters, everything else fixed: no header byte may keep a value
 * more often than chance (here: 4000 headers, 24 positions, 256 values; mean
 * 15.6, and 60 is beyond any luck).
 */
static void test_looks_random(void **state)
{
	static unsigned int seen[CR_HDR_LEN][256];
	u8 cell[CR_CELL_SMALL];
	struct cr_hdr in = { 7, 9, 0 };
	struct side s;
	u64 seed = 6;
	unsigned int i, j;

	(void)state;
	random_side(&s, &seed);
	memset(cell, 0, sizeof(cell));
	for (i = 0; i < 4000; i++) {
		in.ctr = i;
		cr_hdr_seal(cell, sizeof(cell), &in, &s.keys, &s.idx);
		for (j = 0; j < CR_HDR_LEN; j++)
			assert_true(++seen[j][cell[j]] < 60);
	}
}

static void test_cell_lengths(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < 70000; len++)
		assert_int_equal(cr_cell_len_ok(len),
				 len == 256 || len == 1232 || len == 1408);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_counter_limit),
		cmocka_unit_test(test_looks_random),
		cmocka_unit_test(test_cell_lengths),
	};

	return RUN_TESTS("core header", tests);
}
