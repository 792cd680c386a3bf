// SPDX-License-Identifier: MIT
#include "json.h"

#include <assert.h>
#include <inttypes.h>

#include "relayctl.h"

#define JSON_SCHEMA	1

static struct {
	char close[JSON_DEPTH_MAX];
	bool any[JSON_DEPTH_MAX];
	unsigned int depth;
	unsigned int docs;
	bool compact;
} js;

static void quoted(const char *s)
{
	fputc('"', opt.out);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(opt.out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(opt.out, "\\u%04x", c);
		else
			fputc(c, opt.out);
	}
	fputc('"', opt.out);
}

static void newline(void)
{
	if (!opt.pretty || js.compact)
		return;
	fputc('\n', opt.out);
	for (unsigned int i = 0; i < js.depth; i++)
		fputs("  ", opt.out);
}

/* Whatever stands in front of a value: comma, indent, name. */
static void lead(const char *name)
{
	if (js.depth) {
		if (js.any[js.depth - 1])
			fputc(',', opt.out);
		js.any[js.depth - 1] = true;
		newline();
	}
	if (name) {
		quoted(name);
		fputs(opt.pretty && !js.compact ? ": " : ":", opt.out);
	}
}

void json_open(const char *name, char bracket)
{
	assert(js.depth < JSON_DEPTH_MAX);
	lead(name);
	fputc(bracket, opt.out);
	js.close[js.depth] = bracket == '{' ? '}' : ']';
	js.any[js.depth++] = false;
}

void json_close(void)
{
	bool any;

	assert(js.depth);
	any = js.any[--js.depth];
	if (any)
		newline();
	fputc(js.close[js.depth], opt.out);
}

void json_str(const char *name, const char *value)
{
	lead(name);
	if (value)
		quoted(value);
	else
		fputs("null", opt.out);
}

void json_u64(const char *name, uint64_t value)
{
	lead(name);
	fprintf(opt.out, "%" PRIu64, value);
}

void json_s64(const char *name, int64_t value)
{
	lead(name);
	fprintf(opt.out, "%" PRId64, value);
}

void json_bool(const char *name, bool value)
{
	lead(name);
	fputs(value ? "true" : "false", opt.out);
}

void json_nil(const char *name)
{
	json_str(name, NULL);
}

void json_hex64(const char *name, uint64_t value)
{
	lead(name);
	fprintf(opt.out, "\"0x%016" PRIx64 "\"", value);
}

void json_u64_or_null(const char *name, uint64_t value, uint64_t none)
{
	if (value == none)
		json_nil(name);
	else
		json_u64(name, value);
}

void json_doc_begin(void)
{
	if (js.docs++ == 0) {
		js.depth = 0;
		js.compact = false;
		json_open(NULL, '{');
		json_u64("schema", JSON_SCHEMA);
	}
}

void json_doc_end(void)
{
	assert(js.docs);
	if (--js.docs == 0) {
		json_close();
		fputc('\n', opt.out);
	}
}

void json_line_begin(void)
{
	js.depth = 0;
	js.compact = true;
	json_open(NULL, '{');
	json_u64("schema", JSON_SCHEMA);
}

void json_line_end(void)
{
	json_close();
	fputc('\n', opt.out);
	fflush(opt.out);
}
