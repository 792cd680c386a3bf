/* SPDX-License-Identifier: GPL-2.0 */
/* The XDP path: functions that BPF programs call. */
#ifndef CR_XDP_H
#define CR_XDP_H

#include <linux/types.h>

/* Offer the functions. Return: 0, also when the module has no BTF; -errno. */
int cr_xdp_init(void);

/* Can programs find them? */
bool cr_xdp_available(void);

#endif /* CR_XDP_H */
