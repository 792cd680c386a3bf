// SPDX-License-Identifier: MIT
/*
 * Settling a claim: what the books know decides first, without any proof
 * (admit), then the proof library verifies all that are left together, then
 * each is paid or refused in a transaction that looks at the books once more.
 */
#include <stdlib.h>
#include <string.h>

#include "market/books/epoch.h"
#include "market/books/money.h"
#include "market/books/terms.h"
#include "market/settle/settle.h"
#include "proof/claim_format.h"

#define MKT_KIND_REFUSED	"cr/refused/1"

/* A refusal because another claim was paid; not one of the proof library's reasons. */
#define ANOTHER_WAS_PAID	((enum cr_reason)0)

struct settling {
	struct mkt_work work;
	struct mkt_claim *out;
	struct cr_claim claim;
	uint8_t hash[CR_HASH_BYTES];
	struct mkt_terms terms;
	struct cr_claim_terms agreed;
	struct mkt_ack ack;
	bool known;		/* answered before */
	bool undecided;		/* goes to the proof library */
	enum cr_reason refused;
	int64_t fee;
};

void mkt_refusal_ref(uint8_t ref[CR_HASH_BYTES], const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
		     const uint8_t claim[CR_HASH_BYTES], enum cr_reason reason)
{
	uint8_t message[CR_KIND_BYTES + CR_RELAY_BYTES + 8 + CR_HASH_BYTES + 4];
	uint8_t *p = cr_put_kind(message, MKT_KIND_REFUSED);

	p = cr_put(p, relay, CR_RELAY_BYTES);
	p = cr_put_le64(p, epoch);
	p = cr_put(p, claim, CR_HASH_BYTES);
	cr_put_le32(p, reason);
	cr_hash(ref, message, sizeof(message));
}

/* A claim that was paid: the same one? */
static enum db_result paid(struct db *db, struct settling *c, bool *any)
{
	struct db_query *q = db_query(db, "SELECT ack FROM claim WHERE relay = $1 AND epoch = $2");
	struct mkt_ack ack;
	uint8_t bytes[MKT_ACK_BYTES];
	enum db_result r;

	db_bind_bytes(q, 1, c->claim.scope.relay, CR_RELAY_BYTES);
	db_bind_u64(q, 2, c->claim.scope.epoch);
	*any = db_next(q);
	if (*any) {
		db_bytes(q, 0, bytes, sizeof(bytes));
		if (mkt_ack_read(&ack, bytes, sizeof(bytes), c->work.m->keys->certificate_public) != CR_ACCEPTED)
			db_fail(q, "table claim: an acknowledgement is not the market's");
	}
	r = db_end(q);
	if (r || !*any || memcmp(ack.claim, c->hash, sizeof(c->hash)) != 0)
		return r;
	c->known = true;
	memcpy(c->out->ack, bytes, sizeof(bytes));
	return DB_OK;
}

/* A claim that was refused before is refused again, for nothing. */
static enum db_result refused(struct db *db, struct settling *c)
{
	struct db_query *q = db_query(db, "SELECT hash, reason FROM claim_refused WHERE relay = $1 AND epoch = $2");
	uint8_t hash[CR_HASH_BYTES];
	unsigned int n = 0;
	enum db_result r;
	bool found = false;

	db_bind_bytes(q, 1, c->claim.scope.relay, CR_RELAY_BYTES);
	db_bind_u64(q, 2, c->claim.scope.epoch);
	while (db_next(q)) {
		db_bytes(q, 0, hash, sizeof(hash));
		n++;
		if (memcmp(hash, c->hash, sizeof(hash)) == 0) {
			c->refused = (enum cr_reason)(uint32_t)db_u64(q, 1);
			found = true;
		}
	}
	r = db_end(q);
	if (r)
		return r;
	if (found) {
		c->known = true;
		return mkt_refuse(&c->work, c->refused == ANOTHER_WAS_PAID ? MKT_SETTLED : MKT_CLAIM);
	}
	return n >= MKT_CLAIMS_REFUSED_MAX ? mkt_refuse(&c->work, MKT_LIMIT) : DB_OK;
}

/* Terms and time. */
static enum db_result admissible(struct db *db, struct settling *c)
{
	uint64_t epoch, floor;
	enum db_result r;
	bool there;

	if (c->claim.scope.epoch > INT64_MAX)
		return mkt_refuse(&c->work, MKT_EPOCH);
	r = mkt_terms_find(db, c->claim.scope.relay, c->claim.scope.epoch, &c->terms, &there);
	if (!r && (!there || !c->terms.tariff))
		r = mkt_refuse(&c->work, MKT_RELAY);
	if (!r)
		r = mkt_epoch(db, &epoch);
	if (!r)
		r = mkt_epoch_floor(db, &c->work.m->params, &floor);
	if (!r && (c->claim.scope.epoch >= epoch || c->claim.scope.epoch < floor))
		r = mkt_refuse(&c->work, MKT_EPOCH);
	return r;
}

static enum db_result look(struct db *db, void *context)
{
	struct settling *c = context;
	enum db_result r = DB_OK;
	bool any = false;

	c->known = false;
	if (c->claim.scope.epoch <= INT64_MAX)
		r = paid(db, c, &any);
	if (r || c->known)
		return r;
	r = c->claim.scope.epoch <= INT64_MAX ? refused(db, c) : DB_OK;
	if (!r)
		r = admissible(db, c);
	if (!r && any)
		r = mkt_refuse(&c->work, MKT_SETTLED);
	return r;
}

static void admit(struct market *m, struct settling *c)
{
	struct mkt_claim *out = c->out;
	enum cr_reason reason;

	out->reason = CR_ACCEPTED;
	out->where = CR_CLAIM_NOWHERE;
	out->fee = 0;
	out->v = MKT_FORMAT;
	if (!m->keys) {
		out->v = MKT_KEYS;
		return;
	}
	if (out->len > MKT_CLAIM_BYTES_MAX)
		return;
	reason = cr_claim_decode(&c->claim, out->bytes, out->len, CR_CLAIM_SESSIONS_MAX);
	if (reason != CR_ACCEPTED) {
		out->reason = reason;
		return;
	}
	if (memcmp(c->claim.scope.ledger, m->ledger, CR_LEDGER_BYTES) != 0) {
		out->v = MKT_LEDGER;
		return;
	}
	cr_hash(c->hash, out->bytes, out->len);
	out->v = mkt_run(m, DB_READ, look, &c->work);
	if (out->v == MKT_CLAIM)
		out->reason = c->refused;
	c->undecided = !out->v && !c->known;
	if (!c->undecided)
		return;
	c->agreed.scope = c->claim.scope;
	c->agreed.tariff = c->terms.tariff;
	memcpy(c->agreed.payout, c->terms.payout, sizeof(c->agreed.payout));
	memcpy(c->agreed.market, m->keys->certificate_public, sizeof(c->agreed.market));
}

/* Only the relay itself can have signed: others must not be able to cost it anything. */
static bool signed_by_relay(const struct cr_claim *claim)
{
	uint8_t message[CR_CLAIM_MESSAGE_BYTES];

	claim_body_message(message, claim->bytes, claim->len - CR_SIGNATURE_BYTES);
	return cr_verify(claim->signature, message, sizeof(message), claim->scope.relay) == CR_ACCEPTED;
}

static enum db_result refuse(struct db *db, void *context)
{
	struct settling *c = context;
	struct mkt_entry e = { .move = MKT_MOVE_VERIFICATION, .to = mkt_pot(MKT_BURNED_VERIFICATION, NULL, 0) };
	struct db_query *q;
	enum db_result r;
	bool any;

	c->known = false;
	r = paid(db, c, &any);
	if (!r)
		r = refused(db, c);
	if (!r)
		r = admissible(db, c);
	if (!r)
		r = mkt_epoch(db, &e.epoch);
	if (r || c->known)
		return r;
	e.from = mkt_pot(MKT_ACCOUNT, c->terms.payout, 0);
	r = mkt_balance(db, &e.from, &e.amount, NULL);
	if (r)
		return r;
	/* who has nothing pays nothing, up to MKT_CLAIMS_REFUSED_MAX times */
	if (e.amount > c->work.m->params.verification_fee)
		e.amount = c->work.m->params.verification_fee;
	c->fee = e.amount;
	mkt_refusal_ref(e.ref, c->claim.scope.relay, c->claim.scope.epoch, c->hash, c->refused);
	r = mkt_move(&c->work, &e);
	if (r)
		return r;
	q = db_query(db, "INSERT INTO claim_refused (relay, epoch, hash, reason) VALUES ($1, $2, $3, $4)");
	db_bind_bytes(q, 1, c->claim.scope.relay, CR_RELAY_BYTES);
	db_bind_u64(q, 2, c->claim.scope.epoch);
	db_bind_bytes(q, 3, c->hash, sizeof(c->hash));
	db_bind_int(q, 4, c->refused);
	return db_end(q);
}

static void refuse_claim(struct market *m, struct settling *c, enum cr_reason reason, enum mkt_verdict v)
{
	enum mkt_verdict booked;

	c->out->v = v;
	c->fee = 0;
	if (!signed_by_relay(&c->claim))
		return;
	c->refused = reason;
	booked = mkt_run(m, DB_WRITE, refuse, &c->work);
	if (!booked)
		c->out->fee = c->fee;
	else if (booked != v)
		c->out->v = booked;
}

static enum db_result book(struct db *db, struct settling *c)
{
	struct mkt_entry e = { .from = mkt_pot(MKT_DEPOSITS, c->claim.scope.relay, c->claim.scope.epoch) };
	enum db_result r = mkt_epoch(db, &e.epoch);

	memcpy(e.ref, c->hash, sizeof(e.ref));
	e.move = MKT_MOVE_PAYMENT;
	e.to = mkt_pot(MKT_ACCOUNT, c->terms.payout, 0);
	e.amount = (int64_t)c->ack.paid;
	if (!r)
		r = mkt_move(&c->work, &e);
	e.move = MKT_MOVE_FEE;
	e.to = mkt_pot(MKT_BURNED_FEE, NULL, 0);
	e.amount = (int64_t)c->ack.fee;
	if (!r)
		r = mkt_move(&c->work, &e);
	/* every deposit was paid for, or somebody else has the certificate key */
	return r == DB_UNDO && c->work.v == MKT_FUNDS ? mkt_refuse(&c->work, MKT_FAULT) : r;
}

static enum db_result settle(struct db *db, void *context)
{
	struct settling *c = context;
	struct db_query *q;
	enum db_result r;
	bool any;

	c->known = false;
	r = paid(db, c, &any);
	if (r || c->known)
		return r;
	if (any)
		return mkt_refuse(&c->work, MKT_SETTLED);
	r = admissible(db, c);
	if (!r)
		r = book(db, c);
	if (r)
		return r;
	q = db_query(db, "INSERT INTO claim (relay, epoch, body, ack) VALUES ($1, $2, $3, $4)");
	db_bind_bytes(q, 1, c->claim.scope.relay, CR_RELAY_BYTES);
	db_bind_u64(q, 2, c->claim.scope.epoch);
	db_bind_bytes(q, 3, c->out->bytes, c->out->len);
	db_bind_bytes(q, 4, c->out->ack, sizeof(c->out->ack));
	return db_end(q);
}

static void pay_claim(struct market *m, struct settling *c)
{
	struct mkt_ack *a = &c->ack;

	memset(a, 0, sizeof(*a));
	memcpy(a->ledger, m->ledger, sizeof(a->ledger));
	memcpy(a->relay, c->claim.scope.relay, sizeof(a->relay));
	a->epoch = c->claim.scope.epoch;
	memcpy(a->claim, c->hash, sizeof(a->claim));
	memcpy(a->payout, c->terms.payout, sizeof(a->payout));
	a->total = c->claim.total;
	a->tariff = c->terms.tariff;
	c->out->reason = cr_claim_amount(&a->gross, a->total, a->tariff);
	if (c->out->reason != CR_ACCEPTED || a->gross > INT64_MAX) {
		refuse_claim(m, c, CR_BAD_TARIFF, MKT_CLAIM);
		return;
	}
	a->fee = (uint64_t)mkt_fee((int64_t)a->gross, m->params.fee);
	a->paid = a->gross - a->fee;
	mkt_ack_sign(c->out->ack, a, m->keys->certificate);
	c->out->v = mkt_run(m, DB_WRITE, settle, &c->work);
}

void mkt_settle(struct market *m, struct mkt_claim *claims, size_t n)
{
	struct settling *all = calloc(n ? n : 1, sizeof(*all));
	struct cr_claim_job *jobs = calloc(n ? n : 1, sizeof(*jobs));
	size_t count = 0, i, j;

	for (i = 0; i < n; i++)
		claims[i].v = MKT_MEMORY;
	for (i = 0; all && jobs && i < n; i++) {
		all[i].out = &claims[i];
		admit(m, &all[i]);
		if (all[i].undecided)
			jobs[count++] = (struct cr_claim_job){ .bytes = claims[i].bytes, .len = claims[i].len,
							       .terms = &all[i].agreed };
		else if (claims[i].v == MKT_SETTLED && !all[i].known)
			refuse_claim(m, &all[i], ANOTHER_WAS_PAID, MKT_SETTLED);
	}
	if (all && jobs && count)
		cr_claims_verify(jobs, count, CR_CLAIM_SESSIONS_MAX, NULL);
	for (i = 0, j = 0; all && jobs && i < n; i++) {
		if (!all[i].undecided)
			continue;
		claims[i].reason = jobs[j].reason;
		claims[i].where = jobs[j].where;
		if (jobs[j].reason == CR_ACCEPTED)
			pay_claim(m, &all[i]);
		else if (jobs[j].reason == CR_NO_MEMORY)
			claims[i].v = MKT_MEMORY;
		else
			refuse_claim(m, &all[i], jobs[j].reason, MKT_CLAIM);
		j++;
	}
	free(jobs);
	free(all);
}

struct asking {
	struct mkt_work work;
	const uint8_t *relay;
	uint64_t epoch;
	uint8_t *ack;
};

static enum db_result ask(struct db *db, void *context)
{
	struct asking *c = context;
	struct db_query *q = db_query(db, "SELECT ack FROM claim WHERE relay = $1 AND epoch = $2");
	enum db_result r;
	bool there;

	db_bind_bytes(q, 1, c->relay, CR_RELAY_BYTES);
	db_bind_u64(q, 2, c->epoch);
	there = db_next(q);
	if (there)
		db_bytes(q, 0, c->ack, MKT_ACK_BYTES);
	r = db_end(q);
	return !r && !there ? mkt_refuse(&c->work, MKT_CLAIM) : r;
}

enum mkt_verdict mkt_settled(struct market *m, const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
			     uint8_t ack[MKT_ACK_BYTES])
{
	struct asking c = { .relay = relay, .epoch = epoch, .ack = ack };

	return epoch > INT64_MAX ? MKT_CLAIM : mkt_run(m, DB_READ, ask, &c.work);
}
