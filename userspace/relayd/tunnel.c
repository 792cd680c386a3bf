// SPDX-License-Identifier: MIT
#include "tunnel.h"

#include <linux/cellrelay.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/killswitch.h"
#include "config.h"
#include "control/bytes.h"
#include "control/derive.h"
#include "control/limits.h"
#include "hello.h"
#include "metrics.h"
#include "netlink/sockets.h"
#include "noise/noise.h"
#include "online.h"
#include "relayd.h"
#include "resume.h"
#include "tunnel_state.h"

#define AGAIN_MIN_MS	500u	/* a failed circuit is tried again after this, doubled each time */
#define AGAIN_MAX_MS	30000u
#define MOVE_MS		4000u	/* an exit that cannot be reached again by then is lost, and its flows with it ... */
#define MOVE_KNOWN_MS	15000u	/* ... unless another relay is known to be what failed, */
#define MOVE_LINK_MS	60000u	/* or no guard answers, as after a suspend; an exit waits no longer itself */

/* How often a question is repeated by whoever moves flows: where nobody knows what failed, it may be the exit. */
#define PATIENT		CR_CREATE_TRIES
#define HASTY		2u

static const char *const step_names[] = { "link", "create", "extend", "attach", "ready", "again" };

struct tunnel *tunnels;
struct tunnel *active;
uint64_t active_ms;
static struct route fixed;		/* path as told; n 0: chosen by the wish */
static struct wish wish;
static bool wanted;			/* up */
static bool missed;			/* it should be, but there was no snapshot to choose from */
static struct circ *adopted[RESUME_CIRCS];	/* from before a restart, until tunnels_start() */
static unsigned int adopted_n;

static void tunnel_timer(struct timer *t);
static void hop_next(struct tunnel *t);

/* ---- what survives this process ---- */

static void save(void)
{
	struct resume r = { .wish = wish, .mark_changed = online_mark_changed(), .seed = resume_seeds() };

	for (uint8_t i = 0; i < fixed.n; i++) {
		if (i)
			strcat(r.path, ",");
		strcat(r.path, fixed.relay[i]->name);
	}
	for (const struct tunnel *t = tunnels; t && r.n < RESUME_CIRCS; t = t->next)
		if (t->step == STEP_READY) {
			r.circ[r.n].cookie = t->c->cookie;
			r.circ[r.n].route = t->path;
			if (t->session && r.seed) {
				r.seed[r.n].cookie = t->c->cookie;
				crypto_sign_ed25519_sk_to_seed(r.seed[r.n].seed, t->session->secret);
			}
			r.n++;
		}
	resume_save(&r);
	sodium_free(r.seed);
}

/* ---- attempts ---- */

static void attempt_over(struct tunnel *t)
{
	noise_free(t->noise);
	t->noise = NULL;
	link_unwant(&t->wait);
	t->hops = 0;
	t->tries = 0;
	t->pings = 0;
}

static void again(struct tunnel *t, uint32_t ms)
{
	attempt_over(t);
	t->step = STEP_AGAIN;
	timer_set(&t->timer, ms);
}

/* Each failure makes the next wait longer; who moves flows cannot wait. */
static void again_later(struct tunnel *t)
{
	uint32_t ms = t->again_ms;

	t->again_ms = ms * 2 > AGAIN_MAX_MS ? AGAIN_MAX_MS : ms * 2;
	again(t, t->move_until ? AGAIN_MIN_MS / 4 : ms);
}

/* Ends the attempt; another follows. */
static void give_up(struct tunnel *t)
{
	if (t->c)
		circ_end(t->c, NULL);	/* comes back through tunnel_lost() */
	else
		again_later(t);
}

/* ---- packets ---- */

/* The addresses that the exit gave us are worth nothing any more: whoever uses them must learn it. */
void tunnel_addresses_lost(struct tunnel *t)
{
	char text[ADDR_TEXT];
	unsigned int n;

	for (int i = 0; i < 2; i++) {
		if (!t->inner[i].len)
			continue;
		if (kn_sockets(&t->inner[i], true, &n) || !n)
			continue;
		metric_add(METRIC_FLOWS_ENDED, n);
		err("%u connections by %s end with their exit", n, addr_host(text, &t->inner[i]));
	}
	online_del(t->inner);
	t->inner[0].len = t->inner[1].len = 0;
	t->move_until = 0;
	sodium_free(t->session);
	t->session = NULL;
}

void tunnel_exit_lost(struct tunnel *t)
{
	t->failed = t->path.relay[t->path.n - 1];
	tunnel_addresses_lost(t);
	give_up(t);
}

static struct addr inner_of(const uint8_t *bytes, uint8_t len)
{
	struct addr a = { .len = len };

	memcpy(a.bytes, bytes, len);
	if (sodium_is_zero(bytes, len))
		a.len = 0;
	return a;
}

void tunnel_prefer(struct tunnel *t)
{
	active = t;
	active_ms = now_ms();
	online_prefer(t->inner);
}

/* The next best takes new flows. */
void tunnels_promote(void)
{
	struct tunnel *best = NULL;

	for (struct tunnel *t = tunnels; t; t = t->next)
		if (t->step == STEP_READY && (!best || (best->old && !t->old)))
			best = t;
	if (best && best != active)
		tunnel_prefer(best);
}

/* Whom packets may be sent to: the first relays of all that is there or under way. */
static void guards(void)
{
	const struct peer *list[CR_KILLSWITCH_GUARDS];
	size_t n = 0;

	for (const struct tunnel *t = tunnels; t && n < CR_KILLSWITCH_GUARDS; t = t->next)
		if (t->path.n)
			list[n++] = t->path.relay[0];
	online_guards(list, n);
}

static void ready(struct tunnel *t)
{
	const struct addr inner[2] = { inner_of(t->c->inner4, 4), inner_of(t->c->inner6, 16) };

	if (t->inner[0].len || t->inner[1].len) {
		bool same = true;

		for (int i = 0; i < 2; i++)
			same &= inner[i].len == t->inner[i].len && (!inner[i].len || addr_equal(&inner[i], &t->inner[i]));
		if (!same)
			tunnel_addresses_lost(t);
	}
	if (kernel_circ_bind(circ_id(t->c), online_device(), t->c->inner4, t->c->inner6)) {
		give_up(t);
		return;
	}
	t->c->attached = false;		/* the lease is the exit's */
	memcpy(t->inner, inner, sizeof(inner));
	online_add(t->inner);
	t->step = STEP_READY;
	t->again_ms = AGAIN_MIN_MS;
	t->took_ms = now_ms() - t->began_ms;
	metric_add(METRIC_TUNNELS_BUILT, 1);
	t->ready_ms = now_ms();
	t->move_until = 0;
	t->failed = NULL;
	t->old = false;
	t->tries = 0;
	if (t->chosen)
		choice_guard_result(t->path.relay[0], true);
	tunnel_watch(t);
	if (!active || active == t)
		tunnel_prefer(t);
	else if (active->old)
		tunnels_promote();
	save();
}

bool tunnels_ready(void)
{
	return active;
}

bool tunnels_wanted(void)
{
	return wanted;
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
	const struct peer *p = t->path.relay[t->hops];
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
		/* the guard stays ours, for months; for now another one must do */
		if (t->chosen)
			choice_guard_away(t->path.relay[0]);
		again_later(t);
		return;
	}
	/* from here on it is the relays that take their time */
	if (t->move_until) {
		uint64_t until = now_ms() + (t->patience == PATIENT ? MOVE_KNOWN_MS : MOVE_MS);

		t->move_until = until < t->move_until ? until : t->move_until;
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
	const struct peer *exit = t->session && t->move_until ? t->path.relay[t->path.n - 1] : NULL;

	if (t->chosen && !choice_make(&t->path, &wish, exit, t->failed)) {
		if (exit)
			tunnel_addresses_lost(t);
		t->failed = NULL;
		again_later(t);
		return;
	}
	t->failed = NULL;
	t->step = STEP_LINK;
	t->began_ms = now_ms();
	if (t->move_until)
		timer_set(&t->timer, MOVE_MS / 4);
	guards();
	link_want(t->path.relay[0], &t->wait);
}

/* Takes a second message, installs the keys of that hop. Return: false: the attempt is over. */
static bool second_message(struct tunnel *t, const uint8_t *msg, size_t len)
{
	uint8_t payload[CR_CELL_LARGE], fwd[32], bwd[32], send[32], recv[32];
	const struct peer *p = t->path.relay[t->hops];
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
	memcpy(t->hash, noise_hash(t->noise), sizeof(t->hash));
	ok = noise_split(t->noise, send, recv) == NOISE_OK;
	cr_derive_layer(fwd, send, hello.suite);
	cr_derive_layer(bwd, recv, hello.suite);
	ok = ok && kernel_hop_new(circ_id(t->c), (uint8_t)(t->hops + 1), fwd, bwd, t->hops + 1 == t->path.n) == RC_OK;
	sodium_memzero(send, sizeof(send));
	sodium_memzero(recv, sizeof(recv));
	sodium_memzero(fwd, sizeof(fwd));
	sodium_memzero(bwd, sizeof(bwd));
	noise_free(t->noise);
	t->noise = NULL;
	t->hops++;
	return ok;
}

/* ATTACH: our addresses, those of the circuit before if there was one. Return: false: no memory for a key. */
static bool attach_message(struct tunnel *t)
{
	uint8_t signed_part[CR_ATTACH_SIGNED_LEN];

	if (!t->session) {
		t->session = sodium_malloc(sizeof(*t->session));
		if (!t->session)
			return false;
		crypto_sign_keypair(t->session->key, t->session->secret);
	}
	t->msg[0] = CR_ATTACH_V4 | CR_ATTACH_V6 | CR_ATTACH_SESSION;
	memcpy(t->msg + CR_ATTACH_LEN, t->session->key, CR_SESSION_LEN);
	cr_attach_signed(signed_part, t->hash);
	crypto_sign_detached(t->msg + CR_ATTACH_LEN + CR_SESSION_LEN, NULL, signed_part, sizeof(signed_part), t->session->secret);
	t->len = CR_ATTACH_SESSION_LEN;
	return true;
}

static void hop_next(struct tunnel *t)
{
	t->tries = 0;
	if (t->hops == t->path.n) {
		t->step = STEP_ATTACH;
		if (!attach_message(t)) {
			err("no locked memory for a session's key; see: ulimit -l");
			give_up(t);
			return;
		}
	} else {
		t->step = STEP_EXTEND;
		memcpy(t->msg, t->path.relay[t->hops]->identity, CR_ID_LEN);
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

/* What did not answer while hop number @hops did: the next one. */
static void blame(struct tunnel *t, uint8_t hops)
{
	if (hops >= t->path.n)
		return;
	t->failed = t->path.relay[hops];
	/* flows cannot move where the exit itself is gone */
	if (hops + 1 == t->path.n && t->move_until)
		tunnel_addresses_lost(t);
}

void tunnel_message(struct tunnel *t, uint8_t hop, uint8_t type, const uint8_t *msg, size_t len)
{
	struct cr_attached a;

	t->own_in++;
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
		if (t->step != STEP_ATTACH || hop != t->path.n || !cr_attached_get(&a, msg, len))
			return;
		memcpy(t->c->inner4, a.inner4, sizeof(a.inner4));
		memcpy(t->c->inner6, a.inner6, sizeof(a.inner6));
		ready(t);
		return;
	case CR_CIRC_REFUSED:
		if (hop != t->hops || (t->step != STEP_EXTEND && t->step != STEP_ATTACH))
			return;
		err("relay %s refuses: %s", t->path.relay[hop - 1]->name, refusal(len ? msg[0] : 0));
		if (t->step == STEP_EXTEND && len && msg[0] == CR_REFUSED_UNREACHABLE)
			blame(t, hop);
		give_up(t);
		return;
	case CR_CIRC_PONG:
		tunnel_pong(t, hop, msg, len);
		return;
	case CR_CIRC_PAD:
		return;
	default:
		circ_end(t->c, NULL);	/* nothing that a relay may say */
	}
}

void tunnel_lost(struct tunnel *t, const struct circ *c)
{
	bool was_ready = t->step == STEP_READY;

	if (t->c != c)
		return;
	t->c = NULL;
	if (active == t)
		active = NULL;
	if (!was_ready) {
		if (t->chosen && t->hops)
			choice_guard_result(t->path.relay[0], false);
		again_later(t);
		return;
	}
	metric_add(METRIC_TUNNELS_LOST, 1);
	/* the addresses stay on the device: with luck the same exit gives them back to another circuit */
	t->patience = t->failed ? PATIENT : HASTY;
	if (t->session)
		t->move_until = now_ms() + MOVE_LINK_MS;
	else
		tunnel_addresses_lost(t);
	again(t, 0);
	tunnels_promote();
	if (wanted)
		save();
}

static void tunnel_timer(struct timer *timer)
{
	struct tunnel *t = container(timer, struct tunnel, timer);

	if (t->move_until && now_ms() >= t->move_until && t->step != STEP_READY)
		tunnel_addresses_lost(t);
	switch (t->step) {
	case STEP_LINK:
		if (t->move_until)
			timer_set(timer, MOVE_MS / 4);
		break;
	case STEP_CREATE:
	case STEP_EXTEND:
	case STEP_ATTACH:
		/* the relays in between repeat, too: give them their time; whoever moves flows has none */
		if (t->tries < (t->move_until ? t->patience : 2 * CR_CREATE_TRIES)) {
			repeat(t);
			break;
		}
		if (t->step == STEP_CREATE && t->chosen)
			choice_guard_away(t->path.relay[0]);
		else
			blame(t, t->step == STEP_EXTEND ? t->hops : t->path.n - 1);
		give_up(t);
		break;
	case STEP_READY:
		tunnel_look(t);
		break;
	case STEP_AGAIN:
		begin(t);
		break;
	}
}

/* ---- up and down ---- */

/* @path of no relay: chosen by the wish. */
static struct tunnel *tunnel_new(const struct route *path)
{
	struct tunnel *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->path = *path;
	t->chosen = !path->n;
	t->timer.fn = tunnel_timer;
	t->wait.fn = linked;
	t->again_ms = AGAIN_MIN_MS;
	t->next = tunnels;
	tunnels = t;
	return t;
}

void tunnel_another(void)
{
	struct tunnel *t = tunnel_new(&fixed);

	if (t)
		begin(t);
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
	sodium_free(t->session);
	free(t);
}

/* Out of the list, its circuit and its addresses gone. */
void tunnel_end(struct tunnel *t)
{
	struct tunnel **p = &tunnels;

	while (*p && *p != t)
		p = &(*p)->next;
	if (*p)
		*p = t->next;
	if (active == t)
		active = NULL;
	online_del(t->inner);
	tunnel_free(t);
	save();
}

static void end_all(void)
{
	struct tunnel *t;

	active = NULL;
	while ((t = tunnels)) {
		tunnels = t->next;
		tunnel_addresses_lost(t);
		tunnel_free(t);
	}
	circs_drop_orphans(NULL);	/* from before a restart */
}

static enum rc fill(unsigned int have)
{
	for (unsigned int i = have; i <= conf.spares; i++) {
		struct tunnel *t = tunnel_new(&fixed);

		if (!t)
			return fail(RC_REFUSED, "out of memory");
		begin(t);
	}
	return RC_OK;
}

enum rc tunnels_up(const char *path, const struct wish *w)
{
	struct route told = { .n = 0 };
	enum rc rc;

	missed = false;
	if (!conf.client_dev[0])
		return fail(RC_USAGE, "this host is no client: the configuration has no device in [client]");
	rc = path ? choice_named(path, &told) : choice_possible(w);
	if (rc)
		return rc;
	end_all();
	rc = online_up();
	if (rc) {
		wanted = false;
		resume_forget();
		return rc;
	}
	fixed = told;
	wish = *w;
	wanted = true;
	save();
	return fill(0);
}

void tunnels_down(void)
{
	wanted = missed = false;
	end_all();
	online_down();
	resume_forget();
}

void tunnel_adopt(struct circ *c, const struct kcirc *k)
{
	c->pos = 0;
	/* those that carry packets may go on; others were under construction */
	if (k->ifindex && adopted_n < RESUME_CIRCS) {
		adopted[adopted_n++] = c;
		c->extends = k->hops;
	}
}

/* The key by which the exit knows a circuit of before; without it flows cannot move from there. */
static struct session *session_of(const struct circ *c, const struct resume_seed *seed)
{
	struct session *s = NULL;

	for (unsigned int i = 0; seed && i < RESUME_CIRCS && !s; i++)
		if (seed[i].cookie && seed[i].cookie == c->cookie) {
			s = sodium_malloc(sizeof(*s));
			if (!s)
				break;
			crypto_sign_seed_keypair(s->key, s->secret, seed[i].seed);
		}
	return s;
}

/* A circuit of before, along the relays that were written down; false: it is not as it was. */
static bool take_over(struct circ *c, const struct route *path, const struct resume_seed *seed)
{
	struct tunnel *t;

	if (!path->n || !c->next.link || c->next.link->peer != path->relay[0] || c->extends != path->n)
		return false;
	t = tunnel_new(path);
	if (!t)
		return false;
	t->chosen = !fixed.n;
	t->c = c;
	c->tunnel = t;
	t->hops = path->n;
	t->large = c->large;
	t->session = session_of(c, seed);
	t->inner[0] = inner_of(c->inner4, 4);
	t->inner[1] = inner_of(c->inner6, 16);
	t->step = STEP_READY;
	t->ready_ms = now_ms();
	tunnel_watch(t);
	return true;
}

static void up_as_configured(void)
{
	missed = tunnels_up(conf.path[0] ? conf.path : NULL, &conf.wish) == RC_ABSENT;
	if (missed)
		err("not online: until there is a snapshot nothing protects this host");
}

void tunnels_directory(void)
{
	if (missed)
		up_as_configured();
}

void tunnels_start(void)
{
	unsigned int have = 0;
	struct resume r;

	if (conf.client_dev[0] && resume_load(&r)) {
		struct resume_seed *seed = resume_seeds_load();

		wish = r.wish;
		if (r.path[0] && choice_named(r.path, &fixed))
			fixed.n = 0;
		for (unsigned int i = 0; i < adopted_n; i++)
			for (unsigned int j = 0; j < r.n; j++)
				if (r.circ[j].cookie == adopted[i]->cookie && take_over(adopted[i], &r.circ[j].route, seed))
					have++;
		sodium_free(seed);
		online_mark_was_changed(r.mark_changed);
		guards();
		wanted = online_up() == RC_OK;
	} else if (conf.path[0] || conf.up) {
		up_as_configured();
		return;
	}
	adopted_n = 0;
	circs_drop_orphans(NULL);
	if (!wanted)
		return;
	fill(have);
	tunnels_promote();
	save();
}

void tunnels_free(void)
{
	struct tunnel *t;

	/* circuits that work go on without us */
	while ((t = tunnels)) {
		tunnels = t->next;
		if (t->c && t->step == STEP_READY) {
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
		char text[ADDR_TEXT];

		for (uint8_t i = 0; i < t->path.n; i++)
			json_array_append_new(path, json_string(t->path.relay[i]->name));
		o = json_pack("{s:o,s:s,s:b,s:b,s:i,s:i}", "path", path, "step", step_names[t->step], "active", t == active,
			      "old", t->old, "hops", t->hops, "large", t->large);
		if (t->c)
			json_object_set_new(o, "circuit", json_integer(circ_id(t->c)));
		if (t->step == STEP_READY)
			json_object_set_new(o, "took_ms", json_integer((json_int_t)t->took_ms));
		for (int i = 0; i < 2; i++)
			if (t->inner[i].len)
				json_object_set_new(o, i ? "inner6" : "inner4", json_string(addr_host(text, &t->inner[i])));
		json_array_append_new(array, o);
	}
}
