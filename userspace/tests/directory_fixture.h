/* SPDX-License-Identifier: MIT */
/* Networks made up for tests: relays of operators, and signed snapshots of them. */
#ifndef CR_TEST_DIRECTORY_FIXTURE_H
#define CR_TEST_DIRECTORY_FIXTURE_H

#include "directory/snapshot.h"
#include "directory/weights.h"

/* When everything here is valid: 2026-01-01. */
#define FIX_NOW		1767225600ULL

/** struct fix_key - an Ed25519 key made from a name and a number, always the same */
struct fix_key {
	uint8_t public_key[CR_PUBLIC_BYTES];
	uint8_t secret[CR_SECRET_BYTES];
};

void fix_key(struct fix_key *key, const char *name, uint32_t number);

/** fix_ledger() - id of the network */
void fix_ledger(uint8_t ledger[CR_LEDGER_BYTES]);

/** fix_descriptor() - relay @i of operator @op, an entry and exit at 1.2.0.0 + @i and 2a00::@i; signed */
void fix_descriptor(struct cr_descriptor *d, uint32_t i, uint32_t op);
/** fix_resign() - after a change: both signatures; the verdict of the relay's own */
enum cr_verdict fix_resign(struct cr_descriptor *d, uint32_t i, uint32_t op);

/** fix_head() - snapshot @number, valid from FIX_NOW, with sensible parameters and no relays */
void fix_head(struct cr_snapshot_head *head, uint64_t number);

/**
 * fix_snapshot() - encode, with weights computed here
 * @head: relay_count is set here
 * @entries: @n in any order; they are sorted, and weights filled in
 * @len: of the result, without signatures but with their count
 *
 * Return: freed by the caller; room is left for all signatures.
 */
uint8_t *fix_snapshot(struct cr_snapshot_head *head, struct cr_entry *entries, uint32_t n, size_t *len);

/** fix_sign() - authority @i signs; @len grows */
void fix_sign(uint8_t *bytes, size_t *len, uint32_t i);

/** fix_trust() - @k of authorities 0 to @n - 1 */
void fix_trust(struct cr_trust *trust, unsigned int k, unsigned int n);

#endif /* CR_TEST_DIRECTORY_FIXTURE_H */
