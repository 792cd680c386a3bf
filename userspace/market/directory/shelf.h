/* SPDX-License-Identifier: MIT */
/*
 * The shelf: a folder with the newest snapshots and the deltas to the newest of them. One
 * process, the clerk, puts things there; any number of servers look.
 *
 *	next			snapshot that wants signatures; `relayctl directory sign` adds to it
 *	pending			its number and hash, for who checks signatures
 *	signature-N-KEY		a signature for number N that came over the network
 *	snapshot-N		published: signed by k of n authorities; never changed
 *	delta-B-N		from snapshot B to the newest
 *	current			number of the newest
 *
 * Every file is written beside, synced and renamed, and "current" last: who reads it finds what
 * it names.
 */
#ifndef MARKET_DIRECTORY_SHELF_H
#define MARKET_DIRECTORY_SHELF_H

#include "directory/snapshot.h"

/* Snapshots before the newest from which there are deltas: an hour of the usual period. */
#define SHELF_BASES	6

/**
 * struct shelf_head - what everyone asks of a snapshot
 * @number: 0: there is none
 * @hash: of its body
 * @from: second from which it is valid
 * @until: first second when it is stale
 * @period: seconds
 * @relays: how many
 * @bytes: length
 */
struct shelf_head {
	uint64_t number, from, until;
	uint8_t hash[CR_HASH_BYTES];
	uint32_t period, relays;
	size_t bytes;
};

/* The clerk's. All return CR_DIR_OK, CR_DIR_STORAGE with errno, CR_DIR_MEMORY, or what is said. */

/** shelf_put() - a new snapshot that wants signatures; replaces the one that wanted them before */
enum cr_verdict shelf_put(const char *folder, const uint8_t *bytes, size_t len);

/**
 * shelf_publish() - publish "next" if enough authorities have signed it
 * @folder: the shelf
 * @trust: which authorities, and how many
 * @now: seconds since 1970
 * @number: result: what was published; 0: nothing was
 *
 * Signatures from the network are added first. What is newer stays, whoever signed.
 * Return: also CR_DIR_TOO_FEW while signatures are missing, and what cr_snapshot_verify() says.
 */
enum cr_verdict shelf_publish(const char *folder, const struct cr_trust *trust, uint64_t now, uint64_t *number);

/** shelf_newest() - head of the newest published snapshot */
enum cr_verdict shelf_newest(const char *folder, struct shelf_head *head);

/* Servers'. */

/** shelf_current() - number of the newest; 0: none yet. Cheap */
enum cr_verdict shelf_current(const char *folder, uint64_t *number);

/** shelf_name() - path of snapshot @number (@base 0), or of the delta to it; false: too long */
bool shelf_name(char *path, size_t room, const char *folder, uint64_t base, uint64_t number);

/** shelf_pending() - which snapshot wants signatures; *number 0: none */
enum cr_verdict shelf_pending(const char *folder, uint64_t *number, uint8_t hash[CR_HASH_BYTES]);

/**
 * shelf_sign() - a signature from the network
 * @number: of the snapshot
 * @hash: of its body
 * @sig: key and signature
 *
 * Return: CR_DIR_OK: kept, also when it was there; CR_DIR_FORK: another one wants signatures;
 * CR_DIR_KEY: not an authority; CR_DIR_SIGNATURE.
 */
enum cr_verdict shelf_sign(const char *folder, const struct cr_trust *trust, uint64_t number,
			   const uint8_t hash[CR_HASH_BYTES], const uint8_t sig[CR_AUTHORITY_SIG_BYTES]);

#endif /* MARKET_DIRECTORY_SHELF_H */
