// SPDX-License-Identifier: MIT
/*
 * Who may do what: CAP_NET_ADMIN in the user namespace that owns the network
 * namespace, for every command, dump and event; both of whoever opened the
 * socket and of whoever uses it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "nlt.h"
#include "table.gen.h"

#define NOBODY	65534
#define N_OPS	(sizeof(nlt_ops) / sizeof(nlt_ops[0]))

static struct nlt nl;

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ktap_bail("%s: %s", path, strerror(errno));
	close(fd);
}

/* In a child: a user namespace of its own, root in it, nobody outside. */
static void new_user_ns(int flags)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
	    prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER | flags))
		ktap_bail("cannot make a user namespace: %s (user.max_user_namespaces?)",
			  strerror(errno));
	put_file("/proc/self/setgroups", "deny");
	put_file("/proc/self/uid_map", "0 65534 1");
	put_file("/proc/self/gid_map", "0 65534 1");
}

/* Runs @fn in a child and takes over its verdict; it prints its own reasons. */
static void in_child(void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "see above");
}

#define CHILD_CHECK(cond, ...) do {					\
	if (!(cond)) {							\
		ktap_note(__VA_ARGS__);					\
		_exit(1);						\
	}								\
} while (0)

static struct nl_msg *valid(struct nlt *n, const struct nlt_op *op)
{
	struct nl_msg *msg = nlt_request(n, op->cmd, 0);
	unsigned int i;

	for (i = 0; i < op->n_attr; i++)
		if (op->attr[i].flags & NLT_DO)
			nlt_put(msg, &op->attr[i], op->attr[i].min);
	return msg;
}

/* Every command and dump answers EPERM, and joining the events, too. */
static void nothing_allowed(struct nlt *n, bool join)
{
	struct nlt_result r;
	size_t i;

	for (i = 0; i < N_OPS; i++) {
		nlt_talk(n, valid(n, &nlt_ops[i]), &r, NULL, NULL);
		CHILD_CHECK(r.err == -EPERM && !r.objects, "%s: %d", nlt_ops[i].name, r.err);
		if (!nlt_ops[i].has_dump)
			continue;
		nlt_talk(n, nlt_request(n, nlt_ops[i].cmd, NLM_F_DUMP), &r, NULL, NULL);
		CHILD_CHECK(r.err == -EPERM && !r.objects, "%s dump: %d", nlt_ops[i].name, r.err);
	}
	if (join)
		CHILD_CHECK(setsockopt(n->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &n->group,
				       sizeof(n->group)) < 0 && errno == EPERM, "joined the events");
}

static void unprivileged(void)
{
	struct nlt n;

	CHILD_CHECK(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY), "setuid");
	nlt_open(&n);
	nothing_allowed(&n, true);
}

/* Root's socket in the hands of nobody, as after a careless exec. */
static void inherited(void)
{
	CHILD_CHECK(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY), "setuid");
	nothing_allowed(&nl, false);
}

/* All capabilities in a user namespace that does not own the network namespace. */
static void other_user_ns(void)
{
	struct nlt n;

	new_user_ns(0);
	nlt_open(&n);
	nothing_allowed(&n, true);
}

/* Sends a file descriptor over a pair of sockets, and takes one. */
static void send_fd(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(to, &msg, 0) != 1)
		ktap_bail("sendmsg: %s", strerror(errno));
}

static int take_fd(int from)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(from, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		ktap_bail("recvmsg: %s", strerror(errno));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/*
 * Two users, each root of a user and a network namespace; one gets a socket in
 * the other's network namespace.
 */
static void foreign_socket(void)
{
	int pair[2], go, status;
	struct nlt n;
	pid_t pid;

	CHILD_CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	pid = fork();
	if (!pid) {
		close(pair[0]);
		new_user_ns(CLONE_NEWNET);
		nlt_open(&n);
		send_fd(pair[1], n.fd);
		CHILD_CHECK(write(pair[1], &n.portid, sizeof(n.portid)) == sizeof(n.portid), "write");
		_exit(read(pair[1], &go, 1) != 1);
	}
	close(pair[1]);
	new_user_ns(CLONE_NEWNET);
	nlt_open(&n);
	close(n.fd);
	n.fd = take_fd(pair[0]);
	CHILD_CHECK(read(pair[0], &n.portid, sizeof(n.portid)) == sizeof(n.portid), "read");
	nothing_allowed(&n, false);
	CHILD_CHECK(write(pair[0], "x", 1) == 1, "write");
	waitpid(pid, &status, 0);
	CHILD_CHECK(!status, "the other side: %d", status);
}

/*
 * A socket that nobody opened, used by root: the confused deputy, a privileged
 * program that writes to what it was given. (Who names the address knows what
 * it talks to: then the kernel looks at the sender only.)
 */
static void deputy(void)
{
	int pair[2], status;
	struct nlt n;
	pid_t pid;

	CHILD_CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	pid = fork();
	if (!pid) {
		CHILD_CHECK(!setresuid(NOBODY, NOBODY, NOBODY), "setuid");
		nlt_open(&n);
		send_fd(pair[1], n.fd);
		CHILD_CHECK(write(pair[1], &n.portid, sizeof(n.portid)) == sizeof(n.portid), "write");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHILD_CHECK(!status, "the other side: %d", status);
	n = nl;
	n.plain = true;
	n.fd = take_fd(pair[0]);
	CHILD_CHECK(read(pair[0], &n.portid, sizeof(n.portid)) == sizeof(n.portid), "read");
	nothing_allowed(&n, false);
}

static int limit(struct nlt *n, int attr, uint32_t value, struct nlt_result *r)
{
	struct nl_msg *msg = nlt_request(n, CELLRELAY_CMD_NS_SET, 0);

	nla_put_u32(msg, attr, value);
	return nlt_talk(n, msg, r, NULL, NULL);
}

/* Root of both namespaces may do everything but raise limits and unload the module. */
static void own(void)
{
	struct nlt_result r;
	uint32_t sock = 0, i;
	uint16_t port;
	struct nlt n;

	new_user_ns(CLONE_NEWNET);
	nlt_open(&n);
	CHILD_CHECK(nlt_ns(&n, CELLRELAY_A_NS_CIRC_MAX) == 1024, "circ-max");
	CHILD_CHECK(nlt_ns(&n, CELLRELAY_A_NS_LINK_MAX) == 1024, "link-max");
	CHILD_CHECK(!setsockopt(n.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &n.group,
				sizeof(n.group)), "events: %s", strerror(errno));
	nlt_close(&n);
	nlt_open(&n);
	CHILD_CHECK(!nlt_sock_new(&n, &sock, &port), "socket");
	CHILD_CHECK(!nlt_link_new(&n, 1, sock, port), "link");
	CHILD_CHECK(!nlt_key_new(&n, 1, 0, 1), "keys");
	for (i = 1; i <= 1024; i++)
		CHILD_CHECK(!nlt_circ_new(&n, i, 1), "circuit %u", i);
	nlt_talk(&n, nlt_circ_request(&n, 1025, 1), &r, NULL, NULL);
	CHILD_CHECK(r.err == -ENOSPC && r.msg[0], "circuit 1025: %d", r.err);
	limit(&n, CELLRELAY_A_NS_CIRC_MAX, 1025, &r);
	CHILD_CHECK(r.err == -EPERM && r.msg[0], "raised circ-max: %d", r.err);
	limit(&n, CELLRELAY_A_NS_LINK_MAX, 1025, &r);
	CHILD_CHECK(r.err == -EPERM && r.msg[0], "raised link-max: %d", r.err);
	CHILD_CHECK(!limit(&n, CELLRELAY_A_NS_CIRC_MAX, 10, &r), "lowered circ-max: %s", r.msg);
	CHILD_CHECK(!limit(&n, CELLRELAY_A_NS_CIRC_MAX, 1024, &r), "back to 1024: %s", r.msg);
	nlt_talk(&n, nlt_request(&n, CELLRELAY_CMD_UNLOAD, 0), &r, NULL, NULL);
	CHILD_CHECK(r.err == -EPERM && r.msg[0], "unload: %d", r.err);
}

/* The machine's root may raise the limits of another's namespace. */
static void raised(void)
{
	char path[64];
	int pair[2], byte, ns;
	struct nlt_result r;
	struct nlt n;
	pid_t pid;

	CHILD_CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	pid = fork();
	if (!pid) {
		close(pair[0]);
		new_user_ns(CLONE_NEWNET);
		CHILD_CHECK(write(pair[1], "x", 1) == 1, "write");
		_exit(read(pair[1], &byte, 1) > 0);
	}
	close(pair[1]);
	CHILD_CHECK(read(pair[0], &byte, 1) == 1, "read");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	ns = open(path, O_RDONLY);
	CHILD_CHECK(ns >= 0 && !setns(ns, CLONE_NEWNET), "setns: %s", strerror(errno));
	nlt_open(&n);
	CHILD_CHECK(nlt_ns(&n, CELLRELAY_A_NS_CIRC_MAX) == 1024, "circ-max");
	CHILD_CHECK(!limit(&n, CELLRELAY_A_NS_CIRC_MAX, 5000, &r), "circ-max: %s", r.msg);
	CHILD_CHECK(nlt_ns(&n, CELLRELAY_A_NS_CIRC_MAX) == 5000, "circ-max");
}

static void test(const void *arg)
{
	in_child((void (*)(void))arg);
}

int main(void)
{
	const struct ktap_test tests[] = {
		{ "unprivileged user", test, unprivileged },
		{ "root's socket in the hands of an unprivileged user", test, inherited },
		{ "an unprivileged user's socket in the hands of root", test, deputy },
		{ "root of a user namespace that does not own the network namespace", test, other_user_ns },
		{ "another namespace's user with a socket in ours", test, foreign_socket },
		{ "root of both namespaces: all but limits and unload", test, own },
		{ "the machine's root raises such a namespace's limits", test, raised },
	};

	nlt_unshare();
	nlt_open(&nl);
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
