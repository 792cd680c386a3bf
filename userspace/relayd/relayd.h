/* SPDX-License-Identifier: MIT */
/* What the whole daemon shares. */
#ifndef RELAYD_RELAYD_H
#define RELAYD_RELAYD_H

#include <jansson.h>

#include "control/message.h"
#include "netlink/rc.h"

/* The newest snapshot that we have; number 0: none. */
const struct cr_snapshot_id *relayd_snapshot(void);

/* Ends the loop; @flush: leave nothing in the kernel. */
void relayd_stop(bool flush);

/* No new circuits from now on: what is there may end in peace. */
void relayd_drain(bool on);
bool relayd_draining(void);

/* Looks at the directory at once: the file, whose faults are said, and the URLs, whose answer comes later. */
enum rc relayd_reload(void);

/* directory.c tells: there is a newer snapshot. */
void relayd_snapshot_taken(void);

/* State for `relayctl status`. */
json_t *relayd_status(void);

#endif /* RELAYD_RELAYD_H */
