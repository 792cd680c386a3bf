/* SPDX-License-Identifier: MIT */
/*
 * Deltas: what turns one snapshot into a later one (docs/directory.md, section 10).
 *
 * Applying is a pure function: it writes at most what the delta says that the result is long,
 * and only a result with the promised hash is a result. That alone makes nothing
 * trustworthy: the snapshot that comes out is parsed and verified like any other.
 */
#ifndef CR_DIRECTORY_DELTA_H
#define CR_DIRECTORY_DELTA_H

#include "directory/snapshot.h"

#define CR_KIND_DELTA		"cr/delta/1"
#define CR_DELTA_FIXED		(CR_KIND_BYTES + 4 + CR_LEDGER_BYTES + 2 * (8 + CR_HASH_BYTES) + 3 * 4)

/* What to do with the base's next relay. */
#define CR_DELTA_REMOVE		0	/* leave it out */
#define CR_DELTA_REPLACE	1	/* take the entry that follows instead */
#define CR_DELTA_INSERT		2	/* before it, take the entry that follows */
#define CR_DELTA_RANK		3	/* other measured capacity, stake and weight: 24 bytes that follow */

/**
 * struct cr_delta - a parsed delta; points into the caller's bytes
 * @ledger: of which network
 * @base: number of the snapshot that it changes
 * @base_hash: its hash
 * @number: of the result
 * @hash: of the result
 * @body_len: length of the result's body
 * @head: the result's, all before the relays
 * @head_len: its length
 * @count: steps
 * @steps: they themselves
 * @steps_len: their length
 * @sigs: what follows the body
 * @sigs_len: its length
 */
struct cr_delta {
	uint8_t ledger[CR_LEDGER_BYTES];
	uint64_t base, number;
	uint8_t base_hash[CR_HASH_BYTES], hash[CR_HASH_BYTES];
	uint32_t body_len, head_len, count;
	const uint8_t *head, *steps, *sigs;
	size_t steps_len, sigs_len;
};

/**
 * cr_delta_make() - from one snapshot to a later one
 * @base: parsed
 * @next: parsed, of the same network, with a larger number
 * @out: result, to be freed
 * @len: its length
 *
 * Return: CR_DIR_OK; CR_DIR_LEDGER; CR_DIR_NUMBER; CR_DIR_MEMORY.
 */
enum cr_verdict cr_delta_make(const struct cr_snapshot *base, const struct cr_snapshot *next, uint8_t **out, size_t *len);

/** cr_delta_parse() - everything but the steps, which cr_delta_apply() goes through */
enum cr_verdict cr_delta_parse(struct cr_delta *d, const uint8_t *in, size_t len);

/** cr_delta_bytes() - length of the result, signatures included */
size_t cr_delta_bytes(const struct cr_delta *d);

/**
 * cr_delta_apply() - the later snapshot
 * @d: parsed
 * @base: parsed
 * @out: room for cr_delta_bytes() bytes
 *
 * Return: CR_DIR_OK; CR_DIR_BASE: it changes another one; CR_DIR_RESULT: it is damaged, and
 * @out is of no use. What is there after CR_DIR_OK has the hash that the delta promises, and is
 * still to be parsed and verified.
 */
enum cr_verdict cr_delta_apply(const struct cr_delta *d, const struct cr_snapshot *base, uint8_t *out);

#endif /* CR_DIRECTORY_DELTA_H */
