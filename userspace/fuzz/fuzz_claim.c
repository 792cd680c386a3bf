// SPDX-License-Identifier: MIT
/*
 * Fuzzing of claims. First byte even: the rest is a claim as it comes. Odd:
 * edits (offset, byte) to a valid claim of three sessions, which the relay
 * then signs anew, so that what lies behind its signature is reached; the
 * claim must be refused unless the edits changed nothing before the signature.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "fuzz.h"
#include "proof/claim_format.h"

#define SESSIONS 3

static struct cr_claim_terms terms;
static uint8_t relay[CR_SECRET_BYTES], *valid;
static size_t valid_len;

static void raw(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + !size);
	struct cr_certificate cert;
	struct cr_receipt receipt;
	struct cr_claim claim;

	fuzz_assert(copy);
	memcpy(copy, data, size);
	if (cr_claim_decode(&claim, copy, size, CR_CLAIM_SESSIONS_MAX) == CR_ACCEPTED) {
		fuzz_assert(size == cr_claim_bytes(claim.sessions));
		for (size_t i = 0; i < claim.sessions; i++)
			cr_claim_entry(&claim, i, &cert, &receipt);
		fuzz_assert(cr_claim_decode(&claim, copy, size, claim.sessions - 1) !=
			    CR_ACCEPTED);
	}
	if (size != valid_len || memcmp(copy, valid, size) != 0)
		fuzz_assert(cr_claim_verify(copy, size, &terms, NULL) != CR_ACCEPTED);
	free(copy);
}

static void edits(const uint8_t *data, size_t size)
{
	const size_t body = valid_len - CR_SIGNATURE_BYTES;
	uint8_t message[CR_CLAIM_MESSAGE_BYTES], *copy = malloc(valid_len);
	enum cr_reason reason;

	fuzz_assert(copy);
	memcpy(copy, valid, valid_len);
	for (; size >= 3; data += 3, size -= 3)
		copy[(data[0] | data[1] << 8) % body] ^= data[2];
	claim_body_message(message, copy, body);
	cr_sign(copy + body, message, sizeof(message), relay);
	reason = cr_claim_verify(copy, valid_len, &terms, NULL);
	fuzz_assert((reason == CR_ACCEPTED) == !memcmp(copy, valid, valid_len));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		edits(data + 1, size - 1);
	else
		raw(data + 1, size - 1);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct cr_claim_item items[SESSIONS];
	uint8_t market[CR_SECRET_BYTES], session[CR_SECRET_BYTES], seed[32] = { 3 };

	(void)argc;
	(void)argv;
	fuzz_assert(cr_proof_init() == 0);
	cr_key_from_seed(terms.market, market, seed);
	seed[0]++;
	cr_key_from_seed(terms.scope.relay, relay, seed);
	terms.tariff = 1;
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct cr_certificate *cert = &items[i].certificate;

		seed[0]++;
		cert->scope = terms.scope;
		cert->tariff = terms.tariff;
		cert->deposit = 1000;
		cr_key_from_seed(cert->session, session, seed);
		cr_certificate_sign(cert, market);
		cr_receipt_sign(&items[i].receipt, &items[i].opening, &terms.scope, i,
				session);
	}
	fuzz_assert(cr_claim_build(&valid, &valid_len, items, SESSIONS, &terms, relay,
				   NULL) == CR_ACCEPTED);
	return 0;
}
