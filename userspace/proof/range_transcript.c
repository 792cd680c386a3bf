// SPDX-License-Identifier: MIT
/* Shape and transcript order of range proofs, shared by prover and verifier. */
#include <string.h>

#include "proof/error.h"
#include "proof/range_transcript.h"

int range_check_shape(unsigned int bits, size_t count)
{
	if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
		return CR_ERR_BITS;
	if (count == 0 || count > CR_RANGE_MAX_VALUES || (count & (count - 1)))
		return CR_ERR_COUNT;
	return 0;
}

unsigned int range_rounds(unsigned int bits, size_t count)
{
	return (unsigned int)__builtin_ctzl(bits * count);
}

size_t cr_range_proof_bytes(unsigned int bits, size_t count)
{
	if (range_check_shape(bits, count))
		return 0;
	return 32 * (9 + 2 * (size_t)range_rounds(bits, count));
}

void range_begin(struct cr_transcript *t, unsigned int bits,
		 const uint8_t (*commitments)[CR_POINT_BYTES], size_t count)
{
	static const char domain[] = "rangeproof v1";

	cr_transcript_append(t, "dom-sep", domain, sizeof(domain) - 1);
	cr_transcript_append_u64(t, "n", bits);
	cr_transcript_append_u64(t, "m", count);
	for (size_t j = 0; j < count; j++)
		cr_transcript_append(t, "V", commitments[j], CR_POINT_BYTES);
}

int range_challenge(struct cr_transcript *t, const char *label,
		    struct cr_scalar *s)
{
	cr_transcript_challenge_scalar(t, label, s);
	return cr_scalar_is_zero(s) ? CR_ERR_CHALLENGE : 0;
}

void range_begin_ipp(struct cr_transcript *t, size_t length)
{
	static const char domain[] = "ipp v1";

	cr_transcript_append(t, "dom-sep", domain, sizeof(domain) - 1);
	cr_transcript_append_u64(t, "n", length);
}
