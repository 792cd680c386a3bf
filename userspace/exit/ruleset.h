/* SPDX-License-Identifier: MIT */
/*
 * The firewall of an exit: one nftables table of its own, "inet
 * cellrelay_exit", made from the exit policy. Pure: settings to text.
 *
 * Only what comes from the inner addresses of the device goes out; nothing
 * comes in but answers; the exit's own host and its neighbours are out of
 * reach; addresses that are not public are refused whatever the policy says,
 * each kind with a counter; then the policy decides, each rule with a counter.
 */
#ifndef CR_EXIT_RULESET_H
#define CR_EXIT_RULESET_H

#include "directory/policy.h"
#include "directory/snapshot.h"
#include "nft/text.h"

#define CR_EXIT_TABLE		"cellrelay_exit"
#define CR_EXIT_TEXT_MAX	65536
#define CR_EXIT_SOURCES_MAX	256

/**
 * struct cr_exit_source - a circuit with a source address of its own
 * @inner: its inner address
 * @outer: what the Internet sees, an address of this host, same family
 */
struct cr_exit_source {
	struct cr_prefix inner, outer;
};

/**
 * struct cr_exit - settings
 * @device: the cellrelay device
 * @pool4: inner addresses; family 0: no IPv4
 * @pool6: the same
 * @rules: exit policy
 * @rule_count: 0: nothing is carried
 * @flows_max: tracked flows of all clients; 0: no limit of our own
 * @flows_each: of one inner address; 0: none
 * @dns: clients may ask a resolver on this host (at any of its addresses, port 53)
 * @allow_private: a test or community network: private, CGN and reserved addresses
 *	are left to the policy. Loopback, link-local, multicast and embedded ones never.
 * @market: what free circuits may reach, from the snapshot
 * @market_count: how many
 * @sources: circuits with a source address of their own
 * @source_count: how many; all others are masqueraded
 * @free: inner addresses of free circuits
 * @free_count: how many
 */
struct cr_exit {
	const char *device;
	struct cr_prefix pool4, pool6;
	const struct cr_rule *rules;
	size_t rule_count;
	uint32_t flows_max, flows_each;
	bool dns, allow_private;
	const struct cr_address *market;
	size_t market_count;
	const struct cr_exit_source *sources;
	size_t source_count;
	const struct cr_prefix *free;
	size_t free_count;
};

/**
 * cr_exit_ruleset() - text that replaces the whole table, atomically
 * @out: result
 * @room: its size, CR_EXIT_TEXT_MAX is enough for a policy and a few hundred addresses
 * @exit: settings
 *
 * Return: NULL, or what is wrong with the settings, one clause.
 */
const char *cr_exit_ruleset(char *out, size_t room, const struct cr_exit *exit);

/** cr_exit_source_text() - "add" or "delete" one circuit's source address in the running table */
const char *cr_exit_source_text(char *out, size_t room, const struct cr_exit_source *source, bool add);
/** cr_exit_free_text() - the same for the inner address of a free circuit */
const char *cr_exit_free_text(char *out, size_t room, const struct cr_prefix *inner, bool add);

/** cr_exit_remove_text() - takes the table away; no error when it is not there */
const char *cr_exit_remove_text(void);

#endif /* CR_EXIT_RULESET_H */
