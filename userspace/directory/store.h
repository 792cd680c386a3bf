/* SPDX-License-Identifier: MIT */
/*
 * The last good snapshot, kept in a folder: "snapshot" is the newest that was
 * ever taken. It is the floor below which none is taken again, also when it is
 * stale itself. A snapshot of the same number with other content is kept, too,
 * as "fork-NUMBER": the two together are evidence against whoever signed both. So
 * is the next one when it names another as the one before it: then one of the two
 * was made for us alone. The one after that is taken again.
 */
#ifndef CR_DIRECTORY_STORE_H
#define CR_DIRECTORY_STORE_H

#include "directory/snapshot.h"

/** struct cr_stored - what the folder holds; all zeros when it holds nothing yet */
struct cr_stored {
	uint8_t *bytes;		/* NULL: nothing */
	struct cr_snapshot s;
};

/**
 * cr_store_load() - the last good one
 * @folder: made by the caller
 * @stored: result; free with cr_store_free()
 *
 * Return: CR_DIR_OK, also when there is none; CR_DIR_STORAGE with errno; what
 * cr_snapshot_parse() finds wrong with a damaged file.
 */
enum cr_verdict cr_store_load(const char *folder, struct cr_stored *stored);
void cr_store_free(struct cr_stored *stored);

/**
 * cr_store_offer() - keep this one if it is better
 * @folder: of the store
 * @s: parsed
 * @trust: whose snapshots are taken
 * @now: seconds since 1970
 * @have: number of the one that was kept so far; 0: none
 * @kept: whether it was written; the one that we have already is not again
 *
 * Return: CR_DIR_OK; what cr_snapshot_verify() says; CR_DIR_ROLLBACK; CR_DIR_FORK;
 * CR_DIR_CHAIN; * CR_DIR_STORAGE with errno.
 */
enum cr_verdict cr_store_offer(const char *folder, const struct cr_snapshot *s,
			       const struct cr_trust *trust, uint64_t now, uint64_t *have, bool *kept);

#endif /* CR_DIRECTORY_STORE_H */
