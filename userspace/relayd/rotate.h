/* SPDX-License-Identifier: MIT */
/*
 * A relay's static keys, one after the other (protocol.md, section 21). A new one is made two days before the end of the last, and written down; a
 * descriptor that names both goes into a file, for the authorities; from a day before the end on the new one
 * is used, once the snapshot names it. The old one is answered to until no snapshot that named it is valid, then wiped. Only a
 * relay that the directory lists does this: of others nobody would learn the new key.
 */
#ifndef RELAYD_ROTATE_H
#define RELAYD_ROTATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/limits.h"
#include "directory/descriptor.h"

/**
 * struct rotate_key - what is known of a static key
 * @from: first second in which others use it
 * @until: first when they do no longer; 0: not known
 * @listed: the snapshot names it
 */
struct rotate_key {
	uint64_t from, until;
	bool listed;
};

/**
 * struct rotate_plan - what to do now
 * @make: a key, for the time from @from until @until
 * @use: the one to ask others with
 * @drop: bit i: key i is not answered to any more
 */
struct rotate_plan {
	bool make;
	uint64_t from, until;
	unsigned int use, drop;
};

/**
 * rotate_plan() - of @n keys, at @now
 * @use: the one that was used so far
 * @period: seconds between snapshots
 */
struct rotate_plan rotate_plan(const struct rotate_key *k, unsigned int n, unsigned int use, uint64_t now, uint32_t period);

/**
 * rotate_describe() - the descriptor @d with the keys that others are to know at @now
 * @k: @n keys, with times; at most the two newest are named
 *
 * Serial, time and keys change; it is to be signed. Return: false: none of them has a time.
 */
bool rotate_describe(struct cr_descriptor *d, const struct cr_onion_key *k, unsigned int n, uint64_t now, uint64_t serial);

/* Looks whether something is to be done, now and every hour; and when the snapshot is a newer one. */
void rotate_look(void);
void rotate_look_at(uint64_t now);
void rotate_stop(void);

/* until (of the newest key), keys, descriptor (the file, while the snapshot has not what it says); NULL: keys do not rotate here */
json_t *rotate_json(void);

#endif /* RELAYD_ROTATE_H */
