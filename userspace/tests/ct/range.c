// SPDX-License-Identifier: MIT
/* The range prover with secret values and blindings. */
#include "ct.h"
#include "proof/error.h"
#include "proof/range.h"

static void prove(unsigned int bits, size_t count, uint64_t value, int expect)
{
	uint64_t values[4];
	struct cr_scalar blindings[4];
	uint8_t commitments[4][32], proof[CR_RANGE_MAX_BYTES];
	struct cr_transcript t;
	int err;

	for (size_t j = 0; j < count; j++) {
		values[j] = j ? j * 77 : value;
		cr_scalar_random(&blindings[j]);
	}
	ct_secret(values, sizeof(values));
	ct_secret(blindings, sizeof(blindings));
	cr_transcript_init(&t, "ct", 2);
	err = cr_range_prove(&t, bits, values, blindings, count, commitments,
			     proof, cr_range_proof_bytes(bits, count));
	ct_check(err == expect, "range proof");
}

void ct_range(void)
{
	prove(8, 1, 255, 0);
	prove(32, 2, 1234567, 0);
	prove(64, 1, UINT64_MAX, 0);
	/* that a value is out of range is told; which one and by how much is not */
	prove(16, 4, 1 << 16, CR_ERR_RANGE);
}
