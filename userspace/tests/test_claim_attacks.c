// SPDX-License-Identifier: MIT
/*
 * What a market must refuse. The attacker here is the strongest there is: a
 * relay that also holds its sessions' keys and signs whatever it made up.
 * Names D16 and D17 are those of the project's list of attacks.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "forge.h"
#include "proof/codec.h"

/* offsets in a claim, docs/claims.md */
enum {
	AT_LEDGER = 16, AT_EPOCH = 48, AT_RELAY = 56, AT_TARIFF = 88, AT_PAYOUT = 96,
	AT_TOTAL = 128, AT_OPENING = 136, AT_COUNT = 168, AT_ENTRIES = 172,
};

#define LIES 3

struct forgery {
	struct world w;
	struct lie lies[LIES];
	uint8_t *bytes;
	size_t len;
};

/* Three honest entries in ascending order of their keys, not yet a claim. */
static void prepare(struct forgery *f)
{
	uint64_t order[LIES] = { 0, 1, 2 };
	struct key a, b;

	memset(f, 0, sizeof(*f));
	make_world(&f->w);
	for (int i = 0; i < LIES; i++) {
		for (int j = 0; j + 1 < LIES; j++) {
			uint64_t t = order[j];

			make_key(&a, "session", order[j]);
			make_key(&b, "session", order[j + 1]);
			if (memcmp(a.public_key, b.public_key, 32) > 0) {
				order[j] = order[j + 1];
				order[j + 1] = t;
			}
		}
	}
	for (uint32_t i = 0; i < LIES; i++)
		lie_u32(&f->lies[i], order[i], 100 * (i + 1));
}

static void forge(struct forgery *f, uint64_t total)
{
	free(f->bytes);
	f->bytes = forge_claim(&f->w, f->lies, LIES, total, NULL, &f->len);
}

static enum cr_reason verdict(const struct forgery *f)
{
	return cr_claim_verify(f->bytes, f->len, &f->w.terms, NULL);
}

static void expect_forged(struct forgery *f, uint64_t total, enum cr_reason want)
{
	forge(f, total);
	expect_reason(verdict(f), want);
	free(f->bytes);
	f->bytes = NULL;
}

/* The forger's tools make a valid claim when he does not lie. */
static void test_control(void **state)
{
	struct forgery f;

	(void)state;
	prepare(&f);
	expect_forged(&f, 600, CR_ACCEPTED);
}

static void test_every_byte_counts(void **state)
{
	struct forgery f;

	(void)state;
	prepare(&f);
	forge(&f, 600);
	for (size_t i = 0; i < f.len; i++) {
		f.bytes[i] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(verdict(&f), CR_ACCEPTED);
		f.bytes[i] ^= (uint8_t)(1 << i % 8);
	}
	expect_reason(verdict(&f), CR_ACCEPTED);
	for (size_t len = 0; len < f.len; len += 13)
		assert_int_not_equal(cr_claim_verify(f.bytes, len, &f.w.terms, NULL),
				     CR_ACCEPTED);
	free(f.bytes);
}

/* The same with the relay signing the changed bytes anew: the rest must hold alone. */
static void test_every_byte_counts_resigned(void **state)
{
	struct forgery f;

	(void)state;
	prepare(&f);
	forge(&f, 600);
	for (size_t i = 0; i < f.len - CR_SIGNATURE_BYTES; i++) {
		uint8_t bit = (uint8_t)(1 << i % 8);

		f.bytes[i] ^= bit;
		resign_claim(&f.w, f.bytes, f.len);
		assert_int_not_equal(verdict(&f), CR_ACCEPTED);
		f.bytes[i] ^= bit;
	}
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_ACCEPTED);
	free(f.bytes);
}

/* A claim moved, against the market's record there and with the record moved along. */
static void test_moved(void **state)
{
	struct forgery f;
	struct key other;

	(void)state;
	prepare(&f);
	forge(&f, 600);

	f.bytes[AT_EPOCH]++;
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_OTHER_EPOCH);
	f.w.terms.scope.epoch++;
	expect_reason(verdict(&f), CR_BAD_SIGNATURE);
	f.bytes[AT_EPOCH]--;
	f.w.terms.scope.epoch--;

	f.bytes[AT_LEDGER] ^= 1;
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_OTHER_LEDGER);
	f.w.terms.scope.ledger[0] ^= 1;
	expect_reason(verdict(&f), CR_BAD_SIGNATURE);
	f.bytes[AT_LEDGER] ^= 1;
	f.w.terms.scope.ledger[0] ^= 1;

	f.bytes[AT_TARIFF] ^= 1;
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_OTHER_TARIFF);
	f.w.terms.tariff ^= 1;
	expect_reason(verdict(&f), CR_BAD_SIGNATURE);
	f.bytes[AT_TARIFF] ^= 1;
	f.w.terms.tariff ^= 1;

	/* certificates do not name the payout: only the proofs are bound to it */
	f.bytes[AT_PAYOUT] ^= 1;
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_OTHER_PAYOUT);
	f.w.terms.payout[0] ^= 1;
	expect_reason(verdict(&f), CR_BAD_PROOF);
	f.bytes[AT_PAYOUT] ^= 1;
	f.w.terms.payout[0] ^= 1;

	/* another relay claims it as its own */
	make_key(&other, "relay", 1);
	memcpy(f.bytes + AT_RELAY, other.public_key, 32);
	expect_reason(verdict(&f), CR_OTHER_RELAY);
	f.w.relay = other;
	memcpy(f.w.terms.scope.relay, other.public_key, 32);
	expect_reason(verdict(&f), CR_BAD_SIGNATURE);
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_BAD_SIGNATURE);
	free(f.bytes);
}

/* D16: the same receipt twice, out of order, of another relay, ledger or epoch. */
static void test_d16_receipt_replay(void **state)
{
	struct forgery f;
	struct world other;
	struct lie t;
	size_t where;

	(void)state;
	prepare(&f);
	f.lies[1] = f.lies[0];
	forge(&f, 500);
	expect_reason(cr_claim_verify(f.bytes, f.len, &f.w.terms, &where), CR_REPEATED);
	assert_int_equal(where, 1);
	free(f.bytes);

	/* two receipts of one session with different amounts */
	prepare(&f);
	lie_u32(&f.lies[1], f.lies[0].session, 200);
	expect_forged(&f, 600, CR_REPEATED);

	prepare(&f);
	t = f.lies[0];
	f.lies[0] = f.lies[2];
	f.lies[2] = t;
	expect_forged(&f, 600, CR_BAD_ORDER);

	/* entries certified and signed for another relay, ledger, epoch */
	for (int i = 0; i < 3; i++) {
		uint8_t entry[CR_CLAIM_ENTRY_BYTES];
		size_t len;
		uint8_t *from;

		prepare(&f);
		other = f.w;
		if (i == 0)
			make_key(&other.relay, "relay", 1);
		else if (i == 1)
			other.terms.scope.ledger[0] ^= 1;
		else
			other.terms.scope.epoch--;
		memcpy(other.terms.scope.relay, other.relay.public_key, 32);
		from = forge_claim(&other, f.lies, LIES, 600, NULL, &len);
		expect_reason(cr_claim_verify(from, len, &other.terms, NULL), CR_ACCEPTED);
		forge(&f, 600);
		memcpy(entry, from + AT_ENTRIES, sizeof(entry));
		memcpy(f.bytes + AT_ENTRIES, entry, sizeof(entry));
		resign_claim(&f.w, f.bytes, f.len);
		expect_reason(verdict(&f), CR_BAD_SIGNATURE);
		free(f.bytes);
		free(from);
	}
}

/*
 * D17: each way to claim more than was signed for ends in its own answer.
 * In all of them the commitments, the receipts and the sum agree with the
 * lie, so that only the range proofs stand against it.
 */
static void test_d17_edited_value(void **state)
{
	struct forgery f;

	(void)state;
	prepare(&f);
	expect_forged(&f, 601, CR_BAD_SUM);	/* T edited */
	prepare(&f);
	f.bytes = forge_claim(&f.w, f.lies, LIES, 600, &cr_scalar_one, &f.len);
	expect_reason(verdict(&f), CR_BAD_SUM);	/* R edited */
	free(f.bytes);
}

static void test_d17_over_deposit(void **state)
{
	struct forgery f;

	(void)state;
	/* v = deposit + 1: deposit - v is -1, so he proves something else for it */
	prepare(&f);
	cr_scalar_u64(&f.lies[0].amount, (uint64_t)DEPOSIT + 1);
	f.lies[0].proven[0] = (uint64_t)DEPOSIT + 1;
	f.lies[0].proven[1] = 0;
	expect_forged(&f, (uint64_t)DEPOSIT + 1 + 200 + 300, CR_BAD_PROOF);
	/* v = deposit is fine */
	prepare(&f);
	lie_u32(&f.lies[0], f.lies[0].session, DEPOSIT);
	expect_forged(&f, (uint64_t)DEPOSIT + 200 + 300, CR_ACCEPTED);
}

static void test_d17_negative_and_wrapped(void **state)
{
	struct forgery f;

	(void)state;
	/* -1 in one session, one more in another: T is right */
	prepare(&f);
	cr_scalar_neg(&f.lies[0].amount, &cr_scalar_one);
	f.lies[0].proven[0] = 0;
	f.lies[0].proven[1] = DEPOSIT;
	expect_forged(&f, 200 + 300 - 1, CR_BAD_PROOF);
	/* 2^40, with a deposit that cannot cover it */
	prepare(&f);
	cr_scalar_u64(&f.lies[1].amount, 1ULL << 40);
	f.lies[1].proven[0] = 0;
	expect_forged(&f, (1ULL << 40) + 100 + 300, CR_BAD_PROOF);
	/* 2^32 + 100: wraps to 100 in 32 bits */
	prepare(&f);
	cr_scalar_u64(&f.lies[0].amount, (1ULL << 32) + 100);
	expect_forged(&f, (1ULL << 32) + 600, CR_BAD_PROOF);
	expect_forged(&f, 600, CR_BAD_SUM);
	/* a sum that would wrap 64 bits: T is compared modulo the group order */
	prepare(&f);
	cr_scalar_u64(&f.lies[0].amount, UINT64_MAX);
	f.lies[0].proven[0] = 0;
	expect_forged(&f, 499, CR_BAD_SUM);
}

static void test_d17_shift_between_sessions(void **state)
{
	struct cr_scalar shift;
	struct forgery f;

	(void)state;
	/* sum-preserving: one above its deposit, one below zero */
	prepare(&f);
	cr_scalar_u64(&shift, DEPOSIT);
	cr_scalar_add(&f.lies[0].amount, &f.lies[0].amount, &shift);
	cr_scalar_sub(&f.lies[1].amount, &f.lies[1].amount, &shift);
	expect_forged(&f, 600, CR_BAD_PROOF);
}

static void test_d17_wrong_blinding(void **state)
{
	struct cr_scalar r;
	struct forgery f;

	(void)state;
	/* the commitment of a receipt replaced by one with another blinding */
	prepare(&f);
	forge(&f, 600);
	r = f.lies[0].blinding;
	cr_scalar_add(&f.lies[0].blinding, &r, &cr_scalar_one);
	{
		struct forgery g = f;

		g.bytes = NULL;
		forge(&g, 600);
		memcpy(f.bytes + AT_ENTRIES, g.bytes + AT_ENTRIES, CR_CLAIM_ENTRY_BYTES);
		free(g.bytes);
	}
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_BAD_SUM);
	/* R corrected too: the proofs are about the other commitment */
	memcpy(r.b, f.bytes + AT_OPENING, 32);
	cr_scalar_add(&r, &r, &cr_scalar_one);
	memcpy(f.bytes + AT_OPENING, r.b, 32);
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_BAD_PROOF);
	free(f.bytes);
}

static void test_d17_duplicate_in_aggregate(void **state)
{
	struct forgery f;

	(void)state;
	/* one commitment under two sessions: he may sign it, and pays twice for it */
	prepare(&f);
	f.lies[1].amount = f.lies[0].amount;
	f.lies[1].blinding = f.lies[0].blinding;
	memcpy(f.lies[1].proven, f.lies[0].proven, sizeof(f.lies[0].proven));
	expect_forged(&f, 500, CR_ACCEPTED);
	expect_forged(&f, 600, CR_BAD_SUM);

	/* entry of the second session replaced by a copy of the first's receipt */
	prepare(&f);
	forge(&f, 600);
	memcpy(f.bytes + AT_ENTRIES + CR_CLAIM_ENTRY_BYTES + CR_CERTIFICATE_COMPACT,
	       f.bytes + AT_ENTRIES + CR_CERTIFICATE_COMPACT, 96);
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_BAD_SIGNATURE);
	free(f.bytes);
}

static void test_d17_malleated_proof(void **state)
{
	struct cr_claim claim;
	struct forgery f;
	uint8_t *proof;

	(void)state;
	prepare(&f);
	forge(&f, 600);
	expect_reason(cr_claim_decode(&claim, f.bytes, f.len, LIES), CR_ACCEPTED);
	proof = f.bytes + (claim.proofs - f.bytes);
	/* t_x, t_x_blinding, e_blinding, and a, b at the end: second encodings */
	for (int i = 0; i < 5; i++) {
		size_t at = i < 3 ? 32 * (4 + (size_t)i) :
			    f.len - CR_SIGNATURE_BYTES - (size_t)(claim.proofs - f.bytes) -
			    32 * (size_t)(i - 2);
		uint8_t save[32];

		memcpy(save, proof + at, 32);
		add_group_order(proof + at);
		resign_claim(&f.w, f.bytes, f.len);
		expect_reason(verdict(&f), CR_BAD_PROOF);
		memcpy(proof + at, save, 32);
	}
	/* identity for A */
	memset(proof, 0, 32);
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_BAD_PROOF);
	free(f.bytes);

	/* the other encoding of R */
	prepare(&f);
	forge(&f, 600);
	add_group_order(f.bytes + AT_OPENING);
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_BAD_SCALAR);
	free(f.bytes);
}

/* A proof of the same relay's earlier claim over the same receipts. */
static void test_proof_of_another_claim(void **state)
{
	struct forgery f, g;
	struct cr_claim claim;

	(void)state;
	prepare(&f);
	forge(&f, 600);
	g = f;
	g.w.terms.payout[0] ^= 1;
	g.bytes = forge_claim(&g.w, g.lies, LIES, 600, NULL, &g.len);
	expect_reason(cr_claim_verify(g.bytes, g.len, &g.w.terms, NULL), CR_ACCEPTED);
	expect_reason(cr_claim_decode(&claim, f.bytes, f.len, LIES), CR_ACCEPTED);
	memcpy(f.bytes + (claim.proofs - f.bytes), g.bytes + (claim.proofs - f.bytes),
	       f.len - (size_t)(claim.proofs - f.bytes) - CR_SIGNATURE_BYTES);
	resign_claim(&f.w, f.bytes, f.len);
	expect_reason(verdict(&f), CR_BAD_PROOF);
	free(g.bytes);
	free(f.bytes);
}

static void test_identity_commitment(void **state)
{
	struct forgery f;

	(void)state;
	/* v = 0 with r = 0 hides nothing but is arithmetic like any other */
	prepare(&f);
	lie_u32(&f.lies[0], f.lies[0].session, 0);
	f.lies[0].blinding = cr_scalar_zero;
	expect_forged(&f, 500, CR_ACCEPTED);
}

static void test_small_order_relay(void **state)
{
	struct forgery f;

	(void)state;
	/* a relay key of small order, on record as such */
	prepare(&f);
	forge(&f, 600);
	memset(f.bytes + AT_RELAY, 0, 32);
	memset(f.w.terms.scope.relay, 0, 32);
	expect_reason(verdict(&f), CR_BAD_KEY);
	free(f.bytes);
}

/* Counts that the bytes do not bear out are refused before they are used. */
static void test_stated_counts(void **state)
{
	const uint32_t counts[] = { 0, 1, 2, 4, 33, 1 << 20, (1 << 20) + 1, UINT32_MAX };
	const enum cr_reason want[] = {
		CR_EMPTY, CR_BAD_LENGTH, CR_BAD_LENGTH, CR_BAD_LENGTH, CR_BAD_LENGTH,
		CR_BAD_LENGTH, CR_TOO_MANY, CR_TOO_MANY,
	};
	struct forgery f;

	(void)state;
	prepare(&f);
	forge(&f, 600);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		cr_put_le32(f.bytes + AT_COUNT, counts[i]);
		resign_claim(&f.w, f.bytes, f.len);
		expect_reason(verdict(&f), want[i]);
	}
	free(f.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_every_byte_counts_resigned),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_d16_receipt_replay),
		cmocka_unit_test(test_d17_edited_value),
		cmocka_unit_test(test_d17_over_deposit),
		cmocka_unit_test(test_d17_negative_and_wrapped),
		cmocka_unit_test(test_d17_shift_between_sessions),
		cmocka_unit_test(test_d17_wrong_blinding),
		cmocka_unit_test(test_d17_duplicate_in_aggregate),
		cmocka_unit_test(test_d17_malleated_proof),
		cmocka_unit_test(test_proof_of_another_claim),
		cmocka_unit_test(test_identity_commitment),
		cmocka_unit_test(test_small_order_relay),
		cmocka_unit_test(test_stated_counts),
	};

	if (cr_proof_init())
		return 1;
	return cmocka_run_group_tests_name("claim_attacks", tests, NULL, NULL);
}
