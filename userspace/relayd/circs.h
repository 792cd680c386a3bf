/* SPDX-License-Identifier: MIT */
/*
 * Circuits: those that go through us (CREATE, EXTEND, ATTACH, DESTROY), and
 * the ends of our own, which tunnel.c builds.
 */
#ifndef RELAYD_CIRCS_H
#define RELAYD_CIRCS_H

#include <jansson.h>

#include "links.h"

struct circ;
struct tunnel;
struct extend;
struct lease;

/**
 * struct end - one side of a circuit
 * @by_rx: in the map of ids that we chose
 * @circ: its circuit
 * @link: on which; NULL: none yet
 * @tx: id that the peer chose; 0: not known yet
 */
struct end {
	struct idnode by_rx;
	struct circ *circ;
	struct link *link;
	uint32_t tx;
};

/**
 * struct circ - a circuit
 * @by_id: in the map by kernel id, once it has one
 * @by_create: a relay's: in the map by link and the id that the peer chose
 * @cookie: the kernel's
 * @tunnel: our own; NULL: it goes through us
 * @prev: towards the client
 * @next: away from it
 * @extend: EXTEND under way
 * @reply: last answer to CREATE or EXTEND, for those who ask again; NULL: forgotten
 * @lease: number of the inner addresses, when attached
 * @held: a session's, which outlive the circuit; NULL: they do not
 * @hash: of the handshake with the client: what a session's key signs
 * @cells: forward cells when it was last looked at
 * @heard_ms: when that had grown
 * @timer: forgets the circuit or the reply
 */
struct circ {
	struct idnode by_id, by_create;
	uint64_t cookie;
	struct tunnel *tunnel;
	struct end prev, next;
	struct extend *extend;
	uint8_t *reply;
	uint16_t reply_len;
	uint16_t large;
	uint8_t pos;
	uint8_t extends;
	bool attached, confirmed;
	uint8_t inner4[4], inner6[16];
	uint32_t lease;
	struct lease *held;
	uint8_t hash[NOISE_HASH_LEN];
	uint64_t cells, heard_ms;
	struct timer timer;
};

static inline uint32_t circ_id(const struct circ *c)
{
	return (uint32_t)c->by_id.key;
}

static inline uint32_t end_rx(const struct end *e)
{
	return (uint32_t)e->by_rx.key;
}

enum rc circs_adopt(void);
void circs_check(void);
void circs_free(void);
/* Begins to look for circuits whose clients are gone. */
void circs_start(void);
/* Ends all circuits, with DESTROY to the neighbours. */
void circs_flush(void);
/* How many go through us, and are our own. */
void circs_count(unsigned int *relayed, unsigned int *own);

/* A message of circuit 0 that is about circuits. */
void circs_on_link_message(struct link *l, uint8_t type, const uint8_t *msg, size_t len);
/* The link and its circuits are going: tell the other sides, forget. */
void circs_link_gone(struct link *l);

/* A CONTROL message; the smallest cell that holds it. @hop: 0 at a relay. */
bool circ_send(struct circ *c, uint8_t hop, uint8_t type, const void *msg, size_t len);

/* For tunnels: a circuit of our own on link @l, with an id for its cells to us, not in the kernel yet. */
struct circ *circ_own(struct tunnel *t, struct link *l);
/* CREATED has come: make it in the kernel. */
bool circ_own_made(struct circ *c, uint32_t tx, uint16_t large);
/* End a circuit: DESTROY to whoever is there but @but, gone from the kernel, freed. */
void circ_end(struct circ *c, const struct end *but);
/* End circuits of our own that no tunnel has, but @but. */
void circs_drop_orphans(const struct circ *but);

#endif /* RELAYD_CIRCS_H */
