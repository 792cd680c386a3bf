// SPDX-License-Identifier: MIT
/* relayctl dev: the cellrelay network devices of clients and exits (rtnetlink). */
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "netlink/dev.h"
#include "object.h"

static enum rc print(struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlh);
	struct nlattr *tb[IFLA_MAX + 1];
	struct rtnl_link_stats64 st = { 0 };
	char name[IFNAMSIZ] = "", a[FMT_LEN], b[FMT_LEN];
	bool up;

	(void)arg;
	if (nlmsg_parse(nlh, sizeof(*ifi), tb, IFLA_MAX, NULL) < 0 || !kn_dev_ours(tb))
		return RC_OK;
	if (tb[IFLA_IFNAME])
		nla_strlcpy(name, tb[IFLA_IFNAME], sizeof(name));
	if (tb[IFLA_STATS64])
		nla_memcpy(&st, tb[IFLA_STATS64], sizeof(st));
	up = ifi->ifi_flags & IFF_UP;

	if (opt.json) {
		json_open(NULL, '{');
		json_str("name", name);
		json_u64("ifindex", ifi->ifi_index);
		json_bool("up", up);
		json_u64("mtu", kn_u32(tb, IFLA_MTU, 0));
		json_u64("rx_packets", st.rx_packets);
		json_u64("rx_bytes", st.rx_bytes);
		json_u64("rx_dropped", st.rx_dropped);
		json_u64("tx_packets", st.tx_packets);
		json_u64("tx_bytes", st.tx_bytes);
		json_u64("tx_dropped", st.tx_dropped);
		json_close();
		return RC_OK;
	}
	fprintf(opt.out, "%sdev %s%s: %s, mtu %u\n  received %s in %llu packets, sent %s in %llu packets, dropped %llu and %llu\n",
		fmt_bold(), name, fmt_plain(), up ? "up" : "down", kn_u32(tb, IFLA_MTU, 0),
		fmt_bytes(a, st.rx_bytes), (unsigned long long)st.rx_packets, fmt_bytes(b, st.tx_bytes),
		(unsigned long long)st.tx_packets, (unsigned long long)st.rx_dropped,
		(unsigned long long)st.tx_dropped);
	return RC_OK;
}

enum rc dev_print_all(void)
{
	static const struct kn_what what = { .doing = "list devices" };
	struct nl_msg *msg;
	enum rc rc;

	msg = kn_dev_msg(RTM_GETLINK, 0, &rc);
	if (!msg)
		return rc;
	if (!kn_dev_kind(msg)) {
		kn_drop(msg);
		return fail(RC_REFUSED, "out of memory");
	}
	if (opt.json)
		json_open("devices", '[');
	rc = kn_rtnl(msg, true, print, NULL, &what);
	if (opt.json)
		json_close();
	return rc;
}

static const struct arg add_args[] = {
	{ .name = "name", .kind = ARG_IFNAME, .flags = ARG_POS | ARG_REQ, .meta = "NAME",
	  .help = "its name" },
	{ .name = "mtu", .kind = ARG_UINT, .width = 4, .min = 1280, .max = 65535, .meta = "BYTES",
	  .help = "largest packet; without, the kernel chooses" },
	{ .name = NULL },
};

static enum rc add(const struct verb *verb, const struct argval *v)
{
	enum rc rc;

	(void)verb;
	rc = kn_open();		/* "not loaded" says more than "unknown device type" */
	if (rc)
		return rc;
	return kn_dev_add(v[0].word, v[1].set ? v[1].num : 0, true);
}

static const struct arg del_args[] = {
	{ .name = "name", .kind = ARG_IFNAME, .flags = ARG_POS | ARG_REQ, .meta = "NAME", .help = "which",
	  .complete = "dev" },
	{ .name = NULL },
};

static enum rc del(const struct verb *verb, const struct argval *v)
{
	(void)verb;
	return kn_dev_del(v[0].word);
}

static enum rc show(const struct verb *verb, const struct argval *v)
{
	(void)verb;
	(void)v;
	return dev_print_all();
}

static const struct verb verbs[] = {
	{ .name = "add", .run = add, .args = add_args,
	  .help = "make a device: a client's or an exit's way in and out of IP" },
	{ .name = "del", .run = del, .args = del_args, .help = "delete it; its circuits stay, unbound" },
	{ .name = "show", .run = show, .help = "list them" },
	{ .name = NULL },
};

const struct object obj_dev = { "dev", "device", verbs, 2, "network devices of clients and exits" };
