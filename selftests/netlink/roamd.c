// SPDX-License-Identifier: MIT
/*
 * roamd: as much of a daemon as the moving of a client takes. docs/architecture.md says
 * how it goes: the kernel tells of a new address, the daemon sends a PING of 16 random bytes
 * there and moves the link when they come back from there.
 *
 *	roamd [--answer] [--move]
 *		--answer	answer every PING (the client's side)
 *		--move		ask new addresses, and move links (the relay's side)
 *
 * Until it is ended it prints a line for each thing that happens: "ready", "roam LINK ADDRESS
 * PORT", "ping ...", "pong ... right|wrong", "moved ...".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "nlt.h"

#define PING	1	/* enum cr_ctl_type */
#define PONG	2
#define NONCE	16

struct peer {
	uint32_t link;
	uint8_t addr[16];
	int len;	/* of the address */
	uint16_t port;
};

static struct nlt cmd, daemon_sock, events;
static struct peer asked;	/* whom the last PING went to */
static uint8_t nonce[NONCE];
static bool may_move, may_answer;

static void say(const char *what, const struct peer *p, const char *more)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(p->len == 4 ? AF_INET : AF_INET6, p->addr, text, sizeof(text));
	printf("%s %u %s %u%s\n", what, p->link, text, p->port, more);
	fflush(stdout);
}

static bool take_peer(struct peer *p, struct nlattr *link, struct nlattr *addr, struct nlattr *port)
{
	memset(p, 0, sizeof(*p));
	if (!link || !addr || !port || (nla_len(addr) != 4 && nla_len(addr) != 16))
		return false;
	p->link = nla_get_u32(link);
	p->len = nla_len(addr);
	memcpy(p->addr, nla_data(addr), (size_t)p->len);
	p->port = nla_get_u16(port);
	return true;
}

static int control(uint32_t link, uint8_t type, const void *data, int len, const struct peer *to)
{
	struct nl_msg *msg = nlt_request(&cmd, CELLRELAY_CMD_CTL_SEND, 0);

	nla_put_u32(msg, CELLRELAY_A_CTL_LINK, link);
	nla_put_u8(msg, CELLRELAY_A_CTL_TYPE, type);
	nla_put(msg, CELLRELAY_A_CTL_DATA, len, data);
	if (to) {
		nla_put(msg, CELLRELAY_A_CTL_ADDR, to->len, to->addr);
		nla_put_u16(msg, CELLRELAY_A_CTL_PORT, to->port);
	}
	return nlt_talk(&cmd, msg, NULL, NULL, NULL);
}

static void move(const struct peer *p)
{
	struct nl_msg *msg = nlt_request(&cmd, CELLRELAY_CMD_LINK_SET, 0);

	nla_put_u32(msg, CELLRELAY_A_LINK_ID, p->link);
	nla_put(msg, CELLRELAY_A_LINK_ADDR, p->len, p->addr);
	nla_put_u16(msg, CELLRELAY_A_LINK_PORT, p->port);
	if (nlt_talk(&cmd, msg, NULL, NULL, NULL))
		ktap_bail("link-set failed");
	say("moved", p, "");
}

/* One message of @n; its attributes. */
static uint8_t receive(struct nlt *n, struct nlattr **a)
{
	static char buf[65536];
	struct nlmsghdr *nlh = (void *)buf;
	struct genlmsghdr *hdr = NLMSG_DATA(nlh);
	ssize_t len = nlt_recv(n, buf, sizeof(buf), 0);

	if (len < 0)
		ktap_bail("receiving: %s", strerror((int)-len));
	if (nlh->nlmsg_type != n->family)
		return 0;
	memset(a, 0, NLT_ATTRS * sizeof(*a));
	nla_parse(a, NLT_ATTRS - 1, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), NULL);
	return hdr->cmd;
}

static void on_event(void)
{
	struct nlattr *a[NLT_ATTRS];
	struct peer p;

	if (receive(&events, a) != CELLRELAY_CMD_EVENT ||
	    nla_get_u32(a[CELLRELAY_A_EVENT_TYPE]) != CELLRELAY_EVENT_ROAM)
		return;
	if (!take_peer(&p, a[CELLRELAY_A_EVENT_ID], a[CELLRELAY_A_EVENT_ADDR], a[CELLRELAY_A_EVENT_PORT]))
		ktap_bail("a roam event without address");
	say("roam", &p, "");
	if (!may_move)
		return;
	asked = p;
	if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce) || control(p.link, PING, nonce, NONCE, &p))
		ktap_bail("cannot send a PING");
}

static void on_control(void)
{
	struct nlattr *a[NLT_ATTRS], *data;
	struct peer p;
	bool right;

	if (receive(&daemon_sock, a) != CELLRELAY_CMD_CTL_RECV ||
	    !take_peer(&p, a[CELLRELAY_A_CTL_LINK], a[CELLRELAY_A_CTL_ADDR], a[CELLRELAY_A_CTL_PORT]))
		return;
	data = a[CELLRELAY_A_CTL_DATA];
	switch (nla_get_u8(a[CELLRELAY_A_CTL_TYPE])) {
	case PING:
		say("ping", &p, "");
		if (may_answer && control(p.link, PONG, nla_data(data), nla_len(data), NULL))
			ktap_bail("cannot send a PONG");
		break;
	case PONG:
		right = nla_len(data) == NONCE && !memcmp(nla_data(data), nonce, NONCE) &&
			!memcmp(&p, &asked, sizeof(p));
		say("pong", &p, right ? " right" : " wrong");
		if (right && may_move)
			move(&p);
		break;
	}
}

int main(int argc, char **argv)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--answer")) {
			may_answer = true;
		} else if (!strcmp(argv[i], "--move")) {
			may_move = true;
		} else {
			fputs("usage: roamd [--answer] [--move]\n", stderr);
			return 2;
		}
	}
	nlt_open(&cmd);
	nlt_open(&daemon_sock);
	nlt_open(&events);
	if (nlt_talk(&daemon_sock, nlt_request(&daemon_sock, CELLRELAY_CMD_DAEMON, 0), NULL, NULL, NULL))
		ktap_bail("there is another daemon");
	if (setsockopt(events.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &events.group, sizeof(events.group)))
		ktap_bail("cannot listen: %s", strerror(errno));
	puts("ready");
	fflush(stdout);
	p[0].fd = events.fd;
	p[1].fd = daemon_sock.fd;
	while (poll(p, 2, -1) >= 0) {
		if (p[0].revents)
			on_event();
		if (p[1].revents)
			on_control();
	}
	return 1;
}
