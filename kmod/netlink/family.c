// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: what is common to all commands. Policies, the
 * table of commands and what each needs are generated from cellrelay.yaml.
 *
 * Commands run in parallel; a namespace's mutex orders those that touch the
 * same objects. The core refuses, before anything here runs, whoever lacks
 * CAP_NET_ADMIN over the namespace, attributes that the command does not know,
 * and values out of range.
 *
 * Keys: a handler copies them into a cfg structure on its stack and wipes that;
 * cr_nl_doit() then zeroes them in the request, also when it was refused, so
 * neither freed memory nor the copy of the request in an error message holds
 * them. What the core refuses never comes here: a sender that does not want its
 * own bytes echoed then sets NETLINK_CAP_ACK, as relayctl and relayd do.
 */
#include <linux/module.h>

#include "nl.h"

#ifndef GENL_MCAST_CAP_NET_ADMIN
#error "this kernel cannot restrict a multicast group to CAP_NET_ADMIN: 6.1 needs at least 6.1.68"
#endif

bool cr_nl_up;

static const struct genl_multicast_group cr_nl_groups[] = {
	[CR_NL_GROUP_EVENTS] = {
		.name	= CELLRELAY_MCGRP_EVENTS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family cr_nl_family __ro_after_init = {
	.name		= CELLRELAY_FAMILY_NAME,
	.version	= CELLRELAY_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= cr_nl_ops,
	.n_ops		= ARRAY_SIZE(cr_nl_ops),
	.mcgrps		= cr_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(cr_nl_groups),
};

/* Messages come from tables; NL_SET_ERR_MSG() takes literals only. */
static void cr_nl_say(struct netlink_ext_ack *extack, const char *msg)
{
	if (extack)
		extack->_msg = msg;
}

/* No refusal without words, whatever failed below. */
static void cr_nl_explain(struct netlink_ext_ack *extack, int err)
{
	if (!extack || extack->_msg)
		return;
	switch (err) {
	case -ENOMEM:
	case -ENOBUFS:
		cr_nl_say(extack, "out of memory");
		break;
	case -EMSGSIZE:
		cr_nl_say(extack, "the answer does not fit a message");
		break;
	case -ENODEV:
		cr_nl_say(extack, "no such device, or the namespace is going");
		break;
	default:
		cr_nl_say(extack, "refused; the error number is all that is known");
		break;
	}
}

static int cr_nl_check(const struct cr_nl_rule *rule, const struct genl_info *info)
{
	const struct cr_nl_need *need;
	const u16 *attr;

	for (attr = rule->only_dump; attr && *attr; attr++) {
		if (!info->attrs[*attr])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[*attr],
				    "this attribute only narrows a dump");
		return -EINVAL;
	}
	for (need = rule->need; need && need->attr; need++) {
		if (info->attrs[need->attr])
			continue;
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, need->attr);
		cr_nl_say(info->extack, need->msg);
		return -EINVAL;
	}
	return 0;
}

/* All of them, not only those in info->attrs: of a repeated attribute that has the last. */
static void cr_nl_wipe(const u16 *secret, const struct genl_info *info)
{
	struct nlattr *nla;
	const u16 *attr;
	int rem;

	nlmsg_for_each_attr(nla, (struct nlmsghdr *)info->nlhdr, GENL_HDRLEN, rem) {
		for (attr = secret; *attr; attr++) {
			if (nla_type(nla) == *attr)
				memzero_explicit(nla_data(nla), nla_len(nla));
		}
	}
}

/**
 * cr_nl_doit() - every single request
 * @skb: request
 * @info: the same, parsed
 *
 * Return: 0 or -errno, then with an extack message.
 */
int cr_nl_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct cr_nl_rule *rule = &cr_nl_rules[info->genlhdr->cmd];
	int err;

	err = cr_nl_check(rule, info);
	if (!err)
		err = rule->doit(cr_net(genl_info_net(info)), skb, info);
	if (rule->secret)
		cr_nl_wipe(rule->secret, info);
	if (err)
		cr_nl_explain(info->extack, err);
	return err;
}

/*
 * The first page refuses attributes that are for single requests. The kernels
 * differ in how they hand a dump its parsed attributes; the message itself was
 * checked against the policy by then, and is the same on all. Not in a start
 * callback: 6.1 gives that no extack.
 */
static int cr_nl_dump_check(const struct netlink_callback *cb)
{
	const struct genlmsghdr *hdr = nlmsg_data(cb->nlh);
	const struct nlattr *nla;
	const u16 *attr;

	for (attr = cr_nl_rules[hdr->cmd].only_do; attr && *attr; attr++) {
		nla = nlmsg_find_attr(cb->nlh, GENL_HDRLEN, *attr);
		if (!nla)
			continue;
		NL_SET_ERR_MSG_ATTR(cb->extack, nla,
				    "this attribute is for single requests, not for dumps");
		return -EINVAL;
	}
	return 0;
}

/**
 * cr_nl_reply_new() - room for the answer to a request
 * @info: request
 *
 * Taken before an object is made, so that making it cannot fail afterwards.
 * Return: empty message, or NULL.
 */
struct sk_buff *cr_nl_reply_new(struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		NL_SET_ERR_MSG(info->extack, "no memory for the answer");
	return skb;
}

/**
 * cr_nl_reply_put() - fill the answer; send it with genlmsg_reply()
 * @skb: from cr_nl_reply_new(); still the caller's
 * @info: request
 * @fill: puts the object
 * @obj: object
 *
 * Return: 0 or -EMSGSIZE.
 */
int cr_nl_reply_put(struct sk_buff *skb, struct genl_info *info, cr_nl_fill fill, const void *obj)
{
	void *hdr;

	hdr = genlmsg_put_reply(skb, info, &cr_nl_family, 0, info->genlhdr->cmd);
	if (!hdr || fill(skb, obj))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * cr_nl_dump() - next page of a dump
 * @skb: page
 * @cb: state; args[0] is the id to go on with, args[1] is set at the end,
 *	args[2] after the first page
 * @cn: namespace
 * @dump: what to go through
 *
 * The cursor is an id, so what exists from beginning to end is seen exactly
 * once, whatever comes and goes meanwhile; the latter is told by NLM_F_DUMP_INTR.
 *
 * Return: bytes, 0 at the end, or -errno.
 */
int cr_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, struct cr_net *cn,
	       const struct cr_nl_dump *dump)
{
	unsigned long id = cb->args[0];
	void *obj, *hdr;
	int err = 0;

	if (!cb->args[2]++)
		err = cr_nl_dump_check(cb);
	if (err)
		return err;
	mutex_lock(&cn->lock);
	cb->seq = READ_ONCE(cn->dump_gen[dump->kind]) << 1 | 1;	/* 0 would mean "not known" */
	obj = cb->args[1] ? NULL : xa_find(dump->xa, &id, ULONG_MAX, XA_PRESENT);
	for (; obj; obj = xa_find_after(dump->xa, &id, ULONG_MAX, XA_PRESENT)) {
		if (dump->match && !dump->match(cb, obj))
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  &cr_nl_family, NLM_F_MULTI, dump->cmd);
		if (!hdr || dump->fill(skb, obj)) {
			genlmsg_cancel(skb, hdr);
			err = -EMSGSIZE;
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
	}
	mutex_unlock(&cn->lock);
	cb->args[0] = id;
	cb->args[1] = !obj;
	return skb->len ?: err;
}

/**
 * cr_nl_sock() - the socket that a request names
 * @cn: namespace, lock held
 * @info: request
 * @attr: attribute with its id, present
 *
 * Return: socket, or ERR_PTR(-ENOENT) with extack.
 */
struct cr_sock *cr_nl_sock(struct cr_net *cn, struct genl_info *info, u16 attr)
{
	struct cr_sock *cs = xa_load(&cn->socks, nla_get_u32(info->attrs[attr]));

	if (cs)
		return cs;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "no socket has this id");
	return ERR_PTR(-ENOENT);
}

/** cr_nl_link() - the link that a request names; like cr_nl_sock() */
struct cr_link *cr_nl_link(struct cr_net *cn, struct genl_info *info, u16 attr)
{
	struct cr_link *link = cr_link_find(cn, nla_get_u32(info->attrs[attr]));

	if (link)
		return link;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "no link has this id");
	return ERR_PTR(-ENOENT);
}

/** cr_nl_circ() - the circuit that a request names; like cr_nl_sock() */
struct cr_circuit *cr_nl_circ(struct cr_net *cn, struct genl_info *info, u16 attr)
{
	struct cr_circuit *circ = cr_circ_find(cn, nla_get_u32(info->attrs[attr]));

	if (circ)
		return circ;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "no circuit has this id");
	return ERR_PTR(-ENOENT);
}

/**
 * cr_nl_init() - offer the family; the last step of loading the module
 *
 * Return: 0 or -errno.
 */
int __init cr_nl_init(void)
{
	int err;

	err = cr_nl_daemon_init();
	if (err)
		return err;
	err = genl_register_family(&cr_nl_family);
	if (err) {
		cr_nl_daemon_exit();
		return err;
	}
	WRITE_ONCE(cr_nl_up, true);
	return 0;
}

/**
 * cr_nl_exit() - the first step of unloading: no command runs afterwards, and
 * events and messages to daemons go nowhere
 */
void cr_nl_exit(void)
{
	WRITE_ONCE(cr_nl_up, false);
	synchronize_rcu();
	genl_unregister_family(&cr_nl_family);
	cr_nl_daemon_exit();
}
