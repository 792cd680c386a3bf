// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory/address.h"

#define V4(a, b, c, d, bits, why)	{ 4, { a, b, c, d }, bits, CR_BOGON_##why }
#define V6(bits, why, ...)		{ 6, { __VA_ARGS__ }, bits, CR_BOGON_##why }

/* IANA's special-purpose registries; IPv6 ends with all that is not 2000::/3. */
const struct cr_bogon_net cr_bogon_nets[] = {
	V4(0, 0, 0, 0, 8, THIS),
	V4(10, 0, 0, 0, 8, PRIVATE),
	V4(172, 16, 0, 0, 12, PRIVATE),
	V4(192, 168, 0, 0, 16, PRIVATE),
	V4(100, 64, 0, 0, 10, CGN),
	V4(127, 0, 0, 0, 8, LOOPBACK),
	V4(169, 254, 0, 0, 16, LINK_LOCAL),
	V4(224, 0, 0, 0, 4, MULTICAST),
	V4(192, 0, 0, 0, 24, RESERVED),
	V4(192, 0, 2, 0, 24, RESERVED),
	V4(192, 88, 99, 0, 24, RESERVED),
	V4(198, 18, 0, 0, 15, RESERVED),
	V4(198, 51, 100, 0, 24, RESERVED),
	V4(203, 0, 113, 0, 24, RESERVED),
	V4(240, 0, 0, 0, 4, RESERVED),
	V6(128, THIS, 0),
	V6(128, LOOPBACK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
	V6(96, EMBEDDED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff),
	V6(96, EMBEDDED, 0),
	V6(96, EMBEDDED, 0x00, 0x64, 0xff, 0x9b),
	V6(48, EMBEDDED, 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01),
	V6(16, EMBEDDED, 0x20, 0x02),
	V6(32, EMBEDDED, 0x20, 0x01, 0x00, 0x00),
	V6(7, PRIVATE, 0xfc),
	V6(10, PRIVATE, 0xfe, 0xc0),
	V6(10, LINK_LOCAL, 0xfe, 0x80),
	V6(8, MULTICAST, 0xff),
	V6(23, RESERVED, 0x20, 0x01),
	V6(32, RESERVED, 0x20, 0x01, 0x0d, 0xb8),
	V6(20, RESERVED, 0x3f, 0xff),
	V6(3, RESERVED, 0x00),
	V6(2, RESERVED, 0x40),
	V6(1, RESERVED, 0x80),
};

const size_t cr_bogon_net_count = sizeof(cr_bogon_nets) / sizeof(cr_bogon_nets[0]);

const char *cr_bogon_name(enum cr_bogon why)
{
	static const char *const names[CR_BOGONS] = {
		"public", "this-host", "private", "cgn", "loopback", "link-local", "multicast",
		"embedded", "reserved",
	};

	return (unsigned int)why < CR_BOGONS ? names[why] : "unknown";
}

bool cr_prefix_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

bool cr_prefix_clean(const uint8_t *ip, size_t len, unsigned int bits)
{
	for (size_t i = bits / 8; i < len; i++) {
		uint8_t mask = i == bits / 8 ? 0xff >> (bits % 8) : 0xff;

		if (ip[i] & mask)
			return false;
	}
	return true;
}

enum cr_bogon cr_bogon_of(uint8_t family, const uint8_t ip[16])
{
	for (size_t i = 0; i < cr_bogon_net_count; i++) {
		const struct cr_bogon_net *net = &cr_bogon_nets[i];

		if (net->family == family && cr_prefix_equal(net->ip, ip, net->bits))
			return net->why;
	}
	return CR_BOGON_NONE;
}

uint8_t *cr_address_put(uint8_t *p, const struct cr_address *a)
{
	p = cr_put_u8(p, a->family);
	p = cr_put(p, a->ip, sizeof(a->ip));
	return cr_put_le16(p, a->port);
}

enum cr_verdict cr_address_read(struct cr_address *a, struct cr_reader *r)
{
	a->family = cr_read_u8(r);
	cr_read(r, a->ip, sizeof(a->ip));
	a->port = cr_read_le16(r);
	if (r->over)
		return CR_DIR_TRUNCATED;
	if ((a->family != 4 && a->family != 6) || !a->port)
		return CR_DIR_ADDRESS;
	if (a->family == 4 && !cr_prefix_clean(a->ip, sizeof(a->ip), 32))
		return CR_DIR_ADDRESS;
	switch (cr_bogon_of(a->family, a->ip)) {
	case CR_BOGON_THIS:
	case CR_BOGON_MULTICAST:
	case CR_BOGON_EMBEDDED:
		return CR_DIR_ADDRESS;
	default:
		break;
	}
	if (a->family == 4 && memcmp(a->ip, "\xff\xff\xff\xff", 4) == 0)
		return CR_DIR_ADDRESS;
	return CR_DIR_OK;
}

int cr_address_compare(const struct cr_address *a, const struct cr_address *b)
{
	uint8_t x[CR_ADDRESS_BYTES], y[CR_ADDRESS_BYTES];

	cr_address_put(x, a);
	cr_address_put(y, b);
	return memcmp(x, y, sizeof(x));
}

const char *cr_address_text(char buf[CR_ADDRESS_TEXT], const struct cr_address *a)
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, ip, sizeof(ip));
	if (!a->port)
		snprintf(buf, CR_ADDRESS_TEXT, "%s", ip);
	else
		snprintf(buf, CR_ADDRESS_TEXT, a->family == 4 ? "%s:%u" : "[%s]:%u", ip, a->port);
	return buf;
}

bool cr_address_parse(struct cr_address *a, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN], *end;
	bool brackets = text[0] == '[';
	unsigned long port;
	size_t len;

	memset(a, 0, sizeof(*a));
	if (!colon || colon[1] < '1' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > UINT16_MAX)
		return false;
	len = (size_t)(colon - text);
	if (brackets) {
		if (len < 2 || text[len - 1] != ']')
			return false;
		text++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	a->family = brackets ? 6 : 4;
	a->port = (uint16_t)port;
	return inet_pton(brackets ? AF_INET6 : AF_INET, host, a->ip) == 1;
}

void cr_hash(uint8_t hash[CR_HASH_BYTES], const void *bytes, size_t len)
{
	uint8_t full[crypto_hash_sha512_BYTES];

	crypto_hash_sha512(full, bytes, len);
	memcpy(hash, full, CR_HASH_BYTES);
}
