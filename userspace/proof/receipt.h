/* SPDX-License-Identifier: MIT */
/*
 * Receipts: a session's signed, cumulative word for what it received, with
 * the amount hidden in a Pedersen commitment that only the relay can open
 * (docs/claims.md).
 */
#ifndef CR_PROOF_RECEIPT_H
#define CR_PROOF_RECEIPT_H

#include <stddef.h>
#include <stdint.h>

#include "proof/certificate.h"
#include "proof/group.h"
#include "proof/reason.h"
#include "proof/sign.h"

#define CR_RECEIPT_SIGNED	152
#define CR_RECEIPT_BYTES	(CR_RECEIPT_SIGNED + CR_SIGNATURE_BYTES)
/* The form inside the circuit: version, amount, blinding, signature. */
#define CR_RECEIPT_WIRE		(1 + 4 + CR_SCALAR_BYTES + CR_SIGNATURE_BYTES)
#define CR_RECEIPT_WIRE_VERSION	1
/* A CONTROL of a small cell to the hop at position p holds 232 - 23 p bytes. */
#define CR_RECEIPT_SMALL_CELL_HOPS 5

/**
 * struct cr_opening - what a commitment hides; secret from everybody but
 *	client and relay, so kept in sodium_malloc() memory
 * @v: amount in KiB of cell bytes
 * @r: blinding
 */
struct cr_opening {
	uint32_t v;
	struct cr_scalar r;
};

/**
 * struct cr_receipt - public part of a receipt
 * @scope: ledger, epoch, relay
 * @session: the session's key
 * @commitment: encoding of C = v * B + r * B_blinding
 * @signature: by the session's key over the first 152 bytes of the encoding
 */
struct cr_receipt {
	struct cr_scope scope;
	uint8_t session[CR_SESSION_BYTES];
	uint8_t commitment[CR_POINT_BYTES];
	uint8_t signature[CR_SIGNATURE_BYTES];
};

/**
 * cr_receipt_sign() - sign for an amount (client)
 * @receipt: result
 * @opening: result, secret
 * @scope: of the session's certificate
 * @v: KiB received so far; the caller never lets it fall or exceed the deposit
 * @secret: the session's secret key; its public half names the session
 *
 * The blinding is a hash of the secret key, what is signed for and fresh
 * randomness: a broken or repeated random generator still gives different
 * blindings for different amounts.
 */
void cr_receipt_sign(struct cr_receipt *receipt, struct cr_opening *opening,
		     const struct cr_scope *scope, uint32_t v,
		     const uint8_t secret[CR_SECRET_BYTES]);

/**
 * cr_receipt_check_signature() - the strict routine over a receipt
 * @receipt: in hand
 *
 * Return: CR_ACCEPTED, CR_BAD_KEY or CR_BAD_SIGNATURE.
 */
enum cr_reason cr_receipt_check_signature(const struct cr_receipt *receipt);

/**
 * cr_receipt_accept() - everything a relay asks before it raises the credit
 * @receipt: in hand
 * @opening: amount and blinding that came with it
 * @cert: the session's certificate, already checked
 * @last: highest amount accepted so far in this session, 0 at first
 *
 * What the relay accepts here the market pays for: same rules, same routine.
 * Return: CR_ACCEPTED or the first of CR_OTHER_LEDGER, _EPOCH, _RELAY,
 * _SESSION, CR_OVER_DEPOSIT, CR_BELOW_LAST, CR_BAD_OPENING, CR_BAD_KEY,
 * CR_BAD_SIGNATURE.
 */
enum cr_reason cr_receipt_accept(const struct cr_receipt *receipt,
				 const struct cr_opening *opening,
				 const struct cr_certificate *cert,
				 uint32_t last);

/** cr_receipt_encode() - the full form, for storage and for checking alone */
void cr_receipt_encode(uint8_t out[CR_RECEIPT_BYTES],
		       const struct cr_receipt *receipt);

/**
 * cr_receipt_decode() - parse; says nothing about commitment and signature
 * @receipt: result, undefined unless CR_ACCEPTED
 * @in: bytes from anywhere
 * @len: their number
 *
 * Return: CR_ACCEPTED, CR_BAD_LENGTH or CR_BAD_FORMAT.
 */
enum cr_reason cr_receipt_decode(struct cr_receipt *receipt,
				 const uint8_t *in, size_t len);

/**
 * cr_receipt_pack() - what travels inside the circuit
 * @out: result, as secret as the opening in it
 * @receipt: its signature is taken
 * @opening: amount and blinding
 */
void cr_receipt_pack(uint8_t out[CR_RECEIPT_WIRE],
		     const struct cr_receipt *receipt,
		     const struct cr_opening *opening);

/**
 * cr_receipt_unpack() - complete what travelled (relay)
 * @receipt: result; the commitment is computed from the opening
 * @opening: result, secret
 * @in: bytes from the client
 * @len: their number
 * @cert: the session's certificate: scope and session come from it
 *
 * Return: CR_ACCEPTED, CR_BAD_LENGTH, CR_BAD_FORMAT or CR_BAD_SCALAR; then
 * the caller still asks cr_receipt_accept().
 */
enum cr_reason cr_receipt_unpack(struct cr_receipt *receipt,
				 struct cr_opening *opening,
				 const uint8_t *in, size_t len,
				 const struct cr_certificate *cert);

#endif /* CR_PROOF_RECEIPT_H */
