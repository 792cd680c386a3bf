/* SPDX-License-Identifier: MIT */
/*
 * The market's routes: thin, between HTTP (http/) and books, issue, settlement and
 * directory. docs/openapi.json describes each; docs/market-api.md what they have in common.
 */
#ifndef MARKET_API_H
#define MARKET_API_H

#include "market/books/market.h"
#include "market/directory/shelf.h"
#include "market/http/request.h"

/** struct api_delta - a delta to the newest snapshot */
struct api_delta {
	uint64_t base;
	struct http_blob *blob;
};

/**
 * struct api - a service: one thread
 * @m: books, with keys
 * @shelf: folder of snapshots; NULL: none are served
 * @trust: authorities whose signatures are taken
 * @private: relays may have addresses that are not public
 * @number: of the snapshot that is held here; 0: none
 * @from: it is valid from then
 * @period: and the next one is due that many seconds later
 * @snapshot: its bytes
 * @deltas: to it
 */
struct api {
	struct market m;
	const char *shelf;
	struct cr_trust trust;
	bool private;
	uint64_t number, from;
	uint32_t period;
	struct http_blob *snapshot;
	struct api_delta deltas[SHELF_BASES];
};

/** api_routes - what http_begin() takes; struct http_api.context is a struct api */
extern const struct http_route api_routes[];

/** api_close() - lets go of what is held of the shelf; books and keys stay the caller's */
void api_close(struct api *api);

/* For the handlers in this folder. */

/** api_ready() - follows the clock; false: the answer says why not */
bool api_ready(const struct http_request *q, struct http_answer *a);

/** api_refuse() - an answer that is not MKT_OK; @reason (or NULL): of the proof library, where it has one */
void api_refuse(const struct api *api, struct http_answer *a, enum mkt_verdict v, const char *reason);

/** api_bytes() - 200 with a copy of these bytes */
void api_bytes(struct http_answer *a, const void *bytes, size_t len);

/** api_hex() - bytes as JSON has them */
json_t *api_hex(const void *bytes, size_t len);

/** api_key() - parameter @i of the path as a key; false: it is none, and the answer says so */
bool api_key(const struct http_request *q, unsigned int i, uint8_t key[32], struct http_answer *a);

/* directory.c */
http_handler api_descriptor_add, api_descriptor_get, api_evidence_get, api_evidence_add;
http_handler api_snapshot_get, api_delta_get, api_pending_get, api_signature_add;
/* money.c */
http_handler api_status, api_account, api_order, api_redeem, api_worth;
http_handler api_vouchers, api_certificates, api_claim_add, api_claim_get;

#endif /* MARKET_API_H */
