// SPDX-License-Identifier: MIT
/*
 * Verifying claims. Everything here is public.
 *
 * A claim is first checked alone, cheapest and most decisive first: shape,
 * terms, the relay's signature, then per session order, certificate and
 * receipt, then the sum. Range proofs of the claims that are still good are
 * collected from as many claims as there are and verified together.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/claim_format.h"
#include "proof/error.h"
#include "proof/pedersen.h"
#include "proof/range.h"

/* Range proofs verified with one multiscalar product. */
#define SLICE 1024
#define VALUES (2 * CR_CLAIM_PROOF_SESSIONS)

/**
 * struct slice - range proofs waiting for their verification
 * @n: how many
 * @item: for cr_range_verify_batch()
 * @values: their commitments, amount and deposit - amount in turn
 * @owner: claim of each
 * @proof: number of each in its claim
 */
struct slice {
	size_t n;
	struct cr_range_item item[SLICE];
	uint8_t values[SLICE][VALUES][CR_POINT_BYTES];
	struct cr_claim_job *owner[SLICE];
	size_t proof[SLICE];
};

static enum cr_reason check_terms(const struct cr_claim *claim,
				  const struct cr_claim_terms *terms)
{
	enum cr_reason reason = cr_scope_check(&claim->scope, &terms->scope);

	if (reason != CR_ACCEPTED)
		return reason;
	if (claim->tariff != terms->tariff)
		return CR_OTHER_TARIFF;
	if (memcmp(claim->payout, terms->payout, CR_PAYOUT_BYTES) != 0)
		return CR_OTHER_PAYOUT;
	return CR_ACCEPTED;
}

static enum cr_reason check_relay_signature(const struct cr_claim *claim)
{
	uint8_t message[CR_CLAIM_MESSAGE_BYTES];

	claim_body_message(message, claim->bytes, claim->len - CR_SIGNATURE_BYTES);
	return cr_verify(claim->signature, message, sizeof(message),
			 claim->scope.relay);
}

/* Order first, and for all: a session that stands twice must not hide. */
static enum cr_reason check_order(const struct cr_claim *claim, size_t *where)
{
	const uint8_t *p = claim->entries;

	for (size_t i = 1; i < claim->sessions; i++, p += CR_CLAIM_ENTRY_BYTES) {
		int diff = memcmp(p, p + CR_CLAIM_ENTRY_BYTES, CR_SESSION_BYTES);

		if (diff >= 0) {
			*where = i;
			return diff ? CR_BAD_ORDER : CR_REPEATED;
		}
	}
	return CR_ACCEPTED;
}

static enum cr_reason check_entries(const struct cr_claim *claim,
				    const uint8_t market[CR_PUBLIC_BYTES],
				    size_t *where)
{
	struct cr_certificate certificate;
	struct cr_receipt receipt;
	struct cr_point sum, c;
	struct cr_scalar total;
	enum cr_reason reason = check_order(claim, where);

	if (reason != CR_ACCEPTED)
		return reason;
	cr_point_identity(&sum);
	for (size_t i = 0; i < claim->sessions; i++) {
		*where = i;
		cr_claim_entry(claim, i, &certificate, &receipt);
		reason = cr_certificate_check(&certificate, market);
		if (reason == CR_ACCEPTED)
			reason = cr_receipt_check_signature(&receipt);
		if (reason != CR_ACCEPTED)
			return reason;
		if (!cr_point_decode(&c, receipt.commitment))
			return CR_BAD_POINT;
		cr_point_add(&sum, &sum, &c);
	}
	*where = CR_CLAIM_NOWHERE;
	cr_scalar_u64(&total, claim->total);
	cr_pedersen_commit(&c, &total, &claim->opening);
	return cr_point_equal(&c, &sum) ? CR_ACCEPTED : CR_BAD_SUM;
}

/* C and deposit * B - C for each session, then identities up to a power of two. */
static void put_values(uint8_t (*values)[CR_POINT_BYTES],
		       const struct cr_claim *claim, size_t proof)
{
	const size_t n = claim_proof_sessions(claim->sessions, proof);
	const size_t all = cr_claim_values(claim->sessions, proof);
	struct cr_certificate certificate;
	struct cr_receipt receipt;
	struct cr_point c, d;
	struct cr_scalar deposit;

	for (size_t i = 0; i < n; i++) {
		cr_claim_entry(claim, proof * CR_CLAIM_PROOF_SESSIONS + i,
			       &certificate, &receipt);
		memcpy(values[2 * i], receipt.commitment, CR_POINT_BYTES);
		cr_scalar_u64(&deposit, certificate.deposit);
		cr_point_mul_base(&d, &deposit);
		/* check_entries() has decoded it before */
		if (cr_point_decode(&c, receipt.commitment))
			cr_point_sub(&d, &d, &c);
		cr_point_encode(values[2 * i + 1], &d);
	}
	memset(values[2 * n], 0, (all - 2 * n) * CR_POINT_BYTES);
}

static void settle(struct cr_claim_job *job, enum cr_reason reason, size_t where)
{
	/* the first failure of a claim stands */
	if (job->reason == CR_ACCEPTED) {
		job->reason = reason;
		job->where = where;
	}
}

static void flush(struct slice *slice)
{
	int err = cr_range_verify_batch(slice->item, slice->n);

	for (size_t i = 0; i < slice->n; i++) {
		if (err == CR_ERR_NOMEM || slice->item[i].verdict == CR_ERR_NOMEM)
			settle(slice->owner[i], CR_NO_MEMORY, CR_CLAIM_NOWHERE);
		else if (err && slice->item[i].verdict)
			settle(slice->owner[i], CR_BAD_PROOF, slice->proof[i]);
	}
	slice->n = 0;
}

static void collect(struct slice *slice, struct cr_claim_job *job,
		    const struct cr_claim *claim)
{
	const uint8_t *p = claim->proofs;
	struct cr_transcript t;

	claim_transcript(&t, claim);
	for (size_t i = 0; i < claim->n_proofs; i++) {
		struct cr_range_item *item = &slice->item[slice->n];
		uint8_t (*values)[CR_POINT_BYTES] = slice->values[slice->n];

		put_values(values, claim, i);
		claim_proof_transcript(&item->transcript, &t, i);
		item->bits = CR_CLAIM_PROOF_BITS;
		item->commitments = (const uint8_t (*)[CR_POINT_BYTES])values;
		item->count = cr_claim_values(claim->sessions, i);
		item->proof = p;
		item->proof_len = claim_proof_bytes(claim->sessions, i);
		p += item->proof_len;
		slice->owner[slice->n] = job;
		slice->proof[slice->n] = i;
		if (++slice->n == SLICE)
			flush(slice);
	}
}

static void check_alone(struct cr_claim_job *job, struct cr_claim *claim,
			size_t limit)
{
	job->where = CR_CLAIM_NOWHERE;
	job->reason = cr_claim_decode(claim, job->bytes, job->len, limit);
	if (job->reason == CR_ACCEPTED)
		job->reason = check_terms(claim, job->terms);
	if (job->reason == CR_ACCEPTED)
		job->reason = check_relay_signature(claim);
	if (job->reason == CR_ACCEPTED)
		job->reason = check_entries(claim, job->terms->market, &job->where);
}

enum cr_reason cr_claims_verify(struct cr_claim_job *jobs, size_t n,
				size_t limit, const struct cr_progress *progress)
{
	struct slice *slice = aligned_alloc(64, (sizeof(*slice) + 63) / 64 * 64);
	enum cr_reason first = CR_ACCEPTED;

	if (slice)
		slice->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct cr_claim claim;

		if (!slice) {
			jobs[i].reason = CR_NO_MEMORY;
			jobs[i].where = CR_CLAIM_NOWHERE;
			continue;
		}
		check_alone(&jobs[i], &claim, limit);
		if (jobs[i].reason == CR_ACCEPTED)
			collect(slice, &jobs[i], &claim);
		if (progress)
			progress->report(progress->context, i + 1, n);
	}
	if (slice && slice->n)
		flush(slice);
	free(slice);

	for (size_t i = 0; i < n; i++) {
		if (jobs[i].reason == CR_NO_MEMORY)
			return CR_NO_MEMORY;
		if (first == CR_ACCEPTED)
			first = jobs[i].reason;
	}
	return first;
}

enum cr_reason cr_claim_verify(const uint8_t *bytes, size_t len,
			       const struct cr_claim_terms *terms, size_t *where)
{
	struct cr_claim_job job = { .bytes = bytes, .len = len, .terms = terms };

	cr_claims_verify(&job, 1, CR_CLAIM_SESSIONS_MAX, NULL);
	if (where)
		*where = job.where;
	return job.reason;
}
