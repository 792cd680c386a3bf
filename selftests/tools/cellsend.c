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
 *	--flip POS	flip a bit of the byte at POS; negative: from the end
 *	--spread	flip a bit of another byte of the cell in each datagram, position by position
 *	--bit N		which bit, 0 to 7 (0)
 *	--batch N	pause 1 ms after N datagrams, so that no queue overflows (64)
 *	--train N	N datagrams of one length in one system call (UDP_SEGMENT); fewer where the
 *			length changes or the capture ends
 *	--options HEX	IPv4: with these options, a multiple of 4 bytes
 *	--hop HEX	IPv6: with this hop-by-hop options header, its first byte any
 *	--dst HEX	IPv6: with this destination options header
 *	--priority N	SO_PRIORITY, which VLAN devices can map to their tag
 *
 * Prints how many datagrams were sent. Exit: 0, or 2 for usage and errors.
 */
#include "capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif
#define PAYLOAD_MAX	1472
#define TRAIN_MAX	65507
#define EXTRA_MAX	40	/* options that IPv4 has room for */

struct options {
	long flip;
	bool has_flip, spread;
	unsigned long skip, count, repeat, batch, train, bit;
	int dport, priority;
	uint8_t extra[3][EXTRA_MAX];	/* IPv4 options, hop-by-hop, destination options */
	size_t extra_len[3];
	size_t junk;
	uint8_t source[16];
	int source_family;
};

static unsigned long sent;

/* The datagrams of a train, one after the other. */
static struct {
	uint8_t buf[TRAIN_MAX];
	size_t one, len;
} train;

static bool train_send(int fd)
{
	int one = (int)train.one;

	if (!train.len)
		return true;
	/* A train of one is an error to the kernel. */
	if (train.len == train.one)
		one = 0;
	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &one, sizeof(one)) ||
	    send(fd, train.buf, train.len, 0) != (ssize_t)train.len) {
		perror("cellsend: train");
		return false;
	}
	sent += train.len / train.one;
	train.len = 0;
	return true;
}

static bool train_add(int fd, const struct options *o, const uint8_t *payload, size_t len)
{
	if (train.len && (train.one != len || train.len + len > sizeof(train.buf)) && !train_send(fd))
		return false;
	train.one = len;
	memcpy(train.buf + train.len, payload, len);
	train.len += len;
	return train.len < o->train * len || train_send(fd);
}

static bool emit(int fd, const struct options *o, const uint8_t *payload, size_t len, unsigned long n)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	uint8_t buf[PAYLOAD_MAX];

	if (len > sizeof(buf))
		return true;
	memcpy(buf, payload, len);
	if (o->spread)
		buf[n % len] ^= (uint8_t)(1 << o->bit);
	if (o->has_flip) {
		long at = o->flip < 0 ? (long)len + o->flip : o->flip;

		if (at >= 0 && (size_t)at < len)
			buf[at] ^= (uint8_t)(1 << o->bit);
	}
	if (o->train)
		return train_add(fd, o, buf, len);
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

static bool hex(const char *text, uint8_t *out, size_t *len)
{
	for (*len = 0; *text; text += 2) {
		unsigned int byte;

		if (*len == EXTRA_MAX || sscanf(text, "%2x", &byte) != 1 || !text[1])
			return false;
		out[(*len)++] = (uint8_t)byte;
	}
	return true;
}

/* What the outer header is to say beside its addresses. */
static bool dress(int fd, const struct options *o)
{
	static const struct {
		int level, name;
	} opt[3] = { { IPPROTO_IP, IP_OPTIONS }, { IPPROTO_IPV6, IPV6_HOPOPTS }, { IPPROTO_IPV6, IPV6_DSTOPTS } };

	if (o->priority && setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &o->priority, sizeof(o->priority))) {
		perror("cellsend: SO_PRIORITY");
		return false;
	}
	for (int i = 0; i < 3; i++) {
		if (o->extra_len[i] &&
		    setsockopt(fd, opt[i].level, opt[i].name, o->extra[i], (socklen_t)o->extra_len[i])) {
			perror("cellsend: IP options");
			return false;
		}
	}
	return true;
}

static int connect_to(const struct options *o, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai;
	int fd;

	if (getaddrinfo(host, port, &hints, &ai)) {
		fprintf(stderr, "cellsend: %s %s is no address and port\n", host, port);
		return -1;
	}
	fd = socket(ai->ai_family, SOCK_DGRAM, 0);
	if (fd < 0 || !dress(fd, o) || connect(fd, ai->ai_addr, ai->ai_addrlen)) {
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
	fprintf(stderr, "Usage: cellsend [--dport P] [--source ADDR] [--skip N] [--count N] [--repeat N] [--flip POS] [--spread] [--bit N]\n"
		"                [--batch N] [--train N] [--options HEX] [--hop HEX] [--dst HEX] [--priority N] FILE ADDRESS PORT\n"
		"       cellsend [options] --junk SIZE ADDRESS PORT\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "dport", required_argument, NULL, 'd' }, { "source", required_argument, NULL, 'S' },
		{ "skip", required_argument, NULL, 's' }, { "count", required_argument, NULL, 'c' },
		{ "repeat", required_argument, NULL, 'r' }, { "flip", required_argument, NULL, 'f' },
		{ "spread", no_argument, NULL, 'p' }, { "bit", required_argument, NULL, 'B' }, { "batch", required_argument, NULL, 'b' },
		{ "junk", required_argument, NULL, 'j' }, { "train", required_argument, NULL, 't' },
		{ "options", required_argument, NULL, '0' }, { "hop", required_argument, NULL, '1' },
		{ "dst", required_argument, NULL, '2' }, { "priority", required_argument, NULL, 'P' },
		{ NULL, 0, NULL, 0 }
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
		case 'B':
			o.bit = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			o.batch = strtoul(optarg, NULL, 10);
			break;
		case 't':
			o.train = strtoul(optarg, NULL, 10);
			break;
		case 'P':
			o.priority = atoi(optarg);
			break;
		case '0':
		case '1':
		case '2':
			if (!hex(optarg, o.extra[ch - '0'], &o.extra_len[ch - '0']))
				return usage();
			break;
		case 'j':
			o.junk = strtoul(optarg, NULL, 10);
			break;
		default:
			return usage();
		}
	}
	if (argc - optind != (o.junk ? 2 : 3) || o.junk > PAYLOAD_MAX || !o.batch || o.bit > 7)
		return usage();
	fd = connect_to(&o, argv[argc - 2], argv[argc - 1]);
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
	ok = ok && train_send(fd);
	close(fd);
	printf("%lu\n", sent);
	return ok ? 0 : 2;
}
