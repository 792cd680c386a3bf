// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "proof/claim_format.h"
#include "proof/codec.h"
#include "proof/pedersen.h"
#include "proof/range.h"

void lie_u32(struct lie *lie, uint64_t session, uint32_t v)
{
	lie->session = session;
	lie->deposit = DEPOSIT;
	cr_scalar_u64(&lie->amount, v);
	cr_scalar_random(&lie->blinding);
	lie->proven[0] = v;
	lie->proven[1] = (uint64_t)DEPOSIT - v;
}

/* Signs for any commitment in the session's name. */
static void sign_commitment(const struct world *w, const struct lie *lie,
			    struct cr_certificate *cert, struct cr_receipt *receipt)
{
	uint8_t bytes[CR_RECEIPT_BYTES];
	struct key session;
	struct cr_point c;

	make_certificate(w, cert, &session, lie->session);
	cert->deposit = lie->deposit;
	cr_certificate_sign(cert, w->market.secret);
	receipt->scope = w->terms.scope;
	memcpy(receipt->session, session.public_key, CR_SESSION_BYTES);
	cr_pedersen_commit(&c, &lie->amount, &lie->blinding);
	cr_point_encode(receipt->commitment, &c);
	memset(receipt->signature, 0, CR_SIGNATURE_BYTES);
	cr_receipt_encode(bytes, receipt);
	cr_sign(receipt->signature, bytes, CR_RECEIPT_SIGNED, session.secret);
}

uint8_t *forge_claim(const struct world *w, const struct lie *lies, size_t n,
		     uint64_t total, const struct cr_scalar *opening, size_t *len)
{
	const size_t values = cr_claim_values(n, 0);
	struct cr_scalar sum = cr_scalar_zero, blindings[64];
	uint8_t commitments[64][CR_POINT_BYTES], *bytes, *p;
	struct cr_transcript base, t;
	uint64_t proven[64] = { 0 };
	struct cr_claim claim;

	assert_in_range(n, 1, CR_CLAIM_PROOF_SESSIONS);
	memset(blindings, 0, sizeof(blindings));
	for (size_t i = 0; i < n; i++) {
		cr_scalar_add(&sum, &sum, &lies[i].blinding);
		blindings[2 * i] = lies[i].blinding;
		cr_scalar_neg(&blindings[2 * i + 1], &lies[i].blinding);
		memcpy(&proven[2 * i], lies[i].proven, sizeof(lies[i].proven));
	}
	if (opening)
		sum = *opening;
	*len = cr_claim_bytes(n);
	bytes = calloc(1, *len);
	assert_non_null(bytes);
	p = cr_put_kind(bytes, CR_KIND_CLAIM);
	p = cr_put(p, w->terms.scope.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, w->terms.scope.epoch);
	p = cr_put(p, w->terms.scope.relay, CR_RELAY_BYTES);
	p = cr_put_le64(p, w->terms.tariff);
	p = cr_put(p, w->terms.payout, CR_PAYOUT_BYTES);
	p = cr_put_le64(p, total);
	p = cr_put(p, sum.b, CR_SCALAR_BYTES);
	p = cr_put_le32(p, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		struct cr_certificate cert;
		struct cr_receipt receipt;

		sign_commitment(w, &lies[i], &cert, &receipt);
		p = claim_put_entry(p, &cert, &receipt);
	}
	expect_reason(cr_claim_decode(&claim, bytes, *len, CR_CLAIM_SESSIONS_MAX),
		      CR_ACCEPTED);
	claim_transcript(&base, &claim);
	claim_proof_transcript(&t, &base, 0);
	assert_int_equal(cr_range_prove(&t, CR_CLAIM_PROOF_BITS, proven, blindings,
					values, commitments, p,
					claim_proof_bytes(n, 0)), 0);
	resign_claim(w, bytes, *len);
	return bytes;
}

void resign_claim(const struct world *w, uint8_t *claim, size_t len)
{
	uint8_t message[CR_CLAIM_MESSAGE_BYTES];

	claim_body_message(message, claim, len - CR_SIGNATURE_BYTES);
	cr_sign(claim + len - CR_SIGNATURE_BYTES, message, sizeof(message),
		w->relay.secret);
}
