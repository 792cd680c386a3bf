// SPDX-License-Identifier: MIT
#include "netlink/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool kn_switch(const char *name, bool on, bool *changed)
{
	char path[128], was = '0', want = on ? '1' : '0';
	int fd, error;
	bool ok;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	if (changed)
		*changed = false;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = read(fd, &was, 1) == 1;
	if (ok && was != want) {
		ok = pwrite(fd, &want, 1, 0) == 1;
		if (changed)
			*changed = ok;
	}
	error = errno;
	close(fd);
	errno = error;
	return ok;
}
