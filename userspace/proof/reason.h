/* SPDX-License-Identifier: MIT */
/*
 * Why a voucher, certificate, receipt or claim was not taken.
 *
 * Relays store these numbers with what they left out and the market answers
 * with them, so a number never changes its meaning; new ones go to the end.
 */
#ifndef CR_PROOF_REASON_H
#define CR_PROOF_REASON_H

enum cr_reason {
	CR_ACCEPTED = 0,
	CR_BAD_LENGTH = 1,	/* not the length of such an object */
	CR_BAD_FORMAT = 2,	/* unknown kind or version */
	CR_BAD_TARIFF = 3,	/* tariff or value is 0 or above its limit */
	CR_BAD_DEPOSIT = 4,	/* deposit is 0 or not what value and tariff give */
	CR_BAD_KEY = 5,		/* public key small-order or non-canonical */
	CR_BAD_SIGNATURE = 6,	/* malformed, or not by this key over these bytes */
	CR_OTHER_LEDGER = 7,	/* belongs to another ledger */
	CR_OTHER_EPOCH = 8,	/* belongs to another epoch */
	CR_OTHER_RELAY = 9,	/* belongs to another relay */
	CR_OTHER_TARIFF = 10,	/* belongs to another tariff */
	CR_OTHER_SESSION = 11,	/* receipt and certificate name different sessions */
	CR_BAD_SCALAR = 12,	/* scalar not below the group order */
	CR_BAD_POINT = 13,	/* no canonical ristretto255 encoding, or an identity where none may be */
	CR_BAD_OPENING = 14,	/* commitment does not open to this amount */
	CR_BELOW_LAST = 15,	/* amount below one already signed for */
	CR_OVER_DEPOSIT = 16,	/* amount above the deposit */
	CR_SUPERSEDED = 17,	/* a newer receipt of the session is claimed */
	CR_REPEATED = 18,	/* a session stands twice in a claim */
	CR_BAD_ORDER = 19,	/* sessions not in ascending order */
	CR_BAD_SUM = 20,	/* commitments do not add up to the total */
	CR_BAD_PROOF = 21,	/* range proof malformed or not valid */
	CR_EMPTY = 22,		/* nothing to claim */
	CR_TOO_MANY = 23,	/* count beyond the limit */
	CR_UNKNOWN_KEY = 24,	/* voucher key is not in the given set */
	CR_KEY_EXPIRED = 25,	/* voucher key not valid in this epoch */
	CR_BAD_MAC = 26,	/* spender does not know the voucher's output */
	CR_NO_MEMORY = 27,	/* out of memory: nothing was decided */
	CR_FAULT = 28,		/* own result failed its check */
	CR_BAD_KEYSET = 29,	/* voucher keys contradict each other */
	CR_OTHER_BATCH = 30,	/* answer does not belong to what was asked */
	CR_OTHER_PAYOUT = 31,	/* pays another account than is on record */
	CR_REASONS
};

/**
 * cr_reason_name() - short stable name for machines, e.g. "over-deposit"
 * @reason: one of the above; others give "unknown"
 */
const char *cr_reason_name(enum cr_reason reason);

/**
 * cr_reason_text() - one lower-case clause for a message to a person
 * @reason: one of the above; others give "unknown reason"
 */
const char *cr_reason_text(enum cr_reason reason);

#endif /* CR_PROOF_REASON_H */
