// SPDX-License-Identifier: MIT
#include <string.h>

#include <sodium.h>

#include "market/books/account.h"
#include "market/books/epoch.h"
#include "market/books/money.h"

#define MKT_KIND_CODE	"cr/code/1"

void mkt_code_hash(uint8_t hash[CR_HASH_BYTES], const uint8_t code[MKT_CODE_BYTES])
{
	uint8_t message[CR_KIND_BYTES + MKT_CODE_BYTES];

	cr_put(cr_put_kind(message, MKT_KIND_CODE), code, MKT_CODE_BYTES);
	cr_hash(hash, message, sizeof(message));
	sodium_memzero(message, sizeof(message));
}

/* What bodies about codes are about. */
struct code {
	struct mkt_work work;
	struct mkt_pot pot, to;
	enum mkt_move move;
	int64_t amount;
	bool again;
};

static enum db_result make_code(struct db *db, void *context)
{
	struct code *c = context;
	struct mkt_entry e = { .move = MKT_MOVE_DEPOSIT, .from = mkt_pot(MKT_WORLD, NULL, 0), .to = c->pot,
			       .amount = c->amount };
	enum db_result r = mkt_epoch(db, &e.epoch);

	return r ? r : mkt_move(&c->work, &e);
}

enum mkt_verdict mkt_code_make(struct market *m, int64_t amount, uint8_t code[MKT_CODE_BYTES])
{
	struct code c = { .amount = amount };
	uint8_t hash[CR_HASH_BYTES];

	if (amount <= 0 || amount > MKT_CODE_MAX)
		return MKT_AMOUNT;
	randombytes_buf(code, MKT_CODE_BYTES);
	mkt_code_hash(hash, code);
	c.pot = mkt_pot(MKT_BEARER, hash, 0);
	return mkt_run(m, DB_WRITE, make_code, &c.work);
}

static enum db_result read_code(struct db *db, void *context)
{
	struct code *c = context;
	enum db_result r = mkt_balance(db, &c->pot, &c->amount, NULL);

	return !r && !c->amount ? mkt_refuse(&c->work, MKT_CODE) : r;
}

enum mkt_verdict mkt_code_worth(struct market *m, const uint8_t code[MKT_CODE_BYTES], int64_t *amount)
{
	struct code c = { .amount = 0 };
	uint8_t hash[CR_HASH_BYTES];
	enum mkt_verdict v;

	mkt_code_hash(hash, code);
	c.pot = mkt_pot(MKT_BEARER, hash, 0);
	v = mkt_run(m, DB_READ, read_code, &c.work);
	*amount = v ? 0 : c.amount;
	return v;
}

/* Was this code redeemed to this account? */
static enum db_result redeemed(struct db *db, struct code *c)
{
	struct db_query *q = db_query(db, "SELECT amount FROM journal_account WHERE from_kind = $1 AND from_owner = $2"
				      " AND move = $3 AND to_owner = $4");

	db_bind_int(q, 1, MKT_BEARER);
	db_bind_bytes(q, 2, c->pot.owner, sizeof(c->pot.owner));
	db_bind_int(q, 3, MKT_MOVE_REDEEM);
	db_bind_bytes(q, 4, c->to.owner, sizeof(c->to.owner));
	c->again = c->move == MKT_MOVE_REDEEM && db_next(q);
	if (c->again)
		c->amount = (int64_t)db_u64(q, 0);
	return db_end(q);
}

static enum db_result use_code(struct db *db, void *context)
{
	struct code *c = context;
	struct mkt_entry e = { .move = c->move, .from = c->pot, .to = c->to };
	enum db_result r = redeemed(db, c);

	if (r || c->again)
		return r;
	r = read_code(db, context);
	if (!r)
		r = mkt_epoch(db, &e.epoch);
	e.amount = c->amount;
	return r ? r : mkt_move(&c->work, &e);
}

static enum mkt_verdict use(struct market *m, const uint8_t code[MKT_CODE_BYTES], enum mkt_move move,
			    struct mkt_pot to, int64_t *amount)
{
	struct code c = { .to = to, .move = move };
	uint8_t hash[CR_HASH_BYTES];
	enum mkt_verdict v;

	mkt_code_hash(hash, code);
	c.pot = mkt_pot(MKT_BEARER, hash, 0);
	v = mkt_run(m, DB_WRITE, use_code, &c.work);
	*amount = v ? 0 : c.amount;
	return v;
}

enum mkt_verdict mkt_code_pay(struct market *m, const uint8_t code[MKT_CODE_BYTES], int64_t *amount)
{
	return use(m, code, MKT_MOVE_PAYOUT, mkt_pot(MKT_WORLD, NULL, 0), amount);
}

enum mkt_verdict mkt_redeem(struct market *m, const uint8_t code[MKT_CODE_BYTES],
			    const uint8_t account[MKT_ACCOUNT_BYTES], int64_t *amount)
{
	*amount = 0;
	if (!cr_key_usable(account))
		return MKT_FORMAT;
	return use(m, code, MKT_MOVE_REDEEM, mkt_pot(MKT_ACCOUNT, account, 0), amount);
}

enum db_result mkt_order_new(struct mkt_work *w, const struct mkt_order *order,
			     const uint8_t bytes[MKT_ORDER_BYTES], bool *again)
{
	struct db *db = w->m->db;
	struct db_query *q = db_query(db, "SELECT body FROM account_order WHERE account = $1 AND number = $2");
	uint8_t have[MKT_ORDER_BYTES];
	enum db_result r;

	db_bind_bytes(q, 1, order->account, sizeof(order->account));
	db_bind_u64(q, 2, order->number);
	*again = db_next(q);
	if (*again)
		db_bytes(q, 0, have, sizeof(have));
	r = db_end(q);
	if (r)
		return r;
	if (*again)
		return memcmp(have, bytes, sizeof(have)) == 0 ? DB_OK : mkt_refuse(w, MKT_NUMBER);
	q = db_query(db, "INSERT INTO account_order (account, number, body) VALUES ($1, $2, $3)");
	db_bind_bytes(q, 1, order->account, sizeof(order->account));
	db_bind_u64(q, 2, order->number);
	db_bind_bytes(q, 3, bytes, MKT_ORDER_BYTES);
	return db_end(q);
}

struct ordering {
	struct mkt_work work;
	struct mkt_order order;
	const uint8_t *bytes;
};

static enum db_result carry_out(struct db *db, void *context)
{
	struct ordering *c = context;
	const struct mkt_order *o = &c->order;
	struct mkt_entry e = { .amount = o->amount };
	enum db_result r;
	int64_t have;
	bool again;

	r = mkt_order_new(&c->work, o, c->bytes, &again);
	if (r || again)
		return r;
	r = mkt_epoch(db, &e.epoch);
	if (r)
		return r;
	cr_hash(e.ref, c->bytes, MKT_ORDER_BYTES);
	switch (o->verb) {
	case MKT_STAKE_ORDER:
		e.move = MKT_MOVE_STAKE;
		e.from = mkt_pot(MKT_ACCOUNT, o->account, 0);
		e.to = mkt_pot(MKT_STAKE, o->account, 0);
		break;
	case MKT_UNBOND_ORDER:
		e.move = MKT_MOVE_UNBOND;
		e.from = mkt_pot(MKT_STAKE, o->account, 0);
		e.to = mkt_pot(MKT_UNBONDING, o->account, e.epoch + c->work.m->params.unbond_epochs);
		break;
	default:
		e.move = MKT_MOVE_WITHDRAW;
		e.from = mkt_pot(MKT_ACCOUNT, o->account, 0);
		e.to = mkt_pot(MKT_BEARER, o->argument, 0);
		/* a code is used once, so its name is, too */
		r = mkt_balance(db, &e.to, &have, &again);
		if (r || again)
			return r ? r : mkt_refuse(&c->work, MKT_CODE);
	}
	return mkt_move(&c->work, &e);
}

enum mkt_verdict mkt_order(struct market *m, const uint8_t *bytes, size_t len)
{
	struct ordering c = { .bytes = bytes };
	enum mkt_verdict v = mkt_order_read(&c.order, bytes, len, m->ledger);

	if (!v && c.order.verb == MKT_BUY_ORDER)
		v = MKT_FORMAT;
	return v ? v : mkt_run(m, DB_WRITE, carry_out, &c.work);
}

struct holding {
	struct mkt_work work;
	const uint8_t *account;
	struct mkt_holding *out;
};

static enum db_result read_holding(struct db *db, void *context)
{
	struct holding *c = context;
	struct mkt_holding *h = c->out;
	struct mkt_pot pot = mkt_pot(MKT_ACCOUNT, c->account, 0);
	enum db_result r = mkt_balance(db, &pot, &h->balance, NULL);
	struct db_query *q;

	pot.kind = MKT_STAKE;
	if (!r)
		r = mkt_balance(db, &pot, &h->stake, NULL);
	if (r)
		return r;
	h->unbonding = 0;
	q = db_query(db, "SELECT amount FROM balance WHERE kind = $1 AND owner = $2");
	db_bind_int(q, 1, MKT_UNBONDING);
	db_bind_bytes(q, 2, c->account, MKT_ACCOUNT_BYTES);
	while (db_next(q)) {
		if (!mkt_add(&h->unbonding, h->unbonding, (int64_t)db_u64(q, 0)))
			db_fail(q, "table balance: what is unbonding is more than can be");
	}
	return db_end(q);
}

enum mkt_verdict mkt_holding(struct market *m, const uint8_t account[MKT_ACCOUNT_BYTES],
			     struct mkt_holding *holding)
{
	struct holding c = { .account = account, .out = holding };

	memset(holding, 0, sizeof(*holding));
	return mkt_run(m, DB_READ, read_holding, &c.work);
}
