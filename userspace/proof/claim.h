/* SPDX-License-Identifier: MIT */
/*
 * Claims: what a relay hands in once per epoch to be paid (docs/claims.md).
 *
 * A claim holds one certificate and one receipt per session, the total T of
 * all amounts, the opening R of the sum of their commitments, and range
 * proofs that every amount lies between 0 and its session's deposit. It shows
 * arithmetic and authorisation; that bytes crossed a network it cannot show.
 */
#ifndef CR_PROOF_CLAIM_H
#define CR_PROOF_CLAIM_H

#include <stddef.h>
#include <stdint.h>

#include "proof/certificate.h"
#include "proof/receipt.h"

#define CR_PAYOUT_BYTES		32
#define CR_CLAIM_HEAD_BYTES	172
#define CR_CLAIM_ENTRY_BYTES	(CR_CERTIFICATE_COMPACT + CR_POINT_BYTES + CR_SIGNATURE_BYTES)
#define CR_CLAIM_SESSIONS_MAX	(1U << 20)
/* Every session gives two values; a proof holds up to 64. */
#define CR_CLAIM_PROOF_BITS	32
#define CR_CLAIM_PROOF_SESSIONS	32

/** CR_CLAIM_NOWHERE - a verdict that is about the claim as a whole */
#define CR_CLAIM_NOWHERE	SIZE_MAX

/**
 * struct cr_claim_terms - what claimant and market must agree about
 * @scope: ledger, epoch, relay
 * @tariff: of that relay in that epoch, units of money per GiB
 * @payout: account that is paid
 * @market: the market's certificate key
 */
struct cr_claim_terms {
	struct cr_scope scope;
	uint64_t tariff;
	uint8_t payout[CR_PAYOUT_BYTES];
	uint8_t market[CR_PUBLIC_BYTES];
};

/**
 * struct cr_claim - a parsed claim: numbers, and pointers into its bytes
 * @scope: ledger, epoch, relay
 * @tariff: units of money per GiB
 * @payout: account that is paid
 * @total: T, the sum of all amounts in KiB
 * @opening: R, the sum of all blindings
 * @sessions: 1 to CR_CLAIM_SESSIONS_MAX
 * @bytes: the claim itself; everything below points into it
 * @len: its length
 * @entries: CR_CLAIM_ENTRY_BYTES per session, ascending by session key
 * @proofs: range proofs, one after the other
 * @n_proofs: how many
 * @signature: the relay's, over everything before it
 */
struct cr_claim {
	struct cr_scope scope;
	uint64_t tariff;
	uint8_t payout[CR_PAYOUT_BYTES];
	uint64_t total;
	struct cr_scalar opening;
	uint32_t sessions;
	const uint8_t *bytes;
	size_t len;
	const uint8_t *entries;
	const uint8_t *proofs;
	size_t n_proofs;
	const uint8_t *signature;
};

/**
 * struct cr_claim_item - one receipt that may go into a claim; secret
 * @certificate: the session's
 * @receipt: any of the session's
 * @opening: of the receipt; secret
 * @reason: out, CR_ACCEPTED if it is in the claim, else why it is not
 */
struct cr_claim_item {
	struct cr_certificate certificate;
	struct cr_receipt receipt;
	struct cr_opening opening;
	enum cr_reason reason;
};

/**
 * struct cr_claim_job - one claim of a batch
 * @bytes: from anywhere
 * @len: their number
 * @terms: what the market has on record for this relay and epoch
 * @reason: out, CR_ACCEPTED or why not
 * @where: out, index of the session or of the range proof that fails, or
 *	CR_CLAIM_NOWHERE
 */
struct cr_claim_job {
	const uint8_t *bytes;
	size_t len;
	const struct cr_claim_terms *terms;
	enum cr_reason reason;
	size_t where;
};

/**
 * struct cr_progress - who wants to know how far long work is
 * @report: called now and then with what is done, out of what
 * @context: handed to @report
 */
struct cr_progress {
	void (*report)(void *context, size_t done, size_t total);
	void *context;
};

/**
 * cr_claim_bytes() - length of a claim
 * @sessions: up to CR_CLAIM_SESSIONS_MAX
 *
 * Return: bytes, or 0 if there is no such claim.
 */
size_t cr_claim_bytes(size_t sessions);

/**
 * cr_claim_values() - commitments in one range proof of a claim, padding included
 * @sessions: in the claim
 * @proof: index of the proof
 *
 * Return: a power of two from 2 to 64.
 */
size_t cr_claim_values(size_t sessions, size_t proof);

/**
 * cr_claim_decode() - parse, allocating nothing; checks no signature and no proof
 * @claim: result; points into @bytes, which must outlive it
 * @bytes: from anywhere
 * @len: their number
 * @limit: most sessions the caller wants; CR_CLAIM_SESSIONS_MAX for all
 *
 * Return: CR_ACCEPTED, CR_BAD_LENGTH, CR_BAD_FORMAT, CR_EMPTY, CR_TOO_MANY,
 * CR_BAD_TARIFF, CR_BAD_SCALAR.
 */
enum cr_reason cr_claim_decode(struct cr_claim *claim, const uint8_t *bytes,
			       size_t len, size_t limit);

/**
 * cr_claim_entry() - certificate and receipt of a session, in full
 * @claim: parsed
 * @i: below @claim->sessions
 * @certificate: result
 * @receipt: result
 */
void cr_claim_entry(const struct cr_claim *claim, size_t i,
		    struct cr_certificate *certificate,
		    struct cr_receipt *receipt);

/**
 * cr_claim_amount() - floor(total * tariff / 2^20), what a claim is worth before the fee
 * @units: result
 * @total: KiB
 * @tariff: units per GiB
 *
 * Return: CR_ACCEPTED or CR_BAD_TARIFF (tariff out of range, or the amount is).
 */
enum cr_reason cr_claim_amount(uint64_t *units, uint64_t total,
			       uint64_t tariff);

/**
 * cr_claim_build() - make the claim of an epoch (relay)
 * @out: result, *@len bytes; the caller frees it with free()
 * @len: result
 * @items: receipts in any order, any number per session; ->reason is set for
 *	every one of them
 * @n: how many
 * @terms: ledger, epoch, relay, tariff, payout, market key
 * @secret: the relay's Ed25519 identity
 * @progress: told about proofs done, or NULL
 *
 * Checks every item as the market will, takes per session the newest that
 * passes, and verifies the finished claim before it hands it out.
 * Return: CR_ACCEPTED; CR_EMPTY if nothing passes; CR_TOO_MANY,
 * CR_OTHER_RELAY (@secret is not the key in @terms), CR_BAD_TARIFF,
 * CR_NO_MEMORY, CR_FAULT.
 */
enum cr_reason cr_claim_build(uint8_t **out, size_t *len,
			      struct cr_claim_item *items, size_t n,
			      const struct cr_claim_terms *terms,
			      const uint8_t secret[CR_SECRET_BYTES],
			      const struct cr_progress *progress);

/**
 * cr_claims_verify() - check any number of claims, range proofs in batches (market)
 * @jobs: @n claims; ->reason and ->where are set for every one of them
 * @n: any number
 * @limit: most sessions in one claim
 * @progress: told about claims done, or NULL
 *
 * Verdicts do not depend on what else is in the batch. Memory: 4 MiB, plus
 * what cr_range_verify_batch() says for 1024 proofs.
 * Return: CR_ACCEPTED if all are, CR_NO_MEMORY if some claim could not be
 * decided, else the reason of the first that fails.
 */
enum cr_reason cr_claims_verify(struct cr_claim_job *jobs, size_t n,
				size_t limit,
				const struct cr_progress *progress);

/**
 * cr_claim_verify() - check one claim
 *
 * Parameters as in struct cr_claim_job; @where may be NULL.
 */
enum cr_reason cr_claim_verify(const uint8_t *bytes, size_t len,
			       const struct cr_claim_terms *terms,
			       size_t *where);

#endif /* CR_PROOF_CLAIM_H */
