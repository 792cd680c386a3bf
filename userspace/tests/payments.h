/* SPDX-License-Identifier: MIT */
/*
 * A small repeatable world for tests of the payment formats: one market, one
 * relay, any number of sessions. Every key comes from a numbered seed.
 */
#ifndef CR_TEST_PAYMENTS_H
#define CR_TEST_PAYMENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proof/claim.h"

#define DEPOSIT 65536U	/* KiB: what VALUE buys at TARIFF */
#define TARIFF	1600000ULL
#define VALUE	100000ULL

struct key {
	uint8_t public_key[CR_PUBLIC_BYTES], secret[CR_SECRET_BYTES];
};

struct world {
	struct key market, relay;
	struct cr_claim_terms terms;
};

/** make_key() - key number @n of kind @kind */
void make_key(struct key *key, const char *kind, uint64_t n);

/** make_world() - market, relay and the terms between them */
void make_world(struct world *w);

/** make_certificate() - for session number @n, DEPOSIT */
void make_certificate(const struct world *w, struct cr_certificate *cert,
		      struct key *session, uint64_t n);

/** make_item() - session @n with a receipt for @v */
void make_item(const struct world *w, struct cr_claim_item *item, uint64_t n,
	       uint32_t v);

/** make_items() - @n sessions; amounts differ, all within the deposit; free() it */
struct cr_claim_item *make_items(const struct world *w, size_t n);

/** add_group_order() - the other 32-byte encoding of a scalar */
void add_group_order(uint8_t scalar[CR_SCALAR_BYTES]);

/** expect_reason() - compare, and name both in the message */
#define expect_reason(got, want) \
	expect_reason_at((got), (want), __FILE__, __LINE__)
void expect_reason_at(enum cr_reason got, enum cr_reason want,
		      const char *file, int line);

#endif /* CR_TEST_PAYMENTS_H */
