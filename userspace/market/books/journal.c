// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "market/books/journal.h"

#define PAGE	512

static const struct mkt_rule rules[MKT_MOVES] = {
	[MKT_MOVE_LEDGER]	= { "ledger", MKT_ACCOUNTS, MKT_NONE, MKT_NONE },
	[MKT_MOVE_EPOCH]	= { "epoch", MKT_ACCOUNTS, MKT_NONE, MKT_NONE },
	[MKT_MOVE_KEY]		= { "key", MKT_ACCOUNTS, MKT_NONE, MKT_NONE },
	[MKT_MOVE_TERMS]	= { "terms", MKT_ACCOUNTS, MKT_NONE, MKT_NONE },
	[MKT_MOVE_DEPOSIT]	= { "deposit", MKT_ACCOUNTS, MKT_WORLD, MKT_BEARER },
	[MKT_MOVE_REDEEM]	= { "redeem", MKT_ACCOUNTS, MKT_BEARER, MKT_ACCOUNT },
	[MKT_MOVE_PAYOUT]	= { "payout", MKT_ACCOUNTS, MKT_BEARER, MKT_WORLD },
	[MKT_MOVE_WITHDRAW]	= { "withdraw", MKT_ACCOUNTS, MKT_ACCOUNT, MKT_BEARER },
	[MKT_MOVE_STAKE]	= { "stake", MKT_ACCOUNTS, MKT_ACCOUNT, MKT_STAKE },
	[MKT_MOVE_UNBOND]	= { "unbond", MKT_ACCOUNTS, MKT_STAKE, MKT_UNBONDING },
	[MKT_MOVE_RELEASE]	= { "release", MKT_ACCOUNTS, MKT_UNBONDING, MKT_ACCOUNT },
	[MKT_MOVE_SLASH]	= { "slash", MKT_ACCOUNTS, MKT_STAKE, MKT_BURNED_STAKE },
	[MKT_MOVE_SLASH_UNBONDING] = { "slash unbonding", MKT_ACCOUNTS, MKT_UNBONDING, MKT_BURNED_STAKE },
	[MKT_MOVE_PURCHASE]	= { "purchase", MKT_PURCHASES, MKT_ACCOUNT, MKT_VOUCHERS },
	[MKT_MOVE_CERTIFICATE]	= { "certificate", MKT_CERTIFICATES, MKT_VOUCHERS, MKT_DEPOSITS },
	[MKT_MOVE_ROUNDING]	= { "rounding", MKT_CERTIFICATES, MKT_VOUCHERS, MKT_BURNED_ROUNDING },
	[MKT_MOVE_PAYMENT]	= { "payment", MKT_ACCOUNTS, MKT_DEPOSITS, MKT_ACCOUNT },
	[MKT_MOVE_FEE]		= { "fee", MKT_ACCOUNTS, MKT_DEPOSITS, MKT_BURNED_FEE },
	[MKT_MOVE_DEPOSIT_EXPIRED] = { "deposit expired", MKT_ACCOUNTS, MKT_DEPOSITS, MKT_BURNED_DEPOSIT },
	[MKT_MOVE_VOUCHER_EXPIRED] = { "voucher expired", MKT_ACCOUNTS, MKT_VOUCHERS, MKT_BURNED_VOUCHER },
	[MKT_MOVE_VERIFICATION]	= { "verification", MKT_ACCOUNTS, MKT_ACCOUNT, MKT_BURNED_VERIFICATION },
};

static const char *const pots[MKT_POTS] = {
	"none", "world", "code", "account", "stake", "unbonding", "vouchers", "deposits", "burned as fee",
	"burned in rounding", "burned with expired deposits", "burned with expired vouchers", "burned stake",
	"burned for verification",
};

static const char *const tables[MKT_CHAINS] = { "journal_account", "journal_purchase", "journal_certificate" };

#define COLUMNS	"seq, epoch, move, from_kind, from_owner, from_epoch, to_kind, to_owner, to_epoch, amount, ref, hash"
#define VALUES	"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"

/* A statement is known by its literal, so each table has its own. */
static const char *const select_head[MKT_CHAINS] = {
	"SELECT seq, epoch, hash FROM journal_account ORDER BY seq DESC LIMIT 1",
	"SELECT seq, epoch, hash FROM journal_purchase ORDER BY seq DESC LIMIT 1",
	"SELECT seq, epoch, hash FROM journal_certificate ORDER BY seq DESC LIMIT 1",
};

static const char *const insert[MKT_CHAINS] = {
	"INSERT INTO journal_account (" COLUMNS ") VALUES (" VALUES ")",
	"INSERT INTO journal_purchase (" COLUMNS ") VALUES (" VALUES ")",
	"INSERT INTO journal_certificate (" COLUMNS ") VALUES (" VALUES ")",
};

static const char *const select_page[MKT_CHAINS] = {
	"SELECT " COLUMNS " FROM journal_account WHERE seq > $1 ORDER BY seq LIMIT $2",
	"SELECT " COLUMNS " FROM journal_purchase WHERE seq > $1 ORDER BY seq LIMIT $2",
	"SELECT " COLUMNS " FROM journal_certificate WHERE seq > $1 ORDER BY seq LIMIT $2",
};

const struct mkt_rule *mkt_rule(enum mkt_move move)
{
	return (unsigned int)move < MKT_MOVES && rules[move].name ? &rules[move] : NULL;
}

const char *mkt_chain_table(enum mkt_chain chain)
{
	return tables[chain];
}

const char *mkt_pot_name(enum mkt_pot_kind kind)
{
	return (unsigned int)kind < MKT_POTS ? pots[kind] : "unknown";
}

static uint8_t *put_pot(uint8_t *p, const struct mkt_pot *pot)
{
	p = cr_put_le32(p, pot->kind);
	p = cr_put(p, pot->owner, sizeof(pot->owner));
	return cr_put_le64(p, pot->epoch);
}

void mkt_entry_hash(uint8_t hash[CR_HASH_BYTES], enum mkt_chain chain, const struct mkt_entry *e,
		    const uint8_t previous[CR_HASH_BYTES])
{
	uint8_t message[CR_KIND_BYTES + 4 + 8 + 8 + 4 + 2 * (4 + MKT_OWNER_BYTES + 8) + 8 + 2 * CR_HASH_BYTES];
	uint8_t *p = cr_put_kind(message, MKT_KIND_ENTRY);

	p = cr_put_le32(p, chain);
	p = cr_put_le64(p, e->seq);
	p = cr_put_le64(p, e->epoch);
	p = cr_put_le32(p, e->move);
	p = put_pot(p, &e->from);
	p = put_pot(p, &e->to);
	p = cr_put_le64(p, (uint64_t)e->amount);
	p = cr_put(p, e->ref, sizeof(e->ref));
	cr_put(p, previous, CR_HASH_BYTES);
	cr_hash(hash, message, sizeof(message));
}

enum db_result mkt_journal_head(struct db *db, enum mkt_chain chain, const uint8_t ledger[CR_LEDGER_BYTES],
				struct mkt_head *head)
{
	struct db_query *q = db_query(db, select_head[chain]);

	memset(head, 0, sizeof(*head));
	memcpy(head->hash, ledger, CR_HASH_BYTES);
	if (db_next(q)) {
		head->seq = db_u64(q, 0);
		head->epoch = db_u64(q, 1);
		db_bytes(q, 2, head->hash, sizeof(head->hash));
	}
	return db_end(q);
}

enum db_result mkt_journal_append(struct db *db, const uint8_t ledger[CR_LEDGER_BYTES], struct mkt_entry *e)
{
	const struct mkt_rule *rule = mkt_rule(e->move);
	struct mkt_head head;
	struct db_query *q;
	enum db_result r;

	if (!rule || e->from.kind != rule->from || e->to.kind != rule->to || e->amount < 0)
		return DB_MISUSE;
	r = mkt_journal_head(db, rule->chain, ledger, &head);
	if (r)
		return r;
	q = db_query(db, insert[rule->chain]);
	/* time that runs backwards never gets into a chain */
	if (e->epoch < head.epoch)
		db_fail(q, "table %s: its last line is of epoch %" PRIu64 ", and now it is %" PRIu64,
			tables[rule->chain], head.epoch, e->epoch);
	e->seq = head.seq + 1;
	mkt_entry_hash(e->hash, rule->chain, e, head.hash);
	db_bind_u64(q, 1, e->seq);
	db_bind_u64(q, 2, e->epoch);
	db_bind_int(q, 3, e->move);
	db_bind_int(q, 4, e->from.kind);
	db_bind_bytes(q, 5, e->from.owner, sizeof(e->from.owner));
	db_bind_u64(q, 6, e->from.epoch);
	db_bind_int(q, 7, e->to.kind);
	db_bind_bytes(q, 8, e->to.owner, sizeof(e->to.owner));
	db_bind_u64(q, 9, e->to.epoch);
	db_bind_int(q, 10, e->amount);
	db_bind_bytes(q, 11, e->ref, sizeof(e->ref));
	db_bind_bytes(q, 12, e->hash, sizeof(e->hash));
	return db_end(q);
}

static void read_pot(struct db_query *q, const char *table, unsigned int column, struct mkt_pot *pot)
{
	uint64_t kind = db_u64(q, column);

	if (kind >= MKT_POTS)
		db_fail(q, "table %s: a pot of kind %" PRIu64, table, kind);
	pot->kind = kind < MKT_POTS ? (enum mkt_pot_kind)kind : MKT_NONE;
	db_bytes(q, column + 1, pot->owner, sizeof(pot->owner));
	pot->epoch = db_u64(q, column + 2);
}

static void read_entry(struct db_query *q, const char *table, struct mkt_entry *e)
{
	uint64_t move;

	e->seq = db_u64(q, 0);
	e->epoch = db_u64(q, 1);
	move = db_u64(q, 2);
	if (move > INT32_MAX || !mkt_rule((enum mkt_move)move))
		db_fail(q, "table %s: a movement of kind %" PRIu64, table, move);
	e->move = (enum mkt_move)move;
	read_pot(q, table, 3, &e->from);
	read_pot(q, table, 6, &e->to);
	e->amount = (int64_t)db_u64(q, 9);
	db_bytes(q, 10, e->ref, sizeof(e->ref));
	db_bytes(q, 11, e->hash, sizeof(e->hash));
}

enum db_result mkt_journal_each(struct db *db, enum mkt_chain chain, uint64_t after,
				enum db_result (*line)(struct db *db, const struct mkt_entry *e, void *context),
				void *context)
{
	struct mkt_entry e;
	enum db_result r;
	unsigned int n;

	do {
		struct db_query *q = db_query(db, select_page[chain]);

		db_bind_u64(q, 1, after);
		db_bind_int(q, 2, PAGE);
		for (n = 0, r = DB_OK; !r && db_next(q); n++) {
			memset(&e, 0, sizeof(e));
			read_entry(q, tables[chain], &e);
			/* a row that cannot be read is not shown */
			if (db_is_null(q, 0))
				break;
			after = e.seq;
			r = line(db, &e, context);
		}
		if (r) {
			db_end(q);
			return r;
		}
		r = db_end(q);
	} while (!r && n == PAGE);
	return r;
}
