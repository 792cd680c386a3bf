// SPDX-License-Identifier: GPL-2.0
/* Netlink: the namespace, its limits and counters; unloading. */
#include "../main.h"
#include "../suite.h"
#include "../xdp.h"
#include "nl.h"

static int cr_nl_fill_ns(struct sk_buff *skb, const void *obj)
{
	const struct cr_net *cn = obj;
	u8 idx_key[16];

	put_unaligned_le64(cn->idx_key.k0, idx_key);
	put_unaligned_le64(cn->idx_key.k1, idx_key + 8);
	if (nla_put_u32(skb, CELLRELAY_A_NS_ABI, CELLRELAY_ACCT_ABI) ||
	    nla_put_string(skb, CELLRELAY_A_NS_VERSION, CR_VERSION) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_NS_COOKIE, cn->cookie, CELLRELAY_A_NS_PAD) ||
	    nla_put(skb, CELLRELAY_A_NS_IDX_KEY, sizeof(idx_key), idx_key) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_NS_RATE, cn->fair.cap, CELLRELAY_A_NS_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_NS_FAIR, READ_ONCE(cn->fair_rate),
			      CELLRELAY_A_NS_PAD) ||
	    nla_put_u32(skb, CELLRELAY_A_NS_CIRC_MAX, cn->circ_max) ||
	    nla_put_u32(skb, CELLRELAY_A_NS_LINK_MAX, cn->link_max) ||
	    nla_put_u32(skb, CELLRELAY_A_NS_CIRCS, cn->circ_count) ||
	    nla_put_u32(skb, CELLRELAY_A_NS_LINKS, cn->link_count) ||
	    nla_put_u32(skb, CELLRELAY_A_NS_SOCKS, cn->sock_count) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_NS_EVENT_SEQ, READ_ONCE(cn->event_seq),
			      CELLRELAY_A_NS_PAD) ||
	    nla_put_u8(skb, CELLRELAY_A_NS_KFUNC, cr_xdp_available()) ||
	    nla_put_u8(skb, CELLRELAY_A_NS_SUITES, cr_suites()) ||
	    (*cr_suite_driver() &&
	     nla_put_string(skb, CELLRELAY_A_NS_AES_DRIVER, cr_suite_driver())))
		return -EMSGSIZE;
	return 0;
}

static int cr_nl_put_count(struct sk_buff *skb, u16 cells, const struct cellrelay_count *c)
{
	return nla_put_u64_64bit(skb, cells, c->cells, CELLRELAY_A_STATS_PAD) ?:
	       nla_put_u64_64bit(skb, cells + 1, c->bytes, CELLRELAY_A_STATS_PAD);
}

static int cr_nl_put_drop(struct sk_buff *skb, u32 reason, const struct cellrelay_count *c)
{
	struct nlattr *nest = nla_nest_start(skb, CELLRELAY_A_STATS_DROP);

	if (!nest || nla_put_u32(skb, CELLRELAY_A_DROP_REASON, reason) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_DROP_CELLS, c->cells, CELLRELAY_A_DROP_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_DROP_BYTES, c->bytes, CELLRELAY_A_DROP_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int cr_nl_fill_stats(struct sk_buff *skb, const void *obj)
{
	const struct cr_stats *s = obj;
	u32 i;

	if (cr_nl_put_count(skb, CELLRELAY_A_STATS_IN_CELLS, &s->in) ||
	    cr_nl_put_count(skb, CELLRELAY_A_STATS_ORIG_CELLS, &s->orig) ||
	    cr_nl_put_count(skb, CELLRELAY_A_STATS_OUT_CELLS, &s->out) ||
	    cr_nl_put_count(skb, CELLRELAY_A_STATS_DELIVERED_CELLS, &s->delivered))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(s->drop); i++) {
		if (s->drop[i].cells && cr_nl_put_drop(skb, i, &s->drop[i]))
			return -EMSGSIZE;
	}
	return 0;
}

/** cr_nl_ns_get_doit() - NS_GET */
int cr_nl_ns_get_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = cr_nl_reply_new(info);
	int err;

	if (!reply)
		return -ENOMEM;
	mutex_lock(&cn->lock);
	err = cr_nl_reply_put(reply, info, cr_nl_fill_ns, cn);
	mutex_unlock(&cn->lock);
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err;
}

/*
 * Objects of a namespace cost kernel memory, which memcg bounds where it is
 * set up; where it is not, these limits do, so who owns a user namespace does
 * not raise them above the defaults for its kind.
 */
static int cr_nl_may_set(const struct sk_buff *skb, const struct cr_net *cn,
			 const struct nlattr *nla, struct netlink_ext_ack *extack)
{
	if (!nla || nla_get_u32(nla) <= CR_CIRC_MAX_USERNS || cn->net->user_ns == &init_user_ns ||
	    netlink_capable(skb, CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, nla,
			    "so high a limit needs CAP_NET_ADMIN in the initial user namespace");
	return -EPERM;
}

/** cr_nl_ns_set_doit() - NS_SET */
int cr_nl_ns_set_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *rate = info->attrs[CELLRELAY_A_NS_RATE];
	const struct nlattr *circ = info->attrs[CELLRELAY_A_NS_CIRC_MAX];
	const struct nlattr *link = info->attrs[CELLRELAY_A_NS_LINK_MAX];
	int err;

	if (!rate && !circ && !link) {
		NL_SET_ERR_MSG(info->extack,
			       "ns-set: nothing to set: give rate, circ-max or link-max");
		return -EINVAL;
	}
	err = cr_nl_may_set(skb, cn, circ, info->extack) ?:
	      cr_nl_may_set(skb, cn, link, info->extack);
	if (err)
		return err;
	mutex_lock(&cn->lock);
	if (rate)
		err = cr_net_set_rate(cn, nla_get_u64(rate));
	if (!err) {
		if (circ)
			cn->circ_max = nla_get_u32(circ);
		if (link)
			cn->link_max = nla_get_u32(link);
		cr_event_ns(cn);
	}
	mutex_unlock(&cn->lock);
	return err;
}

/** cr_nl_stats_get_doit() - STATS_GET */
int cr_nl_stats_get_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = NULL;
	struct cr_stats *sum;
	int err = -ENOMEM;

	sum = kzalloc(sizeof(*sum), GFP_KERNEL);
	if (sum)
		reply = cr_nl_reply_new(info);
	if (reply) {
		cr_net_stats(cn, sum);
		err = cr_nl_reply_put(reply, info, cr_nl_fill_stats, sum);
		if (err)
			nlmsg_free(reply);
		else
			err = genlmsg_reply(reply, info);
	}
	kfree(sum);
	return err;
}

/** cr_nl_unload_doit() - UNLOAD */
int cr_nl_unload_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	/* Who has CAP_NET_ADMIN there has it for the machine. */
	if (!net_eq(cn->net, &init_net)) {
		NL_SET_ERR_MSG(info->extack,
			       "unload ends everything on this machine: not from another namespace");
		return -EPERM;
	}
	cr_net_flush_all(CELLRELAY_REASON_UNLOAD, true);
	return 0;
}
