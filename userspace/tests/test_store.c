// SPDX-License-Identifier: MIT
/* What is kept and what is refused; numbers that are never used twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "directory_fixture.h"
#include "directory/durable.h"
#include "directory/serial.h"
#include "directory/store.h"

static char folder[64];

static int fresh(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/cellrelay-store.XXXXXX");
	return !mkdtemp(folder) || chdir(folder);
}

static int cleanup(void **state)
{
	char cmd[96];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
	return chdir("/") || system(cmd);
}

static void expect(enum cr_verdict got, enum cr_verdict want, const char *what)
{
	if (got != want)
		fail_msg("%s: %s, not %s (%s)", what, cr_verdict_name(got), cr_verdict_name(want), strerror(errno));
}

static uint8_t previous[CR_HASH_BYTES], offered[CR_HASH_BYTES];

/* Offer snapshot @number, after @previous, signed by @signers, of the relays from @first on. */
static enum cr_verdict offer(uint64_t number, unsigned int signers, uint32_t first, uint64_t now, bool *kept)
{
	struct cr_snapshot_head head;
	struct cr_entry e[2];
	struct cr_trust trust;
	struct cr_snapshot s;
	enum cr_verdict v;
	uint64_t have;
	uint8_t *bytes;
	size_t len;

	memset(e, 0, sizeof(e));
	fix_descriptor(&e[0].d, first, 1);
	fix_descriptor(&e[1].d, first + 1, 2);
	fix_head(&head, number);
	memcpy(head.previous, previous, sizeof(previous));
	bytes = fix_snapshot(&head, e, 2, &len);
	for (unsigned int i = 0; i < signers; i++)
		fix_sign(bytes, &len, i);
	expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "parse");
	memcpy(offered, s.hash, sizeof(offered));
	fix_trust(&trust, 2, 3);
	v = cr_store_offer(folder, &s, &trust, now, &have, kept);
	free(bytes);
	return v;
}

static uint64_t stored(void)
{
	struct cr_stored got;
	uint64_t number;

	expect(cr_store_load(folder, &got), CR_DIR_OK, "load");
	number = got.bytes ? got.s.head.number : 0;
	cr_store_free(&got);
	return number;
}

static void test_keep_last_good(void **state)
{
	bool kept;

	(void)state;
	assert_int_equal(stored(), 0);
	expect(offer(5, 1, 1, FIX_NOW, &kept), CR_DIR_TOO_FEW, "one signature");
	assert_int_equal(stored(), 0);
	expect(offer(5, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "first");
	assert_true(kept);
	assert_int_equal(stored(), 5);
	/* the same again is no error and no work, also with more signatures */
	expect(offer(5, 3, 1, FIX_NOW, &kept), CR_DIR_OK, "again");
	assert_false(kept);
	expect(offer(4, 3, 1, FIX_NOW, &kept), CR_DIR_ROLLBACK, "older");
	expect(offer(4, 1, 1, FIX_NOW, &kept), CR_DIR_TOO_FEW, "older and forged");
	expect(offer(6, 3, 1, FIX_NOW + 1800, &kept), CR_DIR_STALE, "newer but stale");
	expect(offer(6, 3, 1, 0, &kept), CR_DIR_EARLY, "clock in 1970");
	assert_int_equal(stored(), 5);
	expect(offer(7, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "newer");
	assert_int_equal(stored(), 7);
	/* an old one stays refused when the one we have has itself run out */
	expect(offer(5, 2, 1, FIX_NOW + 9000, &kept), CR_DIR_ROLLBACK, "older, all stale");
}

static void test_fork(void **state)
{
	struct cr_snapshot s;
	uint8_t *bytes;
	bool kept;
	size_t len;

	(void)state;
	expect(offer(5, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "first");
	expect(offer(5, 1, 3, FIX_NOW, &kept), CR_DIR_TOO_FEW, "a forgery is no evidence");
	assert_int_not_equal(access("fork-5", F_OK), 0);
	expect(offer(5, 2, 3, FIX_NOW, &kept), CR_DIR_FORK, "same number, other relays");
	assert_false(kept);
	assert_int_equal(stored(), 5);
	/* both are there to be shown */
	bytes = cr_file_read("fork-5", CR_SNAPSHOT_BYTES_MAX, &len);
	assert_non_null(bytes);
	expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "evidence");
	assert_int_equal(s.sig_count, 2);
	free(bytes);
	/* also later, when both are stale */
	assert_int_equal(unlink("fork-5"), 0);
	expect(offer(5, 2, 3, FIX_NOW + 9000, &kept), CR_DIR_FORK, "stale fork");
	assert_int_equal(access("fork-5", F_OK), 0);
}

/* Who was shown a snapshot of his own finds out with the next one. */
static void test_chain(void **state)
{
	bool kept;

	(void)state;
	memset(previous, 0, sizeof(previous));
	expect(offer(5, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "first");
	memcpy(previous, offered, sizeof(previous));
	previous[0] ^= 1;
	expect(offer(6, 1, 1, FIX_NOW, &kept), CR_DIR_TOO_FEW, "a forgery is no evidence");
	assert_int_not_equal(access("fork-6", F_OK), 0);
	expect(offer(6, 2, 1, FIX_NOW, &kept), CR_DIR_CHAIN, "after another one");
	assert_int_equal(access("fork-6", F_OK), 0);
	assert_int_equal(stored(), 5);
	previous[0] ^= 1;
	expect(offer(6, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "after ours");
	/* one that is not next says nothing about ours */
	expect(offer(8, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "after a gap");
	memset(previous, 0, sizeof(previous));
	expect(offer(9, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "names none");
}

static void test_damaged(void **state)
{
	bool kept;

	(void)state;
	expect(offer(5, 2, 1, FIX_NOW, &kept), CR_DIR_OK, "first");
	assert_int_equal(truncate("snapshot", 100), 0);
	/* not silently forgotten: that would be a rollback to anything */
	expect(offer(4, 2, 1, FIX_NOW, &kept), CR_DIR_TRUNCATED, "damaged store");
	assert_int_equal(unlink("snapshot"), 0);
	assert_int_equal(mkdir("snapshot", 0700), 0);
	expect(offer(6, 2, 1, FIX_NOW, &kept), CR_DIR_STORAGE, "a folder in its place");
}

static void test_serial(void **state)
{
	uint64_t n;

	(void)state;
	expect(cr_serial_next("serial", 100, &n), CR_DIR_OK, "first");
	assert_int_equal(n, 100);
	expect(cr_serial_next("serial", 50, &n), CR_DIR_OK, "never lower");
	assert_int_equal(n, 101);
	expect(cr_serial_next("serial", 1000, &n), CR_DIR_OK, "may jump");
	assert_int_equal(n, 1000);
	assert_true(cr_durable_write("serial", "18446744073709551615 "
		"0000000000000000000000000000000000000000000000000000000000000000\n", 86, 0600));
	expect(cr_serial_next("serial", 1, &n), CR_DIR_NUMBER, "used up");
	/* what is damaged stops the signer, it does not start again */
	static const char *const bad[] = { "", "5", "5 00\n", "-1 ", "x", "5 "
		"00000000000000000000000000000000000000000000000000000000000000zz\n", "05 "
		"0000000000000000000000000000000000000000000000000000000000000000\n", "99999999999999999999 "
		"0000000000000000000000000000000000000000000000000000000000000000\n" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(cr_durable_write("serial", bad[i], strlen(bad[i]), 0600));
		errno = 0;
		expect(cr_serial_next("serial", 1, &n), CR_DIR_STORAGE, bad[i]);
		assert_int_equal(errno, EBADMSG);
	}
	expect(cr_serial_next("no-such-folder/serial", 1, &n), CR_DIR_STORAGE, "no folder");
}

static void test_claim(void **state)
{
	uint8_t a[CR_HASH_BYTES] = { 1 }, b[CR_HASH_BYTES] = { 2 };

	(void)state;
	expect(cr_serial_claim("signed", 5, a), CR_DIR_OK, "first");
	expect(cr_serial_claim("signed", 5, a), CR_DIR_OK, "the same again");
	expect(cr_serial_claim("signed", 5, b), CR_DIR_REUSE, "other content");
	expect(cr_serial_claim("signed", 4, b), CR_DIR_ROLLBACK, "older");
	expect(cr_serial_claim("signed", 6, b), CR_DIR_OK, "next");
	expect(cr_serial_claim("signed", 5, a), CR_DIR_ROLLBACK, "older, though signed before");
	expect(cr_serial_claim("other", 0, a), CR_DIR_ROLLBACK, "number 0");
}

/* Many processes at once, some of them killed: no number comes out twice. */
static void test_serial_crash(void **state)
{
	enum { CHILDREN = 8, EACH = 20 };
	uint64_t got[CHILDREN * EACH];
	size_t n = 0;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (int c = 0; c < CHILDREN; c++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid)
			continue;
		for (int i = 0; i < EACH; i++) {
			uint64_t number;

			if (cr_serial_next("serial", 1, &number) != CR_DIR_OK ||
			    write(pipes[1], &number, sizeof(number)) != sizeof(number))
				_exit(1);
			if (c % 2 && i == EACH / 2)
				raise(SIGKILL);
		}
		_exit(0);
	}
	close(pipes[1]);
	while (n < CHILDREN * EACH && read(pipes[0], &got[n], sizeof(got[n])) == sizeof(got[n]))
		n++;
	close(pipes[0]);
	while (wait(NULL) > 0)
		;
	assert_in_range(n, CHILDREN * EACH / 2, CHILDREN * EACH);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(got[i], got[j]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, cleanup)
	const struct CMUnitTest tests[] = {
		TEST(test_keep_last_good), TEST(test_fork), TEST(test_chain), TEST(test_damaged), TEST(test_serial),
		TEST(test_claim), TEST(test_serial_crash),
	};

	return sodium_init() < 0 || cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
