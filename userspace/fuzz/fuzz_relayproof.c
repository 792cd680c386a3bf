// SPDX-License-Identifier: MIT
/*
 * Fuzzing of relayproof's commands: the first byte picks one, the rest is its
 * standard input. Any status from 0 to 2 is right; a failure (3) is not,
 * since nothing fails here but memory.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "relayproof/io.h"

static command_fn *const commands[] = {
	cmd_verify, cmd_prove, cmd_commit, cmd_voucher_key, cmd_voucher_ask,
	cmd_voucher_issue, cmd_voucher_receive, cmd_voucher_spend, cmd_voucher_certify,
	cmd_certificate_check, cmd_receipt_sign, cmd_receipt_check, cmd_receipt_show,
	cmd_claim_build, cmd_claim_verify, cmd_claim_show,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct options opt = { .label = "fuzz", .bits = 8 };
	json_t *in;
	int status;

	if (!size)
		return 0;
	in = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (!in)
		return 0;
	status = commands[data[0] % (sizeof(commands) / sizeof(*commands))](&opt, in);
	fuzz_assert(status >= STATUS_OK && status <= STATUS_MALFORMED);
	json_decref(in);
	return 0;
}

/* Results go nowhere; messages would hide libFuzzer's own, which keeps a copy of stderr. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)argc;
	(void)argv;
	fuzz_assert(null >= 0 && dup2(null, STDOUT_FILENO) >= 0);
	fuzz_assert(cr_proof_init() == 0);
	io_init();
	return 0;
}
