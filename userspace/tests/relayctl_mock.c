// SPDX-License-Identifier: MIT
#include "relayctl_mock.h"

#include <linux/cellrelay.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "acct.h"
#include "netlink/kn.h"
#include "xdp_attach.h"
#include "xdp_refused.h"

struct mock mock;
const char *(*kn_attr_name)(const struct arg *args, unsigned int attr);
/* Events given so far. */
static unsigned int event_no;

static int cmd_of(struct nl_msg *msg)
{
	return genlmsg_hdr(nlmsg_hdr(msg))->cmd;
}

enum rc kn_probe(uint8_t *version)
{
	if (version)
		*version = CELLRELAY_FAMILY_VERSION;
	return mock.absent ? RC_ABSENT : RC_OK;
}

enum rc kn_open(void)
{
	return mock.absent ? fail(RC_ABSENT, "the cellrelay module is not loaded; try: modprobe cellrelay") :
			     RC_OK;
}

void kn_close(void)
{
}

struct nl_msg *kn_new(uint8_t cmd, enum rc *rc)
{
	struct nl_msg *msg;

	*rc = kn_open();
	if (*rc)
		return NULL;
	msg = nlmsg_alloc();
	genlmsg_put(msg, 1, 1, 100, 0, 0, cmd, 1);
	return msg;
}

struct nl_msg *kn_rtnl_new(uint16_t type, uint16_t flags, enum rc *rc)
{
	*rc = RC_OK;
	return nlmsg_alloc_simple(type, flags);
}

void kn_drop(struct nl_msg *msg)
{
	nlmsg_free(msg);
}

/* An answer under construction. */
static struct nl_msg *answer(int cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 1, 1, 100, 0, 0, cmd, 1);
	return msg;
}

static enum rc give(struct nl_msg *msg, kn_fn fn, void *arg)
{
	enum rc rc = fn ? fn(nlmsg_hdr(msg), arg) : RC_OK;

	nlmsg_free(msg);
	return rc;
}

static enum rc ns(kn_fn fn, void *arg)
{
	struct nl_msg *m = answer(CELLRELAY_CMD_NS_GET);
	uint8_t key[16] = { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac,
			    0xad, 0xae, 0xaf };

	nla_put_u32(m, CELLRELAY_A_NS_ABI, 1);
	nla_put_string(m, CELLRELAY_A_NS_VERSION, "0.1.0");
	nla_put_u64(m, CELLRELAY_A_NS_COOKIE, 0x1001);
	nla_put(m, CELLRELAY_A_NS_IDX_KEY, sizeof(key), key);
	nla_put_u64(m, CELLRELAY_A_NS_RATE, 125000000);
	nla_put_u64(m, CELLRELAY_A_NS_FAIR, UINT64_MAX);
	nla_put_u32(m, CELLRELAY_A_NS_CIRC_MAX, 65536);
	nla_put_u32(m, CELLRELAY_A_NS_LINK_MAX, 16384);
	nla_put_u32(m, CELLRELAY_A_NS_CIRCS, 2);
	nla_put_u32(m, CELLRELAY_A_NS_LINKS, 2);
	nla_put_u32(m, CELLRELAY_A_NS_SOCKS, 2);
	nla_put_u64(m, CELLRELAY_A_NS_EVENT_SEQ, 41 + event_no + (mock.gap && event_no ? 7 : 0));
	nla_put_u8(m, CELLRELAY_A_NS_KFUNC, 0);
	nla_put_u8(m, CELLRELAY_A_NS_SUITES, 3);
	nla_put_string(m, CELLRELAY_A_NS_AES_DRIVER, "generic-gcm-aesni-avx");
	return give(m, fn, arg);
}

static const uint8_t addr4[4] = { 192, 0, 2, 1 };
static const uint8_t addr6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

static enum rc sock(uint32_t id, kn_fn fn, void *arg)
{
	struct nl_msg *m = answer(CELLRELAY_CMD_SOCK_GET);

	nla_put_u32(m, CELLRELAY_A_SOCK_ID, id);
	if (id == 1) {
		nla_put(m, CELLRELAY_A_SOCK_ADDR, 4, "\0\0\0");
		nla_put_u16(m, CELLRELAY_A_SOCK_PORT, 4000);
	} else {
		nla_put(m, CELLRELAY_A_SOCK_ADDR, 16, addr6);
		nla_put_u16(m, CELLRELAY_A_SOCK_PORT, 4001);
		nla_put_u32(m, CELLRELAY_A_SOCK_IFINDEX, 1);
		nla_put_u32(m, CELLRELAY_A_SOCK_FWMARK, 0x51);
	}
	return give(m, fn, arg);
}

static void key(struct nl_msg *m, uint8_t gen, bool send, uint32_t expires)
{
	struct nlattr *nest = nla_nest_start(m, CELLRELAY_A_LINK_KEY);

	nla_put_u8(m, CELLRELAY_A_KEY_GEN, gen);
	nla_put_u32(m, CELLRELAY_A_KEY_RX_INDEX, 0x1000 + gen);
	nla_put_u32(m, CELLRELAY_A_KEY_TX_INDEX, 0x2000 + gen);
	if (expires)
		nla_put_u32(m, CELLRELAY_A_KEY_EXPIRES_MS, expires);
	if (send)
		nla_put_flag(m, CELLRELAY_A_KEY_SEND);
	nla_nest_end(m, nest);
}

static enum rc a_link(uint32_t id, kn_fn fn, void *arg)
{
	struct nl_msg *m = answer(CELLRELAY_CMD_LINK_GET);

	nla_put_u32(m, CELLRELAY_A_LINK_ID, id);
	if (id == 1) {
		nla_put_u32(m, CELLRELAY_A_LINK_SOCK, 1);
		nla_put(m, CELLRELAY_A_LINK_ADDR, 4, addr4);
		nla_put_u16(m, CELLRELAY_A_LINK_PORT, 4000);
		nla_put_u32(m, CELLRELAY_A_LINK_FLAGS, CELLRELAY_LINK_F_ROAM);
		key(m, 0, false, 1500);
		key(m, 1, true, 0);
		nla_put_u64(m, CELLRELAY_A_LINK_LAST_RX_MS, 2500);
	}
	nla_put_u32(m, CELLRELAY_A_LINK_CIRCS, id == 1 ? 2 : 0);
	nla_put_u64(m, CELLRELAY_A_LINK_RX_CELLS, id == 1 ? 10 : 0);
	nla_put_u64(m, CELLRELAY_A_LINK_RX_BYTES, id == 1 ? 14080 : 0);
	nla_put_u64(m, CELLRELAY_A_LINK_TX_CELLS, id == 1 ? 3 : 0);
	nla_put_u64(m, CELLRELAY_A_LINK_TX_BYTES, id == 1 ? 768 : 0);
	return give(m, fn, arg);
}

static enum rc circuit(uint32_t id, kn_fn fn, void *arg)
{
	struct nl_msg *m = answer(CELLRELAY_CMD_CIRC_GET);
	bool client = id == 2;

	nla_put_u32(m, CELLRELAY_A_CIRC_ID, id);
	nla_put_u32(m, CELLRELAY_A_CIRC_SLOT, id + 6);
	nla_put_u64(m, CELLRELAY_A_CIRC_COOKIE, 0xfedcba9876543210 + id);
	nla_put_u8(m, CELLRELAY_A_CIRC_ROLE, client ? CELLRELAY_ROLE_CLIENT : CELLRELAY_ROLE_RELAY);
	nla_put_u16(m, CELLRELAY_A_CIRC_LARGE, client ? 1232 : 1408);
	if (client) {
		static const uint8_t suites[] = { 1, 2, 1 };

		nla_put_u8(m, CELLRELAY_A_CIRC_HOPS, sizeof(suites));
		nla_put(m, CELLRELAY_A_CIRC_HOP_SUITES, sizeof(suites), suites);
		nla_put_u32(m, CELLRELAY_A_CIRC_IFINDEX, 1);
		nla_put(m, CELLRELAY_A_CIRC_INNER4, 4, addr4);
		nla_put(m, CELLRELAY_A_CIRC_INNER6, 16, addr6);
	} else {
		nla_put_u8(m, CELLRELAY_A_CIRC_POS, 2);
		nla_put_u8(m, CELLRELAY_A_CIRC_SUITE, CELLRELAY_SUITE_CHACHA);
		nla_put_u32(m, CELLRELAY_A_CIRC_PREV_LINK, 1);
		nla_put_u32(m, CELLRELAY_A_CIRC_PREV_RX, 0x11);
		nla_put_u32(m, CELLRELAY_A_CIRC_PREV_TX, 0x12);
	}
	nla_put_u32(m, CELLRELAY_A_CIRC_NEXT_LINK, 2);
	nla_put_u32(m, CELLRELAY_A_CIRC_NEXT_RX, 0x21);
	nla_put_u32(m, CELLRELAY_A_CIRC_NEXT_TX, 0x22);
	nla_put_u64(m, CELLRELAY_A_CIRC_LIMIT, client ? UINT64_MAX : 1 << 20);
	nla_put_u64(m, CELLRELAY_A_CIRC_RATE, UINT64_MAX);
	nla_put_u64(m, CELLRELAY_A_CIRC_FWD_CELLS, 7);
	nla_put_u64(m, CELLRELAY_A_CIRC_FWD_BYTES, 7 * 1408);
	nla_put_u64(m, CELLRELAY_A_CIRC_BWD_CELLS, 9);
	nla_put_u64(m, CELLRELAY_A_CIRC_BWD_BYTES, 9 * 256);
	nla_put_u64(m, CELLRELAY_A_CIRC_DROP_CELLS, 1);
	return give(m, fn, arg);
}

static void drop(struct nl_msg *m, uint32_t reason, uint64_t cells)
{
	struct nlattr *nest = nla_nest_start(m, CELLRELAY_A_STATS_DROP);

	nla_put_u32(m, CELLRELAY_A_DROP_REASON, reason);
	nla_put_u64(m, CELLRELAY_A_DROP_CELLS, cells);
	nla_put_u64(m, CELLRELAY_A_DROP_BYTES, cells * 256);
	nla_nest_end(m, nest);
}

static enum rc stats(kn_fn fn, void *arg)
{
	struct nl_msg *m = answer(CELLRELAY_CMD_STATS_GET);

	nla_put_u64(m, CELLRELAY_A_STATS_IN_CELLS, 100);
	nla_put_u64(m, CELLRELAY_A_STATS_IN_BYTES, 25600);
	nla_put_u64(m, CELLRELAY_A_STATS_ORIG_CELLS, 5);
	nla_put_u64(m, CELLRELAY_A_STATS_ORIG_BYTES, 1280);
	nla_put_u64(m, CELLRELAY_A_STATS_OUT_CELLS, 90);
	nla_put_u64(m, CELLRELAY_A_STATS_OUT_BYTES, 23040);
	nla_put_u64(m, CELLRELAY_A_STATS_DELIVERED_CELLS, 5);
	nla_put_u64(m, CELLRELAY_A_STATS_DELIVERED_BYTES, 1280);
	drop(m, 1, 0);		/* size */
	drop(m, 5, 6);		/* replay */
	drop(m, 6, 3);		/* auth */
	drop(m, 63, 1);		/* of a newer module */
	return give(m, fn, arg);
}

static enum rc refused(const struct kn_what *what)
{
	return fail(RC_REFUSED, "cannot %s: the kernel's own words", what->doing);
}

static void remember(struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);

	mock.last_len = nlmsg_attrlen(nlh, GENL_HDRLEN);
	if (mock.last_len > (int)sizeof(mock.last))
		mock.last_len = sizeof(mock.last);
	memcpy(mock.last, nlmsg_attrdata(nlh, GENL_HDRLEN), mock.last_len);
}

static uint32_t asked_id(struct nl_msg *msg)
{
	struct nlattr *a = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN, 1);

	return a && nla_len(a) == 4 ? nla_get_u32(a) : 1;
}

enum rc kn_do(struct nl_msg *msg, kn_fn fn, void *arg, const struct kn_what *what)
{
	int cmd = cmd_of(msg);
	uint32_t id = asked_id(msg);

	remember(msg);
	nlmsg_free(msg);
	if (mock.ncmds < sizeof(mock.cmds))
		mock.cmds[mock.ncmds++] = cmd;
	if (cmd == mock.refuse_cmd)
		return refused(what);
	switch (cmd) {
	case CELLRELAY_CMD_NS_GET:
		return ns(fn, arg);
	case CELLRELAY_CMD_SOCK_NEW:
	case CELLRELAY_CMD_SOCK_GET:
		return sock(id, fn, arg);
	case CELLRELAY_CMD_LINK_NEW:
	case CELLRELAY_CMD_LINK_GET:
		return a_link(id, fn, arg);
	case CELLRELAY_CMD_CIRC_NEW:
	case CELLRELAY_CMD_CIRC_GET:
		return circuit(id, fn, arg);
	case CELLRELAY_CMD_STATS_GET:
		return stats(fn, arg);
	default:
		return RC_OK;
	}
}

enum rc kn_dump(struct nl_msg *msg, kn_fn fn, void *arg, const struct kn_what *what)
{
	int cmd = cmd_of(msg);
	enum rc rc = RC_OK;

	remember(msg);
	nlmsg_free(msg);
	if (cmd == mock.refuse_cmd)
		return refused(what);
	switch (cmd) {
	case CELLRELAY_CMD_SOCK_GET:
		rc = sock(1, fn, arg);
		return rc ? rc : sock(2, fn, arg);
	case CELLRELAY_CMD_LINK_GET:
		rc = a_link(1, fn, arg);
		return rc ? rc : a_link(2, fn, arg);
	case CELLRELAY_CMD_CIRC_GET:
		for (unsigned int i = 1; i <= mock.circuits && !rc; i++)
			rc = circuit(i, fn, arg);
		return rc;
	default:
		return fail(RC_REFUSED, "the mock has no dump of command %d", cmd);
	}
}

static enum rc device(const char *name, const char *kind, kn_fn fn, void *arg)
{
	struct rtnl_link_stats64 st = { .rx_packets = 11, .rx_bytes = 1100, .tx_packets = 22,
					.tx_bytes = 2200, .tx_dropped = 2 };
	struct ifinfomsg ifi = { .ifi_index = 9, .ifi_flags = IFF_UP };
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct nlattr *info;

	nlmsg_append(m, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	nla_put_string(m, IFLA_IFNAME, name);
	nla_put_u32(m, IFLA_MTU, 1315);
	nla_put(m, IFLA_STATS64, sizeof(st), &st);
	info = nla_nest_start(m, IFLA_LINKINFO);
	nla_put_string(m, IFLA_INFO_KIND, kind);
	nla_nest_end(m, info);
	return give(m, fn, arg);
}

enum rc kn_rtnl(struct nl_msg *msg, bool dump, kn_fn fn, void *arg, const struct kn_what *what)
{
	struct nlattr *name = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct ifinfomsg), IFLA_IFNAME);
	bool eth = name && nla_strcmp(name, "eth0") == 0;
	enum rc rc;

	(void)what;
	nlmsg_free(msg);
	if (!dump)
		return device(eth ? "eth0" : "cell0", eth ? "veth" : "cellrelay", fn, arg);
	rc = device("eth0", "veth", fn, arg);
	return rc ? rc : device("cell0", "cellrelay", fn, arg);
}

bool kn_interrupted(void)
{
	static bool armed;

	/* true for every second question: dump_msg() clears before it asks */
	armed = !armed;
	return mock.interrupt && !armed;
}

enum rc kn_event_join(int room)
{
	(void)room;
	event_no = 0;
	return kn_open();
}

enum rc kn_event_wait(kn_fn fn, void *arg, bool *lost)
{
	struct nl_msg *m;

	*lost = mock.overrun && event_no == 1;
	if (*lost) {
		mock.overrun = false;
		return RC_OK;
	}
	m = answer(CELLRELAY_CMD_EVENT);
	nla_put_u64(m, CELLRELAY_A_EVENT_SEQ, 42 + event_no + (mock.gap && event_no ? 7 : 0));
	switch (event_no++ % 4) {
	case 0:
		nla_put_u32(m, CELLRELAY_A_EVENT_TYPE, CELLRELAY_EVENT_LINK_NEW);
		nla_put_u32(m, CELLRELAY_A_EVENT_REASON, CELLRELAY_REASON_REQUEST);
		nla_put_u32(m, CELLRELAY_A_EVENT_ID, 3);
		break;
	case 1:
		nla_put_u32(m, CELLRELAY_A_EVENT_TYPE, CELLRELAY_EVENT_CIRC_DEL);
		nla_put_u32(m, CELLRELAY_A_EVENT_REASON, CELLRELAY_REASON_PROTO);
		nla_put_u32(m, CELLRELAY_A_EVENT_ID, 8);
		nla_put_u64(m, CELLRELAY_A_EVENT_COOKIE, 0x77);
		nla_put_u64(m, CELLRELAY_A_EVENT_FWD_BYTES, 4096);
		nla_put_u64(m, CELLRELAY_A_EVENT_BWD_BYTES, 1408);
		break;
	case 2:
		nla_put_u32(m, CELLRELAY_A_EVENT_TYPE, CELLRELAY_EVENT_ROAM);
		nla_put_u32(m, CELLRELAY_A_EVENT_REASON, CELLRELAY_REASON_REQUEST);
		nla_put_u32(m, CELLRELAY_A_EVENT_ID, 3);
		nla_put(m, CELLRELAY_A_EVENT_ADDR, 16, addr6);
		nla_put_u16(m, CELLRELAY_A_EVENT_PORT, 4444);
		break;
	default:
		nla_put_u32(m, CELLRELAY_A_EVENT_TYPE, CELLRELAY_EVENT_KEY_DEL);
		nla_put_u32(m, CELLRELAY_A_EVENT_REASON, CELLRELAY_REASON_EXPIRED);
		nla_put_u32(m, CELLRELAY_A_EVENT_ID, 3);
		nla_put_u8(m, CELLRELAY_A_EVENT_GEN, 1);
		break;
	}
	return give(m, fn, arg);
}

uint64_t kn_u64(struct nlattr *const *tb, int attr, uint64_t missing)
{
	return tb[attr] ? nla_get_u64(tb[attr]) : missing;
}

uint32_t kn_u32(struct nlattr *const *tb, int attr, uint32_t missing)
{
	if (!tb[attr])
		return missing;
	return nla_len(tb[attr]) == 1 ? nla_get_u8(tb[attr]) :
	       nla_len(tb[attr]) == 2 ? nla_get_u16(tb[attr]) : nla_get_u32(tb[attr]);
}

/* ------------------------------------------------------------- accounting */

enum acct_state acct_look(char *why, size_t room)
{
	if (why && room)
		why[0] = '\0';
	return mock.no_acct ? ACCT_NONE : ACCT_GOOD;
}

enum rc acct_attach(uint32_t slots)
{
	(void)slots;
	return RC_OK;
}

enum rc acct_detach(unsigned int *removed)
{
	*removed = 4;
	return RC_OK;
}

static enum rc detached(void)
{
	return fail(RC_ABSENT, "the accounting is not attached; try: relayctl load");
}

enum rc acct_totals(struct cellrelay_totals *sum)
{
	if (mock.no_acct)
		return detached();
	*sum = (struct cellrelay_totals){
		.in = { 17, 17 * 256 }, .originated = { 1, 256 }, .out = { 14, 14 * 256 },
		.delivered = { 2, 512 }, .closed_fwd = { 3, 768 },
	};
	sum->drop[5] = (struct cellrelay_count){ 2, 512 };
	return RC_OK;
}

enum rc acct_each(acct_fn fn, void *arg)
{
	struct acct_slot s = { .slot = 7, .a = { .cookie = 0xfedcba9876543211, .netns = 0x1001,
						  .fwd = { 7, 7 * 1408 }, .bwd = { 9, 9 * 256 },
						  .dropped = { 1, 256 } } };
	enum rc rc;

	if (mock.no_acct)
		return detached();
	rc = fn(&s, arg);
	s.slot = 12;
	s.a.netns = 0x1002;
	return rc ? rc : fn(&s, arg);
}

uint32_t acct_slots(void)
{
	return 65536;
}

uint64_t acct_misses(void)
{
	return 0;
}

/* -------------------------------------------------------------------- xdp */

const char *xdp_mode_name(enum xdp_mode mode)
{
	return mode == XDP_MODE_GENERIC ? "generic" : "native";
}

static const struct xdp_dev xdp_devs[] = {
	{ .name = "eth0", .ifindex = 2, .mode = XDP_MODE_NATIVE, .prog = 31, .spread = true },
	{ .name = "tun0", .ifindex = 5, .mode = XDP_MODE_GENERIC, .prog = 32 },
};

enum rc xdp_each(uint64_t netns, xdp_fn fn, void *arg)
{
	enum rc rc = fn(&xdp_devs[0], arg);

	(void)netns;
	return rc ? rc : fn(&xdp_devs[1], arg);
}

enum rc xdp_attach(uint64_t netns, const char *dev, uint32_t ifindex, enum xdp_mode mode, uint32_t spread,
		   struct xdp_dev *got)
{
	(void)spread;
	(void)netns;
	(void)dev;
	(void)ifindex;
	*got = xdp_devs[mode == XDP_MODE_GENERIC];
	return RC_OK;
}

enum rc xdp_detach(uint64_t netns, const char *dev, uint32_t ifindex)
{
	(void)netns;
	(void)ifindex;
	return fail(RC_REFUSED, "no XDP program of ours is attached to %s", dev);
}

enum rc xdp_passed(uint64_t netns, uint64_t n[CELLRELAY_XDP_WHYS])
{
	(void)netns;
	memset(n, 0, CELLRELAY_XDP_WHYS * sizeof(*n));
	n[CELLRELAY_XDP_NOT_UDP] = 12;
	n[CELLRELAY_XDP_NO_NEIGH] = 1;
	return RC_OK;
}

enum rc xdp_refused(uint64_t netns, xdp_refused_fn fn, void *arg)
{
	static const struct cellrelay_xdp_refused eth0 = { .xmit = 7, .tx = 1 }, gone = { .redirect = 2 };

	(void)netns;
	fn("eth0", 2, &eth0, arg);
	fn(NULL, 9, &gone, arg);
	return RC_OK;
}

/* -------------------------------------------------------------------- run */

struct ran relayctl_run(const char *const *words)
{
	struct ran r = { .rc = RC_OK };
	char *argv[32] = { (char *)"relayctl" };
	int argc = 1;
	FILE *out = open_memstream(&r.out, &r.out_len), *err_stream = open_memstream(&r.err, &r.err_len);

	for (; words[argc - 1]; argc++)
		argv[argc] = strdup(words[argc - 1]);
	r.rc = relayctl_main(argc, argv, out, err_stream);
	fclose(out);
	fclose(err_stream);
	while (--argc)
		free(argv[argc]);
	return r;
}

void ran_free(struct ran *r)
{
	free(r->out);
	free(r->err);
}
