// SPDX-License-Identifier: MIT
/* Snapshots: form, signatures, time, weights. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory_fixture.h"
#include "directory/trust.h"

#define RELAYS	6

static void expect(enum cr_verdict got, enum cr_verdict want, const char *what)
{
	if (got != want)
		fail_msg("%s: %s, not %s", what, cr_verdict_name(got), cr_verdict_name(want));
}

static void make_entries(struct cr_entry *e, uint32_t n)
{
	memset(e, 0, n * sizeof(*e));
	for (uint32_t i = 0; i < n; i++) {
		fix_descriptor(&e[i].d, i, i / 2);
		e[i].stake = 5000 * (i + 1);
		e[i].measured = i % 2 ? 10000000 : 0;
	}
}

/* A snapshot of RELAYS relays that the first @signers authorities signed. */
static uint8_t *make(size_t *len, uint64_t number, unsigned int signers)
{
	struct cr_entry e[RELAYS];
	struct cr_snapshot_head head;
	uint8_t *bytes;

	make_entries(e, RELAYS);
	fix_head(&head, number);
	bytes = fix_snapshot(&head, e, RELAYS, len);
	for (unsigned int i = 0; i < signers; i++)
		fix_sign(bytes, len, i);
	return bytes;
}

static enum cr_verdict verify(const uint8_t *bytes, size_t len, unsigned int k, uint64_t now)
{
	struct cr_snapshot s;
	struct cr_trust trust;
	enum cr_verdict v = cr_snapshot_parse(&s, bytes, len);

	fix_trust(&trust, k, 5);
	return v ? v : cr_snapshot_verify(&s, &trust, now, NULL);
}

static void test_k_of_n(void **state)
{
	(void)state;
	for (unsigned int signers = 0; signers <= 5; signers++) {
		size_t len;
		uint8_t *bytes = make(&len, 1, signers);

		for (unsigned int k = 1; k <= 5; k++)
			expect(verify(bytes, len, k, FIX_NOW), signers >= k ? CR_DIR_OK : CR_DIR_TOO_FEW, "k of n");
		/* a threshold of none is no trust */
		expect(verify(bytes, len, 0, FIX_NOW), CR_DIR_TOO_FEW, "k = 0");
		free(bytes);
	}
}

static void test_signatures(void **state)
{
	struct cr_snapshot s, t;
	struct cr_trust trust;
	unsigned int signers, refused = 0;
	uint8_t *bytes, *copy;
	size_t len, more;

	(void)state;
	bytes = make(&len, 1, 2);
	/* strangers add nothing and harm nothing */
	fix_sign(bytes, &len, 100);
	fix_sign(bytes, &len, 101);
	expect(verify(bytes, len, 2, FIX_NOW), CR_DIR_OK, "strangers");
	expect(verify(bytes, len, 3, FIX_NOW), CR_DIR_TOO_FEW, "strangers do not count");
	/* signing twice is signing once, and the hash does not depend on who signed */
	expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "parse");
	assert_int_equal(s.sig_count, 4);
	copy = make(&more, 1, 0);
	expect(cr_snapshot_parse(&t, copy, more), CR_DIR_OK, "parse");
	assert_memory_equal(s.hash, t.hash, sizeof(s.hash));
	fix_sign(bytes, &len, 1);
	expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "parse");
	assert_int_equal(s.sig_count, 4);
	fix_trust(&trust, 2, 5);
	expect(cr_snapshot_verify(&s, &trust, FIX_NOW, &signers), CR_DIR_OK, "verify");
	assert_int_equal(signers, 2);
	/* a forged signature of an authority is an attack, not one signature less */
	for (unsigned int i = 0; i < s.sig_count; i++) {
		uint8_t *sig = bytes + (s.sigs - bytes) + i * CR_AUTHORITY_SIG_BYTES;

		sig[CR_PUBLIC_BYTES + 3] ^= 1;
		refused += verify(bytes, len, 1, FIX_NOW) == CR_DIR_SIGNATURE;
		sig[CR_PUBLIC_BYTES + 3] ^= 1;
	}
	assert_int_equal(refused, 2);
	trust.ledger[0] ^= 1;
	expect(cr_snapshot_verify(&s, &trust, FIX_NOW, NULL), CR_DIR_LEDGER, "other network");
	free(bytes);
	free(copy);
}

static void test_time(void **state)
{
	size_t len;
	uint8_t *bytes = make(&len, 1, 3);

	(void)state;
	expect(verify(bytes, len, 3, FIX_NOW - CR_CLOCK_SKEW), CR_DIR_OK, "slow clock");
	expect(verify(bytes, len, 3, FIX_NOW - CR_CLOCK_SKEW - 1), CR_DIR_EARLY, "too slow");
	expect(verify(bytes, len, 3, 0), CR_DIR_EARLY, "1970");
	expect(verify(bytes, len, 3, FIX_NOW + 1799), CR_DIR_OK, "last second");
	expect(verify(bytes, len, 3, FIX_NOW + 1800), CR_DIR_STALE, "three periods later");
	/* what too few signed is never called stale: it may be anybody's */
	expect(verify(bytes, len, 4, FIX_NOW + 1800), CR_DIR_TOO_FEW, "order of checks");
	free(bytes);
}

/* Any one bit changed: refused, in form or by signature. */
static void test_every_bit_counts(void **state)
{
	size_t len, step = getenv("TEST_LONG") ? 1 : 5;
	uint8_t *bytes = make(&len, 1, 3);
	struct cr_snapshot s;

	(void)state;
	expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "parse");
	for (size_t bit = 0; bit < len * 8; bit += step) {
		enum cr_verdict v;

		bytes[bit / 8] ^= 1 << (bit % 8);
		v = verify(bytes, len, 3, FIX_NOW);
		if (v == CR_DIR_OK)
			fail_msg("bit %zu of byte %zu does not count", bit % 8, bit / 8);
		bytes[bit / 8] ^= 1 << (bit % 8);
	}
	for (size_t n = 0; n < len; n++) {
		uint8_t *shorter = malloc(n + !n);	/* its end is the end of its memory */

		assert_non_null(shorter);
		memcpy(shorter, bytes, n);
		if (cr_snapshot_parse(&s, shorter, n) == CR_DIR_OK)
			fail_msg("%zu of %zu bytes were taken", n, len);
		free(shorter);
	}
	free(bytes);
}

static void test_relays(void **state)
{
	size_t len;
	uint8_t *bytes = make(&len, 1, 3);
	uint8_t encoded[CR_ENTRY_MAX], last[CR_PUBLIC_BYTES] = { 0 };
	struct cr_snapshot s;
	struct cr_reader r;
	struct cr_entry e;
	uint32_t n = 0, wrong = 99;
	const uint8_t *at;

	(void)state;
	expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "parse");
	expect(cr_snapshot_audit(&s, &wrong), CR_DIR_OK, "audit");
	assert_int_equal(wrong, 99);
	r = cr_snapshot_relays(&s);
	for (at = r.at; cr_snapshot_next(&e, &r); at = r.at, n++) {
		size_t length;

		expect(cr_entry_encode(encoded, &length, &e), CR_DIR_OK, "encode");
		assert_int_equal(length, r.at - at);
		assert_memory_equal(encoded, at, length);
		assert_true(memcmp(last, e.d.identity, sizeof(last)) < 0);
		memcpy(last, e.d.identity, sizeof(last));
	}
	assert_int_equal(n, RELAYS);
	assert_int_equal(s.head.relay_count, RELAYS);
	free(bytes);
}

/* What authorities refuse to sign. */
static void test_audit(void **state)
{
	enum { OTHER_NETWORK, UNSIGNED, EXPIRED, FUTURE, PRIVATE, OPERATOR, WEIGHT, CASES };
	static const enum cr_verdict want[CASES] = {
		CR_DIR_LEDGER, CR_DIR_SIGNATURE, CR_DIR_STALE, CR_DIR_EARLY, CR_DIR_PRIVATE, CR_DIR_OPERATOR,
		CR_DIR_WEIGHT,
	};

	(void)state;
	for (int c = 0; c < CASES; c++) {
		struct cr_entry e[RELAYS];
		struct cr_snapshot_head head;
		struct cr_snapshot s;
		uint8_t *bytes, identity[CR_PUBLIC_BYTES];
		uint32_t wrong = 99;
		struct cr_reader r;
		struct cr_entry got;
		size_t len;

		make_entries(e, RELAYS);
		fix_head(&head, 1);
		switch (c) {
		case OTHER_NETWORK:
			e[2].d.ledger[0] ^= 1;
			break;
		case EXPIRED:
			e[2].d.from -= 7 * 86400;
			e[2].d.until -= 7 * 86400;
			e[2].d.onion[0].from -= 7 * 86400;
			break;
		case FUTURE:
			e[2].d.from = FIX_NOW + 1;
			break;
		case PRIVATE:
			e[2].d.address[0] = (struct cr_address){ .family = 4, .ip = { 10, 1, 1, 1 }, .port = 1 };
			break;
		}
		expect(fix_resign(&e[2].d, 2, c == OPERATOR ? 5 : 1), CR_DIR_OK, "sign");
		if (c == UNSIGNED)
			e[2].d.tariff++;
		memcpy(identity, e[2].d.identity, sizeof(identity));
		bytes = fix_snapshot(&head, e, RELAYS, &len);
		expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "parse");
		if (c == WEIGHT)	/* that of the first relay, one more */
			bytes[s.relays - bytes + 16] ^= 1;
		expect(cr_snapshot_audit(&s, &wrong), want[c], "audit");
		r = cr_snapshot_relays(&s);
		for (uint32_t i = 0; i <= wrong; i++)
			assert_true(cr_snapshot_next(&got, &r));
		if (c != WEIGHT)
			assert_memory_equal(got.d.identity, identity, sizeof(identity));
		else
			assert_int_equal(wrong, 0);
		/* a community's own network may have private addresses */
		if (c == PRIVATE) {
			head.params.constraints |= CR_ALLOW_PRIVATE;
			free(bytes);
			bytes = fix_snapshot(&head, e, RELAYS, &len);
			expect(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK, "parse");
			expect(cr_snapshot_audit(&s, &wrong), CR_DIR_OK, "private allowed");
		}
		free(bytes);
	}
}

static void test_head(void **state)
{
	struct cr_snapshot_head good, h;
	uint8_t *out = malloc(CR_SNAPSHOT_HEAD_MAX);
	size_t len;

	(void)state;
	assert_non_null(out);
	fix_head(&good, 1);
	expect(cr_snapshot_begin(out, &len, &good, NULL), CR_DIR_OK, "good");
#define WRONG(field, value, verdict) do { \
		h = good; \
		h.field = (value); \
		expect(cr_snapshot_begin(out, &len, &h, NULL), verdict, #field " = " #value); \
	} while (0)
	WRONG(number, 0, CR_DIR_NUMBER);
	WRONG(from, CR_TIME_MAX + 1, CR_DIR_TIME);
	WRONG(period, 0, CR_DIR_TIME);
	WRONG(period, CR_PERIOD_MAX + 1, CR_DIR_TIME);
	WRONG(market_count, CR_MARKET_ADDRESSES_MAX + 1, CR_DIR_LIMIT);
	WRONG(voucher_count, CR_VOUCHER_KEYS_MAX + 1, CR_DIR_LIMIT);
	WRONG(relay_count, CR_SNAPSHOT_RELAYS_MAX + 1, CR_DIR_LIMIT);
	WRONG(params.constraints, 1u << 5, CR_DIR_PARAMS);
	WRONG(params.prefix4, 7, CR_DIR_PARAMS);
	WRONG(params.prefix4, 33, CR_DIR_PARAMS);
	WRONG(params.prefix6, 15, CR_DIR_PARAMS);
	WRONG(params.prefix6, 65, CR_DIR_PARAMS);
	WRONG(params.hops, 0, CR_DIR_PARAMS);
	WRONG(params.hops, 9, CR_DIR_PARAMS);
	WRONG(params.hops_max, 9, CR_DIR_PARAMS);
	WRONG(params.guard_min, 0, CR_DIR_PARAMS);
	WRONG(params.guard_max, 1, CR_DIR_PARAMS);
	WRONG(params.base_weight, CR_CAPACITY_MAX + 1, CR_DIR_PARAMS);
	WRONG(params.stake_rate, CR_CAPACITY_MAX + 1, CR_DIR_PARAMS);
	WRONG(params.fee, 0, CR_DIR_PARAMS);	/* self-dealing must cost something */
	WRONG(params.fee, 1000001, CR_DIR_PARAMS);
	WRONG(params.free_rate, 1000001, CR_DIR_PARAMS);
	WRONG(params.epoch_seconds, 0, CR_DIR_PARAMS);
	WRONG(params.claim_epochs, 0, CR_DIR_PARAMS);
	WRONG(certificate_key[0], good.certificate_key[0], CR_DIR_OK);
	h = good;
	memset(h.certificate_key, 0, sizeof(h.certificate_key));
	expect(cr_snapshot_begin(out, &len, &h, NULL), CR_DIR_KEY, "certificate key");
	h = good;
	h.market_count = 2;
	h.market[1] = h.market[0];
	expect(cr_snapshot_begin(out, &len, &h, NULL), CR_DIR_ORDER, "market twice");
	free(out);
}

/* Voucher keys: sorted whatever order they come in, and a third for one value refused. */
static void test_vouchers(void **state)
{
	struct cr_voucher_key keys[4], got;
	uint8_t *out = malloc(CR_SNAPSHOT_HEAD_MAX + 1), *other = malloc(CR_SNAPSHOT_HEAD_MAX + 1);
	struct cr_snapshot_head head;
	struct cr_snapshot s;
	size_t len, more;

	(void)state;
	assert_true(out && other);
	fix_head(&head, 1);
	memset(keys, 0, sizeof(keys));
	for (uint8_t i = 0; i < 4; i++) {
		uint8_t scalar[32] = { 5, i };

		memcpy(keys[i].ledger, head.ledger, sizeof(head.ledger));
		keys[i].value = 100 << (i / 2);
		keys[i].issue_from = 20450;
		keys[i].issue_until = 20480;
		keys[i].spend_until = 20510;
		assert_int_equal(crypto_scalarmult_ristretto255_base(keys[i].public_key, scalar), 0);
	}
	head.voucher_count = 4;
	expect(cr_snapshot_begin(out, &len, &head, keys), CR_DIR_OK, "four keys");
	got = keys[0];
	keys[0] = keys[3];
	keys[3] = got;
	expect(cr_snapshot_begin(other, &more, &head, keys), CR_DIR_OK, "another order");
	assert_int_equal(len, more);
	assert_memory_equal(out, other, len);
	cr_snapshot_end(out, len);
	expect(cr_snapshot_parse(&s, out, len + 1), CR_DIR_OK, "parse");
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int found = 0;

		cr_snapshot_voucher(&got, &s, i);
		for (int j = 0; j < 4; j++)
			found += memcmp(got.public_key, keys[j].public_key, 32) == 0 && got.value == keys[j].value;
		assert_int_equal(found, 1);
	}
	keys[0].value = keys[1].value = keys[2].value;
	expect(cr_snapshot_begin(out, &len, &head, keys), CR_DIR_VOUCHER_KEY, "a third key marks somebody");
	keys[0].value = 7;
	keys[0].ledger[0] ^= 1;
	expect(cr_snapshot_begin(out, &len, &head, keys), CR_DIR_VOUCHER_KEY, "of another ledger");
	/* out of order in the bytes */
	memcpy(out, other, more);
	memcpy(out + more - 4 - CR_VOUCHER_KEY_BYTES, other + more - 4 - 2 * CR_VOUCHER_KEY_BYTES, CR_VOUCHER_KEY_BYTES);
	memcpy(out + more - 4 - 2 * CR_VOUCHER_KEY_BYTES, other + more - 4 - CR_VOUCHER_KEY_BYTES, CR_VOUCHER_KEY_BYTES);
	cr_snapshot_end(out, more);
	expect(cr_snapshot_parse(&s, out, more + 1), CR_DIR_ORDER, "order");
	free(out);
	free(other);
}

static void test_weights(void **state)
{
	struct cr_params p = { .prefix4 = 16, .prefix6 = 32, .base_weight = 1000, .stake_rate = 10 };
	struct cr_weighing w[5];

	(void)state;
	memset(w, 0, sizeof(w));
	for (uint8_t i = 0; i < 5; i++) {
		w[i].capacity = 5000;
		w[i].stake = 100;
		w[i].operator_key[0] = i;
		w[i].address_count = 1;
		w[i].address[0] = (struct cr_address){ .family = 4, .ip = { 10, i, 0, 1 }, .port = 1 };
	}
	w[0].stake = 1000;	/* 10 000: capacity is less */
	w[1].stake = 0;		/* a newcomer: the base alone */
	w[2].stake = UINT64_MAX / 2;	/* no overflow */
	assert_int_equal(cr_weights(w, 5, &p), CR_DIR_OK);
	assert_int_equal(w[0].weight, 6000);
	assert_int_equal(w[1].weight, 1000);
	assert_int_equal(w[2].weight, 6000);
	assert_int_equal(w[3].weight, 2000);
	/* an operator has the base once */
	w[3].operator_key[0] = w[4].operator_key[0] = 1;
	assert_int_equal(cr_weights(w, 5, &p), CR_DIR_OK);
	assert_int_equal(w[1].weight, 333);
	assert_int_equal(w[3].weight, 1333);
	assert_int_equal(w[0].weight, 6000);
	/* so has a prefix, whoever is in it; two addresses there count once */
	w[0].address[0].ip[1] = 2;
	w[0].address_count = 2;
	w[0].address[1] = w[0].address[0];
	w[0].address[1].ip[3] = 9;
	assert_int_equal(cr_weights(w, 5, &p), CR_DIR_OK);
	assert_int_equal(w[0].weight, 5500);
	assert_int_equal(w[2].weight, 5500);
	/* a prefix that does not end at a byte */
	p.prefix4 = 15;
	w[0].address_count = 1;
	w[0].address[0].ip[1] = 5;
	w[4].operator_key[0] = 4;
	w[4].address[0].ip[1] = 4;
	assert_int_equal(cr_weights(w, 5, &p), CR_DIR_OK);
	assert_int_equal(w[0].weight, 5500);
	assert_int_equal(cr_weights(w, 0, &p), CR_DIR_OK);
}

static void test_trust_file(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *error;	/* NULL: good */
	} list[] = {
		{ "ledger L\nthreshold 1\nauthority A\n", 0, NULL },
		{ "# c\n\r\n  threshold 2 # two\nauthority A\nledger L\nauthority B", 0, NULL },
		{ "", 1, "no line \"ledger\"" },
		{ "ledger L\nauthority A\n", 3, "must be from 1" },
		{ "ledger L\nthreshold 2\nauthority A\n", 4, "must be from 1" },
		{ "ledger L\nthreshold 0\nauthority A\n", 2, "threshold is a number" },
		{ "ledger L\nthreshold 1x\n", 2, "threshold is a number" },
		{ "ledger L\nthreshold 999\n", 2, "threshold is a number" },
		{ "ledger L\nthreshold 1\nthreshold 1\n", 3, "twice" },
		{ "ledger L\nledger L\n", 2, "twice" },
		{ "ledger L\nthreshold 1\nauthority A\nauthority A\n", 5, "twice" },
		{ "ledger 00\n", 1, "64 hexadecimal digits" },
		{ "authority 00\n", 1, "64 hexadecimal digits" },
		{ "authority 0000000000000000000000000000000000000000000000000000000000000000\n", 1, "no usable" },
		{ "nonsense 1\n", 1, "begins with" }, { "ledger\n", 1, "a word and its value" },
		{ "ledger L L\n", 1, "a word and its value" },
	};
	struct fix_key a, b;
	char hex[3][65], text[512], error[CR_TRUST_ERROR_TEXT];
	uint8_t ledger[32];
	struct cr_trust trust;
	unsigned int line;

	(void)state;
	fix_key(&a, "authority", 0);
	fix_key(&b, "authority", 1);
	fix_ledger(ledger);
	sodium_bin2hex(hex[0], 65, a.public_key, 32);
	sodium_bin2hex(hex[1], 65, b.public_key, 32);
	sodium_bin2hex(hex[2], 65, ledger, 32);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		size_t n = 0;
		bool ok;

		for (const char *p = list[i].text; *p; p++) {
			const char *put = p[0] == 'A' ? hex[0] : p[0] == 'B' ? hex[1] : p[0] == 'L' ? hex[2] : NULL;

			n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s", put ? 64 : 1, put ? put : p);
		}
		ok = cr_trust_parse(&trust, text, n, &line, error);
		if (ok != !list[i].error)
			fail_msg("case %zu: %s", i, ok ? "taken" : error);
		if (!ok && (line != list[i].line || !strstr(error, list[i].error)))
			fail_msg("case %zu: line %u: %s", i, line, error);
	}
	assert_false(cr_trust_parse(&trust, "ledger\0", 7, &line, error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_k_of_n),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_relays),
		cmocka_unit_test(test_audit),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_vouchers),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_trust_file),
	};

	return sodium_init() < 0 || cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
