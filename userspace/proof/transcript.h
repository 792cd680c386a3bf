/* SPDX-License-Identifier: MIT */
/*
 * Merlin transcripts, byte-compatible with the `merlin` crate 3.0.
 *
 * Everything a prover sends, and the whole statement, is appended in order;
 * challenges then depend on all of it. Labels are plain bytes chosen by the
 * protocol, never data. Copying a structure clones the transcript.
 */
#ifndef CR_PROOF_TRANSCRIPT_H
#define CR_PROOF_TRANSCRIPT_H

#include "proof/group.h"
#include "proof/strobe.h"

struct cr_transcript {
	struct cr_strobe strobe;
};

/** cr_transcript_init() - new transcript; @label names application and version */
void cr_transcript_init(struct cr_transcript *t, const void *label,
			size_t len);

/** cr_transcript_append() - @len below 2^32; @label is a C string, hashed without its end */
void cr_transcript_append(struct cr_transcript *t, const char *label,
			  const void *data, size_t len);

/** cr_transcript_append_u64() - as eight bytes, little-endian */
void cr_transcript_append_u64(struct cr_transcript *t, const char *label,
			      uint64_t value);

void cr_transcript_append_scalar(struct cr_transcript *t, const char *label,
				 const struct cr_scalar *s);

/** cr_transcript_challenge() - @len bytes, below 2^32, that depend on all before */
void cr_transcript_challenge(struct cr_transcript *t, const char *label,
			     void *out, size_t len);

/** cr_transcript_challenge_scalar() - 64 challenge bytes modulo l */
void cr_transcript_challenge_scalar(struct cr_transcript *t,
				    const char *label, struct cr_scalar *s);

/**
 * struct cr_transcript_rng - a prover's hedged randomness
 *
 * Depends on the transcript, on the witnesses and on the system's generator:
 * a repeated or weak system generator (a restored VM) still gives different
 * nonces for different statements or witnesses. Start from a clone, add every
 * witness, then start drawing. Secret throughout: wipe with
 * sodium_memzero().
 */
struct cr_transcript_rng {
	struct cr_strobe strobe;
};

void cr_transcript_rng_init(struct cr_transcript_rng *rng,
			    const struct cr_transcript *t);
void cr_transcript_rng_witness(struct cr_transcript_rng *rng,
			       const char *label, const void *data,
			       size_t len);

/** cr_transcript_rng_start() - key with 32 bytes of the system; call once, after the witnesses */
void cr_transcript_rng_start(struct cr_transcript_rng *rng);

/** cr_transcript_rng_start_with() - the same with given bytes, for tests */
void cr_transcript_rng_start_with(struct cr_transcript_rng *rng,
				  const uint8_t seed[32]);

void cr_transcript_rng_bytes(struct cr_transcript_rng *rng, void *out,
			     size_t len);

/** cr_transcript_rng_scalar() - uniform scalar from 64 drawn bytes */
void cr_transcript_rng_scalar(struct cr_transcript_rng *rng,
			      struct cr_scalar *s);

#endif /* CR_PROOF_TRANSCRIPT_H */
