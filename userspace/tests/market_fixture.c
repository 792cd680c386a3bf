// SPDX-License-Identifier: MIT
#include "market_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>


static uint64_t shop_clock(void *context)
{
	return ((struct shop *)context)->now;
}

void expect_mkt_at(const struct shop *s, enum mkt_verdict got, enum mkt_verdict want, const char *file, int line)
{
	if (got == want)
		return;
	print_error("%s:%d: got \"%s\", want \"%s\" (database: %s)\n", file, line, mkt_verdict_name(got),
		    mkt_verdict_name(want), s->m.db ? mkt_message(&s->m) : "");
	_fail(file, line);
}

static void attach(struct shop *s)
{
	char wrong[256];

	expect_mkt(s, mkt_attach(&s->m, s->m.db, false), MKT_OK);
	s->m.clock = shop_clock;
	s->m.clock_context = s;
	expect_mkt(s, mkt_keyring_load(&s->ring, &s->m, "keys", wrong, sizeof(wrong)), MKT_OK);
	s->m.keys = s->ring;
	make_key(&s->buyer, "buyer", 0);
}

void shop_new(struct shop *s, unsigned int relays)
{
	const int64_t values[] = { VALUE };
	struct mkt_params params;
	uint8_t code[MKT_CODE_BYTES];
	struct key relay, operator;
	int64_t amount;
	uint64_t first;

	memset(s, 0, sizeof(*s));
	assert_int_equal(cr_proof_init(), 0);
	mkt_params_default(&params);
	params.fee = SHOP_FEE;
	params.verification_fee = SHOP_VERIFY;
	s->now = (uint64_t)SHOP_EPOCH * SHOP_SECONDS + 5;
	s->m.db = place_open(DB_CREATE);
	expect_mkt(s, mkt_create(s->m.db, &params, s->now), MKT_OK);
	expect_mkt(s, mkt_attach(&s->m, s->m.db, false), MKT_OK);
	s->m.clock = shop_clock;
	s->m.clock_context = s;
	assert_int_equal(mkdir("keys", 0700), 0);
	expect_mkt(s, mkt_keys_make(&s->m, "keys", values, 1), MKT_OK);
	attach(s);
	expect_mkt(s, mkt_code_make(&s->m, SHOP_RICH, code), MKT_OK);
	expect_mkt(s, mkt_redeem(&s->m, code, s->buyer.public_key, &amount), MKT_OK);
	assert_int_equal(amount, SHOP_RICH);
	for (unsigned int i = 0; i < relays; i++) {
		make_key(&relay, "relay", i);
		make_key(&operator, "operator", i);
		expect_mkt(s, mkt_terms_set(&s->m, relay.public_key, TARIFF, operator.public_key, &first), MKT_OK);
		assert_int_equal(first, SHOP_EPOCH);
	}
}

void shop_open(struct shop *s)
{
	uint64_t now = s->now, number = s->number;

	memset(s, 0, sizeof(*s));
	s->now = now;
	s->number = number;
	s->m.db = place_open(0);
	attach(s);
}

void shop_close(struct shop *s)
{
	mkt_keyring_free(s->ring);
	db_close(s->m.db);
	s->ring = NULL;
	s->m.db = NULL;
}

void shop_reopen_keys(struct shop *s)
{
	mkt_keyring_free(s->ring);
	attach(s);
}

void shop_epoch(struct shop *s, uint64_t epoch)
{
	s->now = epoch * SHOP_SECONDS + 7;
	expect_mkt(s, mkt_turn(&s->m), MKT_OK);
}

static void print(void *context, const char *what)
{
	(void)context;
	print_error("audit: %s\n", what);
}

struct mkt_sums shop_audit(struct shop *s)
{
	struct mkt_audit a = { .found = print };

	expect_mkt(s, mkt_audit(&s->m, &a), MKT_OK);
	assert_int_equal(a.differences, 0);
	return a.sums;
}

enum mkt_verdict shop_order(struct shop *s, const struct key *who, uint64_t number, enum mkt_verb verb,
			    int64_t amount, const uint8_t *argument)
{
	struct mkt_order o = { .number = number, .verb = verb, .amount = amount };
	uint8_t bytes[MKT_ORDER_BYTES];

	memcpy(o.ledger, s->m.ledger, sizeof(o.ledger));
	if (argument)
		memcpy(o.argument, argument, sizeof(o.argument));
	mkt_order_sign(bytes, &o, who->secret);
	return mkt_order(&s->m, bytes, sizeof(bytes));
}

void shop_ask(struct shop *s, struct shop_purchase *p, size_t n)
{
	struct mkt_order o = { .number = s->number++, .verb = MKT_BUY_ORDER, .amount = (int64_t)(n * VALUE) };
	uint64_t epoch = s->now / SHOP_SECONDS;

	memset(p, 0, sizeof(*p));
	p->n = n;
	/* the newest key that signs now */
	for (size_t i = s->ring->n; i-- > 0;) {
		if (s->ring->key[i].issue_from > epoch || s->ring->key[i].issue_until < epoch)
			continue;
		expect_reason(cr_voucher_ask(p->pending, p->message, &s->ring->key[i], epoch, n), CR_ACCEPTED);
		break;
	}
	memcpy(o.ledger, s->m.ledger, sizeof(o.ledger));
	cr_hash(o.argument, p->message, CR_BLINDED_BYTES(n));
	mkt_order_sign(p->order, &o, s->buyer.secret);
}

enum mkt_verdict shop_send(struct shop *s, const struct shop_purchase *p, struct cr_voucher *vouchers)
{
	enum cr_reason reason;
	enum mkt_verdict v;
	uint8_t *answer;
	size_t len;

	v = mkt_buy(&s->m, p->order, sizeof(p->order), p->message, CR_BLINDED_BYTES(p->n), &answer, &len, &reason);
	if (!v && vouchers)
		expect_reason(cr_voucher_receive(vouchers, p->pending, p->n, answer, len, s->ring->key, s->ring->n),
			      CR_ACCEPTED);
	free(answer);
	return v;
}

void shop_buy(struct shop *s, struct cr_voucher *vouchers, size_t n)
{
	struct shop_purchase p;

	shop_ask(s, &p, n);
	expect_mkt(s, shop_send(s, &p, vouchers), MKT_OK);
}

void shop_request(struct shop *s, struct cr_request *request, uint64_t session, unsigned int relay, uint64_t epoch)
{
	struct key key;

	memset(request, 0, sizeof(*request));
	memcpy(request->scope.ledger, s->m.ledger, CR_LEDGER_BYTES);
	request->scope.epoch = epoch;
	make_key(&key, "relay", relay);
	memcpy(request->scope.relay, key.public_key, CR_RELAY_BYTES);
	make_key(&key, "session", session);
	memcpy(request->session, key.public_key, CR_SESSION_BYTES);
	request->tariff = TARIFF;
}

enum mkt_verdict shop_spend(struct shop *s, const struct cr_voucher *voucher, const struct cr_request *request,
			    struct cr_certificate *certificate)
{
	uint8_t spend[CR_SPEND_BYTES], out[CR_CERTIFICATE_BYTES];
	struct cr_certificate cert;
	enum cr_reason reason;
	enum mkt_verdict v;

	expect_reason(cr_voucher_spend(spend, voucher, request, s->ring->key, s->ring->n), CR_ACCEPTED);
	v = mkt_certify(&s->m, spend, sizeof(spend), out, &reason);
	if (v)
		return v;
	expect_reason(cr_certificate_decode(&cert, out, sizeof(out)), CR_ACCEPTED);
	expect_reason(cr_request_answered(&cert, request, VALUE, s->ring->certificate_public), CR_ACCEPTED);
	if (certificate)
		*certificate = cert;
	return MKT_OK;
}

void shop_world(struct shop *s, struct world *w, unsigned int relay, uint64_t epoch)
{
	struct key operator;

	memset(w, 0, sizeof(*w));
	memcpy(w->market.public_key, s->ring->certificate_public, CR_PUBLIC_BYTES);
	memcpy(w->market.secret, s->ring->certificate, CR_SECRET_BYTES);
	make_key(&w->relay, "relay", relay);
	make_key(&operator, "operator", relay);
	memcpy(w->terms.scope.ledger, s->m.ledger, CR_LEDGER_BYTES);
	w->terms.scope.epoch = epoch;
	memcpy(w->terms.scope.relay, w->relay.public_key, CR_RELAY_BYTES);
	w->terms.tariff = TARIFF;
	memcpy(w->terms.payout, operator.public_key, CR_PAYOUT_BYTES);
	memcpy(w->terms.market, s->ring->certificate_public, CR_PUBLIC_BYTES);
}

uint8_t *shop_claim(struct shop *s, unsigned int relay, uint64_t epoch, uint64_t first, const uint32_t *v, size_t n,
		    size_t *len)
{
	struct cr_claim_item items[8];
	uint8_t *out = NULL;
	struct world w;

	assert_true(n <= 8);
	shop_world(s, &w, relay, epoch);
	for (size_t i = 0; i < n; i++)
		make_item(&w, &items[i], first + i, v[i]);
	expect_reason(cr_claim_build(&out, len, items, n, &w.terms, w.relay.secret, NULL), CR_ACCEPTED);
	return out;
}

enum mkt_verdict shop_settle(struct shop *s, const uint8_t *bytes, size_t len, struct mkt_claim *out)
{
	struct mkt_claim local;

	if (!out)
		out = &local;
	*out = (struct mkt_claim){ .bytes = bytes, .len = len };
	mkt_settle(&s->m, out, 1);
	return out->v;
}

int64_t shop_balance(struct shop *s, const char *kind, uint64_t number)
{
	struct mkt_holding h;
	struct key key;

	make_key(&key, kind, number);
	expect_mkt(s, mkt_holding(&s->m, key.public_key, &h), MKT_OK);
	return h.balance;
}
