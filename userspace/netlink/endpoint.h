/* SPDX-License-Identifier: MIT */
/* Addresses and endpoints as people write them. */
#ifndef CELLRELAY_NETLINK_ENDPOINT_H
#define CELLRELAY_NETLINK_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/** struct addr - an address as the kernel takes it */
struct addr {
	uint8_t bytes[16];
	uint8_t len;	/* 4 or 16 */
	uint16_t port;	/* host order */
};

#define ADDR_TEXT	(INET6_ADDRSTRLEN + 8)

/* One address or endpoint such as 192.0.2.1:4000 or [2001:db8::1]:4000. Return: false when it is none. */
bool addr_parse(const char *word, struct addr *a);
bool addr_endpoint(const char *word, struct addr *a);

/* The endpoint as text; returns @buf. */
const char *addr_text(char buf[ADDR_TEXT], const struct addr *a);

/* The address alone; returns @buf. */
const char *addr_host(char buf[ADDR_TEXT], const struct addr *a);

/* Same address and port? */
bool addr_equal(const struct addr *a, const struct addr *b);

/* Of the public Internet: not private, loopback, link-local, multicast, shared (CGN), documentation, or one of those inside IPv6. */
bool addr_public(const struct addr *a);

#endif /* CELLRELAY_NETLINK_ENDPOINT_H */
