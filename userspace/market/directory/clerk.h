/* SPDX-License-Identifier: MIT */
/*
 * The clerk: makes a snapshot each period from roll and books, and publishes it when
 * the authorities have signed. One process; servers only read its shelf.
 */
#ifndef MARKET_DIRECTORY_CLERK_H
#define MARKET_DIRECTORY_CLERK_H

#include "market/directory/roll.h"
#include "market/directory/shelf.h"

/**
 * struct clerk_order - what a snapshot is made of beside the roll
 * @head: ledger, period, epoch, params, certificate_key, journal, market addresses, voucher_count;
 *	number, from, previous and relay_count are filled in
 * @keys: head.voucher_count voucher keys
 * @stake: of operators, or NULL
 * @context: for @stake
 */
struct clerk_order {
	struct cr_snapshot_head head;
	const struct cr_voucher_key *keys;
	roll_stake *stake;
	void *context;
};

/**
 * struct clerk_result - what came of it
 * @storage: what the database said
 * @verdict: what the directory said
 * @number: of the snapshot
 * @relays: in it
 * @bytes: length
 */
struct clerk_result {
	enum db_result storage;
	enum cr_verdict verdict;
	uint64_t number;
	size_t relays, bytes;
};

/**
 * clerk_make() - a snapshot that wants signatures
 * @db: the roll
 * @shelf: folder
 * @order: see there
 * @now: seconds since 1970: what is valid then is in it, and it is valid from then on
 *
 * Its number is durable before it is used for anything, and at least the count of periods since 1970.
 * Return: true when it lies on the shelf; else @result says why not.
 */
bool clerk_make(struct db *db, const char *shelf, struct clerk_order *order, uint64_t now, struct clerk_result *result);

#endif /* MARKET_DIRECTORY_CLERK_H */
