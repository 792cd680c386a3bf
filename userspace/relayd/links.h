/* SPDX-License-Identifier: MIT */
/*
 * Links: handshakes with peers, fresh keys, clients that move. A link that is
 * up exists in the kernel and may be used for circuits.
 */
#ifndef RELAYD_LINKS_H
#define RELAYD_LINKS_H

#include <jansson.h>

#include "idmap.h"
#include "kernel.h"
#include "peers.h"
#include "timer.h"

enum link_state {
	LINK_DIALING,		/* we asked; not in the kernel yet */
	LINK_UNCONFIRMED,	/* somebody asked us; waits for a cell */
	LINK_UP,
	LINK_GOING,		/* its circuits are being told */
};

/** struct waiter - who wants a link with a peer; lies in its owner */
struct waiter {
	struct waiter *next;
	/* @l: the link, up; NULL: none could be had */
	void (*fn)(struct waiter *w, struct link *l);
	struct link *on;	/* links.c's; NULL: not waiting */
};

struct hello;

/**
 * struct link
 * @by_id: in the map by kernel id, once it has one
 * @peer: relay; NULL: a client
 * @of_peer: next link with that relay
 * @state: enum link_state
 * @initiator: we asked, so we take care of fresh keys
 * @large: large size that the path carries both ways
 * @sock: socket
 * @gen: generation of keys that we send with
 * @next_gen: generation that waits for its first cell; 255: none
 * @users: circuits
 * @used_ms: when it last had any
 * @keys_ms: when its keys were made
 * @keys_cells: cells that the link had carried then
 * @hello: handshake under way
 * @waiters: who waits for it
 * @timer: what comes next
 * @ping: bytes of our last PING, while it is not answered
 * @pinging: it is not
 * @roam_to: address that must return them
 * @rekey_e: first bytes of the last REKEY that we answered
 * @rekey_reply: the answer
 */
struct link {
	struct idnode by_id;
	struct peer *peer;
	struct link *of_peer;
	enum link_state state;
	bool initiator;
	uint16_t large;
	uint32_t sock;
	struct addr addr;
	uint8_t gen, next_gen;
	uint32_t users;
	uint64_t used_ms, keys_ms, keys_cells;
	struct hello *hello;
	struct waiter *waiters;
	struct timer timer;
	uint8_t ping[16];
	uint8_t tries;
	bool pinging;
	struct addr roam_to;
	uint8_t rekey_e[32];
	uint8_t rekey_reply[1 + CR_LINK_MSG2_LEN];
};

static inline uint32_t link_id(const struct link *l)
{
	return (uint32_t)l->by_id.key;
}

enum rc links_init(void);
/* Our static keys are others than before. */
void links_keys_changed(void);
void links_free(void);
/* What the kernel holds already: sockets are used again, links go on. */
enum rc links_adopt(void);

struct link *link_find(uint32_t id);
/* Calls @w->fn, now or later, unless link_unwant() comes first. */
void link_want(struct peer *p, struct waiter *w);
void link_unwant(struct waiter *w);
/* Events were lost: what the kernel has no more goes here, too. */
void links_check(void);
/* Forget it, here and in the kernel; its circuits go with it. */
void link_drop(struct link *l);

void links_json(json_t *array);
/* Deletes all links and sockets from the kernel. */
void links_flush(void);

#endif /* RELAYD_LINKS_H */
