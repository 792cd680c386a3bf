/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses in netlink messages: 4 or 16 bytes, and a port in host order. */
#ifndef CR_NETLINK_ADDR_H
#define CR_NETLINK_ADDR_H

#include <net/genetlink.h>

#include "../sock.h"

int cr_nl_get_local(const struct genl_info *info, u16 addr, u16 port, struct cr_addr *out);
int cr_nl_get_peer(const struct genl_info *info, u16 addr, u16 port, struct cr_addr *out);
int cr_nl_put_addr(struct sk_buff *skb, u16 addr, u16 port, const struct cr_addr *a);

#endif /* CR_NETLINK_ADDR_H */
