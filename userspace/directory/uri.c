// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "directory/uri.h"

#define SCHEME	"cellrelay://"
#define VERSION	"/1"
#define KEY_LEN	43	/* 32 bytes in base64url without padding */

/* Without padding, and without bits behind the last byte, which would be a second form. */
static bool key(uint8_t out[32], const char *text)
{
	size_t n = 0;

	return sodium_base642bin(out, 32, text, KEY_LEN, NULL, &n, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 && n == 32;
}

const char *cr_uri_wrong(const struct cr_uri *u)
{
	uint8_t bytes[CR_ADDRESS_BYTES];
	struct cr_reader r = { .at = bytes, .left = sizeof(bytes) };
	struct cr_address a;

	if (!cr_key_usable(u->identity))
		return "the identity is not an Ed25519 key";
	if (!cr_onion_key_usable(u->key))
		return "the second key is not a usable X25519 key";
	cr_address_put(bytes, &u->address);
	return cr_address_read(&a, &r) == CR_DIR_OK ? NULL : "no host can have this address";
}

const char *cr_uri_text(char buf[CR_URI_TEXT], const struct cr_uri *u)
{
	char identity[KEY_LEN + 1], x[KEY_LEN + 1], address[CR_ADDRESS_TEXT];

	sodium_bin2base64(identity, sizeof(identity), u->identity, 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_bin2base64(x, sizeof(x), u->key, 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	snprintf(buf, CR_URI_TEXT, SCHEME "%s.%s@%s" VERSION, identity, x, cr_address_text(address, &u->address));
	return buf;
}

const char *cr_uri_parse(struct cr_uri *u, const char *text, size_t len)
{
	const size_t scheme = strlen(SCHEME), version = strlen(VERSION), keys = scheme + 2 * KEY_LEN + 1;
	char address[CR_ADDRESS_TEXT], again[CR_URI_TEXT];
	const char *wrong;
	size_t n;

	memset(u, 0, sizeof(*u));
	if (len >= CR_URI_TEXT)
		return "it is too long";
	if (len < scheme || memcmp(text, SCHEME, scheme) != 0)
		return "it does not begin with " SCHEME;
	if (len <= keys || text[scheme + KEY_LEN] != '.' || text[keys] != '@')
		return "before the @ stand two keys of 43 characters with a dot between";
	if (!key(u->identity, text + scheme) || !key(u->key, text + scheme + KEY_LEN + 1))
		return "a key is not base64url of 32 bytes";
	if (len < keys + 1 + version || memcmp(text + len - version, VERSION, version) != 0)
		return "it does not end with " VERSION ": it is cut off, or of a later version";
	n = len - version - keys - 1;
	if (n >= sizeof(address))
		return "its address is too long";
	memcpy(address, text + keys + 1, n);
	address[n] = '\0';
	if (strlen(address) != n || !cr_address_parse(&u->address, address))
		return "behind the @ stand address and port, as 192.0.2.1:4000 or [2001:db8::1]:4000";
	wrong = cr_uri_wrong(u);
	if (wrong)
		return wrong;
	cr_uri_text(again, u);
	if (strlen(again) != len || memcmp(again, text, len) != 0)
		return "its address is not in its shortest form";
	return NULL;
}
