/* SPDX-License-Identifier: MIT */
/*
 * Orders: what the holder of an account signs to have its money moved. The
 * same order again is the same order: it moves nothing twice and gets the
 * same answer.
 */
#ifndef MARKET_BOOKS_ORDER_H
#define MARKET_BOOKS_ORDER_H

#include "market/books/verdict.h"
#include "directory/wire.h"
#include "proof/certificate.h"

#define MKT_KIND_ORDER		"cr/order/1"
#define MKT_ACCOUNT_BYTES	CR_PUBLIC_BYTES
#define MKT_ORDER_SIGNED	(16 + CR_LEDGER_BYTES + MKT_ACCOUNT_BYTES + 8 + 4 + 8 + CR_HASH_BYTES)
#define MKT_ORDER_BYTES		(MKT_ORDER_SIGNED + CR_SIGNATURE_BYTES)

enum mkt_verb {
	MKT_STAKE_ORDER = 1,	/* account to stake */
	MKT_UNBOND_ORDER = 2,	/* stake to account, after a time */
	MKT_WITHDRAW_ORDER = 3,	/* account to a code; argument: mkt_code_hash() of one that the holder drew */
	MKT_BUY_ORDER = 4,	/* account to vouchers; argument: cr_hash() of the blinded message */
	MKT_VERBS
};

/**
 * struct mkt_order - a signed order
 * @ledger: of which market
 * @account: Ed25519 key of the account
 * @number: below 2^63, chosen by the holder, used once
 * @verb: what to do
 * @amount: units, 1 or more
 * @argument: see enum mkt_verb; else zeros
 * @signature: by @account over everything before
 */
struct mkt_order {
	uint8_t ledger[CR_LEDGER_BYTES];
	uint8_t account[MKT_ACCOUNT_BYTES];
	uint64_t number;
	enum mkt_verb verb;
	int64_t amount;
	uint8_t argument[CR_HASH_BYTES];
	uint8_t signature[CR_SIGNATURE_BYTES];
};

/** mkt_order_sign() - fill in account and signature, and encode (account's holder) */
void mkt_order_sign(uint8_t out[MKT_ORDER_BYTES], struct mkt_order *order,
		    const uint8_t secret[CR_SECRET_BYTES]);

/**
 * mkt_order_read() - parse and check
 * @order: result
 * @in: from anywhere
 * @len: its length
 * @ledger: the market's
 *
 * Return: MKT_OK, MKT_FORMAT, MKT_LEDGER, MKT_AMOUNT, MKT_SIGNATURE.
 */
enum mkt_verdict mkt_order_read(struct mkt_order *order, const uint8_t *in, size_t len,
				const uint8_t ledger[CR_LEDGER_BYTES]);

#endif /* MARKET_BOOKS_ORDER_H */
