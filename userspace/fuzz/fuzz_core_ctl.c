// SPDX-License-Identifier: MIT
/* Link control plaintexts: what parses is exactly what cr_ctl_build() makes. */
#include "fuzz_core.h"
#include "layer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	u8 *plain = fuzz_copy(&in), *again = malloc(size ? size : 1);
	u8 type = 0xff;
	u16 len = 0xffff;

	fuzz_assert(again);
	if (cr_ctl_parse(plain, size, &type, &len)) {
		fuzz_assert(type <= CR_CTL_TYPE_MAX && CR_CTL_HDR_LEN + len <= size);
		memset(again, 0xa5, size);
		fuzz_assert(cr_ctl_build(again, size, type, plain + CR_CTL_HDR_LEN, len));
		fuzz_assert(!memcmp(again, plain, size));
	} else {
		fuzz_assert(type == 0xff && len == 0xffff);
	}
	free(again);
	free(plain);
	return 0;
}
