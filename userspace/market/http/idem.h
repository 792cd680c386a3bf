/* SPDX-License-Identifier: MIT */
/*
 * Idempotency keys. A client that does not know whether its request was done sends it again
 * with the same key, and gets the stored result.
 *
 * Where results are kept is the service's affair (api/). There the key, the change of
 * money and the result are one transaction, so that no crash separates them.
 */
#ifndef CR_MARKET_HTTP_IDEM_H
#define CR_MARKET_HTTP_IDEM_H

#include "market/http/answer.h"

#define HTTP_ID_BYTES		32
/* Longer results are not stored: routes that take keys have short ones. */
#define HTTP_STORED_MAX		(64U << 10)

/**
 * struct http_id - what a key names
 * @key: hash of route and key; the key itself is stored nowhere
 * @request: hash of route, path, query and body
 */
struct http_id {
	uint8_t key[HTTP_ID_BYTES], request[HTTP_ID_BYTES];
};

enum http_idem {
	HTTP_IDEM_DONE,		/* never seen before: it was done now */
	HTTP_IDEM_STORED,	/* done before; this is the stored result */
	HTTP_IDEM_OTHER,	/* the key stands for another request */
	HTTP_IDEM_LATER,	/* the storage is busy, or does not work: nothing was done */
};

/**
 * struct http_idem_store - keeps results
 * @run: looks the key up. When it is new, opens a transaction, calls @work, and where
 *	http_idem_lasting() says so stores the result and commits; else undoes everything,
 *	and the answer stands nevertheless. @work may be called several times, when
 *	transactions get in each other's way; @a is empty each time. For
 *	HTTP_IDEM_OTHER and HTTP_IDEM_LATER @a is empty in the end
 */
struct http_idem_store {
	enum http_idem (*run)(void *context, const struct http_id *id,
			      void (*work)(void *arg, struct http_answer *a), void *arg, struct http_answer *a);
};

/** http_idem_lasting() - would the same request get this again? Not "come later", not our own failure */
bool http_idem_lasting(const struct http_answer *a);

#endif /* CR_MARKET_HTTP_IDEM_H */
