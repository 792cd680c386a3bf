// SPDX-License-Identifier: MIT
#include "netlink/sockets.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENDED_AT_ONCE	128	/* more are found by the next dump */

/** struct found - @id: of the sockets seen in one dump */
struct found {
	struct inet_diag_sockid id[ENDED_AT_ONCE];
	unsigned int n;
};

static bool ask(int fd, uint16_t type, uint16_t flags, uint8_t family, uint8_t protocol, const struct inet_diag_sockid *id)
{
	struct {
		struct nlmsghdr nlh;
		struct inet_diag_req_v2 req;
	} m = {
		.nlh = { .nlmsg_len = sizeof(m), .nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
		/* listeners and what only waits for its end have nobody who reads */
		.req = { .sdiag_family = family, .sdiag_protocol = protocol,
			 .idiag_states = ~(1U << 6 | 1U << 10 | 1U << 12) },
	};

	if (id)
		m.req.id = *id;
	return send(fd, &m, sizeof(m), 0) == (ssize_t)sizeof(m);
}

static void take(struct found *f, const struct nlmsghdr *nlh, const struct addr *local, unsigned int *count)
{
	const struct inet_diag_msg *d = (const void *)(nlh + 1);

	if (nlh->nlmsg_len < sizeof(*nlh) + sizeof(*d) || !d->id.idiag_dport ||
	    memcmp(d->id.idiag_src, local->bytes, local->len) != 0)
		return;
	++*count;
	if (f->n < ENDED_AT_ONCE)
		f->id[f->n++] = d->id;
}

/* Return: 0, or an errno. */
static int dump(int fd, uint8_t family, uint8_t protocol, const struct addr *local, struct found *f, unsigned int *count)
{
	_Alignas(struct nlmsghdr) char buf[32768];

	if (!ask(fd, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family, protocol, NULL))
		return errno;
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		for (struct nlmsghdr *nlh = (struct nlmsghdr *)buf; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type == NLMSG_DONE)
				return 0;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
			take(f, nlh, local, count);
		}
	}
}

/* One acknowledged request. Return: 0, or an errno. */
static int destroy(int fd, uint8_t family, uint8_t protocol, const struct inet_diag_sockid *id)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	const struct nlmsghdr *nlh = (const void *)buf;
	ssize_t n;

	if (!ask(fd, SOCK_DESTROY, NLM_F_ACK, family, protocol, id))
		return errno;
	do
		n = recv(fd, buf, sizeof(buf), 0);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || nlh->nlmsg_type != NLMSG_ERROR)
		return EIO;
	return -((const struct nlmsgerr *)NLMSG_DATA(nlh))->error;
}

enum rc kn_sockets(const struct addr *local, bool end, unsigned int *count)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	const uint8_t family = local->len == 4 ? AF_INET : AF_INET6;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), error = 0;

	*count = 0;
	if (fd < 0)
		return fail(RC_REFUSED, "cannot look at sockets: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(protocols) && !error; i++) {
		struct found f;

		do {
			f.n = 0;
			error = dump(fd, family, protocols[i], local, &f, count);
			for (unsigned int j = 0; j < f.n && end && !error; j++) {
				error = destroy(fd, family, protocols[i], &f.id[j]);
				if (error == ENOENT)	/* it ended by itself */
					error = 0;
			}
		} while (!error && end && f.n == ENDED_AT_ONCE);
	}
	close(fd);
	return error ? fail(RC_REFUSED, "cannot %s sockets: %s", end ? "end" : "look at", strerror(error)) : RC_OK;
}
