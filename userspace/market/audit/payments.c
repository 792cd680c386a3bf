// SPDX-License-Identifier: MIT
/* Certificates, claims, refusals and evidence against the journal. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/audit/work.h"
#include "market/books/money.h"
#include "market/books/terms.h"
#include "market/issue/issue.h"
#include "market/settle/evidence.h"
#include "market/settle/settle.h"

static enum db_result terms_fit(struct db *db, struct audit_work *a, const struct cr_scope *scope, uint64_t tariff,
				const char *what, struct mkt_terms *terms)
{
	bool there;
	enum db_result r = scope->epoch > INT64_MAX ? DB_OK :
			   mkt_terms_find(db, scope->relay, scope->epoch, terms, &there);

	if (scope->epoch > INT64_MAX || (!r && (!there || terms->tariff != tariff)))
		audit_found(a, "%s: not the tariff of table relay_terms", what);
	return r;
}

static enum db_result one_certificate(struct db *db, struct audit_work *a, const uint8_t *key_id,
				      const uint8_t *input, const uint8_t *body, const struct cr_voucher_key *key,
				      const char *what)
{
	struct cr_certificate cert;
	struct mkt_terms terms;
	struct mkt_entry e, rest;
	uint8_t ref[CR_HASH_BYTES];
	uint32_t kib = 0;
	int64_t worth;
	enum db_result r;
	bool there;

	if (cr_certificate_decode(&cert, body, CR_CERTIFICATE_BYTES) != CR_ACCEPTED ||
	    cr_certificate_check(&cert, a->certificate) != CR_ACCEPTED ||
	    memcmp(cert.scope.ledger, a->work.m->ledger, CR_LEDGER_BYTES) != 0) {
		audit_found(a, "%s: not a certificate by the market's key", what);
		return DB_OK;
	}
	if (cr_deposit(&kib, key->value, cert.tariff) != CR_ACCEPTED || kib != cert.deposit)
		audit_found(a, "%s: its deposit is not what the voucher was worth", what);
	if (cert.scope.epoch > key->spend_until)
		audit_found(a, "%s: its epoch is behind the voucher key's last", what);
	r = terms_fit(db, a, &cert.scope, cert.tariff, what, &terms);
	if (r)
		return r;
	mkt_certificate_ref(ref, key_id, input, body);
	r = audit_line(db, a, MKT_CERTIFICATES, ref, MKT_MOVE_CERTIFICATE, what, &e, &there);
	if (r || !there)
		return r;
	worth = mkt_certificate_worth(&cert);
	if (e.amount != worth || memcmp(e.from.owner, key_id, CR_HASH_BYTES) != 0 ||
	    memcmp(e.to.owner, cert.scope.relay, CR_RELAY_BYTES) != 0 || e.to.epoch != cert.scope.epoch)
		audit_found(a, "%s: its line %" PRIu64 " does something else", what, e.seq);
	if (worth == (int64_t)key->value)
		return DB_OK;
	r = audit_line(db, a, MKT_CERTIFICATES, ref, MKT_MOVE_ROUNDING, what, &rest, &there);
	if (!r && there && (rest.amount != (int64_t)key->value - worth ||
			    memcmp(rest.from.owner, key_id, CR_HASH_BYTES) != 0))
		audit_found(a, "%s: its line %" PRIu64 " does something else", what, rest.seq);
	return r;
}

enum db_result audit_certificates(struct db *db, struct audit_work *a)
{
	struct db_query *q = db_query(db, "SELECT c.voucher_key, c.input, c.body, k.body FROM certificate c"
				      " LEFT JOIN market_key k ON k.id = c.voucher_key ORDER BY c.voucher_key, c.input");
	uint8_t id[CR_VOUCHER_ID_BYTES], input[CR_VOUCHER_INPUT_BYTES], body[CR_CERTIFICATE_BYTES];
	struct cr_voucher_key key;
	const uint8_t *key_body;
	enum db_result r = DB_OK;
	char what[96];
	size_t len;

	while (!r && db_next(q)) {
		db_bytes(q, 0, id, sizeof(id));
		db_bytes(q, 1, input, sizeof(input));
		db_bytes(q, 2, body, sizeof(body));
		snprintf(what, sizeof(what), "table certificate, voucher %s", audit_hex(input));
		if (db_is_null(q, 3)) {
			audit_found(a, "%s: table market_key has no key %s", what, audit_hex(id));
			continue;
		}
		key_body = db_blob(q, 3, CR_VOUCHER_KEY_BYTES, &len);
		if (cr_voucher_key_decode(&key, key_body, len) != CR_ACCEPTED)
			audit_found(a, "%s: its key in table market_key is malformed", what);
		else
			r = one_certificate(db, a, id, input, body, &key, what);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}

/* What the acknowledgement says, against the claim, the terms and the lines. */
static enum db_result one_claim(struct db *db, struct audit_work *a, const struct cr_claim *claim,
				const uint8_t *ack_bytes, const char *what)
{
	struct mkt_terms terms = { .tariff = 0 };
	struct cr_claim_terms agreed;
	struct mkt_entry paid, fee;
	struct mkt_ack ack;
	uint8_t hash[CR_HASH_BYTES];
	uint64_t gross = 0;
	enum db_result r;
	bool there, there_too;

	if (mkt_ack_read(&ack, ack_bytes, MKT_ACK_BYTES, a->certificate) != CR_ACCEPTED) {
		audit_found(a, "%s: its acknowledgement is not by the market's key", what);
		return DB_OK;
	}
	cr_hash(hash, claim->bytes, claim->len);
	r = terms_fit(db, a, &claim->scope, claim->tariff, what, &terms);
	if (r)
		return r;
	if (memcmp(ack.claim, hash, sizeof(hash)) != 0 || memcmp(ack.ledger, a->work.m->ledger, CR_LEDGER_BYTES) != 0 ||
	    memcmp(ack.relay, claim->scope.relay, CR_RELAY_BYTES) != 0 || ack.epoch != claim->scope.epoch ||
	    memcmp(ack.payout, claim->payout, CR_PAYOUT_BYTES) != 0 || ack.total != claim->total ||
	    ack.tariff != claim->tariff)
		audit_found(a, "%s: its acknowledgement is about another", what);
	if (memcmp(terms.payout, claim->payout, CR_PAYOUT_BYTES) != 0)
		audit_found(a, "%s: pays another account than table relay_terms says", what);
	if (cr_claim_amount(&gross, claim->total, claim->tariff) != CR_ACCEPTED || gross > INT64_MAX ||
	    ack.gross != gross || ack.fee != (uint64_t)mkt_fee((int64_t)gross, a->work.m->params.fee) ||
	    ack.paid != gross - ack.fee) {
		audit_found(a, "%s: its acknowledgement does not add up", what);
		return DB_OK;
	}
	audit_add(a, &a->out->sums.paid, (int64_t)ack.paid);
	audit_add(a, &a->out->sums.fee, (int64_t)ack.fee);
	r = audit_line(db, a, MKT_ACCOUNTS, hash, MKT_MOVE_PAYMENT, what, &paid, &there);
	if (!r)
		r = audit_line(db, a, MKT_ACCOUNTS, hash, MKT_MOVE_FEE, what, &fee, &there_too);
	if (r || !there || !there_too)
		return r;
	if (paid.amount != (int64_t)ack.paid || memcmp(paid.to.owner, ack.payout, sizeof(ack.payout)) != 0 ||
	    memcmp(paid.from.owner, ack.relay, sizeof(ack.relay)) != 0 || paid.from.epoch != ack.epoch)
		audit_found(a, "%s: its line %" PRIu64 " does something else", what, paid.seq);
	if (fee.amount != (int64_t)ack.fee || memcmp(fee.from.owner, ack.relay, sizeof(ack.relay)) != 0 ||
	    fee.from.epoch != ack.epoch)
		audit_found(a, "%s: its line %" PRIu64 " does something else", what, fee.seq);
	if (a->out->proofs) {
		agreed.scope = claim->scope;
		agreed.tariff = claim->tariff;
		memcpy(agreed.payout, claim->payout, sizeof(agreed.payout));
		memcpy(agreed.market, a->certificate, sizeof(agreed.market));
		if (cr_claim_verify(claim->bytes, claim->len, &agreed, NULL) != CR_ACCEPTED)
			audit_found(a, "%s: its proofs do not hold", what);
	}
	return DB_OK;
}

static enum db_result read_claim(struct db *db, struct audit_work *a, const uint8_t relay[CR_RELAY_BYTES],
				 uint64_t epoch, const char *what)
{
	struct db_query *q = db_query(db, "SELECT body, ack FROM claim WHERE relay = $1 AND epoch = $2");
	uint8_t ack[MKT_ACK_BYTES];
	struct cr_claim claim;
	enum db_result r = DB_OK;
	const uint8_t *body;
	size_t len;

	db_bind_bytes(q, 1, relay, CR_RELAY_BYTES);
	db_bind_u64(q, 2, epoch);
	if (db_next(q)) {
		db_bytes(q, 1, ack, sizeof(ack));
		body = db_blob(q, 0, MKT_CLAIM_BYTES_MAX, &len);
		if (cr_claim_decode(&claim, body, len, CR_CLAIM_SESSIONS_MAX) != CR_ACCEPTED ||
		    memcmp(claim.scope.relay, relay, CR_RELAY_BYTES) != 0 || claim.scope.epoch != epoch)
			audit_found(a, "%s: the claim is malformed, or another", what);
		else
			r = one_claim(db, a, &claim, ack, what);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}

enum db_result audit_claims(struct db *db, struct audit_work *a)
{
	/* bodies are large: one at a time */
	struct db_query *q = db_query(db, "SELECT relay, epoch FROM claim ORDER BY relay, epoch");
	uint8_t relay[CR_RELAY_BYTES];
	enum db_result r = DB_OK;
	uint64_t epoch;
	char what[96];

	while (!r && db_next(q)) {
		db_bytes(q, 0, relay, sizeof(relay));
		epoch = db_u64(q, 1);
		snprintf(what, sizeof(what), "table claim, %s in epoch %" PRIu64, audit_hex(relay), epoch);
		r = read_claim(db, a, relay, epoch, what);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}

enum db_result audit_refused(struct db *db, struct audit_work *a)
{
	struct db_query *q = db_query(db, "SELECT relay, epoch, hash, reason FROM claim_refused"
				      " ORDER BY relay, epoch, hash");
	uint8_t relay[CR_RELAY_BYTES], hash[CR_HASH_BYTES], ref[CR_HASH_BYTES];
	enum db_result r = DB_OK;
	struct mkt_entry e;
	uint64_t epoch;
	char what[96];
	bool there;

	while (!r && db_next(q)) {
		db_bytes(q, 0, relay, sizeof(relay));
		epoch = db_u64(q, 1);
		db_bytes(q, 2, hash, sizeof(hash));
		mkt_refusal_ref(ref, relay, epoch, hash, (enum cr_reason)(uint32_t)db_u64(q, 3));
		snprintf(what, sizeof(what), "table claim_refused, %s in epoch %" PRIu64, audit_hex(relay), epoch);
		r = audit_line(db, a, MKT_ACCOUNTS, ref, MKT_MOVE_VERIFICATION, what, &e, &there);
		if (!r && there && e.amount > a->work.m->params.verification_fee)
			audit_found(a, "%s: cost more than the fee", what);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}

/* Lines that this evidence is the reason of. */
static enum db_result count_slashes(struct db *db, struct audit_work *a, const uint8_t ref[CR_HASH_BYTES],
				    const struct mkt_finding *f, const char *what)
{
	struct db_query *q = db_query(db, "SELECT move, from_owner FROM journal_account WHERE ref = $1");
	uint8_t owner[MKT_OWNER_BYTES];
	size_t n = 0;
	enum db_result r;

	db_bind_bytes(q, 1, ref, CR_HASH_BYTES);
	while (db_next(q)) {
		uint64_t move = db_u64(q, 0);

		db_bytes(q, 1, owner, sizeof(owner));
		if (move != MKT_MOVE_SLASH && move != MKT_MOVE_SLASH_UNBONDING)
			continue;
		a->matched[move]++;
		n += move == MKT_MOVE_SLASH;
		if (memcmp(owner, f->punished[0], sizeof(owner)) != 0 && memcmp(owner, f->punished[f->n - 1], sizeof(owner)) != 0)
			audit_found(a, "%s: burned the stake of somebody else", what);
	}
	r = db_end(q);
	if (!r && n != f->n)
		audit_found(a, "%s: %zu lines \"slash\" in table journal_account, not %zu", what, n, f->n);
	return r;
}

enum db_result audit_evidence(struct db *db, struct audit_work *a)
{
	struct db_query *q = db_query(db, "SELECT kind, signer, serial, first, second FROM evidence"
				      " ORDER BY kind, signer, serial");
	uint8_t signer[CR_PUBLIC_BYTES], serial[MKT_SERIAL_BYTES], ref[CR_HASH_BYTES], first[CR_DESCRIPTOR_MAX];
	size_t first_len, second_len;
	const uint8_t *bytes;
	struct mkt_finding f;
	enum db_result r = DB_OK;
	uint64_t kind;
	char what[64];

	while (!r && db_next(q)) {
		kind = db_u64(q, 0);
		db_bytes(q, 1, signer, sizeof(signer));
		db_bytes(q, 2, serial, sizeof(serial));
		bytes = db_blob(q, 3, sizeof(first), &first_len);
		memcpy(first, bytes, first_len);
		bytes = db_blob(q, 4, sizeof(first), &second_len);
		snprintf(what, sizeof(what), "table evidence, against %s", audit_hex(signer));
		if (kind > INT32_MAX || mkt_evidence_check(&f, (enum mkt_evidence_kind)kind, first, first_len, bytes, second_len,
							   a->work.m->ledger) != MKT_OK ||
		    memcmp(f.signer, signer, sizeof(signer)) != 0 || memcmp(f.serial, serial, sizeof(serial)) != 0) {
			audit_found(a, "%s: shows nothing against this signer and number", what);
			continue;
		}
		mkt_evidence_ref(ref, &f, first, first_len, bytes, second_len);
		r = count_slashes(db, a, ref, &f, what);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}
