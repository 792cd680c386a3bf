// SPDX-License-Identifier: MIT
/* A client's circuits while they carry packets: are all relays there, is it time for another. */
#include <sodium.h>
#include <string.h>

#include "config.h"
#include "control/limits.h"
#include "kernel.h"
#include "netlink/sockets.h"
#include "tunnel_state.h"

#define WATCH_MS	1000u	/* how often a circuit in use is looked at */
#define BUSY_MS		30000u	/* after traffic silence is looked into at once, not every CR_CIRCUIT_ALIVE_MS */
#define PINGS_EXIT	3u	/* not answered by the exit, while a relay before it answers: the exit is gone */
#define DOUBT_MS	700u	/* ... and until an unanswered question is repeated */
#define PINGS_GUARD	11u	/* nobody answers: perhaps it is our own network, so wait longer */

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
	timer_set(&t->timer, WATCH_MS);
}

void tunnel_pong(struct tunnel *t, uint8_t hop, const uint8_t *msg, size_t len)
{
	uint8_t want[CR_PING_LEN];

	memcpy(want, t->ping, sizeof(want));
	want[0] ^= hop;
	if (t->pings && len == CR_PING_LEN && sodium_memcmp(msg, want, len) == 0)
		t->answered |= (uint16_t)(1u << hop);
}

/* All relays at once: who answers tells how far it still goes. */
static void ping_all(struct tunnel *t)
{
	if (!t->pings) {
		randombytes_buf(t->ping, sizeof(t->ping));
		t->answered = 0;
	}
	t->pings++;
	for (uint8_t hop = t->path.n; hop; hop--) {
		uint8_t msg[CR_PING_LEN];

		memcpy(msg, t->ping, sizeof(msg));
		msg[0] ^= hop;
		t->own_out += circ_send(t->c, hop, CR_CIRC_PING, msg, sizeof(msg));
	}
}

/* Circuits that go through a relay that is lost are asked at once, however idle they are. */
static void suspect(const struct peer *lost)
{
	for (struct tunnel *t = tunnels; t; t = t->next)
		for (uint8_t i = 0; i < t->path.n && t->step == STEP_READY; i++)
			if (t->path.relay[i] == lost)
				t->busy_ms = now_ms();
}

/* Silence. Return: it goes on; false: the circuit was ended. */
static bool doubt(struct tunnel *t)
{
	uint8_t far = 0;

	for (uint8_t hop = 1; hop < t->path.n; hop++)
		if (t->answered & 1u << hop)
			far = hop;
	if (t->pings < (far ? PINGS_EXIT : PINGS_GUARD)) {
		ping_all(t);
		timer_set(&t->timer, DOUBT_MS);
		return true;
	}
	err("relay %s does not answer any more", t->path.relay[far]->name);
	t->failed = t->path.relay[far];
	suspect(t->failed);
	if (far + 1 == t->path.n)
		tunnel_addresses_lost(t);
	else if (!far && t->chosen)
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
	uint64_t now = now_ms();
	struct kcirc k;

	timer_set(&t->timer, WATCH_MS);
	if (!kernel_circ(circ_id(t->c), &k))
		return;		/* the event is on its way */
	if (k.bwd_cells - t->own_in != t->in || k.fwd_cells - t->own_out != t->out)
		t->busy_ms = now;
	t->out = k.fwd_cells - t->own_out;
	if (k.bwd_cells - t->own_in != t->in || t->answered & 1u << t->path.n) {
		t->in = k.bwd_cells - t->own_in;
		t->heard_ms = now;
		t->pings = 0;
		t->answered = 0;
	} else if (t->pings || (t->busy_ms && now - t->busy_ms < BUSY_MS) || now - t->heard_ms >= CR_CIRCUIT_ALIVE_MS) {
		if (!doubt(t))
			return;
	}
	grow_old(t, k.bytes, now);
	if (t == active)
		take_turns(now);
	if (t->old && active != t && !in_use(t))
		tunnel_end(t);
}
