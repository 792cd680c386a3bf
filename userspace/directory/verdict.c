// SPDX-License-Identifier: MIT
/* Names and texts of enum cr_verdict. */
#include "directory/verdict.h"

static const struct {
	const char *name, *text;
} verdicts[CR_DIR_VERDICTS] = {
	[CR_DIR_OK]	     = { "ok", "is good" },
	[CR_DIR_TRUNCATED]   = { "truncated", "ends too early: it is damaged or incomplete" },
	[CR_DIR_TRAILING]    = { "trailing", "is longer than its content" },
	[CR_DIR_FORMAT]	     = { "format", "is of an unknown kind or version" },
	[CR_DIR_LIMIT]	     = { "limit", "holds more of something than the format allows" },
	[CR_DIR_ORDER]	     = { "order", "has a list that is not strictly ascending" },
	[CR_DIR_TIME]	     = { "time", "has times that no such object can have" },
	[CR_DIR_ROLE]	     = { "role", "has an unknown or impossible role or cipher suite" },
	[CR_DIR_ONION_KEY]   = { "onion-key", "has an unusable X25519 key, or a time without one" },
	[CR_DIR_ADDRESS]     = { "address", "has a malformed or impossible address" },
	[CR_DIR_PRIVATE]     = { "private", "has an address that is not public" },
	[CR_DIR_POLICY]	     = { "policy", "has an exit policy that is malformed or without the role exit" },
	[CR_DIR_NUMBER]	     = { "number", "has a number outside its range" },
	[CR_DIR_SOFTWARE]    = { "software", "has a software name that is empty or of other characters" },
	[CR_DIR_KEY]	     = { "key", "has an unusable Ed25519 key" },
	[CR_DIR_SIGNATURE]   = { "signature", "has a signature that does not verify: it is forged or damaged" },
	[CR_DIR_OPERATOR]    = { "operator", "names an operator who did not sign for it" },
	[CR_DIR_LEDGER]	     = { "ledger", "belongs to another network" },
	[CR_DIR_EARLY]	     = { "early", "is not valid yet" },
	[CR_DIR_STALE]	     = { "stale", "is not valid any more" },
	[CR_DIR_TOO_FEW]     = { "too-few", "is signed by too few of the authorities" },
	[CR_DIR_ROLLBACK]    = { "rollback", "is older than the one that we have" },
	[CR_DIR_FORK]	     = { "fork", "has the number of the one that we have, but other content" },
	[CR_DIR_WEIGHT]	     = { "weight", "gives a relay a weight that its measurement and stake do not give" },
	[CR_DIR_VOUCHER_KEY] = { "voucher-key", "has voucher keys that are malformed or contradict each other" },
	[CR_DIR_PARAMS]	     = { "params", "has a network parameter outside its range" },
	[CR_DIR_MEMORY]	     = { "memory", "could not be checked: out of memory" },
	[CR_DIR_STORAGE]     = { "storage", "could not be checked: a file could not be read or written" },
	[CR_DIR_CHAIN]	     = { "chain", "follows another snapshot than the one before it that we have" },
	[CR_DIR_BASE]	     = { "base", "is a change of another snapshot than the one that we have" },
	[CR_DIR_RESULT]	     = { "result", "does not give the snapshot that it promises: it is damaged" },
	[CR_DIR_REUSE]	     = { "reuse", "has a number that was used already for other content" },
};

const char *cr_verdict_name(enum cr_verdict verdict)
{
	return (unsigned int)verdict < CR_DIR_VERDICTS ? verdicts[verdict].name : "unknown";
}

const char *cr_verdict_text(enum cr_verdict verdict)
{
	return (unsigned int)verdict < CR_DIR_VERDICTS ? verdicts[verdict].text : "was refused";
}
