// SPDX-License-Identifier: MIT
/* relaymarket serve: the service, until it is told to end. */
#include <limits.h>

#include "market/cli/cli.h"
#include "market/serve/serve.h"

#define SERVE_CONFIG	"serve.conf"
#define SERVE_SHELF	"directory"

enum rc cli_serve(const struct cli *cli)
{
	char config[PATH_MAX], db[PATH_MAX], keys[PATH_MAX], shelf[PATH_MAX];
	struct serve_config c;
	enum rc rc = cli_none(cli, 0);

	rc = rc ? rc : cli_path(cli, SERVE_CONFIG, config);
	rc = rc ? rc : cli_path(cli, CLI_DATABASE, db);
	rc = rc ? rc : cli_path(cli, CLI_KEYS, keys);
	rc = rc ? rc : cli_path(cli, SERVE_SHELF, shelf);
	rc = rc ? rc : serve_config_read(&c, config);
	return rc ? rc : serve_run(&c, db, keys, shelf);
}
