/* SPDX-License-Identifier: MIT */
/* The host's resolv.conf while its packets go through the tunnel, and what it was before. */
#ifndef RELAYD_RESOLV_H
#define RELAYD_RESOLV_H

#include "netlink/rc.h"

/* Keeps what is there, once, and writes the configured name servers. Without any configured nothing happens. */
enum rc resolv_set(void);
/* Puts back what was there; fine when nothing was kept. */
enum rc resolv_restore(void);

#endif /* RELAYD_RESOLV_H */
