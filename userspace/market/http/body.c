// SPDX-License-Identifier: MIT
#include "market/http/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

/* The parser recurses: how deep is known before it starts. */
static bool too_deep(const char *s, size_t len)
{
	unsigned int depth = 0;
	bool text = false;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				text = false;
		} else if (c == '"') {
			text = true;
		} else if (c == '{' || c == '[') {
			if (++depth > HTTP_JSON_DEPTH)
				return true;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return false;
}

json_t *http_json_parse(const void *bytes, size_t len, const char **why)
{
	json_error_t e;
	json_t *j;

	*why = "the body is nested too deeply";
	if (too_deep(bytes, len))
		return NULL;
	j = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &e);
	if (json_is_object(j))
		return j;
	*why = j ? "the body is not an object" :
	       json_error_code(&e) == json_error_duplicate_key ? "a name stands twice in one object" :
	       json_error_code(&e) == json_error_out_of_memory ? "out of memory" :
	       "the body is not JSON in UTF-8";
	json_decref(j);
	return NULL;
}

/* What the field should be. Return: false. */
static bool range(const struct http_field *f, struct http_answer *a, const char *what, const char *of)
{
	char most[24] = "";

	if (f->min != f->max)
		snprintf(most, sizeof(most), " to %" PRIu64, f->max);
	http_refuse(a, HTTP_BAD_FIELD, f->name, NULL, "this is %s %" PRIu64 "%s%s%s", what, f->min, most, *of ? " " : "", of);
	return false;
}

static bool lower_hex(const char *s, size_t len)
{
	return strspn(s, "0123456789abcdef") == len;
}

static bool take_hex(const struct http_field *f, const json_t *v, struct http_answer *a)
{
	size_t len = json_string_length(v), n = 0;
	const char *s = json_string_value(v);

	if (!s || len % 2 || len < 2 * f->min || len > 2 * f->max || !lower_hex(s, len) ||
	    sodium_hex2bin(f->to, f->max, s, len, NULL, &n, NULL))
		return range(f, a, "a string of", "bytes as lower-case hexadecimal digits");
	if (f->len)
		*f->len = n;
	return true;
}

static bool take_text(const struct http_field *f, const json_t *v, struct http_answer *a)
{
	size_t len = json_string_length(v);
	const char *s = json_string_value(v);
	bool good = s && len >= f->min && len <= f->max;

	for (size_t i = 0; good && i < len; i++)
		good = s[i] >= 0x20 && s[i] < 0x7f;
	if (!good)
		return range(f, a, "a string of", "printable ASCII characters");
	*(const char **)f->to = s;
	return true;
}

static bool take(const struct http_field *f, const json_t *v, struct http_answer *a)
{
	switch (f->kind) {
	case HTTP_FIELD_U64:
		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    (uint64_t)json_integer_value(v) < f->min || (uint64_t)json_integer_value(v) > f->max)
			return range(f, a, "an integer from", "");
		*(uint64_t *)f->to = (uint64_t)json_integer_value(v);
		return true;
	case HTTP_FIELD_BOOL:
		if (!json_is_boolean(v)) {
			http_refuse(a, HTTP_BAD_FIELD, f->name, NULL, "this is true or false");
			return false;
		}
		*(bool *)f->to = json_is_true(v);
		return true;
	case HTTP_FIELD_HEX:
		return take_hex(f, v, a);
	case HTTP_FIELD_TEXT:
		return take_text(f, v, a);
	case HTTP_FIELD_ARRAY:
		if (!json_is_array(v) || json_array_size(v) < f->min || json_array_size(v) > f->max)
			return range(f, a, "a list of", "elements");
		*(const json_t **)f->to = v;
		return true;
	}
	return false;
}

bool http_fields(const json_t *o, const struct http_field *f, struct http_answer *a)
{
	size_t seen = 0;

	if (!json_is_object(o)) {
		http_refuse(a, HTTP_BAD_JSON, NULL, NULL, "an element is not an object");
		return false;
	}
	for (; f->name; f++) {
		const json_t *v = json_object_get(o, f->name);

		if (f->set)
			*f->set = v;
		if (!v && f->set)
			continue;
		if (!v) {
			http_refuse(a, HTTP_MISSING_FIELD, f->name, NULL, NULL);
			return false;
		}
		seen++;
		if (!take(f, v, a))
			return false;
	}
	if (seen == json_object_size(o))
		return true;
	/* its name came with the request and goes nowhere */
	http_refuse(a, HTTP_UNKNOWN_FIELD, NULL, NULL, "an object has a field that is not known here");
	return false;
}

bool http_hex(uint8_t *out, size_t len, const char *text)
{
	size_t n;

	return strlen(text) == 2 * len && lower_hex(text, 2 * len) &&
	       sodium_hex2bin(out, len, text, 2 * len, NULL, &n, NULL) == 0 && n == len;
}

bool http_number(uint64_t *out, const char *text)
{
	size_t len = strspn(text, "0123456789");

	*out = 0;
	if (!len || text[len] || len > 19 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++)
		*out = *out * 10 + (uint64_t)(text[i] - '0');
	return *out < 1ULL << 63;
}
