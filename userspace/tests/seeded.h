/* SPDX-License-Identifier: MIT */
/*
 * Random test data that can be had again: a stream from environment variable
 * TEST_SEED (a number, 1 if unset).
 */
#ifndef CR_TEST_SEEDED_H
#define CR_TEST_SEEDED_H

#include <stddef.h>
#include <stdint.h>

#include "proof/group.h"

/** seeded_bytes() - next bytes of the stream */
void seeded_bytes(void *out, size_t len);

/** seeded_u64() - next number of the stream */
uint64_t seeded_u64(void);

/** seeded_scalar() - uniform scalar from the stream */
void seeded_scalar(struct cr_scalar *s);

#endif /* CR_TEST_SEEDED_H */
