// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "payments.h"
#include "proof/codec.h"

void make_key(struct key *key, const char *kind, uint64_t n)
{
	uint8_t seed[64], in[32] = { 0 };

	cr_put_kind(in, kind);
	cr_put_le64(in + CR_KIND_BYTES, n);
	crypto_hash_sha512(seed, in, sizeof(in));
	cr_key_from_seed(key->public_key, key->secret, seed);
}

void make_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	make_key(&w->market, "market", 0);
	make_key(&w->relay, "relay", 0);
	memset(w->terms.scope.ledger, 0x1e, CR_LEDGER_BYTES);
	w->terms.scope.epoch = 20000;
	memcpy(w->terms.scope.relay, w->relay.public_key, CR_RELAY_BYTES);
	w->terms.tariff = TARIFF;
	memset(w->terms.payout, 0xa0, CR_PAYOUT_BYTES);
	memcpy(w->terms.market, w->market.public_key, CR_PUBLIC_BYTES);
}

void make_certificate(const struct world *w, struct cr_certificate *cert,
		      struct key *session, uint64_t n)
{
	make_key(session, "session", n);
	memset(cert, 0, sizeof(*cert));
	cert->scope = w->terms.scope;
	memcpy(cert->session, session->public_key, CR_SESSION_BYTES);
	cert->tariff = w->terms.tariff;
	cert->deposit = DEPOSIT;
	cr_certificate_sign(cert, w->market.secret);
}

void make_item(const struct world *w, struct cr_claim_item *item, uint64_t n,
	       uint32_t v)
{
	struct key session;

	memset(item, 0, sizeof(*item));
	make_certificate(w, &item->certificate, &session, n);
	cr_receipt_sign(&item->receipt, &item->opening, &w->terms.scope, v,
			session.secret);
}

struct cr_claim_item *make_items(const struct world *w, size_t n)
{
	struct cr_claim_item *items = calloc(n ? n : 1, sizeof(*items));

	assert_non_null(items);
	for (size_t i = 0; i < n; i++)
		make_item(w, &items[i], i, (uint32_t)((i * 7919 + 13) % (DEPOSIT + 1)));
	return items;
}

void add_group_order(uint8_t scalar[CR_SCALAR_BYTES])
{
	static const uint8_t order[CR_SCALAR_BYTES] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
		0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
	};
	unsigned int carry = 0;

	for (size_t i = 0; i < CR_SCALAR_BYTES; i++) {
		carry += scalar[i] + order[i];
		scalar[i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
}

void expect_reason_at(enum cr_reason got, enum cr_reason want,
		      const char *file, int line)
{
	if (got != want) {
		print_error("%s:%d: got \"%s\", want \"%s\"\n", file, line,
			    cr_reason_name(got), cr_reason_name(want));
		_fail(file, line);
	}
}
