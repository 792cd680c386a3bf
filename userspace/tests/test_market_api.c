// SPDX-License-Identifier: MIT
/*
 * The running service against docs/openapi.json: every route is in it and the other way round, every
 * answer is one that it describes: status, type, fields. On the way a relay registers, a snapshot is
 * signed and served, a buyer buys, a session is paid for, and the relay is paid.
 */
#include "market_fixture.h"

#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "directory_fixture.h"
#include "directory/delta.h"
#include "http_client.h"
#include "market/api/api.h"
#include "market/directory/clerk.h"
#include "market/directory/roll.h"

static char openapi_path[PATH_MAX];
static json_t *openapi;
static struct shop shop;
static struct api api;
static struct http_api http;
static struct client client;
static FILE *log_file;

/* What was asked for, as "get /v1/status 200". */
static json_t *seen;

/* ------------------------------------------------------------- the description */

static const json_t *deref(const json_t *j)
{
	const char *ref = json_string_value(json_object_get(j, "$ref"));
	char copy[128], *save = NULL;

	if (!ref)
		return j;
	assert_memory_equal(ref, "#/", 2);
	snprintf(copy, sizeof(copy), "%s", ref + 2);
	j = openapi;
	for (char *p = strtok_r(copy, "/", &save); p; p = strtok_r(NULL, "/", &save))
		j = json_object_get(j, p);
	if (!j)
		fail_msg("openapi: nothing at %s", ref);
	return j;
}

static bool matches(const char *pattern, const char *text)
{
	regex_t re;
	bool ok;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ok = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static bool type_is(const json_t *v, const char *type)
{
	return (strcmp(type, "object") == 0 && json_is_object(v)) || (strcmp(type, "array") == 0 && json_is_array(v)) ||
	       (strcmp(type, "string") == 0 && json_is_string(v)) || (strcmp(type, "integer") == 0 && json_is_integer(v)) ||
	       (strcmp(type, "boolean") == 0 && json_is_boolean(v));
}

/* The part of JSON Schema that the description uses; what else it uses is an error. */
static void conforms(const json_t *v, const json_t *schema, const char *what)
{
	const json_t *s = deref(schema), *x, *item;
	const char *name;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)s, name, x) {
		static const char *const known[] = { "type", "pattern", "enum", "minimum", "maximum", "required",
						     "properties", "additionalProperties", "items", "description" };

		for (i = 0; i < sizeof(known) / sizeof(known[0]) && strcmp(name, known[i]) != 0; i++)
			;
		if (i == sizeof(known) / sizeof(known[0]))
			fail_msg("openapi: a schema has \"%s\", which this test does not know", name);
	}
	if (!type_is(v, json_string_value(json_object_get(s, "type"))))
		fail_msg("%s: not of type %s", what, json_string_value(json_object_get(s, "type")));
	x = json_object_get(s, "pattern");
	if (x && !matches(json_string_value(x), json_string_value(v)))
		fail_msg("%s: \"%s\" is not as described", what, json_string_value(v));
	x = json_object_get(s, "enum");
	if (x) {
		json_array_foreach((json_t *)(uintptr_t)x, i, item) {
			if (json_equal(item, v))
				break;
		}
		if (i == json_array_size(x))
			fail_msg("%s: a value that is not described", what);
	}
	x = json_object_get(s, "minimum");
	assert_true(!x || json_integer_value(v) >= json_integer_value(x));
	x = json_object_get(s, "required");
	json_array_foreach((json_t *)(uintptr_t)x, i, item) {
		if (!json_object_get(v, json_string_value(item)))
			fail_msg("%s: no field \"%s\"", what, json_string_value(item));
	}
	if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, name, x) {
			item = json_object_get(json_object_get(s, "properties"), name);
			if (!item)
				fail_msg("%s: field \"%s\" is not described", what, name);
			conforms(x, item, name);
		}
	}
	if (json_is_array(v)) {
		json_array_foreach((json_t *)(uintptr_t)v, i, item)
			conforms(item, json_object_get(s, "items"), what);
	}
}

/* ---------------------------------------------------------------- asking */

/** struct reply - an answer, taken apart; points into client.got */
struct reply {
	unsigned int status;
	const char *type;
	const uint8_t *body;
	size_t len;
	json_t *json;
};

static struct reply reply;

static const char *header_of(const char *name, char *value, size_t room)
{
	const char *end = strstr(client.got, "\r\n\r\n"), *at = client.got;
	size_t len = strlen(name);

	for (at = strstr(at, "\r\n"); at && at < end; at = strstr(at + 2, "\r\n")) {
		if (strncasecmp(at + 2, name, len) == 0 && at[2 + len] == ':') {
			snprintf(value, room, "%.*s", (int)strcspn(at + len + 4, "\r"), at + len + 4);
			return value;
		}
	}
	return NULL;
}

/* Judges the answer by what the description says of this route. */
static void judge(const char *method, const char *pattern)
{
	char status[8], what[128], type[64];
	const json_t *op, *response, *content, *schema;

	snprintf(status, sizeof(status), "%u", reply.status);
	snprintf(what, sizeof(what), "%s %s %s", method, pattern, status);
	op = json_object_get(json_object_get(json_object_get(openapi, "paths"), pattern), method);
	if (!op)
		fail_msg("%s: not in the description", what);
	response = json_object_get(json_object_get(op, "responses"), status);
	if (!response)
		fail_msg("%s: this status is not described: %.*s", what, (int)reply.len, (const char *)reply.body);
	response = deref(response);
	content = json_object_get(response, "content");
	if (!header_of("Content-Type", type, sizeof(type))) {
		if (content)
			fail_msg("%s: no body", what);
		assert_int_equal(reply.len, 0);
	} else {
		schema = json_object_get(json_object_get(content, type), "schema");
		if (!schema)
			fail_msg("%s: type %s is not described", what, type);
		if (strcmp(type, HTTP_JSON) == 0) {
			reply.json = json_loadb((const char *)reply.body, reply.len, JSON_REJECT_DUPLICATES, NULL);
			assert_non_null(reply.json);
			conforms(reply.json, schema, what);
		}
	}
	json_object_set_new(seen, what, json_true());
}

/* Asks for @path, which is one of @pattern. Return: status */
static unsigned int send_request(const char *method, const char *pattern, const char *path, const char *type,
				 const void *body, size_t len, const char *extra)
{
	bool post = strcmp(method, "post") == 0;
	char *text = malloc(1024 + len);
	const char *end;
	int n;

	assert_non_null(text);
	json_decref(reply.json);
	memset(&reply, 0, sizeof(reply));
	n = snprintf(text, 1024, "%s %s HTTP/1.1\r\nHost: x\r\n%s", post ? "POST" : "GET", path, extra ? extra : "");
	if (post)
		n += snprintf(text + n, 1024 - (size_t)n, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, len);
	n += snprintf(text + n, 1024 - (size_t)n, "\r\n");
	if (len)
		memcpy(text + n, body, len);
	if (client.closed || client.fd < 0) {
		hang_up(&client);
		dial(&client);
	}
	reply.status = ask_bytes(&client, text, (size_t)n + len);
	free(text);
	assert_true(reply.status != 0);
	end = strstr(client.got, "\r\n\r\n");
	assert_non_null(end);
	reply.body = (const uint8_t *)end + 4;
	reply.len = client.len - (size_t)(end + 4 - client.got);
	judge(method, pattern);
	return reply.status;
}

static unsigned int get(const char *pattern, const char *path)
{
	return send_request("get", pattern, path, NULL, NULL, 0, NULL);
}

static unsigned int post_bytes(const char *pattern, const void *body, size_t len)
{
	return send_request("post", pattern, pattern, HTTP_BYTES, body, len, NULL);
}

/* Takes over the reference. */
static unsigned int post_json(const char *pattern, json_t *j)
{
	char *text = json_dumps(j, 0);
	unsigned int status;

	assert_non_null(text);
	status = send_request("post", pattern, pattern, HTTP_JSON, text, strlen(text), NULL);
	free(text);
	json_decref(j);
	return status;
}

static const char *error_field(const char *name)
{
	const char *s = json_string_value(json_object_get(json_object_get(reply.json, "error"), name));

	return s ? s : "";
}

/* ------------------------------------------------------------------ the service */

static int start(void **state)
{
	struct http_config config = { .limits = http_limits_default };
	char error[HTTP_SERVER_ERROR];

	if (place_folder(state) || mkdir("shelf", 0700))
		return -1;
	openapi = json_load_file(openapi_path, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(openapi);
	seen = json_object();
	shop_new(&shop, 1);
	assert_int_equal(roll_prepare(shop.m.db, true), DB_OK);
	api = (struct api){ .m = shop.m, .shelf = "shelf" };
	fix_trust(&api.trust, 2, 3);
	memcpy(api.trust.ledger, shop.m.ledger, CR_LEDGER_BYTES);
	http = (struct http_api){ .routes = api_routes, .context = &api };
	config.listen_fd = http_listen("127.0.0.1", 0, error);
	assert_true(config.listen_fd >= 0);
	port = http_listen_port(config.listen_fd);
	log_file = fopen("log", "w");
	assert_non_null(log_file);
	config.log = log_file;
	server = http_server_new(&config, &http, error);
	if (!server)
		fail_msg("%s", error);
	dial(&client);
	return 0;
}

static int stop(void **state)
{
	json_decref(reply.json);
	memset(&reply, 0, sizeof(reply));
	hang_up(&client);
	http_server_free(server);
	fclose(log_file);
	api_close(&api);
	shop_close(&shop);
	json_decref(seen);
	json_decref(openapi);
	return place_gone(state);
}

static void hex_of(char *text, const void *bytes, size_t len)
{
	sodium_bin2hex(text, 2 * len + 1, bytes, len);
}

/* Relay @i of the fixture, in this ledger and time. */
static size_t descriptor(uint8_t *bytes, struct cr_descriptor *d, uint32_t i, uint64_t serial, uint64_t tariff)
{
	size_t len;

	fix_descriptor(d, i, i);
	memcpy(d->ledger, shop.m.ledger, CR_LEDGER_BYTES);
	d->serial = serial;
	d->tariff = tariff;
	d->from = shop.now - 3600;
	d->until = shop.now + 86400 * 7;
	d->onion[0].from = d->from;
	d->onion[0].until = d->until;
	assert_int_equal(fix_resign(d, i, i), CR_DIR_OK);
	assert_int_equal(cr_descriptor_encode(bytes, &len, d), CR_DIR_OK);
	return len;
}

static void descriptors(void)
{
	uint8_t one[CR_DESCRIPTOR_MAX], two[CR_DESCRIPTOR_MAX];
	char path[128], hex[65];
	size_t one_len, two_len;
	struct cr_descriptor d;

	for (uint32_t i = 0; i < 5; i++) {
		one_len = descriptor(one, &d, i, 5, 1000);
		assert_int_equal(post_bytes("/v1/descriptors", one, one_len), 201);
	}
	assert_int_equal(post_bytes("/v1/descriptors", one, one_len), 200);
	assert_string_equal(json_string_value(json_object_get(reply.json, "outcome")), "same");
	hex_of(hex, d.identity, 32);
	snprintf(path, sizeof(path), "/v1/descriptors/%s", hex);
	assert_int_equal(get("/v1/descriptors/{identity}", path), 200);
	assert_int_equal(reply.len, one_len);
	assert_memory_equal(reply.body, one, one_len);
	path[20] = path[20] == '0' ? '1' : '0';
	assert_int_equal(get("/v1/descriptors/{identity}", path), 404);
	assert_int_equal(get("/v1/descriptors/{identity}", "/v1/descriptors/5"), 400);
	assert_int_equal(get("/v1/evidence", "/v1/evidence"), 200);
	assert_int_equal(json_array_size(json_object_get(reply.json, "evidence")), 0);
	two_len = descriptor(two, &d, 4, 5, 2000);
	assert_int_equal(post_bytes("/v1/descriptors", two, two_len), 409);
	assert_string_equal(error_field("reason"), "fork");
	assert_int_equal(get("/v1/evidence", "/v1/evidence"), 200);
	assert_int_equal(json_array_size(json_object_get(reply.json, "evidence")), 1);
	two_len = descriptor(two, &d, 4, 4, 2000);
	assert_int_equal(post_bytes("/v1/descriptors", two, two_len), 409);
	assert_string_equal(error_field("reason"), "rollback");
	two_len = descriptor(two, &d, 4, 6, 2000);
	two[two_len - 1] ^= 1;
	assert_int_equal(post_bytes("/v1/descriptors", two, two_len), 422);
	assert_string_equal(error_field("reason"), "signature");
	assert_int_equal(post_bytes("/v1/descriptors", two, 0), 422);
	snprintf(path, sizeof(path), "/v1/evidence?after=%s", hex);
	assert_int_equal(get("/v1/evidence", path), 200);
	assert_int_equal(get("/v1/evidence", "/v1/evidence?after=1"), 400);
}

static void evidence(void)
{
	uint8_t one[CR_DESCRIPTOR_MAX], two[CR_DESCRIPTOR_MAX];
	size_t one_len, two_len;
	struct cr_descriptor d;

	one_len = descriptor(one, &d, 40, 5, 1000);
	two_len = descriptor(two, &d, 40, 5, 1001);
	assert_int_equal(post_json("/v1/evidence", json_pack("{s:s,s:o,s:o}", "kind", "descriptors",
		"one", api_hex(one, one_len), "two", api_hex(two, two_len))), 200);
	assert_int_equal(post_json("/v1/evidence", json_pack("{s:s,s:o,s:o}", "kind", "descriptors",
		"one", api_hex(one, one_len), "two", api_hex(one, one_len))), 422);
	assert_int_equal(post_json("/v1/evidence", json_pack("{s:s,s:o,s:o}", "kind", "gossip",
		"one", api_hex(one, one_len), "two", api_hex(one, one_len))), 400);
	assert_string_equal(error_field("field"), "kind");
}

static void make(void)
{
	struct clerk_order order = { .keys = NULL };
	struct clerk_result r;

	fix_head(&order.head, 1);
	memcpy(order.head.ledger, shop.m.ledger, CR_LEDGER_BYTES);
	if (!clerk_make(shop.m.db, "shelf", &order, shop.now, &r))
		fail_msg("%s %s", db_result_name(r.storage), cr_verdict_name(r.verdict));
}

static json_t *signature(uint32_t authority, const struct cr_snapshot *s)
{
	uint8_t message[CR_SNAPSHOT_MESSAGE], sig[CR_SIGNATURE_BYTES];
	struct fix_key key;

	fix_key(&key, "authority", authority);
	cr_snapshot_message(message, s);
	cr_sign(sig, message, sizeof(message), key.secret);
	return json_pack("{s:I,s:o,s:o,s:o}", "number", (json_int_t)s->head.number, "hash", api_hex(s->hash, CR_HASH_BYTES),
			 "key", api_hex(key.public_key, CR_PUBLIC_BYTES), "signature", api_hex(sig, sizeof(sig)));
}

/* An authority fetches what is pending and signs it; two do. */
static void sign_pending(void)
{
	struct cr_snapshot s;
	uint64_t number;
	json_t *j;

	assert_int_equal(get("/v1/snapshot/pending", "/v1/snapshot/pending"), 200);
	assert_int_equal(cr_snapshot_parse(&s, reply.body, reply.len), CR_DIR_OK);
	j = signature(0, &s);
	assert_non_null(j);
	/* made while the bytes of the snapshot are still here */
	json_t *k = signature(1, &s), *stranger = signature(7, &s), *other = signature(0, &s), *bad = signature(0, &s);

	json_object_set_new(other, "number", json_integer((json_int_t)s.head.number + 1));
	json_object_set(bad, "signature", json_object_get(k, "signature"));
	assert_int_equal(post_json("/v1/snapshot/signatures", stranger), 422);
	assert_string_equal(error_field("field"), "key");
	assert_int_equal(post_json("/v1/snapshot/signatures", other), 409);
	assert_int_equal(post_json("/v1/snapshot/signatures", bad), 422);
	assert_int_equal(post_json("/v1/snapshot/signatures", json_pack("{s:i}", "number", 0)), 400);
	assert_int_equal(post_json("/v1/snapshot/signatures", j), 200);
	assert_int_equal(post_json("/v1/snapshot/signatures", k), 200);
	assert_int_equal(shelf_publish("shelf", &api.trust, shop.now, &number), CR_DIR_OK);
	assert_true(number > 0);
}

static void snapshots(void)
{
	uint8_t *first, *bytes, descr[CR_DESCRIPTOR_MAX];
	char etag[80], extra[160], path[64];
	struct cr_descriptor relay;
	struct cr_snapshot base;
	struct cr_delta d;
	size_t first_len;

	assert_int_equal(get("/v1/snapshot", "/v1/snapshot"), 404);
	assert_int_equal(get("/v1/snapshot/pending", "/v1/snapshot/pending"), 404);
	make();
	sign_pending();
	assert_int_equal(get("/v1/snapshot", "/v1/snapshot"), 200);
	assert_non_null(header_of("ETag", etag, sizeof(etag)));
	assert_non_null(header_of("Cache-Control", extra, sizeof(extra)));
	assert_string_equal(extra, "public, max-age=600");
	first_len = reply.len;
	first = malloc(first_len);
	assert_non_null(first);
	memcpy(first, reply.body, first_len);
	assert_int_equal(cr_snapshot_parse(&base, first, first_len), CR_DIR_OK);
	assert_int_equal(cr_snapshot_verify(&base, &api.trust, shop.now, NULL), CR_DIR_OK);
	assert_int_equal(base.head.relay_count, 5);
	snprintf(extra, sizeof(extra), "If-None-Match: %s\r\n", etag);
	assert_int_equal(send_request("get", "/v1/snapshot", "/v1/snapshot", NULL, NULL, 0, extra), 304);
	/* the next, and how to get there */
	shop.now += 600;
	assert_int_equal(post_bytes("/v1/descriptors", descr, descriptor(descr, &relay, 0, 6, 1000)), 200);
	make();
	sign_pending();
	assert_int_equal(send_request("get", "/v1/snapshot", "/v1/snapshot", NULL, NULL, 0, extra), 200);
	snprintf(path, sizeof(path), "/v1/snapshot/deltas/%llu", (unsigned long long)base.head.number);
	assert_int_equal(get("/v1/snapshot/deltas/{base}", path), 200);
	assert_int_equal(cr_delta_parse(&d, reply.body, reply.len), CR_DIR_OK);
	bytes = malloc(cr_delta_bytes(&d));
	assert_non_null(bytes);
	assert_int_equal(cr_delta_apply(&d, &base, bytes), CR_DIR_OK);
	assert_non_null(header_of("ETag", etag, sizeof(etag)));
	snprintf(extra, sizeof(extra), "If-None-Match: %s\r\n", etag);
	assert_int_equal(send_request("get", "/v1/snapshot/deltas/{base}", path, NULL, NULL, 0, extra), 304);
	assert_int_equal(get("/v1/snapshot/deltas/{base}", "/v1/snapshot/deltas/3"), 404);
	assert_int_equal(get("/v1/snapshot/deltas/{base}", "/v1/snapshot/deltas/x"), 400);
	free(bytes);
	free(first);
}

static size_t order_bytes(uint8_t *out, uint64_t number, enum mkt_verb verb, int64_t amount)
{
	struct mkt_order o = { .number = number, .verb = verb, .amount = amount };

	memcpy(o.ledger, shop.m.ledger, sizeof(o.ledger));
	mkt_order_sign(out, &o, shop.buyer.secret);
	return MKT_ORDER_BYTES;
}

static void accounts(void)
{
	uint8_t order[MKT_ORDER_BYTES], code[MKT_CODE_BYTES];
	char path[128], hex[65];

	hex_of(hex, shop.buyer.public_key, 32);
	snprintf(path, sizeof(path), "/v1/accounts/%s", hex);
	assert_int_equal(get("/v1/accounts/{account}", path), 200);
	assert_int_equal(json_integer_value(json_object_get(reply.json, "balance")), SHOP_RICH);
	assert_int_equal(get("/v1/accounts/{account}", "/v1/accounts/x"), 400);
	assert_int_equal(post_bytes("/v1/orders", order, order_bytes(order, 900, MKT_STAKE_ORDER, 500)), 200);
	assert_int_equal(post_bytes("/v1/orders", order, sizeof(order)), 200);
	assert_int_equal(get("/v1/accounts/{account}", path), 200);
	assert_int_equal(json_integer_value(json_object_get(reply.json, "stake")), 500);
	assert_int_equal(post_bytes("/v1/orders", order, order_bytes(order, 900, MKT_STAKE_ORDER, 501)), 409);
	assert_int_equal(post_bytes("/v1/orders", order, order_bytes(order, 901, MKT_STAKE_ORDER, 2 * SHOP_RICH)), 422);
	assert_string_equal(error_field("reason"), "funds");
	assert_int_equal(post_bytes("/v1/orders", order, 3), 400);
	expect_mkt(&shop, mkt_code_make(&shop.m, 77, code), MKT_OK);
	assert_int_equal(post_json("/v1/codes/worth", json_pack("{s:o}", "code", api_hex(code, sizeof(code)))), 200);
	assert_int_equal(json_integer_value(json_object_get(reply.json, "amount")), 77);
	for (int i = 0; i < 2; i++)
		assert_int_equal(post_json("/v1/codes/redeem", json_pack("{s:o,s:s}", "code", api_hex(code, sizeof(code)), "account", hex)), 200);
	code[0] ^= 1;
	assert_int_equal(post_json("/v1/codes/worth", json_pack("{s:o}", "code", api_hex(code, sizeof(code)))), 422);
	assert_int_equal(post_json("/v1/codes/redeem", json_pack("{s:o,s:s}", "code", api_hex(code, sizeof(code)), "account", hex)), 422);
	assert_int_equal(post_json("/v1/codes/worth", json_pack("{s:s}", "code", "x")), 400);
	assert_int_equal(post_json("/v1/codes/redeem", json_pack("{s:s,s:s}", "code", "x", "account", hex)), 400);
}

/* Everything that a paid session takes, over HTTP. */
static void payment(void)
{
	uint8_t body[MKT_ORDER_BYTES + CR_BLINDED_BYTES(4)], spend[CR_SPEND_BYTES], first[CR_CERTIFICATE_BYTES], *claim;
	struct mkt_order cheap = { .verb = MKT_BUY_ORDER, .amount = VALUE };
	const uint32_t v[] = { 1000 };
	struct cr_voucher vouchers[2];
	struct cr_certificate cert;
	struct cr_request request;
	struct shop_purchase p;
	struct mkt_ack ack;
	char path[160], hex[65];
	struct key relay;
	size_t len;

	shop_ask(&shop, &p, 2);
	memcpy(body, p.order, MKT_ORDER_BYTES);
	memcpy(body + MKT_ORDER_BYTES, p.message, CR_BLINDED_BYTES(2));
	len = MKT_ORDER_BYTES + CR_BLINDED_BYTES(2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(post_bytes("/v1/vouchers", body, len), 200);
		expect_reason(cr_voucher_receive(vouchers, p.pending, 2, reply.body, reply.len, shop.ring->key, shop.ring->n), CR_ACCEPTED);
	}
	body[len - 1] ^= 1;
	assert_int_equal(post_bytes("/v1/vouchers", body, len), 400);
	body[len - 1] ^= 1;
	cheap.number = shop.number++;
	memcpy(cheap.ledger, shop.m.ledger, sizeof(cheap.ledger));
	cr_hash(cheap.argument, p.message, CR_BLINDED_BYTES(2));
	mkt_order_sign(body, &cheap, shop.buyer.secret);
	assert_int_equal(post_bytes("/v1/vouchers", body, len), 422);
	assert_string_equal(error_field("reason"), "amount");
	assert_int_equal(post_bytes("/v1/vouchers", body, 20), 400);
	shop_request(&shop, &request, 0, 0, SHOP_EPOCH);
	expect_reason(cr_voucher_spend(spend, &vouchers[0], &request, shop.ring->key, shop.ring->n), CR_ACCEPTED);
	assert_int_equal(post_bytes("/v1/certificates", spend, sizeof(spend)), 200);
	assert_int_equal(reply.len, sizeof(first));
	memcpy(first, reply.body, sizeof(first));
	expect_reason(cr_certificate_decode(&cert, first, sizeof(first)), CR_ACCEPTED);
	expect_reason(cr_request_answered(&cert, &request, VALUE, shop.ring->certificate_public), CR_ACCEPTED);
	assert_int_equal(post_bytes("/v1/certificates", spend, sizeof(spend)), 200);
	assert_memory_equal(reply.body, first, sizeof(first));
	shop_request(&shop, &request, 1, 0, SHOP_EPOCH);
	expect_reason(cr_voucher_spend(spend, &vouchers[0], &request, shop.ring->key, shop.ring->n), CR_ACCEPTED);
	assert_int_equal(post_bytes("/v1/certificates", spend, sizeof(spend)), 409);
	assert_string_equal(error_field("reason"), "spent");
	spend[sizeof(spend) - 1] ^= 1;
	assert_int_equal(post_bytes("/v1/certificates", spend, sizeof(spend)), 422);
	assert_int_equal(post_bytes("/v1/certificates", spend, 7), 400);
	/* the relay's claim, after the epoch */
	claim = shop_claim(&shop, 0, SHOP_EPOCH, 0, v, 1, &len);
	make_key(&relay, "relay", 0);
	hex_of(hex, relay.public_key, 32);
	snprintf(path, sizeof(path), "/v1/claims/%s/%u", hex, SHOP_EPOCH);
	assert_int_equal(get("/v1/claims/{relay}/{epoch}", path), 404);
	assert_int_equal(post_bytes("/v1/claims", claim, len), 422);
	assert_string_equal(error_field("reason"), "epoch");
	shop.now += SHOP_SECONDS;
	claim[len - 1] ^= 1;
	assert_int_equal(post_bytes("/v1/claims", claim, len), 422);
	claim[len - 1] ^= 1;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(post_bytes("/v1/claims", claim, len), 200);
		expect_reason(mkt_ack_read(&ack, reply.body, reply.len, shop.ring->certificate_public), CR_ACCEPTED);
		assert_int_equal(ack.total, 1000);
	}
	free(claim);
	assert_int_equal(get("/v1/claims/{relay}/{epoch}", path), 200);
	expect_reason(mkt_ack_read(&ack, reply.body, reply.len, shop.ring->certificate_public), CR_ACCEPTED);
	assert_int_equal(shop_balance(&shop, "operator", 0), ack.paid);
	assert_int_equal(post_bytes("/v1/claims", "x", 1), 400);
	snprintf(path, sizeof(path), "/v1/claims/%s/x", hex);
	assert_int_equal(get("/v1/claims/{relay}/{epoch}", path), 400);
	shop_audit(&shop);
}

/* What every route does alike, tried on every route. */
static void common(void)
{
	for (const struct http_route *r = api_routes; r->pattern; r++) {
		bool post = r->method == HTTP_POST;
		const char *type = r->takes == HTTP_TAKES_JSON ? HTTP_BYTES : HTTP_JSON;
		char path[256] = "", text[512];

		/* any value for what is in braces */
		for (const char *p = r->pattern; *p; p++) {
			if (*p == '{') {
				strcat(path, "7");
				p += strcspn(p, "}");
			} else {
				strncat(path, p, 1);
			}
		}
		if (post) {
			assert_int_equal(send_request("post", r->pattern, path, type, "{}", 2, NULL), 415);
			snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
				 path, r->body_max + 1);
			assert_int_equal(ask(&client, text), 413);
			/* the rest of the body is not sent */
			hang_up(&client);
			dial(&client);
			snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", path);
			assert_int_equal(ask(&client, text), 411);
			hang_up(&client);
			dial(&client);
		} else {
			assert_int_equal(send_request("get", r->pattern, path, NULL, "x", 1, "Content-Length: 1\r\n"), 413);
			snprintf(text, sizeof(text), "%s?unknown=1", path);
			assert_int_equal(get(r->pattern, text), 400);
		}
		if (r->takes == HTTP_TAKES_JSON)
			assert_int_equal(send_request("post", r->pattern, path, HTTP_JSON, "{\"a\":1,\"a\":2}", 13, NULL), 400);
		snprintf(text, sizeof(text), "OPTIONS %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
		assert_int_equal(ask(&client, text), 204);
	}
}

static void test_service(void **state)
{
	(void)state;
	assert_int_equal(get("/v1/status", "/v1/status"), 200);
	descriptors();
	evidence();
	snapshots();
	accounts();
	payment();
	common();
	/* every route was seen to do what it is for */
	for (const struct http_route *r = api_routes; r->pattern; r++) {
		char what[128];

		snprintf(what, sizeof(what), "%s %s 200", r->method == HTTP_POST ? "post" : "get", r->pattern);
		if (!json_object_get(seen, what))
			fail_msg("not seen: %s", what);
	}
}

/* Table and description name the same routes, with the same bodies and errors. */
static void test_same_routes(void **state)
{
	const json_t *paths = json_object_get(openapi, "paths"), *codes;
	size_t described = 0, routes = 0, errors = 0, i;
	const char *path, *method;
	json_t *ops, *op, *name;

	(void)state;
	for (const struct http_route *r = api_routes; r->pattern; r++, routes++) {
		static const char *const types[] = { [HTTP_TAKES_JSON] = HTTP_JSON, [HTTP_TAKES_BYTES] = HTTP_BYTES };
		const json_t *content;

		op = json_object_get(json_object_get(paths, r->pattern), r->method == HTTP_POST ? "post" : "get");
		if (!op)
			fail_msg("%s: not described", r->pattern);
		content = json_object_get(json_object_get(op, "requestBody"), "content");
		assert_int_equal(json_object_size(content), r->takes != HTTP_TAKES_NOTHING);
		if (content && !json_object_get(content, types[r->takes]))
			fail_msg("%s: another type of body is described", r->pattern);
		if (r->takes == HTTP_TAKES_BYTES)
			assert_int_equal(json_integer_value(json_object_get(json_object_get(json_object_get(content, HTTP_BYTES), "schema"), "maxLength")),
					 r->body_max);
		for (i = 0; i < HTTP_ROUTE_QUERY_MAX && r->query[i]; i++)
			;
		errors += i;
	}
	json_object_foreach((json_t *)(uintptr_t)paths, path, ops) {
		json_object_foreach(ops, method, op) {
			json_t *p;

			described++;
			json_array_foreach(json_object_get(op, "parameters"), i, p)
				errors -= strcmp(json_string_value(json_object_get(p, "in")), "query") == 0;
		}
	}
	assert_int_equal(described, routes);
	assert_int_equal(errors, 0);
	/* every code but those that never go out */
	codes = json_object_get(json_object_get(json_object_get(json_object_get(json_object_get(json_object_get(json_object_get(json_object_get(
		openapi, "components"), "schemas"), "Error"), "properties"), "error"), "properties"), "code"), "enum");
	assert_int_equal(json_array_size(codes), HTTP_CODES - 2);
	json_array_foreach((json_t *)(uintptr_t)codes, i, name) {
		enum http_code c;

		for (c = 0; c < HTTP_CODES && strcmp(json_string_value(name), http_code_name(c)) != 0; c++)
			;
		assert_true(c < HTTP_CODES && c != HTTP_OK && c != HTTP_SLOW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_routes, start, stop),
		cmocka_unit_test_setup_teardown(test_service, start, stop),
	};

	if (sodium_init() < 0 || !realpath("docs/openapi.json", openapi_path)) {
		fprintf(stderr, "test_market_api: runs in the top folder, where docs/openapi.json is\n");
		return 1;
	}
	alarm(120);
	return cmocka_run_group_tests_name("market api", tests, NULL, NULL);
}
