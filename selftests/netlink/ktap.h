/* SPDX-License-Identifier: MIT */
/* KTAP output of the netlink tests: a plan, one line per test, reasons as comments. */
#ifndef NLT_KTAP_H
#define NLT_KTAP_H

#include <stdbool.h>
#include <stddef.h>

struct ktap_test {
	const char *name;
	void (*fn)(const void *arg);
	const void *arg;
};

/* Runs all; returns what main() returns: 0 when all passed. */
int ktap_run(const struct ktap_test *tests, size_t n);

/* Marks the running test as failed and says why. */
void ktap_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A comment line. */
void ktap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Ends the program: the tests cannot go on. */
_Noreturn void ktap_bail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Goes on after a failure; true when it held. */
#define CHECK(cond, ...) \
	((cond) ? true : (ktap_fail(__FILE__, __LINE__, __VA_ARGS__), false))

#endif /* NLT_KTAP_H */
