/* SPDX-License-Identifier: MIT */
/* The relay's own keys, in locked memory. */
#ifndef RELAYD_KEYS_H
#define RELAYD_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/limits.h"
#include "control/message.h"
#include "netlink/rc.h"
#include "noise/noise.h"

/**
 * struct static_key - a key of link and circuit handshakes
 * @x: X25519, public
 * @x_secret: X25519
 * @from: first second in which others use it, ...
 * @until: ... and first when they do no longer; 0: only the directory knows
 * @file: where it is kept
 */
struct static_key {
	uint8_t x[32];
	uint8_t x_secret[32];
	uint64_t from, until;
	char file[320];
};

/**
 * struct keys - identity and static keys
 * @has: there are any; a client without an identity has none
 * @identity: Ed25519, public
 * @identity_secret: Ed25519, seed and public
 * @n: static keys that we answer to
 * @use: the one that we ask others with
 * @s: static keys
 */
struct keys {
	bool has;
	uint8_t identity[32];
	uint8_t identity_secret[64];
	unsigned int n, use;
	struct static_key s[CR_STATIC_KEYS];
};

extern struct keys *keys;

/*
 * Reads FOLDER/identity.key and FOLDER/static.key; @dir NULL: none. And the static keys that keys_add() made in @state, unless that is
 * NULL; static.key need not be there any more then. Where there are more than we answer to, the newest count.
 */
enum rc keys_load(const char *dir, const char *state);
/* One more static key for that time; it is on stable storage when this returns RC_OK. */
enum rc keys_add(const char *state, uint64_t from, uint64_t until);
/* Static key @i is no more, and its file is overwritten and removed. */
void keys_drop(unsigned int i);
/* The one that we ask others with. */
const struct static_key *keys_now(void);
/*
 * Takes the first message of a handshake with us, under whichever of our static keys it was made for; room for CR_CELL_LARGE bytes
 * at @payload. Return: the handshake; NULL: it is not authentic.
 */
struct noise *keys_read_first(enum noise_pattern pattern, const uint8_t prologue[CR_PROLOGUE_LEN], const uint8_t *msg, size_t len,
			      uint8_t *payload, size_t *payload_len);
/* Makes both, mode 0600, and prints what the peers file needs. */
enum rc keys_make(const char *dir);
/* Prints the URI of the relay whose keys are in @dir, reached at @address. */
enum rc keys_uri(const char *dir, const char *state, const char *address);
void keys_free(void);

#endif /* RELAYD_KEYS_H */
