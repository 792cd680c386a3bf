/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Layout of the map cr_xdp_refused (refused.bpf.c), for its readers. */
#ifndef CR_REFUSED_H
#define CR_REFUSED_H

#include <linux/types.h>

/**
 * struct cellrelay_xdp_refused - frames that a device did not take
 * @xmit: redirected to it, refused by its driver
 * @redirect: came in by it and could not be redirected
 * @tx: came in by it and could not be sent back, or the program gave up
 */
struct cellrelay_xdp_refused {
	__u64 xmit;
	__u64 redirect;
	__u64 tx;
};

#endif /* CR_REFUSED_H */
