/* SPDX-License-Identifier: MIT */
/* The exit: inner addresses, and the device that packets leave by. */
#ifndef RELAYD_EXITS_H
#define RELAYD_EXITS_H

#include "circs.h"

/* Rules, device, its routes and the pools; nothing when we are no exit. */
enum rc exits_init(void);
void exits_free(void);
/* Takes the rules away. */
void exits_flush(void);
/*
 * Addresses for @c, in its inner4 and inner6; bound to the device. @wanted: CR_ATTACH_V4, _V6. @session: key of the session that
 * asks, which was proved; it takes the addresses that it has from the circuit before. NULL: of no session.
 */
bool exits_attach(struct circ *c, uint8_t wanted, const uint8_t *session);
/* After a restart: those that it has. */
bool exits_adopt(struct circ *c);
void exits_release(struct circ *c);

#endif /* RELAYD_EXITS_H */
