// SPDX-License-Identifier: MIT
/*
 * Around the forwarder, for measuring: a frame that comes in is overwritten with the next of
 * many prepared ones and handed to the forwarder, or to the stack; or it is only redirected.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAMES	4096
#define ROOM	1536
#define SHORTEST	60

struct frame {
	__u8 data[ROOM];
};

/* Prepared frames, each of which passes once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FRAMES);
	__type(key, __u32);
	__type(value, struct frame);
} xb_frames SEC(".maps");

/* 0: the forwarder. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xb_next SEC(".maps");

/* 0: the way out. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xb_devs SEC(".maps");

__u32 xb_at, xb_len;

static __always_inline int copy(struct xdp_md *ctx)
{
	__u32 at = xb_at++ % FRAMES, len = xb_len;
	struct frame *f = bpf_map_lookup_elem(&xb_frames, &at);

	if (!f || len < SHORTEST)
		return -1;
	__asm__ volatile("" : "+r"(len)); /* two comparisons: 6.1's verifier learns nothing from one of len - SHORTEST */
	if (len > ROOM)
		return -1;
	return bpf_xdp_store_bytes(ctx, 0, f->data, len);
}

SEC("xdp")
int xb_hop(struct xdp_md *ctx)
{
	if (!copy(ctx))
		bpf_tail_call(ctx, &xb_next, 0);
	return XDP_ABORTED;
}

/* Up the stack, to the module's socket. */
SEC("xdp")
int xb_pass(struct xdp_md *ctx)
{
	return copy(ctx) ? XDP_ABORTED : XDP_PASS;
}

/* What copying costs: this less xb_drop. */
SEC("xdp")
int xb_copy(struct xdp_md *ctx)
{
	return copy(ctx) ? XDP_ABORTED : XDP_DROP;
}

SEC("xdp")
int xb_redirect(struct xdp_md *ctx __attribute__((unused)))
{
	return bpf_redirect_map(&xb_devs, 0, 0);
}

/* On the other end of the wire: frames end here. */
SEC("xdp")
int xb_drop(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
