/* SPDX-License-Identifier: MIT */
/* The socket for relayctl: JSON lines, one request and one answer each (docs/relayd-socket.md). */
#ifndef RELAYD_SOCKET_H
#define RELAYD_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/rc.h"

/* Listens; adds itself to the epoll instance @ep. */
enum rc socket_open(int ep);
/* Is @what one of ours? Then it was handled. */
bool socket_event(void *what, uint32_t events);
void socket_close(void);

#endif /* RELAYD_SOCKET_H */
