// SPDX-License-Identifier: MIT
/* What the daemon asks of the rest of the kernel, in a network namespace of this test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail	/* the daemon has one, too */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "netlink/dev.h"
#include "netlink/flows.h"

static bool in_namespace;

static void need_namespace(void)
{
	if (in_namespace)
		return;
	print_message("# SKIP no network namespace without privileges here\n");
	skip();
}

/* ---- devices ---- */

/* Somebody else's device is refused, whoever asks: it would be brought up, get our addresses and routes. */
static void foreign_device(void **state)
{
	uint32_t ifindex = 77;

	(void)state;
	need_namespace();
	assert_int_equal(kn_dev_have("lo", &ifindex), RC_REFUSED);
	assert_int_equal(ifindex, 0);
	assert_non_null(strstr(log_last(), "cannot use device lo: there is one of that name which is not a cellrelay device"));
	assert_int_equal(kn_dev_del("lo"), RC_REFUSED);
}

/* ---- tracked flows ---- */

static int fd = -1;

static void put_tuple(struct nl_msg *m, int type, const char *src, const char *dst, uint16_t from, uint16_t to)
{
	bool v6 = strchr(src, ':');
	struct nlattr *tuple = nla_nest_start(m, type | NLA_F_NESTED), *part;
	uint8_t a[16];

	part = nla_nest_start(m, CTA_TUPLE_IP | NLA_F_NESTED);
	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, src, a), 1);
	nla_put(m, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, v6 ? 16 : 4, a);
	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, dst, a), 1);
	nla_put(m, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, v6 ? 16 : 4, a);
	nla_nest_end(m, part);
	part = nla_nest_start(m, CTA_TUPLE_PROTO | NLA_F_NESTED);
	nla_put_u8(m, CTA_PROTO_NUM, IPPROTO_UDP);
	nla_put_u16(m, CTA_PROTO_SRC_PORT, htons(from));
	nla_put_u16(m, CTA_PROTO_DST_PORT, htons(to));
	nla_nest_end(m, part);
	nla_nest_end(m, tuple);
}

/* A flow as the kernel would begin to track it. Return: an errno. */
static int track(const char *src, const char *dst, uint16_t port)
{
	struct nlmsghdr hdr = {
		.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
	};
	struct nfgenmsg nfg = { .nfgen_family = strchr(src, ':') ? AF_INET6 : AF_INET };
	struct nl_msg *m = nlmsg_inherit(&hdr);
	_Alignas(struct nlmsghdr) char buf[2048];
	struct nlmsgerr *e = NLMSG_DATA((struct nlmsghdr *)buf);

	assert_non_null(m);
	nlmsg_append(m, &nfg, sizeof(nfg), NLMSG_ALIGNTO);
	put_tuple(m, CTA_TUPLE_ORIG, src, dst, port, 53);
	put_tuple(m, CTA_TUPLE_REPLY, dst, src, 53, port);
	nla_put_u32(m, CTA_TIMEOUT, htonl(600));
	assert_true(send(fd, nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len, 0) > 0);
	nlmsg_free(m);
	assert_true(recv(fd, buf, sizeof(buf), 0) >= (ssize_t)NLMSG_LENGTH(sizeof(*e)));
	return -e->error;
}

/** struct want - @from: a flow to forget, by the address that it comes from; @seen: flows looked at */
struct want {
	const char *from;
	unsigned int seen;
};

static bool wanted(const struct addr *from, void *arg)
{
	struct want *w = arg;
	char text[ADDR_TEXT];

	w->seen++;
	return w->from && strcmp(addr_host(text, from), w->from) == 0;
}

static unsigned int tracked(void)
{
	struct want w = { .from = NULL };
	unsigned int n;

	assert_int_equal(kn_flows_drop(wanted, &w, &n), RC_OK);
	assert_int_equal(n, 0);
	return w.seen;
}

static void forget(const char *from, unsigned int count)
{
	struct want w = { .from = from };
	unsigned int n;

	assert_int_equal(kn_flows_drop(wanted, &w, &n), RC_OK);
	assert_int_equal(n, count);
}

static void flows(void **state)
{
	unsigned int all = 0;
	int error;

	(void)state;
	need_namespace();
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	error = fd < 0 ? errno : track("10.99.0.2", "192.0.2.1", 1000);
	if (error == EPROTONOSUPPORT || error == EINVAL || error == EOPNOTSUPP) {
		print_message("# SKIP this kernel has no nf_conntrack_netlink\n");
		skip();
	}
	assert_int_equal(error, 0);
	all++;
	/* so many that a dump takes more than one datagram */
	for (uint16_t i = 0; i < 500; i++) {
		assert_int_equal(track("10.99.0.3", "192.0.2.1", (uint16_t)(1000 + i)), 0);
		assert_int_equal(track("10.99.0.4", "192.0.2.1", (uint16_t)(1000 + i)), 0);
		all += 2;
	}
	assert_int_equal(track("fd00:99::3", "2001:db8::1", 1000), 0);
	assert_int_equal(track("fd00:99::4", "2001:db8::1", 1000), 0);
	all += 2;
	/* who is spoken to is not who began */
	assert_int_equal(track("192.0.2.7", "10.99.0.3", 1000), 0);
	all++;
	assert_int_equal(tracked(), all);
	forget("10.99.0.3", 500);
	all -= 500;
	assert_int_equal(tracked(), all);
	forget("fd00:99::4", 1);
	forget("fd00:99::4", 0);
	assert_int_equal(tracked(), all - 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(foreign_device), cmocka_unit_test(flows) };

	in_namespace = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
	return cmocka_run_group_tests_name("relayd: network namespace", tests, NULL, NULL);
}
