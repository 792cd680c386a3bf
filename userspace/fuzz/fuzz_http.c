// SPDX-License-Identifier: MIT
/*
 * Fuzzing of requests. Lines up to an empty one are method, target and headers; the body is
 * the rest. Whatever comes, there is one answer: a known status, and every error an
 * object with a known code.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "fuzz.h"
#include "market/http/request.h"

static void get(const struct http_request *q, struct http_answer *a)
{
	uint64_t n = 0;
	uint8_t h[4];

	if (q->param[0] && !http_number(&n, q->param[0]) && !http_hex(h, sizeof(h), q->param[0]))
		http_refuse(a, HTTP_NOT_FOUND, "number", NULL, NULL);
	else
		http_answer_json(a, 200, json_pack("{s:I}", "n", (json_int_t)n));
	memcpy(a->etag, "\"e\"", 4);
}

static void post(const struct http_request *q, struct http_answer *a)
{
	const json_t *list = NULL;
	const char *text = "";
	bool flag = false, set;
	uint8_t hex[16];
	size_t len = 0;
	uint64_t n = 0;
	const struct http_field f[] = {
		{ "n", HTTP_FIELD_U64, 1, 1000, &n, NULL, NULL },
		{ "b", HTTP_FIELD_BOOL, 0, 1, &flag, NULL, &set },
		{ "h", HTTP_FIELD_HEX, 2, 16, hex, &len, NULL },
		{ "t", HTTP_FIELD_TEXT, 1, 9, &text, NULL, NULL },
		{ "l", HTTP_FIELD_ARRAY, 0, 3, &list, NULL, NULL },
		{ 0 },
	};

	if (!http_fields(q->json, f, a))
		return;
	fuzz_assert(n >= 1 && n <= 1000 && len >= 2 && len <= 16 && strlen(text) >= 1 && strlen(text) <= 9);
	fuzz_assert(json_array_size(list) <= 3);
	http_answer_json(a, 201, json_pack("{s:s}", "t", text));
}

static void bytes(const struct http_request *q, struct http_answer *a)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < q->body_len; i++)
		sum += q->body[i];
	http_answer_json(a, 200, json_pack("{s:i}", "sum", (int)sum));
}

static enum http_idem run(void *context, const struct http_id *id, void (*work)(void *arg, struct http_answer *a),
			  void *arg, struct http_answer *a)
{
	(void)context;
	if (id->key[0] == 0)
		return HTTP_IDEM_OTHER;
	if (id->key[0] == 1)
		return HTTP_IDEM_LATER;
	work(arg, a);
	(void)http_idem_lasting(a);
	return HTTP_IDEM_DONE;
}

static const struct http_route routes[] = {
	{ .method = HTTP_GET, .pattern = "/", .handler = get },
	{ .method = HTTP_GET, .pattern = "/a/{n}", .handler = get, .query = { "from", "to" } },
	{ .method = HTTP_POST, .pattern = "/j", .handler = post, .takes = HTTP_TAKES_JSON, .body_max = 4096 },
	{ .method = HTTP_POST, .pattern = "/k/{n}/{m}", .handler = post, .takes = HTTP_TAKES_JSON, .body_max = 4096, .keyed = true },
	{ .method = HTTP_POST, .pattern = "/b", .handler = bytes, .takes = HTTP_TAKES_BYTES, .body_max = 100 },
	{ 0 },
};

static const struct http_idem_store idem = { run };

static void check(const struct http_answer *a)
{
	const char *code;
	json_t *j;

	fuzz_assert(a->status == 200 || a->status == 201 || a->status == 204 || a->status == 304 || a->status >= 400);
	fuzz_assert(a->status != 500);
	if (a->status == 204 || a->status == 304) {
		fuzz_assert(!a->body);
		return;
	}
	fuzz_assert(a->body && a->type);
	j = json_loadb(a->body->bytes, a->body->len, JSON_REJECT_DUPLICATES, NULL);
	fuzz_assert(json_is_object(j));
	code = json_string_value(json_object_get(json_object_get(j, "error"), "code"));
	if (a->status >= 400) {
		enum http_code c;

		fuzz_assert(code);
		for (c = 0; c < HTTP_CODES && strcmp(code, http_code_name(c)) != 0; c++)
			;
		fuzz_assert(c < HTTP_CODES && http_code_status(c) == a->status);
		fuzz_assert(a->status != 429);
		fuzz_assert((a->status == 405) == (a->allow != 0));
	} else {
		fuzz_assert(!code);
	}
	json_decref(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct http_api api = { routes, NULL, &idem, NULL };
	struct http_head h = { .method = "", .target = "" };
	struct http_answer a = { 0 };
	struct http_request q;
	struct http_peer peer;
	char *text = malloc(size + 1), *line = text;
	uint8_t *body;

	fuzz_assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (int i = 0; line && *line && *line != '\n'; i++) {
		char *end = strchr(line, '\n'), *value;

		if (end)
			*end++ = '\0';
		value = strchr(line, ':');
		if (i == 0) {
			h.method = line;
		} else if (i == 1) {
			h.target = line;
		} else if (value) {
			*value++ = '\0';
			http_head_add(&h, line, value + strspn(value, " "));
			(void)http_peer_forwarded(&peer, value);
		}
		line = end;
	}
	if (http_begin(&api, &h, &q, &a)) {
		size_t left = line && *line ? size - (size_t)(line + 1 - text) : 0;

		/* the server calls only with all of the body; its end is the end of its memory */
		if (q.length <= left) {
			body = malloc(q.length ? q.length : 1);
			fuzz_assert(body);
			memcpy(body, left ? line + 1 : text, q.length);
			http_run(&api, &q, &h, body, &a);
			check(&a);
			free(body);
		}
	} else {
		check(&a);
	}
	http_answer_clear(&a);
	free(text);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_assert(sodium_init() >= 0);
	return 0;
}
