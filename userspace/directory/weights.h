/* SPDX-License-Identifier: MIT */
/*
 * Weights for path choice: min(capacity, what the stake stands for), and a
 * small base weight on top, which an operator, and a prefix, has once, however
 * many relays it runs. Capacity is what referees measured, or declared until
 * they have. Volume claimed plays no part: it can be made up.
 */
#ifndef CR_DIRECTORY_WEIGHTS_H
#define CR_DIRECTORY_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "directory/snapshot.h"

/* Capacity and base weight. */
#define CR_WEIGHT_MAX		(2 * CR_CAPACITY_MAX)

/**
 * struct cr_weighing - what a weight depends on
 * @capacity: measured, or declared where nothing was measured
 * @stake: units of money
 * @operator_key: whose
 * @address_count: how many
 * @address: where
 * @weight: result
 */
struct cr_weighing {
	uint64_t capacity, stake;
	uint8_t operator_key[CR_PUBLIC_BYTES];
	unsigned int address_count;
	struct cr_address address[CR_ADDRESSES_MAX];
	uint64_t weight;
};

/** cr_weighing_of() - takes from an entry what its weight depends on */
struct cr_weighing cr_weighing_of(const struct cr_entry *entry);

/**
 * cr_weights() - weight of every relay
 * @w: @n relays
 * @params: base weight, what stake stands for, lengths of prefixes
 *
 * A relay's share of the base weight is 1/m, with m the largest number of relays
 * that its operator or one of its prefixes has.
 * Return: CR_DIR_OK or CR_DIR_MEMORY.
 */
enum cr_verdict cr_weights(struct cr_weighing *w, size_t n, const struct cr_params *params);

/** cr_weights_audit() - CR_DIR_OK; CR_DIR_WEIGHT with the index of the relay; CR_DIR_MEMORY */
enum cr_verdict cr_weights_audit(const struct cr_snapshot *s, uint32_t *relay);

#endif /* CR_DIRECTORY_WEIGHTS_H */
