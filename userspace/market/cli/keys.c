// SPDX-License-Identifier: MIT
/* relaymarket keys */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "market/cli/cli.h"
#include "market/issue/keyring.h"

enum rc cli_rotate(const struct cli *cli)
{
	struct market m = { .db = NULL };
	char keys[4096];
	size_t made, removed;
	enum mkt_verdict v;
	enum rc rc = cli_none(cli, 0);

	if (!rc)
		rc = cli_path(cli, CLI_KEYS, keys);
	if (!rc)
		rc = cli_open(cli, &m);
	if (!rc) {
		v = mkt_keys_rotate(&m, keys, &made, &removed);
		rc = v == MKT_KEYS ? fail(RC_REFUSED, "cannot write a key to %s: %s", keys, strerror(errno)) :
				     cli_fail(&m, v, "keys were not rotated");
	}
	cli_close(&m);
	if (rc)
		return rc;
	if (cli->json)
		return cli_print(json_pack("{s:i, s:i, s:i}", "schema", 1, "made", (int)made, "removed", (int)removed));
	printf("%zu new voucher keys, %zu old ones removed\n", made, removed);
	return RC_OK;
}

static enum rc show(const struct cli *cli, const uint8_t *certificate, const struct cr_voucher_key *keys, size_t n)
{
	uint8_t id[CR_VOUCHER_ID_BYTES];
	char hex[2 * CR_VOUCHER_ID_BYTES + 1];
	json_t *list = json_array();

	if (!cli->json)
		printf("certificate %s\n", sodium_bin2hex(hex, sizeof(hex), certificate, CR_PUBLIC_BYTES));
	for (size_t i = 0; i < n; i++) {
		cr_voucher_key_id(id, &keys[i]);
		if (cli->json)
			json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:I, s:I}", "id", cli_hex(id, sizeof(id)),
					      "value", (json_int_t)keys[i].value, "issue_from",
					      (json_int_t)keys[i].issue_from, "issue_until", (json_int_t)keys[i].issue_until,
					      "spend_until", (json_int_t)keys[i].spend_until));
		else
			printf("voucher %s value %" PRIu64 " issued %" PRIu64 "-%" PRIu64 " spendable to %" PRIu64 "\n",
			       sodium_bin2hex(hex, sizeof(hex), id, sizeof(id)), keys[i].value, keys[i].issue_from,
			       keys[i].issue_until, keys[i].spend_until);
	}
	if (cli->json)
		return cli_print(json_pack("{s:i, s:o, s:o}", "schema", 1, "certificate",
					   cli_hex(certificate, CR_PUBLIC_BYTES), "vouchers", list));
	json_decref(list);
	return RC_OK;
}

/* Public halves by the books, and whether the secret ones are there. */
enum rc cli_keys(const struct cli *cli)
{
	struct cr_voucher_key *keys = calloc(CR_VOUCHER_KEYS_MAX, sizeof(*keys));
	uint8_t certificate[CR_PUBLIC_BYTES];
	struct market m = { .db = NULL };
	struct mkt_keyring *ring = NULL;
	char path[4096], wrong[512];
	enum mkt_verdict v;
	size_t n = 0;
	enum rc rc = cli_none(cli, 0);

	if (!rc && !keys)
		rc = fail(RC_REFUSED, "out of memory");
	if (!rc)
		rc = cli_path(cli, CLI_KEYS, path);
	if (!rc)
		rc = cli_open(cli, &m);
	if (!rc)
		rc = cli_fail(&m, mkt_keys_public(&m, certificate, keys, &n), "cannot list the keys");
	if (!rc)
		rc = show(cli, certificate, keys, n);
	if (!rc) {
		v = mkt_keyring_load(&ring, &m, path, wrong, sizeof(wrong));
		rc = v == MKT_KEYS ? fail(RC_REFUSED, "%s", wrong) : cli_fail(&m, v, "cannot load the keys");
	}
	mkt_keyring_free(ring);
	free(keys);
	cli_close(&m);
	return rc;
}
