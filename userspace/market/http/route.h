/* SPDX-License-Identifier: MIT */
/* What can be asked: a table of routes, and which of them a request means. */
#ifndef CR_MARKET_HTTP_ROUTE_H
#define CR_MARKET_HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "market/http/target.h"

#define HTTP_PARAMS_MAX		2
#define HTTP_ROUTE_QUERY_MAX	4

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_OPTIONS,
	HTTP_METHODS,		/* any other word */
};

/** enum http_class - which allowance of its address a request is taken from (rate.h) */
enum http_class {
	HTTP_CLASS_READ,	/* answered from memory */
	HTTP_CLASS_BULK,	/* megabytes go out */
	HTTP_CLASS_WRITE,	/* a signature verified, a row written */
	HTTP_CLASS_COSTLY,	/* proofs */
	HTTP_CLASSES,
};

/** enum http_takes - what a route takes as body */
enum http_takes {
	HTTP_TAKES_NOTHING,
	HTTP_TAKES_JSON,	/* an object; application/json */
	HTTP_TAKES_BYTES,	/* application/octet-stream */
};

struct http_request;
struct http_answer;

/**
 * typedef http_handler - does what a route is for
 * @q: the request, checked as far as its route says
 * @a: all zeros; filled in with http_answer_*() or http_refuse() (answer.h)
 */
typedef void http_handler(const struct http_request *q, struct http_answer *a);

/**
 * struct http_route - something that can be asked
 * @method: HTTP_GET, which answers HEAD as well, or HTTP_POST
 * @pattern: "/v1/relays/{identity}"; a piece in braces stands for any one
 * @handler: called with the whole body
 * @takes: kind of body
 * @body_max: bytes of it at most
 * @class: its allowance
 * @keyed: an Idempotency-Key is required, and results are replayed; the handler is called inside
 *	the transaction that stores its result, perhaps several times (idem.h)
 * @query: names that its query may have
 */
struct http_route {
	enum http_method method;
	const char *pattern;
	http_handler *handler;
	enum http_takes takes;
	size_t body_max;
	enum http_class class;
	bool keyed;
	const char *query[HTTP_ROUTE_QUERY_MAX];
};

/**
 * struct http_match - the result of looking for a route
 * @route: it, or NULL
 * @param: what stands for the pieces in braces, in order; points into the target
 * @allow: bits 1 << enum http_method that this path has routes for; 0: there is no such path
 */
struct http_match {
	const struct http_route *route;
	const char *param[HTTP_PARAMS_MAX];
	unsigned int allow;
};

/**
 * http_route_find() - the route for a request
 * @m: result
 * @table: ends with a pattern of NULL; of two that match, the first
 * @method: of the request
 * @t: its target
 */
void http_route_find(struct http_match *m, const struct http_route *table, enum http_method method,
		     const struct http_target *t);

/** http_route_query_ok() - HTTP_OK, or HTTP_BAD_TARGET with the name that the route does not know */
enum http_code http_route_query_ok(const struct http_route *r, const struct http_target *t, const char **wrong);

/** http_method_parse() - from the word in a request line, which is case sensitive */
enum http_method http_method_parse(const char *word);
/** http_method_name() - the word */
const char *http_method_name(enum http_method method);

#define HTTP_ALLOW_TEXT	32

/** http_allow_text() - "GET, HEAD, OPTIONS" */
const char *http_allow_text(char text[HTTP_ALLOW_TEXT], unsigned int allow);

#endif /* CR_MARKET_HTTP_ROUTE_H */
