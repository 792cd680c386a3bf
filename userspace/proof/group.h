/* SPDX-License-Identifier: MIT */
/*
 * The group of every proof here: ristretto255 (RFC 9496), a group of prime
 * order l = 2^252 + 27742317777372353535851937790883648493.
 *
 * Points and scalars are plain structures that may be copied by assignment.
 * Unless a function says "vartime", neither its branches nor its memory
 * accesses depend on the values of its operands. Output may alias any input.
 * Whoever holds secret values wipes them (sodium_memzero).
 *
 * cr_proof_init() must have returned 0 before anything else is called.
 */
#ifndef CR_PROOF_GROUP_H
#define CR_PROOF_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CR_SCALAR_BYTES		32
#define CR_POINT_BYTES		32
#define CR_UNIFORM_BYTES	64

#define CR_MUST_CHECK __attribute__((warn_unused_result))

/**
 * struct cr_scalar - integer modulo l
 * @b: 32 bytes little-endian, always canonical (below l)
 *
 * Bytes from outside become one through cr_scalar_parse() only.
 */
struct cr_scalar {
	uint8_t b[CR_SCALAR_BYTES];
} __attribute__((aligned(8)));

/**
 * struct cr_point - group element in internal coordinates
 * @opaque: the backend's business; two representations may be one element,
 *	so never memcmp() points: cr_point_equal()
 */
struct cr_point {
	uint64_t opaque[32];
} __attribute__((aligned(32)));

extern const struct cr_scalar cr_scalar_zero;
extern const struct cr_scalar cr_scalar_one;

/**
 * cr_proof_init() - start libsodium, fill caches; idempotent, not thread-safe
 *
 * Return: 0, CR_ERR_INIT or CR_ERR_NOMEM.
 */
CR_MUST_CHECK int cr_proof_init(void);

/* Scalars. All constant-time. */

/**
 * cr_scalar_parse() - take 32 bytes from outside
 * @s: result, untouched on failure
 * @bytes: little-endian
 *
 * Return: false if the number is not below l.
 */
CR_MUST_CHECK bool cr_scalar_parse(struct cr_scalar *s,
				   const uint8_t bytes[CR_SCALAR_BYTES]);

/** cr_scalar_reduce() - 64 little-endian bytes modulo l (hash to scalar) */
void cr_scalar_reduce(struct cr_scalar *s,
		      const uint8_t bytes[CR_UNIFORM_BYTES]);

/** cr_scalar_random() - uniform, from libsodium's generator; may be zero with probability 1/l */
void cr_scalar_random(struct cr_scalar *s);

/** cr_scalar_u64() - small number as scalar */
void cr_scalar_u64(struct cr_scalar *s, uint64_t v);

void cr_scalar_add(struct cr_scalar *out, const struct cr_scalar *a,
		   const struct cr_scalar *b);
void cr_scalar_sub(struct cr_scalar *out, const struct cr_scalar *a,
		   const struct cr_scalar *b);
void cr_scalar_neg(struct cr_scalar *out, const struct cr_scalar *a);
void cr_scalar_mul(struct cr_scalar *out, const struct cr_scalar *a,
		   const struct cr_scalar *b);

/** cr_scalar_muladd() - out = a * b + c */
void cr_scalar_muladd(struct cr_scalar *out, const struct cr_scalar *a,
		      const struct cr_scalar *b, const struct cr_scalar *c);

/** cr_scalar_invert() - 1/a; zero for a = 0 (check with cr_scalar_is_zero() where it matters) */
void cr_scalar_invert(struct cr_scalar *out, const struct cr_scalar *a);

bool cr_scalar_is_zero(const struct cr_scalar *a);
bool cr_scalar_equal(const struct cr_scalar *a, const struct cr_scalar *b);

/* Points. Constant-time unless named vartime. */

/**
 * cr_point_decode() - from the canonical 32-byte encoding
 * @p: result, undefined on failure
 * @bytes: all zero is the identity and is accepted; ask
 *	cr_point_is_identity() where it must not be
 *
 * Return: false if @bytes is not the one canonical encoding of an element.
 */
CR_MUST_CHECK bool cr_point_decode(struct cr_point *p,
				   const uint8_t bytes[CR_POINT_BYTES]);
void cr_point_encode(uint8_t bytes[CR_POINT_BYTES], const struct cr_point *p);

/** cr_point_from_uniform() - RFC 9496 4.3.4 map of 64 uniform bytes (a hash) */
void cr_point_from_uniform(struct cr_point *p,
			   const uint8_t bytes[CR_UNIFORM_BYTES]);

void cr_point_identity(struct cr_point *p);

/** cr_point_base() - B, the RFC 9496 generator */
void cr_point_base(struct cr_point *p);

bool cr_point_is_identity(const struct cr_point *p);
bool cr_point_equal(const struct cr_point *a, const struct cr_point *b);

void cr_point_add(struct cr_point *out, const struct cr_point *a,
		  const struct cr_point *b);
void cr_point_sub(struct cr_point *out, const struct cr_point *a,
		  const struct cr_point *b);
void cr_point_neg(struct cr_point *out, const struct cr_point *a);
void cr_point_double(struct cr_point *out, const struct cr_point *a);

/** cr_point_select() - out = pick_b ? b : a, without a branch */
void cr_point_select(struct cr_point *out, const struct cr_point *a,
		     const struct cr_point *b, bool pick_b);

/** cr_point_mul() - out = s * p, s secret */
void cr_point_mul(struct cr_point *out, const struct cr_scalar *s,
		  const struct cr_point *p);

/** cr_point_mul_base() - out = s * B, s secret; about a third of cr_point_mul()'s time */
void cr_point_mul_base(struct cr_point *out, const struct cr_scalar *s);

/** cr_point_mul2() - out = s * p + t * q, s and t secret */
void cr_point_mul2(struct cr_point *out, const struct cr_scalar *s,
		   const struct cr_point *p, const struct cr_scalar *t,
		   const struct cr_point *q);

/**
 * struct cr_fixed_base - table for many multiplications of one public point
 *
 * About 9 KiB, 0.5 ms to make; a multiplication then costs what
 * cr_point_mul_base() does.
 */
struct cr_fixed_base;

/** cr_fixed_base_new() - NULL: out of memory; free with cr_fixed_base_free() */
struct cr_fixed_base *cr_fixed_base_new(const struct cr_point *p);
void cr_fixed_base_free(struct cr_fixed_base *base);

/** cr_fixed_base_mul() - out = s * point of the table, s secret */
void cr_fixed_base_mul(struct cr_point *out, const struct cr_fixed_base *base,
		       const struct cr_scalar *s);

/* Multiscalar products, out = sum of scalars[i] * points[i]. */

/**
 * cr_msm_secret() - scalars secret, points public
 * @out: result
 * @scalars: @n of them
 * @points: @n of them; n = 0 gives the identity
 * @n: best below a few thousand (no method that wins with size)
 *
 * Straus with signed 4-bit windows, tables read in full for every digit;
 * needs 70 KiB of stack and no heap, and wipes what depends on the scalars.
 */
void cr_msm_secret(struct cr_point *out, const struct cr_scalar *scalars,
		   const struct cr_point *points, size_t n);

/**
 * cr_msm_vartime() - PUBLIC DATA ONLY: time and addresses depend on everything
 * @out: result
 * @scalars: @n of them
 * @points: @n of them; n = 0 gives the identity
 * @n: any number; Straus for few, Pippenger for many
 *
 * Memory: at most 2.3 KiB per point for few, 16 MiB in all for many.
 *
 * Return: 0 or CR_ERR_NOMEM.
 */
CR_MUST_CHECK int cr_msm_vartime(struct cr_point *out,
				 const struct cr_scalar *scalars,
				 const struct cr_point *points, size_t n);

#endif /* CR_PROOF_GROUP_H */
