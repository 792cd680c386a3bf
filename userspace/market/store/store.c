// SPDX-License-Identifier: MIT
/* What all databases share: transactions that run again, statements, typed reading. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "market/store/engine.h"

/* A body that lost against others this often gives up; the waits add up to some seconds. */
#define TRIES	24
/* A key that is taken this often was not taken in between. */
#define RACES	3

static const struct {
	const char *name, *text;
} results[DB_RESULTS] = {
	[DB_OK]		= { "ok", "done" },
	[DB_UNDO]	= { "undone", "undone" },
	[DB_RETRY]	= { "retry", "has to be tried again" },
	[DB_BUSY]	= { "busy", "the database is busy" },
	[DB_EXISTS]	= { "exists", "is there already" },
	[DB_CORRUPT]	= { "corrupt", "the database is damaged" },
	[DB_STORAGE]	= { "storage", "the database cannot be read or written" },
	[DB_MEMORY]	= { "memory", "out of memory" },
	[DB_OTHER]	= { "other", "not a database of this program" },
	[DB_MISUSE]	= { "misuse", "a fault of this program" },
};

const char *db_result_name(enum db_result result)
{
	return (unsigned int)result < DB_RESULTS ? results[result].name : "unknown";
}

const char *db_result_text(enum db_result result)
{
	return (unsigned int)result < DB_RESULTS ? results[result].text : "unknown result";
}

enum db_result db_say(struct db *db, enum db_result result, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(db->message, sizeof(db->message), format, ap);
	va_end(ap);
	return result;
}

static const struct db_engine *engine_of(const char *where)
{
	return strncmp(where, "postgresql:", 11) == 0 ? &db_postgres : &db_sqlite;
}

enum db_result db_open(struct db **out, const char *where, unsigned int flags)
{
	struct db *db = calloc(1, sizeof(*db));

	*out = db;
	if (!db)
		return DB_MEMORY;
	db->engine = engine_of(where);
	if (sodium_init() < 0)
		return db_say(db, DB_STORAGE, "libsodium does not start");
	return db->engine->open(db, where, flags);
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < DB_PREPARED_MAX; i++) {
		if (db->query[i].prepared)
			db->engine->forget(&db->query[i]);
	}
	db->engine->close(db);
	free(db);
}

const char *db_message(const struct db *db)
{
	return db ? db->message : "out of memory";
}

const char *db_engine(const struct db *db)
{
	return db->engine->name;
}

void db_watch(struct db *db, void (*step)(void *context, const char *what), void *context)
{
	db->step = step;
	db->step_context = context;
}

static void at(struct db *db, const char *what)
{
	if (db->step)
		db->step(db->step_context, what);
}

/* Longer with each try, and random, so that two do not meet again and again. */
static void pause_before(unsigned int try)
{
	uint32_t limit = 1000000u << (try < 6 ? try : 6);
	struct timespec t = { .tv_nsec = (long)randombytes_uniform(limit) };

	while (nanosleep(&t, &t) != 0)
		;
}

/* Statements that a body left open, which is its fault. */
static bool all_ended(const struct db *db)
{
	for (size_t i = 0; i < DB_PREPARED_MAX; i++) {
		if (db->query[i].used)
			return false;
	}
	return true;
}

static void end_all(struct db *db)
{
	for (size_t i = 0; i < DB_PREPARED_MAX; i++) {
		if (db->query[i].used)
			db_end(&db->query[i]);
	}
}

static enum db_result once(struct db *db, enum db_mode mode, db_body *body, void *context)
{
	enum db_result r;

	db->failed = DB_OK;
	db->mode = mode;
	r = db->engine->begin(db, mode);
	if (r)
		return r;
	db->inside = true;
	r = body(db, context);
	if (!all_ended(db)) {
		end_all(db);
		if (!r)
			r = db_say(db, DB_MISUSE, "a query was not ended");
	}
	/* what a body overlooks must not be committed */
	if (db->failed && (!r || db->failed == DB_RETRY))
		r = db->failed;
	if (r) {
		at(db, "rollback");
		db->inside = false;
		db->engine->rollback(db);
		return r;
	}
	at(db, "commit");
	db->inside = false;
	r = db->engine->commit(db);
	if (!r)
		at(db, "committed");
	return r;
}

enum db_result db_transact(struct db *db, enum db_mode mode, db_body *body, void *context)
{
	enum db_result r;

	if (db->inside)
		return db_say(db, DB_MISUSE, "a transaction inside another");
	for (unsigned int try = 0; try < TRIES; try++) {
		if (try)
			pause_before(try);
		r = once(db, mode, body, context);
		if (r != DB_RETRY && !(r == DB_EXISTS && db->engine->races && try < RACES))
			return r;
	}
	return db_say(db, DB_BUSY, "%u tries, and each time another transaction came between", TRIES);
}

/* Queries. */

static enum db_result fail_query(struct db_query *q, enum db_result result)
{
	if (!q->failed)
		q->failed = result;
	if (!q->db->failed)
		q->db->failed = result;
	return result;
}

static struct db_query *slot(struct db *db, const char *sql)
{
	struct db_query *free_slot = NULL, *idle = NULL;

	for (size_t i = 0; i < DB_PREPARED_MAX; i++) {
		struct db_query *q = &db->query[i];

		if (q->used)
			continue;
		if (q->prepared && q->sql == sql)
			return q;
		if (!q->prepared && !free_slot)
			free_slot = q;
		else if (q->prepared && !idle)
			idle = q;
	}
	if (!free_slot && idle) {
		db->engine->forget(idle);
		idle->prepared = NULL;
		free_slot = idle;
	}
	return free_slot;
}

struct db_query *db_query(struct db *db, const char *sql)
{
	/* stands in where nothing else is left; it has failed from the start */
	static __thread struct db_query none;
	struct db_query *q = slot(db, sql);

	if (!q) {
		q = &none;
		memset(q, 0, sizeof(*q));
		q->db = db;
		db_say(db, DB_MISUSE, "more than %u queries at a time", DB_PREPARED_MAX);
		fail_query(q, DB_MISUSE);
		return q;
	}
	q->db = db;
	q->sql = sql;
	q->bound_count = 0;
	q->failed = DB_OK;
	q->ran = q->row = false;
	q->used = true;
	if (!db->inside) {
		db_say(db, DB_MISUSE, "a query outside of a transaction: %s", sql);
		fail_query(q, DB_MISUSE);
	} else if (db->failed) {
		/* the transaction is lost already; the first failure stands */
		q->failed = db->failed;
	}
	return q;
}

static void bind(struct db_query *q, unsigned int number, struct db_value value)
{
	if (q->failed)
		return;
	if (!number || number > DB_PARAMETERS_MAX || value.len > DB_BYTES_MAX || q->ran) {
		db_say(q->db, DB_MISUSE, "parameter $%u of \"%s\" cannot be bound", number, q->sql);
		fail_query(q, DB_MISUSE);
		return;
	}
	while (q->bound_count < number)
		q->bound[q->bound_count++] = (struct db_value){ .type = DB_NULL };
	q->bound[number - 1] = value;
}

void db_bind_int(struct db_query *q, unsigned int number, int64_t value)
{
	bind(q, number, (struct db_value){ .type = DB_INT, .number = value });
}

void db_bind_u64(struct db_query *q, unsigned int number, uint64_t value)
{
	if (value > INT64_MAX && !q->failed) {
		db_say(q->db, DB_MISUSE, "parameter $%u of \"%s\" is too large", number, q->sql);
		fail_query(q, DB_MISUSE);
	}
	db_bind_int(q, number, (int64_t)value);
}

void db_bind_bytes(struct db_query *q, unsigned int number, const void *bytes, size_t len)
{
	/* an empty value is not NULL */
	bind(q, number, (struct db_value){ .type = DB_BYTES, .bytes = len ? bytes : "", .len = len });
}

void db_bind_text(struct db_query *q, unsigned int number, const char *text)
{
	bind(q, number, (struct db_value){ .type = DB_TEXT, .bytes = text, .len = strlen(text) });
}

void db_bind_null(struct db_query *q, unsigned int number)
{
	bind(q, number, (struct db_value){ .type = DB_NULL });
}

static bool step(struct db_query *q)
{
	struct db *db = q->db;
	enum db_result r = DB_OK;

	q->row = false;
	if (q->failed)
		return false;
	if (!q->ran)
		at(db, q->sql);
	if (!q->prepared)
		r = db->engine->prepare(q);
	if (!r)
		r = db->engine->step(q);
	q->ran = true;
	if (r) {
		q->row = false;
		fail_query(q, r);
	}
	return q->row;
}

bool db_next(struct db_query *q)
{
	if (q->ran && !q->row)
		return false;
	return step(q);
}

static const char *const type_names[] = {
	[DB_NULL] = "empty", [DB_INT] = "a number", [DB_BYTES] = "bytes", [DB_TEXT] = "text",
	[DB_STRANGE] = "of a strange type",
};

static bool column(struct db_query *q, unsigned int n, enum db_type want, struct db_value *value)
{
	if (q->failed)
		return false;
	if (!q->row || !q->db->engine->column(q, n, value)) {
		db_say(q->db, DB_MISUSE, "no column %u in a row of \"%s\"", n, q->sql);
		fail_query(q, DB_MISUSE);
		return false;
	}
	if (value->type != want) {
		db_fail(q, "column %u of \"%s\" is %s, not %s", n, q->sql, type_names[value->type],
			type_names[want]);
		return false;
	}
	return true;
}

int64_t db_int(struct db_query *q, unsigned int n)
{
	struct db_value v;

	return column(q, n, DB_INT, &v) ? v.number : 0;
}

uint64_t db_u64(struct db_query *q, unsigned int n)
{
	int64_t v = db_int(q, n);

	if (v < 0) {
		db_fail(q, "column %u of \"%s\" is negative", n, q->sql);
		return 0;
	}
	return (uint64_t)v;
}

const uint8_t *db_blob(struct db_query *q, unsigned int n, size_t max, size_t *len)
{
	struct db_value v;

	*len = 0;
	if (!column(q, n, DB_BYTES, &v))
		return (const uint8_t *)"";
	if (v.len > max) {
		db_fail(q, "column %u of \"%s\" has %zu bytes, more than %zu", n, q->sql, v.len, max);
		return (const uint8_t *)"";
	}
	*len = v.len;
	return v.len ? v.bytes : (const uint8_t *)"";
}

void db_bytes(struct db_query *q, unsigned int n, void *out, size_t len)
{
	size_t have;
	const uint8_t *bytes = db_blob(q, n, len, &have);

	if (!q->failed && have != len)
		db_fail(q, "column %u of \"%s\" has %zu bytes, not %zu", n, q->sql, have, len);
	if (q->failed)
		memset(out, 0, len);
	else
		memcpy(out, bytes, len);
}

const char *db_text(struct db_query *q, unsigned int n)
{
	struct db_value v;

	if (!column(q, n, DB_TEXT, &v))
		return "";
	if (memchr(v.bytes, 0, v.len)) {
		db_fail(q, "column %u of \"%s\" has a 0 in its text", n, q->sql);
		return "";
	}
	return v.bytes;
}

bool db_is_null(struct db_query *q, unsigned int n)
{
	struct db_value v;

	if (q->failed || !q->row || !q->db->engine->column(q, n, &v))
		return true;
	return v.type == DB_NULL;
}

void db_fail(struct db_query *q, const char *format, ...)
{
	va_list ap;

	if (q->failed)
		return;
	va_start(ap, format);
	vsnprintf(q->db->message, sizeof(q->db->message), format, ap);
	va_end(ap);
	fail_query(q, DB_CORRUPT);
}

enum db_result db_run(struct db_query *q, uint64_t *changed)
{
	if (!q->ran && !q->failed)
		step(q);
	if (changed)
		*changed = q->failed || !q->prepared ? 0 : q->db->engine->changed(q);
	if (q->prepared)
		q->db->engine->reset(q);
	q->used = q->row = false;
	return q->failed;
}

enum db_result db_end(struct db_query *q)
{
	return db_run(q, NULL);
}

/* Care. */

enum db_result db_backup(struct db *db, const char *path)
{
	if (db->inside)
		return db_say(db, DB_MISUSE, "a backup inside a transaction");
	if (!db->engine->backup)
		return db_say(db, DB_MISUSE, "a %s database is backed up with its own tools", db->engine->name);
	return db->engine->backup(db, path);
}

enum db_result db_check(struct db *db)
{
	return db->engine->check ? db->engine->check(db) : DB_OK;
}
