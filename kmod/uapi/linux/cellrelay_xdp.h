/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * What an XDP program and the module say to each other: shared by kmod/xdp.c,
 * ebpf/xdp.bpf.c and the tests. The functions are found by name in the module's BTF:
 *
 *	int bpf_cellrelay_xdp(struct xdp_md *ctx, __u32 off,
 *			      struct cellrelay_xdp *o, __u32 o__sz);
 *	int bpf_cellrelay_xdp_cpu(struct xdp_md *ctx, __u32 off,
 *				  struct cellrelay_xdp *o, __u32 o__sz);
 *
 * @off is where the UDP payload starts; in front of it stand a UDP header and an IPv4 header
 * without options or an IPv6 header without extensions, and the payload ends the frame.
 */
#ifndef _UAPI_LINUX_CELLRELAY_XDP_H
#define _UAPI_LINUX_CELLRELAY_XDP_H

#include <linux/types.h>

/**
 * enum cellrelay_xdp_verdict - what bpf_cellrelay_xdp() returns
 * @CELLRELAY_XDP_PASS: not for this path; the frame is untouched, pass it up the stack
 * @CELLRELAY_XDP_FORWARD: the cell is ready, all under "way" is set: write the outer header,
 *	count, send. The frame must not go up the stack
 * @CELLRELAY_XDP_CONSUMED: the cell ended here: count, drop. The frame must not go up the stack
 */
enum cellrelay_xdp_verdict {
	CELLRELAY_XDP_PASS = 0,
	CELLRELAY_XDP_FORWARD = 1,
	CELLRELAY_XDP_CONSUMED = 2,
};

/* What bpf_cellrelay_xdp_cpu() returns instead of a number from 0 to cpus - 1; as above. */
#define CELLRELAY_XDP_CPU_PASS		(-1)
#define CELLRELAY_XDP_CPU_CONSUMED	(-2)

/**
 * enum cellrelay_xdp_why - why a frame was passed; indexes the map cr_xdp_pass
 * @CELLRELAY_XDP_NOT_UDP: the program saw no plain UDP datagram of a cell's size
 * @CELLRELAY_XDP_BAD_CALL: options, offset or length are wrong; the namespace is going
 * @CELLRELAY_XDP_OTHER: no link has this index, or it is not for the link's socket
 * @CELLRELAY_XDP_CONTROL: link control
 * @CELLRELAY_XDP_ENDS: the circuit ends here: client or exit
 * @CELLRELAY_XDP_NOT_READY: the next link lacks keys, socket or address
 * @CELLRELAY_XDP_NO_ROUTE: no route to the next hop, or an unusual one
 * @CELLRELAY_XDP_NO_NEIGH: the next hop's link-layer address is not known yet
 * @CELLRELAY_XDP_EGRESS: the way out is a device that takes no XDP frames
 * @CELLRELAY_XDP_TOO_BIG: the cell does not fit the way out
 * @CELLRELAY_XDP_NO_ROOM: too little headroom in the frame for the new header
 * @CELLRELAY_XDP_WHYS: how many there are
 */
enum cellrelay_xdp_why {
	CELLRELAY_XDP_NOT_UDP = 0,
	CELLRELAY_XDP_BAD_CALL = 1,
	CELLRELAY_XDP_OTHER = 2,
	CELLRELAY_XDP_CONTROL = 3,
	CELLRELAY_XDP_ENDS = 4,
	CELLRELAY_XDP_NOT_READY = 5,
	CELLRELAY_XDP_NO_ROUTE = 6,
	CELLRELAY_XDP_NO_NEIGH = 7,
	CELLRELAY_XDP_EGRESS = 8,
	CELLRELAY_XDP_TOO_BIG = 9,
	CELLRELAY_XDP_NO_ROOM = 10,
	CELLRELAY_XDP_WHYS = 11,
};

/* Flags that the program sets. */
#define CELLRELAY_XDP_F_GENERIC	(1U << 0)	/* attached in generic mode: any Ethernet device can send */
#define CELLRELAY_XDP_F_META	(1U << 1)	/* metadata hold what bpf_cellrelay_xdp_cpu() found */

/* Address families as in struct cellrelay_xdp; the numbers of <sys/socket.h>. */
#define CELLRELAY_XDP_INET	2
#define CELLRELAY_XDP_INET6	10

/**
 * struct cellrelay_xdp_meta - XDP metadata between the two stages: an opened header
 * @index: link index
 * @circ: circuit id
 * @ctr: counter
 */
struct cellrelay_xdp_meta {
	__u32 index;
	__u32 circ;
	__u64 ctr;
};

_Static_assert(sizeof(struct cellrelay_xdp_meta) == 16, "metadata come in fours, 32 at most");

/**
 * struct cellrelay_xdp - in: the frame; out: what to count and where to send
 *
 * In:
 * @len: bytes of UDP payload, the length of a cell
 * @family: CELLRELAY_XDP_INET or CELLRELAY_XDP_INET6
 * @vlan_proto: EtherType of the one tag that the frame bears, network order; 0: none
 * @vlan_id: its VLAN
 * @flags: CELLRELAY_XDP_F_*
 * @cpus: bpf_cellrelay_xdp_cpu(): how many to choose from
 *
 * Out:
 * @why: PASS: enum cellrelay_xdp_why
 * @slot: to count: the circuit's, or CELLRELAY_SLOT_NONE
 * @what: direction, verdict, reason as in the tracepoint (linux/cellrelay_acct.h)
 * @cookie: the circuit's
 * @netns: the namespace's
 *
 * Way, FORWARD only:
 * @ifindex: device
 * @out_family: family of the new outer header
 * @sport: source port, network order
 * @dport: destination port, network order
 * @check: UDP checksum, complete, as it goes into the header
 * @eth_dst: link-layer addresses
 * @eth_src: likewise
 * @saddr: IPv4: the first word
 * @daddr: likewise
 *
 * @pad: zero
 * @meta: out of bpf_cellrelay_xdp_cpu(): what to leave in the metadata; in to
 *	bpf_cellrelay_xdp() with CELLRELAY_XDP_F_META: what was found there
 */
struct cellrelay_xdp {
	__u16 len;
	__u16 family;
	__be16 vlan_proto;
	__u16 vlan_id;
	__u32 flags;
	__u32 cpus;

	__u32 why;
	__u32 slot;
	__u32 what;
	__u32 ifindex;
	__u64 cookie;
	__u64 netns;

	__u16 out_family;
	__be16 sport;
	__be16 dport;
	__u16 check;
	__u8 eth_dst[6];
	__u8 eth_src[6];
	__be32 saddr[4];
	__be32 daddr[4];
	__u32 pad;
	struct cellrelay_xdp_meta meta;
};

_Static_assert(sizeof(struct cellrelay_xdp) == 120, "shared with the module: no holes");
_Static_assert(__builtin_offsetof(struct cellrelay_xdp, cookie) == 32, "cellrelay_xdp.cookie");
_Static_assert(__builtin_offsetof(struct cellrelay_xdp, eth_dst) == 56, "cellrelay_xdp.eth_dst");
_Static_assert(__builtin_offsetof(struct cellrelay_xdp, saddr) == 68, "cellrelay_xdp.saddr");
_Static_assert(__builtin_offsetof(struct cellrelay_xdp, meta) == 104, "cellrelay_xdp.meta");

#endif /* _UAPI_LINUX_CELLRELAY_XDP_H */
