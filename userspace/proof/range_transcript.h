/* SPDX-License-Identifier: MIT */
/*
 * What prover and verifier of a range proof do alike: sizes, the order of the
 * transcript, challenges. Inside the library only.
 */
#ifndef CR_PROOF_RANGE_TRANSCRIPT_H
#define CR_PROOF_RANGE_TRANSCRIPT_H

#include "proof/range.h"

/* Offsets into a proof, in units of 32 bytes; L and R follow. */
enum range_field {
	RANGE_A,
	RANGE_S,
	RANGE_T1,
	RANGE_T2,
	RANGE_TX,
	RANGE_TX_BLINDING,
	RANGE_E_BLINDING,
	RANGE_LR,
};

/** range_check_shape() - 0, CR_ERR_BITS or CR_ERR_COUNT */
CR_MUST_CHECK int range_check_shape(unsigned int bits, size_t count);

/** range_rounds() - log2(bits * count) of a checked shape */
unsigned int range_rounds(unsigned int bits, size_t count);

/** range_begin() - domain separator, n, m and the commitments */
void range_begin(struct cr_transcript *t, unsigned int bits,
		 const uint8_t (*commitments)[CR_POINT_BYTES], size_t count);

/** range_challenge() - challenge scalar; CR_ERR_CHALLENGE if it is zero */
CR_MUST_CHECK int range_challenge(struct cr_transcript *t, const char *label,
				  struct cr_scalar *s);

/** range_begin_ipp() - domain separator of the inner product argument */
void range_begin_ipp(struct cr_transcript *t, size_t length);

#endif /* CR_PROOF_RANGE_TRANSCRIPT_H */
