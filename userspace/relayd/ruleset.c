// SPDX-License-Identifier: MIT
#include "ruleset.h"

#include <string.h>

#include "nft/apply.h"

enum rc ruleset_apply(const char *text, const char *doing)
{
	char error[1024];

	if (cr_nft_apply(text, error, sizeof(error)))
		return RC_OK;
	error[strcspn(error, "\n")] = '\0';
	return fail(RC_REFUSED, "cannot %s: %s", doing, error);
}
