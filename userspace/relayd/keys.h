/* SPDX-License-Identifier: MIT */
/* The relay's own keys, in locked memory. */
#ifndef RELAYD_KEYS_H
#define RELAYD_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/rc.h"

/**
 * struct keys - identity and static key
 * @has: there are any; a client without an identity has none
 * @identity: Ed25519, public
 * @identity_secret: Ed25519, seed and public
 * @x: X25519, public
 * @x_secret: X25519
 */
struct keys {
	bool has;
	uint8_t identity[32];
	uint8_t identity_secret[64];
	uint8_t x[32];
	uint8_t x_secret[32];
};

extern struct keys *keys;

/* Reads FOLDER/identity.key and FOLDER/static.key; @dir NULL: none. */
enum rc keys_load(const char *dir);
/* Makes both, mode 0600, and prints what the peers file needs. */
enum rc keys_make(const char *dir);
/* Prints the URI of the relay whose keys are in @dir, reached at @address. */
enum rc keys_uri(const char *dir, const char *address);
void keys_free(void);

#endif /* RELAYD_KEYS_H */
