// SPDX-License-Identifier: MIT
/* Replay window against a list of everything that was ever accepted. */
#include "fuzz_core.h"
#include "replay.h"
#include "wire.h"

#define OPS 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	struct cr_replay w;
	u64 seen[OPS], top = 0, at, high = 0;
	unsigned int n = 0, ops, i;

	/* what an unused ring holds must not matter */
	memset(&w, (int)fuzz_u64(&in, 1), sizeof(w));
	at = fuzz_u64(&in, 8);
	for (ops = 0; ops < OPS && in.left; ops++) {
		u64 op = fuzz_u64(&in, 3), ctr;
		bool expect;

		switch (op & 3) {
		case 0: ctr = at += op >> 2 & 0x7f; break;		/* on */
		case 1: ctr = at - (op >> 2 & 0xfff); break;		/* back */
		case 2: ctr = at += op >> 2; break;			/* far on */
		default: ctr = n ? seen[(op >> 2) % n] : at; break;	/* again */
		}
		expect = ctr < CR_CTR_LIMIT && (!n || ctr > high || high - ctr <= 2048);
		for (i = 0; expect && i < n; i++)
			expect = seen[i] != ctr;
		fuzz_assert(cr_replay_fresh(&w, top, ctr) == expect);
		fuzz_assert(cr_replay_commit(&w, &top, ctr) == expect);
		if (!expect)
			continue;
		if (!n || ctr > high)
			high = ctr;
		seen[n++] = ctr;
		fuzz_assert(top == high + 1);
	}
	return 0;
}
