// SPDX-License-Identifier: MIT
/*
 * D24: random requests from several processes against the live module. Most are
 * well-formed and about few ids, so that objects come, collide, change and go;
 * the others have wrong lengths, values, headers. Sockets are closed in the
 * middle of dumps, events are left unread, namespaces come and go, datagrams
 * hit the module's sockets. With "unload" the module is removed and loaded again
 * and again meanwhile; that wants the initial network namespace.
 *
 * usage: fuzz [SECONDS [SEED [unload]]]
 *
 * What it proves is in the kernel's log: selftests/vm/run fails on a report.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/netlink.h>

#include "nlt.h"
#include "table.gen.h"

#define N_OPS		(sizeof(nlt_ops) / sizeof(nlt_ops[0]))
#define WORKERS		3
#define LACKING		10	/* times as long as told, at most, while a command was never accepted */
#define MAX_MESSAGE	4096

/* Shared by all processes. */
static struct shared {
	unsigned long sent[N_OPS];
	unsigned long accepted[N_OPS];
	unsigned long dumps;
	unsigned long namespaces;
	unsigned long loads;
	unsigned long marks;
} *shared;

static unsigned int seconds = 10;
static uint64_t seed;
static bool unload;
static uint64_t state;

static uint64_t rnd(void)
{
	/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators" */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717ULL;
}

static uint32_t below(uint32_t n)
{
	return (rnd() >> 32) % n;
}

static bool chance(unsigned int percent)
{
	return below(100) < percent;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A message under construction; raw, since libnl would not make wrong ones. */
struct raw {
	uint8_t buf[MAX_MESSAGE];
	size_t len;
};

static void put(struct raw *m, uint16_t type, const void *data, size_t len, size_t claim)
{
	struct nlattr nla = { .nla_len = NLA_HDRLEN + claim, .nla_type = type };

	if (m->len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(m->buf))
		return;
	memcpy(m->buf + m->len, &nla, NLA_HDRLEN);
	memset(m->buf + m->len + NLA_HDRLEN, 0, NLA_ALIGN(len));
	memcpy(m->buf + m->len + NLA_HDRLEN, data, len);
	m->len += NLA_HDRLEN + NLA_ALIGN(len);
}

static uint64_t edge(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 255, 256, 1407, 1408, 65535, 65536, INT32_MAX,
					  UINT32_MAX, INT64_MAX, UINT64_MAX };

	return edges[below(sizeof(edges) / sizeof(edges[0]))];
}

/* A value that has a chance to mean something. */
static uint64_t sensible(const struct nlt_attr *a)
{
	if (a->kind == NLT_U32 && a->max > 100)
		return a->min + below(strstr(a->name, "-rx") || strstr(a->name, "index") ? 40 : 6);
	if (a->kind == NLT_U16 && a->min == 1232)
		return chance(50) ? 1232 : 1408;
	if (a->kind == NLT_U16)
		return 4000 + below(20);
	if (a->kind == NLT_U64)
		return chance(50) ? UINT64_MAX : a->min + below(1 << 20);
	return a->min + (a->max > a->min ? below(a->max - a->min + 1) : 0);
}

static void put_sensible(struct raw *m, const struct nlt_attr *a)
{
	static const size_t cells[] = { 256, 1232, 1408 };
	uint8_t bytes[2048];
	uint64_t value;
	size_t len, i;

	if (a->kind != NLT_BIN) {
		value = sensible(a);
		put(m, a->num, &value, nlt_len(a), nlt_len(a));
		return;
	}
	len = a->min + (a->max > a->min ? below(chance(60) ? 100 : a->max - a->min + 1) : 0);
	if (a->min == 4 && a->max == 16)
		len = chance(70) ? 4 : 16;
	if (a->min == 256)
		len = cells[below(3)];
	for (i = 0; i < len; i++)
		bytes[i] = a->flags & NLT_SECRET ? (uint8_t)NLT_MARK[i % NLT_MARK_LEN] : (uint8_t)rnd();
	if (len == 4 && !(a->flags & NLT_SECRET))
		memcpy(bytes, "\x7f\0\0\1", 4);
	if (len == 16 && a->min == 4)
		memcpy(bytes, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	put(m, a->num, bytes, len, len);
}

static void put_wild(struct raw *m, const struct nlt_op *op)
{
	static uint8_t bytes[2048];
	uint64_t value = chance(50) ? edge() : rnd();
	uint16_t type = chance(80) ? below(op->last + 2) : rnd();
	size_t len = chance(70) ? below(20) : below(sizeof(bytes));

	if (chance(10))
		type |= NLA_F_NESTED;
	if (chance(5))
		type |= NLA_F_NET_BYTEORDER;
	if (len <= sizeof(value))
		put(m, type, &value, len, chance(95) ? len : rnd() % 70000);
	else
		put(m, type, bytes, len, chance(95) ? len : rnd() % 70000);
}

/* What belongs together comes together, mostly, and what excludes each other does not. */
static bool wanted(const struct nlt_op *op, const struct nlt_attr *a, uint64_t dice)
{
	const bool peer = dice % 4, next = dice / 4 % 3 == 0, link = dice / 12 % 2;

	if (chance(10))
		return chance(50);
	if (!strcmp(a->name, "addr") || !strcmp(a->name, "port"))
		return op->cmd == CELLRELAY_CMD_CTL_SEND ? false : peer;
	if (!strncmp(a->name, "next-", 5))
		return next;
	if (op->cmd == CELLRELAY_CMD_CTL_SEND && a->num <= CELLRELAY_A_CTL_HOP)
		return link ? a->num <= CELLRELAY_A_CTL_TYPE :
			      a->num == CELLRELAY_A_CTL_CIRC || (a->num == CELLRELAY_A_CTL_HOP && peer);
	return chance(60);
}

static bool dump_flags(struct raw *m, const struct nlt_op *op)
{
	struct nlmsghdr *nlh = (void *)m->buf;
	bool dump = op->has_dump ? chance(30) : chance(2);

	if (dump)
		nlh->nlmsg_flags |= NLM_F_DUMP;
	if (chance(2))
		nlh->nlmsg_flags = rnd();
	return dump;
}

static void request(struct raw *m, struct nlt *n, size_t o)
{
	const struct nlt_op *op = &nlt_ops[o];
	struct nlmsghdr *nlh = (void *)m->buf;
	struct genlmsghdr *hdr = (void *)(m->buf + NLMSG_HDRLEN);
	const bool good = chance(75);
	const uint64_t dice = rnd();
	unsigned int i;
	bool dump;

	memset(m->buf, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
	nlh->nlmsg_type = n->family;
	nlh->nlmsg_seq = ++n->seq;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_pid = n->portid;
	hdr->cmd = op->cmd;
	hdr->version = CELLRELAY_FAMILY_VERSION;
	dump = dump_flags(m, op);
	for (i = 0; i < op->n_attr; i++) {
		const struct nlt_attr *a = &op->attr[i];

		if (!(a->flags & (dump ? NLT_DUMP : NLT_DO)))
			continue;
		if ((a->flags & NLT_REQUIRED) ? good || chance(90) : dump ? chance(30) : wanted(op, a, dice))
			put_sensible(m, a);
		if (!good && chance(20))
			put_wild(m, op);
	}
	if (!good) {
		hdr->cmd = chance(90) ? op->cmd : rnd();
		hdr->version = chance(90) ? hdr->version : rnd();
		hdr->reserved = chance(95) ? 0 : rnd();
		if (chance(5))
			m->len = NLMSG_HDRLEN + below(m->len - NLMSG_HDRLEN + 1);
	}
	nlh->nlmsg_len = !good && chance(3) ? rnd() % 70000 : m->len;
}

/*
 * Without what a role forbids, so that some circuits are made: in the order of
 * the table, attributes are random, so most are refused otherwise.
 */
static void circuit(struct raw *m, struct nlt *n, size_t o)
{
	const struct nlt_op *op = &nlt_ops[o];
	const bool client = chance(40), next = client || chance(40);
	unsigned int i;

	request(m, n, o);
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
	((struct nlmsghdr *)m->buf)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	((struct genlmsghdr *)(m->buf + NLMSG_HDRLEN))->cmd = op->cmd;
	((struct genlmsghdr *)(m->buf + NLMSG_HDRLEN))->reserved = 0;
	for (i = 0; i < op->n_attr; i++) {
		const struct nlt_attr *a = &op->attr[i];
		uint8_t role = client ? CELLRELAY_ROLE_CLIENT : CELLRELAY_ROLE_RELAY, suite = 1;

		switch (a->num) {
		case CELLRELAY_A_CIRC_ROLE:
			put(m, a->num, &role, 1, 1);
			break;
		case CELLRELAY_A_CIRC_SUITE:
			if (!client)
				put(m, a->num, &suite, 1, 1);
			break;
		case CELLRELAY_A_CIRC_POS:
		case CELLRELAY_A_CIRC_PREV_LINK ... CELLRELAY_A_CIRC_PREV_TX:
		case CELLRELAY_A_CIRC_KEY_FWD ... CELLRELAY_A_CIRC_KEY_BWD:
			if (!client)
				put_sensible(m, a);
			break;
		case CELLRELAY_A_CIRC_NEXT_LINK ... CELLRELAY_A_CIRC_NEXT_TX:
			if (next)
				put_sensible(m, a);
			break;
		case CELLRELAY_A_CIRC_IFINDEX:
			if (chance(20))
				put_sensible(m, a);
			break;
		default:
			if (chance(70))
				put_sensible(m, a);
		}
	}
	((struct nlmsghdr *)m->buf)->nlmsg_len = m->len;
}

/* The next hop in order, mostly. */
static void hop(struct raw *m, struct nlt *n)
{
	uint32_t circ = 1 + below(6);
	uint8_t pos = 1 + below(chance(60) ? 2 : 8), suite = 1;
	char key[32];
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = NLT_MARK[i % NLT_MARK_LEN];
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
	put(m, CELLRELAY_A_HOP_CIRC, &circ, 4, 4);
	put(m, CELLRELAY_A_HOP_POS, &pos, 1, 1);
	put(m, CELLRELAY_A_HOP_SUITE, &suite, 1, 1);
	put(m, CELLRELAY_A_HOP_KEY_FWD, key, 32, 32);
	put(m, CELLRELAY_A_HOP_KEY_BWD, key, 32, 32);
	if (chance(40))
		put(m, CELLRELAY_A_HOP_EXIT, "", 0, 0);
	((struct nlmsghdr *)m->buf)->nlmsg_len = m->len;
}

static bool try_open(struct nlt *n)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	struct timeval soon = { .tv_usec = 30000 };
	socklen_t len = sizeof(a);
	struct nl_sock *ctrl = nl_socket_alloc();
	int family = -1, group = -1, one = 1;

	if (ctrl && !genl_connect(ctrl)) {
		family = genl_ctrl_resolve(ctrl, CELLRELAY_FAMILY_NAME);
		group = genl_ctrl_resolve_grp(ctrl, CELLRELAY_FAMILY_NAME, CELLRELAY_MCGRP_EVENTS);
	}
	nl_socket_free(ctrl);
	if (family < 0 || group < 0)
		return false;
	memset(n, 0, sizeof(*n));
	n->family = family;
	n->group = group;
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (n->fd < 0 || bind(n->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(n->fd, (struct sockaddr *)&a, &len))
		ktap_bail("netlink socket: %s", strerror(errno));
	setsockopt(n->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(n->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(n->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	n->portid = a.nl_pid;
	return true;
}

static void count_marks(struct nlt *n)
{
	__atomic_fetch_add(&shared->marks, n->marks, __ATOMIC_RELAXED);
	n->marks = 0;
}

/* Reads until the answer to the last request, or until nothing comes. */
static void drain(struct nlt *n, size_t o)
{
	struct nlt_result r;

	nlt_answer(n, &r, NULL, NULL);
	if (!r.err)
		__atomic_fetch_add(&shared->accepted[o], 1, __ATOMIC_RELAXED);
	if (r.objects > 1)
		__atomic_fetch_add(&shared->dumps, 1, __ATOMIC_RELAXED);
	count_marks(n);
}

/* Bytes that look like cells or handshakes, at the ports where sockets may be. */
static void datagrams(void)
{
	static const size_t sizes[] = { 256, 1232, 1408, 100, 0 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint64_t data[1408 / 8];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t i, k;

	if (fd < 0)
		return;
	for (i = 0; i < 20; i++) {
		to.sin_port = htons(4000 + i);
		for (k = 0; k < sizeof(data) / 8; k++)
			data[k] = rnd();
		sendto(fd, data, sizes[below(5)], MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
	}
	close(fd);
}

static size_t pick(void)
{
	size_t o;

	/* Deletions rarely, or nothing lives; those of a link or socket take much along. */
	do {
		o = below(N_OPS);
	} while ((nlt_ops[o].cmd == CELLRELAY_CMD_LINK_DEL ||
		  nlt_ops[o].cmd == CELLRELAY_CMD_CIRC_DEL ||
		  nlt_ops[o].cmd == CELLRELAY_CMD_SOCK_DEL) && chance(90));
	return o;
}

/* One process: requests until the time is over. */
/* A slow machine gets the time that every command needs to be accepted once. */
static bool lacking(void)
{
	size_t o;

	for (o = 0; o < N_OPS; o++)
		if (nlt_ops[o].cmd != CELLRELAY_CMD_UNLOAD &&
		    !__atomic_load_n(&shared->accepted[o], __ATOMIC_RELAXED))
			return true;
	return false;
}

static void worker(unsigned int number, double end)
{
	double patience = unload ? end : end + LACKING * seconds;
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct nlt n = { .fd = -1 };
	static struct raw m;
	size_t o;

	state = seed + number * 0x9e3779b97f4a7c15ULL + 1;
	while (now() < end || (now() < patience && lacking())) {
		if (n.fd < 0 && !try_open(&n)) {
			usleep(1000);	/* the module is not there */
			continue;
		}
		if (chance(1) && chance(20)) {
			setsockopt(n.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &n.group, sizeof(n.group));
			close(n.fd);
			n.fd = -1;
			continue;
		}
		if (chance(2))
			datagrams();
		o = pick();
		if (nlt_ops[o].cmd == CELLRELAY_CMD_UNLOAD && unload)
			continue;
		request(&m, &n, o);
		if (nlt_ops[o].cmd == CELLRELAY_CMD_CIRC_NEW && chance(80))
			circuit(&m, &n, o);
		if (nlt_ops[o].cmd == CELLRELAY_CMD_HOP_NEW && chance(80))
			hop(&m, &n);
		if (sendto(n.fd, m.buf, m.len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			continue;
		__atomic_fetch_add(&shared->sent[o], 1, __ATOMIC_RELAXED);
		if (chance(3)) {
			close(n.fd);	/* perhaps in the middle of a dump */
			n.fd = -1;
			continue;
		}
		drain(&n, o);
		if (unload && chance(1)) {
			close(n.fd);
			n.fd = -1;	/* the family may have another number by now */
		}
	}
}

/* Namespaces with objects that end with their last process. */
static void churn(double end)
{
	struct nlt n;
	uint32_t i, sock;
	pid_t pid;

	while (now() < end) {
		pid = fork();
		if (pid) {
			waitpid(pid, NULL, 0);
			continue;
		}
		if (unshare(CLONE_NEWNET) || !try_open(&n))
			_exit(0);
		sock = 1;
		nlt_sock_new(&n, &sock, NULL);
		for (i = 1; i <= 4; i++) {
			nlt_link_new(&n, i, sock, 4000 + i);
			nlt_key_new(&n, i, 0, i);
		}
		for (i = 1; i <= 50; i++)
			nlt_circ_new(&n, i, 1 + i % 4);
		nlt_send(&n, nlt_request(&n, CELLRELAY_CMD_CIRC_GET, NLM_F_DUMP));
		__atomic_fetch_add(&shared->namespaces, 1, __ATOMIC_RELAXED);
		_exit(0);
	}
}

/* The module goes and comes. */
static void reload(double end)
{
	struct nlt n;
	int status;

	while (now() < end) {
		if (try_open(&n)) {
			nlt_talk(&n, nlt_request(&n, CELLRELAY_CMD_UNLOAD, 0), NULL, NULL, NULL);
			nlt_close(&n);
		}
		/* A dump holds the module while it is read: EAGAIN then. */
		if (syscall(SYS_delete_module, "cellrelay", O_NONBLOCK) && errno != EAGAIN)
			ktap_bail("delete_module: %s", strerror(errno));
		status = system("modprobe cellrelay");
		if (status)
			ktap_bail("modprobe: %d", status);
		__atomic_fetch_add(&shared->loads, 1, __ATOMIC_RELAXED);
		usleep(200000);
	}
}

static pid_t spawn(void (*fn)(double), double end)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	fn(end);
	_exit(0);
}

static void test_fuzz(const void *arg)
{
	double end = now() + seconds;
	pid_t pid[WORKERS + 2];
	int status, n = 0;
	unsigned int i;

	fflush(stdout);
	for (i = 0; i < WORKERS; i++) {
		pid[n] = fork();
		if (!pid[n]) {
			worker(i, end);
			_exit(0);
		}
		n++;
	}
	pid[n++] = spawn(churn, end);
	if (unload)
		pid[n++] = spawn(reload, end);
	while (n--) {
		waitpid(pid[n], &status, 0);
		CHECK(!status, "a process ended with %d", status);
	}
}

/* Random requests that never get through prove little. */
static void test_reach(const void *arg)
{
	unsigned long sent = 0, accepted = 0;
	size_t o;

	for (o = 0; o < N_OPS; o++) {
		sent += shared->sent[o];
		accepted += shared->accepted[o];
		ktap_note("%-12s %8lu sent %8lu accepted", nlt_ops[o].name, shared->sent[o],
			  shared->accepted[o]);
		if (nlt_ops[o].cmd != CELLRELAY_CMD_UNLOAD && !unload)
			CHECK(shared->accepted[o], "%s was never accepted", nlt_ops[o].name);
	}
	ktap_note("%lu requests, %lu accepted, %lu dumps of several objects, %lu namespaces, %lu reloads; seed %llu",
		  sent, accepted, shared->dumps, shared->namespaces, shared->loads,
		  (unsigned long long)seed);
	CHECK(shared->namespaces, "no namespace came and went");
	CHECK(accepted, "nothing was accepted");
	CHECK(!unload || shared->loads, "the module was never loaded again");
}

static void test_alive(const void *arg)
{
	uint32_t sock = 0;
	struct nlt n;

	CHECK(!shared->marks, "keys came back %lu times", shared->marks);
	CHECK(try_open(&n), "the family is gone");
	nlt_unshare();
	CHECK(try_open(&n), "the family is gone in a new namespace");
	CHECK(!nlt_sock_new(&n, &sock, NULL) && !nlt_link_new(&n, 1, sock, 9) &&
	      !nlt_key_new(&n, 1, 0, 1) && !nlt_circ_new(&n, 1, 1), "objects cannot be made any more");
	CHECK(!nlt_by_id(&n, CELLRELAY_CMD_LINK_DEL, 1), "link-del");
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		{ "random requests", test_fuzz, NULL },
		{ "every command was reached", test_reach, NULL },
		{ "the module works, and no key came back", test_alive, NULL },
	};

	if (argc > 1)
		seconds = strtoul(argv[1], NULL, 10);
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) << 20 | getpid();
	unload = argc > 3 && !strcmp(argv[3], "unload");
	if (!seconds || argc > 4)
		ktap_bail("usage: fuzz [SECONDS [SEED [unload]]]");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		ktap_bail("no memory");
	printf("# seed %llu\n", (unsigned long long)seed);
	if (!unload)
		nlt_unshare();
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
