// SPDX-License-Identifier: MIT
#include "market/http/rate.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define SETS	4096u	/* power of two */
#define WAYS	8u
#define UNIT	1000u	/* of a bucket: a thousandth of a request, which one per second gives in 1 ms */

/* A bucket counts what is missing, so that zeros are a full one. */
struct bucket {
	uint64_t missing, at_ms;
};

struct entry {
	uint64_t id;		/* 0: free */
	uint64_t used_ms;
	struct bucket bucket[HTTP_CLASSES];
};

struct http_rates {
	uint8_t key[crypto_shorthash_KEYBYTES];
	struct http_rate rate[HTTP_CLASSES];
	struct bucket all[HTTP_CLASSES];
	struct entry entry[SETS][WAYS];
};

struct http_rates *http_rates_new(const struct http_rate rate[HTTP_CLASSES])
{
	struct http_rates *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	crypto_shorthash_keygen(r->key);
	memcpy(r->rate, rate, sizeof(r->rate));
	return r;
}

void http_rates_free(struct http_rates *r)
{
	free(r);
}

static void refill(struct bucket *b, uint64_t per_second, uint64_t now_ms)
{
	uint64_t more;

	if (now_ms <= b->at_ms)
		return;
	more = now_ms - b->at_ms > UINT32_MAX ? UINT64_MAX : (now_ms - b->at_ms) * per_second;
	b->missing -= more < b->missing ? more : b->missing;
	b->at_ms = now_ms;
}

/* Seconds until a request fits in; 0: it does. */
static unsigned int wait_for(const struct bucket *b, uint64_t per_second, uint64_t burst)
{
	uint64_t over = b->missing + UNIT > burst * UNIT ? b->missing + UNIT - burst * UNIT : 0;

	return (unsigned int)((over + per_second * UNIT - 1) / (per_second * UNIT));
}

static struct entry *find(struct http_rates *r, const struct http_peer *peer, uint64_t now_ms)
{
	struct entry *set, *oldest;
	uint64_t id;

	crypto_shorthash((unsigned char *)&id, peer->bytes, sizeof(peer->bytes), r->key);
	id |= 1;
	set = r->entry[id >> 32 & (SETS - 1)];
	oldest = set;
	for (unsigned int i = 0; i < WAYS; i++) {
		if (set[i].id == id) {
			oldest = &set[i];
			break;
		}
		if (set[i].used_ms < oldest->used_ms)
			oldest = &set[i];
	}
	if (oldest->id != id) {
		memset(oldest, 0, sizeof(*oldest));
		oldest->id = id;
	}
	oldest->used_ms = now_ms;
	return oldest;
}

unsigned int http_rates_take(struct http_rates *r, const struct http_peer *peer, enum http_class class,
			     uint64_t now_ms)
{
	const struct http_rate *rate = &r->rate[class];
	struct bucket *one = NULL, *all = NULL;
	unsigned int wait = 0, more;

	if (rate->per_second) {
		one = &find(r, peer, now_ms)->bucket[class];
		refill(one, rate->per_second, now_ms);
		wait = wait_for(one, rate->per_second, rate->burst);
	}
	if (rate->all_per_second) {
		all = &r->all[class];
		refill(all, rate->all_per_second, now_ms);
		more = wait_for(all, rate->all_per_second, rate->all_burst);
		wait = more > wait ? more : wait;
	}
	if (wait)
		return wait;
	if (one)
		one->missing += UNIT;
	if (all)
		all->missing += UNIT;
	return 0;
}
