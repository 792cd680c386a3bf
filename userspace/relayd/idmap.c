// SPDX-License-Identifier: MIT
#include "idmap.h"

#include <sodium.h>
#include <stdlib.h>

static size_t place(const struct idmap *m, uint64_t key)
{
	/* multiply and fold: the seed is odd and secret */
	__uint128_t p = (__uint128_t)(key ^ (m->seed >> 1)) * (m->seed | 1);

	return (size_t)((uint64_t)p ^ (uint64_t)(p >> 64)) & m->mask;
}

struct idnode *idmap_get(const struct idmap *m, uint64_t key)
{
	struct idnode *n = m->bucket ? m->bucket[place(m, key)] : NULL;

	while (n && n->key != key)
		n = n->next;
	return n;
}

static bool grow(struct idmap *m)
{
	size_t size = m->bucket ? (m->mask + 1) * 2 : 64;
	struct idnode **bucket = calloc(size, sizeof(*bucket)), **old = m->bucket;
	size_t old_size = old ? m->mask + 1 : 0;

	if (!bucket)
		return false;
	if (!m->seed)
		randombytes_buf(&m->seed, sizeof(m->seed));
	m->bucket = bucket;
	m->mask = size - 1;
	for (size_t i = 0; i < old_size; i++) {
		struct idnode *n = old[i], *next;

		for (; n; n = next) {
			struct idnode **b = &bucket[place(m, n->key)];

			next = n->next;
			n->next = *b;
			*b = n;
		}
	}
	free(old);
	return true;
}

bool idmap_put(struct idmap *m, struct idnode *n, uint64_t key)
{
	struct idnode **b;

	if (idmap_get(m, key))
		return false;
	/* a full table only gets slower when there is no memory for another */
	if ((!m->bucket || m->count > m->mask) && !grow(m) && !m->bucket)
		return false;
	b = &m->bucket[place(m, key)];
	n->key = key;
	n->next = *b;
	*b = n;
	m->count++;
	return true;
}

void idmap_del(struct idmap *m, struct idnode *n)
{
	struct idnode **p = m->bucket ? &m->bucket[place(m, n->key)] : NULL;

	while (p && *p && *p != n)
		p = &(*p)->next;
	if (!p || !*p)
		return;
	*p = n->next;
	n->next = NULL;
	m->count--;
}

void idmap_free(struct idmap *m)
{
	free(m->bucket);
	*m = (struct idmap){ .bucket = NULL };
}

void idmap_walk(struct idmap *m, void (*fn)(struct idnode *n, void *arg), void *arg)
{
	for (size_t i = 0; m->bucket && i <= m->mask; i++) {
		struct idnode *n = m->bucket[i], *next;

		for (; n; n = next) {
			next = n->next;
			fn(n, arg);
		}
	}
}
