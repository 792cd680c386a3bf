// SPDX-License-Identifier: MIT
/* Snapshots as they come to the daemon: which are taken, and what is built on when none is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail	/* the daemon has one, too */

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "directory.h"
#include "directory/durable.h"
#include "directory/store.h"
#include "directory_fixture.h"
#include "log.h"
#include "metrics.h"
#include "peers.h"
#include "relayd.h"

static char folder[40];
static unsigned int told;	/* of a newer one, the rest of the daemon */

void relayd_snapshot_taken(void)
{
	told++;
}

void metric_add(enum metric m, unsigned int n)
{
	(void)m;
	(void)n;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Snapshot @number of @n relays, valid from @age seconds ago for three times @period, signed by @signers authorities. */
static void snapshot(uint64_t number, uint32_t n, uint64_t age, uint32_t period, unsigned int signers, long spoil)
{
	uint64_t now = (uint64_t)time(NULL);
	struct cr_entry e[4] = { 0 };
	struct cr_snapshot_head head;
	uint8_t *bytes;
	size_t len;

	fix_head(&head, number);
	head.from = now - age;
	head.period = period;
	head.params.constraints = CR_DIFFER_OPERATOR;
	for (uint32_t i = 0; i < n; i++) {
		struct cr_descriptor *d = &e[i].d;

		fix_descriptor(d, i, i);
		d->from = d->onion[0].from = now - 3600;
		d->until = d->onion[0].until = now + 86400;
		assert_int_equal(fix_resign(d, i, i), CR_DIR_OK);
	}
	bytes = fix_snapshot(&head, e, n, &len);
	for (unsigned int i = 0; i < signers; i++)
		fix_sign(bytes, &len, i);
	if (spoil >= 0)
		bytes[spoil] ^= 1;
	write_file(conf.snapshot, bytes, len);
	free(bytes);
}

static struct peer *relay(uint32_t i)
{
	struct fix_key key;

	fix_key(&key, "relay", i);
	return peer_by_identity(key.public_key);
}

static int fresh(void **state)
{
	char text[512], hex[3][65];
	struct cr_trust trust;

	(void)state;
	memset(&conf, 0, sizeof(conf));
	strcpy(folder, "/tmp/relayd-directory.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(conf.state, sizeof(conf.state), "%s/state", folder);
	snprintf(conf.snapshot, sizeof(conf.snapshot), "%s/snapshot", folder);
	snprintf(conf.authorities, sizeof(conf.authorities), "%s/authorities", folder);
	strcpy(conf.client_dev, "cell0");
	fix_trust(&trust, 2, 2);
	sodium_bin2hex(hex[0], 65, trust.ledger, 32);
	sodium_bin2hex(hex[1], 65, trust.key[0], 32);
	sodium_bin2hex(hex[2], 65, trust.key[1], 32);
	snprintf(text, sizeof(text), "ledger %s\nthreshold 2\nauthority %s\nauthority %s\n", hex[0], hex[1], hex[2]);
	write_file(conf.authorities, text, strlen(text));
	return 0;
}

static int done(void **state)
{
	char cmd[64];

	(void)state;
	directory_close();
	peers_free();
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
	return system(cmd);
}

static void says(enum rc rc, const char *text)
{
	assert_int_equal(directory_read(), rc);
	if (rc && !strstr(log_last(), text)) {
		print_error("%s\n", log_last());
		assert_true(false);
	}
}

static void taken(void **state)
{
	struct peer *first;

	(void)state;
	snapshot(7, 3, 10, 600, 2, -1);
	assert_int_equal(directory_open(), RC_OK);
	assert_true(relayd_snapshot()->number == 7);
	assert_true(directory_fresh());
	assert_int_equal(directory_view(false)->n, 3);
	first = relay(0);
	assert_true(first && first->listed && relay(2)->listed);
	/* a newer one replaces it, and a relay that is in it no more is not built on */
	snapshot(8, 2, 5, 600, 2, -1);
	says(RC_OK, NULL);
	assert_true(relayd_snapshot()->number == 8);
	assert_int_equal(told, 2);
	assert_ptr_equal(relay(0), first);
	assert_false(relay(2)->listed);
	/* an older one does not, nor another of the same number */
	snapshot(7, 3, 10, 600, 2, -1);
	says(RC_REFUSED, "older than the one that we have");
	snapshot(8, 3, 5, 600, 2, -1);
	says(RC_REFUSED, "");
	assert_true(relayd_snapshot()->number == 8);
	assert_false(relay(2)->listed);
	/* the next daemon begins with what was kept, even without the file */
	directory_close();
	peers_free();
	unlink(conf.snapshot);
	assert_int_equal(directory_open(), RC_OK);
	assert_true(relayd_snapshot()->number == 8);
	assert_true(relay(1)->listed);
}

static void refused(void **state)
{
	(void)state;
	snapshot(20, 2, 10, 600, 2, -1);
	assert_int_equal(directory_open(), RC_OK);
	snapshot(21, 2, 10, 600, 1, -1);
	says(RC_REFUSED, "is not taken");	/* one of two signatures */
	snapshot(21, 2, 10, 600, 2, 200);
	says(RC_REFUSED, "is not taken");	/* a bit of the content */
	write_file(conf.snapshot, "junk", 4);
	says(RC_REFUSED, "is not taken");
	unlink(conf.snapshot);
	says(RC_REFUSED, "cannot read");
	assert_true(relayd_snapshot()->number == 20);
	assert_true(directory_fresh());
}

static void stale(void **state)
{
	(void)state;
	snapshot(30, 2, 100, 1, 2, -1);
	assert_int_equal(directory_open(), RC_OK);
	says(RC_REFUSED, "not valid any more");
	assert_false(directory_fresh());
	assert_null(directory_view(false));
	/* not valid yet: this clock is behind by more than is excused */
	snapshot(31, 2, (uint64_t)-3600, 600, 2, -1);
	says(RC_REFUSED, "is not taken");
	snapshot(31, 2, 1, 600, 2, -1);
	says(RC_OK, NULL);
	assert_true(directory_fresh());
	/* without a directory everything that the peers file names may be built on */
	directory_close();
	conf.authorities[0] = '\0';
	assert_true(directory_fresh());
	assert_null(directory_json());
}

/* relayctl directory fetch keeps one in our folder while we run. */
static void kept_by_another(void **state)
{
	char store[sizeof(conf.state) + 16];
	struct cr_trust trust;
	struct cr_snapshot s;
	uint8_t *bytes;
	uint64_t floor;
	size_t len;
	bool kept;

	(void)state;
	snapshot(50, 2, 100, 1, 2, -1);
	assert_int_equal(directory_open(), RC_OK);
	assert_false(directory_fresh());
	snapshot(51, 2, 1, 600, 2, -1);
	bytes = cr_file_read(conf.snapshot, CR_SNAPSHOT_BYTES_MAX, &len);
	assert_non_null(bytes);
	unlink(conf.snapshot);
	conf.snapshot[0] = '\0';
	fix_trust(&trust, 2, 2);
	snprintf(store, sizeof(store), "%s/directory", conf.state);
	assert_int_equal(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK);
	assert_int_equal(cr_store_offer(store, &s, &trust, (uint64_t)time(NULL), &floor, &kept), CR_DIR_OK);
	assert_true(kept);
	free(bytes);
	told = 0;
	says(RC_OK, NULL);
	assert_true(directory_number() == 51 && directory_fresh());
	assert_int_equal(told, 1);
	says(RC_OK, NULL);
	assert_int_equal(told, 1);
}

static void another_ledger(void **state)
{
	(void)state;
	conf.ledger[0] = 1;
	snapshot(40, 2, 1, 600, 2, -1);
	assert_int_equal(directory_open(), RC_USAGE);
	assert_non_null(strstr(log_last(), "another ledger"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(taken), TEST(refused), TEST(stale), TEST(kept_by_another), TEST(another_ledger) };

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd: directory", tests, NULL, NULL);
}
