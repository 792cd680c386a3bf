/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* Generic netlink family "cellrelay". The description is kmod/netlink/cellrelay.yaml. */
#ifndef _UAPI_LINUX_CELLRELAY_H
#define _UAPI_LINUX_CELLRELAY_H

#define CELLRELAY_FAMILY_NAME		"cellrelay"
#define CELLRELAY_FAMILY_VERSION	1
#define CELLRELAY_MCGRP_EVENTS		"events"

enum cellrelay_role {
	CELLRELAY_ROLE_RELAY = 1,	/* middle, or exit when it has a device */
	CELLRELAY_ROLE_CLIENT = 2,
};

enum cellrelay_suite {
	CELLRELAY_SUITE_CHACHA = 1,	/* ChaCha20-Poly1305 */
	CELLRELAY_SUITE_AESGCM = 2,	/* AES-256-GCM */
};

enum cellrelay_event {
	CELLRELAY_EVENT_NS = 1,		/* limits of the namespace changed */
	CELLRELAY_EVENT_SOCK_NEW,
	CELLRELAY_EVENT_SOCK_DEL,
	CELLRELAY_EVENT_LINK_NEW,
	CELLRELAY_EVENT_LINK_CHANGED,
	CELLRELAY_EVENT_LINK_DEL,
	CELLRELAY_EVENT_KEY_NEW,
	CELLRELAY_EVENT_KEY_DEL,
	CELLRELAY_EVENT_CIRC_NEW,
	CELLRELAY_EVENT_CIRC_CHANGED,
	CELLRELAY_EVENT_CIRC_DEL,
	CELLRELAY_EVENT_CIRC_LIMIT,	/* limit reached; once per limit */
	CELLRELAY_EVENT_ROAM,		/* an authentic cell came from another address */
};

/* Why an object went, or an event came. */
enum cellrelay_event_reason {
	CELLRELAY_REASON_REQUEST = 0,	/* netlink command */
	CELLRELAY_REASON_PROTO = 1,	/* the peer broke the protocol */
	CELLRELAY_REASON_EXPIRED = 2,
	CELLRELAY_REASON_LINK_GONE = 3,
	CELLRELAY_REASON_DEVICE_GONE = 4,
	CELLRELAY_REASON_SUSPEND = 5,	/* suspend, hibernation or VM fork */
	CELLRELAY_REASON_UNLOAD = 6,
	CELLRELAY_REASON_LIMIT = 7,
};

enum {
	CELLRELAY_A_NS_ABI = 1,		/* u32, read only */
	CELLRELAY_A_NS_VERSION,		/* string, read only */
	CELLRELAY_A_NS_COOKIE,		/* u64, read only */
	CELLRELAY_A_NS_IDX_KEY,		/* binary 16, read only: k_idx, told to peers */
	CELLRELAY_A_NS_RATE,		/* u64 bytes/s, total cap; all ones: none */
	CELLRELAY_A_NS_FAIR,		/* u64 bytes/s, read only: present fair rate */
	CELLRELAY_A_NS_CIRC_MAX,	/* u32 */
	CELLRELAY_A_NS_LINK_MAX,	/* u32 */
	CELLRELAY_A_NS_CIRCS,		/* u32, read only */
	CELLRELAY_A_NS_LINKS,		/* u32, read only */
	CELLRELAY_A_NS_SOCKS,		/* u32, read only */
	CELLRELAY_A_NS_EVENT_SEQ,	/* u64, read only: number of the last event */
	CELLRELAY_A_NS_KFUNC,		/* u8, read only: 1 when XDP programs can call the module */
	CELLRELAY_A_NS_PAD,
	__CELLRELAY_A_NS_MAX,
	CELLRELAY_A_NS_MAX = __CELLRELAY_A_NS_MAX - 1,
};

enum {
	CELLRELAY_A_SOCK_ID = 1,	/* u32, 1..; absent in SOCK_NEW: kernel chooses */
	CELLRELAY_A_SOCK_ADDR,		/* binary 4 or 16, local address; decides the family */
	CELLRELAY_A_SOCK_PORT,		/* u16 host order, 0: any */
	CELLRELAY_A_SOCK_IFINDEX,	/* u32, 0: none */
	CELLRELAY_A_SOCK_FWMARK,	/* u32 */
	__CELLRELAY_A_SOCK_MAX,
	CELLRELAY_A_SOCK_MAX = __CELLRELAY_A_SOCK_MAX - 1,
};

/* Flags of a link. */
#define CELLRELAY_LINK_F_ROAM	(1U << 0)	/* the peer is a client: report new addresses */

enum {
	CELLRELAY_A_LINK_ID = 1,	/* u32 */
	CELLRELAY_A_LINK_SOCK,		/* u32, socket it sends from */
	CELLRELAY_A_LINK_ADDR,		/* binary 4 or 16, peer's address */
	CELLRELAY_A_LINK_PORT,		/* u16 host order */
	CELLRELAY_A_LINK_FLAGS,		/* u32 */
	CELLRELAY_A_LINK_KEY,		/* nest, multi: CELLRELAY_A_KEY_*, in dumps without keys */
	CELLRELAY_A_LINK_CIRCS,		/* u32, read only */
	CELLRELAY_A_LINK_RX_CELLS,	/* u64, read only */
	CELLRELAY_A_LINK_RX_BYTES,
	CELLRELAY_A_LINK_TX_CELLS,
	CELLRELAY_A_LINK_TX_BYTES,
	CELLRELAY_A_LINK_LAST_RX_MS,	/* u64, read only: ms since the last authentic cell; absent: never */
	CELLRELAY_A_LINK_PAD,
	__CELLRELAY_A_LINK_MAX,
	CELLRELAY_A_LINK_MAX = __CELLRELAY_A_LINK_MAX - 1,
};

enum {
	CELLRELAY_A_KEY_LINK = 1,	/* u32, link id */
	CELLRELAY_A_KEY_GEN,		/* u8, 0..2 */
	CELLRELAY_A_KEY_RX_INDEX,	/* u32, ours */
	CELLRELAY_A_KEY_TX_INDEX,	/* u32, the peer's */
	CELLRELAY_A_KEY_TX_IDX_KEY,	/* binary 16, the peer's k_idx; write only like all below */
	CELLRELAY_A_KEY_RX_TAG,		/* binary 16 */
	CELLRELAY_A_KEY_RX_MASK,	/* binary 16 */
	CELLRELAY_A_KEY_RX_CTL,		/* binary 32 */
	CELLRELAY_A_KEY_TX_TAG,		/* binary 16 */
	CELLRELAY_A_KEY_TX_MASK,	/* binary 16 */
	CELLRELAY_A_KEY_TX_CTL,		/* binary 32 */
	CELLRELAY_A_KEY_EXPIRES_MS,	/* u32, from now; absent or 0: never */
	CELLRELAY_A_KEY_SEND,		/* flag: this generation is used for sending */
	__CELLRELAY_A_KEY_MAX,
	CELLRELAY_A_KEY_MAX = __CELLRELAY_A_KEY_MAX - 1,
};

enum {
	CELLRELAY_A_CIRC_ID = 1,	/* u32 */
	CELLRELAY_A_CIRC_SLOT,		/* u32, read only: index in the accounting map */
	CELLRELAY_A_CIRC_COOKIE,	/* u64, read only */
	CELLRELAY_A_CIRC_ROLE,		/* u8, enum cellrelay_role */
	CELLRELAY_A_CIRC_POS,		/* u8, 1..8: a relay's position */
	CELLRELAY_A_CIRC_SUITE,		/* u8, a relay's suite */
	CELLRELAY_A_CIRC_LARGE,		/* u16, 1408 or 1232 */
	CELLRELAY_A_CIRC_PREV_LINK,	/* u32, towards the client (relay) */
	CELLRELAY_A_CIRC_PREV_RX,	/* u32, id on that link that we chose */
	CELLRELAY_A_CIRC_PREV_TX,	/* u32, id that the peer chose */
	CELLRELAY_A_CIRC_NEXT_LINK,	/* u32, away from the client (relay with next hop, client) */
	CELLRELAY_A_CIRC_NEXT_RX,
	CELLRELAY_A_CIRC_NEXT_TX,
	CELLRELAY_A_CIRC_KEY_FWD,	/* binary 32, write only (relay) */
	CELLRELAY_A_CIRC_KEY_BWD,	/* binary 32, write only (relay) */
	CELLRELAY_A_CIRC_LIMIT,		/* u64 bytes, both directions; all ones: none */
	CELLRELAY_A_CIRC_RATE,		/* u64 bytes/s and direction; all ones: none */
	CELLRELAY_A_CIRC_IFINDEX,	/* u32, cellrelay device (client, exit) */
	CELLRELAY_A_CIRC_INNER4,	/* binary 4: the client's inner address */
	CELLRELAY_A_CIRC_INNER6,	/* binary 16 */
	CELLRELAY_A_CIRC_HOPS,		/* u8, read only: hops installed (client) */
	CELLRELAY_A_CIRC_FWD_CELLS,	/* u64, read only */
	CELLRELAY_A_CIRC_FWD_BYTES,
	CELLRELAY_A_CIRC_BWD_CELLS,
	CELLRELAY_A_CIRC_BWD_BYTES,
	CELLRELAY_A_CIRC_DROP_CELLS,
	CELLRELAY_A_CIRC_PAD,
	__CELLRELAY_A_CIRC_MAX,
	CELLRELAY_A_CIRC_MAX = __CELLRELAY_A_CIRC_MAX - 1,
};

enum {
	CELLRELAY_A_HOP_CIRC = 1,	/* u32, client circuit */
	CELLRELAY_A_HOP_POS,		/* u8, must be one more than the hops installed */
	CELLRELAY_A_HOP_SUITE,		/* u8 */
	CELLRELAY_A_HOP_KEY_FWD,	/* binary 32, write only */
	CELLRELAY_A_HOP_KEY_BWD,	/* binary 32, write only */
	CELLRELAY_A_HOP_EXIT,		/* flag: DATA goes to, and is taken from, this hop */
	__CELLRELAY_A_HOP_MAX,
	CELLRELAY_A_HOP_MAX = __CELLRELAY_A_HOP_MAX - 1,
};

/* A control message, down (CTL_SEND) and up (CTL_RECV). */
enum {
	CELLRELAY_A_CTL_LINK = 1,	/* u32: a message of circ 0 of this link */
	CELLRELAY_A_CTL_TYPE,		/* u8, enum cr_ctl_type; link messages only */
	CELLRELAY_A_CTL_CIRC,		/* u32: a CONTROL cell of this circuit */
	CELLRELAY_A_CTL_HOP,		/* u8: client only: for, or from, this hop */
	CELLRELAY_A_CTL_LARGE,		/* flag: use a large cell */
	CELLRELAY_A_CTL_DATA,		/* binary */
	CELLRELAY_A_CTL_ADDR,		/* binary 4 or 16: where it came from; CTL_SEND of a link PING: send there */
	CELLRELAY_A_CTL_PORT,		/* u16 */
	CELLRELAY_A_CTL_COOKIE,		/* u64: circuit cookie, up only */
	CELLRELAY_A_CTL_PAD,
	__CELLRELAY_A_CTL_MAX,
	CELLRELAY_A_CTL_MAX = __CELLRELAY_A_CTL_MAX - 1,
};

/* A datagram that is no cell, up (DGRAM_RECV) and down (DGRAM_SEND). */
enum {
	CELLRELAY_A_DGRAM_SOCK = 1,	/* u32 */
	CELLRELAY_A_DGRAM_ADDR,		/* binary 4 or 16, the other side */
	CELLRELAY_A_DGRAM_PORT,		/* u16 */
	CELLRELAY_A_DGRAM_DATA,		/* binary, a cell's length */
	__CELLRELAY_A_DGRAM_MAX,
	CELLRELAY_A_DGRAM_MAX = __CELLRELAY_A_DGRAM_MAX - 1,
};

enum {
	CELLRELAY_A_STATS_IN_CELLS = 1,	/* u64, all read only */
	CELLRELAY_A_STATS_IN_BYTES,
	CELLRELAY_A_STATS_ORIG_CELLS,
	CELLRELAY_A_STATS_ORIG_BYTES,
	CELLRELAY_A_STATS_OUT_CELLS,
	CELLRELAY_A_STATS_OUT_BYTES,
	CELLRELAY_A_STATS_DELIVERED_CELLS,
	CELLRELAY_A_STATS_DELIVERED_BYTES,
	CELLRELAY_A_STATS_DROP,		/* nest, multi: CELLRELAY_A_DROP_* */
	CELLRELAY_A_STATS_PAD,
	__CELLRELAY_A_STATS_MAX,
	CELLRELAY_A_STATS_MAX = __CELLRELAY_A_STATS_MAX - 1,
};

enum {
	CELLRELAY_A_DROP_REASON = 1,	/* u32, enum cr_drop_reason */
	CELLRELAY_A_DROP_CELLS,		/* u64 */
	CELLRELAY_A_DROP_BYTES,		/* u64 */
	CELLRELAY_A_DROP_PAD,
	__CELLRELAY_A_DROP_MAX,
	CELLRELAY_A_DROP_MAX = __CELLRELAY_A_DROP_MAX - 1,
};

enum {
	CELLRELAY_A_EVENT_SEQ = 1,	/* u64: one more than the last; a gap means loss: dump again */
	CELLRELAY_A_EVENT_TYPE,		/* u32, enum cellrelay_event */
	CELLRELAY_A_EVENT_REASON,	/* u32, enum cellrelay_event_reason */
	CELLRELAY_A_EVENT_ID,		/* u32: id of the object */
	CELLRELAY_A_EVENT_COOKIE,	/* u64: circuit cookie */
	CELLRELAY_A_EVENT_GEN,		/* u8: key generation */
	CELLRELAY_A_EVENT_ADDR,		/* binary 4 or 16 (ROAM) */
	CELLRELAY_A_EVENT_PORT,		/* u16 (ROAM) */
	CELLRELAY_A_EVENT_FWD_BYTES,	/* u64: final counts (CIRC_DEL) */
	CELLRELAY_A_EVENT_BWD_BYTES,
	CELLRELAY_A_EVENT_PAD,
	__CELLRELAY_A_EVENT_MAX,
	CELLRELAY_A_EVENT_MAX = __CELLRELAY_A_EVENT_MAX - 1,
};

enum {
	CELLRELAY_CMD_NS_GET = 1,
	CELLRELAY_CMD_NS_SET,
	CELLRELAY_CMD_SOCK_NEW,		/* answers with the socket */
	CELLRELAY_CMD_SOCK_DEL,
	CELLRELAY_CMD_SOCK_GET,		/* do and dump */
	CELLRELAY_CMD_LINK_NEW,		/* answers with the link */
	CELLRELAY_CMD_LINK_SET,
	CELLRELAY_CMD_LINK_DEL,
	CELLRELAY_CMD_LINK_GET,		/* do and dump */
	CELLRELAY_CMD_KEY_NEW,
	CELLRELAY_CMD_KEY_SET,		/* only SEND and EXPIRES_MS */
	CELLRELAY_CMD_KEY_DEL,
	CELLRELAY_CMD_CIRC_NEW,		/* answers with the circuit */
	CELLRELAY_CMD_CIRC_SET,		/* LIMIT, RATE, IFINDEX and addresses; NEXT_* once */
	CELLRELAY_CMD_CIRC_DEL,
	CELLRELAY_CMD_CIRC_GET,		/* do and dump; dump may be narrowed by PREV_LINK or NEXT_LINK */
	CELLRELAY_CMD_HOP_NEW,
	CELLRELAY_CMD_DAEMON,		/* the calling socket becomes the daemon of this namespace */
	CELLRELAY_CMD_CTL_SEND,
	CELLRELAY_CMD_CTL_RECV,		/* kernel to daemon */
	CELLRELAY_CMD_DGRAM_SEND,
	CELLRELAY_CMD_DGRAM_RECV,	/* kernel to daemon */
	CELLRELAY_CMD_STATS_GET,
	CELLRELAY_CMD_EVENT,		/* multicast */
	CELLRELAY_CMD_UNLOAD,		/* end everything in all namespaces, so that rmmod succeeds; init namespaces only */
	__CELLRELAY_CMD_MAX,
	CELLRELAY_CMD_MAX = __CELLRELAY_CMD_MAX - 1,
};

#endif /* _UAPI_LINUX_CELLRELAY_H */
