// SPDX-License-Identifier: MIT
/* One claim per relay and epoch; what does not hold; evidence. */
#include "market_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "directory_fixture.h"
#include "forge.h"
#include "market/books/money.h"
#include "market/settle/evidence.h"

static struct shop s;

/* Certificates for sessions @first to @first + @n - 1 at @relay in @epoch. */
static void sell(unsigned int relay, uint64_t epoch, uint64_t first, size_t n)
{
	struct cr_voucher voucher[4];
	struct cr_request request;

	assert_true(n <= 4);
	shop_buy(&s, voucher, n);
	for (size_t i = 0; i < n; i++) {
		shop_request(&s, &request, first + i, relay, epoch);
		expect_mkt(&s, shop_spend(&s, &voucher[i], &request, NULL), MKT_OK);
	}
}

static void test_paid(void **state)
{
	const uint32_t v[] = { 1000, 0, DEPOSIT };
	uint64_t gross = (1000ULL + DEPOSIT) * TARIFF >> 20;
	int64_t fee = mkt_fee((int64_t)gross, SHOP_FEE);
	struct mkt_claim claim;
	struct mkt_sums sums;
	struct mkt_ack ack;
	uint8_t *bytes, other[MKT_ACK_BYTES];
	size_t len;

	(void)state;
	shop_new(&s, 2);
	sell(0, SHOP_EPOCH, 0, 3);
	sell(1, SHOP_EPOCH, 10, 1);
	bytes = shop_claim(&s, 0, SHOP_EPOCH, 0, v, 3, &len);
	/* its epoch is not over */
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_EPOCH);
	shop_epoch(&s, SHOP_EPOCH + 1);
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_OK);
	expect_reason(mkt_ack_read(&ack, claim.ack, sizeof(claim.ack), s.ring->certificate_public), CR_ACCEPTED);
	assert_int_equal(ack.total, 1000 + DEPOSIT);
	assert_int_equal(ack.gross, gross);
	assert_int_equal(ack.fee, fee);
	assert_int_equal(ack.paid, gross - (uint64_t)fee);
	assert_int_equal(shop_balance(&s, "operator", 0), gross - (uint64_t)fee);
	sums = shop_audit(&s);
	assert_int_equal(sums.paid, gross - (uint64_t)fee);
	assert_int_equal(sums.fee, fee);
	expect_mkt(&s, mkt_settled(&s.m, ack.relay, SHOP_EPOCH, other), MKT_OK);
	assert_memory_equal(other, claim.ack, sizeof(other));
	expect_mkt(&s, mkt_settled(&s.m, ack.relay, SHOP_EPOCH + 1, other), MKT_CLAIM);
	/* when the seven epochs are over, the rest burns */
	for (unsigned int i = 2; i <= 7; i++)
		shop_epoch(&s, SHOP_EPOCH + i);
	sums = shop_audit(&s);
	assert_true(sums.deposits > 0);
	shop_epoch(&s, SHOP_EPOCH + 8);
	sums = shop_audit(&s);
	assert_int_equal(sums.deposits, 0);
	assert_int_equal(sums.paid + sums.fee + sums.rounding + sums.expired_deposits, 4 * VALUE);
	/* and the acknowledgement is still there for who asks again */
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_OK);
	assert_memory_equal(other, other, sizeof(other));
	free(bytes);
	bytes = shop_claim(&s, 1, SHOP_EPOCH, 10, v, 1, &len);
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_EPOCH);
	assert_int_equal(claim.fee, 0);
	free(bytes);
	shop_close(&s);
}

/* D16: the same claim as often as you like, in any order, for other relays and ledgers: paid once. */
static void test_d16_double_claim(void **state)
{
	const uint32_t v[] = { 500, 600 }, w[] = { 500, 700 };
	struct mkt_claim claim, batch[4];
	uint8_t *one, *two, first[MKT_ACK_BYTES];
	size_t one_len, two_len;
	int64_t before, after;
	struct world world;

	(void)state;
	shop_new(&s, 2);
	sell(0, SHOP_EPOCH, 0, 2);
	one = shop_claim(&s, 0, SHOP_EPOCH, 0, v, 2, &one_len);
	two = shop_claim(&s, 0, SHOP_EPOCH, 0, w, 2, &two_len);
	shop_epoch(&s, SHOP_EPOCH + 1);
	/* twice in one batch, with another between */
	for (size_t i = 0; i < 4; i++)
		batch[i] = (struct mkt_claim){ .bytes = i == 1 ? two : one, .len = i == 1 ? two_len : one_len };
	mkt_settle(&s.m, batch, 4);
	expect_mkt(&s, batch[0].v, MKT_OK);
	expect_mkt(&s, batch[1].v, MKT_SETTLED);
	expect_mkt(&s, batch[2].v, MKT_OK);
	expect_mkt(&s, batch[3].v, MKT_OK);
	memcpy(first, batch[0].ack, sizeof(first));
	assert_memory_equal(batch[3].ack, first, sizeof(first));
	after = shop_balance(&s, "operator", 0);
	for (unsigned int i = 1; i < 6; i++) {
		expect_mkt(&s, shop_settle(&s, one, one_len, &claim), MKT_OK);
		assert_memory_equal(claim.ack, first, sizeof(first));
		shop_epoch(&s, SHOP_EPOCH + i);
	}
	assert_int_equal(shop_balance(&s, "operator", 0), after);
	/* another claim of the same relay and epoch is refused, and costs its sender the fee, once */
	before = after;
	expect_mkt(&s, shop_settle(&s, two, two_len, &claim), MKT_SETTLED);
	assert_int_equal(claim.fee, SHOP_VERIFY < before ? SHOP_VERIFY : before);
	after = shop_balance(&s, "operator", 0);
	assert_int_equal(after, before - claim.fee);
	expect_mkt(&s, shop_settle(&s, two, two_len, &claim), MKT_SETTLED);
	assert_int_equal(shop_balance(&s, "operator", 0), after);
	/* moved to another relay, epoch or ledger, signed by whom it may */
	shop_world(&s, &world, 1, SHOP_EPOCH);
	memcpy(one + CR_KIND_BYTES + CR_LEDGER_BYTES + 8, world.relay.public_key, CR_RELAY_BYTES);
	resign_claim(&world, one, one_len);
	expect_mkt(&s, shop_settle(&s, one, one_len, &claim), MKT_CLAIM);
	one[CR_KIND_BYTES] ^= 1;
	expect_mkt(&s, shop_settle(&s, one, one_len, &claim), MKT_LEDGER);
	assert_int_equal(shop_balance(&s, "operator", 1), 0);
	shop_audit(&s);
	free(one);
	free(two);
	shop_close(&s);
}

static void test_refused(void **state)
{
	const uint32_t v[] = { 100, 200 };
	struct mkt_claim claim;
	struct world world;
	uint8_t *bytes, code[MKT_CODE_BYTES];
	struct key operator;
	int64_t amount;
	size_t len;

	(void)state;
	shop_new(&s, 2);
	sell(0, SHOP_EPOCH, 0, 2);
	bytes = shop_claim(&s, 0, SHOP_EPOCH, 0, v, 2, &len);
	shop_epoch(&s, SHOP_EPOCH + 1);
	shop_world(&s, &world, 0, SHOP_EPOCH);
	make_key(&operator, "operator", 0);
	expect_mkt(&s, mkt_code_make(&s.m, 10000, code), MKT_OK);
	expect_mkt(&s, mkt_redeem(&s.m, code, operator.public_key, &amount), MKT_OK);
	/* changed on the way: nobody but the relay can cost it anything */
	bytes[len - CR_SIGNATURE_BYTES - 5] ^= 1;
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_CLAIM);
	expect_reason(claim.reason, CR_BAD_SIGNATURE);
	assert_int_equal(claim.fee, 0);
	assert_int_equal(shop_balance(&s, "operator", 0), 10000);
	/* signed by the relay: the fee, and only once */
	resign_claim(&world, bytes, len);
	for (int i = 0; i < 3; i++) {
		expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_CLAIM);
		expect_reason(claim.reason, CR_BAD_PROOF);
		assert_int_equal(claim.fee, i == 0 ? SHOP_VERIFY : 0);
		assert_int_equal(shop_balance(&s, "operator", 0), 10000 - SHOP_VERIFY);
	}
	assert_int_equal(shop_audit(&s).verification, SHOP_VERIFY);
	expect_mkt(&s, shop_settle(&s, bytes, 100, &claim), MKT_FORMAT);
	expect_mkt(&s, shop_settle(&s, bytes, 0, &claim), MKT_FORMAT);
	free(bytes);
	/* and the true one is still paid */
	bytes = shop_claim(&s, 0, SHOP_EPOCH, 0, v, 2, &len);
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_OK);
	free(bytes);
	/* a relay without terms */
	bytes = shop_claim(&s, 7, SHOP_EPOCH, 0, v, 2, &len);
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_RELAY);
	free(bytes);
	shop_audit(&s);
	shop_close(&s);
}

/* Of claims that do not hold only so many are looked at; who has nothing pays nothing for them. */
static void test_limit(void **state)
{
	const uint32_t v[] = { 100 };
	struct mkt_claim claim;
	struct world world;
	uint8_t *bytes;
	size_t len;

	(void)state;
	shop_new(&s, 1);
	sell(0, SHOP_EPOCH, 0, 1);
	bytes = shop_claim(&s, 0, SHOP_EPOCH, 0, v, 1, &len);
	shop_epoch(&s, SHOP_EPOCH + 1);
	shop_world(&s, &world, 0, SHOP_EPOCH);
	for (unsigned int i = 0; i <= MKT_CLAIMS_REFUSED_MAX; i++) {
		bytes[len - CR_SIGNATURE_BYTES - 40 - i] ^= 1;
		resign_claim(&world, bytes, len);
		expect_mkt(&s, shop_settle(&s, bytes, len, &claim), i < MKT_CLAIMS_REFUSED_MAX ? MKT_CLAIM : MKT_LIMIT);
		assert_int_equal(claim.fee, 0);
	}
	free(bytes);
	shop_audit(&s);
	shop_close(&s);
}

/* D17: more than is deposited, more than the sum, less than nothing. */
static void test_d17_over_claim(void **state)
{
	struct mkt_claim claim;
	struct world world;
	struct key one, two;
	struct lie lies[2];
	uint64_t low;
	uint8_t *bytes;
	size_t len;

	(void)state;
	shop_new(&s, 1);
	sell(0, SHOP_EPOCH, 0, 2);
	/* sessions stand in the order of their keys */
	make_key(&one, "session", 0);
	make_key(&two, "session", 1);
	low = memcmp(one.public_key, two.public_key, CR_PUBLIC_BYTES) > 0;
	shop_epoch(&s, SHOP_EPOCH + 1);
	shop_world(&s, &world, 0, SHOP_EPOCH);
	for (unsigned int i = 0; i < 3; i++) {
		lie_u32(&lies[0], low, 100);
		lie_u32(&lies[1], !low, 200);
		/* a sum too high; an amount above the deposit; a deposit that the market did not sign */
		if (i == 1) {
			cr_scalar_u64(&lies[1].amount, DEPOSIT + 1);
			lies[1].proven[0] = DEPOSIT + 1;
			lies[1].proven[1] = 0;
		}
		if (i == 2) {
			lies[1].deposit = DEPOSIT + 1;
			lies[1].proven[1] = DEPOSIT + 1 - 200;
		}
		bytes = forge_claim(&world, lies, 2, i == 0 ? 301 : i == 1 ? 100 + DEPOSIT + 1 : 300, NULL, &len);
		if (i < 2) {
			expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_CLAIM);
			expect_reason(claim.reason, i == 0 ? CR_BAD_SUM : CR_BAD_PROOF);
		} else {
			/* forge_claim() has the market's key, as a thief would: the books stop at what was deposited */
			expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_OK);
		}
		free(bytes);
	}
	shop_audit(&s);
	/* certificates that were never sold, by that thief */
	shop_epoch(&s, SHOP_EPOCH + 2);
	shop_world(&s, &world, 0, SHOP_EPOCH + 1);
	lie_u32(&lies[0], 0, 100);
	bytes = forge_claim(&world, lies, 1, 100, NULL, &len);
	expect_mkt(&s, shop_settle(&s, bytes, len, &claim), MKT_FAULT);
	free(bytes);
	shop_audit(&s);
	shop_close(&s);
}

/* Stake for the operator of the descriptors of directory_fixture.h. */
static void test_descriptors(void **state)
{
	struct cr_descriptor d;
	uint8_t a[CR_DESCRIPTOR_MAX], b[CR_DESCRIPTOR_MAX], code[MKT_CODE_BYTES];
	struct mkt_finding finding;
	struct mkt_holding h;
	struct fix_key fix;
	struct key operator;
	size_t a_len, b_len;
	int64_t amount, burned;

	(void)state;
	shop_new(&s, 0);
	fix_key(&fix, "operator", 3);
	fix_descriptor(&d, 1, 3);
	/* the fixture's own ledger is another */
	memcpy(operator.public_key, d.operator_key, CR_PUBLIC_BYTES);
	expect_mkt(&s, mkt_code_make(&s.m, 5000, code), MKT_OK);
	expect_mkt(&s, mkt_redeem(&s.m, code, operator.public_key, &amount), MKT_OK);
	memcpy(d.ledger, s.m.ledger, CR_LEDGER_BYTES);
	assert_int_equal(fix_resign(&d, 1, 3), CR_DIR_OK);
	assert_int_equal(cr_descriptor_encode(a, &a_len, &d), CR_DIR_OK);
	d.capacity++;
	assert_int_equal(fix_resign(&d, 1, 3), CR_DIR_OK);
	assert_int_equal(cr_descriptor_encode(b, &b_len, &d), CR_DIR_OK);
	/* the same twice, another number, another ledger, nonsense: nothing */
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_DESCRIPTORS, a, a_len, a, a_len, &burned), MKT_EVIDENCE);
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_DESCRIPTORS, a, a_len, b, b_len - 1, &burned), MKT_FORMAT);
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_SNAPSHOTS, a, a_len, b, b_len, &burned), MKT_FORMAT);
	expect_mkt(&s, mkt_slash(&s.m, (enum mkt_evidence_kind)9, a, a_len, b, b_len, &burned), MKT_FORMAT);
	expect_mkt(&s, mkt_evidence_check(&finding, MKT_TWO_DESCRIPTORS, a, a_len, b, b_len, (const uint8_t[32]){ 0 }),
		   MKT_EVIDENCE);
	memcpy(s.buyer.secret, fix.secret, sizeof(fix.secret));
	memcpy(s.buyer.public_key, fix.public_key, sizeof(fix.public_key));
	expect_mkt(&s, shop_order(&s, &s.buyer, 1, MKT_STAKE_ORDER, 3000, NULL), MKT_OK);
	expect_mkt(&s, shop_order(&s, &s.buyer, 2, MKT_UNBOND_ORDER, 1000, NULL), MKT_OK);
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_DESCRIPTORS, b, b_len, a, a_len, &burned), MKT_OK);
	assert_int_equal(burned, 3000);
	expect_mkt(&s, mkt_holding(&s.m, operator.public_key, &h), MKT_OK);
	assert_int_equal(h.balance, 2000);
	assert_int_equal(h.stake + h.unbonding, 0);
	/* once, also the other way round and after new stake */
	expect_mkt(&s, shop_order(&s, &s.buyer, 3, MKT_STAKE_ORDER, 100, NULL), MKT_OK);
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_DESCRIPTORS, a, a_len, b, b_len, &burned), MKT_OK);
	assert_int_equal(burned, 0);
	assert_int_equal(shop_audit(&s).burned_stake, 3000);
	shop_epoch(&s, SHOP_EPOCH + 20);
	assert_int_equal(shop_audit(&s).stake, 100);
	shop_close(&s);
}

static void snapshot_word(uint8_t out[MKT_SNAPSHOT_WORD], const struct key *key, uint64_t number, uint8_t hash)
{
	uint8_t *p = cr_put(out, key->public_key, CR_PUBLIC_BYTES);

	p = cr_put_kind(p, CR_KIND_SNAPSHOT_SIG);
	p = cr_put(p, s.m.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, number);
	memset(p, hash, CR_HASH_BYTES);
	cr_sign(p + CR_HASH_BYTES, out + CR_PUBLIC_BYTES, CR_SNAPSHOT_MESSAGE, key->secret);
}

static void test_snapshots(void **state)
{
	uint8_t a[MKT_SNAPSHOT_WORD], b[MKT_SNAPSHOT_WORD];
	struct key other;
	int64_t burned;

	(void)state;
	shop_new(&s, 0);
	make_key(&other, "authority", 2);
	expect_mkt(&s, shop_order(&s, &s.buyer, 1, MKT_STAKE_ORDER, 3000, NULL), MKT_OK);
	snapshot_word(a, &s.buyer, 17, 1);
	snapshot_word(b, &s.buyer, 18, 2);
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_SNAPSHOTS, a, sizeof(a), b, sizeof(b), &burned), MKT_EVIDENCE);
	snapshot_word(b, &other, 17, 2);
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_SNAPSHOTS, a, sizeof(a), b, sizeof(b), &burned), MKT_EVIDENCE);
	snapshot_word(b, &s.buyer, 17, 2);
	b[sizeof(b) - 1] ^= 1;
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_SNAPSHOTS, a, sizeof(a), b, sizeof(b), &burned), MKT_EVIDENCE);
	b[sizeof(b) - 1] ^= 1;
	expect_mkt(&s, mkt_slash(&s.m, MKT_TWO_SNAPSHOTS, a, sizeof(a), b, sizeof(b), &burned), MKT_OK);
	assert_int_equal(burned, 3000);
	assert_int_equal(shop_audit(&s).burned_stake, 3000);
	shop_close(&s);
}

#define ON_DISK(f) cmocka_unit_test_setup_teardown(f, place_folder, place_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(test_paid),
		ON_DISK(test_d16_double_claim),
		ON_DISK(test_refused),
		ON_DISK(test_limit),
		ON_DISK(test_d17_over_claim),
		ON_DISK(test_descriptors),
		ON_DISK(test_snapshots),
	};

	return place_run("market settle", tests);
}
