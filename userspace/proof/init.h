/* SPDX-License-Identifier: MIT */
/* What cr_proof_init() calls; inside the library only. */
#ifndef CR_PROOF_INIT_H
#define CR_PROOF_INIT_H

#include "proof/group.h"

/** cr_pedersen_init() - derive Bt and its table; false: out of memory */
CR_MUST_CHECK bool cr_pedersen_init(void);

#endif /* CR_PROOF_INIT_H */
