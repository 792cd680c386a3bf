/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cellrelay network device: a client's and an exit's way in and out of IP.
 */
#ifndef CR_DEVICE_H
#define CR_DEVICE_H

#include "circuit.h"

int cr_dev_init(void);
void cr_dev_exit(void);
/** cr_dev_is() - is this one of our devices? (outer routes into it are loops) */
bool cr_dev_is(const struct net_device *dev);
u32 cr_dev_ifindex(const struct cr_dev *dev);

/* Bind a circuit with an exit position to a device; rtnl and cn->lock held. */
int cr_dev_bind(struct cr_circuit *circ, u32 ifindex, struct netlink_ext_ack *extack);
/* Unbind; cn->lock held. After it, and an RCU grace period, the device has forgotten it. */
void cr_dev_unbind(struct cr_circuit *circ);
/* Frees queue and half after the last reader; from the circuit's RCU callback path. */
void cr_dev_free_circ(struct cr_circuit *circ);

/*
 * DATA arrived: deliver the packets of a frame list. Softirqs off, RCU. Does not count the
 * cell.
 * @skb: *skb is the linear buffer that @plain is in; the device may keep it for a packet that
 *	fills it, and then sets *skb to NULL. NULL: copy.
 * Return: 0, or -EBADMSG when the list is malformed: the circuit ends.
 */
int cr_dev_rx(struct cr_circuit *circ, const u8 *plain, u32 len, u64 ctr, struct sk_buff **skb);

#endif /* CR_DEVICE_H */
