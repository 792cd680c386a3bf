// SPDX-License-Identifier: GPL-2.0
/* Addresses in netlink messages, both ways. */
#include <linux/inet.h>
#include <net/ipv6.h>

#include "addr.h"

/* The bytes of an address; the policy made sure of 4 to 16 of them. */
static int cr_nl_get_bytes(const struct genl_info *info, u16 addr, struct cr_addr *out)
{
	const struct nlattr *nla = info->attrs[addr];

	memset(out, 0, sizeof(*out));
	switch (nla_len(nla)) {
	case sizeof(out->in4):
		out->family = AF_INET;
		out->in4 = nla_get_in_addr(nla);
		return 0;
	case sizeof(out->in6):
		out->family = AF_INET6;
		out->in6 = nla_get_in6_addr(nla);
		break;
	default:
		NL_SET_ERR_MSG_ATTR(info->extack, nla, "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	if (ipv6_addr_v4mapped(&out->in6)) {
		NL_SET_ERR_MSG_ATTR(info->extack, nla,
				    "IPv4-mapped address: give the 4 bytes of the IPv4 address");
		return -EINVAL;
	}
	return 0;
}

static bool cr_nl_any(const struct cr_addr *a)
{
	return a->family == AF_INET ? !a->in4 : ipv6_addr_any(&a->in6);
}

static bool cr_nl_unicast(const struct cr_addr *a)
{
	if (a->family == AF_INET)
		return !ipv4_is_multicast(a->in4) && !ipv4_is_lbcast(a->in4) &&
		       !ipv4_is_zeronet(a->in4);
	return !ipv6_addr_is_multicast(&a->in6) && !ipv6_addr_any(&a->in6);
}

/**
 * cr_nl_get_local() - address to bind to
 * @info: request; has attribute @addr
 * @addr: attribute of the address; all zeros is any
 * @port: attribute of the port; may be missing or 0: any
 * @out: the address
 *
 * Return: 0, or -EINVAL with extack.
 */
int cr_nl_get_local(const struct genl_info *info, u16 addr, u16 port, struct cr_addr *out)
{
	int err = cr_nl_get_bytes(info, addr, out);

	if (err)
		return err;
	if (!cr_nl_any(out) && !cr_nl_unicast(out)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[addr],
				    "a socket binds to a unicast address, or to zeros for any");
		return -EINVAL;
	}
	if (info->attrs[port])
		out->port = htons(nla_get_u16(info->attrs[port]));
	return 0;
}

/**
 * cr_nl_get_peer() - address of another host
 * @info: request
 * @addr: attribute of the address
 * @port: attribute of the port
 * @out: the address; family 0 when neither attribute is there
 *
 * Return: 0, or -EINVAL with extack.
 */
int cr_nl_get_peer(const struct genl_info *info, u16 addr, u16 port, struct cr_addr *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	if (!info->attrs[addr] && !info->attrs[port])
		return 0;
	if (!info->attrs[addr] || !info->attrs[port]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[addr] ?: info->attrs[port],
				    "address and port of a peer go together: one is missing");
		return -EINVAL;
	}
	err = cr_nl_get_bytes(info, addr, out);
	if (err)
		return err;
	if (!cr_nl_unicast(out)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[addr],
				    "the address of a peer is a unicast address");
		return -EINVAL;
	}
	out->port = htons(nla_get_u16(info->attrs[port]));
	return 0;
}

/**
 * cr_nl_put_addr() - append address and port
 * @skb: message
 * @addr: attribute of the address
 * @port: attribute of the port
 * @a: the address; family AF_INET or AF_INET6
 *
 * Return: 0 or -EMSGSIZE.
 */
int cr_nl_put_addr(struct sk_buff *skb, u16 addr, u16 port, const struct cr_addr *a)
{
	int err;

	if (a->family == AF_INET)
		err = nla_put_in_addr(skb, addr, a->in4);
	else
		err = nla_put_in6_addr(skb, addr, &a->in6);
	return err ?: nla_put_u16(skb, port, ntohs(a->port));
}
