// SPDX-License-Identifier: MIT
/*
 * Range proof, prover's side. Names follow the paper: a_L are the bits of the
 * values, a_R = a_L - 1, l(X) = l0 + l1 X, r(X) = r0 + r1 X.
 *
 * Everything up to l(x), r(x) is secret and constant-time, in sodium_malloc()
 * memory; these two and what follows could be sent in clear.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "proof/generators.h"
#include "proof/ipp_prove.h"
#include "proof/pedersen.h"
#include "proof/range_transcript.h"
#include "proof/secret.h"

/**
 * struct witness - the prover's secrets, nm = bits * count
 * @rng: hedged randomness
 * @alpha: blinds A
 * @rho: blinds S
 * @tau1: blinds T_1
 * @tau2: blinds T_2
 * @t1: coefficients of t(X)
 * @t2: likewise
 * @tmp: whatever a step needs
 * @point: likewise
 * @sum: likewise
 * @s: s_L, then s_R; 2 nm
 * @l0: nm
 * @r0: nm
 */
struct witness {
	struct cr_transcript_rng rng;
	struct cr_scalar alpha, rho, tau1, tau2, t1, t2, tmp;
	struct cr_point point, sum;
	struct cr_scalar *s, *l0, *r0;
};

/**
 * struct work - public data of a proof in the making
 * @g: nm generators G, then nm of H
 * @y_powers: y^0 .. y^(nm-1)
 * @l: l(x)
 * @r: r(x)
 */
struct work {
	unsigned int bits;
	size_t count, nm;
	const uint64_t *values;
	const struct cr_scalar *blindings;
	struct cr_point *g;
	struct cr_scalar *y_powers, *l, *r;
	struct cr_scalar y, z, x, w;
	uint8_t *proof;
};

static uint8_t *field(struct work *k, enum range_field f)
{
	return k->proof + 32 * (size_t)f;
}

static void publish_point(struct work *k, enum range_field f,
			  const struct cr_point *p)
{
	cr_point_encode(field(k, f), p);
	cr_declassify(field(k, f), CR_POINT_BYTES);
}

static void publish_scalar(struct work *k, enum range_field f,
			   const struct cr_scalar *s)
{
	memcpy(field(k, f), s->b, CR_SCALAR_BYTES);
	cr_declassify(field(k, f), CR_SCALAR_BYTES);
}

static inline unsigned int bit_of(const struct work *k, size_t i)
{
	return k->values[i / k->bits] >> (i % k->bits) & 1;
}

/* Whether all values fit; which one does not stays secret. */
static bool in_range(const uint64_t *values, size_t count, unsigned int bits)
{
	uint64_t high = 0, any;

	if (bits == 64)
		return true;
	for (size_t j = 0; j < count; j++)
		high |= values[j] >> bits;
	any = (high | (0 - high)) >> 63;
	cr_declassify(&any, sizeof(any));
	return !any;
}

/* A = sum of (bit ? G_i : -H_i) + alpha Bt */
static void commit_bits(struct work *k, struct witness *s)
{
	struct cr_point minus;

	cr_pedersen_blind(&s->sum, &s->alpha);
	for (size_t i = 0; i < k->nm; i++) {
		cr_point_neg(&minus, &k->g[k->nm + i]);
		cr_point_select(&s->point, &minus, &k->g[i], bit_of(k, i));
		cr_point_add(&s->sum, &s->sum, &s->point);
	}
	publish_point(k, RANGE_A, &s->sum);
}

/* S = <s_L, G> + <s_R, H> + rho Bt */
static void commit_masks(struct work *k, struct witness *s)
{
	for (size_t i = 0; i < 2 * k->nm; i++)
		cr_transcript_rng_scalar(&s->rng, &s->s[i]);
	cr_msm_secret(&s->sum, s->s, k->g, 2 * k->nm);
	cr_pedersen_blind(&s->point, &s->rho);
	cr_point_add(&s->sum, &s->sum, &s->point);
	publish_point(k, RANGE_S, &s->sum);
}

/* l0, r0, and s_R turned into r1 = y^i s_R; then t1, t2 and T_1, T_2 */
static void commit_polynomial(struct work *k, struct witness *s)
{
	const size_t nm = k->nm;
	struct cr_scalar *s_l = s->s, *r1 = s->s + nm;
	struct cr_scalar weight = cr_scalar_zero, z_power = k->z;

	k->y_powers[0] = cr_scalar_one;
	for (size_t i = 0; i < nm; i++) {
		const uint64_t bit = bit_of(k, i);

		if (i)
			cr_scalar_mul(&k->y_powers[i], &k->y_powers[i - 1],
				      &k->y);
		/* weight = z^(2+j) 2^k */
		if (i % k->bits == 0) {
			cr_scalar_mul(&z_power, &z_power, &k->z);
			weight = z_power;
		} else {
			cr_scalar_add(&weight, &weight, &weight);
		}

		cr_scalar_u64(&s->tmp, bit);
		cr_scalar_sub(&s->l0[i], &s->tmp, &k->z);
		cr_scalar_sub(&s->tmp, &s->tmp, &cr_scalar_one);
		cr_scalar_add(&s->tmp, &s->tmp, &k->z);
		cr_scalar_muladd(&s->r0[i], &s->tmp, &k->y_powers[i], &weight);
		cr_scalar_mul(&r1[i], &r1[i], &k->y_powers[i]);
	}
	s->t1 = cr_scalar_zero;
	s->t2 = cr_scalar_zero;
	for (size_t i = 0; i < nm; i++) {
		cr_scalar_muladd(&s->t1, &s->l0[i], &r1[i], &s->t1);
		cr_scalar_muladd(&s->t1, &s_l[i], &s->r0[i], &s->t1);
		cr_scalar_muladd(&s->t2, &s_l[i], &r1[i], &s->t2);
	}
	cr_transcript_rng_scalar(&s->rng, &s->tau1);
	cr_transcript_rng_scalar(&s->rng, &s->tau2);
	cr_pedersen_commit(&s->point, &s->t1, &s->tau1);
	publish_point(k, RANGE_T1, &s->point);
	cr_pedersen_commit(&s->point, &s->t2, &s->tau2);
	publish_point(k, RANGE_T2, &s->point);
}

/* l(x), r(x), t_x and the two blindings, all of which are published */
static void open_at_x(struct work *k, struct witness *s)
{
	const size_t nm = k->nm;
	struct cr_scalar z_power, t_x;

	for (size_t i = 0; i < nm; i++) {
		cr_scalar_muladd(&k->l[i], &k->x, &s->s[i], &s->l0[i]);
		cr_scalar_muladd(&k->r[i], &k->x, &s->s[nm + i], &s->r0[i]);
	}
	cr_declassify(k->l, nm * sizeof(*k->l));
	cr_declassify(k->r, nm * sizeof(*k->r));
	t_x = cr_scalar_zero;
	for (size_t i = 0; i < nm; i++)
		cr_scalar_muladd(&t_x, &k->l[i], &k->r[i], &t_x);
	publish_scalar(k, RANGE_TX, &t_x);

	/* t_x_blinding = x tau1 + x^2 tau2 + sum of z^(2+j) r_j */
	cr_scalar_muladd(&s->tmp, &k->x, &s->tau2, &s->tau1);
	cr_scalar_mul(&s->tmp, &s->tmp, &k->x);
	cr_scalar_mul(&z_power, &k->z, &k->z);
	for (size_t j = 0; j < k->count; j++) {
		cr_scalar_muladd(&s->tmp, &z_power, &k->blindings[j], &s->tmp);
		cr_scalar_mul(&z_power, &z_power, &k->z);
	}
	publish_scalar(k, RANGE_TX_BLINDING, &s->tmp);

	cr_scalar_muladd(&s->tmp, &k->x, &s->rho, &s->alpha);
	publish_scalar(k, RANGE_E_BLINDING, &s->tmp);
}

static void append(struct cr_transcript *t, struct work *k, const char *label,
		   enum range_field f)
{
	cr_transcript_append(t, label, field(k, f), 32);
}

/* Powers of 1/y, the coefficients of H in the argument, over y_powers. */
static void invert_y_powers(struct work *k)
{
	struct cr_scalar inv;

	cr_scalar_invert(&inv, &k->y);
	k->y_powers[0] = cr_scalar_one;
	for (size_t i = 1; i < k->nm; i++)
		cr_scalar_mul(&k->y_powers[i], &k->y_powers[i - 1], &inv);
}

static int run(struct cr_transcript *t, struct work *k, struct witness *s)
{
	int err;

	cr_transcript_rng_init(&s->rng, t);
	cr_transcript_rng_witness(&s->rng, "values", k->values,
				  k->count * sizeof(*k->values));
	cr_transcript_rng_witness(&s->rng, "blindings", k->blindings,
				  k->count * sizeof(*k->blindings));
	cr_transcript_rng_start(&s->rng);

	cr_transcript_rng_scalar(&s->rng, &s->alpha);
	cr_transcript_rng_scalar(&s->rng, &s->rho);
	commit_bits(k, s);
	commit_masks(k, s);
	append(t, k, "A", RANGE_A);
	append(t, k, "S", RANGE_S);
	err = range_challenge(t, "y", &k->y);
	if (!err)
		err = range_challenge(t, "z", &k->z);
	if (err)
		return err;

	commit_polynomial(k, s);
	append(t, k, "T_1", RANGE_T1);
	append(t, k, "T_2", RANGE_T2);
	err = range_challenge(t, "x", &k->x);
	if (err)
		return err;

	open_at_x(k, s);
	append(t, k, "t_x", RANGE_TX);
	append(t, k, "t_x_blinding", RANGE_TX_BLINDING);
	append(t, k, "e_blinding", RANGE_E_BLINDING);
	err = range_challenge(t, "w", &k->w);
	if (err)
		return err;

	range_begin_ipp(t, k->nm);
	invert_y_powers(k);
	return ipp_prove(t, k->g, k->g + k->nm, k->y_powers, &k->w, k->l, k->r,
			 k->nm, field(k, RANGE_LR));
}

/* One guarded allocation for all that is secret. */
static struct witness *witness_new(size_t nm)
{
	struct witness *s;
	void *block;

	/* sodium_malloc() puts the end at a page's end: round up for alignment */
	block = sodium_malloc((sizeof(*s) + 4 * nm * sizeof(struct cr_scalar) +
			       63) / 64 * 64);
	if (!block)
		return NULL;
	s = block;
	s->s = (struct cr_scalar *)(s + 1);
	s->l0 = s->s + 2 * nm;
	s->r0 = s->l0 + nm;
	return s;
}

static int prove_with(struct cr_transcript *t, struct work *k)
{
	const size_t nm = k->nm;
	struct witness *s = witness_new(nm);
	int err = CR_ERR_NOMEM;

	k->g = aligned_alloc(_Alignof(struct cr_point), 2 * nm * sizeof(*k->g));
	k->y_powers = malloc(3 * nm * sizeof(*k->y_powers));
	if (s && k->g && k->y_powers) {
		k->l = k->y_powers + nm;
		k->r = k->l + nm;
		err = cr_generators(k->g, k->g + nm, k->count, k->bits);
		if (!err)
			err = run(t, k, s);
	}
	free(k->g);
	free(k->y_powers);
	sodium_free(s);
	return err;
}

int cr_range_prove(struct cr_transcript *t, unsigned int bits,
		   const uint64_t *values, const struct cr_scalar *blindings,
		   size_t count, uint8_t (*commitments)[CR_POINT_BYTES],
		   uint8_t *proof, size_t proof_len)
{
	struct cr_transcript start = *t;
	struct work k = {
		.bits = bits, .count = count, .nm = bits * count,
		.values = values, .blindings = blindings, .proof = proof,
	};
	int err = range_check_shape(bits, count);

	if (err)
		return err;
	if (proof_len != cr_range_proof_bytes(bits, count))
		return CR_ERR_LENGTH;
	if (!in_range(values, count, bits))
		return CR_ERR_RANGE;
	for (size_t j = 0; j < count; j++) {
		cr_pedersen_commit_u64(commitments[j], values[j],
				       &blindings[j]);
		cr_declassify(commitments[j], CR_POINT_BYTES);
	}
	range_begin(t, bits, commitments, count);
	err = prove_with(t, &k);
	if (!err) {
		/* a flipped bit in here could reveal a secret: look first */
		err = cr_range_verify(&start, bits,
				      (const uint8_t (*)[32])commitments,
				      count, proof, proof_len);
		if (err && err != CR_ERR_NOMEM)
			err = CR_ERR_FAULT;
	}
	if (err)
		sodium_memzero(proof, proof_len);
	return err;
}
