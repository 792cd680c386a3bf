/* SPDX-License-Identifier: MIT */
/* Flows that this host's kernel keeps track of, NAT included (ctnetlink; kernel option NF_CT_NETLINK). */
#ifndef CELLRELAY_NETLINK_FLOWS_H
#define CELLRELAY_NETLINK_FLOWS_H

#include <stdbool.h>

#include "netlink/endpoint.h"
#include "netlink/rc.h"

/**
 * kn_flows_drop() - forget tracked flows, of both families
 * @drop: is asked for each: whose first packet came from address @from (before any NAT; no port)
 * @arg: for @drop
 * @count: how many were forgotten
 *
 * Looks at all flows of the network namespace once. Takes CAP_NET_ADMIN.
 */
enum rc kn_flows_drop(bool (*drop)(const struct addr *from, void *arg), void *arg, unsigned int *count);

#endif /* CELLRELAY_NETLINK_FLOWS_H */
