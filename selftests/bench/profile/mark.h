/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Marks that a program in an emulated machine sets for the profile plugin: instructions that do
 * nothing (NOP with an operand, eight bytes) and that no compiler writes.
 */
#ifndef PROFILE_MARK_H
#define PROFILE_MARK_H

#include <stddef.h>
#include <string.h>

enum { PROFILE_BEGIN = 1, PROFILE_END = 2 };

#ifdef __x86_64__
#define profile_mark(which) __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x43, 0x52, 0x4c, %c0" : : "i"(which) : "memory")
#else
#define profile_mark(which) do { } while (0)
#endif

/* Return: PROFILE_BEGIN, PROFILE_END, or 0. */
static inline int profile_is_mark(const void *insn, size_t len)
{
	const unsigned char *p = insn;

	return len == 8 && !memcmp(p, "\x0f\x1f\x84\x00\x43\x52\x4c", 7) ? p[7] : 0;
}

#endif /* PROFILE_MARK_H */
