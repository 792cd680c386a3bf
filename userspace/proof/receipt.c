// SPDX-License-Identifier: MIT
/* Receipts: signing, the relay's acceptance test, both encodings. */
#include <sodium.h>

#include "proof/amount.h"
#include "proof/codec.h"
#include "proof/pedersen.h"
#include "proof/receipt.h"
#include "proof/secret.h"

/* The signed part; returns where the signature goes. */
static uint8_t *put_signed(uint8_t *p, const struct cr_receipt *receipt)
{
	p = cr_put_kind(p, CR_KIND_RECEIPT);
	p = cr_put(p, receipt->scope.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, receipt->scope.epoch);
	p = cr_put(p, receipt->scope.relay, CR_RELAY_BYTES);
	p = cr_put(p, receipt->session, CR_SESSION_BYTES);
	return cr_put(p, receipt->commitment, CR_POINT_BYTES);
}

static void draw_blinding(struct cr_opening *opening,
			  const struct cr_scope *scope,
			  const uint8_t secret[CR_SECRET_BYTES])
{
	uint8_t kind[CR_KIND_BYTES], fresh[32], number[8];
	uint8_t uniform[CR_UNIFORM_BYTES];
	crypto_hash_sha512_state h;

	cr_put_kind(kind, CR_KIND_RECEIPT_BLIND);
	randombytes_buf(fresh, sizeof(fresh));
	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, kind, sizeof(kind));
	crypto_hash_sha512_update(&h, secret, CR_SECRET_BYTES);
	crypto_hash_sha512_update(&h, fresh, sizeof(fresh));
	crypto_hash_sha512_update(&h, scope->ledger, CR_LEDGER_BYTES);
	cr_put_le64(number, scope->epoch);
	crypto_hash_sha512_update(&h, number, 8);
	crypto_hash_sha512_update(&h, scope->relay, CR_RELAY_BYTES);
	cr_put_le32(number, opening->v);
	crypto_hash_sha512_update(&h, number, 4);
	crypto_hash_sha512_final(&h, uniform);
	cr_scalar_reduce(&opening->r, uniform);
	sodium_memzero(&h, sizeof(h));
	sodium_memzero(fresh, sizeof(fresh));
	sodium_memzero(number, sizeof(number));
	sodium_memzero(uniform, sizeof(uniform));
}

void cr_receipt_sign(struct cr_receipt *receipt, struct cr_opening *opening,
		     const struct cr_scope *scope, uint32_t v,
		     const uint8_t secret[CR_SECRET_BYTES])
{
	uint8_t message[CR_RECEIPT_SIGNED];

	opening->v = v;
	draw_blinding(opening, scope, secret);
	receipt->scope = *scope;
	/* libsodium keeps the public key in the second half */
	cr_get(secret + CR_SEED_BYTES, receipt->session, CR_SESSION_BYTES);
	cr_pedersen_commit_u64(receipt->commitment, opening->v, &opening->r);
	cr_declassify(receipt->commitment, CR_POINT_BYTES);
	put_signed(message, receipt);
	cr_sign(receipt->signature, message, sizeof(message), secret);
	cr_declassify(receipt->signature, CR_SIGNATURE_BYTES);
}

enum cr_reason cr_receipt_check_signature(const struct cr_receipt *receipt)
{
	uint8_t message[CR_RECEIPT_SIGNED];

	put_signed(message, receipt);
	return cr_verify(receipt->signature, message, sizeof(message),
			 receipt->session);
}

enum cr_reason cr_receipt_accept(const struct cr_receipt *receipt,
				 const struct cr_opening *opening,
				 const struct cr_certificate *cert,
				 uint32_t last)
{
	enum cr_reason reason = cr_scope_check(&receipt->scope, &cert->scope);
	uint8_t commitment[CR_POINT_BYTES];

	if (reason != CR_ACCEPTED)
		return reason;
	if (memcmp(receipt->session, cert->session, CR_SESSION_BYTES) != 0)
		return CR_OTHER_SESSION;
	if (cr_amount_above(opening->v, cert->deposit))
		return CR_OVER_DEPOSIT;
	if (cr_amount_above(last, opening->v))
		return CR_BELOW_LAST;
	cr_pedersen_commit_u64(commitment, opening->v, &opening->r);
	cr_declassify(commitment, sizeof(commitment));
	if (sodium_memcmp(commitment, receipt->commitment, CR_POINT_BYTES) != 0)
		return CR_BAD_OPENING;
	return cr_receipt_check_signature(receipt);
}

void cr_receipt_encode(uint8_t out[CR_RECEIPT_BYTES],
		       const struct cr_receipt *receipt)
{
	cr_put(put_signed(out, receipt), receipt->signature, CR_SIGNATURE_BYTES);
}

enum cr_reason cr_receipt_decode(struct cr_receipt *receipt,
				 const uint8_t *in, size_t len)
{
	if (len != CR_RECEIPT_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, CR_KIND_RECEIPT))
		return CR_BAD_FORMAT;
	in = cr_get(in + CR_KIND_BYTES, receipt->scope.ledger, CR_LEDGER_BYTES);
	in = cr_get_le64(in, &receipt->scope.epoch);
	in = cr_get(in, receipt->scope.relay, CR_RELAY_BYTES);
	in = cr_get(in, receipt->session, CR_SESSION_BYTES);
	in = cr_get(in, receipt->commitment, CR_POINT_BYTES);
	cr_get(in, receipt->signature, CR_SIGNATURE_BYTES);
	return CR_ACCEPTED;
}

void cr_receipt_pack(uint8_t out[CR_RECEIPT_WIRE],
		     const struct cr_receipt *receipt,
		     const struct cr_opening *opening)
{
	uint8_t *p = out;

	*p++ = CR_RECEIPT_WIRE_VERSION;
	p = cr_put_le32(p, opening->v);
	p = cr_put(p, opening->r.b, CR_SCALAR_BYTES);
	cr_put(p, receipt->signature, CR_SIGNATURE_BYTES);
}

enum cr_reason cr_receipt_unpack(struct cr_receipt *receipt,
				 struct cr_opening *opening,
				 const uint8_t *in, size_t len,
				 const struct cr_certificate *cert)
{
	if (len != CR_RECEIPT_WIRE)
		return CR_BAD_LENGTH;
	if (*in++ != CR_RECEIPT_WIRE_VERSION)
		return CR_BAD_FORMAT;
	in = cr_get_le32(in, &opening->v);
	if (!cr_scalar_parse(&opening->r, in))
		return CR_BAD_SCALAR;
	in += CR_SCALAR_BYTES;
	receipt->scope = cert->scope;
	memcpy(receipt->session, cert->session, CR_SESSION_BYTES);
	cr_pedersen_commit_u64(receipt->commitment, opening->v, &opening->r);
	cr_declassify(receipt->commitment, CR_POINT_BYTES);
	cr_get(in, receipt->signature, CR_SIGNATURE_BYTES);
	return CR_ACCEPTED;
}
