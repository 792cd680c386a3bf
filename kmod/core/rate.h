/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Rate limits: a token bucket per circuit direction, refilled at the lower of
 * the circuit's own cap and the namespace's fair rate f; and the controller
 * that moves f so that what is admitted meets the total cap (max-min fair:
 * whoever wants less than f gets what it wants, the others get f).
 */
#ifndef CR_CORE_RATE_H
#define CR_CORE_RATE_H

#include "env.h"

#define CR_RATE_UNLIMITED	(~0ULL)
#define CR_RATE_BURST_MS	50u
#define CR_RATE_PERIOD_MS	10u	/* how often f is recomputed */

/** struct cr_bucket - one direction's tokens; under the direction's lock
 * @tokens: bytes available, times 10^9
 * @stamp: ns of the last refill; 0: never, the bucket is full
 */
struct cr_bucket {
	u64 tokens;
	u64 stamp;
};

/**
 * cr_bucket_take() - refill, then take @len bytes if they are there
 * @b: bucket
 * @now: monotonic ns
 * @rate: bytes per second, CR_RATE_UNLIMITED for none
 * @len: bytes of the cell
 *
 * The burst is CR_RATE_BURST_MS of @rate, but at least two large cells. A rate
 * of 2^37 or more is as good as none; at rate 0 nothing passes.
 * Return: true when the cell may pass.
 */
bool cr_bucket_take(struct cr_bucket *b, u64 now, u64 rate, u32 len);

/**
 * cr_bucket_ready() - would cr_bucket_take() succeed now? Nothing is changed.
 *
 * Without the lock the answer is a hint that a race can make wrong either way.
 */
bool cr_bucket_ready(const struct cr_bucket *b, u64 now, u64 rate, u32 len);

/** struct cr_fair_avg - smoothed admitted rate and f, 1/65536 bytes/s; the
 * quotient is how many circuits at f the admitted amounts to
 */
struct cr_fair_avg {
	u64 admitted;
	u64 fair;
};

/** struct cr_fair - state of the controller; one per namespace
 * @cap: total cap in bytes/s, CR_RATE_UNLIMITED for none
 * @fair: f, bytes/s per circuit direction
 * @slow: averages that f follows
 * @quick: averages over a shorter time, which notice a rush
 * @span: how many circuits, in 1/65536, the length of the averages is for
 * @debt: admitted less allowed, bytes, clamped; steers f so that the long-run
 *	total meets the cap
 * @calm_ns: time since a cell was refused, no more than is of interest
 * @calm_bytes: admitted in that time
 */
struct cr_fair {
	u64 cap;
	u64 fair;
	struct cr_fair_avg slow;
	struct cr_fair_avg quick;
	u64 span;
	s64 debt;
	u64 calm_ns;
	u64 calm_bytes;
};

/** cr_fair_init() - f starts at @cap (bytes/s, CR_RATE_UNLIMITED for none) */
void cr_fair_init(struct cr_fair *c, u64 cap);

/**
 * cr_fair_step() - one period: recompute f
 * @c: controller
 * @admitted: bytes admitted in the period, under the f of the last call
 * @refused: bytes refused for lack of tokens in the period
 * @dt_ns: length of the period; a late timer does no harm
 *
 * Return: the new f.
 */
u64 cr_fair_step(struct cr_fair *c, u64 admitted, u64 refused, u64 dt_ns);

#endif /* CR_CORE_RATE_H */
