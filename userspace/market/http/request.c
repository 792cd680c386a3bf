// SPDX-License-Identifier: MIT
#include "market/http/request.h"

#include <string.h>
#include <strings.h>

#include <sodium.h>

void http_head_add(struct http_head *h, const char *name, const char *value)
{
	const struct {
		const char *name, **to;
	} known[] = {
		{ "Content-Type", &h->content_type },
		{ "Content-Length", &h->content_length },
		{ "Content-Encoding", &h->content_encoding },
		{ "Transfer-Encoding", &h->transfer_encoding },
		{ "If-None-Match", &h->if_none_match },
		{ "Idempotency-Key", &h->idempotency_key },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(name, known[i].name) != 0)
			continue;
		/* which of two counts is what proxies and servers disagree about */
		if (*known[i].to)
			h->twice = known[i].name;
		*known[i].to = value ? value : "";
	}
}

const char *http_route_name(const struct http_request *q)
{
	return q->route ? q->route->pattern : "-";
}

static bool refused(struct http_answer *a, enum http_code code, const char *field, const char *text)
{
	http_refuse(a, code, field, NULL, text ? "%s" : NULL, text);
	return false;
}

static bool body_wanted(const struct http_head *h, struct http_request *q, struct http_answer *a)
{
	static const char *const types[] = { [HTTP_TAKES_JSON] = HTTP_JSON, [HTTP_TAKES_BYTES] = HTTP_BYTES };

	if (h->transfer_encoding)
		return refused(a, HTTP_LENGTH_REQUIRED, "Transfer-Encoding", NULL);
	if (h->content_length && !http_length_parse(h->content_length, &q->length))
		return refused(a, HTTP_BAD_HEADER, "Content-Length", NULL);
	if (q->route->takes == HTTP_TAKES_NOTHING)
		return !q->length || refused(a, HTTP_TOO_LARGE, NULL, "this route takes no body");
	if (!h->content_length)
		return refused(a, HTTP_LENGTH_REQUIRED, "Content-Length", NULL);
	if (q->length > q->route->body_max) {
		http_refuse(a, HTTP_TOO_LARGE, "Content-Length", NULL, "this route takes at most %zu bytes", q->route->body_max);
		return false;
	}
	if (h->content_encoding && strcasecmp(h->content_encoding, "identity") != 0)
		return refused(a, HTTP_UNSUPPORTED_TYPE, "Content-Encoding", NULL);
	if (!h->content_type || !http_type_is(h->content_type, types[q->route->takes])) {
		http_refuse(a, HTTP_UNSUPPORTED_TYPE, "Content-Type", NULL, "this route takes %s", types[q->route->takes]);
		return false;
	}
	return true;
}

static bool key_wanted(const struct http_head *h, const struct http_request *q, struct http_answer *a)
{
	const char *key = h->idempotency_key;

	if (!q->route->keyed)
		return true;
	if (!key)
		return refused(a, HTTP_BAD_HEADER, "Idempotency-Key", "this route needs an Idempotency-Key: a random one for each thing to do");
	return http_key_ok(key) ||
	       refused(a, HTTP_BAD_HEADER, "Idempotency-Key", "an Idempotency-Key is 16 to 64 of the characters A-Z a-z 0-9 - _");
}

static bool allowed(const struct http_api *api, const struct http_head *h, enum http_class class, struct http_answer *a)
{
	unsigned int wait = api->rates ? http_rates_take(api->rates, &h->peer, class, h->now_ms) : 0;

	if (!wait)
		return true;
	http_refuse(a, HTTP_RATE_LIMITED, NULL, NULL, NULL);
	a->retry_after = wait;
	return false;
}

/* "OPTIONS *": what the service as a whole can do. */
static bool options_star(struct http_answer *a)
{
	a->status = 204;
	a->allow = 1U << HTTP_GET | 1U << HTTP_HEAD | 1U << HTTP_POST | 1U << HTTP_OPTIONS;
	return false;
}

bool http_begin(const struct http_api *api, const struct http_head *h, struct http_request *q, struct http_answer *a)
{
	const char *wrong = NULL;
	struct http_match m;
	enum http_code code;

	memset(q, 0, sizeof(*q));
	q->method = http_method_parse(h->method);
	q->now = h->now;
	q->context = api->context;
	code = http_target_parse(&q->target, h->target);
	if (!code)
		http_route_find(&m, api->routes, q->method, &q->target);
	else
		memset(&m, 0, sizeof(m));
	q->route = m.route;
	memcpy(q->param, m.param, sizeof(q->param));
	/* also what goes wrong below costs some of the allowance */
	if (!allowed(api, h, q->route ? q->route->class : HTTP_CLASS_READ, a))
		return false;
	if (h->twice)
		return refused(a, HTTP_BAD_HEADER, h->twice, "this header may come only once");
	if (q->method == HTTP_OPTIONS && strcmp(h->target, "*") == 0)
		return options_star(a);
	if (code)
		return refused(a, code, NULL, NULL);
	if (!m.allow)
		return refused(a, HTTP_NOT_FOUND, NULL, "there is no such path");
	if (q->method == HTTP_OPTIONS) {
		a->status = 204;
		a->allow = m.allow;
		return false;
	}
	if (!q->route) {
		http_refuse(a, HTTP_METHOD_NOT_ALLOWED, NULL, NULL, NULL);
		a->allow = m.allow;
		return false;
	}
	code = http_route_query_ok(q->route, &q->target, &wrong);
	if (code)
		return refused(a, code, NULL, "the query has a name that this route does not know");
	return body_wanted(h, q, a) && key_wanted(h, q, a);
}

/* ------------------------------------------------------------------- run */

static void hash_piece(crypto_generichash_state *s, const void *bytes, size_t len)
{
	uint64_t n = len;

	crypto_generichash_update(s, (const unsigned char *)&n, sizeof(n));
	crypto_generichash_update(s, bytes, len);
}

static void identify(struct http_request *q, const struct http_head *h)
{
	crypto_generichash_state s;

	crypto_generichash_init(&s, NULL, 0, HTTP_ID_BYTES);
	hash_piece(&s, q->route->pattern, strlen(q->route->pattern));
	hash_piece(&s, h->idempotency_key, strlen(h->idempotency_key));
	crypto_generichash_final(&s, q->id.key, HTTP_ID_BYTES);
	crypto_generichash_init(&s, NULL, 0, HTTP_ID_BYTES);
	hash_piece(&s, h->target, strlen(h->target));
	hash_piece(&s, q->body, q->body_len);
	crypto_generichash_final(&s, q->id.request, HTTP_ID_BYTES);
}

static void call(struct http_request *q, struct http_answer *a)
{
	q->route->handler(q, a);
	if (!a->status)
		http_refuse(a, HTTP_INTERNAL, NULL, NULL, NULL);
}

static void later(struct http_answer *a)
{
	http_refuse(a, HTTP_UNAVAILABLE, NULL, NULL, NULL);
	a->retry_after = 1;
}

bool http_idem_lasting(const struct http_answer *a)
{
	return a->status && a->status < 500 && a->status != 429 && (!a->body || a->body->len <= HTTP_STORED_MAX);
}

static void work(void *arg, struct http_answer *a)
{
	call(arg, a);
}

static void run_keyed(const struct http_api *api, struct http_request *q, const struct http_head *h, struct http_answer *a)
{
	identify(q, h);
	switch (api->idem->run(api->context, &q->id, work, q, a)) {
	case HTTP_IDEM_DONE:
		return;
	case HTTP_IDEM_STORED:
		a->replayed = true;
		return;
	case HTTP_IDEM_OTHER:
		http_refuse(a, HTTP_KEY_REUSED, "Idempotency-Key", NULL, NULL);
		return;
	case HTTP_IDEM_LATER:
		later(a);
		return;
	}
}

void http_run(const struct http_api *api, struct http_request *q, const struct http_head *h, const void *body,
	      struct http_answer *a)
{
	const char *why = NULL;
	json_t *j = NULL;

	q->body = body;
	q->body_len = (size_t)q->length;
	if (q->route->takes == HTTP_TAKES_JSON) {
		j = http_json_parse(body, q->body_len, &why);
		if (!j) {
			http_refuse(a, HTTP_BAD_JSON, NULL, NULL, "%s", why);
			return;
		}
		q->json = j;
	}
	if (q->route->keyed)
		run_keyed(api, q, h, a);
	else
		call(q, a);
	q->json = NULL;
	json_decref(j);
	if (a->status == 200 && a->etag[0] && h->if_none_match && http_etag_matches(h->if_none_match, a->etag)) {
		http_blob_put(a->body);
		a->body = NULL;
		a->status = 304;
	}
}
