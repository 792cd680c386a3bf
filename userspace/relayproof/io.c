// SPDX-License-Identifier: MIT
/* Reading and writing JSON, with messages that name the member at fault. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "relayproof/io.h"

int complain(int status, const char *format, ...)
{
	va_list args;

	progress_done();
	fputs("relayproof: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

/* The size in front of each block, so that freeing can wipe it. */
struct block {
	size_t size;
	max_align_t data[];
};

static void *wiped_malloc(size_t size)
{
	struct block *b = malloc(sizeof(*b) + size);

	if (!b)
		return NULL;
	b->size = size;
	return b->data;
}

static void wiped_free(void *p)
{
	struct block *b;

	if (!p)
		return;
	b = (struct block *)((char *)p - offsetof(struct block, data));
	sodium_memzero(b->data, b->size);
	free(b);
}

void io_init(void)
{
	json_set_alloc_funcs(wiped_malloc, wiped_free);
}

/* Doubles up to INPUT_MAX; old buffers are wiped. */
static char *grow(char *old, size_t used, size_t *size)
{
	size_t bigger = *size ? 2 * *size : 1u << 16;
	char *new = malloc(bigger);

	if (new && old)
		memcpy(new, old, used);
	if (old)
		sodium_memzero(old, used);
	free(old);
	*size = bigger;
	return new;
}

json_t *io_read(int *status)
{
	size_t used = 0, size = 0;
	char *text = NULL;
	json_error_t error;
	json_t *root = NULL;

	*status = STATUS_FAILED;
	for (;;) {
		ssize_t got;

		if (used == size) {
			text = grow(text, used, &size);
			if (!text) {
				complain(*status, "out of memory for standard input");
				return NULL;
			}
		}
		got = read(STDIN_FILENO, text + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			complain(*status, "cannot read standard input: %s", strerror(errno));
			goto out;
		}
		if (!got)
			break;
		used += (size_t)got;
		if (used > INPUT_MAX) {
			*status = complain(STATUS_MALFORMED, "input is longer than %u bytes",
					   INPUT_MAX);
			goto out;
		}
	}
	root = json_loadb(text, used, JSON_REJECT_DUPLICATES, &error);
	/* not error.text: it quotes the input, which may be secret */
	if (!root)
		*status = complain(STATUS_MALFORMED, "input is not JSON: line %d, column %d",
				   error.line, error.column);
out:
	sodium_memzero(text, used);
	free(text);
	return root;
}

int io_write(json_t *out, int status)
{
	bool bad = !out || json_dumpf(out, stdout, JSON_COMPACT) ||
		   fputc('\n', stdout) == EOF || fflush(stdout);

	json_decref(out);
	if (bad)
		return complain(STATUS_FAILED, "cannot write the result: %s",
				strerror(errno));
	return status;
}

static const json_t *member(const json_t *object, const char *key)
{
	const json_t *value;

	if (!json_is_object(object)) {
		complain(STATUS_MALFORMED, "expected an object with member \"%s\"", key);
		return NULL;
	}
	value = json_object_get(object, key);
	if (!value)
		complain(STATUS_MALFORMED, "member \"%s\" is missing", key);
	return value;
}

/* name of a member or element for messages */
struct name {
	const char *key;
	size_t index;
	bool element;
};

static int wrong(const struct name *n, const char *what)
{
	if (n->element)
		return complain(STATUS_MALFORMED, "%s[%zu] %s", n->key, n->index, what);
	return complain(STATUS_MALFORMED, "member \"%s\" %s", n->key, what);
}

/* Lower-case only: one value, one text. */
static bool all_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	}
	return true;
}

static bool hex_value(const json_t *value, const struct name *n, uint8_t *out,
		      size_t len)
{
	const char *s = json_string_value(value);
	size_t text = json_string_length(value), got;

	if (!s || text != 2 * len) {
		char what[64];

		snprintf(what, sizeof(what), "is not %zu bytes of hex", len);
		wrong(n, what);
		return false;
	}
	if (!all_hex(s, text) ||
	    sodium_hex2bin(out, len, s, text, NULL, &got, NULL) || got != len) {
		wrong(n, "is not lower-case hex");
		return false;
	}
	return true;
}

/* Decimal text without sign, space or leading zero, or a plain JSON integer. */
static bool u64_value(const json_t *value, const struct name *n, uint64_t *out)
{
	const char *s = json_string_value(value);
	uint64_t sum = 0;

	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*out = (uint64_t)json_integer_value(value);
		return true;
	}
	if (!s || !*s || (s[0] == '0' && s[1]) || strlen(s) != json_string_length(value))
		goto bad;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' ||
		    __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*s - '0'), &sum))
			goto bad;
	}
	*out = sum;
	return true;
bad:
	wrong(n, "is not a decimal number from 0 to 18446744073709551615");
	return false;
}

bool io_hex(const json_t *object, const char *key, uint8_t *out, size_t len)
{
	const struct name n = { .key = key };
	const json_t *value = member(object, key);

	return value && hex_value(value, &n, out, len);
}

bool io_item_hex(const json_t *item, const char *what, size_t i, uint8_t *out, size_t len)
{
	const struct name n = { .key = what, .index = i, .element = true };

	return hex_value(item, &n, out, len);
}

bool io_u64(const json_t *object, const char *key, uint64_t *out)
{
	const struct name n = { .key = key };
	const json_t *value = member(object, key);

	return value && u64_value(value, &n, out);
}

bool io_item_u64(const json_t *item, const char *what, size_t i, uint64_t *out)
{
	const struct name n = { .key = what, .index = i, .element = true };

	return u64_value(item, &n, out);
}

bool io_scalar(const json_t *object, const char *key, struct cr_scalar *out)
{
	uint8_t bytes[CR_SCALAR_BYTES];
	bool ok = io_hex(object, key, bytes, sizeof(bytes));

	if (ok && !cr_scalar_parse(out, bytes)) {
		complain(STATUS_MALFORMED, "member \"%s\" is not below the group order", key);
		ok = false;
	}
	sodium_memzero(bytes, sizeof(bytes));
	return ok;
}

json_t *io_array(const json_t *object, const char *key, size_t min, size_t max)
{
	const json_t *value = member(object, key);

	if (!value)
		return NULL;
	if (!json_is_array(value) || json_array_size(value) < min ||
	    json_array_size(value) > max) {
		complain(STATUS_MALFORMED, "member \"%s\" is not an array of %zu to %zu", key,
			 min, max);
		return NULL;
	}
	return json_object_get(object, key);
}

json_t *io_object(const json_t *object, const char *key)
{
	if (!member(object, key))
		return NULL;
	if (!json_is_object(json_object_get(object, key))) {
		complain(STATUS_MALFORMED, "member \"%s\" is not an object", key);
		return NULL;
	}
	return json_object_get(object, key);
}

uint8_t *io_bytes(const json_t *object, const char *key, size_t max, size_t *len)
{
	const struct name n = { .key = key };
	const json_t *value = member(object, key);
	uint8_t *out;

	if (!value)
		return NULL;
	*len = json_string_length(value) / 2;
	if (!json_is_string(value) || json_string_length(value) % 2 || *len > max) {
		complain(STATUS_MALFORMED, "member \"%s\" is not hex of at most %zu bytes",
			 key, max);
		return NULL;
	}
	out = malloc(*len + 1);
	if (!out) {
		complain(STATUS_FAILED, "out of memory for \"%s\"", key);
		return NULL;
	}
	if (!hex_value(value, &n, out, *len)) {
		free(out);
		return NULL;
	}
	return out;
}

json_t *io_new_hex(const void *bytes, size_t len)
{
	char *text = malloc(2 * len + 1);
	json_t *value;

	if (!text)
		return NULL;
	sodium_bin2hex(text, 2 * len + 1, bytes, len);
	value = json_string(text);
	sodium_memzero(text, 2 * len + 1);
	free(text);
	return value;
}

void io_put_hex(json_t *object, const char *key, const void *bytes, size_t len)
{
	json_object_set_new(object, key, io_new_hex(bytes, len));
}

void io_put_u64(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_sprintf("%" PRIu64, value));
}

bool io_scope(const json_t *object, struct cr_scope *scope)
{
	return io_hex(object, "ledger", scope->ledger, CR_LEDGER_BYTES) &&
	       io_u64(object, "epoch", &scope->epoch) &&
	       io_hex(object, "relay", scope->relay, CR_RELAY_BYTES);
}

void io_put_scope(json_t *object, const struct cr_scope *scope)
{
	io_put_hex(object, "ledger", scope->ledger, CR_LEDGER_BYTES);
	io_put_u64(object, "epoch", scope->epoch);
	io_put_hex(object, "relay", scope->relay, CR_RELAY_BYTES);
}

bool io_terms(const json_t *object, struct cr_claim_terms *terms)
{
	const json_t *t = io_object(object, "terms");

	return t && io_scope(t, &terms->scope) && io_u64(t, "tariff", &terms->tariff) &&
	       io_hex(t, "payout", terms->payout, CR_PAYOUT_BYTES) &&
	       io_hex(t, "market", terms->market, CR_PUBLIC_BYTES);
}

bool io_certificate(const json_t *object, struct cr_certificate *cert)
{
	uint8_t bytes[CR_CERTIFICATE_BYTES];
	enum cr_reason reason;

	if (!io_hex(object, "certificate", bytes, sizeof(bytes)))
		return false;
	reason = cr_certificate_decode(cert, bytes, sizeof(bytes));
	if (reason != CR_ACCEPTED)
		complain(STATUS_MALFORMED, "member \"certificate\" %s",
			 cr_reason_text(reason));
	return reason == CR_ACCEPTED;
}

bool io_secret_key(const json_t *object, const char *key,
		   uint8_t public_key[CR_PUBLIC_BYTES],
		   uint8_t secret[CR_SECRET_BYTES])
{
	/* the seed is the first half of what it becomes */
	if (!io_hex(object, key, secret, CR_SEED_BYTES))
		return false;
	cr_key_from_seed(public_key, secret, secret);
	return true;
}

json_t *io_verdict(enum cr_reason reason, int *status)
{
	json_t *out = json_object();

	json_object_set_new(out, "valid", json_boolean(reason == CR_ACCEPTED));
	json_object_set_new(out, "reason", json_string(cr_reason_name(reason)));
	*status = reason == CR_ACCEPTED ? STATUS_OK : STATUS_INVALID;
	if (reason == CR_NO_MEMORY || reason == CR_FAULT)
		*status = STATUS_FAILED;
	return out;
}

void *secret_new(size_t size)
{
	/* sodium_malloc() ends at a page: a multiple of 64 keeps it aligned */
	void *p = sodium_malloc((size + 63) / 64 * 64);

	if (p)
		memset(p, 0, (size + 63) / 64 * 64);
	else
		complain(STATUS_FAILED, "no locked memory for secrets (%zu bytes): %s", size,
			 strerror(errno));
	return p;
}

int refuse(enum cr_reason reason, const char *what)
{
	int status = reason == CR_NO_MEMORY || reason == CR_FAULT ? STATUS_FAILED
								  : STATUS_INVALID;

	return complain(status, "%s: %s", what, cr_reason_text(reason));
}
