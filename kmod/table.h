/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growable hash table of u32 ids that are random by construction, so that
 * the bucket is id & mask. Readers hold RCU and never wait; writers hold the
 * mutex of the namespace. Each entry carries two list nodes: growing links all
 * entries into the new array through the node that the old one does not use and
 * publishes it; the next growth waits for readers of the old one before it uses
 * the old node again.
 */
#ifndef CR_TABLE_H
#define CR_TABLE_H

#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

/**
 * struct cr_entry - embedded in what the table finds
 * @node: node[i] belongs to arrays of parity i
 * @id: the key; unique in its table
 */
struct cr_entry {
	struct hlist_node node[2];
	u32 id;
};

/**
 * struct cr_buckets - one array of lists
 * @mask: number of lists less one
 * @parity: which node of the entries is linked here
 * @rcu: frees it after its readers
 * @head: the lists
 */
struct cr_buckets {
	u32 mask;
	u32 parity;
	struct rcu_head rcu;
	struct hlist_head head[];
};

/**
 * struct cr_table - a table
 * @b: current array
 * @count: entries; under @lock
 * @grown: RCU cookie: readers from before the last growth may run until it is over
 * @lock: the namespace's mutex, which every writer holds
 */
struct cr_table {
	struct cr_buckets __rcu *b;
	u32 count;
	unsigned long grown;
	struct mutex *lock;
};

int cr_table_init(struct cr_table *t, struct mutex *lock);
void cr_table_free(struct cr_table *t);
int cr_table_add(struct cr_table *t, struct cr_entry *e);
void cr_table_del(struct cr_table *t, struct cr_entry *e);

/**
 * cr_table_find() - entry with this id, or NULL
 *
 * Context: rcu_read_lock or the table's mutex; the entry lives as long.
 */
static inline struct cr_entry *cr_table_find(const struct cr_table *t, u32 id)
{
	const struct cr_buckets *b = rcu_dereference_check(t->b, lockdep_is_held(t->lock));
	struct hlist_node *n;

	for (n = rcu_dereference_check(hlist_first_rcu(&b->head[id & b->mask]),
				       lockdep_is_held(t->lock)); n;
	     n = rcu_dereference_check(hlist_next_rcu(n), lockdep_is_held(t->lock))) {
		struct cr_entry *e = container_of(n, struct cr_entry, node[b->parity]);

		if (e->id == id)
			return e;
	}
	return NULL;
}

#endif /* CR_TABLE_H */
