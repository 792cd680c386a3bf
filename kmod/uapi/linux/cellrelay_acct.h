/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * What the module's tracepoints carry and what the pinned accounting maps
 * hold: shared by the module, the BPF programs and userspace.
 */
#ifndef _UAPI_LINUX_CELLRELAY_ACCT_H
#define _UAPI_LINUX_CELLRELAY_ACCT_H

#include <linux/types.h>

/* Version of everything in this file; part of the pin path. */
#define CELLRELAY_ACCT_ABI	1

/* Slot of a cell that belongs to no circuit. */
#define CELLRELAY_SLOT_NONE	0xffffffffU

/*
 * Raw tracepoint cellrelay_cell(slot, cookie, netns, what, len), once for each
 * cell when its fate is known; all arguments are scalars.
 * what = direction | verdict << 8 | drop reason << 16 | originated << 24
 */
#define CELLRELAY_WHAT_DIR(w)		((w) & 1)
#define CELLRELAY_WHAT_VERDICT(w)	(((w) >> 8) & 0xff)
#define CELLRELAY_WHAT_REASON(w)	(((w) >> 16) & 0xff)
#define CELLRELAY_WHAT_ORIGINATED(w)	(((w) >> 24) & 1)

enum cellrelay_dir {
	CELLRELAY_FWD = 0,	/* from the client towards the exit */
	CELLRELAY_BWD = 1,	/* towards the client */
};

enum cellrelay_verdict {
	CELLRELAY_OUT = 0,		/* handed to the driver */
	CELLRELAY_DELIVERED = 1,	/* ended here: device, daemon or padding */
	CELLRELAY_DROP = 2,		/* with a reason */
};

/* Raw tracepoint cellrelay_circ(slot, cookie, netns, event). */
enum cellrelay_circ_event {
	CELLRELAY_CIRC_NEW = 0,		/* before its first cell */
	CELLRELAY_CIRC_DEL = 1,		/* after its last cell */
};

/** struct cellrelay_count - cells and bytes of UDP payload */
struct cellrelay_count {
	__u64 cells;
	__u64 bytes;
};

/**
 * struct cellrelay_acct - value of the map cr_circuits, indexed by slot
 * @cookie: the circuit's; never reused while the module is loaded; 0: free
 * @netns: cookie of its network namespace
 * @dir: indexed by enum cellrelay_dir: cells that were forwarded, originated
 *	or delivered here; what the limit counts
 * @dropped: cells of this circuit that were dropped, both directions
 */
struct cellrelay_acct {
	__u64 cookie;
	__u64 netns;
	struct cellrelay_count fwd;
	struct cellrelay_count bwd;
	struct cellrelay_count dropped;
};

/*
 * Map cr_totals: an array indexed by enum cellrelay_total; machine-wide sums
 * over all namespaces. At rest: IN + ORIGINATED = OUT + DELIVERED + all DROP.
 */
enum cellrelay_total {
	CELLRELAY_TOTAL_IN = 0,		/* received cells */
	CELLRELAY_TOTAL_ORIGINATED = 1,	/* made here: device, control */
	CELLRELAY_TOTAL_OUT = 2,
	CELLRELAY_TOTAL_DELIVERED = 3,
	CELLRELAY_TOTAL_CLOSED_FWD = 4,	/* folded from deleted circuits */
	CELLRELAY_TOTAL_CLOSED_BWD = 5,
	CELLRELAY_TOTAL_CLOSED_DROPPED = 6,
	CELLRELAY_TOTAL_DROP = 16,	/* + drop reason */
	CELLRELAY_TOTAL_MAX = 80,
};

#endif /* _UAPI_LINUX_CELLRELAY_ACCT_H */
