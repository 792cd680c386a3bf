/* SPDX-License-Identifier: MIT */
/*
 * Selling vouchers, and taking them for certificates.
 *
 * Both may be asked again with the same bytes as often as needed, over a crash
 * of either side, too: what was paid for is answered again, and nothing is
 * paid or spent twice.
 */
#ifndef MARKET_ISSUE_H
#define MARKET_ISSUE_H

#include "market/books/market.h"
#include "market/issue/keyring.h"

/**
 * mkt_buy() - account to vouchers
 * @order: MKT_BUY_ORDER: the amount is number of vouchers times their value
 * @order_len: its length
 * @message: what cr_voucher_ask() made
 * @message_len: its length
 * @answer: result: for cr_voucher_receive(); free()
 * @answer_len: its length
 * @reason: why, for MKT_PROOF
 *
 * Return: MKT_OK; what mkt_order_read() says; MKT_NUMBER; MKT_FUNDS; MKT_AMOUNT (not the price); MKT_PROOF;
 * MKT_EXPIRED; MKT_KEYS (no such key here).
 */
enum mkt_verdict mkt_buy(struct market *m, const uint8_t *order, size_t order_len,
			 const uint8_t *message, size_t message_len,
			 uint8_t **answer, size_t *answer_len, enum cr_reason *reason);

/**
 * mkt_certify() - voucher to certificate
 * @spend: what cr_voucher_spend() made
 * @len: its length
 * @certificate: result
 * @reason: why, for MKT_PROOF
 *
 * Return: MKT_OK; MKT_FORMAT; MKT_PROOF; MKT_SPENT; MKT_EPOCH (certificates are sold for this epoch and the
 * next); MKT_EXPIRED; MKT_RELAY; MKT_TARIFF; MKT_FAULT (more spent than was sold: the key is known to others).
 */
enum mkt_verdict mkt_certify(struct market *m, const uint8_t *spend, size_t len,
			     uint8_t certificate[CR_CERTIFICATE_BYTES], enum cr_reason *reason);

/** mkt_certificate_ref() - what the journal says of a voucher that became a certificate */
void mkt_certificate_ref(uint8_t ref[CR_HASH_BYTES], const uint8_t voucher_key[CR_VOUCHER_ID_BYTES],
			 const uint8_t input[CR_VOUCHER_INPUT_BYTES],
			 const uint8_t certificate[CR_CERTIFICATE_BYTES]);

/** mkt_certificate_worth() - most that a claim can get for it: ceil(deposit * tariff / 2^20) */
int64_t mkt_certificate_worth(const struct cr_certificate *certificate);

#endif /* MARKET_ISSUE_H */
