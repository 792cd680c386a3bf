// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "directory/weights.h"

/* An operator or a prefix, and a relay that has it. */
struct owner {
	uint8_t key[1 + CR_PUBLIC_BYTES];
	uint32_t relay;
};

static int by_key(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;
	int c = memcmp(x->key, y->key, sizeof(x->key));

	return c ? c : (x->relay > y->relay) - (x->relay < y->relay);
}

/* First byte 0: an operator; 4, 6: a prefix, zeros behind it. */
static void prefix_key(uint8_t *key, const struct cr_address *a, const struct cr_params *params)
{
	unsigned int bits = a->family == 4 ? params->prefix4 : params->prefix6;

	memset(key, 0, 1 + CR_PUBLIC_BYTES);
	key[0] = a->family;
	memcpy(key + 1, a->ip, (bits + 7) / 8);
	if (bits % 8)
		key[1 + bits / 8] &= (uint8_t)(0xff << (8 - bits % 8));
}

/* Largest number of different relays under one key, for each relay: @most. */
static void count_runs(const struct owner *o, size_t n, uint32_t *most)
{
	for (size_t i = 0, j; i < n; i = j) {
		uint32_t relays = 1;

		for (j = i + 1; j < n && memcmp(o[j].key, o[i].key, sizeof(o[i].key)) == 0; j++)
			relays += o[j].relay != o[j - 1].relay;
		for (size_t k = i; k < j; k++) {
			if (most[o[k].relay] < relays)
				most[o[k].relay] = relays;
		}
	}
}

enum cr_verdict cr_weights(struct cr_weighing *w, size_t n, const struct cr_params *params)
{
	struct owner *o = calloc(n * (1 + CR_ADDRESSES_MAX) + 1, sizeof(*o));
	uint32_t *most = calloc(n + 1, sizeof(*most));
	size_t count = 0;

	if (!o || !most) {
		free(o);
		free(most);
		return CR_DIR_MEMORY;
	}
	for (size_t i = 0; i < n; i++) {
		memcpy(o[count].key + 1, w[i].operator_key, CR_PUBLIC_BYTES);
		o[count++].relay = (uint32_t)i;
		for (unsigned int a = 0; a < w[i].address_count; a++) {
			prefix_key(o[count].key, &w[i].address[a], params);
			o[count++].relay = (uint32_t)i;
		}
	}
	qsort(o, count, sizeof(*o), by_key);
	count_runs(o, count, most);
	for (size_t i = 0; i < n; i++) {
		uint64_t cap;

		if (__builtin_mul_overflow(w[i].stake, params->stake_rate, &cap) ||
		    cap > w[i].capacity)
			cap = w[i].capacity;
		w[i].weight = cap + params->base_weight / most[i];
	}
	free(o);
	free(most);
	return CR_DIR_OK;
}

struct cr_weighing cr_weighing_of(const struct cr_entry *entry)
{
	struct cr_weighing w = {
		.capacity = entry->measured ? entry->measured : entry->d.capacity,
		.stake = entry->stake,
		.address_count = entry->d.address_count,
	};

	memcpy(w.operator_key, entry->d.operator_key, sizeof(w.operator_key));
	memcpy(w.address, entry->d.address, sizeof(w.address));
	return w;
}

enum cr_verdict cr_weights_audit(const struct cr_snapshot *s, uint32_t *relay)
{
	struct cr_weighing *w = calloc(s->head.relay_count + 1UL, sizeof(*w));
	struct cr_reader r = cr_snapshot_relays(s);
	enum cr_verdict v;
	struct cr_entry e;
	uint32_t n = 0;

	if (!w)
		return CR_DIR_MEMORY;
	while (cr_snapshot_next(&e, &r))
		w[n++] = cr_weighing_of(&e);
	v = cr_weights(w, n, &s->head.params);
	r = cr_snapshot_relays(s);
	for (uint32_t i = 0; !v && cr_snapshot_next(&e, &r); i++) {
		if (e.weight != w[i].weight) {
			*relay = i;
			v = CR_DIR_WEIGHT;
		}
	}
	free(w);
	return v;
}
