/* SPDX-License-Identifier: MIT */
/* What the tests of the pure core share: cmocka, a seeded generator, a main(). */
#ifndef CR_TEST_CORE_H
#define CR_TEST_CORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"

/* splitmix64: a failure repeats, because nothing here is really random. */
static inline u64 prng(u64 *s)
{
	u64 z = *s += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline void prng_fill(u64 *s, void *dst, size_t n)
{
	u8 *p = dst;

	while (n--)
		*p++ = (u8)prng(s);
}

#define RUN_TESTS(name, tests)							\
	(sodium_init() < 0 ? 1 : cmocka_run_group_tests_name(name, tests, NULL, NULL))

#endif /* CR_TEST_CORE_H */
