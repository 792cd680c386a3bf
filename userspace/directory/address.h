/* SPDX-License-Identifier: MIT */
/* Addresses of relays, and which addresses are nobody's on the Internet. */
#ifndef CR_DIRECTORY_ADDRESS_H
#define CR_DIRECTORY_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory/verdict.h"
#include "directory/wire.h"

#define CR_ADDRESS_BYTES	19
#define CR_ADDRESS_TEXT		56	/* "[...]:65535" and a 0 */

/**
 * struct cr_address - an address and UDP port
 * @family: 4 or 6
 * @ip: network order; of IPv4 the first four bytes, the rest 0
 * @port: 1 to 65535, host order
 */
struct cr_address {
	uint8_t family;
	uint8_t ip[16];
	uint16_t port;
};

/** enum cr_bogon - why an address is not a public host's; each is one set of the exit's firewall */
enum cr_bogon {
	CR_BOGON_NONE,
	CR_BOGON_THIS,		/* "this host", unspecified */
	CR_BOGON_PRIVATE,	/* RFC 1918, unique local, site-local */
	CR_BOGON_CGN,		/* shared address space of carriers */
	CR_BOGON_LOOPBACK,
	CR_BOGON_LINK_LOCAL,	/* cloud metadata services live here, too */
	CR_BOGON_MULTICAST,
	CR_BOGON_EMBEDDED,	/* IPv6 that carries an IPv4 address: mapped, NAT64, 6to4, Teredo */
	CR_BOGON_RESERVED,	/* documentation, benchmarks, future use, not global unicast */
	CR_BOGONS
};

/** struct cr_bogon_net - one entry of the table, most specific meaning first */
struct cr_bogon_net {
	uint8_t family;
	uint8_t ip[16];
	uint8_t bits;
	enum cr_bogon why;
};

extern const struct cr_bogon_net cr_bogon_nets[];
extern const size_t cr_bogon_net_count;

/** cr_bogon_name() - "private", "link-local", ...; "public" for CR_BOGON_NONE */
const char *cr_bogon_name(enum cr_bogon why);

/** cr_bogon_of() - what kind of non-public address is it? */
enum cr_bogon cr_bogon_of(uint8_t family, const uint8_t ip[16]);

/** cr_prefix_equal() - do the first @bits of two addresses agree? */
bool cr_prefix_equal(const uint8_t *a, const uint8_t *b, unsigned int bits);

/** cr_prefix_clean() - are all bits behind the first @bits of @len bytes zero? */
bool cr_prefix_clean(const uint8_t *ip, size_t len, unsigned int bits);

/** cr_address_put() - CR_ADDRESS_BYTES: family, ip, LE16 port */
uint8_t *cr_address_put(uint8_t *p, const struct cr_address *a);

/**
 * cr_address_read() - and check that some host could have it
 *
 * Return: CR_DIR_OK; CR_DIR_TRUNCATED; CR_DIR_ADDRESS for an unknown family,
 * port 0, IPv4 with bytes behind it, and addresses that no host of any network
 * has (unspecified, multicast, broadcast, embedded IPv4).
 */
enum cr_verdict cr_address_read(struct cr_address *a, struct cr_reader *r);

/** cr_address_compare() - order of the encodings */
int cr_address_compare(const struct cr_address *a, const struct cr_address *b);

/** cr_address_text() - 192.0.2.1:4000, [2001:db8::1]:4000; without port when it is 0 */
const char *cr_address_text(char buf[CR_ADDRESS_TEXT], const struct cr_address *a);

/** cr_address_parse() - the same forms, with port; false for anything else */
bool cr_address_parse(struct cr_address *a, const char *text);

#endif /* CR_DIRECTORY_ADDRESS_H */
