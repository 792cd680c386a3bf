/* SPDX-License-Identifier: MIT */
/*
 * What daemons say to each other (docs/protocol.md, sections 13 to 18): payloads of the
 * Noise handshakes, messages of circuit 0, CONTROL messages of circuits. Pure functions on bytes: nothing is
 * allocated, nothing is kept. Decoders take bytes from anyone.
 */
#ifndef CELLRELAY_CONTROL_MESSAGE_H
#define CELLRELAY_CONTROL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "noise/noise.h"
#include "wire.h"

#define CR_ID_LEN	32u	/* Ed25519 identity */
#define CR_LEDGER_LEN	32u
#define CR_IDX_KEY_LEN	16u
#define CR_HASH_LEN	32u	/* of a snapshot */

/* Messages of circuit 0: enum cr_ctl_type of kmod/core/wire.h. */

/** enum cr_circ_msg - CONTROL messages of a circuit */
enum cr_circ_msg {
	CR_CIRC_PAD = 0,
	CR_CIRC_EXTEND = 1,	/* to a relay: go on to another one */
	CR_CIRC_EXTENDED = 2,	/* from it: what the other one answered */
	CR_CIRC_REFUSED = 3,	/* from it: it could not, in its own words */
	CR_CIRC_ATTACH = 4,	/* to a relay: be my exit */
	CR_CIRC_ATTACHED = 5,	/* from it: the inner addresses */
	CR_CIRC_PING = 6,
	CR_CIRC_PONG = 7,
};

/** enum cr_status - how a handshake ended at the responder, in its own authenticated words */
enum cr_status {
	CR_STATUS_OK = 0,
	CR_STATUS_SUITE = 1,	/* suite not offered */
	CR_STATUS_SIZE = 2,	/* large size impossible */
	CR_STATUS_POSITION = 3,
	CR_STATUS_SNAPSHOT = 4,	/* same number, another hash */
	CR_STATUS_FULL = 5,	/* no room; try another relay */
};

/** enum cr_refusal - why a relay did not do what the client asked it */
enum cr_refusal {
	CR_REFUSED_UNKNOWN = 1,	/* relay not in the directory */
	CR_REFUSED_UNREACHABLE = 2,	/* it does not answer */
	CR_REFUSED_LOOP = 3,	/* itself, or where the circuit came from */
	CR_REFUSED_LIMIT = 4,	/* too many EXTENDs, or no room */
	CR_REFUSED_STATE = 5,	/* the circuit goes on already, or is an exit's */
	CR_REFUSED_ROLE = 6,	/* not an exit */
};

/** enum cr_purpose - what a handshake makes; part of the prologue */
enum cr_purpose {
	CR_FOR_LINK = 1,
	CR_FOR_CIRCUIT = 2,
	CR_FOR_REKEY = 3,
};

#define CR_PROLOGUE_LEN	(11u + 1u + CR_LEDGER_LEN + CR_ID_LEN)

/** cr_prologue() - what both sides of a handshake must agree on beforehand */
void cr_prologue(uint8_t out[CR_PROLOGUE_LEN], enum cr_purpose purpose,
		 const uint8_t ledger[CR_LEDGER_LEN], const uint8_t responder[CR_ID_LEN]);

/** struct cr_snapshot_id - a snapshot: number 0: none known */
struct cr_snapshot_id {
	uint64_t number;
	uint8_t hash[CR_HASH_LEN];
};

/**
 * cr_snapshot_agrees() - may both go on?
 *
 * Return: false when the numbers are equal and not 0 but the hashes differ.
 */
bool cr_snapshot_agrees(const struct cr_snapshot_id *a, const struct cr_snapshot_id *b);

/**
 * struct cr_link_hello - payload of both messages of a link handshake
 * @suite: cipher suite, 1
 * @status: 0 in the first message
 * @large: size of the datagram that it came in, or of the link's large cells
 * @index: the sender's receiving index
 * @idx_key: the sender's k_idx
 * @snapshot: newest that the sender has
 */
struct cr_link_hello {
	uint8_t suite;
	uint8_t status;
	uint16_t large;
	uint32_t index;
	uint8_t idx_key[CR_IDX_KEY_LEN];
	struct cr_snapshot_id snapshot;
};

#define CR_LINK_HELLO_LEN	(1u + 1u + 2u + 4u + CR_IDX_KEY_LEN + 8u + CR_HASH_LEN)
#define CR_LINK_MSG1_LEN	(NOISE_IK_1_OVERHEAD + CR_LINK_HELLO_LEN)
#define CR_LINK_MSG2_LEN	(NOISE_2_OVERHEAD + CR_LINK_HELLO_LEN)

/**
 * struct cr_circ_hello - payload of both messages of a circuit handshake
 * @suite: cipher suite, 1
 * @pos: first message: position, 1 to 8; second: enum cr_status
 * @large: size of large cells on this circuit
 * @snapshot: newest that the sender has
 */
struct cr_circ_hello {
	uint8_t suite;
	uint8_t pos;
	uint16_t large;
	struct cr_snapshot_id snapshot;
};

#define CR_CIRC_HELLO_LEN	(1u + 1u + 2u + 8u + CR_HASH_LEN)
#define CR_CIRC_MSG1_LEN	(NOISE_NK_1_OVERHEAD + CR_CIRC_HELLO_LEN)
#define CR_CIRC_MSG2_LEN	(NOISE_2_OVERHEAD + CR_CIRC_HELLO_LEN)

/* What is longer than these is taken, and the rest ignored: room for a session certificate. */
void cr_link_hello_put(uint8_t out[CR_LINK_HELLO_LEN], const struct cr_link_hello *h);
bool cr_link_hello_get(struct cr_link_hello *h, const uint8_t *in, size_t len);
void cr_circ_hello_put(uint8_t out[CR_CIRC_HELLO_LEN], const struct cr_circ_hello *h);
bool cr_circ_hello_get(struct cr_circ_hello *h, const uint8_t *in, size_t len);

/**
 * struct cr_create - CREATE: LE32 circ, first NK message
 * @circ: the id, not 0, that the sender wants to see in cells to it
 * @noise: the message, within the input
 * @noise_len: CR_CIRC_MSG1_LEN or more
 */
struct cr_create {
	uint32_t circ;
	const uint8_t *noise;
	size_t noise_len;
};

/**
 * struct cr_created - CREATED: LE32 circ, LE32 mine, second NK message
 * @circ: as in CREATE
 * @mine: the id that the answering relay chose; 0: it refuses, see the payload
 */
struct cr_created {
	uint32_t circ;
	uint32_t mine;
	const uint8_t *noise;
	size_t noise_len;
};

/** struct cr_extend - EXTEND: identity of the next relay, first NK message */
struct cr_extend {
	const uint8_t *relay;
	const uint8_t *noise;
	size_t noise_len;
};

#define CR_CREATE_LEN	(4u + CR_CIRC_MSG1_LEN)
#define CR_CREATED_LEN	(8u + CR_CIRC_MSG2_LEN)
#define CR_EXTEND_LEN	(CR_ID_LEN + CR_CIRC_MSG1_LEN)
#define CR_DESTROY_LEN	4u
#define CR_PING_LEN	16u

/* Where a Noise message stands in a buffer that it is to be written to. */
#define CR_CREATE_NOISE		4u
#define CR_CREATED_NOISE	8u
#define CR_EXTEND_NOISE		CR_ID_LEN

bool cr_create_get(struct cr_create *c, const uint8_t *in, size_t len);
bool cr_created_get(struct cr_created *c, const uint8_t *in, size_t len);
bool cr_extend_get(struct cr_extend *e, const uint8_t *in, size_t len);

/** enum cr_rekey_step - first byte of REKEY; a Noise message follows steps 1 and 2 */
enum cr_rekey_step {
	CR_REKEY_FIRST = 1,
	CR_REKEY_SECOND = 2,
	CR_REKEY_CONFIRM = 3,	/* the first cell under the new keys */
};

/** struct cr_attached - ATTACHED: inner addresses; zeros: none of that family */
struct cr_attached {
	uint8_t inner4[4];
	uint8_t inner6[16];
};

#define CR_ATTACH_V4		1u	/* an IPv4 address is wanted */
#define CR_ATTACH_V6		2u
#define CR_ATTACH_SESSION	4u	/* a session's key and signature follow */
#define CR_ATTACH_LEN		1u
#define CR_SESSION_LEN		32u	/* Ed25519 */
#define CR_SESSION_SIG_LEN	64u
#define CR_ATTACH_SESSION_LEN	(CR_ATTACH_LEN + CR_SESSION_LEN + CR_SESSION_SIG_LEN)
#define CR_ATTACH_SIGNED_LEN	(16u + NOISE_HASH_LEN)

/**
 * struct cr_attach - ATTACH: what is wanted, and by whom
 * @wanted: CR_ATTACH_*
 * @session: with CR_ATTACH_SESSION: key, within the input; whoever shows it again on another circuit takes the addresses along
 * @signature: by that key, over cr_attach_signed()
 */
struct cr_attach {
	uint8_t wanted;
	const uint8_t *session, *signature;
};

bool cr_attach_get(struct cr_attach *a, const uint8_t *in, size_t len);

/** cr_attach_signed() - what a session's key signs: @hash is the handshake's with the exit, so it is good on one circuit only */
void cr_attach_signed(uint8_t out[CR_ATTACH_SIGNED_LEN], const uint8_t hash[NOISE_HASH_LEN]);

#define CR_ATTACHED_LEN	20u

bool cr_attached_get(struct cr_attached *a, const uint8_t *in, size_t len);

/**
 * cr_frame_put() - type, length, message, zeros
 * @out: @room bytes, all of them written
 *
 * Return: false when it does not fit. @msg may be @out + CR_CTL_HDR_LEN.
 */
bool cr_frame_put(uint8_t *out, size_t room, uint8_t type, const void *msg, size_t len);

/**
 * cr_frame_get() - the message in a frame
 * @msg: within @in
 *
 * Return: false when the length points outside or anything but zeros follows.
 */
bool cr_frame_get(const uint8_t *in, size_t room, uint8_t *type, const uint8_t **msg, size_t *len);

#endif /* CELLRELAY_CONTROL_MESSAGE_H */
