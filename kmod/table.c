// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "table.h"

#define CR_TABLE_MIN	16u
#define CR_TABLE_MAX	(1u << 20)

static struct cr_buckets *cr_buckets_alloc(u32 n, u32 parity)
{
	struct cr_buckets *b = kvzalloc(struct_size(b, head, n), GFP_KERNEL_ACCOUNT);

	if (b) {
		b->mask = n - 1;
		b->parity = parity;
	}
	return b;
}

/**
 * cr_table_init() - an empty table
 * @t: table
 * @lock: mutex that its writers will hold
 *
 * Return: 0 or -ENOMEM.
 */
int cr_table_init(struct cr_table *t, struct mutex *lock)
{
	struct cr_buckets *b = cr_buckets_alloc(CR_TABLE_MIN, 0);

	if (!b)
		return -ENOMEM;
	RCU_INIT_POINTER(t->b, b);
	t->count = 0;
	t->grown = get_state_synchronize_rcu();
	t->lock = lock;
	return 0;
}

/**
 * cr_table_free() - free an empty table that no reader can reach
 * @t: table; may be one whose cr_table_init() failed
 */
void cr_table_free(struct cr_table *t)
{
	WARN_ON_ONCE(t->count);
	kvfree(rcu_dereference_protected(t->b, true));
	RCU_INIT_POINTER(t->b, NULL);
}

/*
 * Double the array. Readers of the old one may go on: it is freed after them,
 * and its list nodes are not touched before the next growth, which waits for
 * them first. An entry deleted meanwhile leaves only the new lists, but its
 * owner frees it after a grace period, which covers readers of the old ones.
 */
static void cr_table_grow(struct cr_table *t, struct cr_buckets *old)
{
	struct cr_buckets *b;
	u32 i;

	b = cr_buckets_alloc((old->mask + 1) * 2, !old->parity);
	if (!b)
		return; /* longer lists are slower, not wrong */
	cond_synchronize_rcu(t->grown);
	for (i = 0; i <= old->mask; i++) {
		struct hlist_node *n;

		for (n = old->head[i].first; n; n = n->next) {
			struct cr_entry *e = container_of(n, struct cr_entry, node[old->parity]);

			hlist_add_head_rcu(&e->node[b->parity], &b->head[e->id & b->mask]);
		}
	}
	rcu_assign_pointer(t->b, b);
	t->grown = get_state_synchronize_rcu();
	kvfree_rcu(old, rcu);
}

/**
 * cr_table_add() - make an entry findable
 * @t: table; its mutex is held
 * @e: entry with its id set
 *
 * Return: 0 or -EEXIST.
 */
int cr_table_add(struct cr_table *t, struct cr_entry *e)
{
	struct cr_buckets *b = rcu_dereference_protected(t->b, lockdep_is_held(t->lock));

	if (cr_table_find(t, e->id))
		return -EEXIST;
	if (t->count > b->mask && b->mask + 1 < CR_TABLE_MAX) {
		cr_table_grow(t, b);
		b = rcu_dereference_protected(t->b, lockdep_is_held(t->lock));
	}
	hlist_add_head_rcu(&e->node[b->parity], &b->head[e->id & b->mask]);
	t->count++;
	return 0;
}

/**
 * cr_table_del() - make an entry unfindable
 * @t: table; its mutex is held
 * @e: an entry that was added
 *
 * Readers may hold it until a grace period later.
 */
void cr_table_del(struct cr_table *t, struct cr_entry *e)
{
	struct cr_buckets *b = rcu_dereference_protected(t->b, lockdep_is_held(t->lock));

	hlist_del_rcu(&e->node[b->parity]);
	t->count--;
}
