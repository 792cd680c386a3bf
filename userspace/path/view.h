/* SPDX-License-Identifier: MIT */
/* A snapshot as path choice sees it: what it needs of each relay, looked up once. */
#ifndef CR_PATH_VIEW_H
#define CR_PATH_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "directory/snapshot.h"
#include "directory/uri.h"
#include "path/geo.h"

#define CR_HAS_IPV4	(1U << 0)
#define CR_HAS_IPV6	(1U << 1)

/**
 * struct cr_node - a relay
 * @identity: its key
 * @weight: from the snapshot
 * @capacity: measured, or declared
 * @tariff: per GiB
 * @operator_id: the same number for the same operator; CR_NO_OPERATOR: nobody knows
 * @kin_count: operators that this one names and who name it
 * @kin: their numbers
 * @roles: CR_ROLE_*
 * @reach: CR_HAS_*
 * @address_count: how many
 * @address: where it is
 * @geo: country and AS of each address
 * @rule_count: exit policy
 * @rule: in the view's array
 */
struct cr_node {
	uint8_t identity[CR_PUBLIC_BYTES];
	uint64_t weight, capacity, tariff;
	uint32_t operator_id;
	uint8_t kin_count;
	uint32_t kin[CR_FAMILY_MAX];
	uint8_t roles, reach, address_count, rule_count;
	struct cr_address address[CR_ADDRESSES_MAX];
	struct cr_geo geo[CR_ADDRESSES_MAX];
	const struct cr_rule *rule;
};

#define CR_NO_OPERATOR	UINT32_MAX

/** struct cr_view - all relays, by ascending identity */
struct cr_view {
	struct cr_params params;
	uint64_t number;
	uint32_t n;
	struct cr_node *node;
	struct cr_rule *rules;
};

/**
 * cr_view_new() - from a snapshot that was verified
 * @s: parsed; not needed afterwards
 * @table: countries and networks; NULL: none known
 *
 * Return: freed by cr_view_free(); NULL: out of memory.
 */
struct cr_view *cr_view_new(const struct cr_snapshot *s, struct cr_geo_table *table);
void cr_view_free(struct cr_view *view);

/** cr_node_of_uri() - a relay that no directory lists, of which nothing is known but where it is; @table may be NULL */
void cr_node_of_uri(struct cr_node *node, const struct cr_uri *u, struct cr_geo_table *table);

/** cr_view_find() - index of a relay, or -1 */
long cr_view_find(const struct cr_view *view, const uint8_t identity[CR_PUBLIC_BYTES]);

/**
 * cr_nodes_conflict() - may two relays not be in one path?
 *
 * Return: the constraints that they break (CR_DIFFER_*), of those in @p; all
 * ones for a relay and itself; 0: they may.
 */
uint32_t cr_nodes_conflict(const struct cr_params *p, const struct cr_node *a, const struct cr_node *b);

#endif /* CR_PATH_VIEW_H */
