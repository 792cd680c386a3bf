// SPDX-License-Identifier: MIT
/* A client's circuits while they carry packets: are all relays there, is it time for another. */
#include <sodium.h>
#include <string.h>

#include "config.h"
#include "control/limits.h"
#include "kernel.h"
#include "netlink/sockets.h"
#include "tunnel_state.h"

#define WATCH_MS	500u	/* how often a circuit in use is looked at */
#define SETTLE_MS	10u	/* between reading counters and judging them: what they counted of ours must have come */
#define QUIET_MS	1000u	/* nothing for so long after traffic is silence */
#define BUSY_MS		30000u	/* after traffic silence is looked into at once, not every CR_CIRCUIT_ALIVE_MS */
#define DOUBT_MS	500u	/* until an unanswered question is repeated */
#define PINGS_EXIT	4u	/* not answered by the exit, while all relays before it answer: the exit is gone */
#define PINGS_MIDDLE	5u	/* ... while not even those answer: one of them is, unless it is slow, so it gets more time */
#define PINGS_GUARD	16u	/* nobody answers: perhaps it is our own network, so wait longer */

void tunnel_watch(struct tunnel *t)
{
	struct kcirc k = { .id = 0 };

	kernel_circ(circ_id(t->c), &k);
	t->own_in = k.bwd_cells;
	t->own_out = k.fwd_cells;
	t->in = t->out = 0;
	t->heard_ms = now_ms();
	t->busy_ms = 0;
	t->pings = 0;
	t->looked = false;
	timer_set(&t->timer, WATCH_MS);
}

/* Something came from the exit. */
static void heard(struct tunnel *t)
{
	t->heard_ms = now_ms();
	t->pings = 0;
	t->answered = 0;
}

void tunnel_pong(struct tunnel *t, uint8_t hop, const uint8_t *msg, size_t len)
{
	uint8_t want[CR_PING_LEN];

	memcpy(want, t->ping, sizeof(want));
	want[0] ^= hop;
	if (!t->pings || len != CR_PING_LEN || sodium_memcmp(msg, want, len) != 0)
		return;
	t->answered |= (uint16_t)(1u << hop);
	if (hop == t->path.n)
		heard(t);
}

/* All relays at once: who answers tells how far it still goes. */
static void ask(struct tunnel *t)
{
	if (!t->pings) {
		randombytes_buf(t->ping, sizeof(t->ping));
		t->answered = 0;
		t->asked_ms = now_ms();
	}
	t->pings++;
	for (uint8_t hop = t->path.n; hop; hop--) {
		uint8_t msg[CR_PING_LEN];

		memcpy(msg, t->ping, sizeof(msg));
		msg[0] ^= hop;
		t->own_out += circ_send(t->c, hop, CR_CIRC_PING, msg, sizeof(msg));
	}
	t->looked = false;
	timer_set(&t->timer, DOUBT_MS);
}

static const struct peer *exit_of(const struct tunnel *t)
{
	return t->path.relay[t->path.n - 1];
}

/* Other circuits through a relay in doubt are asked at once, however idle they are: what they hear tells more of it. */
static void ask_others(const struct tunnel *but, const struct peer *of)
{
	for (struct tunnel *t = tunnels; t; t = t->next)
		for (uint8_t i = 0; i < t->path.n && t != but && t->step == STEP_READY && !t->pings; i++)
			if (t->path.relay[i] == of) {
				ask(t);
				break;
			}
}

/* Did the exit of a circuit answer another one while it did not answer this one? */
static bool exit_answers_others(const struct tunnel *t)
{
	for (const struct tunnel *o = tunnels; o; o = o->next)
		if (o != t && o->step == STEP_READY && exit_of(o) == exit_of(t) && o->heard_ms >= t->asked_ms + DOUBT_MS)
			return true;
	return false;
}

/* An exit is gone: whatever goes there, or was to move there, ends; what heard of it since @asked_ms is not concerned. */
static void exit_lost(const struct peer *exit, uint64_t asked_ms)
{
	for (struct tunnel *t = tunnels; t; t = t->next) {
		if (!t->path.n || exit_of(t) != exit)
			continue;
		if (t->step == STEP_READY ? t->heard_ms < asked_ms : t->move_until != 0)
			tunnel_exit_lost(t);
	}
}

/* Silence. Return: it goes on; false: the circuit was ended. */
static bool doubt(struct tunnel *t)
{
	uint8_t far = 0, last = (uint8_t)(t->path.n - 1);
	unsigned int enough = PINGS_GUARD;

	for (uint8_t hop = 1; hop <= last; hop++)
		if (t->answered & 1u << hop)
			far = hop;
	if (far)
		enough = far == last ? PINGS_EXIT : PINGS_MIDDLE;
	if (t->pings < enough) {
		if (t->pings)
			ask_others(t, exit_of(t));
		ask(t);
		return true;
	}
	if (far == last && exit_answers_others(t)) {
		/* between the two: a path by another relay leads there */
		err("relay %s does not reach %s any more", t->path.relay[last - 1]->name, exit_of(t)->name);
		far--;
	} else {
		err("relay %s does not answer any more", t->path.relay[far]->name);
	}
	t->failed = t->path.relay[far];
	ask_others(t, t->failed);
	if (far == last) {
		exit_lost(t->failed, t->asked_ms);
		return false;
	}
	if (!far && t->chosen)
		choice_guard_away(t->path.relay[0]);
	circ_end(t->c, NULL);
	return false;
}

static bool in_use(const struct tunnel *t)
{
	unsigned int n = 0;

	/* what cannot be seen is not ended */
	for (int i = 0; i < 2 && !n; i++)
		if (t->inner[i].len && kn_sockets(&t->inner[i], false, &n))
			return true;
	return n;
}

/* New flows take another one; this one ends with its last flow. */
static void grow_old(struct tunnel *t, uint64_t bytes, uint64_t now)
{
	if (!t->old && (now - t->ready_ms >= conf.circuit_ms || bytes >= CR_CIRCUIT_OLD_BYTES)) {
		t->old = true;
		tunnel_another();
		tunnels_promote();
	}
}

/* Those that are ready take new flows in turn, so that several carry at once; each flow stays where it began. */
static void take_turns(uint64_t now)
{
	struct tunnel *t = active;

	if (!conf.turn_ms || !active || now - active_ms < conf.turn_ms)
		return;
	do
		t = t->next ? t->next : tunnels;
	while (t != active && (t->step != STEP_READY || t->old));
	if (t != active)
		tunnel_prefer(t);
}

void tunnel_look(struct tunnel *t)
{
	uint64_t now = now_ms(), in, out;
	struct kcirc k;

	/*
	 * Answers of relays are counted before they are read here. So the counters are judged after what they may count
	 * has been read; else an answer would pass for a packet, and a dead exit for a living one.
	 */
	if (!t->looked) {
		t->looked = kernel_circ(circ_id(t->c), &k);
		if (t->looked) {
			t->seen_in = k.bwd_cells;
			t->seen_out = k.fwd_cells;
			t->seen_bytes = k.bytes;
		}
		/* where there is none the event is on its way */
		timer_set(&t->timer, t->looked ? SETTLE_MS : WATCH_MS);
		return;
	}
	t->looked = false;
	timer_set(&t->timer, WATCH_MS);
	in = t->seen_in - t->own_in;
	out = t->seen_out - t->own_out;
	/* of what came in between our own share is newer than the counters: less than before means nothing */
	if ((int64_t)(out - t->out) > 0) {
		t->out = out;
		t->busy_ms = now;
	}
	if ((int64_t)(in - t->in) > 0) {
		t->in = in;
		t->busy_ms = now;
		heard(t);
	} else if (t->pings || (t->busy_ms && now - t->busy_ms < BUSY_MS && now - t->heard_ms >= QUIET_MS) ||
		   now - t->heard_ms >= CR_CIRCUIT_ALIVE_MS) {
		if (!doubt(t))
			return;
	}
	grow_old(t, t->seen_bytes, now);
	if (t == active)
		take_turns(now);
	if (t->old && active != t && !in_use(t))
		tunnel_end(t);
}
