// SPDX-License-Identifier: MIT
/* bench-proofs: run all suites, exit 1 if a figure was missed. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "proof/error.h"
#include "proof/group.h"

#define MAX_RUNS	2000
#define BUDGET		0.5	/* seconds per figure */

static int missed;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(void (*op)(void *arg), void *arg)
{
	static double runs[MAX_RUNS];
	double begin = now(), last, batch = 1;
	int n = 0;

	op(arg);
	/* operations below 20 us are timed in batches, for the clock's sake */
	last = now() - begin;
	if (last < 20e-6)
		batch = 200;
	begin = now();
	while (n < MAX_RUNS && (n < 5 || now() - begin < BUDGET)) {
		last = now();
		for (int i = 0; i < (int)batch; i++)
			op(arg);
		runs[n++] = (now() - last) / batch;
	}
	qsort(runs, n, sizeof(runs[0]), compare);
	return runs[n / 2];
}

double bench_once(void (*op)(void *arg), void *arg)
{
	double begin = now();

	op(arg);
	return now() - begin;
}

static void print_time(double seconds)
{
	if (seconds >= 0.1)
		printf(" %10.3f s ", seconds);
	else if (seconds >= 100e-6)
		printf(" %10.3f ms", seconds * 1e3);
	else
		printf(" %10.3f us", seconds * 1e6);
}

void bench_row(const char *name, double seconds, double sodium, double limit)
{
	printf("%-44s", name);
	print_time(seconds);
	if (sodium > 0) {
		print_time(sodium);
		printf(" %7.2f", sodium / seconds);
	} else {
		printf("%14s %7s", "-", "-");
	}
	if (limit > 0) {
		print_time(limit);
		if (seconds > limit) {
			printf("  MISSED");
			missed++;
		}
	}
	printf("\n");
	fflush(stdout);
}

void bench_memory_row(const char *name, long peak, long limit)
{
	printf("%-44s %9.1f MiB %13s %7s %9.1f MiB", name, (double)peak / 1024, "-", "-",
	       (double)limit / 1024);
	if (peak > limit) {
		printf("  MISSED");
		missed++;
	}
	printf("\n");
}

void bench_heading(const char *text)
{
	printf("\n%-44s %13s %13s %7s %13s\n", text, "here", "libsodium",
	       "ratio", "limit");
}

int bench_missed(void)
{
	return missed;
}

void bench_die(const char *what, int err)
{
	fprintf(stderr, "bench-proofs: %s: %s\n", what, cr_err_text(err));
	exit(2);
}

int main(void)
{
	static void (*const suites[])(void) = {
		bench_group,
		bench_range,
		bench_payment,
	};
	int err = cr_proof_init();

	if (err)
		bench_die("start", err);
	printf("one thread, its CPU time, medians; ratio: libsodium's time / ours\n");
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		suites[i]();
	return missed ? 1 : 0;
}
