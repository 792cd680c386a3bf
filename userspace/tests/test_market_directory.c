// SPDX-License-Identifier: MIT
/* The market's directory: the roll in the database, the shelf in a folder, the clerk between them. */
#include "market_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "directory_fixture.h"
#include "directory/delta.h"
#include "directory/durable.h"
#include "market/directory/clerk.h"

static struct db *db;
static uint8_t ledger[CR_LEDGER_BYTES];

static int open_roll(void **state)
{
	if (place_folder(state))
		return -1;
	fix_ledger(ledger);
	db = place_open(DB_CREATE);
	expect_db(db, roll_prepare(db, true), DB_OK);
	return mkdir("shelf", 0700);
}

static int close_roll(void **state)
{
	db_close(db);
	db = NULL;
	return place_gone(state);
}

static enum roll_outcome hand_in(const struct cr_descriptor *d, uint64_t now, struct roll_entry *e)
{
	uint8_t bytes[CR_DESCRIPTOR_MAX];
	size_t len;

	memset(e, 0, sizeof(*e));
	e->ledger = ledger;
	e->now = now;
	assert_int_equal(cr_descriptor_encode(bytes, &len, d), CR_DIR_OK);
	expect_db(db, roll_add(db, e, bytes, len), DB_OK);
	return e->outcome;
}

static enum roll_outcome add(uint32_t i, uint32_t op, uint64_t serial, uint64_t capacity)
{
	struct cr_descriptor d;
	struct roll_entry e;

	fix_descriptor(&d, i, op);
	d.serial = serial;
	d.capacity = capacity;
	assert_int_equal(fix_resign(&d, i, op), CR_DIR_OK);
	return hand_in(&d, FIX_NOW, &e);
}

static void test_add(void **state)
{
	uint8_t bytes[CR_DESCRIPTOR_MAX];
	struct roll_fork forks[ROLL_FORKS_MAX];
	struct cr_descriptor d, got;
	struct roll_entry e;
	size_t len, n;

	(void)state;
	assert_int_equal(add(1, 1, 5, 100), ROLL_NEW);
	assert_int_equal(add(1, 1, 5, 100), ROLL_SAME);
	assert_int_equal(add(1, 1, 6, 100), ROLL_NEWER);
	assert_int_equal(add(1, 1, 5, 100), ROLL_OLD);
	fix_descriptor(&d, 1, 1);
	expect_db(db, roll_get(db, d.identity, bytes, &len), DB_OK);
	assert_int_equal(cr_descriptor_decode(&got, bytes, len), CR_DIR_OK);
	assert_int_equal(got.serial, 6);
	d.identity[0] ^= 1;
	expect_db(db, roll_get(db, d.identity, bytes, &len), DB_OK);
	assert_int_equal(len, 0);
	expect_db(db, roll_forks(db, NULL, forks, &n), DB_OK);
	assert_int_equal(n, 0);
	/* the same number, another content: kept, with both, and the first stays */
	assert_int_equal(add(1, 1, 6, 200), ROLL_FORK);
	assert_int_equal(add(1, 1, 6, 300), ROLL_FORK);
	expect_db(db, roll_forks(db, NULL, forks, &n), DB_OK);
	assert_int_equal(n, 1);
	assert_int_equal(forks[0].serial, 6);
	assert_int_equal(cr_descriptor_decode(&d, forks[0].one, forks[0].one_len), CR_DIR_OK);
	assert_int_equal(cr_descriptor_decode(&got, forks[0].two, forks[0].two_len), CR_DIR_OK);
	assert_true(cr_descriptor_conflict(&d, &got));
	expect_db(db, roll_forks(db, forks[0].identity, forks, &n), DB_OK);
	assert_int_equal(n, 0);
	expect_db(db, roll_get(db, d.identity, bytes, &len), DB_OK);
	assert_int_equal(cr_descriptor_decode(&got, bytes, len), CR_DIR_OK);
	assert_int_equal(got.capacity, 100);
	/* only the operator signed anew: no evidence against the relay */
	assert_int_equal(add(1, 1, 6, 100), ROLL_SAME);
	fix_descriptor(&d, 2, 2);
	hand_in(&d, FIX_NOW, &e);
	assert_int_equal(e.outcome, ROLL_NEW);
}

static void test_refused(void **state)
{
	struct cr_descriptor d;
	struct roll_entry e;
	uint8_t bytes[CR_DESCRIPTOR_MAX] = { 0 };

	(void)state;
	fix_descriptor(&d, 1, 1);
	assert_int_equal(hand_in(&d, d.until, &e), ROLL_WRONG);
	assert_int_equal(e.verdict, CR_DIR_STALE);
	assert_int_equal(hand_in(&d, d.from - CR_CLOCK_SKEW - 1, &e), ROLL_WRONG);
	assert_int_equal(e.verdict, CR_DIR_EARLY);
	d.signature[0] ^= 1;
	assert_int_equal(hand_in(&d, FIX_NOW, &e), ROLL_WRONG);
	assert_int_equal(e.verdict, CR_DIR_SIGNATURE);
	fix_descriptor(&d, 1, 1);
	d.ledger[0] ^= 1;
	fix_resign(&d, 1, 1);
	assert_int_equal(hand_in(&d, FIX_NOW, &e), ROLL_WRONG);
	assert_int_equal(e.verdict, CR_DIR_LEDGER);
	fix_descriptor(&d, 1, 1);
	memcpy(d.address[0].ip, "\x0a\x01\x02\x03", 4);
	fix_resign(&d, 1, 1);
	assert_int_equal(hand_in(&d, FIX_NOW, &e), ROLL_WRONG);
	assert_int_equal(e.verdict, CR_DIR_PRIVATE);
	fix_descriptor(&d, 1, 1);
	d.serial = 1ULL << 63;
	fix_resign(&d, 1, 1);
	assert_int_equal(hand_in(&d, FIX_NOW, &e), ROLL_WRONG);
	assert_int_equal(e.verdict, CR_DIR_NUMBER);
	e = (struct roll_entry){ .ledger = ledger, .now = FIX_NOW };
	expect_db(db, roll_add(db, &e, bytes, 10), DB_OK);
	assert_int_equal(e.outcome, ROLL_WRONG);
	assert_int_equal(e.verdict, CR_DIR_TRUNCATED);
}

/* Who is stale leaves; its serial number is remembered while an older descriptor could still be valid. */
static void test_prune(void **state)
{
	struct cr_descriptor d;
	struct cr_entry *e;
	struct roll_entry r;
	size_t n;

	(void)state;
	fix_descriptor(&d, 1, 1);
	hand_in(&d, FIX_NOW, &r);
	d.serial = 2;
	d.until = FIX_NOW + 100;
	fix_resign(&d, 1, 1);
	assert_int_equal(hand_in(&d, FIX_NOW, &r), ROLL_NEWER);
	expect_db(db, roll_prune(db, FIX_NOW + 100), DB_OK);
	expect_db(db, roll_call(db, FIX_NOW + 99, NULL, NULL, &e, &n), DB_OK);
	assert_int_equal(n, 1);
	free(e);
	expect_db(db, roll_call(db, FIX_NOW + 100, NULL, NULL, &e, &n), DB_OK);
	assert_int_equal(n, 0);
	free(e);
	fix_descriptor(&d, 1, 1);
	assert_int_equal(hand_in(&d, FIX_NOW + 200, &r), ROLL_OLD);
	expect_db(db, roll_prune(db, FIX_NOW + 100 + CR_DESCRIPTOR_LIFE_MAX), DB_OK);
	assert_int_equal(hand_in(&d, FIX_NOW + 200, &r), ROLL_NEW);
}

static enum db_result ninety(struct db *unused, const uint8_t operator_key[CR_PUBLIC_BYTES], uint64_t *stake, void *context)
{
	struct fix_key key;

	(void)unused;
	fix_key(&key, "operator", *(uint32_t *)context);
	*stake = memcmp(key.public_key, operator_key, CR_PUBLIC_BYTES) == 0 ? 90 : 0;
	return DB_OK;
}

static void test_call(void **state)
{
	uint32_t op = 7;
	struct cr_entry *e;
	struct cr_descriptor d;
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		add(i, i < 4 ? 7 : 8, 1, 1000);
	fix_descriptor(&d, 2, 7);
	expect_db(db, roll_measured(db, d.identity, 555), DB_OK);
	expect_db(db, roll_call(db, FIX_NOW, ninety, &op, &e, &n), DB_OK);
	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++) {
		struct fix_key key;

		fix_key(&key, "operator", 7);
		/* 90 for four relays */
		assert_int_equal(e[i].stake, memcmp(e[i].d.operator_key, key.public_key, CR_PUBLIC_BYTES) == 0 ? 22 : 0);
		assert_int_equal(e[i].measured, memcmp(e[i].d.identity, d.identity, CR_PUBLIC_BYTES) == 0 ? 555 : 0);
		assert_true(!i || memcmp(e[i - 1].d.identity, e[i].d.identity, CR_PUBLIC_BYTES) < 0);
	}
	free(e);
	expect_db(db, roll_measured(db, d.identity, 0), DB_OK);
	expect_db(db, roll_call(db, FIX_NOW, NULL, NULL, &e, &n), DB_OK);
	for (size_t i = 0; i < n; i++)
		assert_true(!e[i].measured && !e[i].stake);
	free(e);
}

static void ask_number(void *context)
{
	struct db *d = place_open(0);
	uint64_t number;

	(void)context;
	place_arm(d);
	roll_number(d, 1, &number);
	db_close(d);
}

/* Killed at any step, a number is skipped or not, and never given twice. */
static void test_number(void **state)
{
	uint64_t last = 0, number;
	unsigned int step;

	(void)state;
	expect_db(db, roll_number(db, 5, &last), DB_OK);
	assert_int_equal(last, 5);
	expect_db(db, roll_number(db, 5, &number), DB_OK);
	assert_int_equal(number, 6);
	expect_db(db, roll_number(db, 1000, &last), DB_OK);
	assert_int_equal(last, 1000);
	for (step = 1; place_die_at(step, ask_number, NULL); step++) {
		expect_db(db, roll_number(db, 1, &number), DB_OK);
		assert_true(number > last && number <= last + 2);
		last = number;
	}
	assert_true(step > 3);
}

/* ------------------------------------------------------------- shelf, clerk */

static struct clerk_order order;

static uint64_t make(uint64_t now)
{
	struct clerk_result r;

	fix_head(&order.head, 1);
	if (!clerk_make(db, "shelf", &order, now, &r))
		fail_msg("no snapshot: %s, %s", db_result_name(r.storage), cr_verdict_name(r.verdict));
	return r.number;
}

static struct cr_snapshot read_snapshot(const char *path, uint8_t **bytes)
{
	struct cr_snapshot s;
	size_t len;

	*bytes = cr_file_read(path, CR_SNAPSHOT_BYTES_MAX, &len);
	if (!*bytes)
		fail_msg("no file %s", path);
	assert_int_equal(cr_snapshot_parse(&s, *bytes, len), CR_DIR_OK);
	return s;
}

/* As `relayctl directory sign` does on the file. */
static void sign_file(uint32_t authority)
{
	size_t len;
	uint8_t *bytes, *more;

	bytes = cr_file_read("shelf/next", CR_SNAPSHOT_BYTES_MAX, &len);
	assert_non_null(bytes);
	more = malloc(len + CR_SIGNATURES_MAX);
	assert_non_null(more);
	memcpy(more, bytes, len);
	fix_sign(more, &len, authority);
	assert_true(cr_durable_write("shelf/next", more, len, 0644));
	free(more);
	free(bytes);
}

/* As it comes over the network. */
static enum cr_verdict sign_far(uint32_t authority, uint64_t number, const uint8_t *hash)
{
	uint8_t sig[CR_AUTHORITY_SIG_BYTES], message[CR_SNAPSHOT_MESSAGE];
	struct cr_snapshot s = { .head.number = number };
	struct cr_trust trust;
	struct fix_key key;

	fix_trust(&trust, 2, 3);
	fix_key(&key, "authority", authority);
	memcpy(s.head.ledger, ledger, sizeof(ledger));
	memcpy(s.hash, hash, CR_HASH_BYTES);
	cr_snapshot_message(message, &s);
	memcpy(sig, key.public_key, CR_PUBLIC_BYTES);
	cr_sign(sig + CR_PUBLIC_BYTES, message, sizeof(message), key.secret);
	return shelf_sign("shelf", &trust, number, hash, sig);
}

static enum cr_verdict publish(uint64_t now, uint64_t *number)
{
	struct cr_trust trust;

	fix_trust(&trust, 2, 3);
	return shelf_publish("shelf", &trust, now, number);
}

static void test_publish(void **state)
{
	uint8_t hash[CR_HASH_BYTES], *bytes;
	struct cr_snapshot s;
	uint64_t number, made, pending;
	uint32_t wrong;

	(void)state;
	assert_int_equal(publish(FIX_NOW, &number), CR_DIR_OK);
	assert_int_equal(number, 0);
	assert_int_equal(shelf_current("shelf", &number), CR_DIR_OK);
	assert_int_equal(number, 0);
	for (uint32_t i = 0; i < 3; i++)
		add(i, i, 1, 1000);
	made = make(FIX_NOW);
	assert_int_equal(made, FIX_NOW / 600);
	assert_int_equal(shelf_pending("shelf", &pending, hash), CR_DIR_OK);
	assert_int_equal(pending, made);
	assert_int_equal(publish(FIX_NOW, &number), CR_DIR_TOO_FEW);
	sign_file(0);
	assert_int_equal(publish(FIX_NOW, &number), CR_DIR_TOO_FEW);
	/* the second signature comes from far */
	assert_int_equal(sign_far(9, made, hash), CR_DIR_KEY);
	assert_int_equal(sign_far(2, made + 1, hash), CR_DIR_FORK);
	hash[0] ^= 1;
	assert_int_equal(sign_far(2, made, hash), CR_DIR_FORK);
	hash[0] ^= 1;
	assert_int_equal(sign_far(0, made, hash), CR_DIR_OK);
	assert_int_equal(publish(FIX_NOW, &number), CR_DIR_TOO_FEW);
	assert_int_equal(sign_far(2, made, hash), CR_DIR_OK);
	assert_int_equal(sign_far(2, made, hash), CR_DIR_OK);
	assert_int_equal(publish(FIX_NOW, &number), CR_DIR_OK);
	assert_int_equal(number, made);
	assert_int_equal(shelf_current("shelf", &number), CR_DIR_OK);
	assert_int_equal(number, made);
	/* once is enough */
	assert_int_equal(publish(FIX_NOW, &number), CR_DIR_OK);
	assert_int_equal(number, 0);
	{
		char path[64];

		assert_true(shelf_name(path, sizeof(path), "shelf", 0, made));
		s = read_snapshot(path, &bytes);
	}
	assert_int_equal(s.head.relay_count, 3);
	assert_int_equal(s.sig_count, 2);
	assert_int_equal(cr_snapshot_audit(&s, &wrong), CR_DIR_OK);
	free(bytes);
	/* a signature that nobody made */
	assert_int_equal(make(FIX_NOW + 1), made + 1);
	assert_int_equal(shelf_pending("shelf", &pending, hash), CR_DIR_OK);
	{
		struct cr_trust trust;
		uint8_t sig[CR_AUTHORITY_SIG_BYTES] = { 0 };
		struct fix_key key;

		fix_trust(&trust, 2, 3);
		fix_key(&key, "authority", 1);
		memcpy(sig, key.public_key, CR_PUBLIC_BYTES);
		assert_int_equal(shelf_sign("shelf", &trust, pending, hash, sig), CR_DIR_SIGNATURE);
	}
}

static bool there(uint64_t base, uint64_t number)
{
	char path[64];

	assert_true(shelf_name(path, sizeof(path), "shelf", base, number));
	return access(path, F_OK) == 0;
}

/* Each is chained to the one before; deltas lead to the newest from as many as there are. */
static void test_deltas(void **state)
{
	uint8_t *base_bytes, *delta, *bytes, *out, previous[CR_HASH_BYTES] = { 0 };
	uint64_t first = 0, number, newest = 0;
	struct cr_snapshot base, s;
	struct cr_delta d;
	char path[64];
	size_t len;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		add(i, i, 1, 1000);
	for (uint32_t i = 0; i < SHELF_BASES + 2; i++) {
		/* most stay as they are: a delta that saves nothing is not made */
		if (i % 2)
			add(0, 0, 10 + i, 1000);
		newest = make(FIX_NOW + i);
		first = first ? first : newest;
		assert_int_equal(newest, first + i);
		sign_file(0);
		sign_file(1);
		assert_int_equal(publish(FIX_NOW + i, &number), CR_DIR_OK);
		assert_int_equal(number, newest);
		assert_true(shelf_name(path, sizeof(path), "shelf", 0, newest));
		s = read_snapshot(path, &bytes);
		assert_memory_equal(s.head.previous, previous, CR_HASH_BYTES);
		memcpy(previous, s.hash, CR_HASH_BYTES);
		free(bytes);
	}
	assert_true(shelf_name(path, sizeof(path), "shelf", 0, newest));
	s = read_snapshot(path, &bytes);
	for (uint64_t b = first; b < newest; b++) {
		assert_int_equal(there(b, newest), b + SHELF_BASES >= newest);
		assert_false(there(b, newest - 1));
		assert_int_equal(there(0, b), b + SHELF_BASES > newest);
		if (b + SHELF_BASES <= newest)
			continue;
		assert_true(shelf_name(path, sizeof(path), "shelf", 0, b));
		base = read_snapshot(path, &base_bytes);
		assert_true(shelf_name(path, sizeof(path), "shelf", b, newest));
		delta = cr_file_read(path, CR_SNAPSHOT_BYTES_MAX, &len);
		assert_non_null(delta);
		assert_int_equal(cr_delta_parse(&d, delta, len), CR_DIR_OK);
		out = malloc(cr_delta_bytes(&d));
		assert_non_null(out);
		assert_int_equal(cr_delta_apply(&d, &base, out), CR_DIR_OK);
		assert_int_equal(cr_delta_bytes(&d), s.len);
		assert_memory_equal(out, s.body, s.len);
		free(out);
		free(delta);
		free(base_bytes);
	}
	free(bytes);
}

static void test_damaged(void **state)
{
	uint64_t number;

	(void)state;
	assert_true(cr_durable_write("shelf/current", "x\n", 2, 0644));
	assert_int_equal(shelf_current("shelf", &number), CR_DIR_STORAGE);
	assert_true(cr_durable_write("shelf/current", "7", 1, 0644));
	assert_int_equal(shelf_current("shelf", &number), CR_DIR_STORAGE);
	assert_true(cr_durable_write("shelf/current", "7\n", 2, 0644));
	assert_int_equal(shelf_current("shelf", &number), CR_DIR_OK);
	assert_int_equal(number, 7);
	assert_true(cr_durable_write("shelf/next", "garbage", 7, 0644));
	assert_int_equal(publish(FIX_NOW, &number), CR_DIR_TRUNCATED);
}

int main(void)
{
#define TEST(t)	cmocka_unit_test_setup_teardown(t, open_roll, close_roll)
	const struct CMUnitTest tests[] = {
		TEST(test_add),
		TEST(test_refused),
		TEST(test_prune),
		TEST(test_call),
		TEST(test_number),
		TEST(test_publish),
		TEST(test_deltas),
		TEST(test_damaged),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("market directory", tests, NULL, NULL);
}
