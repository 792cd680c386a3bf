// SPDX-License-Identifier: MIT
#include "market/http/header.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define SPACE	" \t"

bool http_type_is(const char *value, const char *type)
{
	size_t len = strlen(type);

	if (strncasecmp(value, type, len) != 0)
		return false;
	value += len;
	value += strspn(value, SPACE);
	if (!*value)
		return true;
	if (*value++ != ';')
		return false;
	value += strspn(value, SPACE);
	return strcasecmp(value, "charset=utf-8") == 0 || strcasecmp(value, "charset=\"utf-8\"") == 0;
}

bool http_etag_matches(const char *value, const char *etag)
{
	size_t want = strlen(etag);
	bool found = false;

	value += strspn(value, SPACE);
	if (value[0] == '*')
		return !value[1 + strspn(value + 1, SPACE)];
	for (;;) {
		const char *end;

		if (strncmp(value, "W/", 2) == 0)
			value += 2;
		if (*value != '"')
			return false;
		end = strchr(value + 1, '"');
		if (!end)
			return false;
		if ((size_t)(end + 1 - value) == want && memcmp(value, etag, want) == 0)
			found = true;
		value = end + 1;
		value += strspn(value, SPACE);
		if (!*value)
			return found;
		if (*value++ != ',')
			return false;
		value += strspn(value, SPACE);
	}
}

bool http_key_ok(const char *value)
{
	size_t len = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return !value[len] && len >= HTTP_KEY_MIN && len <= HTTP_KEY_MAX;
}

bool http_length_parse(const char *value, uint64_t *length)
{
	size_t len = strspn(value, "0123456789");

	*length = 0;
	if (!len || value[len] || len > 15)
		return false;
	for (size_t i = 0; i < len; i++)
		*length = *length * 10 + (uint64_t)(value[i] - '0');
	return true;
}

static struct http_peer peer4(const void *addr)
{
	struct http_peer p = { { 4 } };

	memcpy(p.bytes + 1, addr, 4);
	return p;
}

/* Who has one IPv6 address has 2^64. */
static struct http_peer peer6(const struct in6_addr *addr)
{
	struct http_peer p = { { 6 } };

	if (IN6_IS_ADDR_V4MAPPED(addr))
		return peer4(addr->s6_addr + 12);
	memcpy(p.bytes + 1, addr, 8);
	return p;
}

struct http_peer http_peer_of(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return peer4(&in.sin_addr);
	}
	if (sa && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		return peer6(&in6.sin6_addr);
	}
	return (struct http_peer){ { 0 } };
}

bool http_peer_forwarded(struct http_peer *peer, const char *value)
{
	const char *last = strrchr(value, ','), *start = last ? last + 1 : value;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr a6;
	struct in_addr a4;
	size_t len;

	start += strspn(start, SPACE);
	if (*start == '[') {
		start++;
		len = strcspn(start, "]");
		if (!start[len])
			return false;
	} else {
		/* one colon stands before a port, two and more in an IPv6 address */
		const char *colon = strchr(start, ':');

		len = strcspn(start, SPACE);
		if (colon && !strchr(colon + 1, ':'))
			len = (size_t)(colon - start);
	}
	if (len >= sizeof(text))
		return false;
	memcpy(text, start, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, &a4) == 1)
		*peer = peer4(&a4);
	else if (inet_pton(AF_INET6, text, &a6) == 1)
		*peer = peer6(&a6);
	else
		return false;
	return true;
}
