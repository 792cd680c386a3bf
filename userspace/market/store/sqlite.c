// SPDX-License-Identifier: MIT
/* The store on SQLite: one file, one writer at a time, readers beside it (WAL). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "market/store/engine.h"

/* In the file's head, so that no other program's database is taken for ours: "crmk". */
#define APPLICATION_ID	0x63726d6b
/* How long one waits for the one who writes, ms. Transactions take milliseconds. */
#define BUSY_MS		10000

static enum db_result say_sqlite(struct db *db, int code, const char *what)
{
	sqlite3 *s = db->handle;
	enum db_result r;

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		r = code == SQLITE_BUSY_SNAPSHOT ? DB_RETRY : DB_BUSY;
		break;
	case SQLITE_CONSTRAINT:
		r = code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
		    code == SQLITE_CONSTRAINT_ROWID ? DB_EXISTS : DB_MISUSE;
		break;
	case SQLITE_CORRUPT:
		r = DB_CORRUPT;
		break;
	case SQLITE_NOTADB:
		r = DB_OTHER;
		break;
	case SQLITE_NOMEM:
		r = DB_MEMORY;
		break;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
		r = DB_MISUSE;
		break;
	default:
		r = DB_STORAGE;
	}
	return db_say(db, r, "SQLite: %s (%s)", s ? sqlite3_errmsg(s) : sqlite3_errstr(code), what);
}

static enum db_result sq_script(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? DB_OK : say_sqlite(db, code, sql);
}

/* First column of the first row of a pragma. */
static enum db_result ask(struct db *db, const char *sql, char *answer, size_t len)
{
	sqlite3_stmt *st;
	enum db_result r = DB_OK;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL);
	const unsigned char *text;

	*answer = 0;
	if (code != SQLITE_OK)
		return say_sqlite(db, code, sql);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		text = sqlite3_column_text(st, 0);
		snprintf(answer, len, "%s", text ? (const char *)text : "");
	} else if (code != SQLITE_DONE) {
		r = say_sqlite(db, code, sql);
	}
	sqlite3_finalize(st);
	return r;
}

/* A new file that only we may read, itself on stable storage. */
static enum db_result create(struct db *db, const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return db_say(db, errno == EEXIST ? DB_EXISTS : DB_STORAGE, "cannot make %s: %s", path, strerror(errno));
	close(fd);
	if (snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".") >=
	    (int)sizeof(folder))
		return db_say(db, DB_STORAGE, "cannot make %s: %s", path, strerror(ENAMETOOLONG));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		db_say(db, DB_STORAGE, "cannot make %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return DB_STORAGE;
	}
	close(fd);
	return DB_OK;
}

static enum db_result sq_open(struct db *db, const char *where, unsigned int flags)
{
	char answer[64];
	enum db_result r = DB_OK;
	sqlite3 *s;
	int code;

	if (flags & DB_CREATE)
		r = create(db, where);
	if (r)
		return r;
	code = sqlite3_open_v2(where, &s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	db->handle = s;
	if (code != SQLITE_OK)
		return say_sqlite(db, code, where);
	sqlite3_busy_timeout(s, BUSY_MS);
	/* the file may come from anywhere: nothing in its schema runs, nothing writes its pages directly */
	sqlite3_db_config(s, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(s, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(s, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	/* a double-quoted word is a column, never a text by accident */
	sqlite3_db_config(s, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(s, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_limit(s, SQLITE_LIMIT_LENGTH, DB_BYTES_MAX);
	sqlite3_limit(s, SQLITE_LIMIT_ATTACHED, 1);

	if (flags & DB_CREATE) {
		char sql[64];

		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", APPLICATION_ID);
		r = sq_script(db, sql);
	} else {
		r = ask(db, "PRAGMA application_id", answer, sizeof(answer));
		if (!r && strtol(answer, NULL, 10) != APPLICATION_ID)
			r = db_say(db, DB_OTHER, "%s is not a database of relaymarket", where);
	}
	if (r)
		return r;
	r = ask(db, "PRAGMA journal_mode = WAL", answer, sizeof(answer));
	if (!r && strcmp(answer, "wal") != 0)
		r = db_say(db, DB_STORAGE, "%s cannot have a write-ahead log (journal mode %s): is it on a local disk?",
			   where, answer);
	if (!r)
		r = sq_script(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
			      "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON");
	return r;
}

static void sq_close(struct db *db)
{
	/* v2 would leave a connection behind where a statement was forgotten; there is none */
	if (db->handle)
		sqlite3_close(db->handle);
}

static enum db_result sq_begin(struct db *db, enum db_mode mode)
{
	/* a writer takes its turn at once, so that it never finds out at the end that it has to start again */
	return sq_script(db, mode == DB_WRITE ? "BEGIN IMMEDIATE" : "BEGIN");
}

static void sq_rollback(struct db *db)
{
	/* SQLite has ended it by itself after some failures */
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

static enum db_result sq_commit(struct db *db)
{
	enum db_result r = sq_script(db, "COMMIT");

	if (r)
		sq_rollback(db);
	return r;
}

static enum db_result sq_prepare(struct db_query *q)
{
	const char *rest = NULL;
	sqlite3_stmt *st;
	int code = sqlite3_prepare_v3(q->db->handle, q->sql, -1, SQLITE_PREPARE_PERSISTENT, &st, &rest);

	if (code != SQLITE_OK)
		return say_sqlite(q->db, code, q->sql);
	if (!st || (rest && *rest)) {
		sqlite3_finalize(st);
		return db_say(q->db, DB_MISUSE, "not one statement: %s", q->sql);
	}
	q->prepared = st;
	return DB_OK;
}

static int bind_one(sqlite3_stmt *st, int at, const struct db_value *v)
{
	switch (v->type) {
	case DB_INT:
		return sqlite3_bind_int64(st, at, v->number);
	case DB_BYTES:
		return sqlite3_bind_blob64(st, at, v->bytes, v->len, SQLITE_STATIC);
	case DB_TEXT:
		return sqlite3_bind_text64(st, at, v->bytes, v->len, SQLITE_STATIC, SQLITE_UTF8);
	default:
		return sqlite3_bind_null(st, at);
	}
}

static enum db_result bind_all(struct db_query *q)
{
	sqlite3_stmt *st = q->prepared;
	char name[16];
	int at, code;

	if (sqlite3_bind_parameter_count(st) != (int)q->bound_count)
		return db_say(q->db, DB_MISUSE, "%d parameters, %u bound: %s", sqlite3_bind_parameter_count(st),
			      q->bound_count, q->sql);
	for (unsigned int i = 0; i < q->bound_count; i++) {
		/* $1 is a name to SQLite, and the first one that it meets is its number 1 */
		snprintf(name, sizeof(name), "$%u", i + 1);
		at = sqlite3_bind_parameter_index(st, name);
		code = at ? bind_one(st, at, &q->bound[i]) : SQLITE_RANGE;
		if (code != SQLITE_OK)
			return say_sqlite(q->db, code, q->sql);
	}
	return DB_OK;
}

static enum db_result sq_step(struct db_query *q)
{
	sqlite3_stmt *st = q->prepared;
	enum db_result r;
	int code;

	if (!q->ran) {
		if (q->db->mode == DB_READ && !sqlite3_stmt_readonly(st))
			return db_say(q->db, DB_MISUSE, "a change in a transaction that only reads: %s", q->sql);
		r = bind_all(q);
		if (r)
			return r;
	}
	code = sqlite3_step(st);
	q->row = code == SQLITE_ROW;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return say_sqlite(q->db, code, q->sql);
	return DB_OK;
}

static bool sq_column(struct db_query *q, unsigned int column, struct db_value *value)
{
	sqlite3_stmt *st = q->prepared;

	if (column >= (unsigned int)sqlite3_column_count(st))
		return false;
	*value = (struct db_value){ .type = DB_STRANGE };
	switch (sqlite3_column_type(st, (int)column)) {
	case SQLITE_NULL:
		value->type = DB_NULL;
		break;
	case SQLITE_INTEGER:
		value->type = DB_INT;
		value->number = sqlite3_column_int64(st, (int)column);
		break;
	case SQLITE_BLOB:
		value->type = DB_BYTES;
		value->bytes = sqlite3_column_blob(st, (int)column);
		value->len = (size_t)sqlite3_column_bytes(st, (int)column);
		break;
	case SQLITE_TEXT:
		value->type = DB_TEXT;
		value->bytes = sqlite3_column_text(st, (int)column);
		value->len = (size_t)sqlite3_column_bytes(st, (int)column);
		break;
	}
	/* out of memory shows as a missing pointer */
	if ((value->type == DB_TEXT && !value->bytes) || (value->len && !value->bytes))
		value->type = DB_STRANGE;
	return true;
}

static void sq_reset(struct db_query *q)
{
	sqlite3_reset(q->prepared);
	sqlite3_clear_bindings(q->prepared);
}

static void sq_forget(struct db_query *q)
{
	sqlite3_finalize(q->prepared);
}

static uint64_t sq_changed(struct db_query *q)
{
	if (sqlite3_stmt_readonly(q->prepared))
		return 0;
	return (uint64_t)sqlite3_changes64(q->db->handle);
}

/* fsync of a file that SQLite has written and closed. */
static enum db_result sync_file(struct db *db, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0 || fsync(fd) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	return error ? db_say(db, DB_STORAGE, "cannot write %s: %s", path, strerror(error)) : DB_OK;
}

static enum db_result sq_backup(struct db *db, const char *path)
{
	enum db_result r = create(db, path);
	sqlite3_backup *copy;
	sqlite3 *to = NULL;
	int code;

	if (r)
		return r;
	code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	copy = code == SQLITE_OK ? sqlite3_backup_init(to, "main", db->handle, "main") : NULL;
	if (copy) {
		/* all at once: a writer elsewhere would make it start again and again */
		code = sqlite3_backup_step(copy, -1);
		sqlite3_backup_finish(copy);
	}
	if (!copy || code != SQLITE_DONE) {
		sqlite3_busy_timeout(to, 0);
		r = db_say(db, (code & 0xff) == SQLITE_BUSY ? DB_BUSY : DB_STORAGE, "cannot write the backup %s: %s",
			   path, sqlite3_errmsg(to));
	}
	/* a copy that stands alone: no log beside it */
	if (!r && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
		r = db_say(db, DB_STORAGE, "cannot write the backup %s: %s", path, sqlite3_errmsg(to));
	sqlite3_close(to);
	if (!r)
		r = sync_file(db, path);
	if (r)
		unlink(path);
	return r;
}

static enum db_result sq_check(struct db *db)
{
	char answer[256];
	enum db_result r = ask(db, "PRAGMA integrity_check(1)", answer, sizeof(answer));

	if (!r && strcmp(answer, "ok") != 0)
		r = db_say(db, DB_CORRUPT, "SQLite: %s", answer);
	if (!r)
		r = ask(db, "PRAGMA foreign_key_check", answer, sizeof(answer));
	if (!r && *answer)
		r = db_say(db, DB_CORRUPT, "SQLite: a row of table %s refers to one that is not there", answer);
	return r;
}

const struct db_engine db_sqlite = {
	.name = "sqlite",
	.words = { .integer = "INTEGER", .bytes = "BLOB", .text = "TEXT", .strict = " STRICT" },
	.open = sq_open,
	.close = sq_close,
	.begin = sq_begin,
	.commit = sq_commit,
	.rollback = sq_rollback,
	.script = sq_script,
	.prepare = sq_prepare,
	.step = sq_step,
	.column = sq_column,
	.reset = sq_reset,
	.forget = sq_forget,
	.changed = sq_changed,
	.backup = sq_backup,
	.check = sq_check,
};
