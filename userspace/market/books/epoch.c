// SPDX-License-Identifier: MIT
#include <string.h>

#include "market/books/epoch.h"
#include "proof/voucher.h"

#define MKT_KIND_HEADS	"cr/heads/1"
/* Pots closed in one transaction: others get their turn in between. */
#define DUE_MAX		128

enum db_result mkt_epoch(struct db *db, uint64_t *epoch)
{
	struct db_query *q = db_query(db, "SELECT epoch FROM journal_account WHERE move = $1 ORDER BY seq DESC LIMIT 1");

	db_bind_int(q, 1, MKT_MOVE_EPOCH);
	if (db_next(q))
		*epoch = db_u64(q, 0);
	else
		db_fail(q, "table journal_account: no epoch has begun");
	return db_end(q);
}

enum db_result mkt_epoch_floor(struct db *db, const struct mkt_params *params, uint64_t *floor)
{
	struct db_query *q = db_query(db, "SELECT epoch FROM journal_account WHERE move = $1"
				      " ORDER BY seq DESC LIMIT 1 OFFSET $2");

	db_bind_int(q, 1, MKT_MOVE_EPOCH);
	db_bind_int(q, 2, params->claim_epochs);
	*floor = db_next(q) ? db_u64(q, 0) : 0;
	return db_end(q);
}

struct turning {
	struct mkt_work work;
	uint64_t clock, epoch, floor;
	struct mkt_pot due[DUE_MAX];
	int64_t amount[DUE_MAX];
	size_t n;
};

static enum db_result begin_epoch(struct db *db, void *context)
{
	struct turning *t = context;
	enum db_result r = mkt_epoch(db, &t->epoch);

	if (r || t->clock <= t->epoch)
		return r;
	t->epoch = t->clock;
	return mkt_announce(&t->work, MKT_MOVE_EPOCH, t->epoch, NULL);
}

/* Pots of one kind below an epoch that hold something. */
static enum db_result find(struct db *db, struct turning *t, enum mkt_pot_kind kind, uint64_t below)
{
	struct db_query *q = db_query(db, "SELECT owner, epoch, amount FROM balance WHERE kind = $1 AND epoch < $2"
				      " AND amount > 0 ORDER BY owner, epoch LIMIT $3");

	db_bind_int(q, 1, kind);
	db_bind_u64(q, 2, below);
	db_bind_int(q, 3, (int64_t)(DUE_MAX - t->n));
	while (t->n < DUE_MAX && db_next(q)) {
		struct mkt_pot *pot = &t->due[t->n];

		pot->kind = kind;
		db_bytes(q, 0, pot->owner, sizeof(pot->owner));
		pot->epoch = db_u64(q, 1);
		t->amount[t->n] = (int64_t)db_u64(q, 2);
		t->n++;
	}
	return db_end(q);
}

/* Pots of voucher keys whose last epoch is over. */
static enum db_result find_vouchers(struct db *db, struct turning *t)
{
	struct db_query *q = db_query(db, "SELECT b.owner, b.amount, k.body FROM balance b"
				      " JOIN market_key k ON k.id = b.owner WHERE b.kind = $1 AND b.amount > 0"
				      " ORDER BY b.owner");
	struct cr_voucher_key key;
	uint8_t body[CR_VOUCHER_KEY_BYTES];

	db_bind_int(q, 1, MKT_VOUCHERS);
	while (t->n < DUE_MAX && db_next(q)) {
		struct mkt_pot *pot = &t->due[t->n];

		*pot = mkt_pot(MKT_VOUCHERS, NULL, 0);
		db_bytes(q, 0, pot->owner, sizeof(pot->owner));
		t->amount[t->n] = (int64_t)db_u64(q, 1);
		db_bytes(q, 2, body, sizeof(body));
		if (cr_voucher_key_decode(&key, body, sizeof(body)) != CR_ACCEPTED)
			db_fail(q, "table market_key: a voucher key is malformed");
		else if (key.spend_until < t->epoch)
			t->n++;
	}
	return db_end(q);
}

static enum db_result close_one(struct turning *t, size_t i)
{
	const struct mkt_pot *pot = &t->due[i];
	struct mkt_entry e = { .epoch = t->epoch, .from = *pot, .amount = t->amount[i] };

	switch (pot->kind) {
	case MKT_UNBONDING:
		e.move = MKT_MOVE_RELEASE;
		e.to = mkt_pot(MKT_ACCOUNT, pot->owner, 0);
		break;
	case MKT_DEPOSITS:
		e.move = MKT_MOVE_DEPOSIT_EXPIRED;
		e.to = mkt_pot(MKT_BURNED_DEPOSIT, NULL, 0);
		break;
	default:
		e.move = MKT_MOVE_VOUCHER_EXPIRED;
		e.to = mkt_pot(MKT_BURNED_VOUCHER, NULL, 0);
	}
	return mkt_move(&t->work, &e);
}

static enum db_result find_due(struct db *db, struct turning *t)
{
	enum db_result r = mkt_epoch(db, &t->epoch);

	t->n = 0;
	if (!r)
		r = mkt_epoch_floor(db, &t->work.m->params, &t->floor);
	if (!r)
		r = find(db, t, MKT_UNBONDING, t->epoch + 1);
	if (!r)
		r = find(db, t, MKT_DEPOSITS, t->floor);
	return r ? r : find_vouchers(db, t);
}

static enum db_result look_due(struct db *db, void *context)
{
	return find_due(db, context);
}

static enum db_result close_due(struct db *db, void *context)
{
	struct turning *t = context;
	enum db_result r = find_due(db, t);

	for (size_t i = 0; !r && i < t->n; i++)
		r = close_one(t, i);
	return r;
}

enum mkt_verdict mkt_turn(struct market *m)
{
	struct turning t = { .clock = m->clock(m->clock_context) / m->params.epoch_seconds };
	enum mkt_verdict v;

	if (m->turned == t.clock + 1)
		return MKT_OK;
	/* readers do not hinder anybody, and nearly always there is nothing to do */
	v = mkt_run(m, DB_READ, look_due, &t.work);
	if (!v && t.clock > t.epoch) {
		v = mkt_run(m, DB_WRITE, begin_epoch, &t.work);
		t.n = 1;
	}
	while (!v && t.n)
		v = mkt_run(m, DB_WRITE, close_due, &t.work);
	/* nothing falls due within an epoch */
	if (!v)
		m->turned = t.clock + 1;
	return v;
}

struct heads {
	struct mkt_work work;
	struct mkt_now *now;
};

/* Head of a chain as it was when an epoch began. */
static enum db_result head_before(struct db *db, enum mkt_chain chain, uint64_t epoch,
				  const uint8_t ledger[CR_LEDGER_BYTES], struct mkt_head *head)
{
	struct db_query *q = chain == MKT_PURCHASES ?
		db_query(db, "SELECT seq, epoch, hash FROM journal_purchase WHERE epoch < $1 ORDER BY seq DESC LIMIT 1") :
		db_query(db, "SELECT seq, epoch, hash FROM journal_certificate WHERE epoch < $1 ORDER BY seq DESC LIMIT 1");

	memset(head, 0, sizeof(*head));
	memcpy(head->hash, ledger, sizeof(head->hash));
	db_bind_u64(q, 1, epoch);
	if (db_next(q)) {
		head->seq = db_u64(q, 0);
		head->epoch = db_u64(q, 1);
		db_bytes(q, 2, head->hash, sizeof(head->hash));
	}
	return db_end(q);
}

static enum db_result read_now(struct db *db, void *context)
{
	struct heads *c = context;
	const struct market *m = c->work.m;
	struct mkt_now *now = c->now;
	uint8_t message[CR_KIND_BYTES + MKT_CHAINS * (8 + CR_HASH_BYTES)];
	uint8_t *p = cr_put_kind(message, MKT_KIND_HEADS);
	struct mkt_head head[MKT_CHAINS];
	enum db_result r = mkt_epoch(db, &now->epoch);

	now->length = 0;
	if (!r)
		r = mkt_epoch_floor(db, &m->params, &now->floor);
	if (!r)
		r = mkt_journal_head(db, MKT_ACCOUNTS, m->ledger, &head[MKT_ACCOUNTS]);
	if (!r)
		r = head_before(db, MKT_PURCHASES, now->epoch, m->ledger, &head[MKT_PURCHASES]);
	if (!r)
		r = head_before(db, MKT_CERTIFICATES, now->epoch, m->ledger, &head[MKT_CERTIFICATES]);
	for (unsigned int i = 0; !r && i < MKT_CHAINS; i++) {
		p = cr_put_le64(p, head[i].seq);
		p = cr_put(p, head[i].hash, CR_HASH_BYTES);
		now->length += head[i].seq;
	}
	cr_hash(now->head, message, sizeof(message));
	return r;
}

enum mkt_verdict mkt_now(struct market *m, struct mkt_now *now)
{
	struct heads c = { .now = now };

	return mkt_run(m, DB_READ, read_now, &c.work);
}
