// SPDX-License-Identifier: MIT
/* Accounts, orders, vouchers, certificates, claims. All may be sent again: the books know what they did. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "market/api/api.h"
#include "market/books/account.h"
#include "market/books/epoch.h"
#include "market/issue/issue.h"
#include "market/settle/settle.h"

void api_status(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;
	struct mkt_now now;
	enum mkt_verdict v;

	if (!api_ready(q, a))
		return;
	v = mkt_now(&api->m, &now);
	if (v)
		api_refuse(api, a, v, NULL);
	else
		http_answer_json(a, 200, json_pack("{s:o,s:s,s:I,s:I}", "ledger", api_hex(api->m.ledger, CR_LEDGER_BYTES),
						   "version", CELLRELAY_VERSION, "epoch", (json_int_t)now.epoch,
						   "first_open_epoch", (json_int_t)now.floor));
}

void api_account(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;
	struct mkt_holding h;
	enum mkt_verdict v;
	uint8_t key[32];

	if (!api_key(q, 0, key, a) || !api_ready(q, a))
		return;
	v = mkt_holding(&api->m, key, &h);
	if (v)
		api_refuse(api, a, v, NULL);
	else
		http_answer_json(a, 200, json_pack("{s:I,s:I,s:I}", "balance", (json_int_t)h.balance,
						   "stake", (json_int_t)h.stake, "unbonding", (json_int_t)h.unbonding));
}

void api_order(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;
	enum mkt_verdict v;

	if (!api_ready(q, a))
		return;
	v = mkt_order(&api->m, q->body, q->body_len);
	if (v)
		api_refuse(api, a, v, NULL);
	else
		http_answer_json(a, 200, json_pack("{s:b}", "done", 1));
}

void api_redeem(const struct http_request *q, struct http_answer *a)
{
	uint8_t code[MKT_CODE_BYTES], account[MKT_ACCOUNT_BYTES];
	const struct http_field f[] = {
		{ "code", HTTP_FIELD_HEX, sizeof(code), sizeof(code), code, NULL, NULL },
		{ "account", HTTP_FIELD_HEX, sizeof(account), sizeof(account), account, NULL, NULL },
		{ 0 },
	};
	struct api *api = q->context;
	int64_t amount = 0;
	enum mkt_verdict v;

	if (!http_fields(q->json, f, a) || !api_ready(q, a))
		return;
	v = mkt_redeem(&api->m, code, account, &amount);
	sodium_memzero(code, sizeof(code));
	if (v == MKT_FORMAT)
		http_refuse(a, HTTP_BAD_FIELD, "account", mkt_verdict_name(v), "this is no usable Ed25519 key");
	else if (v)
		api_refuse(api, a, v, NULL);
	else
		http_answer_json(a, 200, json_pack("{s:I}", "amount", (json_int_t)amount));
}

void api_worth(const struct http_request *q, struct http_answer *a)
{
	uint8_t code[MKT_CODE_BYTES];
	const struct http_field f[] = { { "code", HTTP_FIELD_HEX, sizeof(code), sizeof(code), code, NULL, NULL }, { 0 } };
	struct api *api = q->context;
	int64_t amount = 0;
	enum mkt_verdict v;

	if (!http_fields(q->json, f, a) || !api_ready(q, a))
		return;
	v = mkt_code_worth(&api->m, code, &amount);
	sodium_memzero(code, sizeof(code));
	if (v)
		api_refuse(api, a, v, NULL);
	else
		http_answer_json(a, 200, json_pack("{s:I}", "amount", (json_int_t)amount));
}

static void proof_refused(struct api *api, struct http_answer *a, enum mkt_verdict v, enum cr_reason reason)
{
	api_refuse(api, a, v, v == MKT_PROOF ? cr_reason_name(reason) : NULL);
}

/* The order, and behind it what cr_voucher_ask() made. */
void api_vouchers(const struct http_request *q, struct http_answer *a)
{
	enum cr_reason reason = 0;
	struct api *api = q->context;
	uint8_t *answer = NULL;
	struct http_blob *b;
	enum mkt_verdict v;
	size_t len = 0;

	if (q->body_len <= MKT_ORDER_BYTES) {
		http_refuse(a, HTTP_BAD_BODY, NULL, NULL, "this is an order and a request for vouchers behind it");
		return;
	}
	if (!api_ready(q, a))
		return;
	v = mkt_buy(&api->m, q->body, MKT_ORDER_BYTES, q->body + MKT_ORDER_BYTES, q->body_len - MKT_ORDER_BYTES,
		    &answer, &len, &reason);
	if (v) {
		proof_refused(api, a, v, reason);
		return;
	}
	b = http_blob_malloced(answer, len);
	if (b)
		http_answer_blob(a, HTTP_BYTES, b);
	else
		http_refuse(a, HTTP_UNAVAILABLE, NULL, "memory", NULL);
}

void api_certificates(const struct http_request *q, struct http_answer *a)
{
	uint8_t certificate[CR_CERTIFICATE_BYTES];
	enum cr_reason reason = 0;
	struct api *api = q->context;
	enum mkt_verdict v;

	if (!api_ready(q, a))
		return;
	v = mkt_certify(&api->m, q->body, q->body_len, certificate, &reason);
	if (v)
		proof_refused(api, a, v, reason);
	else
		api_bytes(a, certificate, sizeof(certificate));
}

static void claim_refused(struct api *api, struct http_answer *a, const struct mkt_claim *c)
{
	if (c->v != MKT_CLAIM)
		api_refuse(api, a, c->v, NULL);
	else if (c->where == CR_CLAIM_NOWHERE)
		http_refuse(a, HTTP_REFUSED, NULL, cr_reason_name(c->reason), "this claim does not hold: it %s", cr_reason_text(c->reason));
	else
		http_refuse(a, HTTP_REFUSED, NULL, cr_reason_name(c->reason), "this claim does not hold: number %zu of its sessions %s",
			    c->where, cr_reason_text(c->reason));
}

void api_claim_add(const struct http_request *q, struct http_answer *a)
{
	struct mkt_claim c = { .bytes = q->body, .len = q->body_len };
	struct api *api = q->context;

	if (!api_ready(q, a))
		return;
	mkt_settle(&api->m, &c, 1);
	if (c.v)
		claim_refused(api, a, &c);
	else
		api_bytes(a, c.ack, sizeof(c.ack));
}

void api_claim_get(const struct http_request *q, struct http_answer *a)
{
	uint8_t relay[32], ack[MKT_ACK_BYTES];
	struct api *api = q->context;
	enum mkt_verdict v;
	uint64_t epoch;

	if (!api_key(q, 0, relay, a))
		return;
	if (!http_number(&epoch, q->param[1])) {
		http_refuse(a, HTTP_BAD_TARGET, NULL, NULL, "an epoch is decimal digits");
		return;
	}
	if (!api_ready(q, a))
		return;
	v = mkt_settled(&api->m, relay, epoch, ack);
	if (v == MKT_CLAIM)
		http_refuse(a, HTTP_NOT_FOUND, NULL, NULL, "no claim of this relay was paid for this epoch");
	else if (v)
		api_refuse(api, a, v, NULL);
	else
		api_bytes(a, ack, sizeof(ack));
}
