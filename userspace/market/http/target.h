/* SPDX-License-Identifier: MIT */
/*
 * The target of a request, "/v1/relays/ab12?page=3", taken apart.
 *
 * One spelling for each thing: pieces hold printable ASCII without a slash, also
 * after "%" is decoded; nothing is empty, "." or ".."; no name comes twice.
 */
#ifndef CR_MARKET_HTTP_TARGET_H
#define CR_MARKET_HTTP_TARGET_H

#include "market/http/error.h"

#define HTTP_TARGET_MAX		511
#define HTTP_SEGMENTS_MAX	8
#define HTTP_QUERY_MAX		8

/** struct http_pair - a name and its value; both point into the target */
struct http_pair {
	const char *name, *value;
};

/**
 * struct http_target - a target's pieces
 * @text: they themselves, decoded, with a 0 behind each
 * @segments: how many; 0 is "/"
 * @segment: of the path
 * @queries: how many
 * @query: behind the question mark
 */
struct http_target {
	char text[HTTP_TARGET_MAX + 1];
	unsigned int segments, queries;
	const char *segment[HTTP_SEGMENTS_MAX];
	struct http_pair query[HTTP_QUERY_MAX];
};

/**
 * http_target_parse() - from the request line as it came
 *
 * Return: HTTP_OK, HTTP_BAD_TARGET, HTTP_TARGET_TOO_LONG; HTTP_NOT_FOUND where there
 * are more pieces than any route has.
 */
enum http_code http_target_parse(struct http_target *t, const char *raw);

/** http_target_query() - value of a name, or NULL */
const char *http_target_query(const struct http_target *t, const char *name);

#endif /* CR_MARKET_HTTP_TARGET_H */
