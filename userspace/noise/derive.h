/* SPDX-License-Identifier: MIT */
/*
 * From the keys that a handshake ends with (noise_split()) to the keys that the
 * module takes: keyed BLAKE2b-256 (RFC 7693), one label for each purpose.
 */
#ifndef CELLRELAY_DERIVE_H
#define CELLRELAY_DERIVE_H

#include <stdint.h>

#define DERIVE_LEN	32u

/**
 * derive_layer() - key of one hop's layers in one direction
 * @key: 32 bytes, to fill in
 * @split: the circuit handshake's key of that direction, 32 bytes
 * @suite: cipher suite, enum cellrelay_suite: two suites never share a key
 */
void derive_layer(uint8_t key[DERIVE_LEN], const uint8_t split[DERIVE_LEN], uint8_t suite);

#endif /* CELLRELAY_DERIVE_H */
