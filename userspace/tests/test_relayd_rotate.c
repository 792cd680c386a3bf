// SPDX-License-Identifier: MIT
/*
 * A relay's static keys over months, against a directory that is played here: whatever snapshot a client goes by, and with a clock that
 * is off as far as is excused, the relay answers; never are there more than two keys, and old ones are gone from the disk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail	/* the daemon has one, too */

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "directory.h"
#include "directory/durable.h"
#include "directory/snapshot.h"
#include "directory_fixture.h"
#include "keys.h"
#include "links.h"
#include "log.h"
#include "rotate.h"

#define HOUR	3600ULL
#define DAY	86400ULL
#define PERIOD	600u

static struct cr_descriptor known;	/* what the snapshot says of us */
static bool fresh_snapshot, in_snapshot;
static unsigned int changes;		/* of our keys, told to links.c */

bool directory_fresh(void)
{
	return fresh_snapshot;
}

bool directory_own(struct cr_descriptor *d, const uint8_t identity[CR_PUBLIC_BYTES])
{
	assert_memory_equal(identity, keys->identity, 32);
	*d = known;
	return in_snapshot;
}

void directory_times(uint64_t *since, uint32_t *period)
{
	*since = 0;
	*period = PERIOD;
}

void links_keys_changed(void)
{
	changes++;
}

/* ---- the plan ---- */

static void plan(void **state)
{
	struct rotate_key k[2] = { { .from = 100 * DAY, .until = 108 * DAY, .listed = true } };
	struct rotate_plan p;

	(void)state;
	/* two days before the end, and not before; for a time that overlaps by a day and lasts a week beyond */
	p = rotate_plan(k, 1, 0, 106 * DAY - 1, PERIOD);
	assert_false(p.make || p.drop);
	p = rotate_plan(k, 1, 0, 106 * DAY, PERIOD);
	assert_true(p.make && p.from == 107 * DAY && p.until == 115 * DAY && !p.use);
	/* too late for that: at once */
	p = rotate_plan(k, 1, 0, 120 * DAY, PERIOD);
	assert_true(p.make && p.from == 120 * DAY && p.until == 128 * DAY && !p.drop);
	/* no third one */
	k[1] = (struct rotate_key){ .from = 107 * DAY, .until = 115 * DAY };
	p = rotate_plan(k, 2, 0, 107 * DAY, PERIOD);
	assert_false(p.make || p.drop);
	/* not used before the snapshot names it, nor before its time */
	assert_int_equal(p.use, 0);
	k[1].listed = true;
	assert_int_equal(rotate_plan(k, 2, 0, 107 * DAY - 1, PERIOD).use, 0);
	assert_int_equal(rotate_plan(k, 2, 0, 107 * DAY, PERIOD).use, 1);
	assert_int_equal(rotate_plan(k, 2, 1, 107 * DAY, PERIOD).use, 1);
	/* the old one until all that named it is stale, for the slowest clock */
	assert_int_equal(rotate_plan(k, 2, 1, 108 * DAY + 3 * PERIOD + CR_CLOCK_SKEW - 1, PERIOD).drop, 0);
	assert_int_equal(rotate_plan(k, 2, 1, 108 * DAY + 3 * PERIOD + CR_CLOCK_SKEW, PERIOD).drop, 1);
	/* never the one in use: the snapshot has only that */
	k[1].listed = false;
	assert_int_equal(rotate_plan(k, 2, 0, 200 * DAY, PERIOD).drop, 0);
	/* of a key of which nobody said when it ends the next one's beginning tells */
	k[0] = (struct rotate_key){ .until = 0 };
	k[1].listed = true;
	p = rotate_plan(k, 2, 0, 107 * DAY, PERIOD);
	assert_true(p.use == 1 && !p.drop);
	assert_int_equal(rotate_plan(k, 2, 1, 108 * DAY + 3 * PERIOD + CR_CLOCK_SKEW, PERIOD).drop, 1);
	/* nothing is known at all: nothing is done */
	k[1] = k[0];
	p = rotate_plan(k, 2, 1, 500 * DAY, PERIOD);
	assert_true(!p.make && !p.drop && p.use == 1);
}

/* ---- months ---- */

static char folder[48];

static int fresh(void **state)
{
	(void)state;
	memset(&conf, 0, sizeof(conf));
	changes = 0;
	fresh_snapshot = in_snapshot = true;
	strcpy(folder, "/tmp/relayd-rotate.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	conf.relay = conf.rotate = true;
	snprintf(conf.state, sizeof(conf.state), "%s", folder);
	snprintf(conf.keys, sizeof(conf.keys), "%s/first", folder);
	return 0;
}

static int done(void **state)
{
	char cmd[80];

	(void)state;
	rotate_stop();
	keys_free();
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
	return system(cmd);
}

/* As a daemon that starts. */
static void load(void)
{
	keys_free();
	assert_int_equal(keys_load(conf.keys, conf.state), RC_OK);
}

/* The first descriptor, by the operator, for a key of @days from @now. */
static void enrol(uint64_t now, unsigned int days)
{
	struct fix_key operator;

	assert_int_equal(keys_make(conf.keys), RC_OK);
	load();
	fix_descriptor(&known, 1, 1);
	memcpy(known.identity, keys->identity, 32);
	known.serial = now;
	known.onion_count = 1;
	memcpy(known.onion[0].public_key, keys->s[0].x, 32);
	known.from = known.onion[0].from = now;
	known.until = known.onion[0].until = now + days * DAY;
	fix_key(&operator, "operator", 1);
	memcpy(known.operator_key, operator.public_key, 32);
	cr_operator_sign(&known, operator.secret);
	assert_int_equal(cr_descriptor_sign(&known, keys->identity_secret), CR_DIR_OK);
}

/* What the operator carries to the authorities. */
static bool carry(uint64_t now)
{
	char file[80];
	struct cr_descriptor d;
	uint8_t *bytes;
	size_t len;

	snprintf(file, sizeof(file), "%s/descriptor", folder);
	bytes = cr_file_read(file, CR_DESCRIPTOR_MAX, &len);
	if (!bytes)
		return false;
	assert_int_equal(cr_descriptor_decode(&d, bytes, len), CR_DIR_OK);
	free(bytes);
	assert_int_equal(cr_descriptor_verify(&d), CR_DIR_OK);
	assert_true(d.from <= now && now < d.until);
	if (d.serial <= known.serial)
		return false;
	known = d;
	return true;
}

static bool answers(const uint8_t x[32])
{
	for (unsigned int i = 0; i < keys->n; i++)
		if (memcmp(keys->s[i].x, x, 32) == 0)
			return true;
	return false;
}

static unsigned int key_files(void)
{
	char dir[80], file[400];
	unsigned int n = 0;
	struct dirent *e;
	struct stat st;
	DIR *d;

	snprintf(file, sizeof(file), "%s/static.key", conf.keys);
	n += access(file, F_OK) == 0;
	snprintf(dir, sizeof(dir), "%s/keys", folder);
	d = opendir(dir);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			snprintf(file, sizeof(file), "%s/%s", dir, e->d_name);
			assert_int_equal(stat(file, &st), 0);
			assert_int_equal(st.st_mode & 0777, 0600);
			n++;
		}
	if (d)
		closedir(d);
	return n;
}

/* @lag: hours until the directory has what relayd wrote; restarts now and then */
static void months(uint64_t lag, unsigned int least)
{
	const uint64_t begin = FIX_NOW;
	struct cr_descriptor live[4];	/* snapshots that are valid: the newest first, by period */
	uint64_t due = 0;
	unsigned int rotations = 0, uses = 0;
	uint8_t used[32];

	enrol(begin, 8);
	memcpy(used, keys_now()->x, 32);
	for (int i = 0; i < 4; i++)
		live[i] = known;
	for (uint64_t now = begin; now < begin + 90 * DAY; now += PERIOD) {
		char file[80];

		memmove(&live[1], &live[0], 3 * sizeof(live[0]));
		snprintf(file, sizeof(file), "%s/descriptor", folder);
		if (!due && access(file, F_OK) == 0)
			due = now + lag;
		if (due && now >= due) {
			rotations += carry(now);
			due = 0;
			unlink(file);
		}
		live[0] = known;
		if (now % (7 * HOUR) < PERIOD)
			load();
		rotate_look_at(now);
		assert_in_range(keys->n, 1, CR_STATIC_KEYS);
		assert_int_equal(key_files(), keys->n);
		if (memcmp(used, keys_now()->x, 32) != 0) {
			memcpy(used, keys_now()->x, 32);
			uses++;
		}
		/* by any snapshot that is valid, with a clock that is right, slow or fast */
		for (int i = 0; i < 4; i++)
			for (int skew = -CR_CLOCK_SKEW; skew <= CR_CLOCK_SKEW; skew += CR_CLOCK_SKEW) {
				const struct cr_onion_key *o = cr_descriptor_onion(&live[i], now + (uint64_t)(int64_t)skew);

				if (o)
					assert_true(answers(o->public_key));
			}
		/* and others know whose key we ask with */
		assert_true(memcmp(live[0].onion[0].public_key, used, 32) == 0 ||
			    (live[0].onion_count == 2 && memcmp(live[0].onion[1].public_key, used, 32) == 0));
		/* the directory never runs out of keys of ours */
		if (lag < DAY)
			assert_non_null(cr_descriptor_onion(&known, now));
	}
	assert_true(rotations >= least && uses >= least - 1);
}

static void weeks(void **state)
{
	(void)state;
	months(3 * HOUR, 12);
	/* each of them told links.c: made and dropped */
	assert_in_range(changes, 22, 27);
}

/* An operator who takes six days each time loses time in the directory, never a client. */
static void late(void **state)
{
	(void)state;
	months(6 * DAY, 6);
}

/* ---- what can go wrong ---- */

static void crash(void **state)
{
	uint64_t now = FIX_NOW + 6 * DAY;
	uint8_t x[32];
	char file[80];

	(void)state;
	enrol(FIX_NOW, 8);
	/* between key and descriptor: the same key is described */
	assert_int_equal(keys_add(conf.state, now + DAY, now + 9 * DAY), RC_OK);
	memcpy(x, keys->s[1].x, 32);
	load();
	assert_int_equal(keys->n, 2);
	rotate_look_at(now);
	assert_int_equal(keys->n, 2);
	assert_true(carry(now));
	assert_memory_equal(known.onion[1].public_key, x, 32);
	assert_int_equal(known.onion_count, 2);
	/* once written it is not written again and again */
	snprintf(file, sizeof(file), "%s/descriptor", folder);
	unlink(file);
	rotate_look_at(now + 1);
	assert_int_not_equal(access(file, F_OK), 0);
}

static void no_room(void **state)
{
	char dir[80];
	FILE *f;

	(void)state;
	enrol(FIX_NOW, 8);
	/* a new key that cannot be kept is none */
	snprintf(dir, sizeof(dir), "%s/keys", folder);
	f = fopen(dir, "w");
	assert_non_null(f);
	fclose(f);
	rotate_look_at(FIX_NOW + 7 * DAY);
	assert_int_equal(keys->n, 1);
	assert_int_equal(changes, 0);
	assert_false(carry(FIX_NOW + 7 * DAY));
	unlink(dir);
	rotate_look_at(FIX_NOW + 7 * DAY);
	assert_int_equal(keys->n, 2);
}

/* Of a relay that nobody lists nobody would learn the new key. */
static void unlisted(void **state)
{
	(void)state;
	enrol(FIX_NOW, 8);
	in_snapshot = false;
	rotate_look_at(FIX_NOW + 7 * DAY);
	assert_int_equal(keys->n, 1);
	assert_null(rotate_json());
	in_snapshot = true;
	fresh_snapshot = false;
	rotate_look_at(FIX_NOW + 7 * DAY);
	assert_int_equal(keys->n, 1);
	fresh_snapshot = true;
	conf.rotate = false;
	rotate_look_at(FIX_NOW + 7 * DAY);
	assert_int_equal(keys->n, 1);
}

static void damaged(void **state)
{
	char dir[80], file[120];
	FILE *f;

	(void)state;
	enrol(FIX_NOW, 8);
	snprintf(dir, sizeof(dir), "%s/keys", folder);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(file, sizeof(file), "%s/static-0123456789abcdef.key", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n7 6\n", f);
	fclose(f);
	assert_int_equal(chmod(file, 0600), 0);
	keys_free();
	assert_int_equal(keys_load(conf.keys, conf.state), RC_USAGE);
	keys_free();
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(keys_load(conf.keys, conf.state), RC_USAGE);
	assert_non_null(strstr(log_last(), "nobody else may read"));
}

/* Handshakes made for either key are taken, and for none that was dropped. */
static void handshakes(void **state)
{
	uint8_t prologue[CR_PROLOGUE_LEN] = { 1 }, msg[CR_CELL_LARGE], payload[CR_CELL_LARGE], old[2][32];
	struct noise *there, *here;
	size_t len, n;

	(void)state;
	enrol(FIX_NOW, 8);
	rotate_look_at(FIX_NOW + 6 * DAY);
	assert_int_equal(keys->n, 2);
	for (int i = 0; i < 2; i++)
		memcpy(old[i], keys->s[i].x, 32);
	for (int dropped = 0; dropped < 2; dropped++) {
		for (int i = 0; i < 2; i++) {
			len = sizeof(msg);
			assert_int_equal(noise_new(&there, NOISE_NK, true, prologue, sizeof(prologue), NULL, old[i]), NOISE_OK);
			assert_int_equal(noise_write(there, "who?", 4, msg, &len), NOISE_OK);
			here = keys_read_first(NOISE_NK, prologue, msg, len, payload, &n);
			assert_int_equal(here != NULL, i >= dropped);
			if (here)
				assert_true(n == 4 && memcmp(payload, "who?", 4) == 0);
			noise_free(here);
			noise_free(there);
		}
		if (!dropped)
			keys_drop(0);
	}
	msg[0] ^= 1;
	assert_null(keys_read_first(NOISE_NK, prologue, msg, len, payload, &n));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan), TEST(weeks), TEST(late), TEST(crash), TEST(no_room), TEST(unlisted), TEST(damaged), TEST(handshakes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd: static keys", tests, NULL, NULL);
}
