/* SPDX-License-Identifier: MIT */
/*
 * A client's network: device, addresses, routes, kill switch and name servers. With "route" lines only those prefixes
 * go through the tunnel and nothing else changes; without, everything does.
 */
#ifndef RELAYD_ONLINE_H
#define RELAYD_ONLINE_H

#include <stdbool.h>

#include "netlink/endpoint.h"
#include "peers.h"

/* Does everything go through the tunnel? */
bool online_whole(void);

/*
 * Before the first packet, in this order: kill switch, device, routes, name servers. All or nothing; doing it again changes
 * nothing, so that a daemon that comes back finds everything as it was.
 */
enum rc online_up(void);
/* Everything as it was before; the kill switch goes last. */
void online_down(void);

/* Did online_up() switch net.ipv4.conf.all.src_valid_mark on? The next process must know, to switch it off again. */
bool online_mark_changed(void);
void online_mark_was_changed(bool was);

/* The device; 0: there is none. */
uint32_t online_device(void);

/* Packets may go to these relays and to no others. */
void online_guards(const struct peer *const *list, size_t n);

/* Inner addresses of a circuit come and go; len 0: none of that family. */
void online_add(const struct addr inner[2]);
void online_del(const struct addr inner[2]);
/* New flows take these. */
void online_prefer(const struct addr inner[2]);

#endif /* RELAYD_ONLINE_H */
