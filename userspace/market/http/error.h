/* SPDX-License-Identifier: MIT */
/*
 * Why a request was not done: the codes of {"error": {"code": ...}}.
 *
 * Programs go by the code, so one never changes its meaning; docs/market-api.md
 * lists them, and a test holds that list against this one.
 */
#ifndef CR_MARKET_HTTP_ERROR_H
#define CR_MARKET_HTTP_ERROR_H

enum http_code {
	HTTP_OK = 0,
	HTTP_BAD_TARGET,	/* path or query malformed */
	HTTP_BAD_HEADER,	/* a header that we go by is malformed */
	HTTP_BAD_JSON,		/* not JSON, or too deep, or a name twice */
	HTTP_BAD_FIELD,		/* a field has a value that it cannot have */
	HTTP_MISSING_FIELD,
	HTTP_UNKNOWN_FIELD,
	HTTP_BAD_BODY,		/* bytes that are not what this route takes */
	HTTP_NOT_FOUND,
	HTTP_METHOD_NOT_ALLOWED,
	HTTP_SLOW,		/* the request did not arrive in time */
	HTTP_CONFLICT,		/* contradicts what is there */
	HTTP_LENGTH_REQUIRED,	/* a body without Content-Length */
	HTTP_TOO_LARGE,		/* body */
	HTTP_TARGET_TOO_LONG,
	HTTP_UNSUPPORTED_TYPE,	/* Content-Type or Content-Encoding */
	HTTP_REFUSED,		/* well formed, and not accepted; "reason" says why */
	HTTP_KEY_REUSED,	/* idempotency key with another request */
	HTTP_RATE_LIMITED,
	HTTP_INTERNAL,
	HTTP_UNAVAILABLE,	/* try again later */
	HTTP_CODES
};

/** http_code_name() - what stands in "code", e.g. "bad_field" */
const char *http_code_name(enum http_code code);
/** http_code_status() - the HTTP status that goes with it */
unsigned int http_code_status(enum http_code code);
/** http_code_text() - message where nothing more particular is known */
const char *http_code_text(enum http_code code);

#endif /* CR_MARKET_HTTP_ERROR_H */
