/* SPDX-License-Identifier: MIT */
/* A first configuration. */
#ifndef RELAYD_INIT_H
#define RELAYD_INIT_H

#include "netlink/rc.h"

/* Keys in FOLDER/keys and a commented FOLDER/relayd.conf; refuses where either is there. Prints what others need to know. */
enum rc init_make(const char *folder);

#endif /* RELAYD_INIT_H */
