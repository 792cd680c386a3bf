// SPDX-License-Identifier: MIT
/* What a client's daemon leaves on disk: name servers as they were, and from what the next daemon goes on. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "resolv.h"
#include "resume.h"

static char folder[32];

static const char *in(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void holds(const char *name, const char *want)
{
	char text[512] = "";
	FILE *f = fopen(in(name), "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, want);
}

#define OURS	"# relayctl down brings back what was here\nnameserver 9.9.9.9\nnameserver 2620:fe::fe\n"

static int fresh(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/relayd-state.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	memset(&conf, 0, sizeof(conf));
	snprintf(conf.state, sizeof(conf.state), "%s/state", folder);
	snprintf(conf.resolv_conf, sizeof(conf.resolv_conf), "%s/resolv.conf", folder);
	snprintf(conf.socket, sizeof(conf.socket), "%s/sock", folder);
	addr_parse("9.9.9.9", &conf.dns[0]);
	addr_parse("2620:fe::fe", &conf.dns[1]);
	conf.dns_n = 2;
	return 0;
}

static int done(void **state)
{
	char cmd[64];

	(void)state;
	peers_free();
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
	return system(cmd);
}

static void a_file(void **state)
{
	(void)state;
	put("resolv.conf", "nameserver 192.0.2.1\n");
	assert_int_equal(resolv_set(), RC_OK);
	holds("resolv.conf", OURS);
	/* a daemon that died and came back does not take its own text for the user's */
	assert_int_equal(resolv_set(), RC_OK);
	assert_int_equal(resolv_restore(), RC_OK);
	holds("resolv.conf", "nameserver 192.0.2.1\n");
	assert_int_not_equal(access(in("state/resolv.conf.before"), F_OK), 0);
	/* once more changes nothing */
	put("resolv.conf", "other\n");
	assert_int_equal(resolv_restore(), RC_OK);
	holds("resolv.conf", "other\n");
}

static void a_link(void **state)
{
	char target[64] = "";

	(void)state;
	put("stub", "nameserver 127.0.0.53\n");
	assert_int_equal(symlink("stub", in("resolv.conf")), 0);
	assert_int_equal(resolv_set(), RC_OK);
	holds("resolv.conf", OURS);
	/* somebody else's file is not written through the link */
	holds("stub", "nameserver 127.0.0.53\n");
	assert_int_equal(resolv_restore(), RC_OK);
	assert_int_equal(readlink(in("resolv.conf"), target, sizeof(target) - 1), 4);
	assert_string_equal(target, "stub");
}

static void nothing(void **state)
{
	(void)state;
	assert_int_equal(resolv_set(), RC_OK);
	holds("resolv.conf", OURS);
	assert_int_equal(resolv_restore(), RC_OK);
	assert_int_not_equal(access(in("resolv.conf"), F_OK), 0);
	/* without name servers of ours nothing is touched */
	conf.dns_n = 0;
	put("resolv.conf", "theirs\n");
	assert_int_equal(resolv_set(), RC_OK);
	holds("resolv.conf", "theirs\n");
	assert_int_equal(resolv_restore(), RC_OK);
	holds("resolv.conf", "theirs\n");
}

static void damaged(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in("state"), 0700), 0);
	put("state/resolv.conf.before", "Xyz");
	put("resolv.conf", OURS);
	assert_int_equal(resolv_restore(), RC_REFUSED);
	assert_non_null(strstr(log_last(), "is damaged"));
	holds("resolv.conf", OURS);
	/* nor is there a way on where it cannot be kept */
	unlink(in("state/resolv.conf.before"));
	unlink(in("resolv.conf"));
	assert_int_equal(mkdir(in("resolv.conf"), 0700), 0);
	assert_int_equal(resolv_set(), RC_REFUSED);
}

#define KEY_A "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_B "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

#define URI "cellrelay://iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w.zo060cy2M-x7cMF4FKXHbs0CloUFDTRHRboFhw5YfVk@192.0.2.1:4000/1"

static void resumed(void **state)
{
	struct resume r = { .mark_changed = true, .wish = { .hops = 4, .country = "DE", .max_price = 77 }, .n = 2 };
	struct resume got;

	(void)state;
	put("peers", "[relay a]\nidentity = " KEY_A "\nkey = " KEY_B "\n[relay b]\nidentity = " KEY_B "\nkey = " KEY_A "\n");
	assert_int_equal(peers_read(in("peers")), RC_OK);
	assert_false(resume_load(&got));
	for (int i = 0; i < 2; i++) {
		r.circ[i].cookie = UINT64_MAX - (uint64_t)i;	/* more than a number of JSON holds */
		r.circ[i].route = (struct route){ .n = 2, .relay = { peer_by_name(i ? "b" : "a"), peer_by_name(i ? "a" : "b") } };
	}
	resume_save(&r);
	assert_true(resume_load(&got));
	assert_true(got.mark_changed);
	assert_string_equal(got.path, "");
	assert_int_equal(got.wish.hops, 4);
	assert_string_equal(got.wish.country, "DE");
	assert_true(got.wish.max_price == 77);
	assert_int_equal(got.n, 2);
	assert_true(got.circ[1].cookie == UINT64_MAX - 1);
	assert_ptr_equal(got.circ[1].route.relay[0], peer_by_name("b"));
	/* no ceiling is none afterwards */
	r.wish.max_price = UINT64_MAX;
	strcpy(r.path, "a,b");
	resume_save(&r);
	assert_true(resume_load(&got));
	assert_true(got.wish.max_price == UINT64_MAX);
	assert_string_equal(got.path, "a,b");
	/* a guard that the user named is known again before its circuits are read */
	assert_null(cr_uri_parse(&r.wish.guard, URI, strlen(URI)));
	r.wish.named = true;
	r.circ[0].route.relay[0] = peers_name(&r.wish.guard);
	assert_non_null(r.circ[0].route.relay[0]);
	resume_save(&r);
	peers_free();
	assert_int_equal(peers_read(in("peers")), RC_OK);
	assert_null(peer_by_identity(r.wish.guard.identity));
	assert_true(resume_load(&got));
	assert_true(got.wish.named && got.n == 2);
	assert_ptr_equal(got.circ[0].route.relay[0], peer_by_identity(r.wish.guard.identity));
	assert_ptr_equal(got.circ[0].route.relay[0], peer_by_addr(&(struct addr){ .len = 4, .bytes = { 192, 0, 2, 1 }, .port = 4000 }));
	/* a relay that nobody knows any more: that circuit is left out */
	peers_free();
	got.n = 9;
	put("peers", "[relay a]\nidentity = " KEY_A "\nkey = " KEY_B "\n");
	assert_int_equal(peers_read(in("peers")), RC_OK);
	assert_true(resume_load(&got));
	assert_int_equal(got.n, 0);
	put("online", "{\"path\":7}");
	assert_false(resume_load(&got));
	put("online", "junk");
	assert_false(resume_load(&got));
	resume_forget();
	assert_int_not_equal(access(in("online"), F_OK), 0);
}

/* Sessions' keys: in a file of their own that nobody else reads, and nothing stays of them. */
static void sessions(void **state)
{
	struct resume r = { .n = 2, .seed = resume_seeds() };
	struct resume_seed *got;
	struct stat before, after;
	char hidden[64];
	uint8_t all[RESUME_CIRCS * sizeof(struct resume_seed)];
	FILE *f;

	(void)state;
	assert_non_null(r.seed);
	for (uint8_t i = 0; i < 2; i++) {
		r.seed[i].cookie = r.circ[i].cookie = 70 + i;
		memset(r.seed[i].seed, 'A' + i, RESUME_SEED);
	}
	resume_save(&r);
	assert_int_equal(stat(in("online.sessions"), &before), 0);
	assert_int_equal(before.st_mode & 07777, 0600);
	got = resume_seeds_load();
	assert_non_null(got);
	assert_memory_equal(got, r.seed, sizeof(all));
	sodium_free(got);
	/* fewer: what was behind them is gone, in the same place */
	r.n = 1;
	memset(&r.seed[1], 0, sizeof(r.seed[1]));
	resume_save(&r);
	assert_int_equal(stat(in("online.sessions"), &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	f = fopen(in("online.sessions"), "r");
	assert_non_null(f);
	assert_int_equal(fread(all, 1, sizeof(all), f), sizeof(all));
	fclose(f);
	assert_memory_equal(all, r.seed, sizeof(all));
	assert_null(memchr(all, 'B', sizeof(all)));
	/* the file has no keys */
	f = fopen(in("online"), "r");
	assert_non_null(f);
	while (fread(hidden, 1, 1, f) == 1)
		assert_int_not_equal(hidden[0], 'A');
	fclose(f);
	/* down: overwritten, then removed; whoever still has it open finds zeros */
	f = fopen(in("online.sessions"), "r");
	assert_non_null(f);
	resume_forget();
	assert_int_not_equal(access(in("online.sessions"), F_OK), 0);
	assert_int_equal(fread(all, 1, sizeof(all), f), sizeof(all));
	assert_true(sodium_is_zero(all, sizeof(all)));
	fclose(f);
	/* one that is too short is none, nor is a link followed */
	resume_save(&r);
	assert_int_equal(truncate(in("online.sessions"), 39), 0);
	assert_null(resume_seeds_load());
	assert_int_equal(unlink(in("online.sessions")), 0);
	put("elsewhere", "theirs");
	assert_int_equal(symlink("elsewhere", in("online.sessions")), 0);
	resume_save(&r);
	assert_non_null(strstr(log_last(), "after a restart flows could not move"));
	holds("elsewhere", "theirs");
	sodium_free(r.seed);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(a_file), TEST(a_link), TEST(nothing), TEST(damaged), TEST(resumed), TEST(sessions) };

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd: state", tests, NULL, NULL);
}
