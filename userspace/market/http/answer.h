/* SPDX-License-Identifier: MIT */
/* What goes out: a status, a body, and a few headers. */
#ifndef CR_MARKET_HTTP_ANSWER_H
#define CR_MARKET_HTTP_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "market/http/error.h"
#include "market/http/header.h"

#define HTTP_JSON	"application/json"
#define HTTP_BYTES	"application/octet-stream"

/**
 * struct http_blob - bytes that several answers share
 * @bytes: NULL when there are none
 * @len: how many
 * @refs: who holds it
 * @release: called with the blob when nobody does any more; frees bytes and blob
 */
struct http_blob {
	const void *bytes;
	size_t len;
	unsigned int refs;
	void (*release)(struct http_blob *b);
};

/** http_blob_malloced() - takes over @bytes, also when it fails; one reference. Return: NULL without memory */
struct http_blob *http_blob_malloced(void *bytes, size_t len);
/** http_blob_file() - a file, mapped; must not change while it is held. NULL with errno */
struct http_blob *http_blob_file(const char *path);
struct http_blob *http_blob_get(struct http_blob *b);
void http_blob_put(struct http_blob *b);

/**
 * struct http_answer - the answer to a request
 * @status: 0: nothing was answered, which is an internal error
 * @type: of the body; lasts for ever
 * @body: or NULL
 * @etag: with its quotes, or empty
 * @cached: others may keep it for @max_age seconds; else nobody may
 * @max_age: and no longer
 * @retry_after: seconds; 0: no such header
 * @allow: for 405 and OPTIONS
 * @replayed: it was stored under an idempotency key
 */
struct http_answer {
	unsigned int status;
	const char *type;
	struct http_blob *body;
	char etag[HTTP_ETAG_MAX + 1];
	bool cached;
	uint32_t max_age;
	unsigned int retry_after, allow;
	bool replayed;
};

/** http_answer_json() - takes over the reference to @j; without memory it becomes HTTP_INTERNAL */
void http_answer_json(struct http_answer *a, unsigned int status, json_t *j);

/** http_answer_blob() - 200 with bytes; takes over the reference to @b */
void http_answer_blob(struct http_answer *a, const char *type, struct http_blob *b);

/**
 * http_refuse() - an error instead of whatever was answered before
 * @a: the answer
 * @code: why
 * @field: which field, header or part of the path; or NULL
 * @reason: name of a more particular reason, e.g. cr_verdict_name(); or NULL
 * @fmt: message to a person, one sentence without its full stop; NULL: http_code_text().
 *	It holds nothing that came with the request but names that the service knows.
 */
void http_refuse(struct http_answer *a, enum http_code code, const char *field, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/** http_answer_clear() - gives the body back; all zeros again */
void http_answer_clear(struct http_answer *a);

#endif /* CR_MARKET_HTTP_ANSWER_H */
