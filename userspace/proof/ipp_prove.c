// SPDX-License-Identifier: MIT
/*
 * Inner product argument, prover's side.
 *
 * The generators of a round are linear combinations of those of the round
 * before. Folding them every round costs one double multiplication per point;
 * instead, several rounds run on the same points with the coefficients kept
 * as scalars, and the points are folded only after FOLD_ROUNDS of them: a
 * multiscalar product over 2^FOLD_ROUNDS points shares its doublings.
 */
#include <stdlib.h>
#include <string.h>

#include "proof/error.h"
#include "proof/ipp_prove.h"
#include "proof/range_transcript.h"

#define FOLD_ROUNDS	3	/* fastest of 1 to 6 for 64, 512 and 4096 bits */

/**
 * struct ipp - state between rounds
 * @g: points in use, @points of them
 * @h: likewise
 * @g_scale: the round's G[i] is the sum of g_scale[t] g[t] over t = i mod @length
 * @h_scale: likewise
 * @points: multiple of @length
 * @length: of a and b
 * @a: left vector
 * @b: right vector
 * @left: scratch for the product that gives L: @points + 1 each
 * @right: for R
 * @base: points of both products
 */
struct ipp {
	struct cr_point *g, *h;
	struct cr_scalar *g_scale, *h_scale;
	size_t points, length;
	struct cr_scalar *a, *b;
	struct cr_scalar *left_scalars, *right_scalars;
	struct cr_point *left_points, *right_points;
};

static void inner_product(struct cr_scalar *out, const struct cr_scalar *x,
			  const struct cr_scalar *y, size_t n)
{
	*out = cr_scalar_zero;
	for (size_t i = 0; i < n; i++)
		cr_scalar_muladd(out, &x[i], &y[i], out);
}

/* L and R of a round, encoded to @out */
static int cross_terms(struct ipp *p, const struct cr_scalar *w, uint8_t *out)
{
	const size_t half = p->length / 2;
	struct cr_point sum;
	size_t nl = 0, nr = 0;
	int err;

	for (size_t t = 0; t < p->points; t++) {
		const size_t pos = t % p->length;

		if (pos < half) {
			cr_scalar_mul(&p->right_scalars[nr], &p->a[pos + half],
				      &p->g_scale[t]);
			p->right_points[nr++] = p->g[t];
			cr_scalar_mul(&p->left_scalars[nl], &p->b[pos + half],
				      &p->h_scale[t]);
			p->left_points[nl++] = p->h[t];
		} else {
			cr_scalar_mul(&p->left_scalars[nl], &p->a[pos - half],
				      &p->g_scale[t]);
			p->left_points[nl++] = p->g[t];
			cr_scalar_mul(&p->right_scalars[nr], &p->b[pos - half],
				      &p->h_scale[t]);
			p->right_points[nr++] = p->h[t];
		}
	}
	inner_product(&p->left_scalars[nl], p->a, p->b + half, half);
	cr_scalar_mul(&p->left_scalars[nl], &p->left_scalars[nl], w);
	cr_point_base(&p->left_points[nl++]);
	inner_product(&p->right_scalars[nr], p->a + half, p->b, half);
	cr_scalar_mul(&p->right_scalars[nr], &p->right_scalars[nr], w);
	cr_point_base(&p->right_points[nr++]);

	err = cr_msm_vartime(&sum, p->left_scalars, p->left_points, nl);
	if (err)
		return err;
	cr_point_encode(out, &sum);
	err = cr_msm_vartime(&sum, p->right_scalars, p->right_points, nr);
	if (err)
		return err;
	cr_point_encode(out + CR_POINT_BYTES, &sum);
	return 0;
}

/* Halve a and b and spread u over the coefficients of the points. */
static void halve(struct ipp *p, const struct cr_scalar *u)
{
	const size_t half = p->length / 2;
	struct cr_scalar inv, x;

	cr_scalar_invert(&inv, u);
	for (size_t i = 0; i < half; i++) {
		cr_scalar_mul(&x, &inv, &p->a[half + i]);
		cr_scalar_muladd(&p->a[i], u, &p->a[i], &x);
		cr_scalar_mul(&x, u, &p->b[half + i]);
		cr_scalar_muladd(&p->b[i], &inv, &p->b[i], &x);
	}
	for (size_t t = 0; t < p->points; t++) {
		bool low = t % p->length < half;

		cr_scalar_mul(&p->g_scale[t], &p->g_scale[t], low ? &inv : u);
		cr_scalar_mul(&p->h_scale[t], &p->h_scale[t], low ? u : &inv);
	}
	p->length = half;
}

/* points[i] = sum of scale[t] points[t] over t = i mod length */
static int fold_one(struct ipp *p, struct cr_point *points,
		    struct cr_scalar *scale)
{
	const size_t terms = p->points / p->length;

	for (size_t i = 0; i < p->length; i++) {
		int err;

		for (size_t k = 0; k < terms; k++) {
			p->left_scalars[k] = scale[i + k * p->length];
			p->left_points[k] = points[i + k * p->length];
		}
		err = cr_msm_vartime(&points[i], p->left_scalars,
				     p->left_points, terms);
		if (err)
			return err;
		scale[i] = cr_scalar_one;
	}
	return 0;
}

static int fold(struct ipp *p)
{
	int err = fold_one(p, p->g, p->g_scale);

	if (!err)
		err = fold_one(p, p->h, p->h_scale);
	p->points = p->length;
	return err;
}

static int run(struct ipp *p, struct cr_transcript *t,
	       const struct cr_scalar *w, uint8_t *out)
{
	unsigned int round = 0;
	struct cr_scalar u;
	int err;

	while (p->length > 1) {
		if (round && round % FOLD_ROUNDS == 0) {
			err = fold(p);
			if (err)
				return err;
		}
		err = cross_terms(p, w, out);
		if (err)
			return err;
		cr_transcript_append(t, "L", out, CR_POINT_BYTES);
		cr_transcript_append(t, "R", out + CR_POINT_BYTES,
				     CR_POINT_BYTES);
		out += 2 * CR_POINT_BYTES;
		err = range_challenge(t, "u", &u);
		if (err)
			return err;
		halve(p, &u);
		round++;
	}
	memcpy(out, p->a[0].b, CR_SCALAR_BYTES);
	memcpy(out + CR_SCALAR_BYTES, p->b[0].b, CR_SCALAR_BYTES);
	return 0;
}

int ipp_prove(struct cr_transcript *t, struct cr_point *g, struct cr_point *h,
	      struct cr_scalar *h_scale, const struct cr_scalar *w,
	      struct cr_scalar *a, struct cr_scalar *b, size_t length,
	      uint8_t *out)
{
	const size_t terms = length + 1;
	struct ipp p = {
		.g = g, .h = h, .h_scale = h_scale,
		.points = length, .length = length, .a = a, .b = b,
	};
	int err = CR_ERR_NOMEM;

	p.g_scale = malloc(length * sizeof(*p.g_scale));
	p.left_scalars = malloc(2 * terms * sizeof(*p.left_scalars));
	p.left_points = aligned_alloc(_Alignof(struct cr_point),
				      2 * terms * sizeof(*p.left_points));
	if (p.g_scale && p.left_scalars && p.left_points) {
		p.right_scalars = p.left_scalars + terms;
		p.right_points = p.left_points + terms;
		for (size_t i = 0; i < length; i++)
			p.g_scale[i] = cr_scalar_one;
		err = run(&p, t, w, out);
	}
	free(p.g_scale);
	free(p.left_scalars);
	free(p.left_points);
	return err;
}
