// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "market/audit/export.h"

#define COLUMNS_MAX	12

/* Types by letters: i number, b bytes. */
static const struct exported {
	const char *table, *sql, *types;
	const char *column[COLUMNS_MAX];
} tables[] = {
#define JOURNAL(name) \
	{ name, "SELECT seq, epoch, move, from_kind, from_owner, from_epoch, to_kind, to_owner, to_epoch, amount, ref, hash" \
	  " FROM " name " ORDER BY seq", "iiiibiibiibb", \
	  { "seq", "epoch", "move", "from_kind", "from_owner", "from_epoch", "to_kind", "to_owner", "to_epoch", "amount", \
	    "ref", "hash" } }
	{ "network", "SELECT ledger, params FROM network", "bb", { "ledger", "params" } },
	JOURNAL("journal_account"),
	JOURNAL("journal_purchase"),
	JOURNAL("journal_certificate"),
	{ "balance", "SELECT kind, owner, epoch, amount FROM balance ORDER BY kind, owner, epoch", "ibii",
	  { "kind", "owner", "epoch", "amount" } },
	{ "account_order", "SELECT account, number, body FROM account_order ORDER BY account, number", "bib",
	  { "account", "number", "body" } },
	{ "market_key", "SELECT id, body FROM market_key ORDER BY id", "bb", { "id", "body" } },
	{ "relay_terms", "SELECT line, relay, first_epoch, tariff, payout FROM relay_terms ORDER BY line", "ibiib",
	  { "line", "relay", "first_epoch", "tariff", "payout" } },
	{ "certificate", "SELECT voucher_key, input, body FROM certificate ORDER BY voucher_key, input", "bbb",
	  { "voucher_key", "input", "body" } },
	{ "claim", "SELECT relay, epoch, body, ack FROM claim ORDER BY relay, epoch", "bibb",
	  { "relay", "epoch", "body", "ack" } },
	{ "claim_refused", "SELECT relay, epoch, hash, reason FROM claim_refused ORDER BY relay, epoch, hash", "bibi",
	  { "relay", "epoch", "hash", "reason" } },
	{ "evidence", "SELECT kind, signer, serial, first, second FROM evidence ORDER BY kind, signer, serial", "ibbbb",
	  { "kind", "signer", "serial", "first", "second" } },
};

struct exporting {
	struct mkt_work work;
	FILE *to;
	bool failed;
};

static json_t *hex_of(const uint8_t *bytes, size_t len)
{
	char *hex = malloc(2 * len + 1);
	json_t *out = hex ? json_string(sodium_bin2hex(hex, 2 * len + 1, bytes, len)) : NULL;

	free(hex);
	return out;
}

static bool row(struct db_query *q, const struct exported *t, FILE *to)
{
	json_t *object = json_object();
	bool ok = object && json_object_set_new(object, "table", json_string(t->table)) == 0;

	for (unsigned int i = 0; ok && t->types[i]; i++) {
		size_t len;
		const uint8_t *bytes;

		if (t->types[i] == 'i') {
			ok = json_object_set_new(object, t->column[i], json_integer(db_int(q, i))) == 0;
		} else {
			bytes = db_blob(q, i, DB_BYTES_MAX, &len);
			ok = json_object_set_new(object, t->column[i], hex_of(bytes, len)) == 0;
		}
	}
	ok = ok && json_dumpf(object, to, JSON_COMPACT) == 0 && fputc('\n', to) != EOF;
	json_decref(object);
	return ok;
}

static enum db_result write_all(struct db *db, void *context)
{
	struct exporting *c = context;
	enum db_result r = DB_OK;

	for (size_t i = 0; !r && i < sizeof(tables) / sizeof(*tables); i++) {
		struct db_query *q = db_query(db, tables[i].sql);

		while (!c->failed && db_next(q))
			c->failed = !row(q, &tables[i], c->to);
		r = db_end(q);
		if (!r && c->failed)
			r = mkt_refuse(&c->work, MKT_STORAGE);
	}
	return r;
}

enum mkt_verdict mkt_export(struct market *m, FILE *to)
{
	struct exporting c = { .to = to };

	return mkt_run(m, DB_READ, write_all, &c.work);
}
