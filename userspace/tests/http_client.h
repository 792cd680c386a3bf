/* SPDX-License-Identifier: MIT */
/* Clients of a server in the same thread, for tests: they take turns. */
#ifndef CR_TEST_HTTP_CLIENT_H
#define CR_TEST_HTTP_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "market/http/server.h"

/* Set by the test: the server, and its port on loopback. */
extern struct http_server *server;
extern uint16_t port;

/** struct client - a connection to the server, and what has come on it */
struct client {
	int fd;
	char *got;
	size_t len, room;
	bool closed;
};

/** try_connect() - a new connection; false: refused */
bool try_connect(struct client *c);
/** dial() - the same, or the test fails */
void dial(struct client *c);
void hang_up(struct client *c);

/** turn() - one turn: the server, then what the client can read */
void turn(struct client *c);
/** say() - sends all of it, or until the connection ends */
void say(struct client *c, const char *text, size_t len);
/** whole() - is a whole answer there? */
bool whole(const struct client *c);
/** ask() - sends, waits for an answer or the end. Return: its status, 0 without one */
unsigned int ask(struct client *c, const char *text);
/** ask_bytes() - the same for @len bytes */
unsigned int ask_bytes(struct client *c, const char *bytes, size_t len);

#endif /* CR_TEST_HTTP_CLIENT_H */
