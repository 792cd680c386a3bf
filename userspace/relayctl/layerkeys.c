// SPDX-License-Identifier: MIT
#include "layerkeys.h"

#include <sodium.h>

#include "keyfile.h"

#define LAYER_KEY	32

static const char *const known[] = { "fwd", "bwd", NULL };

enum rc layerkeys_put(struct nl_msg *msg, const char *path, const char *section, uint16_t attr_fwd,
		      uint16_t attr_bwd)
{
	uint8_t *key = sodium_malloc(2 * LAYER_KEY);
	struct keysec sec;
	enum rc rc;

	if (!key)
		return fail(RC_REFUSED, "no memory for keys");
	rc = keyfile_take(path, section, &sec);
	rc = rc ? rc : keysec_only(&sec, known);
	rc = rc ? rc : keysec_hex(&sec, "fwd", key, LAYER_KEY);
	rc = rc ? rc : keysec_hex(&sec, "bwd", key + LAYER_KEY, LAYER_KEY);
	if (!rc && msg && (nla_put(msg, attr_fwd, LAYER_KEY, key) < 0 ||
			   nla_put(msg, attr_bwd, LAYER_KEY, key + LAYER_KEY) < 0))
		rc = fail(RC_REFUSED, "out of memory");
	sodium_free(key);
	return rc;
}

enum rc layerkeys_check(const char *path, const char *section)
{
	return layerkeys_put(NULL, path, section, 0, 0);
}
