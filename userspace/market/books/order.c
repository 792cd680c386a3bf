// SPDX-License-Identifier: MIT
#include <string.h>

#include <sodium.h>

#include "market/books/order.h"

static uint8_t *put(uint8_t *p, const struct mkt_order *o)
{
	p = cr_put_kind(p, MKT_KIND_ORDER);
	p = cr_put(p, o->ledger, sizeof(o->ledger));
	p = cr_put(p, o->account, sizeof(o->account));
	p = cr_put_le64(p, o->number);
	p = cr_put_le32(p, o->verb);
	p = cr_put_le64(p, (uint64_t)o->amount);
	return cr_put(p, o->argument, sizeof(o->argument));
}

void mkt_order_sign(uint8_t out[MKT_ORDER_BYTES], struct mkt_order *o, const uint8_t secret[CR_SECRET_BYTES])
{
	uint8_t *p;

	memcpy(o->account, secret + CR_SEED_BYTES, sizeof(o->account));
	p = put(out, o);
	cr_sign(o->signature, out, MKT_ORDER_SIGNED, secret);
	cr_put(p, o->signature, sizeof(o->signature));
}

enum mkt_verdict mkt_order_read(struct mkt_order *o, const uint8_t *in, size_t len,
				const uint8_t ledger[CR_LEDGER_BYTES])
{
	const uint8_t *p = in;
	uint64_t amount;
	uint32_t verb;

	if (len != MKT_ORDER_BYTES || !cr_kind_is(in, MKT_KIND_ORDER))
		return MKT_FORMAT;
	p = cr_get(p + CR_KIND_BYTES, o->ledger, sizeof(o->ledger));
	p = cr_get(p, o->account, sizeof(o->account));
	p = cr_get_le64(p, &o->number);
	p = cr_get_le32(p, &verb);
	p = cr_get_le64(p, &amount);
	p = cr_get(p, o->argument, sizeof(o->argument));
	cr_get(p, o->signature, sizeof(o->signature));
	if (!verb || verb >= MKT_VERBS || o->number > INT64_MAX)
		return MKT_FORMAT;
	/* one encoding for one order */
	if (verb != MKT_WITHDRAW_ORDER && verb != MKT_BUY_ORDER && !sodium_is_zero(o->argument, sizeof(o->argument)))
		return MKT_FORMAT;
	if (memcmp(o->ledger, ledger, sizeof(o->ledger)) != 0)
		return MKT_LEDGER;
	if (!amount || amount > INT64_MAX)
		return MKT_AMOUNT;
	o->verb = (enum mkt_verb)verb;
	o->amount = (int64_t)amount;
	return cr_verify(o->signature, in, MKT_ORDER_SIGNED, o->account) == CR_ACCEPTED ? MKT_OK : MKT_SIGNATURE;
}
