// SPDX-License-Identifier: MIT
/*
 * Fuzzing of every parser of the payment formats but the claim's. The first
 * byte picks one; what it accepts must encode to the same bytes again, so that
 * no object has two encodings, and then goes through the check behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proof/receipt.h"
#include "proof/voucher.h"

static const uint8_t market[32] = { 0xd7, 0x5a, 0x98, 0x01 };
static struct cr_voucher_key keys[1];
static struct cr_voprf_key secrets[1];

static void same(const void *encoded, const uint8_t *data, size_t size)
{
	fuzz_assert(memcmp(encoded, data, size) == 0);
}

static void certificate(const uint8_t *data, size_t size)
{
	uint8_t again[CR_CERTIFICATE_BYTES];
	struct cr_certificate cert, back;

	if (cr_certificate_decode(&cert, data, size))
		return;
	cr_certificate_encode(again, &cert);
	same(again, data, size);
	cr_certificate_pack(again, &cert);
	cr_certificate_unpack(&back, again, &cert.scope, cert.tariff);
	cr_certificate_encode(again, &back);
	same(again, data, size);
	fuzz_assert(cr_certificate_check(&cert, market) != CR_ACCEPTED);
}

static void receipt(const uint8_t *data, size_t size)
{
	uint8_t again[CR_RECEIPT_BYTES];
	struct cr_receipt r;

	if (cr_receipt_decode(&r, data, size))
		return;
	cr_receipt_encode(again, &r);
	same(again, data, size);
	(void)cr_receipt_check_signature(&r);
}

static void wire(const uint8_t *data, size_t size)
{
	const struct cr_certificate cert = { .deposit = 1000, .tariff = 1 };
	uint8_t again[CR_RECEIPT_WIRE];
	struct cr_opening opening;
	struct cr_receipt r;

	if (cr_receipt_unpack(&r, &opening, data, size, &cert))
		return;
	cr_receipt_pack(again, &r, &opening);
	same(again, data, size);
	/* the certificate's session is no usable key */
	fuzz_assert(cr_receipt_accept(&r, &opening, &cert, 0) != CR_ACCEPTED);
}

static void voucher_key(const uint8_t *data, size_t size)
{
	uint8_t again[CR_VOUCHER_KEY_BYTES];
	struct cr_voucher_key key;

	if (cr_voucher_key_decode(&key, data, size))
		return;
	cr_voucher_key_encode(again, &key);
	same(again, data, size);
	fuzz_assert(cr_voucher_keys_check(&key, 1) == CR_ACCEPTED);
}

static void order(const uint8_t *data, size_t size)
{
	uint8_t *answer;
	size_t key, n;

	if (size > CR_BLINDED_BYTES(16) ||
	    cr_voucher_asked(&key, &n, data, size, keys, 1, 5))
		return;
	fuzz_assert(size == CR_BLINDED_BYTES(n));
	answer = malloc(CR_ISSUED_BYTES(n));
	fuzz_assert(answer);
	(void)cr_voucher_issue(answer, data, n, &secrets[0]);
	free(answer);
}

static void answer(const uint8_t *data, size_t size)
{
	static struct cr_voucher_pending pending[2];
	struct cr_voucher vouchers[2];

	cr_voucher_key_id(pending[0].key, &keys[0]);
	pending[1] = pending[0];
	for (size_t n = 1; n <= 2; n++)
		fuzz_assert(cr_voucher_receive(vouchers, pending, n, data, size, keys, 1) !=
			    CR_ACCEPTED);
}

static void stored(const uint8_t *data, size_t size)
{
	uint8_t again[CR_PENDING_BYTES > CR_VOUCHER_BYTES ? CR_PENDING_BYTES
							  : CR_VOUCHER_BYTES];
	struct cr_voucher_pending pending;
	struct cr_voucher voucher;

	if (!cr_voucher_pending_decode(&pending, data, size)) {
		cr_voucher_pending_encode(again, &pending);
		same(again, data, size);
	}
	if (!cr_voucher_decode(&voucher, data, size)) {
		cr_voucher_encode(again, &voucher);
		same(again, data, size);
	}
}

static void spend(const uint8_t *data, size_t size)
{
	uint8_t again[CR_SPEND_BYTES];
	struct cr_spend s;
	size_t key;

	if (cr_spend_decode(&s, data, size))
		return;
	cr_spend_encode(again, &s);
	same(again, data, size);
	/* nobody has a voucher of this key */
	fuzz_assert(cr_spend_check(&key, &s, keys, secrets, 1, keys[0].ledger) !=
		    CR_ACCEPTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const uint8_t *data, size_t size) = {
		certificate, receipt, wire, voucher_key, order, answer, stored, spend,
	};
	uint8_t *copy;

	if (!size)
		return 0;
	/* an exact allocation, so that a read beyond it is seen */
	copy = malloc(size - 1 + !(size - 1));
	fuzz_assert(copy);
	memcpy(copy, data + 1, size - 1);
	parsers[data[0] % (sizeof(parsers) / sizeof(*parsers))](copy, size - 1);
	free(copy);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const uint8_t seed[32] = { 2 };

	(void)argc;
	(void)argv;
	fuzz_assert(cr_proof_init() == 0);
	fuzz_assert(!cr_voprf_key_derive(&secrets[0], seed, NULL, 0));
	keys[0].value = 100000;
	keys[0].issue_until = keys[0].spend_until = 10;
	memcpy(keys[0].public_key, secrets[0].public_key, 32);
	return 0;
}
