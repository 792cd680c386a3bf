// SPDX-License-Identifier: MIT
/*
 * Everything that can be deleted is deleted while cells are under way, and made
 * again, COUNT times each (devices half as often): circuits, links, keys, sockets, devices, devices that
 * go down, daemons, namespaces, the module. Several namespaces do it in
 * parallel, each with a process that keeps it under full traffic.
 *
 * usage: life COUNT [KIND...]	without a KIND: all but the module
 *
 * What it proves is in the kernel's log, KASAN's and lockdep's above all:
 * selftests/vm/run --kernel debug fails on a report or leak. Here it is seen that
 * whatever was made again works, and that every cell is accounted for.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "lane.h"

#define SLOW_RATE	20000		/* bytes/s: packets wait in the queue */
#define RATE_NONE	UINT64_MAX

struct kind {
	const char *name;
	unsigned int share;			/* of COUNT, in percent: less of what is slow */
	unsigned int lanes;			/* namespaces in parallel */
	unsigned int each;			/* deletions in one turn */
	void (*turn)(struct lane *l, unsigned int turn);
	void (*all)(const struct kind *k, unsigned int lane);	/* instead: the whole of a lane's work */
};

static struct shared {
	unsigned long done;		/* deletions of the running test */
	unsigned long heard;		/* messages that daemons read */
	unsigned long events;
} *shared;

static unsigned int wanted;		/* as the user said */
static unsigned int count;		/* of the running test */
static int host_ns;			/* where the module is unloaded from */
static int module_file = -1;

static void done(unsigned long n)
{
	__atomic_fetch_add(&shared->done, n, __ATOMIC_RELAXED);
}

/* In a lane's process: says why and ends it. */
static void must(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void must(int err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(": %s\n", err < 0 ? strerror(-err) : "no");
	fflush(stdout);
	_exit(1);
}

/* ---- one turn of each kind ---------------------------------------------- */

static void circuits(struct lane *l, unsigned int turn)
{
	uint32_t i, id;

	l->keys++;
	for (i = 0; i < LANE_CIRCS; i++) {
		id = 1 + (turn + i) % LANE_CIRCS;
		must(nlt_by_id(&l->nl, CELLRELAY_CMD_CIRC_DEL, id), "delete circuit %u", id);
	}
	must(lane_circs(l), "circuits again");
}

static void link_all(struct lane *l, unsigned int turn)
{
	uint32_t i, id;

	l->keys++;
	for (i = 0; i < LANE_LINKS; i++) {
		id = 1 + (turn + i) % LANE_LINKS;
		must(nlt_by_id(&l->nl, CELLRELAY_CMD_LINK_DEL, id), "delete link %u", id);
	}
	must(lane_links(l) ?: lane_circs(l), "links again");
}

/* The generation that sends goes and comes; another one expires. */
static void keys(struct lane *l, unsigned int turn)
{
	uint32_t i, id;

	l->keys++;
	for (i = 0; i < LANE_LINKS; i++) {
		id = 1 + (turn + i) % LANE_LINKS;
		must(lane_key_del(l, id, 0), "delete the key of link %u", id);
	}
	for (i = 1; i <= LANE_LINKS; i++)
		must(lane_key(l, i, 0, 0), "key of link %u again", i);
	if (turn % 16 == 0)
		lane_key(l, 1 + turn / 16 % LANE_LINKS, 1 + turn / 64 % 2, 1);
}

static void sockets(struct lane *l, unsigned int turn)
{
	uint32_t i, id;

	for (i = 0; i < LANE_SOCKS; i++) {
		id = 1 + (turn + i) % LANE_SOCKS;
		must(nlt_by_id(&l->nl, CELLRELAY_CMD_SOCK_DEL, id), "delete socket %u", id);
		must(lane_sock(l, id), "socket %u again", id);
	}
	for (i = 1; i <= LANE_LINKS; i++)
		must(lane_link_sock(l, i), "socket of link %u again", i);
}

/* Every other time over the rate, so that packets wait and the timer runs. */
static void devices(struct lane *l, unsigned int turn)
{
	uint32_t rated = turn % 2 ? 1 + turn / 2 % 2 * 2 : 0;
	unsigned int dev = turn % LANE_DEVS;

	if (rated) {
		must(lane_circ_rate(l, rated, SLOW_RATE), "rate");
		lane_send(4);
	}
	must(lane_dev_del(l, dev), "delete %s", lane_dev_name(dev));
	must(lane_dev_del(l, !dev), "delete %s", lane_dev_name(!dev));
	if (rated)
		must(lane_circ_rate(l, rated, RATE_NONE), "rate");
	must(lane_devs(l), "devices again");
	must(lane_circ_dev(l, 1) ?: lane_circ_dev(l, 3), "bind the devices again");
}

static void down(struct lane *l, unsigned int turn)
{
	unsigned int dev = turn % LANE_DEVS;

	must(lane_dev_up(l, dev, false), "%s down", lane_dev_name(dev));
	must(lane_dev_up(l, dev, true), "%s up", lane_dev_name(dev));
}

static void ping(struct lane *l, uint32_t link)
{
	struct nl_msg *msg = nlt_request(&l->nl, CELLRELAY_CMD_CTL_SEND, 0);

	nla_put_u32(msg, CELLRELAY_A_CTL_LINK, link);
	nla_put_u8(msg, CELLRELAY_A_CTL_TYPE, 1);
	nla_put(msg, CELLRELAY_A_CTL_DATA, 16, "sixteen bytes ab");
	must(nlt_talk(&l->nl, msg, NULL, NULL, NULL), "PING on link %u", link);
}

static unsigned long drain(int fd)
{
	static char buf[65536];
	unsigned long n = 0;

	/* Overruns are expected: nobody reads while the queue fills. */
	while (n < 20 && (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS))
		n++;
	return n;
}

/* A daemon, and one who listens to events, die in the middle of what comes for them. */
static void daemons(struct lane *l, unsigned int turn)
{
	struct nlt d, e;
	unsigned int i;

	nlt_open(&d);
	nlt_open(&e);
	must(setsockopt(e.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &e.group, sizeof(e.group)),
	     "listen to events");
	must(nlt_talk(&d, nlt_request(&d, CELLRELAY_CMD_DAEMON, 0), NULL, NULL, NULL), "daemon");
	for (i = 0; i < 4; i++)
		ping(l, 1 + i % LANE_LINKS);
	must(lane_circ_rate(l, 2, RATE_NONE), "change circuit 2");
	if (turn % 2) {
		__atomic_fetch_add(&shared->heard, drain(d.fd), __ATOMIC_RELAXED);
		__atomic_fetch_add(&shared->events, drain(e.fd), __ATOMIC_RELAXED);
	}
	if (turn % 3 == 0)
		must(nlt_send(&e, nlt_request(&e, CELLRELAY_CMD_CIRC_GET, NLM_F_DUMP)), "dump");
	nlt_close(&d);
	nlt_close(&e);
}

/* ---- namespaces, the module --------------------------------------------- */

/* A namespace that ends with its last process, with packets queued and keys about to expire. */
static void namespace(unsigned int turn)
{
	struct lane l;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	lane_unshare(&l);
	lane_open(&l);
	must(lane_build(&l), "build");
	if (turn % 2)
		must(lane_circ_rate(&l, 1, SLOW_RATE), "rate");
	if (turn % 3 == 0) {
		struct nl_msg *msg = nlt_request(&l.nl, CELLRELAY_CMD_NS_SET, 0);

		nla_put_u64(msg, CELLRELAY_A_NS_RATE, 100000);
		must(nlt_talk(&l.nl, msg, NULL, NULL, NULL), "total rate");
	}
	if (turn % 4 == 0)
		must(lane_key(&l, 1, 1, 20), "key");
	lane_traffic(&l, 0);
	lane_send(4);
	/* Neither process waits for the other: cells are under way on both processors. */
	kill(l.traffic, SIGKILL);
	_exit(0);
}

static void namespaces(const struct kind *k, unsigned int lane)
{
	unsigned int i, status;
	pid_t pid;

	for (i = lane; i < count; i += k->lanes) {
		pid = fork();
		if (!pid)
			namespace(i);
		must(pid < 0 || waitpid(pid, (int *)&status, 0) < 0 || status, "a namespace");
		done(1);
	}
}

/* By relayctl, from the namespace in which the machine is at home. */
static int unload(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (!setns(host_ns, CLONE_NEWNET))
			execlp("relayctl", "relayctl", "unload", NULL);
		_exit(126);
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status ||
	       !access("/sys/module/cellrelay", F_OK);
}

/* What the module needs was loaded with it the first time, by modprobe. */
static int load(void)
{
	return syscall(SYS_finit_module, module_file, "", 0) ? -errno : 0;
}

static void find_module(void)
{
	char path[4096] = "";
	FILE *f = popen("modinfo -n cellrelay", "r");

	if (!f || !fgets(path, sizeof(path), f) || pclose(f))
		ktap_bail("modinfo does not find the module's file");
	path[strcspn(path, "\n")] = 0;
	module_file = open(path, O_RDONLY | O_CLOEXEC);
	if (module_file < 0)
		ktap_bail("%s: %s", path, strerror(errno));
}

/* Whatever happens to the module, the traffic goes on. */
static void module(const struct kind *k, unsigned int lane)
{
	struct lane l;
	unsigned int i;

	(void)k;
	(void)lane;
	lane_unshare(&l);
	for (i = 0; i <= count; i++) {
		lane_open(&l);
		must(lane_build(&l), "build");
		if (!l.traffic)
			lane_traffic(&l, 0);
		must(!lane_flows(&l), "cells flow");
		if (i == count)
			break;
		if (i % 2)
			must(lane_circ_rate(&l, 1, SLOW_RATE), "rate");
		nlt_close(&l.nl);
		must(unload(), "relayctl unload");
		done(1);
		must(load(), "load the module");
	}
	lane_quiet(&l);
}

/* ---- tests -------------------------------------------------------------- */

static void lane_work(const struct kind *k, unsigned int lane)
{
	unsigned int turn;
	struct lane l;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (k->all) {
		k->all(k, lane);
		_exit(0);
	}
	lane_unshare(&l);
	lane_open(&l);
	must(lane_build(&l), "build");
	lane_traffic(&l, 0);
	must(!lane_flows(&l), "cells flow before");
	for (turn = lane; turn < (count + k->each - 1) / k->each; turn += k->lanes) {
		k->turn(&l, turn);
		done(k->each);
	}
	must(!lane_flows(&l), "cells flow afterwards");
	lane_quiet(&l);
	must(!lane_rests(&l), "in + originated = out + delivered + drops");
	_exit(0);
}

static void test(const void *arg)
{
	const struct kind *k = arg;
	struct timespec a, b;
	pid_t pid[8];
	unsigned int i;
	int status;

	memset(shared, 0, sizeof(*shared));
	count = (wanted * k->share + 99) / 100;
	clock_gettime(CLOCK_MONOTONIC, &a);
	fflush(stdout);
	for (i = 0; i < k->lanes; i++) {
		pid[i] = fork();
		if (!pid[i])
			lane_work(k, i);
	}
	for (i = 0; i < k->lanes; i++)
		CHECK(pid[i] > 0 && waitpid(pid[i], &status, 0) == pid[i] && !status,
		      "namespace %u: status %#x", i, status);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ktap_note("%lu %s in %.1f s", shared->done, k->name,
		  b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9);
	if (shared->heard)
		ktap_note("%lu messages and %lu events were read", shared->heard, shared->events);
	CHECK(shared->done >= count, "only %lu of %u", shared->done, count);
	CHECK(k->turn != daemons || (shared->heard && shared->events), "nothing was read");
}

static const struct kind kinds[] = {
	{ "circuits", 100, 2, LANE_CIRCS, circuits, NULL },
	{ "links", 100, 2, LANE_LINKS, link_all, NULL },
	{ "keys", 100, 2, LANE_LINKS, keys, NULL },
	{ "sockets", 100, 3, LANE_SOCKS, sockets, NULL },
	{ "devices", 50, 3, LANE_DEVS, devices, NULL },
	{ "down", 100, 2, 1, down, NULL },
	{ "daemons", 100, 2, 1, daemons, NULL },
	{ "namespaces", 100, 3, 1, NULL, namespaces },
	{ "module", 100, 1, 1, NULL, module },
};
#define N_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

int main(int argc, char **argv)
{
	struct ktap_test tests[N_KINDS];
	size_t n = 0, i;
	int arg;

	if (argc > 1)
		wanted = strtoul(argv[1], NULL, 10);
	for (i = 0; i < N_KINDS; i++) {
		for (arg = 2; arg < argc && strcmp(argv[arg], kinds[i].name); arg++)
			;
		if (arg == argc && (argc > 2 || kinds[i].all == module))
			continue;
		if (kinds[i].all == module)
			find_module();
		tests[n++] = (struct ktap_test){ kinds[i].name, test, &kinds[i] };
	}
	if (!wanted || !n || (argc > 2 && n != (size_t)argc - 2))
		ktap_bail("usage: life COUNT [KIND...]");
	host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (host_ns < 0 || shared == MAP_FAILED)
		ktap_bail("%s", strerror(errno));
	return ktap_run(tests, n);
}
