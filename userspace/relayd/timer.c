// SPDX-License-Identifier: MIT
/* A binary heap; entry 0 is never used, so that a position of 0 means "not running". */
#include "timer.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "netlink/rc.h"

static struct timer **heap;
static size_t used, room;

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void put(struct timer *t, size_t at)
{
	heap[at] = t;
	t->at = at;
}

static void up(struct timer *t, size_t at)
{
	while (at > 1 && heap[at / 2]->when > t->when) {
		put(heap[at / 2], at);
		at /= 2;
	}
	put(t, at);
}

static void down(struct timer *t, size_t at)
{
	for (size_t child; (child = 2 * at) <= used; at = child) {
		if (child < used && heap[child + 1]->when < heap[child]->when)
			child++;
		if (heap[child]->when >= t->when)
			break;
		put(heap[child], at);
	}
	put(t, at);
}

void timer_stop(struct timer *t)
{
	size_t at = t->at;
	struct timer *last;

	if (!at)
		return;
	t->at = 0;
	last = heap[used--];
	if (last == t)
		return;
	if (at > 1 && heap[at / 2]->when > last->when)
		up(last, at);
	else
		down(last, at);
}

void timer_set(struct timer *t, uint32_t ms)
{
	timer_stop(t);
	t->when = now_ms() + ms;
	if (used + 2 > room) {
		size_t n = room ? room * 2 : 64;
		struct timer **h = reallocarray(heap, n, sizeof(*h));

		if (!h) {
			err("out of memory for timers: a daemon that forgets nothing must not go on");
			abort();
		}
		heap = h;
		room = n;
	}
	up(t, ++used);
}

int timers_run(void)
{
	uint64_t now = now_ms();

	/* what becomes due meanwhile waits for the next run: sockets have their turn in between */
	while (used && heap[1]->when <= now) {
		struct timer *t = heap[1];

		timer_stop(t);
		t->fn(t);
	}
	if (!used)
		return -1;
	now = now_ms();
	if (heap[1]->when <= now)
		return 0;
	return heap[1]->when - now > INT_MAX ? INT_MAX : (int)(heap[1]->when - now);
}
