/* SPDX-License-Identifier: MIT */
/*
 * JSON that comes in: an object, no name twice, nested a few levels at most; and its
 * fields, read by a table, so that nothing that the table does not name gets in.
 */
#ifndef CR_MARKET_HTTP_BODY_H
#define CR_MARKET_HTTP_BODY_H

#include "market/http/answer.h"

#define HTTP_JSON_DEPTH	8

/**
 * http_json_parse() - an object
 * @bytes: @len of them, UTF-8
 * @len: bounded by the route
 * @why: what is wrong, one clause, when the result is NULL; lasts for ever
 */
json_t *http_json_parse(const void *bytes, size_t len, const char **why);

enum http_kind {
	HTTP_FIELD_U64,		/* integer in [min, max], max below 2^63; @to: uint64_t */
	HTTP_FIELD_BOOL,	/* @to: bool */
	HTTP_FIELD_HEX,		/* lower case, min to max bytes; @to: uint8_t[max]; @len: how many */
	HTTP_FIELD_TEXT,	/* printable ASCII, min to max characters; @to: const char *, lasts as long as the JSON */
	HTTP_FIELD_ARRAY,	/* min to max elements; @to: const json_t * */
};

/**
 * struct http_field - a field that an object may have
 * @name: NULL behind the last
 * @kind: type
 * @min: smallest
 * @max: largest
 * @to: where the value goes
 * @len: for HTTP_FIELD_HEX, where min and max differ
 * @set: NULL: the field is required; else whether it was there
 */
struct http_field {
	const char *name;
	enum http_kind kind;
	uint64_t min, max;
	void *to;
	size_t *len;
	bool *set;
};

/**
 * http_fields() - reads an object by a table
 * @o: the object
 * @f: table
 * @a: gets the error when the result is false
 */
bool http_fields(const json_t *o, const struct http_field *f, struct http_answer *a);

/** http_hex() - lower-case hexadecimal digits of exactly @len bytes, as pieces of paths have them */
bool http_hex(uint8_t *out, size_t len, const char *text);
/** http_number() - a decimal number without leading zeros, below 2^63 */
bool http_number(uint64_t *out, const char *text);

#endif /* CR_MARKET_HTTP_BODY_H */
