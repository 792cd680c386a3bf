// SPDX-License-Identifier: MIT
/* STROBE-128 over Keccak-f[1600], see strobe.h. */
#include <stdlib.h>
#include <string.h>

#include "proof/strobe.h"

#define RATE	166

enum {
	FLAG_I = 1,
	FLAG_A = 2,
	FLAG_C = 4,
	FLAG_M = 16,
};

static void run_f(struct cr_strobe *s)
{
	s->state[s->pos] ^= s->pos_begin;
	s->state[s->pos + 1] ^= 0x04;
	s->state[RATE + 1] ^= 0x80;
	cr_keccak_f1600(s->state);
	s->pos = 0;
	s->pos_begin = 0;
}

static inline void step(struct cr_strobe *s)
{
	if (++s->pos == RATE)
		run_f(s);
}

static void absorb(struct cr_strobe *s, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		s->state[s->pos] ^= data[i];
		step(s);
	}
}

static void begin_op(struct cr_strobe *s, uint8_t flags, bool more)
{
	uint8_t header[2];

	if (more) {
		if (s->flags != flags)
			abort();
		return;
	}
	header[0] = s->pos_begin;
	header[1] = flags;
	s->pos_begin = s->pos + 1;
	s->flags = flags;
	/* may cross the rate, which sets pos_begin back to 0: as specified */
	absorb(s, header, sizeof(header));
	if ((flags & FLAG_C) && s->pos != 0)
		run_f(s);
}

void cr_strobe_init(struct cr_strobe *s, const void *label, size_t len)
{
	static const uint8_t start[18] = "\x01\xa8\x01\x00\x01\x60"
					 "STROBEv1.0.2";

	memset(s, 0, sizeof(*s));
	memcpy(s->state, start, sizeof(start));
	cr_keccak_f1600(s->state);
	cr_strobe_meta_ad(s, label, len, false);
}

void cr_strobe_meta_ad(struct cr_strobe *s, const void *data, size_t len,
		       bool more)
{
	begin_op(s, FLAG_M | FLAG_A, more);
	absorb(s, data, len);
}

void cr_strobe_ad(struct cr_strobe *s, const void *data, size_t len, bool more)
{
	begin_op(s, FLAG_A, more);
	absorb(s, data, len);
}

void cr_strobe_key(struct cr_strobe *s, const void *data, size_t len,
		   bool more)
{
	const uint8_t *bytes = data;

	begin_op(s, FLAG_A | FLAG_C, more);
	for (size_t i = 0; i < len; i++) {
		s->state[s->pos] = bytes[i];
		step(s);
	}
}

void cr_strobe_prf(struct cr_strobe *s, void *out, size_t len, bool more)
{
	uint8_t *bytes = out;

	begin_op(s, FLAG_I | FLAG_A | FLAG_C, more);
	for (size_t i = 0; i < len; i++) {
		bytes[i] = s->state[s->pos];
		s->state[s->pos] = 0;
		step(s);
	}
}
