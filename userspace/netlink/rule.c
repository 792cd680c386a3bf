// SPDX-License-Identifier: MIT
#include "netlink/rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

static uint8_t family_of(uint8_t len)
{
	return len == 4 ? AF_INET : AF_INET6;
}

/* Sends; @fine: an errno that is none, as the thing is as it should be. */
static enum rc send_change(struct nl_msg *msg, int fine, const char *doing)
{
	if (kn_rtnl(msg, false, NULL, NULL, NULL) == RC_OK || kn_errno() == fine)
		return RC_OK;
	return fail(RC_REFUSED, "cannot %s: %s", doing, strerror(kn_errno()));
}

static enum rc no_memory(struct nl_msg *msg)
{
	kn_drop(msg);
	return fail(RC_REFUSED, "out of memory");
}

enum rc kn_rule_change(bool add, const struct kn_rule *rule)
{
	struct fib_rule_hdr hdr = {
		.family = family_of(rule->len), .action = FR_ACT_TO_TBL, .table = RT_TABLE_UNSPEC,
		.flags = rule->mark ? FIB_RULE_INVERT : 0,
	};
	struct nl_msg *msg;
	char doing[80];
	enum rc rc;

	msg = kn_rtnl_new(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &rc);
	if (!msg)
		return rc;
	if (nlmsg_append(msg, &hdr, sizeof(hdr), NLMSG_ALIGNTO) < 0 || nla_put_u32(msg, FRA_PRIORITY, rule->priority) < 0 ||
	    nla_put_u32(msg, FRA_TABLE, rule->table) < 0 ||
	    (rule->mark && (nla_put_u32(msg, FRA_FWMARK, rule->mark) < 0 ||
			    nla_put_u32(msg, FRA_FWMASK, UINT32_MAX) < 0)) ||
	    (rule->no_default && nla_put_u32(msg, FRA_SUPPRESS_PREFIXLEN, 0) < 0))
		return no_memory(msg);
	snprintf(doing, sizeof(doing), "%s the IPv%c routing rule %u", add ? "add" : "remove", rule->len == 4 ? '4' : '6',
		 rule->priority);
	return send_change(msg, add ? EEXIST : ENOENT, doing);
}

enum rc kn_default_change(bool add, uint8_t len, uint32_t table, uint32_t metric, uint32_t ifindex, const struct addr *src)
{
	struct rtmsg rtm = {
		.rtm_family = family_of(len), .rtm_table = RT_TABLE_UNSPEC, .rtm_protocol = RTPROT_STATIC,
		.rtm_scope = len == 4 && ifindex ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = ifindex ? RTN_UNICAST : RTN_UNREACHABLE,
	};
	struct nl_msg *msg;
	char doing[80];
	enum rc rc;

	msg = kn_rtnl_new(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &rc);
	if (!msg)
		return rc;
	if (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0 || nla_put_u32(msg, RTA_TABLE, table) < 0 ||
	    nla_put_u32(msg, RTA_PRIORITY, metric) < 0 || (ifindex && nla_put_u32(msg, RTA_OIF, ifindex) < 0) ||
	    (src && nla_put(msg, RTA_PREFSRC, src->len, src->bytes) < 0))
		return no_memory(msg);
	snprintf(doing, sizeof(doing), "%s the IPv%c default route of table %u", add ? "add" : "remove",
		 len == 4 ? '4' : '6', table);
	return send_change(msg, add ? EEXIST : ESRCH, doing);
}

enum rc kn_throw_change(bool add, const struct addr *dst, uint8_t bits, uint32_t table)
{
	struct rtmsg rtm = {
		.rtm_family = family_of(dst->len), .rtm_dst_len = bits, .rtm_table = RT_TABLE_UNSPEC,
		.rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_THROW,
	};
	char doing[80 + ADDR_TEXT], text[ADDR_TEXT];
	struct nl_msg *msg;
	enum rc rc;

	msg = kn_rtnl_new(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &rc);
	if (!msg)
		return rc;
	if (nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0 || nla_put_u32(msg, RTA_TABLE, table) < 0 ||
	    nla_put(msg, RTA_DST, dst->len, dst->bytes) < 0)
		return no_memory(msg);
	snprintf(doing, sizeof(doing), "%s the way past the tunnel to %s/%u", add ? "add" : "remove", addr_host(text, dst), bits);
	return send_change(msg, add ? EEXIST : ESRCH, doing);
}
