/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Replay window in the style of RFC 6479: a ring of words, so that moving the
 * window clears words instead of shifting bits. 2048 counters behind the
 * highest are remembered; older ones are refused.
 */
#ifndef CR_CORE_REPLAY_H
#define CR_CORE_REPLAY_H

#include "env.h"

#define CR_REPLAY_WINDOW	2048u
#define CR_REPLAY_WORDS		33u	/* one more than the window, so that a partly used word never hides an old one */

/** struct cr_replay - window; the highest counter is kept by the caller
 *
 * @ring: bit set = counter seen. The top is separate so that it can share the
 * first cache line of its direction.
 */
struct cr_replay {
	u64 ring[CR_REPLAY_WORDS];
};

/**
 * cr_replay_fresh() - could this counter be accepted now?
 * @w: window
 * @top: highest committed counter plus one; 0: none yet
 * @ctr: below CR_CTR_LIMIT
 *
 * May be called without the lock that guards the window; the answer then is a
 * hint, and cr_replay_commit() decides.
 */
bool cr_replay_fresh(const struct cr_replay *w, u64 top, u64 ctr);

/**
 * cr_replay_commit() - mark an authenticated counter as seen
 *
 * Return: false when it was seen before or is too old; nothing changes then.
 */
bool cr_replay_commit(struct cr_replay *w, u64 *top, u64 ctr);

#endif /* CR_CORE_REPLAY_H */
