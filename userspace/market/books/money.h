/* SPDX-License-Identifier: MIT */
/* Money is whole units in an int64_t, never negative; every sum and product is checked. */
#ifndef MARKET_BOOKS_MONEY_H
#define MARKET_BOOKS_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#define MKT_MILLION	1000000

/** mkt_add() - *sum = a + b; false, and *sum untouched, if an operand is negative or the result no int64_t */
static inline bool mkt_add(int64_t *sum, int64_t a, int64_t b)
{
	int64_t r;

	if (a < 0 || b < 0 || __builtin_add_overflow(a, b, &r))
		return false;
	*sum = r;
	return true;
}

/** mkt_sub() - *difference = a - b; false if an operand or the result is negative */
static inline bool mkt_sub(int64_t *difference, int64_t a, int64_t b)
{
	if (a < 0 || b < 0 || b > a)
		return false;
	*difference = a - b;
	return true;
}

/** mkt_mul() - *product = a * b; false if an operand is negative or the result no int64_t */
static inline bool mkt_mul(int64_t *product, int64_t a, int64_t b)
{
	int64_t r;

	if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &r))
		return false;
	*product = r;
	return true;
}

/** mkt_fee() - @millionths of @amount, rounded up; never more than @amount for up to a million */
static inline int64_t mkt_fee(int64_t amount, uint32_t millionths)
{
	__int128 product = (__int128)amount * millionths;

	return (int64_t)((product + MKT_MILLION - 1) / MKT_MILLION);
}

#endif /* MARKET_BOOKS_MONEY_H */
