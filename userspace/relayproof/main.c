// SPDX-License-Identifier: MIT
/* relayproof: stand-alone prover and verifier. One table of commands. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof/error.h"
#include "relayproof/io.h"

enum need { NEED_SHAPE = 1, MAY_SESSIONS = 2, NO_INPUT = 4 };

static const struct command {
	const char *name, *sub;
	command_fn *run;
	int needs;
	const char *help;
} commands[] = {
	{ "prove", NULL, cmd_prove, NEED_SHAPE, "values and blindings to a range proof" },
	{ "verify", NULL, cmd_verify, NEED_SHAPE, "range proof, or an array of them" },
	{ "commit", NULL, cmd_commit, 0, "values to Pedersen commitments" },
	{ "key", NULL, cmd_key, NO_INPUT, "draw an Ed25519 key" },
	{ "voucher", "key", cmd_voucher_key, 0, "draw the key of a denomination" },
	{ "voucher", "ask", cmd_voucher_ask, 0, "buyer: blind fresh vouchers" },
	{ "voucher", "issue", cmd_voucher_issue, 0, "market: sign blinded vouchers" },
	{ "voucher", "receive", cmd_voucher_receive, 0, "buyer: check the answer, unblind" },
	{ "voucher", "spend", cmd_voucher_spend, 0, "buyer: request a certificate" },
	{ "voucher", "certify", cmd_voucher_certify, 0, "market: voucher to certificate" },
	{ "certificate", "check", cmd_certificate_check, 0, "is it the market's?" },
	{ "receipt", "sign", cmd_receipt_sign, 0, "client: sign for an amount" },
	{ "receipt", "check", cmd_receipt_check, 0, "relay: would the market pay it?" },
	{ "receipt", "show", cmd_receipt_show, 0, "fields of a receipt" },
	{ "claim", "build", cmd_claim_build, 0, "relay: receipts to a claim" },
	{ "claim", "verify", cmd_claim_verify, 0, "market: a claim, or an array of them" },
	{ "claim", "show", cmd_claim_show, 0, "fields of a claim" },
	{ "bench", NULL, cmd_bench, NO_INPUT | MAY_SESSIONS, "what this machine can do" },
	{ "selftest", NULL, cmd_selftest, NO_INPUT, "known answers, once through everything" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *to)
{
	fputs("usage: relayproof COMMAND [OPTION]...  <input.json  >output.json\n\n", to);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];
		int width = fprintf(to, "  %s%s%s", c->name, c->sub ? " " : "",
				    c->sub ? c->sub : "");

		fprintf(to, "%*s%s%s\n", 22 - width, "", c->help,
			c->needs & NEED_SHAPE ? " (--label L --bits N)" : "");
	}
	fputs("\nInput and output: relayproof(1).\n"
	      "Exit status: 0 done or valid, 1 invalid, 2 input malformed, 3 failed.\n", to);
}

/* A decimal number from 1 to @max. */
static bool small_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	if (*text < '1' || *text > '9')
		return false;
	*out = strtoul(text, &end, 10);
	return !*end && *out <= max;
}

/* Returns -1 to go on, else an exit status. */
static int parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
		{ "label", required_argument, NULL, 'l' },
		{ "bits", required_argument, NULL, 'b' },
		{ "sessions", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	unsigned long n;
	int c;

	while ((c = getopt_long(argc, argv, "l:b:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'l':
			opt->label = optarg;
			break;
		case 'b':
			if (!small_number(optarg, 64, &n))
				return complain(STATUS_MALFORMED,
						"--bits is not 8, 16, 32 or 64: %s", optarg);
			opt->bits = (unsigned int)n;
			break;
		case 's':
			if (!small_number(optarg, 100000, &n))
				return complain(STATUS_MALFORMED,
						"--sessions is not from 1 to 100000: %s", optarg);
			opt->sessions = n;
			break;
		case 'h':
			usage(stdout);
			return STATUS_OK;
		case 'V':
			puts("relayproof " CELLRELAY_VERSION);
			return STATUS_OK;
		default:
			return complain(STATUS_MALFORMED, "see relayproof --help");
		}
	}
	return -1;
}

static const struct command *find(int argc, char **argv)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (argc == (c->sub ? 2 : 1) && strcmp(argv[0], c->name) == 0 &&
		    (!c->sub || strcmp(argv[1], c->sub) == 0))
			return c;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct options opt = { 0 };
	const struct command *command;
	json_t *in = NULL;
	int status = parse_options(argc, argv, &opt);

	if (status >= 0)
		return status;
	if (optind == argc) {
		usage(stderr);
		return STATUS_MALFORMED;
	}
	command = find(argc - optind, argv + optind);
	if (!command)
		return complain(STATUS_MALFORMED, "no command \"%s%s%s\": see relayproof --help",
				argv[optind], optind + 1 < argc ? " " : "",
				optind + 1 < argc ? argv[optind + 1] : "");
	if (command->needs & NEED_SHAPE) {
		if (!opt.label || !opt.bits)
			return complain(STATUS_MALFORMED, "%s needs --label and --bits",
					command->name);
		if (opt.bits != 8 && opt.bits != 16 && opt.bits != 32 && opt.bits != 64)
			return complain(STATUS_MALFORMED,
					"--bits is not 8, 16, 32 or 64: %u", opt.bits);
	} else if (opt.label || opt.bits) {
		return complain(STATUS_MALFORMED, "%s takes no --label and no --bits",
				command->name);
	}
	if (opt.sessions && !(command->needs & MAY_SESSIONS))
		return complain(STATUS_MALFORMED, "%s takes no --sessions", command->name);
	if (cr_proof_init())
		return complain(STATUS_FAILED, "%s", cr_err_text(CR_ERR_INIT));
	io_init();
	if (!(command->needs & NO_INPUT)) {
		in = io_read(&status);
		if (!in)
			return status;
	}
	status = command->run(&opt, in);
	progress_done();
	json_decref(in);
	return status;
}
