// SPDX-License-Identifier: MIT
/* The replay window against a model that remembers every counter. */
#include "test_core.h"
#include "replay.h"
#include "wire.h"

#define SPAN (1U << 16)

/* Model: a flag per counter in [base, base + SPAN), and the highest. */
struct model {
	u64 base, top;
	u8 seen[SPAN];
};

static bool model_fresh(const struct model *m, u64 ctr)
{
	if (ctr >= 1ULL << 48)
		return false;
	if (m->top && ctr + 1 < m->top && m->top - 1 - ctr > 2048)
		return false;
	return !m->seen[ctr - m->base];
}

static void step(struct cr_replay *w, u64 *top, struct model *m, u64 ctr)
{
	bool expect = model_fresh(m, ctr);
	u64 before = *top;

	assert_int_equal(cr_replay_fresh(w, *top, ctr), expect);
	assert_int_equal(cr_replay_commit(w, top, ctr), expect);
	if (!expect) {
		assert_int_equal(*top, before);
		return;
	}
	m->seen[ctr - m->base] = 1;
	if (ctr >= m->top)
		m->top = ctr + 1;
	assert_int_equal(*top, m->top);
	assert_false(cr_replay_fresh(w, *top, ctr));
}

static const u64 bases[] = {
	0, 1, 63, 64, 2047, 2048, (1ULL << 30) * 64 - SPAN / 2, (1ULL << 47) - 77,
	(1ULL << 48) - SPAN,
};

/* Random walks: mostly forward, with reordering, bursts of loss, far jumps
 * and replays; sometimes everything near the edges.
 */
static void test_against_model(void **state)
{
	static struct model m;
	u64 seed = 20;
	unsigned int b, run;

	(void)state;
	for (b = 0; b < sizeof(bases) / sizeof(*bases); b++)
		for (run = 0; run < 40; run++) {
			struct cr_replay w;
			u64 top = 0, at = bases[b] + prng(&seed) % 3000;

			/* Old bits of a ring that was never used must not matter. */
			memset(&w, run & 1 ? 0xff : 0, sizeof(w));
			memset(&m, 0, sizeof(m));
			m.base = bases[b];
			while (at < bases[b] + SPAN) {
				u64 r = prng(&seed);
				u64 ctr = at;

				switch (r % 16) {
				case 0:	/* far behind, around the edge */
					ctr = at - 2000 - (r >> 8) % 200;
					break;
				case 1: case 2: case 3:
					ctr = at - (r >> 8) % 70;
					break;
				case 4:	/* anywhere in the window */
					ctr = at - (r >> 8) % 2100;
					break;
				case 5:
					at += (r >> 8) % (run % 5 ? 130 : 3000);
					break;
				default:
					at++;
				}
				/* Before the base: an underflow above, or out of the model. */
				if (ctr - m.base < SPAN)
					step(&w, &top, &m, ctr);
			}
		}
}

/* Every counter of a full sweep, from every alignment, exactly once. */
static void test_in_order_then_all_again(void **state)
{
	u64 start;

	(void)state;
	for (start = 0; start < 130; start++) {
		struct cr_replay w = { 0 };
		u64 top = 0, ctr;

		for (ctr = start; ctr < start + 5000; ctr++) {
			assert_true(cr_replay_fresh(&w, top, ctr));
			assert_true(cr_replay_commit(&w, &top, ctr));
		}
		for (ctr = start; ctr < start + 5000; ctr++) {
			assert_false(cr_replay_fresh(&w, top, ctr));
			assert_false(cr_replay_commit(&w, &top, ctr));
		}
	}
}

/* The edge: 2048 behind the highest is remembered, 2049 is refused unseen. */
static void test_edges(void **state)
{
	static const struct {
		u64 behind;
		bool fresh;
	} edge[] = {
		{ 0, false }, { 1, true }, { 63, true }, { 64, true }, { 65, true },
		{ 2047, true }, { 2048, true }, { 2049, false }, { 2050, false },
		{ 2111, false }, { 2112, false }, { 2113, false }, { 4096, false },
	};
	unsigned int i;
	u64 high;

	(void)state;
	for (high = 5000; high < 5000 + 33 * 64 * 2; high++)
		for (i = 0; i < sizeof(edge) / sizeof(*edge); i++) {
			struct cr_replay w = { 0 };
			u64 top = 0;

			assert_true(cr_replay_commit(&w, &top, high));
			assert_int_equal(cr_replay_fresh(&w, top, high - edge[i].behind),
					 edge[i].fresh);
			assert_int_equal(cr_replay_commit(&w, &top, high - edge[i].behind),
					 edge[i].fresh);
			assert_false(cr_replay_commit(&w, &top, high - edge[i].behind));
			assert_int_equal(top, high + 1);
		}
}

/* A jump of any distance forgets exactly what fell out, and nothing else. */
static void test_jumps(void **state)
{
	u64 jump, ctr;

	(void)state;
	for (jump = 1; jump < 4500; jump++) {
		struct cr_replay w = { 0 };
		u64 top = 0, first = 10007, next = first + jump;

		assert_true(cr_replay_commit(&w, &top, first));
		assert_true(cr_replay_commit(&w, &top, next));
		for (ctr = next - 2048; ctr <= next; ctr++)
			assert_int_equal(cr_replay_fresh(&w, top, ctr),
					 ctr != first && ctr != next);
	}
}

static void test_limits(void **state)
{
	struct cr_replay w = { 0 };
	u64 top = 0;

	(void)state;
	assert_false(cr_replay_fresh(&w, top, CR_CTR_LIMIT));
	assert_false(cr_replay_commit(&w, &top, CR_CTR_LIMIT));
	assert_false(cr_replay_commit(&w, &top, ~0ULL));
	assert_int_equal(top, 0);
	assert_true(cr_replay_commit(&w, &top, 0));
	assert_false(cr_replay_commit(&w, &top, 0));
	assert_true(cr_replay_commit(&w, &top, CR_CTR_LIMIT - 1));
	assert_false(cr_replay_commit(&w, &top, CR_CTR_LIMIT - 1));
	assert_int_equal(top, CR_CTR_LIMIT);
	assert_false(cr_replay_fresh(&w, top, CR_CTR_LIMIT));
	assert_false(cr_replay_commit(&w, &top, CR_CTR_LIMIT));
	assert_true(cr_replay_commit(&w, &top, CR_CTR_LIMIT - 1 - 2048));
	assert_false(cr_replay_commit(&w, &top, CR_CTR_LIMIT - 1 - 2049));
	assert_false(cr_replay_commit(&w, &top, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_in_order_then_all_again),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_limits),
	};

	return RUN_TESTS("core replay", tests);
}
