// SPDX-License-Identifier: MIT
/* Pedersen commitments; the fixed-base table of Bt is made by cr_proof_init(). */
#include <sodium.h>

#include "proof/init.h"
#include "proof/keccak.h"
#include "proof/pedersen.h"

static struct cr_point blinding_base;
static struct cr_fixed_base *blinding_table;

bool cr_pedersen_init(void)
{
	uint8_t encoded[CR_POINT_BYTES], wide[CR_SHA3_512_BYTES];
	struct cr_point base;

	if (blinding_table)
		return true;
	cr_point_base(&base);
	cr_point_encode(encoded, &base);
	cr_sha3_512(wide, encoded, sizeof(encoded));
	cr_point_from_uniform(&blinding_base, wide);
	blinding_table = cr_fixed_base_new(&blinding_base);
	return blinding_table != NULL;
}

const struct cr_point *cr_pedersen_blinding_base(void)
{
	return &blinding_base;
}

void cr_pedersen_blind(struct cr_point *out, const struct cr_scalar *r)
{
	cr_fixed_base_mul(out, blinding_table, r);
}

void cr_pedersen_commit(struct cr_point *out, const struct cr_scalar *v,
			const struct cr_scalar *r)
{
	struct cr_point blind;

	cr_pedersen_blind(&blind, r);
	cr_point_mul_base(out, v);
	cr_point_add(out, out, &blind);
	sodium_memzero(&blind, sizeof(blind));
}

void cr_pedersen_commit_u64(uint8_t out[CR_POINT_BYTES], uint64_t v,
			    const struct cr_scalar *r)
{
	struct cr_scalar amount;
	struct cr_point c;

	cr_scalar_u64(&amount, v);
	cr_pedersen_commit(&c, &amount, r);
	cr_point_encode(out, &c);
	sodium_memzero(&amount, sizeof(amount));
	sodium_memzero(&c, sizeof(c));
}
