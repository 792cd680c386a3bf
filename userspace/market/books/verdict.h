/* SPDX-License-Identifier: MIT */
/*
 * How the market answers.
 *
 * Numbers never change their meaning; new ones go to the end.
 */
#ifndef MARKET_BOOKS_VERDICT_H
#define MARKET_BOOKS_VERDICT_H

#include "market/store/store.h"

enum mkt_verdict {
	MKT_OK = 0,
	/* Nothing was decided; asking again later is right. */
	MKT_BUSY = 1,		/* others hold the database */
	MKT_STORAGE = 2,	/* the database cannot be read or written */
	MKT_MEMORY = 3,		/* out of memory */
	/* A person has to look. */
	MKT_CORRUPT = 4,	/* the books contradict themselves */
	MKT_FAULT = 5,		/* a fault of this program, or keys that do not fit the books */
	/* The request cannot be granted; asking again does not help unless something changes. */
	MKT_FORMAT = 6,		/* malformed */
	MKT_LEDGER = 7,		/* of another ledger */
	MKT_SIGNATURE = 8,	/* not signed by the account's key */
	MKT_NUMBER = 9,		/* number was used for another order */
	MKT_AMOUNT = 10,	/* amount is zero, or larger than can be */
	MKT_FUNDS = 11,		/* there is not that much */
	MKT_CODE = 12,		/* no such code, or it was used */
	MKT_PROOF = 13,		/* the proof library says no: see the reason */
	MKT_RELAY = 14,		/* the relay sells nothing in that epoch */
	MKT_TARIFF = 15,	/* the relay's tariff in that epoch is another */
	MKT_EPOCH = 16,		/* not in this epoch */
	MKT_SPENT = 17,		/* the voucher was spent for another request */
	MKT_SETTLED = 18,	/* another claim was paid for this relay and epoch */
	MKT_CLAIM = 19,		/* the claim does not hold: see the reason */
	MKT_LIMIT = 20,		/* too many of these */
	MKT_EVIDENCE = 21,	/* shows nothing against its signer */
	MKT_EXPIRED = 22,	/* the voucher key's time is over */
	MKT_KEYS = 23,		/* a key's file is missing, or holds another key */
	MKT_VERDICTS
};

/** mkt_verdict_name() - short stable name for machines, e.g. "funds" */
const char *mkt_verdict_name(enum mkt_verdict v);

/** mkt_verdict_text() - one lower-case clause for a message to a person */
const char *mkt_verdict_text(enum mkt_verdict v);

/** mkt_from_db() - what a result of the store means to a user of the books */
enum mkt_verdict mkt_from_db(enum db_result r);

#endif /* MARKET_BOOKS_VERDICT_H */
