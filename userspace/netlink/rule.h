/* SPDX-License-Identifier: MIT */
/* Policy routing (rtnetlink): rules, and a table of one's own with default routes. */
#ifndef CELLRELAY_NETLINK_RULE_H
#define CELLRELAY_NETLINK_RULE_H

#include "netlink/endpoint.h"
#include "netlink/kn.h"

/**
 * struct kn_rule - what matches, and where it is looked up
 * @len: 4 or 16: of the family's addresses
 * @priority: its place
 * @table: where
 * @mark: packets without this mark only; 0: all
 * @no_default: a default route of that table does not count
 */
struct kn_rule {
	uint8_t len;
	uint32_t priority, table, mark;
	bool no_default;
};

/* Adding what is there and removing what is not is fine. */
enum rc kn_rule_change(bool add, const struct kn_rule *rule);

/**
 * kn_default_change() - the default route of a table
 * @add: or remove; adding replaces what has the same metric
 * @len: 4 or 16
 * @table: which
 * @metric: the lowest wins
 * @ifindex: into this device; 0: unreachable, whoever sends learns it
 * @src: preferred source or NULL
 */
enum rc kn_default_change(bool add, uint8_t len, uint32_t table, uint32_t metric, uint32_t ifindex, const struct addr *src);

/* A prefix that this table says nothing about, whatever its default route: the next rule decides. */
enum rc kn_throw_change(bool add, const struct addr *dst, uint8_t bits, uint32_t table);

#endif /* CELLRELAY_NETLINK_RULE_H */
