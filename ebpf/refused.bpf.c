// SPDX-License-Identifier: GPL-2.0
/*
 * What drivers refuse: a cell that an XDP program hands over is counted as out, and what a
 * device then does not take is counted here, per device, on the kernel's own tracepoints. They
 * are called once for a burst of frames, or when something went wrong.
 *
 * All XDP programs of the namespace are counted, for a burst does not say whose frames it holds.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "refused.h"

/* What is read of the kernel's structures; the loader finds where they have it. */
struct net {
	__u64 net_cookie;
} __attribute__((preserve_access_index));

struct net_device {
	int ifindex;
	struct {
		struct net *net;
	} nd_net;
} __attribute__((preserve_access_index));

/*
 * cr_xdp_refused: frames that went no further, by device.
 * Owner: the first `relayctl xdp attach` of a namespace makes, fills and pins it; it has an entry
 * for every device that is there at an attachment, and 0 for all others.
 * Key: ifindex. Writer: the programs here. Reader: relayctl xdp show.
 * Pin: /sys/fs/bpf/cellrelay/v1/NETNS-COOKIE/cr_xdp_refused
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct cellrelay_xdp_refused);
} cr_xdp_refused SEC(".maps");

/* Set by the loader before it loads: the namespace's cookie. */
const volatile __u64 cr_netns;

static __always_inline struct cellrelay_xdp_refused *of(const struct net_device *dev)
{
	struct cellrelay_xdp_refused *r;
	__u32 ifindex, other = 0;

	if (!dev || dev->nd_net.net->net_cookie != cr_netns)
		return NULL;
	ifindex = (__u32)dev->ifindex;
	r = bpf_map_lookup_elem(&cr_xdp_refused, &ifindex);
	return r ? r : bpf_map_lookup_elem(&cr_xdp_refused, &other);
}

/* xdp_devmap_xmit(from_dev, to_dev, sent, drops, err): a burst went to a driver. */
SEC("tp_btf/xdp_devmap_xmit")
int cr_refused_xmit(__u64 *ctx)
{
	int drops = (int)ctx[3];
	struct cellrelay_xdp_refused *r;

	if (drops <= 0)
		return 0;
	r = of((const struct net_device *)ctx[1]);
	if (r)
		__sync_fetch_and_add(&r->xmit, drops);
	return 0;
}

/* xdp_redirect_err(dev, ...): a frame that came in by the device could not be redirected. */
SEC("tp_btf/xdp_redirect_err")
int cr_refused_redirect(__u64 *ctx)
{
	struct cellrelay_xdp_refused *r = of((const struct net_device *)ctx[0]);

	if (r)
		__sync_fetch_and_add(&r->redirect, 1);
	return 0;
}

/* xdp_exception(dev, ...): one could not be sent back where it came in, or a program gave up. */
SEC("tp_btf/xdp_exception")
int cr_refused_tx(__u64 *ctx)
{
	struct cellrelay_xdp_refused *r = of((const struct net_device *)ctx[0]);

	if (r)
		__sync_fetch_and_add(&r->tx, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
