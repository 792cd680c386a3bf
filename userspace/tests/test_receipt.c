// SPDX-License-Identifier: MIT
/* Session certificates and receipts: encodings, prices, every refusal. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "payments.h"
#include "proof/codec.h"

static void test_deposit(void **state)
{
	static const struct {
		uint64_t value, tariff;
		enum cr_reason reason;
		uint32_t kib;
	} table[] = {
		{ VALUE, TARIFF, CR_ACCEPTED, DEPOSIT },
		{ 1, 1, CR_ACCEPTED, 1 << 20 },
		{ 1, 1 << 20, CR_ACCEPTED, 1 },
		{ 1, (1 << 20) + 1, CR_BAD_DEPOSIT, 0 },
		{ 3, 7, CR_ACCEPTED, 449389 },		/* 449389.71 rounds down */
		{ 4095, 1, CR_ACCEPTED, 4095u << 20 },
		{ 4096, 1, CR_BAD_DEPOSIT, 0 },		/* 2^32 exactly */
		{ 4096, 2, CR_ACCEPTED, 1u << 31 },
		{ 0, 1, CR_BAD_TARIFF, 0 },
		{ 1, 0, CR_BAD_TARIFF, 0 },
		{ CR_MONEY_MAX, CR_MONEY_MAX, CR_ACCEPTED, 1 << 20 },
		{ (uint64_t)CR_MONEY_MAX + 1, CR_MONEY_MAX, CR_BAD_TARIFF, 0 },
		{ CR_MONEY_MAX, (uint64_t)CR_MONEY_MAX + 1, CR_BAD_TARIFF, 0 },
		/* would wrap to 0 in 64 bits */
		{ 1ULL << 44, 1ULL << 33, CR_ACCEPTED, 1u << 31 },
		{ 1ULL << 62, 1, CR_BAD_DEPOSIT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		uint32_t kib = 0;

		expect_reason(cr_deposit(&kib, table[i].value, table[i].tariff),
			      table[i].reason);
		assert_int_equal(kib, table[i].kib);
	}
}

static void test_certificate_bytes(void **state)
{
	uint8_t bytes[CR_CERTIFICATE_BYTES], again[CR_CERTIFICATE_BYTES];
	uint8_t compact[CR_CERTIFICATE_COMPACT];
	struct cr_certificate cert, back;
	struct key session;
	struct world w;

	(void)state;
	make_world(&w);
	make_certificate(&w, &cert, &session, 0);
	cr_certificate_encode(bytes, &cert);
	expect_reason(cr_certificate_decode(&back, bytes, sizeof(bytes)), CR_ACCEPTED);
	cr_certificate_encode(again, &back);
	assert_memory_equal(bytes, again, sizeof(bytes));
	expect_reason(cr_certificate_check(&back, w.market.public_key), CR_ACCEPTED);
	expect_reason(cr_certificate_check(&back, w.relay.public_key),
		      CR_BAD_SIGNATURE);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		enum cr_reason reason;

		bytes[i] ^= 0x10;
		reason = cr_certificate_decode(&back, bytes, sizeof(bytes));
		if (reason == CR_ACCEPTED)
			reason = cr_certificate_check(&back, w.market.public_key);
		assert_int_not_equal(reason, CR_ACCEPTED);
		bytes[i] ^= 0x10;
	}
	for (size_t len = 0; len < 2 * sizeof(bytes); len++) {
		if (len != sizeof(bytes))
			expect_reason(cr_certificate_decode(&back, bytes, len),
				      CR_BAD_LENGTH);
	}

	cr_certificate_pack(compact, &cert);
	cr_certificate_unpack(&back, compact, &w.terms.scope, w.terms.tariff);
	expect_reason(cr_certificate_check(&back, w.market.public_key), CR_ACCEPTED);
	cr_certificate_encode(again, &back);
	assert_memory_equal(bytes, again, sizeof(bytes));
	cr_certificate_unpack(&back, compact, &w.terms.scope, w.terms.tariff + 1);
	expect_reason(cr_certificate_check(&back, w.market.public_key),
		      CR_BAD_SIGNATURE);
}

static void test_certificate_refused(void **state)
{
	const uint64_t values[] = { VALUE, 10 * VALUE };
	struct cr_certificate cert;
	struct key session;
	struct world w;

	(void)state;
	make_world(&w);
	make_certificate(&w, &cert, &session, 0);
	expect_reason(cr_certificate_priced(&cert, values, 2), CR_ACCEPTED);
	expect_reason(cr_certificate_priced(&cert, values + 1, 1), CR_BAD_DEPOSIT);
	cert.deposit++;
	cr_certificate_sign(&cert, w.market.secret);
	expect_reason(cr_certificate_check(&cert, w.market.public_key), CR_ACCEPTED);
	expect_reason(cr_certificate_priced(&cert, values, 2), CR_BAD_DEPOSIT);
	cert.deposit = 0;
	cr_certificate_sign(&cert, w.market.secret);
	expect_reason(cr_certificate_check(&cert, w.market.public_key),
		      CR_BAD_DEPOSIT);
	cert.deposit = DEPOSIT;
	cert.tariff = 0;
	cr_certificate_sign(&cert, w.market.secret);
	expect_reason(cr_certificate_check(&cert, w.market.public_key), CR_BAD_TARIFF);
	cert.tariff = TARIFF;
	memset(cert.session, 0, CR_SESSION_BYTES);
	cr_certificate_sign(&cert, w.market.secret);
	expect_reason(cr_certificate_check(&cert, w.market.public_key), CR_BAD_KEY);
}

static void test_receipt_fits_its_cell(void **state)
{
	/* a CONTROL to position p has p layers of 23 bytes around it */
	const int body = 232, layer = 23;

	(void)state;
	assert_int_equal(CR_RECEIPT_WIRE, 101);
	assert_true(body - layer * CR_RECEIPT_SMALL_CELL_HOPS >= CR_RECEIPT_WIRE);
	assert_true(body - layer * (CR_RECEIPT_SMALL_CELL_HOPS + 1) < CR_RECEIPT_WIRE);
	/* beyond it the smaller of the large sizes has room at any position */
	assert_true(1208 - layer * 8 >= CR_RECEIPT_WIRE);
}

static void test_receipt_travels(void **state)
{
	uint8_t wire[CR_RECEIPT_WIRE], full[CR_RECEIPT_BYTES], again[CR_RECEIPT_BYTES];
	struct cr_receipt receipt, back;
	struct cr_opening opening, opened;
	struct cr_certificate cert;
	uint32_t last = 0;
	struct key session;
	struct world w;

	(void)state;
	make_world(&w);
	make_certificate(&w, &cert, &session, 0);
	for (uint32_t v = 0; v <= DEPOSIT; v += DEPOSIT / 4) {
		cr_receipt_sign(&receipt, &opening, &w.terms.scope, v, session.secret);
		cr_receipt_pack(wire, &receipt, &opening);
		expect_reason(cr_receipt_unpack(&back, &opened, wire, sizeof(wire),
						&cert), CR_ACCEPTED);
		assert_int_equal(opened.v, v);
		expect_reason(cr_receipt_accept(&back, &opened, &cert, last),
			      CR_ACCEPTED);
		/* the same again is no step back */
		expect_reason(cr_receipt_accept(&back, &opened, &cert, v), CR_ACCEPTED);
		cr_receipt_encode(full, &receipt);
		cr_receipt_encode(again, &back);
		assert_memory_equal(full, again, sizeof(full));
		expect_reason(cr_receipt_decode(&back, full, sizeof(full)), CR_ACCEPTED);
		expect_reason(cr_receipt_accept(&back, &opening, &cert, 0), CR_ACCEPTED);
		last = v;
	}
}

static void test_receipt_every_byte_counts(void **state)
{
	uint8_t wire[CR_RECEIPT_WIRE], full[CR_RECEIPT_BYTES];
	struct cr_receipt receipt, back;
	struct cr_opening opening, opened;
	struct cr_certificate cert;
	enum cr_reason reason;
	struct key session;
	struct world w;

	(void)state;
	make_world(&w);
	make_certificate(&w, &cert, &session, 0);
	cr_receipt_sign(&receipt, &opening, &w.terms.scope, 4711, session.secret);
	cr_receipt_pack(wire, &receipt, &opening);
	for (size_t i = 0; i < sizeof(wire); i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			wire[i] ^= (uint8_t)(1 << bit);
			reason = cr_receipt_unpack(&back, &opened, wire, sizeof(wire),
						   &cert);
			if (reason == CR_ACCEPTED)
				reason = cr_receipt_accept(&back, &opened, &cert, 0);
			assert_int_not_equal(reason, CR_ACCEPTED);
			wire[i] ^= (uint8_t)(1 << bit);
		}
	}
	cr_receipt_encode(full, &receipt);
	for (size_t i = 0; i < sizeof(full); i++) {
		full[i] ^= 0x04;
		reason = cr_receipt_decode(&back, full, sizeof(full));
		if (reason == CR_ACCEPTED)
			reason = cr_receipt_accept(&back, &opening, &cert, 0);
		assert_int_not_equal(reason, CR_ACCEPTED);
		full[i] ^= 0x04;
	}
	for (size_t len = 0; len < 2 * sizeof(full); len++) {
		if (len != sizeof(full))
			expect_reason(cr_receipt_decode(&back, full, len), CR_BAD_LENGTH);
		if (len != sizeof(wire))
			expect_reason(cr_receipt_unpack(&back, &opened, full, len, &cert),
				      CR_BAD_LENGTH);
	}
}

static void test_receipt_refusals(void **state)
{
	struct cr_receipt receipt, moved;
	struct cr_opening opening, other;
	struct cr_certificate cert, foreign;
	uint8_t wire[CR_RECEIPT_WIRE];
	struct key session, stranger;
	struct world w;

	(void)state;
	make_world(&w);
	make_certificate(&w, &cert, &session, 0);
	make_certificate(&w, &foreign, &stranger, 1);

	cr_receipt_sign(&receipt, &opening, &w.terms.scope, DEPOSIT + 1, session.secret);
	expect_reason(cr_receipt_accept(&receipt, &opening, &cert, 0), CR_OVER_DEPOSIT);
	cr_receipt_sign(&receipt, &opening, &w.terms.scope, UINT32_MAX, session.secret);
	expect_reason(cr_receipt_accept(&receipt, &opening, &cert, 0), CR_OVER_DEPOSIT);
	cr_receipt_sign(&receipt, &opening, &w.terms.scope, 100, session.secret);
	expect_reason(cr_receipt_accept(&receipt, &opening, &cert, 101), CR_BELOW_LAST);
	expect_reason(cr_receipt_accept(&receipt, &opening, &cert, 100), CR_ACCEPTED);
	expect_reason(cr_receipt_accept(&receipt, &opening, &foreign, 0),
		      CR_OTHER_SESSION);

	other = opening;
	other.v++;
	expect_reason(cr_receipt_accept(&receipt, &other, &cert, 0), CR_BAD_OPENING);
	other = opening;
	cr_scalar_add(&other.r, &other.r, &cr_scalar_one);
	expect_reason(cr_receipt_accept(&receipt, &other, &cert, 0), CR_BAD_OPENING);

	/* r + l opens to the same commitment, but is a second encoding */
	cr_receipt_pack(wire, &receipt, &opening);
	add_group_order(wire + 5);
	expect_reason(cr_receipt_unpack(&moved, &other, wire, sizeof(wire), &cert),
		      CR_BAD_SCALAR);
	wire[0] = 2;
	expect_reason(cr_receipt_unpack(&moved, &other, wire, sizeof(wire), &cert),
		      CR_BAD_FORMAT);

	/* signed by somebody else in the session's name */
	cr_receipt_sign(&moved, &other, &w.terms.scope, 100, stranger.secret);
	memcpy(moved.session, cert.session, CR_SESSION_BYTES);
	expect_reason(cr_receipt_accept(&moved, &other, &cert, 0), CR_BAD_SIGNATURE);

	/* a receipt of another ledger, epoch, relay */
	moved = receipt;
	moved.scope.ledger[31] ^= 1;
	expect_reason(cr_receipt_accept(&moved, &opening, &cert, 0), CR_OTHER_LEDGER);
	moved = receipt;
	moved.scope.epoch++;
	expect_reason(cr_receipt_accept(&moved, &opening, &cert, 0), CR_OTHER_EPOCH);
	moved = receipt;
	moved.scope.relay[0] ^= 1;
	expect_reason(cr_receipt_accept(&moved, &opening, &cert, 0), CR_OTHER_RELAY);
	/* relabelled together with its certificate: the signature holds on */
	moved = receipt;
	moved.scope.epoch++;
	cert.scope.epoch++;
	expect_reason(cr_receipt_accept(&moved, &opening, &cert, 0), CR_BAD_SIGNATURE);
}

/* An object of one kind must not pass as another, whatever its bytes. */
static void test_kinds_are_apart(void **state)
{
	uint8_t certificate[CR_CERTIFICATE_BYTES], receipt[CR_RECEIPT_BYTES];
	struct cr_certificate cert;
	struct cr_receipt back;
	struct key session;
	struct world w;

	(void)state;
	make_world(&w);
	make_certificate(&w, &cert, &session, 0);
	cr_certificate_encode(certificate, &cert);
	memcpy(receipt, certificate, sizeof(certificate));
	expect_reason(cr_receipt_decode(&back, receipt, sizeof(receipt)), CR_BAD_FORMAT);
	certificate[15] = '2';	/* a later version */
	expect_reason(cr_certificate_decode(&cert, certificate, sizeof(certificate)),
		      CR_BAD_FORMAT);
}

static void test_blindings_are_fresh(void **state)
{
	struct cr_receipt a, b;
	struct cr_opening x, y;
	struct key session;
	struct world w;

	(void)state;
	make_world(&w);
	make_key(&session, "session", 0);
	cr_receipt_sign(&a, &x, &w.terms.scope, 5, session.secret);
	cr_receipt_sign(&b, &y, &w.terms.scope, 5, session.secret);
	assert_memory_not_equal(x.r.b, y.r.b, CR_SCALAR_BYTES);
	assert_memory_not_equal(a.commitment, b.commitment, CR_POINT_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deposit),
		cmocka_unit_test(test_certificate_bytes),
		cmocka_unit_test(test_certificate_refused),
		cmocka_unit_test(test_receipt_fits_its_cell),
		cmocka_unit_test(test_receipt_travels),
		cmocka_unit_test(test_receipt_every_byte_counts),
		cmocka_unit_test(test_receipt_refusals),
		cmocka_unit_test(test_kinds_are_apart),
		cmocka_unit_test(test_blindings_are_fresh),
	};

	if (cr_proof_init())
		return 1;
	return cmocka_run_group_tests_name("receipt", tests, NULL, NULL);
}
