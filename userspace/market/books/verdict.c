// SPDX-License-Identifier: MIT
#include "market/books/verdict.h"

static const struct {
	const char *name, *text;
} verdicts[MKT_VERDICTS] = {
	[MKT_OK]	= { "ok", "done" },
	[MKT_BUSY]	= { "busy", "the database is busy: try again" },
	[MKT_STORAGE]	= { "storage", "the database cannot be read or written" },
	[MKT_MEMORY]	= { "memory", "out of memory" },
	[MKT_CORRUPT]	= { "corrupt", "the books contradict themselves: see relaymarket audit" },
	[MKT_FAULT]	= { "fault", "a fault of this program" },
	[MKT_FORMAT]	= { "format", "malformed" },
	[MKT_LEDGER]	= { "ledger", "of another ledger" },
	[MKT_SIGNATURE]	= { "signature", "not signed by the account's key" },
	[MKT_NUMBER]	= { "number", "this number was used for another order" },
	[MKT_AMOUNT]	= { "amount", "the amount is zero, or larger than can be" },
	[MKT_FUNDS]	= { "funds", "there is not that much" },
	[MKT_CODE]	= { "code", "no such code, or it was used" },
	[MKT_PROOF]	= { "proof", "refused by the proof library" },
	[MKT_RELAY]	= { "relay", "the relay sells nothing in that epoch" },
	[MKT_TARIFF]	= { "tariff", "the relay's tariff in that epoch is another" },
	[MKT_EPOCH]	= { "epoch", "not in this epoch" },
	[MKT_SPENT]	= { "spent", "the voucher was spent for another request" },
	[MKT_SETTLED]	= { "settled", "another claim was paid for this relay and epoch" },
	[MKT_CLAIM]	= { "claim", "the claim does not hold" },
	[MKT_LIMIT]	= { "limit", "too many of these" },
	[MKT_EVIDENCE]	= { "evidence", "shows nothing against its signer" },
	[MKT_EXPIRED]	= { "expired", "the voucher key's time is over" },
	[MKT_KEYS]	= { "keys", "a key's file is missing, or holds another key" },
};

const char *mkt_verdict_name(enum mkt_verdict v)
{
	return (unsigned int)v < MKT_VERDICTS ? verdicts[v].name : "unknown";
}

const char *mkt_verdict_text(enum mkt_verdict v)
{
	return (unsigned int)v < MKT_VERDICTS ? verdicts[v].text : "unknown verdict";
}

enum mkt_verdict mkt_from_db(enum db_result r)
{
	switch (r) {
	case DB_OK:
		return MKT_OK;
	case DB_BUSY:
	case DB_RETRY:
		return MKT_BUSY;
	case DB_STORAGE:
		return MKT_STORAGE;
	case DB_MEMORY:
		return MKT_MEMORY;
	case DB_CORRUPT:
	case DB_OTHER:
		return MKT_CORRUPT;
	default:
		return MKT_FAULT;
	}
}
