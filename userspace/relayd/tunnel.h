/* SPDX-License-Identifier: MIT */
/* The client: circuits of our own, hop by hop, along a path that was chosen. */
#ifndef RELAYD_TUNNEL_H
#define RELAYD_TUNNEL_H

#include <jansson.h>

#include "choice.h"
#include "circs.h"

/*
 * Brings the host's packets into the tunnel, builds 1 + conf.spares circuits along @path (names with commas between; NULL: as path
 * choice finds them by @w) and keeps them.
 */
enum rc tunnels_up(const char *path, const struct wish *w);
/* Ends them, and restores the host's network. */
void tunnels_down(void);
/* After the adoption: what is left of before. */
void tunnels_start(void);
void tunnels_free(void);
void tunnels_json(json_t *array);
/* Is one carrying packets? */
bool tunnels_ready(void);
/* Is the host to be online? */
bool tunnels_wanted(void);
/* There is a newer snapshot: a host that was to come online at the start, and could not without, does now. */
void tunnels_directory(void);

/* circs.c tells: CREATED, a CONTROL message, the circuit is going. */
void tunnel_created(struct tunnel *t, const struct cr_created *m);
void tunnel_message(struct tunnel *t, uint8_t hop, uint8_t type, const uint8_t *msg, size_t len);
void tunnel_lost(struct tunnel *t, const struct circ *c);
void tunnel_adopt(struct circ *c, const struct kcirc *k);

#endif /* RELAYD_TUNNEL_H */
