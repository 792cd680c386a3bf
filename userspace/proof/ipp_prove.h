/* SPDX-License-Identifier: MIT */
/* Prover of the inner product argument; inside the library only. */
#ifndef CR_PROOF_IPP_PROVE_H
#define CR_PROOF_IPP_PROVE_H

#include "proof/group.h"
#include "proof/transcript.h"

/**
 * ipp_prove() - argue <a, b> for vectors under G, H and Q = w B
 * @t: transcript; range_begin_ipp() was called
 * @g: @length points, overwritten
 * @h: @length points, overwritten
 * @h_scale: @length scalars: the argument's H is h_scale[i] * h[i];
 *	overwritten
 * @w: scalar of Q
 * @a: @length scalars, overwritten
 * @b: @length scalars, overwritten
 * @length: power of two
 * @out: 64 * log2(length) + 64 bytes: L and R of each round, then a and b
 *
 * Variable time: a and b are the blinded vectors l(x) and r(x), which could
 * be sent in clear.
 *
 * Return: 0, CR_ERR_NOMEM or CR_ERR_CHALLENGE.
 */
CR_MUST_CHECK int ipp_prove(struct cr_transcript *t, struct cr_point *g,
			    struct cr_point *h, struct cr_scalar *h_scale,
			    const struct cr_scalar *w, struct cr_scalar *a,
			    struct cr_scalar *b, size_t length, uint8_t *out);

#endif /* CR_PROOF_IPP_PROVE_H */
