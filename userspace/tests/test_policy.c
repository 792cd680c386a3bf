// SPDX-License-Identifier: MIT
/* Exit policies: what matches, and the text that people write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "directory/address.h"
#include "directory/policy.h"

static void test_text(void **state)
{
	static const char *const good[] = {
		"accept any any any", "reject tcp any 25", "reject udp any 6881-6999",
		"accept tcp 192.0.2.0/24 443", "reject any 2001:db8::/32 any", "accept any 0.0.0.0/0 any",
		"reject tcp ::/0 1-1023",
	};
	static const char *const bad[] = {
		"", "accept", "accept any any", "accept any any any any", "allow any any any",
		"accept icmp any any", "accept tcp 192.0.2.1/24 443", "accept tcp 192.0.2.0 443",
		"accept tcp 192.0.2.0/33 443", "accept tcp 2001:db8::/129 443", "accept any any 80",
		"accept tcp any 0", "accept tcp any 65536", "accept tcp any 80-79", "accept tcp any 80-",
		"accept tcp any -80", "accept tcp any +80", "accept tcp any 080x", "accept tcp 300.0.0.0/8 1",
		"accept tcp any 123456",
	};
	char text[CR_RULE_TEXT];
	struct cr_rule rule;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t bytes[CR_RULE_BYTES];
		struct cr_reader r = { bytes, sizeof(bytes), false };
		struct cr_rule back;

		if (!cr_rule_parse(&rule, good[i]))
			fail_msg("\"%s\" was refused", good[i]);
		assert_string_equal(cr_rule_text(text, &rule), good[i]);
		cr_rule_put(bytes, &rule);
		assert_int_equal(cr_rule_read(&back, &r), CR_DIR_OK);
		assert_string_equal(cr_rule_text(text, &back), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (cr_rule_parse(&rule, bad[i]))
			fail_msg("\"%s\" was taken", bad[i]);
}

static bool allows(const char *const *policy, const char *address, uint8_t family, uint8_t proto, uint16_t port)
{
	struct cr_target want = { .family = family, .proto = proto, .port = port, .known = address };
	struct cr_rule rules[CR_RULES_MAX];
	size_t n = 0;

	for (; policy[n]; n++)
		assert_true(cr_rule_parse(&rules[n], policy[n]));
	if (address)
		assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, address, want.ip), 1);
	return cr_policy_allows(rules, n, &want);
}

static void test_match(void **state)
{
	static const char *const web[] = { "accept tcp any 80", "accept tcp any 443", NULL };
	static const char *const holes[] = {
		"reject any 8.0.0.0/8 any", "accept tcp 8.8.8.8/32 53", "accept tcp 0.0.0.0/0 any", NULL,
	};
	static const char *const six[] = { "reject any 0.0.0.0/0 any", "accept any any any", NULL };
	static const char *const none[] = { NULL };
	static const char *const all[] = { "accept any any any", NULL };

	(void)state;
	assert_true(allows(web, NULL, 0, CR_PROTO_TCP, 443));
	assert_false(allows(web, NULL, 0, CR_PROTO_UDP, 443));
	assert_false(allows(web, NULL, 0, CR_PROTO_TCP, 22));
	assert_false(allows(none, NULL, 0, CR_PROTO_TCP, 443));
	/* the first rule that matches decides */
	assert_false(allows(holes, "8.8.8.8", 4, CR_PROTO_TCP, 53));
	assert_true(allows(holes, "9.9.9.9", 4, CR_PROTO_TCP, 53));
	/* one refused network does not hide an exit; IPv4 only stays IPv4 only */
	assert_true(allows(holes, NULL, 4, CR_PROTO_TCP, 443));
	assert_false(allows(holes, NULL, 6, CR_PROTO_TCP, 443));
	assert_true(allows(holes, NULL, 0, CR_PROTO_TCP, 443));
	assert_false(allows(six, NULL, 4, CR_PROTO_TCP, 443));
	assert_true(allows(six, NULL, 6, CR_PROTO_TCP, 443));
	/* what is not public nobody carries, whatever the rules say */
	assert_false(allows(all, "10.0.0.1", 4, CR_PROTO_TCP, 443));
	assert_false(allows(all, "169.254.169.254", 4, CR_PROTO_TCP, 80));
	assert_false(allows(all, "::ffff:10.0.0.1", 6, CR_PROTO_TCP, 80));
	assert_false(allows(all, "64:ff9b::a00:1", 6, CR_PROTO_UDP, 53));
	assert_true(allows(all, "8.8.8.8", 4, CR_PROTO_ANY, 0));
	assert_false(allows(web, "8.8.8.8", 4, CR_PROTO_ANY, 0));
}

static void test_default(void **state)
{
	static const uint16_t refused[] = { 25, 119, 135, 137, 139, 445, 563, 1214, 4661, 4666, 6346, 6429,
					    6699, 6881, 6999 };
	static const uint16_t carried[] = { 22, 24, 26, 53, 80, 134, 140, 443, 587, 993, 4660, 4667, 6880,
					    7000, 65535 };
	struct cr_rule rules[CR_RULES_MAX];
	size_t n = cr_policy_default(rules);

	(void)state;
	assert_in_range(n, 2, CR_RULES_MAX);
	for (int udp = 0; udp < 2; udp++) {
		struct cr_target want = { .proto = udp ? CR_PROTO_UDP : CR_PROTO_TCP };

		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
			want.port = refused[i];
			assert_false(cr_policy_allows(rules, n, &want));
		}
		for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
			want.port = carried[i];
			assert_true(cr_policy_allows(rules, n, &want));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_default),
	};

	return cmocka_run_group_tests_name("exit policy", tests, NULL, NULL);
}
