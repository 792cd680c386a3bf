/* SPDX-License-Identifier: MIT */
#ifndef RELAYCTL_DIRFETCH_H
#define RELAYCTL_DIRFETCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The body at a URL, at most @max bytes, to be freed; NULL and a message. https
 * only, except to this machine itself; no redirects, no cookies, time-outs.
 */
uint8_t *dir_fetch(const char *url, size_t max, size_t *len);

#endif /* RELAYCTL_DIRFETCH_H */
