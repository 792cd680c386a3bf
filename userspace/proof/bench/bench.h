/* SPDX-License-Identifier: MIT */
/*
 * Harness of `make bench-proofs`: one thread, its CPU time, median of repeated
 * runs. A suite is a function that calls bench_row() for each figure; add it
 * to the list in main.c.
 */
#ifndef CR_PROOF_BENCH_H
#define CR_PROOF_BENCH_H

#include <stddef.h>

/**
 * bench_median() - seconds of one call of @op
 * @op: what to measure
 * @arg: passed to @op
 *
 * Calls @op once to warm up, then repeats for about half a second (at least
 * five times) and takes the median.
 */
double bench_median(void (*op)(void *arg), void *arg);

/** bench_once() - seconds of a single call, for what takes many */
double bench_once(void (*op)(void *arg), void *arg);

/**
 * bench_row() - print one figure
 * @name: what was measured
 * @seconds: of one operation
 * @sodium: seconds libsodium's calls need for the same, 0 if not measured
 * @limit: figure to reach, 0 if none; a miss is marked and makes
 *	bench_missed() count
 */
void bench_row(const char *name, double seconds, double sodium, double limit);

/** bench_memory_row() - print a peak, both in KiB; a miss counts likewise */
void bench_memory_row(const char *name, long peak, long limit);

/** bench_heading() - start a group of rows */
void bench_heading(const char *text);

/** bench_missed() - how many limits were missed so far */
int bench_missed(void);

/** bench_die() - the operation under test failed: say so and exit */
void bench_die(const char *what, int err) __attribute__((noreturn));

/* The suites. */
void bench_group(void);
void bench_range(void);
void bench_payment(void);

#endif /* CR_PROOF_BENCH_H */
