/* SPDX-License-Identifier: MIT */
/* What the commands of relaymarket share. Exit statuses and messages are those of relayctl (netlink/rc.h). */
#ifndef MARKET_CLI_H
#define MARKET_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "market/books/market.h"
#include "netlink/rc.h"

#define CLI_FOLDER	"/var/lib/cellrelay/market"
#define CLI_DATABASE	"market.db"
#define CLI_KEYS	"keys"

/**
 * struct cli - the command line
 * @json: one JSON document on standard output
 * @folder: of the market
 * @argc: words behind the command's name
 * @argv: the words
 */
struct cli {
	bool json;
	const char *folder;
	int argc;
	char **argv;
};

/* The commands. */
typedef enum rc cli_fn(const struct cli *cli);
cli_fn cli_init, cli_code, cli_pay, cli_audit, cli_export, cli_backup, cli_rotate, cli_keys, cli_upgrade, cli_serve;

/** cli_open() - books of cli->folder; RC_OK, or a message was printed. cli_close() in any case */
enum rc cli_open(const struct cli *cli, struct market *m);
/** cli_open_at() - the same for a database file anywhere; @upgrade as in mkt_attach() */
enum rc cli_open_at(const char *path, bool upgrade, struct market *m);
void cli_close(struct market *m);

/** cli_path() - @name in the market's folder; RC_OK or a message */
enum rc cli_path(const struct cli *cli, const char *name, char path[4096]);

/** cli_fail() - message about a verdict of the books, and the exit status that goes with it */
enum rc cli_fail(const struct market *m, enum mkt_verdict v, const char *what);

/** cli_number() - a decimal number from @min to @max; else a message with @what */
enum rc cli_number(const char *text, int64_t min, int64_t max, const char *what, int64_t *out);

/** cli_none() - the command takes no more words */
enum rc cli_none(const struct cli *cli, int used);

/** cli_hex() - a new JSON string of hexadecimal digits */
json_t *cli_hex(const void *bytes, size_t len);
/** cli_print() - one document on a line; takes @doc; a full disk is no success */
enum rc cli_print(json_t *doc);

#endif /* MARKET_CLI_H */
