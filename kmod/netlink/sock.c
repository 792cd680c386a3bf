// SPDX-License-Identifier: GPL-2.0
/* Netlink: UDP sockets. */
#include <linux/rtnetlink.h>

#include "addr.h"
#include "nl.h"

static int cr_nl_fill_sock(struct sk_buff *skb, const void *obj)
{
	const struct cr_sock *cs = obj;

	if (nla_put_u32(skb, CELLRELAY_A_SOCK_ID, cs->id) ||
	    cr_nl_put_addr(skb, CELLRELAY_A_SOCK_ADDR, CELLRELAY_A_SOCK_PORT, &cs->local) ||
	    nla_put_u32(skb, CELLRELAY_A_SOCK_IFINDEX, cs->ifindex) ||
	    nla_put_u32(skb, CELLRELAY_A_SOCK_FWMARK, cs->fwmark))
		return -EMSGSIZE;
	return 0;
}

/** cr_nl_sock_new_doit() - SOCK_NEW */
int cr_nl_sock_new_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct cr_sock_cfg cfg = {};
	struct sk_buff *reply;
	struct cr_sock *cs;
	int err;

	err = cr_nl_get_local(info, CELLRELAY_A_SOCK_ADDR, CELLRELAY_A_SOCK_PORT, &cfg.local);
	if (err)
		return err;
	if (a[CELLRELAY_A_SOCK_ID])
		cfg.id = nla_get_u32(a[CELLRELAY_A_SOCK_ID]);
	if (a[CELLRELAY_A_SOCK_IFINDEX])
		cfg.ifindex = nla_get_u32(a[CELLRELAY_A_SOCK_IFINDEX]);
	if (a[CELLRELAY_A_SOCK_FWMARK])
		cfg.fwmark = nla_get_u32(a[CELLRELAY_A_SOCK_FWMARK]);
	reply = cr_nl_reply_new(info);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&cn->lock);
	cs = cr_sock_new(cn, &cfg, info->extack);
	err = PTR_ERR_OR_ZERO(cs) ?: cr_nl_reply_put(reply, info, cr_nl_fill_sock, cs);
	mutex_unlock(&cn->lock);
	if (err)
		nlmsg_free(reply);
	else
		genlmsg_reply(reply, info);	/* the socket exists, whoever hears of it */
	return err;
}

/** cr_nl_sock_del_doit() - SOCK_DEL */
int cr_nl_sock_del_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	u32 id = nla_get_u32(info->attrs[CELLRELAY_A_SOCK_ID]);
	struct cr_sock *cs;
	int err;

	mutex_lock(&cn->lock);
	cs = cr_nl_sock(cn, info, CELLRELAY_A_SOCK_ID);
	err = PTR_ERR_OR_ZERO(cs) ?: cr_sock_del(cn, id, CELLRELAY_REASON_REQUEST, info->extack);
	mutex_unlock(&cn->lock);
	return err;
}

/** cr_nl_sock_get_doit() - SOCK_GET of one */
int cr_nl_sock_get_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = cr_nl_reply_new(info);
	struct cr_sock *cs;
	int err;

	if (!reply)
		return -ENOMEM;
	mutex_lock(&cn->lock);
	cs = cr_nl_sock(cn, info, CELLRELAY_A_SOCK_ID);
	err = PTR_ERR_OR_ZERO(cs) ?: cr_nl_reply_put(reply, info, cr_nl_fill_sock, cs);
	mutex_unlock(&cn->lock);
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err;
}

/** cr_nl_sock_get_dumpit() - SOCK_GET of all */
int cr_nl_sock_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cr_net *cn = cr_nl_net(cb->skb);

	return cr_nl_dump(skb, cb, cn, &(struct cr_nl_dump){
		.xa = &cn->socks, .kind = CR_DUMP_SOCK, .cmd = CELLRELAY_CMD_SOCK_GET,
		.fill = cr_nl_fill_sock });
}
