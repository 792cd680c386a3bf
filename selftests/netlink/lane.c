// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <netlink/netlink.h>

#include "lane.h"

#define PORT(sock)	(4000 + (sock))
#define LARGE		1408

static const char inner[4] = { 10, 99, 0, 2 };
static const char outer[4] = { 10, 98, 0, 1 };
static const char *const dev_name[LANE_DEVS] = { "cell0", "cell1" };
/* Given, not looked up: asking for a name that is gone starts modprobe each time. */
#define IFINDEX(dev)	(100 + (int)(dev))

/* Of each link: its socket, the peer's socket, the peer's link. */
static const struct { uint32_t sock, peer_sock, peer; } links[LANE_LINKS + 1] = {
	[1] = { 1, 2, 2 }, [2] = { 2, 1, 1 }, [3] = { 2, 3, 4 }, [4] = { 3, 2, 3 },
};

const char *lane_dev_name(unsigned int dev)
{
	return dev_name[dev];
}

uint32_t lane_link_sock_id(uint32_t link)
{
	return links[link].sock;
}

/* ---- rtnetlink ---------------------------------------------------------- */

static int rt_talk(struct lane *l, struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	char buf[8192];
	ssize_t len;

	nlh->nlmsg_seq = 1;
	len = send(l->rt, nlh, nlh->nlmsg_len, 0);
	nlmsg_free(msg);
	if (len < 0)
		return -errno;
	len = recv(l->rt, buf, sizeof(buf), 0);
	nlh = (struct nlmsghdr *)buf;
	if (len < 0)
		return -errno;
	if (!nlmsg_ok(nlh, len) || nlh->nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return ((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
}

static struct nl_msg *rt_link(uint16_t type, uint16_t flags, const char *name, int ifindex, bool up)
{
	struct ifinfomsg ifi = { .ifi_index = ifindex, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP };
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_ACK | flags);

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) ||
	    nla_put_string(msg, IFLA_IFNAME, name))
		ktap_bail("out of memory");
	return msg;
}

int lane_dev(struct lane *l, unsigned int dev)
{
	struct nl_msg *msg = rt_link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, dev_name[dev],
				     IFINDEX(dev), true);
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);

	if (!info || nla_put_string(msg, IFLA_INFO_KIND, "cellrelay"))
		ktap_bail("out of memory");
	nla_nest_end(msg, info);
	return rt_talk(l, msg);
}

int lane_dev_del(struct lane *l, unsigned int dev)
{
	return rt_talk(l, rt_link(RTM_DELLINK, 0, dev_name[dev], IFINDEX(dev), false));
}

int lane_dev_up(struct lane *l, unsigned int dev, bool up)
{
	return rt_talk(l, rt_link(RTM_SETLINK, 0, dev_name[dev], IFINDEX(dev), up));
}

/* ---- objects ------------------------------------------------------------ */

void lane_unshare(struct lane *l)
{
	memset(l, 0, sizeof(*l));
	if (unshare(CLONE_NEWNET))
		ktap_bail("cannot make a network namespace: %s", strerror(errno));
	l->rt = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (l->rt < 0 || rt_talk(l, rt_link(RTM_SETLINK, 0, "lo", 0, true)))
		ktap_bail("cannot set the loopback device up");
}

static void keep_idx_key(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a, void *arg)
{
	(void)n;
	(void)hdr;
	memcpy(arg, nla_data(a[CELLRELAY_A_NS_IDX_KEY]), 16);
}

void lane_open(struct lane *l)
{
	nlt_open(&l->nl);
	nlt_cap_ack(&l->nl);
	if (nlt_talk(&l->nl, nlt_request(&l->nl, CELLRELAY_CMD_NS_GET, 0), NULL, keep_idx_key,
		     l->idx_key))
		ktap_bail("ns-get failed");
}

void lane_close(struct lane *l)
{
	nlt_close(&l->nl);
	close(l->rt);
}

/* The tests' key, with a part that tells generations of objects apart. */
static void put_key(struct lane *l, struct nl_msg *msg, int attr, size_t len)
{
	char key[32];
	size_t i;

	for (i = 0; i < len; i++)
		key[i] = NLT_MARK[i % NLT_MARK_LEN];
	memcpy(key + len - sizeof(l->keys), &l->keys, sizeof(l->keys));
	nla_put(msg, attr, len, key);
}

static int talk(struct lane *l, struct nl_msg *msg)
{
	return nlt_talk(&l->nl, msg, NULL, NULL, NULL);
}

int lane_sock(struct lane *l, uint32_t id)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_SOCK_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_SOCK_ID, id);
	nla_put(msg, CELLRELAY_A_SOCK_ADDR, 4, "\x7f\0\0\1");
	nla_put_u16(msg, CELLRELAY_A_SOCK_PORT, PORT(id));
	return talk(l, msg);
}

int lane_link(struct lane *l, uint32_t id)
{
	return nlt_link_new(&l->nl, id, links[id].sock, PORT(links[id].peer_sock));
}

int lane_link_sock(struct lane *l, uint32_t id)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_LINK_SET, 0);

	nla_put_u32(msg, CELLRELAY_A_LINK_ID, id);
	nla_put_u32(msg, CELLRELAY_A_LINK_SOCK, links[id].sock);
	return talk(l, msg);
}

int lane_key(struct lane *l, uint32_t link, uint8_t gen, uint32_t expires_ms)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_KEY_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_KEY_LINK, link);
	nla_put_u8(msg, CELLRELAY_A_KEY_GEN, gen);
	nla_put_u32(msg, CELLRELAY_A_KEY_RX_INDEX, 1000 * gen + link);
	nla_put_u32(msg, CELLRELAY_A_KEY_TX_INDEX, 1000 * gen + links[link].peer);
	nla_put(msg, CELLRELAY_A_KEY_TX_IDX_KEY, sizeof(l->idx_key), l->idx_key);
	put_key(l, msg, CELLRELAY_A_KEY_RX_TAG, 16);
	put_key(l, msg, CELLRELAY_A_KEY_RX_MASK, 16);
	put_key(l, msg, CELLRELAY_A_KEY_RX_CTL, 32);
	put_key(l, msg, CELLRELAY_A_KEY_TX_TAG, 16);
	put_key(l, msg, CELLRELAY_A_KEY_TX_MASK, 16);
	put_key(l, msg, CELLRELAY_A_KEY_TX_CTL, 32);
	if (expires_ms)
		nla_put_u32(msg, CELLRELAY_A_KEY_EXPIRES_MS, expires_ms);
	else
		nla_put_flag(msg, CELLRELAY_A_KEY_SEND);
	return talk(l, msg);
}

int lane_key_del(struct lane *l, uint32_t link, uint8_t gen)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_KEY_DEL, 0);

	nla_put_u32(msg, CELLRELAY_A_KEY_LINK, link);
	nla_put_u8(msg, CELLRELAY_A_KEY_GEN, gen);
	return talk(l, msg);
}

static void put_side(struct nl_msg *msg, int attr, uint32_t link, uint32_t rx, uint32_t tx)
{
	nla_put_u32(msg, attr, link);
	nla_put_u32(msg, attr + 1, rx);
	nla_put_u32(msg, attr + 2, tx);
}

int lane_circ(struct lane *l, uint32_t id)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_CIRC_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, id);
	nla_put_u8(msg, CELLRELAY_A_CIRC_ROLE, id == 1 ? CELLRELAY_ROLE_CLIENT : CELLRELAY_ROLE_RELAY);
	nla_put_u16(msg, CELLRELAY_A_CIRC_LARGE, LARGE);
	nla_put(msg, CELLRELAY_A_CIRC_INNER4, sizeof(inner), inner);
	if (id == 1) {
		put_side(msg, CELLRELAY_A_CIRC_NEXT_LINK, 1, 11, 12);
		return talk(l, msg);
	}
	nla_put_u8(msg, CELLRELAY_A_CIRC_POS, id - 1);
	nla_put_u8(msg, CELLRELAY_A_CIRC_SUITE, CELLRELAY_SUITE_CHACHA);
	put_key(l, msg, CELLRELAY_A_CIRC_KEY_FWD, 32);
	put_key(l, msg, CELLRELAY_A_CIRC_KEY_BWD, 32);
	if (id == 2) {
		put_side(msg, CELLRELAY_A_CIRC_PREV_LINK, 2, 12, 11);
		put_side(msg, CELLRELAY_A_CIRC_NEXT_LINK, 3, 13, 14);
	} else {
		put_side(msg, CELLRELAY_A_CIRC_PREV_LINK, 4, 14, 13);
	}
	return talk(l, msg);
}

int lane_hop(struct lane *l, uint8_t pos)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_HOP_NEW, 0);

	nla_put_u32(msg, CELLRELAY_A_HOP_CIRC, 1);
	nla_put_u8(msg, CELLRELAY_A_HOP_POS, pos);
	nla_put_u8(msg, CELLRELAY_A_HOP_SUITE, CELLRELAY_SUITE_CHACHA);
	put_key(l, msg, CELLRELAY_A_HOP_KEY_FWD, 32);
	put_key(l, msg, CELLRELAY_A_HOP_KEY_BWD, 32);
	if (pos == 2)
		nla_put_flag(msg, CELLRELAY_A_HOP_EXIT);
	return talk(l, msg);
}

int lane_circ_dev(struct lane *l, uint32_t id)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_CIRC_SET, 0);

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, id);
	nla_put_u32(msg, CELLRELAY_A_CIRC_IFINDEX, IFINDEX(id != 1));
	return talk(l, msg);
}

int lane_circ_rate(struct lane *l, uint32_t id, uint64_t rate)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_CIRC_SET, 0);

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, id);
	nla_put_u64(msg, CELLRELAY_A_CIRC_RATE, rate);
	return talk(l, msg);
}

int lane_socks(struct lane *l)
{
	uint32_t i;
	int err = 0;

	for (i = 1; i <= LANE_SOCKS && !err; i++)
		err = lane_sock(l, i);
	return err;
}

int lane_links(struct lane *l)
{
	uint32_t i;
	int err = 0;

	for (i = 1; i <= LANE_LINKS && !err; i++)
		err = lane_link(l, i) ?: lane_key(l, i, 0, 0);
	return err;
}

int lane_circs(struct lane *l)
{
	uint32_t i;
	int err = 0;

	for (i = LANE_CIRCS; i && !err; i--)
		err = lane_circ(l, i);
	return err ?: lane_hop(l, 1) ?: lane_hop(l, 2) ?: lane_circ_dev(l, 3) ?: lane_circ_dev(l, 1);
}

int lane_devs(struct lane *l)
{
	return lane_dev(l, 0) ?: lane_dev(l, 1);
}

int lane_build(struct lane *l)
{
	return lane_devs(l) ?: lane_socks(l) ?: lane_links(l) ?: lane_circs(l);
}

/* ---- traffic ------------------------------------------------------------ */

static uint16_t fold(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *p++;
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

/* A UDP packet, or a TCP one to be cut up on its way, of @len bytes in all. */
static size_t packet(char *buf, size_t len, bool tcp, bool forward)
{
	struct virtio_net_hdr *vh = (void *)buf;
	struct iphdr *ip = (void *)(vh + 1);

	memset(buf, 0, sizeof(*vh) + sizeof(*ip) + sizeof(struct tcphdr));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(len);
	ip->ttl = 64;
	ip->protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP;
	memcpy(&ip->saddr, forward ? inner : outer, 4);
	memcpy(&ip->daddr, forward ? outer : inner, 4);
	ip->check = ~fold(ip, sizeof(*ip));
	if (tcp) {
		struct tcphdr *th = (void *)(ip + 1);

		th->doff = 5;
		th->ack = 1;
		vh->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		vh->csum_start = sizeof(*ip);
		vh->csum_offset = offsetof(struct tcphdr, check);
		vh->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		vh->gso_size = 1000;
		vh->hdr_len = sizeof(*ip) + sizeof(*th);
	} else {
		struct udphdr *uh = (void *)(ip + 1);

		uh->source = htons(9);
		uh->dest = htons(9);
		uh->len = htons(len - sizeof(*ip));
	}
	return sizeof(*vh) + len;
}

static void burst(int fd, int udp)
{
	static const struct { size_t len; bool tcp; } what[] = {
		{ 60, false }, { 1300, false }, { 60, false }, { 40 + 7500, true }, { 1480, false },
	};
	static const size_t junk[] = { 256, 1408, 1232, 100 };
	static char buf[sizeof(struct virtio_net_hdr) + 8192];
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	static unsigned int turn;
	size_t i, d, len;

	for (d = 0; d < LANE_DEVS; d++) {
		to.sll_ifindex = IFINDEX(d);
		for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
			len = packet(buf, what[i].len, what[i].tcp, d == 0);
			/* The device may be gone by now. */
			sendto(fd, buf, len, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
		}
	}
	in.sin_port = htons(PORT(1 + turn % LANE_SOCKS));
	sendto(udp, buf, junk[turn++ % 4], MSG_DONTWAIT, (struct sockaddr *)&in, sizeof(in));
}

void lane_send(unsigned int bursts)
{
	unsigned int i;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), udp, one = 1;

	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || udp < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		ktap_bail("cannot send packets: %s", strerror(errno));
	for (i = 0; !bursts || i < bursts; i++)
		burst(fd, udp);
	close(fd);
	close(udp);
}

void lane_traffic(struct lane *l, unsigned int bursts)
{
	l->traffic = fork();
	if (l->traffic < 0)
		ktap_bail("fork: %s", strerror(errno));
	if (l->traffic)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It uses what is left; those who delete have to get on. */
	if (nice(5) < 0)
		ktap_bail("nice: %s", strerror(errno));
	lane_send(bursts);
	_exit(0);
}

void lane_quiet(struct lane *l)
{
	if (!l->traffic)
		return;
	kill(l->traffic, SIGKILL);
	waitpid(l->traffic, NULL, 0);
	l->traffic = 0;
}

static void nap(void)
{
	struct timespec ms = { .tv_nsec = 2000000 };

	nanosleep(&ms, NULL);
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

bool lane_flows(struct lane *l)
{
	struct nlt_sums first = nlt_sums(&l->nl, 0);
	time_t end = now() + 30;

	while (now() < end) {
		/* More than what was under way. */
		if (nlt_sums(&l->nl, 0).delivered > first.delivered + 100)
			return true;
		nap();
	}
	return false;
}

bool lane_rests(struct lane *l)
{
	time_t end = now() + 30;
	struct nlt_sums s;

	while (now() < end) {
		s = nlt_sums(&l->nl, 0);
		if (s.in + s.orig == s.out + s.delivered + s.drops)
			return true;
		nap();
	}
	return false;
}
