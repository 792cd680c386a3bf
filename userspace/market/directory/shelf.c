// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "directory/delta.h"
#include "directory/durable.h"
#include "market/directory/shelf.h"

#define WORD_MAX	160

static bool path_of(char path[PATH_MAX], const char *folder, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

static enum cr_verdict put(const char *folder, const char *name, const void *bytes, size_t len)
{
	char path[PATH_MAX];

	return path_of(path, folder, name) && cr_durable_write(path, bytes, len, 0644) ? CR_DIR_OK : CR_DIR_STORAGE;
}

/* CR_DIR_OK with *bytes NULL: there is no such file. */
static enum cr_verdict get(const char *folder, const char *name, size_t max, uint8_t **bytes, size_t *len)
{
	char path[PATH_MAX];

	*bytes = path_of(path, folder, name) ? cr_file_read(path, max, len) : NULL;
	return *bytes || errno == ENOENT ? CR_DIR_OK : CR_DIR_STORAGE;
}

bool shelf_name(char *path, size_t room, const char *folder, uint64_t base, uint64_t number)
{
	int n = base ? snprintf(path, room, "%s/delta-%" PRIu64 "-%" PRIu64, folder, base, number) :
		       snprintf(path, room, "%s/snapshot-%" PRIu64, folder, number);

	return n > 0 && (size_t)n < room;
}

static enum cr_verdict put_numbered(const char *folder, uint64_t base, uint64_t number, const void *bytes, size_t len)
{
	char path[PATH_MAX];

	if (!shelf_name(path, sizeof(path), folder, base, number)) {
		errno = ENAMETOOLONG;
		return CR_DIR_STORAGE;
	}
	return cr_durable_write(path, bytes, len, 0644) ? CR_DIR_OK : CR_DIR_STORAGE;
}

/* "NUMBER" or "NUMBER HASH", and a newline. */
static enum cr_verdict get_word(const char *folder, const char *name, uint64_t *number, uint8_t *hash)
{
	enum cr_verdict v;
	size_t len, n = 0;
	uint8_t *text;
	char *end;

	*number = 0;
	v = get(folder, name, WORD_MAX, &text, &len);
	if (v || !text)
		return v;
	errno = 0;
	*number = strtoull((char *)text, &end, 10);
	if (errno || !*number || (hash ? *end != ' ' || sodium_hex2bin(hash, CR_HASH_BYTES, end + 1, strcspn(end + 1, "\n"), NULL, &n, NULL) ||
				  n != CR_HASH_BYTES : *end != '\n')) {
		*number = 0;
		errno = EBADMSG;
		v = CR_DIR_STORAGE;
	}
	free(text);
	return v;
}

enum cr_verdict shelf_current(const char *folder, uint64_t *number)
{
	return get_word(folder, "current", number, NULL);
}

enum cr_verdict shelf_pending(const char *folder, uint64_t *number, uint8_t hash[CR_HASH_BYTES])
{
	return get_word(folder, "pending", number, hash);
}

/* ---------------------------------------------------------------- signatures */

/* Removes signature-N-KEY of other numbers than @keep. */
static void drop_signatures(const char *folder, uint64_t keep)
{
	char path[PATH_MAX], want[48];
	DIR *dir = opendir(folder);
	struct dirent *de;

	snprintf(want, sizeof(want), "signature-%" PRIu64 "-", keep);
	while (dir && (de = readdir(dir))) {
		if (strncmp(de->d_name, "signature-", 10) == 0 && strncmp(de->d_name, want, strlen(want)) != 0 &&
		    path_of(path, folder, de->d_name))
			unlink(path);
	}
	if (dir)
		closedir(dir);
}

enum cr_verdict shelf_put(const char *folder, const uint8_t *bytes, size_t len)
{
	char hex[2 * CR_HASH_BYTES + 1], text[WORD_MAX];
	struct cr_snapshot s;
	enum cr_verdict v = cr_snapshot_parse(&s, bytes, len);

	v = v ? v : put(folder, "next", bytes, len);
	if (v)
		return v;
	sodium_bin2hex(hex, sizeof(hex), s.hash, sizeof(s.hash));
	snprintf(text, sizeof(text), "%" PRIu64 " %s\n", s.head.number, hex);
	v = put(folder, "pending", text, strlen(text));
	drop_signatures(folder, s.head.number);
	return v;
}

static void message_of(uint8_t message[CR_SNAPSHOT_MESSAGE], const struct cr_trust *trust, uint64_t number, const uint8_t *hash)
{
	struct cr_snapshot s = { .head.number = number };

	memcpy(s.head.ledger, trust->ledger, CR_LEDGER_BYTES);
	memcpy(s.hash, hash, CR_HASH_BYTES);
	cr_snapshot_message(message, &s);
}

enum cr_verdict shelf_sign(const char *folder, const struct cr_trust *trust, uint64_t number,
			   const uint8_t hash[CR_HASH_BYTES], const uint8_t sig[CR_AUTHORITY_SIG_BYTES])
{
	uint8_t want[CR_HASH_BYTES], message[CR_SNAPSHOT_MESSAGE];
	char hex[2 * CR_PUBLIC_BYTES + 1], name[160];
	uint64_t pending;
	enum cr_verdict v = shelf_pending(folder, &pending, want);
	unsigned int i;

	if (v)
		return v;
	if (!pending || number != pending || memcmp(hash, want, CR_HASH_BYTES) != 0)
		return CR_DIR_FORK;
	for (i = 0; i < trust->n && memcmp(trust->key[i], sig, CR_PUBLIC_BYTES) != 0; i++)
		;
	if (i == trust->n)
		return CR_DIR_KEY;
	message_of(message, trust, number, hash);
	if (cr_verify(sig + CR_PUBLIC_BYTES, message, sizeof(message), sig))
		return CR_DIR_SIGNATURE;
	sodium_bin2hex(hex, sizeof(hex), sig, CR_PUBLIC_BYTES);
	snprintf(name, sizeof(name), "signature-%" PRIu64 "-%s", number, hex);
	return put(folder, name, sig, CR_AUTHORITY_SIG_BYTES);
}

static bool signed_by(const struct cr_snapshot *s, const uint8_t *key)
{
	for (unsigned int i = 0; i < s->sig_count; i++) {
		if (memcmp(s->sigs + i * CR_AUTHORITY_SIG_BYTES, key, CR_PUBLIC_BYTES) == 0)
			return true;
	}
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, CR_PUBLIC_BYTES);
}

/* Adds what came over the network to "next", in memory. Each was verified when it came, and is again with the snapshot. */
static enum cr_verdict gather(const char *folder, const struct cr_trust *trust, uint8_t **bytes, size_t *len, struct cr_snapshot *s)
{
	uint8_t list[CR_AUTHORITIES_MAX][CR_AUTHORITY_SIG_BYTES], *more;
	enum cr_verdict v = CR_DIR_OK;
	unsigned int n = s->sig_count;

	memcpy(list, s->sigs, n * CR_AUTHORITY_SIG_BYTES);
	for (unsigned int i = 0; i < trust->n && n < CR_AUTHORITIES_MAX && !v; i++) {
		char hex[2 * CR_PUBLIC_BYTES + 1], name[160];
		size_t got;
		uint8_t *sig;

		if (signed_by(s, trust->key[i]))
			continue;
		sodium_bin2hex(hex, sizeof(hex), trust->key[i], CR_PUBLIC_BYTES);
		snprintf(name, sizeof(name), "signature-%" PRIu64 "-%s", s->head.number, hex);
		v = get(folder, name, CR_AUTHORITY_SIG_BYTES, &sig, &got);
		if (sig && got == CR_AUTHORITY_SIG_BYTES && memcmp(sig, trust->key[i], CR_PUBLIC_BYTES) == 0)
			memcpy(list[n++], sig, CR_AUTHORITY_SIG_BYTES);
		free(sig);
	}
	if (v || n == s->sig_count)
		return v;
	qsort(list, n, sizeof(list[0]), by_bytes);
	more = realloc(*bytes, s->body_len + CR_SIGNATURES_MAX);
	if (!more)
		return CR_DIR_MEMORY;
	*bytes = more;
	more[s->body_len] = (uint8_t)n;
	memcpy(more + s->body_len + 1, list, n * CR_AUTHORITY_SIG_BYTES);
	*len = s->body_len + 1 + n * CR_AUTHORITY_SIG_BYTES;
	return cr_snapshot_parse(s, *bytes, *len);
}

/* ---------------------------------------------------------------- publishing */


static int newest_first(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* Numbers of the newest @max published snapshots, newest first; what is older, and deltas to others than @newest, go. */
static size_t tidy(const char *folder, uint64_t newest, uint64_t *numbers, size_t max)
{
	char path[PATH_MAX];
	DIR *dir = opendir(folder);
	struct dirent *de;
	uint64_t all[256];
	size_t n = 0;

	while (dir && (de = readdir(dir))) {
		uint64_t base, number;
		char rest;

		if (sscanf(de->d_name, "snapshot-%" SCNu64 "%c", &number, &rest) == 1 && n < sizeof(all) / sizeof(all[0]))
			all[n++] = number;
		else if (newest && sscanf(de->d_name, "delta-%" SCNu64 "-%" SCNu64 "%c", &base, &number, &rest) == 2 &&
			 number != newest && path_of(path, folder, de->d_name))
			unlink(path);
	}
	if (dir)
		closedir(dir);
	qsort(all, n, sizeof(all[0]), newest_first);
	for (size_t i = max; newest && i < n; i++) {
		if (shelf_name(path, sizeof(path), folder, 0, all[i]))
			unlink(path);
	}
	n = n < max ? n : max;
	memcpy(numbers, all, n * sizeof(all[0]));
	return n;
}

static enum cr_verdict put_delta(const char *folder, uint64_t base, const struct cr_snapshot *next)
{
	char name[48];
	struct cr_snapshot s;
	uint8_t *bytes, *delta;
	size_t len;
	enum cr_verdict v;

	snprintf(name, sizeof(name), "snapshot-%" PRIu64, base);
	v = get(folder, name, CR_SNAPSHOT_BYTES_MAX, &bytes, &len);
	if (v || !bytes)
		return v;
	v = cr_snapshot_parse(&s, bytes, len);
	v = v ? v : cr_delta_make(&s, next, &delta, &len);
	if (!v) {
		/* one that saves nothing is not worth its name */
		if (len < next->len)
			v = put_numbered(folder, base, next->head.number, delta, len);
		free(delta);
	}
	free(bytes);
	return v;
}

static enum cr_verdict publish(const char *folder, const struct cr_snapshot *s)
{
	uint64_t bases[SHELF_BASES];
	enum cr_verdict v = CR_DIR_OK;
	char text[WORD_MAX];
	size_t n = tidy(folder, 0, bases, SHELF_BASES);

	for (size_t i = 0; i < n && !v; i++) {
		if (bases[i] < s->head.number)
			v = put_delta(folder, bases[i], s);
	}
	v = v ? v : put_numbered(folder, 0, s->head.number, s->body, s->len);
	snprintf(text, sizeof(text), "%" PRIu64 "\n", s->head.number);
	v = v ? v : put(folder, "current", text, strlen(text));
	if (!v)
		tidy(folder, s->head.number, bases, SHELF_BASES);
	return v;
}

enum cr_verdict shelf_publish(const char *folder, const struct cr_trust *trust, uint64_t now, uint64_t *number)
{
	uint8_t *bytes, hash[CR_HASH_BYTES];
	uint64_t current, pending;
	struct cr_snapshot s;
	size_t len;
	enum cr_verdict v = shelf_current(folder, &current);

	*number = 0;
	v = v ? v : shelf_pending(folder, &pending, hash);
	if (!v && pending && pending <= current)
		return CR_DIR_OK;
	v = v ? v : get(folder, "next", CR_SNAPSHOT_BYTES_MAX, &bytes, &len);
	if (v || !bytes)
		return v;
	v = cr_snapshot_parse(&s, bytes, len);
	if (!v && s.head.number > current) {
		v = gather(folder, trust, &bytes, &len, &s);
		v = v ? v : cr_snapshot_verify(&s, trust, now, NULL);
		v = v ? v : publish(folder, &s);
		if (!v)
			*number = s.head.number;
	}
	free(bytes);
	return v;
}

enum cr_verdict shelf_newest(const char *folder, struct shelf_head *head)
{
	struct cr_snapshot s;
	uint8_t *bytes;
	uint64_t number;
	char name[48];
	size_t len;
	enum cr_verdict v = shelf_current(folder, &number);

	memset(head, 0, sizeof(*head));
	if (v || !number)
		return v;
	snprintf(name, sizeof(name), "snapshot-%" PRIu64, number);
	v = get(folder, name, CR_SNAPSHOT_BYTES_MAX, &bytes, &len);
	if (v)
		return v;
	if (!bytes)
		return CR_DIR_STORAGE;
	v = cr_snapshot_parse(&s, bytes, len);
	if (!v) {
		*head = (struct shelf_head){ .number = s.head.number, .from = s.head.from, .until = cr_snapshot_until(&s.head),
			.period = s.head.period, .relays = s.head.relay_count, .bytes = len };
		memcpy(head->hash, s.hash, sizeof(head->hash));
	}
	free(bytes);
	return v;
}
