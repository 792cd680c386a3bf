// SPDX-License-Identifier: MIT
/*
 * Header: foreign bytes never pass; a sealed header passes unless a bit of
 * the header or of the last 16 bytes changed.
 */
#include "fuzz_core.h"
#include "header.h"

static const size_t sizes[] = { CR_CELL_SMALL, CR_CELL_LARGE_V6MIN, CR_CELL_LARGE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	struct { struct cr_hdr_keys keys; struct cr_siphash_key idx; } k;
	struct cr_hdr hdr, out;
	size_t len = sizes[fuzz_u64(&in, 1) % 3], at;
	u8 *cell = malloc(len), *orig = malloc(len);
	bool same;
	u32 link;

	fuzz_assert(cell && orig);
	fuzz_bytes(&in, &k, sizeof(k));
	hdr.link = (u32)fuzz_u64(&in, 4);
	hdr.circ = (u32)fuzz_u64(&in, 4);
	hdr.ctr = fuzz_u64(&in, 8);
	fuzz_bytes(&in, cell, len);

	link = cr_hdr_link(cell, &k.idx);
	fuzz_assert(!cr_hdr_open(&out, cell, len, link, &k.keys));

	cr_hdr_seal(cell, len, &hdr, &k.keys, &k.idx);
	memcpy(orig, cell, len);
	while (in.left) {
		at = fuzz_u64(&in, 2) % len;
		cell[at] ^= (u8)fuzz_u64(&in, 1);
	}
	same = !memcmp(cell, orig, CR_HDR_LEN) && !memcmp(cell + len - 16, orig + len - 16, 16);
	link = cr_hdr_link(cell, &k.idx);
	if (cr_hdr_open(&out, cell, len, link, &k.keys)) {
		fuzz_assert(same);
		fuzz_assert(link == hdr.link && out.link == link);
		fuzz_assert(out.circ == hdr.circ && out.ctr == hdr.ctr);
	} else {
		fuzz_assert(!same);
	}
	free(orig);
	free(cell);
	return 0;
}
