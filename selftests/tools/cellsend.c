// SPDX-License-Identifier: MIT
/*
 * cellsend: sends the UDP payloads of a capture, or junk, as they are or damaged. What an
 * attacker on a wire can do.
 *
 *	cellsend [options] FILE ADDRESS PORT	payloads of a capture, in order
 *	cellsend [options] --junk SIZE ADDRESS PORT
 *
 *	--dport P	only datagrams of the capture to this port
 *	--source ADDR	only datagrams of the capture from this address
 *	--skip N	leave out the first N
 *	--count N	send N datagrams at most (all; for junk 1)
 *	--repeat N	each datagram N times in a row (1)
 *	--flip POS	XOR 0x01 into the byte at POS; negative: from the end
 *	--spread	flip another byte of the cell in each datagram, position by position
 *	--batch N	pause 1 ms after N datagrams, so that no queue overflows (64)
 *
 * Prints how many datagrams were sent. Exit: 0, or 2 for usage and errors.
 */
#include "capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD_MAX 1472

struct options {
	long flip;
	bool has_flip, spread;
	unsigned long skip, count, repeat, batch;
	int dport;
	size_t junk;
	uint8_t source[16];
	int source_family;
};

static unsigned long sent;

static bool emit(int fd, const struct options *o, const uint8_t *payload, size_t len, unsigned long n)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	uint8_t buf[PAYLOAD_MAX];

	if (len > sizeof(buf))
		return true;
	memcpy(buf, payload, len);
	if (o->spread)
		buf[n % len] ^= 1;
	if (o->has_flip) {
		long at = o->flip < 0 ? (long)len + o->flip : o->flip;

		if (at >= 0 && (size_t)at < len)
			buf[at] ^= 1;
	}
	for (unsigned long i = 0; i < o->repeat; i++) {
		while (send(fd, buf, len, 0) < 0) {
			/* a port that answers with ICMP errors is no reason to stop */
			if (errno != ECONNREFUSED && errno != EINTR) {
				perror("cellsend: send");
				return false;
			}
		}
		if (++sent % o->batch == 0)
			nanosleep(&pause, NULL);
	}
	return true;
}

static int connect_to(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai;
	int fd;

	if (getaddrinfo(host, port, &hints, &ai)) {
		fprintf(stderr, "cellsend: %s %s is no address and port\n", host, port);
		return -1;
	}
	fd = socket(ai->ai_family, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen)) {
		perror("cellsend: socket");
		freeaddrinfo(ai);
		return -1;
	}
	freeaddrinfo(ai);
	return fd;
}

static bool wanted(const struct options *o, const struct datagram *d)
{
	if (o->dport >= 0 && d->dport != o->dport)
		return false;
	return !o->source_family ||
	       (d->family == o->source_family && !memcmp(d->src, o->source, d->family == 4 ? 4 : 16));
}

static int usage(void)
{
	fprintf(stderr, "Usage: cellsend [--dport P] [--source ADDR] [--skip N] [--count N] [--repeat N] [--flip POS] [--spread]\n"
		"                [--batch N] FILE ADDRESS PORT\n"
		"       cellsend [options] --junk SIZE ADDRESS PORT\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "dport", required_argument, NULL, 'd' }, { "source", required_argument, NULL, 'S' },
		{ "skip", required_argument, NULL, 's' }, { "count", required_argument, NULL, 'c' },
		{ "repeat", required_argument, NULL, 'r' }, { "flip", required_argument, NULL, 'f' },
		{ "spread", no_argument, NULL, 'p' }, { "batch", required_argument, NULL, 'b' },
		{ "junk", required_argument, NULL, 'j' }, { NULL, 0, NULL, 0 }
	};
	struct options o = { .count = ~0ul, .repeat = 1, .batch = 64, .dport = -1 };
	bool has_count = false, ok = true;
	int ch, fd;

	while ((ch = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (ch) {
		case 'd':
			o.dport = atoi(optarg);
			break;
		case 'S':
			o.source_family = strchr(optarg, ':') ? 6 : 4;
			if (inet_pton(o.source_family == 6 ? AF_INET6 : AF_INET, optarg, o.source) != 1)
				return usage();
			break;
		case 's':
			o.skip = strtoul(optarg, NULL, 10);
			break;
		case 'c':
			o.count = strtoul(optarg, NULL, 10);
			has_count = true;
			break;
		case 'r':
			o.repeat = strtoul(optarg, NULL, 10);
			break;
		case 'f':
			o.flip = strtol(optarg, NULL, 10);
			o.has_flip = true;
			break;
		case 'p':
			o.spread = true;
			break;
		case 'b':
			o.batch = strtoul(optarg, NULL, 10);
			break;
		case 'j':
			o.junk = strtoul(optarg, NULL, 10);
			break;
		default:
			return usage();
		}
	}
	if (argc - optind != (o.junk ? 2 : 3) || o.junk > PAYLOAD_MAX || !o.batch)
		return usage();
	fd = connect_to(argv[argc - 2], argv[argc - 1]);
	if (fd < 0)
		return 2;
	if (o.junk) {
		uint8_t buf[PAYLOAD_MAX];

		for (unsigned long n = 0; ok && n < (has_count ? o.count : 1); n++) {
			for (size_t off = 0; off < o.junk; off += 256)
				if (getrandom(buf + off, o.junk - off < 256 ? o.junk - off : 256, 0) < 0)
					ok = false;
			ok = ok && emit(fd, &o, buf, o.junk, n);
		}
	} else {
		struct capture *c = capture_open(argv[optind]);
		unsigned long n = 0, skipped = 0;
		struct datagram d;
		int r = 0;

		if (!c)
			return 2;
		while (ok && n < o.count && (r = capture_next(c, &d)) > 0) {
			if (!wanted(&o, &d) || skipped++ < o.skip)
				continue;
			ok = emit(fd, &o, d.payload, d.len, n++);
		}
		ok = ok && r >= 0;
		capture_close(c);
	}
	close(fd);
	printf("%lu\n", sent);
	return ok ? 0 : 2;
}
