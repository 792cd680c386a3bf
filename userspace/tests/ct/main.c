// SPDX-License-Identifier: MIT
/*
 * check-ct NAME runs one suite; check-ct leak branches on a secret on purpose,
 * so that whoever runs this knows that the tool would have seen it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <valgrind/memcheck.h>

#include "ct.h"
#include "proof/group.h"

void ct_secret(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

void ct_public(const void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

void ct_check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "check-ct: %s failed\n", what);
	exit(2);
}

static void ct_leak(void)
{
	volatile unsigned char secret = 1;
	volatile int seen = 0;

	ct_secret((void *)&secret, 1);
	if (secret & 1)
		seen = 1;
	ct_public((void *)&seen, sizeof(seen));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} suites[] = {
		{ "leak", ct_leak },
		{ "group", ct_group },
		{ "range", ct_range },
		{ "voucher", ct_voucher },
		{ "receipt", ct_receipt },
		{ "claim", ct_claim },
	};

	if (!RUNNING_ON_VALGRIND) {
		fprintf(stderr, "check-ct: runs under valgrind only\n");
		return 2;
	}
	ct_check(cr_proof_init() == 0, "start");
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], suites[i].name)) {
			suites[i].run();
			return 0;
		}
	}
	if (argc == 1) {
		for (size_t i = 1; i < sizeof(suites) / sizeof(suites[0]); i++)
			puts(suites[i].name);
		return 0;
	}
	fprintf(stderr, "check-ct: no suite of that name\n");
	return 2;
}
