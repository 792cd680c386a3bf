// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "market/cli/cli.h"

static void __attribute__((format(printf, 1, 0))) say(const char *format, va_list ap)
{
	fflush(stdout);
	fputs("relaymarket: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

void err(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

enum rc fail(enum rc rc, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
	return rc;
}

enum rc cli_path(const struct cli *cli, const char *name, char path[4096])
{
	if (snprintf(path, 4096, "%s/%s", cli->folder, name) >= 4096)
		return fail(RC_USAGE, "the path of the market's folder is too long");
	return RC_OK;
}

enum rc cli_fail(const struct market *m, enum mkt_verdict v, const char *what)
{
	switch (v) {
	case MKT_OK:
		return RC_OK;
	case MKT_BUSY:
	case MKT_STORAGE:
	case MKT_MEMORY:
	case MKT_CORRUPT:
	case MKT_FAULT:
		return fail(RC_REFUSED, "%s: %s: %s", what, mkt_verdict_text(v), mkt_message(m));
	default:
		return fail(RC_REFUSED, "%s: %s", what, mkt_verdict_text(v));
	}
}

enum rc cli_open_at(const char *path, bool upgrade, struct market *m)
{
	struct db *db;
	enum db_result r = db_open(&db, path, 0);
	enum mkt_verdict v;

	memset(m, 0, sizeof(*m));
	m->db = db;
	if (r)
		return fail(r == DB_OTHER ? RC_REFUSED : RC_ABSENT, "cannot open the market's database %s: %s", path,
			    db_message(db));
	v = mkt_attach(m, db, upgrade);
	return v ? fail(RC_REFUSED, "%s: %s", path, db_message(db)) : RC_OK;
}

enum rc cli_open(const struct cli *cli, struct market *m)
{
	char path[PATH_MAX];
	enum rc rc = cli_path(cli, CLI_DATABASE, path);

	memset(m, 0, sizeof(*m));
	return rc ? rc : cli_open_at(path, false, m);
}

void cli_close(struct market *m)
{
	db_close(m->db);
	m->db = NULL;
}

enum rc cli_number(const char *text, int64_t min, int64_t max, const char *what, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *out < min || *out > max)
		return fail(RC_USAGE, "%s is a whole number from %lld to %lld, not \"%s\"", what, (long long)min,
			    (long long)max, text);
	return RC_OK;
}

enum rc cli_none(const struct cli *cli, int used)
{
	if (cli->argc > used)
		return fail(RC_USAGE, "what is \"%s\" for? See: relaymarket --help", cli->argv[used]);
	return RC_OK;
}

json_t *cli_hex(const void *bytes, size_t len)
{
	char *hex = malloc(2 * len + 1);
	json_t *out;

	if (!hex)
		return NULL;
	sodium_bin2hex(hex, 2 * len + 1, bytes, len);
	out = json_string(hex);
	sodium_memzero(hex, 2 * len);
	free(hex);
	return out;
}

enum rc cli_print(json_t *doc)
{
	int failed = !doc || json_dumpf(doc, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF;

	json_decref(doc);
	return failed || fflush(stdout) != 0 ? fail(RC_REFUSED, "cannot write the output: %s", strerror(errno)) : RC_OK;
}
