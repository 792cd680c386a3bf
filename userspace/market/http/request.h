/* SPDX-License-Identifier: MIT */
/*
 * From a request to its answer, without a socket: what the server (server.h) does for
 * each, and tests and fuzzers do by themselves. First http_begin() with the headers, which says
 * whether the body is wanted at all; then http_run() with the body.
 */
#ifndef CR_MARKET_HTTP_REQUEST_H
#define CR_MARKET_HTTP_REQUEST_H

#include "market/http/answer.h"
#include "market/http/body.h"
#include "market/http/idem.h"
#include "market/http/rate.h"
#include "market/http/route.h"

/**
 * struct http_api - a service
 * @routes: what it does, ends with a pattern of NULL
 * @context: its own, given to handlers and to @idem
 * @idem: where results of keyed routes are kept; NULL: there are no keyed routes
 * @rates: allowances, or NULL
 */
struct http_api {
	const struct http_route *routes;
	void *context;
	const struct http_idem_store *idem;
	struct http_rates *rates;
};

/**
 * struct http_head - a request's headers, those that we go by; texts of the caller
 * @method: word of the request line
 * @target: of the request line, as it came
 * @content_type: and so on: NULL when it was not there
 * @twice: name of a header that came twice, though it may only once
 * @peer: who asks
 * @now_ms: by a clock that never goes back
 * @now: seconds since 1970
 */
struct http_head {
	const char *method, *target;
	const char *content_type, *content_length, *content_encoding, *transfer_encoding;
	const char *if_none_match, *idempotency_key;
	const char *twice;
	struct http_peer peer;
	uint64_t now_ms, now;
};

/** http_head_add() - takes a header if we go by it */
void http_head_add(struct http_head *h, const char *name, const char *value);

/**
 * struct http_request - what a handler gets
 * @route: its own
 * @method: HTTP_HEAD where HTTP_GET was asked without the body
 * @target: taken apart
 * @param: what stands for the pieces of the pattern in braces
 * @length: of the body that was announced
 * @body: bytes, where the route takes any
 * @body_len: how many
 * @json: the same, parsed, where it takes JSON
 * @id: name of the request by its idempotency key, on keyed routes
 * @now: seconds since 1970
 * @context: the service's
 */
struct http_request {
	const struct http_route *route;
	enum http_method method;
	struct http_target target;
	const char *param[HTTP_PARAMS_MAX];
	uint64_t length;
	const uint8_t *body;
	size_t body_len;
	const json_t *json;
	struct http_id id;
	uint64_t now;
	void *context;
};

/**
 * http_begin() - is the body wanted?
 * @api: the service
 * @h: headers
 * @q: result; keeps no pointer into @h
 * @a: the answer when the result is false
 *
 * Return: true: go on with http_run(), after q->length bytes of body have come.
 */
bool http_begin(const struct http_api *api, const struct http_head *h, struct http_request *q, struct http_answer *a);

/**
 * http_run() - the answer
 * @api: as before
 * @q: as http_begin() left it
 * @h: the same headers
 * @body: q->length bytes
 * @a: result
 */
void http_run(const struct http_api *api, struct http_request *q, const struct http_head *h, const void *body,
	      struct http_answer *a);

/** http_route_name() - for logs: the pattern of the route, or "-"; nothing that came with the request */
const char *http_route_name(const struct http_request *q);

#endif /* CR_MARKET_HTTP_REQUEST_H */
