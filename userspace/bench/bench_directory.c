// SPDX-License-Identifier: MIT
/*
 * How long a snapshot of N relays takes: made (every descriptor verified, weights,
 * encoding), taken by a client (parsed, k signatures), prepared for path choice, and a
 * path. One thread; keys and descriptors are made before and not counted.
 *
 *	bench_directory [RELAYS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "directory/weights.h"
#include "path/path.h"

#define NOW	1767225600ULL
#define PATHS	20000

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_directory: %s\n", what);
	exit(1);
}

static void make_descriptor(struct cr_descriptor *d, uint32_t i)
{
	uint8_t seed[CR_SEED_BYTES] = { 1 }, relay[CR_SECRET_BYTES], operator[CR_SECRET_BYTES];

	memset(d, 0, sizeof(*d));
	memcpy(seed + 1, &i, sizeof(i));
	cr_key_from_seed(d->identity, relay, seed);
	seed[0]++;
	cr_key_from_seed(d->operator_key, operator, seed);
	d->serial = 1;
	d->from = NOW;
	d->until = NOW + 86400;
	d->roles = CR_ROLE_ENTRY | (i % 3 ? 0 : CR_ROLE_EXIT);
	d->suites = CR_SUITE_CHACHA;
	d->onion_count = 1;
	d->onion[0] = (struct cr_onion_key){ { 9, (uint8_t)i }, NOW, NOW + 86400 };
	d->address_count = 2;
	d->address[0] = (struct cr_address){ .family = 4, .port = 9001,
		.ip = { (uint8_t)(1 + i % 9), (uint8_t)(i >> 4), (uint8_t)(i >> 12), (uint8_t)i } };
	d->address[1] = (struct cr_address){ .family = 6, .port = 9001,
		.ip = { 0x2a, 0, (uint8_t)(i >> 6), (uint8_t)(i >> 14), [15] = (uint8_t)i } };
	if (d->roles & CR_ROLE_EXIT)
		d->rule_count = (uint8_t)cr_policy_default(d->rule);
	d->capacity = 1000000 + i % 1000 * 100000;
	strcpy(d->software, "cellrelay " CELLRELAY_VERSION);
	cr_operator_sign(d, operator);
	need(cr_descriptor_sign(d, relay) == CR_DIR_OK, "a descriptor does not come to be");
}

static int by_identity(const void *a, const void *b)
{
	return memcmp(((const struct cr_entry *)a)->d.identity, ((const struct cr_entry *)b)->d.identity,
		      CR_PUBLIC_BYTES);
}

/* As "relayctl directory make": the time counts. */
static size_t make_snapshot(uint8_t *out, struct cr_entry *e, uint32_t n)
{
	struct cr_snapshot_head head = {
		.number = 1, .from = NOW, .period = 600, .relay_count = n,
		.params = { .constraints = CR_DIFFER, .prefix4 = 16, .prefix6 = 32, .hops = 3, .hops_max = 8,
			    .guard_min = 1, .guard_max = 2, .fee = 1, .epoch_seconds = 1, .claim_epochs = 1,
			    .base_weight = 131072, .stake_rate = 1000 },
	};
	struct cr_weighing *w = calloc(n + 1UL, sizeof(*w));
	size_t len, more;

	need(w, "out of memory");
	memcpy(head.certificate_key, e[0].d.identity, sizeof(head.certificate_key));
	for (uint32_t i = 0; i < n; i++)
		need(cr_descriptor_verify(&e[i].d) == CR_DIR_OK, "a descriptor does not verify");
	qsort(e, n, sizeof(*e), by_identity);
	for (uint32_t i = 0; i < n; i++)
		w[i] = cr_weighing_of(&e[i]);
	need(cr_weights(w, n, &head.params) == CR_DIR_OK, "out of memory");
	need(cr_snapshot_begin(out, &len, &head, NULL) == CR_DIR_OK, "a head does not come to be");
	for (uint32_t i = 0; i < n; i++, len += more) {
		e[i].weight = w[i].weight;
		need(cr_entry_encode(out + len, &more, &e[i]) == CR_DIR_OK, "an entry does not come to be");
	}
	cr_snapshot_end(out, len);
	free(w);
	return len + 1;
}

static void sign(uint8_t *out, size_t *len, struct cr_trust *trust)
{
	uint8_t secret[CR_SECRET_BYTES], seed[CR_SEED_BYTES] = { 77 }, sigs[CR_SIGNATURES_MAX];
	struct cr_snapshot s;
	size_t more;

	trust->k = trust->n = 3;
	for (unsigned int i = 0; i < 3; i++, seed[0]++) {
		cr_key_from_seed(trust->key[i], secret, seed);
		need(cr_snapshot_parse(&s, out, *len) == CR_DIR_OK, "the snapshot does not parse");
		need(cr_snapshot_sign(sigs, &more, &s, secret) == CR_DIR_OK, "no signature");
		memcpy(out + s.body_len, sigs, more);
		*len = s.body_len + more;
	}
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
	struct cr_want want = { .max_tariff = UINT64_MAX };
	struct cr_trust trust = { .k = 0 };
	struct cr_chooser c;
	struct cr_snapshot s;
	struct cr_view *view;
	struct cr_entry *e;
	uint8_t *out;
	double t;
	size_t len;

	need(sodium_init() >= 0 && n >= 10 && n <= CR_SNAPSHOT_RELAYS_MAX, "RELAYS is 10 to 131072");
	e = calloc(n, sizeof(*e));
	out = malloc(CR_SNAPSHOT_HEAD_MAX + n * CR_ENTRY_MAX + CR_SIGNATURES_MAX);
	need(e && out, "out of memory");
	for (uint32_t i = 0; i < n; i++) {
		make_descriptor(&e[i].d, i);
		e[i].stake = 10000;
	}
	t = seconds();
	len = make_snapshot(out, e, n);
	printf("made        %8.3f s of processor time, %u relays, %zu bytes\n", seconds() - t, n, len);
	sign(out, &len, &trust);
	t = seconds();
	need(cr_snapshot_parse(&s, out, len) == CR_DIR_OK &&
	     cr_snapshot_verify(&s, &trust, NOW, NULL) == CR_DIR_OK, "the snapshot does not verify");
	printf("taken       %8.3f s: parsed, 3 of 3 signatures\n", seconds() - t);
	t = seconds();
	view = cr_view_new(&s, NULL);
	need(view && cr_chooser_init(&c, view, &want), "out of memory");
	printf("prepared    %8.3f s: for path choice, without a table of countries\n", seconds() - t);
	t = seconds();
	for (uint64_t i = 0; i < PATHS; i++) {
		struct cr_guards guards = { 0 };
		uint8_t seed[CR_SEED32] = { 0 };
		struct cr_path path;

		memcpy(seed, &i, sizeof(i));
		need(cr_path_choose(&path, &c, &guards, NOW, seed) == CR_PATH_OK, "no path");
	}
	printf("path        %8.3f us each, %u of them\n", (seconds() - t) * 1e6 / PATHS, PATHS);
	cr_chooser_free(&c);
	cr_view_free(view);
	free(out);
	free(e);
	return 0;
}
