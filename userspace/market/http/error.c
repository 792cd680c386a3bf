// SPDX-License-Identifier: MIT
#include "market/http/error.h"

static const struct {
	const char *name;
	unsigned int status;
	const char *text;
} codes[HTTP_CODES] = {
	[HTTP_OK] = { "ok", 200, "done" },
	[HTTP_BAD_TARGET] = { "bad_target", 400, "the path or the query is malformed" },
	[HTTP_BAD_HEADER] = { "bad_header", 400, "a header is malformed" },
	[HTTP_BAD_JSON] = { "bad_json", 400, "the body is not the JSON that this service reads" },
	[HTTP_BAD_FIELD] = { "bad_field", 400, "this field cannot have this value" },
	[HTTP_MISSING_FIELD] = { "missing_field", 400, "this field is missing" },
	[HTTP_UNKNOWN_FIELD] = { "unknown_field", 400, "there is no such field here" },
	[HTTP_BAD_BODY] = { "bad_body", 400, "the body is not what this route takes" },
	[HTTP_NOT_FOUND] = { "not_found", 404, "there is no such thing here" },
	[HTTP_METHOD_NOT_ALLOWED] = { "method_not_allowed", 405, "this cannot be done to it; Allow says what can" },
	[HTTP_SLOW] = { "slow", 408, "the request did not arrive in time" },
	[HTTP_CONFLICT] = { "conflict", 409, "this contradicts what is here already" },
	[HTTP_LENGTH_REQUIRED] = { "length_required", 411, "a body needs a Content-Length" },
	[HTTP_TOO_LARGE] = { "too_large", 413, "the body is larger than this route takes" },
	[HTTP_TARGET_TOO_LONG] = { "target_too_long", 414, "path and query are too long" },
	[HTTP_UNSUPPORTED_TYPE] = { "unsupported_type", 415, "this route does not take this type or encoding of body" },
	[HTTP_REFUSED] = { "refused", 422, "this is well formed but not accepted" },
	[HTTP_KEY_REUSED] = { "key_reused", 422, "this idempotency key was used with another request" },
	[HTTP_RATE_LIMITED] = { "rate_limited", 429, "too many requests; Retry-After says when to come again" },
	[HTTP_INTERNAL] = { "internal", 500, "the service failed; nothing was done" },
	[HTTP_UNAVAILABLE] = { "unavailable", 503, "not now; Retry-After says when to come again" },
};

const char *http_code_name(enum http_code code)
{
	return codes[code].name;
}

unsigned int http_code_status(enum http_code code)
{
	return codes[code].status;
}

const char *http_code_text(enum http_code code)
{
	return codes[code].text;
}
