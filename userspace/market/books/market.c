// SPDX-License-Identifier: MIT
/* Making and opening books; moving money. */
#include <string.h>
#include <time.h>

#include "market/books/epoch.h"
#include "market/books/market.h"
#include "market/books/money.h"
#include "market/books/schema.h"

static uint64_t system_clock(void *context)
{
	time_t now = time(NULL);

	(void)context;
	return now > 0 ? (uint64_t)now : 0;
}

const char *mkt_message(const struct market *m)
{
	return db_message(m->db);
}

enum mkt_verdict mkt_run(struct market *m, enum db_mode mode, db_body *body, struct mkt_work *work)
{
	enum db_result r;

	work->m = m;
	work->v = MKT_OK;
	r = db_transact(m->db, mode, body, work);
	return r == DB_UNDO && work->v != MKT_OK ? work->v : mkt_from_db(r);
}

enum db_result mkt_refuse(struct mkt_work *work, enum mkt_verdict v)
{
	work->v = v;
	return DB_UNDO;
}

struct mkt_pot mkt_pot(enum mkt_pot_kind kind, const uint8_t *owner, uint64_t epoch)
{
	struct mkt_pot pot = { .kind = kind, .epoch = epoch };

	if (owner)
		memcpy(pot.owner, owner, sizeof(pot.owner));
	return pot;
}

static void bind_pot(struct db_query *q, const struct mkt_pot *pot)
{
	db_bind_int(q, 1, pot->kind);
	db_bind_bytes(q, 2, pot->owner, sizeof(pot->owner));
	db_bind_u64(q, 3, pot->epoch);
}

enum db_result mkt_balance(struct db *db, const struct mkt_pot *pot, int64_t *amount, bool *there)
{
	struct db_query *q = db_query(db, "SELECT amount FROM balance WHERE kind = $1 AND owner = $2 AND epoch = $3");
	bool found;

	bind_pot(q, pot);
	found = db_next(q);
	*amount = found ? (int64_t)db_u64(q, 0) : 0;
	if (there)
		*there = found;
	return db_end(q);
}

static enum db_result set_balance(struct db *db, const struct mkt_pot *pot, int64_t amount, bool there)
{
	struct db_query *q = there ?
		db_query(db, "UPDATE balance SET amount = $4 WHERE kind = $1 AND owner = $2 AND epoch = $3") :
		db_query(db, "INSERT INTO balance (kind, owner, epoch, amount) VALUES ($1, $2, $3, $4)");

	bind_pot(q, pot);
	db_bind_int(q, 4, amount);
	return db_end(q);
}

static bool has_balance(const struct mkt_pot *pot)
{
	return pot->kind != MKT_NONE && pot->kind != MKT_WORLD;
}

enum db_result mkt_move(struct mkt_work *w, struct mkt_entry *e)
{
	struct db *db = w->m->db;
	enum db_result r = DB_OK;
	int64_t amount;
	bool there;

	if (has_balance(&e->from)) {
		r = mkt_balance(db, &e->from, &amount, &there);
		if (!r && !mkt_sub(&amount, amount, e->amount))
			return mkt_refuse(w, MKT_FUNDS);
		if (!r)
			r = set_balance(db, &e->from, amount, there);
	}
	if (!r && has_balance(&e->to)) {
		r = mkt_balance(db, &e->to, &amount, &there);
		if (!r && !mkt_add(&amount, amount, e->amount))
			return mkt_refuse(w, MKT_AMOUNT);
		if (!r)
			r = set_balance(db, &e->to, amount, there);
	}
	return r ? r : mkt_journal_append(db, w->m->ledger, e);
}

enum db_result mkt_announce(struct mkt_work *w, enum mkt_move move, uint64_t epoch,
			    const uint8_t ref[CR_HASH_BYTES])
{
	struct mkt_entry e = { .move = move, .epoch = epoch };

	if (ref)
		memcpy(e.ref, ref, sizeof(e.ref));
	return mkt_journal_append(w->m->db, w->m->ledger, &e);
}

struct making {
	struct mkt_work work;
	uint64_t epoch;
};

static enum db_result make(struct db *db, void *context)
{
	struct making *c = context;
	struct market *m = c->work.m;
	uint8_t params[MKT_PARAMS_BYTES];
	struct db_query *q = db_query(db, "INSERT INTO network (id, ledger, params) VALUES (1, $1, $2)");
	enum db_result r;

	mkt_params_encode(params, &m->params);
	db_bind_bytes(q, 1, m->ledger, sizeof(m->ledger));
	db_bind_bytes(q, 2, params, sizeof(params));
	r = db_end(q);
	if (!r)
		r = mkt_announce(&c->work, MKT_MOVE_LEDGER, c->epoch, m->ledger);
	return r ? r : mkt_announce(&c->work, MKT_MOVE_EPOCH, c->epoch, NULL);
}

enum mkt_verdict mkt_create(struct db *db, const struct mkt_params *params, uint64_t now)
{
	struct market m = { .db = db, .params = *params };
	struct making c = { .epoch = now / params->epoch_seconds };
	enum db_result r;

	if (mkt_params_wrong(params))
		return MKT_FAULT;
	mkt_params_ledger(m.ledger, params);
	r = db_migrate(db, MKT_SCHEMA_PART, mkt_schema, mkt_schema_count);
	return r ? mkt_from_db(r) : mkt_run(&m, DB_WRITE, make, &c.work);
}

static enum db_result look(struct db *db, void *context)
{
	struct mkt_work *w = context;
	struct db_query *q = db_query(db, "SELECT ledger, params FROM network WHERE id = 1");
	uint8_t want[CR_LEDGER_BYTES];
	const uint8_t *params;
	size_t len;

	if (db_next(q)) {
		db_bytes(q, 0, w->m->ledger, sizeof(w->m->ledger));
		params = db_blob(q, 1, MKT_PARAMS_BYTES, &len);
		if (!mkt_params_decode(&w->m->params, params, len))
			db_fail(q, "table network: parameters are malformed");
		mkt_params_ledger(want, &w->m->params);
		if (memcmp(want, w->m->ledger, sizeof(want)) != 0)
			db_fail(q, "table network: the ledger's id is not that of the parameters");
	} else {
		db_fail(q, "table network is empty");
	}
	return db_end(q);
}

enum mkt_verdict mkt_attach(struct market *m, struct db *db, bool upgrade)
{
	struct mkt_work work;
	enum db_result r;

	memset(m, 0, sizeof(*m));
	m->db = db;
	m->clock = system_clock;
	r = upgrade ? db_migrate(db, MKT_SCHEMA_PART, mkt_schema, mkt_schema_count) :
		      db_migrated(db, MKT_SCHEMA_PART, mkt_schema, mkt_schema_count);
	return r ? mkt_from_db(r) : mkt_run(m, DB_READ, look, &work);
}
