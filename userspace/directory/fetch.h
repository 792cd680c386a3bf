/* SPDX-License-Identifier: MIT */
/* Snapshots from a URL. */
#ifndef CR_DIRECTORY_FETCH_H
#define CR_DIRECTORY_FETCH_H

#include <stddef.h>
#include <stdint.h>

#define CR_FETCH_ERROR	320

/**
 * cr_fetch() - the body at a URL
 * @url: https://..., or http:// on this machine itself
 * @max: longest body that is taken
 * @len: its length
 * @error: why there is none, one clause
 *
 * No redirects, no cookies, no proxy; time-outs. Blocks: for a thread of its own,
 * or a tool. Programs that use it link libcurl.
 * Return: to be freed; NULL.
 */
uint8_t *cr_fetch(const char *url, size_t max, size_t *len, char error[CR_FETCH_ERROR]);

#endif /* CR_DIRECTORY_FETCH_H */
