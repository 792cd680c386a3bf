/* SPDX-License-Identifier: MIT */
/*
 * What a relay sells for, from which epoch on, and to whose account: one
 * tariff per relay and epoch. An epoch for which certificates may have been
 * sold keeps its terms.
 */
#ifndef MARKET_BOOKS_TERMS_H
#define MARKET_BOOKS_TERMS_H

#include "market/books/market.h"

#define MKT_KIND_TERMS	"cr/terms/1"

/* Certificates are sold for this epoch and the next. */
#define MKT_EPOCHS_AHEAD	1

/**
 * struct mkt_terms - of a relay
 * @relay: Ed25519 identity
 * @first_epoch: from which on
 * @tariff: units per GiB; 0: sells nothing
 * @payout: account that is paid: the operator's key
 */
struct mkt_terms {
	uint8_t relay[CR_RELAY_BYTES];
	uint64_t first_epoch, tariff;
	uint8_t payout[CR_PUBLIC_BYTES];
};

/** mkt_terms_hash() - what the journal says of it */
void mkt_terms_hash(uint8_t hash[CR_HASH_BYTES], const struct mkt_terms *t);

/**
 * mkt_terms_set() - a relay's descriptor says so; the caller has verified it
 * @relay: Ed25519 identity
 * @tariff: up to CR_MONEY_MAX
 * @payout: operator's key
 * @first_epoch: result: from which epoch it holds: this one for a relay that has sold nothing yet, else the
 *	first for which nothing can have been sold. What says the same as what will hold anyhow changes nothing.
 *
 * Return: MKT_OK; MKT_TARIFF, MKT_FORMAT (keys) for what can never be.
 */
enum mkt_verdict mkt_terms_set(struct market *m, const uint8_t relay[CR_RELAY_BYTES], uint64_t tariff,
			       const uint8_t payout[CR_PUBLIC_BYTES], uint64_t *first_epoch);

/** mkt_terms_get() - what holds in @epoch; MKT_OK or MKT_RELAY */
enum mkt_verdict mkt_terms_get(struct market *m, const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
			       struct mkt_terms *terms);

/** mkt_terms_find() - the same in a transaction; @there: it has any */
enum db_result mkt_terms_find(struct db *db, const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
			      struct mkt_terms *terms, bool *there);

#endif /* MARKET_BOOKS_TERMS_H */
