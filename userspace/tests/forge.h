/* SPDX-License-Identifier: MIT */
/*
 * Claims that no honest relay would make, for the tests of what is refused.
 * The forger holds the relay's and the sessions' keys, commits to any scalar
 * as an amount, states any sum, and proves ranges for any values he likes.
 */
#ifndef CR_TEST_FORGE_H
#define CR_TEST_FORGE_H

#include "payments.h"

/**
 * struct lie - one entry
 * @session: number of the session's key
 * @deposit: in the certificate
 * @amount: what the commitment really holds
 * @blinding: of the commitment
 * @proven: what the range proof is made for instead: amount, and
 *	deposit - amount
 */
struct lie {
	uint64_t session;
	uint32_t deposit;
	struct cr_scalar amount, blinding;
	uint64_t proven[2];
};

/** lie_u32() - an entry that is honest so far */
void lie_u32(struct lie *lie, uint64_t session, uint32_t v);

/**
 * forge_claim() - lies in the order given
 * @w: whose relay and market
 * @lies: @n entries, at most CR_CLAIM_PROOF_SESSIONS
 * @n: how many
 * @total: stated T
 * @opening: stated R; NULL for the true sum of blindings
 * @len: result
 *
 * Return: bytes, free() them.
 */
uint8_t *forge_claim(const struct world *w, const struct lie *lies, size_t n,
		     uint64_t total, const struct cr_scalar *opening,
		     size_t *len);

/** resign_claim() - replace the relay's signature after a change */
void resign_claim(const struct world *w, uint8_t *claim, size_t len);

#endif /* CR_TEST_FORGE_H */
