// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/address.h"
#include "nft/text.h"

void cr_text_init(struct cr_text *t, char *buf, size_t room)
{
	*t = (struct cr_text){ .buf = buf, .room = room };
	if (room)
		buf[0] = '\0';
}

void cr_text_add(struct cr_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->over)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->room - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->room - t->len)
		t->over = true;
	else
		t->len += (size_t)n;
}

bool cr_prefix_good(const struct cr_prefix *p)
{
	unsigned int width = p->family == 4 ? 32 : 128;

	return (p->family == 4 || p->family == 6) && p->bits <= width &&
	       cr_prefix_clean(p->ip, sizeof(p->ip), p->bits);
}

bool cr_prefix_parse(struct cr_prefix *p, const char *text)
{
	const char *slash = strchr(text, '/');
	char ip[INET6_ADDRSTRLEN], *end;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long bits;

	memset(p, 0, sizeof(*p));
	if (len >= sizeof(ip))
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	p->family = strchr(ip, ':') ? 6 : 4;
	bits = p->family == 4 ? 32 : 128;
	if (inet_pton(p->family == 4 ? AF_INET : AF_INET6, ip, p->ip) != 1)
		return false;
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		bits = strtoul(slash + 1, &end, 10);
		if (*end || bits > 128)
			return false;
	}
	p->bits = (uint8_t)bits;
	return cr_prefix_good(p);
}

void cr_text_prefix(struct cr_text *t, const struct cr_prefix *p)
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(p->family == 4 ? AF_INET : AF_INET6, p->ip, ip, sizeof(ip));
	if (p->bits == (p->family == 4 ? 32 : 128))
		cr_text_add(t, "%s", ip);
	else
		cr_text_add(t, "%s/%u", ip, p->bits);
}

bool cr_nft_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= 15 && name[0] != '.' && name[0] != '-' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}
