// SPDX-License-Identifier: MIT
/*
 * Token bucket against exact arithmetic, and the fairness controller in
 * simulated time: totals, fairness, light senders, joins and leaves.
 */
#include "rate_sim.h"
#include "wire.h"

#define MBIT 125000.0	/* bytes/s */

static struct sim sim;

/* --- bucket --- */

static u64 burst_of(u64 rate)
{
	unsigned __int128 b = (unsigned __int128)rate * CR_RATE_BURST_MS / 1000;

	return b < 2 * CR_CELL_LARGE ? 2 * CR_CELL_LARGE : (u64)b;
}

static const u64 rates[] = {
	1, 10, 1000, 56319, 56320, 56321, 125000, 2500000, 125000000, 1250000000, 1ULL << 36,
	(1ULL << 37) - 1,
};

/* A new bucket, and one after any rest, holds exactly the burst. */
static void test_burst(void **state)
{
	static const u64 rests[] = { 3000000000000ULL, 1ULL << 42, 1ULL << 50, 1ULL << 62 };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		for (j = 0; j < 4; j++) {
			struct cr_bucket b = { 0 };
			u64 now = 5, left = burst_of(rates[i]), chunk = left / 7 + 1;
			unsigned int round;

			for (round = 0; round < 2; round++) {
				u64 took = 0;

				if (chunk > 0xffffffff)
					chunk = 0xffffffff;
				while (cr_bucket_take(&b, now, rates[i], (u32)chunk))
					took += chunk;
				assert_true(took <= left && took + chunk > left);
				now += rests[j];
			}
		}
}

/* Greedy for a while in uneven steps: admitted = burst + rate * time, exactly
 * to one cell, because nothing is rounded.
 */
static void test_long_run(void **state)
{
	u64 seed = 50;
	unsigned int i;

	(void)state;
	for (i = 2; i < sizeof(rates) / sizeof(*rates); i++) {
		struct cr_bucket b = { 0 };
		u64 now = 1, took = 0, calls;
		unsigned __int128 expect;
		u32 len = CR_CELL_LARGE;

		/* cells so large that a thousand calls a second can use up the rate */
		while ((u64)len * 1000 < rates[i])
			len *= 2;
		for (calls = 0; calls < 200000; calls++) {
			now += prng(&seed) % 1000000;
			if (cr_bucket_take(&b, now, rates[i], len))
				took += len;
		}
		expect = (unsigned __int128)rates[i] * (now - 1) / 1000000000 + burst_of(rates[i]);
		assert_true(took <= expect);
		if (burst_of(rates[i]) >= 2 * (u64)len)
			assert_true(took + 2 * (u64)len >= (u64)expect - burst_of(rates[i]));
	}
}

static void test_edges(void **state)
{
	struct cr_bucket b = { 0 };
	unsigned int i;

	(void)state;
	assert_false(cr_bucket_take(&b, 1, 0, 1));
	for (i = 0; i < 1000; i++) {
		assert_true(cr_bucket_take(&b, 1, CR_RATE_UNLIMITED, ~0U));
		assert_true(cr_bucket_take(&b, 1, 1ULL << 37, ~0U));
	}
	/* two large cells even at the lowest rate, and no more */
	assert_true(cr_bucket_take(&b, 1, 1, CR_CELL_LARGE));
	assert_true(cr_bucket_take(&b, 1, 1, CR_CELL_LARGE));
	assert_false(cr_bucket_take(&b, 1, 1, 1));
	/* a clock that goes back gives nothing, and nothing twice */
	b.stamp = 1000000000;
	b.tokens = 0;
	assert_false(cr_bucket_take(&b, 5, 1000000, 1));
	assert_int_equal(b.stamp, 1000000000);
	assert_true(cr_bucket_take(&b, 1000001000, 1000000, 1));
	assert_false(cr_bucket_take(&b, 1000001000, 1000000, 1));
	/* a lower rate takes the larger burst away */
	memset(&b, 0, sizeof(b));
	assert_true(cr_bucket_take(&b, 1, 1000000000, 1));
	assert_false(cr_bucket_take(&b, 1, 1000000, 50001));
	assert_true(cr_bucket_take(&b, 1, 1000000, 50000));
}

/* Any input at all: never more than burst + rate * time is admitted, which a
 * sum that wrapped around would break.
 */
static void test_any_input(void **state)
{
	u64 seed = 51;
	unsigned int i;

	(void)state;
	for (i = 0; i < 300000; i++) {
		struct cr_bucket b = { 0 };
		u64 rate = prng(&seed) >> (27 + prng(&seed) % 37);
		u64 dt = prng(&seed) >> prng(&seed) % 64;
		u32 len = (u32)(prng(&seed) >> (32 + prng(&seed) % 32));
		unsigned __int128 have, max = (unsigned __int128)burst_of(rate) * 1000000000;

		if (!rate)
			rate = 1;
		max = burst_of(rate) == 2 * CR_CELL_LARGE ? max : (unsigned __int128)rate * 50000000;
		b.stamp = 1;
		have = max >> (i % 3);
		b.tokens = (u64)have;
		have += (unsigned __int128)rate * dt;
		if (have > max)
			have = max;
		if (dt > ~0ULL - 1)
			dt = 0;
		assert_int_equal(cr_bucket_ready(&b, 1 + dt, rate, len),
				 have >= (unsigned __int128)len * 1000000000);
		assert_int_equal(b.stamp, 1);
		assert_int_equal(cr_bucket_take(&b, 1 + dt, rate, len),
				 have >= (unsigned __int128)len * 1000000000);
	}
}

/* --- controller --- */

static void assert_near(const char *what, double got, double want, double tolerance)
{
	if (got < want * (1 - tolerance) || got > want * (1 + tolerance))
		fail_msg("%s: %.4f instead of %.4f", what, got, want);
}

/* 64 greedy circuits of unequal rates, one at half of its fair share. Cold
 * start included; the first measure is that of a test which began a second later.
 */
static void greedy(double mbit, double seconds, u64 seed, enum sim_kind kind, double least)
{
	double cap = mbit * MBIT, share = cap / 64.5;
	struct sim_flow *half;
	unsigned int i;

	sim_init(&sim, (u64)cap, seed);
	for (i = 0; i < 64; i++)
		sim_add(&sim, kind, share * (least + 6 * sim_uniform(&sim)));
	half = sim_add(&sim, SIM_CBR, share / 2);
	sim_run(&sim, 1);
	if (half->got < 0.999 * half->sent)
		fail_msg("%g Mbit/s, seed %u: light circuit lost from the start", mbit,
			 (unsigned int)seed);
	sim_measure(&sim);
	sim_run(&sim, 1 + seconds);
	assert_near("total", sim_load(&sim), 1, 0.03);
	assert_true(sim_jain(&sim, 0, 64) >= 0.98);
	assert_true(half->sent > 0 && half->got >= 0.999 * half->sent);
	/* steady: f stays near the share although a period sees few cells */
	assert_true((double)sim.fair_min > 0.75 * share);
	assert_true((double)sim.fair_max < 1.35 * share);
}

static void test_greedy_20mbit(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 12; seed++)
		greedy(20, 10, seed, SIM_CBR, 1.1);
}

static void test_greedy_poisson(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 12; seed++)
		greedy(20, 10, seed, SIM_POISSON, 2);
}

static void test_greedy_other_caps(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 4; seed++) {
		greedy(5, 30, seed, SIM_CBR, 1.1);
		greedy(100, 5, seed, SIM_CBR, 1.1);
	}
	greedy(1000, 3, 1, SIM_CBR, 1.1);
	greedy(10000, 0.5, 1, SIM_CBR, 1.1);
}

/* In the long run the total is the cap, not nearly the cap. */
static void test_long_total(void **state)
{
	double cap = 20 * MBIT;
	unsigned int seed, i;

	(void)state;
	for (seed = 1; seed <= 3; seed++) {
		sim_init(&sim, (u64)cap, seed);
		for (i = 0; i < 64; i++)
			sim_add(&sim, SIM_CBR, cap / 64 * (1.5 + 4 * sim_uniform(&sim)));
		sim_run(&sim, 15);
		sim_measure(&sim);
		sim_run(&sim, 75);
		assert_near("long-run total", sim_load(&sim), 1, 0.003);
	}
}

/* A few cells a second for each: every circuit begins with a full bucket, which is two large
 * cells, and they all begin together; that excess is bounded, and gone after a while.
 */
static void test_thin(void **state)
{
	static const struct { double cells, later, last; } caps[] = {
		{ 1, 0.05, 0.03 }, { 2, 0.03, 0.02 }, { 4, 0.02, 0.01 }, { 16, 0.01, 0.005 },
	};
	unsigned int c, seed, i;

	(void)state;
	for (c = 0; c < 4; c++)
		for (seed = 1; seed <= 12; seed++) {
			double share = caps[c].cells * CR_CELL_LARGE;

			sim_init(&sim, (u64)(64 * share), seed);
			for (i = 0; i < 64; i++)
				sim_add(&sim, SIM_CBR, share * (1.2 + seed % 2 * 8 + 2 * sim_uniform(&sim)));
			sim_measure(&sim);
			sim_run(&sim, 10);
			/* two cells of each, and what the controller finds out on the way */
			assert_true(sim_load(&sim) < 1.03 + 1.2 * 2 / (10 * caps[c].cells) * (1 + seed % 2));
			assert_true(sim_load(&sim) > 0.97);
			sim_measure(&sim);
			sim_run(&sim, 30);
			assert_near("seconds 10 to 30", sim_load(&sim), 1, caps[c].later);
			assert_true(sim_jain(&sim, 0, 64) >= 0.98);
			sim_measure(&sim);
			sim_run(&sim, 60);
			assert_near("seconds 30 to 60", sim_load(&sim), 1, caps[c].last);
		}
}

/* Demands from a tenth to three times the share: everyone gets what max-min
 * fairness (water filling, computed here) says.
 */
static void test_max_min(void **state)
{
	double cap = 50 * MBIT, level, sum;
	unsigned int seed, i, n = 64, k;

	(void)state;
	for (seed = 1; seed <= 12; seed++) {
		sim_init(&sim, (u64)cap, seed);
		for (i = 0; i < n; i++)
			sim_add(&sim, SIM_CBR, cap / n * (0.1 + 2.9 * sim_uniform(&sim)));
		for (level = cap / n, k = 0; k < 200; k++) {
			for (sum = 0, i = 0; i < n; i++)
				sum += sim.flow[i].rate < level ? sim.flow[i].rate : level;
			level *= cap / sum;
		}
		sim_run(&sim, 1);
		sim_measure(&sim);
		sim_run(&sim, 9);
		assert_near("total", sim_load(&sim), 1, 0.02);
		for (i = 0; i < n; i++) {
			double want = sim.flow[i].rate < level ? sim.flow[i].rate : level;

			assert_near("share", sim.flow[i].got / 8, want, 0.06);
		}
	}
}

/* Bursts of others neither hurt a light circuit nor lift the total. */
static void test_bursty(void **state)
{
	double cap = 20 * MBIT;
	unsigned int seed, i;

	(void)state;
	for (seed = 1; seed <= 12; seed++) {
		struct sim_flow *light;

		sim_init(&sim, (u64)cap, seed);
		for (i = 0; i < 64; i++)
			sim_add(&sim, SIM_CBR, cap / 64 * (1.5 + 6 * sim_uniform(&sim)));
		light = sim_add(&sim, SIM_CBR, cap / 64 / 4);
		for (i = 0; i < 64; i++)
			sim_add(&sim, SIM_ONOFF, cap / 64 * 4);
		sim_run(&sim, 1);
		sim_measure(&sim);
		sim_run(&sim, 11);
		assert_near("total", sim_load(&sim), 1, 0.03);
		assert_true(sim_jain(&sim, 0, 64) >= 0.98);
		assert_true(light->got >= 0.999 * light->sent);
	}
	/* nobody but bursts */
	for (seed = 1; seed <= 12; seed++) {
		sim_init(&sim, (u64)cap, seed);
		for (i = 0; i < 64; i++)
			sim_add(&sim, SIM_ONOFF, cap / 64 * 10);
		sim_run(&sim, 1);
		sim_measure(&sim);
		sim_run(&sim, 21);
		assert_true(sim_load(&sim) < 1.03);
		assert_true(sim_load(&sim) > 0.90);
	}
}

/* 8 circuits, then 64, then 8, then 1: a second after each change the total
 * and f are where they belong.
 */
static void test_join_leave(void **state)
{
	static const unsigned int count[] = { 8, 64, 8, 1 };
	static const double caps[] = { 10, 20, 200 };
	unsigned int seed, i, phase, c;

	(void)state;
	for (c = 0; c < 3; c++)
		for (seed = 1; seed <= 6; seed++) {
			double cap = caps[c] * MBIT;

			sim_init(&sim, (u64)cap, seed);
			for (phase = 0; phase < 4; phase++) {
				double t0 = 4 * phase;

				while (sim.n < count[phase])
					sim_add(&sim, SIM_CBR, cap * (1.1 + 0.5 * sim_uniform(&sim)));
				for (i = count[phase]; i < sim.n; i++)
					sim.flow[i].to = sim.now;
				sim_run(&sim, t0 + 1);
				sim_measure(&sim);
				sim_run(&sim, t0 + 1.5);
				/* circuits in step: half a second holds one cell each more or less */
				assert_near("total after a second", sim_load(&sim), 1,
					    0.05 + count[phase] * CR_CELL_LARGE / (cap * 0.5));
				assert_near("f after a second", (double)sim.fair.fair,
					    cap / count[phase], 0.15);
				sim_run(&sim, t0 + 4);
				assert_near("total", sim_load(&sim), 1,
					    0.03 + count[phase] * CR_CELL_LARGE / (cap * 3));
			}
		}
}

/* Room for all: nobody is refused, f grows back to the cap; and one newcomer
 * beside many light circuits is cut to what they leave.
 */
static void test_room(void **state)
{
	double cap = 100 * MBIT;
	unsigned int i;

	(void)state;
	sim_init(&sim, (u64)cap, 7);
	for (i = 0; i < 900; i++)
		sim_add(&sim, SIM_CBR, cap * 0.001);
	sim_add(&sim, SIM_CBR, cap)->from = 4;
	sim.flow[900].to = 9;
	sim_run(&sim, 1);
	sim_measure(&sim);
	sim_run(&sim, 4);
	assert_near("all pass", sim_load(&sim), 0.9, 0.002);
	assert_int_equal(sim.fair.fair, (u64)cap);
	sim_run(&sim, 6);
	sim_measure(&sim);
	sim_run(&sim, 8);
	assert_near("filled", sim_load(&sim), 1, 0.03);
	for (i = 0; i < 900; i++)
		assert_true(sim.flow[i].got >= 0.999 * sim.flow[i].sent);
	assert_near("newcomer", sim.flow[900].got / 2, 0.1 * cap, 0.25);
	sim_run(&sim, 13);
	sim_measure(&sim);
	sim_run(&sim, 14);
	assert_near("all pass again", sim_load(&sim), 0.9, 0.002);
}

/* Straight at cr_fair_step(): floor, recovery, late timers, nonsense. */
static void test_step(void **state)
{
	static const u64 caps[] = { 1, 15, 16, 17, 1000, 12500, 2500000, 1250000000, (1ULL << 37) - 1 };
	struct cr_fair c, late;
	u64 seed = 60, f;
	unsigned int i, k;

	(void)state;
	cr_fair_init(&c, CR_RATE_UNLIMITED);
	assert_true(cr_fair_step(&c, ~0ULL, ~0ULL, 10000000) == CR_RATE_UNLIMITED);
	cr_fair_init(&c, 1ULL << 37);
	assert_true(cr_fair_step(&c, 1, 1, 10000000) == CR_RATE_UNLIMITED);
	cr_fair_init(&c, 0);
	assert_int_equal(cr_fair_step(&c, 0, 0, 10000000), 0);

	/* a million circuits push f to its floor; a second later one may have it all */
	cr_fair_init(&c, 2500000);
	for (i = 0; i < 2000; i++)
		f = cr_fair_step(&c, 100000000, 1408, 10000000);
	assert_int_equal(f, 16);
	for (i = 0; i < 100; i++)
		f = cr_fair_step(&c, 0, 0, 10000000);
	assert_int_equal(f, 2500000);

	/* an excess is repaid gently: a hundred circuits, one rush, no famine */
	cr_fair_init(&c, 100000);
	for (i = 0, f = 100000; i < 9000; i++) {
		f = cr_fair_step(&c, i == 6000 ? 100000 : f, 1408, 10000000);
		if (i > 5000)
			assert_true(f > 450 && f < 1030);
	}
	assert_near("gentle", (double)f, 1000, 0.025);

	/* an excess that nobody was refused for is forgotten soon */
	cr_fair_init(&c, 2500000);
	for (i = 0; i < 100; i++)
		cr_fair_step(&c, 1ULL << 37, 0, 1000000);
	for (i = 0; i < 200; i++)
		f = cr_fair_step(&c, 0, 0, 10000000);
	assert_int_equal(f, 2500000);

	/* a timer an hour late is no worse than one a second late */
	cr_fair_init(&c, 2500000);
	for (i = 0; i < 500; i++)
		f = cr_fair_step(&c, f / 100 * 64, 1408, 10000000);
	late = c;
	f = cr_fair_step(&c, 0, 1408, 1000000000);
	assert_true(f == cr_fair_step(&late, 0, 1408, 3600000000000ULL));

	/* a period of no length changes nothing; a late one counts as it should */
	cr_fair_init(&c, 2500000);
	f = c.fair;
	assert_int_equal(cr_fair_step(&c, 1000, 0, 0), f);
	for (i = 0; i < 20; i++)
		f = cr_fair_step(&c, 4 * f, 1408, 1000000000);
	assert_near("late timer", (double)f, 2500000 / 4.0, 0.07);

	for (i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
		cr_fair_init(&c, caps[i]);
		for (k = 0; k < 100000; k++) {
			f = cr_fair_step(&c, prng(&seed) >> prng(&seed) % 64,
					 prng(&seed) >> prng(&seed) % 64,
					 prng(&seed) >> prng(&seed) % 64);
			assert_true(f <= caps[i]);
			assert_true(f >= (caps[i] < 16 ? caps[i] : 16));
		}
		for (k = 0; k < 1500; k++)
			f = cr_fair_step(&c, 0, 0, 10000000);
		assert_int_equal(f, caps[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_long_run),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_any_input),
		cmocka_unit_test(test_greedy_20mbit),
		cmocka_unit_test(test_greedy_poisson),
		cmocka_unit_test(test_greedy_other_caps),
		cmocka_unit_test(test_long_total),
		cmocka_unit_test(test_thin),
		cmocka_unit_test(test_max_min),
		cmocka_unit_test(test_bursty),
		cmocka_unit_test(test_join_leave),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_step),
	};

	return RUN_TESTS("core rate", tests);
}
