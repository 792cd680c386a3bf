// SPDX-License-Identifier: GPL-2.0
/*
 * What the cipher alone costs: opens and seals layers of the lengths given, in place, as a
 * hop does (lib/crypto, softirqs off), and shows nanoseconds per call, times 1000, in
 * /sys/module/crfloor/parameters/{open,seal}. For a clock that counts instructions. For
 * benchmarks only.
 */
#include <crypto/chacha20poly1305.h>
#include <linux/bottom_half.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
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

static u64 rounds(u8 *buf, unsigned int n, bool opens)
{
	static const u8 key[CHACHA20POLY1305_KEY_SIZE] = { 1 };
	unsigned int plain = n - CHACHA20POLY1305_AUTHTAG_SIZE, i;
	bool ok = true;
	u64 t;

	local_bh_disable();
	t = ktime_get_ns();
	for (i = 0; i < ROUNDS; i++) {
		chacha20poly1305_encrypt(buf, buf, plain, NULL, 0, i, key);
		if (opens)
			ok &= chacha20poly1305_decrypt(buf, buf, n, NULL, 0, i, key);
	}
	t = ktime_get_ns() - t;
	local_bh_enable();
	return ok ? t : 0;
}

static int __init crfloor_init(void)
{
	u8 *buf = kzalloc(2048, GFP_KERNEL);
	u64 one, both;
	int i;

	if (!buf)
		return -ENOMEM;
	for (i = 0; i < lens; i++) {
		if (len[i] <= CHACHA20POLY1305_AUTHTAG_SIZE || len[i] > 2048) {
			kfree(buf);
			return -EINVAL;
		}
		rounds(buf, len[i], true);
		one = rounds(buf, len[i], false);
		both = rounds(buf, len[i], true);
		seal[i] = div_u64(one * 1000, ROUNDS);
		open[i] = div_u64((both - one) * 1000, ROUNDS);
	}
	kfree(buf);
	return 0;
}

static void __exit crfloor_exit(void)
{
}

module_init(crfloor_init);
module_exit(crfloor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What ChaCha20-Poly1305 costs here");
