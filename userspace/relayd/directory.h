/* SPDX-License-Identifier: MIT */
/*
 * The directory as the daemon has it: snapshots from a file, judged by the authorities' signatures and
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

/* Looks at the file at once; what is wrong with it is said, and what we have stays. */
enum rc directory_read(void);

/*
 * For path choice of a client; NULL: there is none, or it is stale. Another call may free it. @countries: they matter, so the table
 * of addresses is read where it was not yet.
 */
const struct cr_view *directory_view(bool countries);

/* May circuits begin that need what the directory says? True, too, where no directory is used. */
bool directory_fresh(void);

/* number, relays, from, until; NULL: no directory is used */
json_t *directory_json(void);

#endif /* RELAYD_DIRECTORY_H */
