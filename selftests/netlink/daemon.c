// SPDX-License-Identifier: MIT
/*
 * What goes to the daemon and comes from it, over loopback: control messages
 * of links and circuits, datagrams; a daemon that does not read; one that died.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "nlt.h"

#define PING		1	/* enum cr_ctl_type */
#define DROP_QUEUE_FULL	17	/* enum cr_drop_reason */
#define DROP_LINK_UNKNOWN 2
#define DROP_NO_DAEMON	22
#define UP_QUEUE_MAX	(1024 * 1024)

/* Link 1 of socket 1 and link 2 of socket 2 are each other's peers. */
static struct nlt nl;
static uint16_t port[3];
static uint8_t idx_key[16];

static void keep_idx_key(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a, void *arg)
{
	memcpy(idx_key, nla_data(a[CELLRELAY_A_NS_IDX_KEY]), sizeof(idx_key));
}

static int keys(uint32_t link, uint32_t rx, uint32_t tx)
{
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_KEY_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_KEY_LINK, link);
	nla_put_u8(msg, CELLRELAY_A_KEY_GEN, 0);
	nla_put_u32(msg, CELLRELAY_A_KEY_RX_INDEX, rx);
	nla_put_u32(msg, CELLRELAY_A_KEY_TX_INDEX, tx);
	nla_put(msg, CELLRELAY_A_KEY_TX_IDX_KEY, sizeof(idx_key), idx_key);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_RX_CTL, 32);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_TAG, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_MASK, 16);
	nlt_put_key(msg, CELLRELAY_A_KEY_TX_CTL, 32);
	nla_put_flag(msg, CELLRELAY_A_KEY_SEND);
	return nlt_talk(&nl, msg, NULL, NULL, NULL);
}

/* A client's circuit 1 on link 1, whose only hop is circuit 2 on link 2. */
static int circuits(void)
{
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_NEW, 0);
	int err;

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, 1);
	nla_put_u8(msg, CELLRELAY_A_CIRC_ROLE, CELLRELAY_ROLE_CLIENT);
	nla_put_u16(msg, CELLRELAY_A_CIRC_LARGE, 1408);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_LINK, 1);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_RX, 1111);
	nla_put_u32(msg, CELLRELAY_A_CIRC_NEXT_TX, 2222);
	err = nlt_talk(&nl, msg, NULL, NULL, NULL);
	if (err)
		return err;
	msg = nlt_request(&nl, CELLRELAY_CMD_HOP_NEW, 0);
	nla_put_u32(msg, CELLRELAY_A_HOP_CIRC, 1);
	nla_put_u8(msg, CELLRELAY_A_HOP_POS, 1);
	nla_put_u8(msg, CELLRELAY_A_HOP_SUITE, 1);
	nlt_put_key(msg, CELLRELAY_A_HOP_KEY_FWD, 32);
	nlt_put_key(msg, CELLRELAY_A_HOP_KEY_BWD, 32);
	err = nlt_talk(&nl, msg, NULL, NULL, NULL);
	if (err)
		return err;
	msg = nlt_request(&nl, CELLRELAY_CMD_CIRC_NEW, 0);
	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, 2);
	nla_put_u8(msg, CELLRELAY_A_CIRC_ROLE, CELLRELAY_ROLE_RELAY);
	nla_put_u8(msg, CELLRELAY_A_CIRC_POS, 1);
	nla_put_u8(msg, CELLRELAY_A_CIRC_SUITE, 1);
	nla_put_u16(msg, CELLRELAY_A_CIRC_LARGE, 1408);
	nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_LINK, 2);
	nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_RX, 2222);
	nla_put_u32(msg, CELLRELAY_A_CIRC_PREV_TX, 1111);
	nlt_put_key(msg, CELLRELAY_A_CIRC_KEY_FWD, 32);
	nlt_put_key(msg, CELLRELAY_A_CIRC_KEY_BWD, 32);
	return nlt_talk(&nl, msg, NULL, NULL, NULL);
}

static void set_up(void)
{
	uint32_t id;

	nlt_talk(&nl, nlt_request(&nl, CELLRELAY_CMD_NS_GET, 0), NULL, keep_idx_key, NULL);
	for (id = 1; id <= 2; id++)
		if (nlt_sock_new(&nl, &id, &port[id]))
			ktap_bail("socket");
	if (nlt_link_new(&nl, 1, 1, port[2]) || nlt_link_new(&nl, 2, 2, port[1]) ||
	    keys(1, 1001, 1002) || keys(2, 1002, 1001) || circuits())
		ktap_bail("links and circuits");
}

/* A daemon with a receive buffer of @size bytes; 0: as sockets have it. */
static void daemon_open(struct nlt *n, int size)
{
	struct timeval patience = { .tv_sec = 10 };
	struct nlt_result r;

	nlt_open(n);
	if (size)
		setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(n->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (nlt_talk(n, nlt_request(n, CELLRELAY_CMD_DAEMON, 0), &r, NULL, NULL))
		ktap_bail("daemon: %s", r.msg);
}

/* Next message to the daemon; the attributes stay valid until the next call. */
static int receive(struct nlt *n, uint8_t cmd, struct nlattr **a, int flags)
{
	static char buf[65536];
	struct nlmsghdr *nlh = (void *)buf;
	struct genlmsghdr *hdr = NLMSG_DATA(nlh);
	ssize_t len = nlt_recv(n, buf, sizeof(buf), flags);

	if (len < 0)
		return len;
	CHECK(nlh->nlmsg_type == n->family && hdr->cmd == cmd, "message %u of command %u",
	      nlh->nlmsg_type, hdr->cmd);
	memset(a, 0, NLT_ATTRS * sizeof(*a));
	nla_parse(a, NLT_ATTRS - 1, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), NULL);
	return 0;
}

static struct nl_msg *ping(uint32_t link, const void *data, size_t len, bool large)
{
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_CTL_SEND, 0);

	nla_put_u32(msg, CELLRELAY_A_CTL_LINK, link);
	nla_put_u8(msg, CELLRELAY_A_CTL_TYPE, PING);
	nla_put(msg, CELLRELAY_A_CTL_DATA, len, data);
	if (large)
		nla_put_flag(msg, CELLRELAY_A_CTL_LARGE);
	return msg;
}

static bool holds(struct nlattr *a, const void *data, size_t len)
{
	return a && (size_t)nla_len(a) >= len && !memcmp(nla_data(a), data, len);
}

static void test_link(const void *arg)
{
	struct nlattr *a[NLT_ATTRS];
	struct nlt_result r;
	struct nl_msg *msg;
	struct nlt d;
	int err;

	daemon_open(&d, 0);
	err = nlt_talk(&nl, ping(1, "sixteen bytes ab", 16, false), &r, NULL, NULL);
	CHECK(!err, "ctl-send: %s", r.msg);
	err = receive(&d, CELLRELAY_CMD_CTL_RECV, a, 0);
	if (CHECK(!err, "nothing came: %s", strerror(-err))) {
		CHECK(nla_get_u32(a[CELLRELAY_A_CTL_LINK]) == 2, "link");
		CHECK(nla_get_u8(a[CELLRELAY_A_CTL_TYPE]) == PING, "type");
		CHECK(nla_len(a[CELLRELAY_A_CTL_DATA]) == 16 &&
		      holds(a[CELLRELAY_A_CTL_DATA], "sixteen bytes ab", 16), "data");
		CHECK(holds(a[CELLRELAY_A_CTL_ADDR], "\x7f\0\0\1", 4), "address");
		CHECK(nla_get_u16(a[CELLRELAY_A_CTL_PORT]) == port[1], "port");
		CHECK(!a[CELLRELAY_A_CTL_CIRC] && !a[CELLRELAY_A_CTL_COOKIE], "circuit");
	}
	/* A PING to an address that is not the peer's (here it is: the same host). */
	msg = ping(2, "to an address", 13, true);
	nla_put(msg, CELLRELAY_A_CTL_ADDR, 4, "\x7f\0\0\1");
	nla_put_u16(msg, CELLRELAY_A_CTL_PORT, port[1]);
	err = nlt_talk(&nl, msg, &r, NULL, NULL);
	CHECK(!err, "ctl-send to an address: %s", r.msg);
	err = receive(&d, CELLRELAY_CMD_CTL_RECV, a, 0);
	CHECK(!err && nla_get_u32(a[CELLRELAY_A_CTL_LINK]) == 1 &&
	      holds(a[CELLRELAY_A_CTL_DATA], "to an address", 13), "PING to an address: %d", err);
	nlt_close(&d);
}

static int send_circ(uint32_t circ, uint8_t hop, const char *text, struct nlt_result *r)
{
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_CTL_SEND, 0);

	nla_put_u32(msg, CELLRELAY_A_CTL_CIRC, circ);
	if (hop)
		nla_put_u8(msg, CELLRELAY_A_CTL_HOP, hop);
	nla_put(msg, CELLRELAY_A_CTL_DATA, strlen(text), text);
	return nlt_talk(&nl, msg, r, NULL, NULL);
}

static void test_circ(const void *arg)
{
	struct nlattr *a[NLT_ATTRS];
	struct nlt_result r;
	struct nlt d;
	int err;

	daemon_open(&d, 0);
	CHECK(!send_circ(1, 1, "to the hop", &r), "ctl-send: %s", r.msg);
	err = receive(&d, CELLRELAY_CMD_CTL_RECV, a, 0);
	if (CHECK(!err, "nothing came: %s", strerror(-err))) {
		CHECK(nla_get_u32(a[CELLRELAY_A_CTL_CIRC]) == 2, "circuit");
		CHECK(a[CELLRELAY_A_CTL_COOKIE] && nla_get_u64(a[CELLRELAY_A_CTL_COOKIE]), "cookie");
		CHECK(!a[CELLRELAY_A_CTL_HOP], "a relay hears of hops");
		CHECK(!a[CELLRELAY_A_CTL_LINK] && !a[CELLRELAY_A_CTL_ADDR], "link");
		CHECK(holds(a[CELLRELAY_A_CTL_DATA], "to the hop\0\0\0", 13), "data");
	}
	CHECK(!send_circ(2, 0, "to the client", &r), "ctl-send: %s", r.msg);
	err = receive(&d, CELLRELAY_CMD_CTL_RECV, a, 0);
	if (CHECK(!err, "nothing came: %s", strerror(-err))) {
		CHECK(nla_get_u32(a[CELLRELAY_A_CTL_CIRC]) == 1, "circuit");
		CHECK(a[CELLRELAY_A_CTL_HOP] && nla_get_u8(a[CELLRELAY_A_CTL_HOP]) == 1, "hop");
		CHECK(holds(a[CELLRELAY_A_CTL_DATA], "to the client\0\0", 15), "data");
	}
	nlt_close(&d);
}

static void test_dgram(const void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct nl_msg *msg = nlt_request(&nl, CELLRELAY_CMD_DGRAM_SEND, 0);
	struct nlattr *a[NLT_ATTRS];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct timeval patience = { .tv_sec = 10 };
	uint8_t data[1408], got[2048];
	struct nlt_result r;
	int fd, err, i;
	struct nlt d;

	daemon_open(&d, 0);
	for (i = 0; i < (int)sizeof(data); i++)
		data[i] = i * 7;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	to.sin_port = htons(port[1]);
	if (fd < 0 || sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&from, &len))
		ktap_bail("udp: %s", strerror(errno));
	err = receive(&d, CELLRELAY_CMD_DGRAM_RECV, a, 0);
	if (CHECK(!err, "nothing came: %s", strerror(-err))) {
		CHECK(nla_get_u32(a[CELLRELAY_A_DGRAM_SOCK]) == 1, "sock");
		CHECK(holds(a[CELLRELAY_A_DGRAM_ADDR], "\x7f\0\0\1", 4), "address");
		CHECK(nla_get_u16(a[CELLRELAY_A_DGRAM_PORT]) == ntohs(from.sin_port), "port");
		CHECK(nla_len(a[CELLRELAY_A_DGRAM_DATA]) == sizeof(data) &&
		      holds(a[CELLRELAY_A_DGRAM_DATA], data, sizeof(data)), "data");
	}
	nla_put_u32(msg, CELLRELAY_A_DGRAM_SOCK, 2);
	nla_put(msg, CELLRELAY_A_DGRAM_ADDR, 4, "\x7f\0\0\1");
	nla_put_u16(msg, CELLRELAY_A_DGRAM_PORT, ntohs(from.sin_port));
	nla_put(msg, CELLRELAY_A_DGRAM_DATA, 256, data);
	CHECK(!nlt_talk(&nl, msg, &r, NULL, NULL), "dgram-send: %s", r.msg);
	len = sizeof(from);
	CHECK(recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &len) == 256 &&
	      !memcmp(got, data, 256) && from.sin_port == htons(port[2]), "datagram of the daemon");
	close(fd);
	nlt_close(&d);
}

/* Waits for the last cell to have met its fate. */
static struct nlt_sums rest(uint32_t reason)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	struct nlt_sums s;
	int i;

	for (i = 0; i < 10000; i++) {
		s = nlt_sums(&nl, reason);
		if (s.in == s.out && s.in + s.orig == s.out + s.delivered + s.drops)
			return s;
		nanosleep(&ms, NULL);
	}
	ktap_fail(__FILE__, __LINE__, "in %llu + orig %llu, out %llu + delivered %llu + drops %llu",
		  (unsigned long long)s.in, (unsigned long long)s.orig, (unsigned long long)s.out,
		  (unsigned long long)s.delivered, (unsigned long long)s.drops);
	return s;
}

static void flood(const void *arg)
{
	const int size = *(const int *)arg, messages = 2000;
	uint64_t bytes = 0, full, delivered;
	struct nlattr *a[NLT_ATTRS];
	uint8_t data[1200] = {};
	struct nlt_result r;
	bool lost = false;
	struct nlt_sums s;
	struct nlt d;
	int i, n = 0, err;

	daemon_open(&d, size);
	s = nlt_sums(&nl, DROP_QUEUE_FULL);
	full = s.reason_cells;
	delivered = s.delivered;
	for (i = 0; i < messages; i++) {
		memcpy(data, &i, sizeof(i));
		if (!CHECK(!nlt_talk(&nl, ping(1, data, sizeof(data), true), &r, NULL, NULL), "ctl-send %d: %s",
			   i, r.msg))
			break;
	}
	s = rest(DROP_QUEUE_FULL);
	while ((err = receive(&d, CELLRELAY_CMD_CTL_RECV, a, MSG_DONTWAIT)) != -EAGAIN) {
		if (err == -ENOBUFS) {
			lost = true;
			continue;
		}
		if (!CHECK(!err, "recv: %s", strerror(-err)))
			break;
		CHECK(holds(a[CELLRELAY_A_CTL_DATA], &n, sizeof(n)), "message %d is another", n);
		n++;
		bytes += nla_len(a[CELLRELAY_A_CTL_DATA]);
	}
	ktap_note("%d messages of %zu bytes waited, %llu were dropped", n, sizeof(data),
		  (unsigned long long)(s.reason_cells - full));
	CHECK(n > 30, "only %d messages waited", n);
	CHECK(bytes <= UP_QUEUE_MAX, "%llu bytes waited", (unsigned long long)bytes);
	CHECK(n + s.reason_cells - full == (uint64_t)messages, "%d received, %llu dropped", n,
	      (unsigned long long)(s.reason_cells - full));
	CHECK(s.delivered - delivered == (uint64_t)n, "%llu delivered",
	      (unsigned long long)(s.delivered - delivered));
	CHECK(size || lost, "the daemon was not told that it lost some");
	/* It goes on when it reads again. */
	CHECK(!nlt_talk(&nl, ping(1, data, sizeof(data), true), &r, NULL, NULL), "ctl-send: %s", r.msg);
	CHECK(!receive(&d, CELLRELAY_CMD_CTL_RECV, a, 0), "nothing comes any more");
	nlt_close(&d);
}

static void test_none(const void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons(port[1]) };
	uint64_t before = nlt_sums(&nl, DROP_NO_DAEMON).reason_cells, unknown;
	static uint8_t data[256];
	struct nlt_result r;
	int fd;

	CHECK(!nlt_talk(&nl, ping(1, "nobody", 6, false), &r, NULL, NULL), "ctl-send: %s", r.msg);
	CHECK(rest(DROP_NO_DAEMON).reason_cells == before + 1, "not counted as no_daemon");
	unknown = nlt_sums(&nl, DROP_LINK_UNKNOWN).reason_cells;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) > 0, "udp");
	close(fd);
	CHECK(nlt_sums(&nl, DROP_LINK_UNKNOWN).reason_cells == unknown + 1, "not counted as link_unknown");
}

int main(void)
{
	static const int plain, huge = 64 << 20;
	static const struct ktap_test tests[] = {
		{ "control messages of links", test_link, NULL },
		{ "control messages of circuits", test_circ, NULL },
		{ "datagrams", test_dgram, NULL },
		{ "a daemon that does not read", flood, &plain },
		{ "a daemon that does not read, with a huge buffer", flood, &huge },
		{ "no daemon", test_none, NULL },
	};

	nlt_unshare();
	nlt_open(&nl);
	nlt_cap_ack(&nl);
	set_up();
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
