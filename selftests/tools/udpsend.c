// SPDX-License-Identifier: MIT
/*
 * Sends one UDP datagram from where, and marked as, the test says.
 *
 *	udpsend [-m MARK] [-p SOURCE-PORT] [-s SOURCE] [-d DEVICE] [-t TTL] [-P PROTOCOL] ADDRESS PORT
 *
 * With -P it is a packet of another protocol (its number; takes root), whose
 * first bytes are no header of that protocol; ports mean nothing then.
 *
 * Prints nothing. Exit status: 0 handed to the kernel, 1 the kernel refused, 2 usage.
 */
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct addrinfo *resolve(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai;
	int err = getaddrinfo(host, port, &hints, &ai);

	if (err) {
		fprintf(stderr, "udpsend: %s port %s: %s\n", host, port, gai_strerror(err));
		exit(2);
	}
	return ai;
}

int main(int argc, char **argv)
{
	const char *port = "0", *source = NULL, *device = NULL;
	struct addrinfo *to, *from;
	int mark = 0, ttl = 0, proto = 0, one = 1, opt, fd;

	while ((opt = getopt(argc, argv, "m:p:s:d:t:P:")) != -1) {
		switch (opt) {
		case 'm':
			mark = (int)strtoul(optarg, NULL, 0);
			break;
		case 'p':
			port = optarg;
			break;
		case 's':
			source = optarg;
			break;
		case 'd':
			device = optarg;
			break;
		case 't':
			ttl = atoi(optarg);
			break;
		case 'P':
			proto = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 2)
		return 2;
	to = resolve(argv[optind], argv[optind + 1]);
	fd = proto ? socket(to->ai_family, SOCK_RAW, proto) : socket(to->ai_family, SOCK_DGRAM, 0);
	if (proto && to->ai_family == AF_INET6)
		((struct sockaddr_in6 *)to->ai_addr)->sin6_port = 0;	/* the kernel refuses others */
	if (fd < 0) {
		perror("udpsend: socket");
		return 2;
	}
	from = resolve(source ? source : to->ai_family == AF_INET ? "0.0.0.0" : "::", port);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if ((mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark))) ||
	    (device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1)) ||
	    (ttl && to->ai_family == AF_INET && setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl))) ||
	    bind(fd, from->ai_addr, from->ai_addrlen)) {
		perror("udpsend");
		return 2;
	}
	if (device && to->ai_family == AF_INET6)
		((struct sockaddr_in6 *)to->ai_addr)->sin6_scope_id = if_nametoindex(device);
	if (sendto(fd, "cellrelay test", 14, 0, to->ai_addr, to->ai_addrlen) != 14) {
		perror("udpsend: refused");
		return 1;
	}
	return 0;
}
