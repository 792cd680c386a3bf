/* SPDX-License-Identifier: MIT */
/*
 * What a client's daemon must know to go on after it died: what was asked for, and which relays each
 * circuit of the kernel goes through. In the folder of the socket, so it ends with the circuits at a reboot. No keys.
 */
#ifndef RELAYD_RESUME_H
#define RELAYD_RESUME_H

#include "choice.h"
#include "config.h"

#define RESUME_CIRCS	16

/** struct resume - @path: as asked, empty: chosen by @wish; @mark_changed: online_mark_changed() */
struct resume {
	bool mark_changed;
	char path[PATH_WORDS];
	struct wish wish;
	struct {
		uint64_t cookie;
		struct route route;
	} circ[RESUME_CIRCS];
	unsigned int n;
};

/* False: nothing to go on with. Circuits through relays that nobody knows any more are left out. */
bool resume_load(struct resume *r);
void resume_save(const struct resume *r);
void resume_forget(void);

#endif /* RELAYD_RESUME_H */
