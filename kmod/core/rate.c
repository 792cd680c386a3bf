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

/* Tokens at @now, for a rate that is neither zero nor unlimited. */
static u64 refilled(const struct cr_bucket *b, u64 now, u64 rate)
{
	bool low = rate <= LOW_RATE;
	u64 burst = low ? BUCKET_MIN : rate * BURST_NS;
	u64 max = low ? LONG_NS : BURST_NS;
	u64 stamp = READ_ONCE(b->stamp);
	u64 tokens = READ_ONCE(b->tokens);

	if (!stamp)
		return burst;
	if (now > stamp)
		tokens += rate * (now - stamp < max ? now - stamp : max);
	return tokens < burst ? tokens : burst;
}

bool cr_bucket_ready(const struct cr_bucket *b, u64 now, u64 rate, u32 len)
{
	if (rate >= RATE_MAX)
		return true;
	return rate && refilled(b, now, rate) >= len * NSEC_PER_S;
}

bool cr_bucket_take(struct cr_bucket *b, u64 now, u64 rate, u32 len)
{
	u64 tokens, cost = len * NSEC_PER_S;
	bool ok;

	if (rate >= RATE_MAX)
		return true;
	if (!rate)
		return false;
	tokens = refilled(b, now, rate);
	ok = tokens >= cost;
	WRITE_ONCE(b->tokens, ok ? tokens - cost : tokens);
	/* Time goes on, also when the callers' clocks disagree. */
	if (now > b->stamp)
		WRITE_ONCE(b->stamp, now);
	return ok;
}

#define ONE		65536ULL	/* one flow */
#define FAIR_MIN	16ULL		/* bytes/s; f never falls below */
#define DEBT_NS		50000000ULL	/* of the cap: what is remembered of excess or lack */
#define SLOW_NS		100000000ULL	/* smoothing, and cells per flow at least */
#define SLOW_CELLS	4
#define QUICK_NS	10000000ULL
#define QUICK_CELLS	2
#define GROW_NS		30000000ULL	/* f e-folds in this when nobody has been refused */
#define SHRINK_NS	(2 * BURST_NS)	/* and back in this: refusals come when buckets are empty */
#define CALM_NS		100000000ULL	/* for so long, */
#define CALM_CELLS	32ULL		/* or the time of so many large cells at the cap */
#define SLOW_MAX_NS	(10 * NSEC_PER_S)
#define QUICK_MAX_NS	(3 * NSEC_PER_S)
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

/* Average over @ns, or as long as each of c->span circuits takes for @cells
 * large cells: those that started together send in step, less would see waves.
 */
static void average(struct cr_fair_avg *a, const struct cr_fair *c, u64 rate,
		    u64 dt, u64 ns, u64 max_ns, u64 cells)
{
	u64 tau = muldiv(c->span, cells * CR_CELL_LARGE * (NSEC_PER_S / ONE), c->cap);

	tau = clamp64(tau, ns, max_ns);
	a->admitted = smooth(a->admitted, rate * ONE, dt, tau);
	a->fair = smooth(a->fair, c->fair * ONE, dt, tau);
}

static u64 flows_of(const struct cr_fair_avg *a)
{
	return muldiv(a->admitted, ONE, a->fair);
}

/* Nobody has been refused for a while: f limits nobody, and what was admitted
 * says only whether there is room. Return: false while somebody is refused.
 */
static bool calm(struct cr_fair *c, u64 admitted, u64 refused, u64 dt, u64 floor)
{
	u64 enough = clamp64(muldiv(CALM_CELLS * CR_CELL_LARGE, NSEC_PER_S, c->cap),
			     CALM_NS, SLOW_MAX_NS);
	u64 shrink, rate, most;

	if (refused) {
		c->calm_ns = 0;
		c->calm_bytes = 0;
		return false;
	}
	c->calm_ns += dt;
	c->calm_bytes += admitted;
	if (c->calm_ns < enough)
		return false;
	if (c->calm_ns > 2 * enough) {
		c->calm_ns /= 2;
		c->calm_bytes /= 2;
	}
	/* What is far above the cap must not take long to forget. */
	most = 4 * (muldiv(c->cap, c->calm_ns, NSEC_PER_S) + CR_CELL_LARGE);
	c->calm_bytes = clamp64(c->calm_bytes, 0, most);
	rate = muldiv(c->calm_bytes, NSEC_PER_S, c->calm_ns);
	if (rate < c->cap) {
		c->fair += muldiv(c->fair, dt, GROW_NS) + 1;
	} else {
		shrink = clamp64(muldiv(2 * BUCKET_MIN, 1, c->fair), SHRINK_NS, SLOW_MAX_NS);
		c->fair -= muldiv(c->fair, dt, shrink + dt) + 1;
	}
	c->fair = clamp64(c->fair, floor, c->cap);
	c->slow.fair = c->fair * ONE;
	c->slow.admitted = rate * ONE;
	c->quick = c->slow;
	return true;
}

void cr_fair_init(struct cr_fair *c, u64 cap)
{
	c->cap = cap >= RATE_MAX ? CR_RATE_UNLIMITED : cap;
	c->fair = c->cap;
	c->slow.admitted = c->cap * ONE;
	c->slow.fair = c->cap * ONE;
	c->quick = c->slow;
	c->span = ONE;
	c->debt = 0;
	c->calm_ns = 0;
	c->calm_bytes = 0;
}

/*
 * What was admitted is A(f) = sum of min(demand, f). A / f counts the circuits
 * that take all of f, plus a part for each that wants less; f = cap / (A / f)
 * is a fixed-point iteration for A(f) = cap. A is concave and A(0) = 0, so it
 * converges from either side without overshoot. Both A and f are averaged, so
 * that f may move meanwhile. Where nobody is refused and room is left, f limits
 * nobody and need not wait for averages to grow.
 */
u64 cr_fair_step(struct cr_fair *c, u64 admitted, u64 refused, u64 dt_ns)
{
	u64 rate, flows, rush, target, limit, part, floor;

	if (c->cap == CR_RATE_UNLIMITED || !c->cap || !dt_ns)
		return c->fair;
	if (dt_ns > DT_MAX_NS) {
		admitted = muldiv(admitted, DT_MAX_NS, dt_ns);
		dt_ns = DT_MAX_NS;
	}
	floor = c->cap < FAIR_MIN ? c->cap : FAIR_MIN;
	rate = clamp64(muldiv(admitted, NSEC_PER_S, dt_ns), 0, RATE_MAX);
	admitted = clamp64(admitted, 0, RATE_MAX);

	average(&c->slow, c, rate, dt_ns, SLOW_NS, SLOW_MAX_NS, SLOW_CELLS);
	average(&c->quick, c, rate, dt_ns, QUICK_NS, QUICK_MAX_NS, QUICK_CELLS);
	rush = flows_of(&c->quick);
	flows = flows_of(&c->slow);
	/* Not with every wave, or the averages would lean towards its crests. */
	if (flows > c->span + c->span / 2 || flows < c->span / 2)
		c->span = clamp64(flows, ONE, muldiv(c->cap, ONE, floor));

	limit = muldiv(c->cap, DEBT_NS, NSEC_PER_S) + CR_CELL_LARGE * (c->span / ONE + 1);
	c->debt += (s64)admitted - (s64)muldiv(c->cap, dt_ns, NSEC_PER_S);
	if (c->debt > (s64)limit)
		c->debt = (s64)limit;
	if (c->debt < -(s64)limit)
		c->debt = -(s64)limit;
	/* Repaid in a second, but by no more than two percent of the cap. */
	part = muldiv(c->cap, 1, 50);
	target = c->cap;
	if (c->debt > 0)
		target -= clamp64((u64)c->debt, 0, part);
	else
		target += clamp64((u64)-c->debt, 0, part);

	if (calm(c, admitted, refused, dt_ns, floor))
		return c->fair;
	if (rush > flows + flows / 2 || rush < flows / 2 + flows / 8) {
		/* The averages start over at the new f, or they would lag. */
		c->fair = clamp64(muldiv(target, ONE, rush), floor, c->cap);
		c->slow.fair = c->fair * ONE;
		c->slow.admitted = c->fair * rush;
		c->quick = c->slow;
	} else {
		c->fair = clamp64(muldiv(target, ONE, flows), floor, c->cap);
	}
	return c->fair;
}
