// SPDX-License-Identifier: GPL-2.0
/*
 * Module entry: what is made first goes last.
 */
#include <linux/cellrelay.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/suspend.h>

#include "circuit.h"
#include "device.h"
#include "main.h"
#include "netlink.h"
#include "netns.h"
#include "relay.h"
#include "suite.h"
#include "xdp.h"

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

struct workqueue_struct *cr_wq;

/*
 * A machine that is suspended, hibernated or forked may run twice, or come
 * back when the world has moved on; a sending counter used twice would break
 * the cipher. All links and circuits end before it happens, and none are made
 * until it is over.
 */
static int cr_pm_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		cr_netns_pause(true);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
		cr_netns_pause(false);
		break;
	}
	return NOTIFY_DONE;
}

/* The copy notices after the fact: end everything before anything else is sent. */
static int cr_vmfork_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	cr_filler_reseed();
	cr_net_flush_all(CELLRELAY_REASON_SUSPEND, false);
	return NOTIFY_DONE;
}

static struct notifier_block cr_pm_nb = { .notifier_call = cr_pm_notify };
static struct notifier_block cr_vmfork_nb = { .notifier_call = cr_vmfork_notify };

static int __init cr_init(void)
{
	int err;

	/* Indexes, counters and filler must not be guessable. */
	err = wait_for_random_bytes();
	if (err)
		return err;
	cr_suite_init();
	cr_wq = alloc_workqueue("cellrelay", WQ_UNBOUND, 0);
	if (!cr_wq)
		return -ENOMEM;
	err = cr_filler_init();
	if (err)
		goto err_wq;
	err = cr_circ_init();
	if (err)
		goto err_filler;
	err = cr_netns_register();
	if (err)
		goto err_circ;
	err = cr_dev_init();
	if (err)
		goto err_netns;
	err = cr_nl_init();
	if (err)
		goto err_dev;
	err = register_pm_notifier(&cr_pm_nb);
	if (err)
		goto err_nl;
	err = register_random_vmfork_notifier(&cr_vmfork_nb);
	if (err)
		goto err_pm;
	/* Last, because nothing takes the functions back but the module's end. */
	err = cr_xdp_init();
	if (err)
		goto err_vmfork;

	if (cr_xdp_available())
		pr_info("version %s loaded; XDP fast path: available\n", CR_VERSION);
	else
		pr_info("version %s loaded; XDP fast path: unavailable, the module has no BTF (build it with pahole installed); the socket path carries everything\n",
			CR_VERSION);
	return 0;

err_vmfork:
	unregister_random_vmfork_notifier(&cr_vmfork_nb);
err_pm:
	unregister_pm_notifier(&cr_pm_nb);
err_nl:
	cr_netns_stop();
	cr_nl_exit();
err_dev:
	cr_dev_exit();
err_netns:
	cr_netns_unregister();
err_circ:
	cr_circ_exit();
err_filler:
	cr_filler_exit();
err_wq:
	destroy_workqueue(cr_wq);
	return err;
}

/*
 * Everything ends while events can still tell so; then no command can come;
 * then devices go, then what namespaces hold. cr_netns_unregister() waits for
 * RCU callbacks and works, so that afterwards nothing of ours can run.
 */
static void __exit cr_exit(void)
{
	unregister_random_vmfork_notifier(&cr_vmfork_nb);
	unregister_pm_notifier(&cr_pm_nb);
	cr_netns_stop();
	cr_nl_exit();
	cr_dev_exit();
	cr_netns_unregister();
	rcu_barrier();
	cr_circ_exit();
	cr_filler_exit();
	destroy_workqueue(cr_wq);
}

module_init(cr_init);
module_exit(cr_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Onion-encrypted fixed-size cells, forwarded in the kernel");
MODULE_AUTHOR("cellrelay maintainers");
MODULE_VERSION(CR_VERSION);
