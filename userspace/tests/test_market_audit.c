// SPDX-License-Identifier: MIT
/* The audit sees each change of the books that the market did not make. */
#include "market_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "directory_fixture.h"
#include "forge.h"
#include "market/settle/evidence.h"

static struct shop s;

static void slash_somebody(void)
{
	struct cr_descriptor d;
	uint8_t a[CR_DESCRIPTOR_MAX], b[CR_DESCRIPTOR_MAX];
	size_t a_len, b_len;
	int64_t burned;

	fix_descriptor(&d, 1, 3);
	memcpy(d.ledger, s.m.ledger, CR_LEDGER_BYTES);
	assert_int_equal(fix_resign(&d, 1, 3), CR_DIR_OK);
	assert_int_equal(cr_descriptor_encode(a, &a_len, &d), CR_DIR_OK);
	d.capacity++;
	assert_int_equal(fix_resign(&d, 1, 3), CR_DIR_OK);
	assert_int_equal(cr_descriptor_encode(b, &b_len, &d), CR_DIR_OK);
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_DESCRIPTORS, a, a_len, b, b_len, &burned), MKT_OK);
}

/* Something of everything: at the end no table is empty, and every movement has happened. */
static void make_books(void)
{
	const uint32_t v[] = { 1000, 2000 }, odd[] = { 77 };
	struct cr_voucher voucher[4];
	struct cr_request request;
	struct key relay, operator;
	uint8_t code[MKT_CODE_BYTES] = { 9 }, hash[CR_HASH_BYTES], *bytes;
	struct mkt_claim claim;
	struct world world;
	struct fix_key fix;
	int64_t amount;
	uint64_t first;
	size_t len;

	shop_new(&s, 2);
	s.number = 100;
	mkt_code_hash(hash, code);
	expect_mkt(&s, shop_order(&s, &s.buyer, 1, MKT_STAKE_ORDER, 5000, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_UNBOND_ORDER, 1000, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 3, MKT_WITHDRAW_ORDER, 600, hash), MKT_OK);
	expect_mkt(&s, mkt_code_make(&s.m, 700, code), MKT_OK);
	expect_mkt(&s, mkt_code_pay(&s.m, code, &amount), MKT_OK);
	expect_mkt(&s, mkt_code_make(&s.m, 4000, code), MKT_OK);
	fix_key(&fix, "operator", 3);
	expect_mkt(&s, mkt_redeem(&s.m, code, fix.public_key, &amount), MKT_OK);
	memcpy(operator.secret, fix.secret, sizeof(fix.secret));
	expect_mkt(&s, shop_order(&s, &operator, 1, MKT_STAKE_ORDER, 3000, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &operator, 2, MKT_UNBOND_ORDER, 100, NULL), MKT_OK);
	slash_somebody();
	/* a third relay with a tariff that leaves a rest */
	make_key(&relay, "relay", 2);
	make_key(&operator, "operator", 2);
	expect_mkt(&s, mkt_terms_set(&s.m, relay.public_key, 7340033, operator.public_key, &first), MKT_OK);
	expect_mkt(&s, mkt_terms_set(&s.m, relay.public_key, 999979, operator.public_key, &first), MKT_OK);
	shop_buy(&s, voucher, 4);
	for (unsigned int i = 0; i < 2; i++) {
		shop_request(&s, &request, i, 0, SHOP_EPOCH);
		expect_mkt(&s, shop_spend(&s, &voucher[i], &request, NULL), MKT_OK);
	}
	shop_request(&s, &request, 5, 2, SHOP_EPOCH);
	request.tariff = 7340033;
	expect_mkt(&s, shop_spend(&s, &voucher[2], &request, NULL), MKT_OK);
	shop_epoch(&s, SHOP_EPOCH + 1);
	bytes = shop_claim(&s, 0, SHOP_EPOCH, 0, v, 2, &len);
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_OK);
	free(bytes);
	shop_world(&s, &world, 1, SHOP_EPOCH);
	bytes = shop_claim(&s, 1, SHOP_EPOCH, 9, odd, 1, &len);
	bytes[len - CR_SIGNATURE_BYTES - 40] ^= 1;
	resign_claim(&world, bytes, len);
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_CLAIM);
	free(bytes);
	for (unsigned int i = 2; i < 16; i++)
		shop_epoch(&s, SHOP_EPOCH + i);
	shop_epoch(&s, SHOP_EPOCH + 60);
	assert_int_equal(shop_audit(&s).expired_vouchers, VALUE);
}

/* What was found, and whether it names a table. */
struct finding {
	const char *table;
	bool named;
	char last[512];
};

static void found(void *context, const char *what)
{
	struct finding *f = context;

	f->named |= strstr(what, f->table) != NULL;
	snprintf(f->last, sizeof(f->last), "%s", what);
}

/* Open and audit; true: a difference was named. */
static bool audit_names(const char *table, char *last, size_t room)
{
	struct finding f = { .table = table };
	struct mkt_audit a = { .found = found, .context = &f };
	enum mkt_verdict v;
	struct market m;
	struct db *db = place_open(0);

	v = mkt_attach(&m, db, false);
	if (v)
		found(&f, db_message(db));
	else
		v = mkt_audit(&m, &a);
	db_close(db);
	snprintf(last, room, "%s", f.last);
	return f.named && (v || a.differences);
}

static sqlite3 *raw;

static void run(const char *sql)
{
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int64_t number(const char *sql)
{
	sqlite3_stmt *st;
	int64_t n = -1;

	assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* Change one column of one row, whatever is in it. */
static void flip(const char *table, const char *column, int64_t row)
{
	char sql[256];
	sqlite3_stmt *st;
	int type, len;
	uint8_t *copy = NULL;

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE rowid = %lld", column, table, (long long)row);
	assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	type = sqlite3_column_type(st, 0);
	len = sqlite3_column_bytes(st, 0);
	if (type == SQLITE_BLOB) {
		assert_true(len > 0);
		copy = malloc((size_t)len);
		assert_non_null(copy);
		memcpy(copy, sqlite3_column_blob(st, 0), (size_t)len);
		copy[len / 2] ^= 4;
	}
	sqlite3_finalize(st);
	if (type == SQLITE_BLOB) {
		snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ?1 WHERE rowid = %lld", table, column, (long long)row);
		assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &st, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_bind_blob(st, 1, copy, len, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_step(st), SQLITE_DONE);
		sqlite3_finalize(st);
		free(copy);
	} else {
		/* far enough not to meet another row's key */
		snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %s %s WHERE rowid = %lld", table, column, column,
			 type == SQLITE_TEXT ? "|| 'x'" : "+ 1000003", (long long)row);
		run(sql);
	}
}

struct names {
	char name[40][64];
	size_t n;
};

static void list(struct names *names, const char *sql)
{
	sqlite3_stmt *st;

	names->n = 0;
	assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		assert_true(names->n < 40);
		snprintf(names->name[names->n++], 64, "%s", (const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
}

static void open_raw(void)
{
	assert_int_equal(sqlite3_open("market.db", &raw), SQLITE_OK);
	/* a vandal is not held back by constraints */
	run("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
}

static void test_each_column(void **state)
{
	struct names tables, columns;
	unsigned int flips = 0;
	char sql[256], last[512];

	(void)state;
	if (!place_sqlite())
		return;
	make_books();
	place_save(s.m.db);
	s.m.db = NULL;
	shop_close(&s);
	open_raw();
	list(&tables, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name");
	sqlite3_close(raw);
	assert_int_equal(tables.n, 13);
	for (size_t t = 0; t < tables.n; t++) {
		const char *table = tables.name[t];

		place_restore();
		open_raw();
		snprintf(sql, sizeof(sql), "SELECT name FROM pragma_table_info('%s') ORDER BY cid", table);
		list(&columns, sql);
		sqlite3_close(raw);
		for (size_t c = 0; c < columns.n; c++) {
			/* first and last row */
			for (int k = 0; k < 2; k++) {
				place_restore();
				open_raw();
				snprintf(sql, sizeof(sql), "SELECT %s(rowid) FROM %s", k ? "max" : "min", table);
				flip(table, columns.name[c], number(sql));
				sqlite3_close(raw);
				if (!audit_names(table, last, sizeof(last))) {
					print_error("%s.%s, %s row: not named (last finding: \"%s\")\n", table,
						    columns.name[c], k ? "last" : "first", last);
					fail();
				}
				flips++;
			}
		}
	}
	assert_true(flips > 120);
}

static void test_each_row(void **state)
{
	struct names tables;
	char sql[256], last[512];

	(void)state;
	if (!place_sqlite())
		return;
	make_books();
	place_save(s.m.db);
	s.m.db = NULL;
	shop_close(&s);
	open_raw();
	list(&tables, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name");
	sqlite3_close(raw);
	for (size_t t = 0; t < tables.n; t++) {
		for (int k = 0; k < 2; k++) {
			place_restore();
			open_raw();
			snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE rowid = (SELECT %s(rowid) FROM %s)", tables.name[t],
				 k ? "max" : "min", tables.name[t]);
			run(sql);
			sqlite3_close(raw);
			/* a record that went is found at the journal's line, which is left over */
			if (!audit_names("", last, sizeof(last))) {
				print_error("%s: a missing row was not seen\n", tables.name[t]);
				fail();
			}
		}
	}
}

/* Rows of wrong lengths and types end in an error. */
static void test_wrong_rows(void **state)
{
	static const char *const wrongs[] = {
		"UPDATE balance SET owner = x'00' WHERE rowid = 3",
		"UPDATE journal_account SET hash = zeroblob(31)",
		"UPDATE journal_purchase SET ref = zeroblob(1000000)",
		"UPDATE journal_certificate SET from_kind = 99",
		"UPDATE journal_account SET move = 4000000000",
		"UPDATE journal_account SET move = -1",
		"UPDATE journal_account SET amount = -1",
		"UPDATE certificate SET body = x''",
		"UPDATE market_key SET body = x''",
		"UPDATE claim SET body = x''",
		"UPDATE claim SET ack = zeroblob(5)",
		"UPDATE claim SET epoch = -7",
		"UPDATE evidence SET first = zeroblob(100000)",
		"UPDATE evidence SET kind = 5000000000",
		"UPDATE relay_terms SET first_epoch = -1",
		"UPDATE account_order SET body = zeroblob(3)",
		"UPDATE network SET params = x'00'",
		"UPDATE claim_refused SET reason = 9223372036854775807",
		"DELETE FROM network",
		"DELETE FROM journal_account",
		"DELETE FROM market_key",
	};
	char last[512];

	(void)state;
	if (!place_sqlite())
		return;
	make_books();
	place_save(s.m.db);
	s.m.db = NULL;
	shop_close(&s);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		place_restore();
		open_raw();
		run(wrongs[i]);
		sqlite3_close(raw);
		if (!audit_names("", last, sizeof(last))) {
			print_error("not seen: %s\n", wrongs[i]);
			fail();
		}
	}
}

static void test_proofs(void **state)
{
	struct mkt_audit a = { .proofs = true };

	(void)state;
	make_books();
	expect_mkt(&s, mkt_audit(&s.m, &a), MKT_OK);
	assert_int_equal(a.differences, 0);
	assert_true(a.lines[MKT_ACCOUNTS] > 30);
	assert_int_equal(a.lines[MKT_PURCHASES], 1);
	/* three certificates, one with a rest */
	assert_int_equal(a.lines[MKT_CERTIFICATES], 4);
	shop_close(&s);
}

#define ON_DISK(f) cmocka_unit_test_setup_teardown(f, place_folder, place_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(test_each_column),
		ON_DISK(test_each_row),
		ON_DISK(test_wrong_rows),
		ON_DISK(test_proofs),
	};

	return place_run("market audit", tests);
}
