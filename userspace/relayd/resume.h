/* SPDX-License-Identifier: MIT */
/*
 * What a client's daemon must know to go on after it died: what was asked for, and which relays each
 * circuit of the kernel goes through. In the folder of the socket, so it ends with the circuits at a reboot. The seeds of
 * sessions' keys are in a file of their own beside it, which is overwritten in place.
 */
#ifndef RELAYD_RESUME_H
#define RELAYD_RESUME_H

#include "choice.h"
#include "config.h"

#define RESUME_CIRCS	16

#define RESUME_SEED	32

/** struct resume_seed - @cookie: of a circuit, 0: of none; @seed: what its session's key is made from */
struct resume_seed {
	uint64_t cookie;
	uint8_t seed[RESUME_SEED];
};

/** struct resume - @path: as asked, empty: chosen by @wish; @mark_changed: online_mark_changed(); @seed: RESUME_CIRCS to be saved, in locked memory; NULL: none, or not loaded */
struct resume {
	bool mark_changed;
	char path[PATH_WORDS];
	struct wish wish;
	struct {
		uint64_t cookie;
		struct route route;
	} circ[RESUME_CIRCS];
	unsigned int n;
	struct resume_seed *seed;
};

/* Locked memory for seeds, zeros; NULL after a message. sodium_free() wipes it. */
struct resume_seed *resume_seeds(void);
/* The same with what was saved; NULL: nothing was. */
struct resume_seed *resume_seeds_load(void);
/* False: nothing to go on with. Circuits through relays that nobody knows any more are left out. */
bool resume_load(struct resume *r);
void resume_save(const struct resume *r);
void resume_forget(void);

#endif /* RELAYD_RESUME_H */
