/* SPDX-License-Identifier: MIT */
/*
 * Parts of RFC 9497 that its three modes share, for voprf.c and for tests
 * that hold them against the RFC's vectors of all modes. Not for others.
 */
#ifndef CR_PROOF_OPRF_CORE_H
#define CR_PROOF_OPRF_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "proof/group.h"
#include "proof/voprf.h"

enum cr_oprf_mode { CR_MODE_OPRF = 0, CR_MODE_VOPRF = 1, CR_MODE_POPRF = 2 };

/**
 * struct cr_bytes - one piece of what is hashed
 * @p: bytes
 * @len: their number
 */
struct cr_bytes {
	const void *p;
	size_t len;
};

/**
 * cr_oprf_expand() - expand_message_xmd of RFC 9380 with SHA-512, 64 bytes out
 * @out: uniform bytes
 * @mode: part of the context string
 * @dst_prefix: "HashToGroup-", "HashToScalar-" or "DeriveKeyPair"
 * @parts: pieces of the message
 * @n: how many
 */
void cr_oprf_expand(uint8_t out[CR_UNIFORM_BYTES], enum cr_oprf_mode mode,
		    const char *dst_prefix, const struct cr_bytes *parts,
		    size_t n);

void cr_oprf_hash_to_group(struct cr_point *p, enum cr_oprf_mode mode,
			   const uint8_t *input, size_t len);

/** cr_oprf_derive() - DeriveKeyPair's scalar; 0 or CR_ERR_LENGTH, CR_ERR_CHALLENGE */
CR_MUST_CHECK int cr_oprf_derive(struct cr_scalar *k, enum cr_oprf_mode mode,
				 const uint8_t seed[32], const uint8_t *info,
				 size_t info_len);

/**
 * cr_oprf_finalize_hash() - last step of Finalize and Evaluate
 * @output: secret
 * @input: what was evaluated
 * @len: at most 65535
 * @info: POPRF's public info, else NULL
 * @info_len: at most 65535
 * @element: the unblinded element, encoded
 */
void cr_oprf_finalize_hash(uint8_t output[CR_VOPRF_OUTPUT_BYTES],
			   const uint8_t *input, size_t len,
			   const uint8_t *info, size_t info_len,
			   const uint8_t element[CR_POINT_BYTES]);

/**
 * struct cr_dleq - statement: D[i] = k * C[i] for all i, where K = k * B
 * @mode: part of the context string
 * @k_point: encoding of K
 * @c: @n points
 * @d: @n points
 * @c_bytes: their encodings
 * @d_bytes: their encodings
 * @n: 1 to CR_VOPRF_BATCH_MAX
 */
struct cr_dleq {
	enum cr_oprf_mode mode;
	const uint8_t *k_point;
	const struct cr_point *c, *d;
	const uint8_t (*c_bytes)[CR_POINT_BYTES];
	const uint8_t (*d_bytes)[CR_POINT_BYTES];
	size_t n;
};

/** cr_dleq_prove() - RFC 9497 2.2.1 with the nonce given; 0 or CR_ERR_NOMEM */
CR_MUST_CHECK int cr_dleq_prove(uint8_t proof[CR_VOPRF_PROOF_BYTES],
				const struct cr_dleq *st,
				const struct cr_scalar *k,
				const struct cr_scalar *nonce);

/**
 * cr_dleq_verify() - RFC 9497 2.2.2
 *
 * Return: 0, CR_ERR_SCALAR, CR_ERR_POINT, CR_ERR_IDENTITY, CR_ERR_REJECTED,
 * CR_ERR_NOMEM.
 */
CR_MUST_CHECK int cr_dleq_verify(const struct cr_dleq *st,
				 const uint8_t proof[CR_VOPRF_PROOF_BYTES]);

/**
 * cr_oprf_decode() - take @n encodings, none of which may be the identity
 *
 * Return: 0, CR_ERR_POINT or CR_ERR_IDENTITY.
 */
CR_MUST_CHECK int cr_oprf_decode(struct cr_point *points,
				 const uint8_t (*bytes)[CR_POINT_BYTES],
				 size_t n);

#endif /* CR_PROOF_OPRF_CORE_H */
