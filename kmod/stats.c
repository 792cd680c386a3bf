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
					   u32 what, u32 len)
{
	if (!trace_cellrelay_cell_enabled())
		return;
	trace_cellrelay_cell(circ ? circ->slot : CELLRELAY_SLOT_NONE, circ ? circ->cookie : 0,
			     cn->cookie, what, len);
}

static __always_inline u32 cr_what(u8 d, u8 verdict, u8 reason, bool orig)
{
	return d | verdict << 8 | reason << 16 | (u32)orig << 24;
}

/* A received cell's end, for the accounting maps: an XDP program counts its own cells there. */
static __always_inline void cr_rx_end(struct cr_rx *rx, u8 verdict, u8 reason)
{
	u32 what = cr_what(rx->d, verdict, reason, false);

	if (rx->xdp)
		rx->what = what;
	else
		cr_count_trace(rx->cn, rx->circ, what, rx->len);
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

static void cr_note_drop(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len, u8 reason)
{
	cr_stats_add(cn->stats, drop[reason], len);
	if (circ) {
		struct cr_dir *dir = &circ->dir[d];

		spin_lock(&dir->lock);
		dir->dropped.cells++;
		dir->dropped.bytes += len;
		if (reason == CR_DROP_CREDIT && !READ_ONCE(circ->limit_told))
			cr_limit_tell(circ, len);
		spin_unlock(&dir->lock);
	}
}

/**
 * cr_rx_in() - a received cell is ours from here on
 * @rx: as cr_relay_lookup() left it
 *
 * Context: softirqs off.
 */
void cr_rx_in(struct cr_rx *rx)
{
	cr_stats_add(rx->cn->stats, in, rx->len);
	if (likely(rx->tagged)) {
		struct cr_link_stats *ls = this_cpu_ptr(rx->gen->link->stats);

		ls->rx.cells++;
		ls->rx.bytes += rx->len;
	}
}

/**
 * cr_rx_out() - stack or driver took a received cell
 * @rx: cell
 *
 * Context: softirqs off.
 */
void cr_rx_out(struct cr_rx *rx)
{
	cr_stats_add(rx->cn->stats, out, rx->len);
	cr_rx_end(rx, CELLRELAY_OUT, CR_DROP_NONE);
}

/**
 * cr_rx_delivered() - a received cell ended here: device, daemon or padding
 * @rx: cell
 *
 * Context: softirqs off.
 */
void cr_rx_delivered(struct cr_rx *rx)
{
	cr_stats_add(rx->cn->stats, delivered, rx->len);
	cr_rx_end(rx, CELLRELAY_DELIVERED, CR_DROP_NONE);
}

/**
 * cr_rx_drop() - a received cell was dropped
 * @rx: cell
 * @reason: enum cr_drop_reason
 *
 * As cr_count_drop().
 *
 * Context: softirqs off; no direction's lock held.
 * Return: CR_V_DROP.
 */
enum cr_verdict cr_rx_drop(struct cr_rx *rx, u8 reason)
{
	rx->reason = reason;
	cr_note_drop(rx->cn, rx->circ, rx->d, rx->len, reason);
	cr_rx_end(rx, CELLRELAY_DROP, reason);
	return CR_V_DROP;
}

/**
 * cr_count_out() - the stack took a cell that was made here
 * @cn: namespace
 * @circ: its circuit, or NULL
 * @d: direction
 * @len: its length
 *
 * Context: softirqs off.
 */
void cr_count_out(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len)
{
	cr_stats_add(cn->stats, out, len);
	cr_stats_add(cn->stats, orig, len);
	cr_count_trace(cn, circ, cr_what(d, CELLRELAY_OUT, CR_DROP_NONE, true), len);
}

/**
 * cr_count_drop() - a cell that was made here was dropped
 * @cn: namespace
 * @circ: its circuit, or NULL
 * @d: direction
 * @len: its length
 * @reason: enum cr_drop_reason
 *
 * A charged cell is refunded first, see cr_relay_refund(). Tells of the limit
 * the first time it stops a cell.
 *
 * Context: softirqs off; dir[d].lock not held.
 */
void cr_count_drop(struct cr_net *cn, struct cr_circuit *circ, u8 d, u32 len, u8 reason)
{
	cr_stats_add(cn->stats, orig, len);
	cr_note_drop(cn, circ, d, len, reason);
	cr_count_trace(cn, circ, cr_what(d, CELLRELAY_DROP, reason, true), len);
}
