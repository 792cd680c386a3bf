// SPDX-License-Identifier: MIT
/*
 * udppace: UDP flows of given rates from many source addresses, or what arrived of them.
 *
 *	udppace send ADDRESS PORT SECONDS
 *		standard input: a line "SOURCE SIZE PER_SECOND" for each flow. Sends its datagrams
 *		of SIZE bytes evenly spaced, the flows out of step with each other, and prints
 *		"SOURCE DATAGRAMS BYTES" for each: what was sent. A destination that cannot
 *		take a datagram now loses it, as a network would. SIGTERM ends it early.
 *	udppace sendto PORT SECONDS
 *		the same, but the lines name destinations instead of sources
 *	udppace count [ADDRESS] PORT
 *		prints "ready" on standard error, counts until SIGTERM, and prints
 *		"SOURCE DATAGRAMS BYTES" for each source.
 *
 * Exit status: 0, 1 errors, 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
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

#define FLOWS_MAX	1024
#define SIZE_MAX_UDP	1472
#define NS		1000000000ULL

struct flow {
	char name[INET6_ADDRSTRLEN];
	int fd;
	size_t size;
	double per_second;
	uint64_t sent, bytes;
	uint64_t next;		/* when its next datagram is due, ns */
};

static struct flow flows[FLOWS_MAX];
static size_t nr_flows;
static volatile sig_atomic_t over;

static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

static int die(const char *what)
{
	fprintf(stderr, "udppace: %s: %s\n", what, strerror(errno));
	return 1;
}

static struct addrinfo *resolve(const char *host, const char *port, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = flags | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai;
	int err = getaddrinfo(host, port, &hints, &ai);

	if (err) {
		fprintf(stderr, "udppace: %s port %s: %s\n", host ? host : "any", port, gai_strerror(err));
		exit(2);
	}
	return ai;
}

/* A socket from @source (or NULL) to @host. */
static int open_flow(const char *source, const char *host, const char *port)
{
	struct addrinfo *to = resolve(host, port, 0);
	int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	bool ok = fd >= 0;

	if (ok && source) {
		struct addrinfo *from = resolve(source, "0", 0);

		ok = bind(fd, from->ai_addr, from->ai_addrlen) == 0;
		freeaddrinfo(from);
	}
	ok = ok && connect(fd, to->ai_addr, to->ai_addrlen) == 0;
	freeaddrinfo(to);
	if (!ok) {
		fprintf(stderr, "udppace: %s to %s: %s\n", source ? source : "any", host, strerror(errno));
		exit(1);
	}
	return fd;
}

/* Reads the flows; to @host, or each to its own address when that is NULL. */
static int read_flows(const char *host, const char *port)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		struct flow *f = &flows[nr_flows];

		if (nr_flows == FLOWS_MAX ||
		    sscanf(line, "%45s %zu %lf", f->name, &f->size, &f->per_second) != 3 ||
		    f->size < 1 || f->size > SIZE_MAX_UDP || f->per_second <= 0) {
			fprintf(stderr, "udppace: not \"ADDRESS SIZE PER_SECOND\", or too many: %s", line);
			return 2;
		}
		f->fd = host ? open_flow(f->name, host, port) : open_flow(NULL, f->name, port);
		nr_flows++;
	}
	return nr_flows ? 0 : 2;
}

static void sleep_until(uint64_t when)
{
	struct timespec ts = { .tv_sec = (time_t)(when / NS), .tv_nsec = (long)(when % NS) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static int send_all(double seconds)
{
	static const char data[SIZE_MAX_UDP];
	uint64_t start = now(), end = start + (uint64_t)(seconds * NS);

	/* Spread over one interval each, or all would send at once. */
	for (size_t i = 0; i < nr_flows; i++)
		flows[i].next = start + (uint64_t)(NS / flows[i].per_second * (double)i / (double)nr_flows);
	while (!over) {
		struct flow *f = &flows[0];

		for (size_t i = 1; i < nr_flows; i++)
			if (flows[i].next < f->next)
				f = &flows[i];
		if (f->next >= end)
			break;
		if (f->next > now())
			sleep_until(f->next);
		if (over)
			break;
		/* errors (full queue, ICMP) are losses of the network */
		if (send(f->fd, data, f->size, 0) == (ssize_t)f->size) {
			f->sent++;
			f->bytes += f->size;
		}
		f->next += (uint64_t)(NS / f->per_second);
	}
	return 0;
}

static void print_flows(void)
{
	for (size_t i = 0; i < nr_flows; i++)
		printf("%s %llu %llu\n", flows[i].name, (unsigned long long)flows[i].sent,
		       (unsigned long long)flows[i].bytes);
}

static struct flow *flow_of(const struct sockaddr_storage *from, socklen_t len)
{
	char name[INET6_ADDRSTRLEN];
	size_t i;

	if (getnameinfo((const struct sockaddr *)from, len, name, sizeof(name), NULL, 0, NI_NUMERICHOST))
		return NULL;
	for (i = 0; i < nr_flows; i++)
		if (!strcmp(flows[i].name, name))
			return &flows[i];
	if (nr_flows == FLOWS_MAX)
		return NULL;
	snprintf(flows[nr_flows].name, sizeof(name), "%s", name);
	return &flows[nr_flows++];
}

static int count(const char *host, const char *port)
{
	struct addrinfo *ai = resolve(host, port, AI_PASSIVE);
	int fd = socket(ai->ai_family, SOCK_DGRAM, 0), room = 64 << 20;
	static char buf[65536];

	if (fd < 0)
		return die("socket");
	/* Big enough for all tests; without privilege the default has to do. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		return die("bind");
	freeaddrinfo(ai);
	fputs("ready\n", stderr);
	while (!over) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		struct sockaddr_storage from;
		socklen_t flen = sizeof(from);
		struct flow *f;
		ssize_t len;

		/* A signal between the check and here is seen a moment later. */
		if (poll(&p, 1, 200) <= 0)
			continue;
		len = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from, &flen);
		f = len >= 0 ? flow_of(&from, flen) : NULL;
		if (f) {
			f->sent++;
			f->bytes += (uint64_t)len;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_term };
	int status;

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	if (argc == 5 && !strcmp(argv[1], "send")) {
		status = read_flows(argv[2], argv[3]);
		status = status ? status : send_all(atof(argv[4]));
	} else if (argc == 4 && !strcmp(argv[1], "sendto")) {
		status = read_flows(NULL, argv[2]);
		status = status ? status : send_all(atof(argv[3]));
	} else if ((argc == 3 || argc == 4) && !strcmp(argv[1], "count")) {
		status = count(argc == 4 ? argv[2] : "::", argv[argc - 1]);
	} else {
		fputs("usage: udppace send ADDRESS PORT SECONDS <flows\n"
		      "       udppace sendto PORT SECONDS <flows\n"
		      "       udppace count [ADDRESS] PORT\n", stderr);
		return 2;
	}
	if (!status)
		print_flows();
	return status;
}
