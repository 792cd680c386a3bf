/* SPDX-License-Identifier: MIT */
/* Files that are either the old or the new one, whatever happens. */
#ifndef CR_DIRECTORY_DURABLE_H
#define CR_DIRECTORY_DURABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * cr_durable_write() - replace @path by @len bytes: temporary file, fsync, rename, fsync of the folder
 *
 * When this returns true the bytes are on stable storage. Else errno says why,
 * and @path is what it was.
 */
bool cr_durable_write(const char *path, const void *bytes, size_t len, mode_t mode);

/**
 * cr_file_read() - a whole file
 * @path: must be a regular file of at most @max bytes
 * @max: limit
 * @len: its length
 *
 * Return: the bytes and a 0 behind them, to be freed; NULL with errno (EFBIG: too long).
 */
uint8_t *cr_file_read(const char *path, size_t max, size_t *len);

#endif /* CR_DIRECTORY_DURABLE_H */
