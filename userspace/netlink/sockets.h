/* SPDX-License-Identifier: MIT */
/* This host's own TCP and UDP sockets by local address (sock_diag). */
#ifndef CELLRELAY_NETLINK_SOCKETS_H
#define CELLRELAY_NETLINK_SOCKETS_H

#include <stdbool.h>

#include "netlink/endpoint.h"
#include "netlink/rc.h"

/**
 * kn_sockets() - sockets that are bound to @local and connected
 * @end: end them: whoever waits on one gets ECONNABORTED (kernel option INET_DIAG_DESTROY)
 * @count: how many there were
 */
enum rc kn_sockets(const struct addr *local, bool end, unsigned int *count);

#endif /* CELLRELAY_NETLINK_SOCKETS_H */
