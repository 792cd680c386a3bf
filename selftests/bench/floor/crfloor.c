// SPDX-License-Identifier: GPL-2.0
/*
 * What the cipher alone costs: opens and seals layers of the lengths given, in place, as a
 * hop does (suite 1: lib/crypto; 2: the crypto API; softirqs off), and shows nanoseconds per call, times 1000, in
 * /sys/module/crfloor/parameters/{open,seal}. For a clock that counts instructions. For
 * benchmarks only.
 */
#include <crypto/aead.h>
#include <crypto/chacha20poly1305.h>
#include <linux/bottom_half.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define LENS	4
#define ROUNDS	2000

static unsigned int len[LENS];
static int lens;
module_param_array(len, uint, &lens, 0444);
MODULE_PARM_DESC(len, "lengths of layers, tag included");

static ulong open[LENS];
module_param_array(open, ulong, NULL, 0444);
static ulong seal[LENS];
module_param_array(seal, ulong, NULL, 0444);

static unsigned int suite = 1;
module_param(suite, uint, 0444);
MODULE_PARM_DESC(suite, "1: ChaCha20-Poly1305, 2: AES-256-GCM");

static const u8 key[CHACHA20POLY1305_KEY_SIZE] = { 1 };
static struct crypto_aead *aes;

static bool aes_crypt(u8 *buf, unsigned int in, unsigned int room, u64 ctr, bool opens)
{
	u8 mem[sizeof(struct aead_request) + 128] __aligned(CRYPTO_MINALIGN);
	struct aead_request *req = (struct aead_request *)mem;
	struct scatterlist sg;
	u8 nonce[12] = {};

	memcpy(nonce + 4, &ctr, sizeof(ctr));
	sg_init_one(&sg, buf, room);
	aead_request_set_tfm(req, aes);
	aead_request_set_callback(req, 0, NULL, NULL);
	aead_request_set_crypt(req, &sg, &sg, in, nonce);
	aead_request_set_ad(req, 0);
	return !(opens ? crypto_aead_decrypt(req) : crypto_aead_encrypt(req));
}

static bool seals(u8 *buf, unsigned int n, u64 ctr)
{
	if (aes)
		return aes_crypt(buf, n - CHACHA20POLY1305_AUTHTAG_SIZE, n, ctr, false);
	chacha20poly1305_encrypt(buf, buf, n - CHACHA20POLY1305_AUTHTAG_SIZE, NULL, 0, ctr, key);
	return true;
}

static bool unseals(u8 *buf, unsigned int n, u64 ctr)
{
	return aes ? aes_crypt(buf, n, n, ctr, true) :
		     chacha20poly1305_decrypt(buf, buf, n, NULL, 0, ctr, key);
}

static u64 rounds(u8 *buf, unsigned int n, bool opens)
{
	unsigned int i;
	bool ok = true;
	u64 t;

	local_bh_disable();
	t = ktime_get_ns();
	for (i = 0; i < ROUNDS; i++) {
		ok &= seals(buf, n, i);
		if (opens)
			ok &= unseals(buf, n, i);
	}
	t = ktime_get_ns() - t;
	local_bh_enable();
	return ok ? t : 0;
}

static int aes_init(void)
{
	int err;

	aes = crypto_alloc_aead("gcm(aes)", 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(aes))
		return PTR_ERR(aes);
	err = crypto_aead_reqsize(aes) > 128 ? -EINVAL : crypto_aead_setkey(aes, key, sizeof(key));
	return err ?: crypto_aead_setauthsize(aes, CHACHA20POLY1305_AUTHTAG_SIZE);
}

static int __init crfloor_init(void)
{
	u8 *buf = kzalloc(2048, GFP_KERNEL);
	int i, err = buf ? 0 : -ENOMEM;
	u64 one, both;

	if (!err && suite == 2)
		err = aes_init();
	for (i = 0; i < lens && !err; i++) {
		if (len[i] <= CHACHA20POLY1305_AUTHTAG_SIZE || len[i] > 2048) {
			err = -EINVAL;
			break;
		}
		rounds(buf, len[i], true);
		one = rounds(buf, len[i], false);
		both = rounds(buf, len[i], true);
		seal[i] = div_u64(one * 1000, ROUNDS);
		open[i] = div_u64((both - one) * 1000, ROUNDS);
	}
	kfree(buf);
	if (!IS_ERR_OR_NULL(aes))
		crypto_free_aead(aes);
	return err;
}

static void __exit crfloor_exit(void)
{
}

module_init(crfloor_init);
module_exit(crfloor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What ChaCha20-Poly1305 costs here");
