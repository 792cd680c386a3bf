// SPDX-License-Identifier: MIT
/*
 * Token bucket against 128-bit arithmetic; the controller stays within its
 * bounds and finds back to the cap whatever it was fed.
 */
#include "fuzz_core.h"
#include "rate.h"
#include "wire.h"

typedef unsigned __int128 u128;

static u64 wide(struct fuzz_in *in)
{
	unsigned int shift = (unsigned int)fuzz_u64(in, 1) % 64;

	return fuzz_u64(in, 8) >> shift;
}

static void bucket(struct fuzz_in *in)
{
	struct cr_bucket b = { 0 };
	u128 tokens = 0;
	u64 now = 1, last = 0;
	unsigned int i;

	for (i = 0; i < 100 && in->left; i++) {
		u64 rate = wide(in), step = wide(in);
		u32 len = (u32)fuzz_u64(in, 4);
		u128 cost = (u128)len * 1000000000, burst;
		bool expect;

		now = now + step < now ? now : now + step;
		if (!rate || rate >= 1ULL << 37) {
			fuzz_assert(cr_bucket_take(&b, now, rate, len) == !!rate);
			continue;
		}
		burst = (u128)rate * 50000000;
		if (burst < (u128)2 * CR_CELL_LARGE * 1000000000)
			burst = (u128)2 * CR_CELL_LARGE * 1000000000;
		tokens = last ? tokens + (u128)rate * (now - last) : burst;
		if (tokens > burst)
			tokens = burst;
		last = now;
		expect = tokens >= cost;
		fuzz_assert(cr_bucket_ready(&b, now, rate, len) == expect);
		fuzz_assert(cr_bucket_take(&b, now, rate, len) == expect);
		if (expect)
			tokens -= cost;
		fuzz_assert(b.tokens == tokens && b.stamp == now);
	}
}

static void controller(struct fuzz_in *in)
{
	struct cr_fair c;
	u64 cap = wide(in), f;
	unsigned int i;

	cr_fair_init(&c, cap);
	for (i = 0; i < 100 && in->left; i++) {
		u64 admitted = wide(in), refused = wide(in), dt = wide(in);

		f = cr_fair_step(&c, admitted, refused, dt);
		if (cap >= 1ULL << 37)
			fuzz_assert(f == CR_RATE_UNLIMITED);
		else
			fuzz_assert(f <= cap && f >= (cap < 16 ? cap : 16));
	}
	/* less than a cell a second takes longer to find back than a minute */
	if (cap < 1000 || cap >= 1ULL << 37)
		return;
	for (i = 0, f = 0; i < 600 && f != cap; i++)
		f = cr_fair_step(&c, 0, 0, 100000000);
	fuzz_assert(f == cap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };

	if (fuzz_u64(&in, 1) & 1)
		bucket(&in);
	else
		controller(&in);
	return 0;
}
