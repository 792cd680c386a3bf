// SPDX-License-Identifier: MIT
/* From a request to its answer, without a socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "market/http/request.h"

#define KEY	"0123456789abcdef"

/** struct service - what the handlers below work on: a sum, and the results of keys */
struct service {
	uint64_t sum, calls;
	bool busy, commit_fails;
	struct { struct http_id id; unsigned int status; char body[256]; } kept[8];
	unsigned int kept_count;
};

static void get_sum(const struct http_request *q, struct http_answer *a)
{
	struct service *s = q->context;

	http_answer_json(a, 200, json_pack("{s:I}", "sum", (json_int_t)s->sum));
	snprintf(a->etag, sizeof(a->etag), "\"%u\"", (unsigned int)s->sum);
	a->cached = true;
	a->max_age = 5;
}

static void add(const struct http_request *q, struct http_answer *a)
{
	struct service *s = q->context;
	uint64_t n;
	const struct http_field f[] = { { "n", HTTP_FIELD_U64, 1, 100, &n, NULL, NULL }, { 0 } };

	s->calls++;
	if (!http_fields(q->json, f, a))
		return;
	if (n == 13) {
		http_refuse(a, HTTP_INTERNAL, NULL, NULL, NULL);
		return;
	}
	s->sum += n;
	http_answer_json(a, 201, json_pack("{s:I}", "sum", (json_int_t)s->sum));
}

static void bytes(const struct http_request *q, struct http_answer *a)
{
	http_answer_json(a, 200, json_pack("{s:I,s:s}", "got", (json_int_t)q->body_len, "name", q->param[0]));
}

static void silent(const struct http_request *q, struct http_answer *a)
{
	(void)q;
	(void)a;
}

/* Keeps results as a database does: what a handler did is undone with them. */
static enum http_idem run(void *context, const struct http_id *id, void (*work)(void *arg, struct http_answer *a),
			  void *arg, struct http_answer *a)
{
	struct service *s = context, before = *s;

	if (s->busy)
		return HTTP_IDEM_LATER;
	for (unsigned int i = 0; i < s->kept_count; i++) {
		if (memcmp(s->kept[i].id.key, id->key, HTTP_ID_BYTES) != 0)
			continue;
		if (memcmp(s->kept[i].id.request, id->request, HTTP_ID_BYTES) != 0)
			return HTTP_IDEM_OTHER;
		http_answer_blob(a, HTTP_JSON, http_blob_malloced(strdup(s->kept[i].body), strlen(s->kept[i].body)));
		a->status = s->kept[i].status;
		return HTTP_IDEM_STORED;
	}
	/* the first try loses a race */
	work(arg, a);
	http_answer_clear(a);
	*s = before;
	work(arg, a);
	if (!http_idem_lasting(a)) {
		*s = before;
		return HTTP_IDEM_DONE;
	}
	if (s->commit_fails) {
		*s = before;
		http_answer_clear(a);
		return HTTP_IDEM_LATER;
	}
	s->kept[s->kept_count].id = *id;
	s->kept[s->kept_count].status = a->status;
	snprintf(s->kept[s->kept_count++].body, 256, "%.*s", (int)a->body->len, (const char *)a->body->bytes);
	return HTTP_IDEM_DONE;
}

static const struct http_route routes[] = {
	{ .method = HTTP_GET, .pattern = "/sum", .handler = get_sum, .class = HTTP_CLASS_READ },
	{ .method = HTTP_POST, .pattern = "/sum", .handler = add, .takes = HTTP_TAKES_JSON, .body_max = 64, .class = HTTP_CLASS_WRITE, .keyed = true },
	{ .method = HTTP_POST, .pattern = "/bytes/{name}", .handler = bytes, .takes = HTTP_TAKES_BYTES, .body_max = 8, .class = HTTP_CLASS_WRITE, .query = { "q" } },
	{ .method = HTTP_GET, .pattern = "/silent", .handler = silent, .class = HTTP_CLASS_READ },
	{ 0 },
};

static const struct http_idem_store idem = { run };
static struct service service;
static struct http_api api = { routes, &service, &idem, NULL };
static struct http_answer answer;
static struct http_head head;

static int fresh(void **state)
{
	(void)state;
	memset(&service, 0, sizeof(service));
	memset(&head, 0, sizeof(head));
	return 0;
}

static int cleanup(void **state)
{
	(void)state;
	http_answer_clear(&answer);
	return 0;
}

/* Asks; @body NULL: none. Return: status. */
static unsigned int ask(const char *method, const char *target, const char *body)
{
	char length[24];
	struct http_request q;

	http_answer_clear(&answer);
	head.method = method;
	head.target = target;
	if (body && !head.content_length) {
		snprintf(length, sizeof(length), "%zu", strlen(body));
		head.content_length = length;
	}
	if (http_begin(&api, &head, &q, &answer))
		http_run(&api, &q, &head, body, &answer);
	head.content_length = NULL;
	return answer.status;
}

/* The code of an error, or "" */
static const char *code(void)
{
	static char text[64];
	json_t *j = answer.body ? json_loadb(answer.body->bytes, answer.body->len, 0, NULL) : NULL;
	const char *s = json_string_value(json_object_get(json_object_get(j, "error"), "code"));

	snprintf(text, sizeof(text), "%s", s ? s : "");
	json_decref(j);
	return text;
}

static void expect(unsigned int status, unsigned int want, const char *want_code)
{
	if (status != want || strcmp(code(), want_code) != 0)
		fail_msg("%u %s, not %u %s", status, code(), want, want_code);
}

static void test_get(void **state)
{
	(void)state;
	expect(ask("GET", "/sum", NULL), 200, "");
	assert_int_equal(answer.body->len, strlen("{\"sum\":0}"));
	assert_memory_equal(answer.body->bytes, "{\"sum\":0}", answer.body->len);
	assert_string_equal(answer.type, HTTP_JSON);
	expect(ask("HEAD", "/sum", NULL), 200, "");
	expect(ask("GET", "/silent", NULL), 500, "internal");
}

static void test_not_modified(void **state)
{
	(void)state;
	head.if_none_match = "\"0\"";
	assert_int_equal(ask("GET", "/sum", NULL), 304);
	assert_null(answer.body);
	assert_string_equal(answer.etag, "\"0\"");
	assert_true(answer.cached);
	assert_int_equal(ask("HEAD", "/sum", NULL), 304);
	service.sum = 1;
	assert_int_equal(ask("GET", "/sum", NULL), 200);
	head.if_none_match = "*";
	assert_int_equal(ask("GET", "/sum", NULL), 304);
}

static void test_options(void **state)
{
	(void)state;
	assert_int_equal(ask("OPTIONS", "/sum", NULL), 204);
	assert_int_equal(answer.allow, 1 << HTTP_GET | 1 << HTTP_HEAD | 1 << HTTP_POST | 1 << HTTP_OPTIONS);
	assert_null(answer.body);
	assert_int_equal(ask("OPTIONS", "*", NULL), 204);
	expect(ask("OPTIONS", "/nothing", NULL), 404, "not_found");
}

static void test_method(void **state)
{
	(void)state;
	expect(ask("DELETE", "/sum", NULL), 405, "method_not_allowed");
	assert_true(answer.allow & 1 << HTTP_GET);
	expect(ask("GET", "/bytes/a", NULL), 405, "method_not_allowed");
	assert_int_equal(answer.allow, 1 << HTTP_POST | 1 << HTTP_OPTIONS);
	expect(ask("GET", "/nothing", NULL), 404, "not_found");
	expect(ask("GET", "/su%zz", NULL), 400, "bad_target");
	expect(ask("GET", "*", NULL), 400, "bad_target");
	expect(ask("GET", "/sum?x=1", NULL), 400, "bad_target");
}

static void test_body_limits(void **state)
{
	(void)state;
	expect(ask("POST", "/bytes/n?q=1", "12345678"), 415, "unsupported_type");
	head.content_type = HTTP_BYTES;
	expect(ask("POST", "/bytes/n?q=1", "12345678"), 200, "");
	assert_memory_equal(answer.body->bytes, "{\"got\":8,\"name\":\"n\"}", answer.body->len);
	expect(ask("POST", "/bytes/n", ""), 200, "");
	expect(ask("POST", "/bytes/n", "123456789"), 413, "too_large");
	expect(ask("POST", "/bytes/n", NULL), 411, "length_required");
	head.content_length = "1,2";
	expect(ask("POST", "/bytes/n", "1"), 400, "bad_header");
	head.content_encoding = "gzip";
	expect(ask("POST", "/bytes/n", "1"), 415, "unsupported_type");
	head.content_encoding = "identity";
	expect(ask("POST", "/bytes/n", "1"), 200, "");
	head.transfer_encoding = "chunked";
	expect(ask("POST", "/bytes/n", "1"), 411, "length_required");
	head.transfer_encoding = NULL;
	head.content_encoding = NULL;
	expect(ask("GET", "/sum", "1"), 413, "too_large");
	head.content_type = HTTP_JSON;
	expect(ask("POST", "/bytes/n", "1"), 415, "unsupported_type");
}

static void test_headers(void **state)
{
	(void)state;
	http_head_add(&head, "content-TYPE", HTTP_BYTES);
	http_head_add(&head, "X-Other", "1");
	http_head_add(&head, "X-Other", "2");
	assert_null(head.twice);
	expect(ask("POST", "/bytes/n", "1"), 200, "");
	http_head_add(&head, "Content-Type", HTTP_BYTES);
	expect(ask("POST", "/bytes/n", "1"), 400, "bad_header");
	memset(&head, 0, sizeof(head));
	http_head_add(&head, "Content-Length", "1");
	http_head_add(&head, "content-length", "1");
	expect(ask("GET", "/sum", NULL), 400, "bad_header");
	memset(&head, 0, sizeof(head));
	http_head_add(&head, "If-None-Match", NULL);
	expect(ask("GET", "/sum", NULL), 200, "");
}

static void test_key(void **state)
{
	(void)state;
	head.content_type = HTTP_JSON;
	expect(ask("POST", "/sum", "{\"n\":3}"), 400, "bad_header");
	head.idempotency_key = "short";
	expect(ask("POST", "/sum", "{\"n\":3}"), 400, "bad_header");
	assert_int_equal(service.calls, 0);
	head.idempotency_key = KEY;
	expect(ask("POST", "/sum", "{\"n\":3}"), 201, "");
	assert_false(answer.replayed);
	assert_int_equal(service.sum, 3);
	/* again: the stored result, whatever has happened since */
	service.sum = 50;
	expect(ask("POST", "/sum", "{\"n\":3}"), 201, "");
	assert_true(answer.replayed);
	assert_memory_equal(answer.body->bytes, "{\"sum\":3}", answer.body->len);
	assert_int_equal(service.sum, 50);
	/* another body, be it the same number: refused */
	expect(ask("POST", "/sum", "{\"n\": 3}"), 422, "key_reused");
	assert_int_equal(service.sum, 50);
	head.idempotency_key = KEY "-2";
	expect(ask("POST", "/sum", "{\"n\":3}"), 201, "");
	assert_int_equal(service.sum, 53);
	/* the key belongs to its route */
	head.idempotency_key = NULL;
	expect(ask("GET", "/sum", NULL), 200, "");
}

/* An error that the request itself brings about is a result; our own failure is none. */
static void test_key_errors(void **state)
{
	(void)state;
	head.content_type = HTTP_JSON;
	head.idempotency_key = KEY;
	expect(ask("POST", "/sum", "{\"n\":101}"), 400, "bad_field");
	assert_int_equal(service.kept_count, 1);
	expect(ask("POST", "/sum", "{\"n\":101}"), 400, "bad_field");
	assert_true(answer.replayed);
	expect(ask("POST", "/sum", "{\"n\":1}"), 422, "key_reused");
	head.idempotency_key = KEY "-2";
	expect(ask("POST", "/sum", "{\"n\":13}"), 500, "internal");
	assert_int_equal(service.kept_count, 1);
	service.busy = true;
	expect(ask("POST", "/sum", "{\"n\":2}"), 503, "unavailable");
	assert_true(answer.retry_after);
	service.busy = false;
	service.commit_fails = true;
	expect(ask("POST", "/sum", "{\"n\":2}"), 503, "unavailable");
	assert_int_equal(service.sum, 0);
	service.commit_fails = false;
	expect(ask("POST", "/sum", "{\"n\":2}"), 201, "");
	assert_int_equal(service.sum, 2);
	/* what is not JSON never gets as far as a key */
	head.idempotency_key = KEY "-3";
	expect(ask("POST", "/sum", "{\"n\":2"), 400, "bad_json");
	expect(ask("POST", "/sum", "{\"n\":2}"), 201, "");
}

static void test_rate(void **state)
{
	const struct http_rate rate[HTTP_CLASSES] = { [HTTP_CLASS_READ] = { 1, 2, 0, 0 }, [HTTP_CLASS_WRITE] = { 1, 1, 0, 0 } };

	(void)state;
	api.rates = http_rates_new(rate);
	assert_non_null(api.rates);
	head.peer.bytes[0] = 4;
	head.now_ms = 1000;
	expect(ask("GET", "/sum", NULL), 200, "");
	/* what is wrong counts, too */
	expect(ask("GET", "/nothing", NULL), 404, "not_found");
	expect(ask("GET", "/sum", NULL), 429, "rate_limited");
	assert_int_equal(answer.retry_after, 1);
	expect(ask("GET", "/nothing", NULL), 429, "rate_limited");
	head.content_type = HTTP_BYTES;
	expect(ask("POST", "/bytes/n", "1"), 200, "");
	expect(ask("POST", "/bytes/n", "1"), 429, "rate_limited");
	head.content_type = NULL;
	head.peer.bytes[1] = 9;
	expect(ask("GET", "/sum", NULL), 200, "");
	head.peer.bytes[1] = 0;
	head.now_ms += 1000;
	expect(ask("GET", "/sum", NULL), 200, "");
	http_rates_free(api.rates);
	api.rates = NULL;
}

/* What a log says of a request is nothing that came with it. */
static void test_name(void **state)
{
	struct http_request q;

	(void)state;
	head.method = "GET";
	head.target = "/su%6d?secret=1";
	http_begin(&api, &head, &q, &answer);
	assert_string_equal(http_route_name(&q), "/sum");
	head.target = "/secret";
	http_begin(&api, &head, &q, &answer);
	assert_string_equal(http_route_name(&q), "-");
}

int main(void)
{
#define TEST(t)	cmocka_unit_test_setup_teardown(t, fresh, cleanup)
	const struct CMUnitTest tests[] = {
		TEST(test_get),
		TEST(test_not_modified),
		TEST(test_options),
		TEST(test_method),
		TEST(test_body_limits),
		TEST(test_headers),
		TEST(test_key),
		TEST(test_key_errors),
		TEST(test_rate),
		TEST(test_name),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
