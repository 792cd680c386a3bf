// SPDX-License-Identifier: MIT
/*
 * Frequency of this machine's time stamp counter in kHz, against CLOCK_MONOTONIC_RAW, on
 * standard output. An emulated processor's counter is this one, and a guest that has to
 * measure it while its processors wait for ours may be wrong by a factor.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct stamp {
	uint64_t tsc, ns;
};

/* The reading of both clocks that took least time, of many. */
static struct stamp now(void)
{
	struct stamp best = { 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		struct timespec t;
		uint64_t a, b;

		a = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		b = __rdtsc();
		if (b - a < least) {
			least = b - a;
			best.tsc = a + least / 2;
			best.ns = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
		}
	}
	return best;
}

int main(void)
{
	struct timespec wait = { .tv_nsec = 100000000 };
	struct stamp a = now(), b;

	nanosleep(&wait, NULL);
	b = now();
	printf("%.0f\n", (double)(b.tsc - a.tsc) * 1e6 / (double)(b.ns - a.ns));
	return 0;
}
