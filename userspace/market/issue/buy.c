// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "market/books/account.h"
#include "market/books/epoch.h"
#include "market/books/money.h"
#include "market/issue/issue.h"

struct buying {
	struct mkt_work work;
	struct mkt_order order;
	const uint8_t *bytes;
	const struct cr_voucher_key *key;
	uint8_t id[CR_VOUCHER_ID_BYTES];
};

static enum db_result pay(struct db *db, void *context)
{
	struct buying *c = context;
	struct mkt_entry e = { .move = MKT_MOVE_PURCHASE, .amount = c->order.amount };
	enum db_result r;
	bool again;

	r = mkt_order_new(&c->work, &c->order, c->bytes, &again);
	if (r || again)
		return r;
	r = mkt_epoch(db, &e.epoch);
	if (r)
		return r;
	if (e.epoch < c->key->issue_from || e.epoch > c->key->issue_until)
		return mkt_refuse(&c->work, MKT_EXPIRED);
	e.from = mkt_pot(MKT_ACCOUNT, c->order.account, 0);
	e.to = mkt_pot(MKT_VOUCHERS, c->id, 0);
	cr_hash(e.ref, c->bytes, MKT_ORDER_BYTES);
	return mkt_move(&c->work, &e);
}

/* Would paying work now? Saves the work of signing for those who cannot. */
static enum db_result can_pay(struct db *db, void *context)
{
	struct buying *c = context;
	struct mkt_pot pot = mkt_pot(MKT_ACCOUNT, c->order.account, 0);
	struct db_query *q = db_query(db, "SELECT 1 FROM account_order WHERE account = $1 AND number = $2");
	enum db_result r;
	int64_t have;
	bool again;

	db_bind_bytes(q, 1, c->order.account, sizeof(c->order.account));
	db_bind_u64(q, 2, c->order.number);
	again = db_next(q);
	r = db_end(q);
	if (!r)
		r = mkt_balance(db, &pot, &have, NULL);
	return !r && !again && have < c->order.amount ? mkt_refuse(&c->work, MKT_FUNDS) : r;
}

/* Key and number of a message, whatever the epoch: that is looked at when money moves. */
static enum cr_reason asked(const struct mkt_keyring *ring, const uint8_t *message, size_t len,
			    size_t *key, size_t *n)
{
	enum cr_reason reason = CR_UNKNOWN_KEY;

	for (size_t i = 0; i < ring->n && reason == CR_UNKNOWN_KEY; i++) {
		size_t none;

		reason = cr_voucher_asked(&none, n, message, len, &ring->key[i], 1, ring->key[i].issue_from);
		*key = i;
	}
	return reason;
}

enum mkt_verdict mkt_buy(struct market *m, const uint8_t *order, size_t order_len,
			 const uint8_t *message, size_t message_len,
			 uint8_t **answer, size_t *answer_len, enum cr_reason *reason)
{
	struct buying c = { .bytes = order };
	uint8_t hash[CR_HASH_BYTES], *out;
	enum mkt_verdict v;
	int64_t price;
	size_t key, n;

	*answer = NULL;
	*answer_len = 0;
	*reason = CR_ACCEPTED;
	if (!m->keys)
		return MKT_KEYS;
	v = mkt_order_read(&c.order, order, order_len, m->ledger);
	if (v)
		return v;
	if (message_len > CR_BLINDED_BYTES(CR_VOUCHER_BATCH_MAX))
		return MKT_FORMAT;
	cr_hash(hash, message, message_len);
	if (c.order.verb != MKT_BUY_ORDER || memcmp(hash, c.order.argument, sizeof(hash)) != 0)
		return MKT_FORMAT;
	*reason = asked(m->keys, message, message_len, &key, &n);
	if (*reason != CR_ACCEPTED)
		return MKT_PROOF;
	c.key = &m->keys->key[key];
	cr_voucher_key_id(c.id, c.key);
	if (!mkt_mul(&price, (int64_t)n, (int64_t)c.key->value) || price != c.order.amount)
		return MKT_AMOUNT;
	v = mkt_run(m, DB_READ, can_pay, &c.work);
	if (v)
		return v;
	/* first sign, then take the money: what cannot be signed costs nothing */
	out = malloc(CR_ISSUED_BYTES(n));
	if (!out)
		return MKT_MEMORY;
	*reason = cr_voucher_issue(out, message, n, &m->keys->secret[key]);
	if (*reason != CR_ACCEPTED)
		v = *reason == CR_NO_MEMORY ? MKT_MEMORY : MKT_PROOF;
	else
		v = mkt_run(m, DB_WRITE, pay, &c.work);
	if (v) {
		free(out);
		return v;
	}
	*answer = out;
	*answer_len = CR_ISSUED_BYTES(n);
	return MKT_OK;
}
