/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of the netlink family. */
#ifndef CR_NETLINK_NL_H
#define CR_NETLINK_NL_H

#include <net/genetlink.h>

#include "../circuit.h"
#include "../netlink.h"
#include "policy.gen.h"

extern struct genl_family cr_nl_family;

/* Index of the group in the family. */
#define CR_NL_GROUP_EVENTS	0

/*
 * Is the family registered? False from before it goes: what softirqs would
 * send is dropped then. Read under RCU; cr_nl_exit() waits for readers.
 */
extern bool cr_nl_up;

/**
 * typedef cr_nl_fill - put the attributes of an object into a message
 *
 * Context: cn->lock held.
 * Return: 0 or -EMSGSIZE.
 */
typedef int (*cr_nl_fill)(struct sk_buff *skb, const void *obj);

/**
 * struct cr_nl_dump - what a dump goes through
 * @xa: objects by id
 * @kind: whose generation says that a dump was interrupted
 * @cmd: command of the messages
 * @fill: puts an object
 * @match: says whether an object is wanted; NULL: all are
 */
struct cr_nl_dump {
	struct xarray *xa;
	enum cr_dump_kind kind;
	u8 cmd;
	cr_nl_fill fill;
	bool (*match)(const struct netlink_callback *cb, const void *obj);
};

struct sk_buff *cr_nl_reply_new(struct genl_info *info);
int cr_nl_reply_put(struct sk_buff *skb, struct genl_info *info, cr_nl_fill fill, const void *obj);
int cr_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, struct cr_net *cn,
	       const struct cr_nl_dump *dump);

struct cr_sock *cr_nl_sock(struct cr_net *cn, struct genl_info *info, u16 attr);
struct cr_link *cr_nl_link(struct cr_net *cn, struct genl_info *info, u16 attr);
struct cr_circuit *cr_nl_circ(struct cr_net *cn, struct genl_info *info, u16 attr);

int cr_nl_daemon_init(void);
void cr_nl_daemon_exit(void);

/** cr_nl_net() - state of the namespace that a request came from */
static inline struct cr_net *cr_nl_net(const struct sk_buff *skb)
{
	return cr_net(sock_net(skb->sk));
}

#endif /* CR_NETLINK_NL_H */
