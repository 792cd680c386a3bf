/* SPDX-License-Identifier: MIT */
/* Values of the headers that we go by. Each comes from anybody; none is trusted to be well formed. */
#ifndef CR_MARKET_HTTP_HEADER_H
#define CR_MARKET_HTTP_HEADER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_ETAG_MAX		80
#define HTTP_KEY_MIN		16
#define HTTP_KEY_MAX		64

/** http_type_is() - is a Content-Type this one? Case and parameters do not matter, a charset must be UTF-8 */
bool http_type_is(const char *value, const char *type);

/**
 * http_etag_matches() - is @etag among those of an If-None-Match?
 * @value: "*", or entity tags with commas between, weak ones too (RFC 9110, 13.1.2)
 * @etag: with its quotes
 *
 * A malformed value matches nothing.
 */
bool http_etag_matches(const char *value, const char *etag);

/** http_key_ok() - may this be an Idempotency-Key? HTTP_KEY_MIN to HTTP_KEY_MAX of A-Z a-z 0-9 - _ */
bool http_key_ok(const char *value);

/** http_length_parse() - a Content-Length; false when it is not one */
bool http_length_parse(const char *value, uint64_t *length);

/** struct http_peer - whose allowance a request is taken from: an IPv4 address, or the /64 of an IPv6 one */
struct http_peer {
	uint8_t bytes[9];	/* 4 or 6, then the address */
};

/** http_peer_of() - of a connection; unknown kinds of address are all one peer */
struct http_peer http_peer_of(const struct sockaddr *sa);

/**
 * http_peer_forwarded() - as a proxy tells it: the last address of a list such as X-Forwarded-For
 *
 * Those before it came from the client, which may write what it likes. Ports and brackets are allowed.
 * Return: false where the last one is no address.
 */
bool http_peer_forwarded(struct http_peer *peer, const char *value);

#endif /* CR_MARKET_HTTP_HEADER_H */
