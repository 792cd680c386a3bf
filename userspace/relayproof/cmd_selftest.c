// SPDX-License-Identifier: MIT
/*
 * selftest: one known answer per building block, then one payment from
 * voucher to claim, and each result broken once to see that it is refused.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/oprf_core.h"
#include "proof/pedersen.h"
#include "proof/range.h"
#include "proof/voucher.h"
#include "relayproof/io.h"

static bool hex_is(const uint8_t *bytes, size_t len, const char *hex)
{
	uint8_t want[128];
	size_t got;

	return sodium_hex2bin(want, sizeof(want), hex, strlen(hex), NULL, &got, NULL) == 0 &&
	       got == len && memcmp(bytes, want, len) == 0;
}

/* Blinding base of the bulletproofs crate. */
static bool test_pedersen(void)
{
	uint8_t c[CR_POINT_BYTES];

	cr_pedersen_commit_u64(c, 0, &cr_scalar_one);
	return hex_is(c, sizeof(c), "8c9240b456a9e6dc65c377a1048d745f"
		      "94a08cdb7f44cbcd7b46f34048871134");
}

/* merlin 3.0.0, its own first test. */
static bool test_transcript(void)
{
	struct cr_transcript t;
	uint8_t out[32];

	cr_transcript_init(&t, "test protocol", 13);
	cr_transcript_append(&t, "some label", "some data", 9);
	cr_transcript_challenge(&t, "challenge", out, sizeof(out));
	return hex_is(out, sizeof(out), "d5a21972d0d5fe320c0d263fac7fffb8"
		      "145aa640af6e9bca177c03c7efcf0615");
}

/* RFC 9497, A.1.2.1. */
static bool test_voprf(void)
{
	const uint8_t input = 0;
	uint8_t seed[32], output[CR_VOPRF_OUTPUT_BYTES];
	struct cr_voprf_key key;

	memset(seed, 0xa3, sizeof(seed));
	return cr_voprf_key_derive(&key, seed, (const uint8_t *)"test key", 8) == 0 &&
	       cr_voprf_output(output, &key, &input, 1) == 0 &&
	       hex_is(output, sizeof(output),
		      "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"
		      "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c");
}

/* RFC 8032, 7.1, test 2. */
static bool test_ed25519(void)
{
	static const uint8_t seed[32] = {
		0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
		0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
		0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
	};
	uint8_t public_key[32], secret[64], signature[64], message = 0x72;

	cr_key_from_seed(public_key, secret, seed);
	cr_sign(signature, &message, 1, secret);
	if (!hex_is(signature, 64,
		    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"))
		return false;
	if (cr_verify(signature, &message, 1, public_key) != CR_ACCEPTED)
		return false;
	message ^= 1;
	return cr_verify(signature, &message, 1, public_key) == CR_BAD_SIGNATURE;
}

static bool test_range(void)
{
	const uint64_t values[2] = { 0, UINT32_MAX };
	uint8_t commitments[2][CR_POINT_BYTES], proof[CR_RANGE_MAX_BYTES];
	size_t len = cr_range_proof_bytes(32, 2);
	struct cr_scalar blindings[2];
	struct cr_transcript t, start;
	bool ok;

	cr_scalar_random(&blindings[0]);
	cr_scalar_random(&blindings[1]);
	cr_transcript_init(&start, "selftest", 8);
	t = start;
	if (cr_range_prove(&t, 32, values, blindings, 2, commitments, proof, len))
		return false;
	t = start;
	ok = !cr_range_verify(&t, 32, (const uint8_t (*)[32])commitments, 2, proof, len);
	proof[5 * 32] ^= 1;
	t = start;
	return ok && cr_range_verify(&t, 32, (const uint8_t (*)[32])commitments, 2, proof, len);
}

/* Everything a payment needs; secret. */
struct world {
	uint8_t market[64], relay[64], session[64], seed[32];
	struct cr_voprf_key key;
	struct cr_voucher_key public_key;
	struct cr_voucher_pending pending;
	struct cr_voucher voucher;
	struct cr_request request;
	struct cr_claim_terms terms;
	struct cr_claim_item item;
};

static bool voucher_to_certificate(struct world *w)
{
	uint8_t asked[CR_BLINDED_BYTES(1)], answer[CR_ISSUED_BYTES(1)];
	uint8_t message[CR_SPEND_BYTES];
	struct cr_spend spend;
	size_t key, n;

	if (cr_voucher_ask(&w->pending, asked, &w->public_key, 5, 1) ||
	    cr_voucher_asked(&key, &n, asked, sizeof(asked), &w->public_key, 1, 5) ||
	    cr_voucher_issue(answer, asked, n, &w->key))
		return false;
	answer[sizeof(answer) - 1] ^= 0x02;
	if (!cr_voucher_receive(&w->voucher, &w->pending, 1, answer, sizeof(answer),
				&w->public_key, 1))
		return false;
	answer[sizeof(answer) - 1] ^= 0x02;
	if (cr_voucher_receive(&w->voucher, &w->pending, 1, answer, sizeof(answer),
			       &w->public_key, 1) ||
	    cr_voucher_spend(message, &w->voucher, &w->request, &w->public_key, 1) ||
	    cr_spend_decode(&spend, message, sizeof(message)) ||
	    cr_spend_check(&key, &spend, &w->public_key, &w->key, 1,
			   w->public_key.ledger))
		return false;
	return !cr_request_certify(&w->item.certificate, &spend.request,
				   w->public_key.value, w->market) &&
	       !cr_request_answered(&w->item.certificate, &w->request,
				    w->public_key.value, w->terms.market);
}

static bool receipt_to_claim(struct world *w)
{
	struct cr_claim_item *item = &w->item;
	struct cr_claim claim;
	uint8_t *bytes;
	size_t len;
	bool ok;

	cr_receipt_sign(&item->receipt, &item->opening, &w->terms.scope, 1234, w->session);
	if (cr_receipt_accept(&item->receipt, &item->opening, &item->certificate, 1233) ||
	    cr_receipt_accept(&item->receipt, &item->opening, &item->certificate, 1235) !=
	    CR_BELOW_LAST ||
	    cr_claim_build(&bytes, &len, item, 1, &w->terms, w->relay, NULL))
		return false;
	ok = !cr_claim_decode(&claim, bytes, len, 1) && claim.total == 1234 &&
	     !cr_claim_verify(bytes, len, &w->terms, NULL);
	w->terms.payout[0] ^= 1;
	ok = ok && cr_claim_verify(bytes, len, &w->terms, NULL) == CR_OTHER_PAYOUT;
	free(bytes);
	return ok;
}

static bool test_payment(void)
{
	struct world *w = secret_new(sizeof(*w));
	bool ok = false;

	if (!w)
		return false;
	randombytes_buf(w->market, 32);
	randombytes_buf(w->relay, 32);
	randombytes_buf(w->session, 32);
	randombytes_buf(w->seed, 32);
	cr_key_from_seed(w->terms.market, w->market, w->market);
	cr_key_from_seed(w->terms.scope.relay, w->relay, w->relay);
	cr_key_from_seed(w->request.session, w->session, w->session);
	if (cr_voprf_key_derive(&w->key, w->seed, NULL, 0) == 0) {
		w->terms.scope.epoch = 5;
		w->terms.tariff = 1600000;
		w->request.scope = w->terms.scope;
		w->request.tariff = w->terms.tariff;
		w->public_key.value = 100000;
		w->public_key.issue_until = 10;
		w->public_key.spend_until = 20;
		memcpy(w->public_key.public_key, w->key.public_key, CR_POINT_BYTES);
		ok = voucher_to_certificate(w) && receipt_to_claim(w);
	}
	sodium_free(w);
	return ok;
}

int cmd_selftest(const struct options *opt, const json_t *in)
{
	static const struct {
		const char *name;
		bool (*run)(void);
	} tests[] = {
		{ "pedersen base of the bulletproofs crate", test_pedersen },
		{ "merlin transcript", test_transcript },
		{ "voprf of RFC 9497", test_voprf },
		{ "ed25519 of RFC 8032", test_ed25519 },
		{ "range proof", test_range },
		{ "voucher, certificate, receipt, claim", test_payment },
	};
	json_t *out = json_object(), *list = json_array();
	bool all = true;

	(void)opt;
	(void)in;
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		json_t *one = json_object();
		bool ok = tests[i].run();

		json_object_set_new(one, "name", json_string(tests[i].name));
		json_object_set_new(one, "ok", json_boolean(ok));
		json_array_append_new(list, one);
		all = all && ok;
	}
	json_object_set_new(out, "ok", json_boolean(all));
	json_object_set_new(out, "tests", list);
	return io_write(out, all ? STATUS_OK : STATUS_INVALID);
}
