// SPDX-License-Identifier: MIT
#include "netlink/dev.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define KIND	"cellrelay"

struct nl_msg *kn_dev_msg(uint16_t type, uint16_t flags, enum rc *rc)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_msg *msg = kn_rtnl_new(type, flags, rc);

	if (msg && nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0) {
		kn_drop(msg);
		*rc = fail(RC_REFUSED, "out of memory");
		return NULL;
	}
	return msg;
}

bool kn_dev_kind(struct nl_msg *msg)
{
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);

	if (!info || nla_put_string(msg, IFLA_INFO_KIND, KIND) < 0)
		return false;
	nla_nest_end(msg, info);
	return true;
}

bool kn_dev_ours(struct nlattr *const *tb)
{
	struct nlattr *info[IFLA_INFO_MAX + 1];

	return tb[IFLA_LINKINFO] && nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) == 0 &&
	       info[IFLA_INFO_KIND] && nla_strcmp(info[IFLA_INFO_KIND], KIND) == 0;
}

enum rc kn_dev_add(const char *name, uint32_t mtu, bool exclusive)
{
	struct kn_what what = { .doing = "" };
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "add device %s", name);
	msg = kn_dev_msg(RTM_NEWLINK, NLM_F_CREATE | (exclusive ? NLM_F_EXCL : 0), &rc);
	if (!msg)
		return rc;
	if (nla_put_string(msg, IFLA_IFNAME, name) < 0 || !kn_dev_kind(msg) ||
	    (mtu && nla_put_u32(msg, IFLA_MTU, mtu) < 0)) {
		kn_drop(msg);
		return fail(RC_REFUSED, "out of memory");
	}
	return kn_rtnl(msg, false, NULL, NULL, &what);
}

static enum rc note_kind(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[IFLA_MAX + 1];

	*(bool *)arg = nlmsg_parse(nlh, sizeof(struct ifinfomsg), tb, IFLA_MAX, NULL) == 0 && kn_dev_ours(tb);
	return RC_OK;
}

/* *@ours: is the device of that name one of ours? */
static enum rc kind_of(const char *name, bool *ours, const struct kn_what *what)
{
	struct nl_msg *msg;
	enum rc rc;

	*ours = false;
	msg = kn_dev_msg(RTM_GETLINK, 0, &rc);
	if (!msg)
		return rc;
	nla_put_string(msg, IFLA_IFNAME, name);
	return kn_rtnl(msg, false, note_kind, ours, what);
}

enum rc kn_dev_del(const char *name)
{
	struct kn_what what = { .doing = "" };
	struct nl_msg *msg;
	enum rc rc;
	bool ours;

	snprintf(what.doing, sizeof(what.doing), "delete device %s", name);
	/* RTM_DELLINK takes any kind: never delete somebody's Ethernet */
	rc = kind_of(name, &ours, &what);
	if (rc)
		return rc;
	if (!ours)
		return fail(RC_REFUSED, "cannot %s: it is not a cellrelay device", what.doing);
	msg = kn_dev_msg(RTM_DELLINK, 0, &rc);
	if (!msg)
		return rc;
	nla_put_string(msg, IFLA_IFNAME, name);
	return kn_rtnl(msg, false, NULL, NULL, &what);
}

enum rc kn_dev_up(uint32_t ifindex)
{
	struct ifinfomsg ifi = {
		.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP,
	};
	static const struct kn_what what = { .doing = "bring the device up" };
	struct nl_msg *msg;
	enum rc rc;

	msg = kn_rtnl_new(RTM_NEWLINK, 0, &rc);
	if (!msg)
		return rc;
	if (nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0) {
		kn_drop(msg);
		return fail(RC_REFUSED, "out of memory");
	}
	return kn_rtnl(msg, false, NULL, NULL, &what);
}

enum rc kn_dev_have(const char *name, uint32_t *ifindex)
{
	struct kn_what what = { .doing = "" };
	enum rc rc = RC_OK;
	bool ours;

	*ifindex = 0;
	snprintf(what.doing, sizeof(what.doing), "use device %s", name);
	if (!if_nametoindex(name))
		rc = kn_dev_add(name, 0, false);
	/* also when it was made just now: somebody else may have been faster */
	if (!rc)
		rc = kind_of(name, &ours, &what);
	if (rc)
		return rc;
	if (!ours)
		return fail(RC_REFUSED, "cannot %s: there is one of that name which is not a cellrelay device; remove it, or name another in the configuration",
			    what.doing);
	*ifindex = if_nametoindex(name);
	return *ifindex ? kn_dev_up(*ifindex) : fail(RC_REFUSED, "device %s went as soon as it was made", name);
}

enum rc kn_addr_change(bool add, uint32_t ifindex, const struct addr *a)
{
	struct ifaddrmsg ifa = {
		.ifa_family = a->len == 4 ? AF_INET : AF_INET6, .ifa_prefixlen = a->len * 8,
		.ifa_flags = IFA_F_NODAD, .ifa_scope = RT_SCOPE_UNIVERSE, .ifa_index = ifindex,
	};
	struct kn_what what = { .doing = "" };
	char text[ADDR_TEXT];
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "%s inner address %s", add ? "add" : "remove", addr_text(text, a));
	msg = kn_rtnl_new(add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &rc);
	if (!msg)
		return rc;
	if (nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, IFA_LOCAL, a->len, a->bytes) < 0 || nla_put(msg, IFA_ADDRESS, a->len, a->bytes) < 0) {
		kn_drop(msg);
		return fail(RC_REFUSED, "out of memory");
	}
	return kn_rtnl(msg, false, NULL, NULL, &what);
}

enum rc kn_route_add(uint32_t ifindex, const struct addr *dst, uint8_t prefix, const struct addr *src)
{
	struct rtmsg rtm = {
		.rtm_family = dst->len == 4 ? AF_INET : AF_INET6, .rtm_dst_len = prefix,
		.rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
		.rtm_scope = dst->len == 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST,
	};
	struct kn_what what = { .doing = "" };
	char text[ADDR_TEXT];
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "add a route to %s", addr_text(text, dst));
	msg = kn_rtnl_new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &rc);
	if (!msg)
		return rc;
	if (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, RTA_DST, dst->len, dst->bytes) < 0 || nla_put_u32(msg, RTA_OIF, ifindex) < 0 ||
	    (src && nla_put(msg, RTA_PREFSRC, src->len, src->bytes) < 0)) {
		kn_drop(msg);
		return fail(RC_REFUSED, "out of memory");
	}
	return kn_rtnl(msg, false, NULL, NULL, &what);
}
