/* SPDX-License-Identifier: MIT */
/*
 * The directory as the daemon has it: snapshots from a file or from URLs (fetcher.h), judged by the authorities' signatures and
 * by what was taken before, the last good one kept in the state folder. Peers and path choice follow it.
 */
#ifndef RELAYD_DIRECTORY_H
#define RELAYD_DIRECTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/rc.h"
#include "path/view.h"

/* Reads the authorities, the snapshot that was kept, and the newer one in the file, if any. */
enum rc directory_open(void);
void directory_close(void);

/* Looks at the file at once, and at what another program may have kept for us; what is wrong with it is said, and what we have stays. */
enum rc directory_read(void);

/* Takes @bytes if they are a good snapshot; @from names where they come from. That we have this one already is no error. */
enum rc directory_offer(const uint8_t *bytes, size_t len, const char *from);
/* Why the last one offered was not taken, one clause about it. */
const char *directory_refused(void);

/* Number of the newest that was taken, stale or not; 0: none. Its first second, and how often there is a new one. */
uint64_t directory_number(void);
void directory_times(uint64_t *since, uint32_t *period);

/* What the newest snapshot says of a relay. Return: false: nothing. */
bool directory_own(struct cr_descriptor *d, const uint8_t identity[CR_PUBLIC_BYTES]);

/*
 * For path choice of a client; NULL: there is none, or it is stale. Another call may free it. @countries: they matter, so the table
 * of addresses is read where it was not yet.
 */
const struct cr_view *directory_view(bool countries);

/* May circuits begin that need what the directory says? True, too, where no directory is used. */
bool directory_fresh(void);

/* number, relays, from, until, fresh, source, age; NULL: no directory is used */
json_t *directory_json(void);

#endif /* RELAYD_DIRECTORY_H */
