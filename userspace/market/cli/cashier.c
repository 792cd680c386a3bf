// SPDX-License-Identifier: MIT
/* relaymarket cashier: coins in and out, by codes. */
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "market/books/account.h"
#include "market/books/epoch.h"
#include "market/cli/cli.h"

enum rc cli_code(const struct cli *cli)
{
	char hex[2 * MKT_CODE_BYTES + 1];
	uint8_t code[MKT_CODE_BYTES];
	enum mkt_verdict v;
	struct market m;
	int64_t amount;
	enum rc rc;

	if (cli->argc < 1)
		return fail(RC_USAGE, "cashier code wants the amount that you were paid, in units");
	rc = cli_none(cli, 1);
	if (!rc)
		rc = cli_number(cli->argv[0], 1, MKT_CODE_MAX, "the amount", &amount);
	if (rc)
		return rc;
	rc = cli_open(cli, &m);
	if (!rc) {
		v = mkt_turn(&m);
		if (!v)
			v = mkt_code_make(&m, amount, code);
		rc = cli_fail(&m, v, "no code was made");
	}
	cli_close(&m);
	if (rc)
		return rc;
	sodium_bin2hex(hex, sizeof(hex), code, sizeof(code));
	if (cli->json)
		rc = cli_print(json_pack("{s:i, s:s, s:I}", "schema", 1, "code", hex, "amount", (json_int_t)amount));
	else
		printf("%s\n", hex);
	sodium_memzero(hex, sizeof(hex));
	sodium_memzero(code, sizeof(code));
	return rc;
}

/* A code from standard input: an argument would show in the list of processes. */
static enum rc read_code(uint8_t code[MKT_CODE_BYTES])
{
	char line[2 * MKT_CODE_BYTES + 8];
	enum rc rc = RC_OK;
	size_t len, bin;

	if (!fgets(line, sizeof(line), stdin))
		return fail(RC_USAGE, "standard input holds no code");
	len = strcspn(line, "\r\n");
	if (sodium_hex2bin(code, MKT_CODE_BYTES, line, len, NULL, &bin, NULL) != 0 || bin != MKT_CODE_BYTES ||
	    len != 2 * MKT_CODE_BYTES)
		rc = fail(RC_USAGE, "a code has %d hexadecimal digits", 2 * MKT_CODE_BYTES);
	sodium_memzero(line, sizeof(line));
	return rc;
}

enum rc cli_pay(const struct cli *cli)
{
	uint8_t code[MKT_CODE_BYTES];
	enum mkt_verdict v;
	struct market m;
	int64_t amount = 0;
	enum rc rc = cli_none(cli, 0);

	if (!rc)
		rc = read_code(code);
	if (rc)
		return rc;
	rc = cli_open(cli, &m);
	if (!rc) {
		v = mkt_turn(&m);
		if (!v)
			v = mkt_code_pay(&m, code, &amount);
		rc = cli_fail(&m, v, "pay nothing for this code");
	}
	cli_close(&m);
	sodium_memzero(code, sizeof(code));
	if (rc)
		return rc;
	if (cli->json)
		return cli_print(json_pack("{s:i, s:I}", "schema", 1, "pay", (json_int_t)amount));
	printf("%" PRId64 "\n", amount);
	return RC_OK;
}
