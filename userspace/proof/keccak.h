/* SPDX-License-Identifier: MIT */
/*
 * Keccak-f[1600] and the two FIPS 202 functions that proofs need.
 *
 * No branch or index depends on the data. Callers wipe what was secret.
 */
#ifndef CR_PROOF_KECCAK_H
#define CR_PROOF_KECCAK_H

#include <stddef.h>
#include <stdint.h>

#define CR_KECCAK_BYTES		200
#define CR_SHA3_512_BYTES	64
#define CR_SHAKE256_RATE	136

/** cr_keccak_f1600() - the 24-round permutation, lanes little-endian */
void cr_keccak_f1600(uint8_t state[CR_KECCAK_BYTES]);

/** cr_sha3_512() - FIPS 202 SHA3-512 of @len bytes */
void cr_sha3_512(uint8_t out[CR_SHA3_512_BYTES], const void *in, size_t len);

/**
 * struct cr_shake256 - one running SHAKE256
 * @state: sponge
 * @pos: next byte of the rate to absorb into or squeeze from
 *
 * Absorb any number of times, finish once, squeeze any number of times: the
 * output is one stream, however it is cut.
 */
struct cr_shake256 {
	uint8_t state[CR_KECCAK_BYTES] __attribute__((aligned(8)));
	size_t pos;
};

void cr_shake256_init(struct cr_shake256 *h);
void cr_shake256_absorb(struct cr_shake256 *h, const void *in, size_t len);
void cr_shake256_finish(struct cr_shake256 *h);
void cr_shake256_squeeze(struct cr_shake256 *h, void *out, size_t len);

#endif /* CR_PROOF_KECCAK_H */
