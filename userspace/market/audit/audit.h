/* SPDX-License-Identifier: MIT */
/*
 * The audit: recomputes every balance from the journal, holds every record
 * against the line that it belongs to, and checks that
 *
 *	sold = unspent vouchers + deposits + paid + burned
 *
 * It needs no key and changes nothing; it may be run on a backup by anybody.
 */
#ifndef MARKET_AUDIT_H
#define MARKET_AUDIT_H

#include "market/books/market.h"

/**
 * struct mkt_sums - the equation, units
 * @sold: paid for vouchers, by the buyers' orders
 * @unspent: vouchers not spent yet
 * @deposits: of certificates whose epoch is not closed, or not paid for
 * @paid: to relays, by the acknowledgements
 * @fee: burned in settlements, by the acknowledgements
 * @rounding: burned because a voucher's value was not whole KiB
 * @expired_deposits: burned because no relay claimed them
 * @expired_vouchers: burned because nobody spent them
 * @in: coins that the cashier took
 * @out: coins that the cashier gave
 * @codes: not yet redeemed or paid
 * @accounts: balances
 * @stake: staked
 * @unbonding: and on its way back
 * @burned_stake: by evidence
 * @verification: burned for claims that did not hold
 */
struct mkt_sums {
	int64_t sold, unspent, deposits, paid, fee, rounding, expired_deposits, expired_vouchers;
	int64_t in, out, codes, accounts, stake, unbonding, burned_stake, verification;
};

/**
 * struct mkt_audit - what to do, and what was found
 * @proofs: verify the range proofs of all claims, too
 * @found: called for each difference, in words that name table and row
 * @context: handed to @found
 * @differences: result: how many there were
 * @lines: result: lines read per chain
 * @sums: result
 */
struct mkt_audit {
	bool proofs;
	void (*found)(void *context, const char *what);
	void *context;
	uint64_t differences;
	uint64_t lines[MKT_CHAINS];
	struct mkt_sums sums;
};

/**
 * mkt_audit() - look at everything, in one consistent view
 *
 * Return: MKT_OK: all of it was looked at, see @a->differences; else it could not be
 * read to the end (MKT_CORRUPT counts as a difference, too).
 */
enum mkt_verdict mkt_audit(struct market *m, struct mkt_audit *a);

#endif /* MARKET_AUDIT_H */
