// SPDX-License-Identifier: MIT
#include <string.h>

#include "market/books/epoch.h"
#include "market/books/terms.h"

void mkt_terms_hash(uint8_t hash[CR_HASH_BYTES], const struct mkt_terms *t)
{
	uint8_t message[CR_KIND_BYTES + CR_RELAY_BYTES + 8 + 8 + CR_PUBLIC_BYTES];
	uint8_t *p = cr_put_kind(message, MKT_KIND_TERMS);

	p = cr_put(p, t->relay, sizeof(t->relay));
	p = cr_put_le64(p, t->first_epoch);
	p = cr_put_le64(p, t->tariff);
	cr_put(p, t->payout, sizeof(t->payout));
	cr_hash(hash, message, sizeof(message));
}

enum db_result mkt_terms_find(struct db *db, const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
			      struct mkt_terms *terms, bool *there)
{
	struct db_query *q = db_query(db, "SELECT first_epoch, tariff, payout FROM relay_terms"
				      " WHERE relay = $1 AND first_epoch <= $2 ORDER BY first_epoch DESC, line DESC LIMIT 1");

	memset(terms, 0, sizeof(*terms));
	memcpy(terms->relay, relay, sizeof(terms->relay));
	db_bind_bytes(q, 1, relay, CR_RELAY_BYTES);
	db_bind_u64(q, 2, epoch);
	*there = db_next(q);
	if (*there) {
		terms->first_epoch = db_u64(q, 0);
		terms->tariff = db_u64(q, 1);
		db_bytes(q, 2, terms->payout, sizeof(terms->payout));
	}
	return db_end(q);
}

struct setting {
	struct mkt_work work;
	struct mkt_terms terms;
};

static enum db_result put(struct mkt_work *w, const struct mkt_terms *t, uint64_t epoch)
{
	struct mkt_entry e = { .move = MKT_MOVE_TERMS, .epoch = epoch };
	enum db_result r;
	struct db_query *q;

	mkt_terms_hash(e.ref, t);
	r = mkt_journal_append(w->m->db, w->m->ledger, &e);
	if (r)
		return r;
	q = db_query(w->m->db, "INSERT INTO relay_terms (line, relay, first_epoch, tariff, payout)"
		     " VALUES ($1, $2, $3, $4, $5)");
	db_bind_u64(q, 1, e.seq);
	db_bind_bytes(q, 2, t->relay, sizeof(t->relay));
	db_bind_u64(q, 3, t->first_epoch);
	db_bind_u64(q, 4, t->tariff);
	db_bind_bytes(q, 5, t->payout, sizeof(t->payout));
	return db_end(q);
}

static enum db_result set(struct db *db, void *context)
{
	struct setting *c = context;
	struct mkt_terms *t = &c->terms, last;
	uint64_t epoch;
	bool there;
	enum db_result r = mkt_epoch(db, &epoch);

	if (!r)
		r = mkt_terms_find(db, t->relay, INT64_MAX, &last, &there);
	if (r)
		return r;
	t->first_epoch = there ? epoch + MKT_EPOCHS_AHEAD + 1 : epoch;
	if (there && last.tariff == t->tariff && memcmp(last.payout, t->payout, sizeof(t->payout)) == 0) {
		t->first_epoch = last.first_epoch;
		return DB_OK;
	}
	/* of two changes for one epoch the later counts */
	return put(&c->work, t, epoch);
}

enum mkt_verdict mkt_terms_set(struct market *m, const uint8_t relay[CR_RELAY_BYTES], uint64_t tariff,
			       const uint8_t payout[CR_PUBLIC_BYTES], uint64_t *first_epoch)
{
	struct setting c = { .terms = { .tariff = tariff } };
	enum mkt_verdict v;

	*first_epoch = 0;
	if (!cr_key_usable(relay) || !cr_key_usable(payout))
		return MKT_FORMAT;
	if (tariff > CR_MONEY_MAX)
		return MKT_TARIFF;
	memcpy(c.terms.relay, relay, sizeof(c.terms.relay));
	memcpy(c.terms.payout, payout, sizeof(c.terms.payout));
	v = mkt_run(m, DB_WRITE, set, &c.work);
	if (!v)
		*first_epoch = c.terms.first_epoch;
	return v;
}

struct getting {
	struct mkt_work work;
	const uint8_t *relay;
	uint64_t epoch;
	struct mkt_terms *out;
};

static enum db_result get(struct db *db, void *context)
{
	struct getting *c = context;
	bool there;
	enum db_result r = mkt_terms_find(db, c->relay, c->epoch, c->out, &there);

	return !r && !there ? mkt_refuse(&c->work, MKT_RELAY) : r;
}

enum mkt_verdict mkt_terms_get(struct market *m, const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
			       struct mkt_terms *terms)
{
	struct getting c = { .relay = relay, .epoch = epoch, .out = terms };

	memset(terms, 0, sizeof(*terms));
	return epoch > INT64_MAX ? MKT_RELAY : mkt_run(m, DB_READ, get, &c.work);
}
