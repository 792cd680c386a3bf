// SPDX-License-Identifier: MIT
/*
 * Rulesets of exit and client: settings that are refused, and that the kernel
 * takes the text, in a network namespace of this test's own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nftables/libnftables.h>

#include "client/killswitch.h"
#include "exit/ruleset.h"
#include "nft/apply.h"

static bool in_namespace;
static char text[CR_EXIT_TEXT_MAX], error[8192];

static struct cr_prefix prefix(const char *word)
{
	struct cr_prefix p;

	assert_true(cr_prefix_parse(&p, word));
	return p;
}

static struct cr_address address(const char *word)
{
	struct cr_address a;

	assert_true(cr_address_parse(&a, word));
	return a;
}

static struct cr_rule rule(const char *word)
{
	struct cr_rule r;

	assert_true(cr_rule_parse(&r, word));
	return r;
}

/* What the kernel has now, as nft lists it; or "" where there is no namespace to load it in. */
static char *load(const char *ruleset)
{
	struct nft_ctx *nft;
	char *listed;

	if (!in_namespace) {
		print_message("# SKIP no network namespace without privileges here\n");
		skip();
	}
	if (!cr_nft_apply(ruleset, error, sizeof(error)))
		fail_msg("%s\n%s", error, ruleset);
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	assert_non_null(nft);
	assert_int_equal(nft_ctx_buffer_output(nft), 0);
	assert_int_equal(nft_run_cmd_from_buffer(nft, "list ruleset"), 0);
	listed = strdup(nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
	assert_non_null(listed);
	return listed;
}

static void has(const char *listed, const char *what)
{
	if (!strstr(listed, what))
		fail_msg("\"%s\" is not in:\n%s", what, listed);
}

static void has_not(const char *listed, const char *what)
{
	if (strstr(listed, what))
		fail_msg("\"%s\" is in:\n%s", what, listed);
}

static struct cr_exit an_exit(struct cr_rule *rules)
{
	return (struct cr_exit){
		.device = "cell0", .pool4 = prefix("10.64.0.0/16"), .pool6 = prefix("fd64::/48"),
		.rules = rules, .rule_count = cr_policy_default(rules), .flows_max = 1000, .flows_each = 10,
		.dns = true,
	};
}

static void test_exit_loads(void **state)
{
	struct cr_address market[] = { address("9.9.9.9:443"), address("[2620:fe::fe]:443") };
	struct cr_exit_source sources[] = {
		{ prefix("10.64.0.5"), prefix("198.51.100.5") }, { prefix("fd64::5"), prefix("2a00::5") },
	};
	struct cr_prefix free_inner[] = { prefix("10.64.0.6"), prefix("fd64::6") };
	struct cr_rule rules[CR_RULES_MAX];
	struct cr_exit e = an_exit(rules);
	char *listed;

	(void)state;
	assert_null(cr_exit_ruleset(text, sizeof(text), &e));
	listed = load(text);
	has(listed, "table inet cellrelay_exit");
	has(listed, "counter rule_20");
	has(listed, "64:ff9b::/96");
	has(listed, "169.254.0.0/16");
	free(listed);
	/* again, with everything: replaces the whole */
	e.market = market;
	e.market_count = 2;
	e.sources = sources;
	e.source_count = 2;
	e.free = free_inner;
	e.free_count = 2;
	e.rule_count = 3;
	rules[0] = rule("reject any 8.0.0.0/8 any");
	rules[1] = rule("accept tcp 2000::/3 1-1023");
	rules[2] = rule("accept udp 0.0.0.0/0 any");
	assert_null(cr_exit_ruleset(text, sizeof(text), &e));
	listed = load(text);
	has(listed, "10.64.0.5 : 198.51.100.5");
	has(listed, "9.9.9.9 . 443");
	has(listed, "2620:fe::fe . 443");
	has(listed, "10.64.0.6");
	has(listed, "counter rule_2 ");
	has_not(listed, "counter rule_3");
	free(listed);
	/* one circuit more, one less */
	sources[0].inner = prefix("10.64.0.9");
	assert_null(cr_exit_source_text(text, sizeof(text), &sources[0], true));
	listed = load(text);
	has(listed, "10.64.0.9 : 198.51.100.5");
	free(listed);
	assert_null(cr_exit_source_text(text, sizeof(text), &sources[0], false));
	listed = load(text);
	has_not(listed, "10.64.0.9");
	free(listed);
	assert_null(cr_exit_free_text(text, sizeof(text), &free_inner[0], false));
	listed = load(text);
	has_not(listed, "10.64.0.6");
	free(listed);
	/* a broken text changes nothing */
	assert_false(cr_nft_apply("flush ruleset\nadd nonsense\n", error, sizeof(error)));
	assert_int_not_equal(error[0], '\0');
	assert_null(cr_exit_free_text(text, sizeof(text), &free_inner[0], true));
	listed = load(text);
	has(listed, "table inet cellrelay_exit");
	free(listed);
	listed = load(cr_exit_remove_text());
	has_not(listed, "cellrelay_exit");
	free(listed);
	free(load(cr_exit_remove_text()));
}

/* As many rules, and of every shape, as there can be. */
static void test_exit_shapes(void **state)
{
	static const char *const actions[] = { "accept", "reject" }, *const protos[] = { "tcp", "udp", "any" },
		*const nets[] = { "any", "0.0.0.0/0", "8.0.0.0/8", "8.8.8.8/32", "::/0", "2000::/3", "2a00::1/128" },
		*const ports[] = { "any", "80", "1-1023", "65535" };
	struct cr_rule rules[CR_RULES_MAX];
	struct cr_exit e = an_exit(rules);
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 2 * 3 * 7 * 4; i++) {
		char word[96];

		snprintf(word, sizeof(word), "%s %s %s %s", actions[i % 2], protos[i / 2 % 3], nets[i / 6 % 7],
			 i / 2 % 3 == 2 ? "any" : ports[i / 42 % 4]);
		rules[n++] = rule(word);
		if (n < CR_RULES_MAX && i + 1 < 2 * 3 * 7 * 4)
			continue;
		e.rule_count = n;
		assert_null(cr_exit_ruleset(text, sizeof(text), &e));
		free(load(text));
		n = 0;
	}
	/* one family only; nothing carried; a network with private addresses */
	e = an_exit(rules);
	e.pool6.family = 0;
	e.rule_count = 0;
	e.allow_private = true;
	assert_null(cr_exit_ruleset(text, sizeof(text), &e));
	has_not(text, "deny_private");
	has(text, "deny_loopback");
	has(text, "deny_link_local");
	has(text, "deny_multicast");
	has(text, "deny_embedded");
	free(load(text));
	free(load(cr_exit_remove_text()));
}

static void test_exit_refused(void **state)
{
	struct cr_rule rules[CR_RULES_MAX];
	struct cr_exit_source source = { prefix("10.64.0.5"), prefix("2a00::5") };
	struct cr_prefix net = prefix("10.64.0.0/24");
	struct cr_exit e;

	(void)state;
#define WRONG(change, words) do { \
		e = an_exit(rules); \
		change; \
		const char *wrong_ = cr_exit_ruleset(text, sizeof(text), &e); \
		assert_non_null(wrong_); \
		has(wrong_, words); \
	} while (0)
	WRONG(e.device = "", "device");
	WRONG(e.device = "a\" accept; #", "device");
	WRONG(e.device = "sixteen-letters-", "device");
	WRONG(e.pool4.family = 0; e.pool6.family = 0, "no pool");
	WRONG(e.pool4.family = 6, "pool");
	WRONG(e.pool4.ip[3] = 1, "pool");
	WRONG(e.rule_count = 33, "too many rules");
	WRONG(rules[0].low = 0, "malformed rule");
	WRONG(rules[0].bits = 200, "malformed rule");
	WRONG(e.sources = &source; e.source_count = 1, "one family");
	WRONG(e.free = &net; e.free_count = 1, "free circuit");
	e = an_exit(rules);
	assert_non_null(cr_exit_ruleset(text, 1000, &e));	/* no room */
}

static void test_killswitch(void **state)
{
	struct cr_address guards[] = { address("203.0.113.1:9001"), address("[2001:db8::1]:9001") };
	struct cr_prefix allowed[] = { prefix("192.168.1.0/24"), prefix("fd00::/8") }, all = prefix("0.0.0.0/0");
	struct cr_killswitch ks = { .device = "cell0", .mark = 0xce11, .port = 51000 }, k;
	static const char *const no_groups[] = {
		"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a\"b", "a b", "a;b", "a\nb", "a{", "$a",
		"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17",
	};
	char *listed;

	(void)state;
	assert_null(cr_killswitch_ruleset(text, sizeof(text), &ks));
	listed = load(text);
	has(listed, "table inet cellrelay_client");
	has(listed, "policy drop");
	free(listed);
	ks.guards = guards;
	ks.guard_count = 2;
	ks.allowed = allowed;
	ks.allowed_count = 2;
	assert_null(cr_killswitch_ruleset(text, sizeof(text), &ks));
	listed = load(text);
	has(listed, "203.0.113.1 . 9001");
	has(listed, "2001:db8::1 . 9001");
	has(listed, "192.168.1.0/24");
	free(listed);
	guards[0].port = 9002;
	assert_null(cr_killswitch_guard_text(text, sizeof(text), &guards[0], true));
	listed = load(text);
	has(listed, "203.0.113.1 . 9002");
	free(listed);
	assert_null(cr_killswitch_guard_text(text, sizeof(text), &guards[0], false));
	listed = load(text);
	has_not(listed, "203.0.113.1 . 9002");
	free(listed);
	k = ks;
	k.mark = 0;
	has(cr_killswitch_ruleset(text, sizeof(text), &k), "without a mark");
	k = ks;
	k.device = "x y";
	has(cr_killswitch_ruleset(text, sizeof(text), &k), "device");
	k = ks;
	k.allowed = &all;
	k.allowed_count = 1;
	has(cr_killswitch_ruleset(text, sizeof(text), &k), "everything");
	k = ks;
	guards[1].port = 0;
	has(cr_killswitch_ruleset(text, sizeof(text), &k), "guard's address");
	k = ks;
	k.guard_count = CR_KILLSWITCH_GUARDS + 1;
	has(cr_killswitch_ruleset(text, sizeof(text), &k), "too many");
	guards[1].port = 9001;
	/* the text only: whether the kernel takes it depends on its control groups (selftests/net/split.sh) */
	k = ks;
	k.cgroup = "system.slice/a-b@c.service";
	assert_null(cr_killswitch_ruleset(text, sizeof(text), &k));
	has(text, "socket cgroupv2 level 2 \"system.slice/a-b@c.service\" ct mark set 0xce11");
	has(text, "ct mark 0xce11 meta mark 0xce11 counter name outside accept");
	has(text, "masquerade");
	assert_null(cr_killswitch_ruleset(text, sizeof(text), &ks));
	has_not(text, "cgroup");
	has_not(text, "masquerade");
	for (size_t i = 0; i < sizeof(no_groups) / sizeof(no_groups[0]); i++) {
		k.cgroup = no_groups[i];
		has(cr_killswitch_ruleset(text, sizeof(text), &k), "control group");
	}
	assert_int_equal(cr_killswitch_cgroup("a"), 1);
	assert_int_equal(cr_killswitch_cgroup("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"), 16);
	listed = load(cr_killswitch_remove_text());
	has_not(listed, "cellrelay_client");
	free(listed);
}

static void test_prefix(void **state)
{
	static const char *const bad[] = { "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "::/129", "x/8",
					   "10.0.0.0/8x", "10.0.0.0/-1", "1.2.3", "fe80::1%lo" };
	struct cr_prefix p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cr_prefix_parse(&p, bad[i]));
	p = prefix("2001:db8::1");
	assert_int_equal(p.bits, 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_exit_refused),
		cmocka_unit_test(test_exit_loads),
		cmocka_unit_test(test_exit_shapes),
		cmocka_unit_test(test_killswitch),
	};

	/* without root by a user namespace; this process's network is empty from here on */
	in_namespace = (geteuid() == 0 && unshare(CLONE_NEWNET) == 0) || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
	return cmocka_run_group_tests_name("nftables rulesets", tests, NULL, NULL);
}
