/* SPDX-License-Identifier: MIT */
/* The market's signed word that a claim was paid; a relay keeps it and forgets the claim. */
#ifndef MARKET_SETTLE_ACK_H
#define MARKET_SETTLE_ACK_H

#include "directory/wire.h"
#include "proof/certificate.h"

#define MKT_KIND_ACK	"cr/claimack/1"
#define MKT_ACK_SIGNED	(16 + CR_LEDGER_BYTES + CR_RELAY_BYTES + 8 + CR_HASH_BYTES + CR_PUBLIC_BYTES + 5 * 8)
#define MKT_ACK_BYTES	(MKT_ACK_SIGNED + CR_SIGNATURE_BYTES)

/**
 * struct mkt_ack - what a claim got
 * @ledger: of the market
 * @relay: whose claim
 * @epoch: for which epoch
 * @claim: cr_hash() of its bytes
 * @payout: account that was paid
 * @total: KiB
 * @tariff: units per GiB
 * @gross: floor(@total * @tariff / 2^20)
 * @fee: burned part of it, rounded up
 * @paid: the rest
 * @signature: by the certificate key over everything before
 */
struct mkt_ack {
	uint8_t ledger[CR_LEDGER_BYTES];
	uint8_t relay[CR_RELAY_BYTES];
	uint64_t epoch;
	uint8_t claim[CR_HASH_BYTES];
	uint8_t payout[CR_PUBLIC_BYTES];
	uint64_t total, tariff, gross, fee, paid;
	uint8_t signature[CR_SIGNATURE_BYTES];
};

/** mkt_ack_sign() - fill in the signature, and encode; the same content gives the same bytes */
void mkt_ack_sign(uint8_t out[MKT_ACK_BYTES], struct mkt_ack *ack, const uint8_t secret[CR_SECRET_BYTES]);

/** mkt_ack_read() - parse and verify (relay) */
enum cr_reason mkt_ack_read(struct mkt_ack *ack, const uint8_t *in, size_t len,
			    const uint8_t market[CR_PUBLIC_BYTES]);

#endif /* MARKET_SETTLE_ACK_H */
