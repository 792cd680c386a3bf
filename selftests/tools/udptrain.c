// SPDX-License-Identifier: MIT
/*
 * Sends UDP datagrams in trains (UDP_SEGMENT), or counts what arrives.
 *
 *	udptrain send ADDRESS PORT SIZE SEGMENTS [TRAINS [SOURCE|- [PAUSE]]]
 *		TRAINS (1) system calls of SEGMENTS datagrams of SIZE bytes each, PAUSE (0)
 *		milliseconds apart. Every datagram starts with its number; the rest is
 *		derived from that.
 *	udptrain count [ADDRESS] PORT DATAGRAMS SECONDS
 *		prints "ready" on stderr, waits for so many datagrams, so long or for SIGTERM,
 *		and prints "N datagrams, B bytes, M out of order, D damaged, last L": L is
 *		the number of the last one. What has arrived before the signal is counted.
 *
 * Exit status: 0 done (count: all came, in order, undamaged), 1 not, 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#define SIZE_MAX_UDP	65507
#define SLICE_MS	100	/* how soon a signal is noticed */

static unsigned char buf[SIZE_MAX_UDP + 1];

/* Content of datagram @n: its number, then bytes that depend on number and place. */
static void fill(unsigned char *p, size_t size, uint32_t n)
{
	uint32_t be = htonl(n);

	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(n * 31 + i * 7 + 1);
	memcpy(p, &be, size < sizeof(be) ? size : sizeof(be));
}

static int die(const char *what)
{
	fprintf(stderr, "udptrain: %s: %s\n", what, strerror(errno));
	return 1;
}

static struct addrinfo *resolve(const char *host, const char *port, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = flags | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai;
	int err = getaddrinfo(host, port, &hints, &ai);

	if (err) {
		fprintf(stderr, "udptrain: %s port %s: %s\n", host ? host : "any", port, gai_strerror(err));
		exit(2);
	}
	return ai;
}

static int send_trains(int argc, char **argv)
{
	struct addrinfo *ai = resolve(argv[2], argv[3], 0);
	int size = atoi(argv[4]), segs = atoi(argv[5]);
	int trains = argc > 6 ? atoi(argv[6]) : 1;
	int pause_ms = argc > 8 ? atoi(argv[8]) : 0;
	const struct timespec pause = { .tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000L };
	int fd = socket(ai->ai_family, SOCK_DGRAM, 0);
	uint32_t n = 0;

	if (size < 4 || segs < 1 || trains < 1 || (long)size * segs > SIZE_MAX_UDP) {
		fprintf(stderr, "udptrain: %d datagrams of %d bytes are no train\n", segs, size);
		return 2;
	}
	if (fd < 0)
		return die("socket");
	if (argc > 7 && strcmp(argv[7], "-")) {
		struct addrinfo *from = resolve(argv[7], "0", 0);

		if (bind(fd, from->ai_addr, from->ai_addrlen) < 0)
			return die("bind");
		freeaddrinfo(from);
	}
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		return die("connect");
	freeaddrinfo(ai);
	if (segs > 1 && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) < 0)
		return die("UDP_SEGMENT");
	for (int t = 0; t < trains; t++) {
		for (int i = 0; i < segs; i++)
			fill(buf + (size_t)i * size, size, n++);
		if (send(fd, buf, (size_t)size * segs, 0) != (ssize_t)size * segs)
			return die("send");
		if (pause_ms > 0 && t + 1 < trains)
			nanosleep(&pause, NULL);
	}
	close(fd);
	return 0;
}

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static int count(int argc, char **argv)
{
	struct addrinfo *ai = resolve(argc > 5 ? argv[2] : "::", argv[argc - 3], AI_PASSIVE);
	unsigned long want = strtoul(argv[argc - 2], NULL, 10), got = 0, bytes = 0, disorder = 0, damaged = 0;
	long long end = now_ms() + atol(argv[argc - 1]) * 1000LL;
	int fd = socket(ai->ai_family, SOCK_DGRAM, 0), room = 64 << 20;
	static unsigned char expect[SIZE_MAX_UDP + 1];
	uint32_t next = 0;

	if (fd < 0)
		return die("socket");
	/* Big enough for all tests; without privilege the default has to do. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		return die("bind");
	freeaddrinfo(ai);
	if (signal(SIGTERM, stop) == SIG_ERR)
		return die("signal");
	fputs("ready\n", stderr);
	while (got < want) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long long left = end - now_ms();
		bool last = stopped;
		ssize_t len;
		uint32_t n;
		int r;

		if (left <= 0)
			break;
		r = poll(&p, 1, last ? 0 : left < SLICE_MS ? (int)left : SLICE_MS);
		if (r < 0 && errno != EINTR)
			return die("poll");
		if (r == 0 && last)
			break;
		if (r <= 0)
			continue;
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return die("recv");
		got++;
		bytes += len;
		memcpy(&n, buf, sizeof(n));
		n = ntohl(n);
		if (n != next)
			disorder++;
		next = n + 1;
		fill(expect, len, n);
		if (len < 4 || memcmp(buf, expect, len) != 0)
			damaged++;
	}
	printf("%lu datagrams, %lu bytes, %lu out of order, %lu damaged, last %lu\n", got, bytes,
	       disorder, damaged, got ? (unsigned long)next - 1 : 0);
	return got == want && !disorder && !damaged ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc >= 6 && argc <= 9 && !strcmp(argv[1], "send"))
		return send_trains(argc, argv);
	if (argc >= 5 && argc <= 6 && !strcmp(argv[1], "count"))
		return count(argc, argv);
	fputs("usage: udptrain send ADDRESS PORT SIZE SEGMENTS [TRAINS [SOURCE|- [PAUSE]]]\n"
	      "       udptrain count [ADDRESS] PORT DATAGRAMS SECONDS\n", stderr);
	return 2;
}
