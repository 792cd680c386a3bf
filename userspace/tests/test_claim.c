// SPDX-License-Identifier: MIT
/*
 * Claims as honest relays make them: every size, what is left out and why,
 * batches with culprits. With the argument "long": 10 000 sessions, minutes.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "payments.h"

static uint64_t sum_of(const struct cr_claim_item *items, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += items[i].reason == CR_ACCEPTED ? items[i].opening.v : 0;
	return sum;
}

static void round_trip(size_t n)
{
	struct cr_claim_item *items;
	struct cr_claim claim;
	uint8_t *bytes;
	struct world w;
	size_t len, where;

	make_world(&w);
	items = make_items(&w, n);
	expect_reason(cr_claim_build(&bytes, &len, items, n, &w.terms, w.relay.secret,
				     NULL), CR_ACCEPTED);
	assert_int_equal(len, cr_claim_bytes(n));
	expect_reason(cr_claim_verify(bytes, len, &w.terms, &where), CR_ACCEPTED);
	assert_true(where == CR_CLAIM_NOWHERE);
	expect_reason(cr_claim_decode(&claim, bytes, len, n), CR_ACCEPTED);
	assert_int_equal(claim.sessions, n);
	assert_int_equal(claim.total, sum_of(items, n));
	expect_reason(cr_claim_decode(&claim, bytes, len, n - 1), CR_TOO_MANY);
	free(bytes);
	free(items);
}

/* m sessions fill one proof; one less and one more, two proofs and one more */
static void test_sizes(void **state)
{
	const size_t sizes[] = { 1, 2, 3, 4, 5, 8, 9, 31, 32, 33, 64, 65 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		round_trip(sizes[i]);
}

static void test_10000_sessions(void **state)
{
	(void)state;
	round_trip(10000);
}

static void test_nothing_to_claim(void **state)
{
	struct cr_claim_item *items;
	uint8_t *bytes = NULL;
	struct world w;
	size_t len;

	(void)state;
	make_world(&w);
	items = make_items(&w, 2);
	expect_reason(cr_claim_build(&bytes, &len, items, 0, &w.terms, w.relay.secret,
				     NULL), CR_EMPTY);
	items[0].opening.v++;
	items[1].receipt.signature[0] ^= 1;
	expect_reason(cr_claim_build(&bytes, &len, items, 2, &w.terms, w.relay.secret,
				     NULL), CR_EMPTY);
	expect_reason(items[0].reason, CR_BAD_OPENING);
	expect_reason(items[1].reason, CR_BAD_SIGNATURE);
	expect_reason(cr_claim_build(&bytes, &len, items, 2, &w.terms, w.market.secret,
				     NULL), CR_OTHER_RELAY);
	assert_null(bytes);
	free(items);
}

static void test_lengths(void **state)
{
	(void)state;
	assert_int_equal(cr_claim_bytes(0), 0);
	assert_int_equal(cr_claim_bytes(1), 172 + 196 + 32 * (9 + 2 * 6) + 64);
	assert_int_equal(cr_claim_bytes(32), 172 + 32 * 196 + 32 * (9 + 2 * 11) + 64);
	assert_int_equal(cr_claim_bytes(33), 172 + 33 * 196 + 32 * (9 + 2 * 11) +
			 32 * (9 + 2 * 6) + 64);
	assert_int_equal(cr_claim_bytes(CR_CLAIM_SESSIONS_MAX + 1), 0);
	assert_int_equal(cr_claim_bytes(SIZE_MAX), 0);
	assert_int_equal(cr_claim_values(3, 0), 8);
	assert_int_equal(cr_claim_values(33, 0), 64);
	assert_int_equal(cr_claim_values(33, 1), 2);
}

static void test_amount(void **state)
{
	uint64_t units = 0;

	(void)state;
	expect_reason(cr_claim_amount(&units, DEPOSIT, TARIFF), CR_ACCEPTED);
	assert_int_equal(units, VALUE);
	expect_reason(cr_claim_amount(&units, 1, 1), CR_ACCEPTED);
	assert_int_equal(units, 0);
	expect_reason(cr_claim_amount(&units, (1 << 20) - 1, 1), CR_ACCEPTED);
	assert_int_equal(units, 0);
	expect_reason(cr_claim_amount(&units, 1 << 20, 1), CR_ACCEPTED);
	assert_int_equal(units, 1);
	expect_reason(cr_claim_amount(&units, 1ULL << 52, CR_MONEY_MAX), CR_BAD_TARIFF);
	expect_reason(cr_claim_amount(&units, 1, 0), CR_BAD_TARIFF);
}

/* Every reason for leaving a receipt out, in one heap of receipts. */
static void test_left_out_with_reasons(void **state)
{
	struct cr_claim_item items[14];
	const enum cr_reason want[14] = {
		CR_ACCEPTED, CR_SUPERSEDED, CR_ACCEPTED, CR_SUPERSEDED,
		CR_OVER_DEPOSIT, CR_BAD_OPENING, CR_BAD_SIGNATURE, CR_BAD_SIGNATURE,
		CR_OTHER_EPOCH, CR_OTHER_RELAY, CR_OTHER_LEDGER, CR_OTHER_TARIFF,
		CR_OTHER_SESSION, CR_ACCEPTED,
	};
	struct cr_claim claim;
	struct key session;
	uint8_t *bytes;
	struct world w;
	size_t len;

	(void)state;
	make_world(&w);
	make_item(&w, &items[0], 0, 500);
	make_item(&w, &items[1], 0, 499);		/* older */
	make_item(&w, &items[2], 1, 7);
	items[3] = items[2];				/* the same twice */
	make_item(&w, &items[4], 2, DEPOSIT + 1);
	make_item(&w, &items[5], 3, 5);
	items[5].opening.v = 6;
	make_item(&w, &items[6], 4, 5);
	items[6].receipt.signature[63] ^= 0x10;
	make_item(&w, &items[7], 5, 5);
	items[7].certificate.deposit *= 2;		/* not what the market signed */
	for (int i = 8; i < 12; i++) {
		struct world other = w;

		if (i == 8)
			other.terms.scope.epoch--;
		else if (i == 9)
			other.terms.scope.relay[5] ^= 1;
		else if (i == 10)
			other.terms.scope.ledger[5] ^= 1;
		else
			other.terms.tariff++;
		make_item(&other, &items[i], (uint64_t)i, 5);
	}
	make_item(&w, &items[12], 12, 5);
	make_certificate(&w, &items[12].certificate, &session, 99);
	/* the newest of session 13 is broken, the one before is taken */
	make_item(&w, &items[13], 2, DEPOSIT);

	expect_reason(cr_claim_build(&bytes, &len, items, 14, &w.terms, w.relay.secret,
				     NULL), CR_ACCEPTED);
	for (int i = 0; i < 14; i++)
		expect_reason(items[i].reason, want[i]);
	expect_reason(cr_claim_verify(bytes, len, &w.terms, NULL), CR_ACCEPTED);
	expect_reason(cr_claim_decode(&claim, bytes, len, 100), CR_ACCEPTED);
	assert_int_equal(claim.sessions, 3);
	assert_int_equal(claim.total, 500 + 7 + DEPOSIT);
	free(bytes);
}

/* Receipts arrive in any order, some twice: the claim is about the newest. */
static void test_any_order_gives_the_newest(void **state)
{
	struct cr_claim_item items[12], shuffled[16];
	struct cr_claim claim;
	uint8_t *bytes;
	struct world w;
	size_t len;

	(void)state;
	make_world(&w);
	for (uint32_t i = 0; i < 12; i++)
		make_item(&w, &items[i], i % 3, 100 * (i / 3) + i % 3);
	for (int round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 16; i++)
			shuffled[i] = items[i < 12 ? i : randombytes_uniform(12)];
		for (uint32_t i = 15; i > 0; i--) {
			uint32_t j = randombytes_uniform(i + 1);
			struct cr_claim_item t = shuffled[i];

			shuffled[i] = shuffled[j];
			shuffled[j] = t;
		}
		expect_reason(cr_claim_build(&bytes, &len, shuffled, 16, &w.terms,
					     w.relay.secret, NULL), CR_ACCEPTED);
		expect_reason(cr_claim_decode(&claim, bytes, len, 100), CR_ACCEPTED);
		assert_int_equal(claim.sessions, 3);
		assert_int_equal(claim.total, 300 + 301 + 302);
		assert_int_equal(sum_of(shuffled, 16), 300 + 301 + 302);
		free(bytes);
	}
}

static void test_full_deposits_and_zeros(void **state)
{
	struct cr_claim_item items[3];
	struct cr_claim claim;
	uint8_t *bytes;
	struct world w;
	size_t len;

	(void)state;
	make_world(&w);
	make_item(&w, &items[0], 0, DEPOSIT);
	make_item(&w, &items[1], 1, 0);
	make_item(&w, &items[2], 2, 0);
	/* the largest deposit there is, spent in full */
	items[2].certificate.deposit = UINT32_MAX;
	cr_certificate_sign(&items[2].certificate, w.market.secret);
	{
		struct key session;

		make_key(&session, "session", 2);
		cr_receipt_sign(&items[2].receipt, &items[2].opening, &w.terms.scope,
				UINT32_MAX, session.secret);
	}
	expect_reason(cr_claim_build(&bytes, &len, items, 3, &w.terms, w.relay.secret,
				     NULL), CR_ACCEPTED);
	expect_reason(cr_claim_decode(&claim, bytes, len, 3), CR_ACCEPTED);
	assert_true(claim.total == (uint64_t)DEPOSIT + UINT32_MAX);
	free(bytes);
}

struct seen {
	size_t calls, last, total;
};

static void see(void *context, size_t done, size_t total)
{
	struct seen *seen = context;

	assert_true(done > seen->last && done <= total);
	seen->calls++;
	seen->last = done;
	seen->total = total;
}

/* Between proving and signing, something of what is claimed changes. */
static void disturb(void *context, size_t done, size_t total)
{
	struct world *w = context;

	if (done == total)
		w->terms.payout[0] ^= 1;
}

static void test_own_claim_is_checked(void **state)
{
	struct cr_claim_item item;
	uint8_t *bytes = NULL;
	struct world w;
	const struct cr_progress progress = { disturb, &w };
	size_t len;

	(void)state;
	make_world(&w);
	make_item(&w, &item, 0, 7);
	expect_reason(cr_claim_build(&bytes, &len, &item, 1, &w.terms, w.relay.secret,
				     &progress), CR_FAULT);
	assert_null(bytes);
}

#define CLAIMS 12

/* Twelve relays; three of them cheat or err, and exactly these are named. */
static void test_batch_names_culprits(void **state)
{
	struct world worlds[CLAIMS];
	struct cr_claim_job jobs[CLAIMS];
	uint8_t *bytes[CLAIMS];
	struct seen seen = { 0 };
	const struct cr_progress progress = { see, &seen };

	(void)state;
	for (int i = 0; i < CLAIMS; i++) {
		struct cr_claim_item *items;
		struct cr_claim claim;
		size_t n = i == 7 ? 33 : 1 + (size_t)i % 3;

		make_world(&worlds[i]);
		make_key(&worlds[i].relay, "relay", (uint64_t)i);
		memcpy(worlds[i].terms.scope.relay, worlds[i].relay.public_key, 32);
		items = make_items(&worlds[i], n);
		expect_reason(cr_claim_build(&bytes[i], &jobs[i].len, items, n,
					     &worlds[i].terms, worlds[i].relay.secret,
					     NULL), CR_ACCEPTED);
		free(items);
		jobs[i].bytes = bytes[i];
		jobs[i].terms = &worlds[i].terms;
		if (i == 4)	/* payout after the relay has signed */
			bytes[i][100] ^= 1;
		if (i == 7) {	/* second proof broken, and signed so */
			uint8_t message[80] = "cr/claimbody/1";

			expect_reason(cr_claim_decode(&claim, bytes[i], jobs[i].len, n),
				      CR_ACCEPTED);
			bytes[i][(claim.proofs - bytes[i]) + 32 * 31 + 32 * 5] ^= 1;
			crypto_hash_sha512(message + 16, bytes[i], jobs[i].len - 64);
			cr_sign(bytes[i] + jobs[i].len - 64, message, 80,
				worlds[i].relay.secret);
		}
		if (i == 9)
			jobs[i].len--;
	}
	assert_int_not_equal(cr_claims_verify(jobs, CLAIMS, 1000, &progress),
			     CR_ACCEPTED);
	for (int i = 0; i < CLAIMS; i++) {
		enum cr_reason want = CR_ACCEPTED;

		if (i == 4)
			want = CR_OTHER_PAYOUT;
		else if (i == 7)
			want = CR_BAD_PROOF;
		else if (i == 9)
			want = CR_BAD_LENGTH;
		expect_reason(jobs[i].reason, want);
		assert_true(jobs[i].where == (i == 7 ? 1 : CR_CLAIM_NOWHERE));
	}
	assert_int_equal(seen.calls, CLAIMS);
	assert_int_equal(seen.total, CLAIMS);
	/* a limit of the caller's holds for each */
	cr_claims_verify(jobs, CLAIMS, 2, NULL);
	expect_reason(jobs[0].reason, CR_ACCEPTED);
	expect_reason(jobs[2].reason, CR_TOO_MANY);
	expect_reason(cr_claims_verify(jobs, 0, 2, NULL), CR_ACCEPTED);
	for (int i = 0; i < CLAIMS; i++)
		free(bytes[i]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_nothing_to_claim),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_amount),
		cmocka_unit_test(test_left_out_with_reasons),
		cmocka_unit_test(test_any_order_gives_the_newest),
		cmocka_unit_test(test_full_deposits_and_zeros),
		cmocka_unit_test(test_own_claim_is_checked),
		cmocka_unit_test(test_batch_names_culprits),
	};
	const struct CMUnitTest long_tests[] = {
		cmocka_unit_test(test_10000_sessions),
	};

	if (cr_proof_init())
		return 1;
	if (argc > 1 && strcmp(argv[1], "long") == 0)
		return cmocka_run_group_tests_name("claim_long", long_tests, NULL, NULL);
	return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
