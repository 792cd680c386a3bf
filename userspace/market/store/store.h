/* SPDX-License-Identifier: MIT */
/*
 * The market's storage: one interface, SQLite or PostgreSQL behind it.
 *
 * SQL is written once, in the subset that both understand: parameters are $1,
 * $2, ...; migrations write column types as {int}, {bytes}, {text} and end a
 * table with {strict}. Every statement is prepared once per connection; its
 * text must live as long as the connection does (a literal).
 *
 * A connection belongs to one thread at a time. All work happens inside
 * db_transact(), whose body may run more than once: where the database finds
 * that two transactions cannot be put one after the other, it undoes one and
 * the body runs again. A body therefore keeps its results in its context,
 * sets all of them anew each time, and touches nothing else.
 *
 * A query that fails, whatever db_end() was asked, undoes its transaction: look
 * whether a row is there before inserting it. Rows of a long result may all be
 * fetched at once (PostgreSQL): read long tables in pages.
 *
 * Nothing that is read is trusted: a column of another type or length than
 * the reader asks for ends the query with DB_CORRUPT, and what was read is
 * zeros. So bodies may read all columns first and look at db_end() once.
 *
 *	static enum db_result body(struct db *db, void *context)
 *	{
 *		struct db_query *q = db_query(db, "SELECT amount FROM purse WHERE owner = $1");
 *
 *		db_bind_bytes(q, 1, owner, sizeof(owner));
 *		if (db_next(q))
 *			*amount = db_int(q, 0);
 *		return db_end(q);
 *	}
 */
#ifndef MARKET_STORE_H
#define MARKET_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No value that is bound or read is longer, and no statement. */
#define DB_BYTES_MAX	(64u << 20)

struct db;
struct db_query;

/** enum db_result - how work on the database ended; db_message() says more about all but the first two */
enum db_result {
	DB_OK = 0,
	DB_UNDO,	/* a body's own wish: undo everything; the body's context says why */
	DB_RETRY,	/* cannot be serialised now; db_transact() deals with it, callers never see it */
	DB_BUSY,	/* others hold the database, or win every race: try later */
	DB_EXISTS,	/* a row with this key is there already */
	DB_CORRUPT,	/* what was read is not what was written: see relaymarket audit */
	DB_STORAGE,	/* the disk or the server said no: full, unreadable, gone */
	DB_MEMORY,	/* out of memory */
	DB_OTHER,	/* no database of ours, or newer than this program */
	DB_MISUSE,	/* a fault of the caller */
	DB_RESULTS
};

/** db_result_name() - short stable name for machines, e.g. "busy" */
const char *db_result_name(enum db_result result);

/** db_result_text() - one lower-case clause for a message to a person */
const char *db_result_text(enum db_result result);

/* Opening. */

enum db_flags {
	DB_CREATE = 1,	/* make it; there must be none yet */
};

/**
 * db_open() - connect
 * @db: result; to be closed also when this fails, for its message
 * @where: path of an SQLite file (mode 0600), or a PostgreSQL connection
 *	string that starts with "postgresql:" (from a file: it may hold a password)
 * @flags: of enum db_flags
 *
 * Return: DB_OK; DB_EXISTS (to be made, but there); DB_STORAGE; DB_OTHER; DB_MEMORY.
 */
enum db_result db_open(struct db **db, const char *where, unsigned int flags);

/** db_close() - NULL is nothing; every query must have ended */
void db_close(struct db *db);

/** db_message() - what the last failure was, for people; "" before any. Valid until the next call on @db */
const char *db_message(const struct db *db);

/** db_engine() - "sqlite" or "postgresql" */
const char *db_engine(const struct db *db);

/* Schema. */

/**
 * struct db_migration - one step of the schema, never changed once released
 * @name: what it is for
 * @sql: statements, each ended by a semicolon
 */
struct db_migration {
	const char *name;
	const char *sql;
};

/**
 * db_migrate() - bring the tables of one part up to date
 * @db: connection
 * @part: whose: parts number their migrations apart ("books", "directory")
 * @list: migration 1, 2, ...
 * @n: how many there are
 *
 * All that are missing are applied in one transaction and recorded with their
 * hash. Return: DB_OK; DB_OTHER when the database has more than @n, or when
 * one was applied whose text was another; and as db_transact().
 */
enum db_result db_migrate(struct db *db, const char *part, const struct db_migration *list, unsigned int n);

/**
 * db_migrated() - is it up to date? Changes nothing
 *
 * Return: DB_OK; DB_OTHER when migrations are missing, too many, or others; as db_transact().
 */
enum db_result db_migrated(struct db *db, const char *part, const struct db_migration *list, unsigned int n);

/* Transactions. */

enum db_mode {
	DB_READ,	/* one consistent view; nothing may be changed */
	DB_WRITE,
};

/** db_body - work of one transaction; DB_OK commits, all else undoes */
typedef enum db_result db_body(struct db *db, void *context);

/**
 * db_transact() - run @body as if it were alone
 *
 * When this returns DB_OK for DB_WRITE, the changes are on stable storage. Not to
 * be called from a body.
 * Return: DB_OK; what @body returned; what the commit said; DB_BUSY after many
 * retries; DB_MISUSE.
 */
enum db_result db_transact(struct db *db, enum db_mode mode, db_body *body, void *context);

/* Queries: from db_query() to db_end(), inside a body. */

/**
 * db_query() - start a statement
 * @db: connection
 * @sql: one statement
 *
 * Return: never NULL: what cannot be prepared fails at db_end().
 */
struct db_query *db_query(struct db *db, const char *sql);

/* Values for $@at, from 1 on. @bytes must live until db_end(). */
void db_bind_int(struct db_query *q, unsigned int at, int64_t value);
void db_bind_u64(struct db_query *q, unsigned int at, uint64_t value);	/* above INT64_MAX: DB_MISUSE */
void db_bind_bytes(struct db_query *q, unsigned int at, const void *bytes, size_t len);
void db_bind_text(struct db_query *q, unsigned int at, const char *text);
void db_bind_null(struct db_query *q, unsigned int at);

/** db_next() - run, go to the next row; false: there is none, or something failed */
bool db_next(struct db_query *q);

/*
 * Columns of the row, from 0 on. What is not of the type asked for makes the
 * query fail; then these give 0, zeros or "".
 */
int64_t db_int(struct db_query *q, unsigned int column);
/** db_u64() - a number that must not be negative */
uint64_t db_u64(struct db_query *q, unsigned int column);
/** db_bytes() - exactly @len bytes */
void db_bytes(struct db_query *q, unsigned int column, void *out, size_t len);
/** db_blob() - any number of bytes up to @max; valid until the next call on @q; never NULL */
const uint8_t *db_blob(struct db_query *q, unsigned int column, size_t max, size_t *len);
/** db_text() - UTF-8 without a 0 in it; valid until the next call on @q; never NULL */
const char *db_text(struct db_query *q, unsigned int column);
bool db_is_null(struct db_query *q, unsigned int column);

/** db_fail() - a row has the right types but cannot be: DB_CORRUPT, with this message */
void db_fail(struct db_query *q, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * db_end() - done with it; runs it if db_next() did not
 *
 * Return: DB_OK, or the first failure since db_query(). DB_RETRY must be handed on.
 */
enum db_result db_end(struct db_query *q);

/** db_run() - db_end(), and how many rows were inserted, changed or deleted */
enum db_result db_run(struct db_query *q, uint64_t *changed);

/* Care. */

/**
 * db_backup() - a consistent copy while others work
 * @db: connection, outside a transaction
 * @path: of the copy; must not be there
 *
 * Return: DB_OK: the copy is on stable storage; DB_EXISTS; DB_STORAGE; DB_BUSY;
 * DB_MISUSE for PostgreSQL, which has pg_dump for this.
 */
enum db_result db_backup(struct db *db, const char *path);

/** db_check() - ask the database to look over its own structures; DB_OK or DB_CORRUPT with the first finding */
enum db_result db_check(struct db *db);

/**
 * db_watch() - be told where a transaction is, for tests that end the process there
 * @step: called before each statement with its text, and with "commit", "committed"
 *	and "rollback"; NULL: nobody is told
 * @context: handed to @step
 */
void db_watch(struct db *db, void (*step)(void *context, const char *what), void *context);

#endif /* MARKET_STORE_H */
