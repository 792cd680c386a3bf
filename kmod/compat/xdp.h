/* SPDX-License-Identifier: GPL-2.0 */
/* Does a device take XDP frames? */
#ifndef CR_COMPAT_XDP_H
#define CR_COMPAT_XDP_H

#include <linux/netdevice.h>
#if __has_include(<uapi/linux/netdev.h>)
#include <uapi/linux/netdev.h>
#define cr_compat_xdp_xmit(dev) \
	((dev)->netdev_ops->ndo_xdp_xmit && ((dev)->xdp_features & NETDEV_XDP_ACT_NDO_XMIT))
#else
/* Before 6.3 a device cannot say that it could but does not (a veth whose peer has no NAPI). */
#define cr_compat_xdp_xmit(dev) ((dev)->netdev_ops->ndo_xdp_xmit)
#endif

#endif /* CR_COMPAT_XDP_H */
