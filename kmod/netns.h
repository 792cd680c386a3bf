/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All state lives in the network namespace: a namespace is a host.
 */
#ifndef CR_NETNS_H
#define CR_NETNS_H

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "core/rate.h"
#include "core/siphash.h"
#include "stats.h"
#include "table.h"

#define CR_CIRC_MAX_DEFAULT	65536u
#define CR_CIRC_MAX_USERNS	1024u	/* outside the initial user namespace */
#define CR_LINK_MAX_DEFAULT	16384u
#define CR_SOCK_MAX		16u
#define CR_UP_QUEUE_MAX		(1024 * 1024)	/* bytes waiting for the daemon: control and datagrams */

/** enum cr_dump_kind - what can be dumped */
enum cr_dump_kind {
	CR_DUMP_SOCK,
	CR_DUMP_LINK,
	CR_DUMP_CIRC,
	CR_DUMP_KINDS,
};

struct cr_filter;

/**
 * struct cr_net - a namespace's state
 * @node: in the list of all namespaces
 * @net: the namespace
 * @cookie: its cookie (SO_NETNS_COOKIE)
 * @idx_key: k_idx: masks link indexes; random, told to peers in the handshake
 * @fair_rate: f of the rate controller, bytes/s; read for each cell, written every 10 ms
 * @stats: per-CPU counters
 * @gens: table of struct cr_keygen by receiving index
 * @dirs: table of struct cr_dir by receiving circuit id
 * @lock: serialises every change of configuration here; taken before rtnl is
 *	never: rtnl, then @lock
 * @links: struct cr_link by id, under @lock; readers use RCU
 * @circs: struct cr_circuit by id, likewise
 * @socks: struct cr_sock by id, likewise
 * @link_next: where the search for a free link id goes on; under @lock
 * @circ_next: the same for circuits
 * @circ_count: circuits, under @lock
 * @link_count: links, under @lock
 * @sock_count: sockets, under @lock
 * @socks_gone: sockets that a namespace which ends will close
 * @circ_max: limit, under @lock
 * @link_max: limit, under @lock
 * @dead: namespace is going: nothing new may be made; under @lock, read by the XDP path, too
 * @fair: controller; only its work touches it, and NS_SET under @lock with the work cancelled
 * @fair_work: recomputes f while there is a total cap
 * @fair_stamp: when it last did, ns; like @fair
 * @fair_admitted: sum of stats.admitted then
 * @fair_refused: sum of stats.refused then
 * @expire_work: deletes keys whose time is over
 * @expire_at: when it will run; valid while it is pending; under @lock
 * @daemon_portid: netlink port of the daemon, 0: none; under @event_lock
 * @daemon_sk: its socket, so that what waits there can be bounded by CR_UP_QUEUE_MAX;
 *	RCU, changed under @event_lock
 * @filter: which datagrams the daemon wants to see; RCU, changed under @event_lock
 * @cookie_lock: spinlock_bh, guards what follows; taken per question only
 * @cookie_secret: secrets of cookies, the present and the one before
 * @cookie_made: when the present one was drawn; 0: never
 * @cookie_second: when the counted second began
 * @cookie_count: questions in it
 * @event_seq: number of the last event; under @event_lock
 * @event_lock: spinlock_bh, so that numbers and order on the wire agree
 * @dump_gen: one counter per kind of object, changed when one comes or goes, so that a
 *	dump can say that it was interrupted; under @event_lock; starts at 0
 */
struct cr_net {
	struct list_head node;
	struct net *net;
	u64 cookie;
	struct cr_siphash_key idx_key;
	u64 fair_rate;
	struct cr_stats __percpu *stats;
	struct cr_table gens;
	struct cr_table dirs;

	struct mutex lock;
	struct xarray links;
	struct xarray circs;
	struct xarray socks;
	u32 link_next, circ_next;
	u32 circ_count, link_count, sock_count;
	struct list_head socks_gone;
	u32 circ_max, link_max;
	bool dead;

	struct cr_fair fair;
	struct delayed_work fair_work;
	u64 fair_stamp, fair_admitted, fair_refused;
	struct delayed_work expire_work;
	u64 expire_at;

	u32 daemon_portid;
	struct sock __rcu *daemon_sk;
	struct cr_filter __rcu *filter;
	spinlock_t cookie_lock;
	struct cr_siphash_key cookie_secret[2];
	u64 cookie_made, cookie_second;
	u32 cookie_count;
	u64 event_seq;
	spinlock_t event_lock;
	u32 dump_gen[CR_DUMP_KINDS];
};

struct cr_net *cr_net(const struct net *net);
int cr_netns_register(void);
void cr_netns_unregister(void);
int cr_net_set_rate(struct cr_net *cn, u64 rate);
void cr_net_expire_arm(struct cr_net *cn, u64 when);
void cr_net_flush(struct cr_net *cn, u8 reason);
void cr_net_flush_all(u8 reason, bool socks);
void cr_netns_stop(void);
void cr_netns_pause(bool pause);
bool cr_netns_paused(void);
void cr_net_stats(const struct cr_net *cn, struct cr_stats *sum);

#endif /* CR_NETNS_H */
