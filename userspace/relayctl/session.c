// SPDX-License-Identifier: MIT
/* relayctl session: what groups circuits for payment. Only relayd knows them. */
#include <unistd.h>

#include "object.h"

#define RELAYD_SOCKET	"/run/cellrelay/relayd.sock"

static enum rc show(const struct verb *verb, const struct argval *v)
{
	(void)verb;
	(void)v;
	if (access(RELAYD_SOCKET, F_OK) != 0)
		return fail(RC_ABSENT, "relayd is not running (no %s): sessions are kept by it, the kernel knows circuits only; see: relayctl circuit show",
			    RELAYD_SOCKET);
	return fail(RC_ABSENT, "this relayctl cannot ask relayd for sessions yet; see: relayctl circuit show");
}

static const struct verb verbs[] = {
	{ .name = "show", .run = show, .help = "list sessions (needs relayd)" },
	{ .name = NULL },
};

const struct object obj_session = { "session", NULL, verbs, 0, "what groups circuits for payment" };
