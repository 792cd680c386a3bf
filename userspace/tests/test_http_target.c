// SPDX-License-Identifier: MIT
/* Pieces of requests, each by itself: targets, routes, headers, allowances, JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "market/http/body.h"
#include "market/http/rate.h"
#include "market/http/route.h"

static void test_target(void **state)
{
	struct http_target t;

	(void)state;
	assert_int_equal(http_target_parse(&t, "/"), HTTP_OK);
	assert_int_equal(t.segments, 0);
	assert_int_equal(http_target_parse(&t, "/v1/relays/%61b?from=3&to=%3d"), HTTP_OK);
	assert_int_equal(t.segments, 3);
	assert_string_equal(t.segment[0], "v1");
	assert_string_equal(t.segment[2], "ab");
	assert_string_equal(http_target_query(&t, "from"), "3");
	assert_string_equal(http_target_query(&t, "to"), "=");
	assert_null(http_target_query(&t, "fro"));
	assert_int_equal(http_target_parse(&t, "/?a=b"), HTTP_OK);
	assert_int_equal(t.queries, 1);
}

static void test_target_refused(void **state)
{
	static const char *const bad[] = {
		"", "*", "v1", "http://host/v1", "//", "/v1/", "/v1//x", "/.", "/v1/..", "/%2e%2e", "/a%2fb", "/a%00b",
		"/a%", "/a%4", "/a%g0", "/a b", "/a\tb", "/a\x80", "/a%80", "/a%7f", "/a?", "/a?b", "/a?b=", "/a?=c", "/a?b=c&",
		"/a?b=c&b=d", "/a?b=c&%62=d", "/a#b", "/a?b=c#d", "/a?b=c/d",
	};
	char many[64] = "", queries[128] = "/a?";
	char text[HTTP_TARGET_MAX + 2];
	struct http_target t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (http_target_parse(&t, bad[i]) != HTTP_BAD_TARGET)
			fail_msg("taken: %s", bad[i]);
	}
	for (int i = 0; i <= HTTP_SEGMENTS_MAX; i++)
		strcat(many, "/a");
	assert_int_equal(http_target_parse(&t, many), HTTP_NOT_FOUND);
	for (int i = 0; i <= HTTP_QUERY_MAX; i++)
		sprintf(queries + strlen(queries), "%sa%d=1", i ? "&" : "", i);
	assert_int_equal(http_target_parse(&t, queries), HTTP_BAD_TARGET);
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[HTTP_TARGET_MAX] = '\0';
	assert_int_equal(http_target_parse(&t, text), HTTP_OK);
	assert_int_equal(strlen(t.segment[0]), HTTP_TARGET_MAX - 1);
	text[HTTP_TARGET_MAX] = 'a';
	text[HTTP_TARGET_MAX + 1] = '\0';
	assert_int_equal(http_target_parse(&t, text), HTTP_TARGET_TOO_LONG);
}

static void nothing(const struct http_request *q, struct http_answer *a)
{
	(void)q;
	(void)a;
}

static const struct http_route table[] = {
	{ .method = HTTP_GET, .pattern = "/", .handler = nothing, .class = HTTP_CLASS_READ },
	{ .method = HTTP_GET, .pattern = "/v1/things", .handler = nothing, .query = { "from", "to" } },
	{ .method = HTTP_POST, .pattern = "/v1/things", .handler = nothing },
	{ .method = HTTP_GET, .pattern = "/v1/things/newest", .handler = nothing },
	{ .method = HTTP_GET, .pattern = "/v1/things/{number}", .handler = nothing },
	{ .method = HTTP_POST, .pattern = "/v1/things/{number}/parts/{part}", .handler = nothing },
	{ 0 },
};

static const struct http_route *find(struct http_match *m, enum http_method method, const char *target)
{
	static struct http_target t;

	assert_int_equal(http_target_parse(&t, target), HTTP_OK);
	http_route_find(m, table, method, &t);
	return m->route;
}

static void test_route(void **state)
{
	char text[HTTP_ALLOW_TEXT];
	struct http_match m;

	(void)state;
	assert_ptr_equal(find(&m, HTTP_GET, "/"), &table[0]);
	assert_ptr_equal(find(&m, HTTP_HEAD, "/v1/things"), &table[1]);
	assert_string_equal(http_allow_text(text, m.allow), "GET, HEAD, POST, OPTIONS");
	assert_ptr_equal(find(&m, HTTP_POST, "/v1/things"), &table[2]);
	assert_ptr_equal(find(&m, HTTP_GET, "/v1/things/newest"), &table[3]);
	assert_ptr_equal(find(&m, HTTP_GET, "/v1/things/newes"), &table[4]);
	assert_string_equal(m.param[0], "newes");
	assert_ptr_equal(find(&m, HTTP_POST, "/v1/things/7/parts/8"), &table[5]);
	assert_string_equal(m.param[0], "7");
	assert_string_equal(m.param[1], "8");
	assert_null(find(&m, HTTP_GET, "/v1/things/7/parts/8"));
	assert_string_equal(http_allow_text(text, m.allow), "POST, OPTIONS");
	assert_null(find(&m, HTTP_METHODS, "/v1/things"));
	assert_true(m.allow);
	assert_null(find(&m, HTTP_GET, "/v1"));
	assert_int_equal(m.allow, 0);
	assert_null(find(&m, HTTP_GET, "/v1/things/7/parts"));
	assert_int_equal(m.allow, 0);
}

static void test_query(void **state)
{
	const char *wrong = NULL;
	struct http_target t;

	(void)state;
	assert_int_equal(http_target_parse(&t, "/v1/things?to=1&from=2"), HTTP_OK);
	assert_int_equal(http_route_query_ok(&table[1], &t, &wrong), HTTP_OK);
	assert_int_equal(http_route_query_ok(&table[0], &t, &wrong), HTTP_BAD_TARGET);
	assert_string_equal(wrong, "to");
}

static void test_method(void **state)
{
	(void)state;
	for (enum http_method m = 0; m < HTTP_METHODS; m++)
		assert_int_equal(http_method_parse(http_method_name(m)), m);
	assert_int_equal(http_method_parse("get"), HTTP_METHODS);
	assert_int_equal(http_method_parse("TRACE"), HTTP_METHODS);
}

static void test_type(void **state)
{
	(void)state;
	assert_true(http_type_is("application/json", "application/json"));
	assert_true(http_type_is("Application/JSON ; charset=UTF-8", "application/json"));
	assert_true(http_type_is("application/json;charset=\"utf-8\"", "application/json"));
	assert_false(http_type_is("application/json; charset=latin1", "application/json"));
	assert_false(http_type_is("application/jsonp", "application/json"));
	assert_false(http_type_is("application/json x", "application/json"));
	assert_false(http_type_is("text/plain", "application/json"));
	assert_false(http_type_is("", "application/json"));
}

static void test_etag(void **state)
{
	(void)state;
	assert_true(http_etag_matches("\"a\"", "\"a\""));
	assert_true(http_etag_matches("W/\"a\"", "\"a\""));
	assert_true(http_etag_matches(" \"b\" , W/\"a\"", "\"a\""));
	assert_true(http_etag_matches("*", "\"a\""));
	assert_false(http_etag_matches("\"b\"", "\"a\""));
	assert_false(http_etag_matches("\"ab\"", "\"a\""));
	assert_false(http_etag_matches("a", "\"a\""));
	assert_false(http_etag_matches("\"a", "\"a\""));
	/* half of a list that is no list decides nothing */
	assert_false(http_etag_matches("\"a\" \"b\"", "\"a\""));
	assert_false(http_etag_matches("\"a\",", "\"a\""));
	assert_false(http_etag_matches("*x", "\"a\""));
	assert_false(http_etag_matches("", "\"a\""));
}

static void test_key(void **state)
{
	(void)state;
	assert_true(http_key_ok("0123456789abcdef"));
	assert_true(http_key_ok("0123456789-_ABCD-0123456789abcdef0123456789abcdef0123456789abcde"));
	assert_false(http_key_ok("0123456789abcde"));
	assert_false(http_key_ok("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"));
	assert_false(http_key_ok("0123456789abcde "));
	assert_false(http_key_ok("0123456789abcde\""));
}

static void test_length(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(http_length_parse("0", &n) && n == 0);
	assert_true(http_length_parse("999999999999999", &n) && n == 999999999999999);
	assert_false(http_length_parse("9999999999999999", &n));
	assert_false(http_length_parse("", &n));
	assert_false(http_length_parse("+1", &n));
	assert_false(http_length_parse("-1", &n));
	assert_false(http_length_parse("1, 1", &n));
	assert_false(http_length_parse("0x1", &n));
}

static struct http_peer peer(const char *text)
{
	struct http_peer p;

	if (!http_peer_forwarded(&p, text))
		fail_msg("no address: %s", text);
	return p;
}

static bool same(struct http_peer a, struct http_peer b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void test_peer(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct http_peer p;

	(void)state;
	inet_pton(AF_INET, "192.0.2.7", &in.sin_addr);
	p = http_peer_of((struct sockaddr *)&in);
	assert_true(same(p, peer("192.0.2.7")));
	assert_true(same(p, peer("192.0.2.7:443")));
	assert_true(same(p, peer("::ffff:192.0.2.7")));
	/* what the client wrote stands before what the proxy wrote */
	assert_true(same(p, peer("10.1.1.1, 10.2.2.2, 192.0.2.7")));
	assert_true(same(p, peer("garbage,192.0.2.7 ")));
	assert_false(same(p, peer("192.0.2.8")));
	inet_pton(AF_INET6, "2001:db8:1:2::9", &in6.sin6_addr);
	p = http_peer_of((struct sockaddr *)&in6);
	assert_true(same(p, peer("2001:db8:1:2:ffff::1")));
	assert_true(same(p, peer("[2001:db8:1:2::5]:80")));
	assert_false(same(p, peer("2001:db8:1:3::9")));
	assert_false(http_peer_forwarded(&p, ""));
	assert_false(http_peer_forwarded(&p, "192.0.2.7,"));
	assert_false(http_peer_forwarded(&p, "unknown"));
	assert_false(http_peer_forwarded(&p, "[2001:db8::1"));
	assert_false(http_peer_forwarded(&p, "192.0.2.7777777777777777777777777777777777777777777777777777777777777"));
	assert_true(same(http_peer_of(NULL), http_peer_of(NULL)));
}

static void test_rate(void **state)
{
	const struct http_rate rate[HTTP_CLASSES] = {
		[HTTP_CLASS_READ] = { 2, 3, 0, 0 }, [HTTP_CLASS_COSTLY] = { 10, 10, 1, 4 },
	};
	struct http_peer a = peer("192.0.2.1"), b = peer("192.0.2.2");
	struct http_rates *r = http_rates_new(rate);
	uint64_t now = 5000;

	(void)state;
	assert_non_null(r);
	for (int i = 0; i < 3; i++)
		assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_READ, now), 0);
	assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_READ, now), 1);
	/* being refused costs nothing, others are not concerned, other classes neither */
	assert_int_equal(http_rates_take(r, &b, HTTP_CLASS_READ, now), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_WRITE, now), 0);
	assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_READ, now + 499), 1);
	assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_READ, now + 500), 0);
	assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_READ, now + 500), 1);
	/* not more than the burst is saved up; a clock that stands still harms nothing */
	now += 1000000;
	for (int i = 0; i < 3; i++)
		assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_READ, now), 0);
	assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_READ, now - 100), 1);
	/* all together */
	for (int i = 0; i < 4; i++)
		assert_int_equal(http_rates_take(r, i % 2 ? &a : &b, HTTP_CLASS_COSTLY, now), 0);
	assert_int_equal(http_rates_take(r, &a, HTTP_CLASS_COSTLY, now), 1);
	http_rates_free(r);
}

/* From many addresses: who is forgotten starts anew, and nobody is refused for others. */
static void test_rate_many(void **state)
{
	const struct http_rate rate[HTTP_CLASSES] = { [HTTP_CLASS_READ] = { 1, 1, 0, 0 } };
	struct http_rates *r = http_rates_new(rate);

	(void)state;
	assert_non_null(r);
	for (uint32_t i = 0; i < 200000; i++) {
		struct http_peer p = { { 4 } };

		memcpy(p.bytes + 1, &i, sizeof(i));
		assert_int_equal(http_rates_take(r, &p, HTTP_CLASS_READ, 1), 0);
	}
	http_rates_free(r);
}

static json_t *parse(const char *text, const char **why)
{
	return http_json_parse(text, strlen(text), why);
}

static void test_json(void **state)
{
	static const char *const bad[] = {
		"", "[]", "1", "null", "{", "{}x", "{} {}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}",
		"{\"a\":01}", "{'a':1}", "{\"a\":\"\xff\"}", "{\"a\":\"\\u0000\"}", "{\"a\":1e999}",
		"{\"a\":9223372036854775808}", "{\"a\":[[[[[[[[1]]]]]]]]}", "/**/{}", "{\"a\":NaN}",
	};
	const char *why;
	json_t *j;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], &why))
			fail_msg("taken: %s", bad[i]);
		assert_non_null(why);
	}
	parse("{\"a\":1,\"a\":2}", &why);
	assert_string_equal(why, "a name stands twice in one object");
	j = parse(" {\"a\":[[[[[[[1]]]]]]],\"b\":\"[[[[[[[[[[[[\\\"{{\"} ", &why);
	assert_non_null(j);
	json_decref(j);
	j = http_json_parse("{}\0", 3, &why);
	assert_null(j);
}

/** struct read - what test_fields() reads */
struct read {
	uint64_t n;
	bool b, b_set;
	uint8_t h[4], v[4];
	size_t v_len;
	const char *t;
	const json_t *l;
};

static const char *fields(const char *text, struct read *r)
{
	const struct http_field f[] = {
		{ "n", HTTP_FIELD_U64, 1, 1000, &r->n, NULL, NULL },
		{ "b", HTTP_FIELD_BOOL, 0, 1, &r->b, NULL, &r->b_set },
		{ "h", HTTP_FIELD_HEX, 4, 4, r->h, NULL, NULL },
		{ "v", HTTP_FIELD_HEX, 0, 4, r->v, &r->v_len, NULL },
		{ "t", HTTP_FIELD_TEXT, 1, 5, &r->t, NULL, NULL },
		{ "l", HTTP_FIELD_ARRAY, 1, 2, &r->l, NULL, NULL },
		{ 0 },
	};
	static char said[512];
	struct http_answer a = { 0 };
	const char *why;
	json_t *j = parse(text, &why);

	assert_non_null(j);
	said[0] = '\0';
	if (!http_fields(j, f, &a)) {
		assert_int_equal(a.status, 400);
		snprintf(said, sizeof(said), "%.*s", (int)a.body->len, (const char *)a.body->bytes);
	}
	http_answer_clear(&a);
	json_decref(j);
	return said;
}

#define REST	",\"h\":\"01020304\",\"v\":\"\",\"t\":\"x\",\"l\":[1]}"

static void test_fields(void **state)
{
	struct read r;

	(void)state;
	assert_string_equal(fields("{\"n\":7,\"b\":true" REST, &r), "");
	assert_int_equal(r.n, 7);
	assert_true(r.b && r.b_set);
	assert_memory_equal(r.h, "\1\2\3\4", 4);
	assert_int_equal(r.v_len, 0);
	assert_string_equal(fields("{\"n\":7" REST, &r), "");
	assert_false(r.b_set);
	assert_string_equal(fields("{\"n\":0" REST, &r),
			    "{\"error\":{\"code\":\"bad_field\",\"message\":\"this is an integer from 1 to 1000\",\"field\":\"n\"}}");
	assert_non_null(strstr(fields("{\"b\":true" REST, &r), "\"missing_field\""));
	assert_non_null(strstr(fields("{\"n\":7,\"secret\":1" REST, &r), "\"unknown_field\""));
	assert_null(strstr(fields("{\"n\":7,\"secret\":1" REST, &r), "secret"));
	assert_non_null(strstr(fields("{\"n\":7.0" REST, &r), "\"n\""));
	assert_non_null(strstr(fields("{\"n\":\"7\"" REST, &r), "\"n\""));
	assert_non_null(strstr(fields("{\"n\":7,\"b\":1" REST, &r), "\"b\""));
	assert_non_null(strstr(fields("{\"n\":7,\"h\":\"0102030\",\"v\":\"\",\"t\":\"x\",\"l\":[1]}", &r), "\"h\""));
	assert_non_null(strstr(fields("{\"n\":7,\"h\":\"0102030A\",\"v\":\"\",\"t\":\"x\",\"l\":[1]}", &r), "\"h\""));
	assert_non_null(strstr(fields("{\"n\":7,\"h\":\"01020304\",\"v\":\"0102030405\",\"t\":\"x\",\"l\":[1]}", &r), "\"v\""));
	assert_non_null(strstr(fields("{\"n\":7,\"h\":\"01020304\",\"v\":\"\",\"t\":\"\\n\",\"l\":[1]}", &r), "\"t\""));
	assert_non_null(strstr(fields("{\"n\":7,\"h\":\"01020304\",\"v\":\"\",\"t\":\"x\",\"l\":[1,2,3]}", &r), "\"l\""));
}

static void test_numbers(void **state)
{
	uint8_t h[2];
	uint64_t n;

	(void)state;
	assert_true(http_number(&n, "0") && n == 0);
	assert_true(http_number(&n, "9223372036854775807") && n == INT64_MAX);
	assert_false(http_number(&n, "9223372036854775808"));
	assert_false(http_number(&n, "18446744073709551616"));
	assert_false(http_number(&n, "01"));
	assert_false(http_number(&n, "1x"));
	assert_false(http_number(&n, ""));
	assert_true(http_hex(h, 2, "0aff") && h[0] == 10 && h[1] == 255);
	assert_false(http_hex(h, 2, "0aFF"));
	assert_false(http_hex(h, 2, "0af"));
	assert_false(http_hex(h, 2, "0aff0"));
	assert_false(http_hex(h, 2, "0a:f"));
}

/* Programs go by these: a change is a change of the interface. */
static void test_codes(void **state)
{
	(void)state;
	for (enum http_code c = 0; c < HTTP_CODES; c++) {
		unsigned int status = http_code_status(c);

		assert_non_null(http_code_name(c));
		assert_non_null(http_code_text(c));
		assert_true(c == HTTP_OK ? status == 200 : status >= 400 && status < 600);
		for (enum http_code d = 0; d < c; d++)
			assert_string_not_equal(http_code_name(c), http_code_name(d));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_target_refused),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_method),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_etag),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_rate_many),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_codes),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("http_target", tests, NULL, NULL);
}
