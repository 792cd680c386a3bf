// SPDX-License-Identifier: MIT
/*
 * icmpforge: tells a host, as anyone can who knows its addresses, that the path to another is
 * narrower than it is: ICMP "fragmentation needed", ICMPv6 "packet too big".
 *
 *	icmpforge [--echo] MTU VICTIM PORT PEER PORT
 *
 * The message quotes a datagram from VICTIM's to PEER's port or, with --echo, an echo reply,
 * which needs no socket to be believed. It comes from the caller's own address. Needs raw sockets.
 *
 * Exit: 0 sent, 2 usage or errors.
 */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CELL 1408	/* what the quoted datagram is said to hold */

static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* The first eight bytes behind the quoted IP header. */
static void quote(uint8_t *p, bool echo, bool v6, uint16_t sport, uint16_t dport)
{
	struct udphdr uh = { .source = htons(sport), .dest = htons(dport), .len = htons(8 + CELL),
			     .check = htons(0x1234) };
	uint8_t ping[8] = { v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY, 0, 0x12, 0x34, 0, 1, 0, 1 };

	memcpy(p, echo ? (void *)ping : (void *)&uh, 8);
}

static size_t make4(uint8_t *buf, unsigned int mtu, bool echo, const struct in_addr *victim, uint16_t sport,
		    const struct in_addr *peer, uint16_t dport)
{
	struct icmphdr ic = { .type = ICMP_DEST_UNREACH, .code = ICMP_FRAG_NEEDED };
	struct iphdr ip = { .version = 4, .ihl = 5, .tot_len = htons(28 + CELL), .frag_off = htons(IP_DF),
			    .ttl = 60, .protocol = echo ? IPPROTO_ICMP : IPPROTO_UDP,
			    .saddr = victim->s_addr, .daddr = peer->s_addr };
	size_t len = sizeof(ic) + sizeof(ip) + 8;

	ic.un.frag.mtu = htons((uint16_t)mtu);
	ip.check = checksum(&ip, sizeof(ip));
	memcpy(buf + sizeof(ic), &ip, sizeof(ip));
	quote(buf + sizeof(ic) + sizeof(ip), echo, false, sport, dport);
	memcpy(buf, &ic, sizeof(ic));
	ic.checksum = checksum(buf, len);
	memcpy(buf, &ic, sizeof(ic));
	return len;
}

/* The kernel fills in the checksum. */
static size_t make6(uint8_t *buf, unsigned int mtu, bool echo, const struct in6_addr *victim, uint16_t sport,
		    const struct in6_addr *peer, uint16_t dport)
{
	struct icmp6_hdr ic = { .icmp6_type = ICMP6_PACKET_TOO_BIG };
	struct ip6_hdr ip = { .ip6_src = *victim, .ip6_dst = *peer };

	ic.icmp6_mtu = htonl(mtu);
	ip.ip6_flow = htonl(6u << 28);
	ip.ip6_plen = htons(8 + CELL);
	ip.ip6_nxt = echo ? IPPROTO_ICMPV6 : IPPROTO_UDP;
	ip.ip6_hops = 60;
	memcpy(buf, &ic, sizeof(ic));
	memcpy(buf + sizeof(ic), &ip, sizeof(ip));
	quote(buf + sizeof(ic) + sizeof(ip), echo, true, sport, dport);
	return sizeof(ic) + sizeof(ip) + 8;
}

static int usage(void)
{
	fprintf(stderr, "Usage: icmpforge [--echo] MTU VICTIM PORT PEER PORT\n");
	return 2;
}

int main(int argc, char **argv)
{
	bool echo = argc > 1 && !strcmp(argv[1], "--echo");
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	uint8_t buf[128] = { 0 };
	struct in_addr peer4;
	struct in6_addr peer6;
	char **a = argv + (echo ? 2 : 1);
	unsigned long mtu;
	ssize_t sent;
	size_t len;
	int fd;

	if (argc - (echo ? 2 : 1) != 5)
		return usage();
	mtu = strtoul(a[0], NULL, 10);
	if (!mtu || mtu > 65535)
		return usage();
	if (inet_pton(AF_INET, a[1], &to4.sin_addr) == 1 && inet_pton(AF_INET, a[3], &peer4) == 1) {
		len = make4(buf, (unsigned int)mtu, echo, &to4.sin_addr, (uint16_t)atoi(a[2]), &peer4,
			    (uint16_t)atoi(a[4]));
		fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
		sent = fd < 0 ? -1 : sendto(fd, buf, len, 0, (void *)&to4, sizeof(to4));
	} else if (inet_pton(AF_INET6, a[1], &to6.sin6_addr) == 1 && inet_pton(AF_INET6, a[3], &peer6) == 1) {
		len = make6(buf, (unsigned int)mtu, echo, &to6.sin6_addr, (uint16_t)atoi(a[2]), &peer6,
			    (uint16_t)atoi(a[4]));
		fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
		sent = fd < 0 ? -1 : sendto(fd, buf, len, 0, (void *)&to6, sizeof(to6));
	} else {
		return usage();
	}
	if (sent != (ssize_t)len) {
		perror("icmpforge: raw socket");
		return 2;
	}
	close(fd);
	return 0;
}
