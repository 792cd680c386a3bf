// SPDX-License-Identifier: MIT
/* Path choice on a made-up network of 10 000 relays, and on very small ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "control/limits.h"	/* so that constants of the same name are held against each other */
#include "directory_fixture.h"
#include "path/path.h"

#define BIG		10000
#define GROUPS		10
#define DAY		86400ULL

/* There it is about memory, and slow: too few draws for shares to within 1 %. */
#ifdef __SANITIZE_ADDRESS__
#define IN_SANITIZER	1
#else
#define IN_SANITIZER	0
#endif

static struct cr_view *big;

/* Numbers from a counter, the same in every run. */
static uint64_t mix(uint64_t n)
{
	uint8_t key[randombytes_SEEDBYTES] = { 0 };
	uint64_t v;

	memcpy(key, &n, sizeof(n));
	randombytes_buf_deterministic(&v, sizeof(v), key);
	return v;
}

static void seed_of(uint8_t seed[CR_SEED32], uint64_t n)
{
	memset(seed, 0, CR_SEED32);
	memcpy(seed, &n, sizeof(n));
}

/*
 * Operators of 1 to 20 relays, a few /16 with many of them, 60 countries of uneven
 * size, capacities over three orders of magnitude. Signatures are not looked at here.
 */
static struct cr_view *make_view(uint32_t n, bool plain)
{
	struct cr_entry *e = calloc(n, sizeof(*e));
	struct cr_snapshot_head head;
	struct cr_view *view;
	struct cr_snapshot s;
	uint32_t op = 0;
	uint8_t *bytes;
	size_t len;

	assert_non_null(e);
	fix_head(&head, 1);
	for (uint32_t i = 0; i < n; i++) {
		struct cr_descriptor *d = &e[i].d;
		struct fix_key key;

		if (i % 16 == 0)	/* a new template now and then: signing 10 000 takes long */
			fix_descriptor(d, i, i);
		else
			*d = e[i - 1].d;
		fix_key(&key, "relay", i);
		memcpy(d->identity, key.public_key, sizeof(d->identity));
		op += plain || mix(i) % 3 == 0;
		fix_key(&key, "operator", op);
		memcpy(d->operator_key, key.public_key, sizeof(d->operator_key));
		d->address_count = i % 3 ? 2 : 1;
		d->address[0].ip[0] = (uint8_t)(1 + mix(i + 1000000) % 9);
		d->address[0].ip[1] = plain ? (uint8_t)i : (uint8_t)(mix(i + 2000000) % 200);
		d->address[0].ip[2] = (uint8_t)(i >> 8);
		d->address[0].ip[3] = (uint8_t)i;
		d->address[1].ip[2] = (uint8_t)(mix(i + 3000000) % 250);
		d->address[1].ip[3] = plain ? (uint8_t)i : (uint8_t)(mix(i + 4000000) % 4);
		d->roles = (mix(i + 5000000) % 10 < 6 || plain ? CR_ROLE_ENTRY : 0) |
			   (mix(i + 6000000) % 10 < 3 || plain ? CR_ROLE_EXIT : 0);
		d->rule_count = d->roles & CR_ROLE_EXIT ? (uint8_t)cr_policy_default(d->rule) : 0;
		d->capacity = 100000 + mix(i + 7000000) % 1000 * (mix(i + 8000000) % 1000) * 100;
		d->tariff = 1 + mix(i + 9000000) % 1000;
		e[i].measured = i % 4 ? d->capacity : 0;
		e[i].stake = mix(i + 10000000) % 100000;
	}
	bytes = fix_snapshot(&head, e, n, &len);
	assert_int_equal(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK);
	view = cr_view_new(&s, NULL);
	assert_non_null(view);
	assert_int_equal(view->n, n);
	for (uint32_t i = 0; i < n; i++) {
		char cc[3] = "AA";
		uint64_t r = mix(i + 11000000);

		cc[0] += plain ? i / 26 % 26 : (r % 60) * (r / 60 % 60) / 400;
		cc[1] += plain ? i % 26 : r / 3600 % 7;
		for (unsigned int a = 0; a < view->node[i].address_count; a++) {
			memcpy(view->node[i].geo[a].country, cc, 3);
			view->node[i].geo[a].as = plain ? i + 1 : 1 + (uint32_t)(r / 100000 % 700);
		}
		/* some that no table knows */
		if (i % 50 == 7 && !plain)
			memset(view->node[i].geo, 0, sizeof(view->node[i].geo));
	}
	free(bytes);
	free(e);
	return view;
}

static struct cr_want anything(void)
{
	return (struct cr_want){ .max_tariff = UINT64_MAX };
}

/* Each relay's share of a pool's numbers is its weight: exact, whatever r is drawn. */
static void test_exact_weights(void **state)
{
	struct cr_want want = anything();
	struct cr_chooser c;

	(void)state;
	assert_true(cr_chooser_init(&c, big, &want));
	for (int place = 0; place < CR_PLACES; place++) {
		const struct cr_pool *pool = &c.pool[place];
		uint64_t before = 0;

		assert_in_range(pool->n, 2000, BIG);
		for (uint32_t i = 0; i < pool->n; i++) {
			const struct cr_node *node = &big->node[pool->relay[i]];

			assert_int_equal(pool->sum[i] - before, node->weight);
			assert_int_equal(cr_pool_draw(pool, before), pool->relay[i]);
			assert_int_equal(cr_pool_draw(pool, pool->sum[i] - 1), pool->relay[i]);
			assert_true(place != CR_PLACE_EXIT || (node->roles & CR_ROLE_EXIT));
			assert_true(place != CR_PLACE_GUARD || (node->roles & CR_ROLE_ENTRY));
			before = pool->sum[i];
		}
	}
	cr_chooser_free(&c);
}

/* The rules once more, from addresses, tables and keys, not by cr_nodes_conflict(). */
static bool breaks_rules(const struct cr_node *a, const struct cr_node *b)
{
	if (a == b || a->operator_id == b->operator_id)
		return true;
	for (int i = 0; i < a->address_count; i++) {
		for (int j = 0; j < b->address_count; j++) {
			int f = a->address[i].family;

			if (f == b->address[j].family && !memcmp(a->address[i].ip, b->address[j].ip, f == 4 ? 2 : 4))
				return true;
			if (a->geo[i].as && a->geo[i].as == b->geo[j].as)
				return true;
			if (a->geo[i].country[0] && !memcmp(a->geo[i].country, b->geo[j].country, 2))
				return true;
		}
	}
	return false;
}

/* Groups of about equal weight, so that each is drawn often enough to be compared. */
static void make_groups(const struct cr_pool *pool, uint8_t *group)
{
	for (uint32_t i = 0; i < pool->n; i++)
		group[pool->relay[i]] = (uint8_t)((pool->sum[i] - 1) / (pool->sum[pool->n - 1] / GROUPS + 1));
}

static void compare(const char *what, const uint64_t *got, const double *want, uint64_t draws)
{
	for (int g = 0; g < GROUPS; g++) {
		double share = (double)got[g] / (double)draws, off = share / want[g] - 1;

		if (off < -0.01 || off > 0.01)
			fail_msg("%s, group %d: share %f, not %f", what, g, share, want[g]);
	}
}

/*
 * A million paths: exits as the weights, guards as the weights among those that go with
 * the exit (worked out exactly), and no rule ever broken.
 */
static void test_distribution(void **state)
{
	uint64_t draws = getenv("TEST_LONG") ? 4000000 : IN_SANITIZER ? 50000 : 1000000;
	uint64_t exits[GROUPS] = { 0 }, guards[GROUPS] = { 0 };
	double exit_share[GROUPS] = { 0 }, guard_share[GROUPS] = { 0 };
	static uint8_t exit_group[BIG], guard_group[BIG];
	struct cr_want want = anything();
	const struct cr_pool *ep, *gp;
	struct cr_chooser c;

	(void)state;
	assert_true(cr_chooser_init(&c, big, &want));
	ep = &c.pool[CR_PLACE_EXIT];
	gp = &c.pool[CR_PLACE_GUARD];
	make_groups(ep, exit_group);
	make_groups(gp, guard_group);
	for (uint32_t i = 0; i < ep->n; i++) {
		double p = (double)big->node[ep->relay[i]].weight / (double)ep->sum[ep->n - 1], in[GROUPS] = { 0 }, all = 0;

		exit_share[exit_group[ep->relay[i]]] += p;
		for (uint32_t j = 0; j < gp->n; j++) {
			const struct cr_node *g = &big->node[gp->relay[j]];

			if (breaks_rules(&big->node[ep->relay[i]], g))
				continue;
			in[guard_group[gp->relay[j]]] += (double)g->weight;
			all += (double)g->weight;
		}
		for (int g = 0; g < GROUPS; g++)
			guard_share[g] += p * in[g] / all;
	}
	for (uint64_t n = 0; n < draws; n++) {
		struct cr_guards none = { 0 };
		uint8_t seed[CR_SEED32];
		struct cr_path path;

		seed_of(seed, n);
		assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_OK);
		exits[exit_group[path.relay[2]]]++;
		guards[guard_group[path.relay[0]]]++;
		for (int i = 0; i < 3; i++) {
			const struct cr_node *node = &big->node[path.relay[i]];

			for (int j = 0; j < i; j++)
				if (breaks_rules(node, &big->node[path.relay[j]]))
					fail_msg("path %llu breaks a rule", (unsigned long long)n);
			if (i && !(node->reach & big->node[path.relay[i - 1]].reach))
				fail_msg("path %llu has neighbours that cannot reach each other", (unsigned long long)n);
		}
	}
	if (draws >= 1000000) {
		compare("exits", exits, exit_share, draws);
		compare("guards", guards, guard_share, draws);
	}
	cr_chooser_free(&c);
}

static void test_pure(void **state)
{
	struct cr_guards a = { 0 }, b = { 0 };
	struct cr_want want = anything();
	struct cr_path p, q;
	uint8_t seed[CR_SEED32];
	unsigned int differ = 0;
	struct cr_chooser c;

	(void)state;
	assert_true(cr_chooser_init(&c, big, &want));
	for (uint64_t n = 0; n < 100; n++) {
		seed_of(seed, n);
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		assert_int_equal(cr_path_choose(&p, &c, &a, FIX_NOW, seed), CR_PATH_OK);
		assert_int_equal(cr_path_choose(&q, &c, &b, FIX_NOW, seed), CR_PATH_OK);
		assert_memory_equal(&p, &q, sizeof(p));
		assert_memory_equal(&a, &b, sizeof(a));
		seed[31] = 1;	/* all of the seed counts */
		memset(&b, 0, sizeof(b));
		assert_int_equal(cr_path_choose(&q, &c, &b, FIX_NOW, seed), CR_PATH_OK);
		differ += memcmp(&p, &q, sizeof(p)) != 0;
	}
	assert_int_equal(differ, 100);
	cr_chooser_free(&c);
}

/* A guard is kept for months, also when it is away for a while, and given up in time. */
static void test_guards(void **state)
{
	struct cr_guards guards = { 0 }, before;
	struct cr_want want = anything();
	uint64_t first_until = 0, uses = 0, others = 0, weight;
	uint8_t seed[CR_SEED32], first[32];
	struct cr_chooser c;
	struct cr_path path;
	long relay;

	(void)state;
	assert_true(cr_chooser_init(&c, big, &want));
	for (uint64_t n = 0; n < 2000; n++) {
		seed_of(seed, n + 5000);
		assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW + n, seed), CR_PATH_OK);
		if (!n) {
			memcpy(first, guards.guard[0].identity, 32);
			first_until = guards.guard[0].until;
			assert_in_range(first_until - FIX_NOW, 60 * DAY, 120 * DAY);
			assert_int_equal(guards.n, 1);
		}
		if (memcmp(big->node[path.relay[0]].identity, first, 32) == 0)
			uses++;
		else
			others++;
	}
	/* now and then it does not go with the exit; then the same few others serve */
	assert_in_range(others, 1, 500);
	assert_in_range(guards.n, 2, CR_GUARDS_MAX);
	assert_memory_equal(guards.guard[0].identity, first, 32);
	/* gone from the directory: not used, not forgotten */
	relay = cr_view_find(big, first);
	assert_true(relay >= 0);
	cr_chooser_free(&c);
	weight = big->node[relay].weight;
	big->node[relay].weight = 0;
	assert_true(cr_chooser_init(&c, big, &want));
	seed_of(seed, 1);
	assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW + DAY, seed), CR_PATH_OK);
	assert_int_not_equal(path.relay[0], relay);
	assert_memory_equal(guards.guard[0].identity, first, 32);
	big->node[relay].weight = weight;
	/* given up when its time is over */
	assert_int_equal(cr_path_choose(&path, &c, &guards, first_until - 1, seed), CR_PATH_OK);
	assert_memory_equal(guards.guard[0].identity, first, 32);
	assert_int_equal(cr_path_choose(&path, &c, &guards, first_until, seed), CR_PATH_OK);
	assert_memory_not_equal(guards.guard[0].identity, first, 32);
	/* a failed choice changes nothing */
	cr_chooser_free(&c);
	want.max_tariff = 0;
	assert_true(cr_chooser_init(&c, big, &want));
	before = guards;
	assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW + 1000 * DAY, seed), CR_PATH_NO_EXIT);
	assert_memory_equal(&before, &guards, sizeof(guards));
	cr_chooser_free(&c);
}

/* A guard that the user names: first in every path, in the directory or not; the kept ones stay as they are. */
static void test_named_guard(void **state)
{
	struct cr_guards guards = { .n = 1, .guard[0] = { .until = FIX_NOW + DAY } }, before;
	struct cr_uri u = { .key = { 9 }, .address = { .family = 4, .ip = { 3, 7, 1, 1 }, .port = 4000 } };
	struct cr_want want = anything();
	uint8_t seed[CR_SEED32];
	struct cr_chooser c;
	struct cr_node node;
	struct cr_path path;
	struct fix_key key;

	(void)state;
	memcpy(guards.guard[0].identity, big->node[5].identity, 32);
	before = guards;
	fix_key(&key, "nobody's", 1);
	memcpy(u.identity, key.public_key, 32);
	for (int listed = 0; listed < 2; listed++) {
		/* one that the directory has need not say that it takes clients */
		for (uint32_t i = 0; listed && i < BIG; i++)
			if (!(big->node[i].roles & (CR_ROLE_ENTRY | CR_ROLE_NAT)))
				memcpy(u.identity, big->node[i].identity, 32);
		cr_node_of_uri(&node, &u, NULL);
		strcpy(node.geo[0].country, "AA");
		want.guard = &node;
		want.hops = 0;
		assert_true(cr_chooser_init(&c, big, &want));
		for (uint64_t n = 0; n < 2000; n++) {
			seed_of(seed, n + 77000);
			assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW, seed), CR_PATH_OK);
			assert_int_equal(path.hops, 3);
			assert_memory_equal(cr_path_node(&c, &path, 0)->identity, u.identity, 32);
			assert_int_equal(path.relay[0] == CR_PATH_NAMED, !listed);
			for (unsigned int i = 1; i < 3; i++) {
				const struct cr_node *other = cr_path_node(&c, &path, i);

				assert_int_equal(cr_nodes_conflict(&big->params, cr_path_node(&c, &path, 0), other), 0);
				assert_memory_not_equal(other->identity, u.identity, 32);
			}
		}
		cr_chooser_free(&c);
		/* two relays are the least */
		want.hops = 1;
		assert_true(cr_chooser_init(&c, big, &want));
		assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW, seed), CR_PATH_NO_GUARD);
		cr_chooser_free(&c);
		want.hops = 2;
		assert_true(cr_chooser_init(&c, big, &want));
		assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW, seed), CR_PATH_OK);
		assert_int_equal(path.hops, 2);
		cr_chooser_free(&c);
	}
	assert_memory_equal(&before, &guards, sizeof(guards));
}

/* D21: a guard that fails what it does not own is left, an honest one in a bad network is not. */
static void test_path_bias(void **state)
{
	struct cr_guards guards = { 0 };
	struct cr_want want = anything();
	uint8_t seed[CR_SEED32], bad[32];
	struct cr_chooser c;
	struct cr_path path;

	(void)state;
	assert_true(cr_chooser_init(&c, big, &want));
	seed_of(seed, 3);
	assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW, seed), CR_PATH_OK);
	memcpy(bad, guards.guard[0].identity, 32);
	/* a fifth of all relays fail circuits: 36 in 100 fail at an honest guard */
	for (int i = 0; i < 1000; i++)
		cr_guard_result(&guards, bad, i % 100 >= 36);
	assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW, seed), CR_PATH_OK);
	assert_memory_equal(big->node[path.relay[0]].identity, bad, 32);
	/* one that lets through what a fifth of all relays, its friends, end: 80 in 100 fail */
	for (int i = 0; i < 1000; i++)
		cr_guard_result(&guards, bad, i % 100 >= 80);
	for (uint64_t n = 0; n < 200; n++) {
		seed_of(seed, n);
		assert_int_equal(cr_path_choose(&path, &c, &guards, FIX_NOW, seed), CR_PATH_OK);
		assert_memory_not_equal(big->node[path.relay[0]].identity, bad, 32);
	}
	cr_chooser_free(&c);
}

/*
 * D21: every fifth relay belongs to one who ends, as guard, each circuit whose exit is not his
 * too. Share of the circuits that came to be of which he has both ends.
 */
static double compromised(const struct cr_chooser *c, bool attack, bool defence)
{
	uint64_t both = 0, built = 0;

	for (uint64_t client = 0; client < 300; client++) {
		struct cr_guards guards = { 0 };

		for (uint64_t n = 0; n < 200; n++) {
			uint8_t seed[CR_SEED32];
			struct cr_path path;
			bool guard, exit;

			seed_of(seed, client << 20 | n | 1ULL << 50);
			assert_int_equal(cr_path_choose(&path, c, &guards, FIX_NOW, seed), CR_PATH_OK);
			guard = mix(path.relay[0] + 12000000) % 5 == 0;
			exit = mix(path.relay[2] + 12000000) % 5 == 0;
			if (defence)
				cr_guard_result(&guards, big->node[path.relay[0]].identity,
						!(attack && guard && !exit));
			if (attack && guard && !exit)
				continue;
			built++;
			both += guard && exit;
		}
	}
	return (double)both / (double)built;
}

static void test_path_bias_share(void **state)
{
	struct cr_want want = anything();
	double honest, attacked, defended;
	struct cr_chooser c;

	(void)state;
	assert_true(cr_chooser_init(&c, big, &want));
	honest = compromised(&c, false, true);
	attacked = compromised(&c, true, false);
	defended = compromised(&c, true, true);
	print_message("# both ends: %.4f honest, %.4f attacked, %.4f attacked and defended\n", honest, attacked,
		      defended);
	/* the control: without the defence the attack pays */
	assert_true(attacked > honest * 1.1);
	assert_true(defended <= honest);
	cr_chooser_free(&c);
}

/* Each filter, from both sides of its edge. */
static void test_filters(void **state)
{
	static const struct cr_target web = { .proto = CR_PROTO_TCP, .port = 443 },
		mail = { .proto = CR_PROTO_TCP, .port = 25 };
	struct cr_want want = anything();
	uint32_t all, sum = 0;
	struct cr_chooser c;
	uint8_t *stock;

	(void)state;
	assert_true(cr_chooser_init(&c, big, &want));
	all = c.pool[CR_PLACE_EXIT].n;
	cr_chooser_free(&c);

	want.max_tariff = 500;
	assert_true(cr_chooser_init(&c, big, &want));
	for (int place = 0; place < CR_PLACES; place++) {
		uint32_t in = 0;

		for (uint32_t i = 0; i < big->n; i++)
			in += big->node[i].tariff <= 500 && (place == CR_PLACE_MIDDLE ||
				(big->node[i].roles & (place == CR_PLACE_EXIT ? CR_ROLE_EXIT : CR_ROLE_ENTRY)));
		assert_int_equal(c.pool[place].n, in);
		sum = c.pool[place].n;
		for (int i = 0; i < CR_SIEVES; i++)
			sum += c.pool[place].out[i];
		assert_int_equal(sum, big->n);	/* each relay is in, or out for one reason */
	}
	/* price filters and never orders: shares among those left are the weights still */
	for (uint32_t i = 1; i < c.pool[CR_PLACE_EXIT].n; i++)
		assert_int_equal(c.pool[CR_PLACE_EXIT].sum[i] - c.pool[CR_PLACE_EXIT].sum[i - 1],
				 big->node[c.pool[CR_PLACE_EXIT].relay[i]].weight);
	cr_chooser_free(&c);

	want = anything();
	want.targets = &web;
	want.target_count = 1;
	assert_true(cr_chooser_init(&c, big, &want));
	assert_int_equal(c.pool[CR_PLACE_EXIT].n, all);
	cr_chooser_free(&c);
	want.targets = &mail;
	assert_true(cr_chooser_init(&c, big, &want));
	assert_int_equal(c.pool[CR_PLACE_EXIT].n, 0);
	assert_int_equal(c.pool[CR_PLACE_EXIT].out[CR_SIEVE_POLICY], all);
	assert_in_range(c.pool[CR_PLACE_GUARD].n, 1, BIG);	/* concerns the exit only */
	cr_chooser_free(&c);

	want = anything();
	strcpy(want.exit_country, "AA");
	assert_true(cr_chooser_init(&c, big, &want));
	assert_in_range(c.pool[CR_PLACE_EXIT].n, 1, all - 1);
	for (uint32_t i = 0; i < c.pool[CR_PLACE_EXIT].n; i++)
		assert_string_equal(big->node[c.pool[CR_PLACE_EXIT].relay[i]].geo[0].country, "AA");
	cr_chooser_free(&c);

	/* paths are drawn among relays in stock */
	stock = calloc(1, BIG / 8 + 1);
	assert_non_null(stock);
	for (uint32_t i = 0; i < BIG; i += 5)
		stock[i / 8] |= 1 << (i % 8);
	want = anything();
	want.stock = stock;
	assert_true(cr_chooser_init(&c, big, &want));
	for (uint64_t n = 0; n < 1000; n++) {
		struct cr_guards none = { 0 };
		uint8_t seed[CR_SEED32];
		struct cr_path path;

		seed_of(seed, n);
		assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_OK);
		for (int i = 0; i < 3; i++)
			assert_int_equal(path.relay[i] % 5, 0);
	}
	cr_chooser_free(&c);
	free(stock);

	/* a client with IPv6 only: guards with IPv6, the rest as before */
	want = anything();
	want.reach = CR_HAS_IPV6;
	assert_true(cr_chooser_init(&c, big, &want));
	assert_int_equal(c.pool[CR_PLACE_EXIT].n, all);
	for (uint32_t i = 0; i < c.pool[CR_PLACE_GUARD].n; i++)
		assert_true(big->node[c.pool[CR_PLACE_GUARD].relay[i]].reach & CR_HAS_IPV6);
	assert_in_range(c.pool[CR_PLACE_GUARD].out[CR_SIEVE_REACH], 1, BIG);
	cr_chooser_free(&c);
}

static void test_hops(void **state)
{
	(void)state;
	for (unsigned int hops = 1; hops <= 9; hops++) {
		struct cr_want want = anything();
		struct cr_guards none = { 0 };
		uint8_t seed[CR_SEED32];
		struct cr_chooser c;
		struct cr_path path;

		want.hops = hops;
		assert_true(cr_chooser_init(&c, big, &want));
		for (uint64_t n = 0; n < 200; n++) {
			seed_of(seed, n);
			assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_OK);
			assert_int_equal(path.hops, hops > 8 ? 8 : hops);
			assert_true(big->node[path.relay[0]].roles & CR_ROLE_ENTRY);
			assert_true(big->node[path.relay[path.hops - 1]].roles & CR_ROLE_EXIT);
			for (unsigned int i = 0; i < path.hops; i++)
				for (unsigned int j = 0; j < i; j++)
					assert_false(breaks_rules(&big->node[path.relay[i]], &big->node[path.relay[j]]));
		}
		cr_chooser_free(&c);
	}
}

/* A community of six, one operator, one network: nothing with the rules, everything without. */
static void test_community(void **state)
{
	struct cr_view *six = make_view(6, true);
	struct cr_want want = anything();
	struct cr_guards none = { 0 };
	uint8_t seed[CR_SEED32] = { 1 };
	uint64_t seen[6] = { 0 };
	struct cr_chooser c;
	struct cr_path path;

	(void)state;
	assert_true(cr_chooser_init(&c, six, &want));
	assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_OK);
	for (uint32_t i = 0; i < 6; i++) {
		six->node[i].operator_id = 0;
		six->node[i].address[0].ip[0] = six->node[i].address[0].ip[1] = 1;
	}
	assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_NO_GUARD);
	assert_int_equal(none.n, 1);	/* of the first path */
	six->params.constraints &= ~(CR_DIFFER_OPERATOR | CR_DIFFER_PREFIX);
	for (uint64_t n = 0; n < 1000; n++) {
		seed_of(seed, n);
		memset(&none, 0, sizeof(none));
		assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_OK);
		/* never the same relay twice, whatever is relaxed */
		assert_true(path.relay[0] != path.relay[1] && path.relay[1] != path.relay[2] &&
			    path.relay[0] != path.relay[2]);
		seen[path.relay[1]]++;
	}
	for (int i = 0; i < 6; i++)
		assert_in_range(seen[i], 1, 1000);
	/* with exactly as many relays as places the counting draw finds them */
	cr_chooser_free(&c);
	want.hops = 6;
	assert_true(cr_chooser_init(&c, six, &want));
	assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_OK);
	cr_chooser_free(&c);
	want.hops = 7;
	assert_true(cr_chooser_init(&c, six, &want));
	assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_NO_MIDDLE);
	cr_chooser_free(&c);
	cr_view_free(six);
}

/* Where next to nothing fits, those that do are counted: still by weight, still only those. */
static void test_counting_draw(void **state)
{
	struct cr_view *v = make_view(5, true);
	struct cr_want want = anything();
	uint64_t seen[5] = { 0 };
	struct cr_chooser c;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		v->node[i].roles = i == 0 ? CR_ROLE_EXIT : i == 1 ? CR_ROLE_ENTRY : 0;
		v->node[i].weight = i < 3 ? CR_WEIGHT_MAX : i == 3 ? 1 : 3;
	}
	v->node[2].operator_id = v->node[0].operator_id;
	assert_true(cr_chooser_init(&c, v, &want));
	for (uint64_t n = 0; n < 8000; n++) {
		struct cr_guards none = { 0 };
		uint8_t seed[CR_SEED32];
		struct cr_path path;

		seed_of(seed, n);
		assert_int_equal(cr_path_choose(&path, &c, &none, FIX_NOW, seed), CR_PATH_OK);
		seen[path.relay[1]]++;
	}
	assert_int_equal(seen[0] + seen[1] + seen[2], 0);
	assert_in_range(seen[3], 1850, 2150);	/* a quarter, four standard deviations */
	cr_chooser_free(&c);
	cr_view_free(v);
}

/* Each constraint by itself: two relays that share just that. */
static void test_each_constraint(void **state)
{
	static const uint32_t bits[] = { CR_DIFFER_OPERATOR, CR_DIFFER_FAMILY, CR_DIFFER_PREFIX, CR_DIFFER_AS,
					 CR_DIFFER_COUNTRY };
	struct cr_view *v = make_view(4, true);
	struct cr_params p = v->params;

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct cr_node a = v->node[0], b = v->node[1];

		p.constraints = CR_DIFFER;
		assert_int_equal(cr_nodes_conflict(&p, &a, &b), 0);
		switch (bits[i]) {
		case CR_DIFFER_OPERATOR:
			b.operator_id = a.operator_id;
			break;
		case CR_DIFFER_FAMILY:
			a.kin[a.kin_count++] = b.operator_id;
			/* one-sided: no family, or an attacker could choose our paths by naming us */
			assert_int_equal(cr_nodes_conflict(&p, &a, &b), 0);
			assert_int_equal(cr_nodes_conflict(&p, &b, &a), 0);
			b.kin[b.kin_count++] = a.operator_id;
			break;
		case CR_DIFFER_PREFIX:
			b.address[0].ip[0] = a.address[0].ip[0];
			b.address[0].ip[1] = a.address[0].ip[1];
			break;
		case CR_DIFFER_AS:
			b.geo[0].as = a.geo[0].as;
			break;
		case CR_DIFFER_COUNTRY:
			memcpy(b.geo[0].country, a.geo[0].country, 3);
			break;
		}
		assert_int_equal(cr_nodes_conflict(&p, &a, &b), bits[i]);
		assert_int_equal(cr_nodes_conflict(&p, &b, &a), bits[i]);
		p.constraints &= ~bits[i];
		assert_int_equal(cr_nodes_conflict(&p, &a, &b), 0);
	}
	cr_view_free(v);
}

/* D22: a thousand cheap relays of one operator, without stake, get one base weight. */
static void test_cheap_sybils(void **state)
{
	enum { HONEST = 200, SYBILS = 1000 };
	struct cr_weighing w[HONEST + SYBILS];
	struct cr_snapshot_head head;
	uint64_t honest = 0, sybil = 0;

	(void)state;
	fix_head(&head, 1);
	memset(w, 0, sizeof(w));
	for (uint32_t i = 0; i < HONEST + SYBILS; i++) {
		uint32_t op = i < HONEST ? i : HONEST;

		w[i].capacity = CR_CAPACITY_MAX;	/* as they say */
		w[i].stake = i < HONEST ? 1000 : 0;
		memcpy(w[i].operator_key, &op, sizeof(op));
		w[i].address_count = 1;
		w[i].address[0] = (struct cr_address){ .family = 4, .port = 1,
			.ip = { (uint8_t)(1 + i / 250), (uint8_t)(i % 250), 0, 1 } };
	}
	assert_int_equal(cr_weights(w, HONEST + SYBILS, &head.params), CR_DIR_OK);
	for (uint32_t i = 0; i < HONEST + SYBILS; i++)
		*(i < HONEST ? &honest : &sybil) += w[i].weight;
	assert_true(sybil <= head.params.base_weight);
	assert_true(sybil * 1000 < honest);
}

/* The real table, when it is installed: what everybody knows about well-known addresses. */
static void test_geo(void **state)
{
	static const struct {
		const char *address;
		uint32_t as;
	} known[] = { { "8.8.8.8:53", 15169 }, { "1.1.1.1:53", 13335 }, { "[2606:4700:4700::1111]:53", 13335 },
		      { "[2001:4860:4860::8888]:53", 15169 }, { "10.0.0.1:1", 0 }, { "[fd00::1]:1", 0 } };
	struct cr_geo_table *table;
	struct cr_geo geo;

	(void)state;
	assert_null(cr_geo_open("/nonexistent"));
	assert_int_equal(errno, ENOENT);
	assert_null(cr_geo_open("/etc/passwd"));
	table = cr_geo_open(CR_GEO_TABLE);
	if (!table) {
		print_message("# SKIP no " CR_GEO_TABLE " (package libloc-database)\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct cr_address a;

		assert_true(cr_address_parse(&a, known[i].address));
		geo = cr_geo_find(table, &a);
		if (geo.as != known[i].as)
			fail_msg("%s: AS %u", known[i].address, geo.as);
		assert_int_equal(geo.country[0] != '\0', known[i].as != 0);
	}
	cr_geo_close(table);
	geo = cr_geo_find(NULL, &(struct cr_address){ .family = 4 });
	assert_int_equal(geo.as, 0);
}

static int make_big(void **state)
{
	(void)state;
	big = make_view(BIG, false);
	return 0;
}

static int free_big(void **state)
{
	(void)state;
	cr_view_free(big);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_weights),
		cmocka_unit_test(test_distribution),
		cmocka_unit_test(test_pure),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_named_guard),
		cmocka_unit_test(test_path_bias),
		cmocka_unit_test(test_path_bias_share),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_community),
		cmocka_unit_test(test_counting_draw),
		cmocka_unit_test(test_each_constraint),
		cmocka_unit_test(test_cheap_sybils),
		cmocka_unit_test(test_geo),
	};

	return sodium_init() < 0 || cmocka_run_group_tests_name("path", tests, make_big, free_big);
}
