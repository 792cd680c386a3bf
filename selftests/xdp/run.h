/* SPDX-License-Identifier: MIT */
/* The XDP program in a test's hands: loaded, run on frames one by one, its maps read. */
#ifndef XDP_RUN_H
#define XDP_RUN_H

#include <linux/cellrelay_acct.h>
#include <linux/cellrelay_xdp.h>

#include "rig.h"

struct xdp;	/* skeleton */

/* Load it with maps of its own. Ends the program with a message when that fails. */
struct xdp *run_load(u32 mode);
/* The same with room for so many circuits in the accounting. */
struct xdp *run_load_slots(u32 mode, u32 slots);

/* One frame as if received on @ifindex. Return: XDP_*; *@out_len bytes in @out. */
int run_frame(int prog, u32 ifindex, const u8 *in, size_t len, u8 *out, size_t *out_len);

/* Sum over CPUs. */
void run_totals(const struct xdp *s, struct cellrelay_totals *sum);
u64 run_passed(const struct xdp *s, u32 why);

#endif /* XDP_RUN_H */
