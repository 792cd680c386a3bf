// SPDX-License-Identifier: MIT
/* An exit's inner addresses: who has them, who takes them along, who waits for them. The kernel is played here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail	/* the daemon has one, too */

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "exits.h"
#include "netlink/dev.h"
#include "netlink/flows.h"
#include "netlink/sysctl.h"
#include "nft/apply.h"
#include "relayd.h"

#define MANY	5	/* a prefix of 29 bits: 8 addresses less network, exit, broadcast */

static unsigned int ended;
static struct circ *bound[256];	/* by the last byte of the inner address */
static char rules[65536];

bool cr_nft_apply(const char *text, char *error, size_t room)
{
	(void)error;
	(void)room;
	strncpy(rules, text, sizeof(rules) - 1);
	return true;
}

bool kn_switch(const char *name, bool on, bool *changed)
{
	(void)changed;
	return on && strcmp(name, "ipv4/ip_forward") == 0;
}

enum rc kn_dev_have(const char *name, uint32_t *ifindex)
{
	*ifindex = if_nametoindex(name);
	return *ifindex ? RC_OK : RC_REFUSED;
}

enum rc kn_route_add(uint32_t ifindex, const struct addr *dst, uint8_t prefix, const struct addr *src)
{
	(void)dst;
	(void)prefix;
	(void)src;
	return ifindex ? RC_OK : RC_REFUSED;
}

static struct circ circ[32];

/* Tracked flows: of which inner addresses, by the last byte. */
static bool tracked[256];
static unsigned int passes;
static bool no_tracking;

enum rc kn_flows_drop(bool (*drop)(const struct addr *from, void *arg), void *arg, unsigned int *count)
{
	struct addr a = { .bytes = { 10, 99, 0, 0 }, .len = 4 }, other = { .bytes = { 192, 0, 2, 3 }, .len = 4 };

	passes++;
	*count = 0;
	if (no_tracking)
		return RC_REFUSED;
	/* flows of the host itself are none of ours, nor those of other networks */
	assert_false(drop(&other, arg));
	other = (struct addr){ .bytes = { 10, 98, 0, 2 }, .len = 4 };
	assert_false(drop(&other, arg));
	for (int i = 0; i < 256; i++) {
		a.bytes[3] = (uint8_t)i;
		if (tracked[i] && drop(&a, arg)) {
			assert_null(bound[i]);
			tracked[i] = false;
			++*count;
		}
	}
	return RC_OK;
}

/* As the module: an address is bound once. */
enum rc kernel_circ_bind(uint32_t id, uint32_t ifindex, const uint8_t *inner4, const uint8_t *inner6)
{
	(void)ifindex;
	(void)inner6;
	if (bound[inner4[3]])
		return RC_REFUSED;
	bound[inner4[3]] = &circ[id];
	return RC_OK;
}

/* Metrics ask for the rest of the daemon's state. */
json_t *relayd_status(void)
{
	return NULL;
}

/* What circs.c does: gone from the kernel, the lease given back. */
void circ_end(struct circ *c, const struct end *but)
{
	(void)but;
	ended++;
	for (int i = 0; i < 256; i++)
		if (bound[i] == c)
			bound[i] = NULL;
	if (c->attached)
		exits_release(c);
	c->attached = false;
}

static int fresh(void **state)
{
	(void)state;
	memset(&conf, 0, sizeof(conf));
	memset(circ, 0, sizeof(circ));
	memset(bound, 0, sizeof(bound));
	memset(tracked, 0, sizeof(tracked));
	passes = 0;
	no_tracking = false;
	ended = 0;
	for (uint32_t i = 0; i < 32; i++)
		circ[i].by_id.key = i;
	strcpy(conf.exit_dev, "lo");
	addr_parse("10.99.0.0", &conf.pool4.addr);
	conf.pool4.len = 29;
	return exits_init();
}

static int done(void **state)
{
	(void)state;
	exits_free();
	return 0;
}

static const uint8_t alice[32] = { 1 }, bob[32] = { 2 }, alices_twin[32] = { 1, [31] = 9 };

static void numbers(void **state)
{
	(void)state;
	assert_non_null(strstr(rules, "table inet cellrelay_exit"));
	for (int i = 0; i < MANY; i++) {
		assert_true(exits_attach(&circ[i], CR_ATTACH_V4, NULL));
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(circ[i].inner4, circ[j].inner4, 4);
	}
	assert_false(exits_attach(&circ[MANY], CR_ATTACH_V4, NULL));
	/* without a session it is free at once */
	circ_end(&circ[2], NULL);
	assert_true(exits_attach(&circ[MANY], CR_ATTACH_V4, NULL));
	assert_memory_equal(circ[MANY].inner4, circ[2].inner4, 4);
}

static void moves(void **state)
{
	(void)state;
	assert_true(exits_attach(&circ[0], CR_ATTACH_V4, alice));
	assert_true(exits_attach(&circ[1], CR_ATTACH_V4, bob));
	/* while the circuit before still lives: it ends */
	assert_true(exits_attach(&circ[2], CR_ATTACH_V4, alice));
	assert_int_equal(ended, 1);
	assert_memory_equal(circ[2].inner4, circ[0].inner4, 4);
	assert_ptr_equal(bound[circ[2].inner4[3]], &circ[2]);
	assert_ptr_equal(bound[circ[1].inner4[3]], &circ[1]);
	/* another key with the same first bytes is somebody else */
	assert_false(exits_attach(&circ[3], CR_ATTACH_V4, alices_twin));
	assert_ptr_equal(bound[circ[2].inner4[3]], &circ[2]);
	assert_false(circ[3].attached);
}

static void parked(void **state)
{
	uint8_t inner4[4];

	(void)state;
	conf.pool4.len = 24;	/* room for those that wait */
	exits_free();
	assert_int_equal(exits_init(), RC_OK);
	assert_true(exits_attach(&circ[0], CR_ATTACH_V4, alice));
	memcpy(inner4, circ[0].inner4, 4);
	circ_end(&circ[0], NULL);
	/* nobody else gets it */
	for (int i = 1; i < 20; i++) {
		assert_true(exits_attach(&circ[i], CR_ATTACH_V4, NULL));
		assert_memory_not_equal(circ[i].inner4, inner4, 4);
	}
	assert_true(exits_attach(&circ[20], CR_ATTACH_V4, alice));
	assert_memory_equal(circ[20].inner4, inner4, 4);
	circ_end(&circ[20], NULL);
	assert_true(exits_attach(&circ[21], CR_ATTACH_V4, alice));
	assert_memory_equal(circ[21].inner4, inner4, 4);
}

/* Sessions that come and go do not use the pool up: few wait, the rest is free at once. */
static void few_wait(void **state)
{
	uint8_t session[32] = { 0 };

	(void)state;
	for (uint32_t i = 1; i < 1000; i++) {
		memcpy(session, &i, sizeof(i));
		assert_true(exits_attach(&circ[0], CR_ATTACH_V4, session));
		circ_end(&circ[0], NULL);
		circ[0].held = NULL;
	}
}

/* An address that is lent again comes without the flows of whoever had it, and nobody else loses any. */
static void flows_forgotten(void **state)
{
	(void)state;
	/* of before a restart */
	tracked[4] = true;
	assert_true(exits_attach(&circ[0], CR_ATTACH_V4, NULL));
	assert_int_equal(passes, 1);
	assert_false(tracked[4]);
	for (int i = 1; i < MANY; i++) {
		assert_true(exits_attach(&circ[i], CR_ATTACH_V4, NULL));
		tracked[circ[i].inner4[3]] = true;
	}
	/* once was enough for all of them */
	assert_int_equal(passes, 1);
	circ_end(&circ[1], NULL);
	circ_end(&circ[3], NULL);
	assert_true(exits_attach(&circ[5], CR_ATTACH_V4, NULL));
	assert_int_equal(passes, 2);
	assert_false(tracked[circ[1].inner4[3]]);
	assert_false(tracked[circ[3].inner4[3]]);
	assert_true(tracked[circ[2].inner4[3]]);
	assert_true(tracked[circ[4].inner4[3]]);
	/* the other one was cleaned with it */
	assert_true(exits_attach(&circ[6], CR_ATTACH_V4, NULL));
	assert_int_equal(passes, 2);
	/* and where it cannot be, nobody gets it */
	circ_end(&circ[6], NULL);
	no_tracking = true;
	assert_false(exits_attach(&circ[7], CR_ATTACH_V4, NULL));
	assert_false(circ[7].attached);
	no_tracking = false;
	assert_true(exits_attach(&circ[7], CR_ATTACH_V4, NULL));
}

/* A session takes its flows along. */
static void flows_moved(void **state)
{
	(void)state;
	assert_true(exits_attach(&circ[0], CR_ATTACH_V4, alice));
	tracked[circ[0].inner4[3]] = true;
	passes = 0;
	assert_true(exits_attach(&circ[1], CR_ATTACH_V4, alice));
	assert_int_equal(passes, 0);
	assert_true(tracked[circ[1].inner4[3]]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(numbers), TEST(moves), TEST(parked), TEST(few_wait), TEST(flows_forgotten), TEST(flows_moved) };

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd: exits", tests, NULL, NULL);
}
