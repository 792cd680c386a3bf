// SPDX-License-Identifier: MIT
/* relaymarket: the table of its commands. */
#include <stdio.h>
#include <string.h>

#include "market/cli/cli.h"
#include "proof/group.h"

static const struct command {
	const char *name, *sub;
	cli_fn *run;
	const char *words, *help;
} commands[] = {
	{ "init", NULL, cli_init, "DIR [NAME VALUE]...", "make a market: keys, database, parameters" },
	{ "serve", NULL, cli_serve, "", "answer over HTTP, make snapshots; until told to end" },
	{ "cashier", "code", cli_code, "AMOUNT", "coins were paid in: a code for them" },
	{ "cashier", "pay", cli_pay, "<CODE", "use a code up and say what to pay for it" },
	{ "audit", NULL, cli_audit, "[proofs] [FILE]", "recompute the books, or those of a backup" },
	{ "export", NULL, cli_export, "", "the books as lines of JSON" },
	{ "backup", NULL, cli_backup, "FILE", "a consistent copy of the database" },
	{ "upgrade", NULL, cli_upgrade, "", "bring the database to this version" },
	{ "keys", "rotate", cli_rotate, "", "successors for keys that end soon" },
	{ "keys", "list", cli_keys, "", "public keys, and whether the secret ones are there" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *to)
{
	fputs("usage: relaymarket [OPTION]... COMMAND\n\n", to);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];
		int width = fprintf(to, "  %s%s%s %s", c->name, c->sub ? " " : "", c->sub ? c->sub : "", c->words);

		fprintf(to, "%*s%s\n", width < 30 ? 30 - width : 1, "", c->help);
	}
	fputs("\nParameters of init: epoch claim issue spend unbond fee verification-fee denominations\n"
	      "Options: -d DIR  the market's folder (" CLI_FOLDER ")\n"
	      "         -j      one JSON document on standard output\n"
	      "         -V -h   version, this text\n"
	      "See relaymarket(8).\n", to);
}

static const struct command *find(const struct cli *cli, int *used)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];

		*used = c->sub ? 2 : 1;
		if (cli->argc >= *used && strcmp(cli->argv[0], c->name) == 0 &&
		    (!c->sub || strcmp(cli->argv[1], c->sub) == 0))
			return c;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct cli cli = { .folder = CLI_FOLDER };
	const struct command *c;
	int i, used;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-j") == 0 || strcmp(argv[i], "--json") == 0) {
			cli.json = true;
		} else if (strcmp(argv[i], "-d") == 0 && i + 1 < argc) {
			cli.folder = argv[++i];
		} else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return RC_OK;
		} else if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0) {
			puts("relaymarket " CELLRELAY_VERSION);
			return RC_OK;
		} else {
			return fail(RC_USAGE, "there is no option \"%s\", or it wants a value; see: relaymarket --help",
				    argv[i]);
		}
	}
	cli.argc = argc - i;
	cli.argv = argv + i;
	if (!cli.argc) {
		usage(stderr);
		return RC_USAGE;
	}
	c = find(&cli, &used);
	if (!c)
		return fail(RC_USAGE, "there is no command \"%s%s%s\"; see: relaymarket --help", cli.argv[0],
			    cli.argc > 1 ? " " : "", cli.argc > 1 ? cli.argv[1] : "");
	cli.argc -= used;
	cli.argv += used;
	if (cr_proof_init())
		return fail(RC_REFUSED, "libsodium does not start");
	return c->run(&cli);
}
