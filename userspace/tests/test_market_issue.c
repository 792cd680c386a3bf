// SPDX-License-Identifier: MIT
/* Vouchers sold once, spent once; keys and their times. */
#include "market_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

static struct shop s;

static void test_buy(void **state)
{
	struct shop_purchase p, q;
	struct cr_voucher one[4], two[4];
	enum cr_reason reason;
	uint8_t *answer;
	size_t len;

	(void)state;
	shop_new(&s, 1);
	shop_ask(&s, &p, 4);
	expect_mkt(&s, shop_send(&s, &p, one), MKT_OK);
	assert_int_equal(shop_balance(&s, "buyer", 0), SHOP_RICH - 4 * (int64_t)VALUE);
	/* asked again, paid once, and the vouchers are the same */
	for (int i = 0; i < 2; i++) {
		expect_mkt(&s, shop_send(&s, &p, two), MKT_OK);
		assert_memory_equal(one, two, sizeof(one));
	}
	assert_int_equal(shop_balance(&s, "buyer", 0), SHOP_RICH - 4 * (int64_t)VALUE);
	assert_int_equal(shop_audit(&s).unspent, 4 * VALUE);
	/* another message under the same order, another order under the same number */
	shop_ask(&s, &q, 4);
	expect_mkt(&s, mkt_buy(&s.m, p.order, sizeof(p.order), q.message, sizeof(q.message), &answer, &len, &reason),
		   MKT_FORMAT);
	assert_null(answer);
	s.number -= 2;
	shop_ask(&s, &q, 4);
	expect_mkt(&s, shop_send(&s, &q, NULL), MKT_NUMBER);
	/* an order for something else, a price that is none */
	s.number = 100;
	shop_ask(&s, &q, 2);
	q.n = 1;
	expect_mkt(&s, shop_send(&s, &q, NULL), MKT_FORMAT);
	shop_audit(&s);
	shop_close(&s);
}

static void test_buy_refused(void **state)
{
	struct mkt_order o = { .number = 7, .verb = MKT_BUY_ORDER };
	struct shop_purchase p;
	uint8_t order[MKT_ORDER_BYTES];
	enum cr_reason reason;
	struct key poor;
	uint8_t *answer;
	size_t len;

	(void)state;
	shop_new(&s, 1);
	shop_ask(&s, &p, 2);
	memcpy(o.ledger, s.m.ledger, sizeof(o.ledger));
	cr_hash(o.argument, p.message, CR_BLINDED_BYTES(2));
	make_key(&poor, "poor", 0);
	o.amount = 2 * (int64_t)VALUE;
	mkt_order_sign(order, &o, poor.secret);
	expect_mkt(&s, mkt_buy(&s.m, order, sizeof(order), p.message, CR_BLINDED_BYTES(2), &answer, &len, &reason), MKT_FUNDS);
	o.amount--;
	mkt_order_sign(order, &o, s.buyer.secret);
	expect_mkt(&s, mkt_buy(&s.m, order, sizeof(order), p.message, CR_BLINDED_BYTES(2), &answer, &len, &reason), MKT_AMOUNT);
	/* an element that is no point: nothing is paid */
	memset(p.message + CR_BLINDED_HEAD, 0xff, CR_POINT_BYTES);
	cr_hash(o.argument, p.message, CR_BLINDED_BYTES(2));
	o.amount++;
	mkt_order_sign(order, &o, s.buyer.secret);
	expect_mkt(&s, mkt_buy(&s.m, order, sizeof(order), p.message, CR_BLINDED_BYTES(2), &answer, &len, &reason), MKT_PROOF);
	expect_reason(reason, CR_BAD_POINT);
	/* a key that nobody has */
	p.message[CR_KIND_BYTES] ^= 1;
	cr_hash(o.argument, p.message, CR_BLINDED_BYTES(2));
	mkt_order_sign(order, &o, s.buyer.secret);
	expect_mkt(&s, mkt_buy(&s.m, order, sizeof(order), p.message, CR_BLINDED_BYTES(2), &answer, &len, &reason), MKT_PROOF);
	expect_reason(reason, CR_UNKNOWN_KEY);
	assert_int_equal(shop_balance(&s, "buyer", 0), SHOP_RICH);
	s.m.keys = NULL;
	expect_mkt(&s, mkt_buy(&s.m, order, sizeof(order), p.message, CR_BLINDED_BYTES(2), &answer, &len, &reason), MKT_KEYS);
	shop_audit(&s);
	shop_close(&s);
}

static void test_spend(void **state)
{
	struct cr_voucher voucher[2], forged;
	struct cr_certificate cert, again;
	struct cr_request request, other;
	uint8_t spend[CR_SPEND_BYTES], out[CR_CERTIFICATE_BYTES];
	enum cr_reason reason;
	struct mkt_sums sums;

	(void)state;
	shop_new(&s, 2);
	shop_buy(&s, voucher, 2);
	shop_request(&s, &request, 1, 0, SHOP_EPOCH);
	expect_mkt(&s, shop_spend(&s, &voucher[0], &request, &cert), MKT_OK);
	assert_int_equal(cert.deposit, DEPOSIT);
	/* the same again, in another epoch, too */
	shop_epoch(&s, SHOP_EPOCH + 3);
	expect_mkt(&s, shop_spend(&s, &voucher[0], &request, &again), MKT_OK);
	assert_memory_equal(cert.signature, again.signature, sizeof(cert.signature));
	/* for anything else it is spent */
	other = request;
	other.scope.epoch = SHOP_EPOCH + 3;
	expect_mkt(&s, shop_spend(&s, &voucher[0], &other, NULL), MKT_SPENT);
	shop_request(&s, &other, 2, 0, SHOP_EPOCH);
	expect_mkt(&s, shop_spend(&s, &voucher[0], &other, NULL), MKT_SPENT);
	/* epochs that are not sold, relays that do not sell, tariffs that are others */
	shop_request(&s, &other, 2, 0, SHOP_EPOCH + 2);
	expect_mkt(&s, shop_spend(&s, &voucher[1], &other, NULL), MKT_EPOCH);
	shop_request(&s, &other, 2, 0, SHOP_EPOCH + 5);
	expect_mkt(&s, shop_spend(&s, &voucher[1], &other, NULL), MKT_EPOCH);
	shop_request(&s, &other, 2, 9, SHOP_EPOCH + 3);
	expect_mkt(&s, shop_spend(&s, &voucher[1], &other, NULL), MKT_RELAY);
	shop_request(&s, &other, 2, 1, SHOP_EPOCH + 3);
	other.tariff++;
	expect_mkt(&s, shop_spend(&s, &voucher[1], &other, NULL), MKT_TARIFF);
	/* a voucher that was never signed, a message that was changed */
	forged = voucher[1];
	forged.output[5] ^= 1;
	shop_request(&s, &other, 2, 1, SHOP_EPOCH + 4);
	expect_reason(cr_voucher_spend(spend, &forged, &other, s.ring->key, s.ring->n), CR_ACCEPTED);
	expect_mkt(&s, mkt_certify(&s.m, spend, sizeof(spend), out, &reason), MKT_PROOF);
	expect_reason(reason, CR_BAD_MAC);
	expect_mkt(&s, mkt_certify(&s.m, spend, sizeof(spend) - 1, out, &reason), MKT_FORMAT);
	expect_mkt(&s, shop_spend(&s, &voucher[1], &other, NULL), MKT_OK);
	sums = shop_audit(&s);
	assert_int_equal(sums.unspent, 0);
	assert_int_equal(sums.deposits + sums.rounding, 2 * VALUE);
	shop_close(&s);
}

/* D18: one voucher shown for as many relays as there are buys one certificate. */
static void test_d18_one_deposit_many_relays(void **state)
{
	struct cr_voucher voucher;
	struct cr_request request;
	unsigned int granted = 0;

	(void)state;
	shop_new(&s, 8);
	shop_buy(&s, &voucher, 1);
	for (unsigned int i = 0; i < 8; i++) {
		shop_request(&s, &request, i, i, SHOP_EPOCH);
		granted += shop_spend(&s, &voucher, &request, NULL) == MKT_OK;
	}
	assert_int_equal(granted, 1);
	shop_audit(&s);
	shop_close(&s);
}

/* Values that a tariff does not divide: nothing of the difference is lost from view. */
static void test_rounding(void **state)
{
	const uint64_t tariffs[] = { 1, 7, 999983, 1048577, 1ULL << 33, 99999999999 };
	struct key relay, operator;
	struct cr_voucher voucher[4];
	struct cr_request request;
	struct mkt_sums sums;
	uint64_t first;
	size_t n = 0;

	(void)state;
	shop_new(&s, 0);
	for (unsigned int i = 0; i < 6; i++) {
		make_key(&relay, "relay", i);
		make_key(&operator, "operator", i);
		expect_mkt(&s, mkt_terms_set(&s.m, relay.public_key, tariffs[i], operator.public_key, &first), MKT_OK);
		shop_buy(&s, voucher, 1);
		shop_request(&s, &request, i, i, SHOP_EPOCH);
		request.tariff = tariffs[i];
		/* what buys no KiB, or more than 32 bits, the wallet itself refuses */
		if (cr_deposit(&(uint32_t){ 0 }, VALUE, tariffs[i]) != CR_ACCEPTED)
			continue;
		expect_mkt(&s, shop_spend(&s, &voucher[0], &request, NULL), MKT_OK);
		n++;
	}
	assert_int_equal(n, 4);
	sums = shop_audit(&s);
	assert_int_equal(sums.unspent, 2 * VALUE);
	assert_int_equal(sums.deposits + sums.rounding, n * VALUE);
	assert_true(sums.rounding > 0);
	shop_close(&s);
}

static void test_keys(void **state)
{
	uint8_t certificate[CR_PUBLIC_BYTES];
	struct cr_voucher_key keys[CR_VOUCHER_KEYS_MAX];
	struct cr_voucher voucher[2], late;
	struct cr_request request;
	struct shop_purchase p;
	size_t made, removed, n;

	(void)state;
	shop_new(&s, 1);
	expect_mkt(&s, mkt_keys_rotate(&s.m, "keys", &made, &removed), MKT_OK);
	assert_int_equal(made + removed, 0);
	shop_buy(&s, voucher, 2);
	shop_ask(&s, &p, 1);
	/* a successor some time before it is needed, and only one */
	shop_epoch(&s, SHOP_EPOCH + 25);
	for (int i = 0; i < 3; i++) {
		expect_mkt(&s, mkt_keys_rotate(&s.m, "keys", &made, &removed), MKT_OK);
		assert_int_equal(made, i == 0);
		assert_int_equal(removed, 0);
	}
	expect_mkt(&s, mkt_keys_public(&s.m, certificate, keys, &n), MKT_OK);
	assert_int_equal(n, 2);
	assert_int_equal(keys[1].issue_from, keys[0].issue_until + 1);
	expect_reason(cr_voucher_keys_check(keys, n), CR_ACCEPTED);
	shop_reopen_keys(&s);
	/* no more sold under the old one; what it sold can be spent to its end */
	shop_epoch(&s, SHOP_EPOCH + 30);
	expect_mkt(&s, shop_send(&s, &p, NULL), MKT_EXPIRED);
	shop_request(&s, &request, 1, 0, SHOP_EPOCH + 30);
	expect_mkt(&s, shop_spend(&s, &voucher[0], &request, NULL), MKT_OK);
	shop_buy(&s, &late, 1);
	/* at most two at a time, for as long as it goes on */
	for (unsigned int e = 31; e < 200; e += 3) {
		shop_epoch(&s, SHOP_EPOCH + e);
		expect_mkt(&s, mkt_keys_rotate(&s.m, "keys", &made, &removed), MKT_OK);
		expect_mkt(&s, mkt_keys_public(&s.m, certificate, keys, &n), MKT_OK);
		assert_in_range(n, 1, 3);
		expect_reason(cr_voucher_keys_check(keys, n), CR_ACCEPTED);
	}
	/* the one that was never spent went with its key, and cannot come back */
	shop_reopen_keys(&s);
	assert_true(shop_audit(&s).expired_vouchers == 2 * (int64_t)VALUE);
	shop_close(&s);
}

/* The last epoch of a voucher, and the one after it. */
static void test_voucher_expires(void **state)
{
	struct cr_voucher voucher[2];
	struct cr_request request;
	uint8_t spend[CR_SPEND_BYTES], out[CR_CERTIFICATE_BYTES];
	enum cr_reason reason;

	(void)state;
	shop_new(&s, 1);
	shop_buy(&s, voucher, 2);
	shop_epoch(&s, SHOP_EPOCH + 59);
	shop_request(&s, &request, 1, 0, SHOP_EPOCH + 59);
	expect_mkt(&s, shop_spend(&s, &voucher[0], &request, NULL), MKT_OK);
	shop_request(&s, &request, 2, 0, SHOP_EPOCH + 59);
	expect_reason(cr_voucher_spend(spend, &voucher[1], &request, s.ring->key, s.ring->n), CR_ACCEPTED);
	shop_epoch(&s, SHOP_EPOCH + 60);
	/* this worker still has the key, and the books have burned the money */
	expect_mkt(&s, mkt_certify(&s.m, spend, sizeof(spend), out, &reason), MKT_EPOCH);
	assert_int_equal(shop_audit(&s).expired_vouchers, VALUE);
	shop_close(&s);
}

static void test_key_files(void **state)
{
	char wrong[256], cmd[256], id[2 * CR_VOUCHER_ID_BYTES + 1];
	struct mkt_keyring *ring;
	uint8_t bytes[CR_VOUCHER_ID_BYTES];
	struct stat st;

	(void)state;
	shop_new(&s, 0);
	cr_voucher_key_id(bytes, &s.ring->key[0]);
	sodium_bin2hex(id, sizeof(id), bytes, sizeof(bytes));
	snprintf(cmd, sizeof(cmd), "keys/voucher-%s", id);
	assert_int_equal(stat(cmd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat("keys/certificate", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod("keys/certificate", 0640), 0);
	expect_mkt(&s, mkt_keyring_load(&ring, &s.m, "keys", wrong, sizeof(wrong)), MKT_KEYS);
	assert_non_null(strstr(wrong, "read by others"));
	assert_int_equal(chmod("keys/certificate", 0600), 0);
	expect_mkt(&s, mkt_keyring_load(&ring, &s.m, "nowhere", wrong, sizeof(wrong)), MKT_KEYS);
	assert_int_equal(system("cp keys/certificate saved; tr 0-8 1-9 <saved >keys/certificate"), 0);
	expect_mkt(&s, mkt_keyring_load(&ring, &s.m, "keys", wrong, sizeof(wrong)), MKT_KEYS);
	assert_non_null(strstr(wrong, "not the certificate key"));
	assert_int_equal(system("echo rubbish >keys/certificate"), 0);
	expect_mkt(&s, mkt_keyring_load(&ring, &s.m, "keys", wrong, sizeof(wrong)), MKT_KEYS);
	assert_int_equal(system("cp saved keys/certificate; cp keys/certificate keys/voucher-*"), 0);
	expect_mkt(&s, mkt_keyring_load(&ring, &s.m, "keys", wrong, sizeof(wrong)), MKT_KEYS);
	assert_null(ring);
	shop_close(&s);
}

#define ON_DISK(f) cmocka_unit_test_setup_teardown(f, place_folder, place_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(test_buy),
		ON_DISK(test_buy_refused),
		ON_DISK(test_spend),
		ON_DISK(test_d18_one_deposit_many_relays),
		ON_DISK(test_rounding),
		ON_DISK(test_keys),
		ON_DISK(test_voucher_expires),
		ON_DISK(test_key_files),
	};

	return place_run("market issue", tests);
}
