/* SPDX-License-Identifier: MIT */
/*
 * A small market for tests: books in a place of their own, keys, a clock that
 * the test sets, a rich buyer, relays with terms. Failures end the test.
 */
#ifndef CR_TEST_MARKET_FIXTURE_H
#define CR_TEST_MARKET_FIXTURE_H

#include "market_place.h"
#include "payments.h"

#include "market/audit/audit.h"
#include "market/books/account.h"
#include "market/books/epoch.h"
#include "market/books/terms.h"
#include "market/issue/issue.h"
#include "market/settle/settle.h"

#define SHOP_EPOCH	20000u		/* first epoch */
#define SHOP_SECONDS	86400u
#define SHOP_FEE	20000u		/* millionths */
#define SHOP_VERIFY	700		/* verification fee */
#define SHOP_RICH	1000000000LL	/* what the buyer has at first */

/**
 * struct shop - the market and those who deal with it
 * @m: books
 * @ring: its keys
 * @now: its clock
 * @buyer: account that pays for vouchers
 * @number: of the buyer's next order
 */
struct shop {
	struct market m;
	struct mkt_keyring *ring;
	uint64_t now;
	struct key buyer;
	uint64_t number;
};

/* A relay is a number: its identity is make_key("relay"), its payout account make_key("operator"). */

/** shop_new() - made in this test's place, with one denomination (VALUE), a rich buyer and @relays relays at TARIFF */
void shop_new(struct shop *s, unsigned int relays);
/** shop_open() - what shop_new() made, in another connection or process; with keys */
void shop_open(struct shop *s);
void shop_close(struct shop *s);

/** shop_reopen_keys() - after a rotation */
void shop_reopen_keys(struct shop *s);

/** shop_epoch() - set the clock to this epoch, and turn */
void shop_epoch(struct shop *s, uint64_t epoch);

/** expect_mkt() - compare verdicts, and name both and the database's message */
#define expect_mkt(s, got, want) expect_mkt_at((s), (got), (want), __FILE__, __LINE__)
void expect_mkt_at(const struct shop *s, enum mkt_verdict got, enum mkt_verdict want, const char *file, int line);

/** shop_audit() - no difference, or the test fails with all of them; the sums */
struct mkt_sums shop_audit(struct shop *s);

/** shop_order() - sign an order of @who; the verdict */
enum mkt_verdict shop_order(struct shop *s, const struct key *who, uint64_t number, enum mkt_verb verb,
			    int64_t amount, const uint8_t *argument);

/** struct shop_purchase - what a buyer sends, and keeps */
struct shop_purchase {
	struct cr_voucher_pending pending[4];
	uint8_t message[CR_BLINDED_BYTES(4)], order[MKT_ORDER_BYTES];
	size_t n;
};

/** shop_ask() - blind @n vouchers and sign the order for them */
void shop_ask(struct shop *s, struct shop_purchase *p, size_t n);
/** shop_send() - hand the purchase in; @vouchers (or NULL) made of the answer */
enum mkt_verdict shop_send(struct shop *s, const struct shop_purchase *p, struct cr_voucher *vouchers);
/** shop_buy() - both */
void shop_buy(struct shop *s, struct cr_voucher *vouchers, size_t n);

/** shop_request() - certificate for session @session at relay @relay in @epoch */
void shop_request(struct shop *s, struct cr_request *request, uint64_t session, unsigned int relay, uint64_t epoch);
/** shop_spend() - @voucher for that; the verdict */
enum mkt_verdict shop_spend(struct shop *s, const struct cr_voucher *voucher, const struct cr_request *request,
			    struct cr_certificate *certificate);

/** shop_world() - relay @relay in @epoch for the makers of payments.h and forge.h */
void shop_world(struct shop *s, struct world *w, unsigned int relay, uint64_t epoch);
/** shop_claim() - of sessions @first to @first + @n - 1 with amounts v[]; free() it */
uint8_t *shop_claim(struct shop *s, unsigned int relay, uint64_t epoch, uint64_t first, const uint32_t *v, size_t n,
		    size_t *len);
/** shop_settle() - one claim; fills in @out */
enum mkt_verdict shop_settle(struct shop *s, const uint8_t *bytes, size_t len, struct mkt_claim *out);

/** shop_balance() - of an account */
int64_t shop_balance(struct shop *s, const char *kind, uint64_t number);

#endif /* CR_TEST_MARKET_FIXTURE_H */
