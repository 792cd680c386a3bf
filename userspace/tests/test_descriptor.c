// SPDX-License-Identifier: MIT
/* Descriptors: one encoding per value, and nothing else is taken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory_fixture.h"

static void expect(enum cr_verdict got, enum cr_verdict want, const char *what)
{
	if (got != want)
		fail_msg("%s: %s, not %s", what, cr_verdict_name(got), cr_verdict_name(want));
}

/* One with as much of everything as there can be. */
static void full(struct cr_descriptor *d)
{
	fix_descriptor(d, 1, 1);
	d->suites = CR_SUITES;
	d->onion_count = 2;
	d->onion[1] = d->onion[0];
	d->onion[1].public_key[0] ^= 1;
	d->onion[1].from += 7 * 86400;
	d->onion[1].until += 7 * 86400;
	d->address_count = CR_ADDRESSES_MAX;
	d->address[3] = d->address[1];
	d->address[3].port++;
	d->address[2] = d->address[1];
	d->address[1] = d->address[0];
	d->address[1].ip[3]++;
	d->rule_count = CR_RULES_MAX;
	for (int i = 21; i < CR_RULES_MAX; i++)
		assert_true(cr_rule_parse(&d->rule[i], "reject tcp 2001:db8::/32 1-1023"));
	for (uint8_t i = 0; i < CR_FAMILY_MAX; i++) {
		struct fix_key key;

		/* any order, then sorted */
		fix_key(&key, "kin", i);
		memcpy(d->family[d->family_count++], key.public_key, CR_PUBLIC_BYTES);
		for (int j = i; j && memcmp(d->family[j - 1], d->family[j], CR_PUBLIC_BYTES) > 0; j--) {
			memcpy(d->family[j], d->family[j - 1], CR_PUBLIC_BYTES);
			memcpy(d->family[j - 1], key.public_key, CR_PUBLIC_BYTES);
		}
	}
	strcpy(d->software, "cellrelay 12345678.12345678.1234");
	expect(fix_resign(d, 1, 1), CR_DIR_OK, "full");
}

static void round_trip(const struct cr_descriptor *d)
{
	uint8_t a[CR_DESCRIPTOR_MAX], b[CR_DESCRIPTOR_MAX];
	struct cr_descriptor back;
	size_t len, again;

	expect(cr_descriptor_encode(a, &len, d), CR_DIR_OK, "encode");
	expect(cr_descriptor_decode(&back, a, len), CR_DIR_OK, "decode");
	expect(cr_descriptor_verify(&back), CR_DIR_OK, "verify");
	expect(cr_descriptor_encode(b, &again, &back), CR_DIR_OK, "encode again");
	assert_int_equal(len, again);
	assert_memory_equal(a, b, len);
	/* every shorter one, and a longer one, is refused */
	for (size_t n = 0; n < len; n++) {
		enum cr_verdict v = cr_descriptor_decode(&back, a, n);

		if (v == CR_DIR_OK)
			fail_msg("%zu of %zu bytes were taken", n, len);
	}
	if (len < sizeof(a)) {
		a[len] = 0;
		expect(cr_descriptor_decode(&back, a, len + 1), CR_DIR_TRAILING, "one byte more");
	}
}

static void test_round_trip(void **state)
{
	struct cr_descriptor d;
	uint8_t bytes[CR_DESCRIPTOR_MAX];
	size_t len;

	(void)state;
	fix_descriptor(&d, 1, 1);
	round_trip(&d);
	full(&d);
	round_trip(&d);
	expect(cr_descriptor_encode(bytes, &len, &d), CR_DIR_OK, "encode");
	assert_int_equal(len, CR_DESCRIPTOR_MAX);
	/* the least */
	fix_descriptor(&d, 1, 1);
	d.roles = 0;
	d.rule_count = 0;
	d.address_count = 1;
	strcpy(d.software, "x");
	expect(fix_resign(&d, 1, 1), CR_DIR_OK, "least");
	round_trip(&d);
	expect(cr_descriptor_encode(bytes, &len, &d), CR_DIR_OK, "encode");
	assert_int_equal(len, CR_DESCRIPTOR_MIN);
}

/* Flip every bit: no change may verify, and what decodes must encode to the very same bytes. */
static void test_every_bit_counts(void **state)
{
	uint8_t bytes[CR_DESCRIPTOR_MAX], again[CR_DESCRIPTOR_MAX];
	struct cr_descriptor d, back;
	size_t len, n, decoded = 0;

	(void)state;
	full(&d);
	expect(cr_descriptor_encode(bytes, &len, &d), CR_DIR_OK, "encode");
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= 1 << (bit % 8);
		if (cr_descriptor_decode(&back, bytes, len) == CR_DIR_OK) {
			decoded++;
			expect(cr_descriptor_encode(again, &n, &back), CR_DIR_OK, "encode");
			assert_int_equal(n, len);
			assert_memory_equal(again, bytes, len);
			/* signatures are slow, and decide the same way for most bits of a field */
			if (bit % 7 == 0)
				assert_int_not_equal(cr_descriptor_verify(&back), CR_DIR_OK);
		}
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	assert_in_range(decoded, len * 2, len * 8 - 1);
}

struct wrong {
	const char *what;
	void (*change)(struct cr_descriptor *d);
	enum cr_verdict want;
};

#define CHANGE(name, code) static void name(struct cr_descriptor *d) { code; }
CHANGE(no_serial, d->serial = 0)
CHANGE(backwards, d->until = d->from)
CHANGE(too_long, d->until = d->from + CR_DESCRIPTOR_LIFE_MAX + 1; d->onion[0].until = d->until)
CHANGE(far_future, d->until = CR_TIME_MAX + 1; d->from = CR_TIME_MAX)
CHANGE(role, d->roles |= 8)
CHANGE(nat_entry, d->roles = CR_ROLE_NAT | CR_ROLE_ENTRY; d->rule_count = 0)
CHANGE(no_suite, d->suites = CR_SUITE_AESGCM)
CHANGE(suite, d->suites |= 4)
CHANGE(no_onion, d->onion_count = 0)
CHANGE(three_onion, d->onion_count = 3)
CHANGE(onion_zero, memset(d->onion[0].public_key, 0, 32))
CHANGE(onion_high, d->onion[0].public_key[31] |= 0x80)
CHANGE(onion_p, memset(d->onion[0].public_key, 0xff, 32); d->onion[0].public_key[31] = 0x7f;
       d->onion[0].public_key[0] = 0xed)
CHANGE(onion_late, d->onion[0].from = d->from + 1)
CHANGE(onion_ends, d->onion[0].until = d->until - 1)
CHANGE(onion_long, d->onion[0].from = d->onion[0].until - CR_ONION_KEY_LIFE_MAX - 1)
CHANGE(onion_gap, d->onion_count = 2; d->onion[1] = d->onion[0]; d->onion[1].public_key[0] ^= 1;
       d->onion[1].from = d->onion[0].until + 1; d->onion[1].until += 86400 * 14)
CHANGE(onion_same, d->onion_count = 2; d->onion[1] = d->onion[0]; d->onion[1].from += 1; d->onion[1].until += 1)
CHANGE(onion_order, d->onion_count = 2; d->onion[1] = d->onion[0]; d->onion[1].public_key[0] ^= 1)
CHANGE(no_address, d->address_count = 0)
CHANGE(five_addresses, d->address_count = 5)
CHANGE(address_order, struct cr_address a = d->address[0]; d->address[0] = d->address[1]; d->address[1] = a)
CHANGE(address_twice, d->address[1] = d->address[0])
CHANGE(port_zero, d->address[0].port = 0)
CHANGE(address_multicast, d->address[0].ip[0] = 224)
CHANGE(address_mapped, memset(d->address[1].ip, 0, 16); d->address[1].ip[10] = d->address[1].ip[11] = 255)
CHANGE(address_tail, d->address[0].ip[4] = 1)
CHANGE(address_family, d->address[0].family = 5)
CHANGE(address_broadcast, memset(d->address[0].ip, 255, 4))
CHANGE(policy_no_exit, d->roles = CR_ROLE_ENTRY)
CHANGE(policy_many, d->rule_count = 33)
CHANGE(policy_ports, d->rule[0].low = 26)
CHANGE(policy_port0, d->rule[0].low = 0)
CHANGE(policy_bits, d->rule[0].bits = 1)
CHANGE(policy_dirty, d->rule[0].family = 4; d->rule[0].bits = 8; d->rule[0].ip[1] = 1)
CHANGE(policy_any_ports, d->rule[20].high = 80)
CHANGE(capacity, d->capacity = CR_CAPACITY_MAX + 1)
CHANGE(tariff, d->tariff = (uint64_t)CR_MONEY_MAX + 1)
CHANGE(operator_zero, memset(d->operator_key, 0, 32))
CHANGE(identity_one, memset(d->identity, 0, 32); d->identity[0] = 1)
CHANGE(family_self, d->family_count = 1; memcpy(d->family[0], d->operator_key, 32))
CHANGE(family_many, d->family_count = 9)
CHANGE(family_twice, d->family_count = 2; memcpy(d->family[0], d->identity, 32); memcpy(d->family[1], d->identity, 32))
CHANGE(software_none, d->software[0] = 0)
CHANGE(software_odd, d->software[0] = '\n')
CHANGE(software_quote, d->software[0] = '"')

static void test_refused(void **state)
{
	static const struct wrong wrong[] = {
		{ "serial 0", no_serial, CR_DIR_NUMBER }, { "ends when it begins", backwards, CR_DIR_TIME },
		{ "valid too long", too_long, CR_DIR_TIME }, { "year 36812", far_future, CR_DIR_TIME },
		{ "unknown role", role, CR_DIR_ROLE }, { "entry behind NAT", nat_entry, CR_DIR_ROLE },
		{ "without suite 1", no_suite, CR_DIR_ROLE }, { "unknown suite", suite, CR_DIR_ROLE },
		{ "no X25519 key", no_onion, CR_DIR_LIMIT }, { "three of them", three_onion, CR_DIR_LIMIT },
		{ "zero key", onion_zero, CR_DIR_ONION_KEY }, { "bit 255", onion_high, CR_DIR_ONION_KEY },
		{ "key p", onion_p, CR_DIR_ONION_KEY }, { "key begins late", onion_late, CR_DIR_ONION_KEY },
		{ "key ends early", onion_ends, CR_DIR_ONION_KEY }, { "key lives long", onion_long, CR_DIR_TIME },
		{ "gap between keys", onion_gap, CR_DIR_ONION_KEY }, { "same key twice", onion_same, CR_DIR_ONION_KEY },
		{ "keys out of order", onion_order, CR_DIR_ORDER },
		{ "no address", no_address, CR_DIR_LIMIT }, { "five addresses", five_addresses, CR_DIR_LIMIT },
		{ "addresses out of order", address_order, CR_DIR_ORDER },
		{ "address twice", address_twice, CR_DIR_ORDER }, { "port 0", port_zero, CR_DIR_ADDRESS },
		{ "multicast", address_multicast, CR_DIR_ADDRESS }, { "mapped", address_mapped, CR_DIR_ADDRESS },
		{ "bytes behind IPv4", address_tail, CR_DIR_ADDRESS }, { "family 5", address_family, CR_DIR_ADDRESS },
		{ "broadcast", address_broadcast, CR_DIR_ADDRESS },
		{ "policy of a middle", policy_no_exit, CR_DIR_POLICY }, { "33 rules", policy_many, CR_DIR_LIMIT },
		{ "ports reversed", policy_ports, CR_DIR_POLICY }, { "rule with port 0", policy_port0, CR_DIR_POLICY },
		{ "prefix of no family", policy_bits, CR_DIR_POLICY }, { "bits behind a prefix", policy_dirty, CR_DIR_POLICY },
		{ "ports of any protocol", policy_any_ports, CR_DIR_POLICY },
		{ "capacity", capacity, CR_DIR_NUMBER }, { "tariff", tariff, CR_DIR_NUMBER },
		{ "operator key zero", operator_zero, CR_DIR_KEY }, { "identity one", identity_one, CR_DIR_KEY },
		{ "own family", family_self, CR_DIR_KEY }, { "nine of family", family_many, CR_DIR_LIMIT },
		{ "family twice", family_twice, CR_DIR_ORDER }, { "no software", software_none, CR_DIR_SOFTWARE },
		{ "newline in software", software_odd, CR_DIR_SOFTWARE },
		{ "quote in software", software_quote, CR_DIR_SOFTWARE },
	};
	uint8_t bytes[CR_DESCRIPTOR_MAX];
	struct cr_descriptor d;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fix_descriptor(&d, 1, 1);
		wrong[i].change(&d);
		expect(fix_resign(&d, 1, 1), wrong[i].want, wrong[i].what);
		expect(cr_descriptor_encode(bytes, &len, &d), wrong[i].want, wrong[i].what);
	}
}

static void test_signatures(void **state)
{
	struct fix_key stranger;
	struct cr_descriptor d;

	(void)state;
	fix_key(&stranger, "stranger", 0);
	fix_descriptor(&d, 1, 1);
	/* an operator who never heard of this relay */
	expect(fix_resign(&d, 1, 2), CR_DIR_OK, "sign");
	expect(cr_descriptor_verify(&d), CR_DIR_OPERATOR, "other operator");
	/* the operator's word for another relay does not serve for this one */
	fix_descriptor(&d, 2, 1);
	struct cr_descriptor e = d;

	fix_descriptor(&d, 1, 1);
	memcpy(d.operator_signature, e.operator_signature, sizeof(d.operator_signature));
	fix_key(&stranger, "relay", 1);
	expect(cr_descriptor_sign(&d, stranger.secret), CR_DIR_OK, "sign");
	expect(cr_descriptor_verify(&d), CR_DIR_OPERATOR, "word for another relay");
	/* nor on another ledger */
	fix_descriptor(&d, 1, 1);
	d.ledger[0] ^= 1;
	expect(cr_descriptor_sign(&d, stranger.secret), CR_DIR_OK, "sign");
	expect(cr_descriptor_verify(&d), CR_DIR_OPERATOR, "word on another ledger");
	fix_descriptor(&d, 1, 1);
	fix_key(&stranger, "stranger", 0);
	expect(cr_descriptor_sign(&d, stranger.secret), CR_DIR_OK, "sign");
	expect(cr_descriptor_verify(&d), CR_DIR_SIGNATURE, "stranger");
}

static void test_conflict(void **state)
{
	struct cr_descriptor a, b;

	(void)state;
	fix_descriptor(&a, 1, 1);
	b = a;
	assert_false(cr_descriptor_conflict(&a, &b));
	b.tariff++;
	assert_false(cr_descriptor_conflict(&a, &b));	/* not signed: no evidence */
	expect(fix_resign(&b, 1, 1), CR_DIR_OK, "sign");
	assert_true(cr_descriptor_conflict(&a, &b));
	b.serial++;
	expect(fix_resign(&b, 1, 1), CR_DIR_OK, "sign");
	assert_false(cr_descriptor_conflict(&a, &b));
	fix_descriptor(&b, 2, 1);
	assert_false(cr_descriptor_conflict(&a, &b));
}

static void test_onion(void **state)
{
	static const char *const small[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t key[32], one[32] = { 1 }, out[32];
	struct cr_descriptor d;

	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		assert_int_equal(sodium_hex2bin(key, 32, small[i], 64, NULL, NULL, NULL), 0);
		/* the library agrees that these give zero */
		assert_int_not_equal(crypto_scalarmult(out, one, key), 0);
		assert_false(cr_onion_key_usable(key));
		key[0] ^= 4;
		assert_int_equal(crypto_scalarmult(out, one, key), 0);
	}
	memset(key, 0xff, 32);
	key[31] = 0x7f;
	for (int low = 0; low < 256; low++) {
		key[0] = (uint8_t)low;
		assert_int_equal(cr_onion_key_usable(key), low < 0xec);
	}
	/* rotation: the newer one as soon as it is valid, the older until then */
	full(&d);
	assert_null(cr_descriptor_onion(&d, d.onion[0].from - 1));
	assert_ptr_equal(cr_descriptor_onion(&d, d.onion[0].from), &d.onion[0]);
	assert_ptr_equal(cr_descriptor_onion(&d, d.onion[1].from - 1), &d.onion[0]);
	assert_ptr_equal(cr_descriptor_onion(&d, d.onion[1].from), &d.onion[1]);
	assert_ptr_equal(cr_descriptor_onion(&d, d.onion[1].until - 1), &d.onion[1]);
	assert_null(cr_descriptor_onion(&d, d.onion[1].until));
}

static void test_public(void **state)
{
	static const struct {
		const char *address;
		enum cr_bogon why;
	} list[] = {
		{ "10.0.0.1", CR_BOGON_PRIVATE }, { "172.16.0.1", CR_BOGON_PRIVATE },
		{ "172.31.255.255", CR_BOGON_PRIVATE }, { "192.168.1.1", CR_BOGON_PRIVATE },
		{ "172.32.0.1", CR_BOGON_NONE }, { "172.15.0.1", CR_BOGON_NONE },
		{ "100.64.0.1", CR_BOGON_CGN }, { "100.127.255.255", CR_BOGON_CGN },
		{ "100.128.0.1", CR_BOGON_NONE }, { "127.1.2.3", CR_BOGON_LOOPBACK },
		{ "169.254.169.254", CR_BOGON_LINK_LOCAL }, { "0.1.2.3", CR_BOGON_THIS },
		{ "224.0.0.251", CR_BOGON_MULTICAST }, { "240.0.0.1", CR_BOGON_RESERVED },
		{ "255.255.255.255", CR_BOGON_RESERVED }, { "198.18.0.1", CR_BOGON_RESERVED },
		{ "192.0.2.1", CR_BOGON_RESERVED }, { "203.0.113.9", CR_BOGON_RESERVED },
		{ "8.8.8.8", CR_BOGON_NONE }, { "1.1.1.1", CR_BOGON_NONE },
		{ "::", CR_BOGON_THIS }, { "::1", CR_BOGON_LOOPBACK },
		{ "::ffff:10.0.0.1", CR_BOGON_EMBEDDED }, { "::10.0.0.1", CR_BOGON_EMBEDDED },
		{ "64:ff9b::a00:1", CR_BOGON_EMBEDDED }, { "64:ff9b:1::1", CR_BOGON_EMBEDDED },
		{ "2002:a00:1::1", CR_BOGON_EMBEDDED }, { "2001::1", CR_BOGON_EMBEDDED },
		{ "fc00::1", CR_BOGON_PRIVATE }, { "fdff::1", CR_BOGON_PRIVATE },
		{ "fec0::1", CR_BOGON_PRIVATE }, { "fe80::1", CR_BOGON_LINK_LOCAL },
		{ "ff02::1", CR_BOGON_MULTICAST }, { "2001:db8::1", CR_BOGON_RESERVED },
		{ "3fff::1", CR_BOGON_RESERVED }, { "100::1", CR_BOGON_RESERVED },
		{ "4000::1", CR_BOGON_RESERVED }, { "5f00::1", CR_BOGON_RESERVED },
		{ "8000::1", CR_BOGON_RESERVED }, { "2606:4700::1111", CR_BOGON_NONE },
		{ "2a00::1", CR_BOGON_NONE }, { "2001:4860::8888", CR_BOGON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct cr_address a;
		struct cr_descriptor d;
		char text[80];

		snprintf(text, sizeof(text), strchr(list[i].address, ':') ? "[%s]:1" : "%s:1", list[i].address);
		assert_true(cr_address_parse(&a, text));
		if (cr_bogon_of(a.family, a.ip) != list[i].why)
			fail_msg("%s: %s", list[i].address, cr_bogon_name(cr_bogon_of(a.family, a.ip)));
		fix_descriptor(&d, 1, 1);
		d.address_count = 1;
		d.address[0] = a;
		expect(cr_descriptor_public(&d), list[i].why ? CR_DIR_PRIVATE : CR_DIR_OK, list[i].address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_onion),
		cmocka_unit_test(test_public),
	};

	return sodium_init() < 0 || cmocka_run_group_tests_name("descriptor", tests, NULL, NULL);
}
