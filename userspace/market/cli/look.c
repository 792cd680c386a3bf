// SPDX-License-Identifier: MIT
/* relaymarket audit, export, backup, upgrade. */
#include <inttypes.h>
#include <string.h>

#include "market/audit/audit.h"
#include "market/audit/export.h"
#include "market/cli/cli.h"

static void found(void *context, const char *what)
{
	json_t *list = context;

	if (list)
		json_array_append_new(list, json_string(what));
	else
		err("%s", what);
}

static const struct {
	const char *name, *text;
	size_t at;
} lines[] = {
	{ "sold", "sold", offsetof(struct mkt_sums, sold) },
	{ "unspent", "= unspent vouchers", offsetof(struct mkt_sums, unspent) },
	{ "deposits", "+ deposits of open epochs", offsetof(struct mkt_sums, deposits) },
	{ "paid", "+ paid to relays", offsetof(struct mkt_sums, paid) },
	{ "fee", "+ burned: fees", offsetof(struct mkt_sums, fee) },
	{ "rounding", "+ burned: rounding", offsetof(struct mkt_sums, rounding) },
	{ "expired_deposits", "+ burned: expired deposits", offsetof(struct mkt_sums, expired_deposits) },
	{ "expired_vouchers", "+ burned: expired vouchers", offsetof(struct mkt_sums, expired_vouchers) },
	{ "in", "coins taken", offsetof(struct mkt_sums, in) },
	{ "out", "coins given", offsetof(struct mkt_sums, out) },
	{ "codes", "codes not used", offsetof(struct mkt_sums, codes) },
	{ "accounts", "accounts", offsetof(struct mkt_sums, accounts) },
	{ "stake", "stake", offsetof(struct mkt_sums, stake) },
	{ "unbonding", "unbonding", offsetof(struct mkt_sums, unbonding) },
	{ "burned_stake", "burned: stake", offsetof(struct mkt_sums, burned_stake) },
	{ "verification", "burned: for claims that did not hold", offsetof(struct mkt_sums, verification) },
};

static int64_t sum(const struct mkt_sums *sums, size_t i)
{
	int64_t value;

	memcpy(&value, (const char *)sums + lines[i].at, sizeof(value));
	return value;
}

static enum rc show(const struct cli *cli, const struct market *m, const struct mkt_audit *a, json_t *differences)
{
	json_t *sums;

	if (cli->json) {
		sums = json_object();
		for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
			json_object_set_new(sums, lines[i].name, json_integer(sum(&a->sums, i)));
		return cli_print(json_pack("{s:i, s:o, s:b, s:o, s:[I,I,I], s:o}", "schema", 1, "ledger",
					   cli_hex(m->ledger, sizeof(m->ledger)), "ok", a->differences == 0, "sums", sums,
					   "lines", (json_int_t)a->lines[MKT_ACCOUNTS], (json_int_t)a->lines[MKT_PURCHASES],
					   (json_int_t)a->lines[MKT_CERTIFICATES], "differences", differences));
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		printf("%-38s %20" PRId64 "\n", lines[i].text, sum(&a->sums, i));
	printf("%" PRIu64 " + %" PRIu64 " + %" PRIu64 " lines in the journal, %" PRIu64 " difference%s\n",
	       a->lines[MKT_ACCOUNTS], a->lines[MKT_PURCHASES], a->lines[MKT_CERTIFICATES], a->differences,
	       a->differences == 1 ? "" : "s");
	return RC_OK;
}

enum rc cli_audit(const struct cli *cli)
{
	json_t *differences = cli->json ? json_array() : NULL;
	struct mkt_audit a = { .found = found, .context = differences };
	const char *file = NULL;
	enum mkt_verdict v;
	struct market m;
	enum rc rc = RC_OK;
	int i = 0;

	if (i < cli->argc && strcmp(cli->argv[i], "proofs") == 0) {
		a.proofs = true;
		i++;
	}
	if (i < cli->argc)
		file = cli->argv[i++];
	rc = cli_none(cli, i);
	if (!rc)
		rc = file ? cli_open_at(file, false, &m) : cli_open(cli, &m);
	else
		m.db = NULL;
	if (rc) {
		json_decref(differences);
		cli_close(&m);
		return rc;
	}
	v = mkt_audit(&m, &a);
	if (v && v != MKT_CORRUPT) {
		rc = cli_fail(&m, v, "the audit could not be done");
		json_decref(differences);
	} else {
		rc = show(cli, &m, &a, differences);
		if (!rc && a.differences)
			rc = fail(RC_REFUSED, "the books do not hold: %" PRIu64 " difference%s", a.differences,
				  a.differences == 1 ? "" : "s");
	}
	cli_close(&m);
	return rc;
}

enum rc cli_export(const struct cli *cli)
{
	struct market m = { .db = NULL };
	enum rc rc = cli_none(cli, 0);

	if (!rc)
		rc = cli_open(cli, &m);
	if (!rc)
		rc = cli_fail(&m, mkt_export(&m, stdout), "cannot export the books");
	if (!rc && (ferror(stdout) || fflush(stdout) != 0))
		rc = fail(RC_REFUSED, "cannot write the output: %m");
	cli_close(&m);
	return rc;
}

enum rc cli_backup(const struct cli *cli)
{
	struct market m = { .db = NULL };
	enum db_result r;
	enum rc rc;

	if (cli->argc < 1)
		return fail(RC_USAGE, "backup wants the file to make; see: relaymarket --help");
	rc = cli_none(cli, 1);
	if (!rc)
		rc = cli_open(cli, &m);
	if (!rc) {
		r = db_backup(m.db, cli->argv[0]);
		if (r)
			rc = fail(RC_REFUSED, "no backup was made: %s", db_message(m.db));
	}
	cli_close(&m);
	if (!rc && cli->json)
		return cli_print(json_pack("{s:i, s:s}", "schema", 1, "backup", cli->argv[0]));
	return rc;
}

enum rc cli_upgrade(const struct cli *cli)
{
	struct market m = { .db = NULL };
	char path[4096];
	enum rc rc = cli_none(cli, 0);

	if (!rc)
		rc = cli_path(cli, CLI_DATABASE, path);
	if (!rc)
		rc = cli_open_at(path, true, &m);
	cli_close(&m);
	return rc;
}
