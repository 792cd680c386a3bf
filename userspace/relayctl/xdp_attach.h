/* SPDX-License-Identifier: MIT */
/* The XDP programs of a network namespace: attach, look at, take away. ebpf/xdp.bpf.c forwards. */
#ifndef RELAYCTL_XDP_ATTACH_H
#define RELAYCTL_XDP_ATTACH_H

#include <linux/cellrelay_xdp.h>

#include "relayctl.h"

enum xdp_mode {
	XDP_MODE_ANY,		/* native, or generic where the driver cannot */
	XDP_MODE_NATIVE,	/* in the driver */
	XDP_MODE_GENERIC,	/* in the stack, on any device */
};

/**
 * struct xdp_dev - a device with our program
 * @name: its name, IF_NAMESIZE bytes
 * @ifindex: its index
 * @mode: XDP_MODE_NATIVE or XDP_MODE_GENERIC
 * @prog: id of the program
 * @spread: it hands cells to several CPUs
 */
struct xdp_dev {
	char name[16];
	uint32_t ifindex;
	enum xdp_mode mode;
	uint32_t prog;
	bool spread;
};

/* Path of what is pinned by that name for the namespace whose cookie is @netns. */
#define XDP_PIN_LEN	128
void xdp_pin_path(char path[XDP_PIN_LEN], uint64_t netns, const char *name);

/* "native", "generic" */
const char *xdp_mode_name(enum xdp_mode mode);

/*
 * All functions are about the network namespace whose cookie is @netns, which this process is
 * in, and print why they fail.
 */
typedef enum rc (*xdp_fn)(const struct xdp_dev *d, void *arg);
enum rc xdp_each(uint64_t netns, xdp_fn fn, void *arg);

/*
 * Attach to a device, after the accounting; @spread: hand the work to so many CPUs (native mode
 * only), 0: do it where frames come in. *@got: how. No error when it is there already.
 */
enum rc xdp_attach(uint64_t netns, const char *dev, uint32_t ifindex, enum xdp_mode mode, uint32_t spread,
		   struct xdp_dev *got);
/* Detach; the last one takes the maps along. */
enum rc xdp_detach(uint64_t netns, const char *dev, uint32_t ifindex);

/* Frames left to the stack, by enum cellrelay_xdp_why; all 0 when nothing is attached. */
enum rc xdp_passed(uint64_t netns, uint64_t n[CELLRELAY_XDP_WHYS]);

#endif /* RELAYCTL_XDP_ATTACH_H */
