// SPDX-License-Identifier: MIT
/*
 * Random interleavings of redeeming, buying, spending, claiming, claiming
 * wrongly, withdrawing, staking and the passing of time, each of them repeated
 * at will, against a small model of what every one must answer and of where the
 * money is then. 10 000 steps; TEST_LONG=1: 1 000 000.
 */
#include "market_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "market/books/money.h"
#include "seeded.h"

#define VOUCHERS	8
#define RELAYS		2
#define EPOCHS		2	/* that certificates are for, from SHOP_EPOCH on */
#define SUBSETS		3	/* of the two sessions of a relay in an epoch */
#define CODES		4
#define CODE_WORTH	150000
#define FIRST		250000	/* the buyer's */
#define STEPS		50
#if defined(__SANITIZE_ADDRESS__)
#define WORLDS		20
#else
#define WORLDS		200
#endif

static struct shop s;

/* Made once; the same in every world. */
static struct {
	uint8_t code[CODES][MKT_CODE_BYTES];
	struct shop_purchase purchase[VOUCHERS];
	struct cr_voucher voucher[VOUCHERS];
	struct cr_request request[VOUCHERS];
	uint8_t *claim[RELAYS][EPOCHS][SUBSETS + 1];	/* the last one is wrong */
	size_t claim_len[RELAYS][EPOCHS][SUBSETS + 1];
} kit;

/* What must be so. */
static struct {
	uint64_t epoch, seen[64];
	size_t n_seen;
	int64_t buyer, stake, unbonding[64], operator[RELAYS];
	int64_t in_codes, withdrawn, deposits[RELAYS][EPOCHS];
	int64_t sold, unspent, paid, fee, expired, verification;
	bool redeemed[CODES], bought[VOUCHERS], spent[VOUCHERS], withdrew[4], staked[4], unbonded[4];
	int accepted[RELAYS][EPOCHS];			/* -1: none */
	int refused[RELAYS][EPOCHS][SUBSETS + 1];	/* 0: not, else the verdict */
} model;

/* Sessions of a relay in an epoch are voucher i and i + 4. */
static unsigned int relay_of(unsigned int i)
{
	return i & 1;
}

static unsigned int epoch_of(unsigned int i)
{
	return i >> 1 & 1;
}

static uint32_t amount_of(unsigned int i)
{
	return 1000 + 7919 * i;
}

static void make_kit(void)
{
	struct world world;

	for (unsigned int r = 0; r < RELAYS; r++) {
		for (unsigned int e = 0; e < EPOCHS; e++) {
			struct cr_claim_item item[2];
			unsigned int i = e << 1 | r;

			shop_world(&s, &world, r, SHOP_EPOCH + e);
			for (unsigned int k = 0; k <= SUBSETS; k++) {
				size_t n = 0;

				/* bit 0: session i, bit 1: session i + 4; the wrong one claims both */
				for (unsigned int b = 0; b < 2; b++) {
					if (k == SUBSETS || (k + 1) >> b & 1)
						make_item(&world, &item[n++], i + 4 * b, amount_of(i + 4 * b));
				}
				expect_reason(cr_claim_build(&kit.claim[r][e][k], &kit.claim_len[r][e][k], item, n,
							     &world.terms, world.relay.secret, NULL), CR_ACCEPTED);
			}
			kit.claim[r][e][SUBSETS][kit.claim_len[r][e][SUBSETS] - CR_SIGNATURE_BYTES - 40] ^= 1;
			resign_claim(&world, kit.claim[r][e][SUBSETS], kit.claim_len[r][e][SUBSETS]);
		}
	}
}

static void make_template(void)
{
	const uint8_t away[CR_HASH_BYTES] = { 1, 2, 3 };

	shop_new(&s, RELAYS);
	s.number = 1000;
	for (unsigned int i = 0; i < CODES; i++)
		expect_mkt(&s, mkt_code_make(&s.m, CODE_WORTH, kit.code[i]), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 1, MKT_WITHDRAW_ORDER, SHOP_RICH - FIRST, away), MKT_OK);
	for (unsigned int i = 0; i < VOUCHERS; i++) {
		shop_ask(&s, &kit.purchase[i], 1);
		shop_request(&s, &kit.request[i], i, relay_of(i), SHOP_EPOCH + epoch_of(i));
	}
	place_save(s.m.db);
	s.m.db = NULL;
	shop_close(&s);
	shop_open(&s);
	/* what the vouchers will be does not depend on when they are bought */
	for (unsigned int i = 0; i < CODES; i++) {
		int64_t amount;

		expect_mkt(&s, mkt_redeem(&s.m, kit.code[i], s.buyer.public_key, &amount), MKT_OK);
	}
	for (unsigned int i = 0; i < VOUCHERS; i++)
		expect_mkt(&s, shop_send(&s, &kit.purchase[i], &kit.voucher[i]), MKT_OK);
	make_kit();
	shop_close(&s);
}

static void new_world(void)
{
	place_restore();
	s.now = (uint64_t)SHOP_EPOCH * SHOP_SECONDS + 9;
	shop_open(&s);
	memset(&model, 0, sizeof(model));
	model.epoch = SHOP_EPOCH;
	model.seen[model.n_seen++] = SHOP_EPOCH;
	model.buyer = FIRST;
	model.in_codes = CODES * CODE_WORTH + SHOP_RICH - FIRST;
	for (unsigned int r = 0; r < RELAYS; r++)
		for (unsigned int e = 0; e < EPOCHS; e++)
			model.accepted[r][e] = -1;
}

static uint64_t model_floor(void)
{
	return model.n_seen > 7 ? model.seen[model.n_seen - 8] : 0;
}

static void step_redeem(unsigned int i)
{
	int64_t amount;

	i %= CODES;
	expect_mkt(&s, mkt_redeem(&s.m, kit.code[i], s.buyer.public_key, &amount), MKT_OK);
	if (!model.redeemed[i]) {
		model.buyer += CODE_WORTH;
		model.in_codes -= CODE_WORTH;
	}
	model.redeemed[i] = true;
}

static void step_buy(unsigned int i)
{
	enum mkt_verdict want = model.bought[i] || model.buyer >= (int64_t)VALUE ? MKT_OK : MKT_FUNDS;

	expect_mkt(&s, shop_send(&s, &kit.purchase[i], NULL), want);
	if (model.bought[i] || want)
		return;
	model.bought[i] = true;
	model.buyer -= VALUE;
	model.sold += VALUE;
	model.unspent += VALUE;
}

static void step_spend(unsigned int i)
{
	uint64_t epoch = SHOP_EPOCH + epoch_of(i);
	enum mkt_verdict want = model.spent[i] || (epoch >= model.epoch && epoch <= model.epoch + 1) ? MKT_OK : MKT_EPOCH;
	struct cr_request other = kit.request[i];

	if (!model.bought[i])
		return;
	expect_mkt(&s, shop_spend(&s, &kit.voucher[i], &kit.request[i], NULL), want);
	if (!model.spent[i] && !want) {
		model.spent[i] = true;
		model.unspent -= VALUE;
		model.deposits[relay_of(i)][epoch_of(i)] += VALUE;
	}
	if (model.spent[i]) {
		other.scope.epoch ^= 1;
		expect_mkt(&s, shop_spend(&s, &kit.voucher[i], &other, NULL), MKT_SPENT);
	}
}

static int64_t verification(unsigned int r)
{
	int64_t cost = model.operator[r] < SHOP_VERIFY ? model.operator[r] : SHOP_VERIFY;

	model.operator[r] -= cost;
	model.verification += cost;
	return cost;
}

static void step_claim(unsigned int i, unsigned int k)
{
	unsigned int r = relay_of(i), e = epoch_of(i), first = e << 1 | r;
	uint64_t epoch = SHOP_EPOCH + e, total = 0, gross;
	bool over = epoch < model.epoch && epoch >= model_floor();
	struct mkt_claim claim;
	enum mkt_verdict want;
	int64_t cost = 0;

	for (unsigned int b = 0; b < 2; b++) {
		if (k < SUBSETS && (k + 1) >> b & 1) {
			/* no honest relay has a certificate that was not sold */
			if (!model.spent[first + 4 * b])
				return;
			total += amount_of(first + 4 * b);
		}
	}
	if (model.accepted[r][e] == (int)k)
		want = MKT_OK;
	else if (model.refused[r][e][k])
		want = (enum mkt_verdict)model.refused[r][e][k];
	else if (!over)
		want = MKT_EPOCH;
	else if (model.accepted[r][e] >= 0)
		want = MKT_SETTLED;
	else
		want = k == SUBSETS ? MKT_CLAIM : MKT_OK;
	expect_mkt(&s, shop_settle(&s, kit.claim[r][e][k], kit.claim_len[r][e][k], &claim), want);
	if ((want == MKT_SETTLED || want == MKT_CLAIM) && !model.refused[r][e][k]) {
		model.refused[r][e][k] = want;
		cost = verification(r);
	}
	assert_int_equal(claim.fee, cost);
	if (want || model.accepted[r][e] >= 0)
		return;
	model.accepted[r][e] = (int)k;
	gross = total * TARIFF >> 20;
	model.fee += mkt_fee((int64_t)gross, SHOP_FEE);
	model.paid += (int64_t)gross - mkt_fee((int64_t)gross, SHOP_FEE);
	model.operator[r] += (int64_t)gross - mkt_fee((int64_t)gross, SHOP_FEE);
	model.deposits[r][e] -= (int64_t)gross;
}

static void step_time(unsigned int n)
{
	/* backwards, too */
	if (n == 7) {
		shop_epoch(&s, SHOP_EPOCH - 3);
		return;
	}
	model.epoch += 1 + n / 6;
	model.seen[model.n_seen++] = model.epoch;
	shop_epoch(&s, model.epoch);
	for (unsigned int r = 0; r < RELAYS; r++) {
		for (unsigned int e = 0; e < EPOCHS; e++) {
			if (SHOP_EPOCH + e >= model_floor())
				continue;
			model.expired += model.deposits[r][e];
			model.deposits[r][e] = 0;
		}
	}
	for (unsigned int i = 0; i < 64; i++) {
		if (SHOP_EPOCH + i > model.epoch)
			continue;
		model.buyer += model.unbonding[i];
		model.unbonding[i] = 0;
	}
}

static void step_order(unsigned int i, unsigned int kind)
{
	const int64_t amount = kind == 0 ? 30000 * (i + 1) : kind == 1 ? 5000 : 3000;
	bool *done = kind == 0 ? &model.withdrew[i] : kind == 1 ? &model.staked[i] : &model.unbonded[i];
	int64_t *from = kind == 2 ? &model.stake : &model.buyer;
	enum mkt_verdict want = *done || *from >= amount ? MKT_OK : MKT_FUNDS;
	uint8_t hash[CR_HASH_BYTES] = { 9, (uint8_t)i };

	expect_mkt(&s, shop_order(&s, &s.buyer, 10 * (kind + 1) + i, kind == 0 ? MKT_WITHDRAW_ORDER :
				  kind == 1 ? MKT_STAKE_ORDER : MKT_UNBOND_ORDER, amount, kind == 0 ? hash : NULL), want);
	if (*done || want)
		return;
	*done = true;
	*from -= amount;
	if (kind == 0)
		model.in_codes += amount;
	else if (kind == 1)
		model.stake += amount;
	else
		model.unbonding[model.epoch - SHOP_EPOCH + 14] += amount;
}

/* Things to claim come first, or hardly any claim would be possible. */
static void step(bool early)
{
	unsigned int i = (unsigned int)(seeded_u64() % 8), what = (unsigned int)(seeded_u64() % (early ? 8 : 16));

	if (what < 1)
		step_redeem(i);
	else if (what < 4)
		step_buy(i);
	else if (what < 8)
		step_spend(i);
	else if (what < 12)
		step_claim(i, (unsigned int)(seeded_u64() % (SUBSETS + 1)));
	else if (what < 14)
		step_time(i);
	else
		step_order(i % 4, (unsigned int)(seeded_u64() % 3));
}

static void compare(void)
{
	struct mkt_sums sums = shop_audit(&s);
	int64_t unbonding = 0, deposits = 0;

	for (unsigned int i = 0; i < 64; i++)
		unbonding += model.unbonding[i];
	for (unsigned int i = 0; i < RELAYS * EPOCHS; i++)
		deposits += model.deposits[i / EPOCHS][i % EPOCHS];
	assert_int_equal(sums.sold, model.sold);
	assert_int_equal(sums.unspent, model.unspent);
	assert_int_equal(sums.deposits, deposits);
	assert_int_equal(sums.paid, model.paid);
	assert_int_equal(sums.fee, model.fee);
	assert_int_equal(sums.rounding, 0);
	assert_int_equal(sums.expired_deposits, model.expired);
	assert_int_equal(sums.accounts, model.buyer + model.operator[0] + model.operator[1]);
	assert_int_equal(sums.stake, model.stake);
	assert_int_equal(sums.unbonding, unbonding);
	assert_int_equal(sums.codes, model.in_codes);
	assert_int_equal(sums.verification, model.verification);
	assert_int_equal(shop_balance(&s, "buyer", 0), model.buyer);
}

static void test_interleavings(void **state)
{
	unsigned int worlds = getenv("TEST_LONG") ? 20000 : WORLDS;
	unsigned int claims = 0, closed = 0;

	(void)state;
	make_template();
	for (unsigned int w = 0; w < worlds; w++) {
		new_world();
		for (unsigned int i = 0; i < STEPS; i++) {
			step(i < STEPS / 4);
			/* now and then after every step, always at the end */
			if (w % 16 == 0 || i == STEPS - 1)
				compare();
		}
		claims += model.paid > 0;
		closed += model.expired > 0;
		shop_close(&s);
	}
	/* it was about something */
	assert_true(worlds < 100 || (claims > worlds / 5 && closed > worlds / 200));
	for (unsigned int i = 0; i < RELAYS * EPOCHS * (SUBSETS + 1); i++)
		free(kit.claim[i / 8][i / 4 % 2][i % 4]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_interleavings, place_folder, place_gone),
	};

	return place_run("market interleavings", tests);
}
