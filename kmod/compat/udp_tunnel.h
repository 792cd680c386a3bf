/* SPDX-License-Identifier: GPL-2.0 */
/*
 * setup_udp_tunnel_sock() takes a struct socket up to 6.12 and a struct sock
 * later, as udp_tunnel_sock_release() does. The parameter accepts a void pointer,
 * so the type that the declaration has decides which one it gets.
 */
#ifndef CR_COMPAT_UDP_TUNNEL_H
#define CR_COMPAT_UDP_TUNNEL_H

#include <linux/net.h>
#include <net/udp_tunnel.h>

static inline void *cr_compat_tunnel_arg(struct socket *sock)
{
	if (__builtin_types_compatible_p(typeof(&udp_tunnel_sock_release),
					 void (*)(struct socket *)))
		return sock;
	return sock->sk;
}

static inline void cr_compat_tunnel_setup(struct net *net, struct socket *sock,
					  struct udp_tunnel_sock_cfg *cfg)
{
	setup_udp_tunnel_sock(net, cr_compat_tunnel_arg(sock), cfg);
}

#endif /* CR_COMPAT_UDP_TUNNEL_H */
