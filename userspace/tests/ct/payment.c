// SPDX-License-Identifier: MIT
/*
 * Vouchers, receipts and claims with every secret marked: the market's voucher
 * and certificate keys, the wallet's inputs, blinds and outputs, session and
 * relay keys, amounts and blindings.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ct.h"
#include "proof/claim.h"
#include "proof/voucher.h"

#define N	2
#define DEPOSIT	65536

/* The seed is the secret half; the public half names the signer. */
static void new_key(uint8_t public_key[32], uint8_t secret[64])
{
	uint8_t seed[32];

	randombytes_buf(seed, sizeof(seed));
	ct_secret(seed, sizeof(seed));
	cr_key_from_seed(public_key, secret, seed);
	ct_public(public_key, 32);
	ct_public(secret + 32, 32);
}

static void new_voucher_key(struct cr_voucher_key *key, struct cr_voprf_key *secret)
{
	uint8_t seed[32], bytes[32];

	randombytes_buf(seed, sizeof(seed));
	ct_secret(seed, sizeof(seed));
	ct_check(!cr_voprf_key_derive(secret, seed, NULL, 0), "voucher key");
	memcpy(bytes, secret->k.b, sizeof(bytes));
	ct_check(!cr_voprf_key_load(secret, bytes), "stored voucher key");
	memset(key, 0, sizeof(*key));
	key->value = 100000;
	key->issue_until = key->spend_until = 10;
	memcpy(key->public_key, secret->public_key, 32);
}

void ct_voucher(void)
{
	static struct cr_voucher_pending pending[N];
	static struct cr_voucher vouchers[N];
	uint8_t asked[CR_BLINDED_BYTES(N)], answer[CR_ISSUED_BYTES(N)];
	uint8_t message[CR_SPEND_BYTES], market_public[32], market[64], session[64];
	struct cr_request request = { .tariff = 1600000 };
	struct cr_certificate cert;
	struct cr_voucher_key key;
	struct cr_voprf_key secret;
	struct cr_spend spend;
	size_t found, n;

	new_key(market_public, market);
	new_key(request.session, session);
	new_voucher_key(&key, &secret);
	ct_check(!cr_voucher_ask(pending, asked, &key, 5, N), "ask");
	/* the same once more from inputs and blinds that are marked */
	for (int i = 0; i < N; i++) {
		uint8_t again[32];

		ct_secret(pending[i].input, 32);
		ct_secret(&pending[i].blind, sizeof(pending[i].blind));
		ct_check(!cr_voprf_blind_with(again, &pending[i].blind, pending[i].input,
					      32), "blind");
		ct_check(!memcmp(again, pending[i].blinded, 32), "blind again");
	}
	ct_check(!cr_voucher_asked(&found, &n, asked, sizeof(asked), &key, 1, 5), "asked");
	ct_check(!cr_voucher_issue(answer, asked, N, &secret), "issue");
	ct_check(!cr_voucher_receive(vouchers, pending, N, answer, sizeof(answer), &key, 1),
		 "receive");
	ct_check(!cr_voucher_spend(message, &vouchers[0], &request, &key, 1), "spend");
	ct_check(!cr_spend_decode(&spend, message, sizeof(message)), "decode");
	ct_check(!cr_spend_check(&found, &spend, &key, &secret, 1, key.ledger), "check");
	ct_check(!cr_request_certify(&cert, &spend.request, key.value, market), "certify");
	ct_public(&cert, sizeof(cert));
	ct_check(!cr_request_answered(&cert, &request, key.value, market_public), "answer");
	spend.mac[5] ^= 1;
	ct_check(cr_spend_check(&found, &spend, &key, &secret, 1, key.ledger) == CR_BAD_MAC,
		 "wrong authenticator");
}

/* World of a claim: terms, and items with marked openings. */
static void new_items(struct cr_claim_terms *terms, uint8_t relay[64],
		      struct cr_claim_item *items, size_t n)
{
	uint8_t market[64], session[64];

	memset(terms, 0, sizeof(*terms));
	terms->tariff = 1600000;
	new_key(terms->market, market);
	new_key(terms->scope.relay, relay);
	for (size_t i = 0; i < n; i++) {
		struct cr_certificate *cert = &items[i].certificate;
		uint32_t v = (uint32_t)(100 * i + 1);

		cert->scope = terms->scope;
		cert->tariff = terms->tariff;
		cert->deposit = DEPOSIT;
		new_key(cert->session, session);
		cr_certificate_sign(cert, market);
		ct_public(cert->signature, sizeof(cert->signature));
		ct_secret(&v, sizeof(v));
		cr_receipt_sign(&items[i].receipt, &items[i].opening, &terms->scope, v,
				session);
	}
}

void ct_receipt(void)
{
	static struct cr_claim_item item, over;
	struct cr_claim_terms terms;
	uint8_t relay[64], wire[CR_RECEIPT_WIRE];
	struct cr_receipt back;
	struct cr_opening opened;
	uint32_t last = 1;

	new_items(&terms, relay, &item, 1);
	cr_receipt_pack(wire, &item.receipt, &item.opening);
	/* version and signature travel beside the secret opening */
	ct_public(wire, 1);
	ct_public(wire + CR_RECEIPT_WIRE - 64, 64);
	ct_check(!cr_receipt_unpack(&back, &opened, wire, sizeof(wire), &item.certificate),
		 "unpack");
	ct_secret(&last, sizeof(last));
	ct_check(!cr_receipt_accept(&back, &opened, &item.certificate, last), "accept");
	over = item;
	over.certificate.deposit = 0;
	ct_check(cr_receipt_accept(&over.receipt, &over.opening, &over.certificate, 0) ==
		 CR_OVER_DEPOSIT, "over deposit");
}

void ct_claim(void)
{
	static struct cr_claim_item items[N + 1];
	struct cr_claim_terms terms;
	uint8_t relay[64], *bytes;
	size_t len;

	new_items(&terms, relay, items, N);
	/* a second receipt of the first session: which is newer is compared too */
	items[N] = items[0];
	ct_check(!cr_claim_build(&bytes, &len, items, N + 1, &terms, relay, NULL), "claim");
	ct_check(!cr_claim_verify(bytes, len, &terms, NULL), "verification");
	ct_check(items[N].reason == CR_SUPERSEDED, "repeated receipt");
	free(bytes);
}
