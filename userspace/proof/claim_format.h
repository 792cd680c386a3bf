/* SPDX-License-Identifier: MIT */
/* What building and verifying a claim do alike; inside the library only. */
#ifndef CR_PROOF_CLAIM_FORMAT_H
#define CR_PROOF_CLAIM_FORMAT_H

#include "proof/claim.h"
#include "proof/transcript.h"

/** claim_proofs() - number of range proofs for that many sessions */
size_t claim_proofs(size_t sessions);

/** claim_proof_sessions() - sessions that proof number @proof is about */
size_t claim_proof_sessions(size_t sessions, size_t proof);

/** claim_proof_bytes() - length of proof number @proof */
size_t claim_proof_bytes(size_t sessions, size_t proof);

/**
 * claim_transcript() - what all range proofs of a claim are bound to
 * @t: result; claim_proof_transcript() makes each proof's from it
 * @claim: everything but ->proofs and ->signature is read
 */
void claim_transcript(struct cr_transcript *t, const struct cr_claim *claim);

/** claim_proof_transcript() - clone for proof number @proof */
void claim_proof_transcript(struct cr_transcript *t,
			    const struct cr_transcript *claim, size_t proof);

/**
 * claim_body_message() - what the relay signs: a kind and a hash of every byte
 * @message: CR_CLAIM_MESSAGE_BYTES
 * @bytes: the claim
 * @len: of the claim without its signature
 */
#define CR_CLAIM_MESSAGE_BYTES 80
void claim_body_message(uint8_t message[CR_CLAIM_MESSAGE_BYTES],
			const uint8_t *bytes, size_t len);

/** claim_put_entry() - write an entry; returns where the next one goes */
uint8_t *claim_put_entry(uint8_t *p, const struct cr_certificate *certificate,
			 const struct cr_receipt *receipt);

#endif /* CR_PROOF_CLAIM_FORMAT_H */
