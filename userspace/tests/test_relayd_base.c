// SPDX-License-Identifier: MIT
/* What the daemon stands on: objects by number, timers, configuration, peers, which addresses are public. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail	/* ours says why */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "idmap.h"
#include "log.h"
#include "peers.h"
#include "timer.h"

#define MANY 5000

/* cmocka's fail_msg() needs the macro that has our name. */
#define wanted(format, a, b) do { print_error("ERROR: " format "\n", a, b); assert_true(false); } while (0)

struct thing {
	struct idnode node;
	bool seen;
};

static void see(struct idnode *n, void *arg)
{
	struct thing *t = container(n, struct thing, node);

	assert_false(t->seen);
	t->seen = true;
	if (n->key % 2)
		idmap_del(arg, n);	/* the one that it sees may go */
}

static void test_idmap(void **state)
{
	static struct thing things[MANY], again;
	struct idmap m = { .bucket = NULL };

	(void)state;
	assert_null(idmap_get(&m, 1));
	idmap_del(&m, &again.node);
	for (uint64_t i = 0; i < MANY; i++)
		assert_true(idmap_put(&m, &things[i].node, i));
	assert_false(idmap_put(&m, &again.node, 7));	/* taken */
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(idmap_get(&m, i), &things[i].node);
	assert_null(idmap_get(&m, MANY));
	idmap_walk(&m, see, &m);
	for (uint64_t i = 0; i < MANY; i++) {
		assert_true(things[i].seen);
		assert_ptr_equal(idmap_get(&m, i), i % 2 ? NULL : &things[i].node);
	}
	assert_int_equal(m.count, MANY / 2);
	idmap_free(&m);
}

static unsigned int order[MANY], ran;
static struct {
	struct timer t;
	unsigned int n;
} alarms[MANY];

static void ring(struct timer *t)
{
	order[ran++] = container(t, __typeof__(alarms[0]), t)->n;
	assert_int_equal(t->at, 0);
}

static void test_timers(void **state)
{
	(void)state;
	assert_int_equal(timers_run(), -1);
	for (unsigned int i = 0; i < MANY; i++) {
		alarms[i].n = i;
		alarms[i].t.fn = ring;
		timer_set(&alarms[i].t, 3600000 + randombytes_uniform(1000));
	}
	assert_in_range(timers_run(), 3590000, 3601000);
	/* moved to the past in a random order, a third stopped: they ring by time */
	for (unsigned int i = 0; i < MANY; i++) {
		unsigned int k = (i * 2677) % MANY;

		timer_stop(&alarms[k].t);
		if (k % 3 == 0)
			continue;
		timer_set(&alarms[k].t, 0);
		assert_int_not_equal(alarms[k].t.at, 0);
	}
	assert_int_equal(timers_run(), -1);
	assert_int_equal(ran, MANY - (MANY + 2) / 3);
	for (unsigned int i = 1; i < ran; i++)
		assert_true(alarms[order[i - 1]].t.when <= alarms[order[i]].t.when);
	timer_stop(&alarms[0].t);	/* twice is fine */
}

static void ring_again(struct timer *t)
{
	uint64_t began = now_ms();

	assert_in_range(++ran, 1, 9);
	while (now_ms() == began)
		;
	timer_set(t, 0);
}

/* What becomes due while timers ring waits for the next time: what has come by then is read before. */
static void test_timers_turn(void **state)
{
	struct timer t = { .fn = ring_again };

	(void)state;
	ran = 0;
	timer_set(&t, 0);
	for (unsigned int i = 1; i < 5; i++) {
		assert_int_equal(timers_run(), 0);
		assert_int_equal(ran, i);
	}
	timer_stop(&t);
	assert_int_equal(timers_run(), -1);
}

/* Writes @text to a file of its own; the name stays good until the next call. */
static const char *file(const char *text)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/cellrelay-test-%d", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void wrong(const char *text, const char *says)
{
	struct config c;

	assert_int_equal(config_read(&c, file(text)), RC_USAGE);
	if (!strstr(log_last(), says))
		wanted("%s says: %s", text, log_last());
}

static void test_config(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(config_read(&c, file("[relayd]\nkeys = /k\nlisten = [::]:4000\nlisten = 0.0.0.0:4000\n"
					      "[relay]\nenabled = yes\nfree-bytes = unlimited\n"
					      "[exit]\ndevice = cell0\npool4 = 10.99.0.0/16\n")), RC_OK);
	assert_true(c.relay);
	assert_int_equal(c.listen_n, 2);
	assert_int_equal(c.listen[0].len, 16);
	assert_true(c.free_bytes == UINT64_MAX);
	assert_int_equal(c.pool4.len, 16);
	assert_false(c.private_addresses);
	/* defaults of a client */
	assert_int_equal(config_read(&c, file("[client]\ndevice = cell0\n")), RC_OK);
	assert_int_equal(c.listen_n, 2);
	assert_int_equal(c.listen[0].port, 0);
	assert_true(c.free_bytes == CR_FREE_BYTES);
	assert_int_equal(c.rekey_ms, CR_LINK_REKEY_MS);
	assert_int_equal(c.idle_ms, CR_CIRCUIT_IDLE_MS);

	assert_int_equal(c.fwmark, 0xce11);
	assert_true(c.wish.max_price == UINT64_MAX && !c.wish.hops);
	assert_int_equal(config_read(&c, file("[relayd]\nauthorities = /a\nsnapshot = /s\n[client]\ndevice = c\nhops = 4\nexit-country = DE\n"
					      "max-price = 9\ndns = 9.9.9.9\ndns = 2620:fe::fe\nallow = 192.168.0.0/16\n"
					      "turn-seconds = 9\n[exit]\nrule = reject tcp any 25\nflows-each = 7\ndns = yes\n")), RC_OK);
	assert_int_equal(c.wish.hops, 4);
	assert_string_equal(c.wish.country, "DE");
	assert_int_equal(c.wish.max_price, 9);
	assert_int_equal(c.dns_n, 2);
	assert_int_equal(c.turn_ms, 9000);
	assert_int_equal(c.allow_n, 1);
	assert_int_equal(c.rule_n, 1);
	assert_int_equal(c.flows_each, 7);
	assert_int_equal(c.flows_max, 0);
	assert_true(c.exit_dns);

	wrong("[relayd]\nsnapshot = /s\n", "a snapshot needs \"authorities\"");
	wrong("[relayd]\nsnapshot-url = https://a/\n", "a snapshot needs \"authorities\"");
	wrong("[relayd]\nsnapshot-url = http://a/\n", "only https://");
	assert_int_equal(config_read(&c, file("[client]\ndevice = cell0\nguard = cellrelay://iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w.zo060cy2M-x7cMF4FKXHbs0CloUFDTRHRboFhw5YfVk@192.0.2.1:4000/1\n")), RC_OK);
	assert_true(c.wish.named && c.wish.guard.address.port == 4000);
	wrong("[client]\nguard = cellrelay://x\n", "two keys of 43");
	wrong("[client]\ndevice = c\npath = a,b\nguard = cellrelay://iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w.zo060cy2M-x7cMF4FKXHbs0CloUFDTRHRboFhw5YfVk@192.0.2.1:4000/1\n", "names the guard already");
	wrong("[client]\noutside-cgroup = /a\n", "without a slash in front");
	wrong("[client]\ndevice = c\nroute = 10.0.0.0/8\noutside-cgroup = a\n", "takes everything");
	assert_true(c.rotate);
	wrong("[relay]\nrotate = weekly\n", "yes or no");
	wrong("[client]\ndirect-fetch = maybe\n", "first, yes or no");
	wrong("[client]\nexit-country = de\n", "two capital letters");
	wrong("[client]\nhops = 0\n", "1 to 8");
	wrong("[client]\ndns = 1\ndns = x\n", "an address");
	wrong("[client]\nallow = 10.0.0.1/8\n", "a prefix");
	wrong("[exit]\nrule = allow all\n", "a rule such as");
	wrong("[relayd]\nsockett = x\n", ":2: [relayd] sockett = x: there is no such setting");
	wrong("[nowhere]\na = b\n", "there is no such section");
	wrong("[relayd]\nwhat\n", ":2: this is neither");
	wrong("[relay]\nenabled = maybe\n", ":2: [relay] enabled = maybe: yes or no");
	wrong("[relay]\nenabled = yes\n", "a relay needs \"keys\"");
	wrong("[relayd]\nkeys = /k\n[relay]\nenabled = yes\n", "a relay needs \"listen\"");
	wrong("[relayd]\nlisten = 1.2.3.4\n", "an address and port");
	wrong("[relayd]\nledger = 00\n", "64 hexadecimal digits");
	wrong("[relayd]\nrekey-seconds = 601\n", "1 to 600");
	wrong("[relay]\nidle-seconds = 15\n", "above 15");
	wrong("[exit]\npool4 = 10.0.0.0/30\n", "8 to 29 bits");
	wrong("[exit]\npool6 = fd00::/97\n", "at most 96 bits");
	wrong("[exit]\ndevice = x\n", "an exit needs");
	wrong("[client]\nspares = 9\n", "0 to 8");
	wrong("[client]\nroute = 10.0.0.0\n", "a prefix");
	assert_int_equal(config_read(&c, "/nonexistent"), RC_USAGE);
	unlink(file(""));
}

#define KEY_A "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_B "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static void test_peers(void **state)
{
	struct addr a;
	uint8_t one[32], two[32];

	(void)state;
	memset(one, 1, 32);
	memset(two, 2, 32);
	assert_int_equal(peers_read(file("[relay a]\nidentity = " KEY_A "\nkey = " KEY_B "\naddress = 192.0.2.1:4000\n"
					 "[relay b]\nidentity = " KEY_B "\nkey = " KEY_A "\n")), RC_OK);
	assert_string_equal(peer_by_identity(one)->name, "a");
	assert_string_equal(peer_by_identity(two)->name, "b");
	assert_string_equal(peer_by_key(one)->name, "b");
	assert_ptr_equal(peer_by_name("a"), peer_by_key(two));
	assert_true(addr_endpoint("192.0.2.1:4000", &a));
	assert_ptr_equal(peer_by_addr(&a), peer_by_name("a"));
	a.port++;
	assert_null(peer_by_addr(&a));
	one[0]++;
	assert_null(peer_by_identity(one));
	assert_null(peer_by_name("c"));
	peers_free();
	assert_int_equal(peers_read(file("[relay a]\nidentity = " KEY_A "\n")), RC_USAGE);
	peers_free();
	assert_int_equal(peers_read(file("[relay a]\nidentity = " KEY_A "\nkey = " KEY_B "\n[relay b]\nidentity = " KEY_A
					 "\nkey = " KEY_A "\n")), RC_USAGE);
	peers_free();
	assert_int_equal(peers_read(file("[relay a]\nkey = AAAA\n")), RC_USAGE);
	peers_free();
	unlink(file(""));
}

/* D10: where nobody may send us to. */
static void test_public(void **state)
{
	static const char *const no[] = {
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.169.254", "172.16.0.1",
		"172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1", "2001:db8::1",
		"2002:808:808::1", "3fff::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
	};
	static const char *const yes[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
		"172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2001:200::1", "2001:4860::1", "2003::1", "2a00::1", "2606:4700::1111",
	};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		assert_true(addr_parse(no[i], &a));
		if (addr_public(&a))
			wanted("%s is %s", no[i], "not public");
	}
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		assert_true(addr_parse(yes[i], &a));
		if (!addr_public(&a))
			wanted("%s is %s", yes[i], "public");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idmap), cmocka_unit_test(test_timers), cmocka_unit_test(test_timers_turn),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_peers), cmocka_unit_test(test_public),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd base", tests, NULL, NULL);
}
