// SPDX-License-Identifier: MIT
#include <string.h>

#include <sodium.h>

#include "directory/wire.h"
#include "market/books/money.h"
#include "market/books/params.h"

void mkt_params_default(struct mkt_params *p)
{
	*p = (struct mkt_params){
		.epoch_seconds = 86400,
		.claim_epochs = 7,
		.issue_epochs = 30,
		.spend_epochs = 30,
		.unbond_epochs = 14,
		.fee = 20000,
		.verification_fee = 1000,
	};
	randombytes_buf(p->salt, sizeof(p->salt));
}

const char *mkt_params_wrong(const struct mkt_params *p)
{
	if (p->epoch_seconds < 1 || p->epoch_seconds > 31 * 86400)
		return "epoch_seconds";
	if (p->claim_epochs < 1 || p->claim_epochs > 63)
		return "claim_epochs";
	if (p->issue_epochs < 1 || p->issue_epochs > 1000)
		return "issue_epochs";
	/* longer, and three keys of one value would be spendable at a time */
	if (p->spend_epochs < 1 || p->spend_epochs > p->issue_epochs)
		return "spend_epochs";
	if (p->unbond_epochs < 1 || p->unbond_epochs > 1000)
		return "unbond_epochs";
	if (p->fee < 1 || p->fee > MKT_MILLION)
		return "fee";
	if (p->verification_fee < 0 || p->verification_fee > 1LL << 53)
		return "verification_fee";
	return NULL;
}

void mkt_params_encode(uint8_t out[MKT_PARAMS_BYTES], const struct mkt_params *p)
{
	uint8_t *o = cr_put_kind(out, MKT_KIND_LEDGER);

	o = cr_put(o, p->salt, sizeof(p->salt));
	o = cr_put_le32(o, p->epoch_seconds);
	o = cr_put_le32(o, p->claim_epochs);
	o = cr_put_le32(o, p->issue_epochs);
	o = cr_put_le32(o, p->spend_epochs);
	o = cr_put_le32(o, p->unbond_epochs);
	o = cr_put_le32(o, p->fee);
	cr_put_le64(o, (uint64_t)p->verification_fee);
}

bool mkt_params_decode(struct mkt_params *p, const uint8_t *in, size_t len)
{
	uint64_t fee;

	if (len != MKT_PARAMS_BYTES || !cr_kind_is(in, MKT_KIND_LEDGER))
		return false;
	in = cr_get(in + CR_KIND_BYTES, p->salt, sizeof(p->salt));
	in = cr_get_le32(in, &p->epoch_seconds);
	in = cr_get_le32(in, &p->claim_epochs);
	in = cr_get_le32(in, &p->issue_epochs);
	in = cr_get_le32(in, &p->spend_epochs);
	in = cr_get_le32(in, &p->unbond_epochs);
	in = cr_get_le32(in, &p->fee);
	cr_get_le64(in, &fee);
	p->verification_fee = fee > INT64_MAX ? -1 : (int64_t)fee;
	return !mkt_params_wrong(p);
}

void mkt_params_ledger(uint8_t ledger[CR_LEDGER_BYTES], const struct mkt_params *p)
{
	uint8_t encoded[MKT_PARAMS_BYTES];

	mkt_params_encode(encoded, p);
	cr_hash(ledger, encoded, sizeof(encoded));
}
