// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory/trust.h"

#define LINE_MAX_BYTES	160

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, CR_PUBLIC_BYTES);
}

static bool say(char *error, const char *text)
{
	snprintf(error, CR_TRUST_ERROR_TEXT, "%s", text);
	return false;
}

static bool hex32(uint8_t out[32], const char *hex)
{
	size_t len;

	return strlen(hex) == 64 && sodium_hex2bin(out, 32, hex, 64, NULL, &len, NULL) == 0 && len == 32;
}

/* One line without its end. */
static bool take_line(struct cr_trust *t, char *text, bool *ledger, char *error)
{
	char *word, *value, *save = NULL;

	text[strcspn(text, "#")] = '\0';
	word = strtok_r(text, " \t\r", &save);
	if (!word)
		return true;
	value = strtok_r(NULL, " \t\r", &save);
	if (!value || strtok_r(NULL, " \t\r", &save))
		return say(error, "a line is a word and its value");
	if (strcmp(word, "ledger") == 0) {
		if (*ledger)
			return say(error, "\"ledger\" stands here twice");
		*ledger = true;
		return hex32(t->ledger, value) || say(error, "a ledger is 64 hexadecimal digits");
	}
	if (strcmp(word, "threshold") == 0) {
		size_t digits = strspn(value, "0123456789");

		if (t->k)
			return say(error, "\"threshold\" stands here twice");
		t->k = !value[digits] && digits <= 2 ? (unsigned int)atoi(value) : 0;
		return t->k || say(error, "a threshold is a number from 1 to the number of authorities");
	}
	if (strcmp(word, "authority") == 0) {
		if (t->n == CR_AUTHORITIES_MAX)
			return say(error, "there are more than 32 authorities");
		if (!hex32(t->key[t->n], value))
			return say(error, "an authority's key is 64 hexadecimal digits");
		if (!cr_key_usable(t->key[t->n]))
			return say(error, "this is no usable Ed25519 key");
		t->n++;
		return true;
	}
	return say(error, "a line begins with \"ledger\", \"threshold\" or \"authority\"");
}

bool cr_trust_parse(struct cr_trust *trust, const char *text, size_t len, unsigned int *line,
		    char error[CR_TRUST_ERROR_TEXT])
{
	bool ledger = false;

	memset(trust, 0, sizeof(*trust));
	*line = 1;
	if (len > CR_TRUST_FILE_MAX || memchr(text, 0, len))
		return say(error, "this is not a file of authorities");
	for (size_t at = 0; at < len; (*line)++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - (text + at)) : len - at;
		char copy[LINE_MAX_BYTES];

		if (n >= sizeof(copy))
			return say(error, "this line is too long");
		memcpy(copy, text + at, n);
		copy[n] = '\0';
		if (!take_line(trust, copy, &ledger, error))
			return false;
		at += n + 1;
	}
	if (!ledger)
		return say(error, "there is no line \"ledger\"");
	if (!trust->k || trust->k > trust->n)
		return say(error, "\"threshold\" must be from 1 to the number of authorities");
	qsort(trust->key, trust->n, CR_PUBLIC_BYTES, by_key);
	for (unsigned int i = 1; i < trust->n; i++) {
		if (memcmp(trust->key[i - 1], trust->key[i], CR_PUBLIC_BYTES) == 0)
			return say(error, "an authority stands here twice");
	}
	return true;
}
