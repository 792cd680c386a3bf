/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between kernels for a network device. */
#ifndef CR_COMPAT_NETDEV_H
#define CR_COMPAT_NETDEV_H

#include <linux/netdevice.h>
#if __has_include(<net/gso.h>)
#include <net/gso.h>
#endif

/**
 * cr_compat_dev_flags() - transmit without the queue's lock, stay in this namespace
 * @dev: device under set-up
 *
 * Both were feature bits and became fields of their own.
 */
static inline void cr_compat_dev_flags(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
#ifdef NETIF_F_NETNS_LOCAL
	dev->features |= NETIF_F_NETNS_LOCAL;
#elif defined(CR_HAVE_NETNS_LOCAL)
	dev->netns_local = true;
#else
	dev->netns_immutable = true;
#endif
}

#endif /* CR_COMPAT_NETDEV_H */
