// SPDX-License-Identifier: MIT
/* relayctl stats: where this namespace's cells went. */
#include <inttypes.h>
#include <linux/cellrelay.h>

#include "fmt.h"
#include "json.h"
#include "object.h"


static void one(struct nlattr *const *tb, const char *name, const char *text, int cells, int bytes)
{
	uint64_t c = kn_u64(tb, cells, 0), b = kn_u64(tb, bytes, 0);

	if (opt.json) {
		json_open(name, '{');
		json_u64("cells", c);
		json_u64("bytes", b);
		json_close();
	} else {
		fprintf(opt.out, "%-20s %14" PRIu64 " cells %18" PRIu64 " bytes\n", text, c, b);
	}
}

static enum rc print(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_STATS_MAX + 1], *a, *d[CELLRELAY_A_DROP_MAX + 1];
	uint64_t in, gone;
	int rem;

	(void)arg;
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_STATS_MAX, NULL) < 0)
		return fail(RC_REFUSED, "the module's answer cannot be read");
	in = kn_u64(tb, CELLRELAY_A_STATS_IN_CELLS, 0) + kn_u64(tb, CELLRELAY_A_STATS_ORIG_CELLS, 0);
	gone = kn_u64(tb, CELLRELAY_A_STATS_OUT_CELLS, 0) +
	       kn_u64(tb, CELLRELAY_A_STATS_DELIVERED_CELLS, 0);
	one(tb, "in", "in", CELLRELAY_A_STATS_IN_CELLS, CELLRELAY_A_STATS_IN_BYTES);
	one(tb, "originated", "originated", CELLRELAY_A_STATS_ORIG_CELLS, CELLRELAY_A_STATS_ORIG_BYTES);
	one(tb, "out", "out", CELLRELAY_A_STATS_OUT_CELLS, CELLRELAY_A_STATS_OUT_BYTES);
	one(tb, "delivered", "delivered", CELLRELAY_A_STATS_DELIVERED_CELLS,
	    CELLRELAY_A_STATS_DELIVERED_BYTES);
	if (opt.json)
		json_open("drops", '{');
	nlmsg_for_each_attr(a, nlh, GENL_HDRLEN, rem) {
		char text[FMT_LEN];
		const char *reason;

		if (nla_type(a) != CELLRELAY_A_STATS_DROP ||
		    nla_parse_nested(d, CELLRELAY_A_DROP_MAX, a, NULL) < 0 ||
		    kn_u64(d, CELLRELAY_A_DROP_CELLS, 0) == 0)
			continue;
		reason = fmt_drop(kn_u32(d, CELLRELAY_A_DROP_REASON, 0));
		gone += kn_u64(d, CELLRELAY_A_DROP_CELLS, 0);
		snprintf(text, sizeof(text), "dropped:%s", reason);
		one(d, reason, text, CELLRELAY_A_DROP_CELLS, CELLRELAY_A_DROP_BYTES);
	}
	if (opt.json) {
		json_close();
		json_s64("under_way", (int64_t)(in - gone));
	} else {
		fprintf(opt.out, "%-20s %14" PRId64 " cells\n", "under way", (int64_t)(in - gone));
	}
	return RC_OK;
}

static enum rc show(const struct verb *verb, const struct argval *v)
{
	static const struct kn_what what = { .doing = "read the counters" };
	struct nl_msg *msg;
	enum rc rc;

	(void)verb;
	(void)v;
	msg = kn_new(CELLRELAY_CMD_STATS_GET, &rc);
	if (!msg)
		return rc;
	if (opt.json)
		json_open("stats", '{');
	rc = kn_do(msg, print, NULL, &what);
	if (opt.json)
		json_close();
	return rc;
}

static const struct verb verbs[] = {
	{ .name = "show", .run = show, .help = "cells in, originated, out, delivered, dropped by reason" },
	{ .name = NULL },
};

const struct object obj_stats = { "stats", NULL, verbs, 0, "counters of this namespace" };
