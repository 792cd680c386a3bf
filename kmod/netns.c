// SPDX-License-Identifier: GPL-2.0
#include <linux/cellrelay.h>
#include <linux/random.h>
#include <linux/user_namespace.h>
#include <net/netns/generic.h>

#include "circuit.h"
#include "cookie.h"
#include "link.h"
#include "main.h"
#include "netlink.h"
#include "netns.h"
#include "relay.h"
#include "sock.h"

static unsigned int cr_net_id;

/* Every namespace's state, for what concerns the whole machine. */
static LIST_HEAD(cr_nets);
static DEFINE_MUTEX(cr_nets_lock); /* taken before any cr_net.lock */
static bool cr_paused; /* machine is being suspended: no new links, so no circuits */
static bool cr_going; /* module is being unloaded: new namespaces are born dead */

/**
 * cr_net() - our state of a namespace
 * @net: the namespace
 *
 * Return: never NULL while the caller holds @net or runs inside it.
 */
struct cr_net *cr_net(const struct net *net)
{
	return net_generic(net, cr_net_id);
}

static void cr_net_sums(const struct cr_net *cn, u64 *admitted, u64 *refused)
{
	unsigned int cpu;

	*admitted = 0;
	*refused = 0;
	for_each_possible_cpu(cpu) {
		const struct cr_stats *s = per_cpu_ptr(cn->stats, cpu);

		*admitted += READ_ONCE(s->admitted);
		*refused += READ_ONCE(s->refused);
	}
}

/* One period of the rate controller. Takes no lock: cr_net_set_rate() waits for it. */
static void cr_net_fair_work(struct work_struct *work)
{
	struct cr_net *cn = container_of(to_delayed_work(work), struct cr_net, fair_work);
	u64 now = ktime_get_ns(), admitted, refused;

	cr_net_sums(cn, &admitted, &refused);
	WRITE_ONCE(cn->fair_rate,
		   cr_fair_step(&cn->fair, admitted - cn->fair_admitted,
				refused - cn->fair_refused, now - cn->fair_stamp));
	cn->fair_stamp = now;
	cn->fair_admitted = admitted;
	cn->fair_refused = refused;
	queue_delayed_work(cr_wq, &cn->fair_work, msecs_to_jiffies(CR_RATE_PERIOD_MS));
}

/**
 * cr_net_set_rate() - set the total cap
 * @cn: namespace, its lock held
 * @rate: bytes/s, CR_RATE_UNLIMITED for none
 *
 * Return: 0 or -EINVAL for a cap of 0.
 */
int cr_net_set_rate(struct cr_net *cn, u64 rate)
{
	lockdep_assert_held(&cn->lock);
	if (!rate)
		return -EINVAL;
	cancel_delayed_work_sync(&cn->fair_work);
	cr_fair_init(&cn->fair, rate);
	WRITE_ONCE(cn->fair_rate, rate);
	if (rate != CR_RATE_UNLIMITED && !cn->dead) {
		cr_net_sums(cn, &cn->fair_admitted, &cn->fair_refused);
		cn->fair_stamp = ktime_get_ns();
		queue_delayed_work(cr_wq, &cn->fair_work, msecs_to_jiffies(CR_RATE_PERIOD_MS));
	}
	return 0;
}

/* At most once a second: keys refuse cells by themselves the moment they expire. */
static void cr_net_expire_work(struct work_struct *work)
{
	struct cr_net *cn = container_of(to_delayed_work(work), struct cr_net, expire_work);
	u64 next;

	mutex_lock(&cn->lock);
	if (!cn->dead) {
		next = cr_link_expire(cn);
		if (next)
			cr_net_expire_arm(cn, max(next, cr_now() + NSEC_PER_SEC));
	}
	mutex_unlock(&cn->lock);
}

/**
 * cr_net_expire_arm() - look at the keys when one of them expires
 * @cn: namespace, its lock held
 * @when: as cr_now()
 */
void cr_net_expire_arm(struct cr_net *cn, u64 when)
{
	u64 now = cr_now();

	lockdep_assert_held(&cn->lock);
	if (delayed_work_pending(&cn->expire_work) && cn->expire_at <= when)
		return;
	cn->expire_at = when;
	mod_delayed_work(cr_wq, &cn->expire_work,
			 when > now ? nsecs_to_jiffies(when - now) + 1 : 1);
}

/**
 * cr_net_flush() - end all circuits and links of a namespace
 * @cn: namespace
 * @reason: enum cellrelay_event_reason
 */
void cr_net_flush(struct cr_net *cn, u8 reason)
{
	struct cr_circuit *circ;
	struct cr_link *link;
	unsigned long id;

	mutex_lock(&cn->lock);
	xa_for_each(&cn->circs, id, circ) {
		cr_circ_del(circ, reason);
		cond_resched();
	}
	xa_for_each(&cn->links, id, link) {
		cr_link_del(link, reason);
		cond_resched();
	}
	mutex_unlock(&cn->lock);
}

/**
 * cr_net_flush_all() - end all circuits and links of every namespace
 * @reason: enum cellrelay_event_reason
 * @socks: close the sockets, too
 */
void cr_net_flush_all(u8 reason, bool socks)
{
	struct cr_net *cn;
	LIST_HEAD(gone);

	mutex_lock(&cr_nets_lock);
	if (socks)
		list_for_each_entry(cn, &cr_nets, node)
			cr_sock_unlink_all(cn, reason, &gone);
	list_for_each_entry(cn, &cr_nets, node)
		cr_net_flush(cn, reason);
	if (!list_empty(&gone)) {
		synchronize_net(); /* one wait for all */
		cr_sock_close_all(&gone);
	}
	mutex_unlock(&cr_nets_lock);
}

/**
 * cr_netns_pause() - the machine is about to stop, or goes on
 * @pause: end everything, and let no link be made until called with false
 *
 * Processes still run between the notice and the freezing of the machine: what they
 * made then would be in the image, and two machines could wake up from that.
 */
void cr_netns_pause(bool pause)
{
	WRITE_ONCE(cr_paused, pause);
	/* Who did not see it holds a namespace's lock, which the flush takes next. */
	if (pause)
		cr_net_flush_all(CELLRELAY_REASON_SUSPEND, false);
}

/**
 * cr_netns_paused() - is the machine about to stop? No link may be made then.
 *
 * Context: a namespace's lock held.
 */
bool cr_netns_paused(void)
{
	return READ_ONCE(cr_paused);
}

/**
 * cr_netns_stop() - the module goes: end everything, let nothing new be made
 *
 * Called while events can still be sent; cr_netns_unregister() then finds
 * empty namespaces.
 */
void cr_netns_stop(void)
{
	struct cr_net *cn;

	mutex_lock(&cr_nets_lock);
	cr_going = true;
	list_for_each_entry(cn, &cr_nets, node) {
		mutex_lock(&cn->lock);
		cn->dead = true;
		mutex_unlock(&cn->lock);
	}
	mutex_unlock(&cr_nets_lock);
	cr_net_flush_all(CELLRELAY_REASON_UNLOAD, true);
}

/**
 * cr_net_stats() - sum the counters of all CPUs
 * @cn: namespace
 * @sum: result; sums of different counters are not of one instant
 */
void cr_net_stats(const struct cr_net *cn, struct cr_stats *sum)
{
	const size_t words = sizeof(*sum) / sizeof(u64);
	u64 *to = (u64 *)sum;
	unsigned int cpu;
	size_t i;

	BUILD_BUG_ON(sizeof(*sum) % sizeof(u64));
	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const u64 *from = (const u64 *)per_cpu_ptr(cn->stats, cpu);

		for (i = 0; i < words; i++)
			to[i] += READ_ONCE(from[i]);
	}
}

static int __net_init cr_net_init(struct net *net)
{
	struct cr_net *cn = cr_net(net);
	int err;

	cn->net = net;
	cn->cookie = net->net_cookie;
	get_random_bytes(&cn->idx_key, sizeof(cn->idx_key));
	mutex_init(&cn->lock);
	spin_lock_init(&cn->event_lock);
	spin_lock_init(&cn->cookie_lock);
	xa_init_flags(&cn->links, XA_FLAGS_ALLOC1);
	xa_init_flags(&cn->circs, XA_FLAGS_ALLOC1);
	xa_init_flags(&cn->socks, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&cn->socks_gone);
	INIT_DELAYED_WORK(&cn->fair_work, cr_net_fair_work);
	INIT_DELAYED_WORK(&cn->expire_work, cr_net_expire_work);
	cn->circ_max = net->user_ns == &init_user_ns ? CR_CIRC_MAX_DEFAULT : CR_CIRC_MAX_USERNS;
	cn->link_max = net->user_ns == &init_user_ns ? CR_LINK_MAX_DEFAULT : CR_CIRC_MAX_USERNS;
	cr_fair_init(&cn->fair, CR_RATE_UNLIMITED);
	cn->fair_rate = CR_RATE_UNLIMITED;

	cn->stats = alloc_percpu_gfp(struct cr_stats, GFP_KERNEL_ACCOUNT);
	if (!cn->stats)
		return -ENOMEM;
	err = cr_table_init(&cn->gens, &cn->lock);
	if (err)
		goto err_stats;
	err = cr_table_init(&cn->dirs, &cn->lock);
	if (err)
		goto err_gens;
	mutex_lock(&cr_nets_lock);
	cn->dead = cr_going;
	list_add_tail(&cn->node, &cr_nets);
	mutex_unlock(&cr_nets_lock);
	return 0;

err_gens:
	cr_table_free(&cn->gens);
err_stats:
	free_percpu(cn->stats);
	return err;
}

/*
 * The namespace goes. Sockets first, so that no cell comes in; then circuits
 * and links, whose cached routes must be gone before the namespace's devices
 * and routing tables are: we are a pernet device, which is taken down before
 * all those. An XDP program still runs on devices that are not down yet; it
 * stops at the sight of @dead, and between this and the next step lies a grace
 * period of the caller's.
 */
static void __net_exit cr_net_pre_exit(struct net *net)
{
	struct cr_net *cn = cr_net(net);

	mutex_lock(&cr_nets_lock);
	list_del(&cn->node);
	mutex_unlock(&cr_nets_lock);
	mutex_lock(&cn->lock);
	WRITE_ONCE(cn->dead, true);
	mutex_unlock(&cn->lock);
	cancel_delayed_work_sync(&cn->fair_work);
	cancel_delayed_work_sync(&cn->expire_work);
	cr_sock_unlink_all(cn, CELLRELAY_REASON_UNLOAD, &cn->socks_gone);
	cr_net_flush(cn, CELLRELAY_REASON_UNLOAD);
	cr_filter_set(cn, NULL);
}

/*
 * A grace period has passed for all namespaces of the batch together, so that
 * thousands that end at once do not wait one after the other. What pre_exit
 * deleted is freed by RCU callbacks, some of which leave the
 * freeing to the workqueue because a kill was queued; all of it uses cr_net.
 */
static void __net_exit cr_net_exit_batch(struct list_head *list)
{
	struct net *net;

	list_for_each_entry(net, list, exit_list)
		cr_sock_close_all(&cr_net(net)->socks_gone);
	rcu_barrier();
	flush_workqueue(cr_wq);
	list_for_each_entry(net, list, exit_list) {
		struct cr_net *cn = cr_net(net);

		cr_table_free(&cn->dirs);
		cr_table_free(&cn->gens);
		free_percpu(cn->stats);
		xa_destroy(&cn->socks);
		xa_destroy(&cn->circs);
		xa_destroy(&cn->links);
		memzero_explicit(&cn->idx_key, sizeof(cn->idx_key));
	}
}

static struct pernet_operations cr_net_ops = {
	.init = cr_net_init,
	.pre_exit = cr_net_pre_exit,
	.exit_batch = cr_net_exit_batch,
	.id = &cr_net_id,
	.size = sizeof(struct cr_net),
};

/**
 * cr_netns_register() - give every namespace, present and future, its state
 *
 * Return: 0 or -errno.
 */
int cr_netns_register(void)
{
	return register_pernet_device(&cr_net_ops);
}

/** cr_netns_unregister() - take it away again; returns when all is freed */
void cr_netns_unregister(void)
{
	unregister_pernet_device(&cr_net_ops);
}
