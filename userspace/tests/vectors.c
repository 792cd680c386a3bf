// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "vectors.h"

json_t *vectors_load(const char *name)
{
	const char *dir = getenv("VECTORS");
	char path[PATH_MAX];
	json_error_t error;
	json_t *root;

	if (!dir)
		dir = "userspace/tests/vectors";
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	root = json_load_file(path, 0, &error);
	if (!root)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return root;
}

json_t *vectors_get(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!value)
		fail_msg("vector without member \"%s\"", key);
	return value;
}

const char *vectors_str(const json_t *object, const char *key)
{
	const char *s = json_string_value(vectors_get(object, key));

	if (!s)
		fail_msg("member \"%s\" is no string", key);
	return s;
}

void vectors_hex(uint8_t *out, size_t len, const char *hex)
{
	size_t got;

	if (sodium_hex2bin(out, len, hex, strlen(hex), NULL, &got, NULL) ||
	    got != len)
		fail_msg("not %zu bytes of hex: %s", len, hex);
}

uint8_t *vectors_bytes(const char *hex, size_t *len)
{
	uint8_t *out;

	*len = strlen(hex) / 2;
	out = malloc(*len + 1);
	assert_non_null(out);
	vectors_hex(out, *len, hex);
	return out;
}
