/* SPDX-License-Identifier: MIT */
/* Stands for the kernel's; see chacha.h. */
#ifndef TEST_KERNEL_POLY1305_H
#define TEST_KERNEL_POLY1305_H

#include <crypto/chacha.h>

#define POLY1305_BLOCK_SIZE	16

struct poly1305_desc_ctx {
	crypto_onetimeauth_poly1305_state st;
};

static inline void poly1305_init(struct poly1305_desc_ctx *c, const u8 *key)
{
	crypto_onetimeauth_poly1305_init(&c->st, key);
}

static inline void poly1305_update(struct poly1305_desc_ctx *c, const u8 *p, unsigned int len)
{
	crypto_onetimeauth_poly1305_update(&c->st, p, len);
}

static inline void poly1305_final(struct poly1305_desc_ctx *c, u8 *out)
{
	crypto_onetimeauth_poly1305_final(&c->st, out);
	cr_memzero(c, sizeof(*c));
}

#endif /* TEST_KERNEL_POLY1305_H */
