// SPDX-License-Identifier: MIT
#include "netlink/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool addr_parse(const char *word, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, word, a->bytes) == 1)
		a->len = 4;
	else if (inet_pton(AF_INET6, word, a->bytes) == 1)
		a->len = 16;
	return a->len != 0;
}

bool addr_endpoint(const char *word, struct addr *a)
{
	bool brackets = word[0] == '[';
	const char *colon = strrchr(word, ':');
	char host[INET6_ADDRSTRLEN];
	unsigned long port;
	size_t len;
	char *end;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port == 0 || port > 65535)
		return false;

	len = colon - word;
	if (brackets) {
		if (len < 2 || word[len - 1] != ']')
			return false;
		word++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, word, len);
	host[len] = '\0';
	/* brackets and only brackets mean IPv6, else the last group looks like a port */
	if (!addr_parse(host, a) || (a->len == 16) != brackets)
		return false;
	a->port = port;
	return true;
}

const char *addr_text(char buf[ADDR_TEXT], const struct addr *a)
{
	char host[INET6_ADDRSTRLEN] = "?";

	inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->bytes, host, sizeof(host));
	snprintf(buf, ADDR_TEXT, a->len == 4 ? "%s:%u" : "[%s]:%u", host, a->port);
	return buf;
}

const char *addr_host(char buf[ADDR_TEXT], const struct addr *a)
{
	snprintf(buf, ADDR_TEXT, "?");
	inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->bytes, buf, ADDR_TEXT);
	return buf;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->len == b->len && a->port == b->port && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Special-purpose registries of IANA (RFC 6890 and later), forwardable or not: nothing a stranger may send us to. */
static const struct {
	uint8_t bytes[16];
	uint8_t len, bits;
} special[] = {
	{ { 0 }, 4, 8 }, { { 10 }, 4, 8 }, { { 100, 64 }, 4, 10 }, { { 127 }, 4, 8 }, { { 169, 254 }, 4, 16 },
	{ { 172, 16 }, 4, 12 }, { { 192, 0, 0 }, 4, 24 }, { { 192, 0, 2 }, 4, 24 }, { { 192, 88, 99 }, 4, 24 },
	{ { 192, 168 }, 4, 16 }, { { 198, 18 }, 4, 15 }, { { 198, 51, 100 }, 4, 24 }, { { 203, 0, 113 }, 4, 24 },
	{ { 224 }, 4, 3 },
	{ { 0 }, 16, 8 },			/* unspecified, loopback, IPv4-mapped and -compatible */
	{ { 0x00, 0x64, 0xff, 0x9b }, 16, 32 },	/* NAT64 */
	{ { 0x01 }, 16, 64 },			/* discard */
	{ { 0x20, 0x01, 0x00 }, 16, 23 },	/* Teredo and other protocols */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 16, 32 },	/* documentation */
	{ { 0x20, 0x02 }, 16, 16 },		/* 6to4 */
	{ { 0x3f, 0xff }, 16, 20 },		/* documentation */
	{ { 0xfc }, 16, 7 }, { { 0xfe, 0x80 }, 16, 10 }, { { 0xfe, 0xc0 }, 16, 10 }, { { 0xff }, 16, 8 },
};

static bool begins(const uint8_t *a, const uint8_t *prefix, unsigned int bits)
{
	unsigned int rest = bits % 8;

	return memcmp(a, prefix, bits / 8) == 0 &&
	       (!rest || ((a[bits / 8] ^ prefix[bits / 8]) >> (8 - rest)) == 0);
}

bool addr_public(const struct addr *a)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (a->len == special[i].len && begins(a->bytes, special[i].bytes, special[i].bits))
			return false;
	return a->len != 0;
}
