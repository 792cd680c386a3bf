/* SPDX-License-Identifier: MIT */
/*
 * Blind vouchers of fixed denominations, and spending one for a certificate
 * (docs/claims.md).
 *
 * A voucher is a random input and the market's VOPRF output for it under the
 * key of one denomination. The market signs inputs without seeing them, so it
 * cannot tell which purchase a voucher came from, beyond denomination and key.
 * To spend one, the holder shows the input and authenticates the certificate
 * request with the output as a MAC key; the output itself is never sent, so
 * nobody who relays the request can redirect it.
 */
#ifndef CR_PROOF_VOUCHER_H
#define CR_PROOF_VOUCHER_H

#include <stddef.h>
#include <stdint.h>

#include "proof/certificate.h"
#include "proof/voprf.h"

#define CR_VOUCHER_ID_BYTES	32
#define CR_VOUCHER_INPUT_BYTES	32
#define CR_VOUCHER_MAC_BYTES	64
#define CR_VOUCHER_BATCH_MAX	CR_VOPRF_BATCH_MAX
/* Keys that one denomination may have spendable at a time. */
#define CR_VOUCHER_KEYS_VALID	2
#define CR_VOUCHER_KEYS_MAX	256

#define CR_VOUCHER_KEY_BYTES	(16 + 32 + 8 + 3 * 8 + 32)
#define CR_BLINDED_HEAD		(16 + 32 + 4)
#define CR_BLINDED_BYTES(n)	(CR_BLINDED_HEAD + (size_t)(n) * 32)
#define CR_ISSUED_BYTES(n)	(CR_BLINDED_BYTES(n) + CR_VOPRF_PROOF_BYTES)
#define CR_PENDING_BYTES	(16 + 32 + 32 + 32 + 32)
#define CR_VOUCHER_BYTES	(16 + 32 + 32 + 64)
#define CR_REQUEST_BYTES	(16 + 32 + 8 + 32 + 32 + 8)
#define CR_SPEND_BYTES		(16 + 32 + 32 + CR_REQUEST_BYTES + 64)

/**
 * struct cr_voucher_key - public key of one denomination, as in the snapshot
 * @ledger: whose money
 * @value: denomination, units of money
 * @issue_from: first epoch in which the market signs with it
 * @issue_until: last such epoch
 * @spend_until: last epoch in which its vouchers are taken
 * @public_key: VOPRF public key
 */
struct cr_voucher_key {
	uint8_t ledger[CR_LEDGER_BYTES];
	uint64_t value;
	uint64_t issue_from, issue_until, spend_until;
	uint8_t public_key[CR_POINT_BYTES];
};

/**
 * struct cr_voucher_pending - a voucher not yet signed; secret
 * @key: id of the voucher key
 * @input: random
 * @blind: random
 * @blinded: what the market gets; not secret
 */
struct cr_voucher_pending {
	uint8_t key[CR_VOUCHER_ID_BYTES];
	uint8_t input[CR_VOUCHER_INPUT_BYTES];
	struct cr_scalar blind;
	uint8_t blinded[CR_POINT_BYTES];
};

/**
 * struct cr_voucher - money in the hand: whoever has these bytes can spend it
 * @key: id of the voucher key
 * @input: shown when it is spent
 * @output: never shown
 */
struct cr_voucher {
	uint8_t key[CR_VOUCHER_ID_BYTES];
	uint8_t input[CR_VOUCHER_INPUT_BYTES];
	uint8_t output[CR_VOPRF_OUTPUT_BYTES];
};

/**
 * struct cr_request - what a voucher is to be turned into
 * @scope: ledger, epoch, relay
 * @session: the session's key
 * @tariff: the relay's, in that epoch; the market refuses any other
 */
struct cr_request {
	struct cr_scope scope;
	uint8_t session[CR_SESSION_BYTES];
	uint64_t tariff;
};

/**
 * struct cr_spend - a voucher being spent, as the market reads it
 * @key: id of the voucher key
 * @input: with @key the voucher's serial: the market takes each pair once,
 *	and answers the same @request again with the same certificate
 * @request: what for
 * @mac: HMAC-SHA-512(output, input | request)
 */
struct cr_spend {
	uint8_t key[CR_VOUCHER_ID_BYTES];
	uint8_t input[CR_VOUCHER_INPUT_BYTES];
	struct cr_request request;
	uint8_t mac[CR_VOUCHER_MAC_BYTES];
};

void cr_voucher_key_encode(uint8_t out[CR_VOUCHER_KEY_BYTES],
			   const struct cr_voucher_key *key);
/** cr_voucher_key_decode() - CR_ACCEPTED, CR_BAD_LENGTH, _FORMAT, _TARIFF, _POINT, _KEYSET */
enum cr_reason cr_voucher_key_decode(struct cr_voucher_key *key,
				     const uint8_t *in, size_t len);

/** cr_voucher_key_id() - first half of SHA-512 of the encoding */
void cr_voucher_key_id(uint8_t id[CR_VOUCHER_ID_BYTES],
		       const struct cr_voucher_key *key);

/**
 * cr_voucher_keys_check() - may a wallet work under this set?
 * @keys: from the snapshot, all of one ledger
 * @n: at most CR_VOUCHER_KEYS_MAX
 *
 * A second key for a few buyers would mark them: no value may have more than
 * two keys spendable in any one epoch, no key may stand twice.
 * Return: CR_ACCEPTED, CR_TOO_MANY, CR_BAD_TARIFF, CR_OTHER_LEDGER or
 * CR_BAD_KEYSET.
 */
enum cr_reason cr_voucher_keys_check(const struct cr_voucher_key *keys,
				     size_t n);

/**
 * cr_voucher_key_find() - key with this id
 *
 * Return: index below @n, or -1.
 */
long cr_voucher_key_find(const struct cr_voucher_key *keys, size_t n,
			 const uint8_t id[CR_VOUCHER_ID_BYTES]);

/* Buying. */

/**
 * cr_voucher_ask() - blind @n fresh inputs (wallet)
 * @pending: @n results, secret; store them before sending
 * @message: CR_BLINDED_BYTES(@n) bytes for the market
 * @key: one of the snapshot's
 * @epoch: now
 * @n: 1 to CR_VOUCHER_BATCH_MAX
 *
 * Return: CR_ACCEPTED, CR_TOO_MANY (also for 0) or CR_KEY_EXPIRED.
 */
enum cr_reason cr_voucher_ask(struct cr_voucher_pending *pending,
			      uint8_t *message,
			      const struct cr_voucher_key *key,
			      uint64_t epoch, size_t n);

/**
 * cr_voucher_asked() - key and number of a blinded message (market: what to charge)
 * @key: result, index into @keys
 * @n: result, 1 to CR_VOUCHER_BATCH_MAX
 * @message: bytes from the buyer
 * @len: their number
 * @keys: the market's
 * @n_keys: how many
 * @epoch: now
 *
 * Return: CR_ACCEPTED, CR_BAD_LENGTH, CR_BAD_FORMAT, CR_TOO_MANY,
 * CR_UNKNOWN_KEY, CR_KEY_EXPIRED.
 */
enum cr_reason cr_voucher_asked(size_t *key, size_t *n,
				const uint8_t *message, size_t len,
				const struct cr_voucher_key *keys,
				size_t n_keys, uint64_t epoch);

/**
 * cr_voucher_issue() - sign what cr_voucher_asked() let through (market)
 * @answer: CR_ISSUED_BYTES(n) bytes
 * @message: the buyer's
 * @n: from cr_voucher_asked()
 * @secret: VOPRF key that belongs to the voucher key
 *
 * Return: CR_ACCEPTED, CR_BAD_POINT, CR_NO_MEMORY.
 */
enum cr_reason cr_voucher_issue(uint8_t *answer, const uint8_t *message,
				size_t n, const struct cr_voprf_key *secret);

/**
 * cr_voucher_receive() - check the answer and make vouchers (wallet)
 * @vouchers: @n results, secret; zero unless CR_ACCEPTED
 * @pending: @n, of one cr_voucher_ask()
 * @n: how many
 * @answer: bytes from the market
 * @len: their number
 * @keys: the snapshot's: only these count, whatever the answer says
 * @n_keys: how many
 *
 * Return: CR_ACCEPTED, CR_BAD_LENGTH, CR_BAD_FORMAT, CR_TOO_MANY,
 * CR_OTHER_BATCH, CR_UNKNOWN_KEY, CR_BAD_POINT, CR_BAD_SCALAR, CR_BAD_PROOF,
 * CR_NO_MEMORY.
 */
enum cr_reason cr_voucher_receive(struct cr_voucher *vouchers,
				  const struct cr_voucher_pending *pending,
				  size_t n, const uint8_t *answer, size_t len,
				  const struct cr_voucher_key *keys,
				  size_t n_keys);

/** cr_voucher_pending_encode() and the next three - for the wallet's storage; the bytes are secret */
void cr_voucher_pending_encode(uint8_t out[CR_PENDING_BYTES],
			       const struct cr_voucher_pending *pending);
enum cr_reason cr_voucher_pending_decode(struct cr_voucher_pending *pending,
					 const uint8_t *in, size_t len);
void cr_voucher_encode(uint8_t out[CR_VOUCHER_BYTES],
		       const struct cr_voucher *voucher);
enum cr_reason cr_voucher_decode(struct cr_voucher *voucher,
				 const uint8_t *in, size_t len);

/* Spending. */

/**
 * cr_voucher_spend() - make the message for the market (wallet)
 * @out: result; not secret, but it names the session
 * @voucher: secret
 * @request: what for
 * @keys: the snapshot's
 * @n_keys: how many
 *
 * Return: CR_ACCEPTED, CR_UNKNOWN_KEY (not under the snapshot's keys),
 * CR_OTHER_LEDGER, CR_KEY_EXPIRED, CR_BAD_KEY, CR_BAD_TARIFF, CR_BAD_DEPOSIT
 * (value and tariff give no valid deposit).
 */
enum cr_reason cr_voucher_spend(uint8_t out[CR_SPEND_BYTES],
				const struct cr_voucher *voucher,
				const struct cr_request *request,
				const struct cr_voucher_key *keys,
				size_t n_keys);

/** cr_spend_decode() - parse; CR_ACCEPTED, CR_BAD_LENGTH or CR_BAD_FORMAT */
enum cr_reason cr_spend_decode(struct cr_spend *spend, const uint8_t *in,
			       size_t len);
void cr_spend_encode(uint8_t out[CR_SPEND_BYTES], const struct cr_spend *spend);

/**
 * cr_spend_check() - is it a voucher of ours, spent by its holder? (market)
 * @key: result, index into @keys
 * @spend: parsed
 * @keys: the market's
 * @secrets: VOPRF key for each of @keys
 * @n_keys: how many
 * @ledger: the market's
 *
 * Whether the voucher was spent before, and whether the relay and its tariff
 * exist, the market's database knows. The request's epoch decides about the
 * key's validity; that it is one that certificates are sold for, the caller
 * has checked.
 * Return: CR_ACCEPTED, CR_UNKNOWN_KEY, CR_OTHER_LEDGER, CR_KEY_EXPIRED,
 * CR_BAD_KEY, CR_BAD_TARIFF, CR_BAD_DEPOSIT, CR_BAD_MAC.
 */
enum cr_reason cr_spend_check(size_t *key, const struct cr_spend *spend,
			      const struct cr_voucher_key *keys,
			      const struct cr_voprf_key *secrets,
			      size_t n_keys,
			      const uint8_t ledger[CR_LEDGER_BYTES]);

/**
 * cr_request_certify() - the certificate that a request gets (market)
 * @cert: result; the same request and value give the same bytes
 * @request: from a spend that was accepted
 * @value: of the voucher key
 * @secret: market's certificate key
 *
 * Return: CR_ACCEPTED, CR_BAD_TARIFF, CR_BAD_DEPOSIT.
 */
enum cr_reason cr_request_certify(struct cr_certificate *cert,
				  const struct cr_request *request,
				  uint64_t value,
				  const uint8_t secret[CR_SECRET_BYTES]);

/**
 * cr_request_answered() - does a certificate keep what was asked? (wallet)
 * @cert: from the market
 * @request: what was asked
 * @value: of the voucher that was spent
 * @market: market's certificate key, from the snapshot
 *
 * Return: CR_ACCEPTED, CR_OTHER_* for what differs, CR_BAD_DEPOSIT, and what
 * cr_certificate_check() returns.
 */
enum cr_reason cr_request_answered(const struct cr_certificate *cert,
				   const struct cr_request *request,
				   uint64_t value,
				   const uint8_t market[CR_PUBLIC_BYTES]);

#endif /* CR_PROOF_VOUCHER_H */
