/* SPDX-License-Identifier: MIT */
/* Frames that drivers did not take from XDP programs, device by device. */
#ifndef RELAYCTL_XDP_REFUSED_H
#define RELAYCTL_XDP_REFUSED_H

#include "../../ebpf/refused.h"
#include "relayctl.h"

/* Names of what is pinned for it in the namespace's folder, up to NULL. */
extern const char *const xdp_refused_pins[];

/*
 * Start counting in the network namespace that this process is in, whose cookie is @netns, if that
 * does not go on already. The lock on the pins is held. Says so when it cannot; cells go all the same.
 */
void xdp_refused_attach(uint64_t netns);

/* @dev: the device's name, NULL: gone, or, when @ifindex is 0, all that came after the last attachment */
typedef void (*xdp_refused_fn)(const char *dev, uint32_t ifindex, const struct cellrelay_xdp_refused *n, void *arg);
/* Every device that has refused something since the first attachment. Prints why it fails. */
enum rc xdp_refused(uint64_t netns, xdp_refused_fn fn, void *arg);

#endif /* RELAYCTL_XDP_REFUSED_H */
