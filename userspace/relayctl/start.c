// SPDX-License-Identifier: MIT
/* The process; apart, so that tests can call relayctl_main() themselves. */
#include <signal.h>
#include <sys/resource.h>

#include "relayctl.h"

int main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };

	/* keys must not end in a core dump */
	setrlimit(RLIMIT_CORE, &none);
	/* whoever reads our output may go at any time */
	signal(SIGPIPE, SIG_DFL);
	return relayctl_main(argc, argv, stdout, stderr);
}
