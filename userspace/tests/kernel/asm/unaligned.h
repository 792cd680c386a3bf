/* SPDX-License-Identifier: MIT */
/* Stands for the kernel's; see ../crypto/chacha.h. */
#ifndef TEST_KERNEL_UNALIGNED_H
#define TEST_KERNEL_UNALIGNED_H

#include "env.h"

struct test_u64 {
	u64 v;
} __attribute__((packed));

#define get_unaligned(p)	(((const struct test_u64 *)(const void *)(p))->v)
#define put_unaligned(x, p)	(((struct test_u64 *)(void *)(p))->v = (x))

#endif /* TEST_KERNEL_UNALIGNED_H */
