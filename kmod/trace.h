/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints that the accounting programs hang on (raw tracepoints, scalar
 * arguments only: no module BTF needed). The layout of @what and the rules of
 * when each is called stand in linux/cellrelay_acct.h; they are ABI.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cellrelay

#if !defined(CR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CR_TRACE_H

#include <linux/cellrelay_acct.h>
#include <linux/tracepoint.h>

TRACE_EVENT(cellrelay_cell,
	TP_PROTO(u32 slot, u64 cookie, u64 netns, u32 what, u32 len),
	TP_ARGS(slot, cookie, netns, what, len),
	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, netns)
		__field(u32, slot)
		__field(u32, what)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->cookie = cookie;
		__entry->netns = netns;
		__entry->slot = slot;
		__entry->what = what;
		__entry->len = len;
	),
	TP_printk("slot=%u cookie=%llu netns=%llu dir=%u verdict=%u reason=%u orig=%u len=%u",
		  __entry->slot, __entry->cookie, __entry->netns,
		  CELLRELAY_WHAT_DIR(__entry->what),
		  CELLRELAY_WHAT_VERDICT(__entry->what),
		  CELLRELAY_WHAT_REASON(__entry->what),
		  CELLRELAY_WHAT_ORIGINATED(__entry->what), __entry->len)
);

TRACE_EVENT(cellrelay_circ,
	TP_PROTO(u32 slot, u64 cookie, u64 netns, u32 event),
	TP_ARGS(slot, cookie, netns, event),
	TP_STRUCT__entry(
		__field(u64, cookie)
		__field(u64, netns)
		__field(u32, slot)
		__field(u32, event)
	),
	TP_fast_assign(
		__entry->cookie = cookie;
		__entry->netns = netns;
		__entry->slot = slot;
		__entry->event = event;
	),
	TP_printk("slot=%u cookie=%llu netns=%llu event=%u", __entry->slot,
		  __entry->cookie, __entry->netns, __entry->event)
);

#endif /* CR_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
