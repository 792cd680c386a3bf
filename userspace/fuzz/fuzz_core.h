/* SPDX-License-Identifier: MIT */
/* Fuzz targets of the pure core: a cursor over the input. */
#ifndef CR_FUZZ_CORE_H
#define CR_FUZZ_CORE_H

#include <string.h>

#include "env.h"
#include "fuzz.h"

/** struct fuzz_in - what is left of the input; zeros follow its end */
struct fuzz_in {
	const uint8_t *p;
	size_t left;
};

static inline void fuzz_bytes(struct fuzz_in *in, void *dst, size_t n)
{
	size_t have = n < in->left ? n : in->left;

	memset(dst, 0, n);
	memcpy(dst, in->p, have);
	in->p += have;
	in->left -= have;
}

static inline u64 fuzz_u64(struct fuzz_in *in, unsigned int bytes)
{
	u8 b[8] = { 0 };

	fuzz_bytes(in, b, bytes);
	return get_unaligned_le64(b);
}

/** fuzz_copy() - the rest of the input in a block of exactly its size; free() it */
static inline u8 *fuzz_copy(const struct fuzz_in *in)
{
	u8 *p = malloc(in->left ? in->left : 1);

	fuzz_assert(p);
	memcpy(p, in->p, in->left);
	return p;
}

#endif /* CR_FUZZ_CORE_H */
