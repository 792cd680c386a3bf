// SPDX-License-Identifier: MIT
#include "tunnel.h"

#include <linux/cellrelay.h>
#include <net/if.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "control/bytes.h"
#include "control/derive.h"
#include "control/limits.h"
#include "hello.h"
#include "netlink/dev.h"
#include "noise/noise.h"
#include "relayd.h"

#define AGAIN_MIN_MS	500u	/* a failed circuit is tried again after this, doubled each time */
#define AGAIN_MAX_MS	30000u

enum step { STEP_LINK, STEP_CREATE, STEP_EXTEND, STEP_ATTACH, STEP_READY, STEP_AGAIN };

static const char *const step_names[] = { "link", "create", "extend", "attach", "ready", "again" };

/**
 * struct tunnel - a circuit of our own, and its successors
 * @next: in the list
 * @path: relays, the one next to us first
 * @n: their number
 * @step: what it waits for
 * @c: circuit; NULL while there is none
 * @hops: relays that we share keys with
 * @large: size of its large cells
 * @noise: handshake with the next one
 * @wait: for the link to the first
 * @msg: what is repeated until it is answered
 * @len: its length
 * @tries: how often it was sent
 * @again_ms: wait before the next attempt
 * @began_ms: when this attempt began
 * @timer: repeats, tries again, asks whether the exit lives
 * @ping: bytes of the last question
 */
struct tunnel {
	struct tunnel *next;
	struct peer *path[CR_HOPS_MAX];
	uint8_t n;
	enum step step;
	struct circ *c;
	uint8_t hops;
	uint16_t large;
	struct noise *noise;
	struct waiter wait;
	uint8_t msg[CR_CREATE_LEN + CR_EXTEND_LEN];
	uint16_t len;
	uint8_t tries;
	uint32_t again_ms;
	uint64_t began_ms, took_ms;
	struct timer timer;
	uint8_t ping[CR_PING_LEN];
	bool pinging;
};

static struct tunnel *tunnels;
static struct tunnel *active;		/* the one that packets take */
static uint32_t ifindex;
static struct addr inner[2];		/* what the device has now; len 0: none */
static struct circ *adopted;		/* from before a restart, until tunnels_start() */

static void tunnel_timer(struct timer *t);
static void hop_next(struct tunnel *t);

static void attempt_over(struct tunnel *t)
{
	noise_free(t->noise);
	t->noise = NULL;
	link_unwant(&t->wait);
	t->hops = 0;
	t->tries = 0;
	t->pinging = false;
}

static void again(struct tunnel *t)
{
	attempt_over(t);
	t->step = STEP_AGAIN;
	timer_set(&t->timer, t->again_ms);
	t->again_ms = t->again_ms * 2 > AGAIN_MAX_MS ? AGAIN_MAX_MS : t->again_ms * 2;
}

/* Ends the attempt; another follows. */
static void give_up(struct tunnel *t)
{
	if (t->c)
		circ_end(t->c, NULL);	/* comes back through tunnel_lost() */
	else
		again(t);
}

/* ---- packets ---- */

static void set_inner(int i, const uint8_t *bytes, uint8_t len)
{
	struct addr a = { .len = len };
	bool any = false;

	memcpy(a.bytes, bytes, len);
	for (unsigned int b = 0; b < len; b++)
		any |= bytes[b];
	if (!any)
		a.len = 0;
	if (inner[i].len && (!a.len || !addr_equal(&a, &inner[i])))
		kn_addr_change(false, ifindex, &inner[i]);
	inner[i] = a;
	if (a.len)
		kn_addr_change(true, ifindex, &a);
}

static bool device(void)
{
	if (!conf.client_dev[0])
		return false;
	if (!ifindex) {
		if (kn_dev_add(conf.client_dev, 0, false))
			return false;
		ifindex = if_nametoindex(conf.client_dev);
	}
	return ifindex;
}

static void activate(struct tunnel *t)
{
	active = t;
	if (!device() || kernel_circ_bind(circ_id(t->c), ifindex, t->c->inner4, t->c->inner6)) {
		active = NULL;
		return;
	}
	t->c->attached = false;		/* the lease is the exit's */
	set_inner(0, t->c->inner4, 4);
	set_inner(1, t->c->inner6, 16);
	if (kn_dev_up(ifindex))
		return;
	for (unsigned int i = 0; i < conf.route_n; i++) {
		const struct prefix *r = &conf.route[i];
		const struct addr *src = &inner[r->addr.len == 16];

		if (src->len)
			kn_route_add(ifindex, &r->addr, r->len, src);
	}
}

static void ready(struct tunnel *t)
{
	t->step = STEP_READY;
	t->again_ms = AGAIN_MIN_MS;
	t->took_ms = now_ms() - t->began_ms;
	t->tries = 0;
	timer_set(&t->timer, CR_CIRCUIT_ALIVE_MS);
	if (!active)
		activate(t);
}

/* The next best takes over. */
static void promote(void)
{
	for (struct tunnel *t = tunnels; t && !active; t = t->next)
		if (t->step == STEP_READY)
			activate(t);
}

bool tunnels_ready(void)
{
	return active;
}

/* ---- building ---- */

static void repeat(struct tunnel *t)
{
	t->tries++;
	timer_set(&t->timer, CR_CREATE_TRY_MS);
	if (t->step == STEP_CREATE)
		kernel_send_link(link_id(t->c->next.link), CR_CTL_CREATE, t->msg, t->len, NULL);
	else
		circ_send(t->c, t->hops, t->step == STEP_EXTEND ? CR_CIRC_EXTEND : CR_CIRC_ATTACH, t->msg, t->len);
}

/* First message of a handshake with relay number @hops + 1, at @t->msg + @at. */
static bool first_message(struct tunnel *t, size_t at)
{
	const struct peer *p = t->path[t->hops];
	struct cr_circ_hello hello = {
		.suite = CELLRELAY_SUITE_CHACHA, .pos = (uint8_t)(t->hops + 1), .large = t->large,
		.snapshot = *relayd_snapshot(),
	};
	uint8_t prologue[CR_PROLOGUE_LEN], payload[CR_CIRC_HELLO_LEN];
	size_t len = sizeof(t->msg) - at;

	cr_prologue(prologue, CR_FOR_CIRCUIT, conf.ledger, p->identity);
	cr_circ_hello_put(payload, &hello);
	noise_free(t->noise);
	if (noise_new(&t->noise, NOISE_NK, true, prologue, sizeof(prologue), NULL, p->key) ||
	    noise_write(t->noise, payload, sizeof(payload), t->msg + at, &len)) {
		err("cannot begin a handshake with relay %s: its key is not usable, or memory is short", p->name);
		return false;
	}
	t->len = (uint16_t)(at + len);
	t->tries = 0;
	return true;
}

static void linked(struct waiter *w, struct link *l)
{
	struct tunnel *t = container(w, struct tunnel, wait);

	if (!l) {
		again(t);
		return;
	}
	if (!t->large || t->large > l->large)
		t->large = l->large;
	t->c = circ_own(t, l);
	if (!t->c || !first_message(t, CR_CREATE_NOISE)) {
		give_up(t);
		return;
	}
	put32(t->msg, end_rx(&t->c->next));
	t->step = STEP_CREATE;
	repeat(t);
}

static void begin(struct tunnel *t)
{
	t->step = STEP_LINK;
	t->began_ms = now_ms();
	link_want(t->path[0], &t->wait);
}

/* Takes a second message, installs the keys of that hop. Return: false: the attempt is over. */
static bool second_message(struct tunnel *t, const uint8_t *msg, size_t len)
{
	uint8_t payload[CR_CELL_LARGE], fwd[32], bwd[32], send[32], recv[32];
	const struct peer *p = t->path[t->hops];
	struct cr_circ_hello hello;
	size_t n = sizeof(payload);
	bool ok;

	if (noise_read(t->noise, msg, len, payload, &n) || !cr_circ_hello_get(&hello, payload, n)) {
		err("relay %s gave an answer that is not authentic", p->name);
		return false;
	}
	if (hello.pos == CR_STATUS_SIZE && t->large != CR_CELL_LARGE_V6MIN) {
		t->large = CR_CELL_LARGE_V6MIN;	/* some link of the path is narrow */
		t->again_ms = AGAIN_MIN_MS;
		return false;
	}
	if (hello.pos != CR_STATUS_OK || hello.suite != CELLRELAY_SUITE_CHACHA || hello.large != t->large ||
	    !cr_snapshot_agrees(&hello.snapshot, relayd_snapshot())) {
		err("relay %s refuses a circuit: %s", p->name, hello_status((enum cr_status)hello.pos));
		return false;
	}
	ok = noise_split(t->noise, send, recv) == NOISE_OK;
	cr_derive_layer(fwd, send, hello.suite);
	cr_derive_layer(bwd, recv, hello.suite);
	ok = ok && kernel_hop_new(circ_id(t->c), (uint8_t)(t->hops + 1), fwd, bwd, t->hops + 1 == t->n) == RC_OK;
	sodium_memzero(send, sizeof(send));
	sodium_memzero(recv, sizeof(recv));
	sodium_memzero(fwd, sizeof(fwd));
	sodium_memzero(bwd, sizeof(bwd));
	noise_free(t->noise);
	t->noise = NULL;
	t->hops++;
	return ok;
}

static void hop_next(struct tunnel *t)
{
	t->tries = 0;
	if (t->hops == t->n) {
		t->step = STEP_ATTACH;
		t->msg[0] = CR_ATTACH_V4 | CR_ATTACH_V6;
		t->len = CR_ATTACH_LEN;
	} else {
		t->step = STEP_EXTEND;
		memcpy(t->msg, t->path[t->hops]->identity, CR_ID_LEN);
		if (!first_message(t, CR_EXTEND_NOISE)) {
			give_up(t);
			return;
		}
	}
	repeat(t);
}

void tunnel_created(struct tunnel *t, const struct cr_created *m)
{
	if (t->step != STEP_CREATE)
		return;
	/* with an id of 0 it says why */
	if ((m->mine && !circ_own_made(t->c, m->mine, t->large)) || !second_message(t, m->noise, m->noise_len) ||
	    !m->mine)
		give_up(t);
	else
		hop_next(t);
}

static const char *refusal(uint8_t code)
{
	switch (code) {
	case CR_REFUSED_UNKNOWN:
		return "it does not know the next relay";
	case CR_REFUSED_UNREACHABLE:
		return "the next relay does not answer it";
	case CR_REFUSED_LOOP:
		return "the path leads back";
	case CR_REFUSED_LIMIT:
		return "it has no room";
	case CR_REFUSED_ROLE:
		return "it is not an exit";
	default:
		return "the circuit is not in that state";
	}
}

void tunnel_message(struct tunnel *t, uint8_t hop, uint8_t type, const uint8_t *msg, size_t len)
{
	struct cr_attached a;

	switch (type) {
	case CR_CIRC_EXTENDED:
		/* answers to what was repeated come late */
		if (t->step != STEP_EXTEND || hop != t->hops)
			return;
		if (second_message(t, msg, len))
			hop_next(t);
		else
			give_up(t);
		return;
	case CR_CIRC_ATTACHED:
		if (t->step != STEP_ATTACH || hop != t->n || !cr_attached_get(&a, msg, len))
			return;
		memcpy(t->c->inner4, a.inner4, sizeof(a.inner4));
		memcpy(t->c->inner6, a.inner6, sizeof(a.inner6));
		ready(t);
		return;
	case CR_CIRC_REFUSED:
		if (hop != t->hops || (t->step != STEP_EXTEND && t->step != STEP_ATTACH))
			return;
		err("relay %s refuses: %s", t->path[hop - 1]->name, refusal(len ? msg[0] : 0));
		give_up(t);
		return;
	case CR_CIRC_PONG:
		if (t->pinging && len == CR_PING_LEN && sodium_memcmp(msg, t->ping, len) == 0) {
			t->pinging = false;
			t->tries = 0;
			timer_set(&t->timer, CR_CIRCUIT_ALIVE_MS);
		}
		return;
	case CR_CIRC_PAD:
		return;
	default:
		circ_end(t->c, NULL);	/* nothing that a relay may say */
	}
}

void tunnel_lost(struct tunnel *t, const struct circ *c)
{
	if (t->c != c)
		return;
	t->c = NULL;
	if (active == t)
		active = NULL;
	again(t);
	if (!active)
		promote();
}

static void tunnel_timer(struct timer *timer)
{
	struct tunnel *t = container(timer, struct tunnel, timer);

	switch (t->step) {
	case STEP_LINK:
		break;
	case STEP_CREATE:
	case STEP_EXTEND:
	case STEP_ATTACH:
		/* the relays in between repeat, too: give them their time */
		if (t->tries < 2 * CR_CREATE_TRIES)
			repeat(t);
		else
			give_up(t);
		break;
	case STEP_READY:
		if (t->pinging && t->tries >= 3) {
			err("the exit %s does not answer any more", t->path[t->n - 1]->name);
			give_up(t);
			break;
		}
		if (!t->pinging)
			randombytes_buf(t->ping, sizeof(t->ping));
		t->pinging = true;
		t->tries++;
		circ_send(t->c, t->n, CR_CIRC_PING, t->ping, sizeof(t->ping));
		timer_set(&t->timer, CR_CREATE_TRY_MS);
		break;
	case STEP_AGAIN:
		begin(t);
		break;
	}
}

/* ---- up and down ---- */

static enum rc take_path(const char *path, struct peer *out[CR_HOPS_MAX], uint8_t *n)
{
	const char *at = path;

	for (*n = 0; *at; (*n)++) {
		size_t len = strcspn(at, ",");
		char name[PEER_NAME];

		if (*n == CR_HOPS_MAX)
			return fail(RC_USAGE, "the path has more than %u relays", CR_HOPS_MAX);
		if (!len || len >= sizeof(name))
			return fail(RC_USAGE, "\"%s\" is not a path such as alice,bob,carol", path);
		memcpy(name, at, len);
		name[len] = '\0';
		out[*n] = peer_by_name(name);
		if (!out[*n])
			return fail(RC_USAGE, "no relay is known by the name \"%s\"; see the peers file", name);
		for (uint8_t i = 0; i < *n; i++)
			if (out[i] == out[*n])
				return fail(RC_USAGE, "relay %s is twice in the path", name);
		at += len + (at[len] == ',');
	}
	return *n ? RC_OK : fail(RC_USAGE, "the path is empty");
}

static struct tunnel *tunnel_new(struct peer *const *path, uint8_t n)
{
	struct tunnel *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	memcpy(t->path, path, n * sizeof(*path));
	t->n = n;
	t->timer.fn = tunnel_timer;
	t->wait.fn = linked;
	t->again_ms = AGAIN_MIN_MS;
	t->next = tunnels;
	tunnels = t;
	return t;
}

enum rc tunnels_up(const char *path)
{
	struct peer *relays[CR_HOPS_MAX];
	enum rc rc;
	uint8_t n;

	if (!conf.client_dev[0])
		return fail(RC_USAGE, "this host is no client: the configuration has no device in [client]");
	rc = take_path(path, relays, &n);
	if (rc)
		return rc;
	tunnels_down();
	for (unsigned int i = 0; i <= conf.spares; i++) {
		struct tunnel *t = tunnel_new(relays, n);

		if (!t)
			return fail(RC_REFUSED, "out of memory");
		begin(t);
	}
	return RC_OK;
}

static void tunnel_free(struct tunnel *t)
{
	struct circ *c = t->c;

	t->c = NULL;
	attempt_over(t);
	timer_stop(&t->timer);
	if (c) {
		c->tunnel = NULL;
		circ_end(c, NULL);
	}
	free(t);
}

void tunnels_down(void)
{
	struct tunnel *t;

	active = NULL;
	while ((t = tunnels)) {
		tunnels = t->next;
		tunnel_free(t);
	}
	circs_drop_orphans(NULL);	/* from before a restart */
	for (int i = 0; i < 2; i++)
		if (inner[i].len) {
			kn_addr_change(false, ifindex, &inner[i]);
			inner[i].len = 0;
		}
}

void tunnel_adopt(struct circ *c, const struct kcirc *k)
{
	c->pos = 0;
	/* one that carries packets may go on; others were under construction */
	if (k->ifindex && !adopted) {
		adopted = c;
		ifindex = k->ifindex;
		c->extends = k->hops;
	}
}

void tunnels_start(void)
{
	struct peer *relays[CR_HOPS_MAX];
	struct circ *c = adopted;
	struct tunnel *t;
	uint8_t n;

	adopted = NULL;
	circs_drop_orphans(c);
	if (c) {
		memcpy(inner[0].bytes, c->inner4, 4);
		memcpy(inner[1].bytes, c->inner6, 16);
		inner[0].len = c->inner4[0] ? 4 : 0;
		inner[1].len = c->inner6[0] ? 16 : 0;
	}
	/* without a path it goes on as it is, until it is told otherwise */
	if (!conf.path[0] || take_path(conf.path, relays, &n))
		return;
	if (c && c->next.link && c->next.link->peer == relays[0] && c->extends == n) {
		t = tunnel_new(relays, n);
		if (t) {
			t->c = c;
			c->tunnel = t;
			t->hops = n;
			t->large = c->large;
			t->step = STEP_READY;
			active = t;
			timer_set(&t->timer, 0);
		}
	} else if (c) {
		circ_end(c, NULL);
	}
	for (unsigned int i = active ? 1 : 0; i <= conf.spares; i++) {
		t = tunnel_new(relays, n);
		if (t)
			begin(t);
	}
}

void tunnels_free(void)
{
	struct tunnel *t;

	/* circuits that work go on without us */
	while ((t = tunnels)) {
		tunnels = t->next;
		if (t->c && t->step == STEP_READY && t == active) {
			t->c->tunnel = NULL;
			t->c = NULL;
		}
		tunnel_free(t);
	}
	active = NULL;
}

void tunnels_json(json_t *array)
{
	for (const struct tunnel *t = tunnels; t; t = t->next) {
		json_t *path = json_array(), *o;
		char text[2][ADDR_TEXT];

		for (uint8_t i = 0; i < t->n; i++)
			json_array_append_new(path, json_string(t->path[i]->name));
		o = json_pack("{s:o,s:s,s:b,s:i,s:i}", "path", path, "step", step_names[t->step], "active", t == active,
			      "hops", t->hops, "large", t->large);
		if (t->c)
			json_object_set_new(o, "circuit", json_integer(circ_id(t->c)));
		if (t->step == STEP_READY)
			json_object_set_new(o, "took_ms", json_integer((json_int_t)t->took_ms));
		if (t == active)
			for (int i = 0; i < 2; i++)
				if (inner[i].len)
					json_object_set_new(o, i ? "inner6" : "inner4",
							    json_string(addr_host(text[i], &inner[i])));
		json_array_append_new(array, o);
	}
}
