// SPDX-License-Identifier: MIT
#include "market/settle/ack.h"

static void put(uint8_t out[MKT_ACK_SIGNED], const struct mkt_ack *a)
{
	uint8_t *p = cr_put_kind(out, MKT_KIND_ACK);

	p = cr_put(p, a->ledger, sizeof(a->ledger));
	p = cr_put(p, a->relay, sizeof(a->relay));
	p = cr_put_le64(p, a->epoch);
	p = cr_put(p, a->claim, sizeof(a->claim));
	p = cr_put(p, a->payout, sizeof(a->payout));
	p = cr_put_le64(p, a->total);
	p = cr_put_le64(p, a->tariff);
	p = cr_put_le64(p, a->gross);
	p = cr_put_le64(p, a->fee);
	cr_put_le64(p, a->paid);
}

void mkt_ack_sign(uint8_t out[MKT_ACK_BYTES], struct mkt_ack *ack, const uint8_t secret[CR_SECRET_BYTES])
{
	put(out, ack);
	cr_sign(ack->signature, out, MKT_ACK_SIGNED, secret);
	cr_put(out + MKT_ACK_SIGNED, ack->signature, sizeof(ack->signature));
}

enum cr_reason mkt_ack_read(struct mkt_ack *a, const uint8_t *in, size_t len, const uint8_t market[CR_PUBLIC_BYTES])
{
	const uint8_t *p = in;

	if (len != MKT_ACK_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, MKT_KIND_ACK))
		return CR_BAD_FORMAT;
	p = cr_get(p + CR_KIND_BYTES, a->ledger, sizeof(a->ledger));
	p = cr_get(p, a->relay, sizeof(a->relay));
	p = cr_get_le64(p, &a->epoch);
	p = cr_get(p, a->claim, sizeof(a->claim));
	p = cr_get(p, a->payout, sizeof(a->payout));
	p = cr_get_le64(p, &a->total);
	p = cr_get_le64(p, &a->tariff);
	p = cr_get_le64(p, &a->gross);
	p = cr_get_le64(p, &a->fee);
	p = cr_get_le64(p, &a->paid);
	cr_get(p, a->signature, sizeof(a->signature));
	return cr_verify(a->signature, in, MKT_ACK_SIGNED, market);
}
