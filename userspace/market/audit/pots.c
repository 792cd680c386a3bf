// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "market/audit/pots.h"

#define SIZE_FIRST	1024

/* Owners are hashes and keys already; accounts are chosen by their holders, so all bytes count. */
static size_t start(const struct pots *p, const struct mkt_pot *pot)
{
	uint64_t h = (uint64_t)pot->kind * 0x9e3779b97f4a7c15ULL + pot->epoch, part;

	for (size_t i = 0; i < sizeof(pot->owner); i += sizeof(part)) {
		memcpy(&part, pot->owner + i, sizeof(part));
		h = (h ^ part) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	return (size_t)h & (p->size - 1);
}

static bool same(const struct mkt_pot *a, const struct mkt_pot *b)
{
	return a->kind == b->kind && a->epoch == b->epoch && memcmp(a->owner, b->owner, sizeof(a->owner)) == 0;
}

static struct pot_sum *place(const struct pots *p, const struct mkt_pot *pot)
{
	size_t i = start(p, pot);

	/* MKT_NONE marks a free slot; it is never full */
	while (p->slot[i].pot.kind != MKT_NONE && !same(&p->slot[i].pot, pot))
		i = (i + 1) & (p->size - 1);
	return &p->slot[i];
}

static bool grow(struct pots *p)
{
	struct pots larger = { .size = p->size ? 2 * p->size : SIZE_FIRST, .used = p->used };

	larger.slot = calloc(larger.size, sizeof(*larger.slot));
	if (!larger.slot)
		return false;
	for (size_t i = 0; i < p->size; i++) {
		if (p->slot[i].pot.kind != MKT_NONE)
			*place(&larger, &p->slot[i].pot) = p->slot[i];
	}
	free(p->slot);
	*p = larger;
	return true;
}

struct pot_sum *pots_at(struct pots *p, const struct mkt_pot *pot, bool make)
{
	struct pot_sum *s;

	if (!p->size && (!make || !grow(p)))
		return NULL;
	s = place(p, pot);
	if (s->pot.kind != MKT_NONE)
		return s;
	if (!make)
		return NULL;
	if (p->used >= p->size / 2) {
		if (!grow(p))
			return NULL;
		s = place(p, pot);
	}
	p->used++;
	s->pot = *pot;
	return s;
}

void pots_free(struct pots *p)
{
	free(p->slot);
	memset(p, 0, sizeof(*p));
}
