// SPDX-License-Identifier: GPL-2.0
/*
 * Events: numbered per namespace without gaps, so that a reader knows when it
 * lost some and dumps again. A number is used even when nobody listens or
 * there is no memory for the message.
 */
#include "addr.h"
#include "nl.h"

/* Everything that an event may carry; what is 0 or NULL is left out, but for reason and id. */
struct cr_event {
	u32 type;
	u32 reason;
	u32 id;
	u64 cookie;
	const u8 *gen;
	const struct cr_addr *addr;
	const struct cr_circuit *final;
};

/* Does this change what a dump shows, and of which kind? */
static int cr_event_kind(u32 type)
{
	switch (type) {
	case CELLRELAY_EVENT_SOCK_NEW:
	case CELLRELAY_EVENT_SOCK_DEL:
		return CR_DUMP_SOCK;
	case CELLRELAY_EVENT_LINK_NEW:
	case CELLRELAY_EVENT_LINK_DEL:
		return CR_DUMP_LINK;
	case CELLRELAY_EVENT_CIRC_NEW:
	case CELLRELAY_EVENT_CIRC_DEL:
		return CR_DUMP_CIRC;
	default:
		return -1;
	}
}

static int cr_event_put(struct sk_buff *skb, const struct cr_event *ev, u64 seq)
{
	if (nla_put_u64_64bit(skb, CELLRELAY_A_EVENT_SEQ, seq, CELLRELAY_A_EVENT_PAD) ||
	    nla_put_u32(skb, CELLRELAY_A_EVENT_TYPE, ev->type) ||
	    nla_put_u32(skb, CELLRELAY_A_EVENT_REASON, ev->reason) ||
	    nla_put_u32(skb, CELLRELAY_A_EVENT_ID, ev->id))
		return -EMSGSIZE;
	if (ev->cookie && nla_put_u64_64bit(skb, CELLRELAY_A_EVENT_COOKIE, ev->cookie,
					    CELLRELAY_A_EVENT_PAD))
		return -EMSGSIZE;
	if (ev->gen && nla_put_u8(skb, CELLRELAY_A_EVENT_GEN, *ev->gen))
		return -EMSGSIZE;
	if (ev->addr && cr_nl_put_addr(skb, CELLRELAY_A_EVENT_ADDR, CELLRELAY_A_EVENT_PORT,
				       ev->addr))
		return -EMSGSIZE;
	if (ev->final &&
	    (nla_put_u64_64bit(skb, CELLRELAY_A_EVENT_FWD_BYTES,
			       READ_ONCE(ev->final->dir[CELLRELAY_FWD].count.bytes),
			       CELLRELAY_A_EVENT_PAD) ||
	     nla_put_u64_64bit(skb, CELLRELAY_A_EVENT_BWD_BYTES,
			       READ_ONCE(ev->final->dir[CELLRELAY_BWD].count.bytes),
			       CELLRELAY_A_EVENT_PAD)))
		return -EMSGSIZE;
	return 0;
}

static void cr_event_send(struct cr_net *cn, const struct cr_event *ev)
{
	int kind = cr_event_kind(ev->type);
	struct sk_buff *skb;
	void *hdr;
	u64 seq;

	rcu_read_lock();
	spin_lock_bh(&cn->event_lock);
	seq = cn->event_seq + 1;
	WRITE_ONCE(cn->event_seq, seq);
	if (kind >= 0)
		WRITE_ONCE(cn->dump_gen[kind], cn->dump_gen[kind] + 1);
	if (!READ_ONCE(cr_nl_up) ||
	    !genl_has_listeners(&cr_nl_family, cn->net, CR_NL_GROUP_EVENTS))
		goto out;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE / 8, GFP_ATOMIC);
	if (!skb)
		goto out;
	hdr = genlmsg_put(skb, 0, 0, &cr_nl_family, 0, CELLRELAY_CMD_EVENT);
	if (!hdr || cr_event_put(skb, ev, seq)) {
		nlmsg_free(skb);
		goto out;
	}
	genlmsg_end(skb, hdr);
	/* Who cannot take it gets ENOBUFS from its socket, and sees the gap. */
	genlmsg_multicast_netns(&cr_nl_family, cn->net, skb, 0, CR_NL_GROUP_EVENTS, GFP_ATOMIC);
out:
	spin_unlock_bh(&cn->event_lock);
	rcu_read_unlock();
}

/**
 * cr_event_sock() - a socket came or went
 * @cn: namespace
 * @type: CELLRELAY_EVENT_SOCK_NEW or CELLRELAY_EVENT_SOCK_DEL
 * @id: its id
 * @reason: enum cellrelay_event_reason
 */
void cr_event_sock(struct cr_net *cn, u32 type, u32 id, u8 reason)
{
	cr_event_send(cn, &(struct cr_event){ .type = type, .reason = reason, .id = id });
}

/**
 * cr_event_link() - a link came, changed or went
 * @link: link
 * @type: CELLRELAY_EVENT_LINK_*
 * @reason: enum cellrelay_event_reason
 */
void cr_event_link(struct cr_link *link, u32 type, u8 reason)
{
	cr_event_send(link->cn, &(struct cr_event){
		.type = type, .reason = reason, .id = link->id });
}

/**
 * cr_event_key() - a key generation came, changed or went
 * @link: its link
 * @type: CELLRELAY_EVENT_KEY_*
 * @gen: generation
 * @reason: enum cellrelay_event_reason
 */
void cr_event_key(struct cr_link *link, u32 type, u8 gen, u8 reason)
{
	cr_event_send(link->cn, &(struct cr_event){
		.type = type, .reason = reason, .id = link->id, .gen = &gen });
}

/**
 * cr_event_circ() - a circuit came, changed, went or reached its limit
 * @circ: circuit; when it went, its counts are final
 * @type: CELLRELAY_EVENT_CIRC_*
 * @reason: enum cellrelay_event_reason
 */
void cr_event_circ(struct cr_circuit *circ, u32 type, u8 reason)
{
	cr_event_send(circ->cn, &(struct cr_event){
		.type = type, .reason = reason, .id = circ->id, .cookie = circ->cookie,
		.final = type == CELLRELAY_EVENT_CIRC_DEL ? circ : NULL });
}

/**
 * cr_event_roam() - an authentic cell came from a new address
 * @link: link
 * @addr: the address
 */
void cr_event_roam(struct cr_link *link, const struct cr_addr *addr)
{
	cr_event_send(link->cn, &(struct cr_event){
		.type = CELLRELAY_EVENT_ROAM, .id = link->id, .addr = addr });
}

/**
 * cr_event_ns() - limits of the namespace changed
 * @cn: namespace
 */
void cr_event_ns(struct cr_net *cn)
{
	cr_event_send(cn, &(struct cr_event){ .type = CELLRELAY_EVENT_NS });
}
