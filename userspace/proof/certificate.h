/* SPDX-License-Identifier: MIT */
/*
 * Session certificates: the market's signed word that a session key has a
 * funded deposit at one relay, in one epoch, at one tariff (docs/claims.md).
 */
#ifndef CR_PROOF_CERTIFICATE_H
#define CR_PROOF_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "proof/reason.h"
#include "proof/sign.h"

#define CR_LEDGER_BYTES		32
#define CR_RELAY_BYTES		CR_PUBLIC_BYTES
#define CR_SESSION_BYTES	CR_PUBLIC_BYTES

/* Amounts of money, and tariffs (money per GiB), lie in [1, 2^63): a database keeps them signed. */
#define CR_MONEY_MAX		INT64_MAX

#define CR_CERTIFICATE_SIGNED	132
#define CR_CERTIFICATE_BYTES	(CR_CERTIFICATE_SIGNED + CR_SIGNATURE_BYTES)
/* What a relay cannot know: session, deposit, signature. For the first cell of a circuit. */
#define CR_CERTIFICATE_COMPACT	(CR_SESSION_BYTES + 4 + CR_SIGNATURE_BYTES)

/**
 * struct cr_scope - where a certificate, its receipts and a claim belong
 * @ledger: id of the market's ledger
 * @epoch: number of the epoch
 * @relay: the relay's Ed25519 identity
 */
struct cr_scope {
	uint8_t ledger[CR_LEDGER_BYTES];
	uint64_t epoch;
	uint8_t relay[CR_RELAY_BYTES];
};

/**
 * struct cr_certificate - a session and what it may spend
 * @scope: ledger, epoch, relay
 * @session: the session's fresh Ed25519 key
 * @tariff: units of money per GiB
 * @deposit: KiB that the voucher's value buys at @tariff
 * @signature: the market's certificate key over the first 132 bytes of the encoding
 */
struct cr_certificate {
	struct cr_scope scope;
	uint8_t session[CR_SESSION_BYTES];
	uint64_t tariff;
	uint32_t deposit;
	uint8_t signature[CR_SIGNATURE_BYTES];
};

/**
 * cr_scope_check() - do two scopes agree?
 * @have: of the object in hand
 * @want: of the one who checks
 *
 * Return: CR_ACCEPTED or the first of CR_OTHER_LEDGER, _EPOCH, _RELAY.
 */
enum cr_reason cr_scope_check(const struct cr_scope *have,
			      const struct cr_scope *want);

/**
 * cr_deposit() - floor(value * 2^20 / tariff), the KiB that @value buys
 * @kib: result, untouched unless CR_ACCEPTED
 * @value: of the voucher, in units of money
 * @tariff: units per GiB
 *
 * Return: CR_ACCEPTED; CR_BAD_TARIFF for a number outside [1, CR_MONEY_MAX];
 * CR_BAD_DEPOSIT if the result is 0 or does not fit 32 bits.
 */
enum cr_reason cr_deposit(uint32_t *kib, uint64_t value, uint64_t tariff);

/**
 * cr_certificate_sign() - fill in the signature (market)
 * @cert: everything else filled in
 * @secret: market's certificate key
 */
void cr_certificate_sign(struct cr_certificate *cert,
			 const uint8_t secret[CR_SECRET_BYTES]);

/**
 * cr_certificate_check() - is it one the market signed?
 * @cert: in hand
 * @market: the market's certificate key, from the snapshot
 *
 * Return: CR_ACCEPTED, CR_BAD_TARIFF, CR_BAD_DEPOSIT (zero), CR_BAD_KEY or
 * CR_BAD_SIGNATURE.
 */
enum cr_reason cr_certificate_check(const struct cr_certificate *cert,
				    const uint8_t market[CR_PUBLIC_BYTES]);

/**
 * cr_certificate_priced() - is the deposit that of some denomination?
 * @cert: in hand
 * @values: the snapshot's denominations
 * @n: how many
 *
 * Client and relay refuse a certificate with any other deposit.
 * Return: CR_ACCEPTED or CR_BAD_DEPOSIT.
 */
enum cr_reason cr_certificate_priced(const struct cr_certificate *cert,
				     const uint64_t *values, size_t n);

void cr_certificate_encode(uint8_t out[CR_CERTIFICATE_BYTES],
			   const struct cr_certificate *cert);

/**
 * cr_certificate_decode() - parse; says nothing about the signature
 * @cert: result, undefined unless CR_ACCEPTED
 * @in: bytes from anywhere
 * @len: their number
 *
 * Return: CR_ACCEPTED, CR_BAD_LENGTH or CR_BAD_FORMAT.
 */
enum cr_reason cr_certificate_decode(struct cr_certificate *cert,
				     const uint8_t *in, size_t len);

/**
 * cr_certificate_pack() - the part that travels in the first cell
 * @out: result
 * @cert: in hand
 */
void cr_certificate_pack(uint8_t out[CR_CERTIFICATE_COMPACT],
			 const struct cr_certificate *cert);

/**
 * cr_certificate_unpack() - complete what travelled with what the relay knows
 * @cert: result
 * @in: from cr_certificate_pack()
 * @scope: the relay's own
 * @tariff: the relay's own in that epoch
 */
void cr_certificate_unpack(struct cr_certificate *cert,
			   const uint8_t in[CR_CERTIFICATE_COMPACT],
			   const struct cr_scope *scope, uint64_t tariff);

#endif /* CR_PROOF_CERTIFICATE_H */
