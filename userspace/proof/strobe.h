/* SPDX-License-Identifier: MIT */
/*
 * The part of STROBE-128 (v1.0.2) that Merlin uses: meta-AD, AD, PRF and KEY.
 * There is no transport and no role, so flags T and I-for-the-peer never
 * occur.
 */
#ifndef CR_PROOF_STROBE_H
#define CR_PROOF_STROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proof/keccak.h"

/**
 * struct cr_strobe - one STROBE object; copy it to clone
 * @state: Keccak state
 * @pos: next byte of the rate
 * @pos_begin: one past where the running operation began, 0 if it began
 *	before the last permutation
 * @flags: of the running operation
 */
struct cr_strobe {
	uint8_t state[CR_KECCAK_BYTES] __attribute__((aligned(8)));
	uint8_t pos;
	uint8_t pos_begin;
	uint8_t flags;
};

/** cr_strobe_init() - new object for @label, a protocol name of @len bytes */
void cr_strobe_init(struct cr_strobe *s, const void *label, size_t len);

/*
 * @more continues the operation of the call before, which must have been of
 * the same kind (anything else aborts the program: it is a bug, and a
 * transcript that goes on after it proves nothing).
 */
void cr_strobe_meta_ad(struct cr_strobe *s, const void *data, size_t len,
		       bool more);
void cr_strobe_ad(struct cr_strobe *s, const void *data, size_t len,
		  bool more);
void cr_strobe_key(struct cr_strobe *s, const void *data, size_t len,
		   bool more);
void cr_strobe_prf(struct cr_strobe *s, void *out, size_t len, bool more);

#endif /* CR_PROOF_STROBE_H */
