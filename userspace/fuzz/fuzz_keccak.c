// SPDX-License-Identifier: MIT
/*
 * Differential fuzzing of SHA3-512 and SHAKE256 against libdecaf's, with input
 * and output cut where the first two bytes say.
 */
#include <stdlib.h>
#include <string.h>

#include <decaf/shake.h>

#include "fuzz.h"
#include "proof/keccak.h"

#define OUT	700

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t got[OUT], expect[OUT];
	struct cr_shake256 h;
	size_t cut_in, cut_out;

	if (size < 2)
		return 0;
	cut_out = data[0] * 2 + 1;
	cut_in = data[1];
	data += 2;
	size -= 2;
	if (cut_in > size)
		cut_in = size;

	cr_shake256_init(&h);
	cr_shake256_absorb(&h, data, cut_in);
	cr_shake256_absorb(&h, data + cut_in, size - cut_in);
	cr_shake256_finish(&h);
	cr_shake256_squeeze(&h, got, cut_out);
	cr_shake256_squeeze(&h, got + cut_out, OUT - cut_out);
	decaf_shake256_hash(expect, OUT, data, size);
	fuzz_assert(!memcmp(got, expect, OUT));

	cr_sha3_512(got, data, size);
	decaf_sha3_512_hash(expect, 64, data, size);
	fuzz_assert(!memcmp(got, expect, 64));
	return 0;
}
