// SPDX-License-Identifier: MIT
/* Start-up of the proof library. */
#include <sodium.h>

#include "proof/error.h"
#include "proof/init.h"

int cr_proof_init(void)
{
	if (sodium_init() < 0)
		return CR_ERR_INIT;
	if (!cr_pedersen_init())
		return CR_ERR_NOMEM;
	return 0;
}
