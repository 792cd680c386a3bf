/* SPDX-License-Identifier: GPL-2.0 */
/* Control messages and datagrams, up to the daemon and down from it. */
#ifndef CR_CONTROL_H
#define CR_CONTROL_H

#include "relay.h"

/* Up; softirq. Return: 0 or a drop reason. */
u8 cr_control_up_link(struct cr_rx *rx, const struct cr_addr *from);
u8 cr_control_up_circ(struct cr_rx *rx);
u8 cr_control_up_dgram(struct cr_sock *cs, const struct cr_addr *from, const u8 *data, u32 len);

/* Down; process context, cn->lock held. Return: 0 or -errno. */
int cr_control_down_link(struct cr_link *link, u8 type, bool large, const void *msg, u32 len,
			 const struct cr_addr *to, struct netlink_ext_ack *extack);
int cr_control_down_circ(struct cr_circuit *circ, u8 hop, bool large, const void *msg, u32 len,
			 struct netlink_ext_ack *extack);
int cr_control_down_dgram(struct cr_sock *cs, const struct cr_addr *to, const void *data, u32 len,
			  struct netlink_ext_ack *extack);

/* netlink.c: wrap and send to the daemon's port; softirq-safe. Return: 0 or a drop reason. */
u8 cr_nl_up_link(struct cr_net *cn, u32 link, u8 type, const void *msg, u32 len,
		 const struct cr_addr *from);
u8 cr_nl_up_circ(struct cr_net *cn, u32 circ, u64 cookie, u8 hop, const void *msg, u32 len);
u8 cr_nl_up_dgram(struct cr_net *cn, u32 sock, const struct cr_addr *from, const void *data,
		  u32 len);

#endif /* CR_CONTROL_H */
