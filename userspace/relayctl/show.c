// SPDX-License-Identifier: MIT
/* relayctl show: everything in this namespace, the answer to a bare "relayctl". */
#include <linux/cellrelay.h>

#include "json.h"
#include "object.h"

static enum rc show(const struct verb *verb, const struct argval *v)
{
	enum rc rc = obj_ns.verbs[obj_ns.fallback].run(verb, v);

	rc = rc ? rc : dump_all(CELLRELAY_CMD_SOCK_GET, "sockets", "show sockets", sock_print);
	rc = rc ? rc : dump_all(CELLRELAY_CMD_LINK_GET, "links", "show links", link_print);
	rc = rc ? rc : dev_print_all();
	return rc ? rc : dump_all(CELLRELAY_CMD_CIRC_GET, "circuits", "show circuits", circuit_print);
}

static const struct verb verbs[] = {
	{ .run = show, .help = "everything in this namespace" },
	{ .name = NULL },
};

const struct object obj_show = { "show", NULL, verbs, 0, "everything in this namespace (the default)" };
