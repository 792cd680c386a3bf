// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "path/view.h"

/** struct name - an operator's key on its way to a number */
struct name {
	uint8_t key[CR_PUBLIC_BYTES];
	uint32_t relay;
};

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, CR_PUBLIC_BYTES);
}

/* Where a key stands among sorted ones of which equal ones were dropped; -1. */
static long find_name(const struct name *names, size_t n, const uint8_t *key)
{
	const struct name *at = bsearch(key, names, n, sizeof(*names), by_key);

	return at ? at - names : -1;
}

/* Operators' keys become numbers; @names is left with one entry each. */
static size_t number_operators(struct cr_view *view, struct name *names)
{
	size_t kept = 0;

	qsort(names, view->n, sizeof(*names), by_key);
	for (uint32_t i = 0; i < view->n; i++) {
		if (!kept || memcmp(names[kept - 1].key, names[i].key, CR_PUBLIC_BYTES) != 0)
			names[kept++] = names[i];
		view->node[names[i].relay].operator_id = (uint32_t)kept - 1;
	}
	return kept;
}

/* Kin as named, before it is known whether the others agree. */
static bool names_kin(const struct cr_node *node, uint32_t operator_id)
{
	for (unsigned int i = 0; i < node->kin_count; i++) {
		if (node->kin[i] == operator_id)
			return true;
	}
	return false;
}

/*
 * Only who is named back is kin: else naming all honest operators would keep their
 * relays out of every path that holds one of ours. An operator's relays may name
 * different ones while descriptors are replaced; two relays look at each other's.
 */
static bool kin(const struct cr_node *a, const struct cr_node *b)
{
	return names_kin(a, b->operator_id) && names_kin(b, a->operator_id);
}

static void take(struct cr_node *node, const struct cr_entry *e, struct cr_geo_table *table)
{
	memcpy(node->identity, e->d.identity, sizeof(node->identity));
	node->weight = e->weight;
	node->capacity = e->measured ? e->measured : e->d.capacity;
	node->tariff = e->d.tariff;
	node->roles = e->d.roles;
	node->rule_count = e->d.rule_count;
	node->address_count = e->d.address_count;
	for (unsigned int i = 0; i < e->d.address_count; i++) {
		node->address[i] = e->d.address[i];
		node->geo[i] = cr_geo_find(table, &e->d.address[i]);
		node->reach |= e->d.address[i].family == 4 ? CR_HAS_IPV4 : CR_HAS_IPV6;
	}
}

struct cr_view *cr_view_new(const struct cr_snapshot *s, struct cr_geo_table *table)
{
	struct cr_view *view = calloc(1, sizeof(*view));
	struct name *names = calloc(s->head.relay_count + 1UL, sizeof(*names));
	struct cr_reader r = cr_snapshot_relays(s);
	size_t operators, rules = 0, at = 0;
	struct cr_entry e;

	while (cr_snapshot_next(&e, &r))
		rules += e.d.rule_count;
	if (view) {
		view->node = calloc(s->head.relay_count + 1UL, sizeof(*view->node));
		view->rules = calloc(rules + 1, sizeof(*view->rules));
	}
	if (!view || !names || !view->node || !view->rules) {
		free(names);
		cr_view_free(view);
		return NULL;
	}
	view->params = s->head.params;
	view->number = s->head.number;
	r = cr_snapshot_relays(s);
	for (; cr_snapshot_next(&e, &r); view->n++) {
		struct cr_node *node = &view->node[view->n];

		take(node, &e, table);
		node->rule = view->rules + at;
		memcpy(view->rules + at, e.d.rule, e.d.rule_count * sizeof(*e.d.rule));
		at += e.d.rule_count;
		memcpy(names[view->n].key, e.d.operator_key, CR_PUBLIC_BYTES);
		names[view->n].relay = view->n;
	}
	operators = number_operators(view, names);
	r = cr_snapshot_relays(s);
	for (uint32_t i = 0; cr_snapshot_next(&e, &r); i++) {
		for (unsigned int k = 0; k < e.d.family_count; k++) {
			long id = find_name(names, operators, e.d.family[k]);

			if (id >= 0)
				view->node[i].kin[view->node[i].kin_count++] = (uint32_t)id;
		}
	}
	free(names);
	return view;
}

void cr_node_of_uri(struct cr_node *node, const struct cr_uri *u, struct cr_geo_table *table)
{
	memset(node, 0, sizeof(*node));
	memcpy(node->identity, u->identity, sizeof(node->identity));
	node->operator_id = CR_NO_OPERATOR;
	node->address_count = 1;
	node->address[0] = u->address;
	node->geo[0] = cr_geo_find(table, &u->address);
	node->reach = u->address.family == 4 ? CR_HAS_IPV4 : CR_HAS_IPV6;
}

void cr_view_free(struct cr_view *view)
{
	if (!view)
		return;
	free(view->node);
	free(view->rules);
	free(view);
}

long cr_view_find(const struct cr_view *view, const uint8_t identity[CR_PUBLIC_BYTES])
{
	/* identity is the first member */
	const struct cr_node *at = bsearch(identity, view->node, view->n, sizeof(*view->node), by_key);

	return at ? at - view->node : -1;
}

uint32_t cr_nodes_conflict(const struct cr_params *p, const struct cr_node *a, const struct cr_node *b)
{
	uint32_t broken = 0;

	if (a == b)
		return UINT32_MAX;
	if (a->operator_id == b->operator_id)
		broken |= CR_DIFFER_OPERATOR;
	if (kin(a, b))
		broken |= CR_DIFFER_FAMILY;
	for (unsigned int i = 0; i < a->address_count; i++) {
		for (unsigned int j = 0; j < b->address_count; j++) {
			const struct cr_address *x = &a->address[i], *y = &b->address[j];

			if (x->family == y->family &&
			    cr_prefix_equal(x->ip, y->ip, x->family == 4 ? p->prefix4 : p->prefix6))
				broken |= CR_DIFFER_PREFIX;
			if (a->geo[i].as && a->geo[i].as == b->geo[j].as)
				broken |= CR_DIFFER_AS;
			if (a->geo[i].country[0] && strcmp(a->geo[i].country, b->geo[j].country) == 0)
				broken |= CR_DIFFER_COUNTRY;
		}
	}
	return broken & p->constraints;
}
