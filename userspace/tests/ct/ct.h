/* SPDX-License-Identifier: MIT */
/*
 * Constant-time check: run under valgrind's memcheck with secrets marked
 * undefined; it then reports every branch and every address that depends on
 * one. A suite is a function named in the list of main.c.
 */
#ifndef CR_TEST_CT_H
#define CR_TEST_CT_H

#include <stddef.h>

/** ct_secret() - from here on @len bytes at @p are secret */
void ct_secret(void *p, size_t len);

/** ct_public() - from here on they are not (results about to be looked at) */
void ct_public(const void *p, size_t len);

/** ct_check() - end the program if @ok is false: the operation itself failed */
void ct_check(int ok, const char *what);

/* The suites. */
void ct_group(void);
void ct_range(void);
void ct_voucher(void);
void ct_receipt(void);
void ct_claim(void);

#endif /* CR_TEST_CT_H */
