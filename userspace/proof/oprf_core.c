// SPDX-License-Identifier: MIT
/*
 * Hashing and the batched discrete-log-equality proof of RFC 9497, for the
 * suite ristretto255-SHA512.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "proof/oprf_core.h"
#include "proof/secret.h"

#define SUITE "ristretto255-SHA512"
#define CONTEXT_BYTES (7 + 1 + 1 + sizeof(SUITE) - 1)
#define DST_MAX 64

static void put_context(uint8_t out[CONTEXT_BYTES], enum cr_oprf_mode mode)
{
	memcpy(out, "OPRFV1-", 7);
	out[7] = (uint8_t)mode;
	out[8] = '-';
	memcpy(out + 9, SUITE, sizeof(SUITE) - 1);
}

/* prefix followed by the context string; returns its length */
static size_t put_dst(uint8_t out[DST_MAX], const char *prefix,
		      enum cr_oprf_mode mode)
{
	size_t len = strnlen(prefix, DST_MAX - CONTEXT_BYTES);

	memcpy(out, prefix, len);
	put_context(out + len, mode);
	return len + CONTEXT_BYTES;
}

static void put_be16(uint8_t out[2], size_t v)
{
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
}

/* The length as two big-endian bytes, then the bytes. */
static void hash_framed(crypto_hash_sha512_state *h, const void *p, size_t len)
{
	uint8_t be[2];

	put_be16(be, len);
	crypto_hash_sha512_update(h, be, sizeof(be));
	crypto_hash_sha512_update(h, p, len);
}

void cr_oprf_expand(uint8_t out[CR_UNIFORM_BYTES], enum cr_oprf_mode mode,
		    const char *dst_prefix, const struct cr_bytes *parts,
		    size_t n)
{
	/* one SHA-512 block of zeros, then what follows the message */
	static const uint8_t z_pad[128];
	static const uint8_t len_and_zero[3] = { 0, CR_UNIFORM_BYTES, 0 };
	crypto_hash_sha512_state h;
	uint8_t dst[DST_MAX + 1], b0[crypto_hash_sha512_BYTES];
	size_t dst_len = put_dst(dst, dst_prefix, mode);

	dst[dst_len] = (uint8_t)dst_len;
	dst_len++;

	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, z_pad, sizeof(z_pad));
	for (size_t i = 0; i < n; i++)
		crypto_hash_sha512_update(&h, parts[i].p, parts[i].len);
	crypto_hash_sha512_update(&h, len_and_zero, sizeof(len_and_zero));
	crypto_hash_sha512_update(&h, dst, dst_len);
	crypto_hash_sha512_final(&h, b0);

	/* 64 bytes wanted, 64 bytes a hash: b_1 is all of it */
	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, b0, sizeof(b0));
	crypto_hash_sha512_update(&h, (const uint8_t[]){ 1 }, 1);
	crypto_hash_sha512_update(&h, dst, dst_len);
	crypto_hash_sha512_final(&h, out);

	sodium_memzero(&h, sizeof(h));
	sodium_memzero(b0, sizeof(b0));
}

void cr_oprf_hash_to_group(struct cr_point *p, enum cr_oprf_mode mode,
			   const uint8_t *input, size_t len)
{
	const struct cr_bytes part = { input, len };
	uint8_t uniform[CR_UNIFORM_BYTES];

	cr_oprf_expand(uniform, mode, "HashToGroup-", &part, 1);
	cr_point_from_uniform(p, uniform);
	sodium_memzero(uniform, sizeof(uniform));
}

int cr_oprf_derive(struct cr_scalar *k, enum cr_oprf_mode mode,
		   const uint8_t seed[32], const uint8_t *info, size_t info_len)
{
	uint8_t len[2], counter, uniform[CR_UNIFORM_BYTES];
	const struct cr_bytes parts[] = {
		{ seed, 32 }, { len, 2 }, { info, info_len }, { &counter, 1 },
	};
	bool usable;

	if (info_len > CR_VOPRF_INPUT_MAX)
		return CR_ERR_LENGTH;
	put_be16(len, info_len);
	for (unsigned int i = 0; i < 256; i++) {
		counter = (uint8_t)i;
		cr_oprf_expand(uniform, mode, "DeriveKeyPair", parts, 4);
		cr_scalar_reduce(k, uniform);
		sodium_memzero(uniform, sizeof(uniform));
		usable = !cr_scalar_is_zero(k);
		cr_declassify(&usable, sizeof(usable));
		if (usable)
			return CR_OK;
	}
	return CR_ERR_CHALLENGE;
}

void cr_oprf_finalize_hash(uint8_t output[CR_VOPRF_OUTPUT_BYTES],
			   const uint8_t *input, size_t len,
			   const uint8_t *info, size_t info_len,
			   const uint8_t element[CR_POINT_BYTES])
{
	crypto_hash_sha512_state h;

	crypto_hash_sha512_init(&h);
	hash_framed(&h, input, len);
	if (info)
		hash_framed(&h, info, info_len);
	hash_framed(&h, element, CR_POINT_BYTES);
	crypto_hash_sha512_update(&h, (const uint8_t *)"Finalize", 8);
	crypto_hash_sha512_final(&h, output);
	sodium_memzero(&h, sizeof(h));
}

int cr_oprf_decode(struct cr_point *points,
		   const uint8_t (*bytes)[CR_POINT_BYTES], size_t n)
{
	static const uint8_t identity[CR_POINT_BYTES];

	for (size_t i = 0; i < n; i++) {
		if (memcmp(bytes[i], identity, sizeof(identity)) == 0)
			return CR_ERR_IDENTITY;
		if (!cr_point_decode(&points[i], bytes[i]))
			return CR_ERR_POINT;
	}
	return CR_OK;
}

/* The public factors d_i that fold a batch into one statement. */
static void batch_factors(struct cr_scalar *factors, const struct cr_dleq *st)
{
	uint8_t dst[DST_MAX], seed[crypto_hash_sha512_BYTES];
	uint8_t seed_len[2], index[2], point_len[2], uniform[CR_UNIFORM_BYTES];
	size_t dst_len = put_dst(dst, "Seed-", st->mode);
	crypto_hash_sha512_state h;

	crypto_hash_sha512_init(&h);
	hash_framed(&h, st->k_point, CR_POINT_BYTES);
	hash_framed(&h, dst, dst_len);
	crypto_hash_sha512_final(&h, seed);

	put_be16(seed_len, sizeof(seed));
	put_be16(point_len, CR_POINT_BYTES);
	for (size_t i = 0; i < st->n; i++) {
		const struct cr_bytes parts[] = {
			{ seed_len, 2 }, { seed, sizeof(seed) }, { index, 2 },
			{ point_len, 2 }, { st->c_bytes[i], CR_POINT_BYTES },
			{ point_len, 2 }, { st->d_bytes[i], CR_POINT_BYTES },
			{ "Composite", 9 },
		};

		put_be16(index, i);
		cr_oprf_expand(uniform, st->mode, "HashToScalar-", parts,
			       sizeof(parts) / sizeof(*parts));
		cr_scalar_reduce(&factors[i], uniform);
	}
}

static void challenge(struct cr_scalar *c, const struct cr_dleq *st,
		      const struct cr_point *m, const struct cr_point *z,
		      const struct cr_point *t2, const struct cr_point *t3)
{
	uint8_t enc[4][CR_POINT_BYTES], len[2], uniform[CR_UNIFORM_BYTES];
	const struct cr_bytes parts[] = {
		{ len, 2 }, { st->k_point, CR_POINT_BYTES },
		{ len, 2 }, { enc[0], CR_POINT_BYTES },
		{ len, 2 }, { enc[1], CR_POINT_BYTES },
		{ len, 2 }, { enc[2], CR_POINT_BYTES },
		{ len, 2 }, { enc[3], CR_POINT_BYTES },
		{ "Challenge", 9 },
	};

	put_be16(len, CR_POINT_BYTES);
	cr_point_encode(enc[0], m);
	cr_point_encode(enc[1], z);
	cr_point_encode(enc[2], t2);
	cr_point_encode(enc[3], t3);
	cr_oprf_expand(uniform, st->mode, "HashToScalar-", parts,
		       sizeof(parts) / sizeof(*parts));
	cr_scalar_reduce(c, uniform);
}

int cr_dleq_prove(uint8_t proof[CR_VOPRF_PROOF_BYTES],
		  const struct cr_dleq *st, const struct cr_scalar *k,
		  const struct cr_scalar *nonce)
{
	struct cr_scalar *factors = calloc(st->n, sizeof(*factors));
	struct cr_point m, z, t2, t3;
	struct cr_scalar c, s;
	int err;

	if (!factors)
		return CR_ERR_NOMEM;
	/* statement and factors are public; key and nonce are not */
	batch_factors(factors, st);
	err = cr_msm_vartime(&m, factors, st->c, st->n);
	free(factors);
	if (err)
		return err;
	cr_point_mul(&z, k, &m);
	cr_point_mul_base(&t2, nonce);
	cr_point_mul(&t3, nonce, &m);
	challenge(&c, st, &m, &z, &t2, &t3);
	cr_scalar_mul(&s, &c, k);
	cr_scalar_sub(&s, nonce, &s);
	memcpy(proof, c.b, CR_SCALAR_BYTES);
	memcpy(proof + CR_SCALAR_BYTES, s.b, CR_SCALAR_BYTES);
	cr_declassify(proof, CR_VOPRF_PROOF_BYTES);
	return CR_OK;
}

int cr_dleq_verify(const struct cr_dleq *st,
		   const uint8_t proof[CR_VOPRF_PROOF_BYTES])
{
	struct cr_point k_point, m, z, t2, t3, pair[2];
	struct cr_scalar c, s, want, both[2], *factors;
	int err;

	if (!cr_scalar_parse(&c, proof) ||
	    !cr_scalar_parse(&s, proof + CR_SCALAR_BYTES))
		return CR_ERR_SCALAR;
	err = cr_oprf_decode(&k_point, (const uint8_t (*)[CR_POINT_BYTES])st->k_point, 1);
	if (err)
		return err;
	factors = calloc(st->n, sizeof(*factors));
	if (!factors)
		return CR_ERR_NOMEM;
	batch_factors(factors, st);
	err = cr_msm_vartime(&m, factors, st->c, st->n);
	if (!err)
		err = cr_msm_vartime(&z, factors, st->d, st->n);
	free(factors);
	if (err)
		return err;

	both[0] = s;
	both[1] = c;
	cr_point_base(&pair[0]);
	pair[1] = k_point;
	err = cr_msm_vartime(&t2, both, pair, 2);
	if (err)
		return err;
	pair[0] = m;
	pair[1] = z;
	err = cr_msm_vartime(&t3, both, pair, 2);
	if (err)
		return err;
	challenge(&want, st, &m, &z, &t2, &t3);
	return cr_scalar_equal(&want, &c) ? CR_OK : CR_ERR_REJECTED;
}
