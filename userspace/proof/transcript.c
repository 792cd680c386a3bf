// SPDX-License-Identifier: MIT
/* Merlin: framing of messages and challenges over STROBE. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/transcript.h"

/* meta_ad(label || LE32(len)), as one operation */
static void frame(struct cr_strobe *s, const char *label, size_t len)
{
	uint32_t le = htole32((uint32_t)len);

	if (len > UINT32_MAX)
		abort();
	cr_strobe_meta_ad(s, label, strlen(label), false);
	cr_strobe_meta_ad(s, &le, sizeof(le), true);
}

void cr_transcript_init(struct cr_transcript *t, const void *label, size_t len)
{
	static const char protocol[] = "Merlin v1.0";

	cr_strobe_init(&t->strobe, protocol, sizeof(protocol) - 1);
	cr_transcript_append(t, "dom-sep", label, len);
}

void cr_transcript_append(struct cr_transcript *t, const char *label,
			  const void *data, size_t len)
{
	frame(&t->strobe, label, len);
	cr_strobe_ad(&t->strobe, data, len, false);
}

void cr_transcript_append_u64(struct cr_transcript *t, const char *label,
			      uint64_t value)
{
	value = htole64(value);
	cr_transcript_append(t, label, &value, sizeof(value));
}

void cr_transcript_append_scalar(struct cr_transcript *t, const char *label,
				 const struct cr_scalar *s)
{
	cr_transcript_append(t, label, s->b, sizeof(s->b));
}

void cr_transcript_challenge(struct cr_transcript *t, const char *label,
			     void *out, size_t len)
{
	frame(&t->strobe, label, len);
	cr_strobe_prf(&t->strobe, out, len, false);
}

void cr_transcript_challenge_scalar(struct cr_transcript *t,
				    const char *label, struct cr_scalar *s)
{
	uint8_t wide[CR_UNIFORM_BYTES];

	cr_transcript_challenge(t, label, wide, sizeof(wide));
	cr_scalar_reduce(s, wide);
}

void cr_transcript_rng_init(struct cr_transcript_rng *rng,
			    const struct cr_transcript *t)
{
	rng->strobe = t->strobe;
}

void cr_transcript_rng_witness(struct cr_transcript_rng *rng,
			       const char *label, const void *data, size_t len)
{
	frame(&rng->strobe, label, len);
	cr_strobe_key(&rng->strobe, data, len, false);
}

void cr_transcript_rng_start_with(struct cr_transcript_rng *rng,
				  const uint8_t seed[32])
{
	cr_strobe_meta_ad(&rng->strobe, "rng", 3, false);
	cr_strobe_key(&rng->strobe, seed, 32, false);
}

void cr_transcript_rng_start(struct cr_transcript_rng *rng)
{
	uint8_t seed[32];

	randombytes_buf(seed, sizeof(seed));
	cr_transcript_rng_start_with(rng, seed);
	sodium_memzero(seed, sizeof(seed));
}

void cr_transcript_rng_bytes(struct cr_transcript_rng *rng, void *out,
			     size_t len)
{
	uint32_t le = htole32((uint32_t)len);

	if (len > UINT32_MAX)
		abort();
	cr_strobe_meta_ad(&rng->strobe, &le, sizeof(le), false);
	cr_strobe_prf(&rng->strobe, out, len, false);
}

void cr_transcript_rng_scalar(struct cr_transcript_rng *rng,
			      struct cr_scalar *s)
{
	uint8_t wide[CR_UNIFORM_BYTES];

	cr_transcript_rng_bytes(rng, wide, sizeof(wide));
	cr_scalar_reduce(s, wide);
	sodium_memzero(wide, sizeof(wide));
}
