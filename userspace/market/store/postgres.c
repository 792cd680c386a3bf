// SPDX-License-Identifier: MIT
/*
 * The store on PostgreSQL: any number of workers on one database. Every
 * transaction is SERIALIZABLE; what the server undoes for that is run again.
 * Numbers and bytes travel in binary.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "market/store/engine.h"

/* Types by their numbers in the server's catalogue (pg_type.dat), which never change. */
#define OID_BYTEA	17
#define OID_INT8	20
#define OID_INT2	21
#define OID_INT4	23
#define OID_TEXT	25

/**
 * struct pg - connection
 * @c: of libpq
 * @generation: how often it was made: prepared statements end with it
 * @names: statements prepared so far
 */
struct pg {
	PGconn *c;
	unsigned int generation, names;
};

/** struct pg_statement - prepared; @result of the last run, @row in it */
struct pg_statement {
	char name[16];
	unsigned int generation;
	PGresult *result;
	int row;
};

static enum db_result result_of(const char *state)
{
	static const struct {
		const char *state;	/* or how it begins */
		enum db_result result;
	} known[] = {
		{ "40001", DB_RETRY },	/* serialization_failure */
		{ "40P01", DB_RETRY },	/* deadlock_detected */
		{ "23505", DB_EXISTS },	/* unique_violation */
		{ "55P03", DB_BUSY },	/* lock_not_available */
		{ "57014", DB_BUSY },	/* query_canceled */
		{ "XX001", DB_CORRUPT }, /* data_corrupted */
		{ "XX002", DB_CORRUPT }, /* index_corrupted */
		{ "53200", DB_MEMORY },
		{ "08P01", DB_MISUSE },	/* protocol_violation: parameters that do not fit */
		{ "22", DB_MISUSE }, { "23", DB_MISUSE }, { "25", DB_MISUSE }, { "42", DB_MISUSE }, { "0A", DB_MISUSE },
	};

	for (size_t i = 0; state && i < sizeof(known) / sizeof(*known); i++) {
		if (strncmp(state, known[i].state, strlen(known[i].state)) == 0)
			return known[i].result;
	}
	return DB_STORAGE;
}

/* The server's message is several lines; the first one says it. */
static enum db_result say_pg(struct db *db, const PGresult *result, const char *what)
{
	const struct pg *pg = db->handle;
	const char *text = result ? PQresultErrorMessage(result) : PQerrorMessage(pg->c);

	return db_say(db, result_of(result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL), "PostgreSQL: %.*s (%s)",
		      (int)strcspn(text, "\n"), text, what);
}

static void silent(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

static enum db_result pg_script(struct db *db, const char *sql)
{
	struct pg *pg = db->handle;
	PGresult *result = PQexec(pg->c, sql);
	ExecStatusType status = PQresultStatus(result);
	enum db_result r = DB_OK;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		r = say_pg(db, result, sql);
	PQclear(result);
	return r;
}

/* Settings of a fresh connection. */
static enum db_result settle_in(struct db *db)
{
	struct pg *pg = db->handle;

	pg->generation++;
	PQsetNoticeReceiver(pg->c, silent, NULL);
	/* a commit that is answered is on the disk; nobody waits for a lock for ever */
	return pg_script(db, "SET synchronous_commit = on; SET lock_timeout = '10s'; SET client_encoding = 'UTF8'");
}

static enum db_result pg_open(struct db *db, const char *where, unsigned int flags)
{
	struct pg *pg = calloc(1, sizeof(*pg));
	enum db_result r;
	PGresult *result;
	bool ours;

	if (!pg)
		return db_say(db, DB_MEMORY, "out of memory");
	db->handle = pg;
	pg->c = PQconnectdb(where);
	if (!pg->c)
		return db_say(db, DB_MEMORY, "out of memory");
	if (PQstatus(pg->c) != CONNECTION_OK)
		return say_pg(db, NULL, "connecting");
	r = settle_in(db);
	if (r)
		return r;
	result = PQexec(pg->c, "SELECT 1 FROM pg_class WHERE relname = 'relaymarket' AND relnamespace ="
			" current_schema()::regnamespace");
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		r = say_pg(db, result, "looking for the market");
	ours = PQntuples(result) > 0;
	PQclear(result);
	if (r)
		return r;
	if (flags & DB_CREATE)
		return ours ? db_say(db, DB_EXISTS, "there is a market in this database already") :
			      pg_script(db, "CREATE TABLE relaymarket (id BIGINT)");
	return ours ? DB_OK : db_say(db, DB_OTHER, "this is not a database of relaymarket");
}

static void pg_close(struct db *db)
{
	struct pg *pg = db->handle;

	if (pg && pg->c)
		PQfinish(pg->c);
	free(pg);
}

static enum db_result pg_begin(struct db *db, enum db_mode mode)
{
	struct pg *pg = db->handle;

	/* between transactions nothing is lost with a connection */
	if (PQstatus(pg->c) != CONNECTION_OK) {
		PQreset(pg->c);
		if (PQstatus(pg->c) != CONNECTION_OK)
			return say_pg(db, NULL, "connecting again");
		if (settle_in(db))
			return DB_STORAGE;
	}
	return pg_script(db, mode == DB_WRITE ? "BEGIN ISOLATION LEVEL SERIALIZABLE" :
						"BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY");
}

static void pg_rollback(struct db *db)
{
	struct pg *pg = db->handle;

	PQclear(PQexec(pg->c, "ROLLBACK"));
}

static enum db_result pg_commit(struct db *db)
{
	struct pg *pg = db->handle;
	PGresult *result = PQexec(pg->c, "COMMIT");
	enum db_result r = DB_OK;

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		r = say_pg(db, result, "COMMIT");
	/* a transaction that had failed is undone, and COMMIT says so in this way only */
	else if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
		r = db_say(db, DB_MISUSE, "PostgreSQL: the transaction had failed");
	PQclear(result);
	return r;
}

static Oid type_of(const struct db_value *v)
{
	switch (v->type) {
	case DB_INT:
		return OID_INT8;
	case DB_BYTES:
		return OID_BYTEA;
	case DB_TEXT:
		return OID_TEXT;
	default:
		return 0;
	}
}

static enum db_result pg_prepare(struct db_query *q)
{
	struct pg *pg = q->db->handle;
	struct pg_statement *st = q->prepared;
	Oid types[DB_PARAMETERS_MAX];
	enum db_result r = DB_OK;
	PGresult *result;

	if (!st)
		st = calloc(1, sizeof(*st));
	if (!st)
		return db_say(q->db, DB_MEMORY, "out of memory");
	q->prepared = st;
	snprintf(st->name, sizeof(st->name), "s%u", ++pg->names);
	for (unsigned int i = 0; i < q->bound_count; i++)
		types[i] = type_of(&q->bound[i]);
	result = PQprepare(pg->c, st->name, q->sql, (int)q->bound_count, types);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		r = say_pg(q->db, result, q->sql);
	else
		st->generation = pg->generation;
	PQclear(result);
	return r;
}

static enum db_result run(struct db_query *q)
{
	struct pg *pg = q->db->handle;
	struct pg_statement *st = q->prepared;
	const char *value[DB_PARAMETERS_MAX];
	int len[DB_PARAMETERS_MAX], binary[DB_PARAMETERS_MAX];
	uint64_t number[DB_PARAMETERS_MAX];
	ExecStatusType status;

	for (unsigned int i = 0; i < q->bound_count; i++) {
		const struct db_value *v = &q->bound[i];

		number[i] = htobe64((uint64_t)v->number);
		value[i] = v->type == DB_NULL ? NULL : v->type == DB_INT ? (const char *)&number[i] : v->bytes;
		len[i] = v->type == DB_INT ? 8 : (int)v->len;
		binary[i] = 1;
	}
	st->result = PQexecPrepared(pg->c, st->name, (int)q->bound_count, value, len, binary, 1);
	st->row = -1;
	status = PQresultStatus(st->result);
	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? DB_OK : say_pg(q->db, st->result, q->sql);
}

static enum db_result pg_step(struct db_query *q)
{
	const struct pg *pg = q->db->handle;
	struct pg_statement *st = q->prepared;
	enum db_result r = DB_OK;

	if (!q->ran && st->generation != pg->generation)
		r = pg_prepare(q);
	if (!r && !q->ran)
		r = run(q);
	if (r)
		return r;
	q->row = ++st->row < PQntuples(st->result);
	return DB_OK;
}

static bool pg_column(struct db_query *q, unsigned int column, struct db_value *value)
{
	const struct pg_statement *st = q->prepared;
	const uint8_t *bytes;
	int64_t number = 0;

	if (column >= (unsigned int)PQnfields(st->result))
		return false;
	bytes = (const uint8_t *)PQgetvalue(st->result, st->row, (int)column);
	*value = (struct db_value){ .type = DB_STRANGE, .bytes = bytes,
				    .len = (size_t)PQgetlength(st->result, st->row, (int)column) };
	if (PQgetisnull(st->result, st->row, (int)column)) {
		value->type = DB_NULL;
		return true;
	}
	switch (PQftype(st->result, (int)column)) {
	case OID_BYTEA:
		value->type = DB_BYTES;
		break;
	case OID_TEXT:
		value->type = DB_TEXT;
		break;
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		if (!value->len || value->len > sizeof(number))
			break;
		/* big-endian, with the sign in the first byte */
		number = bytes[0] & 0x80 ? -1 : 0;
		for (size_t i = 0; i < value->len; i++)
			number = (int64_t)((uint64_t)number << 8 | bytes[i]);
		value->type = DB_INT;
		value->number = number;
	}
	return true;
}

static void pg_reset(struct db_query *q)
{
	struct pg_statement *st = q->prepared;

	PQclear(st->result);
	st->result = NULL;
}

static void pg_forget(struct db_query *q)
{
	struct pg *pg = q->db->handle;
	struct pg_statement *st = q->prepared;
	char sql[32];

	if (st->generation == pg->generation && PQtransactionStatus(pg->c) != PQTRANS_INERROR) {
		snprintf(sql, sizeof(sql), "DEALLOCATE %s", st->name);
		PQclear(PQexec(pg->c, sql));
	}
	PQclear(st->result);
	free(st);
	q->prepared = NULL;
}

static uint64_t pg_changed(struct db_query *q)
{
	const struct pg_statement *st = q->prepared;

	return st->result ? strtoull(PQcmdTuples(st->result), NULL, 10) : 0;
}

const struct db_engine db_postgres = {
	.name = "postgresql",
	.words = { .integer = "BIGINT", .bytes = "BYTEA", .text = "TEXT", .strict = "" },
	.races = true,
	.open = pg_open,
	.close = pg_close,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.script = pg_script,
	.prepare = pg_prepare,
	.step = pg_step,
	.column = pg_column,
	.reset = pg_reset,
	.forget = pg_forget,
	.changed = pg_changed,
};
