/* SPDX-License-Identifier: MIT */
/* The cellrelay network devices of clients and exits, their addresses and routes (rtnetlink). */
#ifndef CELLRELAY_NETLINK_DEV_H
#define CELLRELAY_NETLINK_DEV_H

#include "netlink/endpoint.h"
#include "netlink/kn.h"

/* A request about a device; NULL after a message. */
struct nl_msg *kn_dev_msg(uint16_t type, uint16_t flags, enum rc *rc);
/* Append our kind of device. */
bool kn_dev_kind(struct nl_msg *msg);
/* A device of ours? @tb: attributes IFLA_*. */
bool kn_dev_ours(struct nlattr *const *tb);

/* Make a device; @mtu 0: the kernel chooses; @exclusive: refuse when there is one. */
enum rc kn_dev_add(const char *name, uint32_t mtu, bool exclusive);
/* Refuses other kinds of devices. */
enum rc kn_dev_del(const char *name);
enum rc kn_dev_up(uint32_t ifindex);
/* A device that is up: made, unless there is one; refuses other kinds of devices. @ifindex: its index, 0 after an error. */
enum rc kn_dev_have(const char *name, uint32_t *ifindex);
/* A host's own address on the device, alone in its prefix; adding it twice is fine. */
enum rc kn_addr_change(bool add, uint32_t ifindex, const struct addr *a);
/* A route into the device; @src: preferred source or NULL. */
enum rc kn_route_add(uint32_t ifindex, const struct addr *dst, uint8_t prefix, const struct addr *src);

#endif /* CELLRELAY_NETLINK_DEV_H */
