// SPDX-License-Identifier: MIT
/* relaymarket init: keys, database, parameters; all or nothing. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "market/cli/cli.h"
#include "market/issue/keyring.h"

#define DENOMINATIONS_MAX	32

/* About 64 MiB, 1 GiB and 16 GiB at 1 600 000 units per GiB. */
static const int64_t usual[] = { 100000, 1600000, 25600000 };

struct wish {
	struct mkt_params params;
	int64_t value[DENOMINATIONS_MAX];
	size_t n;
};

static enum rc denominations(struct wish *w, char *text)
{
	enum rc rc = RC_OK;
	char *save, *word;

	w->n = 0;
	for (word = strtok_r(text, ",", &save); !rc && word; word = strtok_r(NULL, ",", &save)) {
		if (w->n == DENOMINATIONS_MAX)
			return fail(RC_USAGE, "at most %u denominations", DENOMINATIONS_MAX);
		rc = cli_number(word, 1, 1LL << 53, "a denomination", &w->value[w->n++]);
	}
	return rc || w->n ? rc : fail(RC_USAGE, "no denomination is given");
}

/* "NAME VALUE" pairs behind the folder. */
static enum rc wishes(const struct cli *cli, struct wish *w)
{
	const struct {
		const char *name;
		uint32_t *number;
		int64_t min, max;
	} numbers[] = {
		{ "epoch", &w->params.epoch_seconds, 1, 31 * 86400 },
		{ "claim", &w->params.claim_epochs, 1, 63 },
		{ "issue", &w->params.issue_epochs, 1, 1000 },
		{ "spend", &w->params.spend_epochs, 1, 1000 },
		{ "unbond", &w->params.unbond_epochs, 1, 1000 },
		{ "fee", &w->params.fee, 1, 1000000 },
	};
	enum rc rc = RC_OK;
	int64_t value;

	for (int i = 1; !rc && i < cli->argc; i += 2) {
		const char *name = cli->argv[i];
		size_t k = 0;

		if (i + 1 == cli->argc)
			return fail(RC_USAGE, "\"%s\" wants a value; see: relaymarket --help", name);
		while (k < sizeof(numbers) / sizeof(*numbers) && strcmp(numbers[k].name, name) != 0)
			k++;
		if (k < sizeof(numbers) / sizeof(*numbers)) {
			rc = cli_number(cli->argv[i + 1], numbers[k].min, numbers[k].max, name, &value);
			*numbers[k].number = (uint32_t)value;
		} else if (strcmp(name, "verification-fee") == 0) {
			rc = cli_number(cli->argv[i + 1], 0, 1LL << 53, name, &w->params.verification_fee);
		} else if (strcmp(name, "denominations") == 0) {
			rc = denominations(w, cli->argv[i + 1]);
		} else {
			return fail(RC_USAGE, "a market has no parameter \"%s\"; see: relaymarket --help", name);
		}
	}
	if (!rc && mkt_params_wrong(&w->params))
		rc = fail(RC_USAGE, "%s does not go with the other parameters; see relaymarket(8)",
			  mkt_params_wrong(&w->params));
	return rc;
}

static enum rc sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error ? fail(RC_REFUSED, "cannot write %s: %s", path, strerror(error)) : RC_OK;
}

static enum rc make(const char *folder, const struct wish *w, struct market *m)
{
	char keys[PATH_MAX], path[PATH_MAX];
	enum db_result r;
	struct db *db;
	enum mkt_verdict v;

	if (snprintf(keys, sizeof(keys), "%s/" CLI_KEYS, folder) >= (int)sizeof(keys) ||
	    snprintf(path, sizeof(path), "%s/" CLI_DATABASE, folder) >= (int)sizeof(path))
		return fail(RC_USAGE, "the path of the market's folder is too long");
	if (mkdir(keys, 0700) != 0)
		return fail(RC_REFUSED, "cannot make %s: %s", keys, strerror(errno));
	r = db_open(&db, path, DB_CREATE);
	m->db = db;
	if (r)
		return fail(RC_REFUSED, "%s", db_message(db));
	v = mkt_create(db, &w->params, (uint64_t)time(NULL));
	if (!v)
		v = mkt_attach(m, db, false);
	if (!v)
		v = mkt_keys_make(m, keys, w->value, w->n);
	if (v == MKT_AMOUNT)
		return fail(RC_USAGE, "a denomination stands twice");
	if (v == MKT_KEYS)
		return fail(RC_REFUSED, "cannot write keys to %s: %s", keys, strerror(errno));
	return cli_fail(m, v, "cannot make the books");
}

static enum rc show(const struct cli *cli, const struct market *m, const struct wish *w)
{
	const struct mkt_params *p = &m->params;
	json_t *values;

	if (cli->json) {
		values = json_array();
		for (size_t i = 0; i < w->n; i++)
			json_array_append_new(values, json_integer(w->value[i]));
		return cli_print(json_pack("{s:i, s:s, s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:o}", "schema", 1, "folder",
					   cli->folder, "ledger", cli_hex(m->ledger, sizeof(m->ledger)), "epoch_seconds",
					   (int)p->epoch_seconds, "claim_epochs", (int)p->claim_epochs, "issue_epochs",
					   (int)p->issue_epochs, "spend_epochs", (int)p->spend_epochs, "unbond_epochs",
					   (int)p->unbond_epochs, "fee_millionths", (int)p->fee, "verification_fee",
					   (json_int_t)p->verification_fee, "denominations", values));
	}
	printf("market in %s\n  ledger ", cli->folder);
	for (size_t i = 0; i < sizeof(m->ledger); i++)
		printf("%02x", m->ledger[i]);
	printf("\n  epoch %u seconds; claims for %u epochs after; stake back after %u\n", p->epoch_seconds,
	       p->claim_epochs, p->unbond_epochs);
	printf("  voucher keys issue for %u epochs, their vouchers are taken for %u more\n", p->issue_epochs,
	       p->spend_epochs);
	printf("  fee %u millionths of a settlement, %" PRId64 " units for a claim that does not hold\n", p->fee,
	       p->verification_fee);
	fputs("  denominations", stdout);
	for (size_t i = 0; i < w->n; i++)
		printf(" %" PRId64, w->value[i]);
	printf("\n  secret keys in %s/" CLI_KEYS ", only for you: make a copy that nobody else can read\n", cli->folder);
	return RC_OK;
}

/* What a failed attempt leaves; only names that we made. */
static void undo(const char *folder)
{
	char cmd[PATH_MAX + 32];
	const char *const names[] = { CLI_DATABASE, CLI_DATABASE "-wal", CLI_DATABASE "-shm", CLI_KEYS "/certificate" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(cmd, sizeof(cmd), "%s/%s", folder, names[i]);
		unlink(cmd);
	}
	snprintf(cmd, sizeof(cmd), "%s/" CLI_KEYS, folder);
	rmdir(cmd);
	rmdir(folder);
}

enum rc cli_init(const struct cli *cli)
{
	struct cli here = *cli;
	char building[PATH_MAX];
	struct wish w = { .n = sizeof(usual) / sizeof(*usual) };
	struct market m = { .db = NULL };
	enum rc rc;

	if (cli->argc < 1)
		return fail(RC_USAGE, "init wants the folder to make; see: relaymarket --help");
	here.folder = cli->argv[0];
	memcpy(w.value, usual, sizeof(usual));
	mkt_params_default(&w.params);
	rc = wishes(cli, &w);
	if (rc)
		return rc;
	if (access(here.folder, F_OK) == 0)
		return fail(RC_REFUSED, "%s is there already; a market is made in a folder of its own", here.folder);
	/* under another name until all of it is there */
	if (snprintf(building, sizeof(building), "%s.new", here.folder) >= (int)sizeof(building))
		return fail(RC_USAGE, "the path of the market's folder is too long");
	if (mkdir(building, 0700) != 0)
		return fail(RC_REFUSED, "cannot make %s: %s%s", building, strerror(errno),
			    errno == EEXIST ? " (left by an attempt that was interrupted: remove it)" : "");
	rc = make(building, &w, &m);
	if (!rc)
		rc = sync_folder(building);
	db_close(m.db);
	if (!rc && rename(building, here.folder) != 0)
		rc = fail(RC_REFUSED, "cannot make %s: %s", here.folder, strerror(errno));
	if (rc) {
		undo(building);
		return rc;
	}
	return show(&here, &m, &w);
}
