/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The limit on the sum of two counters that two processors raise, each its own under a
 * lock of its own.
 */
#ifndef CR_CORE_CREDIT_H
#define CR_CORE_CREDIT_H

#include "env.h"

#define CR_LIMIT_NONE	(~0ULL)

/**
 * cr_credit_ready() - would cr_credit_take() succeed now? Nothing is changed.
 * @own: one counter
 * @other: the other one
 * @limit: on their sum, CR_LIMIT_NONE for none
 * @len: what is to be added
 *
 * Without the lock the answer is a hint that a race can make wrong either way.
 */
static inline bool cr_credit_ready(const u64 *own, const u64 *other, u64 limit, u32 len)
{
	return limit == CR_LIMIT_NONE || READ_ONCE(*own) + READ_ONCE(*other) + len <= limit;
}

/**
 * cr_credit_take() - add to a counter if the sum allows it
 * @own: counter whose lock is held
 * @other: the other one
 * @limit: on their sum, CR_LIMIT_NONE for none
 * @len: what to add
 *
 * Each adds first and looks at the other after a full barrier: of two that race at
 * least one sees the other's bytes and takes its own back, so that what was let pass
 * never exceeds the limit. Both may.
 *
 * Return: true when it was added.
 */
static inline bool cr_credit_take(u64 *own, const u64 *other, u64 limit, u32 len)
{
	u64 was = *own;

	WRITE_ONCE(*own, was + len);
	if (limit == CR_LIMIT_NONE)
		return true;
	smp_mb(); /* pairs with itself on the other side */
	if (likely(was + len + READ_ONCE(*other) <= limit))
		return true;
	WRITE_ONCE(*own, was);
	return false;
}

#endif /* CR_CORE_CREDIT_H */
