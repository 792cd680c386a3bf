// SPDX-License-Identifier: MIT
#include "market/http/route.h"

#include <string.h>

static const char *const methods[HTTP_METHODS] = {
	[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST", [HTTP_OPTIONS] = "OPTIONS",
};

enum http_method http_method_parse(const char *word)
{
	enum http_method m;

	for (m = 0; m < HTTP_METHODS && strcmp(word, methods[m]) != 0; m++)
		;
	return m;
}

const char *http_method_name(enum http_method method)
{
	return method < HTTP_METHODS ? methods[method] : "other";
}

static bool matches(const char *param[HTTP_PARAMS_MAX], const char *pattern, const struct http_target *t)
{
	unsigned int params = 0, i;

	for (i = 0; pattern[0] == '/' && pattern[1]; i++) {
		size_t len = strcspn(++pattern, "/");

		if (i == t->segments)
			return false;
		if (pattern[0] == '{') {
			if (params == HTTP_PARAMS_MAX)
				return false;
			param[params++] = t->segment[i];
		} else if (strlen(t->segment[i]) != len || memcmp(t->segment[i], pattern, len) != 0) {
			return false;
		}
		pattern += len;
	}
	return i == t->segments;
}

void http_route_find(struct http_match *m, const struct http_route *table, enum http_method method,
		     const struct http_target *t)
{
	enum http_method want = method == HTTP_HEAD ? HTTP_GET : method;

	memset(m, 0, sizeof(*m));
	for (const struct http_route *r = table; r->pattern; r++) {
		const char *param[HTTP_PARAMS_MAX] = { NULL };

		if (!matches(param, r->pattern, t))
			continue;
		m->allow |= 1U << r->method | 1U << HTTP_OPTIONS | (r->method == HTTP_GET ? 1U << HTTP_HEAD : 0);
		if (r->method == want && !m->route) {
			m->route = r;
			memcpy(m->param, param, sizeof(param));
		}
	}
}

enum http_code http_route_query_ok(const struct http_route *r, const struct http_target *t, const char **wrong)
{
	for (unsigned int i = 0; i < t->queries; i++) {
		unsigned int k;

		for (k = 0; k < HTTP_ROUTE_QUERY_MAX && r->query[k]; k++) {
			if (strcmp(t->query[i].name, r->query[k]) == 0)
				break;
		}
		if (k == HTTP_ROUTE_QUERY_MAX || !r->query[k]) {
			*wrong = t->query[i].name;
			return HTTP_BAD_TARGET;
		}
	}
	return HTTP_OK;
}

const char *http_allow_text(char text[HTTP_ALLOW_TEXT], unsigned int allow)
{
	text[0] = '\0';
	for (enum http_method m = 0; m < HTTP_METHODS; m++) {
		if (!(allow & 1U << m))
			continue;
		if (text[0])
			strcat(text, ", ");
		strcat(text, methods[m]);
	}
	return text;
}
