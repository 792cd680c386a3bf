// SPDX-License-Identifier: MIT
#include "circs.h"

#include <linux/cellrelay.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "control/bytes.h"
#include "control/limits.h"
#include "directory.h"
#include "exits.h"
#include "keys.h"
#include "metrics.h"
#include "proof/sign.h"
#include "relayd.h"
#include "tunnel.h"

static struct idmap circs;	/* by kernel id */
static struct idmap ends;	/* by the id that we chose */
static struct idmap creates;	/* by link and the id that the previous hop chose */
static unsigned int relayed, own;

/**
 * struct extend - EXTEND that waits for a link or for CREATED
 * @circ: circuit
 * @peer: where to
 * @wait: for the link
 * @msg: CREATE
 * @len: its length
 * @timer: repeats it
 * @tries: how often it was sent
 */
struct extend {
	struct circ *circ;
	struct peer *peer;
	struct waiter wait;
	uint8_t msg[CR_CELL_LARGE];
	uint16_t len;
	struct timer timer;
	uint8_t tries;
};

static struct circ *circ_find(uint32_t id)
{
	struct idnode *n = idmap_get(&circs, id);

	return n ? container(n, struct circ, by_id) : NULL;
}

static struct end *end_find(const struct link *l, uint32_t rx)
{
	struct idnode *n = rx ? idmap_get(&ends, rx) : NULL;
	struct end *e = n ? container(n, struct end, by_rx) : NULL;

	/* an id is good on its own link only */
	return e && e->link == l ? e : NULL;
}

/* A random id for what comes to us, not in use. */
static bool end_open(struct end *e, struct circ *c, struct link *l)
{
	uint32_t rx;

	do
		rx = randombytes_random();
	while (!rx || idmap_get(&ends, rx));
	if (!idmap_put(&ends, &e->by_rx, rx))
		return false;
	e->circ = c;
	e->link = l;
	if (l)
		l->users++;
	return true;
}

static void end_close(struct end *e)
{
	if (!end_rx(e))
		return;
	idmap_del(&ends, &e->by_rx);
	e->by_rx.key = 0;
	if (e->link)
		e->link->users--;
	e->link = NULL;
	e->tx = 0;
}

static void end_destroy(const struct end *e)
{
	uint8_t msg[CR_DESTROY_LEN];

	if (!e->link || !e->tx)
		return;
	put32(msg, e->tx);
	kernel_send_link(link_id(e->link), CR_CTL_DESTROY, msg, sizeof(msg), NULL);
}

static void extend_free(struct circ *c)
{
	if (!c->extend)
		return;
	link_unwant(&c->extend->wait);
	timer_stop(&c->extend->timer);
	free(c->extend);
	c->extend = NULL;
}

static void forget_reply(struct circ *c)
{
	free(c->reply);
	c->reply = NULL;
	c->reply_len = 0;
}

static void circ_free(struct circ *c)
{
	extend_free(c);
	timer_stop(&c->timer);
	forget_reply(c);
	if (c->attached)
		exits_release(c);
	if (c->by_create.key)
		idmap_del(&creates, &c->by_create);
	if (circ_id(c))
		idmap_del(&circs, &c->by_id);
	end_close(&c->prev);
	end_close(&c->next);
	if (c->pos)
		relayed--;
	else
		own--;
	free(c);
}

/* Away from every table but its tunnel's, which hears of it last. */
static void circ_gone(struct circ *c)
{
	struct tunnel *t = c->tunnel;

	if (t)
		tunnel_lost(t, c);
	circ_free(c);
}

void circ_end(struct circ *c, const struct end *but)
{
	/* never a reason: the next hops must not learn why */
	if (but != &c->prev)
		end_destroy(&c->prev);
	if (but != &c->next)
		end_destroy(&c->next);
	if (circ_id(c))
		kernel_circ_del(circ_id(c));
	circ_gone(c);
}

void circs_on_gone(uint32_t id, uint64_t cookie)
{
	struct circ *c = circ_find(id);

	if (!c || c->cookie != cookie)
		return;
	end_destroy(&c->prev);
	end_destroy(&c->next);
	circ_gone(c);
}

struct on_link {
	struct link *link;
	struct circ *c[64];
	unsigned int n;
};

static void note_on_link(struct idnode *n, void *arg)
{
	struct end *e = container(n, struct end, by_rx);
	struct on_link *o = arg;

	/* the kernel lets no circuit come and go by the same link */
	if (e->link == o->link && o->n < 64)
		o->c[o->n++] = e->circ;
}

void circs_link_gone(struct link *l)
{
	struct on_link o = { .link = l };

	do {
		o.n = 0;
		idmap_walk(&ends, note_on_link, &o);
		for (unsigned int i = 0; i < o.n; i++)
			circ_end(o.c[i], o.c[i]->prev.link == l ? &o.c[i]->prev : &o.c[i]->next);
	} while (o.n);
}

/* ---- CONTROL messages ---- */

bool circ_send(struct circ *c, uint8_t hop, uint8_t type, const void *msg, size_t len)
{
	unsigned int pos = hop ? hop : c->pos;
	bool large = len + CR_CTL_HDR_LEN > cr_payload_len(CR_CELL_SMALL - CR_HDR_LEN, pos);
	uint8_t data[CR_CELL_LARGE];
	size_t room = CR_CTL_HDR_LEN + len;

	if (room > cr_payload_len((large ? c->large : CR_CELL_SMALL) - CR_HDR_LEN, pos) || !cr_frame_put(data, room, type, msg, len))
		return false;
	return kernel_send_circ(circ_id(c), hop, large, data, room);
}

static void refuse(struct circ *c, enum metric what, enum cr_refusal why)
{
	uint8_t code = (uint8_t)why;

	metric_add(what, 1);
	circ_send(c, 0, CR_CIRC_REFUSED, &code, 1);
}

/* ---- CREATE: a circuit through us ---- */

static uint64_t create_key(const struct link *l, uint32_t tx)
{
	return (uint64_t)link_id(l) << 32 | tx;
}

/* Nothing came over it and nobody vouched for it: forget. */
static void relay_timer(struct timer *t)
{
	struct circ *c = container(t, struct circ, timer);
	struct kcirc k;

	forget_reply(c);
	if (c->extend) {
		timer_set(&c->timer, CR_FORGET_MS);
		return;
	}
	if (!c->confirmed && kernel_circ(circ_id(c), &k) && !k.fwd_cells) {
		circ_end(c, NULL);
		return;
	}
	c->confirmed = true;
}

static void keep_reply(struct circ *c, const void *data, size_t len)
{
	forget_reply(c);
	c->reply = malloc(len);
	if (!c->reply)
		return;
	memcpy(c->reply, data, len);
	c->reply_len = (uint16_t)len;
	timer_set(&c->timer, CR_FORGET_MS);
}

static struct circ *circ_alloc(uint8_t pos, uint16_t large)
{
	struct circ *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pos = pos;
	c->large = large;
	c->timer.fn = relay_timer;
	if (pos)
		relayed++;
	else
		own++;
	return c;
}

/* What we say of a first message; the payload of the second. */
static uint8_t judge(const struct link *l, const struct cr_circ_hello *h)
{
	if (h->suite != CELLRELAY_SUITE_CHACHA)
		return CR_STATUS_SUITE;
	if (h->pos < 1 || h->pos > CR_HOPS_MAX)
		return CR_STATUS_POSITION;
	if (h->large > l->large)
		return CR_STATUS_SIZE;
	if (!cr_snapshot_agrees(&h->snapshot, relayd_snapshot()))
		return CR_STATUS_SNAPSHOT;
	if (relayed >= conf.circuits_max || relayd_draining())
		return CR_STATUS_FULL;
	return CR_STATUS_OK;
}

/* Makes it in the kernel. Return: NULL when it could not be. */
static struct circ *circ_relay(struct link *l, uint32_t tx, const struct cr_circ_hello *h, struct noise *n)
{
	uint8_t send[32], recv[32], fwd[32], bwd[32];
	struct circ *c = circ_alloc(h->pos, h->large);
	struct kside prev;
	uint64_t cookie;
	uint32_t id;
	bool ok;

	if (!c)
		return NULL;
	memcpy(c->hash, noise_hash(n), sizeof(c->hash));
	if (noise_split(n, send, recv) || !end_open(&c->prev, c, l) ||
	    !idmap_put(&creates, &c->by_create, create_key(l, tx))) {
		circ_free(c);
		return NULL;
	}
	c->prev.tx = tx;
	prev = (struct kside){ link_id(l), end_rx(&c->prev), tx };
	cr_derive_layer(fwd, recv, h->suite);
	cr_derive_layer(bwd, send, h->suite);
	ok = kernel_circ_new_relay(&prev, h->pos, h->large, fwd, bwd, conf.free_bytes, &id, &cookie) &&
	     idmap_put(&circs, &c->by_id, id);
	sodium_memzero(send, sizeof(send));
	sodium_memzero(recv, sizeof(recv));
	sodium_memzero(fwd, sizeof(fwd));
	sodium_memzero(bwd, sizeof(bwd));
	if (!ok) {
		circ_free(c);
		return NULL;
	}
	c->cookie = cookie;
	return c;
}

static void on_create(struct link *l, const uint8_t *msg, size_t len)
{
	uint8_t prologue[CR_PROLOGUE_LEN], payload[CR_CELL_LARGE], reply[CR_CREATED_LEN];
	size_t n = sizeof(payload), out = CR_CIRC_MSG2_LEN;
	struct noise *noise = NULL;
	struct cr_circ_hello hello;
	struct cr_create create;
	struct circ *c = NULL;
	struct idnode *old;

	if (!conf.relay || !cr_create_get(&create, msg, len))
		return;
	old = idmap_get(&creates, create_key(l, create.circ));
	if (old) {
		c = container(old, struct circ, by_create);
		/* asked again, or an id that is taken: either way nothing changes */
		if (c->reply && !c->next.link && !c->extend)
			kernel_send_link(link_id(l), CR_CTL_CREATED, c->reply, c->reply_len, NULL);
		return;
	}
	metric_add(METRIC_CREATES, 1);
	cr_prologue(prologue, CR_FOR_CIRCUIT, conf.ledger, keys->identity);
	noise = keys_read_first(NOISE_NK, prologue, create.noise, create.noise_len, payload, &n);
	if (!noise || !cr_circ_hello_get(&hello, payload, n))
		goto out;
	{
		uint8_t status = judge(l, &hello), answer[CR_CIRC_HELLO_LEN];
		struct cr_circ_hello mine = {
			.suite = CELLRELAY_SUITE_CHACHA, .pos = status, .large = hello.large,
			.snapshot = *relayd_snapshot(),
		};

		cr_circ_hello_put(answer, &mine);
		if (noise_write(noise, answer, sizeof(answer), reply + CR_CREATED_NOISE, &out))
			goto out;
		if (!status) {
			c = circ_relay(l, create.circ, &hello, noise);
			if (!c)
				goto out;
		}
	}
	put32(reply, create.circ);
	put32(reply + 4, c ? end_rx(&c->prev) : 0);
	if (c)
		keep_reply(c, reply, sizeof(reply));
	kernel_send_link(link_id(l), CR_CTL_CREATED, reply, sizeof(reply), NULL);
out:
	metric_add(METRIC_CREATES_REFUSED, !c);
	noise_free(noise);
}

/* ---- EXTEND: the circuit goes on ---- */

static void extend_fail(struct circ *c, enum cr_refusal why)
{
	extend_free(c);
	end_close(&c->next);
	refuse(c, METRIC_EXTENDS_REFUSED, why);
}

static void extend_send(struct extend *x)
{
	x->tries++;
	kernel_send_link(link_id(x->circ->next.link), CR_CTL_CREATE, x->msg, x->len, NULL);
	timer_set(&x->timer, CR_CREATE_TRY_MS);
}

static void extend_timer(struct timer *t)
{
	struct extend *x = container(t, struct extend, timer);

	if (x->tries < CR_CREATE_TRIES)
		extend_send(x);
	else
		extend_fail(x->circ, CR_REFUSED_UNREACHABLE);
}

static void extend_linked(struct waiter *w, struct link *l)
{
	struct extend *x = container(w, struct extend, wait);
	struct circ *c = x->circ;

	if (!l) {
		extend_fail(c, CR_REFUSED_UNREACHABLE);
	} else if (l == c->prev.link) {
		extend_fail(c, CR_REFUSED_LOOP);
	} else {
		c->next.link = l;
		l->users++;
		extend_send(x);
	}
}

static bool address_ok(const struct peer *p)
{
	/* where the directory sends us must not lead into our own network */
	for (unsigned int i = 0; i < p->addr_n && !conf.private_addresses; i++)
		if (!addr_public(&p->addr[i]))
			return false;
	return true;
}

static void on_extend(struct circ *c, const uint8_t *msg, size_t len)
{
	struct cr_extend e;
	struct extend *x;
	struct peer *p;

	if (!cr_extend_get(&e, msg, len) || e.noise_len > sizeof(x->msg) - CR_CREATE_NOISE)
		return;
	if (c->extend)
		return;		/* asked again; the answer is on its way */
	if (c->next.link) {
		if (c->reply)
			circ_send(c, 0, CR_CIRC_EXTENDED, c->reply, c->reply_len);
		else
			refuse(c, METRIC_EXTENDS_REFUSED, CR_REFUSED_STATE);
		return;
	}
	if (c->attached) {
		refuse(c, METRIC_EXTENDS_REFUSED, CR_REFUSED_STATE);
		return;
	}
	if (c->extends >= CR_EXTENDS_MAX || c->pos >= CR_HOPS_MAX || relayd_draining()) {
		refuse(c, METRIC_EXTENDS_REFUSED, CR_REFUSED_LIMIT);
		return;
	}
	c->extends++;
	metric_add(METRIC_EXTENDS, 1);
	if (sodium_memcmp(e.relay, keys->identity, CR_ID_LEN) == 0) {
		refuse(c, METRIC_EXTENDS_REFUSED, CR_REFUSED_LOOP);
		return;
	}
	p = peer_by_identity(e.relay);
	if (!p || !(p->named || (p->listed && directory_fresh())) || !address_ok(p)) {
		refuse(c, METRIC_EXTENDS_REFUSED, CR_REFUSED_UNKNOWN);
		return;
	}
	if (c->prev.link && c->prev.link->peer == p) {
		refuse(c, METRIC_EXTENDS_REFUSED, CR_REFUSED_LOOP);
		return;
	}
	x = calloc(1, sizeof(*x));
	if (!x || !end_open(&c->next, c, NULL)) {
		free(x);
		refuse(c, METRIC_EXTENDS_REFUSED, CR_REFUSED_LIMIT);
		return;
	}
	forget_reply(c);
	c->extend = x;
	x->circ = c;
	x->peer = p;
	x->timer.fn = extend_timer;
	x->wait.fn = extend_linked;
	x->len = (uint16_t)(CR_CREATE_NOISE + e.noise_len);
	put32(x->msg, end_rx(&c->next));
	memcpy(x->msg + CR_CREATE_NOISE, e.noise, e.noise_len);
	link_want(p, &x->wait);
}

static void on_created(struct link *l, const uint8_t *msg, size_t len)
{
	struct cr_created m;
	struct kside next;
	struct end *e;
	struct circ *c;

	if (!cr_created_get(&m, msg, len))
		return;
	e = end_find(l, m.circ);
	c = e ? e->circ : NULL;
	if (!c || e != &c->next || e->tx || (!c->extend && !c->tunnel)) {
		/* too late, or twice: what the other side made must not stay */
		struct end stray = { .link = l, .tx = m.mine };

		if (!e || e->tx != m.mine)
			end_destroy(&stray);
		return;
	}
	if (c->tunnel) {
		tunnel_created(c->tunnel, &m);
		return;
	}
	if (!m.mine) {
		/* that relay's own words: the client reads them */
		uint8_t answer[CR_CELL_LARGE];

		memcpy(answer, m.noise, m.noise_len);
		extend_free(c);
		end_close(&c->next);
		circ_send(c, 0, CR_CIRC_EXTENDED, answer, m.noise_len);
		return;
	}
	e->tx = m.mine;
	next = (struct kside){ link_id(l), end_rx(e), m.mine };
	if (kernel_circ_next(circ_id(c), &next)) {
		end_destroy(e);
		extend_fail(c, CR_REFUSED_LIMIT);
		return;
	}
	extend_free(c);
	keep_reply(c, m.noise, m.noise_len);
	circ_send(c, 0, CR_CIRC_EXTENDED, m.noise, m.noise_len);
}

static void on_destroy(struct link *l, const uint8_t *msg, size_t len)
{
	struct end *e = len >= CR_DESTROY_LEN ? end_find(l, get32(msg)) : NULL;

	if (e)
		circ_end(e->circ, e);
}

void circs_on_link_message(struct link *l, uint8_t type, const uint8_t *msg, size_t len)
{
	switch (type) {
	case CR_CTL_CREATE:
		on_create(l, msg, len);
		break;
	case CR_CTL_CREATED:
		on_created(l, msg, len);
		break;
	case CR_CTL_DESTROY:
		on_destroy(l, msg, len);
		break;
	default:
		break;
	}
}

/* ---- ATTACH: we are the exit ---- */

/* The session's key signed this very handshake, so the client itself asks. */
static bool session_proved(const struct circ *c, const struct cr_attach *a)
{
	uint8_t message[CR_ATTACH_SIGNED_LEN];

	cr_attach_signed(message, c->hash);
	return !sodium_is_zero(c->hash, sizeof(c->hash)) &&
	       cr_verify(a->signature, message, sizeof(message), a->session) == CR_ACCEPTED;
}

static void on_attach(struct circ *c, const uint8_t *msg, size_t len)
{
	uint8_t answer[CR_ATTACHED_LEN];
	struct cr_attach a;

	if (!cr_attach_get(&a, msg, len))
		return;
	metric_add(METRIC_ATTACHES, 1);
	if (c->next.link || c->extend || (a.session && !c->attached && !session_proved(c, &a))) {
		refuse(c, METRIC_ATTACHES_REFUSED, CR_REFUSED_STATE);
		return;
	}
	if (!c->attached && !exits_attach(c, a.wanted, a.session)) {
		refuse(c, METRIC_ATTACHES_REFUSED, CR_REFUSED_ROLE);
		return;
	}
	memcpy(answer, c->inner4, sizeof(c->inner4));
	memcpy(answer + sizeof(c->inner4), c->inner6, sizeof(c->inner6));
	circ_send(c, 0, CR_CIRC_ATTACHED, answer, sizeof(answer));
}

void circs_on_message(uint32_t id, uint64_t cookie, uint8_t hop, const uint8_t *data, size_t size)
{
	struct circ *c = circ_find(id);
	const uint8_t *msg;
	uint8_t type;
	size_t len;

	if (!c || c->cookie != cookie)
		return;
	if (!cr_frame_get(data, size, &type, &msg, &len)) {
		circ_end(c, NULL);	/* authentic, and not what a daemon says */
		return;
	}
	if (c->tunnel) {
		tunnel_message(c->tunnel, hop, type, msg, len);
		return;
	}
	if (!c->pos)
		return;
	c->confirmed = true;
	switch (type) {
	case CR_CIRC_EXTEND:
		on_extend(c, msg, len);
		break;
	case CR_CIRC_ATTACH:
		on_attach(c, msg, len);
		break;
	case CR_CIRC_PING:
		if (len == CR_PING_LEN)
			circ_send(c, 0, CR_CIRC_PONG, msg, len);
		break;
	case CR_CIRC_PAD:
		break;
	default:
		circ_end(c, NULL);	/* nothing that a client may say to a relay */
		break;
	}
}

/* ---- our own ---- */

struct circ *circ_own(struct tunnel *t, struct link *l)
{
	struct circ *c = circ_alloc(0, l->large);

	if (!c)
		return NULL;
	if (!end_open(&c->next, c, l)) {
		circ_free(c);
		return NULL;
	}
	c->tunnel = t;
	return c;
}

bool circ_own_made(struct circ *c, uint32_t tx, uint16_t large)
{
	struct kside next = { link_id(c->next.link), end_rx(&c->next), tx };
	uint32_t id;

	c->next.tx = tx;
	c->large = large;
	if (!kernel_circ_new_client(&next, large, &id, &c->cookie))
		return false;
	if (idmap_put(&circs, &c->by_id, id))
		return true;
	kernel_circ_del(id);
	return false;
}

/* ---- circuits without a client ---- */

/*
 * DESTROY may be lost, and a client may just vanish. Whoever lives sends a cell
 * through its circuits now and then, so the others are found by looking.
 */
static void note_cells(const struct kcirc *k, void *arg)
{
	struct circ *c = circ_find(k->id);
	const uint64_t *now = arg;

	if (c && (c->cells != k->fwd_cells || !c->heard_ms)) {
		c->cells = k->fwd_cells;
		c->heard_ms = *now;
	}
}

struct idle {
	struct circ *c[64];
	uint64_t now;
	unsigned int n;
};

static void note_idle(struct idnode *n, void *arg)
{
	struct circ *c = container(n, struct circ, by_id);
	struct idle *i = arg;

	if (c->pos && c->heard_ms && i->now - c->heard_ms >= conf.idle_ms && i->n < 64)
		i->c[i->n++] = c;
}

static void sweep(struct timer *t)
{
	struct idle i = { .now = now_ms() };

	timer_set(t, conf.idle_ms / 4);
	if (!relayed || kernel_circs(note_cells, &i.now))
		return;
	do {
		i.n = 0;
		idmap_walk(&circs, note_idle, &i);
		for (unsigned int j = 0; j < i.n; j++)
			circ_end(i.c[j], NULL);
	} while (i.n);
}

void circs_start(void)
{
	static struct timer timer = { .fn = sweep };

	timer_set(&timer, conf.idle_ms / 4);
}

/* ---- after a restart, and after lost events ---- */

static void adopt_end(struct end *e, struct circ *c, const struct kside *s)
{
	if (!s->link || !idmap_put(&ends, &e->by_rx, s->rx))
		return;
	e->circ = c;
	e->link = link_find(s->link);
	e->tx = s->tx;
	if (e->link)
		e->link->users++;
}

static void adopt_circ(const struct kcirc *k, void *arg)
{
	struct circ *c = circ_find(k->id);

	(void)arg;
	if (c)
		return;
	c = circ_alloc(k->client ? 0 : k->pos, k->large);
	if (!c)
		return;
	if (!idmap_put(&circs, &c->by_id, k->id)) {
		circ_free(c);
		return;
	}
	c->cookie = k->cookie;
	adopt_end(&c->prev, c, &k->prev);
	adopt_end(&c->next, c, &k->next);
	if (c->prev.link)
		idmap_put(&creates, &c->by_create, create_key(c->prev.link, c->prev.tx));
	memcpy(c->inner4, k->inner4, sizeof(c->inner4));
	memcpy(c->inner6, k->inner6, sizeof(c->inner6));
	if (k->client) {
		tunnel_adopt(c, k);
	} else {
		c->attached = k->ifindex && exits_adopt(c);
		timer_set(&c->timer, CR_FORGET_MS);
	}
}

enum rc circs_adopt(void)
{
	return kernel_circs(adopt_circ, NULL);
}

struct gone_circs {
	struct circ *c[64];
	unsigned int n;
};

static void note_gone(struct idnode *n, void *arg)
{
	struct gone_circs *g = arg;
	struct kcirc k;

	if (g->n < 64 && !kernel_circ((uint32_t)n->key, &k))
		g->c[g->n++] = container(n, struct circ, by_id);
}

void circs_check(void)
{
	struct gone_circs g;

	do {
		g.n = 0;
		idmap_walk(&circs, note_gone, &g);
		for (unsigned int i = 0; i < g.n; i++)
			circs_on_gone(circ_id(g.c[i]), g.c[i]->cookie);
	} while (g.n);
}

static void end_one(struct idnode *n, void *arg)
{
	(void)arg;
	circ_end(container(n, struct circ, by_id), NULL);
}

void circs_flush(void)
{
	idmap_walk(&circs, end_one, NULL);
}

void circs_count(unsigned int *through, unsigned int *ours)
{
	*through = relayed;
	*ours = own;
}

static void free_one(struct idnode *n, void *arg)
{
	(void)arg;
	circ_free(container(n, struct circ, by_id));
}

void circs_free(void)
{
	idmap_walk(&circs, free_one, NULL);
	idmap_free(&circs);
	idmap_free(&ends);
	idmap_free(&creates);
}

struct orphans {
	const struct circ *but;
	struct circ *c[64];
	unsigned int n;
};

static void note_orphan(struct idnode *n, void *arg)
{
	struct circ *c = container(n, struct circ, by_id);
	struct orphans *o = arg;

	if (!c->pos && !c->tunnel && c != o->but && o->n < 64)
		o->c[o->n++] = c;
}

void circs_drop_orphans(const struct circ *but)
{
	struct orphans o = { .but = but };

	do {
		o.n = 0;
		idmap_walk(&circs, note_orphan, &o);
		for (unsigned int i = 0; i < o.n; i++)
			circ_end(o.c[i], NULL);
	} while (o.n);
}
