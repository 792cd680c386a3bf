/* SPDX-License-Identifier: MIT */
/*
 * A market: one connection to its books, for one thread. Several, in as many
 * threads and processes as you like, may work on one database.
 */
#ifndef MARKET_BOOKS_MARKET_H
#define MARKET_BOOKS_MARKET_H

#include "market/books/journal.h"
#include "market/books/params.h"
#include "market/books/verdict.h"

struct mkt_keyring;

/**
 * struct market - the books
 * @db: connection
 * @params: fixed when the market was made
 * @ledger: id
 * @keys: the market's secret keys; NULL: books only (nothing can be issued or settled). Borrowed.
 * @turned: 1 + the epoch by the clock in which mkt_turn() last found nothing left to do
 * @clock: seconds since 1970
 * @clock_context: handed to @clock
 */
struct market {
	struct db *db;
	struct mkt_params params;
	uint8_t ledger[CR_LEDGER_BYTES];
	const struct mkt_keyring *keys;
	uint64_t turned;
	uint64_t (*clock)(void *context);
	void *clock_context;
};

/**
 * mkt_create() - tables and first lines of new books
 * @db: an empty database, made with DB_CREATE
 * @params: checked
 * @now: seconds since 1970
 */
enum mkt_verdict mkt_create(struct db *db, const struct mkt_params *params, uint64_t now);

/**
 * mkt_attach() - look at existing books; the clock is the system's
 * @m: result; @db stays the caller's
 * @upgrade: apply migrations that are missing, rather than refuse
 */
enum mkt_verdict mkt_attach(struct market *m, struct db *db, bool upgrade);

/** mkt_message() - what the database said last */
const char *mkt_message(const struct market *m);

/* For the parts of the market: bodies of transactions. */

/** struct mkt_work - first member of a body's context */
struct mkt_work {
	struct market *m;
	enum mkt_verdict v;
};

/** mkt_run() - db_transact(), and what came of it */
enum mkt_verdict mkt_run(struct market *m, enum db_mode mode, db_body *body, struct mkt_work *work);

/** mkt_refuse() - end a body: undo, for this reason */
enum db_result mkt_refuse(struct mkt_work *work, enum mkt_verdict v);

/** mkt_pot() - fill in; @owner NULL: zeros */
struct mkt_pot mkt_pot(enum mkt_pot_kind kind, const uint8_t *owner, uint64_t epoch);

/** mkt_balance() - what is in a pot; @there (or NULL): it has a row */
enum db_result mkt_balance(struct db *db, const struct mkt_pot *pot, int64_t *amount, bool *there);

/**
 * mkt_move() - write a line and change both balances
 * @w: context of the body
 * @e: move, epoch, pots, amount and ref filled in
 *
 * Return: DB_UNDO with MKT_FUNDS where @e->from has less, MKT_AMOUNT where @e->to would hold too much.
 */
enum db_result mkt_move(struct mkt_work *w, struct mkt_entry *e);

/** mkt_announce() - a line without money */
enum db_result mkt_announce(struct mkt_work *w, enum mkt_move move, uint64_t epoch,
			    const uint8_t ref[CR_HASH_BYTES]);

#endif /* MARKET_BOOKS_MARKET_H */
