// SPDX-License-Identifier: GPL-2.0
/*
 * A cell's end is counted here and nowhere else: in the namespace's counters,
 * in its circuit, and by the accounting programs on the tracepoint.
 */
#include "circuit.h"
#include "netlink.h"
#include "relay.h"
#include "stats.h"
#include "trace.h"

static __always_inline void cr_count_trace(const struct cr_net *cn, const struct cr_circuit *circ,
					   u8 d, u8 verdict, u8 reason, bool orig, u32 len)
{
	if (!trace_cellrelay_cell_enabled())
		return;
	trace_cellrelay_cell(circ ? circ->slot : CELLRELAY_SLOT_NONE, circ ? circ->cookie : 0,
			     cn->cookie,
			     d | verdict << 8 | reason << 16 | (u32)orig << 24, len);
}

/**
 * cr_count_out() - the stack took the cell
 * @cn: namespace
 * @circ: its circuit, or NULL
 * @d: direction
 * @len: its length
 * @orig: it was made here
 *
 * Context: softirqs off.
 */
void cr_count_out(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len, bool orig)
{
	cr_stats_add(cn->stats, out, len);
	if (orig)
		cr_stats_add(cn->stats, orig, len);
	cr_count_trace(cn, circ, d, CELLRELAY_OUT, CR_DROP_NONE, orig, len);
}

/**
 * cr_count_delivered() - the cell ended here: device, daemon or padding
 * @cn: namespace
 * @circ: its circuit, or NULL
 * @d: direction
 * @len: its length
 *
 * Context: softirqs off.
 */
void cr_count_delivered(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len)
{
	cr_stats_add(cn->stats, delivered, len);
	cr_count_trace(cn, circ, d, CELLRELAY_DELIVERED, CR_DROP_NONE, false, len);
}

/*
 * The limit stopped a cell: tell so, once per limit. The direction's lock is held,
 * which cr_circ_set_limit() takes too: this event never comes after the one that
 * tells of a new limit, and a cell that was refused under the old limit does
 * not use up the telling of the new one.
 */
static void cr_limit_tell(struct cr_circuit *circ, u32 len)
{
	u64 sum = READ_ONCE(circ->dir[0].count.bytes) + READ_ONCE(circ->dir[1].count.bytes);

	if (sum + len <= circ->limit || xchg(&circ->limit_told, true))
		return;
	cr_event_circ(circ, CELLRELAY_EVENT_CIRC_LIMIT, CELLRELAY_REASON_LIMIT);
}

/**
 * cr_count_drop() - the cell was dropped
 * @cn: namespace
 * @circ: its circuit, or NULL
 * @d: direction
 * @len: its length
 * @reason: enum cr_drop_reason
 * @orig: it was made here
 *
 * A charged cell is refunded first, see cr_relay_refund(). Tells of the limit
 * the first time it stops a cell.
 *
 * Context: softirqs off; dir[d].lock not held.
 */
void cr_count_drop(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len, u8 reason, bool orig)
{
	cr_stats_add(cn->stats, drop[reason], len);
	if (orig)
		cr_stats_add(cn->stats, orig, len);
	if (circ) {
		struct cr_dir *dir = &circ->dir[d];

		spin_lock(&dir->lock);
		dir->dropped.cells++;
		dir->dropped.bytes += len;
		if (reason == CR_DROP_CREDIT && !READ_ONCE(circ->limit_told))
			cr_limit_tell(circ, len);
		spin_unlock(&dir->lock);
	}
	cr_count_trace(cn, circ, d, CELLRELAY_DROP, reason, orig, len);
}
