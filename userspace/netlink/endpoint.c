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

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->len == b->len && a->port == b->port && memcmp(a->bytes, b->bytes, a->len) == 0;
}
