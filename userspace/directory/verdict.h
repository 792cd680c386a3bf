/* SPDX-License-Identifier: MIT */
/*
 * Why a descriptor or a snapshot was not taken.
 *
 * Programs store and report these numbers, so a number never changes its
 * meaning; new ones go to the end.
 */
#ifndef CR_DIRECTORY_VERDICT_H
#define CR_DIRECTORY_VERDICT_H

enum cr_verdict {
	CR_DIR_OK = 0,
	CR_DIR_TRUNCATED = 1,	/* ends too early */
	CR_DIR_TRAILING = 2,	/* goes on behind its end, or states another length */
	CR_DIR_FORMAT = 3,	/* unknown kind or version */
	CR_DIR_LIMIT = 4,	/* more of something than the format allows */
	CR_DIR_ORDER = 5,	/* a list not strictly ascending */
	CR_DIR_TIME = 6,	/* times that no such object has */
	CR_DIR_ROLE = 7,	/* unknown role or suite, or a combination that cannot be */
	CR_DIR_ONION_KEY = 8,	/* X25519 key unusable, or keys leave a gap */
	CR_DIR_ADDRESS = 9,	/* malformed, or one that nobody can have */
	CR_DIR_PRIVATE = 10,	/* address that this network does not allow */
	CR_DIR_POLICY = 11,	/* malformed rule, or rules without the role exit */
	CR_DIR_NUMBER = 12,	/* a number outside its range */
	CR_DIR_SOFTWARE = 13,	/* software name empty or of other characters */
	CR_DIR_KEY = 14,	/* Ed25519 key small-order or not canonical */
	CR_DIR_SIGNATURE = 15,	/* does not verify */
	CR_DIR_OPERATOR = 16,	/* the operator did not sign for this relay */
	CR_DIR_LEDGER = 17,	/* of another network */
	CR_DIR_EARLY = 18,	/* not valid yet */
	CR_DIR_STALE = 19,	/* not valid any more */
	CR_DIR_TOO_FEW = 20,	/* fewer than k authorities signed */
	CR_DIR_ROLLBACK = 21,	/* older than one we have */
	CR_DIR_FORK = 22,	/* same number as one we have, other content */
	CR_DIR_WEIGHT = 23,	/* weight is not what measurement, stake and base give */
	CR_DIR_VOUCHER_KEY = 24,	/* malformed voucher key, or keys that contradict each other */
	CR_DIR_PARAMS = 25,	/* network parameter outside its range */
	CR_DIR_MEMORY = 26,	/* out of memory: nothing was decided */
	CR_DIR_STORAGE = 27,	/* a file could not be read or written: nothing was decided */
	CR_DIR_REUSE = 28,	/* this number was used already for something else */
	CR_DIR_CHAIN = 29,	/* comes right after one we have, but names another as the one before */
	CR_DIR_BASE = 30,	/* a delta from another snapshot than the one at hand */
	CR_DIR_RESULT = 31,	/* a delta that does not give what it promises */
	CR_DIR_VERDICTS
};

/** cr_verdict_name() - short stable name for machines, e.g. "stale" */
const char *cr_verdict_name(enum cr_verdict verdict);

/** cr_verdict_text() - one lower-case clause for a message to a person */
const char *cr_verdict_text(enum cr_verdict verdict);

#endif /* CR_DIRECTORY_VERDICT_H */
