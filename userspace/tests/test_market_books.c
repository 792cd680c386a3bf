// SPDX-License-Identifier: MIT
/* The books: money, codes, orders, stake, terms, time. */
#include "market_fixture.h"

#include <string.h>

#include "market/books/money.h"

static struct shop s;

static void test_money(void **state)
{
	int64_t r = 42;

	(void)state;
	assert_true(mkt_add(&r, INT64_MAX - 1, 1));
	assert_int_equal(r, INT64_MAX);
	assert_false(mkt_add(&r, INT64_MAX, 1));
	assert_false(mkt_add(&r, -1, 1));
	assert_false(mkt_sub(&r, 1, 2));
	assert_false(mkt_sub(&r, INT64_MIN, 1));
	assert_false(mkt_mul(&r, 1LL << 32, 1LL << 31));
	assert_false(mkt_mul(&r, -1, -1));
	assert_int_equal(r, INT64_MAX);
	assert_true(mkt_sub(&r, 5, 5));
	assert_int_equal(r, 0);
	/* up, and never more than the whole */
	assert_int_equal(mkt_fee(1, 1), 1);
	assert_int_equal(mkt_fee(0, MKT_MILLION), 0);
	assert_int_equal(mkt_fee(100, 20000), 2);
	assert_int_equal(mkt_fee(101, 20000), 3);
	assert_int_equal(mkt_fee(INT64_MAX, MKT_MILLION), INT64_MAX);
	assert_int_equal(mkt_fee(INT64_MAX, 1), INT64_MAX / MKT_MILLION + 1);
}

static void test_params(void **state)
{
	struct mkt_params p, q;
	uint8_t bytes[MKT_PARAMS_BYTES], a[CR_LEDGER_BYTES], b[CR_LEDGER_BYTES];

	(void)state;
	mkt_params_default(&p);
	assert_null(mkt_params_wrong(&p));
	mkt_params_encode(bytes, &p);
	assert_true(mkt_params_decode(&q, bytes, sizeof(bytes)));
	assert_memory_equal(&p, &q, sizeof(p));
	assert_false(mkt_params_decode(&q, bytes, sizeof(bytes) - 1));
	mkt_params_ledger(a, &p);
	/* each byte matters */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 1;
		if (mkt_params_decode(&q, bytes, sizeof(bytes))) {
			mkt_params_ledger(b, &q);
			assert_memory_not_equal(a, b, sizeof(a));
		}
		bytes[i] ^= 1;
	}
	p.fee = 0;
	assert_string_equal(mkt_params_wrong(&p), "fee");
	p.fee = 1;
	p.spend_epochs = p.issue_epochs + 1;
	assert_string_equal(mkt_params_wrong(&p), "spend_epochs");
}

static void test_codes(void **state)
{
	uint8_t code[MKT_CODE_BYTES], other[MKT_CODE_BYTES] = { 1 };
	struct key key;
	int64_t amount;

	(void)state;
	shop_new(&s, 0);
	make_key(&key, "somebody", 1);
	expect_mkt(&s, mkt_code_make(&s.m, 0, code), MKT_AMOUNT);
	expect_mkt(&s, mkt_code_make(&s.m, -5, code), MKT_AMOUNT);
	expect_mkt(&s, mkt_code_make(&s.m, 500, code), MKT_OK);
	expect_mkt(&s, mkt_code_worth(&s.m, code, &amount), MKT_OK);
	assert_int_equal(amount, 500);
	expect_mkt(&s, mkt_code_worth(&s.m, other, &amount), MKT_CODE);
	expect_mkt(&s, mkt_redeem(&s.m, other, key.public_key, &amount), MKT_CODE);
	expect_mkt(&s, mkt_redeem(&s.m, code, (const uint8_t[32]){ 0 }, &amount), MKT_FORMAT);
	/* the same for the same account is no second time */
	for (int i = 0; i < 3; i++) {
		expect_mkt(&s, mkt_redeem(&s.m, code, key.public_key, &amount), MKT_OK);
		assert_int_equal(amount, 500);
		assert_int_equal(shop_balance(&s, "somebody", 1), 500);
	}
	expect_mkt(&s, mkt_redeem(&s.m, code, s.buyer.public_key, &amount), MKT_CODE);
	expect_mkt(&s, mkt_code_pay(&s.m, code, &amount), MKT_CODE);
	expect_mkt(&s, mkt_code_worth(&s.m, code, &amount), MKT_CODE);
	/* straight out again */
	expect_mkt(&s, mkt_code_make(&s.m, 77, code), MKT_OK);
	expect_mkt(&s, mkt_code_pay(&s.m, code, &amount), MKT_OK);
	assert_int_equal(amount, 77);
	expect_mkt(&s, mkt_code_pay(&s.m, code, &amount), MKT_CODE);
	expect_mkt(&s, mkt_redeem(&s.m, code, key.public_key, &amount), MKT_CODE);
	expect_mkt(&s, mkt_code_make(&s.m, MKT_CODE_MAX + 1, code), MKT_AMOUNT);
	assert_int_equal(shop_audit(&s).accounts, SHOP_RICH + 500);
	shop_close(&s);
}

static void test_withdraw(void **state)
{
	uint8_t code[MKT_CODE_BYTES], hash[CR_HASH_BYTES];
	struct mkt_sums sums;
	int64_t amount;

	(void)state;
	shop_new(&s, 0);
	memset(code, 0xc0, sizeof(code));
	mkt_code_hash(hash, code);
	expect_mkt(&s, shop_order(&s, &s.buyer, 9, MKT_WITHDRAW_ORDER, SHOP_RICH + 1, hash), MKT_FUNDS);
	for (int i = 0; i < 3; i++)
		expect_mkt(&s, shop_order(&s, &s.buyer, 9, MKT_WITHDRAW_ORDER, 1000, hash), MKT_OK);
	assert_int_equal(shop_balance(&s, "buyer", 0), SHOP_RICH - 1000);
	/* a number is one order, a code one withdrawal */
	expect_mkt(&s, shop_order(&s, &s.buyer, 9, MKT_WITHDRAW_ORDER, 1001, hash), MKT_NUMBER);
	expect_mkt(&s, shop_order(&s, &s.buyer, 10, MKT_WITHDRAW_ORDER, 1000, hash), MKT_CODE);
	expect_mkt(&s, mkt_code_pay(&s.m, code, &amount), MKT_OK);
	assert_int_equal(amount, 1000);
	expect_mkt(&s, shop_order(&s, &s.buyer, 11, MKT_WITHDRAW_ORDER, 1000, hash), MKT_CODE);
	sums = shop_audit(&s);
	assert_int_equal(sums.in - sums.out, SHOP_RICH - 1000);
	shop_close(&s);
}

static void test_orders_refused(void **state)
{
	struct mkt_order o = { .number = 1, .verb = MKT_STAKE_ORDER, .amount = 10 };
	uint8_t bytes[MKT_ORDER_BYTES];
	enum mkt_verdict v;

	(void)state;
	shop_new(&s, 0);
	memcpy(o.ledger, s.m.ledger, sizeof(o.ledger));
	mkt_order_sign(bytes, &o, s.buyer.secret);
	/* no byte can be changed */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x40;
		v = mkt_order(&s.m, bytes, sizeof(bytes));
		assert_true(v == MKT_SIGNATURE || v == MKT_FORMAT || v == MKT_LEDGER || v == MKT_AMOUNT);
		bytes[i] ^= 0x40;
	}
	expect_mkt(&s, mkt_order(&s.m, bytes, sizeof(bytes) - 1), MKT_FORMAT);
	expect_mkt(&s, mkt_order(&s.m, bytes, sizeof(bytes)), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_STAKE_ORDER, 0, NULL), MKT_AMOUNT);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_STAKE_ORDER, -1, NULL), MKT_AMOUNT);
	expect_mkt(&s, shop_order(&s, &s.buyer, 1ULL << 63, MKT_STAKE_ORDER, 5, NULL), MKT_FORMAT);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_BUY_ORDER, 5, NULL), MKT_FORMAT);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_STAKE_ORDER, 5, s.m.ledger), MKT_FORMAT);
	/* nothing of the refused was written down */
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_STAKE_ORDER, 5, NULL), MKT_OK);
	shop_audit(&s);
	shop_close(&s);
}

static void test_stake(void **state)
{
	struct mkt_holding h;
	uint64_t free_at = SHOP_EPOCH + 14;

	(void)state;
	shop_new(&s, 0);
	expect_mkt(&s, shop_order(&s, &s.buyer, 1, MKT_UNBOND_ORDER, 1, NULL), MKT_FUNDS);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_STAKE_ORDER, 500, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 3, MKT_UNBOND_ORDER, 200, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 4, MKT_UNBOND_ORDER, 100, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 5, MKT_UNBOND_ORDER, 201, NULL), MKT_FUNDS);
	expect_mkt(&s, mkt_holding(&s.m, s.buyer.public_key, &h), MKT_OK);
	assert_int_equal(h.balance, SHOP_RICH - 500);
	assert_int_equal(h.stake, 200);
	assert_int_equal(h.unbonding, 300);
	shop_epoch(&s, free_at - 1);
	expect_mkt(&s, mkt_holding(&s.m, s.buyer.public_key, &h), MKT_OK);
	assert_int_equal(h.unbonding, 300);
	shop_audit(&s);
	shop_epoch(&s, free_at);
	expect_mkt(&s, mkt_turn(&s.m), MKT_OK);
	expect_mkt(&s, mkt_holding(&s.m, s.buyer.public_key, &h), MKT_OK);
	assert_int_equal(h.balance, SHOP_RICH - 200);
	assert_int_equal(h.stake, 200);
	assert_int_equal(h.unbonding, 0);
	shop_audit(&s);
	shop_close(&s);
}

static void test_terms(void **state)
{
	struct key relay, operator, other;
	struct mkt_terms t;
	uint64_t first;

	(void)state;
	shop_new(&s, 1);
	make_key(&relay, "relay", 0);
	make_key(&operator, "operator", 0);
	make_key(&other, "operator", 1);
	expect_mkt(&s, mkt_terms_get(&s.m, relay.public_key, SHOP_EPOCH - 1, &t), MKT_RELAY);
	expect_mkt(&s, mkt_terms_get(&s.m, other.public_key, SHOP_EPOCH, &t), MKT_RELAY);
	expect_mkt(&s, mkt_terms_get(&s.m, relay.public_key, UINT64_MAX, &t), MKT_RELAY);
	/* the same again is nothing new */
	expect_mkt(&s, mkt_terms_set(&s.m, relay.public_key, TARIFF, operator.public_key, &first), MKT_OK);
	assert_int_equal(first, SHOP_EPOCH);
	/* neither this epoch nor the next can be changed: certificates may have been sold */
	expect_mkt(&s, mkt_terms_set(&s.m, relay.public_key, 2 * TARIFF, operator.public_key, &first), MKT_OK);
	assert_int_equal(first, SHOP_EPOCH + 2);
	expect_mkt(&s, mkt_terms_get(&s.m, relay.public_key, SHOP_EPOCH + 1, &t), MKT_OK);
	assert_int_equal(t.tariff, TARIFF);
	expect_mkt(&s, mkt_terms_get(&s.m, relay.public_key, SHOP_EPOCH + 2, &t), MKT_OK);
	assert_int_equal(t.tariff, 2 * TARIFF);
	/* another word for the same epoch, and another account */
	expect_mkt(&s, mkt_terms_set(&s.m, relay.public_key, 3 * TARIFF, other.public_key, &first), MKT_OK);
	assert_int_equal(first, SHOP_EPOCH + 2);
	expect_mkt(&s, mkt_terms_get(&s.m, relay.public_key, SHOP_EPOCH + 9, &t), MKT_OK);
	assert_int_equal(t.tariff, 3 * TARIFF);
	assert_memory_equal(t.payout, other.public_key, sizeof(t.payout));
	expect_mkt(&s, mkt_terms_set(&s.m, relay.public_key, 1ULL << 63, operator.public_key, &first), MKT_TARIFF);
	expect_mkt(&s, mkt_terms_set(&s.m, (const uint8_t[32]){ 1 }, TARIFF, operator.public_key, &first), MKT_FORMAT);
	shop_audit(&s);
	shop_close(&s);
}

/* D19: a clock that goes back, stands still or leaps changes nothing that was settled. */
static void test_d19_clock(void **state)
{
	struct mkt_now now;

	(void)state;
	shop_new(&s, 0);
	shop_epoch(&s, SHOP_EPOCH + 3);
	expect_mkt(&s, mkt_now(&s.m, &now), MKT_OK);
	assert_int_equal(now.epoch, SHOP_EPOCH + 3);
	assert_int_equal(now.floor, 0);
	shop_epoch(&s, SHOP_EPOCH - 5);
	expect_mkt(&s, mkt_now(&s.m, &now), MKT_OK);
	assert_int_equal(now.epoch, SHOP_EPOCH + 3);
	/* and work goes on in the ledger's time */
	expect_mkt(&s, shop_order(&s, &s.buyer, 1, MKT_STAKE_ORDER, 5, NULL), MKT_OK);
	shop_epoch(&s, 0);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_STAKE_ORDER, 5, NULL), MKT_OK);
	/* down for a hundred days: nothing is closed, because nobody could have claimed */
	shop_epoch(&s, SHOP_EPOCH + 103);
	expect_mkt(&s, mkt_now(&s.m, &now), MKT_OK);
	assert_int_equal(now.epoch, SHOP_EPOCH + 103);
	assert_int_equal(now.floor, 0);
	for (unsigned int i = 104; i <= 108; i++)
		shop_epoch(&s, SHOP_EPOCH + i);
	expect_mkt(&s, mkt_now(&s.m, &now), MKT_OK);
	/* seen: first, +3, +103 to +108: the eighth last is the first */
	assert_int_equal(now.floor, SHOP_EPOCH);
	shop_epoch(&s, SHOP_EPOCH + 109);
	expect_mkt(&s, mkt_now(&s.m, &now), MKT_OK);
	assert_int_equal(now.floor, SHOP_EPOCH + 3);
	shop_audit(&s);
	shop_close(&s);
}

/* The published head tells of purchases only once their epoch is over. */
static void test_heads(void **state)
{
	struct cr_voucher voucher[2];
	struct mkt_now before, after;
	struct cr_request request;

	(void)state;
	shop_new(&s, 1);
	expect_mkt(&s, mkt_now(&s.m, &before), MKT_OK);
	shop_buy(&s, voucher, 2);
	shop_request(&s, &request, 1, 0, SHOP_EPOCH);
	expect_mkt(&s, shop_spend(&s, &voucher[0], &request, NULL), MKT_OK);
	expect_mkt(&s, mkt_now(&s.m, &after), MKT_OK);
	assert_int_equal(before.length, after.length);
	assert_memory_equal(before.head, after.head, sizeof(before.head));
	shop_epoch(&s, SHOP_EPOCH + 1);
	expect_mkt(&s, mkt_now(&s.m, &after), MKT_OK);
	/* the new epoch, a purchase, a certificate */
	assert_int_equal(after.length, before.length + 3);
	assert_memory_not_equal(before.head, after.head, sizeof(before.head));
	shop_close(&s);
}

static void test_attach(void **state)
{
	struct market m;

	(void)state;
	shop_new(&s, 0);
	/* no second ledger in a database */
	expect_mkt(&s, mkt_create(s.m.db, &s.m.params, s.now), MKT_FAULT);
	expect_mkt(&s, mkt_attach(&m, s.m.db, true), MKT_OK);
	assert_memory_equal(m.ledger, s.m.ledger, sizeof(m.ledger));
	shop_close(&s);
	for (unsigned int i = 0; i < MKT_VERDICTS; i++) {
		assert_non_null(mkt_verdict_name((enum mkt_verdict)i));
		assert_non_null(mkt_verdict_text((enum mkt_verdict)i));
	}
}

#define ON_DISK(f) cmocka_unit_test_setup_teardown(f, place_folder, place_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_params),
		ON_DISK(test_codes),
		ON_DISK(test_withdraw),
		ON_DISK(test_orders_refused),
		ON_DISK(test_stake),
		ON_DISK(test_terms),
		ON_DISK(test_d19_clock),
		ON_DISK(test_heads),
		ON_DISK(test_attach),
	};

	return place_run("market books", tests);
}
