// SPDX-License-Identifier: MIT
/* Vouchers: bought blind, spent once for a certificate, and every refusal. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "payments.h"
#include "proof/voucher.h"

#define N 4
#define EPOCH 20000
#define KEYS 2

/* Market and wallet around one purchase. */
struct shop {
	struct world world;
	struct cr_voucher_key keys[KEYS];
	struct cr_voprf_key secrets[KEYS];
	struct cr_voucher_pending pending[N];
	uint8_t asked[CR_BLINDED_BYTES(N)], answer[CR_ISSUED_BYTES(N)];
	struct cr_voucher vouchers[N];
};

static void make_voucher_key(struct shop *s, int i, uint64_t value)
{
	uint8_t seed[32] = { 7, (uint8_t)i };

	assert_int_equal(cr_voprf_key_derive(&s->secrets[i], seed, NULL, 0), 0);
	memcpy(s->keys[i].ledger, s->world.terms.scope.ledger, CR_LEDGER_BYTES);
	s->keys[i].value = value;
	s->keys[i].issue_from = EPOCH - 10;
	s->keys[i].issue_until = EPOCH + 19;
	s->keys[i].spend_until = EPOCH + 49;
	memcpy(s->keys[i].public_key, s->secrets[i].public_key, CR_POINT_BYTES);
}

static void buy(struct shop *s)
{
	size_t key, n;

	memset(s, 0, sizeof(*s));
	make_world(&s->world);
	make_voucher_key(s, 0, VALUE);
	make_voucher_key(s, 1, 16 * VALUE);
	expect_reason(cr_voucher_keys_check(s->keys, KEYS), CR_ACCEPTED);
	expect_reason(cr_voucher_ask(s->pending, s->asked, &s->keys[0], EPOCH, N),
		      CR_ACCEPTED);
	expect_reason(cr_voucher_asked(&key, &n, s->asked, sizeof(s->asked), s->keys,
				       KEYS, EPOCH), CR_ACCEPTED);
	assert_int_equal(key, 0);
	assert_int_equal(n, N);
	expect_reason(cr_voucher_issue(s->answer, s->asked, n, &s->secrets[key]),
		      CR_ACCEPTED);
	expect_reason(cr_voucher_receive(s->vouchers, s->pending, N, s->answer,
					 sizeof(s->answer), s->keys, KEYS), CR_ACCEPTED);
}

static void make_request(struct shop *s, struct cr_request *request, uint64_t n)
{
	struct key session;

	make_key(&session, "session", n);
	request->scope = s->world.terms.scope;
	request->tariff = TARIFF;
	memcpy(request->session, session.public_key, CR_SESSION_BYTES);
}

static enum cr_reason check(struct shop *s, const uint8_t *bytes, size_t len,
			    struct cr_spend *spend, size_t *key)
{
	enum cr_reason reason = cr_spend_decode(spend, bytes, len);

	if (reason != CR_ACCEPTED)
		return reason;
	return cr_spend_check(key, spend, s->keys, s->secrets, KEYS,
			      s->world.terms.scope.ledger);
}

static void test_from_money_to_certificate(void **state)
{
	uint8_t bytes[CR_SPEND_BYTES], again[CR_SPEND_BYTES], hay[sizeof(bytes)];
	uint8_t first_bytes[CR_CERTIFICATE_BYTES], second_bytes[CR_CERTIFICATE_BYTES];
	struct cr_certificate cert, second;
	struct cr_request request;
	struct cr_spend spend;
	struct shop s;
	size_t key;

	(void)state;
	buy(&s);
	for (int i = 0; i < N; i++) {
		make_request(&s, &request, (uint64_t)i);
		expect_reason(cr_voucher_spend(bytes, &s.vouchers[i], &request, s.keys,
					       KEYS), CR_ACCEPTED);
		expect_reason(check(&s, bytes, sizeof(bytes), &spend, &key), CR_ACCEPTED);
		assert_int_equal(key, 0);
		cr_spend_encode(again, &spend);
		assert_memory_equal(bytes, again, sizeof(bytes));
		/* the serial is the input, so a second spending is seen */
		assert_memory_equal(spend.input, s.vouchers[i].input, 32);

		expect_reason(cr_request_certify(&cert, &spend.request, s.keys[key].value,
						 s.world.market.secret), CR_ACCEPTED);
		assert_int_equal(cert.deposit, DEPOSIT);
		expect_reason(cr_request_answered(&cert, &request, VALUE,
						  s.world.market.public_key),
			      CR_ACCEPTED);
		/* the same voucher sent again gets the same certificate */
		expect_reason(cr_request_certify(&second, &spend.request, VALUE,
						 s.world.market.secret), CR_ACCEPTED);
		cr_certificate_encode(first_bytes, &cert);
		cr_certificate_encode(second_bytes, &second);
		assert_memory_equal(first_bytes, second_bytes, sizeof(first_bytes));

		/* neither all nor a part of the output is in the message */
		memcpy(hay, bytes, sizeof(hay));
		for (size_t at = 0; at + 8 <= CR_VOPRF_OUTPUT_BYTES; at++)
			assert_null(memmem(hay, sizeof(hay),
					   s.vouchers[i].output + at, 8));
	}
}

static void test_every_byte_of_spend_counts(void **state)
{
	uint8_t bytes[CR_SPEND_BYTES];
	struct cr_request request;
	struct cr_spend spend;
	struct shop s;
	size_t key;

	(void)state;
	buy(&s);
	make_request(&s, &request, 0);
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_ACCEPTED);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x20;
		assert_int_not_equal(check(&s, bytes, sizeof(bytes), &spend, &key),
				     CR_ACCEPTED);
		bytes[i] ^= 0x20;
	}
	for (size_t len = 0; len < sizeof(bytes); len++)
		expect_reason(cr_spend_decode(&spend, bytes, len), CR_BAD_LENGTH);
	expect_reason(check(&s, bytes, sizeof(bytes), &spend, &key), CR_ACCEPTED);
}

static void test_every_byte_of_voucher_counts(void **state)
{
	uint8_t stored[CR_VOUCHER_BYTES], bytes[CR_SPEND_BYTES];
	struct cr_request request;
	struct cr_voucher voucher;
	struct cr_spend spend;
	struct shop s;
	size_t key;

	(void)state;
	buy(&s);
	make_request(&s, &request, 0);
	cr_voucher_encode(stored, &s.vouchers[0]);
	for (size_t i = 0; i < sizeof(stored); i++) {
		enum cr_reason reason;

		stored[i] ^= 0x80;
		reason = cr_voucher_decode(&voucher, stored, sizeof(stored));
		if (reason == CR_ACCEPTED)
			reason = cr_voucher_spend(bytes, &voucher, &request, s.keys, KEYS);
		if (reason == CR_ACCEPTED)
			reason = check(&s, bytes, sizeof(bytes), &spend, &key);
		assert_int_not_equal(reason, CR_ACCEPTED);
		stored[i] ^= 0x80;
	}
}

static void test_every_byte_of_answer_counts(void **state)
{
	struct cr_voucher vouchers[N], zero[N];
	struct shop s;

	(void)state;
	buy(&s);
	memset(zero, 0, sizeof(zero));
	for (size_t i = 0; i < sizeof(s.answer); i++) {
		s.answer[i] ^= 0x01;
		memset(vouchers, 0xff, sizeof(vouchers));
		assert_int_not_equal(cr_voucher_receive(vouchers, s.pending, N, s.answer,
							sizeof(s.answer), s.keys, KEYS),
				     CR_ACCEPTED);
		assert_memory_equal(vouchers, zero, sizeof(zero));
		s.answer[i] ^= 0x01;
	}
	for (size_t len = 0; len < sizeof(s.answer); len += 7)
		assert_int_not_equal(cr_voucher_receive(vouchers, s.pending, N, s.answer,
							len, s.keys, KEYS), CR_ACCEPTED);
}

static void test_every_byte_of_order_counts(void **state)
{
	struct cr_voucher vouchers[N];
	uint8_t answer[CR_ISSUED_BYTES(N)];
	struct shop s;
	size_t key, n;

	(void)state;
	buy(&s);
	for (size_t i = 0; i < sizeof(s.asked); i++) {
		enum cr_reason reason;

		s.asked[i] ^= 0x02;
		reason = cr_voucher_asked(&key, &n, s.asked, sizeof(s.asked), s.keys,
					  KEYS, EPOCH);
		if (reason == CR_ACCEPTED)
			reason = cr_voucher_issue(answer, s.asked, n, &s.secrets[key]);
		if (reason == CR_ACCEPTED)
			reason = cr_voucher_receive(vouchers, s.pending, N, answer,
						    sizeof(answer), s.keys, KEYS);
		assert_int_not_equal(reason, CR_ACCEPTED);
		s.asked[i] ^= 0x02;
	}
}

/* D26: a key made for one buyer, in whichever step it is slipped in. */
static void test_d26_second_key_for_one_buyer(void **state)
{
	struct cr_voucher vouchers[N];
	struct cr_voucher_key snapshot[KEYS];
	struct cr_voucher_key set[3];
	uint8_t bytes[CR_SPEND_BYTES];
	struct cr_request request;
	struct shop s;

	(void)state;
	buy(&s);
	/* market evaluates under another key than the one it names */
	expect_reason(cr_voucher_issue(s.answer, s.asked, N, &s.secrets[1]), CR_ACCEPTED);
	expect_reason(cr_voucher_receive(vouchers, s.pending, N, s.answer,
					 sizeof(s.answer), s.keys, KEYS), CR_BAD_PROOF);
	/* asked under a key that the snapshot does not have */
	memcpy(snapshot, s.keys, sizeof(snapshot));
	memcpy(snapshot[0].public_key, s.keys[1].public_key, CR_POINT_BYTES);
	expect_reason(cr_voucher_issue(s.answer, s.asked, N, &s.secrets[0]), CR_ACCEPTED);
	expect_reason(cr_voucher_receive(vouchers, s.pending, N, s.answer,
					 sizeof(s.answer), snapshot, 1), CR_UNKNOWN_KEY);
	/* and it is not spent under one either */
	make_request(&s, &request, 0);
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, snapshot, 1),
		      CR_UNKNOWN_KEY);
	/* a snapshot with three keys alive for one value, or a key twice, is refused */
	memcpy(set, s.keys, sizeof(s.keys));
	set[1] = set[2] = set[0];
	expect_reason(cr_voucher_keys_check(set, 2), CR_BAD_KEYSET);
	for (int i = 1; i < 3; i++) {
		struct cr_voprf_key k;
		uint8_t seed[32] = { 9, (uint8_t)i };

		assert_int_equal(cr_voprf_key_derive(&k, seed, NULL, 0), 0);
		memcpy(set[i].public_key, k.public_key, CR_POINT_BYTES);
	}
	expect_reason(cr_voucher_keys_check(set, 2), CR_ACCEPTED);
	expect_reason(cr_voucher_keys_check(set, 3), CR_BAD_KEYSET);
	set[2].issue_from = set[0].spend_until + 1;
	set[2].issue_until = set[2].spend_until = set[2].issue_from;
	expect_reason(cr_voucher_keys_check(set, 3), CR_ACCEPTED);
	/* three that overlap pairwise but never all at once are a rotation */
	set[1].issue_from = set[0].spend_until;
	set[1].issue_until = set[1].spend_until = set[2].issue_from;
	expect_reason(cr_voucher_keys_check(set, 3), CR_ACCEPTED);
}

static void test_spend_refusals(void **state)
{
	uint8_t bytes[CR_SPEND_BYTES];
	struct cr_request request;
	struct cr_spend spend;
	struct shop s;
	size_t key;

	(void)state;
	buy(&s);
	make_request(&s, &request, 0);
	request.scope.epoch = s.keys[0].spend_until + 1;
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_KEY_EXPIRED);
	request.scope.epoch = s.keys[0].spend_until;
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_ACCEPTED);
	request.scope.ledger[0] ^= 1;
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_OTHER_LEDGER);
	make_request(&s, &request, 0);
	request.tariff = 1;
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_BAD_DEPOSIT);
	request.tariff = 0;
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_BAD_TARIFF);
	make_request(&s, &request, 0);
	memset(request.session, 0, CR_SESSION_BYTES);
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_BAD_KEY);

	/* someone who saw the message wants the certificate for his own session */
	make_request(&s, &request, 0);
	expect_reason(cr_voucher_spend(bytes, &s.vouchers[0], &request, s.keys, KEYS),
		      CR_ACCEPTED);
	expect_reason(cr_spend_decode(&spend, bytes, sizeof(bytes)), CR_ACCEPTED);
	make_request(&s, &spend.request, 666);
	expect_reason(cr_spend_check(&key, &spend, s.keys, s.secrets, KEYS,
				     s.world.terms.scope.ledger), CR_BAD_MAC);
	/* a cheap voucher passed off as a dear one */
	spend.request = request;
	cr_voucher_key_id(spend.key, &s.keys[1]);
	expect_reason(cr_spend_check(&key, &spend, s.keys, s.secrets, KEYS,
				     s.world.terms.scope.ledger), CR_BAD_MAC);
	/* another market */
	memset(bytes, 0x1f, CR_LEDGER_BYTES);
	expect_reason(cr_spend_check(&key, &spend, s.keys, s.secrets, KEYS, bytes),
		      CR_OTHER_LEDGER);
}

static void test_order_refusals(void **state)
{
	uint8_t big[CR_BLINDED_HEAD];
	struct cr_voucher_pending *pending;
	struct shop s;
	size_t key, n;

	(void)state;
	buy(&s);
	expect_reason(cr_voucher_ask(s.pending, s.asked, &s.keys[0], EPOCH, 0),
		      CR_TOO_MANY);
	expect_reason(cr_voucher_ask(s.pending, s.asked, &s.keys[0], EPOCH,
				     CR_VOUCHER_BATCH_MAX + 1), CR_TOO_MANY);
	expect_reason(cr_voucher_ask(s.pending, s.asked, &s.keys[0],
				     s.keys[0].issue_until + 1, 1), CR_KEY_EXPIRED);
	expect_reason(cr_voucher_asked(&key, &n, s.asked, sizeof(s.asked), s.keys, KEYS,
				       s.keys[0].issue_until + 1), CR_KEY_EXPIRED);
	expect_reason(cr_voucher_asked(&key, &n, s.asked, sizeof(s.asked), s.keys + 1,
				       1, EPOCH), CR_UNKNOWN_KEY);
	/* a count is not believed before the length has confirmed it */
	memcpy(big, s.asked, sizeof(big));
	memset(big + CR_BLINDED_HEAD - 4, 0xff, 4);
	expect_reason(cr_voucher_asked(&key, &n, big, sizeof(big), s.keys, KEYS, EPOCH),
		      CR_TOO_MANY);
	big[CR_BLINDED_HEAD - 4] = 0;
	big[CR_BLINDED_HEAD - 3] = 4;
	big[CR_BLINDED_HEAD - 2] = big[CR_BLINDED_HEAD - 1] = 0;
	expect_reason(cr_voucher_asked(&key, &n, big, sizeof(big), s.keys, KEYS, EPOCH),
		      CR_BAD_LENGTH);

	/* an answer to somebody else's order */
	pending = calloc(N, sizeof(*pending));
	assert_non_null(pending);
	memcpy(pending, s.pending, N * sizeof(*pending));
	memset(pending[2].key, 0, CR_VOUCHER_ID_BYTES);
	expect_reason(cr_voucher_receive(s.vouchers, pending, N, s.answer,
					 sizeof(s.answer), s.keys, KEYS), CR_OTHER_BATCH);
	expect_reason(cr_voucher_receive(s.vouchers, s.pending, N - 1, s.answer,
					 sizeof(s.answer), s.keys, KEYS), CR_OTHER_BATCH);
	free(pending);
}

static void test_stored_pending(void **state)
{
	uint8_t bytes[CR_PENDING_BYTES], again[CR_PENDING_BYTES];
	struct cr_voucher_pending back[N];
	struct cr_voucher vouchers[N];
	struct shop s;

	(void)state;
	buy(&s);
	for (int i = 0; i < N; i++) {
		cr_voucher_pending_encode(bytes, &s.pending[i]);
		expect_reason(cr_voucher_pending_decode(&back[i], bytes, sizeof(bytes)),
			      CR_ACCEPTED);
		cr_voucher_pending_encode(again, &back[i]);
		assert_memory_equal(bytes, again, sizeof(bytes));
	}
	expect_reason(cr_voucher_receive(vouchers, back, N, s.answer, sizeof(s.answer),
					 s.keys, KEYS), CR_ACCEPTED);
	assert_memory_equal(vouchers, s.vouchers, sizeof(vouchers));
	add_group_order(bytes + 16 + 32 + 32);
	expect_reason(cr_voucher_pending_decode(&back[0], bytes, sizeof(bytes)),
		      CR_BAD_SCALAR);
	expect_reason(cr_voucher_pending_decode(&back[0], bytes, 3), CR_BAD_LENGTH);
}

static void test_voucher_key_bytes(void **state)
{
	uint8_t bytes[CR_VOUCHER_KEY_BYTES], again[CR_VOUCHER_KEY_BYTES];
	uint8_t id[CR_VOUCHER_ID_BYTES], other[CR_VOUCHER_ID_BYTES];
	struct cr_voucher_key back;
	struct shop s;

	(void)state;
	buy(&s);
	cr_voucher_key_encode(bytes, &s.keys[0]);
	cr_voucher_key_id(id, &s.keys[0]);
	expect_reason(cr_voucher_key_decode(&back, bytes, sizeof(bytes)), CR_ACCEPTED);
	cr_voucher_key_encode(again, &back);
	assert_memory_equal(bytes, again, sizeof(bytes));
	/* whatever is changed, it is another key */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x40;
		if (cr_voucher_key_decode(&back, bytes, sizeof(bytes)) == CR_ACCEPTED) {
			cr_voucher_key_id(other, &back);
			assert_memory_not_equal(id, other, sizeof(id));
		}
		bytes[i] ^= 0x40;
	}
	memset(bytes + sizeof(bytes) - 32, 0, 32);
	expect_reason(cr_voucher_key_decode(&back, bytes, sizeof(bytes)), CR_BAD_POINT);
	expect_reason(cr_voucher_key_decode(&back, bytes, 1), CR_BAD_LENGTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_money_to_certificate),
		cmocka_unit_test(test_every_byte_of_spend_counts),
		cmocka_unit_test(test_every_byte_of_voucher_counts),
		cmocka_unit_test(test_every_byte_of_answer_counts),
		cmocka_unit_test(test_every_byte_of_order_counts),
		cmocka_unit_test(test_d26_second_key_for_one_buyer),
		cmocka_unit_test(test_spend_refusals),
		cmocka_unit_test(test_order_refusals),
		cmocka_unit_test(test_stored_pending),
		cmocka_unit_test(test_voucher_key_bytes),
	};

	if (cr_proof_init())
		return 1;
	return cmocka_run_group_tests_name("voucher", tests, NULL, NULL);
}
