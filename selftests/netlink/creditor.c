// SPDX-License-Identifier: MIT
/*
 * creditor: a daemon that gives circuits credit in small steps under traffic, and checks that
 * the kernel stops each of them exactly at its limit and tells so once.
 *
 *	creditor CIRCUITS BOUNDARIES STEP [die ALLOWANCE]
 *		circuits 1 to CIRCUITS of this namespace, which have traffic, in both directions
 *		at best. Whenever the kernel says that one has reached its limit, it gets STEP
 *		bytes and up to two large cells more, until that happened BOUNDARIES times in all.
 *		die: then each gets ALLOWANCE bytes, "ID LIMIT" is printed for each, and the
 *		program kills itself.
 *
 * Exit status: 0 when every limit held, was reached to within two large cells and was told of
 * once, and events were numbered without a gap.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nlt.h"

#define CIRCUITS_MAX	256
#define LARGE		1408
#define PATIENCE_MS	20000

struct account {
	uint64_t limit;
	bool told;	/* of the present limit */
};

struct counts {
	uint64_t bytes, limit, dropped;
};

static struct account accounts[CIRCUITS_MAX + 1];
static struct nlt cmd, events;
static unsigned long boundaries, bad;
static uint64_t seq, least = ~0ull, most;

static void complain(uint32_t id, const char *what, uint64_t a, uint64_t b)
{
	bad++;
	printf("circuit %u: %s: %llu, %llu\n", id, what, (unsigned long long)a, (unsigned long long)b);
}

static void take_counts(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a, void *arg)
{
	struct counts *c = arg;

	c->bytes = nla_get_u64(a[CELLRELAY_A_CIRC_FWD_BYTES]) + nla_get_u64(a[CELLRELAY_A_CIRC_BWD_BYTES]);
	c->limit = nla_get_u64(a[CELLRELAY_A_CIRC_LIMIT]);
	c->dropped = nla_get_u64(a[CELLRELAY_A_CIRC_DROP_CELLS]);
}

static struct counts counts_of(uint32_t id)
{
	struct nl_msg *msg = nlt_request(&cmd, CELLRELAY_CMD_CIRC_GET, 0);
	struct counts c = { 0 };

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, id);
	if (nlt_talk(&cmd, msg, NULL, take_counts, &c))
		ktap_bail("circuit %u cannot be read", id);
	return c;
}

static void set_limit(uint32_t id, uint64_t limit)
{
	struct nl_msg *msg = nlt_request(&cmd, CELLRELAY_CMD_CIRC_SET, 0);

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, id);
	nla_put_u64(msg, CELLRELAY_A_CIRC_LIMIT, limit);
	if (nlt_talk(&cmd, msg, NULL, NULL, NULL))
		ktap_bail("the limit of circuit %u cannot be set", id);
	accounts[id].limit = limit;
}

/* The limit stopped a cell. With @press the traffic has been at it for a while more. */
static void check(uint32_t id, bool press)
{
	uint64_t limit = accounts[id].limit, before;
	struct counts c = counts_of(id);
	int i;

	for (before = c.dropped, i = 0; press && c.dropped < before + 6 && i < 1000; i++)
		c = counts_of(id);
	/* One who takes a charge back may be seen before it does; what stays is too much. */
	for (i = 0; c.bytes > limit && i < 100; i++)
		c = counts_of(id);
	if (c.bytes > limit)
		complain(id, "more than the limit has passed", c.bytes, limit);
	else if (limit - c.bytes > 2 * LARGE)
		complain(id, "stopped long before the limit", c.bytes, limit);
	if (limit - c.bytes < least)
		least = limit - c.bytes;
	if (limit - c.bytes > most)
		most = limit - c.bytes;
}

static void reached(uint32_t id, unsigned long step)
{
	struct account *a = &accounts[id];

	if (a->told) {
		complain(id, "told of twice", a->limit, 0);
		return;
	}
	a->told = true;
	boundaries++;
	check(id, boundaries % 4 == 0);
	set_limit(id, a->limit + step + (unsigned long)rand() % (2 * LARGE));
}

/* Next event. Returns false when none came for long. */
static bool event(unsigned long step, uint32_t circuits)
{
	static char buf[65536];
	struct nlmsghdr *nlh = (void *)buf;
	struct genlmsghdr *hdr = NLMSG_DATA(nlh);
	struct pollfd p = { .fd = events.fd, .events = POLLIN };
	struct nlattr *a[NLT_ATTRS] = { 0 };
	uint32_t type, id;
	ssize_t len;

	if (poll(&p, 1, PATIENCE_MS) <= 0)
		return false;
	len = nlt_recv(&events, buf, sizeof(buf), MSG_DONTWAIT);
	if (len < 0)
		ktap_bail("events: %s", strerror((int)-len));
	nla_parse(a, NLT_ATTRS - 1, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), NULL);
	if (!a[CELLRELAY_A_EVENT_SEQ] || !a[CELLRELAY_A_EVENT_TYPE] || !a[CELLRELAY_A_EVENT_ID])
		ktap_bail("an event without number, type or id");
	if (nla_get_u64(a[CELLRELAY_A_EVENT_SEQ]) != ++seq) {
		complain(0, "events have a gap: number, expected", nla_get_u64(a[CELLRELAY_A_EVENT_SEQ]), seq);
		seq = nla_get_u64(a[CELLRELAY_A_EVENT_SEQ]);
	}
	type = nla_get_u32(a[CELLRELAY_A_EVENT_TYPE]);
	id = nla_get_u32(a[CELLRELAY_A_EVENT_ID]);
	if (id < 1 || id > circuits)
		return true;
	/* They come in the order of what happened: what follows is about the new limit. */
	if (type == CELLRELAY_EVENT_CIRC_CHANGED)
		accounts[id].told = false;
	else if (type == CELLRELAY_EVENT_CIRC_LIMIT)
		reached(id, step);
	return true;
}

int main(int argc, char **argv)
{
	unsigned long want = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	uint32_t circuits = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0, id;
	unsigned long step = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	int size = 64 << 20;

	if ((argc != 4 && argc != 6) || !circuits || circuits > CIRCUITS_MAX || !want || step < 1) {
		fputs("usage: creditor CIRCUITS BOUNDARIES STEP [die ALLOWANCE]\n", stderr);
		return 2;
	}
	nlt_open(&cmd);
	nlt_open(&events);
	if (nlt_talk(&cmd, nlt_request(&cmd, CELLRELAY_CMD_DAEMON, 0), NULL, NULL, NULL))
		ktap_bail("there is another daemon");
	if (setsockopt(events.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(events.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &events.group, sizeof(events.group)))
		ktap_bail("cannot listen: %s", strerror(errno));
	seq = nlt_ns(&cmd, CELLRELAY_A_NS_EVENT_SEQ);
	for (id = 1; id <= circuits; id++)
		set_limit(id, counts_of(id).bytes + step);
	while (boundaries < want && bad < 20) {
		if (!event(step, circuits)) {
			complain(0, "no event for long: boundaries so far, wanted", boundaries, want);
			break;
		}
	}
	if (argc == 6 && !strcmp(argv[4], "die")) {
		for (id = 1; id <= circuits; id++) {
			uint64_t limit = counts_of(id).bytes + strtoull(argv[5], NULL, 10);

			set_limit(id, limit);
			printf("%u %llu\n", id, (unsigned long long)limit);
		}
		fflush(stdout);
		raise(SIGKILL);
	}
	printf("%lu limits reached, %llu to %llu bytes before them; %lu complaints\n", boundaries,
	       (unsigned long long)least, (unsigned long long)most, bad);
	return bad ? 1 : 0;
}
