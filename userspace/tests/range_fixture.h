/* SPDX-License-Identifier: MIT */
/* A range proof and its statement, for the tests of range proofs. */
#ifndef CR_TEST_RANGE_FIXTURE_H
#define CR_TEST_RANGE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "proof/range.h"

#define FIXTURE_LABEL	"test range"

struct range_fixture {
	unsigned int bits;
	size_t count;
	uint64_t values[CR_RANGE_MAX_VALUES];
	struct cr_scalar blindings[CR_RANGE_MAX_VALUES];
	uint8_t commitments[CR_RANGE_MAX_VALUES][32];
	uint8_t proof[CR_RANGE_MAX_BYTES];
	size_t len;
};

/** fixture_values() - shape, seeded values in range (edges first), blindings */
void fixture_values(struct range_fixture *f, unsigned int bits, size_t count);

/** fixture_prove() - what cr_range_prove() returns */
int fixture_prove(struct range_fixture *f);

/** fixture_new() - fixture_values() and a proof, which must succeed */
void fixture_new(struct range_fixture *f, unsigned int bits, size_t count);

/** fixture_verify() - what cr_range_verify() returns */
int fixture_verify(const struct range_fixture *f);

/** fixture_item() - as item of a batch, pointing into @f */
struct cr_range_item fixture_item(const struct range_fixture *f);

/** fixture_shift() - commitments[j] += amount * (blinding base or base) */
void fixture_shift(struct range_fixture *f, size_t j,
		   const struct cr_scalar *amount, bool blinding);

#endif /* CR_TEST_RANGE_FIXTURE_H */
