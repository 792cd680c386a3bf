// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Token buckets and the controller of the fair rate. */
#include "rate.h"
#include "wire.h"

#define NSEC_PER_S	1000000000ULL
#define BURST_NS	(CR_RATE_BURST_MS * 1000000ULL)
/* Tokens are bytes times 10^9, so rate * ns needs no division. Two large cells
 * are the smallest bucket; a rate below LOW_RATE does not make more in 50 ms.
 */
#define BUCKET_MIN	(2ULL * CR_CELL_LARGE * NSEC_PER_S)
#define LOW_RATE	(BUCKET_MIN / BURST_NS)
#define RATE_MAX	(1ULL << 37)	/* 1.1 Tbit/s and more count as unlimited */
#define LONG_NS		(1ULL << 42)	/* 1 byte/s fills the smallest bucket in less */

static_assert(LONG_NS > BUCKET_MIN, "the slowest bucket fills within LONG_NS");
static_assert(RATE_MAX <= ~0ULL / BURST_NS / 2, "no overflow at the fastest");
static_assert((LOW_RATE + 1) * LONG_NS / LONG_NS == LOW_RATE + 1 &&
	      (LOW_RATE + 1) * LONG_NS < 1ULL << 62, "no overflow at the slowest");

bool cr_bucket_take(struct cr_bucket *b, u64 now, u64 rate, u32 len)
{
	u64 burst, dt, cost = len * NSEC_PER_S;

	if (rate >= RATE_MAX)
		return true;
	if (!rate)
		return false;
	burst = rate > LOW_RATE ? rate * BURST_NS : BUCKET_MIN;
	if (!b->stamp) {
		b->tokens = burst;
		b->stamp = now;
	} else if (now > b->stamp) {
		u64 max = rate > LOW_RATE ? BURST_NS : LONG_NS;

		dt = now - b->stamp;
		b->tokens += rate * (dt < max ? dt : max);
		b->stamp = now;
	}
	if (b->tokens > burst)
		b->tokens = burst;
	if (b->tokens < cost)
		return false;
	b->tokens -= cost;
	return true;
}

#define ONE		65536ULL	/* one flow */
#define FAIR_MIN	16ULL		/* bytes/s; f never falls below */
#define DEBT_NS		50000000ULL	/* of the cap: what is remembered of excess or lack */
#define TAU_NS		100000000ULL	/* smoothing, */
#define TAU_CELLS	128ULL		/* but at least so many large cells at the cap, */
#define TAU_MAX_NS	(60 * NSEC_PER_S)
#define QUICK_SHARE	4		/* of which the quick average takes this part */
#define DT_MAX_NS	NSEC_PER_S

/* a * b / c to 31 significant bits, saturating; for the controller only. */
static u64 muldiv(u64 a, u64 b, u64 c)
{
	int sa = 32 - fls64(a), sb = 32 - fls64(b), sc = 32 - fls64(c);
	int shift;
	u64 q;

	if (!a || !b)
		return 0;
	if (!c)
		return ~0ULL;
	a = sa < 0 ? a >> -sa : a << sa;
	b = sb < 0 ? b >> -sb : b << sb;
	c = sc < 0 ? c >> -sc : c << sc;
	q = div64_u64(a * b, c);
	shift = sc - sa - sb;
	if (shift > 0)
		return fls64(q) + shift > 64 ? ~0ULL : q << shift;
	return shift > -64 ? q >> -shift : 0;
}

static u64 clamp64(u64 x, u64 lo, u64 hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* One step of exponential smoothing with time constant @tau. */
static u64 smooth(u64 avg, u64 x, u64 dt, u64 tau)
{
	return x > avg ? avg + muldiv(x - avg, dt, tau + dt) :
			 avg - muldiv(avg - x, dt, tau + dt);
}

void cr_fair_init(struct cr_fair *c, u64 cap)
{
	c->cap = cap >= RATE_MAX ? CR_RATE_UNLIMITED : cap;
	c->fair = c->cap;
	c->flows = ONE;
	c->quick = ONE;
	c->debt = 0;
}

/*
 * What was admitted is A(f) = sum of min(demand, f). A / f counts the circuits
 * that take all of f, plus a part for each that wants less; f = cap / (A / f)
 * is a fixed-point iteration for A(f) = cap. A is concave and A(0) = 0, so it
 * converges from either side without overshoot, and smoothing A / f instead of
 * A keeps that true while f moves. With nobody refused and room left it grows f.
 */
u64 cr_fair_step(struct cr_fair *c, u64 admitted, u64 refused, u64 dt_ns)
{
	u64 tau, now, target, limit, part;

	if (c->cap == CR_RATE_UNLIMITED || !c->cap || !dt_ns)
		return c->fair;
	if (dt_ns > DT_MAX_NS) {
		admitted = muldiv(admitted, DT_MAX_NS, dt_ns);
		dt_ns = DT_MAX_NS;
	}
	if (admitted > RATE_MAX)
		admitted = RATE_MAX;

	tau = clamp64(muldiv(TAU_CELLS * CR_CELL_LARGE, NSEC_PER_S, c->cap),
		      TAU_NS, TAU_MAX_NS);
	now = muldiv(muldiv(admitted, NSEC_PER_S, dt_ns), ONE, c->fair);
	c->flows = smooth(c->flows, now, dt_ns, tau);
	c->quick = smooth(c->quick, now, dt_ns, tau / QUICK_SHARE);
	if (c->quick > c->flows + c->flows / 2)
		c->flows = c->quick;

	limit = muldiv(c->cap, DEBT_NS, NSEC_PER_S) + 4 * CR_CELL_LARGE;
	c->debt += (s64)admitted - (s64)muldiv(c->cap, dt_ns, NSEC_PER_S);
	if (c->debt > (s64)limit)
		c->debt = (s64)limit;
	if (c->debt < -(s64)limit)
		c->debt = -(s64)limit;
	/* Repaid within about a second, and never by more than a sixteenth. */
	part = c->cap / 16;
	target = c->cap;
	if (c->debt > 0)
		target -= clamp64((u64)c->debt, 0, part);
	else
		target += clamp64((u64)-c->debt, 0, part);

	c->fair = clamp64(muldiv(target, ONE, c->flows), FAIR_MIN, c->cap);
	c->flows = clamp64(c->flows, ONE / 2, muldiv(c->cap, ONE, FAIR_MIN));
	(void)refused;
	return c->fair;
}
