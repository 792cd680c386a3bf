// SPDX-License-Identifier: MIT
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys.h"

/* Neither relay nor client nor exit before somebody takes a # away. */
static const char head[] =
	"# relayd.conf(5). What stands behind # is what holds without the line, or an example.\n"
	"\n"
	"[relayd]\n"
	"# authorities = /etc/cellrelay/authorities\n"
	"# snapshot = /var/lib/cellrelay/snapshot\n"
	"# snapshot-url = https://directory.example/snapshot\n"
	"# state = /var/lib/cellrelay\n"
	"# socket = /run/cellrelay/relayd.sock\n"
	"# group = cellrelay\n"
	"\n"
	"# A relay. It listens at every address; 0.0.0.0:4000 for IPv4 alone.\n";

static const char tail[] =
	"# listen = 0.0.0.0:4000\n"
	"# listen = [::]:4000\n"
	"\n"
	"[relay]\n"
	"# enabled = no\n"
	"# free-bytes = 262144\n"
	"# circuits-max = 65536\n"
	"# descriptor = /var/lib/cellrelay/descriptor\n"
	"# cookie-above = 100\n"
	"\n"
	"# An exit. Whatever clients do comes from this host's address then.\n"
	"[exit]\n"
	"# device = exit0\n"
	"# pool4 = 10.99.0.0/16\n"
	"# pool6 = fd00:99::/64\n"
	"# rule = reject tcp any 25\n"
	"# rule = accept any 0.0.0.0/0 any\n"
	"# rule = accept any ::/0 any\n"
	"# flows-each = 0\n"
	"\n"
	"# A client. Everything goes through relays, unless \"route\" lines name what does.\n"
	"[client]\n"
	"# device = cell0\n"
	"# dns = 9.9.9.9\n"
	"# up = no\n"
	"# direct-fetch = first\n"
	"# hops = 3\n"
	"# exit-country = DE\n"
	"# allow = 192.168.0.0/16\n"
	"# spares = 0\n";

enum rc init_make(const char *folder)
{
	char file[PATH_MAX], secrets[PATH_MAX];
	int fd, error;
	bool ok;

	if (snprintf(secrets, sizeof(secrets), "%s/keys", folder) >= (int)sizeof(secrets) ||
	    snprintf(file, sizeof(file), "%s/relayd.conf", folder) >= (int)sizeof(file))
		return fail(RC_USAGE, "the folder's name is too long");
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return fail(RC_USAGE, "cannot make folder %s: %s", folder, strerror(errno));
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(RC_USAGE, "cannot make %s: %s", file, strerror(errno));
	ok = dprintf(fd, "%s# keys = %s\n%s", head, secrets, tail) > 0 && fsync(fd) == 0;
	error = errno;
	if (close(fd) < 0)
		ok = false;
	if (!ok) {
		unlink(file);
		return fail(RC_REFUSED, "cannot write %s: %s", file, strerror(error));
	}
	if (keys_make(secrets)) {
		unlink(file);
		return RC_USAGE;
	}
	return RC_OK;
}
