// SPDX-License-Identifier: MIT
/* Keys, terms and orders against the journal. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "market/audit/work.h"
#include "market/books/order.h"
#include "market/books/terms.h"
#include "market/issue/keyring.h"

static const char *const by_ref[MKT_CHAINS] = {
	"SELECT seq, epoch, from_owner, to_owner, from_epoch, to_epoch, amount FROM journal_account"
	" WHERE ref = $1 AND move = $2",
	"SELECT seq, epoch, from_owner, to_owner, from_epoch, to_epoch, amount FROM journal_purchase"
	" WHERE ref = $1 AND move = $2",
	"SELECT seq, epoch, from_owner, to_owner, from_epoch, to_epoch, amount FROM journal_certificate"
	" WHERE ref = $1 AND move = $2",
};

enum db_result audit_line(struct db *db, struct audit_work *a, enum mkt_chain chain,
			  const uint8_t ref[CR_HASH_BYTES], enum mkt_move move, const char *what,
			  struct mkt_entry *e, bool *there)
{
	struct db_query *q = db_query(db, by_ref[chain]);
	unsigned int n = 0;
	enum db_result r;

	memset(e, 0, sizeof(*e));
	e->move = move;
	db_bind_bytes(q, 1, ref, CR_HASH_BYTES);
	db_bind_int(q, 2, move);
	while (db_next(q)) {
		n++;
		e->seq = db_u64(q, 0);
		e->epoch = db_u64(q, 1);
		db_bytes(q, 2, e->from.owner, sizeof(e->from.owner));
		db_bytes(q, 3, e->to.owner, sizeof(e->to.owner));
		e->from.epoch = db_u64(q, 4);
		e->to.epoch = db_u64(q, 5);
		e->amount = (int64_t)db_u64(q, 6);
	}
	r = db_end(q);
	*there = n == 1;
	a->matched[move] += n == 1;
	if (!r && n != 1)
		audit_found(a, "%s: %s line \"%s\" in table %s", what, n ? "more than one" : "no", mkt_rule(move)->name,
			    mkt_chain_table(chain));
	return r;
}

enum db_result audit_keys(struct db *db, struct audit_work *a)
{
	struct db_query *q = db_query(db, "SELECT id, body FROM market_key ORDER BY id");
	uint8_t id[CR_HASH_BYTES], hash[CR_HASH_BYTES];
	struct cr_voucher_key key;
	struct mkt_entry e;
	char what[64];
	enum db_result r = DB_OK;
	bool there;

	while (!r && db_next(q)) {
		size_t len;
		const uint8_t *body;

		db_bytes(q, 0, id, sizeof(id));
		body = db_blob(q, 1, CR_VOUCHER_KEY_BYTES, &len);
		cr_hash(hash, body, len);
		snprintf(what, sizeof(what), "table market_key, %s", audit_hex(id));
		if (memcmp(hash, id, sizeof(id)) != 0)
			audit_found(a, "%s: its id is not the hash of its content", what);
		if (len == MKT_MARKET_KEY_BYTES && cr_kind_is(body, MKT_KIND_MARKET_KEY)) {
			if (a->has_certificate)
				audit_found(a, "%s: a second certificate key", what);
			memcpy(a->certificate, body + CR_KIND_BYTES, sizeof(a->certificate));
			a->has_certificate = true;
		} else if (cr_voucher_key_decode(&key, body, len) != CR_ACCEPTED ||
			   memcmp(key.ledger, a->work.m->ledger, sizeof(key.ledger)) != 0) {
			audit_found(a, "%s: neither a voucher key of this ledger nor a certificate key", what);
		}
		r = audit_line(db, a, MKT_ACCOUNTS, id, MKT_MOVE_KEY, what, &e, &there);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}

enum db_result audit_terms(struct db *db, struct audit_work *a)
{
	struct db_query *q = db_query(db, "SELECT line, relay, first_epoch, tariff, payout FROM relay_terms ORDER BY line");
	struct db_query *l;
	uint8_t hash[CR_HASH_BYTES];
	struct mkt_terms t;
	struct mkt_entry e;
	char what[64];
	enum db_result r = DB_OK;
	uint64_t seq;
	bool there;

	while (!r && db_next(q)) {
		seq = db_u64(q, 0);
		db_bytes(q, 1, t.relay, sizeof(t.relay));
		t.first_epoch = db_u64(q, 2);
		t.tariff = db_u64(q, 3);
		db_bytes(q, 4, t.payout, sizeof(t.payout));
		mkt_terms_hash(hash, &t);
		snprintf(what, sizeof(what), "table relay_terms, line %" PRIu64, seq);
		/* the same terms may come back after others, so the line counts and not their hash alone */
		l = db_query(db, "SELECT move, ref, epoch FROM journal_account WHERE seq = $1");
		db_bind_u64(l, 1, seq);
		there = db_next(l);
		if (there) {
			e.move = (enum mkt_move)(uint32_t)db_u64(l, 0);
			db_bytes(l, 1, e.ref, sizeof(e.ref));
			e.epoch = db_u64(l, 2);
		}
		r = db_end(l);
		if (r)
			break;
		if (!there || e.move != MKT_MOVE_TERMS || memcmp(e.ref, hash, sizeof(hash)) != 0)
			audit_found(a, "%s: table journal_account has something else there", what);
		else
			a->matched[MKT_MOVE_TERMS]++;
		if (there && t.first_epoch < e.epoch)
			audit_found(a, "%s: from an epoch that was over", what);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}

static void order_fits(struct audit_work *a, const struct mkt_order *o, const struct mkt_entry *e, const char *what)
{
	bool ok = e->amount == o->amount && memcmp(e->from.owner, o->account, sizeof(o->account)) == 0;

	if (o->verb == MKT_WITHDRAW_ORDER)
		ok = ok && memcmp(e->to.owner, o->argument, sizeof(o->argument)) == 0;
	else if (o->verb != MKT_BUY_ORDER)
		ok = ok && memcmp(e->to.owner, o->account, sizeof(o->account)) == 0;
	if (!ok)
		audit_found(a, "%s: its line %" PRIu64 " does something else", what, e->seq);
	if (o->verb == MKT_BUY_ORDER)
		audit_add(a, &a->out->sums.sold, o->amount);
}

enum db_result audit_orders(struct db *db, struct audit_work *a)
{
	static const enum mkt_move moves[MKT_VERBS] = {
		[MKT_STAKE_ORDER] = MKT_MOVE_STAKE, [MKT_UNBOND_ORDER] = MKT_MOVE_UNBOND,
		[MKT_WITHDRAW_ORDER] = MKT_MOVE_WITHDRAW, [MKT_BUY_ORDER] = MKT_MOVE_PURCHASE,
	};
	struct db_query *q = db_query(db, "SELECT account, number, body FROM account_order ORDER BY account, number");
	uint8_t account[MKT_ACCOUNT_BYTES], body[MKT_ORDER_BYTES], hash[CR_HASH_BYTES];
	struct mkt_order o;
	struct mkt_entry e;
	char what[96];
	enum db_result r = DB_OK;
	enum mkt_verdict v;
	uint64_t number;
	bool there;

	while (!r && db_next(q)) {
		db_bytes(q, 0, account, sizeof(account));
		number = db_u64(q, 1);
		db_bytes(q, 2, body, sizeof(body));
		snprintf(what, sizeof(what), "table account_order, %" PRIu64 " of %s", number, audit_hex(account));
		v = mkt_order_read(&o, body, sizeof(body), a->work.m->ledger);
		if (v) {
			audit_found(a, "%s: %s", what, mkt_verdict_text(v));
			continue;
		}
		if (memcmp(o.account, account, sizeof(account)) != 0 || o.number != number)
			audit_found(a, "%s: the order is another", what);
		cr_hash(hash, body, sizeof(body));
		r = audit_line(db, a, o.verb == MKT_BUY_ORDER ? MKT_PURCHASES : MKT_ACCOUNTS, hash, moves[o.verb], what,
			       &e, &there);
		if (!r && there)
			order_fits(a, &o, &e, what);
	}
	if (r) {
		db_end(q);
		return r;
	}
	return db_end(q);
}
