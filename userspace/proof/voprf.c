// SPDX-License-Identifier: MIT
/* The verifiable mode of RFC 9497 on batches: client and server. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/codec.h"
#include "proof/error.h"
#include "proof/oprf_core.h"
#include "proof/secret.h"
#include "proof/voprf.h"

static void set_public(struct cr_voprf_key *key)
{
	struct cr_point p;

	cr_point_mul_base(&p, &key->k);
	cr_point_encode(key->public_key, &p);
	cr_declassify(key->public_key, CR_POINT_BYTES);
	sodium_memzero(&p, sizeof(p));
}

/* Whether a secret is usable at all is no secret. */
static bool told(bool answer)
{
	cr_declassify(&answer, sizeof(answer));
	return answer;
}

int cr_voprf_key_derive(struct cr_voprf_key *key, const uint8_t seed[32],
			const uint8_t *info, size_t info_len)
{
	int err = cr_oprf_derive(&key->k, CR_MODE_VOPRF, seed, info, info_len);

	if (!err)
		set_public(key);
	return err;
}

int cr_voprf_key_load(struct cr_voprf_key *key,
		      const uint8_t bytes[CR_SCALAR_BYTES])
{
	if (!cr_scalar_parse(&key->k, bytes) ||
	    told(cr_scalar_is_zero(&key->k)))
		return CR_ERR_SCALAR;
	set_public(key);
	return CR_OK;
}

int cr_voprf_blind_with(uint8_t blinded[CR_POINT_BYTES],
			const struct cr_scalar *blind,
			const uint8_t *input, size_t len)
{
	struct cr_point p;
	int err = CR_OK;

	if (len > CR_VOPRF_INPUT_MAX)
		return CR_ERR_LENGTH;
	cr_oprf_hash_to_group(&p, CR_MODE_VOPRF, input, len);
	if (told(cr_point_is_identity(&p))) {
		err = CR_ERR_IDENTITY;
	} else {
		cr_point_mul(&p, blind, &p);
		cr_point_encode(blinded, &p);
		cr_declassify(blinded, CR_POINT_BYTES);
	}
	sodium_memzero(&p, sizeof(p));
	return err;
}

int cr_voprf_blind(uint8_t blinded[CR_POINT_BYTES], struct cr_scalar *blind,
		   const uint8_t *input, size_t len)
{
	do {
		cr_scalar_random(blind);
	} while (told(cr_scalar_is_zero(blind)));
	return cr_voprf_blind_with(blinded, blind, input, len);
}

/* Two arrays of n points in one piece. */
static int two_arrays(struct cr_point **first, struct cr_point **second, size_t n)
{
	if (!n || n > CR_VOPRF_BATCH_MAX)
		return CR_ERR_COUNT;
	/* points want more alignment than malloc() promises */
	*first = aligned_alloc(_Alignof(struct cr_point), 2 * n * sizeof(**first));
	if (!*first)
		return CR_ERR_NOMEM;
	*second = *first + n;
	return CR_OK;
}

/*
 * The proof's nonce: fresh randomness hashed with the key and the statement,
 * so that neither a bad generator nor a repeated state reuses it for another
 * statement, which would give the key away.
 */
static void hedged_nonce(struct cr_scalar *nonce, const struct cr_scalar *k,
			 const uint8_t (*blinded)[CR_POINT_BYTES], size_t n)
{
	uint8_t kind[CR_KIND_BYTES], fresh[32], uniform[CR_UNIFORM_BYTES];
	crypto_hash_sha512_state h;

	cr_put_kind(kind, CR_KIND_DLEQ_NONCE);
	randombytes_buf(fresh, sizeof(fresh));
	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, kind, sizeof(kind));
	crypto_hash_sha512_update(&h, k->b, CR_SCALAR_BYTES);
	crypto_hash_sha512_update(&h, fresh, sizeof(fresh));
	crypto_hash_sha512_update(&h, (const uint8_t *)blinded, n * CR_POINT_BYTES);
	crypto_hash_sha512_final(&h, uniform);
	cr_scalar_reduce(nonce, uniform);
	sodium_memzero(&h, sizeof(h));
	sodium_memzero(fresh, sizeof(fresh));
	sodium_memzero(uniform, sizeof(uniform));
}

int cr_voprf_evaluate(uint8_t (*evaluated)[CR_POINT_BYTES],
		      uint8_t proof[CR_VOPRF_PROOF_BYTES],
		      const struct cr_voprf_key *key,
		      const uint8_t (*blinded)[CR_POINT_BYTES], size_t n)
{
	struct cr_scalar nonce;
	struct cr_point *c, *d;
	int err = two_arrays(&c, &d, n);

	if (err)
		return err;
	err = cr_oprf_decode(c, blinded, n);
	if (!err) {
		const struct cr_dleq st = {
			.mode = CR_MODE_VOPRF, .k_point = key->public_key,
			.c = c, .d = d, .c_bytes = blinded,
			.d_bytes = (const uint8_t (*)[CR_POINT_BYTES])evaluated,
			.n = n,
		};

		for (size_t i = 0; i < n; i++) {
			cr_point_mul(&d[i], &key->k, &c[i]);
			cr_point_encode(evaluated[i], &d[i]);
			cr_declassify(evaluated[i], CR_POINT_BYTES);
		}
		hedged_nonce(&nonce, &key->k, blinded, n);
		err = cr_dleq_prove(proof, &st, &key->k, &nonce);
		sodium_memzero(&nonce, sizeof(nonce));
	}
	free(c);
	return err;
}

/* The check; leaves the evaluated points in d for the caller. */
static int verify(const struct cr_point *c, const struct cr_point *d,
		  const uint8_t (*blinded)[CR_POINT_BYTES],
		  const uint8_t (*evaluated)[CR_POINT_BYTES],
		  const uint8_t proof[CR_VOPRF_PROOF_BYTES],
		  const uint8_t public_key[CR_POINT_BYTES], size_t n)
{
	const struct cr_dleq st = {
		.mode = CR_MODE_VOPRF, .k_point = public_key, .c = c, .d = d,
		.c_bytes = blinded, .d_bytes = evaluated, .n = n,
	};

	return cr_dleq_verify(&st, proof);
}

int cr_voprf_verify(const uint8_t (*blinded)[CR_POINT_BYTES],
		    const uint8_t (*evaluated)[CR_POINT_BYTES],
		    const uint8_t proof[CR_VOPRF_PROOF_BYTES],
		    const uint8_t public_key[CR_POINT_BYTES], size_t n)
{
	struct cr_point *c, *d;
	int err = two_arrays(&c, &d, n);

	if (err)
		return err;
	err = cr_oprf_decode(c, blinded, n);
	if (!err)
		err = cr_oprf_decode(d, evaluated, n);
	if (!err)
		err = verify(c, d, blinded, evaluated, proof, public_key, n);
	free(c);
	return err;
}

int cr_voprf_finalize(uint8_t (*outputs)[CR_VOPRF_OUTPUT_BYTES],
		      const uint8_t *inputs, size_t input_len,
		      const struct cr_scalar *blinds,
		      const uint8_t (*blinded)[CR_POINT_BYTES],
		      const uint8_t (*evaluated)[CR_POINT_BYTES],
		      const uint8_t proof[CR_VOPRF_PROOF_BYTES],
		      const uint8_t public_key[CR_POINT_BYTES], size_t n)
{
	struct cr_point *c, *d, element;
	uint8_t encoded[CR_POINT_BYTES];
	struct cr_scalar inverse;
	int err = two_arrays(&c, &d, n);

	if (err)
		return err;
	sodium_memzero(outputs, n * sizeof(*outputs));
	if (input_len > CR_VOPRF_INPUT_MAX) {
		err = CR_ERR_LENGTH;
		goto out;
	}
	err = cr_oprf_decode(c, blinded, n);
	if (!err)
		err = cr_oprf_decode(d, evaluated, n);
	if (!err)
		err = verify(c, d, blinded, evaluated, proof, public_key, n);
	if (err)
		goto out;
	for (size_t i = 0; i < n; i++) {
		cr_scalar_invert(&inverse, &blinds[i]);
		cr_point_mul(&element, &inverse, &d[i]);
		cr_point_encode(encoded, &element);
		cr_oprf_finalize_hash(outputs[i], inputs + i * input_len,
				      input_len, NULL, 0, encoded);
	}
	sodium_memzero(&inverse, sizeof(inverse));
	sodium_memzero(&element, sizeof(element));
	sodium_memzero(encoded, sizeof(encoded));
out:
	free(c);
	return err;
}

int cr_voprf_output(uint8_t output[CR_VOPRF_OUTPUT_BYTES],
		    const struct cr_voprf_key *key,
		    const uint8_t *input, size_t len)
{
	uint8_t encoded[CR_POINT_BYTES];
	struct cr_point p;
	int err = CR_OK;

	if (len > CR_VOPRF_INPUT_MAX)
		return CR_ERR_LENGTH;
	cr_oprf_hash_to_group(&p, CR_MODE_VOPRF, input, len);
	if (told(cr_point_is_identity(&p))) {
		err = CR_ERR_IDENTITY;
	} else {
		cr_point_mul(&p, &key->k, &p);
		cr_point_encode(encoded, &p);
		cr_oprf_finalize_hash(output, input, len, NULL, 0, encoded);
	}
	sodium_memzero(&p, sizeof(p));
	sodium_memzero(encoded, sizeof(encoded));
	return err;
}
