/* SPDX-License-Identifier: MIT */
/* Objects by number: a hash table whose nodes lie in the objects. */
#ifndef RELAYD_IDMAP_H
#define RELAYD_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idnode {
	struct idnode *next;
	uint64_t key;
};

/** struct idmap - starts zeroed; @seed is drawn at first use, so that peers cannot choose buckets */
struct idmap {
	struct idnode **bucket;
	size_t mask, count;
	uint64_t seed;
};

struct idnode *idmap_get(const struct idmap *m, uint64_t key);
/* Return: false when the key is there already, or without memory. */
bool idmap_put(struct idmap *m, struct idnode *n, uint64_t key);
/* Nothing happens when it is not in the map. */
void idmap_del(struct idmap *m, struct idnode *n);
void idmap_free(struct idmap *m);
/* Calls @fn with each node; it may delete that node, and no other. */
void idmap_walk(struct idmap *m, void (*fn)(struct idnode *n, void *arg), void *arg);

#define container(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))

#endif /* RELAYD_IDMAP_H */
