// SPDX-License-Identifier: MIT
/*
 * Fuzzing of the directory's parsers. The first byte picks one:
 *
 *	0 descriptor, 1 snapshot: what is taken must encode to the same bytes
 *	2 edits (LE16 offset, byte) to a snapshot that two authorities signed: it
 *	  verifies only when nothing is changed
 *	3 the same edits to a descriptor, signed anew: what lies behind its signature
 *	4 file of authorities, 5 rule and address as text
 *	6 URI: what is taken has this one form
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory/trust.h"
#include "directory/uri.h"
#include "directory/weights.h"
#include "fuzz.h"

#define NOW	1767225600ULL
#define ROOM	8192

static uint8_t snapshot[ROOM], relay_secret[CR_SECRET_BYTES], operator_secret[CR_SECRET_BYTES];
static size_t snapshot_len;
static struct cr_descriptor one;
static struct cr_trust trust;

static void descriptor(const uint8_t *data, size_t size)
{
	struct cr_target want = { .proto = CR_PROTO_TCP, .port = 443 };
	uint8_t again[CR_DESCRIPTOR_MAX];
	struct cr_descriptor d;
	size_t len;

	if (cr_descriptor_decode(&d, data, size))
		return;
	fuzz_assert(cr_descriptor_encode(again, &len, &d) == CR_DIR_OK);
	fuzz_assert(len == size && memcmp(again, data, len) == 0);
	(void)cr_policy_allows(d.rule, d.rule_count, &want);
	(void)cr_descriptor_public(&d);
	(void)cr_descriptor_onion(&d, d.from);
}

static void walk(const uint8_t *data, size_t size)
{
	uint8_t again[CR_ENTRY_MAX];
	struct cr_snapshot s;
	struct cr_reader r;
	struct cr_entry e;
	uint32_t n = 0, wrong;

	if (cr_snapshot_parse(&s, data, size))
		return;
	r = cr_snapshot_relays(&s);
	for (const uint8_t *at = r.at; cr_snapshot_next(&e, &r); at = r.at, n++) {
		size_t len;

		fuzz_assert(cr_entry_encode(again, &len, &e) == CR_DIR_OK);
		fuzz_assert(len == (size_t)(r.at - at) && memcmp(again, at, len) == 0);
	}
	fuzz_assert(n == s.head.relay_count && !r.left);
	for (unsigned int i = 0; i < s.head.voucher_count; i++) {
		struct cr_voucher_key key;

		cr_snapshot_voucher(&key, &s, i);
	}
	(void)cr_weights_audit(&s, &wrong);
	if (cr_snapshot_verify(&s, &trust, NOW, NULL) == CR_DIR_OK)
		fuzz_assert(s.body_len <= snapshot_len && memcmp(s.body, snapshot, s.body_len) == 0);
}

static void edit(uint8_t *copy, size_t len, const uint8_t *data, size_t size)
{
	for (; size >= 3; data += 3, size -= 3)
		copy[(data[0] | data[1] << 8) % len] ^= data[2];
}

static void edited_snapshot(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(snapshot_len);
	struct cr_snapshot s;
	bool same, taken;

	fuzz_assert(copy);
	memcpy(copy, snapshot, snapshot_len);
	edit(copy, snapshot_len, data, size);
	same = memcmp(copy, snapshot, snapshot_len) == 0;
	taken = cr_snapshot_parse(&s, copy, snapshot_len) == CR_DIR_OK &&
		cr_snapshot_verify(&s, &trust, NOW, NULL) == CR_DIR_OK;
	fuzz_assert(taken == same);
	walk(copy, snapshot_len);
	free(copy);
}

static void edited_descriptor(const uint8_t *data, size_t size)
{
	uint8_t bytes[CR_DESCRIPTOR_MAX];
	struct cr_descriptor d;
	size_t len;

	fuzz_assert(cr_descriptor_encode(bytes, &len, &one) == CR_DIR_OK);
	edit(bytes, len, data, size);
	if (cr_descriptor_decode(&d, bytes, len))
		return;
	cr_operator_sign(&d, operator_secret);
	fuzz_assert(cr_descriptor_sign(&d, relay_secret) == CR_DIR_OK);
	fuzz_assert(cr_descriptor_encode(bytes, &len, &d) == CR_DIR_OK);
	descriptor(bytes, len);
}

static void authorities(const uint8_t *data, size_t size)
{
	char error[CR_TRUST_ERROR_TEXT];
	struct cr_trust t;
	unsigned int line;

	if (!cr_trust_parse(&t, (const char *)data, size, &line, error)) {
		fuzz_assert(error[0] && line);
		return;
	}
	fuzz_assert(t.k >= 1 && t.k <= t.n && t.n <= CR_AUTHORITIES_MAX);
}

static void texts(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), again[CR_RULE_TEXT];
	struct cr_rule rule, back;
	struct cr_address a, b;

	fuzz_assert(text);
	if (cr_rule_parse(&rule, text)) {
		cr_rule_text(again, &rule);
		fuzz_assert(cr_rule_parse(&back, again) && memcmp(&rule, &back, sizeof(rule)) == 0);
	}
	if (cr_address_parse(&a, text)) {
		cr_address_text(again, &a);
		fuzz_assert(cr_address_parse(&b, again) && cr_address_compare(&a, &b) == 0);
	}
	free(text);
}

static void uri(const uint8_t *data, size_t size)
{
	char again[CR_URI_TEXT];
	struct cr_uri u;
	const char *wrong = cr_uri_parse(&u, (const char *)data, size);

	if (wrong) {
		fuzz_assert(wrong[0]);
		return;
	}
	cr_uri_text(again, &u);
	fuzz_assert(strlen(again) == size && memcmp(again, data, size) == 0);
	fuzz_assert(!cr_uri_wrong(&u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const uint8_t *data, size_t size) = {
		descriptor, walk, edited_snapshot, edited_descriptor, authorities, texts, uri,
	};
	uint8_t *copy;

	if (!size || data[0] >= sizeof(parsers) / sizeof(parsers[0]))
		return 0;
	/* the end of the input is the end of its memory */
	copy = malloc(size);
	fuzz_assert(copy);
	memcpy(copy, data + 1, size - 1);
	parsers[data[0]](copy, size - 1);
	free(copy);
	return 0;
}

static void make_descriptor(void)
{
	uint8_t seed[CR_SEED_BYTES] = { 1 };

	cr_key_from_seed(one.identity, relay_secret, seed);
	seed[0]++;
	cr_key_from_seed(one.operator_key, operator_secret, seed);
	one.serial = 1;
	one.from = NOW;
	one.until = NOW + 86400;
	one.roles = CR_ROLE_ENTRY | CR_ROLE_EXIT;
	one.suites = CR_SUITE_CHACHA;
	one.onion_count = 1;
	one.onion[0] = (struct cr_onion_key){ { 9 }, NOW, NOW + 86400 };
	one.address_count = 1;
	one.address[0] = (struct cr_address){ .family = 4, .ip = { 1, 2, 3, 4 }, .port = 9001 };
	one.rule_count = (uint8_t)cr_policy_default(one.rule);
	one.capacity = 1000;
	strcpy(one.software, "fuzz");
	cr_operator_sign(&one, operator_secret);
	fuzz_assert(cr_descriptor_sign(&one, relay_secret) == CR_DIR_OK);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct cr_snapshot_head head = {
		.number = 1, .from = NOW, .period = 600, .relay_count = 1,
		.params = { .constraints = CR_DIFFER, .prefix4 = 16, .prefix6 = 32, .hops = 3, .hops_max = 8,
			    .guard_min = 1, .guard_max = 2, .fee = 1, .epoch_seconds = 1, .claim_epochs = 1,
			    .stake_rate = 1 },
	};
	uint8_t secret[CR_SECRET_BYTES], seed[CR_SEED_BYTES] = { 7 };
	struct cr_entry e = { .stake = 10, .weight = 10 };
	size_t len;

	(void)argc;
	(void)argv;
	fuzz_assert(sodium_init() >= 0);
	make_descriptor();
	memcpy(head.certificate_key, one.identity, sizeof(head.certificate_key));
	e.d = one;
	fuzz_assert(cr_snapshot_begin(snapshot, &snapshot_len, &head, NULL) == CR_DIR_OK);
	fuzz_assert(cr_entry_encode(snapshot + snapshot_len, &len, &e) == CR_DIR_OK);
	snapshot_len += len;
	cr_snapshot_end(snapshot, snapshot_len++);
	trust.k = trust.n = 2;
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t sigs[CR_SIGNATURES_MAX];
		struct cr_snapshot s;

		seed[0]++;
		cr_key_from_seed(trust.key[i], secret, seed);
		fuzz_assert(cr_snapshot_parse(&s, snapshot, snapshot_len) == CR_DIR_OK);
		fuzz_assert(cr_snapshot_sign(sigs, &len, &s, secret) == CR_DIR_OK);
		memcpy(snapshot + s.body_len, sigs, len);
		snapshot_len = s.body_len + len;
	}
	return 0;
}
