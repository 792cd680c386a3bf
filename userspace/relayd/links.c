// SPDX-License-Identifier: MIT
#include "links.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "circs.h"
#include "config.h"
#include "control/dgram.h"
#include "control/limits.h"
#include "hello.h"
#include "keys.h"
#include "metrics.h"

#define NO_GEN		255
#define FILTER_MACS	16	/* what the module takes: ours, the answers', and of those whom we ask */
#define TICK_MS		30000u	/* how often an idle link is looked at */

static struct idmap links;
static struct link *dialing;	/* by of_peer, which is free until the link is up */
static unsigned int unconfirmed;
static struct ksock socks[LISTEN_MAX];
static unsigned int sock_n;
static struct cr_dgram_keys own_first[CR_STATIC_KEYS];	/* what others make first messages to us with, by our static keys */
static unsigned int own_n;

struct link *link_find(uint32_t id)
{
	struct idnode *n = idmap_get(&links, id);

	return n ? container(n, struct link, by_id) : NULL;
}

static void set_state(struct link *l, enum link_state s)
{
	unconfirmed -= l->state == LINK_UNCONFIRMED;
	unconfirmed += s == LINK_UNCONFIRMED;
	l->state = s;
}

static void list_del(struct link **head, struct link *l)
{
	while (*head && *head != l)
		head = &(*head)->of_peer;
	if (!*head)
		return;
	*head = l->of_peer;
	l->of_peer = NULL;
}

/* Tells all who wait; they may want another link at once. */
static void wake(struct link *l, struct link *result)
{
	struct waiter *w;

	while ((w = l->waiters)) {
		l->waiters = w->next;
		w->on = NULL;
		w->fn(w, result);
	}
}

static void link_free(struct link *l)
{
	timer_stop(&l->timer);
	list_del(&dialing, l);
	if (l->peer)
		list_del(&l->peer->links, l);
	set_state(l, LINK_GOING);
	if (l->by_id.key)
		idmap_del(&links, &l->by_id);
	hello_free(l->hello);
	l->hello = NULL;
	wake(l, NULL);
	free(l);
}

void link_drop(struct link *l)
{
	uint32_t id = link_id(l);

	if (id) {
		set_state(l, LINK_GOING);
		circs_link_gone(l);
		kernel_link_del(id);
	}
	link_free(l);
}

void links_on_gone(uint32_t id)
{
	struct link *l = link_find(id);

	if (!l)
		return;
	set_state(l, LINK_GOING);
	circs_link_gone(l);
	link_free(l);
}

/* ---- sockets ---- */

static struct ksock *sock_for(const struct addr *a)
{
	for (unsigned int i = 0; i < sock_n; i++)
		if (socks[i].addr.len == a->len)
			return &socks[i];
	return NULL;
}

static void adopt_sock(const struct ksock *s, void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < conf.listen_n; i++) {
		const struct addr *want = &conf.listen[i];
		bool same = want->port ? addr_equal(want, &s->addr) :
			want->len == s->addr.len && memcmp(want->bytes, s->addr.bytes, want->len) == 0;

		if (same && s->fwmark == conf.fwmark && sock_n < LISTEN_MAX) {
			for (unsigned int j = 0; j < sock_n; j++)
				if (socks[j].id == s->id || (!want->port && socks[j].addr.len == want->len))
					return;
			socks[sock_n++] = *s;
			return;
		}
	}
}

static enum rc open_socks(void)
{
	enum rc rc = kernel_socks(adopt_sock, NULL);
	unsigned int found = sock_n;

	for (unsigned int i = 0; i < conf.listen_n && !rc; i++) {
		struct ksock *s = &socks[sock_n];
		bool have = false;

		for (unsigned int j = 0; j < found; j++)
			have |= socks[j].addr.len == conf.listen[i].len &&
				(!conf.listen[i].port || socks[j].addr.port == conf.listen[i].port);
		if (have || sock_n == LISTEN_MAX)
			continue;
		*s = (struct ksock){ .addr = conf.listen[i], .fwmark = conf.fwmark };
		rc = kernel_sock_new(&conf.listen[i], conf.fwmark, &s->id);
		sock_n += !rc;
	}
	return rc;
}

/* ---- up and down ---- */

static void link_timer(struct timer *t);

static struct link *link_alloc(struct peer *p)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l) {
		l->peer = p;
		l->next_gen = NO_GEN;
		l->timer.fn = link_timer;
	}
	return l;
}

static void send_ping(struct link *l)
{
	if (!l->pinging) {
		randombytes_buf(l->ping, sizeof(l->ping));
		l->pinging = true;
		l->tries = 0;
	}
	l->tries++;
	kernel_send_link(link_id(l), CR_CTL_PING, l->ping, sizeof(l->ping), NULL);
}

/* In the kernel's tables with fresh keys. Return: false when it could not be. */
static bool install(struct link *l, struct hello *h, bool send, uint32_t expires_ms)
{
	struct kkey k = {
		.link = link_id(l), .gen = l->next_gen, .rx_index = h->index, .tx_index = h->peer.index,
		.expires_ms = expires_ms, .send = send,
	};
	bool ok;

	memcpy(k.tx_idx_key, h->peer.idx_key, sizeof(k.tx_idx_key));
	ok = hello_keys(h, &k.tx, &k.rx) && kernel_key_new(&k);
	sodium_memzero(&k, sizeof(k));
	return ok;
}

static void keys_fresh(struct link *l)
{
	struct klink k;

	l->gen = l->next_gen;
	l->next_gen = NO_GEN;
	l->keys_ms = now_ms();
	l->keys_cells = kernel_link(link_id(l), &k) ? k.cells : 0;
}

static bool link_make(struct link *l, const struct addr *to, bool roam)
{
	uint32_t id;

	l->addr = *to;
	if (kernel_link_new(l->sock, to, roam, &id))
		return false;
	if (!idmap_put(&links, &l->by_id, id)) {
		kernel_link_del(id);
		return false;
	}
	return true;
}

static void link_up(struct link *l)
{
	if (l->state == LINK_DIALING)
		list_del(&dialing, l);
	else if (l->peer)
		list_del(&l->peer->links, l);
	set_state(l, LINK_UP);
	metric_add(METRIC_LINKS_MADE, 1);
	if (l->peer) {
		l->of_peer = l->peer->links;
		l->peer->links = l;
	}
	l->used_ms = now_ms();
	timer_set(&l->timer, TICK_MS);
	wake(l, l);
}

void link_want(struct peer *p, struct waiter *w)
{
	struct link *l;

	for (l = p->links; l; l = l->of_peer)
		if (l->state == LINK_UP) {
			w->fn(w, l);
			return;
		}
	for (l = dialing; l && l->peer != p; l = l->of_peer)
		;
	if (!l) {
		const struct addr *to = NULL;

		for (unsigned int i = 0; i < p->addr_n && !to; i++)
			to = sock_for(&p->addr[i]) ? &p->addr[i] : NULL;
		l = to ? link_alloc(p) : NULL;
		if (!l) {
			w->fn(w, NULL);
			return;
		}
		l->addr = *to;
		l->sock = sock_for(to)->id;
		l->initiator = true;
		l->of_peer = dialing;
		dialing = l;
		timer_set(&l->timer, 0);
	}
	w->on = l;
	w->next = l->waiters;
	l->waiters = w;
}

void link_unwant(struct waiter *w)
{
	struct waiter **p = w->on ? &w->on->waiters : NULL;

	while (p && *p && *p != w)
		p = &(*p)->next;
	if (p && *p)
		*p = w->next;
	w->on = NULL;
}

/* ---- handshakes from outside: we ask ---- */

/* A relay's module lets through what somebody can have sent who knows us or whom we asked. */
static void expect(void)
{
	uint8_t macs[FILTER_MACS][16], streams[CR_STATIC_KEYS][32];
	unsigned int n = 0;

	if (!conf.relay)
		return;
	for (; n < own_n; n++) {
		memcpy(macs[n], own_first[n].mac, 16);
		memcpy(streams[n], own_first[n].stream, 32);
	}
	cr_derive_reply_mac(macs[n++], kernel_idx_key());
	for (const struct link *l = dialing; l && n < FILTER_MACS; l = l->of_peer)
		if (l->hello)
			memcpy(macs[n++], l->hello->mac, 16);
	kernel_filter(macs[0], n, streams[0], own_n, conf.cookie_above);
	sodium_memzero(streams, sizeof(streams));
}

void links_keys_changed(void)
{
	sodium_memzero(own_first, sizeof(own_first));
	for (own_n = 0; own_n < keys->n; own_n++)
		cr_derive_first(&own_first[own_n], keys->s[own_n].x);
	expect();
}

static void dial(struct link *l)
{
	uint16_t size = l->tries < CR_HELLO_TRIES ? CR_CELL_LARGE : CR_CELL_LARGE_V6MIN;
	uint8_t dgram[CR_CELL_LARGE];

	if (l->tries == 2 * CR_HELLO_TRIES) {
		err("relay %s does not answer", l->peer->name);
		link_free(l);
		return;
	}
	if (!l->hello || l->hello->large != size) {
		hello_free(l->hello);
		l->hello = hello_first(CR_FOR_LINK, l->peer, size);
		if (!l->hello) {
			link_free(l);
			return;
		}
	}
	l->tries++;
	timer_set(&l->timer, CR_HELLO_TRY_MS);
	if (cr_dgram_seal(dgram, size, &l->hello->first, CR_DGRAM_FIRST, l->hello->msg, CR_LINK_MSG1_LEN,
			  l->hello->has_cookie ? l->hello->cookie : NULL)) {
		memcpy(l->hello->mac, dgram + CR_DGRAM_MAC, sizeof(l->hello->mac));
		expect();
		kernel_send_dgram(l->sock, &l->addr, dgram, size);
	}
}

static void answered(struct link *l, size_t size, const uint8_t *msg, size_t len)
{
	enum cr_status status;

	if (size != l->hello->large || !hello_second(l->hello, msg, len, &status)) {
		hello_free(l->hello);	/* a failed handshake is dead: the timer begins another */
		l->hello = NULL;
		return;
	}
	if (status != CR_STATUS_OK) {
		err("relay %s refuses a link: %s", l->peer->name, hello_status(status));
		link_free(l);
		return;
	}
	l->large = l->hello->large;
	l->next_gen = 0;
	if (!link_make(l, &l->addr, false)) {
		link_free(l);
		return;
	}
	if (!install(l, l->hello, true, CR_LINK_KEY_LIFE_MS)) {
		err("cannot install the keys of the link with relay %s", l->peer->name);
		link_drop(l);
		return;
	}
	hello_free(l->hello);
	l->hello = NULL;
	keys_fresh(l);
	/* the other side uses its new link only when it has seen a cell */
	send_ping(l);
	link_up(l);
	timer_set(&l->timer, CR_HELLO_TRY_MS);
}

/* Is it an answer to one of ours? */
static bool take_answer(const uint8_t *data, size_t size)
{
	uint8_t plain[CR_CELL_LARGE], reply_mac[16], type;
	const uint8_t *msg;
	size_t len;

	cr_derive_reply_mac(reply_mac, kernel_idx_key());
	if (cr_dgram_is(data, size, reply_mac)) {
		for (struct link *l = dialing; l; l = l->of_peer)
			if (l->hello && cr_dgram_open(data, size, l->hello->reply_stream, plain, &type, &msg, &len) &&
			    type == CR_DGRAM_SECOND) {
				answered(l, size, msg, len);
				return true;
			}
		return true;
	}
	for (struct link *l = dialing; l; l = l->of_peer)
		if (l->hello && cr_dgram_is(data, size, l->hello->mac) &&
		    cr_dgram_open(data, size, l->hello->first.stream, plain, &type, &msg, &len) &&
		    type == CR_DGRAM_TRY_AGAIN && len == CR_DGRAM_COOKIE_LEN && !l->hello->has_cookie) {
			memcpy(l->hello->cookie, msg, CR_DGRAM_COOKIE_LEN);
			l->hello->has_cookie = true;
			timer_set(&l->timer, 0);
			return true;
		}
	return false;
}

enum rc links_init(void)
{
	enum rc rc = open_socks();

	if (!rc)
		links_keys_changed();
	return rc;
}

/* ---- handshakes from outside: we are asked ---- */

/* @by: of the static key that it was made for */
static void asked(const struct cr_dgram_keys *by, uint32_t sock, const struct addr *from, const uint8_t *data, size_t size)
{
	uint8_t plain[CR_CELL_LARGE], dgram[CR_CELL_LARGE], type;
	struct cr_dgram_keys k;
	const uint8_t *msg;
	struct hello *h;
	struct link *l = NULL;
	bool relay;
	size_t len;

	if (size == CR_CELL_SMALL || unconfirmed >= CR_LINK_UNCONFIRMED_MAX ||
	    !cr_dgram_open(data, size, by->stream, plain, &type, &msg, &len) || type != CR_DGRAM_FIRST)
		return;
	metric_add(METRIC_LINKS_ASKED, 1);
	h = hello_asked(CR_FOR_LINK, msg, len, (uint16_t)size);
	if (!h)
		return;
	cr_derive_reply(&k, h->peer.idx_key, h->ck);
	relay = h->relay && h->relay->addr_n;
	if (h->mine.status == CR_STATUS_OK) {
		l = link_alloc(h->relay);
		if (!l)
			goto out;
		l->sock = sock;
		l->large = (uint16_t)size;
		l->next_gen = 0;
		set_state(l, LINK_UNCONFIRMED);
		if (h->relay) {
			l->of_peer = h->relay->links;
			h->relay->links = l;
		}
		/* whoever sends to a relay uses the address of its descriptor */
		if (relay)
			for (unsigned int i = 0; i < h->relay->addr_n; i++)
				if (h->relay->addr[i].len == from->len) {
					from = &h->relay->addr[i];
					break;
				}
		if (!link_make(l, from, !relay)) {
			link_free(l);
			goto out;
		}
		if (!install(l, h, false, CR_LINK_CONFIRM_MS)) {
			link_drop(l);
			goto out;
		}
		timer_set(&l->timer, CR_LINK_CONFIRM_MS);
	}
	if (cr_dgram_seal(dgram, size, &k, CR_DGRAM_SECOND, h->msg, CR_LINK_MSG2_LEN, NULL))
		kernel_send_dgram(sock, from, dgram, size);
out:
	sodium_memzero(&k, sizeof(k));
	hello_free(h);
}

void links_on_dgram(uint32_t sock, const struct addr *from, const uint8_t *data, size_t size)
{
	for (unsigned int i = 0; i < own_n && conf.relay; i++)
		if (cr_dgram_is(data, size, own_first[i].mac)) {
			asked(&own_first[i], sock, from, data, size);
			return;
		}
	take_answer(data, size);
}

/* ---- messages of circuit 0 ---- */

static void confirmed(struct link *l)
{
	if (kernel_key_set(link_id(l), l->next_gen, true, CR_LINK_KEY_LIFE_MS)) {
		link_drop(l);
		return;
	}
	keys_fresh(l);
	link_up(l);
}

static void pong(struct link *l, const uint8_t *msg, size_t len, const struct addr *from)
{
	if (!l->pinging || len != sizeof(l->ping) || sodium_memcmp(msg, l->ping, len) != 0)
		return;
	l->pinging = false;
	if (!l->roam_to.len)
		return;
	/* only the new address itself can return what was sent there */
	if (from && addr_equal(from, &l->roam_to) && kernel_link_move(link_id(l), from) == RC_OK)
		l->addr = *from;
	l->roam_to.len = 0;
}

void links_on_roam(uint32_t id, const struct addr *to)
{
	struct link *l = link_find(id);

	if (!l || l->state != LINK_UP || (l->peer && l->peer->addr_n))
		return;
	l->roam_to = *to;
	randombytes_buf(l->ping, sizeof(l->ping));
	l->pinging = true;
	kernel_send_link(id, CR_CTL_PING, l->ping, sizeof(l->ping), to);
}

/* ---- fresh keys for a link that is up ---- */

static void rekey_send(struct link *l)
{
	uint8_t msg[1 + CR_LINK_MSG1_LEN] = { CR_REKEY_FIRST };

	memcpy(msg + 1, l->hello->msg, CR_LINK_MSG1_LEN);
	kernel_send_link(link_id(l), CR_CTL_REKEY, msg, sizeof(msg), NULL);
	l->tries++;
	timer_set(&l->timer, CR_HELLO_TRY_MS);
}

static void rekey(struct link *l)
{
	/* the other side's keys wait for their first cell: two at once would displace them */
	if (l->next_gen != NO_GEN)
		return;
	hello_free(l->hello);
	l->hello = l->peer ? hello_first(CR_FOR_REKEY, l->peer, l->large) : NULL;
	l->tries = 0;
	if (l->hello)
		rekey_send(l);
}

/* The generation before goes when what is under way has come. */
static void retire(struct link *l)
{
	kernel_key_set(link_id(l), l->gen, false, CR_LINK_OLD_KEY_MS);
	metric_add(METRIC_REKEYS, 1);
}

static uint8_t gen_after(const struct link *l)
{
	uint8_t gen = (uint8_t)((l->gen + 1) % 3);

	kernel_key_del(link_id(l), gen);
	return gen;
}

static void rekey_asked(struct link *l, const uint8_t *msg, size_t len)
{
	struct hello *h;

	if (!keys->has || len < sizeof(l->rekey_e))
		return;
	if (l->next_gen != NO_GEN && memcmp(msg, l->rekey_e, sizeof(l->rekey_e)) == 0) {
		kernel_send_link(link_id(l), CR_CTL_REKEY, l->rekey_reply, sizeof(l->rekey_reply), NULL);
		return;
	}
	/* both began: the greater identity goes on */
	if (l->hello && l->peer && memcmp(keys->identity, l->peer->identity, 32) > 0)
		return;
	h = hello_asked(CR_FOR_REKEY, msg, len, l->large);
	if (!h)
		return;
	/* a relay's link is renewed by that relay only; a client proves itself by the link */
	if (h->relay != l->peer || h->mine.status != CR_STATUS_OK)
		goto out;
	hello_free(l->hello);
	l->hello = NULL;
	l->next_gen = gen_after(l);
	if (!install(l, h, false, CR_LINK_KEY_LIFE_MS)) {
		l->next_gen = NO_GEN;
		goto out;
	}
	memcpy(l->rekey_e, msg, sizeof(l->rekey_e));
	l->rekey_reply[0] = CR_REKEY_SECOND;
	memcpy(l->rekey_reply + 1, h->msg, CR_LINK_MSG2_LEN);
	kernel_send_link(link_id(l), CR_CTL_REKEY, l->rekey_reply, sizeof(l->rekey_reply), NULL);
out:
	hello_free(h);
}

static void rekey_confirm(struct link *l)
{
	static const uint8_t step = CR_REKEY_CONFIRM;

	kernel_send_link(link_id(l), CR_CTL_REKEY, &step, 1, NULL);
	send_ping(l);
}

static void rekey_answered(struct link *l, const uint8_t *msg, size_t len)
{
	enum cr_status status;

	if (!l->hello)
		return;
	if (hello_second(l->hello, msg, len, &status) && status == CR_STATUS_OK) {
		l->next_gen = gen_after(l);
		if (install(l, l->hello, true, CR_LINK_KEY_LIFE_MS)) {
			retire(l);
			keys_fresh(l);
			l->pinging = false;
			rekey_confirm(l);
		} else {
			l->next_gen = NO_GEN;
		}
	}
	hello_free(l->hello);
	l->hello = NULL;
	timer_set(&l->timer, l->pinging ? CR_HELLO_TRY_MS : TICK_MS);
}

static void rekey_message(struct link *l, const uint8_t *msg, size_t len)
{
	if (!len)
		return;
	switch (msg[0]) {
	case CR_REKEY_FIRST:
		rekey_asked(l, msg + 1, len - 1);
		break;
	case CR_REKEY_SECOND:
		rekey_answered(l, msg + 1, len - 1);
		break;
	case CR_REKEY_CONFIRM:
		/* its sender seals with the new keys since it sent this */
		if (l->next_gen == NO_GEN || kernel_key_set(link_id(l), l->next_gen, true, CR_LINK_KEY_LIFE_MS))
			break;
		retire(l);
		keys_fresh(l);
		break;
	default:
		break;
	}
}

void links_on_message(uint32_t id, uint8_t type, const uint8_t *msg, size_t len, const struct addr *from)
{
	struct link *l = link_find(id);

	if (!l)
		return;
	if (l->state == LINK_UNCONFIRMED) {
		confirmed(l);
		l = link_find(id);
		if (!l)
			return;
	}
	switch (type) {
	case CR_CTL_PING:
		if (len == CR_PING_LEN)
			kernel_send_link(id, CR_CTL_PONG, msg, len, NULL);
		break;
	case CR_CTL_PONG:
		pong(l, msg, len, from);
		break;
	case CR_CTL_REKEY:
		rekey_message(l, msg, len);
		break;
	default:
		circs_on_link_message(l, type, msg, len);
		break;
	}
}

void links_on_key_gone(uint32_t id)
{
	struct link *l = link_find(id);
	struct klink k;

	/* nobody renewed its keys: a link without is of no use */
	if (l && l->state == LINK_UP && kernel_link(id, &k) && !k.keys)
		link_drop(l);
}

/* ---- time ---- */

static void tick(struct link *l)
{
	uint64_t now = now_ms();
	struct klink k;

	timer_set(&l->timer, TICK_MS);
	if (l->users)
		l->used_ms = now;
	if (!kernel_link(link_id(l), &k)) {
		links_on_gone(link_id(l));
		return;
	}
	if (l->initiator && !l->users && now - l->used_ms >= CR_LINK_IDLE_MS && !conf.nat) {
		link_drop(l);
		return;
	}
	if (l->initiator && l->peer &&
	    (now - l->keys_ms >= conf.rekey_ms || k.cells - l->keys_cells >= CR_LINK_REKEY_CELLS))
		rekey(l);
	else if (l->initiator && conf.nat && k.silent_ms >= CR_KEEPALIVE_MS)
		send_ping(l);
	if (conf.rekey_ms < TICK_MS && l->timer.at && !l->hello)
		timer_set(&l->timer, conf.rekey_ms);
}

static void link_timer(struct timer *t)
{
	struct link *l = container(t, struct link, timer);

	switch (l->state) {
	case LINK_DIALING:
		dial(l);
		break;
	case LINK_UNCONFIRMED:
		link_drop(l);
		break;
	case LINK_UP:
		if (l->hello && l->tries < CR_HELLO_TRIES * 2) {
			rekey_send(l);
		} else if (l->pinging && !l->roam_to.len && l->tries < CR_HELLO_TRIES * 2) {
			rekey_confirm(l);
			timer_set(&l->timer, CR_HELLO_TRY_MS);
		} else {
			hello_free(l->hello);
			l->hello = NULL;
			l->pinging = false;
			tick(l);
		}
		break;
	case LINK_GOING:
		break;
	}
}

/* ---- after a restart ---- */

static void adopt_link(const struct klink *k, void *arg)
{
	struct link *l = link_find(k->id);

	(void)arg;
	if (l || !k->keys)
		return;
	l = link_alloc(k->roam ? NULL : peer_by_addr(&k->addr));
	if (!l || !idmap_put(&links, &l->by_id, k->id)) {
		free(l);
		return;
	}
	l->sock = k->sock;
	l->addr = k->addr;
	l->gen = k->gen;
	/* what the path carries is not known any more: the size that every path does */
	l->large = CR_CELL_LARGE_V6MIN;
	l->keys_ms = now_ms();
	l->keys_cells = k->cells;
	/* a client's keys are the client's business */
	l->initiator = l->peer;
	l->state = LINK_DIALING;
	link_up(l);
}

enum rc links_adopt(void)
{
	return kernel_links(adopt_link, NULL);
}

struct gone_list {
	uint32_t id[64];
	unsigned int n;
};

static void note_gone(struct idnode *n, void *arg)
{
	struct gone_list *g = arg;
	struct klink k;

	if (g->n < 64 && !kernel_link((uint32_t)n->key, &k))
		g->id[g->n++] = (uint32_t)n->key;
}

/* Events were lost: links that are gone from the kernel go here, too. */
void links_check(void)
{
	struct gone_list g;

	do {
		g.n = 0;
		idmap_walk(&links, note_gone, &g);
		for (unsigned int i = 0; i < g.n; i++)
			links_on_gone(g.id[i]);
	} while (g.n);
}

static void one_json(struct idnode *n, void *arg)
{
	static const char *const states[] = { "dialing", "unconfirmed", "up", "going" };
	const struct link *l = container(n, struct link, by_id);
	char text[ADDR_TEXT];

	json_array_append_new(arg, json_pack("{s:I,s:s,s:s?,s:s,s:i,s:i,s:i}", "id", (json_int_t)link_id(l), "state",
					     states[l->state], "relay", l->peer ? l->peer->name : NULL, "address",
					     addr_text(text, &l->addr), "large", l->large, "circuits", (int)l->users,
					     "generation", l->gen));
}

void links_json(json_t *array)
{
	idmap_walk(&links, one_json, array);
}

static void drop_one(struct idnode *n, void *arg)
{
	(void)arg;
	link_drop(container(n, struct link, by_id));
}

void links_flush(void)
{
	idmap_walk(&links, drop_one, NULL);
	for (unsigned int i = 0; i < sock_n; i++)
		kernel_sock_del(socks[i].id);
	sock_n = 0;
}

void links_free(void)
{
	sodium_memzero(own_first, sizeof(own_first));
	own_n = 0;
	idmap_free(&links);
}
