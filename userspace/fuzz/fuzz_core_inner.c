// SPDX-License-Identifier: MIT
/*
 * Inner packets: the clamp changes nothing but MSS values, downwards, and the
 * TCP checksum, and a checksum that was right stays right: the one's
 * complement sum of the segment is the same before and after.
 */
#include "fuzz_core.h"
#include "inner.h"

static unsigned int sum16(const u8 *p, size_t n)
{
	u64 sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (u64)p[i] << 8;
	return (unsigned int)(sum % 0xffff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	u32 mtu = (u32)fuzz_u64(&in, 2);
	size_t len = in.left, i, changed = 0;
	u8 *p = fuzz_copy(&in);
	const u8 *old = in.p;
	int ver = cr_inner_check(p, len);
	bool did;

	if (ver == 4)
		fuzz_assert(len >= 20 && p[0] >> 4 == 4 && (size_t)(p[2] << 8 | p[3]) == len);
	else if (ver == 6)
		fuzz_assert(len >= 40 && p[0] >> 4 == 6 && (size_t)(p[4] << 8 | p[5]) + 40 == len);
	else
		fuzz_assert(!ver);

	did = cr_inner_clamp_mss(p, len, mtu);
	for (i = 0; i < len; i++)
		changed += p[i] != old[i];
	fuzz_assert(did || !changed);
	if (did) {
		fuzz_assert(ver && changed);
		fuzz_assert(cr_inner_check(p, len) == ver);
		/* headers are multiples of two bytes: sums do not care where TCP starts */
		fuzz_assert(sum16(p, len) == sum16(old, len));
		fuzz_assert(!memcmp(p, old, ver == 4 ? 20 : 40));
		/* once is enough */
		fuzz_assert(!cr_inner_clamp_mss(p, len, mtu));
	}
	free(p);
	return 0;
}
