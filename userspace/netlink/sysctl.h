/* SPDX-License-Identifier: MIT */
/* Switches of this network namespace, below /proc/sys/net. */
#ifndef CELLRELAY_NETLINK_SYSCTL_H
#define CELLRELAY_NETLINK_SYSCTL_H

#include <stdbool.h>

/**
 * kn_switch() - set a switch to 0 or 1
 * @name: below /proc/sys/net, as "ipv4/ip_forward"
 * @on: 1
 * @changed: whether it was otherwise before; may be NULL
 *
 * Return: false with errno when it could not be read or written.
 */
bool kn_switch(const char *name, bool on, bool *changed);

#endif /* CELLRELAY_NETLINK_SYSCTL_H */
