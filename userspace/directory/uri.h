/* SPDX-License-Identifier: MIT */
/*
 * A relay in one line, for relays that no directory lists (docs/protocol.md, section 20):
 *
 *	cellrelay://IDENTITY.KEY@192.0.2.1:4000/1
 */
#ifndef CR_DIRECTORY_URI_H
#define CR_DIRECTORY_URI_H

#include "directory/address.h"
#include "directory/descriptor.h"

#define CR_URI_TEXT	160	/* the longest, and a 0 */

/**
 * struct cr_uri - what it says
 * @identity: Ed25519
 * @key: X25519, as relay handshakes use it
 * @address: where it is reached; any address that a host can have, private ones too
 */
struct cr_uri {
	uint8_t identity[CR_PUBLIC_BYTES];
	uint8_t key[CR_ONION_KEY_BYTES];
	struct cr_address address;
};

/**
 * cr_uri_parse() - read one
 * @u: result, when there is one
 * @text: @len bytes; no 0 is needed
 * @len: their number
 *
 * Takes exactly what cr_uri_text() gives. Return: NULL, or what is wrong, one clause.
 */
const char *cr_uri_parse(struct cr_uri *u, const char *text, size_t len);

/** cr_uri_text() - the one form of @u */
const char *cr_uri_text(char buf[CR_URI_TEXT], const struct cr_uri *u);

/** cr_uri_wrong() - NULL, or why no relay can have these keys and this address */
const char *cr_uri_wrong(const struct cr_uri *u);

#endif /* CR_DIRECTORY_URI_H */
