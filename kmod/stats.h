/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU counters of a namespace. Each cell is counted once when it comes in
 * (or is made here) and once when its fate is known; at rest
 * in + originated = out + delivered + sum of drops.
 */
#ifndef CR_STATS_H
#define CR_STATS_H

#include <linux/percpu.h>

#include "core/reason.h"
#include <linux/cellrelay_acct.h>

/**
 * struct cr_stats - one CPU's counters; written with softirqs off by that CPU
 * @in: received cells
 * @orig: cells made here, by a device or for the daemon
 * @out: handed to the stack or driver
 * @delivered: ended here
 * @drop: by enum cr_drop_reason
 * @admitted: bytes that took tokens in this period of the rate controller; only grows
 * @refused: bytes refused for lack of tokens; only grows
 */
struct cr_stats {
	struct cellrelay_count in, orig, out, delivered;
	struct cellrelay_count drop[CR_DROP_MAX];
	u64 admitted;
	u64 refused;
};

/* Softirqs off; 64-bit only, so plain adds are not torn. */
#define cr_stats_add(stats, field, len) do {		\
	struct cr_stats *__s = this_cpu_ptr(stats);	\
							\
	__s->field.cells++;				\
	__s->field.bytes += (len);			\
} while (0)

#endif /* CR_STATS_H */
