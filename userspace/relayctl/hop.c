// SPDX-License-Identifier: MIT
/* relayctl hop: a client's end of one hop of its circuit. */
#include <linux/cellrelay.h>

#include "layerkeys.h"
#include "object.h"

enum { CIRC, POS, SUITE, KEYS, EXIT };

static const struct arg add_args[] = {
	[CIRC] = { .name = "circuit", .kind = ARG_UINT, .flags = ARG_POS | ARG_REQ,
		   .attr = CELLRELAY_A_HOP_CIRC, .width = 4, .min = 1, .meta = "ID",
		   .help = "client circuit", .complete = "circuit" },
	[POS] = { .name = "pos", .kind = ARG_UINT, .flags = ARG_REQ, .attr = CELLRELAY_A_HOP_POS,
		  .width = 1, .min = 1, .max = 8, .meta = "1..8",
		  .help = "position: one more than the hops it has" },
	[SUITE] = { .name = "suite", .kind = ARG_CHOICE, .flags = ARG_REQ, .attr = CELLRELAY_A_HOP_SUITE,
		    .width = 1, .choices = suite_choices, .meta = "SUITE", .help = "cipher suite" },
	[KEYS] = { .name = "keys", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE",
		   .help = "layer keys: key file; it is used once" },
	[EXIT] = { .name = "exit", .kind = ARG_FLAG, .attr = CELLRELAY_A_HOP_EXIT,
		   .help = "our packets leave there" },
	{ .name = NULL },
};

static enum rc add(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	char name[48];
	enum rc rc;

	snprintf(name, sizeof(name), "hop %u %u", (unsigned int)v[CIRC].num, (unsigned int)v[POS].num);
	snprintf(what.doing, sizeof(what.doing), "add hop %s to circuit %s", v[POS].word, v[CIRC].word);
	if (opt.check)
		return layerkeys_check(v[KEYS].word, name);
	msg = request(CELLRELAY_CMD_HOP_NEW, verb, v, &rc);
	if (!msg)
		return rc;
	rc = layerkeys_put(msg, v[KEYS].word, name, CELLRELAY_A_HOP_KEY_FWD, CELLRELAY_A_HOP_KEY_BWD);
	if (rc) {
		kn_drop(msg);
		return rc;
	}
	return kn_do(msg, NULL, NULL, &what);
}

static const struct verb verbs[] = {
	{ .name = "add", .run = add, .args = add_args,
	  .help = "add the next hop to a client circuit", .checks = true },
	{ .name = NULL },
};

const struct object obj_hop = { "hop", NULL, verbs, -1, "hops of a client's circuit" };
