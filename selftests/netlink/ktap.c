// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ktap.h"

#define KTAP_MAX_REASONS	20	/* per test; a broken kernel fails thousands of times */

static unsigned int reasons;

static void comment(const char *fmt, va_list ap)
{
	fputs("# ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
}

void ktap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	comment(fmt, ap);
	va_end(ap);
}

void ktap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (++reasons > KTAP_MAX_REASONS)
		return;
	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void ktap_bail(const char *fmt, ...)
{
	va_list ap;

	fputs("Bail out! ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	exit(1);
}

int ktap_run(const struct ktap_test *tests, size_t n)
{
	bool failed = false;
	size_t i;

	printf("KTAP version 1\n1..%zu\n", n);
	for (i = 0; i < n; i++) {
		reasons = 0;
		tests[i].fn(tests[i].arg);
		if (reasons > KTAP_MAX_REASONS)
			ktap_note("%u more", reasons - KTAP_MAX_REASONS);
		printf("%sok %zu %s\n", reasons ? "not " : "", i + 1, tests[i].name);
		fflush(stdout);
		failed |= reasons != 0;
	}
	return failed;
}
