// SPDX-License-Identifier: MIT
/*
 * Memory that is not there. Commands: every allocation that a command makes fails
 * once, in turn (/proc/self/fail-nth); each time the command must be refused with
 * nothing changed, or succeed without it. Traffic: a tenth of all allocations that
 * have the module in their call chain fail (failslab and fail_page_alloc with the
 * stack trace filter); cells are lost then, but counted, and flow again afterwards.
 *
 * usage: fault [brief]	brief: namespaces and traffic only
 *
 * Wants a kernel with fault injection (selftests/vm/run --kernel debug) and root. That
 * nothing leaks is for kmemleak and the slab's own counts to say, at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "lane.h"

#define DEBUGFS		"/sys/kernel/debug"
#define MAX_NTH		2000
#define DROP_NOMEM	15	/* enum cr_drop_reason */

static struct lane l;

/* ---- knobs -------------------------------------------------------------- */

static void put_file(const char *dir, const char *name, const char *value)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(value, f) < 0 || fclose(f))
		ktap_bail("%s: %s", path, strerror(errno));
}

static const char *const attrs[] = { "failslab", "fail_page_alloc" };

static void put_both(const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		put_file(attrs[i], name, value);
}

/* The module's functions, as they are in memory. */
static void find_text(unsigned long *start, unsigned long *end)
{
	char line[512], type;
	unsigned long addr;
	FILE *f = fopen("/proc/kallsyms", "r");

	*start = *end = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (!strstr(line, "[cellrelay]") || sscanf(line, "%lx %c", &addr, &type) != 2 ||
		    (type != 't' && type != 'T'))
			continue;
		if (!*start || addr < *start)
			*start = addr;
		if (addr > *end)
			*end = addr;
	}
	if (!*start || fclose(f))
		ktap_bail("the module's functions are not in /proc/kallsyms");
	*end += 4096;
}

static void put_range(const char *dir, unsigned long start, unsigned long end)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%#lx", start);
	put_file(dir, "require-start", buf);
	snprintf(buf, sizeof(buf), "%#lx", end);
	put_file(dir, "require-end", buf);
}

/* What may fail: allocations with the module in their call chain, or all. */
static void faults_in(bool ours)
{
	unsigned long start = 0, end = -1UL;
	size_t i;

	if (ours)
		find_text(&start, &end);
	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		put_range(attrs[i], start, end);
	/* fail-nth counts these, too; the module copies nothing from or to users. */
	if (ours)
		put_range("fail_usercopy", start, end);
}

/* So many of a hundred fail at random. */
static void faults(unsigned int percent)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%u", percent);
	put_both("probability", buf);
}

static void faults_init(void)
{
	struct stat st;

	if (stat(DEBUGFS "/failslab", &st) && mount("debugfs", DEBUGFS, "debugfs", 0, NULL))
		ktap_bail("debugfs: %s", strerror(errno));
	put_both("probability", "0");
	put_both("times", "-1");
	put_both("interval", "1");
	put_both("space", "0");
	put_both("verbose", "0");
	put_both("task-filter", "N");
	put_both("ignore-gfp-wait", "N");
	put_both("stacktrace-depth", "32");
	put_file("fail_usercopy", "stacktrace-depth", "32");
	put_file("fail_page_alloc", "min-order", "0");
	put_file("fail_page_alloc", "ignore-gfp-highmem", "N");
	faults_in(true);
}

/* Opened before: opening it allocates, too. Of this task. */
static int nth_fd = -1;

/* From here on the @nth allocation of this task fails; 0: none. */
static void arm(unsigned int nth)
{
	char buf[16];
	int len = snprintf(buf, sizeof(buf), "%u", nth);

	if (pwrite(nth_fd, buf, len, 0) != len)
		ktap_bail("fail-nth: %s", strerror(errno));
}

/* Ends it; was there such an allocation? */
static bool disarm(void)
{
	char buf[16] = "";

	if (pread(nth_fd, buf, sizeof(buf) - 1, 0) <= 0)
		ktap_bail("fail-nth: %s", strerror(errno));
	arm(0);
	return buf[0] == '0';
}

static void nth_open(void)
{
	nth_fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		ktap_bail("fail-nth: %s; a kernel with fault injection is needed", strerror(errno));
}

/* ---- commands ----------------------------------------------------------- */

/* What a namespace holds; a command that was refused leaves it as it was. */
struct census {
	uint64_t socks, links, circs;
	bool dev[LANE_DEVS];
};

static struct census census(void)
{
	char path[64];
	struct census c = {
		.socks = nlt_ns(&l.nl, CELLRELAY_A_NS_SOCKS),
		.links = nlt_ns(&l.nl, CELLRELAY_A_NS_LINKS),
		.circs = nlt_ns(&l.nl, CELLRELAY_A_NS_CIRCS),
	};
	unsigned int i;

	for (i = 0; i < LANE_DEVS; i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s", lane_dev_name(i));
		c.dev[i] = access(path, F_OK) == 0;
	}
	return c;
}

static bool same(const struct census *a, const struct census *b)
{
	return a->socks == b->socks && a->links == b->links && a->circs == b->circs &&
	       a->dev[0] == b->dev[0] && a->dev[1] == b->dev[1];
}

struct command {
	const char *name;
	int (*run)(void);
	int (*undo)(void);	/* brings back what there was; fails when it is there, or when it is gone */
	int (*prepare)(void);	/* once, before */
	bool all;		/* all allocations fail, not only those with the module in their call chain */
};

static int by_id(uint8_t cmd, uint32_t id)
{
	return nlt_by_id(&l.nl, cmd, id);
}

static int dump(uint8_t cmd)
{
	return nlt_talk(&l.nl, nlt_request(&l.nl, cmd, NLM_F_DUMP), NULL, NULL, NULL);
}

static int sock_new(void) { return lane_sock(&l, 3); }
static int sock_del(void) { return by_id(CELLRELAY_CMD_SOCK_DEL, 3); }
static int link_new(void) { return lane_link(&l, 3); }
static int link_del(void) { return by_id(CELLRELAY_CMD_LINK_DEL, 3); }
static int link_set(void) { return lane_link_sock(&l, 1); }
static int key_new(void) { return lane_key(&l, 2, 1, 0); }
static int key_expires(void) { return lane_key(&l, 2, 2, 60000); }
static int key_del(void) { return lane_key_del(&l, 2, 1); }
static int key2_del(void) { return lane_key_del(&l, 2, 2); }
static int client_new(void) { return lane_circ(&l, 1); }
static int client_del(void) { return by_id(CELLRELAY_CMD_CIRC_DEL, 1); }
static int client_dev(void) { return lane_circ_dev(&l, 1); }
static int exit_new(void) { return lane_circ(&l, 3); }
static int exit_del(void) { return by_id(CELLRELAY_CMD_CIRC_DEL, 3); }
static int exit_dev(void) { return lane_circ_dev(&l, 3); }
static int hop_new(void) { return lane_hop(&l, 1); }
static int dev_new(void) { return lane_dev(&l, 0); }
static int dev_del(void) { return lane_dev_del(&l, 0); }
static int exit_dev_del(void) { return lane_dev_del(&l, 1); }
static int dev_up(void) { return lane_dev_up(&l, 0, true); }
static int dev_down(void) { return lane_dev_up(&l, 0, false); }
static int sock_dump(void) { return dump(CELLRELAY_CMD_SOCK_GET); }
static int link_dump(void) { return dump(CELLRELAY_CMD_LINK_GET); }
static int circ_dump(void) { return dump(CELLRELAY_CMD_CIRC_GET); }
static int sock_get(void) { return by_id(CELLRELAY_CMD_SOCK_GET, 1); }
static int link_get(void) { return by_id(CELLRELAY_CMD_LINK_GET, 1); }
static int circ_get(void) { return by_id(CELLRELAY_CMD_CIRC_GET, 1); }
static int simple(uint8_t cmd) { return nlt_talk(&l.nl, nlt_request(&l.nl, cmd, 0), NULL, NULL, NULL); }
static int ns_get(void) { return simple(CELLRELAY_CMD_NS_GET); }
static int stats_get(void) { return simple(CELLRELAY_CMD_STATS_GET); }
static int daemon_is(void) { return simple(CELLRELAY_CMD_DAEMON); }

static int client_unbind(void)
{
	struct nl_msg *msg = nlt_request(&l.nl, CELLRELAY_CMD_CIRC_SET, 0);

	nla_put_u32(msg, CELLRELAY_A_CIRC_ID, 1);
	nla_put_u32(msg, CELLRELAY_A_CIRC_IFINDEX, 0);
	return nlt_talk(&l.nl, msg, NULL, NULL, NULL);
}

static int client_again(void)
{
	return client_del() ?: client_new();
}

static int exit_again(void)
{
	return exit_del() ?: exit_new();
}

static int ctl_send(void)
{
	struct nl_msg *msg = nlt_request(&l.nl, CELLRELAY_CMD_CTL_SEND, 0);

	nla_put_u32(msg, CELLRELAY_A_CTL_LINK, 1);
	nla_put_u8(msg, CELLRELAY_A_CTL_TYPE, 1);
	nla_put(msg, CELLRELAY_A_CTL_DATA, 16, "sixteen bytes ab");
	return nlt_talk(&l.nl, msg, NULL, NULL, NULL);
}

static int dgram_send(void)
{
	struct nl_msg *msg = nlt_request(&l.nl, CELLRELAY_CMD_DGRAM_SEND, 0);
	static char data[256];

	nla_put_u32(msg, CELLRELAY_A_DGRAM_SOCK, 1);
	nla_put(msg, CELLRELAY_A_DGRAM_ADDR, 4, "\x7f\0\0\1");
	nla_put_u16(msg, CELLRELAY_A_DGRAM_PORT, 9);
	nla_put(msg, CELLRELAY_A_DGRAM_DATA, sizeof(data), data);
	return nlt_talk(&l.nl, msg, NULL, NULL, NULL);
}

static int total_rate(void)
{
	struct nl_msg *msg = nlt_request(&l.nl, CELLRELAY_CMD_NS_SET, 0);

	nla_put_u64(msg, CELLRELAY_A_NS_RATE, 1 << 30);
	return nlt_talk(&l.nl, msg, NULL, NULL, NULL);
}

/* Late answers of commands whose acknowledgement was lost. */
static void forget(int fd)
{
	static char buf[65536];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		;
}

static void test_command(const void *arg)
{
	const struct command *c = arg;
	unsigned int nth, refused = 0, lost = 0;
	struct census base, now;
	bool hit = true;
	int err = c->prepare ? c->prepare() : 0;

	if (!CHECK(!err, "preparation: %s", strerror(-err)))
		return;
	base = census();
	if (c->all)
		faults_in(false);
	for (nth = 1; hit && nth < MAX_NTH; nth++) {
		arm(nth);
		err = c->run();
		hit = disarm();
		forget(l.nl.fd);
		forget(l.rt);
		now = census();
		refused += err && err != -ENOBUFS;
		lost += err == -ENOBUFS;
		/* Without memory for the answer, it may have been done all the same. */
		CHECK(!err || err == -ENOBUFS || same(&base, &now),
		      "allocation %u: %s, but something changed", nth, strerror(-err));
		CHECK(hit || !err, "no allocation failed, but: %s", strerror(-err));
		if (c->undo && (!err || err == -ENOBUFS))
			c->undo();
		now = census();
		if (!CHECK(same(&base, &now), "allocation %u: what was there before does not come back", nth))
			break;
	}
	faults_in(true);
	ktap_note("%u allocations failed in turn: %u refusals, %u answers lost", nth - 2, refused, lost);
	CHECK(nth > 2 && nth < MAX_NTH, "%u allocations", nth - 2);
}

static void test_namespace(const void *arg)
{
	unsigned int nth, refused = 0;
	int status = 1;
	pid_t pid;

	(void)arg;
	for (nth = 1; nth < MAX_NTH; nth++) {
		fflush(stdout);
		pid = fork();
		if (!pid) {
			bool hit;
			int err;

			nth_open();
			arm(nth);
			err = unshare(CLONE_NEWNET);
			hit = disarm();
			_exit(!hit ? 2 : err ? 1 : 0);
		}
		if (!CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status), "a process"))
			return;
		if (WEXITSTATUS(status) == 2)
			break;
		refused += WEXITSTATUS(status) == 1;
	}
	ktap_note("%u allocations failed in turn: %u refusals", nth - 1, refused);
	CHECK(refused, "no refusal");
}

/* Everything is there and works. */
static void test_works(const void *arg)
{
	uint32_t i;

	(void)arg;
	for (i = 1; i <= LANE_LINKS; i++)
		by_id(CELLRELAY_CMD_LINK_DEL, i);
	for (i = 1; i <= LANE_SOCKS; i++)
		by_id(CELLRELAY_CMD_SOCK_DEL, i);
	lane_dev_del(&l, 0);
	lane_dev_del(&l, 1);
	l.keys++;
	CHECK(!lane_build(&l), "cannot build");
	lane_traffic(&l, 0);
	CHECK(lane_flows(&l), "nothing flows");
	lane_quiet(&l);
	CHECK(lane_rests(&l), "in + originated is not out + delivered + drops");
}

/* ---- traffic ------------------------------------------------------------ */

static void test_traffic(const void *arg)
{
	const unsigned int want = 500;
	struct timespec ms = { .tv_nsec = 20000000 };
	struct nlt_sums before = nlt_sums(&l.nl, DROP_NOMEM), s = before;
	unsigned int i;

	(void)arg;
	lane_traffic(&l, 0);
	faults(10);
	/* No memory for this process either, at times: that is no failure. */
	for (i = 0; i < 3000 && s.reason_cells < before.reason_cells + want; i++) {
		nanosleep(&ms, NULL);
		if (i % 8 == 0)
			ctl_send();
		forget(l.nl.fd);
		faults(0);
		s = nlt_sums(&l.nl, DROP_NOMEM);
		faults(10);
	}
	faults(0);
	ktap_note("%llu cells delivered, %llu dropped, %llu of them for lack of memory",
		  (unsigned long long)(s.delivered - before.delivered),
		  (unsigned long long)(s.drops - before.drops),
		  (unsigned long long)(s.reason_cells - before.reason_cells));
	CHECK(s.reason_cells >= before.reason_cells + want, "only %llu cells met a failed allocation",
	      (unsigned long long)(s.reason_cells - before.reason_cells));
	CHECK(s.delivered > before.delivered, "nothing was delivered meanwhile");
	CHECK(lane_flows(&l), "nothing flows afterwards");
	lane_quiet(&l);
	CHECK(lane_rests(&l), "in + originated is not out + delivered + drops");
}

/* ---- preparations ------------------------------------------------------- */

static int two_socks(void) { return lane_sock(&l, 1) ?: lane_sock(&l, 2); }

static int near_links(void)
{
	return lane_link(&l, 1) ?: lane_link(&l, 2) ?: lane_key(&l, 1, 0, 0) ?: lane_key(&l, 2, 0, 0);
}

static int far_links(void)
{
	return lane_sock(&l, 3) ?: lane_link(&l, 3) ?: lane_link(&l, 4) ?: lane_key(&l, 3, 0, 0) ?:
	       lane_key(&l, 4, 0, 0);
}

static int hops(void) { return lane_hop(&l, 1) ?: lane_hop(&l, 2); }
static int devs_client(void) { return lane_devs(&l) ?: client_new(); }
static int exit_dev_again(void) { return lane_dev(&l, 1) ?: exit_dev(); }
static int client_all(void) { return client_new() ?: hops() ?: client_dev(); }
static int exit_all(void) { return exit_new() ?: exit_dev(); }
static int far_again(void) { return lane_link(&l, 4) ?: lane_key(&l, 4, 0, 0) ?: exit_all(); }
static int far_del(void) { return by_id(CELLRELAY_CMD_LINK_DEL, 4); }

static const struct command commands[] = {
	{ "sock-new", sock_new, sock_del, two_socks, false },
	{ "link-new", link_new, link_del, NULL, false },
	{ "link-set", link_set, NULL, near_links, false },
	{ "key-new", key_new, key_del, NULL, false },
	{ "key-new that expires", key_expires, key2_del, NULL, false },
	{ "circ-new of a client", client_new, client_del, NULL, false },
	{ "circ-new of an exit", exit_new, exit_del, far_links, false },
	{ "device", dev_new, dev_del, NULL, false },
	{ "device, all allocations", dev_new, dev_del, NULL, true },
	{ "hop-new, all allocations", hop_new, client_again, devs_client, true },
	{ "circ-set of an exit's device", exit_dev, exit_again, exit_new, false },
	{ "circ-set of a client's device", client_dev, client_unbind, hops, false },
	{ "device down, all allocations", dev_down, dev_up, NULL, true },
	{ "device up, all allocations", dev_up, dev_down, dev_down, true },
	{ "circ-del, all allocations", client_del, client_all, client_dev, true },
	{ "link-del, all allocations", far_del, far_again, exit_dev, true },
	{ "device goes, all allocations", exit_dev_del, exit_dev_again, NULL, true },
	{ "key-del, all allocations", key_del, key_new, key_new, true },
	{ "sock-del, all allocations", sock_del, sock_new, NULL, true },
	{ "sock-get", sock_get, NULL, NULL, false },
	{ "link-get", link_get, NULL, NULL, false },
	{ "circ-get", circ_get, NULL, NULL, false },
	{ "sock-get of all, all allocations", sock_dump, NULL, NULL, true },
	{ "link-get of all, all allocations", link_dump, NULL, NULL, true },
	{ "circ-get of all, all allocations", circ_dump, NULL, NULL, true },
	{ "ns-get", ns_get, NULL, NULL, false },
	{ "ns-set, all allocations", total_rate, NULL, NULL, true },
	{ "stats-get", stats_get, NULL, NULL, false },
	{ "daemon, all allocations", daemon_is, NULL, NULL, true },
	{ "ctl-send", ctl_send, NULL, NULL, false },
	{ "dgram-send", dgram_send, NULL, NULL, false },
};
#define N_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

int main(int argc, char **argv)
{
	struct ktap_test tests[N_COMMANDS + 3];
	struct timeval patience = { .tv_sec = 10 };
	bool brief = argc == 2 && !strcmp(argv[1], "brief");
	size_t n;

	if (argc > 1 && !brief)
		ktap_bail("usage: fault [brief]");
	for (n = 0; n < N_COMMANDS && !brief; n++)
		tests[n] = (struct ktap_test){ commands[n].name, test_command, &commands[n] };
	tests[n++] = (struct ktap_test){ "namespace", test_namespace, NULL };
	tests[n++] = (struct ktap_test){ "all of it works afterwards", test_works, NULL };
	tests[n++] = (struct ktap_test){ "traffic", test_traffic, NULL };
	faults_init();
	nth_open();
	/* Or the pages of this process were among what fails. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		ktap_bail("mlockall: %s", strerror(errno));
	lane_unshare(&l);
	lane_open(&l);
	setsockopt(l.nl.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(l.rt, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return ktap_run(tests, n);
}
