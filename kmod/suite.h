/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cipher suites of layers. 1 is always there; 2, AES-256-GCM, where the crypto API
 * has a driver that can be called from softirq and is faster than suite 1.
 */
#ifndef CR_SUITE_H
#define CR_SUITE_H

#include "core/aead.h"

struct netlink_ext_ack;

int cr_cipher_set(struct cr_cipher *c, u8 suite, const u8 *key, struct netlink_ext_ack *extack);
void cr_cipher_clear(struct cr_cipher *c);
u8 cr_suites(void);
const char *cr_suite_driver(void);
void cr_suite_init(void);

/** cr_cipher_sleeps() - must cr_cipher_clear() be called in process context? */
static inline bool cr_cipher_sleeps(const struct cr_cipher *c)
{
	return c->aes;
}

#endif /* CR_SUITE_H */
