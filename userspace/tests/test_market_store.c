// SPDX-License-Identifier: MIT
/* The store: migrations, transactions, typed reading, crashes, backups. */
#include "market_place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seeded.h"

static const struct db_migration purse[] = {
	{ "purse", "CREATE TABLE purse (owner {bytes} NOT NULL PRIMARY KEY, amount {int} NOT NULL"
		   " CHECK (amount >= 0)){strict};" },
	{ "note", "CREATE TABLE note (id {int} NOT NULL PRIMARY KEY, label {text}, body {bytes}, number {int}){strict};"
		  "INSERT INTO note (id, number) VALUES (1, 5);" },
};

static const struct db_migration tables[] = {
	{ "purse", "CREATE TABLE purse (owner {bytes} NOT NULL PRIMARY KEY, amount {int} NOT NULL"
		   " CHECK (amount >= 0)){strict};" },
	{ "note", "CREATE TABLE note (id {int} NOT NULL PRIMARY KEY, label {text}, body {bytes}, number {int}){strict};" },
};

static struct db *fresh(void)
{
	struct db *db = place_open(DB_CREATE);

	expect_db(db, db_migrate(db, "test", tables, 2), DB_OK);
	return db;
}

struct call {
	uint8_t owner[4];
	int64_t amount;
	unsigned int runs, retries;
	bool there;
	enum db_result end;
};

static enum db_result put(struct db *db, void *context)
{
	struct call *c = context;
	struct db_query *q = db_query(db, "INSERT INTO purse (owner, amount) VALUES ($1, $2)");

	c->runs++;
	db_bind_bytes(q, 1, c->owner, sizeof(c->owner));
	db_bind_int(q, 2, c->amount);
	if (db_end(q) == DB_OK && c->runs <= c->retries)
		return DB_RETRY;
	return c->end;
}

static enum db_result get(struct db *db, void *context)
{
	struct call *c = context;
	struct db_query *q = db_query(db, "SELECT amount FROM purse WHERE owner = $1");

	db_bind_bytes(q, 1, c->owner, sizeof(c->owner));
	c->there = db_next(q);
	c->amount = c->there ? db_int(q, 0) : 0;
	return db_end(q);
}

static int64_t amount(struct db *db, const char *owner)
{
	struct call c = { .there = false };

	memcpy(c.owner, owner, 4);
	expect_db(db, db_transact(db, DB_READ, get, &c), DB_OK);
	return c.there ? c.amount : -1;
}

static void test_open(void **state)
{
	struct db *db;
	struct stat st;
	int fd;

	(void)state;
	if (!place_sqlite())
		return;
	expect_db(db, db_open(&db, "nowhere/market.db", DB_CREATE), DB_STORAGE);
	db_close(db);
	expect_db(db, db_open(&db, "market.db", 0), DB_STORAGE);
	assert_non_null(strstr(db_message(db), "unable to open"));
	db_close(db);
	db = place_open(DB_CREATE);
	assert_string_equal(db_engine(db), "sqlite");
	assert_int_equal(stat("market.db", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	db_close(db);
	expect_db(db, db_open(&db, "market.db", DB_CREATE), DB_EXISTS);
	db_close(db);
	db = place_open(0);
	db_close(db);
	db_close(NULL);

	/* neither an empty file nor another program's is taken */
	fd = open("empty.db", O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	expect_db(db, db_open(&db, "empty.db", 0), DB_OTHER);
	db_close(db);
	fd = open("text.db", O_CREAT | O_WRONLY, 0600);
	for (int i = 0; i < 300; i++)
		assert_int_equal(write(fd, "something else\n", 15), 15);
	close(fd);
	expect_db(db, db_open(&db, "text.db", 0), DB_OTHER);
	db_close(db);
}

static enum db_result spoil(struct db *db, void *context)
{
	return db_end(db_query(db, context));
}

static void test_migrate(void **state)
{
	static const struct db_migration broken[] = {
		{ "one", "CREATE TABLE one (id {int} NOT NULL PRIMARY KEY){strict};" },
		{ "two", "CREATE TABLE two (id {int} NOT NULL PRIMARY KEY){strict}; INSERT INTO nowhere VALUES (1);" },
	};
	static const struct db_migration strange[] = { { "one", "CREATE TABLE one (id {float}){strict};" } };
	struct db *db = place_open(DB_CREATE), *other;

	(void)state;
	expect_db(db, db_migrate(db, "test", purse, 1), DB_OK);
	expect_db(db, db_migrated(db, "test", purse, 1), DB_OK);
	expect_db(db, db_migrated(db, "test", purse, 2), DB_OTHER);
	assert_non_null(strstr(db_message(db), "1 of 2"));
	expect_db(db, db_migrate(db, "test", purse, 2), DB_OK);
	/* applied once: a second time would insert the row again */
	expect_db(db, db_migrate(db, "test", purse, 2), DB_OK);
	other = place_open(0);
	expect_db(other, db_migrated(other, "test", purse, 2), DB_OK);
	/* an older program */
	expect_db(other, db_migrate(other, "test", purse, 1), DB_OTHER);
	assert_non_null(strstr(db_message(other), "newer"));
	/* a text that was changed */
	expect_db(other, db_migrated(other, "test", tables, 2), DB_OTHER);
	db_close(other);
	/* parts number theirs apart, and a failure undoes all of them */
	expect_db(db, db_migrate(db, "broken", broken, 2), DB_MISUSE);
	expect_db(db, db_migrated(db, "broken", broken, 0), DB_OK);
	expect_db(db, db_migrate(db, "broken", broken, 1), DB_OK);
	expect_db(db, db_migrate(db, "strange", strange, 1), DB_MISUSE);
	/* a gap */
	expect_db(db, db_transact(db, DB_WRITE, spoil, "DELETE FROM migration WHERE part = 'test' AND number = 1"), DB_OK);
	expect_db(db, db_migrated(db, "test", purse, 2), DB_CORRUPT);
	assert_non_null(strstr(db_message(db), "migration"));
	db_close(db);
}

struct note {
	int64_t id, number;
	const uint8_t *body;
	size_t len;
	const char *label;
};

static enum db_result write_note(struct db *db, void *context)
{
	const struct note *n = context;
	struct db_query *q = db_query(db, "INSERT INTO note (body, id, label, number) VALUES ($4, $1, $3, $2)");

	/* out of order, to see that names count */
	db_bind_int(q, 2, n->number);
	db_bind_int(q, 1, n->id);
	if (n->label)
		db_bind_text(q, 3, n->label);
	else
		db_bind_null(q, 3);
	db_bind_bytes(q, 4, n->body, n->len);
	return db_end(q);
}

static enum db_result read_notes(struct db *db, void *context)
{
	const struct note *want = context;
	struct db_query *q = db_query(db, "SELECT id, label, body, number FROM note ORDER BY id");
	const uint8_t *body;
	size_t len;

	for (; db_next(q); want++) {
		assert_int_equal(db_int(q, 0), want->id);
		assert_int_equal(db_is_null(q, 1), !want->label);
		if (want->label)
			assert_string_equal(db_text(q, 1), want->label);
		body = db_blob(q, 2, DB_BYTES_MAX, &len);
		assert_int_equal(len, want->len);
		assert_memory_equal(body, want->body, len);
		assert_int_equal(db_int(q, 3), want->number);
	}
	assert_null(want->body);
	return db_end(q);
}

static void test_types(void **state)
{
	static uint8_t large[1 << 20];
	const struct note notes[] = {
		{ INT64_MIN, INT64_MAX, (const uint8_t *)"", 0, NULL },
		{ -1, INT64_MIN, (const uint8_t *)"\0\0\xff", 3, "" },
		{ 0, 0, large, sizeof(large), "caf\xc3\xa9 'quoted' \"twice\" $1 ?" },
		{ INT64_MAX, -1, (const uint8_t *)"x", 1, "x" },
		{ 0 },
	};
	struct db *db = fresh();

	(void)state;
	seeded_bytes(large, sizeof(large));
	for (size_t i = 0; notes[i].body; i++)
		expect_db(db, db_transact(db, DB_WRITE, write_note, (void *)&notes[i]), DB_OK);
	expect_db(db, db_transact(db, DB_READ, read_notes, (void *)notes), DB_OK);
	db_close(db);
	db = place_open(0);
	expect_db(db, db_transact(db, DB_READ, read_notes, (void *)notes), DB_OK);
	db_close(db);
}

/* Each way to read a row wrongly: column and reader. */
static enum db_result misread(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "SELECT id, label, body, number FROM note");
	uint8_t out[8];
	size_t len;

	assert_true(db_next(q));
	switch (*(int *)context) {
	case 0:
		assert_int_equal(db_int(q, 1), 0);
		break;
	case 1:
		assert_int_equal(db_int(q, 2), 0);
		break;
	case 2:
		assert_string_equal(db_text(q, 0), "");
		break;
	case 3:
		memset(out, 1, sizeof(out));
		db_bytes(q, 2, out, 2);
		assert_memory_equal(out, "\0\0\1", 3);
		break;
	case 4:
		memset(out, 1, sizeof(out));
		db_bytes(q, 2, out, 4);
		assert_memory_equal(out, "\0\0\0\0\1", 5);
		break;
	case 5:
		db_blob(q, 2, 2, &len);
		assert_int_equal(len, 0);
		break;
	case 6:
		db_blob(q, 1, 100, &len);
		assert_int_equal(len, 0);
		break;
	case 7:
		assert_int_equal(db_u64(q, 3), 0);
		break;
	case 8:
		db_fail(q, "no such thing as %d", 8);
		break;
	case 9:	/* the first failure stands, the rest reads as nothing */
		db_int(q, 1);
		assert_int_equal(db_int(q, 0), 0);
		assert_false(db_next(q));
		break;
	case 10:
		db_int(q, 4);
		assert_int_equal(db_end(q), DB_MISUSE);
		return DB_OK;
	default:
		fail();
	}
	assert_int_equal(db_end(q), DB_CORRUPT);
	/* and even a body that overlooks it */
	return DB_OK;
}

static void test_misread(void **state)
{
	const struct note note = { 7, -3, (const uint8_t *)"abc", 3, "text" };
	struct db *db = fresh();

	(void)state;
	expect_db(db, db_transact(db, DB_WRITE, write_note, (void *)&note), DB_OK);
	for (int i = 0; i <= 10; i++) {
		expect_db(db, db_transact(db, DB_READ, misread, &i), i == 10 ? DB_MISUSE : DB_CORRUPT);
		assert_true(db_message(db)[0]);
	}
	db_close(db);
}

static enum db_result wrong(struct db *db, void *context)
{
	const char *sql = context;
	struct db_query *q = db_query(db, sql);

	db_end(q);
	return DB_OK;	/* overlooked: must not be committed */
}

static enum db_result unbound(struct db *db, void *context)
{
	(void)context;
	return db_end(db_query(db, "SELECT amount FROM purse WHERE owner = $1"));
}

static enum db_result left_open(struct db *db, void *context)
{
	struct call *c = context;

	put(db, c);
	db_query(db, "SELECT amount FROM purse");
	return DB_OK;
}

static enum db_result nested(struct db *db, void *context)
{
	return db_transact(db, DB_READ, get, context);
}

static void test_transact(void **state)
{
	struct db *db = fresh(), *other = place_open(0);
	struct call c = { .owner = "one", .amount = 10, .end = DB_OK };
	struct call d = { .owner = "two", .amount = 20, .end = DB_UNDO };
	struct call e = { .owner = "thr", .amount = 30, .retries = 5 };

	(void)state;
	expect_db(db, db_transact(db, DB_WRITE, put, &c), DB_OK);
	assert_int_equal(amount(other, "one"), 10);
	expect_db(db, db_transact(db, DB_WRITE, put, &c), DB_EXISTS);
	expect_db(db, db_transact(db, DB_WRITE, put, &d), DB_UNDO);
	assert_int_equal(amount(db, "two"), -1);
	/* five times for nothing */
	expect_db(db, db_transact(db, DB_WRITE, put, &e), DB_OK);
	assert_int_equal(e.runs, 6);
	assert_int_equal(amount(other, "thr"), 30);
	e = (struct call){ .owner = "fou", .retries = UINT32_MAX };
	expect_db(db, db_transact(db, DB_WRITE, put, &e), DB_BUSY);
	assert_true(e.runs > 10);
	assert_int_equal(amount(other, "fou"), -1);

	e = (struct call){ .owner = "fiv" };
	expect_db(db, db_transact(db, DB_READ, put, &e), DB_MISUSE);
	expect_db(db, db_transact(db, DB_WRITE, left_open, &e), DB_MISUSE);
	assert_int_equal(amount(other, "fiv"), -1);
	expect_db(db, db_transact(db, DB_READ, nested, &e), DB_MISUSE);
	expect_db(db, db_transact(db, DB_READ, unbound, NULL), DB_MISUSE);
	expect_db(db, db_end(db_query(db, "SELECT 1")), DB_MISUSE);
	expect_db(db, db_transact(db, DB_WRITE, wrong, "SELECT nothing FROM nowhere"), DB_MISUSE);
	expect_db(db, db_transact(db, DB_WRITE, wrong, "UPDATE purse SET amount = -1"), DB_MISUSE);
	expect_db(db, db_transact(db, DB_WRITE, wrong, "UPDATE purse SET amount = 'much'"), DB_MISUSE);
	assert_int_equal(amount(other, "one"), 10);
	/* and the connection is still good */
	expect_db(db, db_transact(db, DB_WRITE, put, &e), DB_OK);
	db_close(other);
	db_close(db);
}

static enum db_result count_up(struct db *db, void *context)
{
	struct call *c = context;
	struct db_query *q;
	uint64_t changed;
	enum db_result r = get(db, c);

	if (r)
		return r;
	q = db_query(db, "UPDATE purse SET amount = $2 WHERE owner = $1");
	db_bind_bytes(q, 1, c->owner, sizeof(c->owner));
	db_bind_int(q, 2, c->amount + 1);
	r = db_run(q, &changed);
	if (!r)
		assert_int_equal(changed, 1);
	return r;
}

/* Read, then write: two at once lose nothing. */
static void test_two(void **state)
{
	struct db *db = fresh();
	struct call c = { .owner = "one", .amount = 0 };
	int status;
	pid_t pid;

	(void)state;
	expect_db(db, db_transact(db, DB_WRITE, put, &c), DB_OK);
	db_close(db);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	db = place_open(0);
	for (int i = 0; i < 100; i++)
		expect_db(db, db_transact(db, DB_WRITE, count_up, &c), DB_OK);
	if (pid == 0) {
		db_close(db);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(amount(db, "one"), 200);
	db_close(db);
}

static enum db_result move(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "UPDATE purse SET amount = amount - 1 WHERE owner = $1");
	enum db_result r;

	(void)context;
	db_bind_bytes(q, 1, "one", 4);
	r = db_end(q);
	if (r)
		return r;
	q = db_query(db, "UPDATE purse SET amount = amount + 1 WHERE owner = $1");
	db_bind_bytes(q, 1, "two", 4);
	return db_end(q);
}

static void move_once(void *context)
{
	struct db *db = place_open(0);

	place_arm(db);
	db_transact(db, DB_WRITE, move, context);
	db_close(db);
}

/* Killed at every step: all or nothing, and all once it was committed. */
static void test_killed(void **state)
{
	struct db *db = fresh();
	struct call c = { .owner = "one", .amount = 100 }, d = { .owner = "two" };
	unsigned int step;
	int64_t before;

	(void)state;
	expect_db(db, db_transact(db, DB_WRITE, put, &c), DB_OK);
	expect_db(db, db_transact(db, DB_WRITE, put, &d), DB_OK);
	for (step = 1;; step++) {
		bool died;

		before = amount(db, "two");
		db_close(db);
		died = place_die_at(step, move_once, NULL);
		db = place_open(0);
		assert_int_equal(amount(db, "one") + amount(db, "two"), 100);
		if (!died || step == 4) {
			assert_int_equal(amount(db, "two"), before + 1);
			if (!died)
				break;
		} else {
			assert_int_equal(amount(db, "two"), before);
		}
	}
	/* two statements, "commit", "committed" */
	assert_int_equal(step, 5);
	db_close(db);
}

static void test_backup(void **state)
{
	struct db *db = fresh(), *copy;
	struct call c = { .owner = "one", .amount = 10 };
	struct stat st;

	(void)state;
	if (!place_sqlite())
		return;
	expect_db(db, db_transact(db, DB_WRITE, put, &c), DB_OK);
	expect_db(db, db_backup(db, "copy.db"), DB_OK);
	expect_db(db, db_backup(db, "copy.db"), DB_EXISTS);
	expect_db(db, db_backup(db, "nowhere/copy.db"), DB_STORAGE);
	assert_int_equal(stat("copy.db", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_not_equal(stat("copy.db-wal", &st), 0);
	memcpy(c.owner, "two", 4);
	expect_db(db, db_transact(db, DB_WRITE, put, &c), DB_OK);
	expect_db(copy, db_open(&copy, "copy.db", 0), DB_OK);
	expect_db(copy, db_check(copy), DB_OK);
	expect_db(copy, db_migrated(copy, "test", tables, 2), DB_OK);
	assert_int_equal(amount(copy, "one"), 10);
	assert_int_equal(amount(copy, "two"), -1);
	db_close(copy);
	db_close(db);
}

static enum db_result many(struct db *db, void *context)
{
	static char sql[400][40];
	unsigned int n = *(unsigned int *)context, open = n / 2;
	struct db_query *q[200];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(sql[i], sizeof(sql[i]), "SELECT %u FROM purse", i);
		q[0] = db_query(db, sql[i]);
		assert_true(db_next(q[0]));
		assert_int_equal(db_int(q[0], 0), i);
		if (db_end(q[0]))
			return DB_UNDO;
	}
	for (unsigned int i = 0; i < open; i++)
		q[i] = db_query(db, sql[i]);
	for (unsigned int i = 0; i < open; i++)
		db_end(q[i]);
	return DB_OK;
}

/* More statements than are kept, and more than can be open. */
static void test_many(void **state)
{
	struct db *db = fresh();
	struct call c = { .owner = "one", .amount = 0 };
	unsigned int n = 240;

	(void)state;
	expect_db(db, db_transact(db, DB_WRITE, put, &c), DB_OK);
	expect_db(db, db_transact(db, DB_READ, many, &n), DB_OK);
	n = 300;
	expect_db(db, db_transact(db, DB_READ, many, &n), DB_MISUSE);
	assert_int_equal(amount(db, "one"), 0);
	db_close(db);
}

static enum db_result read_all(struct db *db, void *context)
{
	struct db_query *q = db_query(db, "SELECT id, label, body, number FROM note ORDER BY label");
	uint8_t body[64];

	(void)context;
	while (db_next(q)) {
		db_int(q, 0);
		db_text(q, 1);
		db_bytes(q, 2, body, sizeof(body));
		db_int(q, 3);
	}
	return db_end(q);
}

/* A file with bytes changed: an error or a row, never a crash. */
static void test_damaged(void **state)
{
	uint8_t body[64];
	struct note note = { .body = body, .len = sizeof(body), .label = "a label of some length" };
	struct db *db = fresh();
	unsigned int found = 0;
	struct stat st;

	(void)state;
	if (!place_sqlite())
		return;
	for (note.id = 0; note.id < 200; note.id++) {
		seeded_bytes(body, sizeof(body));
		expect_db(db, db_transact(db, DB_WRITE, write_note, &note), DB_OK);
	}
	expect_db(db, db_backup(db, "good.db"), DB_OK);
	db_close(db);
	assert_int_equal(stat("good.db", &st), 0);
	for (int i = 0; i < 60; i++) {
		uint8_t junk[16];
		enum db_result r;
		int fd;

		assert_int_equal(system("cp good.db bad.db"), 0);
		fd = open("bad.db", O_WRONLY);
		assert_true(fd >= 0);
		for (int k = 0; k < 4; k++) {
			seeded_bytes(junk, sizeof(junk));
			/* beyond the file's own head, which db_open() looks at */
			assert_int_equal(pwrite(fd, junk, sizeof(junk), 100 + (off_t)(seeded_u64() % ((uint64_t)st.st_size - 116))), 16);
		}
		close(fd);
		r = db_open(&db, "bad.db", 0);
		if (!r)
			r = db_check(db);
		found += r != DB_OK;
		if (!r || r == DB_CORRUPT)
			db_transact(db, DB_READ, read_all, NULL);
		db_close(db);
	}
	/* what lies in unused or in free bytes does no harm */
	assert_true(found > 3);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < DB_RESULTS; i++) {
		assert_non_null(db_result_name((enum db_result)i));
		assert_non_null(db_result_text((enum db_result)i));
	}
	assert_string_equal(db_result_name((enum db_result)99), "unknown");
}

#define ON_DISK(f) cmocka_unit_test_setup_teardown(f, place_folder, place_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(test_open),
		ON_DISK(test_migrate),
		ON_DISK(test_types),
		ON_DISK(test_misread),
		ON_DISK(test_transact),
		ON_DISK(test_two),
		ON_DISK(test_killed),
		ON_DISK(test_backup),
		ON_DISK(test_many),
		ON_DISK(test_damaged),
		cmocka_unit_test(test_names),
	};

	return place_run("market store", tests);
}
