/* SPDX-License-Identifier: MIT */
/*
 * The roll: the newest descriptor of every relay, as relays hand them in. Two of one
 * serial number with different content are kept beside it: evidence against whoever signed both.
 */
#ifndef MARKET_DIRECTORY_ROLL_H
#define MARKET_DIRECTORY_ROLL_H

#include "directory/snapshot.h"
#include "market/store/store.h"

/* Relays on the roll, also those that no snapshot has room for. */
#define ROLL_MAX	(4 * CR_SNAPSHOT_RELAYS_MAX)
/* Evidence that one question is answered with. */
#define ROLL_FORKS_MAX	32

enum roll_outcome {
	ROLL_NEW,	/* a relay that was not there */
	ROLL_NEWER,	/* replaces the one that was there */
	ROLL_SAME,	/* is the one that is there */
	ROLL_OLD,	/* its serial number is below that of the one that is there */
	ROLL_FORK,	/* same serial number, other content: kept as evidence; the one that is there stays */
	ROLL_FULL,	/* there are ROLL_MAX relays */
	ROLL_WRONG,	/* see the verdict */
};

/**
 * struct roll_entry - a descriptor handed in, and what became of it
 * @ledger: of which network
 * @private: are addresses that are not public allowed?
 * @now: seconds since 1970
 * @outcome: result
 * @verdict: result: why, with ROLL_WRONG
 * @d: result: the descriptor, unless ROLL_WRONG
 * @other: result, with ROLL_FORK: the one that is there
 * @other_len: its length
 */
struct roll_entry {
	const uint8_t *ledger;
	bool private;
	uint64_t now;
	enum roll_outcome outcome;
	enum cr_verdict verdict;
	struct cr_descriptor d;
	uint8_t other[CR_DESCRIPTOR_MAX];
	size_t other_len;
};

/** roll_prepare() - tables; @upgrade false: only look whether they are there */
enum db_result roll_prepare(struct db *db, bool upgrade);

/** roll_add() - a descriptor from anywhere; the same again is ROLL_SAME */
enum db_result roll_add(struct db *db, struct roll_entry *e, const uint8_t *bytes, size_t len);

/** roll_get() - what is there of a relay; @len 0: nothing */
enum db_result roll_get(struct db *db, const uint8_t identity[CR_PUBLIC_BYTES], uint8_t out[CR_DESCRIPTOR_MAX], size_t *len);

/** struct roll_fork - evidence */
struct roll_fork {
	uint8_t identity[CR_PUBLIC_BYTES];
	uint64_t serial;
	uint8_t one[CR_DESCRIPTOR_MAX], two[CR_DESCRIPTOR_MAX];
	size_t one_len, two_len;
};

/** roll_forks() - evidence in the order of identities, those above @after (NULL: from the first); @n of at most ROLL_FORKS_MAX */
enum db_result roll_forks(struct db *db, const uint8_t *after, struct roll_fork *forks, size_t *n);

/** roll_measured() - what referees measured of a relay, bytes/s; 0: nothing, the declared capacity counts */
enum db_result roll_measured(struct db *db, const uint8_t identity[CR_PUBLIC_BYTES], uint64_t capacity);

/** roll_prune() - forgets relays whose descriptor is stale for so long that no older one of theirs can be valid */
enum db_result roll_prune(struct db *db, uint64_t now);

/** roll_stake() - stake of an operator; in a transaction */
typedef enum db_result roll_stake(struct db *db, const uint8_t operator_key[CR_PUBLIC_BYTES], uint64_t *stake, void *context);

/**
 * roll_call() - relays for a snapshot
 * @now: descriptors are valid then
 * @stake: of operators; NULL: nobody has any
 * @context: its own
 * @e: result, ascending identities, to be freed: measured, stake and descriptor; an operator's stake is
 *	divided among its relays. Where there are more than a snapshot holds, those with most stake,
 *	and among equals those who have been there longest
 * @n: how many
 */
enum db_result roll_call(struct db *db, uint64_t now, roll_stake *stake, void *context, struct cr_entry **e, size_t *n);

/**
 * roll_number() - a number for a snapshot, on stable storage before this returns
 * @at_least: no smaller one: a lost database does not start again at 1
 */
enum db_result roll_number(struct db *db, uint64_t at_least, uint64_t *number);

#endif /* MARKET_DIRECTORY_ROLL_H */
