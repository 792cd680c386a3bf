// SPDX-License-Identifier: MIT
/*
 * Building a claim. Amounts and blindings are secret until T and R reveal
 * their sums; which receipts go in is public, since the claim shows it.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/amount.h"
#include "proof/claim_format.h"
#include "proof/codec.h"
#include "proof/error.h"
#include "proof/range.h"
#include "proof/secret.h"

#define VALUES (2 * CR_CLAIM_PROOF_SESSIONS)

/**
 * struct witness - amounts and blindings of one range proof, and the sums
 * @blindings: of @values
 * @values: amount and deposit - amount in turn, zeros at the end
 * @opening: sum of all receipts' blindings
 * @total: sum of all amounts
 */
struct witness {
	struct cr_scalar blindings[VALUES];
	uint64_t values[VALUES];
	struct cr_scalar opening;
	uint64_t total;
};

static enum cr_reason check_item(const struct cr_claim_item *item,
				 const struct cr_claim_terms *terms)
{
	const struct cr_certificate *cert = &item->certificate;
	enum cr_reason reason = cr_scope_check(&cert->scope, &terms->scope);

	if (reason != CR_ACCEPTED)
		return reason;
	if (cert->tariff != terms->tariff)
		return CR_OTHER_TARIFF;
	reason = cr_certificate_check(cert, terms->market);
	if (reason != CR_ACCEPTED)
		return reason;
	return cr_receipt_accept(&item->receipt, &item->opening, cert, 0);
}

static int by_session(const void *a, const void *b)
{
	const struct cr_claim_item *const *x = a, *const *y = b;
	int diff = memcmp((*x)->certificate.session, (*y)->certificate.session,
			  CR_SESSION_BYTES);

	/* a stable order makes the choice among equal amounts repeatable */
	return diff ? diff : (*x > *y) - (*x < *y);
}

/* Checks all, sorts, and leaves the newest of each session; returns how many. */
static size_t choose(struct cr_claim_item **chosen, struct cr_claim_item *items,
		     size_t n, const struct cr_claim_terms *terms)
{
	size_t good = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		items[i].reason = check_item(&items[i], terms);
		if (items[i].reason == CR_ACCEPTED)
			chosen[good++] = &items[i];
	}
	qsort(chosen, good, sizeof(*chosen), by_session);
	for (size_t i = 0; i < good; i++) {
		struct cr_claim_item *last = kept ? chosen[kept - 1] : NULL;

		if (!last || memcmp(last->certificate.session,
				    chosen[i]->certificate.session,
				    CR_SESSION_BYTES) != 0) {
			chosen[kept++] = chosen[i];
		} else if (cr_amount_above(chosen[i]->opening.v, last->opening.v)) {
			last->reason = CR_SUPERSEDED;
			chosen[kept - 1] = chosen[i];
		} else {
			chosen[i]->reason = CR_SUPERSEDED;
		}
	}
	return kept;
}

static void add_up(struct witness *w, struct cr_claim_item *const *chosen,
		   size_t n)
{
	w->total = 0;
	w->opening = cr_scalar_zero;
	for (size_t i = 0; i < n; i++) {
		w->total += chosen[i]->opening.v;
		cr_scalar_add(&w->opening, &w->opening, &chosen[i]->opening.r);
	}
	cr_declassify(&w->total, sizeof(w->total));
	cr_declassify(&w->opening, sizeof(w->opening));
}

static void fill_witness(struct witness *w, struct cr_claim_item *const *chosen,
			 size_t sessions, size_t proof)
{
	const size_t n = claim_proof_sessions(sessions, proof);

	chosen += proof * CR_CLAIM_PROOF_SESSIONS;
	memset(w->values, 0, sizeof(w->values));
	memset(w->blindings, 0, sizeof(w->blindings));
	for (size_t i = 0; i < n; i++) {
		const struct cr_opening *o = &chosen[i]->opening;

		w->values[2 * i] = o->v;
		w->values[2 * i + 1] = (uint64_t)chosen[i]->certificate.deposit - o->v;
		w->blindings[2 * i] = o->r;
		cr_scalar_neg(&w->blindings[2 * i + 1], &o->r);
	}
}

/* Everything before the proofs, into zeroed bytes of the final length. */
static enum cr_reason put_head(uint8_t *bytes, size_t len, struct cr_claim *claim,
			       const struct cr_claim_terms *terms,
			       const struct witness *w,
			       struct cr_claim_item *const *chosen, size_t n)
{
	uint8_t *p = cr_put_kind(bytes, CR_KIND_CLAIM);

	p = cr_put(p, terms->scope.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, terms->scope.epoch);
	p = cr_put(p, terms->scope.relay, CR_RELAY_BYTES);
	p = cr_put_le64(p, terms->tariff);
	p = cr_put(p, terms->payout, CR_PAYOUT_BYTES);
	p = cr_put_le64(p, w->total);
	p = cr_put(p, w->opening.b, CR_SCALAR_BYTES);
	p = cr_put_le32(p, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		p = claim_put_entry(p, &chosen[i]->certificate, &chosen[i]->receipt);
	return cr_claim_decode(claim, bytes, len, CR_CLAIM_SESSIONS_MAX);
}

static enum cr_reason prove(uint8_t *p, const struct cr_claim *claim,
			    struct witness *w, struct cr_claim_item *const *chosen,
			    const struct cr_progress *progress)
{
	uint8_t commitments[VALUES][CR_POINT_BYTES];
	struct cr_transcript base, t;

	claim_transcript(&base, claim);
	for (size_t i = 0; i < claim->n_proofs; i++) {
		size_t len = claim_proof_bytes(claim->sessions, i);
		int err;

		fill_witness(w, chosen, claim->sessions, i);
		claim_proof_transcript(&t, &base, i);
		err = cr_range_prove(&t, CR_CLAIM_PROOF_BITS, w->values, w->blindings,
				     cr_claim_values(claim->sessions, i),
				     commitments, p, len);
		if (err)
			return err == CR_ERR_NOMEM ? CR_NO_MEMORY : CR_FAULT;
		p += len;
		if (progress)
			progress->report(progress->context, i + 1, claim->n_proofs);
	}
	return CR_ACCEPTED;
}

static enum cr_reason build(uint8_t **out, size_t *out_len, struct witness *w,
			    struct cr_claim_item *const *chosen, size_t n,
			    const struct cr_claim_terms *terms,
			    const uint8_t secret[CR_SECRET_BYTES],
			    const struct cr_progress *progress)
{
	const size_t len = cr_claim_bytes(n);
	uint8_t message[CR_CLAIM_MESSAGE_BYTES], *bytes = calloc(1, len);
	struct cr_claim claim;
	enum cr_reason reason;

	if (!bytes)
		return CR_NO_MEMORY;
	add_up(w, chosen, n);
	reason = put_head(bytes, len, &claim, terms, w, chosen, n);
	if (reason == CR_ACCEPTED)
		reason = prove(bytes + (claim.proofs - bytes), &claim, w, chosen,
			       progress);
	if (reason == CR_ACCEPTED) {
		uint8_t *signature = bytes + len - CR_SIGNATURE_BYTES;

		claim_body_message(message, bytes, len - CR_SIGNATURE_BYTES);
		cr_sign(signature, message, sizeof(message), secret);
		cr_declassify(signature, CR_SIGNATURE_BYTES);
		reason = cr_claim_verify(bytes, len, terms, NULL);
		if (reason != CR_ACCEPTED && reason != CR_NO_MEMORY)
			reason = CR_FAULT;
	}
	if (reason != CR_ACCEPTED) {
		free(bytes);
		return reason;
	}
	*out = bytes;
	*out_len = len;
	return CR_ACCEPTED;
}

enum cr_reason cr_claim_build(uint8_t **out, size_t *len,
			      struct cr_claim_item *items, size_t n,
			      const struct cr_claim_terms *terms,
			      const uint8_t secret[CR_SECRET_BYTES],
			      const struct cr_progress *progress)
{
	struct cr_claim_item **chosen;
	struct witness *w;
	enum cr_reason reason;
	size_t kept;

	if (memcmp(secret + CR_SEED_BYTES, terms->scope.relay, CR_RELAY_BYTES) != 0)
		return CR_OTHER_RELAY;
	if (!terms->tariff || terms->tariff > CR_MONEY_MAX)
		return CR_BAD_TARIFF;
	if (!n)
		return CR_EMPTY;
	chosen = calloc(n, sizeof(*chosen));
	/* its size is a multiple of 8, so the block is aligned for scalars */
	w = sodium_malloc(sizeof(*w));
	if (!chosen || !w) {
		reason = CR_NO_MEMORY;
	} else {
		kept = choose(chosen, items, n, terms);
		if (!kept)
			reason = CR_EMPTY;
		else if (kept > CR_CLAIM_SESSIONS_MAX)
			reason = CR_TOO_MANY;
		else
			reason = build(out, len, w, chosen, kept, terms, secret,
				       progress);
	}
	sodium_free(w);
	free(chosen);
	return reason;
}
