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
 * @fwd: cells forwarded, originated or delivered here, from the client on; what
 *	the limit counts
 * @bwd: the same towards the client
 * @dropped: cells of this circuit that were dropped, both directions
 */
struct cellrelay_acct {
	__u64 cookie;
	__u64 netns;
	struct cellrelay_count fwd;
	struct cellrelay_count bwd;
	struct cellrelay_count dropped;
};

/* Room for drop reasons (kmod/core/reason.h). */
#define CELLRELAY_ACCT_REASONS	64

/* Slots of cr_circuits unless the loader is told otherwise. */
#define CELLRELAY_ACCT_SLOTS	65536

/**
 * struct cellrelay_totals - the one value of the map cr_totals, per CPU;
 *	machine-wide sums over all namespaces
 * @in: received cells, counted when their fate is known
 * @originated: cells made here: device, control
 * @out: handed to the driver
 * @delivered: ended here
 * @closed_fwd: folded from deleted circuits
 * @closed_bwd: likewise
 * @closed_dropped: likewise
 * @unattributed: cells of circuits without a slot in cr_circuits (map too small)
 * @drop: by drop reason
 *
 * The sum over all CPUs of in + originated is that of out + delivered + all drop.
 */
struct cellrelay_totals {
	struct cellrelay_count in;
	struct cellrelay_count originated;
	struct cellrelay_count out;
	struct cellrelay_count delivered;
	struct cellrelay_count closed_fwd;
	struct cellrelay_count closed_bwd;
	struct cellrelay_count closed_dropped;
	struct cellrelay_count unattributed;
	struct cellrelay_count drop[CELLRELAY_ACCT_REASONS];
};

#endif /* _UAPI_LINUX_CELLRELAY_ACCT_H */
