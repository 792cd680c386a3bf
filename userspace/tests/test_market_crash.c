// SPDX-License-Identifier: MIT
/*
 * Killed (SIGKILL) before every statement, before and after every commit: the
 * audit holds, asking again gives what was asked for, and nothing is paid,
 * spent or credited twice.
 */
#include "market_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "directory_fixture.h"
#include "forge.h"
#include "market/settle/evidence.h"

static struct shop s;

/* What is handed in, the same before and after the crash. */
static struct {
	uint8_t code[MKT_CODE_BYTES], hash[CR_HASH_BYTES];
	struct shop_purchase purchase;
	struct cr_voucher voucher;
	struct cr_request request;
	uint8_t *claim, *bad;
	size_t claim_len, bad_len;
	uint8_t a[CR_DESCRIPTOR_MAX], b[CR_DESCRIPTOR_MAX];
	size_t a_len, b_len;
} in;

static enum mkt_verdict redeem(void)
{
	int64_t amount;

	return mkt_redeem(&s.m, in.code, s.buyer.public_key, &amount);
}

static enum mkt_verdict withdraw(void)
{
	return shop_order(&s, &s.buyer, 50, MKT_WITHDRAW_ORDER, 4000, in.hash);
}

static enum mkt_verdict buy(void)
{
	return shop_send(&s, &in.purchase, NULL);
}

static enum mkt_verdict spend(void)
{
	return shop_spend(&s, &in.voucher, &in.request, NULL);
}

static enum mkt_verdict claim(void)
{
	return shop_settle(&s, in.claim, in.claim_len, NULL);
}

static enum mkt_verdict refuse(void)
{
	return shop_settle(&s, in.bad, in.bad_len, NULL) == MKT_CLAIM ? MKT_OK : MKT_FAULT;
}

static enum mkt_verdict slash(void)
{
	int64_t burned;

	return mkt_slash(&s.m, MKT_TWO_DESCRIPTORS, in.a, in.a_len, in.b, in.b_len, &burned);
}

static enum mkt_verdict terms(void)
{
	struct key relay, operator;
	uint64_t first;

	make_key(&relay, "relay", 0);
	make_key(&operator, "operator", 0);
	return mkt_terms_set(&s.m, relay.public_key, TARIFF + 1, operator.public_key, &first);
}

/* Stake comes back, deposits burn, vouchers go with their key. */
static enum mkt_verdict turn(void)
{
	s.now = (SHOP_EPOCH + 70) * (uint64_t)SHOP_SECONDS;
	s.m.turned = 0;
	return mkt_turn(&s.m);
}

static enum mkt_verdict rotate(void)
{
	size_t made, removed;

	s.now = (SHOP_EPOCH + 28) * (uint64_t)SHOP_SECONDS;
	return mkt_keys_rotate(&s.m, "keys", &made, &removed);
}

/* In the child; it ends there. */
static void job(void *context)
{
	enum mkt_verdict (**work)(void) = context;

	shop_open(&s);
	place_arm(s.m.db);
	(*work)();
	shop_close(&s);
}

static void prepare(void)
{
	const uint32_t v[] = { 3000 };
	struct cr_voucher voucher[2];
	struct key somebody;
	struct cr_descriptor d;
	struct fix_key fix;
	struct world world;
	int64_t amount;

	shop_new(&s, 2);
	s.number = 100;
	expect_mkt(&s, shop_order(&s, &s.buyer, 1, MKT_STAKE_ORDER, 5000, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_UNBOND_ORDER, 1000, NULL), MKT_OK);
	shop_buy(&s, voucher, 2);
	in.voucher = voucher[1];
	shop_request(&s, &in.request, 0, 0, SHOP_EPOCH);
	expect_mkt(&s, shop_spend(&s, &voucher[0], &in.request, NULL), MKT_OK);
	in.claim = shop_claim(&s, 0, SHOP_EPOCH, 0, v, 1, &in.claim_len);
	in.bad = shop_claim(&s, 1, SHOP_EPOCH, 0, v, 1, &in.bad_len);
	in.bad[in.bad_len - CR_SIGNATURE_BYTES - 40] ^= 1;
	shop_world(&s, &world, 1, SHOP_EPOCH);
	resign_claim(&world, in.bad, in.bad_len);
	/* an operator with something to lose */
	make_key(&somebody, "operator", 1);
	expect_mkt(&s, mkt_code_make(&s.m, 9000, in.code), MKT_OK);
	expect_mkt(&s, mkt_redeem(&s.m, in.code, somebody.public_key, &amount), MKT_OK);
	fix_key(&fix, "operator", 3);
	memcpy(somebody.secret, fix.secret, sizeof(fix.secret));
	expect_mkt(&s, mkt_code_make(&s.m, 500, in.code), MKT_OK);
	expect_mkt(&s, mkt_redeem(&s.m, in.code, fix.public_key, &amount), MKT_OK);
	expect_mkt(&s, shop_order(&s, &somebody, 1, MKT_STAKE_ORDER, 400, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &somebody, 2, MKT_UNBOND_ORDER, 100, NULL), MKT_OK);
	fix_descriptor(&d, 1, 3);
	memcpy(d.ledger, s.m.ledger, CR_LEDGER_BYTES);
	assert_int_equal(fix_resign(&d, 1, 3), CR_DIR_OK);
	assert_int_equal(cr_descriptor_encode(in.a, &in.a_len, &d), CR_DIR_OK);
	d.capacity++;
	assert_int_equal(fix_resign(&d, 1, 3), CR_DIR_OK);
	assert_int_equal(cr_descriptor_encode(in.b, &in.b_len, &d), CR_DIR_OK);
	/* a code of 9000 to redeem, another to withdraw to */
	expect_mkt(&s, mkt_code_make(&s.m, 9000, in.code), MKT_OK);
	memset(in.hash, 0x77, sizeof(in.hash));
	shop_epoch(&s, SHOP_EPOCH + 1);
	shop_request(&s, &in.request, 7, 0, SHOP_EPOCH + 1);
	shop_ask(&s, &in.purchase, 2);
	place_save(s.m.db);
	s.m.db = NULL;
	shop_close(&s);
}

/* The sums after @work without any crash. */
static struct mkt_sums undisturbed(enum mkt_verdict (*work)(void))
{
	struct mkt_sums sums, twice;

	place_restore();
	shop_open(&s);
	expect_mkt(&s, work(), MKT_OK);
	sums = shop_audit(&s);
	/* and a second time changes nothing */
	expect_mkt(&s, work(), MKT_OK);
	twice = shop_audit(&s);
	assert_memory_equal(&sums, &twice, sizeof(sums));
	shop_close(&s);
	return sums;
}

static void die_everywhere(enum mkt_verdict (*work)(void), unsigned int least)
{
	const uint64_t now = s.now;
	struct mkt_sums want, got;
	unsigned int step;
	bool died = true;

	want = undisturbed(work);
	for (step = 1; died; step++) {
		place_restore();
		s.now = now;
		died = place_die_at(step, job, &work);
		s.now = now;
		shop_open(&s);
		shop_audit(&s);
		expect_mkt(&s, work(), MKT_OK);
		got = shop_audit(&s);
		assert_memory_equal(&got, &want, sizeof(got));
		shop_close(&s);
	}
	/* the steps were there to die at */
	assert_true(step > least);
}

static void end(void)
{
	free(in.claim);
	free(in.bad);
}

static void test_redeem(void **state)
{
	(void)state;
	prepare();
	die_everywhere(redeem, 8);
	end();
}

static void test_withdraw(void **state)
{
	(void)state;
	prepare();
	die_everywhere(withdraw, 8);
	end();
}

static void test_buy(void **state)
{
	(void)state;
	prepare();
	die_everywhere(buy, 10);
	end();
}

static void test_spend(void **state)
{
	(void)state;
	prepare();
	die_everywhere(spend, 10);
	end();
}

/* D16: the market dies while it pays. */
static void test_d16_claim(void **state)
{
	(void)state;
	prepare();
	die_everywhere(claim, 15);
	end();
}

static void test_refuse(void **state)
{
	(void)state;
	prepare();
	die_everywhere(refuse, 12);
	end();
}

static void test_slash(void **state)
{
	(void)state;
	prepare();
	die_everywhere(slash, 12);
	end();
}

static void test_terms(void **state)
{
	(void)state;
	prepare();
	die_everywhere(terms, 6);
	end();
}

static void test_turn(void **state)
{
	(void)state;
	prepare();
	die_everywhere(turn, 20);
	end();
}

static void test_rotate(void **state)
{
	(void)state;
	prepare();
	die_everywhere(rotate, 10);
	end();
}

#define ON_DISK(f) cmocka_unit_test_setup_teardown(f, place_folder, place_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(test_redeem),
		ON_DISK(test_withdraw),
		ON_DISK(test_buy),
		ON_DISK(test_spend),
		ON_DISK(test_d16_claim),
		ON_DISK(test_refuse),
		ON_DISK(test_slash),
		ON_DISK(test_terms),
		ON_DISK(test_turn),
		ON_DISK(test_rotate),
	};

	return place_run("market crashes", tests);
}
