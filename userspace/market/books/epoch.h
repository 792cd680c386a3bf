/* SPDX-License-Identifier: MIT */
/*
 * The ledger's time. It is the number of the last epoch that the market saw
 * begin, as the journal has it, and never falls: a clock set back changes
 * nothing, and all workers on a database agree.
 *
 * What is over is counted in epochs that the market saw: while it was down no
 * relay could hand in claims, so those days do not count against them.
 */
#ifndef MARKET_BOOKS_EPOCH_H
#define MARKET_BOOKS_EPOCH_H

#include "market/books/market.h"

/** mkt_epoch() - now (in a transaction) */
enum db_result mkt_epoch(struct db *db, uint64_t *epoch);

/**
 * mkt_epoch_floor() - epochs below this are closed for claims (in a transaction)
 * @floor: result, 0 while none is
 */
enum db_result mkt_epoch_floor(struct db *db, const struct mkt_params *params, uint64_t *floor);

/**
 * mkt_turn() - follow the clock: begin a new epoch if it is time, and do what falls due
 *
 * Gives stake back that has been waiting, burns deposits of closed epochs and
 * what was bought under voucher keys whose time is over. Cheap when there is
 * nothing to do; to be called before every request. May be interrupted anywhere.
 */
enum mkt_verdict mkt_turn(struct market *m);

/**
 * struct mkt_now - what the books say about time
 * @epoch: now
 * @floor: first epoch that is not closed for claims
 * @length: lines in all chains as of the last closed epoch, and in the chain of accounts now
 * @head: one hash for the heads of all three chains
 */
struct mkt_now {
	uint64_t epoch, floor, length;
	uint8_t head[CR_HASH_BYTES];
};

/**
 * mkt_now() - for the snapshot
 *
 * Of purchases and certificates only those of epochs before this one count, so that the
 * published heads do not tell when in an epoch which was made.
 */
enum mkt_verdict mkt_now(struct market *m, struct mkt_now *now);

#endif /* MARKET_BOOKS_EPOCH_H */
