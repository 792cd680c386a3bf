/* SPDX-License-Identifier: MIT */
/*
 * Aggregated Bulletproofs range proofs (Bunz et al., 2018), byte-compatible
 * with the `bulletproofs` crate, versions 1.0 to 5.0.
 *
 * A proof for n bits and m commitments shows that whoever made it knows for
 * each commitment an opening whose value is in [0, 2^n). The transcript that
 * the caller starts (label, and whatever the proof is to be bound to) must be
 * the same on both sides.
 *
 * Layout: A S T_1 T_2 t_x t_x_blinding e_blinding, then L R per round, then
 * a b; 32 bytes each, 32 * (9 + 2 log2(n m)) in all.
 */
#ifndef CR_PROOF_RANGE_H
#define CR_PROOF_RANGE_H

#include "proof/group.h"
#include "proof/transcript.h"

#define CR_RANGE_MAX_BITS	64
#define CR_RANGE_MAX_VALUES	64
#define CR_RANGE_MAX_ROUNDS	12	/* log2(64 * 64) */
#define CR_RANGE_MAX_BYTES	(32 * (9 + 2 * CR_RANGE_MAX_ROUNDS))

/** CR_RANGE_BATCH_MAX - proofs in one cr_range_verify_batch() call */
#define CR_RANGE_BATCH_MAX	65536

/**
 * cr_range_proof_bytes() - length of a proof
 * @bits: 8, 16, 32 or 64
 * @count: power of two up to CR_RANGE_MAX_VALUES
 *
 * Return: bytes, or 0 if there is no such proof.
 */
size_t cr_range_proof_bytes(unsigned int bits, size_t count);

/**
 * cr_range_prove() - commit to values and prove their range
 * @t: transcript, started and bound by the caller; advanced past the proof on
 *	success, undefined on failure
 * @bits: 8, 16, 32 or 64
 * @values: @count amounts, secret
 * @blindings: @count uniform scalars, secret, one per commitment ever made
 * @count: power of two up to CR_RANGE_MAX_VALUES
 * @commitments: out, @count encodings of values[j] B + blindings[j] Bt
 * @proof: out, @proof_len bytes
 * @proof_len: exactly cr_range_proof_bytes()
 *
 * Time and addresses depend on no secret. The proof is verified before it is
 * returned; on failure @proof is zeroed.
 *
 * Return: 0, CR_ERR_BITS, CR_ERR_COUNT, CR_ERR_LENGTH, CR_ERR_RANGE,
 * CR_ERR_NOMEM, CR_ERR_CHALLENGE (probability 2^-250), CR_ERR_FAULT.
 */
CR_MUST_CHECK int cr_range_prove(struct cr_transcript *t, unsigned int bits,
				 const uint64_t *values,
				 const struct cr_scalar *blindings,
				 size_t count,
				 uint8_t (*commitments)[CR_POINT_BYTES],
				 uint8_t *proof, size_t proof_len);

/**
 * cr_range_verify() - check one proof; all data public
 * @t: transcript as the prover started it; advanced past the proof if the
 *	proof is well-formed
 * @bits: 8, 16, 32 or 64
 * @commitments: @count encodings
 * @count: power of two up to CR_RANGE_MAX_VALUES
 * @proof: @proof_len bytes from anywhere
 * @proof_len: any
 *
 * Return: 0 (accepted), CR_ERR_REJECTED (well-formed, does not verify),
 * CR_ERR_BITS, CR_ERR_COUNT, CR_ERR_LENGTH, CR_ERR_SCALAR, CR_ERR_POINT,
 * CR_ERR_IDENTITY, CR_ERR_CHALLENGE (malformed), CR_ERR_NOMEM (undecided).
 */
CR_MUST_CHECK int cr_range_verify(struct cr_transcript *t, unsigned int bits,
				  const uint8_t (*commitments)[CR_POINT_BYTES],
				  size_t count, const uint8_t *proof,
				  size_t proof_len);

/**
 * struct cr_range_item - one proof of a batch
 * @transcript: as cr_range_verify() takes it; advanced likewise
 * @bits: as there
 * @commitments: as there
 * @count: as there
 * @proof: as there
 * @proof_len: as there
 * @verdict: out, what cr_range_verify() would have returned
 */
struct cr_range_item {
	struct cr_transcript transcript;
	unsigned int bits;
	const uint8_t (*commitments)[CR_POINT_BYTES];
	size_t count;
	const uint8_t *proof;
	size_t proof_len;
	int verdict;
};

/**
 * cr_range_verify_batch() - check many proofs with one multiscalar product
 * @items: @n proofs; @items[].verdict is set for every one of them
 * @n: at most CR_RANGE_BATCH_MAX
 *
 * Weights come from a hash over every proof and statement, so two verifiers
 * of the same batch decide alike. If the product is not the identity, halves
 * of the batch are tried until each culprit stands alone. Memory beyond the
 * generators: about 1.3 KiB per proof and at most 9 MiB.
 *
 * Return: 0 if all are accepted, CR_ERR_REJECTED if at least one is not,
 * CR_ERR_LIMIT or CR_ERR_NOMEM if nothing was decided (no verdict is 0 then).
 */
CR_MUST_CHECK int cr_range_verify_batch(struct cr_range_item *items, size_t n);

#endif /* CR_PROOF_RANGE_H */
