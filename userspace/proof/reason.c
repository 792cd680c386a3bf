// SPDX-License-Identifier: MIT
/* Names and texts of enum cr_reason. */
#include "proof/reason.h"

static const struct {
	const char *name, *text;
} reasons[CR_REASONS] = {
	[CR_ACCEPTED]	   = { "accepted", "accepted" },
	[CR_BAD_LENGTH]	   = { "bad-length", "has a length that no such object has" },
	[CR_BAD_FORMAT]	   = { "bad-format", "is of an unknown kind or version" },
	[CR_BAD_TARIFF]	   = { "bad-tariff", "tariff or value is zero or too large" },
	[CR_BAD_DEPOSIT]   = { "bad-deposit", "deposit is not what value and tariff give" },
	[CR_BAD_KEY]	   = { "bad-key", "public key is of small order or not canonical" },
	[CR_BAD_SIGNATURE] = { "bad-signature", "signature does not verify" },
	[CR_OTHER_LEDGER]  = { "other-ledger", "belongs to another ledger" },
	[CR_OTHER_EPOCH]   = { "other-epoch", "belongs to another epoch" },
	[CR_OTHER_RELAY]   = { "other-relay", "belongs to another relay" },
	[CR_OTHER_TARIFF]  = { "other-tariff", "belongs to another tariff" },
	[CR_OTHER_SESSION] = { "other-session", "receipt and certificate name different sessions" },
	[CR_BAD_SCALAR]	   = { "bad-scalar", "scalar is not below the group order" },
	[CR_BAD_POINT]	   = { "bad-point", "bytes do not encode an allowed group element" },
	[CR_BAD_OPENING]   = { "bad-opening", "commitment does not open to this amount" },
	[CR_BELOW_LAST]	   = { "below-last", "amount is below one already signed for" },
	[CR_OVER_DEPOSIT]  = { "over-deposit", "amount is above the deposit" },
	[CR_SUPERSEDED]	   = { "superseded", "a newer receipt of this session is claimed" },
	[CR_REPEATED]	   = { "repeated", "session stands twice" },
	[CR_BAD_ORDER]	   = { "bad-order", "sessions are not in ascending order" },
	[CR_BAD_SUM]	   = { "bad-sum", "commitments do not add up to the total" },
	[CR_BAD_PROOF]	   = { "bad-proof", "range proof is not valid" },
	[CR_EMPTY]	   = { "empty", "holds nothing to claim" },
	[CR_TOO_MANY]	   = { "too-many", "holds more than the limit" },
	[CR_UNKNOWN_KEY]   = { "unknown-key", "voucher key is not in the given set" },
	[CR_KEY_EXPIRED]   = { "key-expired", "voucher key is not valid in this epoch" },
	[CR_BAD_MAC]	   = { "bad-mac", "voucher's authenticator is not valid" },
	[CR_NO_MEMORY]	   = { "no-memory", "out of memory, nothing was decided" },
	[CR_FAULT]	   = { "fault", "own result failed its check (faulty machine?)" },
	[CR_BAD_KEYSET]	   = { "bad-keyset", "voucher keys contradict each other" },
	[CR_OTHER_BATCH]   = { "other-batch", "answer does not belong to what was asked" },
	[CR_OTHER_PAYOUT]  = { "other-payout", "pays another account than is on record" },
};

const char *cr_reason_name(enum cr_reason reason)
{
	if ((unsigned int)reason >= CR_REASONS)
		return "unknown";
	return reasons[reason].name;
}

const char *cr_reason_text(enum cr_reason reason)
{
	if ((unsigned int)reason >= CR_REASONS)
		return "unknown reason";
	return reasons[reason].text;
}
