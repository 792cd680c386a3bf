// SPDX-License-Identifier: MIT
/* Primitive operations, beside libsodium's public calls for the same. */
#include <stdlib.h>

#include <sodium.h>

#include "bench.h"
#include "proof/group.h"
#include "proof/pedersen.h"

#define MSM_MAX	4096

static struct {
	struct cr_point p, q, *points;
	struct cr_scalar s, t, *scalars;
	uint8_t pb[32], qb[32], out[32], wide[64];
	size_t n;
} d;

static void must(int ok)
{
	if (!ok)
		abort();
}

#define OP(name, call)				\
	static void name(void *arg)		\
	{					\
		(void)arg;			\
		call;				\
	}

OP(ours_add, cr_point_add(&d.p, &d.p, &d.q))
OP(ours_double, cr_point_double(&d.p, &d.p))
OP(ours_decode, must(cr_point_decode(&d.p, d.pb)))
OP(ours_encode, cr_point_encode(d.out, &d.q))
OP(ours_map, cr_point_from_uniform(&d.p, d.wide))
OP(ours_mul, cr_point_mul(&d.p, &d.s, &d.q))
OP(ours_mul_base, cr_point_mul_base(&d.p, &d.s))
OP(ours_commit, cr_pedersen_commit(&d.p, &d.s, &d.t))
OP(ours_scalar_mul, cr_scalar_mul(&d.s, &d.s, &d.t))
OP(ours_scalar_inv, cr_scalar_invert(&d.s, &d.s))
OP(ours_msm_secret, cr_msm_secret(&d.p, d.scalars, d.points, d.n))
OP(ours_msm, must(!cr_msm_vartime(&d.p, d.scalars, d.points, d.n)))

OP(na_add, must(!crypto_core_ristretto255_add(d.pb, d.pb, d.qb)))
OP(na_valid, must(crypto_core_ristretto255_is_valid_point(d.pb)))
OP(na_map, crypto_core_ristretto255_from_hash(d.out, d.wide))
OP(na_mul, must(!crypto_scalarmult_ristretto255(d.out, d.s.b, d.qb)))
OP(na_mul_base, must(!crypto_scalarmult_ristretto255_base(d.out, d.s.b)))
OP(na_scalar_mul, crypto_core_ristretto255_scalar_mul(d.s.b, d.s.b, d.t.b))
OP(na_scalar_inv, must(!crypto_core_ristretto255_scalar_invert(d.s.b, d.s.b)))

static void setup(void)
{
	d.points = aligned_alloc(_Alignof(struct cr_point),
				 MSM_MAX * sizeof(*d.points));
	d.scalars = malloc(MSM_MAX * sizeof(*d.scalars));
	if (!d.points || !d.scalars)
		abort();
	for (size_t i = 0; i < MSM_MAX; i++) {
		randombytes_buf(d.wide, sizeof(d.wide));
		cr_point_from_uniform(&d.points[i], d.wide);
		cr_scalar_random(&d.scalars[i]);
	}
	d.p = d.points[0];
	d.q = d.points[1];
	d.s = d.scalars[0];
	d.t = d.scalars[1];
	cr_point_encode(d.pb, &d.p);
	cr_point_encode(d.qb, &d.q);
}

void bench_group(void)
{
	double mul, add;

	setup();
	bench_heading("ristretto255");
	bench_row("decode a point", bench_median(ours_decode, NULL),
		  bench_median(na_valid, NULL), 0);
	bench_row("encode a point", bench_median(ours_encode, NULL), 0, 0);
	add = bench_median(na_add, NULL);
	bench_row("add", bench_median(ours_add, NULL), add, 0);
	bench_row("double", bench_median(ours_double, NULL), add, 0);
	bench_row("64 bytes to a point", bench_median(ours_map, NULL),
		  bench_median(na_map, NULL), 0);
	mul = bench_median(na_mul, NULL);
	bench_row("multiply", bench_median(ours_mul, NULL), mul, 0);
	bench_row("multiply the base",
		  bench_median(ours_mul_base, NULL),
		  bench_median(na_mul_base, NULL), 0);
	bench_row("commit (two fixed bases)", bench_median(ours_commit, NULL),
		  bench_median(na_mul_base, NULL) + mul + add, 0);
	bench_row("scalar multiply", bench_median(ours_scalar_mul, NULL),
		  bench_median(na_scalar_mul, NULL), 0);
	bench_row("scalar invert", bench_median(ours_scalar_inv, NULL),
		  bench_median(na_scalar_inv, NULL), 0);
	bench_heading("multiscalar products");
	d.n = 64;
	bench_row("64 terms, secret", bench_median(ours_msm_secret, NULL),
		  64 * (mul + add), 0);
	bench_row("64 terms, vartime", bench_median(ours_msm, NULL),
		  64 * (mul + add), 0);
	d.n = 1024;
	bench_row("1024 terms, secret", bench_median(ours_msm_secret, NULL),
		  1024 * (mul + add), 0);
	bench_row("1024 terms, vartime", bench_median(ours_msm, NULL),
		  1024 * (mul + add), 0);
	d.n = MSM_MAX;
	bench_row("4096 terms, vartime", bench_median(ours_msm, NULL),
		  MSM_MAX * (mul + add), 0);
	free(d.points);
	free(d.scalars);
}
