// SPDX-License-Identifier: MIT
/*
 * Fuzzing of the VOPRF as a hostile client (first byte even: blinded elements
 * for the server) and as a hostile server (odd: edits to an honest answer,
 * which must be refused unless they change nothing).
 */
#include <string.h>

#include "fuzz.h"
#include "proof/error.h"
#include "proof/voprf.h"

#define N 3

static struct cr_voprf_key key;
static struct cr_scalar blinds[N];
static uint8_t inputs[N][32], blinded[N][32];
static struct answer {
	uint8_t evaluated[N][32], proof[64];
} honest;

static void client(const uint8_t *data, size_t size)
{
	static uint8_t evaluated[CR_VOPRF_BATCH_MAX][32];
	uint8_t proof[64];
	size_t n = size / 32;
	int err;

	if (n > 16)
		return;
	err = cr_voprf_evaluate(evaluated, proof, &key, (const uint8_t (*)[32])data, n);
	if (!n) {
		fuzz_assert(err == CR_ERR_COUNT);
		return;
	}
	/* what the server answers, its own client accepts */
	if (!err)
		fuzz_assert(!cr_voprf_verify((const uint8_t (*)[32])data,
					     (const uint8_t (*)[32])evaluated, proof,
					     key.public_key, n));
}

static void server(const uint8_t *data, size_t size)
{
	struct answer edited = honest;
	uint8_t outputs[N][64];
	int err;

	for (; size >= 2; data += 2, size -= 2)
		((uint8_t *)&edited)[data[0] % sizeof(edited)] ^= data[1];
	err = cr_voprf_finalize(outputs, inputs[0], 32, blinds,
				(const uint8_t (*)[32])blinded,
				(const uint8_t (*)[32])edited.evaluated, edited.proof,
				key.public_key, N);
	fuzz_assert(!err == !memcmp(&edited, &honest, sizeof(honest)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		server(data + 1, size - 1);
	else
		client(data + 1, size - 1);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const uint8_t seed[32] = { 1 };

	(void)argc;
	(void)argv;
	fuzz_assert(cr_proof_init() == 0);
	fuzz_assert(!cr_voprf_key_derive(&key, seed, NULL, 0));
	for (int i = 0; i < N; i++) {
		inputs[i][0] = (uint8_t)i;
		fuzz_assert(!cr_voprf_blind(blinded[i], &blinds[i], inputs[i], 32));
	}
	fuzz_assert(!cr_voprf_evaluate(honest.evaluated, honest.proof, &key,
				       (const uint8_t (*)[32])blinded, N));
	return 0;
}
