/* SPDX-License-Identifier: MIT */
/*
 * VOPRF of RFC 9497, mode 0x01, suite ristretto255-SHA512, on batches.
 *
 * The client blinds inputs, the server multiplies by its key and proves with
 * one DLEQ proof per batch that it used the key behind its public key, the
 * client checks and unblinds. Everything that crosses between them is public
 * by its nature (an observer of the connection has it); inputs, blinds,
 * outputs and the key are secret and meet constant-time operations only.
 */
#ifndef CR_PROOF_VOPRF_H
#define CR_PROOF_VOPRF_H

#include <stddef.h>
#include <stdint.h>

#include "proof/group.h"

#define CR_VOPRF_OUTPUT_BYTES	64
#define CR_VOPRF_PROOF_BYTES	64
#define CR_VOPRF_INPUT_MAX	65535	/* RFC 9497: lengths are 16-bit */
#define CR_VOPRF_BATCH_MAX	1024	/* ours; bounds memory */

/**
 * struct cr_voprf_key - server key; secret, keep it in sodium_malloc() memory
 * @k: the key, never zero
 * @public_key: encoding of k * B; not secret
 */
struct cr_voprf_key {
	struct cr_scalar k;
	uint8_t public_key[CR_POINT_BYTES];
};

/**
 * cr_voprf_key_derive() - RFC 9497 3.2.1 DeriveKeyPair
 * @key: result
 * @seed: 32 random bytes, secret
 * @info: public string that separates keys made from one seed
 * @info_len: at most 65535
 *
 * Return: 0, CR_ERR_LENGTH, or CR_ERR_CHALLENGE where no key can be derived
 * (which no one will ever see).
 */
CR_MUST_CHECK int cr_voprf_key_derive(struct cr_voprf_key *key,
				      const uint8_t seed[32],
				      const uint8_t *info, size_t info_len);

/**
 * cr_voprf_key_load() - key from stored bytes
 * @key: result
 * @bytes: the scalar, secret
 *
 * Return: 0, CR_ERR_SCALAR for a number that is 0 or not below l.
 */
CR_MUST_CHECK int cr_voprf_key_load(struct cr_voprf_key *key,
				    const uint8_t bytes[CR_SCALAR_BYTES]);

/**
 * cr_voprf_blind() - client, first step, one input
 * @blinded: what the server gets
 * @blind: secret; drawn here
 * @input: secret
 * @len: at most CR_VOPRF_INPUT_MAX
 *
 * Return: 0, CR_ERR_LENGTH, CR_ERR_IDENTITY (input hashes to the identity).
 */
CR_MUST_CHECK int cr_voprf_blind(uint8_t blinded[CR_POINT_BYTES],
				 struct cr_scalar *blind,
				 const uint8_t *input, size_t len);

/** cr_voprf_blind_with() - the same with a blind that the caller drew (not zero) */
CR_MUST_CHECK int cr_voprf_blind_with(uint8_t blinded[CR_POINT_BYTES],
				      const struct cr_scalar *blind,
				      const uint8_t *input, size_t len);

/**
 * cr_voprf_evaluate() - server
 * @evaluated: @n encodings
 * @proof: one for all of them
 * @key: server key
 * @blinded: @n encodings from the client
 * @n: 1 to CR_VOPRF_BATCH_MAX
 *
 * Return: 0, CR_ERR_COUNT, CR_ERR_POINT, CR_ERR_IDENTITY, CR_ERR_NOMEM.
 */
CR_MUST_CHECK int cr_voprf_evaluate(uint8_t (*evaluated)[CR_POINT_BYTES],
				    uint8_t proof[CR_VOPRF_PROOF_BYTES],
				    const struct cr_voprf_key *key,
				    const uint8_t (*blinded)[CR_POINT_BYTES],
				    size_t n);

/**
 * cr_voprf_finalize() - client: check the proof, then unblind all
 * @outputs: @n outputs, secret
 * @inputs: @n inputs of @input_len bytes each, one after the other
 * @input_len: length of each
 * @blinds: @n blinds, secret
 * @blinded: what was sent
 * @evaluated: what came back
 * @proof: what came back
 * @public_key: the server's, from a source the client trusts
 * @n: 1 to CR_VOPRF_BATCH_MAX
 *
 * Return: 0, CR_ERR_COUNT, CR_ERR_LENGTH, CR_ERR_POINT, CR_ERR_IDENTITY,
 * CR_ERR_SCALAR, CR_ERR_REJECTED (some element is not by that key),
 * CR_ERR_NOMEM. On failure @outputs is zero.
 */
CR_MUST_CHECK int cr_voprf_finalize(uint8_t (*outputs)[CR_VOPRF_OUTPUT_BYTES],
				    const uint8_t *inputs, size_t input_len,
				    const struct cr_scalar *blinds,
				    const uint8_t (*blinded)[CR_POINT_BYTES],
				    const uint8_t (*evaluated)[CR_POINT_BYTES],
				    const uint8_t proof[CR_VOPRF_PROOF_BYTES],
				    const uint8_t public_key[CR_POINT_BYTES],
				    size_t n);

/**
 * cr_voprf_verify() - only the check that cr_voprf_finalize() begins with
 *
 * Parameters and returns as there.
 */
CR_MUST_CHECK int cr_voprf_verify(const uint8_t (*blinded)[CR_POINT_BYTES],
				  const uint8_t (*evaluated)[CR_POINT_BYTES],
				  const uint8_t proof[CR_VOPRF_PROOF_BYTES],
				  const uint8_t public_key[CR_POINT_BYTES],
				  size_t n);

/**
 * cr_voprf_output() - server: the output for an input it was shown
 * @output: secret
 * @key: server key
 * @input: at most CR_VOPRF_INPUT_MAX bytes
 * @len: their number
 *
 * Return: 0, CR_ERR_LENGTH, CR_ERR_IDENTITY.
 */
CR_MUST_CHECK int cr_voprf_output(uint8_t output[CR_VOPRF_OUTPUT_BYTES],
				  const struct cr_voprf_key *key,
				  const uint8_t *input, size_t len);

#endif /* CR_PROOF_VOPRF_H */
