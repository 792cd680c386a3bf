/* SPDX-License-Identifier: MIT */
/*
 * The journal: every movement of money, and every announcement that later
 * movements depend on, in append-only chains of hashes (docs/market.md).
 *
 * There are three chains, in tables of their own. Purchases and certificates
 * are apart from everything else and from each other, and their only time is
 * the epoch, so that nothing here says which was before which.
 */
#ifndef MARKET_BOOKS_JOURNAL_H
#define MARKET_BOOKS_JOURNAL_H

#include "market/books/verdict.h"
#include "directory/wire.h"
#include "proof/certificate.h"

#define MKT_KIND_ENTRY	"cr/journal/1"
#define MKT_OWNER_BYTES	32

enum mkt_chain { MKT_ACCOUNTS, MKT_PURCHASES, MKT_CERTIFICATES, MKT_CHAINS };

/** enum mkt_pot_kind - where money is; numbers are in the database */
enum mkt_pot_kind {
	MKT_NONE = 0,		/* of an announcement */
	MKT_WORLD = 1,		/* outside; has no balance here */
	MKT_BEARER = 2,		/* owner: hash of a code */
	MKT_ACCOUNT = 3,	/* owner: the account's key */
	MKT_STAKE = 4,		/* owner: the account's key */
	MKT_UNBONDING = 5,	/* owner: the account's key; epoch: when it is free */
	MKT_VOUCHERS = 6,	/* sold, not spent; owner: id of the voucher key */
	MKT_DEPOSITS = 7,	/* owner: relay; epoch: of the certificates */
	/* burned; no owner */
	MKT_BURNED_FEE = 8,
	MKT_BURNED_ROUNDING = 9,
	MKT_BURNED_DEPOSIT = 10,
	MKT_BURNED_VOUCHER = 11,
	MKT_BURNED_STAKE = 12,
	MKT_BURNED_VERIFICATION = 13,
	MKT_POTS
};

struct mkt_pot {
	enum mkt_pot_kind kind;
	uint8_t owner[MKT_OWNER_BYTES];
	uint64_t epoch;
};

/** enum mkt_move - what happened; numbers are in the database */
enum mkt_move {
	MKT_MOVE_LEDGER = 1,		/* ref: id of the ledger; first entry */
	MKT_MOVE_EPOCH = 2,		/* the market saw this epoch begin */
	MKT_MOVE_KEY = 3,		/* ref: hash of a key of the market */
	MKT_MOVE_TERMS = 4,		/* ref: hash of a relay's terms */
	MKT_MOVE_DEPOSIT = 5,		/* the cashier took coins and gave a code */
	MKT_MOVE_REDEEM = 6,		/* code to account */
	MKT_MOVE_PAYOUT = 7,		/* the cashier took a code and gave coins */
	MKT_MOVE_WITHDRAW = 8,		/* account to code; ref: the order */
	MKT_MOVE_STAKE = 9,		/* ref: the order */
	MKT_MOVE_UNBOND = 10,		/* ref: the order */
	MKT_MOVE_RELEASE = 11,
	MKT_MOVE_SLASH = 12,		/* ref: the evidence */
	MKT_MOVE_SLASH_UNBONDING = 13,	/* ref: the evidence */
	MKT_MOVE_PURCHASE = 14,		/* ref: the order */
	MKT_MOVE_CERTIFICATE = 15,	/* ref: voucher and certificate */
	MKT_MOVE_ROUNDING = 16,		/* ref: the same */
	MKT_MOVE_PAYMENT = 17,		/* ref: the claim */
	MKT_MOVE_FEE = 18,		/* ref: the claim */
	MKT_MOVE_DEPOSIT_EXPIRED = 19,
	MKT_MOVE_VOUCHER_EXPIRED = 20,
	MKT_MOVE_VERIFICATION = 21,	/* ref: the claim that was refused */
	MKT_MOVES
};

/** struct mkt_rule - what a movement looks like */
struct mkt_rule {
	const char *name;
	enum mkt_chain chain;
	enum mkt_pot_kind from, to;
};

/**
 * struct mkt_entry - one line of a chain
 * @seq: 1, 2, ...
 * @epoch: the ledger's, never less than that of the line before
 * @move: what
 * @from: where the money was
 * @to: where it is now
 * @amount: units; 0 in announcements
 * @ref: hash of the record that says why; zeros where the pots say it all
 * @hash: of everything above and of the line before
 */
struct mkt_entry {
	uint64_t seq, epoch;
	enum mkt_move move;
	struct mkt_pot from, to;
	int64_t amount;
	uint8_t ref[CR_HASH_BYTES], hash[CR_HASH_BYTES];
};

/** struct mkt_head - end of a chain; of an empty one 0, 0 and the ledger's id */
struct mkt_head {
	uint64_t seq, epoch;
	uint8_t hash[CR_HASH_BYTES];
};

/** mkt_rule() - NULL: there is no such movement */
const struct mkt_rule *mkt_rule(enum mkt_move move);
const char *mkt_chain_table(enum mkt_chain chain);
const char *mkt_pot_name(enum mkt_pot_kind kind);

/** mkt_entry_hash() - as it has to be, after @previous */
void mkt_entry_hash(uint8_t hash[CR_HASH_BYTES], enum mkt_chain chain, const struct mkt_entry *e,
		    const uint8_t previous[CR_HASH_BYTES]);

/* Inside a transaction: */

/** mkt_journal_head() - last line of @chain, with @ledger for an empty one */
enum db_result mkt_journal_head(struct db *db, enum mkt_chain chain, const uint8_t ledger[CR_LEDGER_BYTES],
				struct mkt_head *head);

/** mkt_journal_append() - fills in seq and hash of @e; its chain follows from its movement */
enum db_result mkt_journal_append(struct db *db, const uint8_t ledger[CR_LEDGER_BYTES], struct mkt_entry *e);

/**
 * mkt_journal_each() - lines of @chain after line @after, in order, fetched in pages
 * @line: called for each; other than DB_OK ends it
 */
enum db_result mkt_journal_each(struct db *db, enum mkt_chain chain, uint64_t after,
				enum db_result (*line)(struct db *db, const struct mkt_entry *e, void *context),
				void *context);

#endif /* MARKET_BOOKS_JOURNAL_H */
