// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "market/directory/roll.h"

static const struct db_migration migrations[] = { {
	"roll of relays, evidence, measurements, numbers of snapshots",
	"CREATE TABLE descriptor ("
	" identity {bytes} NOT NULL PRIMARY KEY,"
	" serial {int} NOT NULL,"
	" until {int} NOT NULL,"
	" since {int} NOT NULL,"
	" body {bytes} NOT NULL"
	"){strict};"
	"CREATE TABLE fork ("
	" identity {bytes} NOT NULL,"
	" serial {int} NOT NULL,"
	" one {bytes} NOT NULL,"
	" two {bytes} NOT NULL,"
	" PRIMARY KEY (identity)"
	"){strict};"
	"CREATE TABLE measured ("
	" identity {bytes} NOT NULL PRIMARY KEY,"
	" capacity {int} NOT NULL"
	"){strict};"
	"CREATE TABLE snapshot_number ("
	" one {int} NOT NULL PRIMARY KEY,"
	" number {int} NOT NULL"
	"){strict};",
} };

enum db_result roll_prepare(struct db *db, bool upgrade)
{
	return upgrade ? db_migrate(db, "directory", migrations, 1) : db_migrated(db, "directory", migrations, 1);
}

/* ------------------------------------------------------------------- adding */

/** struct adding - context of a transaction */
struct adding {
	struct roll_entry *e;
	const uint8_t *bytes;
	size_t len;
};

static enum db_result count(struct db *db, uint64_t *n)
{
	struct db_query *q = db_query(db, "SELECT count(*) FROM descriptor");

	*n = db_next(q) ? db_u64(q, 0) : 0;
	return db_end(q);
}

static enum db_result insert(struct db *db, const struct adding *a)
{
	struct db_query *q = db_query(db, "INSERT INTO descriptor (identity, serial, until, since, body) VALUES ($1, $2, $3, $4, $5)");

	db_bind_bytes(q, 1, a->e->d.identity, CR_PUBLIC_BYTES);
	db_bind_u64(q, 2, a->e->d.serial);
	db_bind_u64(q, 3, a->e->d.until);
	db_bind_u64(q, 4, a->e->now);
	db_bind_bytes(q, 5, a->bytes, a->len);
	return db_end(q);
}

static enum db_result replace(struct db *db, const struct adding *a)
{
	struct db_query *q = db_query(db, "UPDATE descriptor SET serial = $2, until = $3, body = $4 WHERE identity = $1");

	db_bind_bytes(q, 1, a->e->d.identity, CR_PUBLIC_BYTES);
	db_bind_u64(q, 2, a->e->d.serial);
	db_bind_u64(q, 3, a->e->d.until);
	db_bind_bytes(q, 4, a->bytes, a->len);
	return db_end(q);
}

/* One piece of evidence against a relay is enough. */
static enum db_result keep_fork(struct db *db, const struct adding *a)
{
	struct db_query *q = db_query(db, "SELECT 1 FROM fork WHERE identity = $1");
	enum db_result r;
	bool there;

	db_bind_bytes(q, 1, a->e->d.identity, CR_PUBLIC_BYTES);
	there = db_next(q);
	r = db_end(q);
	if (r || there)
		return r;
	q = db_query(db, "INSERT INTO fork (identity, serial, one, two) VALUES ($1, $2, $3, $4)");
	db_bind_bytes(q, 1, a->e->d.identity, CR_PUBLIC_BYTES);
	db_bind_u64(q, 2, a->e->d.serial);
	db_bind_bytes(q, 3, a->e->other, a->e->other_len);
	db_bind_bytes(q, 4, a->bytes, a->len);
	return db_end(q);
}

static enum db_result there_is(struct db *db, const struct adding *a, bool *there, uint64_t *serial)
{
	struct db_query *q = db_query(db, "SELECT serial, body FROM descriptor WHERE identity = $1");
	const uint8_t *body;

	db_bind_bytes(q, 1, a->e->d.identity, CR_PUBLIC_BYTES);
	*there = db_next(q);
	*serial = 0;
	if (*there) {
		*serial = db_u64(q, 0);
		body = db_blob(q, 1, CR_DESCRIPTOR_MAX, &a->e->other_len);
		if (a->e->other_len)
			memcpy(a->e->other, body, a->e->other_len);
	}
	return db_end(q);
}

static enum db_result add(struct db *db, void *context)
{
	struct adding *a = context;
	struct cr_descriptor old;
	enum db_result r;
	uint64_t serial, n;
	bool there;

	r = there_is(db, a, &there, &serial);
	if (r)
		return r;
	if (!there) {
		r = count(db, &n);
		a->e->outcome = n < ROLL_MAX ? ROLL_NEW : ROLL_FULL;
		return r || n >= ROLL_MAX ? r : insert(db, a);
	}
	if (a->e->d.serial > serial) {
		a->e->outcome = ROLL_NEWER;
		return replace(db, a);
	}
	a->e->outcome = a->e->d.serial < serial ? ROLL_OLD : ROLL_SAME;
	if (a->e->d.serial < serial || cr_descriptor_decode(&old, a->e->other, a->e->other_len) ||
	    !cr_descriptor_conflict(&old, &a->e->d))
		return DB_OK;
	a->e->outcome = ROLL_FORK;
	return keep_fork(db, a);
}

enum db_result roll_add(struct db *db, struct roll_entry *e, const uint8_t *bytes, size_t len)
{
	struct adding a = { e, bytes, len };
	enum cr_verdict v = cr_descriptor_decode(&e->d, bytes, len);

	/* of the cheap first */
	if (!v && memcmp(e->d.ledger, e->ledger, CR_LEDGER_BYTES) != 0)
		v = CR_DIR_LEDGER;
	if (!v && e->d.from > e->now + CR_CLOCK_SKEW)
		v = CR_DIR_EARLY;
	if (!v && e->d.until <= e->now)
		v = CR_DIR_STALE;
	if (!v && e->d.serial > INT64_MAX)
		v = CR_DIR_NUMBER;
	if (!v && !e->private)
		v = cr_descriptor_public(&e->d);
	v = v ? v : cr_descriptor_verify(&e->d);
	e->verdict = v;
	e->other_len = 0;
	if (v) {
		e->outcome = ROLL_WRONG;
		return DB_OK;
	}
	return db_transact(db, DB_WRITE, add, &a);
}

/* ------------------------------------------------------------------ looking */

/** struct getting - context of a transaction */
struct getting {
	const uint8_t *identity;
	uint8_t *out;
	size_t *len;
};

static enum db_result get(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "SELECT body FROM descriptor WHERE identity = $1");
	struct getting *g = context;
	const uint8_t *body;

	*g->len = 0;
	db_bind_bytes(q, 1, g->identity, CR_PUBLIC_BYTES);
	if (db_next(q)) {
		body = db_blob(q, 0, CR_DESCRIPTOR_MAX, g->len);
		if (*g->len)
			memcpy(g->out, body, *g->len);
	}
	return db_end(q);
}

enum db_result roll_get(struct db *db, const uint8_t identity[CR_PUBLIC_BYTES], uint8_t out[CR_DESCRIPTOR_MAX], size_t *len)
{
	struct getting g = { identity, out, len };

	return db_transact(db, DB_READ, get, &g);
}

/** struct forking - context of a transaction */
struct forking {
	uint8_t after[CR_PUBLIC_BYTES];
	size_t after_len;
	struct roll_fork *forks;
	size_t *n;
};

static enum db_result forks_read(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "SELECT identity, serial, one, two FROM fork WHERE identity > $1 ORDER BY identity");
	struct forking *f = context;

	*f->n = 0;
	db_bind_bytes(q, 1, f->after, f->after_len);
	while (*f->n < ROLL_FORKS_MAX && db_next(q)) {
		struct roll_fork *k = &f->forks[*f->n];
		const uint8_t *body;

		db_bytes(q, 0, k->identity, CR_PUBLIC_BYTES);
		k->serial = db_u64(q, 1);
		body = db_blob(q, 2, CR_DESCRIPTOR_MAX, &k->one_len);
		if (k->one_len)
			memcpy(k->one, body, k->one_len);
		body = db_blob(q, 3, CR_DESCRIPTOR_MAX, &k->two_len);
		if (k->two_len)
			memcpy(k->two, body, k->two_len);
		++*f->n;
	}
	return db_end(q);
}

enum db_result roll_forks(struct db *db, const uint8_t *after, struct roll_fork *forks, size_t *n)
{
	struct forking f = { .forks = forks, .n = n };

	if (after) {
		memcpy(f.after, after, CR_PUBLIC_BYTES);
		f.after_len = CR_PUBLIC_BYTES;
	}
	return db_transact(db, DB_READ, forks_read, &f);
}

/** struct measure - context of a transaction */
struct measure {
	const uint8_t *identity;
	uint64_t capacity;
};

static enum db_result measured(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "DELETE FROM measured WHERE identity = $1");
	const struct measure *m = context;
	enum db_result r;

	db_bind_bytes(q, 1, m->identity, CR_PUBLIC_BYTES);
	r = db_end(q);
	if (r || !m->capacity)
		return r;
	q = db_query(db, "INSERT INTO measured (identity, capacity) VALUES ($1, $2)");
	db_bind_bytes(q, 1, m->identity, CR_PUBLIC_BYTES);
	db_bind_u64(q, 2, m->capacity);
	return db_end(q);
}

enum db_result roll_measured(struct db *db, const uint8_t identity[CR_PUBLIC_BYTES], uint64_t capacity)
{
	struct measure m = { identity, capacity };

	return db_transact(db, DB_WRITE, measured, &m);
}

static enum db_result prune(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "DELETE FROM descriptor WHERE until <= $1");
	const uint64_t *now = context;

	db_bind_u64(q, 1, *now < CR_DESCRIPTOR_LIFE_MAX ? 0 : *now - CR_DESCRIPTOR_LIFE_MAX);
	return db_end(q);
}

enum db_result roll_prune(struct db *db, uint64_t now)
{
	return db_transact(db, DB_WRITE, prune, &now);
}

/* ------------------------------------------------------------ for a snapshot */

/** struct row - a relay while the roll is called */
struct row {
	struct cr_entry e;
	uint64_t since;
};

/** struct calling - context of a transaction */
struct calling {
	uint64_t now;
	roll_stake *stake;
	void *context;
	struct row *rows;
	size_t n, room;
};

static bool grow(struct calling *c)
{
	struct row *rows;

	if (c->n < c->room)
		return true;
	rows = reallocarray(c->rows, 2 * c->room + 64, sizeof(*rows));
	if (!rows)
		return false;
	c->rows = rows;
	c->room = 2 * c->room + 64;
	return true;
}

static enum db_result read_rows(struct db *db, struct calling *c)
{
	struct db_query *q = db_query(db, "SELECT d.body, d.since, m.capacity FROM descriptor d"
				      " LEFT JOIN measured m ON m.identity = d.identity"
				      " WHERE d.until > $1 ORDER BY d.identity");
	enum db_result r = DB_OK;

	db_bind_u64(q, 1, c->now);
	while (!r && db_next(q)) {
		struct row *row;
		const uint8_t *body;
		size_t len;

		if (!grow(c)) {
			r = DB_MEMORY;
			break;
		}
		row = &c->rows[c->n];
		memset(row, 0, sizeof(*row));
		body = db_blob(q, 0, CR_DESCRIPTOR_MAX, &len);
		row->since = db_u64(q, 1);
		row->e.measured = db_is_null(q, 2) ? 0 : db_u64(q, 2);
		if (cr_descriptor_decode(&row->e.d, body, len))
			db_fail(q, "table descriptor: a row holds no descriptor");
		else if (row->e.d.from <= c->now)
			c->n++;
	}
	if (r)
		db_end(q);
	return r ? r : db_end(q);
}

static int by_operator(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;

	return memcmp(x->e.d.operator_key, y->e.d.operator_key, CR_PUBLIC_BYTES);
}

/* An operator's stake stands behind all its relays together. */
static enum db_result stake_rows(struct db *db, struct calling *c)
{
	struct row **by = c->stake && c->n ? calloc(c->n, sizeof(*by)) : NULL;
	enum db_result r = DB_OK;

	if (!c->stake || !c->n)
		return DB_OK;
	if (!by)
		return DB_MEMORY;
	for (size_t i = 0; i < c->n; i++)
		by[i] = &c->rows[i];
	qsort(by, c->n, sizeof(*by), by_operator);
	for (size_t i = 0, k; i < c->n && !r; i = k) {
		uint64_t stake = 0;

		for (k = i + 1; k < c->n && by_operator(&by[i], &by[k]) == 0; k++)
			;
		r = c->stake(db, by[i]->e.d.operator_key, &stake, c->context);
		for (size_t j = i; j < k; j++)
			by[j]->e.stake = stake / (k - i);
	}
	free(by);
	return r;
}

static enum db_result call(struct db *db, void *context)
{
	struct calling *c = context;
	enum db_result r;

	c->n = 0;
	r = read_rows(db, c);
	return r ? r : stake_rows(db, c);
}

static int by_claim(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->e.stake != y->e.stake)
		return x->e.stake < y->e.stake ? 1 : -1;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return memcmp(x->e.d.identity, y->e.d.identity, CR_PUBLIC_BYTES);
}

static int by_identity(const void *a, const void *b)
{
	const struct cr_entry *x = a, *y = b;

	return memcmp(x->d.identity, y->d.identity, CR_PUBLIC_BYTES);
}

enum db_result roll_call(struct db *db, uint64_t now, roll_stake *stake, void *context, struct cr_entry **e, size_t *n)
{
	struct calling c = { .now = now, .stake = stake, .context = context };
	enum db_result r = db_transact(db, DB_READ, call, &c);
	bool many = c.n > CR_SNAPSHOT_RELAYS_MAX;

	*e = NULL;
	*n = many ? CR_SNAPSHOT_RELAYS_MAX : c.n;
	if (!r) {
		*e = calloc(*n + 1, sizeof(**e));
		r = *e ? DB_OK : DB_MEMORY;
	}
	if (!r) {
		if (many)
			qsort(c.rows, c.n, sizeof(*c.rows), by_claim);
		for (size_t i = 0; i < *n; i++)
			(*e)[i] = c.rows[i].e;
		if (many)
			qsort(*e, *n, sizeof(**e), by_identity);
	}
	free(c.rows);
	return r;
}

/** struct numbering - context of a transaction */
struct numbering {
	uint64_t at_least, *number;
};

static enum db_result number(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "SELECT number FROM snapshot_number WHERE one = 1");
	struct numbering *n = context;
	bool there = db_next(q);
	uint64_t last = there ? db_u64(q, 0) : 0;
	enum db_result r = db_end(q);

	if (r)
		return r;
	*n->number = last + 1 > n->at_least ? last + 1 : n->at_least;
	q = db_query(db, there ? "UPDATE snapshot_number SET number = $1 WHERE one = 1" :
		     "INSERT INTO snapshot_number (one, number) VALUES (1, $1)");
	db_bind_u64(q, 1, *n->number);
	return db_end(q);
}

enum db_result roll_number(struct db *db, uint64_t at_least, uint64_t *out)
{
	struct numbering n = { at_least, out };

	return db_transact(db, DB_WRITE, number, &n);
}
