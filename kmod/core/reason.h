/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * Why a cell was dropped. Codes are part of the ABI (netlink, pinned maps,
 * tracepoints): never renumbered, retired ones keep their number.
 */
#ifndef CR_CORE_REASON_H
#define CR_CORE_REASON_H

#define CR_DROP_REASONS(X)						\
	X(0,  NONE,		"none")					\
	X(1,  SIZE,		"size")		/* not the length of a cell, or not one of this circuit's two */ \
	X(2,  LINK_UNKNOWN,	"link_unknown")	/* no link has this index */ \
	X(3,  TAG,		"tag")		/* header tag wrong */	\
	X(4,  CIRC_UNKNOWN,	"circ_unknown")	/* no such circuit on this link */ \
	X(5,  REPLAY,		"replay")	/* counter seen before, too old, or too high */ \
	X(6,  AUTH,		"auth")		/* a layer failed authentication */ \
	X(7,  PROTO,		"proto")	/* authentic, but wrong kind, hop or direction: ends the circuit */ \
	X(8,  CREDIT,		"credit")	/* the circuit's limit is reached */ \
	X(9,  RATE,		"rate")		/* no tokens */		\
	X(10, NO_ROUTE,		"no_route")				\
	X(11, LOOP,		"loop")		/* outer route leads back into a cellrelay device */ \
	X(12, NO_SOCKET,	"no_socket")	/* the link's socket is gone */ \
	X(13, NO_KEYS,		"no_keys")	/* the link has no current generation */ \
	X(14, CTR_EXHAUSTED,	"ctr_exhausted")			\
	X(15, NOMEM,		"nomem")				\
	X(16, XMIT,		"xmit")		/* the stack refused the datagram */ \
	X(17, QUEUE_FULL,	"queue_full")	/* device, control or datagram queue */ \
	X(18, INNER,		"inner")	/* not one whole IP packet */ \
	X(19, INNER_ADDR,	"inner_addr")	/* source is not the address assigned to the circuit */ \
	X(20, NO_CIRCUIT,	"no_circuit")	/* device has no circuit for this packet */ \
	X(21, DEV_DOWN,		"dev_down")				\
	X(22, NO_DAEMON,	"no_daemon")	/* nobody takes control messages */ \
	X(23, HALF,		"half")		/* half of a split packet whose other half never came */ \
	X(24, TRUNCATED,	"truncated")	/* skb could not be made linear */ \
	X(25, DEAD,		"dead")		/* circuit or link is being deleted */ \
	X(26, HANDSHAKE,	"handshake")	/* not a cell, and its handshake MAC is wrong */ \
	X(27, TOO_BIG,		"too_big")	/* packet larger than the device's MTU */

enum cr_drop_reason {
#define X(n, name, str) CR_DROP_##name = n,
	CR_DROP_REASONS(X)
#undef X
	CR_DROP_MAX
};

#endif /* CR_CORE_REASON_H */
