// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory_fixture.h"

static void seed_of(uint8_t seed[32], const char *name, uint32_t number)
{
	char text[64];

	snprintf(text, sizeof(text), "cellrelay test %s %u", name, number);
	cr_hash(seed, text, strlen(text));
}

void fix_key(struct fix_key *key, const char *name, uint32_t number)
{
	uint8_t seed[32];

	seed_of(seed, name, number);
	cr_key_from_seed(key->public_key, key->secret, seed);
}

void fix_ledger(uint8_t ledger[CR_LEDGER_BYTES])
{
	seed_of(ledger, "ledger", 0);
}

enum cr_verdict fix_resign(struct cr_descriptor *d, uint32_t i, uint32_t op)
{
	struct fix_key relay, operator;

	fix_key(&relay, "relay", i);
	fix_key(&operator, "operator", op);
	cr_operator_sign(d, operator.secret);
	return cr_descriptor_sign(d, relay.secret);
}

void fix_descriptor(struct cr_descriptor *d, uint32_t i, uint32_t op)
{
	uint8_t seed[32];
	struct fix_key key;

	memset(d, 0, sizeof(*d));
	fix_ledger(d->ledger);
	fix_key(&key, "relay", i);
	memcpy(d->identity, key.public_key, sizeof(d->identity));
	fix_key(&key, "operator", op);
	memcpy(d->operator_key, key.public_key, sizeof(d->operator_key));
	d->serial = 1;
	d->from = FIX_NOW - 3600;
	d->until = d->from + 7 * 86400;
	d->roles = CR_ROLE_ENTRY | CR_ROLE_EXIT;
	d->suites = CR_SUITE_CHACHA;
	d->onion_count = 1;
	seed_of(seed, "onion", i);
	crypto_scalarmult_base(d->onion[0].public_key, seed);
	d->onion[0].from = d->from;
	d->onion[0].until = d->from + 14 * 86400;
	d->address_count = 2;
	d->address[0] = (struct cr_address){ .family = 4, .port = 9001,
		.ip = { 1, (uint8_t)(2 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i } };
	d->address[1] = (struct cr_address){ .family = 6, .port = 9001,
		.ip = { 0x2a, 0, [12] = (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };
	d->rule_count = (uint8_t)cr_policy_default(d->rule);
	d->capacity = 12500000;
	d->tariff = 1000;
	strcpy(d->software, "cellrelay 0.1.0");
	assert_int_equal(fix_resign(d, i, op), CR_DIR_OK);
}

void fix_head(struct cr_snapshot_head *head, uint64_t number)
{
	struct fix_key key;

	*head = (struct cr_snapshot_head){
		.number = number, .from = FIX_NOW, .period = 600, .epoch = 20454,
		.params = {
			.constraints = CR_DIFFER, .prefix4 = 16, .prefix6 = 32, .hops = 3, .hops_max = 8,
			.guard_min = 60 * 86400, .guard_max = 120 * 86400, .base_weight = 131072,
			.stake_rate = 1000, .fee = 20000, .epoch_seconds = 86400, .claim_epochs = 7,
			.free_kib = 256, .free_rate = 10000,
		},
		.journal_length = 77, .market_count = 1,
		.market = { { .family = 4, .ip = { 9, 9, 9, 9 }, .port = 443 } },
	};
	fix_ledger(head->ledger);
	fix_key(&key, "market", 0);
	memcpy(head->certificate_key, key.public_key, CR_PUBLIC_BYTES);
	seed_of(head->journal_head, "journal", 0);
}

static int by_identity(const void *a, const void *b)
{
	const struct cr_entry *x = a, *y = b;

	return memcmp(x->d.identity, y->d.identity, CR_PUBLIC_BYTES);
}

uint8_t *fix_snapshot(struct cr_snapshot_head *head, struct cr_entry *entries, uint32_t n, size_t *len)
{
	uint8_t *out = malloc(CR_SNAPSHOT_HEAD_MAX + n * CR_ENTRY_MAX + CR_SIGNATURES_MAX);
	struct cr_weighing *w = calloc(n + 1UL, sizeof(*w));

	assert_true(out && w);
	qsort(entries, n, sizeof(*entries), by_identity);
	for (uint32_t i = 0; i < n; i++)
		w[i] = cr_weighing_of(&entries[i]);
	assert_int_equal(cr_weights(w, n, &head->params), CR_DIR_OK);
	head->relay_count = n;
	assert_int_equal(cr_snapshot_begin(out, len, head, NULL), CR_DIR_OK);
	for (uint32_t i = 0; i < n; i++) {
		size_t more;

		entries[i].weight = w[i].weight;
		assert_int_equal(cr_entry_encode(out + *len, &more, &entries[i]), CR_DIR_OK);
		*len += more;
	}
	cr_snapshot_end(out, *len);
	(*len)++;
	free(w);
	return out;
}

void fix_sign(uint8_t *bytes, size_t *len, uint32_t i)
{
	uint8_t sigs[CR_SIGNATURES_MAX];
	struct cr_snapshot s;
	struct fix_key key;
	size_t more;

	fix_key(&key, "authority", i);
	assert_int_equal(cr_snapshot_parse(&s, bytes, *len), CR_DIR_OK);
	assert_int_equal(cr_snapshot_sign(sigs, &more, &s, key.secret), CR_DIR_OK);
	memcpy(bytes + s.body_len, sigs, more);
	*len = s.body_len + more;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, CR_PUBLIC_BYTES);
}

void fix_trust(struct cr_trust *trust, unsigned int k, unsigned int n)
{
	struct fix_key key;

	memset(trust, 0, sizeof(*trust));
	fix_ledger(trust->ledger);
	trust->k = k;
	trust->n = n;
	for (unsigned int i = 0; i < n; i++) {
		fix_key(&key, "authority", i);
		memcpy(trust->key[i], key.public_key, CR_PUBLIC_BYTES);
	}
	qsort(trust->key, n, CR_PUBLIC_BYTES, by_bytes);
}
