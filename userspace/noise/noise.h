/* SPDX-License-Identifier: MIT */
/*
 * Noise handshakes, patterns IK and NK, with 25519, ChaChaPoly and BLAKE2b,
 * as "The Noise Protocol Framework", revision 34, defines them:
 * Noise_IK_25519_ChaChaPoly_BLAKE2b and Noise_NK_25519_ChaChaPoly_BLAKE2b.
 *
 * Both patterns have two messages; the initiator writes the first and reads
 * the second. sodium_init() must have been called. A handshake holds secrets:
 * it is made and freed here, in memory that is locked and wiped.
 */
#ifndef CELLRELAY_NOISE_H
#define CELLRELAY_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOISE_DH_LEN		32u	/* X25519 keys */
#define NOISE_HASH_LEN		64u	/* BLAKE2b */
#define NOISE_TAG_LEN		16u
#define NOISE_MESSAGE_MAX	65535u	/* section 3: no message is longer */

/* What a message is longer than its payload. */
#define NOISE_IK_1_OVERHEAD	(NOISE_DH_LEN + NOISE_DH_LEN + NOISE_TAG_LEN + NOISE_TAG_LEN)
#define NOISE_NK_1_OVERHEAD	(NOISE_DH_LEN + NOISE_TAG_LEN)
#define NOISE_2_OVERHEAD	(NOISE_DH_LEN + NOISE_TAG_LEN)

enum noise_pattern {
	NOISE_IK,	/* initiator has a static key, sent encrypted; knows the responder's */
	NOISE_NK,	/* initiator is anonymous; knows the responder's static key */
};

enum noise_error {
	NOISE_OK = 0,
	NOISE_E_MEMORY = -1,	/* no locked memory to be had */
	NOISE_E_LENGTH = -2,	/* message too short or too long, or buffer too small */
	NOISE_E_KEY = -3,	/* public key of low order: the shared secret would be zero */
	NOISE_E_AUTH = -4,	/* the message is not authentic */
	NOISE_E_ORDER = -5,	/* not this side's turn, or the handshake failed before */
};

struct noise;

/**
 * noise_new() - begin a handshake
 * @out: the handshake; free with noise_free()
 * @pattern: NOISE_IK or NOISE_NK
 * @initiator: true when this side writes the first message
 * @prologue: bytes that both sides must agree on
 * @prologue_len: their number
 * @s: own static secret key, 32 bytes; NULL for an NK initiator
 * @rs: responder's static public key, 32 bytes; NULL for a responder
 *
 * The secret key is copied.
 */
enum noise_error noise_new(struct noise **out, enum noise_pattern pattern, bool initiator,
			   const void *prologue, size_t prologue_len,
			   const uint8_t *s, const uint8_t *rs);

/**
 * noise_new_pair() - noise_new() for an owner of a key pair that knows both halves
 * @s_pub: public key of @s; a responder of many handshakes need not compute it again each time
 */
enum noise_error noise_new_pair(struct noise **out, enum noise_pattern pattern, bool initiator,
				const void *prologue, size_t prologue_len,
				const uint8_t *s, const uint8_t *s_pub, const uint8_t *rs);

/** noise_free() - wipe and free; NULL is fine */
void noise_free(struct noise *n);

/**
 * noise_write() - make this side's message
 * @n: handshake
 * @payload: sent encrypted; may be NULL when @payload_len is 0
 * @payload_len: its length
 * @msg: result; must not overlap @payload
 * @msg_len: in: room at @msg; out: length
 *
 * After an error the handshake is dead.
 */
enum noise_error noise_write(struct noise *n, const void *payload, size_t payload_len,
			     uint8_t *msg, size_t *msg_len);

/**
 * noise_read() - take the other side's message
 * @n: handshake
 * @msg: message, from anyone
 * @msg_len: its length
 * @payload: result, valid only when NOISE_OK is returned, else zeroed
 * @payload_len: in: room at @payload; out: length
 *
 * A message that is not authentic kills the handshake: a responder makes a new
 * one for each first message.
 */
enum noise_error noise_read(struct noise *n, const uint8_t *msg, size_t msg_len,
			    uint8_t *payload, size_t *payload_len);

/** noise_done() - have both messages passed? */
bool noise_done(const struct noise *n);

/** noise_remote_static() - the other side's static public key, NULL while unknown or anonymous */
const uint8_t *noise_remote_static(const struct noise *n);

/** noise_hash() - handshake hash h, NOISE_HASH_LEN bytes; unique to this handshake once done */
const uint8_t *noise_hash(const struct noise *n);

/** noise_chaining_key() - present chaining key, NOISE_HASH_LEN bytes; secret */
const uint8_t *noise_chaining_key(const struct noise *n);

/**
 * noise_split() - the two keys of the transport, 32 bytes each
 * @n: a done handshake; its chaining key is wiped: a second call is refused
 * @send: key of what this side sends
 * @recv: key of what it receives
 */
enum noise_error noise_split(struct noise *n, uint8_t send[32], uint8_t recv[32]);

/** noise_set_ephemeral() - for test vectors only: fixes the ephemeral key of the next message */
void noise_set_ephemeral(struct noise *n, const uint8_t e[NOISE_DH_LEN]);

/** noise_strerror() - a sentence part such as "the message is not authentic" */
const char *noise_strerror(enum noise_error e);

#endif
