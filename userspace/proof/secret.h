/* SPDX-License-Identifier: MIT */
/*
 * Where secrets end: marks for the constant-time check.
 *
 * The check (`make check-ct-proof`) builds the library with CR_CTGRIND and
 * runs it under valgrind with every secret marked undefined, so that a branch
 * or an address that depends on one is reported. What a protocol publishes is
 * declared with cr_declassify(); everywhere else the call is nothing.
 */
#ifndef CR_PROOF_SECRET_H
#define CR_PROOF_SECRET_H

#include <stddef.h>

#ifdef CR_CTGRIND
#include <valgrind/memcheck.h>
#endif

/** cr_declassify() - @len bytes at @p are about to be published: secret no more */
static inline void cr_declassify(const void *p, size_t len)
{
#ifdef CR_CTGRIND
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
#else
	(void)p;
	(void)len;
#endif
}

#endif /* CR_PROOF_SECRET_H */
