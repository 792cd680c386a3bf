/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink family and its numbered events. */
#ifndef CR_NETLINK_H
#define CR_NETLINK_H

#include "circuit.h"

int cr_nl_init(void);
void cr_nl_exit(void);

/* Events; any context. Nothing happens when nobody listens, but numbers are used. */
void cr_event_sock(struct cr_net *cn, u32 type, u32 id, u8 reason);
void cr_event_link(struct cr_link *link, u32 type, u8 reason);
void cr_event_key(struct cr_link *link, u32 type, u8 gen, u8 reason);
void cr_event_circ(struct cr_circuit *circ, u32 type, u8 reason);
void cr_event_roam(struct cr_link *link, const struct cr_addr *addr);
void cr_event_ns(struct cr_net *cn);

#endif /* CR_NETLINK_H */
