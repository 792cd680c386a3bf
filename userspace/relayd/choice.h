/* SPDX-License-Identifier: MIT */
/* Which relays a client's circuits go through: path choice on the directory's snapshot, with guards that are kept. */
#ifndef RELAYD_CHOICE_H
#define RELAYD_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "netlink/rc.h"
#include "peers.h"
#include "wire.h"

/** struct route - relays, the one next to us first */
struct route {
	struct peer *relay[CR_HOPS_MAX];
	uint8_t n;
};

/* Reads the guards that were kept. */
enum rc choice_open(void);

/* Could a path be found at all? A message says why not. */
enum rc choice_possible(const struct wish *w);

/*
 * One path. @exit: this one, where it is not NULL. @not_this: a relay that just failed, or NULL. Return: false: there is
 * none now, after a message.
 */
bool choice_make(struct route *out, const struct wish *w, const struct peer *exit, const struct peer *not_this);

/* "alice,bob,carol" */
enum rc choice_named(const char *path, struct route *out);

/* A circuit came to be through this guard, or failed beyond it. */
void choice_guard_result(const struct peer *guard, bool ok);
/* The guard itself did not answer: others are used for a while. */
void choice_guard_away(const struct peer *guard);

#endif /* RELAYD_CHOICE_H */
