/* SPDX-License-Identifier: MIT */
/*
 * The market's keys. Public halves stand in the books, each announced in the
 * journal before anything is done with it; secret halves are files in a folder
 * that only the market reads: "certificate", and "voucher-ID" for each voucher
 * key. All workers need the same folder.
 */
#ifndef MARKET_ISSUE_KEYRING_H
#define MARKET_ISSUE_KEYRING_H

#include "market/books/market.h"
#include "proof/voucher.h"

#define MKT_KIND_MARKET_KEY	"cr/marketkey/1"
#define MKT_MARKET_KEY_BYTES	(16 + CR_PUBLIC_BYTES)

/**
 * struct mkt_keyring - keys in use; in guarded memory
 * @certificate: signs certificates and acknowledgements; secret
 * @certificate_public: its public half
 * @n: voucher keys whose vouchers can still be spent
 * @key: public halves
 * @secret: secret halves
 */
struct mkt_keyring {
	uint8_t certificate[CR_SECRET_BYTES];
	uint8_t certificate_public[CR_PUBLIC_BYTES];
	size_t n;
	struct cr_voucher_key key[CR_VOUCHER_KEYS_MAX];
	struct cr_voprf_key secret[CR_VOUCHER_KEYS_MAX];
};

/**
 * mkt_keys_make() - first keys of a new market
 * @m: books
 * @folder: there already
 * @values: denominations
 * @n: how many, 1 to 32
 *
 * Return: MKT_OK, MKT_AMOUNT (a value is 0 or stands twice), MKT_KEYS (errno: the folder), and what the books say.
 */
enum mkt_verdict mkt_keys_make(struct market *m, const char *folder, const int64_t *values, size_t n);

/**
 * mkt_keys_rotate() - successors for voucher keys that will soon stop signing; files of those
 *	whose time is over are removed
 * @made: how many new keys; may be 0
 * @removed: how many files
 *
 * To be called once per epoch; more often does nothing. May be interrupted anywhere.
 */
enum mkt_verdict mkt_keys_rotate(struct market *m, const char *folder, size_t *made, size_t *removed);

/**
 * mkt_keyring_load() - all keys in use
 * @ring: result, free with mkt_keyring_free()
 * @m: books; m->keys is not touched
 * @folder: where the files are
 * @wrong: what is wrong, for people
 * @len: room in @wrong
 *
 * Return: MKT_OK, MKT_KEYS (with @wrong), MKT_MEMORY, and what the books say.
 */
enum mkt_verdict mkt_keyring_load(struct mkt_keyring **ring, struct market *m, const char *folder,
				  char *wrong, size_t len);
void mkt_keyring_free(struct mkt_keyring *ring);

/**
 * mkt_keys_public() - for the snapshot: certificate key, and voucher keys that can be spent or will be
 * @certificate: result
 * @keys: room for CR_VOUCHER_KEYS_MAX
 * @n: result
 */
enum mkt_verdict mkt_keys_public(struct market *m, uint8_t certificate[CR_PUBLIC_BYTES],
				 struct cr_voucher_key *keys, size_t *n);

/** mkt_key_body() - a certificate key as it stands in the books */
void mkt_key_body(uint8_t body[MKT_MARKET_KEY_BYTES], const uint8_t public_key[CR_PUBLIC_BYTES]);

#endif /* MARKET_ISSUE_KEYRING_H */
