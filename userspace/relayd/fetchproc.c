// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include "fetchproc.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/limits.h"
#include "directory/fetch.h"
#include "directory/snapshot.h"

#define NOBODY	65534u

bool fetchproc_drop_rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	const struct rlimit size = { CR_SNAPSHOT_BYTES_MAX, CR_SNAPSHOT_BYTES_MAX }, files = { 64, 64 };

	/* a service whose filter forbids this has limits of its own; what is taken is bounded all the same */
	setrlimit(RLIMIT_FSIZE, &size);
	setrlimit(RLIMIT_NOFILE, &files);
	/* EINVAL: a user namespace without that id; there root without capabilities is nobody outside of it */
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0) && errno != EINVAL)
		return false;
	/* the third of the sets is the inheritable one, without which there are no ambient ones */
	if (syscall(SYS_capset, &head, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	/* last: a change of user takes it away */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

static bool read_order(char order[FETCH_ORDER_MAX], const char *line[3])
{
	size_t len = 0;
	ssize_t n;
	char *rest = order;

	while ((n = read(STDIN_FILENO, order + len, FETCH_ORDER_MAX - 1 - len)) > 0)
		len += (size_t)n;
	order[len] = '\0';
	for (int i = 0; i < 3; i++) {
		line[i] = strsep(&rest, "\n");
		if (!rest)
			return false;
	}
	return n == 0;
}

static bool write_all(const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

int fetchproc_main(void)
{
	char order[FETCH_ORDER_MAX], error[CR_FETCH_ERROR];
	const char *line[3];
	struct cr_fetch_how how;
	uint8_t *bytes;
	size_t len;
	bool ok;

	if (!fetchproc_drop_rights()) {
		dprintf(STDERR_FILENO, "cannot give up rights: %s", strerror(errno));
		return 1;
	}
	/* should the parent be stopped, which kills us by then */
	alarm(CR_FETCH_TIME_MS / 1000);
	if (!read_order(order, line)) {
		dprintf(STDERR_FILENO, "this is for relayd itself");
		return 1;
	}
	how = (struct cr_fetch_how){ .device = line[1], .ca = line[2] };
	bytes = cr_fetch(line[0], &how, CR_SNAPSHOT_BYTES_MAX, &len, error);
	if (!bytes) {
		dprintf(STDERR_FILENO, "%s", error);
		return 1;
	}
	ok = write_all(bytes, len);
	if (!ok)
		dprintf(STDERR_FILENO, "no room for what comes: %s", strerror(errno));
	free(bytes);
	return ok ? 0 : 1;
}
