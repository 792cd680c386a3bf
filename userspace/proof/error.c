// SPDX-License-Identifier: MIT
/* Texts of enum cr_err. */
#include "proof/error.h"

static const char *const texts[CR_ERR_MAX] = {
	[CR_OK]			= "no error",
	[CR_ERR_NOMEM]		= "out of memory",
	[CR_ERR_INIT]		= "cryptographic library failed its start-up check",
	[CR_ERR_LENGTH]		= "length is not one a valid object has",
	[CR_ERR_LIMIT]		= "count is beyond the limit",
	[CR_ERR_BITS]		= "bit size is not 8, 16, 32 or 64",
	[CR_ERR_COUNT]		= "number of values is not a power of two from 1 to 64",
	[CR_ERR_RANGE]		= "value does not fit the bit size",
	[CR_ERR_SCALAR]		= "scalar is not below the group order",
	[CR_ERR_POINT]		= "bytes do not encode a group element",
	[CR_ERR_IDENTITY]	= "group element is the identity where it must not be",
	[CR_ERR_CHALLENGE]	= "a challenge is zero",
	[CR_ERR_REJECTED]	= "proof does not verify",
	[CR_ERR_FAULT]		= "own proof failed its check (faulty machine?)",
};

const char *cr_err_text(int err)
{
	if (err < 0 || err >= CR_ERR_MAX || !texts[err])
		return "unknown error";
	return texts[err];
}
