// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <sodium.h>

#include "directory/durable.h"
#include "directory/serial.h"

#define SERIAL_FILE_MAX	256

struct last {
	uint64_t number;	/* 0: none yet */
	uint8_t hash[CR_HASH_BYTES];
};

/* One process at a time, by a lock file beside the file, which is replaced. */
static int lock(const char *path)
{
	char name[PATH_MAX];
	int fd, error;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static void unlock(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

/* "NUMBER HASH\n" and nothing else: what is damaged must not be taken for a low number. */
static bool load(const char *path, struct last *last)
{
	size_t len, bin;
	char *text, *end;
	bool ok;

	memset(last, 0, sizeof(*last));
	text = (char *)cr_file_read(path, SERIAL_FILE_MAX, &len);
	if (!text)
		return errno == ENOENT;
	errno = 0;
	last->number = strtoull(text, &end, 10);
	ok = !errno && text[0] >= '1' && text[0] <= '9' && *end == ' ' &&
	     strlen(text) == len && len == (size_t)(end - text) + 2 + 2 * CR_HASH_BYTES &&
	     text[len - 1] == '\n' &&
	     sodium_hex2bin(last->hash, sizeof(last->hash), end + 1, 2 * CR_HASH_BYTES, NULL, &bin,
			    NULL) == 0 && bin == CR_HASH_BYTES;
	free(text);
	if (!ok)
		errno = EBADMSG;
	return ok;
}

/* Return: what unlock() takes, with @last as it is on the disk, or -1 with errno. */
static int lock_load(const char *path, struct last *last)
{
	int fd = lock(path);

	if (fd >= 0 && !load(path, last)) {
		unlock(fd);
		return -1;
	}
	return fd;
}

static bool save(const char *path, const struct last *last)
{
	char hex[2 * CR_HASH_BYTES + 1], text[SERIAL_FILE_MAX];

	sodium_bin2hex(hex, sizeof(hex), last->hash, sizeof(last->hash));
	snprintf(text, sizeof(text), "%" PRIu64 " %s\n", last->number, hex);
	return cr_durable_write(path, text, strlen(text), 0600);
}

enum cr_verdict cr_serial_next(const char *path, uint64_t at_least, uint64_t *serial)
{
	enum cr_verdict v = CR_DIR_STORAGE;
	struct last last;
	int fd = lock_load(path, &last);

	if (fd < 0)
		return CR_DIR_STORAGE;
	if (last.number == UINT64_MAX) {
		v = CR_DIR_NUMBER;
	} else {
		last.number++;
		if (last.number < at_least)
			last.number = at_least;
		memset(last.hash, 0, sizeof(last.hash));
		if (save(path, &last)) {
			*serial = last.number;
			v = CR_DIR_OK;
		}
	}
	unlock(fd);
	return v;
}

enum cr_verdict cr_serial_claim(const char *path, uint64_t number, const uint8_t hash[CR_HASH_BYTES])
{
	enum cr_verdict v = CR_DIR_STORAGE;
	struct last last;
	int fd = lock_load(path, &last);

	if (fd < 0)
		return CR_DIR_STORAGE;
	if (!number || number < last.number) {
		v = CR_DIR_ROLLBACK;
	} else if (number == last.number) {
		v = memcmp(hash, last.hash, CR_HASH_BYTES) == 0 ? CR_DIR_OK : CR_DIR_REUSE;
	} else {
		last.number = number;
		memcpy(last.hash, hash, CR_HASH_BYTES);
		if (save(path, &last))
			v = CR_DIR_OK;
	}
	unlock(fd);
	return v;
}
