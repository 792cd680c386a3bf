/* SPDX-License-Identifier: MIT */
/* Snapshots from a URL. */
#ifndef CR_DIRECTORY_FETCH_H
#define CR_DIRECTORY_FETCH_H

#include <stddef.h>
#include <stdint.h>

#define CR_FETCH_ERROR	320

/**
 * struct cr_fetch_how - how it goes there
 * @device: its packets leave by this device or not at all; "" or NULL: as the host's routes say
 * @ca: file of certificates (PEM) that vouch for the server; "" or NULL: those of the system
 */
struct cr_fetch_how {
	const char *device, *ca;
};

/**
 * cr_fetch_url() - is this one that is fetched?
 *
 * https://..., or http:// on this machine itself; printable, without user name, quotes and
 * backslashes, so that it can stand in a log, a metric's label and a command.
 * Return: NULL, or what is wrong, one clause.
 */
const char *cr_fetch_url(const char *url);

/**
 * cr_fetch() - the body at a URL
 * @url: as cr_fetch_url() takes it
 * @how: NULL: nothing special
 * @max: longest body that is taken
 * @len: its length
 * @error: why there is none, one clause
 *
 * No redirects, no cookies, no proxy; time-outs. Blocks: for a process or thread of
 * its own, or a tool. libcurl is loaded when it is first needed.
 * Return: to be freed; NULL.
 */
uint8_t *cr_fetch(const char *url, const struct cr_fetch_how *how, size_t max, size_t *len, char error[CR_FETCH_ERROR]);

#endif /* CR_DIRECTORY_FETCH_H */
