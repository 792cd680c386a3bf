// SPDX-License-Identifier: MIT
/* Relays of a snapshot as the daemon's peers, and paths through them: guards that stay, relays that are avoided. */
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
#include <unistd.h>

#include "choice.h"
#include "directory.h"
#include "directory_fixture.h"
#include "log.h"

#define RELAYS	9

static struct cr_view *view;
static const struct wish anything = { .max_price = UINT64_MAX };

/* What the directory would say. */
const struct cr_view *directory_view(bool countries)
{
	(void)countries;
	return view;
}

/* @n relays, @roles of each; every relay of its own operator. */
static void network(uint32_t n, uint8_t (*roles)(uint32_t i))
{
	struct cr_entry e[RELAYS] = { 0 };
	struct cr_snapshot_head head;
	struct cr_snapshot s;
	uint8_t *bytes;
	size_t len;

	fix_head(&head, 1);
	head.params.constraints = CR_DIFFER_OPERATOR;
	for (uint32_t i = 0; i < n; i++) {
		fix_descriptor(&e[i].d, i, i);
		e[i].d.roles = roles(i);
		if (!(e[i].d.roles & CR_ROLE_EXIT))
			e[i].d.rule_count = 0;
		assert_int_equal(fix_resign(&e[i].d, i, i), CR_DIR_OK);
	}
	bytes = fix_snapshot(&head, e, n, &len);
	assert_int_equal(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK);
	cr_view_free(view);
	view = cr_view_new(&s, NULL);
	assert_non_null(view);
	assert_int_equal(peers_take(&s, FIX_NOW), RC_OK);
	free(bytes);
}

static uint8_t all_roles(uint32_t i)
{
	(void)i;
	return CR_ROLE_ENTRY | CR_ROLE_EXIT;
}

/* two entries, the rest middles, the last an exit */
static uint8_t few_roles(uint32_t i)
{
	return i < 2 ? CR_ROLE_ENTRY : i == RELAYS - 1 ? CR_ROLE_EXIT : 0;
}

static struct peer *relay(uint32_t i)
{
	struct fix_key key;

	fix_key(&key, "relay", i);
	return peer_by_identity(key.public_key);
}

static int fresh(void **state)
{
	(void)state;
	strcpy(conf.state, "/tmp/relayd-choice.XXXXXX");
	strcpy(conf.client_dev, "cell0");
	strcpy(conf.authorities, "x");
	return mkdtemp(conf.state) ? 0 : -1;
}

static int cleanup(void **state)
{
	char file[300];

	(void)state;
	snprintf(file, sizeof(file), "%s/guards", conf.state);
	unlink(file);
	cr_view_free(view);
	view = NULL;
	peers_free();
	return rmdir(conf.state);
}

/* What stays when snapshots follow each other. */
static void peers(void **state)
{
	struct peer *first;

	(void)state;
	network(RELAYS, all_roles);
	first = relay(3);
	assert_non_null(first);
	assert_true(first->listed && first->addr_n == 2 && strlen(first->name) == 16);
	assert_ptr_equal(peer_by_name(first->name), first);
	assert_ptr_equal(peer_by_key(first->key), first);
	network(3, all_roles);
	assert_false(first->listed);
	assert_true(relay(2)->listed);
	/* links hold pointers: it is still there, and comes back as the same */
	network(RELAYS, all_roles);
	assert_ptr_equal(relay(3), first);
	assert_true(first->listed);
}

/* Many paths, one guard; written down before it is used. */
static void guard_stays(void **state)
{
	struct route r, first;

	(void)state;
	network(RELAYS, all_roles);
	assert_true(choice_make(&first, &anything, NULL, NULL));
	assert_int_equal(first.n, 3);
	for (int i = 0; i < 50; i++) {
		assert_true(choice_make(&r, &anything, NULL, NULL));
		/* where the exit is the guard, another one is kept, too */
		if (r.relay[2] != first.relay[0])
			assert_ptr_equal(r.relay[0], first.relay[0]);
	}
	/* what a restarted daemon reads leads to the same one */
	assert_int_equal(choice_open(), RC_OK);
	do
		assert_true(choice_make(&r, &anything, NULL, NULL));
	while (r.relay[2] == first.relay[0]);
	assert_ptr_equal(r.relay[0], first.relay[0]);
}

static void guard_away(void **state)
{
	struct peer *one, *other;
	struct route r;

	(void)state;
	network(RELAYS, few_roles);
	assert_true(choice_make(&r, &anything, NULL, NULL));
	one = r.relay[0];
	other = one == relay(0) ? relay(1) : relay(0);
	choice_guard_away(one);
	for (int i = 0; i < 20; i++) {
		assert_true(choice_make(&r, &anything, NULL, NULL));
		assert_ptr_equal(r.relay[0], other);
	}
	/* both: nothing can be built, and nobody else becomes a guard */
	choice_guard_away(other);
	assert_false(choice_make(&r, &anything, NULL, NULL));
	choice_guard_result(one, true);
	assert_true(choice_make(&r, &anything, NULL, NULL));
	assert_ptr_equal(r.relay[0], one);
}

static void avoided(void **state)
{
	struct route r;

	(void)state;
	network(RELAYS, few_roles);
	for (uint32_t bad = 2; bad < RELAYS - 1; bad++)
		for (int i = 0; i < 20; i++) {
			assert_true(choice_make(&r, &anything, relay(RELAYS - 1), relay(bad)));
			assert_ptr_not_equal(r.relay[1], relay(bad));
			assert_ptr_equal(r.relay[2], relay(RELAYS - 1));
		}
	/* the only exit cannot be avoided */
	assert_false(choice_make(&r, &anything, NULL, relay(RELAYS - 1)));
	/* an exit that the directory has not any more */
	network(3, all_roles);
	assert_false(choice_make(&r, &anything, relay(RELAYS - 1), NULL));
}

static void same_exit(void **state)
{
	struct route r;

	(void)state;
	network(RELAYS, all_roles);
	for (uint32_t want = 0; want < RELAYS; want++)
		for (int i = 0; i < 10; i++) {
			assert_true(choice_make(&r, &anything, relay(want), NULL));
			assert_ptr_equal(r.relay[2], relay(want));
		}
}

static void wishes(void **state)
{
	struct wish w = anything;
	struct route r;

	(void)state;
	network(RELAYS, all_roles);
	w.hops = 5;
	assert_true(choice_make(&r, &w, NULL, NULL));
	assert_int_equal(r.n, 5);
	w.hops = 1;
	assert_true(choice_make(&r, &w, NULL, NULL));
	assert_int_equal(r.n, 1);
	w.max_price = 999;	/* all cost 1000 */
	assert_int_equal(choice_possible(&w), RC_REFUSED);
	w = anything;
	strcpy(w.country, "DE");	/* without a table nobody is anywhere */
	assert_int_equal(choice_possible(&w), RC_REFUSED);
	assert_non_null(strstr(log_last(), "could be exit"));
	assert_int_equal(choice_named("a,b", &r), RC_USAGE);
	cr_view_free(view);
	view = NULL;
	assert_int_equal(choice_possible(&anything), RC_ABSENT);
	assert_false(choice_make(&r, &anything, NULL, NULL));
}

/* A relay that no directory lists goes first, and the kept guards are as they were. */
static void named_guard(void **state)
{
	struct wish w = anything;
	struct route r, before;
	struct fix_key key;
	struct peer *p;

	(void)state;
	network(RELAYS, few_roles);
	assert_true(choice_make(&before, &anything, NULL, NULL));
	fix_key(&key, "relay", 99);
	memcpy(w.guard.identity, key.public_key, 32);
	w.guard.key[0] = 9;
	w.guard.address = (struct cr_address){ .family = 4, .ip = { 1, 2, 9, 9 }, .port = 4000 };
	w.named = true;
	assert_null(relay(99));
	assert_int_equal(choice_possible(&w), RC_OK);
	p = relay(99);
	assert_true(p && p->named && !p->listed && p->addr_n == 1 && p->addr[0].port == 4000);
	assert_ptr_equal(peer_by_key(w.guard.key), p);
	for (int i = 0; i < 20; i++) {
		/* that it failed does not matter: there is no other */
		choice_guard_away(p);
		choice_guard_result(p, false);
		assert_true(choice_make(&r, &w, NULL, i % 2 ? p : NULL));
		assert_ptr_equal(r.relay[0], p);
		assert_int_equal(r.n, 3);
	}
	/* where it is now says the next URI; where the directory knows it, the directory */
	w.guard.key[0] = 10;
	assert_int_equal(choice_possible(&w), RC_OK);
	assert_ptr_equal(peer_by_key(w.guard.key), p);
	w.hops = 1;
	assert_int_equal(choice_possible(&w), RC_REFUSED);
	assert_non_null(strstr(log_last(), "two hops or more"));
	memcpy(w.guard.identity, relay(1)->identity, 32);
	w.hops = 0;
	assert_int_equal(choice_possible(&w), RC_OK);
	assert_true(relay(1)->named && relay(1)->listed && relay(1)->addr_n == 2);
	assert_true(choice_make(&r, &w, NULL, NULL));
	assert_ptr_equal(r.relay[0], relay(1));
	/* without it the kept one, from memory and from disk */
	assert_true(choice_make(&r, &anything, NULL, NULL));
	assert_ptr_equal(r.relay[0], before.relay[0]);
	assert_int_equal(choice_open(), RC_OK);
	assert_true(choice_make(&r, &anything, NULL, NULL));
	assert_ptr_equal(r.relay[0], before.relay[0]);
}

static void damaged(void **state)
{
	char file[300];
	FILE *f;

	(void)state;
	snprintf(file, sizeof(file), "%s/guards", conf.state);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("0123 1 2 3 4\n", f);
	fclose(f);
	assert_int_equal(choice_open(), RC_USAGE);
	assert_non_null(strstr(log_last(), "damaged"));
	unlink(file);
	assert_int_equal(choice_open(), RC_OK);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fresh, cleanup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(peers), TEST(guard_stays), TEST(guard_away), TEST(avoided), TEST(same_exit), TEST(wishes), TEST(named_guard), TEST(damaged),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd: choice", tests, NULL, NULL);
}
