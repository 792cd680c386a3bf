/* SPDX-License-Identifier: MIT */
/*
 * The server: libmicrohttpd, one thread, one epoll set that the program's own loop
 * waits for. Several workers are several processes that share the listening socket.
 */
#ifndef CR_MARKET_HTTP_SERVER_H
#define CR_MARKET_HTTP_SERVER_H

#include <stdbool.h>
#include <stdio.h>

#include "market/http/request.h"

#define HTTP_SERVER_ERROR	256

/**
 * struct http_limits - what a client may ask of us; http_limits_default
 * @connections: at once; more wait in the kernel's queue
 * @per_peer: connections of one peer at once; 0: no limit, for a server behind a proxy
 * @head_bytes: request line and headers
 * @body_bytes: bodies of all requests together that are in memory
 * @idle_s: seconds that a connection may be silent
 * @request_s: seconds for a request to come, from when the connection was free for it
 * @least_rate: bytes per second that a body must come with, and an answer be taken with,
 *	beyond @request_s
 */
struct http_limits {
	unsigned int connections, per_peer;
	size_t head_bytes, body_bytes;
	unsigned int idle_s, request_s, least_rate;
};

extern const struct http_limits http_limits_default;
extern const struct http_rate http_rates_default[HTTP_CLASSES];

/**
 * struct http_config - how to serve
 * @listen_fd: bound and listening, non-blocking; the server closes it
 * @limits: see there
 * @forwarded: name of the header in which the proxy in front says who asks; NULL: nobody is
 *	in front, and such headers are anybody's
 * @certificate: PEM text of a TLS certificate with its chain; NULL: no TLS
 * @key: PEM text of its secret key
 * @log: a line per request; NULL: none
 */
struct http_config {
	int listen_fd;
	struct http_limits limits;
	const char *forwarded;
	const char *certificate, *key;
	FILE *log;
};

struct http_server;

/** http_listen() - a listening socket: @address numeric; @port 0: any. -1 with a message in @error */
int http_listen(const char *address, uint16_t port, char error[HTTP_SERVER_ERROR]);
/** http_listen_port() - the port that it has */
uint16_t http_listen_port(int fd);

/**
 * http_server_new() - start serving
 * @config: texts are copied where they are needed later
 * @api: lasts as long as the server
 * @error: why the result is NULL
 */
struct http_server *http_server_new(const struct http_config *config, const struct http_api *api,
				    char error[HTTP_SERVER_ERROR]);

/** http_server_fd() - readable when there is something to do */
int http_server_fd(const struct http_server *s);
/** http_server_timeout() - milliseconds after which http_server_work() is to be called anyway; -1: never */
int http_server_timeout(const struct http_server *s);
/** http_server_work() - does what there is to do; does not wait */
void http_server_work(struct http_server *s);

/** http_server_drain() - no new connections, and those that are there end with their request */
void http_server_drain(struct http_server *s);
/** http_server_connections() - how many there are */
unsigned int http_server_connections(const struct http_server *s);
/** http_server_free() - ends all connections at once */
void http_server_free(struct http_server *s);

#endif /* CR_MARKET_HTTP_SERVER_H */
