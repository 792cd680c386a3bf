// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "seeded.h"

void seeded_bytes(void *out, size_t len)
{
	static uint64_t seed, block;
	uint8_t key[randombytes_SEEDBYTES] = { 0 };

	if (!block) {
		const char *text = getenv("TEST_SEED");

		seed = text ? strtoull(text, NULL, 10) : 1;
		printf("# TEST_SEED=%llu\n", (unsigned long long)seed);
	}
	block++;
	memcpy(key, &seed, sizeof(seed));
	memcpy(key + sizeof(seed), &block, sizeof(block));
	randombytes_buf_deterministic(out, len, key);
}

uint64_t seeded_u64(void)
{
	uint64_t v;

	seeded_bytes(&v, sizeof(v));
	return v;
}

void seeded_scalar(struct cr_scalar *s)
{
	uint8_t wide[CR_UNIFORM_BYTES];

	seeded_bytes(wide, sizeof(wide));
	cr_scalar_reduce(s, wide);
}
