// SPDX-License-Identifier: MIT
/* The limit on two counters that two processors raise at once. */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "test_core.h"
#include "credit.h"

static void test_alone(void **state)
{
	u64 own = 0, other = 0;

	(void)state;
	assert_true(cr_credit_take(&own, &other, 1408, 1408));
	assert_true(own == 1408 && other == 0);
	assert_false(cr_credit_ready(&own, &other, 1408, 1));
	assert_false(cr_credit_take(&own, &other, 1408, 1));
	assert_true(own == 1408);
	/* what the other one has counts as well */
	assert_true(cr_credit_take(&other, &own, 1408 + 256, 256));
	assert_false(cr_credit_ready(&own, &other, 1408 + 256, 256));
	assert_false(cr_credit_take(&own, &other, 1408 + 256, 256));
	/* a lowered limit refuses */
	assert_false(cr_credit_take(&own, &other, 100, 1));
	assert_true(cr_credit_take(&own, &other, CR_LIMIT_NONE, 1408));
	assert_true(cr_credit_ready(&own, &other, CR_LIMIT_NONE, 1408));
	assert_true(own == 2816 && other == 256);
}

/* Both take cells as fast as they can until there are none left, round after round: they meet
 * at the limit while they are at it.
 */
#define LEN	1408
#define CELLS	200
#define ROUNDS	1000000u

static struct {
	_Alignas(64) u64 own;
	_Alignas(64) u64 other;
	_Alignas(64) u64 limit;
	_Alignas(64) unsigned int open;	/* the round that both may be in */
	_Alignas(64) unsigned int here;	/* that the second is in */
	_Alignas(64) unsigned int done;	/* that it has ended */
} race;

static unsigned int get(const unsigned int *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void put(unsigned int *p, unsigned int v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static void take_all(u64 *own, const u64 *other)
{
	unsigned int refused = 0;

	while (refused < 2)
		if (!cr_credit_ready(own, other, READ_ONCE(race.limit), LEN) ||
		    !cr_credit_take(own, other, READ_ONCE(race.limit), LEN))
			refused++;
}

static void wait_for(const unsigned int *p, unsigned int round)
{
	unsigned int spins = 0;

	while (get(p) < round)
		if (++spins > 2000)
			sched_yield();
}

static void *second(void *arg)
{
	unsigned int round;

	(void)arg;
	for (round = 1; round <= ROUNDS; round++) {
		wait_for(&race.open, round);
		if (get(&race.open) == ~0u)
			break;
		put(&race.here, round);
		take_all(&race.other, &race.own);
		put(&race.done, round);
	}
	return NULL;
}

static void test_race(void **state)
{
	unsigned int round, short_of = 0;
	time_t end = time(NULL) + 3;
	pthread_t thread;
	u64 sum;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, second, NULL), 0);
	for (round = 1; round <= ROUNDS && (round % 256 || time(NULL) < end); round++) {
		race.limit = race.own + race.other + CELLS * LEN + round % LEN;
		put(&race.open, round);
		wait_for(&race.here, round);
		take_all(&race.own, &race.other);
		wait_for(&race.done, round);
		sum = race.own + race.other;
		if (sum > race.limit)
			break;
		assert_true(race.limit - sum < 2 * LEN);
		short_of += race.limit - sum >= LEN;
	}
	put(&race.open, ~0u);
	pthread_join(thread, NULL);
	print_message("# %u rounds, both gave way at the end of %u\n", round - 1, short_of);
	assert_true(race.own + race.other <= race.limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
