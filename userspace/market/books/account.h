/* SPDX-License-Identifier: MIT */
/*
 * Accounts, stake, and the ways of coins in and out.
 *
 * An account is an Ed25519 key; it needs no opening. Coins come in and go out
 * at a cashier by bearer codes: 32 hexadecimal digits of which the books know
 * the hash only. Whoever knows a code has its money.
 */
#ifndef MARKET_BOOKS_ACCOUNT_H
#define MARKET_BOOKS_ACCOUNT_H

#include "market/books/market.h"
#include "market/books/order.h"

#define MKT_CODE_BYTES	16
/* A thousand of these are as much as all books can hold, and every program reads it exactly. */
#define MKT_CODE_MAX	(1LL << 53)

/** struct mkt_holding - what an account has */
struct mkt_holding {
	int64_t balance, stake, unbonding;
};

/** mkt_code_hash() - name of a code in the books */
void mkt_code_hash(uint8_t hash[CR_HASH_BYTES], const uint8_t code[MKT_CODE_BYTES]);

/** mkt_code_make() - the cashier has taken @amount: draws a code for it. MKT_OK, MKT_AMOUNT */
enum mkt_verdict mkt_code_make(struct market *m, int64_t amount, uint8_t code[MKT_CODE_BYTES]);

/** mkt_code_worth() - what it is worth now; MKT_OK or MKT_CODE */
enum mkt_verdict mkt_code_worth(struct market *m, const uint8_t code[MKT_CODE_BYTES], int64_t *amount);

/** mkt_code_pay() - the cashier pays @amount for it: it is used then. MKT_OK or MKT_CODE */
enum mkt_verdict mkt_code_pay(struct market *m, const uint8_t code[MKT_CODE_BYTES], int64_t *amount);

/**
 * mkt_redeem() - a code's money goes to an account
 *
 * The same code for the same account again is MKT_OK again and moves nothing.
 * Return: MKT_OK, MKT_CODE, MKT_FORMAT (@account is no key), MKT_AMOUNT.
 */
enum mkt_verdict mkt_redeem(struct market *m, const uint8_t code[MKT_CODE_BYTES],
			    const uint8_t account[MKT_ACCOUNT_BYTES], int64_t *amount);

/**
 * mkt_order() - stake, unbond or withdraw
 * @order: bytes from anywhere
 * @len: their number
 *
 * The same order again is MKT_OK again and moves nothing.
 * Return: MKT_OK; what mkt_order_read() says; MKT_NUMBER; MKT_FUNDS; MKT_CODE (the code's hash is taken).
 */
enum mkt_verdict mkt_order(struct market *m, const uint8_t *order, size_t len);

/** mkt_holding() - zeros for an account that nobody has used */
enum mkt_verdict mkt_holding(struct market *m, const uint8_t account[MKT_ACCOUNT_BYTES],
			     struct mkt_holding *holding);

/* For bodies: */

/**
 * mkt_order_new() - record an order that is about to be carried out
 * @again: it is there already: nothing is to be done
 *
 * Return: DB_UNDO with MKT_NUMBER when its number was used for another.
 */
enum db_result mkt_order_new(struct mkt_work *w, const struct mkt_order *order,
			     const uint8_t bytes[MKT_ORDER_BYTES], bool *again);

#endif /* MARKET_BOOKS_ACCOUNT_H */
