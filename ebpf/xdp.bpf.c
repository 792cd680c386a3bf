// SPDX-License-Identifier: GPL-2.0
/*
 * The XDP forwarder: takes the frame apart, has the module do the relay's work on the cell in
 * it, writes a new outer header, counts, sends. All state is the module's; what it
 * says and wants stands in linux/cellrelay_xdp.h.
 *
 * Nothing of the received outer header goes into the new one: a copied field would be a tag
 * that no layer of encryption removes.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/cellrelay_xdp.h>

#include "count.h"

#define IP_MF_OFFSET	0x3fff	/* more fragments, or not the first */
#define IP_DF		0x4000
#define OUTER_TTL	64

/*
 * cr_devs: where cells may go out, by ifindex.
 * Owner: `relayctl xdp attach` makes, fills and pins it, one per network namespace. A device
 * that is not in it (made later) is sent to by bpf_redirect().
 * Key: ifindex. Value: ifindex. Writer: relayctl; the kernel removes devices that go.
 * Pin: /sys/fs/bpf/cellrelay/v1/NETNS-COOKIE/cr_devs
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} cr_devs SEC(".maps");

/*
 * cr_xdp_pass: frames that were left to the stack, by enum cellrelay_xdp_why.
 * Owner: as above. Writer: the program, each CPU its own copy. Reader: relayctl xdp show.
 * Pin: /sys/fs/bpf/cellrelay/v1/NETNS-COOKIE/cr_xdp_pass
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CELLRELAY_XDP_WHYS);
	__type(key, __u32);
	__type(value, __u64);
} cr_xdp_pass SEC(".maps");

/*
 * cr_cpus: CPUs that the work is spread over; each runs cr_xdp_cpu.
 * Owner: `relayctl xdp attach ... spread N`, which fills 0 to N - 1. Not pinned.
 * Key: CPU. Value: length of its queue, program.
 */
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cr_cpus SEC(".maps");

/* Set by the loader before it loads: CELLRELAY_XDP_F_GENERIC or 0. */
const volatile __u32 cr_mode;
/* Likewise: how many CPUs cr_xdp_spread chooses from. */
const volatile __u32 cr_spread = 1;

/* A tag as it stands behind the addresses. */
struct vlan_tag {
	__be16 tci;
	__be16 proto;
};

extern int bpf_cellrelay_xdp(struct xdp_md *ctx, __u32 off, struct cellrelay_xdp *o,
			     __u32 o__sz) __ksym;
extern int bpf_cellrelay_xdp_cpu(struct xdp_md *ctx, __u32 off, struct cellrelay_xdp *o,
				 __u32 o__sz) __ksym;

static __always_inline int pass(__u32 why)
{
	__u64 *n = bpf_map_lookup_elem(&cr_xdp_pass, &why);

	if (n)
		++*n;
	return XDP_PASS;
}

static __always_inline __u16 fold16(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Ones' complement sum over a header without options; 0xffff when its checksum is right. */
static __always_inline __u16 sum_ip(const struct iphdr *ip)
{
	const __u32 *w = (const __u32 *)ip;

	return fold16((__u64)w[0] + w[1] + w[2] + w[3] + w[4]);
}

/*
 * Is this one whole plain UDP datagram of a cell's size? All else, options, extension headers,
 * fragments and bad checksums of headers included, is the stack's business.
 * Return: where the payload starts, or 0.
 */
static __always_inline __u32 parse(struct xdp_md *ctx, struct cellrelay_xdp *o)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	void *l3 = eth + 1;
	struct udphdr *udp;
	__be16 proto;

	if (l3 > end)
		return 0;
	proto = ((__u16 *)eth)[ETH_ALEN]; /* as one word */
	if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD)) {
		struct vlan_tag *tag = l3;

		if ((void *)(tag + 1) > end)
			return 0;
		o->vlan_proto = proto;
		o->vlan_id = bpf_ntohs(tag->tci) & 0xfff;
		proto = tag->proto;
		l3 = tag + 1;
	}
	if (proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = l3;

		udp = (void *)(ip + 1);
		if ((void *)(udp + 1) > end)
			return 0;
		if (*(__u8 *)ip != 0x45 || ip->protocol != IPPROTO_UDP ||
		    (ip->frag_off & bpf_htons(IP_MF_OFFSET)) ||
		    bpf_ntohs(ip->tot_len) != end - l3 || sum_ip(ip) != 0xffff)
			return 0;
		o->family = CELLRELAY_XDP_INET;
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = l3;

		udp = (void *)(ip6 + 1);
		if ((void *)(udp + 1) > end)
			return 0;
		/* IPv6 wants a checksum: without, the stack refuses the datagram */
		if (ip6->version != 6 || ip6->nexthdr != IPPROTO_UDP || !udp->check ||
		    bpf_ntohs(ip6->payload_len) != end - (void *)udp)
			return 0;
		o->family = CELLRELAY_XDP_INET6;
	} else {
		return 0;
	}
	if (bpf_ntohs(udp->len) != end - (void *)udp)
		return 0;
	o->len = bpf_ntohs(udp->len) - sizeof(*udp);
	return (void *)(udp + 1) - data;
}

static __always_inline void write_ip4(struct iphdr *ip, const struct cellrelay_xdp *o)
{
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = 0;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(struct udphdr) + o->len);
	ip->id = 0;
	ip->frag_off = bpf_htons(IP_DF);
	ip->ttl = OUTER_TTL;
	ip->protocol = IPPROTO_UDP;
	ip->check = 0;
	ip->saddr = o->saddr[0];
	ip->daddr = o->daddr[0];
	ip->check = ~sum_ip(ip);
}

static __always_inline void write_ip6(struct ipv6hdr *ip6, const struct cellrelay_xdp *o)
{
	*(__be32 *)ip6 = bpf_htonl(0x60000000);
	ip6->payload_len = bpf_htons(sizeof(struct udphdr) + o->len);
	ip6->nexthdr = IPPROTO_UDP;
	ip6->hop_limit = OUTER_TTL;
	__builtin_memcpy(&ip6->saddr, o->saddr, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, o->daddr, sizeof(ip6->daddr));
}

/*
 * The whole Ethernet header. By words: a packed header would be written byte by byte.
 */
static __always_inline void write_eth(struct ethhdr *eth, const struct cellrelay_xdp *o, __be16 proto)
{
	const __u16 *from = (const __u16 *)o->eth_dst; /* the source stands behind it */
	__u16 *to = (__u16 *)eth;

#pragma unroll
	for (unsigned int i = 0; i < ETH_ALEN; i++)
		to[i] = from[i];
	to[ETH_ALEN] = proto;
}

/* The module made sure that there is room. */
static __always_inline int write_outer(struct xdp_md *ctx, const struct cellrelay_xdp *o, __u32 off)
{
	_Bool v4 = o->out_family == CELLRELAY_XDP_INET;
	int ip_len = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	int cut = (int)off - (int)(sizeof(struct ethhdr) + ip_len + sizeof(struct udphdr));
	struct ethhdr *eth;
	struct udphdr *udp;
	void *end;

	if (cut && bpf_xdp_adjust_head(ctx, cut))
		return -1;
	eth = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (v4) {
		struct iphdr *ip = (void *)(eth + 1);

		udp = (void *)(ip + 1);
		if ((void *)(udp + 1) > end)
			return -1;
		write_eth(eth, o, bpf_htons(ETH_P_IP));
		write_ip4(ip, o);
	} else {
		struct ipv6hdr *ip6 = (void *)(eth + 1);

		udp = (void *)(ip6 + 1);
		if ((void *)(udp + 1) > end)
			return -1;
		write_eth(eth, o, bpf_htons(ETH_P_IPV6));
		write_ip6(ip6, o);
	}
	udp->source = o->sport;
	udp->dest = o->dport;
	udp->len = bpf_htons(sizeof(*udp) + o->len);
	udp->check = o->check;
	return 0;
}

static __always_inline int redirect(__u32 ifindex)
{
	int ret = bpf_redirect_map(&cr_devs, ifindex, 0);

	return ret == XDP_REDIRECT ? ret : bpf_redirect(ifindex, 0);
}

/* The work, after parse(). Return: XDP_PASS, XDP_DROP, XDP_ABORTED, or XDP_REDIRECT: to be sent */
static __always_inline int work(struct xdp_md *ctx, struct cellrelay_xdp *o, __u32 off)
{
	int verdict = bpf_cellrelay_xdp(ctx, off, o, sizeof(*o));

	if (verdict == CELLRELAY_XDP_PASS)
		return pass(o->why);
	count_cell(o->slot, o->cookie, o->netns, o->what, o->len);
	if (verdict != CELLRELAY_XDP_FORWARD)
		return XDP_DROP;
	return write_outer(ctx, o, off) ? XDP_ABORTED : XDP_REDIRECT;
}

SEC("xdp")
int cr_xdp(struct xdp_md *ctx)
{
	struct cellrelay_xdp o = { .flags = cr_mode };
	__u32 off = parse(ctx, &o);
	int ret;

	if (!off)
		return pass(CELLRELAY_XDP_NOT_UDP);
	ret = work(ctx, &o, off);
	if (ret != XDP_REDIRECT)
		return ret;
	return o.ifindex == ctx->ingress_ifindex ? XDP_TX : redirect(o.ifindex);
}

/*
 * For one fat link: looks at the header only and hands the frame to the circuit's CPU, with
 * what it found there as metadata. The frame is still as it came: where it cannot be handed
 * over it may go up the stack.
 */
SEC("xdp")
int cr_xdp_spread(struct xdp_md *ctx)
{
	struct cellrelay_xdp o = { .flags = cr_mode, .cpus = cr_spread };
	__u32 off = parse(ctx, &o);
	struct cellrelay_xdp_meta *meta;
	int cpu;

	if (!off)
		return pass(CELLRELAY_XDP_NOT_UDP);
	cpu = bpf_cellrelay_xdp_cpu(ctx, off, &o, sizeof(o));
	if (cpu == CELLRELAY_XDP_CPU_CONSUMED) {
		count_cell(o.slot, o.cookie, o.netns, o.what, o.len);
		return XDP_DROP;
	}
	if (cpu < 0)
		return pass(o.why);
	/* without metadata the other CPU hashes again */
	if (!bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta))) {
		meta = (void *)(long)ctx->data_meta;
		if ((void *)(meta + 1) <= (void *)(long)ctx->data)
			*meta = o.meta;
	}
	return bpf_redirect_map(&cr_cpus, cpu, XDP_PASS);
}

/* On that CPU. Nothing can be sent back from here but by a redirect. */
SEC("xdp/cpumap")
int cr_xdp_cpu(struct xdp_md *ctx)
{
	struct cellrelay_xdp_meta *meta = (void *)(long)ctx->data_meta;
	struct cellrelay_xdp o = { .flags = cr_mode };
	__u32 off = parse(ctx, &o);
	int ret;

	if (!off)
		return pass(CELLRELAY_XDP_NOT_UDP);
	if ((void *)(meta + 1) <= (void *)(long)ctx->data) {
		o.meta = *meta;
		o.flags |= CELLRELAY_XDP_F_META;
	}
	ret = work(ctx, &o, off);
	return ret == XDP_REDIRECT ? redirect(o.ifindex) : ret;
}

char LICENSE[] SEC("license") = "GPL";
