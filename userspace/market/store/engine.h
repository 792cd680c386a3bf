/* SPDX-License-Identifier: MIT */
/* What store.c and the two databases have between them; not for users of the store. */
#ifndef MARKET_STORE_ENGINE_H
#define MARKET_STORE_ENGINE_H

#include "market/store/store.h"

#define DB_MESSAGE_MAX	512
#define DB_PARAMETERS_MAX 16
/* Statements kept prepared per connection. */
#define DB_PREPARED_MAX	128

/** enum db_type - of a column as it was stored */
enum db_type { DB_NULL, DB_INT, DB_BYTES, DB_TEXT, DB_STRANGE };

/** struct db_value - a parameter, or a column; @bytes is borrowed */
struct db_value {
	enum db_type type;
	int64_t number;
	const void *bytes;
	size_t len;
};

/**
 * struct db_query - one statement between db_query() and db_end()
 * @db: connection
 * @sql: its text; identity, too: the same literal is the same statement
 * @prepared: the engine's, NULL: not yet
 * @bound: parameters, @bound_count of them
 * @failed: first failure; all calls do nothing after it
 * @ran: it was run: to its end, if @row is false
 * @row: a row can be read
 * @used: between db_query() and db_end()
 * @kept: stays prepared after db_end()
 */
struct db_query {
	struct db *db;
	const char *sql;
	void *prepared;
	struct db_value bound[DB_PARAMETERS_MAX];
	unsigned int bound_count;
	enum db_result failed;
	bool ran, row, used, kept;
};

/** struct db_words - what {int} and so on stand for in migrations */
struct db_words {
	const char *integer, *bytes, *text, *strict;
};

/**
 * struct db_engine - a database
 * @name: for people
 * @words: its names of types
 * @races: two writers at once may both find a key free: then DB_EXISTS is worth another try
 * @open: connect; sets the engine's half of @db
 * @close: also after a failed @open
 * @begin: start a transaction
 * @commit: DB_OK: on stable storage; the transaction is over in any case
 * @rollback: never fails as far as callers can do anything about it
 * @script: statements without parameters and results
 * @prepare: q->sql into q->prepared
 * @step: bind, run, or go on; DB_OK sets q->row
 * @column: of the row; false: there is no such column
 * @reset: the statement may be run again
 * @forget: free q->prepared
 * @changed: rows that the statement changed
 * @backup: as db_backup(); NULL: has none
 * @check: as db_check()
 */
struct db_engine {
	const char *name;
	struct db_words words;
	bool races;
	enum db_result (*open)(struct db *db, const char *where, unsigned int flags);
	void (*close)(struct db *db);
	enum db_result (*begin)(struct db *db, enum db_mode mode);
	enum db_result (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	enum db_result (*script)(struct db *db, const char *sql);
	enum db_result (*prepare)(struct db_query *q);
	enum db_result (*step)(struct db_query *q);
	bool (*column)(struct db_query *q, unsigned int column, struct db_value *value);
	void (*reset)(struct db_query *q);
	void (*forget)(struct db_query *q);
	uint64_t (*changed)(struct db_query *q);
	enum db_result (*backup)(struct db *db, const char *path);
	enum db_result (*check)(struct db *db);
};

struct db {
	const struct db_engine *engine;
	void *handle;			/* the engine's */
	bool inside;			/* a transaction */
	enum db_mode mode;
	enum db_result failed;		/* first failure of a query in this transaction */
	char message[DB_MESSAGE_MAX];
	struct db_query query[DB_PREPARED_MAX];
	void (*step)(void *context, const char *what);
	void *step_context;
};

extern const struct db_engine db_sqlite, db_postgres;

/** db_say() - set the message; returns @result */
enum db_result db_say(struct db *db, enum db_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* MARKET_STORE_ENGINE_H */
