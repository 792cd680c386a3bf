// SPDX-License-Identifier: MIT
#include "market/http/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct http_blob *blob(const void *bytes, size_t len, void (*release)(struct http_blob *b))
{
	struct http_blob *b = malloc(sizeof(*b));

	if (b)
		*b = (struct http_blob){ .bytes = bytes, .len = len, .refs = 1, .release = release };
	return b;
}

static void release_malloced(struct http_blob *b)
{
	free((void *)(uintptr_t)b->bytes);
	free(b);
}

static void release_mapped(struct http_blob *b)
{
	if (b->len)
		munmap((void *)(uintptr_t)b->bytes, b->len);
	free(b);
}

struct http_blob *http_blob_malloced(void *bytes, size_t len)
{
	struct http_blob *b = blob(bytes, len, release_malloced);

	if (!b)
		free(bytes);
	return b;
}

static struct http_blob *map(int fd)
{
	struct http_blob *b;
	struct stat st;
	void *bytes = NULL;

	if (fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	if (st.st_size) {
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes == MAP_FAILED)
			return NULL;
	}
	b = blob(bytes, (size_t)st.st_size, release_mapped);
	if (!b && bytes)
		munmap(bytes, (size_t)st.st_size);
	return b;
}

struct http_blob *http_blob_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	struct http_blob *b;

	if (fd < 0)
		return NULL;
	b = map(fd);
	error = errno;
	close(fd);
	errno = error;
	return b;
}

struct http_blob *http_blob_get(struct http_blob *b)
{
	b->refs++;
	return b;
}

void http_blob_put(struct http_blob *b)
{
	if (b && --b->refs == 0)
		b->release(b);
}

void http_answer_clear(struct http_answer *a)
{
	http_blob_put(a->body);
	memset(a, 0, sizeof(*a));
}

/* What is left when there is no memory for anything better. */
static void out_of_memory(struct http_answer *a)
{
	http_answer_clear(a);
	a->status = http_code_status(HTTP_INTERNAL);
}

void http_answer_json(struct http_answer *a, unsigned int status, json_t *j)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	http_answer_clear(a);
	if (text)
		a->body = http_blob_malloced(text, strlen(text));
	if (!a->body) {
		out_of_memory(a);
		return;
	}
	a->status = status;
	a->type = HTTP_JSON;
}

void http_answer_blob(struct http_answer *a, const char *type, struct http_blob *b)
{
	http_answer_clear(a);
	a->status = 200;
	a->type = type;
	a->body = b;
}

void http_refuse(struct http_answer *a, enum http_code code, const char *field, const char *reason, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	json_t *e;

	snprintf(text, sizeof(text), "%s", http_code_text(code));
	if (fmt) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	e = json_pack("{s:s,s:s}", "code", http_code_name(code), "message", text);
	if (e && field)
		json_object_set_new(e, "field", json_string(field));
	if (e && reason)
		json_object_set_new(e, "reason", json_string(reason));
	http_answer_json(a, http_code_status(code), e ? json_pack("{s:o}", "error", e) : NULL);
}
