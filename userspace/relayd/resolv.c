// SPDX-License-Identifier: MIT
/*
 * What was there is kept in the state folder, which outlives a reboot: as "L" and the target of a symbolic link, "F" and
 * the content of a file, or "-" where there was none. It is written before anything changes, and never over an
 * older one: after a crash that would keep our own text.
 */
#include "resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "directory/durable.h"

#define RESOLV_MAX	65536

static const char *kept_name(void)
{
	static char path[sizeof(conf.state) + 24];

	snprintf(path, sizeof(path), "%s/resolv.conf.before", conf.state);
	return path;
}

static enum rc cannot(const char *doing, const char *file)
{
	return fail(RC_REFUSED, "cannot %s %s: %s", doing, file, strerror(errno));
}

static enum rc keep(void)
{
	uint8_t *content = NULL;
	char target[PATH_MAX];
	struct stat st;
	size_t len = 0;
	ssize_t n;
	char *text;
	bool ok;

	if (access(kept_name(), F_OK) == 0)
		return RC_OK;
	if (mkdir(conf.state, 0700) < 0 && errno != EEXIST)
		return cannot("make folder", conf.state);
	if (lstat(conf.resolv_conf, &st) < 0) {
		if (errno != ENOENT)
			return cannot("look at", conf.resolv_conf);
		return cr_durable_write(kept_name(), "-", 1, 0600) ? RC_OK : cannot("write", kept_name());
	}
	if (S_ISLNK(st.st_mode)) {
		n = readlink(conf.resolv_conf, target, sizeof(target));
		if (n < 0 || n == sizeof(target))
			return cannot("read the link", conf.resolv_conf);
		len = (size_t)n;
	} else {
		content = cr_file_read(conf.resolv_conf, RESOLV_MAX, &len);
		if (!content)
			return cannot("read", conf.resolv_conf);
	}
	text = malloc(len + 1);
	if (text) {
		text[0] = content ? 'F' : 'L';
		memcpy(text + 1, content ? (const void *)content : target, len);
	}
	ok = text && cr_durable_write(kept_name(), text, len + 1, 0600);
	free(text);
	free(content);
	return ok ? RC_OK : cannot("write", kept_name());
}

/* Replaces it; where it is a mount point of its own, its content. */
static enum rc put(const void *text, size_t len)
{
	int fd;
	bool ok;

	if (cr_durable_write(conf.resolv_conf, text, len, 0644))
		return RC_OK;
	if (errno != EBUSY && errno != EROFS && errno != EACCES)
		return cannot("write", conf.resolv_conf);
	fd = open(conf.resolv_conf, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
	ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;
	if (fd >= 0 && close(fd) < 0)
		ok = false;
	return ok ? RC_OK : cannot("write", conf.resolv_conf);
}

enum rc resolv_set(void)
{
	char text[64 + DNS_MAX * (ADDR_TEXT + 12)], host[ADDR_TEXT];
	size_t len;
	enum rc rc;

	if (!conf.dns_n)
		return RC_OK;
	rc = keep();
	if (rc)
		return rc;
	len = (size_t)snprintf(text, sizeof(text), "# relayctl down brings back what was here\n");
	for (unsigned int i = 0; i < conf.dns_n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "nameserver %s\n", addr_host(host, &conf.dns[i]));
	return put(text, len);
}

enum rc resolv_restore(void)
{
	size_t len;
	uint8_t *kept = cr_file_read(kept_name(), RESOLV_MAX + 1, &len);
	enum rc rc = RC_OK;

	if (!kept)
		return errno == ENOENT ? RC_OK : cannot("read", kept_name());
	switch (len ? kept[0] : 0) {
	case 'L':
		unlink(conf.resolv_conf);
		if (symlink((const char *)kept + 1, conf.resolv_conf) < 0)
			rc = cannot("bring back the link", conf.resolv_conf);
		break;
	case 'F':
		rc = put(kept + 1, len - 1);
		break;
	case '-':
		if (unlink(conf.resolv_conf) < 0 && errno != ENOENT)
			rc = cannot("remove", conf.resolv_conf);
		break;
	default:
		rc = fail(RC_REFUSED, "%s is damaged; bring %s back by hand and remove it", kept_name(), conf.resolv_conf);
	}
	free(kept);
	if (!rc && unlink(kept_name()) < 0)
		rc = cannot("remove", kept_name());
	return rc;
}
