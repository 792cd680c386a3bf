// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "path/path.h"

/* Draws among all before those that fit are counted one by one: the same distribution, faster. */
#define QUICK_DRAWS	32

/** struct draw - random numbers from a seed: ChaCha20's stream */
struct draw {
	uint8_t seed[CR_SEED32], block[64];
	uint64_t blocks;
	unsigned int used;
};

static uint64_t draw_u64(struct draw *d)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES] = "crpath1";
	uint64_t v;

	if (d->used == sizeof(d->block) || !d->blocks) {
		memset(d->block, 0, sizeof(d->block));
		crypto_stream_chacha20_xor_ic(d->block, d->block, sizeof(d->block), nonce, d->blocks++, d->seed);
		d->used = 0;
	}
	memcpy(&v, d->block + d->used, sizeof(v));
	d->used += sizeof(v);
	return le64toh(v);
}

/* Uniform in [0, n), without the bias of a remainder. */
static uint64_t draw_below(struct draw *d, uint64_t n)
{
	uint64_t low = -n % n, v;

	do {
		v = draw_u64(d);
	} while (v < low);
	return v % n;
}

const char *cr_place_name(enum cr_place place)
{
	static const char *const names[CR_PLACES] = { "guard", "middle", "exit" };

	return (unsigned int)place < CR_PLACES ? names[place] : "none";
}

const char *cr_sieve_text(enum cr_sieve sieve)
{
	static const char *const texts[CR_SIEVES] = {
		"do not do that", "are behind NAT", "have no address that you can reach",
		"cost more than the ceiling", "are in another country", "do not carry what you want to reach",
		"have no certificate in stock", "have no weight",
	};

	return (unsigned int)sieve < CR_SIEVES ? texts[sieve] : "are left out";
}

enum cr_place cr_place_of(unsigned int at, unsigned int hops)
{
	return at + 1 == hops ? CR_PLACE_EXIT : at == 0 ? CR_PLACE_GUARD : CR_PLACE_MIDDLE;
}

/* ------------------------------------------------------------------ pools */

static bool in_country(const struct cr_node *node, const char *country)
{
	for (unsigned int i = 0; i < node->address_count; i++) {
		if (strcmp(node->geo[i].country, country) == 0)
			return true;
	}
	return false;
}

static bool carries(const struct cr_node *node, const struct cr_want *want)
{
	for (size_t i = 0; i < want->target_count; i++) {
		if (!cr_policy_allows(node->rule, node->rule_count, &want->targets[i]))
			return false;
	}
	return true;
}

/* The first sieve that holds a relay back from a place; CR_SIEVES: none. */
static enum cr_sieve sieve(const struct cr_chooser *c, enum cr_place place, uint32_t relay)
{
	const struct cr_node *node = &c->view->node[relay];
	const struct cr_want *want = &c->want;
	bool first = place == CR_PLACE_GUARD || (place == CR_PLACE_EXIT && c->hops == 1);

	if ((first && !(node->roles & CR_ROLE_ENTRY)) ||
	    (place == CR_PLACE_EXIT && !(node->roles & CR_ROLE_EXIT)))
		return CR_SIEVE_ROLE;
	if (node->roles & CR_ROLE_NAT)
		return CR_SIEVE_NAT;
	if (first && want->reach && !(want->reach & node->reach))
		return CR_SIEVE_REACH;
	if (node->tariff > want->max_tariff)
		return CR_SIEVE_PRICE;
	if (place == CR_PLACE_EXIT && want->exit_country[0] && !in_country(node, want->exit_country))
		return CR_SIEVE_COUNTRY;
	if (place == CR_PLACE_EXIT && !carries(node, want))
		return CR_SIEVE_POLICY;
	if (want->stock && !(want->stock[relay / 8] >> (relay % 8) & 1))
		return CR_SIEVE_STOCK;
	return node->weight ? CR_SIEVES : CR_SIEVE_WEIGHT;
}

static bool pool_fill(struct cr_chooser *c, enum cr_place place)
{
	struct cr_pool *pool = &c->pool[place];
	uint64_t sum = 0;

	pool->relay = calloc(c->view->n + 1UL, sizeof(*pool->relay));
	pool->sum = calloc(c->view->n + 1UL, sizeof(*pool->sum));
	if (!pool->relay || !pool->sum)
		return false;
	for (uint32_t i = 0; i < c->view->n; i++) {
		enum cr_sieve why = sieve(c, place, i);

		if (why != CR_SIEVES) {
			pool->out[why]++;
			continue;
		}
		sum += c->view->node[i].weight;
		pool->relay[pool->n] = i;
		pool->sum[pool->n++] = sum;
		pool->capacity += c->view->node[i].capacity;
	}
	return true;
}

bool cr_chooser_init(struct cr_chooser *c, const struct cr_view *view, const struct cr_want *want)
{
	memset(c, 0, sizeof(*c));
	c->view = view;
	c->want = *want;
	c->named = CR_PATH_NAMED;
	if (want->guard && cr_view_find(view, want->guard->identity) >= 0)
		c->named = (uint32_t)cr_view_find(view, want->guard->identity);
	c->hops = want->hops ? want->hops : view->params.hops;
	if (c->hops > view->params.hops_max)
		c->hops = view->params.hops_max;
	for (int place = 0; place < CR_PLACES; place++) {
		if (!pool_fill(c, place)) {
			cr_chooser_free(c);
			return false;
		}
	}
	return true;
}

void cr_chooser_free(struct cr_chooser *c)
{
	for (int place = 0; place < CR_PLACES; place++) {
		free(c->pool[place].relay);
		free(c->pool[place].sum);
	}
	memset(c, 0, sizeof(*c));
}

/* ----------------------------------------------------------------- choice */

static const struct cr_node *node_of(const struct cr_chooser *c, uint32_t relay)
{
	return relay == CR_PATH_NAMED ? c->want.guard : &c->view->node[relay];
}

const struct cr_node *cr_path_node(const struct cr_chooser *c, const struct cr_path *path, unsigned int i)
{
	return node_of(c, path->relay[i]);
}

uint32_t cr_path_fits(const struct cr_chooser *c, const struct cr_path *path, unsigned int taken,
		      unsigned int at, uint32_t relay)
{
	const struct cr_node *node = node_of(c, relay);
	uint32_t broken = 0;

	for (unsigned int i = 0; i < path->hops; i++) {
		const struct cr_node *other = node_of(c, path->relay[i]);

		if (!(taken >> i & 1))
			continue;
		broken |= cr_nodes_conflict(&c->view->params, node, other);
		/* neighbours must be able to send to each other */
		if ((i + 1 == at || at + 1 == i) && !(node->reach & other->reach))
			broken = UINT32_MAX;
	}
	return broken;
}

uint32_t cr_pool_draw(const struct cr_pool *pool, uint64_t r)
{
	uint32_t low = 0, high = pool->n - 1;

	/* the first whose sum is above r */
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (pool->sum[mid] > r)
			high = mid;
		else
			low = mid + 1;
	}
	return pool->relay[low];
}

/* By weight among those of a pool that fit. */
static bool draw_place(const struct cr_chooser *c, struct cr_path *path, unsigned int *taken,
		       unsigned int at, enum cr_place place, struct draw *d)
{
	const struct cr_pool *pool = &c->pool[place];
	uint64_t total = 0, r;

	if (!pool->n)
		return false;
	for (int i = 0; i < QUICK_DRAWS; i++) {
		uint32_t relay = cr_pool_draw(pool, draw_below(d, pool->sum[pool->n - 1]));

		if (cr_path_fits(c, path, *taken, at, relay))
			continue;
		path->relay[at] = relay;
		*taken |= 1U << at;
		return true;
	}
	for (uint32_t i = 0; i < pool->n; i++) {
		if (!cr_path_fits(c, path, *taken, at, pool->relay[i]))
			total += c->view->node[pool->relay[i]].weight;
	}
	if (!total)
		return false;
	r = draw_below(d, total);
	for (uint32_t i = 0; i < pool->n; i++) {
		uint64_t weight = c->view->node[pool->relay[i]].weight;

		if (cr_path_fits(c, path, *taken, at, pool->relay[i]))
			continue;
		if (r < weight) {
			path->relay[at] = pool->relay[i];
			*taken |= 1U << at;
			return true;
		}
		r -= weight;
	}
	return false;
}

static bool guard_bad(const struct cr_guard *g)
{
	return g->tries >= CR_GUARD_TRIES && g->failures > g->tries / 2;
}

static void guard_drop(struct cr_guards *guards, unsigned int i)
{
	guards->n--;
	memmove(&guards->guard[i], &guards->guard[i + 1], (guards->n - i) * sizeof(guards->guard[0]));
}

/* The first kept guard that may be used and goes with the exit. */
static bool kept_guard(const struct cr_chooser *c, struct cr_path *path, unsigned int *taken,
		       const struct cr_guards *guards)
{
	for (unsigned int i = 0; i < guards->n; i++) {
		long relay = cr_view_find(c->view, guards->guard[i].identity);

		if (relay < 0 || guard_bad(&guards->guard[i]) ||
		    sieve(c, CR_PLACE_GUARD, (uint32_t)relay) != CR_SIEVES ||
		    cr_path_fits(c, path, *taken, 0, (uint32_t)relay))
			continue;
		path->relay[0] = (uint32_t)relay;
		*taken |= 1;
		return true;
	}
	return false;
}

static void keep_guard(const struct cr_chooser *c, struct cr_guards *guards, uint32_t relay,
		       uint64_t now, struct draw *d)
{
	const struct cr_params *p = &c->view->params;
	struct cr_guard *g;

	/* full of guards that did not go with this exit: the newest of them gives way */
	if (guards->n == CR_GUARDS_MAX)
		guard_drop(guards, CR_GUARDS_MAX - 1);
	g = &guards->guard[guards->n++];
	memset(g, 0, sizeof(*g));
	memcpy(g->identity, c->view->node[relay].identity, sizeof(g->identity));
	g->since = now;
	g->until = now + p->guard_min + draw_below(d, (uint64_t)p->guard_max - p->guard_min + 1);
}

/* A guard that is given up once may not be drawn again at once: it would be bad still. */
static bool was_bad(const struct cr_guards *guards, const uint8_t *identity)
{
	for (unsigned int i = 0; i < guards->n; i++) {
		if (memcmp(guards->guard[i].identity, identity, CR_PUBLIC_BYTES) == 0)
			return true;
	}
	return false;
}

static bool take_guard(const struct cr_chooser *c, struct cr_path *path, unsigned int *taken,
		       struct cr_guards *guards, uint64_t now, struct draw *d)
{
	if (kept_guard(c, path, taken, guards))
		return true;
	for (int i = 0; i < QUICK_DRAWS; i++) {
		if (!draw_place(c, path, taken, 0, CR_PLACE_GUARD, d))
			return false;
		if (!was_bad(guards, c->view->node[path->relay[0]].identity)) {
			keep_guard(c, guards, path->relay[0], now, d);
			return true;
		}
		*taken &= ~1U;
	}
	return false;
}

enum cr_path_result cr_path_choose(struct cr_path *path, const struct cr_chooser *c,
				   struct cr_guards *guards, uint64_t now,
				   const uint8_t seed[CR_SEED32])
{
	struct cr_guards kept = *guards;
	enum cr_path_result result = CR_PATH_OK;
	struct draw d = { .blocks = 0 };
	unsigned int taken = 0;

	memcpy(d.seed, seed, sizeof(d.seed));
	memset(path, 0, sizeof(*path));
	path->hops = c->hops;
	for (unsigned int i = kept.n; i; i--) {
		if (now >= kept.guard[i - 1].until)
			guard_drop(&kept, i - 1);
	}
	if (c->want.guard && c->hops > 1) {
		path->relay[0] = c->named;
		taken = 1;
	}
	if (c->want.guard && c->hops < 2)
		result = CR_PATH_NO_GUARD;
	else if (!draw_place(c, path, &taken, c->hops - 1, CR_PLACE_EXIT, &d))
		result = CR_PATH_NO_EXIT;
	else if (c->hops > 1 && !c->want.guard && !take_guard(c, path, &taken, &kept, now, &d))
		result = CR_PATH_NO_GUARD;
	for (unsigned int at = 1; at + 1 < c->hops && result == CR_PATH_OK; at++) {
		if (!draw_place(c, path, &taken, at, CR_PLACE_MIDDLE, &d))
			result = CR_PATH_NO_MIDDLE;
	}
	sodium_memzero(&d, sizeof(d));
	if (result == CR_PATH_OK)
		*guards = kept;
	return result;
}

void cr_guard_result(struct cr_guards *guards, const uint8_t identity[CR_PUBLIC_BYTES], bool ok)
{
	for (unsigned int i = 0; i < guards->n; i++) {
		struct cr_guard *g = &guards->guard[i];

		if (memcmp(g->identity, identity, CR_PUBLIC_BYTES) != 0)
			continue;
		g->tries++;
		g->failures += !ok;
		/* old tries fade, so that a guard can get better again */
		if (g->tries >= 10 * CR_GUARD_TRIES) {
			g->tries /= 2;
			g->failures /= 2;
		}
	}
}
