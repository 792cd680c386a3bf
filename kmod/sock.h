/* SPDX-License-Identifier: GPL-2.0 */
/*
 * UDP sockets that the module makes itself, so that they outlive every process
 * and go with their namespace.
 */
#ifndef CR_SOCK_H
#define CR_SOCK_H

#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/types.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "netns.h"

/**
 * struct cr_addr - an IPv4 or IPv6 address with port
 * @family: AF_INET, AF_INET6 or 0 for none
 * @port: network order
 * @scope: interface of a link-local IPv6 address
 * @in4: IPv4
 * @in6: IPv6
 */
struct cr_addr {
	u16 family;
	__be16 port;
	u32 scope;
	union {
		__be32 in4;
		struct in6_addr in6;
	};
};

/** struct cr_sock_cfg - what SOCK_NEW asks for; @id 0: choose */
struct cr_sock_cfg {
	u32 id;
	struct cr_addr local;
	u32 ifindex;
	u32 fwmark;
};

/**
 * struct cr_sock - a socket
 * @id: its id
 * @cn: namespace
 * @sock: the socket; its sk_user_data points back here
 * @local: bound address; port as assigned
 * @ifindex: bound device or 0
 * @fwmark: mark of everything sent, and of route look-ups
 * @gone: in a list of sockets that wait to be closed
 */
struct cr_sock {
	u32 id;
	struct cr_net *cn;
	struct socket *sock;
	struct cr_addr local;
	u32 ifindex;
	u32 fwmark;
	struct list_head gone;
};

/** cr_addr_equal() - same address, port and scope */
static inline bool cr_addr_equal(const struct cr_addr *a, const struct cr_addr *b)
{
	if (a->family != b->family || a->port != b->port)
		return false;
	if (a->family == AF_INET)
		return a->in4 == b->in4;
	return ipv6_addr_equal(&a->in6, &b->in6) && a->scope == b->scope;
}

struct cr_sock *cr_sock_new(struct cr_net *cn, const struct cr_sock_cfg *cfg,
			    struct netlink_ext_ack *extack);
int cr_sock_del(struct cr_net *cn, u32 id, u8 reason, struct netlink_ext_ack *extack);
void cr_sock_unlink_all(struct cr_net *cn, u8 reason, struct list_head *gone);
void cr_sock_close_all(struct list_head *gone);

#endif /* CR_SOCK_H */
