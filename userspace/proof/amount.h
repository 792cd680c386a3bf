/* SPDX-License-Identifier: MIT */
/* Comparing secret amounts; inside the library only. */
#ifndef CR_PROOF_AMOUNT_H
#define CR_PROOF_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "proof/secret.h"

/** cr_amount_above() - a > b without a branch; the answer is public, the amounts are not */
static inline bool cr_amount_above(uint32_t a, uint32_t b)
{
	uint64_t bit = ((uint64_t)b - a) >> 63;

	cr_declassify(&bit, sizeof(bit));
	return bit;
}

#endif /* CR_PROOF_AMOUNT_H */
