/* SPDX-License-Identifier: MIT */
/* A client's circuit and its state: what tunnel.c, which builds it, and watch.c, which looks after it, share. */
#ifndef RELAYD_TUNNEL_STATE_H
#define RELAYD_TUNNEL_STATE_H

#include <sodium.h>

#include "control/message.h"
#include "links.h"
#include "timer.h"
#include "tunnel.h"

enum step { STEP_LINK, STEP_CREATE, STEP_EXTEND, STEP_ATTACH, STEP_READY, STEP_AGAIN };

/**
 * struct session - key by which an exit knows us again on another circuit; in locked memory
 * @key: public
 * @secret: seed and public
 */
struct session {
	uint8_t key[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
};

/**
 * struct tunnel - a circuit of our own, and its successors
 * @next: in the list
 * @path: relays, the one next to us first
 * @chosen: by path choice, anew for each attempt
 * @step: what it waits for
 * @c: circuit; NULL while there is none
 * @hops: relays that we share keys with
 * @large: size of its large cells
 * @noise: handshake with the next one
 * @hash: of the handshake with the exit
 * @session: with which the addresses move to the next circuit; NULL: they do not
 * @inner: addresses that the exit gave us, and the device has; len 0: none
 * @patience: how often the next circuit's questions are repeated meanwhile
 * @move_until: until when flows wait for the next circuit to the same exit; 0: they do not
 * @failed: relay to avoid in the next attempt
 * @wait: for the link to the first
 * @msg: what is repeated until it is answered
 * @len: its length
 * @tries: how often it was sent
 * @again_ms: wait before the next attempt
 * @began_ms: when this attempt began
 * @took_ms: how long the last one took
 * @ready_ms: since when it carries packets
 * @old: takes no new flows
 * @timer: repeats, tries again, looks after what is ready
 * @ping: bytes of the last question
 * @pings: how often it was asked since something came
 * @asked_ms: when for the first time
 * @answered: bit i: relay i (1 is the next one) did
 * @own_in: cells from the relays that were messages to this daemon
 * @own_out: cells to them that were messages of ours
 * @in: the other cells from them, when last looked at
 * @out: the other cells to them
 * @looked: the counters were read, and are to be judged:
 * @seen_in: all cells from the relays
 * @seen_out: all to them
 * @seen_bytes: both, in bytes
 * @heard_ms: when something last came
 * @busy_ms: when packets last passed
 */
struct tunnel {
	struct tunnel *next;
	struct route path;
	bool chosen;
	enum step step;
	struct circ *c;
	uint8_t hops;
	uint16_t large;
	struct noise *noise;
	uint8_t hash[NOISE_HASH_LEN];
	struct session *session;
	struct addr inner[2];
	uint64_t move_until;
	const struct peer *failed;
	struct waiter wait;
	uint8_t msg[CR_CREATE_LEN + CR_EXTEND_LEN];
	uint16_t len;
	uint8_t tries, patience;
	uint32_t again_ms;
	uint64_t began_ms, took_ms, ready_ms;
	bool old;
	struct timer timer;
	uint8_t ping[CR_PING_LEN];
	uint8_t pings;
	uint16_t answered;
	bool looked;
	uint64_t seen_in, seen_out, seen_bytes;
	uint64_t in, out, own_in, own_out, heard_ms, busy_ms, asked_ms;
};

extern struct tunnel *tunnels;		/* all */
extern struct tunnel *active;		/* new flows take it ... */
extern uint64_t active_ms;		/* ... since then */

/* watch.c */

/* From here on it is looked after. */
void tunnel_watch(struct tunnel *t);
/* Its timer rang. It may be gone afterwards. */
void tunnel_look(struct tunnel *t);
void tunnel_pong(struct tunnel *t, uint8_t hop, const uint8_t *msg, size_t len);

/* tunnel.c */

/* One more, along whatever path was asked for. */
void tunnel_another(void);
/* Out of the list, its circuit and its addresses gone. */
void tunnel_end(struct tunnel *t);
/* New flows take this one; the next best. */
void tunnel_prefer(struct tunnel *t);
void tunnels_promote(void);
/* The addresses that the exit gave us are worth nothing any more: whoever uses them learns it. */
void tunnel_addresses_lost(struct tunnel *t);
/* Its exit does not answer: flows end, the circuit or the attempt does, and another exit is looked for. */
void tunnel_exit_lost(struct tunnel *t);

#endif /* RELAYD_TUNNEL_STATE_H */
