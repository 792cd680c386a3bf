/* SPDX-License-Identifier: MIT */
/*
 * Ed25519 (RFC 8032) with one strict verification routine for everybody.
 *
 * Relay and market must agree about every signature, or a relay would serve
 * for receipts that nobody pays. So both call cr_verify(), which takes exactly
 * what satisfies the equation without cofactor and has: S below the group
 * order; A and R in their canonical encodings; neither A nor R of small order.
 */
#ifndef CR_PROOF_SIGN_H
#define CR_PROOF_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proof/reason.h"

#define CR_SEED_BYTES		32
#define CR_SECRET_BYTES		64	/* seed and public key, as libsodium keeps it */
#define CR_PUBLIC_BYTES		32
#define CR_SIGNATURE_BYTES	64

/**
 * cr_key_from_seed() - expand a 32-byte seed (RFC 8032 private key)
 * @public_key: result
 * @secret: result; secret, keep it in sodium_malloc() memory
 * @seed: secret; may be where @secret begins
 */
void cr_key_from_seed(uint8_t public_key[CR_PUBLIC_BYTES],
		      uint8_t secret[CR_SECRET_BYTES],
		      const uint8_t seed[CR_SEED_BYTES]);

/**
 * cr_sign() - deterministic signature, constant-time in the secret
 * @signature: result
 * @message: begins with a kind of codec.h
 * @len: its length
 * @secret: from cr_key_from_seed()
 */
void cr_sign(uint8_t signature[CR_SIGNATURE_BYTES], const void *message,
	     size_t len, const uint8_t secret[CR_SECRET_BYTES]);

/**
 * cr_key_usable() - canonical encoding and not of small order
 * @public_key: from anywhere
 *
 * Whether it is on the curve at all shows when a signature is verified.
 */
bool cr_key_usable(const uint8_t public_key[CR_PUBLIC_BYTES]);

/**
 * cr_verify() - the strict check described above
 *
 * Return: CR_ACCEPTED, CR_BAD_KEY or CR_BAD_SIGNATURE.
 */
enum cr_reason cr_verify(const uint8_t signature[CR_SIGNATURE_BYTES],
			 const void *message, size_t len,
			 const uint8_t public_key[CR_PUBLIC_BYTES]);

#endif /* CR_PROOF_SIGN_H */
