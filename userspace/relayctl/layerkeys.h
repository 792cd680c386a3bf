/* SPDX-License-Identifier: MIT */
/* The two layer keys of a hop, from a key file into a request. */
#ifndef RELAYCTL_LAYERKEYS_H
#define RELAYCTL_LAYERKEYS_H

#include "netlink/kn.h"

/* Takes "fwd" and "bwd", 32 bytes each, of @section. */
enum rc layerkeys_put(struct nl_msg *msg, const char *path, const char *section, uint16_t attr_fwd,
		      uint16_t attr_bwd);
/* Looks at them only (--check). */
enum rc layerkeys_check(const char *path, const char *section);

#endif /* RELAYCTL_LAYERKEYS_H */
