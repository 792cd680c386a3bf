// SPDX-License-Identifier: MIT
#include "netlink/flows.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM	65536	/* for one datagram of a dump: the kernel fills up to 32 KiB */

/** struct ask - a request, with room for what names one flow */
struct ask {
	struct nlmsghdr nlh;
	struct nfgenmsg nfg;
	uint8_t attrs[512];
};

static void ask_init(struct ask *a, uint8_t what, uint16_t flags, uint8_t family)
{
	a->nlh = (struct nlmsghdr){
		.nlmsg_len = NLMSG_LENGTH(sizeof(a->nfg)), .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | what),
	};
	a->nfg = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0 };
}

/* An attribute as the kernel gave it. Return: false when there is no room. */
static bool ask_copy(struct ask *a, const struct nlattr *attr)
{
	size_t at = NLMSG_ALIGN(a->nlh.nlmsg_len);

	if (!attr)
		return true;
	if (at + NLA_ALIGN(attr->nla_len) > sizeof(*a))
		return false;
	memcpy((uint8_t *)a + at, attr, attr->nla_len);
	a->nlh.nlmsg_len = (uint32_t)(at + attr->nla_len);
	return true;
}

static bool ask_send(int fd, const struct ask *a)
{
	return send(fd, a, a->nlh.nlmsg_len, 0) == (ssize_t)a->nlh.nlmsg_len;
}

static ssize_t receive(int fd, void *buf, size_t room)
{
	ssize_t n;

	do
		n = recv(fd, buf, room, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Return: 0, or an errno. */
static int forget(int fd, uint8_t family, struct nlattr *const *tb)
{
	_Alignas(struct nlmsghdr) char buf[2048];
	const struct nlmsghdr *nlh = (const void *)buf;
	struct ask a;
	ssize_t n;

	ask_init(&a, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family);
	/* the number, too: an equal flow that began meanwhile is another one */
	if (!ask_copy(&a, tb[CTA_TUPLE_ORIG]) || !ask_copy(&a, tb[CTA_ZONE]) || !ask_copy(&a, tb[CTA_ID]))
		return EMSGSIZE;
	if (!ask_send(fd, &a))
		return errno;
	n = receive(fd, buf, sizeof(buf));
	if (n < 0)
		return errno;
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || nlh->nlmsg_type != NLMSG_ERROR)
		return EIO;
	return -((const struct nlmsgerr *)NLMSG_DATA(nlh))->error;
}

/* Who sent the first packet. */
static bool originator(struct nlattr *tuple, uint8_t family, struct addr *from)
{
	struct nlattr *part[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *a;

	if (!tuple || nla_parse_nested(part, CTA_TUPLE_MAX, tuple, NULL) < 0 || !part[CTA_TUPLE_IP] ||
	    nla_parse_nested(ip, CTA_IP_MAX, part[CTA_TUPLE_IP], NULL) < 0)
		return false;
	*from = (struct addr){ .len = family == AF_INET ? 4 : 16 };
	a = ip[family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC];
	if (!a || nla_len(a) != from->len)
		return false;
	memcpy(from->bytes, nla_data(a), from->len);
	return true;
}

/** struct pass - one look at all flows */
struct pass {
	int dump_fd, change_fd;
	bool (*drop)(const struct addr *from, void *arg);
	void *arg;
	unsigned int count;
};

/* Return: 0, or an errno. */
static int take(struct pass *p, struct nlmsghdr *nlh, uint8_t family)
{
	struct nlattr *tb[CTA_MAX + 1];
	struct addr from;
	int error;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)) ||
	    nla_parse(tb, CTA_MAX, (struct nlattr *)((char *)NLMSG_DATA(nlh) + NLMSG_ALIGN(sizeof(struct nfgenmsg))),
		      (int)(nlh->nlmsg_len - NLMSG_SPACE(sizeof(struct nfgenmsg))), NULL) < 0)
		return EIO;
	if (!originator(tb[CTA_TUPLE_ORIG], family, &from) || !p->drop(&from, p->arg))
		return 0;
	error = forget(p->change_fd, family, tb);
	p->count += !error;
	return error == ENOENT ? 0 : error;	/* it ended by itself */
}

/* Return: 0, or an errno. */
static int dump(struct pass *p, uint8_t family)
{
	_Alignas(struct nlmsghdr) static char buf[ROOM];
	struct ask a;

	ask_init(&a, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	if (!ask_send(p->dump_fd, &a))
		return errno;
	for (;;) {
		ssize_t n = receive(p->dump_fd, buf, sizeof(buf));
		int left = (int)n, error;

		if (n <= 0)
			return n ? errno : EIO;
		for (struct nlmsghdr *nlh = (struct nlmsghdr *)buf; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type == NLMSG_DONE)
				return 0;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
			error = take(p, nlh, family);
			if (error)
				return error;
		}
	}
}

enum rc kn_flows_drop(bool (*drop)(const struct addr *from, void *arg), void *arg, unsigned int *count)
{
	struct pass p = { .drop = drop, .arg = arg };
	int error;

	/* a socket of its own for changes: their answers must not mix with the dump */
	p.dump_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	p.change_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	error = p.dump_fd < 0 || p.change_fd < 0 ? errno : dump(&p, AF_INET);
	if (!error)
		error = dump(&p, AF_INET6);
	if (p.dump_fd >= 0)
		close(p.dump_fd);
	if (p.change_fd >= 0)
		close(p.change_fd);
	*count = p.count;
	return error ? fail(RC_REFUSED, "cannot forget tracked flows: %s", strerror(error)) : RC_OK;
}
