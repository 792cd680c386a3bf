// SPDX-License-Identifier: GPL-2.0
/* Netlink: circuits and a client's hops. */
#include <linux/rtnetlink.h>

#include "../device.h"
#include "nl.h"

static int cr_nl_put_circ_links(struct sk_buff *skb, const struct cr_circuit *circ)
{
	const struct cr_dir *fwd = &circ->dir[CELLRELAY_FWD], *bwd = &circ->dir[CELLRELAY_BWD];

	if (bwd->link_out &&
	    (nla_put_u32(skb, CELLRELAY_A_CIRC_PREV_LINK, bwd->link_out->id) ||
	     nla_put_u32(skb, CELLRELAY_A_CIRC_PREV_RX, fwd->e.id) ||
	     nla_put_u32(skb, CELLRELAY_A_CIRC_PREV_TX, bwd->circ_out)))
		return -EMSGSIZE;
	if (fwd->link_out &&
	    (nla_put_u32(skb, CELLRELAY_A_CIRC_NEXT_LINK, fwd->link_out->id) ||
	     nla_put_u32(skb, CELLRELAY_A_CIRC_NEXT_RX, bwd->e.id) ||
	     nla_put_u32(skb, CELLRELAY_A_CIRC_NEXT_TX, fwd->circ_out)))
		return -EMSGSIZE;
	return 0;
}

static int cr_nl_put_circ_dev(struct sk_buff *skb, const struct cr_circuit *circ)
{
	const struct cr_dev *dev = rcu_dereference_protected(circ->dev,
							     lockdep_is_held(&circ->cn->lock));

	if (dev && nla_put_u32(skb, CELLRELAY_A_CIRC_IFINDEX, cr_dev_ifindex(dev)))
		return -EMSGSIZE;
	if (circ->inner4 && nla_put_in_addr(skb, CELLRELAY_A_CIRC_INNER4, circ->inner4))
		return -EMSGSIZE;
	if (!ipv6_addr_any(&circ->inner6) &&
	    nla_put_in6_addr(skb, CELLRELAY_A_CIRC_INNER6, &circ->inner6))
		return -EMSGSIZE;
	return 0;
}

static int cr_nl_put_circ_counts(struct sk_buff *skb, struct cr_circuit *circ)
{
	struct cellrelay_count count[2];
	u64 dropped = 0;
	int d;

	for (d = 0; d < ARRAY_SIZE(count); d++) {
		spin_lock_bh(&circ->dir[d].lock);
		count[d] = circ->dir[d].count;
		dropped += circ->dir[d].dropped.cells;
		spin_unlock_bh(&circ->dir[d].lock);
	}
	if (nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_FWD_CELLS, count[CELLRELAY_FWD].cells,
			      CELLRELAY_A_CIRC_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_FWD_BYTES, count[CELLRELAY_FWD].bytes,
			      CELLRELAY_A_CIRC_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_BWD_CELLS, count[CELLRELAY_BWD].cells,
			      CELLRELAY_A_CIRC_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_BWD_BYTES, count[CELLRELAY_BWD].bytes,
			      CELLRELAY_A_CIRC_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_DROP_CELLS, dropped, CELLRELAY_A_CIRC_PAD))
		return -EMSGSIZE;
	return 0;
}

static int cr_nl_put_circ_hops(struct sk_buff *skb, const struct cr_circuit *circ)
{
	u8 suites[CR_HOPS_MAX], i;

	for (i = 0; i < circ->nr_hops; i++)
		suites[i] = circ->hops[i].suite;
	return nla_put_u8(skb, CELLRELAY_A_CIRC_HOPS, i) ?:
	       nla_put(skb, CELLRELAY_A_CIRC_HOP_SUITES, i, suites);
}

static int cr_nl_fill_circ(struct sk_buff *skb, const void *obj)
{
	struct cr_circuit *circ = (struct cr_circuit *)obj;	/* its locks are taken */

	if (nla_put_u32(skb, CELLRELAY_A_CIRC_ID, circ->id) ||
	    nla_put_u32(skb, CELLRELAY_A_CIRC_SLOT, circ->slot) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_COOKIE, circ->cookie, CELLRELAY_A_CIRC_PAD) ||
	    nla_put_u8(skb, CELLRELAY_A_CIRC_ROLE, circ->role) ||
	    nla_put_u16(skb, CELLRELAY_A_CIRC_LARGE, circ->large))
		return -EMSGSIZE;
	if (circ->role == CELLRELAY_ROLE_RELAY ?
	    nla_put_u8(skb, CELLRELAY_A_CIRC_POS, circ->pos) ||
	    nla_put_u8(skb, CELLRELAY_A_CIRC_SUITE, circ->suite) :
	    cr_nl_put_circ_hops(skb, circ))
		return -EMSGSIZE;
	if (cr_nl_put_circ_links(skb, circ) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_LIMIT, READ_ONCE(circ->limit),
			      CELLRELAY_A_CIRC_PAD) ||
	    nla_put_u64_64bit(skb, CELLRELAY_A_CIRC_RATE, READ_ONCE(circ->rate),
			      CELLRELAY_A_CIRC_PAD) ||
	    cr_nl_put_circ_dev(skb, circ))
		return -EMSGSIZE;
	return cr_nl_put_circ_counts(skb, circ);
}

/* All three of a side, or none of it. */
static int cr_nl_get_side(struct genl_info *info, u16 link, u32 cfg[3], bool *has)
{
	struct nlattr **a = info->attrs + link;
	int i, n = !!a[0] + !!a[1] + !!a[2];

	static_assert(CELLRELAY_A_CIRC_PREV_TX == CELLRELAY_A_CIRC_PREV_LINK + 2);
	static_assert(CELLRELAY_A_CIRC_NEXT_TX == CELLRELAY_A_CIRC_NEXT_LINK + 2);
	*has = n == 3;
	if (n != 0 && n != 3) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[0] ?: a[1] ?: a[2],
				    "link, rx and tx of a side go together: some are missing");
		return -EINVAL;
	}
	for (i = 0; i < n; i++)
		cfg[i] = nla_get_u32(a[i]);
	return 0;
}

static int cr_nl_get_circ_cfg(struct genl_info *info, struct cr_circ_cfg *cfg)
{
	struct nlattr **a = info->attrs;
	u32 next[3] = {};
	int err;

	err = cr_nl_get_side(info, CELLRELAY_A_CIRC_NEXT_LINK, next, &cfg->has_next);
	if (err)
		return err;
	cfg->next_link = next[0];
	cfg->next_rx = next[1];
	cfg->next_tx = next[2];
	if (a[CELLRELAY_A_CIRC_ID])
		cfg->id = nla_get_u32(a[CELLRELAY_A_CIRC_ID]);
	if (a[CELLRELAY_A_CIRC_LIMIT]) {
		cfg->limit = nla_get_u64(a[CELLRELAY_A_CIRC_LIMIT]);
		cfg->has_limit = true;
	}
	if (a[CELLRELAY_A_CIRC_RATE]) {
		cfg->rate = nla_get_u64(a[CELLRELAY_A_CIRC_RATE]);
		cfg->has_rate = true;
	}
	if (a[CELLRELAY_A_CIRC_IFINDEX]) {
		cfg->ifindex = nla_get_u32(a[CELLRELAY_A_CIRC_IFINDEX]);
		cfg->has_ifindex = true;
	}
	if (a[CELLRELAY_A_CIRC_INNER4]) {
		cfg->inner4 = nla_get_in_addr(a[CELLRELAY_A_CIRC_INNER4]);
		cfg->has_inner4 = true;
	}
	if (a[CELLRELAY_A_CIRC_INNER6]) {
		cfg->inner6 = nla_get_in6_addr(a[CELLRELAY_A_CIRC_INNER6]);
		cfg->has_inner6 = true;
	}
	return 0;
}

/* What a relay's circuit needs beyond what every circuit does. */
static const struct cr_nl_need cr_nl_need_relay[] = {
	{ CELLRELAY_A_CIRC_POS, "circ-new: a relay's circuit needs pos" },
	{ CELLRELAY_A_CIRC_SUITE, "circ-new: a relay's circuit needs suite" },
	{ CELLRELAY_A_CIRC_PREV_LINK, "circ-new: a relay's circuit needs prev-link" },
	{ CELLRELAY_A_CIRC_PREV_RX, "circ-new: a relay's circuit needs prev-rx" },
	{ CELLRELAY_A_CIRC_PREV_TX, "circ-new: a relay's circuit needs prev-tx" },
	{ CELLRELAY_A_CIRC_KEY_FWD, "circ-new: a relay's circuit needs key-fwd" },
	{ CELLRELAY_A_CIRC_KEY_BWD, "circ-new: a relay's circuit needs key-bwd" },
	{ 0, NULL }
};

static int cr_nl_get_circ_role(struct genl_info *info, struct cr_circ_cfg *cfg)
{
	struct nlattr **a = info->attrs;
	const struct cr_nl_need *n;
	u32 prev[3] = {};
	int err;

	cfg->role = nla_get_u8(a[CELLRELAY_A_CIRC_ROLE]);
	cfg->large = nla_get_u16(a[CELLRELAY_A_CIRC_LARGE]);
	if (cfg->large != CR_CELL_LARGE && cfg->large != CR_CELL_LARGE_V6MIN) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CELLRELAY_A_CIRC_LARGE],
				    "a large cell has 1408 or 1232 bytes");
		return -EINVAL;
	}
	for (n = cr_nl_need_relay; n->attr; n++) {
		if (cfg->role == CELLRELAY_ROLE_RELAY && !a[n->attr]) {
			NL_SET_ERR_ATTR_MISS(info->extack, NULL, n->attr);
			if (info->extack)
				info->extack->_msg = n->msg;
			return -EINVAL;
		}
		if (cfg->role == CELLRELAY_ROLE_CLIENT && a[n->attr]) {
			NL_SET_ERR_MSG_ATTR(info->extack, a[n->attr],
					    "circ-new: only a relay's circuit has this; a client's keys are those of its hops");
			return -EINVAL;
		}
	}
	if (cfg->role == CELLRELAY_ROLE_CLIENT) {
		if (cfg->has_next)
			return 0;
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, CELLRELAY_A_CIRC_NEXT_LINK);
		NL_SET_ERR_MSG(info->extack,
			       "circ-new: a client's circuit needs next-link, next-rx and next-tx");
		return -EINVAL;
	}
	err = cr_nl_get_side(info, CELLRELAY_A_CIRC_PREV_LINK, prev, &cfg->has_prev);
	if (err)
		return err;
	cfg->prev_link = prev[0];
	cfg->prev_rx = prev[1];
	cfg->prev_tx = prev[2];
	cfg->pos = nla_get_u8(a[CELLRELAY_A_CIRC_POS]);
	cfg->suite = nla_get_u8(a[CELLRELAY_A_CIRC_SUITE]);
	nla_memcpy(cfg->key_fwd, a[CELLRELAY_A_CIRC_KEY_FWD], sizeof(cfg->key_fwd));
	nla_memcpy(cfg->key_bwd, a[CELLRELAY_A_CIRC_KEY_BWD], sizeof(cfg->key_bwd));
	return 0;
}

/* A device is bound under rtnl, which comes before the namespace's mutex. */
static void cr_nl_circ_lock(struct cr_net *cn, const struct cr_circ_cfg *cfg)
{
	if (cfg->has_ifindex)
		rtnl_lock();
	mutex_lock(&cn->lock);
}

static void cr_nl_circ_unlock(struct cr_net *cn, const struct cr_circ_cfg *cfg)
{
	mutex_unlock(&cn->lock);
	if (cfg->has_ifindex)
		rtnl_unlock();
}

/** cr_nl_circ_new_doit() - CIRC_NEW */
int cr_nl_circ_new_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_circ_cfg cfg = {};
	struct cr_circuit *circ;
	struct sk_buff *reply;
	int err;

	err = cr_nl_get_circ_cfg(info, &cfg) ?: cr_nl_get_circ_role(info, &cfg);
	if (err)
		goto out;
	err = -ENOMEM;
	reply = cr_nl_reply_new(info);
	if (!reply)
		goto out;
	cr_nl_circ_lock(cn, &cfg);
	circ = cr_circ_new(cn, &cfg, info->extack);
	err = PTR_ERR_OR_ZERO(circ) ?: cr_nl_reply_put(reply, info, cr_nl_fill_circ, circ);
	cr_nl_circ_unlock(cn, &cfg);
	if (err)
		nlmsg_free(reply);
	else
		genlmsg_reply(reply, info);	/* the circuit exists, whoever hears of it */
out:
	memzero_explicit(&cfg, sizeof(cfg));
	return err;
}

/** cr_nl_circ_set_doit() - CIRC_SET */
int cr_nl_circ_set_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_circ_cfg cfg = {};
	struct cr_circuit *circ;
	int err;

	err = cr_nl_get_circ_cfg(info, &cfg);
	if (err)
		return err;
	if (!cfg.has_limit && !cfg.has_rate && !cfg.has_ifindex && !cfg.has_inner4 &&
	    !cfg.has_inner6 && !cfg.has_next) {
		NL_SET_ERR_MSG(info->extack,
			       "circ-set: nothing to set: give limit, rate, ifindex, inner4, inner6 or a next link");
		return -EINVAL;
	}
	cr_nl_circ_lock(cn, &cfg);
	circ = cr_nl_circ(cn, info, CELLRELAY_A_CIRC_ID);
	err = PTR_ERR_OR_ZERO(circ) ?: cr_circ_set(circ, &cfg, info->extack);
	cr_nl_circ_unlock(cn, &cfg);
	return err;
}

/** cr_nl_circ_del_doit() - CIRC_DEL */
int cr_nl_circ_del_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_circuit *circ;

	mutex_lock(&cn->lock);
	circ = cr_nl_circ(cn, info, CELLRELAY_A_CIRC_ID);
	if (!IS_ERR(circ))
		cr_circ_del(circ, CELLRELAY_REASON_REQUEST);
	mutex_unlock(&cn->lock);
	return PTR_ERR_OR_ZERO(circ);
}

/** cr_nl_circ_get_doit() - CIRC_GET of one */
int cr_nl_circ_get_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = cr_nl_reply_new(info);
	struct cr_circuit *circ;
	int err;

	if (!reply)
		return -ENOMEM;
	mutex_lock(&cn->lock);
	circ = cr_nl_circ(cn, info, CELLRELAY_A_CIRC_ID);
	err = PTR_ERR_OR_ZERO(circ) ?: cr_nl_reply_put(reply, info, cr_nl_fill_circ, circ);
	mutex_unlock(&cn->lock);
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err;
}

static bool cr_nl_on_link(const struct netlink_callback *cb, u16 attr, const struct cr_link *link)
{
	const struct nlattr *nla = nlmsg_find_attr(cb->nlh, GENL_HDRLEN, attr);

	return !nla || (link && link->id == nla_get_u32(nla));
}

static bool cr_nl_circ_match(const struct netlink_callback *cb, const void *obj)
{
	const struct cr_circuit *circ = obj;

	return cr_nl_on_link(cb, CELLRELAY_A_CIRC_PREV_LINK, circ->dir[CELLRELAY_BWD].link_out) &&
	       cr_nl_on_link(cb, CELLRELAY_A_CIRC_NEXT_LINK, circ->dir[CELLRELAY_FWD].link_out);
}

/** cr_nl_circ_get_dumpit() - CIRC_GET of all, or of those on a link */
int cr_nl_circ_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cr_net *cn = cr_nl_net(cb->skb);

	return cr_nl_dump(skb, cb, cn, &(struct cr_nl_dump){
		.xa = &cn->circs, .kind = CR_DUMP_CIRC, .cmd = CELLRELAY_CMD_CIRC_GET,
		.fill = cr_nl_fill_circ, .match = cr_nl_circ_match });
}

/** cr_nl_hop_new_doit() - HOP_NEW */
int cr_nl_hop_new_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct cr_hop_cfg cfg = {};
	struct cr_circuit *circ;
	int err;

	cfg.pos = nla_get_u8(a[CELLRELAY_A_HOP_POS]);
	cfg.suite = nla_get_u8(a[CELLRELAY_A_HOP_SUITE]);
	cfg.exit = nla_get_flag(a[CELLRELAY_A_HOP_EXIT]);
	nla_memcpy(cfg.key_fwd, a[CELLRELAY_A_HOP_KEY_FWD], sizeof(cfg.key_fwd));
	nla_memcpy(cfg.key_bwd, a[CELLRELAY_A_HOP_KEY_BWD], sizeof(cfg.key_bwd));
	mutex_lock(&cn->lock);
	circ = cr_nl_circ(cn, info, CELLRELAY_A_HOP_CIRC);
	err = PTR_ERR_OR_ZERO(circ);
	if (!err && circ->role != CELLRELAY_ROLE_CLIENT) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[CELLRELAY_A_HOP_CIRC],
				    "hop-new: only a client's circuit has hops");
		err = -EINVAL;
	}
	if (!err)
		err = cr_circ_hop_new(circ, &cfg, info->extack);
	mutex_unlock(&cn->lock);
	memzero_explicit(&cfg, sizeof(cfg));
	return err;
}
