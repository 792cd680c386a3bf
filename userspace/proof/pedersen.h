/* SPDX-License-Identifier: MIT */
/*
 * Pedersen commitments C = v B + r Bt with the bases of the `bulletproofs`
 * crate: B the RFC 9496 generator, Bt = map(SHA3-512(encoding of B)).
 *
 * Hiding is perfect if r is uniform; binding rests on discrete logarithms.
 * Commitments add up: the sum of commitments opens to the sums.
 */
#ifndef CR_PROOF_PEDERSEN_H
#define CR_PROOF_PEDERSEN_H

#include "proof/group.h"

/** cr_pedersen_blinding_base() - Bt */
const struct cr_point *cr_pedersen_blinding_base(void);

/** cr_pedersen_blind() - @out = @r Bt; constant-time */
void cr_pedersen_blind(struct cr_point *out, const struct cr_scalar *r);

/** cr_pedersen_commit() - @out = @v B + @r Bt; constant-time, v and r secret */
void cr_pedersen_commit(struct cr_point *out, const struct cr_scalar *v,
			const struct cr_scalar *r);

/** cr_pedersen_commit_u64() - the same for an unsigned amount, encoded */
void cr_pedersen_commit_u64(uint8_t out[CR_POINT_BYTES], uint64_t v,
			    const struct cr_scalar *r);

#endif /* CR_PROOF_PEDERSEN_H */
