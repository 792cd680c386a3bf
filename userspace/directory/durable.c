// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/durable.h"

static bool write_all(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* A rename is durable when its folder is. */
static bool sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, error;
	bool ok;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	error = errno;
	close(fd);
	errno = error;
	return ok;
}

bool cr_durable_write(const char *path, const void *bytes, size_t len, mode_t mode)
{
	char tmp[PATH_MAX];
	int fd, error;
	bool ok;

	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write_all(fd, bytes, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	error = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (ok && rename(tmp, path) != 0) {
		ok = false;
		error = errno;
	}
	if (!ok) {
		unlink(tmp);
		errno = error;
		return false;
	}
	return sync_folder(path);
}

uint8_t *cr_file_read(const char *path, size_t max, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t *bytes = NULL;
	int error = EINVAL;
	struct stat st;
	size_t have = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0) {
		error = errno;
	} else if (S_ISREG(st.st_mode)) {
		error = EFBIG;
		if ((uint64_t)st.st_size <= max)
			bytes = malloc((size_t)st.st_size + 1);
		if (!bytes && (uint64_t)st.st_size <= max)
			error = ENOMEM;
	}
	while (bytes && have < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + have, (size_t)st.st_size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			error = n ? errno : EIO;
			free(bytes);
			bytes = NULL;
		} else {
			have += (size_t)n;
		}
	}
	close(fd);
	if (!bytes) {
		errno = error;
		return NULL;
	}
	bytes[have] = 0;
	*len = have;
	return bytes;
}
