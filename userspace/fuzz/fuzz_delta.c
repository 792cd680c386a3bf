// SPDX-License-Identifier: MIT
/*
 * Fuzzing of deltas. The first byte picks: 0 the rest is a delta, 1 the rest are edits (LE16
 * offset, byte) to a good one, 2 the same, and its hash is that of what comes out, so
 * that the result is taken: then it must parse, or be refused there, and the delta between base
 * and result gives the result again.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory/delta.h"
#include "fuzz.h"

#define NOW	1767225600ULL

static struct cr_snapshot base, next;
static uint8_t *good;
static size_t good_len;

/* Applies; @out must be let go by the caller. */
static enum cr_verdict apply(const struct cr_delta *d, uint8_t **out)
{
	size_t len = cr_delta_bytes(d);
	uint8_t hash[CR_HASH_BYTES];
	enum cr_verdict v;

	*out = NULL;
	/* what a client would not have memory for it refuses before */
	if (len > 1U << 20)
		return CR_DIR_LIMIT;
	*out = malloc(len);
	fuzz_assert(*out);
	v = cr_delta_apply(d, &base, *out);
	if (v == CR_DIR_OK) {
		cr_hash(hash, *out, d->body_len);
		fuzz_assert(memcmp(hash, d->hash, sizeof(hash)) == 0);
	}
	return v;
}

static void raw(const uint8_t *data, size_t size)
{
	struct cr_delta d;
	uint8_t *out;

	if (cr_delta_parse(&d, data, size))
		return;
	apply(&d, &out);
	free(out);
}

static void edited(const uint8_t *data, size_t size, bool fix)
{
	uint8_t *copy = malloc(good_len), *out = NULL, *again;
	struct cr_snapshot s;
	struct cr_delta d;
	size_t len;

	fuzz_assert(copy);
	memcpy(copy, good, good_len);
	for (; size >= 3; data += 3, size -= 3)
		copy[(data[0] | data[1] << 8) % good_len] ^= data[2];
	if (cr_delta_parse(&d, copy, good_len) == CR_DIR_OK) {
		enum cr_verdict v = apply(&d, &out);

		if (v == CR_DIR_OK)
			fuzz_assert(d.body_len == next.body_len && memcmp(out, next.body, d.body_len) == 0);
		if (fix && v == CR_DIR_RESULT) {
			cr_hash(d.hash, out, d.body_len);
			v = cr_delta_apply(&d, &base, out);
			if (!v && cr_snapshot_parse(&s, out, cr_delta_bytes(&d)) == CR_DIR_OK && s.head.number > 1 &&
			    memcmp(s.head.ledger, base.head.ledger, CR_LEDGER_BYTES) == 0) {
				fuzz_assert(cr_delta_make(&base, &s, &again, &len) == CR_DIR_OK);
				fuzz_assert(cr_delta_parse(&d, again, len) == CR_DIR_OK && cr_delta_bytes(&d) == s.len);
				free(out);
				fuzz_assert(apply(&d, &out) == CR_DIR_OK);
				free(again);
			}
		}
	}
	free(out);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (!size || data[0] > 2)
		return 0;
	/* the end of the input is the end of its memory */
	copy = malloc(size);
	fuzz_assert(copy);
	memcpy(copy, data + 1, size - 1);
	if (data[0] == 0)
		raw(copy, size - 1);
	else
		edited(copy, size - 1, data[0] == 2);
	free(copy);
	return 0;
}

static void relay(struct cr_entry *e, uint8_t i)
{
	uint8_t seed[CR_SEED_BYTES] = { i }, secret[CR_SECRET_BYTES], operator[CR_SECRET_BYTES];
	struct cr_descriptor *d = &e->d;

	memset(e, 0, sizeof(*e));
	cr_key_from_seed(d->identity, secret, seed);
	seed[0]++;
	cr_key_from_seed(d->operator_key, operator, seed);
	d->serial = 1;
	d->from = NOW;
	d->until = NOW + 86400;
	d->suites = CR_SUITE_CHACHA;
	d->onion_count = 1;
	d->onion[0] = (struct cr_onion_key){ { 9, i }, NOW, NOW + 86400 };
	d->address_count = 1;
	d->address[0] = (struct cr_address){ .family = 4, .ip = { 1, 2, 3, i }, .port = 9001 };
	strcpy(d->software, "fuzz");
	cr_operator_sign(d, operator);
	fuzz_assert(cr_descriptor_sign(d, secret) == CR_DIR_OK);
	e->stake = i;
}

/* A snapshot of the relays whose bits are set in @which. */
static void make(struct cr_snapshot *s, uint64_t number, unsigned int which, uint64_t stake)
{
	struct cr_snapshot_head head = {
		.number = number, .from = NOW, .period = 600,
		.params = { .constraints = CR_DIFFER, .prefix4 = 16, .prefix6 = 32, .hops = 3, .hops_max = 8,
			    .guard_min = 1, .guard_max = 2, .fee = 1, .epoch_seconds = 1, .claim_epochs = 1,
			    .stake_rate = 1 },
	};
	struct cr_entry *e = calloc(8, sizeof(*e));
	uint8_t *bytes;
	size_t n = 0, len;

	fuzz_assert(e);
	for (uint8_t i = 0; i < 8; i++) {
		if (which & 1U << i) {
			relay(&e[n], (uint8_t)(i * 16 + 1));
			e[n++].stake += i == 3 ? stake : 0;
		}
	}
	memcpy(head.certificate_key, e[0].d.identity, sizeof(head.certificate_key));
	fuzz_assert(cr_snapshot_assemble(&head, NULL, e, n, &bytes, &len) == CR_DIR_OK);
	fuzz_assert(cr_snapshot_parse(s, bytes, len) == CR_DIR_OK);
	free(e);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_assert(sodium_init() >= 0);
	make(&base, 1, 0x3f, 0);
	make(&next, 2, 0xfb, 5);
	fuzz_assert(cr_delta_make(&base, &next, &good, &good_len) == CR_DIR_OK);
	return 0;
}
