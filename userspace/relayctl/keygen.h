/* SPDX-License-Identifier: MIT */
/* The verb "circuit keygen": key files and batches for whole test circuits. */
#ifndef RELAYCTL_KEYGEN_H
#define RELAYCTL_KEYGEN_H

#include "args.h"

extern const struct arg keygen_args[];
enum rc keygen_run(const struct verb *verb, const struct argval *v);

#endif /* RELAYCTL_KEYGEN_H */
