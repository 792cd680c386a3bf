// SPDX-License-Identifier: MIT
/*
 * Asks a relay for links as someone who knows its key but does not mean it: right MAC, no cookie, junk inside.
 *
 *	helloflood ADDRESS PORT KEY COUNT
 *		COUNT questions of 1408 bytes to the relay with that X25519 key (base64), from 64 ports. Waits a second
 *		for the last answers; prints JSON: asked and answered datagrams and bytes, the longest answer, and how
 *		many answers were cookies.
 *
 * Exit status: 0, 1 when something failed, 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/dgram.h"
#include "netlink/endpoint.h"

#define PORTS	64
#define WAIT_MS	1000

static struct {
	unsigned long asked, answered, asked_bytes, answered_bytes, longest, cookies;
} count;

/* The MAC of the last question from each port: a cookie is told by it. */
static uint8_t last[PORTS][CR_DGRAM_MAC_LEN];

static int open_port(const struct addr *a)
{
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
	int fd = socket(a->len == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(&to4.sin_addr, a->bytes, 4);
	memcpy(&to6.sin6_addr, a->bytes, 16);
	if (fd < 0 || connect(fd, a->len == 4 ? (struct sockaddr *)&to4 : (struct sockaddr *)&to6,
			      a->len == 4 ? sizeof(to4) : sizeof(to6)) < 0) {
		fprintf(stderr, "helloflood: cannot open a socket: %s\n", strerror(errno));
		exit(1);
	}
	return fd;
}

static void answers(int fd, unsigned int port)
{
	uint8_t buf[2048];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		count.answered++;
		count.answered_bytes += (unsigned long)n;
		if ((unsigned long)n > count.longest)
			count.longest = (unsigned long)n;
		count.cookies += cr_dgram_is(buf, (size_t)n, last[port]);
	}
}

int main(int argc, char **argv)
{
	uint8_t key[32], junk[CR_LINK_MSG1_LEN], dgram[CR_CELL_LARGE];
	struct pollfd fds[PORTS];
	struct cr_dgram_keys k;
	char where[128];
	struct addr to;
	size_t len;
	unsigned long n;

	if (argc != 5 || sodium_init() < 0 ||
	    snprintf(where, sizeof(where), strchr(argv[1], ':') ? "[%s]:%s" : "%s:%s", argv[1], argv[2]) < 0 ||
	    !addr_endpoint(where, &to) ||
	    sodium_base642bin(key, sizeof(key), argv[3], strlen(argv[3]), NULL, &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) || len != sizeof(key)) {
		fputs("usage: helloflood ADDRESS PORT KEY COUNT\n", stderr);
		return 2;
	}
	n = strtoul(argv[4], NULL, 10);
	cr_derive_first(&k, key);
	for (int i = 0; i < PORTS; i++)
		fds[i] = (struct pollfd){ .fd = open_port(&to), .events = POLLIN };
	for (unsigned long i = 0; i < n; i++) {
		unsigned int port = i % PORTS;

		answers(fds[port].fd, port);
		randombytes_buf(junk, sizeof(junk));
		cr_dgram_seal(dgram, sizeof(dgram), &k, CR_DGRAM_FIRST, junk, sizeof(junk), NULL);
		memcpy(last[port], dgram + CR_DGRAM_MAC, sizeof(last[port]));
		if (send(fds[port].fd, dgram, sizeof(dgram), 0) == (ssize_t)sizeof(dgram)) {
			count.asked++;
			count.asked_bytes += sizeof(dgram);
		}
	}
	while (poll(fds, PORTS, WAIT_MS) > 0)
		for (unsigned int i = 0; i < PORTS; i++)
			answers(fds[i].fd, i);
	printf("{\"asked\":%lu,\"asked_bytes\":%lu,\"answered\":%lu,\"answered_bytes\":%lu,\"longest\":%lu,\"cookies\":%lu}\n",
	       count.asked, count.asked_bytes, count.answered, count.answered_bytes, count.longest, count.cookies);
	return 0;
}
