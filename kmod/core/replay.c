// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Replay window over a ring of 33 words (after RFC 6479). */
#include "replay.h"
#include "wire.h"

static_assert(CR_REPLAY_WORDS == CR_REPLAY_WINDOW / 64 + 1, "ring and window agree");
static_assert(CR_REPLAY_WORDS == 33, "slot() knows the number");

/* Which ring word holds @ctr. 2^30 mod 33 is 1, so folding at 30 bits keeps the
 * residue and leaves a 32-bit division by a constant: a multiplication, also
 * on 32-bit machines.
 */
static u32 slot(u64 ctr)
{
	u64 word = ctr / 64;

	return ((u32)(word & ((1U << 30) - 1)) + (u32)(word >> 30)) % CR_REPLAY_WORDS;
}

bool cr_replay_fresh(const struct cr_replay *w, u64 top, u64 ctr)
{
	if (unlikely(ctr >= CR_CTR_LIMIT))
		return false;
	if (likely(ctr >= top))
		return true;
	/* The highest is top - 1; CR_REPLAY_WINDOW below it are remembered. */
	if (top - 1 - ctr > CR_REPLAY_WINDOW)
		return false;
	return !(READ_ONCE(w->ring[slot(ctr)]) >> (ctr % 64) & 1);
}

bool cr_replay_commit(struct cr_replay *w, u64 *top, u64 ctr)
{
	u64 high = *top;
	u64 bit = 1ULL << (ctr % 64);
	u32 s;

	if (unlikely(ctr >= CR_CTR_LIMIT))
		return false;
	s = slot(ctr);
	if (likely(ctr >= high)) {
		/* Words between the old highest and this counter start empty. */
		u64 step = high ? ctr / 64 - (high - 1) / 64 : CR_REPLAY_WORDS;
		u32 i = s;

		if (step > CR_REPLAY_WORDS)
			step = CR_REPLAY_WORDS;
		while (step--) {
			WRITE_ONCE(w->ring[i], 0);
			i = i ? i - 1 : CR_REPLAY_WORDS - 1;
		}
		WRITE_ONCE(*top, ctr + 1);
	} else if (high - 1 - ctr > CR_REPLAY_WINDOW || w->ring[s] & bit) {
		return false;
	}
	WRITE_ONCE(w->ring[s], w->ring[s] | bit);
	return true;
}
