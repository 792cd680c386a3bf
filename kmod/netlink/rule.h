/* SPDX-License-Identifier: GPL-2.0 */
/* What the generated tables (policy.gen.c) say about a command beyond its policy. */
#ifndef CR_NETLINK_RULE_H
#define CR_NETLINK_RULE_H

#include <linux/types.h>

struct cr_net;
struct genl_info;
struct sk_buff;

/**
 * struct cr_nl_need - an attribute without which a command is refused
 * @attr: its number; 0 ends the list
 * @msg: what the refusal says
 */
struct cr_nl_need {
	u16 attr;
	const char *msg;
};

/**
 * struct cr_nl_rule - one command
 * @doit: handler of a single request
 * @need: required attributes, or NULL
 * @only_do: attributes that a dump does not take (their policy is shared); ends with 0, or NULL
 * @only_dump: attributes that only a dump takes; likewise
 * @secret: keys, wiped from the request once it was handled; likewise
 */
struct cr_nl_rule {
	int (*doit)(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info);
	const struct cr_nl_need *need;
	const u16 *only_do;
	const u16 *only_dump;
	const u16 *secret;
};

int cr_nl_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* CR_NETLINK_RULE_H */
