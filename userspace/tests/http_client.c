// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"

struct http_server *server;
uint16_t port;

bool try_connect(struct client *c)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	memset(c, 0, sizeof(*c));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	return connect(c->fd, (struct sockaddr *)&in, sizeof(in)) == 0;
}

void dial(struct client *c)
{
	assert_true(try_connect(c));
}

void hang_up(struct client *c)
{
	close(c->fd);
	free(c->got);
}

void turn(struct client *c)
{
	struct pollfd p[2] = { { http_server_fd(server), POLLIN, 0 }, { c->fd, POLLIN, 0 } };
	int timeout = http_server_timeout(server);
	char part[65536];
	ssize_t n;

	poll(p, c->closed ? 1 : 2, timeout >= 0 && timeout < 50 ? timeout : 50);
	http_server_work(server);
	if (c->closed)
		return;
	n = recv(c->fd, part, sizeof(part), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		c->closed = true;
		return;
	}
	if (c->len + (size_t)n >= c->room) {
		c->room = 2 * (c->len + (size_t)n + 1);
		c->got = realloc(c->got, c->room);
		assert_non_null(c->got);
	}
	memcpy(c->got + c->len, part, (size_t)n);
	c->len += (size_t)n;
	c->got[c->len] = '\0';
}

void say(struct client *c, const char *text, size_t len)
{
	for (size_t at = 0; at < len && !c->closed;) {
		ssize_t n = send(c->fd, text + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EAGAIN)
			return;
		else
			turn(c);
	}
}

bool whole(const struct client *c)
{
	const char *head_end = c->got ? strstr(c->got, "\r\n\r\n") : NULL, *length;

	if (!head_end)
		return false;
	length = strcasestr(c->got, "\r\nContent-Length: ");
	return !length || length > head_end ||
	       c->len >= (size_t)(head_end + 4 - c->got) + strtoul(length + 18, NULL, 10);
}

unsigned int ask_bytes(struct client *c, const char *bytes, size_t len)
{
	free(c->got);
	c->got = NULL;
	c->len = c->room = 0;
	say(c, bytes, len);
	while (!c->closed && !whole(c))
		turn(c);
	return c->got && strncmp(c->got, "HTTP/1.1 ", 9) == 0 ? (unsigned int)atoi(c->got + 9) : 0;
}

unsigned int ask(struct client *c, const char *text)
{
	return ask_bytes(c, text, strlen(text));
}
