// SPDX-License-Identifier: MIT
/* Layout of a claim: lengths, parsing, what is hashed. */
#include <sodium.h>

#include "proof/claim_format.h"
#include "proof/codec.h"
#include "proof/range.h"

static const char transcript_label[] = "cellrelay claim v1";

size_t claim_proofs(size_t sessions)
{
	return (sessions + CR_CLAIM_PROOF_SESSIONS - 1) / CR_CLAIM_PROOF_SESSIONS;
}

size_t claim_proof_sessions(size_t sessions, size_t proof)
{
	size_t left = sessions - proof * CR_CLAIM_PROOF_SESSIONS;

	return left < CR_CLAIM_PROOF_SESSIONS ? left : CR_CLAIM_PROOF_SESSIONS;
}

size_t cr_claim_values(size_t sessions, size_t proof)
{
	size_t want = 2 * claim_proof_sessions(sessions, proof), values = 2;

	while (values < want)
		values *= 2;
	return values;
}

size_t claim_proof_bytes(size_t sessions, size_t proof)
{
	return cr_range_proof_bytes(CR_CLAIM_PROOF_BITS,
				    cr_claim_values(sessions, proof));
}

size_t cr_claim_bytes(size_t sessions)
{
	size_t proofs = claim_proofs(sessions);

	if (!sessions || sessions > CR_CLAIM_SESSIONS_MAX)
		return 0;
	/* all proofs but the last are full */
	return CR_CLAIM_HEAD_BYTES + sessions * CR_CLAIM_ENTRY_BYTES +
	       (proofs - 1) * claim_proof_bytes(CR_CLAIM_PROOF_SESSIONS, 0) +
	       claim_proof_bytes(sessions, proofs - 1) + CR_SIGNATURE_BYTES;
}

enum cr_reason cr_claim_decode(struct cr_claim *claim, const uint8_t *bytes,
			       size_t len, size_t limit)
{
	const uint8_t *p = bytes;

	if (len < CR_CLAIM_HEAD_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(p, CR_KIND_CLAIM))
		return CR_BAD_FORMAT;
	p = cr_get(p + CR_KIND_BYTES, claim->scope.ledger, CR_LEDGER_BYTES);
	p = cr_get_le64(p, &claim->scope.epoch);
	p = cr_get(p, claim->scope.relay, CR_RELAY_BYTES);
	p = cr_get_le64(p, &claim->tariff);
	p = cr_get(p, claim->payout, CR_PAYOUT_BYTES);
	p = cr_get_le64(p, &claim->total);
	if (!cr_scalar_parse(&claim->opening, p))
		return CR_BAD_SCALAR;
	p = cr_get_le32(p + CR_SCALAR_BYTES, &claim->sessions);
	if (!claim->sessions)
		return CR_EMPTY;
	if (claim->sessions > limit || claim->sessions > CR_CLAIM_SESSIONS_MAX)
		return CR_TOO_MANY;
	if (len != cr_claim_bytes(claim->sessions))
		return CR_BAD_LENGTH;
	if (!claim->tariff || claim->tariff > CR_MONEY_MAX)
		return CR_BAD_TARIFF;
	claim->bytes = bytes;
	claim->len = len;
	claim->entries = p;
	claim->proofs = p + (size_t)claim->sessions * CR_CLAIM_ENTRY_BYTES;
	claim->n_proofs = claim_proofs(claim->sessions);
	claim->signature = bytes + len - CR_SIGNATURE_BYTES;
	return CR_ACCEPTED;
}

uint8_t *claim_put_entry(uint8_t *p, const struct cr_certificate *certificate,
			 const struct cr_receipt *receipt)
{
	cr_certificate_pack(p, certificate);
	p = cr_put(p + CR_CERTIFICATE_COMPACT, receipt->commitment, CR_POINT_BYTES);
	return cr_put(p, receipt->signature, CR_SIGNATURE_BYTES);
}

void cr_claim_entry(const struct cr_claim *claim, size_t i,
		    struct cr_certificate *certificate,
		    struct cr_receipt *receipt)
{
	const uint8_t *p = claim->entries + i * CR_CLAIM_ENTRY_BYTES;

	cr_certificate_unpack(certificate, p, &claim->scope, claim->tariff);
	receipt->scope = claim->scope;
	memcpy(receipt->session, certificate->session, CR_SESSION_BYTES);
	p = cr_get(p + CR_CERTIFICATE_COMPACT, receipt->commitment, CR_POINT_BYTES);
	cr_get(p, receipt->signature, CR_SIGNATURE_BYTES);
}

enum cr_reason cr_claim_amount(uint64_t *units, uint64_t total, uint64_t tariff)
{
	unsigned __int128 amount = ((unsigned __int128)total * tariff) >> 20;

	if (!tariff || tariff > CR_MONEY_MAX || amount > CR_MONEY_MAX)
		return CR_BAD_TARIFF;
	*units = (uint64_t)amount;
	return CR_ACCEPTED;
}

void claim_transcript(struct cr_transcript *t, const struct cr_claim *claim)
{
	uint8_t kind[CR_KIND_BYTES], hash[crypto_hash_sha512_BYTES];
	crypto_hash_sha512_state h;

	cr_put_kind(kind, CR_KIND_CLAIM_ENTRIES);
	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, kind, sizeof(kind));
	crypto_hash_sha512_update(&h, claim->entries,
				  (size_t)claim->sessions * CR_CLAIM_ENTRY_BYTES);
	crypto_hash_sha512_final(&h, hash);

	cr_transcript_init(t, transcript_label, sizeof(transcript_label) - 1);
	cr_transcript_append(t, "ledger", claim->scope.ledger, CR_LEDGER_BYTES);
	cr_transcript_append_u64(t, "epoch", claim->scope.epoch);
	cr_transcript_append(t, "relay", claim->scope.relay, CR_RELAY_BYTES);
	cr_transcript_append_u64(t, "tariff", claim->tariff);
	cr_transcript_append(t, "payout", claim->payout, CR_PAYOUT_BYTES);
	cr_transcript_append_u64(t, "total", claim->total);
	cr_transcript_append_scalar(t, "opening", &claim->opening);
	cr_transcript_append_u64(t, "sessions", claim->sessions);
	cr_transcript_append(t, "entries", hash, sizeof(hash));
}

void claim_proof_transcript(struct cr_transcript *t,
			    const struct cr_transcript *claim, size_t proof)
{
	*t = *claim;
	cr_transcript_append_u64(t, "proof", proof);
}

void claim_body_message(uint8_t message[CR_CLAIM_MESSAGE_BYTES],
			const uint8_t *bytes, size_t len)
{
	crypto_hash_sha512(cr_put_kind(message, CR_KIND_CLAIM_BODY), bytes, len);
}
