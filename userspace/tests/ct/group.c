// SPDX-License-Identifier: MIT
/* Every operation that promises constant time, with secret scalars and points. */
#include <sodium.h>

#include "ct.h"
#include "proof/group.h"
#include "proof/keccak.h"
#include "proof/pedersen.h"
#include "proof/transcript.h"

#define N 40	/* more than one chunk of cr_msm_secret() */

static void scalars(void)
{
	struct cr_scalar a, b, c;
	uint8_t wide[64];
	bool answer;

	randombytes_buf(wide, sizeof(wide));
	ct_secret(wide, sizeof(wide));
	cr_scalar_reduce(&a, wide);
	cr_scalar_random(&b);
	ct_secret(&b, sizeof(b));
	cr_scalar_add(&c, &a, &b);
	cr_scalar_sub(&c, &c, &a);
	cr_scalar_neg(&c, &c);
	cr_scalar_mul(&c, &c, &a);
	cr_scalar_muladd(&c, &c, &a, &b);
	cr_scalar_invert(&c, &c);
	answer = cr_scalar_is_zero(&c);
	ct_public(&answer, sizeof(answer));
	ct_check(!answer, "scalar inversion");
	answer = cr_scalar_equal(&b, &c);
	ct_public(&answer, sizeof(answer));
	ct_check(!answer, "scalar comparison");
}

static void points(void)
{
	struct cr_point p, q, r;
	struct cr_scalar s, t;
	uint8_t wide[64], out[32];
	bool secret_bit = true, answer;

	/* a hash of something secret (VOPRF input), then all of it */
	randombytes_buf(wide, sizeof(wide));
	ct_secret(wide, sizeof(wide));
	cr_point_from_uniform(&p, wide);
	cr_scalar_random(&s);
	cr_scalar_random(&t);
	ct_secret(&s, sizeof(s));
	ct_secret(&t, sizeof(t));
	ct_secret(&secret_bit, sizeof(secret_bit));
	cr_point_mul(&q, &s, &p);
	cr_point_mul_base(&r, &s);
	cr_point_mul2(&r, &s, &p, &t, &q);
	cr_point_add(&r, &r, &q);
	cr_point_sub(&r, &r, &p);
	cr_point_neg(&r, &r);
	cr_point_double(&r, &r);
	cr_point_select(&r, &r, &q, secret_bit);
	answer = cr_point_equal(&r, &q);
	ct_public(&answer, sizeof(answer));
	ct_check(answer, "point selection");
	answer = cr_point_is_identity(&r);
	ct_public(&answer, sizeof(answer));
	ct_check(!answer, "point comparison");
	cr_point_encode(out, &r);
	cr_pedersen_commit(&r, &s, &t);
	cr_pedersen_commit_u64(out, 1, &t);
	cr_pedersen_blind(&r, &t);
}

static void products(void)
{
	static struct cr_scalar s[N];
	static struct cr_point p[N];
	struct cr_point expect, got, term;
	uint8_t wide[64];
	bool answer;

	cr_point_identity(&expect);
	for (int i = 0; i < N; i++) {
		randombytes_buf(wide, sizeof(wide));
		cr_point_from_uniform(&p[i], wide);
		cr_scalar_random(&s[i]);
		cr_point_mul(&term, &s[i], &p[i]);
		cr_point_add(&expect, &expect, &term);
	}
	ct_secret(s, sizeof(s));
	cr_msm_secret(&got, s, p, N);
	answer = cr_point_equal(&got, &expect);
	ct_public(&answer, sizeof(answer));
	ct_check(answer, "secret product");
}

static void hashes(void)
{
	struct cr_transcript_rng rng;
	struct cr_transcript t;
	struct cr_scalar s;
	uint8_t secret[100] = { 0 }, out[64];

	ct_secret(secret, sizeof(secret));
	cr_sha3_512(out, secret, sizeof(secret));
	cr_transcript_init(&t, "ct", 2);
	cr_transcript_rng_init(&rng, &t);
	cr_transcript_rng_witness(&rng, "secret", secret, sizeof(secret));
	cr_transcript_rng_start(&rng);
	cr_transcript_rng_scalar(&rng, &s);
}

void ct_group(void)
{
	scalars();
	points();
	products();
	hashes();
}
