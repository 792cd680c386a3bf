// SPDX-License-Identifier: MIT
#include "market/http/target.h"

#include <stdbool.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes @len characters to @to, with a 0 behind. Return: how many, or 0 when they are none that we take. */
static size_t decode(char *to, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];

		if (c == '%') {
			int hi = i + 2 < len ? hex(from[i + 1]) : -1, lo = i + 2 < len ? hex(from[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return 0;
			c = (unsigned char)(hi << 4 | lo);
			i += 2;
		}
		if (c <= 0x20 || c >= 0x7f || c == '/')
			return 0;
		to[n++] = (char)c;
	}
	to[n] = '\0';
	return n;
}

/* One piece to the text at @at, which moves behind it; NULL when it is malformed. */
static const char *piece(char **at, const char *from, size_t len)
{
	const char *start = *at;
	size_t n = decode(*at, from, len);

	if (!n || strcmp(start, ".") == 0 || strcmp(start, "..") == 0)
		return NULL;
	*at += n + 1;
	return start;
}

static enum http_code queries(struct http_target *t, char **at, const char *raw)
{
	for (;;) {
		size_t len = strcspn(raw, "&"), name = strcspn(raw, "=&");
		struct http_pair *q = &t->query[t->queries];

		if (t->queries == HTTP_QUERY_MAX || name >= len)
			return HTTP_BAD_TARGET;
		q->name = piece(at, raw, name);
		q->value = q->name ? piece(at, raw + name + 1, len - name - 1) : NULL;
		if (!q->value || http_target_query(t, q->name))
			return HTTP_BAD_TARGET;
		t->queries++;
		if (!raw[len])
			return HTTP_OK;
		raw += len + 1;
	}
}

enum http_code http_target_parse(struct http_target *t, const char *raw)
{
	size_t path = strcspn(raw, "?");
	char *at = t->text;

	t->segments = t->queries = 0;
	t->text[0] = '\0';
	if (strnlen(raw, HTTP_TARGET_MAX + 1) > HTTP_TARGET_MAX)
		return HTTP_TARGET_TOO_LONG;
	if (raw[0] != '/' || strchr(raw, '#'))
		return HTTP_BAD_TARGET;
	for (size_t i = 1, len; path > 1 && i <= path; i += len + 1) {
		len = strcspn(raw + i, "/?");
		if (t->segments == HTTP_SEGMENTS_MAX)
			return HTTP_NOT_FOUND;
		t->segment[t->segments] = piece(&at, raw + i, len);
		if (!t->segment[t->segments])
			return HTTP_BAD_TARGET;
		t->segments++;
	}
	return raw[path] ? queries(t, &at, raw + path + 1) : HTTP_OK;
}

const char *http_target_query(const struct http_target *t, const char *name)
{
	for (unsigned int i = 0; i < t->queries; i++) {
		if (strcmp(t->query[i].name, name) == 0)
			return t->query[i].value;
	}
	return NULL;
}
