// SPDX-License-Identifier: MIT
#include <string.h>

#include "range_fixture.h"

#include "proof/pedersen.h"
#include "seeded.h"
#include "vectors.h"

static void begin(struct cr_transcript *t)
{
	cr_transcript_init(t, FIXTURE_LABEL, strlen(FIXTURE_LABEL));
}

void fixture_values(struct range_fixture *f, unsigned int bits, size_t count)
{
	const uint64_t max = bits == 64 ? UINT64_MAX : (1ULL << bits) - 1;

	memset(f, 0, sizeof(*f));
	f->bits = bits;
	f->count = count;
	f->len = cr_range_proof_bytes(bits, count);
	for (size_t j = 0; j < count; j++) {
		f->values[j] = seeded_u64() & max;
		if (count > 1 && j % 4 < 2)
			f->values[j] = j % 4 ? max : 0;
		seeded_scalar(&f->blindings[j]);
	}
}

int fixture_prove(struct range_fixture *f)
{
	struct cr_transcript t;

	begin(&t);
	return cr_range_prove(&t, f->bits, f->values, f->blindings, f->count,
			      f->commitments, f->proof, f->len);
}

void fixture_new(struct range_fixture *f, unsigned int bits, size_t count)
{
	fixture_values(f, bits, count);
	assert_int_equal(fixture_prove(f), 0);
}

int fixture_verify(const struct range_fixture *f)
{
	struct cr_transcript t;

	begin(&t);
	return cr_range_verify(&t, f->bits,
			       (const uint8_t (*)[32])f->commitments, f->count,
			       f->proof, f->len);
}

struct cr_range_item fixture_item(const struct range_fixture *f)
{
	struct cr_range_item item = {
		.bits = f->bits, .count = f->count,
		.commitments = (const uint8_t (*)[32])f->commitments,
		.proof = f->proof, .proof_len = f->len,
	};

	begin(&item.transcript);
	return item;
}

void fixture_shift(struct range_fixture *f, size_t j,
		   const struct cr_scalar *amount, bool blinding)
{
	struct cr_point c, shift;

	assert_true(cr_point_decode(&c, f->commitments[j]));
	if (blinding)
		cr_pedersen_commit(&shift, &cr_scalar_zero, amount);
	else
		cr_pedersen_commit(&shift, amount, &cr_scalar_zero);
	cr_point_add(&c, &c, &shift);
	cr_point_encode(f->commitments[j], &c);
}
