// SPDX-License-Identifier: GPL-2.0
/*
 * Suite 2: AES-256-GCM by the crypto API.
 *
 * Offered where gcm(aes) has a driver that answers at once in softirq: not asynchronous
 * (the wrappers that SIMD drivers had up to Linux 6.15), needing no fallback, allocating
 * nothing per request, no instance that a template put together from CTR and GHASH, and of
 * higher priority than the C implementations, which register with 100. All that is asked of
 * the crypto API, when the module is loaded and again for every key; the kernel's version says
 * nothing.
 */
#include <crypto/aead.h>
#include <linux/cellrelay.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/scatterlist.h>

#include "suite.h"

#define CR_AES_NAME	"gcm(aes)"
#define CR_AES_NOT	(CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK | \
			 CRYPTO_ALG_ALLOCATES_MEMORY | CRYPTO_ALG_INSTANCE)
#define CR_AES_C_PRIO	100
#define CR_AES_REQ_ROOM	128	/* on the stack, for what a driver keeps per request */

static char cr_aes_driver[CRYPTO_MAX_ALG_NAME] __ro_after_init;	/* "": there is none */

/* Loading us loads it first where it is a module: it has no alias that asking would load. */
MODULE_SOFTDEP("pre: aesni_intel");

static struct crypto_aead *cr_aes_alloc(void)
{
	struct crypto_aead *tfm = crypto_alloc_aead(CR_AES_NAME, 0, CR_AES_NOT);
	const struct crypto_alg *alg;

	if (IS_ERR(tfm))
		return tfm;
	alg = crypto_aead_tfm(tfm)->__crt_alg;
	if (alg->cra_priority <= CR_AES_C_PRIO || crypto_aead_reqsize(tfm) > CR_AES_REQ_ROOM ||
	    crypto_aead_setauthsize(tfm, CR_AEAD_TAG_LEN)) {
		crypto_free_aead(tfm);
		return ERR_PTR(-ENOENT);
	}
	return tfm;
}

/**
 * cr_suites() - suites that new layers can have
 *
 * Return: a bit for each, 1 << (suite - 1).
 */
u8 cr_suites(void)
{
	return BIT(CELLRELAY_SUITE_CHACHA - 1) |
	       (*cr_aes_driver ? BIT(CELLRELAY_SUITE_AESGCM - 1) : 0);
}

/** cr_suite_driver() - the crypto API's driver of suite 2, "" when there is none */
const char *cr_suite_driver(void)
{
	return cr_aes_driver;
}

/** cr_suite_init() - see whether there is a suite 2 */
void __init cr_suite_init(void)
{
	struct crypto_aead *tfm = cr_aes_alloc();

	if (IS_ERR(tfm))
		return;
	strscpy(cr_aes_driver, crypto_aead_tfm(tfm)->__crt_alg->cra_driver_name,
		sizeof(cr_aes_driver));
	crypto_free_aead(tfm);
}

/**
 * cr_cipher_set() - make a layer's key ready
 * @c: to fill in; all zero, or cleared
 * @suite: enum cellrelay_suite
 * @key: CR_KEY_LEN bytes
 * @extack: where to say why not
 *
 * Context: may sleep.
 * Return: 0, or -errno and @c is as it was.
 */
int cr_cipher_set(struct cr_cipher *c, u8 suite, const u8 *key, struct netlink_ext_ack *extack)
{
	struct crypto_aead *tfm;
	int err;

	switch (suite) {
	case CELLRELAY_SUITE_CHACHA:
		cr_cipher_chacha(c, key);
		return 0;
	case CELLRELAY_SUITE_AESGCM:
		break;
	default:
		NL_SET_ERR_MSG(extack, "no such cipher suite: there are 1 (ChaCha20-Poly1305) and 2 (AES-256-GCM)");
		return -EINVAL;
	}
	/* Not offered: do not make the crypto API look for modules under our locks. */
	tfm = *cr_aes_driver ? cr_aes_alloc() : ERR_PTR(-ENOENT);
	if (tfm == ERR_PTR(-ENOMEM))
		return -ENOMEM;
	if (IS_ERR(tfm)) {
		NL_SET_ERR_MSG(extack, "cipher suite 2 (AES-256-GCM) needs a synchronous SIMD driver of gcm(aes), which this kernel does not have; \"relayctl doctor\" says why; suite 1 is always there");
		return -EOPNOTSUPP;
	}
	err = crypto_aead_setkey(tfm, key, CR_KEY_LEN);
	if (err) {
		crypto_free_aead(tfm);
		NL_SET_ERR_MSG(extack, "the driver of gcm(aes) refuses the key");
		return err;
	}
	c->aes = tfm;
	return 0;
}

/**
 * cr_cipher_clear() - wipe a layer's key
 * @c: key, no longer in use; may be all zero
 *
 * Context: a key of suite 2 is freed in process context only (cr_cipher_sleeps()).
 */
void cr_cipher_clear(struct cr_cipher *c)
{
	if (c->aes)
		crypto_free_aead(c->aes);
	memzero_explicit(c, sizeof(*c));
}

/* One request, on the stack: the driver is synchronous. The cell is lowmem, in one piece. */
static int cr_aes_crypt(struct crypto_aead *tfm, u8 *buf, size_t len, size_t room, u64 ctr,
			int (*crypt)(struct aead_request *req))
{
	u8 mem[sizeof(struct aead_request) + CR_AES_REQ_ROOM] __aligned(CRYPTO_MINALIGN);
	struct aead_request *req = (struct aead_request *)mem;
	struct scatterlist sg;
	u8 nonce[12] = {};

	put_unaligned_le64(ctr, nonce + 4);
	sg_init_one(&sg, buf, room);
	aead_request_set_tfm(req, tfm);
	aead_request_set_callback(req, 0, NULL, NULL);
	aead_request_set_crypt(req, &sg, &sg, len, nonce);
	aead_request_set_ad(req, 0);
	return crypt(req);
}

/** cr_aes_seal() - see core/aead.h
 *
 * Synchronous drivers do not fail on what we give them; should one do so all the same,
 * no plaintext leaves: the receiver finds a cell that is not authentic.
 */
void cr_aes_seal(void *aes, u8 *buf, size_t len, u64 ctr)
{
	if (WARN_ON_ONCE(cr_aes_crypt(aes, buf, len, len + CR_AEAD_TAG_LEN, ctr,
				      crypto_aead_encrypt)))
		memset(buf, 0, len + CR_AEAD_TAG_LEN);
}

/** cr_aes_open() - see core/aead.h */
bool cr_aes_open(void *aes, u8 *buf, size_t len, u64 ctr)
{
	return !cr_aes_crypt(aes, buf, len, len, ctr, crypto_aead_decrypt);
}
