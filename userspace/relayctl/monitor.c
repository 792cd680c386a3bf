// SPDX-License-Identifier: MIT
/* relayctl monitor: numbered events as they happen; a gap is told and mended. */
#include <inttypes.h>
#include <limits.h>
#include <linux/cellrelay.h>
#include <time.h>

#include "fmt.h"
#include "json.h"
#include "object.h"

/**
 * struct watch - what monitor knows
 * @last: number of the last event
 * @left: how many more to print; 0: without end
 * @limited: @left counts
 */
struct watch {
	uint64_t last;
	uint64_t left;
	bool limited;
};

static void stamp(void)
{
	char text[48];
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (opt.stamp == STAMP_EPOCH) {
		fprintf(opt.out, "%lld.%06ld ", (long long)ts.tv_sec, ts.tv_nsec / 1000);
	} else if (opt.stamp == STAMP_ISO) {
		localtime_r(&ts.tv_sec, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		fprintf(opt.out, "%s.%06ld ", text, ts.tv_nsec / 1000);
	}
}

static void line_begin(void)
{
	char text[48];
	struct timespec ts;

	if (!opt.json) {
		stamp();
		return;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	snprintf(text, sizeof(text), "%lld.%06ld", (long long)ts.tv_sec, ts.tv_nsec / 1000);
	json_line_begin();
	json_str("time", text);
}

static void line_end(void)
{
	if (opt.json)
		json_line_end();
	fflush(opt.out);
}

/* Everything again, because the picture that events gave has holes. */
static enum rc state_again(struct watch *w)
{
	struct ns_info ns;
	enum rc rc;

	rc = ns_get(&ns);
	if (rc)
		return rc;
	w->last = ns.event_seq;
	line_begin();
	if (opt.json)
		json_open("state", '{');
	else
		fprintf(opt.out, "state after event %" PRIu64 ":\n", ns.event_seq);
	rc = obj_show.verbs[0].run(&obj_show.verbs[0], NULL);
	if (opt.json)
		json_close();
	line_end();
	return rc;
}

static enum rc lost(struct watch *w, uint64_t count)
{
	line_begin();
	if (opt.json)
		json_u64_or_null("lost", count, 0);
	else if (count)
		fprintf(opt.out, "%slost %" PRIu64 " events%s\n", fmt_red(), count, fmt_plain());
	else
		fprintf(opt.out, "%slost events%s\n", fmt_red(), fmt_plain());
	line_end();
	return state_again(w);
}

/* What the number in an event names. */
static const char *kind(uint32_t type)
{
	switch (type) {
	case CELLRELAY_EVENT_SOCK_NEW:
	case CELLRELAY_EVENT_SOCK_DEL:
		return "socket";
	case CELLRELAY_EVENT_LINK_NEW:
	case CELLRELAY_EVENT_LINK_CHANGED:
	case CELLRELAY_EVENT_LINK_DEL:
	case CELLRELAY_EVENT_KEY_NEW:
	case CELLRELAY_EVENT_KEY_DEL:
	case CELLRELAY_EVENT_ROAM:
		return "link";
	case CELLRELAY_EVENT_NS:
		return "namespace";
	default:
		return "circuit";
	}
}

static void as_json(struct nlattr *const *tb, uint64_t seq, uint32_t type)
{
	char addr[FMT_LEN];

	json_u64("seq", seq);
	json_str("event", fmt_event(type));
	json_str("reason", fmt_reason(kn_u32(tb, CELLRELAY_A_EVENT_REASON, 0)));
	if (tb[CELLRELAY_A_EVENT_ID])
		json_u64("id", kn_u32(tb, CELLRELAY_A_EVENT_ID, 0));
	if (tb[CELLRELAY_A_EVENT_COOKIE])
		json_hex64("cookie", kn_u64(tb, CELLRELAY_A_EVENT_COOKIE, 0));
	if (tb[CELLRELAY_A_EVENT_GEN])
		json_u64("gen", kn_u32(tb, CELLRELAY_A_EVENT_GEN, 0));
	if (tb[CELLRELAY_A_EVENT_ADDR]) {
		json_str("address", fmt_addr(addr, tb[CELLRELAY_A_EVENT_ADDR]));
		json_u64("port", kn_u32(tb, CELLRELAY_A_EVENT_PORT, 0));
	}
	if (tb[CELLRELAY_A_EVENT_FWD_BYTES]) {
		json_u64("fwd_bytes", kn_u64(tb, CELLRELAY_A_EVENT_FWD_BYTES, 0));
		json_u64("bwd_bytes", kn_u64(tb, CELLRELAY_A_EVENT_BWD_BYTES, 0));
	}
}

static void as_text(struct nlattr *const *tb, uint64_t seq, uint32_t type)
{
	uint32_t reason = kn_u32(tb, CELLRELAY_A_EVENT_REASON, 0);
	char addr[FMT_LEN], a[FMT_LEN], b[FMT_LEN];

	fprintf(opt.out, "%" PRIu64 " %s%s%s", seq, fmt_bold(), fmt_event(type), fmt_plain());
	if (tb[CELLRELAY_A_EVENT_ID])
		fprintf(opt.out, " %s %u", kind(type), kn_u32(tb, CELLRELAY_A_EVENT_ID, 0));
	if (tb[CELLRELAY_A_EVENT_GEN])
		fprintf(opt.out, " gen %u", kn_u32(tb, CELLRELAY_A_EVENT_GEN, 0));
	if (tb[CELLRELAY_A_EVENT_ADDR])
		fprintf(opt.out, " from %s", fmt_endpoint(addr, tb[CELLRELAY_A_EVENT_ADDR],
							  kn_u32(tb, CELLRELAY_A_EVENT_PORT, 0)));
	if (reason)
		fprintf(opt.out, " (%s)", fmt_reason(reason));
	if (tb[CELLRELAY_A_EVENT_FWD_BYTES])
		fprintf(opt.out, " after %s forward, %s backward",
			fmt_bytes(a, kn_u64(tb, CELLRELAY_A_EVENT_FWD_BYTES, 0)),
			fmt_bytes(b, kn_u64(tb, CELLRELAY_A_EVENT_BWD_BYTES, 0)));
	fputc('\n', opt.out);
}

static enum rc event(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_EVENT_MAX + 1];
	struct watch *w = arg;
	uint32_t type;
	uint64_t seq;
	enum rc rc;

	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_EVENT_MAX, NULL) < 0)
		return fail(RC_REFUSED, "an event cannot be read");
	seq = kn_u64(tb, CELLRELAY_A_EVENT_SEQ, 0);
	type = kn_u32(tb, CELLRELAY_A_EVENT_TYPE, 0);
	if (seq > w->last + 1) {
		rc = lost(w, seq - w->last - 1);
		if (rc)
			return rc;
	}
	/* after a new dump older ones may still be in the socket: they are in the picture already */
	if (seq > w->last)
		w->last = seq;
	line_begin();
	if (opt.json)
		as_json(tb, seq, type);
	else
		as_text(tb, seq, type);
	line_end();
	if (w->limited)
		w->left--;
	return RC_OK;
}

enum { COUNT, BUFFER };

static const struct arg args[] = {
	[COUNT] = { .name = "count", .kind = ARG_UINT, .width = 4, .min = 1, .meta = "N",
	  .help = "stop after so many events" },
	[BUFFER] = { .name = "buffer", .kind = ARG_SIZE, .max = 1 << 30, .meta = "SIZE",
		     .help = "room for events that wait while we print (32MiB)" },
	{ .name = NULL },
};

static enum rc monitor(const struct verb *verb, const struct argval *v)
{
	struct watch w = { .left = v[COUNT].num, .limited = v[COUNT].set };
	uint64_t room = v[BUFFER].set ? v[BUFFER].num : 32 << 20;
	struct ns_info ns;
	enum rc rc;

	(void)verb;
	if (in_batch())
		return fail(RC_USAGE, "monitor does not end, so it cannot stand in a batch");
	/* join first: what happens between is heard twice rather than never */
	rc = kn_event_join(room < INT_MAX ? room : INT_MAX);
	rc = rc ? rc : ns_get(&ns);
	w.last = rc ? 0 : ns.event_seq;
	while (!rc && !(w.limited && !w.left)) {
		bool overrun;

		rc = kn_event_wait(event, &w, &overrun);
		if (!rc && overrun)
			rc = lost(&w, 0);
	}
	return rc;
}

static const struct verb verbs[] = {
	{ .run = monitor, .args = args, .help = "print events until interrupted" },
	{ .name = NULL },
};

const struct object obj_monitor = { "monitor", NULL, verbs, 0, "events as they happen" };
