/* SPDX-License-Identifier: MIT */
/*
 * Claims: one is paid per relay and epoch, in the claim epochs after it.
 *
 * The same claim again gets the same acknowledgement; another is refused once
 * one was paid. A claim that its relay signed and that does not hold costs a
 * fixed fee, once for the same bytes, and nothing else: stake burns on evidence only.
 */
#ifndef MARKET_SETTLE_H
#define MARKET_SETTLE_H

#include "market/books/market.h"
#include "market/issue/keyring.h"
#include "market/settle/ack.h"
#include "proof/claim.h"

/* Longest claim that is taken; some 80 000 sessions. */
#define MKT_CLAIM_BYTES_MAX	(32u << 20)
/* Failing claims that are looked at per relay and epoch. */
#define MKT_CLAIMS_REFUSED_MAX	16

/**
 * struct mkt_claim - a claim and what becomes of it
 * @bytes: from anywhere
 * @len: their number
 * @v: out: MKT_OK: paid, now or before; else why not
 * @reason: out: with MKT_CLAIM what is wrong with it
 * @where: out: and in which of its sessions or proofs, or CR_CLAIM_NOWHERE
 * @fee: out: what the refusal cost
 * @ack: out: with MKT_OK
 */
struct mkt_claim {
	const uint8_t *bytes;
	size_t len;
	enum mkt_verdict v;
	enum cr_reason reason;
	size_t where;
	int64_t fee;
	uint8_t ack[MKT_ACK_BYTES];
};

/**
 * mkt_settle() - look at claims, range proofs of all together, and pay what holds
 * @claims: ->v is set for every one of them
 * @n: any number
 *
 * Each claim is settled in a transaction of its own. For ->v: MKT_OK; MKT_FORMAT; MKT_LEDGER; MKT_RELAY;
 * MKT_EPOCH (not over yet, or closed); MKT_SETTLED; MKT_CLAIM; MKT_LIMIT; MKT_FAULT (it claims more than
 * was deposited); and what the books say.
 */
void mkt_settle(struct market *m, struct mkt_claim *claims, size_t n);

/** mkt_settled() - acknowledgement of a claim that was paid; MKT_OK or MKT_CLAIM (none was) */
enum mkt_verdict mkt_settled(struct market *m, const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
			     uint8_t ack[MKT_ACK_BYTES]);

/** mkt_refusal_ref() - what the journal says of a claim that was refused */
void mkt_refusal_ref(uint8_t ref[CR_HASH_BYTES], const uint8_t relay[CR_RELAY_BYTES], uint64_t epoch,
		     const uint8_t claim[CR_HASH_BYTES], enum cr_reason reason);

#endif /* MARKET_SETTLE_H */
