// SPDX-License-Identifier: GPL-2.0
#include <linux/cellrelay.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/udp.h>

#include "compat/udp_tunnel.h"
#include "device.h"
#include "link.h"
#include "netlink.h"
#include "relay.h"
#include "sock.h"

static int cr_sock_check_dev(struct cr_net *cn, u32 ifindex, struct netlink_ext_ack *extack)
{
	struct net_device *dev;
	int err = 0;

	if (!ifindex)
		return 0;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(cn->net, ifindex);
	if (!dev) {
		NL_SET_ERR_MSG(extack, "no device with this index in this namespace");
		err = -ENODEV;
	} else if (cr_dev_is(dev)) {
		NL_SET_ERR_MSG(extack, "a socket on a cellrelay device would be a loop; bind it to another device");
		err = -ELOOP;
	}
	rcu_read_unlock();
	return err;
}

static int cr_sock_open(struct cr_sock *cs, struct netlink_ext_ack *extack)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data = cs,
		.encap_type = 1,
		.encap_rcv = cr_input,
	};
	struct udp_port_cfg port = {
		.family = cs->local.family,
		.local_udp_port = cs->local.port,
		.bind_ifindex = cs->ifindex,
		.use_udp_checksums = 1,
		.use_udp6_tx_checksums = 1,
		.use_udp6_rx_checksums = 1,
		.ipv6_v6only = 1,
	};
	struct sock *sk;
	int err;

	if (cs->local.family == AF_INET)
		port.local_ip.s_addr = cs->local.in4;
	else
		port.local_ip6 = cs->local.in6;
	err = udp_sock_create(cs->cn->net, &port, &cs->sock);
	if (err) {
		if (err == -EADDRINUSE)
			NL_SET_ERR_MSG(extack, "address and port are in use; choose another port or 0");
		else if (err == -EADDRNOTAVAIL)
			NL_SET_ERR_MSG(extack, "this host does not have the address");
		else if (err == -EAFNOSUPPORT || err == -EPFNOSUPPORT)
			NL_SET_ERR_MSG(extack, "this kernel does not have the address family");
		else
			NL_SET_ERR_MSG(extack, "cannot make the UDP socket");
		return err;
	}
	sk = cs->sock->sk;
	sk->sk_allocation = GFP_ATOMIC;
	sk->sk_sndbuf = INT_MAX;
	sk->sk_mark = cs->fwmark;
	/* Cells are never fragmented, and what a forged ICMP message says of
	 * the path must not stop them: device MTU only. output.c sets DF, and
	 * sees to IPv6, where the stack asks the route unless a packet has an owner.
	 */
	ip_sock_set_mtu_discover(sk, IP_PMTUDISC_INTERFACE);
	if (cs->local.family == AF_INET6)
		inet6_sk(sk)->pmtudisc = IPV6_PMTUDISC_INTERFACE;
	cs->local.port = inet_sk(sk)->inet_sport;
	cr_compat_tunnel_setup(cs->cn->net, cs->sock, &tunnel);
	return 0;
}

/**
 * cr_sock_new() - make a UDP socket
 * @cn: namespace, its lock held
 * @cfg: address, port, device, mark
 * @extack: where to say why not
 *
 * The socket belongs to nobody but the namespace: it holds no reference to it
 * and goes with it.
 *
 * Return: the socket or an ERR_PTR().
 */
struct cr_sock *cr_sock_new(struct cr_net *cn, const struct cr_sock_cfg *cfg,
			    struct netlink_ext_ack *extack)
{
	struct cr_sock *cs;
	int err;

	lockdep_assert_held(&cn->lock);
	if (cn->dead) {
		NL_SET_ERR_MSG(extack, "the namespace or the module is going away");
		return ERR_PTR(-ESHUTDOWN);
	}
	if (cfg->local.family != AF_INET && cfg->local.family != AF_INET6) {
		NL_SET_ERR_MSG(extack, "a socket needs a local IPv4 or IPv6 address; all zeros means any");
		return ERR_PTR(-EAFNOSUPPORT);
	}
	if (cn->sock_count >= CR_SOCK_MAX) {
		NL_SET_ERR_MSG(extack, "this namespace has all the sockets it may have");
		return ERR_PTR(-ENOSPC);
	}
	err = cr_sock_check_dev(cn, cfg->ifindex, extack);
	if (err)
		return ERR_PTR(err);

	cs = kzalloc(sizeof(*cs), GFP_KERNEL_ACCOUNT);
	if (!cs)
		return ERR_PTR(-ENOMEM);
	cs->cn = cn;
	cs->local = cfg->local;
	cs->ifindex = cfg->ifindex;
	cs->fwmark = cfg->fwmark;
	cs->id = cfg->id;
	/* The entry stays empty until the socket is open. */
	if (cs->id) {
		err = xa_insert(&cn->socks, cs->id, NULL, GFP_KERNEL_ACCOUNT);
		if (err == -EBUSY) {
			NL_SET_ERR_MSG(extack, "a socket with this id exists");
			err = -EEXIST;
		}
	} else {
		err = xa_alloc(&cn->socks, &cs->id, XA_ZERO_ENTRY, xa_limit_31b,
			       GFP_KERNEL_ACCOUNT);
	}
	if (err)
		goto err_free;
	err = cr_sock_open(cs, extack);
	if (err)
		goto err_id;
	xa_store(&cn->socks, cs->id, cs, GFP_KERNEL_ACCOUNT); /* reserved: does not allocate */
	cn->sock_count++;
	cr_event_sock(cn, CELLRELAY_EVENT_SOCK_NEW, cs->id, CELLRELAY_REASON_REQUEST);
	return cs;

err_id:
	xa_erase(&cn->socks, cs->id);
err_free:
	kfree(cs);
	return ERR_PTR(err);
}

/*
 * Unfindable from here on. Who may still hold it: receivers through
 * sk_user_data, senders that read link->sock or cr_net.socks; all inside one
 * RCU read section, which the caller waits for before cr_sock_close().
 */
static void cr_sock_unlink(struct cr_sock *cs, u8 reason)
{
	struct cr_net *cn = cs->cn;

	xa_erase(&cn->socks, cs->id);
	cn->sock_count--;
	cr_link_sock_gone(cn, cs);
	rcu_assign_sk_user_data(cs->sock->sk, NULL);
	cr_event_sock(cn, CELLRELAY_EVENT_SOCK_DEL, cs->id, reason);
}

/*
 * What udp_tunnel_sock_release() does but for its grace period, which is another
 * one for each socket: the caller has waited for one after the last of them was
 * unlinked.
 */
static void cr_sock_close(struct cr_sock *cs)
{
	kernel_sock_shutdown(cs->sock, SHUT_RDWR);
	sock_release(cs->sock);
	kfree(cs);
}

/**
 * cr_sock_del() - close a socket; links that send from it have none afterwards
 * @cn: namespace, its lock held
 * @id: which
 * @reason: enum cellrelay_event_reason
 * @extack: where to say why not
 *
 * Return: 0 or -ENOENT.
 */
int cr_sock_del(struct cr_net *cn, u32 id, u8 reason, struct netlink_ext_ack *extack)
{
	struct cr_sock *cs = xa_load(&cn->socks, id);

	lockdep_assert_held(&cn->lock);
	if (!cs) {
		NL_SET_ERR_MSG(extack, "no socket with this id");
		return -ENOENT;
	}
	cr_sock_unlink(cs, reason);
	synchronize_net();
	cr_sock_close(cs);
	return 0;
}

/**
 * cr_sock_unlink_all() - make all sockets of a namespace unfindable
 * @cn: namespace
 * @reason: enum cellrelay_event_reason
 * @gone: list that they are put into, for cr_sock_close_all() after a grace period
 */
void cr_sock_unlink_all(struct cr_net *cn, u8 reason, struct list_head *gone)
{
	struct cr_sock *cs;
	unsigned long id;

	mutex_lock(&cn->lock);
	xa_for_each(&cn->socks, id, cs) {
		cr_sock_unlink(cs, reason);
		list_add_tail(&cs->gone, gone);
	}
	mutex_unlock(&cn->lock);
}

/**
 * cr_sock_close_all() - close sockets that nobody can hold any more
 * @gone: list from cr_sock_unlink_all(); empty afterwards
 */
void cr_sock_close_all(struct list_head *gone)
{
	struct cr_sock *cs, *next;

	list_for_each_entry_safe(cs, next, gone, gone)
		cr_sock_close(cs);
	INIT_LIST_HEAD(gone);
}
