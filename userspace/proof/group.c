// SPDX-License-Identifier: MIT
/*
 * ristretto255 points by libdecaf, whose points stay in extended coordinates
 * between operations. libsodium's encode the result of every call: an addition
 * there costs eighty times as much (`make bench-proofs` prints both).
 */
#include <stdlib.h>

#include <decaf/point_255.h>

#include "proof/group.h"

_Static_assert(sizeof(struct cr_point) == sizeof(decaf_255_point_t),
	       "struct cr_point must hold exactly a decaf point");
_Static_assert(_Alignof(struct cr_point) >= _Alignof(decaf_255_point_t),
	       "struct cr_point must be aligned as a decaf point");

static inline struct decaf_255_point_s *inner(struct cr_point *p)
{
	return (struct decaf_255_point_s *)(void *)p;
}

static inline const struct decaf_255_point_s *cinner(const struct cr_point *p)
{
	return (const struct decaf_255_point_s *)(const void *)p;
}

static void to_decaf(decaf_255_scalar_t out, const struct cr_scalar *s)
{
	/* canonical by the type's invariant, so this cannot fail */
	(void)!decaf_255_scalar_decode(out, s->b);
}

bool cr_point_decode(struct cr_point *p, const uint8_t bytes[CR_POINT_BYTES])
{
	return decaf_255_point_decode(inner(p), bytes, DECAF_TRUE) ==
	       DECAF_SUCCESS;
}

void cr_point_encode(uint8_t bytes[CR_POINT_BYTES], const struct cr_point *p)
{
	decaf_255_point_encode(bytes, cinner(p));
}

void cr_point_from_uniform(struct cr_point *p,
			   const uint8_t bytes[CR_UNIFORM_BYTES])
{
	decaf_255_point_from_hash_uniform(inner(p), bytes);
}

void cr_point_identity(struct cr_point *p)
{
	decaf_255_point_copy(inner(p), decaf_255_point_identity);
}

void cr_point_base(struct cr_point *p)
{
	decaf_255_point_copy(inner(p), decaf_255_point_base);
}

bool cr_point_is_identity(const struct cr_point *p)
{
	return decaf_255_point_eq(cinner(p), decaf_255_point_identity) ==
	       DECAF_TRUE;
}

bool cr_point_equal(const struct cr_point *a, const struct cr_point *b)
{
	return decaf_255_point_eq(cinner(a), cinner(b)) == DECAF_TRUE;
}

void cr_point_add(struct cr_point *out, const struct cr_point *a,
		  const struct cr_point *b)
{
	decaf_255_point_add(inner(out), cinner(a), cinner(b));
}

void cr_point_sub(struct cr_point *out, const struct cr_point *a,
		  const struct cr_point *b)
{
	decaf_255_point_sub(inner(out), cinner(a), cinner(b));
}

void cr_point_neg(struct cr_point *out, const struct cr_point *a)
{
	decaf_255_point_negate(inner(out), cinner(a));
}

void cr_point_double(struct cr_point *out, const struct cr_point *a)
{
	decaf_255_point_double(inner(out), cinner(a));
}

void cr_point_select(struct cr_point *out, const struct cr_point *a,
		     const struct cr_point *b, bool pick_b)
{
	decaf_255_point_cond_sel(inner(out), cinner(a), cinner(b), pick_b);
}

void cr_point_mul(struct cr_point *out, const struct cr_scalar *s,
		  const struct cr_point *p)
{
	decaf_255_scalar_t k;

	to_decaf(k, s);
	decaf_255_point_scalarmul(inner(out), cinner(p), k);
	decaf_255_scalar_destroy(k);
}

void cr_point_mul_base(struct cr_point *out, const struct cr_scalar *s)
{
	decaf_255_scalar_t k;

	to_decaf(k, s);
	decaf_255_precomputed_scalarmul(inner(out), decaf_255_precomputed_base,
					k);
	decaf_255_scalar_destroy(k);
}

void cr_point_mul2(struct cr_point *out, const struct cr_scalar *s,
		   const struct cr_point *p, const struct cr_scalar *t,
		   const struct cr_point *q)
{
	decaf_255_scalar_t k, m;

	to_decaf(k, s);
	to_decaf(m, t);
	decaf_255_point_double_scalarmul(inner(out), cinner(p), k, cinner(q),
					 m);
	decaf_255_scalar_destroy(k);
	decaf_255_scalar_destroy(m);
}

struct cr_fixed_base {
	decaf_255_precomputed_s *table;
};

struct cr_fixed_base *cr_fixed_base_new(const struct cr_point *p)
{
	const size_t align = decaf_255_alignof_precomputed_s;
	size_t size = decaf_255_sizeof_precomputed_s;
	struct cr_fixed_base *base = malloc(sizeof(*base));

	if (!base)
		return NULL;
	size = (size + align - 1) / align * align;
	base->table = aligned_alloc(align, size);
	if (!base->table) {
		free(base);
		return NULL;
	}
	decaf_255_precompute(base->table, cinner(p));
	return base;
}

void cr_fixed_base_free(struct cr_fixed_base *base)
{
	if (!base)
		return;
	free(base->table);
	free(base);
}

void cr_fixed_base_mul(struct cr_point *out, const struct cr_fixed_base *base,
		       const struct cr_scalar *s)
{
	decaf_255_scalar_t k;

	to_decaf(k, s);
	decaf_255_precomputed_scalarmul(inner(out), base->table, k);
	decaf_255_scalar_destroy(k);
}
