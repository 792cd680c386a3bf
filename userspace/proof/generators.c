// SPDX-License-Identifier: MIT
/* Vector generators and their cache. */
#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proof/error.h"
#include "proof/generators.h"
#include "proof/keccak.h"

struct party {
	struct cr_point g[CR_GENERATORS_PER_PARTY];
	struct cr_point h[CR_GENERATORS_PER_PARTY];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct party *cache[CR_GENERATORS_PARTIES];

void cr_generators_chain(struct cr_point *out, char kind, uint32_t party,
			 size_t count)
{
	static const char label[] = "GeneratorsChain";
	uint32_t le = htole32(party);
	uint8_t wide[CR_UNIFORM_BYTES];
	struct cr_shake256 xof;

	cr_shake256_init(&xof);
	cr_shake256_absorb(&xof, label, sizeof(label) - 1);
	cr_shake256_absorb(&xof, &kind, 1);
	cr_shake256_absorb(&xof, &le, sizeof(le));
	cr_shake256_finish(&xof);
	for (size_t i = 0; i < count; i++) {
		cr_shake256_squeeze(&xof, wide, sizeof(wide));
		cr_point_from_uniform(&out[i], wide);
	}
}

static const struct party *party_get(uint32_t j)
{
	struct party *p;

	pthread_mutex_lock(&lock);
	p = cache[j];
	if (!p) {
		p = aligned_alloc(_Alignof(struct party), sizeof(*p));
		if (p) {
			cr_generators_chain(p->g, 'G', j,
					    CR_GENERATORS_PER_PARTY);
			cr_generators_chain(p->h, 'H', j,
					    CR_GENERATORS_PER_PARTY);
			cache[j] = p;
		}
	}
	pthread_mutex_unlock(&lock);
	return p;
}

int cr_generators(struct cr_point *g, struct cr_point *h, size_t parties,
		  size_t per_party)
{
	if (parties > CR_GENERATORS_PARTIES ||
	    per_party > CR_GENERATORS_PER_PARTY)
		return CR_ERR_LIMIT;
	for (size_t j = 0; j < parties; j++) {
		const struct party *p = party_get((uint32_t)j);

		if (!p)
			return CR_ERR_NOMEM;
		memcpy(g + j * per_party, p->g, per_party * sizeof(*g));
		memcpy(h + j * per_party, p->h, per_party * sizeof(*h));
	}
	return 0;
}
