/* SPDX-License-Identifier: MIT */
/*
 * A machine with many senders, one token bucket each, and the fairness
 * controller on a timer that is never quite punctual: in simulated time.
 */
#ifndef CR_RATE_SIM_H
#define CR_RATE_SIM_H

#include "test_core.h"
#include "rate.h"

#define SIM_MAX		1100
#define SIM_NEVER	1e18

enum sim_kind {
	SIM_CBR,	/* even spacing, 5 % jitter */
	SIM_POISSON,	/* exponential spacing */
	SIM_ONOFF,	/* CBR for exponential times around @on, silent around @off */
};

/** struct sim_flow - one sender
 * @rate: while sending, bytes/s
 * @from: first cell, s
 * @to: last cell, s
 * @sent: bytes offered since sim_measure()
 * @got: bytes admitted since then
 */
struct sim_flow {
	enum sim_kind kind;
	double rate, from, to, on, off;
	unsigned int cell;
	double sent, got;
	double next, phase_end;
	bool talking;
	struct cr_bucket bucket;
};

/** struct sim - the machine
 * @now: simulated seconds
 * @total: bytes admitted since sim_measure()
 */
struct sim {
	struct sim_flow flow[SIM_MAX];
	unsigned int heap[SIM_MAX];
	unsigned int n;
	struct cr_fair fair;
	double now, tick, last_tick, total, measured_from;
	u64 admitted, refused, seed;
	u64 fair_min, fair_max;
};

void sim_init(struct sim *s, u64 cap, u64 seed);
struct sim_flow *sim_add(struct sim *s, enum sim_kind kind, double rate);
/* Run until @to seconds. */
void sim_run(struct sim *s, double to);
/* Forget what was counted so far. */
void sim_measure(struct sim *s);
/* Admitted since sim_measure(), over the cap. */
double sim_load(const struct sim *s);
/* Jain's index of flows [from, from + n). */
double sim_jain(const struct sim *s, unsigned int from, unsigned int n);
double sim_uniform(struct sim *s);

#endif /* CR_RATE_SIM_H */
