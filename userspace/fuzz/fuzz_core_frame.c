// SPDX-License-Identifier: MIT
/*
 * Frames: any plaintext is walked within its bounds, and what was accepted is
 * what cr_frame_put() writes for the same frames.
 */
#include "fuzz_core.h"
#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	u8 *plain = fuzz_copy(&in), *again = calloc(1, size ? size : 1);
	size_t off = 0, used = 0, before = 0;
	bool last_was_first = false;
	struct cr_frame f;
	int ret;

	fuzz_assert(again);
	while ((ret = cr_frame_next(plain, size, &off, &f)) == 1) {
		u8 *p;

		fuzz_assert(!last_was_first);
		fuzz_assert(f.len && f.len <= CR_FRAME_LEN_MASK);
		fuzz_assert(f.data == plain + before + CR_FRAME_HDR);
		fuzz_assert(off == before + CR_FRAME_HDR + f.len && off <= size);
		fuzz_assert(f.flags == 0 || f.flags == CR_FRAME_FIRST ||
			    (f.flags == CR_FRAME_LAST && !before));
		last_was_first = f.flags == CR_FRAME_FIRST;
		p = cr_frame_put(again, size, &used, f.data, f.len, f.flags);
		fuzz_assert(p == again + before + CR_FRAME_HDR);
		fuzz_assert(used == off);
		before = off;
	}
	fuzz_assert(ret == 0 || ret == -EBADMSG);
	fuzz_assert(off == before);
	fuzz_assert(!memcmp(plain, again, used));
	cr_frame_end(again, size, used);
	fuzz_assert(cr_frame_next(again, size, &used, &f) == 0);
	free(again);
	free(plain);
	return 0;
}
