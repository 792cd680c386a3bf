/* SPDX-License-Identifier: MIT */
/* The process that gets a snapshot from a URL and judges nothing: what it has no right to do cannot be done to it. */
#ifndef RELAYD_FETCHPROC_H
#define RELAYD_FETCHPROC_H

#include "netlink/rc.h"

#define FETCH_ORDER_MAX	1024	/* an order: URL, device, file of certificates, a line each */

/*
 * Gives up capabilities, root's user and groups, the way to get any of it back, and outliving the parent. Return: false with errno.
 */
bool fetchproc_drop_rights(void);

/* relayd --fetch: reads an order from descriptor 0, writes the body to 1 or why there is none to 2. Return: exit status. */
int fetchproc_main(void);

#endif /* RELAYD_FETCHPROC_H */
