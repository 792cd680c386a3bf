/* SPDX-License-Identifier: MIT */
/* What is fixed when a market is made; the ledger's id is the hash of it. */
#ifndef MARKET_BOOKS_PARAMS_H
#define MARKET_BOOKS_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proof/certificate.h"

#define MKT_KIND_LEDGER		"cr/ledger/1"
#define MKT_SALT_BYTES		32
#define MKT_PARAMS_BYTES	(16 + MKT_SALT_BYTES + 6 * 4 + 8)

/**
 * struct mkt_params - parameters of a ledger
 * @salt: random; makes two ledgers with the same numbers two
 * @epoch_seconds: length of an epoch, 1 to 31 days; epoch n begins n times this after 1970
 * @claim_epochs: epochs after its own in which a claim is taken, 1 to 63
 * @issue_epochs: epochs for which a voucher key signs, 1 to 1000
 * @spend_epochs: epochs after these in which its vouchers are taken, 1 to @issue_epochs
 * @unbond_epochs: epochs from asking for stake back to having it, 1 to 1000
 * @fee: burned part of a settlement, millionths, 1 to 1000000
 * @verification_fee: what a claim costs that does not hold, units; 0 to 2^53
 */
struct mkt_params {
	uint8_t salt[MKT_SALT_BYTES];
	uint32_t epoch_seconds, claim_epochs, issue_epochs, spend_epochs, unbond_epochs, fee;
	int64_t verification_fee;
};

/** mkt_params_default() - days as epochs, a fee of two percent; a fresh salt */
void mkt_params_default(struct mkt_params *p);

/** mkt_params_wrong() - name of the first number outside its range, or NULL */
const char *mkt_params_wrong(const struct mkt_params *p);

void mkt_params_encode(uint8_t out[MKT_PARAMS_BYTES], const struct mkt_params *p);
/** mkt_params_decode() - false: malformed, or a number outside its range */
bool mkt_params_decode(struct mkt_params *p, const uint8_t *in, size_t len);

/** mkt_params_ledger() - id of the ledger */
void mkt_params_ledger(uint8_t ledger[CR_LEDGER_BYTES], const struct mkt_params *p);

#endif /* MARKET_BOOKS_PARAMS_H */
