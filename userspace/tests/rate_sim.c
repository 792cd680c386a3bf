// SPDX-License-Identifier: MIT
#include <math.h>

#include "rate_sim.h"
#include "wire.h"

double sim_uniform(struct sim *s)
{
	return (double)(prng(&s->seed) >> 11) / (double)(1ULL << 53);
}

static double exponential(struct sim *s, double mean)
{
	return -mean * log(1 - sim_uniform(s));
}

void sim_init(struct sim *s, u64 cap, u64 seed)
{
	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->tick = 0.01;
	cr_fair_init(&s->fair, cap);
	sim_measure(s);
}

struct sim_flow *sim_add(struct sim *s, enum sim_kind kind, double rate)
{
	struct sim_flow *f = &s->flow[s->n];

	assert_true(s->n < SIM_MAX);
	s->heap[s->n] = s->n;
	s->n++;
	f->kind = kind;
	f->rate = rate;
	f->from = s->now;
	f->to = SIM_NEVER;
	f->on = 0.2;
	f->off = 0.6;
	f->cell = CR_CELL_LARGE;
	return f;
}

static void sift_down(struct sim *s, unsigned int i)
{
	for (;;) {
		unsigned int m = i, c = 2 * i + 1, t;

		if (c < s->n && s->flow[s->heap[c]].next < s->flow[s->heap[m]].next)
			m = c;
		c++;
		if (c < s->n && s->flow[s->heap[c]].next < s->flow[s->heap[m]].next)
			m = c;
		if (m == i)
			return;
		t = s->heap[i];
		s->heap[i] = s->heap[m];
		s->heap[m] = t;
		i = m;
	}
}

/* When the flow sends next, after what it did at @s->now. */
static void schedule(struct sim *s, struct sim_flow *f)
{
	double gap = f->cell / f->rate;

	if (f->kind == SIM_POISSON)
		gap = exponential(s, gap);
	else
		gap *= 0.95 + 0.1 * sim_uniform(s);
	f->next = s->now + gap;
	if (f->kind == SIM_ONOFF && f->next >= f->phase_end) {
		f->next = f->phase_end + exponential(s, f->off);
		f->phase_end = f->next + exponential(s, f->on);
	}
	if (f->next >= f->to)
		f->next = SIM_NEVER;
}

static void arrive(struct sim *s, struct sim_flow *f)
{
	f->sent += f->cell;
	if (cr_bucket_take(&f->bucket, (u64)((1 + s->now) * 1e9), s->fair.fair, f->cell)) {
		f->got += f->cell;
		s->total += f->cell;
		s->admitted += f->cell;
	} else {
		s->refused += f->cell;
	}
	schedule(s, f);
}

static void tick(struct sim *s)
{
	u64 fair = cr_fair_step(&s->fair, s->admitted, s->refused,
				(u64)((s->now - s->last_tick) * 1e9));

	s->admitted = 0;
	s->refused = 0;
	s->last_tick = s->now;
	s->tick = s->now + 0.01 * (1 + 0.1 * sim_uniform(s));
	if (prng(&s->seed) % 100 == 0)
		s->tick += 0.03 * sim_uniform(s);
	if (fair < s->fair_min)
		s->fair_min = fair;
	if (fair > s->fair_max)
		s->fair_max = fair;
}

void sim_run(struct sim *s, double to)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		struct sim_flow *f = &s->flow[i];

		if (!f->next) {
			f->next = f->from + sim_uniform(s) * f->cell / f->rate;
			f->phase_end = f->from + exponential(s, f->on);
		}
	}
	for (i = s->n; i-- > 0; )
		sift_down(s, i);
	for (;;) {
		struct sim_flow *f = s->n ? &s->flow[s->heap[0]] : NULL;

		if (f && f->next < s->tick && f->next < to) {
			s->now = f->next;
			arrive(s, f);
			sift_down(s, 0);
		} else if (s->tick < to) {
			s->now = s->tick;
			tick(s);
		} else {
			s->now = to;
			return;
		}
	}
}

void sim_measure(struct sim *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		s->flow[i].sent = s->flow[i].got = 0;
	s->total = 0;
	s->measured_from = s->now;
	s->fair_min = ~0ULL;
	s->fair_max = 0;
}

double sim_load(const struct sim *s)
{
	return s->total / (s->now - s->measured_from) / (double)s->fair.cap;
}

double sim_jain(const struct sim *s, unsigned int from, unsigned int n)
{
	double sum = 0, squares = 0;
	unsigned int i;

	for (i = from; i < from + n; i++) {
		sum += s->flow[i].got;
		squares += s->flow[i].got * s->flow[i].got;
	}
	return sum * sum / (n * squares);
}
