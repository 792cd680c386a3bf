// SPDX-License-Identifier: GPL-2.0
/* Netlink: links. */
#include "addr.h"
#include "nl.h"

/* The three lists of a link hang under its namespace's mutex. */
#define cr_nl_deref(link, p) \
	rcu_dereference_protected(p, lockdep_is_held(&(link)->cn->lock))

static int cr_nl_put_key(struct sk_buff *skb, const struct cr_link *link,
			 const struct cr_keygen *gen)
{
	u64 now = ktime_get_coarse_boottime_ns();
	u64 left = gen->expires > now ? div_u64(gen->expires - now, NSEC_PER_MSEC) : 0;
	struct nlattr *nest = nla_nest_start(skb, CELLRELAY_A_LINK_KEY);

	if (!nest ||
	    nla_put_u8(skb, CELLRELAY_A_KEY_GEN, gen->gen) ||
	    nla_put_u32(skb, CELLRELAY_A_KEY_RX_INDEX, gen->e.id) ||
	    nla_put_u32(skb, CELLRELAY_A_KEY_TX_INDEX, gen->tx_index))
		return -EMSGSIZE;
	/* 0 would mean never */
	if (gen->expires && nla_put_u32(skb, CELLRELAY_A_KEY_EXPIRES_MS,
					clamp_t(u64, left, 1, U32_MAX)))
		return -EMSGSIZE;
	if (cr_nl_deref(link, link->send) == gen && nla_put_flag(skb, CELLRELAY_A_KEY_SEND))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int cr_nl_put_link_counts(struct sk_buff *skb, const struct cr_link *link)
{
	u64 now = ktime_get_coarse_boottime_ns(), last = READ_ONCE(link->last_rx);
	struct cr_link_stats sum;

	cr_link_sum(link, &sum);
	if (nla_put_u64_64bit(skb, CELLRELAY_A_LINK_RX_CELLS, sum.rx.cells, CELLRELAY_A_LINK_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_LINK_RX_BYTES, sum.rx.bytes, CELLRELAY_A_LINK_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_LINK_TX_CELLS, sum.tx.cells, CELLRELAY_A_LINK_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_LINK_TX_BYTES, sum.tx.bytes, CELLRELAY_A_LINK_PAD))
		return -EMSGSIZE;
	if (last && nla_put_u64_64bit(skb, CELLRELAY_A_LINK_LAST_RX_MS,
				      now > last ? div_u64(now - last, NSEC_PER_MSEC) : 0,
				      CELLRELAY_A_LINK_PAD))
		return -EMSGSIZE;
	return 0;
}

static int cr_nl_fill_link(struct sk_buff *skb, const void *obj)
{
	const struct cr_link *link = obj;
	const struct cr_endpoint *ep = cr_nl_deref(link, link->ep);
	const struct cr_sock *cs = cr_nl_deref(link, link->sock);
	const struct cr_keygen *gen;
	int i;

	if (nla_put_u32(skb, CELLRELAY_A_LINK_ID, link->id))
		return -EMSGSIZE;
	if (cs && nla_put_u32(skb, CELLRELAY_A_LINK_SOCK, cs->id))
		return -EMSGSIZE;
	if (ep && cr_nl_put_addr(skb, CELLRELAY_A_LINK_ADDR, CELLRELAY_A_LINK_PORT, &ep->addr))
		return -EMSGSIZE;
	if (nla_put_u32(skb, CELLRELAY_A_LINK_FLAGS, link->flags))
		return -EMSGSIZE;
	for (i = 0; i < CR_LINK_GENS; i++) {
		gen = cr_nl_deref(link, link->gen[i]);
		if (gen && cr_nl_put_key(skb, link, gen))
			return -EMSGSIZE;
	}
	if (nla_put_u32(skb, CELLRELAY_A_LINK_CIRCS, link->circ_count))
		return -EMSGSIZE;
	return cr_nl_put_link_counts(skb, link);
}

static int cr_nl_get_link_cfg(struct genl_info *info, struct cr_link_cfg *cfg)
{
	struct nlattr **a = info->attrs;
	int err;

	err = cr_nl_get_peer(info, CELLRELAY_A_LINK_ADDR, CELLRELAY_A_LINK_PORT, &cfg->addr);
	if (err)
		return err;
	cfg->has_addr = cfg->addr.family;
	if (a[CELLRELAY_A_LINK_ID])
		cfg->id = nla_get_u32(a[CELLRELAY_A_LINK_ID]);
	if (a[CELLRELAY_A_LINK_SOCK]) {
		cfg->sock = nla_get_u32(a[CELLRELAY_A_LINK_SOCK]);
		cfg->has_sock = true;
	}
	if (a[CELLRELAY_A_LINK_FLAGS]) {
		cfg->flags = nla_get_u32(a[CELLRELAY_A_LINK_FLAGS]);
		cfg->has_flags = true;
	}
	return 0;
}

/** cr_nl_link_new_doit() - LINK_NEW */
int cr_nl_link_new_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_link_cfg cfg = {};
	struct sk_buff *reply;
	struct cr_link *link;
	int err;

	err = cr_nl_get_link_cfg(info, &cfg);
	if (err)
		return err;
	reply = cr_nl_reply_new(info);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&cn->lock);
	link = cr_link_new(cn, &cfg, info->extack);
	err = PTR_ERR_OR_ZERO(link) ?: cr_nl_reply_put(reply, info, cr_nl_fill_link, link);
	mutex_unlock(&cn->lock);
	if (err)
		nlmsg_free(reply);
	else
		genlmsg_reply(reply, info);	/* the link exists, whoever hears of it */
	return err;
}

/** cr_nl_link_set_doit() - LINK_SET */
int cr_nl_link_set_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_link_cfg cfg = {};
	struct cr_link *link;
	int err;

	err = cr_nl_get_link_cfg(info, &cfg);
	if (err)
		return err;
	if (!cfg.has_addr && !cfg.has_sock && !cfg.has_flags) {
		NL_SET_ERR_MSG(info->extack,
			       "link-set: nothing to set: give sock, addr and port, or flags");
		return -EINVAL;
	}
	mutex_lock(&cn->lock);
	link = cr_nl_link(cn, info, CELLRELAY_A_LINK_ID);
	err = PTR_ERR_OR_ZERO(link) ?: cr_link_set(link, &cfg, info->extack);
	mutex_unlock(&cn->lock);
	return err;
}

/** cr_nl_link_del_doit() - LINK_DEL */
int cr_nl_link_del_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_link *link;

	mutex_lock(&cn->lock);
	link = cr_nl_link(cn, info, CELLRELAY_A_LINK_ID);
	if (!IS_ERR(link))
		cr_link_del(link, CELLRELAY_REASON_REQUEST);
	mutex_unlock(&cn->lock);
	return PTR_ERR_OR_ZERO(link);
}

/** cr_nl_link_get_doit() - LINK_GET of one */
int cr_nl_link_get_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = cr_nl_reply_new(info);
	struct cr_link *link;
	int err;

	if (!reply)
		return -ENOMEM;
	mutex_lock(&cn->lock);
	link = cr_nl_link(cn, info, CELLRELAY_A_LINK_ID);
	err = PTR_ERR_OR_ZERO(link) ?: cr_nl_reply_put(reply, info, cr_nl_fill_link, link);
	mutex_unlock(&cn->lock);
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err;
}

/** cr_nl_link_get_dumpit() - LINK_GET of all */
int cr_nl_link_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cr_net *cn = cr_nl_net(cb->skb);

	return cr_nl_dump(skb, cb, cn, &(struct cr_nl_dump){
		.xa = &cn->links, .kind = CR_DUMP_LINK, .cmd = CELLRELAY_CMD_LINK_GET,
		.fill = cr_nl_fill_link });
}
