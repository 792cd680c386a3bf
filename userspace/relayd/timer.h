/* SPDX-License-Identifier: MIT */
/* Timers of the daemon's one loop. */
#ifndef RELAYD_TIMER_H
#define RELAYD_TIMER_H

#include <stddef.h>
#include <stdint.h>

/** struct timer - set fn once; at is 0 while it is not running */
struct timer {
	uint64_t when;
	size_t at;
	void (*fn)(struct timer *t);
};

/* Milliseconds, suspend included. */
uint64_t now_ms(void);
/* Runs @t->fn in @ms from now; again: moves it. */
void timer_set(struct timer *t, uint32_t ms);
void timer_stop(struct timer *t);
/* Runs what is due. Return: milliseconds until the next; -1: none. */
int timers_run(void);

#endif /* RELAYD_TIMER_H */
