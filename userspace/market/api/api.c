// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "market/api/api.h"
#include "market/books/epoch.h"
#include "market/books/order.h"
#include "market/settle/settle.h"

/* Two descriptors, or two words about snapshots, in hexadecimal, and their names. */
#define EVIDENCE_MAX	8192
#define SMALL_MAX	1024
#define VOUCHERS_MAX	(MKT_ORDER_BYTES + (64U << 10))

const struct http_route api_routes[] = {
	{ .method = HTTP_GET, .pattern = "/v1/status", .handler = api_status, .class = HTTP_CLASS_READ },
	{ .method = HTTP_POST, .pattern = "/v1/descriptors", .handler = api_descriptor_add, .takes = HTTP_TAKES_BYTES,
	  .body_max = CR_DESCRIPTOR_MAX, .class = HTTP_CLASS_WRITE },
	{ .method = HTTP_GET, .pattern = "/v1/descriptors/{identity}", .handler = api_descriptor_get, .class = HTTP_CLASS_READ },
	{ .method = HTTP_GET, .pattern = "/v1/evidence", .handler = api_evidence_get, .class = HTTP_CLASS_READ, .query = { "after" } },
	{ .method = HTTP_POST, .pattern = "/v1/evidence", .handler = api_evidence_add, .takes = HTTP_TAKES_JSON,
	  .body_max = EVIDENCE_MAX, .class = HTTP_CLASS_WRITE },
	{ .method = HTTP_GET, .pattern = "/v1/snapshot", .handler = api_snapshot_get, .class = HTTP_CLASS_BULK },
	{ .method = HTTP_GET, .pattern = "/v1/snapshot/deltas/{base}", .handler = api_delta_get, .class = HTTP_CLASS_BULK },
	{ .method = HTTP_GET, .pattern = "/v1/snapshot/pending", .handler = api_pending_get, .class = HTTP_CLASS_BULK },
	{ .method = HTTP_POST, .pattern = "/v1/snapshot/signatures", .handler = api_signature_add, .takes = HTTP_TAKES_JSON,
	  .body_max = SMALL_MAX, .class = HTTP_CLASS_WRITE },
	{ .method = HTTP_GET, .pattern = "/v1/accounts/{account}", .handler = api_account, .class = HTTP_CLASS_READ },
	{ .method = HTTP_POST, .pattern = "/v1/orders", .handler = api_order, .takes = HTTP_TAKES_BYTES,
	  .body_max = MKT_ORDER_BYTES, .class = HTTP_CLASS_WRITE },
	{ .method = HTTP_POST, .pattern = "/v1/codes/redeem", .handler = api_redeem, .takes = HTTP_TAKES_JSON,
	  .body_max = SMALL_MAX, .class = HTTP_CLASS_WRITE },
	{ .method = HTTP_POST, .pattern = "/v1/codes/worth", .handler = api_worth, .takes = HTTP_TAKES_JSON,
	  .body_max = SMALL_MAX, .class = HTTP_CLASS_WRITE },
	{ .method = HTTP_POST, .pattern = "/v1/vouchers", .handler = api_vouchers, .takes = HTTP_TAKES_BYTES,
	  .body_max = VOUCHERS_MAX, .class = HTTP_CLASS_COSTLY },
	{ .method = HTTP_POST, .pattern = "/v1/certificates", .handler = api_certificates, .takes = HTTP_TAKES_BYTES,
	  .body_max = CR_SPEND_BYTES, .class = HTTP_CLASS_WRITE },
	{ .method = HTTP_POST, .pattern = "/v1/claims", .handler = api_claim_add, .takes = HTTP_TAKES_BYTES,
	  .body_max = MKT_CLAIM_BYTES_MAX, .class = HTTP_CLASS_COSTLY },
	{ .method = HTTP_GET, .pattern = "/v1/claims/{relay}/{epoch}", .handler = api_claim_get, .class = HTTP_CLASS_READ },
	{ .pattern = NULL },
};

void api_refuse(const struct api *api, struct http_answer *a, enum mkt_verdict v, const char *reason)
{
	enum http_code code = HTTP_REFUSED;

	(void)api;
	switch (v) {
	case MKT_BUSY:
	case MKT_STORAGE:
	case MKT_MEMORY:
		code = HTTP_UNAVAILABLE;
		break;
	case MKT_OK:
	case MKT_CORRUPT:
	case MKT_FAULT:
	case MKT_KEYS:
		code = HTTP_INTERNAL;
		break;
	case MKT_FORMAT:
		code = HTTP_BAD_BODY;
		break;
	case MKT_NUMBER:
	case MKT_SPENT:
	case MKT_SETTLED:
		code = HTTP_CONFLICT;
		break;
	default:
		break;
	}
	http_refuse(a, code, NULL, reason ? reason : mkt_verdict_name(v), "%s", mkt_verdict_text(v));
	if (code == HTTP_UNAVAILABLE)
		a->retry_after = 1;
}

bool api_ready(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;
	enum mkt_verdict v = mkt_turn(&api->m);

	if (v)
		api_refuse(api, a, v, NULL);
	return !v;
}

void api_bytes(struct http_answer *a, const void *bytes, size_t len)
{
	void *copy = malloc(len ? len : 1);
	struct http_blob *blob = NULL;

	if (copy) {
		memcpy(copy, bytes, len);
		blob = http_blob_malloced(copy, len);
	}
	if (blob)
		http_answer_blob(a, HTTP_BYTES, blob);
	else
		http_refuse(a, HTTP_INTERNAL, NULL, "memory", NULL);
}

json_t *api_hex(const void *bytes, size_t len)
{
	char *text = malloc(2 * len + 1);
	json_t *j;

	if (!text)
		return NULL;
	sodium_bin2hex(text, 2 * len + 1, bytes, len);
	j = json_string(text);
	free(text);
	return j;
}

bool api_key(const struct http_request *q, unsigned int i, uint8_t key[32], struct http_answer *a)
{
	if (http_hex(key, 32, q->param[i]))
		return true;
	http_refuse(a, HTTP_BAD_TARGET, NULL, NULL, "a key in a path is 64 lower-case hexadecimal digits");
	return false;
}
