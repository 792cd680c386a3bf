// SPDX-License-Identifier: MIT
/*
 * A client's circuits in a world of five relays that is played here, with a clock of its own: what is built, what
 * becomes of flows when relays are lost, when circuits grow old.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail	/* the daemon has one, too */

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "control/bytes.h"
#include "hello.h"
#include "log.h"
#include "metrics.h"
#include "netlink/sockets.h"
#include "online.h"
#include "relayd.h"
#include "resume.h"
#include "tunnel_state.h"

#define RELAYS		5	/* two guards, two middles, an exit */
#define EXIT		4
#define CIRCS		64
#define EVENTS		256
#define DELAY_MS	20	/* of every answer */

/* ---- the clock ---- */

static uint64_t clock_ms = 1000000;
static struct timer *running[EVENTS];
static unsigned int running_n;

uint64_t now_ms(void)
{
	return clock_ms;
}

void timer_stop(struct timer *t)
{
	for (unsigned int i = 0; i < running_n; i++)
		if (running[i] == t) {
			running[i] = running[--running_n];
			break;
		}
	t->at = 0;
}

void timer_set(struct timer *t, uint32_t ms)
{
	timer_stop(t);
	t->when = clock_ms + ms;
	t->at = 1;
	running[running_n++] = t;
}

/* ---- relays ---- */

static struct peer relay[RELAYS];
static uint8_t secret[RELAYS][32];
static bool dead[RELAYS];
static bool no_link;	/* our own network is gone */
static bool cut;	/* there is no way from the first middle to the exit, while both live */
static bool both_middles;	/* are taken in turn */
static uint64_t pong_ms[RELAYS];	/* what each takes to answer PING, instead of DELAY_MS */
static uint64_t lag_ms;		/* between the kernel's counting and our reading */
static struct link guard_link[2];

/** struct sim - a circuit as relays and kernel have it */
struct sim {
	struct circ c;
	uint64_t fwd, bwd;
	uint8_t hash[NOISE_HASH_LEN];	/* of the last handshake */
	bool ended;
	struct addr inner;
};

static struct sim sim[CIRCS];
static unsigned int sims;

/** struct event - an answer under way */
struct event {
	uint64_t due;
	bool counted;
	struct sim *s;
	uint8_t hop, type;	/* hop 0: CREATED */
	uint8_t msg[256];
	size_t len;
};

static struct event event[EVENTS];
static unsigned int event_n;
static unsigned int pings;

/* Sessions that the exit knows, by number of the address; with the first it has lent out nothing. */
static uint8_t session[256][32];
static uint8_t leases;

static struct waiter *waiting;
static uint64_t waiting_until;

static struct sim *of(struct circ *c)
{
	return container(c, struct sim, c);
}

static int number(const struct peer *p)
{
	return (int)(p - relay);
}

/* Does the path carry as far as this hop? */
static bool alive(const struct tunnel *t, uint8_t hop)
{
	for (uint8_t i = 0; i < hop; i++)
		if (dead[number(t->path.relay[i])] || (cut && i == 2 && t->path.relay[1] == &relay[2]))
			return false;
	return !no_link;
}

static struct event *answer(struct sim *s, uint8_t hop, uint8_t type, uint64_t ms)
{
	struct event *e = &event[event_n++];

	assert_true(event_n < EVENTS);
	*e = (struct event){ .due = clock_ms + ms, .s = s, .hop = hop, .type = type };
	return e;
}

/* The relay's side of a handshake; the hash is what a session's key signs. */
static size_t shake(struct sim *s, int r, const uint8_t *msg, size_t len, uint8_t *reply)
{
	uint8_t prologue[CR_PROLOGUE_LEN], payload[256], send[32], recv[32];
	size_t n = sizeof(payload), out = 200;
	struct cr_circ_hello hello;
	struct noise *noise = NULL;

	cr_prologue(prologue, CR_FOR_CIRCUIT, conf.ledger, relay[r].identity);
	assert_int_equal(noise_new(&noise, NOISE_NK, false, prologue, sizeof(prologue), secret[r], NULL), NOISE_OK);
	assert_int_equal(noise_read(noise, msg, len, payload, &n), NOISE_OK);
	assert_true(cr_circ_hello_get(&hello, payload, n));
	hello.pos = CR_STATUS_OK;
	cr_circ_hello_put(payload, &hello);
	assert_int_equal(noise_write(noise, payload, CR_CIRC_HELLO_LEN, reply, &out), NOISE_OK);
	memcpy(s->hash, noise_hash(noise), sizeof(s->hash));
	assert_int_equal(noise_split(noise, send, recv), NOISE_OK);
	noise_free(noise);
	return out;
}

static void attach(struct sim *s, uint8_t hop, const uint8_t *msg, size_t len)
{
	uint8_t message[CR_ATTACH_SIGNED_LEN];
	struct cr_attach a;
	struct event *e;
	uint8_t n = 0;

	assert_true(cr_attach_get(&a, msg, len) && a.session);
	cr_attach_signed(message, s->hash);
	assert_int_equal(crypto_sign_verify_detached(a.signature, message, sizeof(message), a.session), 0);
	while (n < leases && memcmp(session[n], a.session, 32) != 0)
		n++;
	if (n == leases)
		memcpy(session[leases++], a.session, 32);
	e = answer(s, hop, CR_CIRC_ATTACHED, DELAY_MS);
	e->len = CR_ATTACHED_LEN;
	memcpy(e->msg, (uint8_t []){ 10, 99, 0, (uint8_t)(n + 2) }, 4);
}

static void extend(struct sim *s, uint8_t hop, const uint8_t *msg, size_t len)
{
	struct cr_extend x;
	struct event *e;
	int r = 0;

	assert_true(cr_extend_get(&x, msg, len));
	while (memcmp(relay[r].identity, x.relay, 32) != 0)
		r++;
	if (dead[r] || (cut && r == EXIT && s->c.tunnel->path.relay[1] == &relay[2])) {
		e = answer(s, hop, CR_CIRC_REFUSED, 5000);
		e->len = 1;
		e->msg[0] = CR_REFUSED_UNREACHABLE;
		return;
	}
	e = answer(s, hop, CR_CIRC_EXTENDED, DELAY_MS);
	e->len = shake(s, r, x.noise, x.noise_len, e->msg);
}

bool circ_send(struct circ *c, uint8_t hop, uint8_t type, const void *msg, size_t len)
{
	struct sim *s = of(c);

	s->fwd++;
	pings += type == CR_CIRC_PING;
	if (!alive(c->tunnel, hop))
		return true;
	if (type == CR_CIRC_EXTEND) {
		extend(s, hop, msg, len);
	} else if (type == CR_CIRC_ATTACH) {
		attach(s, hop, msg, len);
	} else if (type == CR_CIRC_PING) {
		uint64_t ms = pong_ms[number(c->tunnel->path.relay[hop - 1])];
		struct event *e = answer(s, hop, CR_CIRC_PONG, ms ? ms : DELAY_MS);

		memcpy(e->msg, msg, len);
		e->len = len;
	}
	return true;
}

bool kernel_send_link(uint32_t link, uint8_t type, const void *msg, size_t len, const struct addr *to)
{
	struct cr_create create;
	struct event *e;
	struct sim *s;

	(void)link;
	(void)to;
	if (type != CR_CTL_CREATE)
		return true;
	assert_true(cr_create_get(&create, msg, len));
	s = &sim[create.circ - 1];
	if (!alive(s->c.tunnel, 1))
		return true;
	e = answer(s, 0, 0, DELAY_MS);
	e->len = shake(s, number(s->c.tunnel->path.relay[0]), create.noise, create.noise_len, e->msg);
	return true;
}

static void deliver(struct event *e)
{
	struct tunnel *t = e->s->c.tunnel;

	if (e->s->ended || !t || (!e->counted && !alive(t, e->hop ? e->hop : 1)))
		return;
	e->s->bwd += !e->counted;
	if (lag_ms && !e->counted) {
		e->counted = true;
		e->due += lag_ms;
		event[event_n++] = *e;
		assert_true(event_n < EVENTS);
		return;
	}
	if (e->hop) {
		tunnel_message(t, e->hop, e->type, e->msg, e->len);
	} else {
		struct cr_created m = { .circ = end_rx(&e->s->c.next), .mine = 7, .noise = e->msg, .noise_len = e->len };

		tunnel_created(t, &m);
	}
}

/* Lets time pass. */
static void pass(uint64_t ms)
{
	uint64_t end = clock_ms + ms;

	for (;;) {
		uint64_t first = end + 1;
		struct timer *timer = NULL;
		int ev = -1;

		for (unsigned int i = 0; i < running_n; i++)
			if (running[i]->when < first) {
				first = running[i]->when;
				timer = running[i];
			}
		for (unsigned int i = 0; i < event_n; i++)
			if (event[i].due < first) {
				first = event[i].due;
				ev = (int)i;
				timer = NULL;
			}
		if (waiting && waiting_until < first) {
			struct waiter *w = waiting;

			clock_ms = waiting_until;
			waiting = NULL;
			w->on = NULL;
			w->fn(w, NULL);
			continue;
		}
		if (first > end)
			break;
		clock_ms = first > clock_ms ? first : clock_ms;
		if (ev >= 0) {
			struct event e = event[ev];

			event[ev] = event[--event_n];
			deliver(&e);
		} else {
			timer_stop(timer);
			timer->fn(timer);
		}
	}
	clock_ms = end;
}

/* ---- the rest of the daemon ---- */

void link_want(struct peer *p, struct waiter *w)
{
	if (dead[number(p)] || no_link) {
		waiting = w;
		waiting_until = clock_ms + 6000;
		return;
	}
	w->fn(w, &guard_link[number(p)]);
}

void link_unwant(struct waiter *w)
{
	if (waiting == w)
		waiting = NULL;
}

struct circ *circ_own(struct tunnel *t, struct link *l)
{
	struct sim *s = &sim[sims++];

	assert_true(sims < CIRCS);
	s->c.tunnel = t;
	s->c.next.link = l;
	s->c.next.by_rx.key = sims;
	return &s->c;
}

bool circ_own_made(struct circ *c, uint32_t tx, uint16_t large)
{
	c->by_id.key = end_rx(&c->next);
	c->cookie = 1000 + c->by_id.key;
	c->next.tx = tx;
	c->large = large;
	return true;
}

void circ_end(struct circ *c, const struct end *but)
{
	struct tunnel *t = c->tunnel;

	(void)but;
	of(c)->ended = true;
	c->tunnel = NULL;
	if (t)
		tunnel_lost(t, c);
}

void circs_drop_orphans(const struct circ *but)
{
	(void)but;
}

static uint8_t flow;		/* last byte of the address of a connection; 0: none, or it was ended */
static bool traffic;		/* over the circuit that has it */

bool kernel_circ(uint32_t id, struct kcirc *k)
{
	struct sim *s = &sim[id - 1];

	if (traffic && s->c.tunnel && s->c.tunnel->inner[0].bytes[3] == flow) {
		s->fwd += 5;
		if (alive(s->c.tunnel, s->c.tunnel->path.n))
			s->bwd += 5;
	}
	*k = (struct kcirc){ .id = id, .fwd_cells = s->fwd, .bwd_cells = s->bwd };
	return !s->ended;
}

enum rc kernel_circ_bind(uint32_t id, uint32_t ifindex, const uint8_t *inner4, const uint8_t *inner6)
{
	(void)id;
	(void)inner6;
	assert_int_equal(ifindex, 9);
	return inner4[0] == 10 ? RC_OK : RC_REFUSED;
}

enum rc kernel_hop_new(uint32_t circ, uint8_t pos, const uint8_t fwd[32], const uint8_t bwd[32], bool exit)
{
	(void)circ;
	(void)fwd;
	(void)bwd;
	assert_int_equal(exit, pos == 3);
	return RC_OK;
}

enum rc kn_sockets(const struct addr *local, bool end, unsigned int *count)
{
	*count = flow && local->bytes[3] == flow;
	if (*count && end)
		flow = 0;
	return RC_OK;
}

static bool has_address[256];
static uint8_t preferred;
static bool is_up;

enum rc online_up(void)
{
	is_up = true;
	return RC_OK;
}

void online_down(void)
{
	is_up = false;
}

uint32_t online_device(void)
{
	return 9;
}

bool online_mark_changed(void)
{
	return false;
}

void online_mark_was_changed(bool was)
{
	(void)was;
}

void online_guards(const struct peer *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_in_range(number(list[i]), 0, 1);
}

void online_add(const struct addr inner[2])
{
	has_address[inner[0].bytes[3]] = true;
}

void online_del(const struct addr inner[2])
{
	if (inner[0].len)
		has_address[inner[0].bytes[3]] = false;
}

void online_prefer(const struct addr inner[2])
{
	preferred = inner[0].bytes[3];
}

static uint64_t away_until[2];

enum rc choice_possible(const struct wish *w)
{
	(void)w;
	return RC_OK;
}

enum rc choice_named(const char *path, struct route *out)
{
	(void)path;
	(void)out;
	return RC_USAGE;
}

bool choice_make(struct route *out, const struct wish *w, const struct peer *exit, const struct peer *not_this)
{
	static int middle = 2;

	(void)w;
	assert_true(!exit || exit == &relay[EXIT]);
	middle = both_middles ? 5 - middle : 2;
	if (not_this == &relay[middle])
		middle = 5 - middle;
	*out = (struct route){ .n = 3, .relay = { &relay[away_until[0] > clock_ms], &relay[middle], &relay[EXIT] } };
	return not_this != &relay[EXIT];
}

void choice_guard_result(const struct peer *guard, bool ok)
{
	(void)guard;
	(void)ok;
}

void choice_guard_away(const struct peer *guard)
{
	away_until[number(guard)] = clock_ms + 60000;
}

static struct resume saved;	/* what a daemon that dies leaves */
static struct resume_seed saved_seeds[RESUME_CIRCS];
static bool resuming, lose_seeds;

struct resume_seed *resume_seeds(void)
{
	struct resume_seed *s = sodium_malloc(sizeof(saved_seeds));

	assert_non_null(s);
	memset(s, 0, sizeof(saved_seeds));
	return s;
}

bool resume_load(struct resume *r)
{
	*r = saved;
	r->seed = NULL;
	return resuming;
}

struct resume_seed *resume_seeds_load(void)
{
	struct resume_seed *s = lose_seeds ? NULL : resume_seeds();

	if (s)
		memcpy(s, saved_seeds, sizeof(saved_seeds));
	return s;
}

void resume_save(const struct resume *r)
{
	saved = *r;
	assert_non_null(r->seed);
	memcpy(saved_seeds, r->seed, sizeof(saved_seeds));
}

void resume_forget(void)
{
}

const struct cr_snapshot_id *relayd_snapshot(void)
{
	static const struct cr_snapshot_id none;

	return &none;
}

void metric_add(enum metric m, unsigned int n)
{
	(void)m;
	(void)n;
}

const char *hello_status(enum cr_status s)
{
	(void)s;
	return "";
}

/* ---- tests ---- */

static int fresh(void **state)
{
	(void)state;
	memset(&conf, 0, sizeof(conf));
	strcpy(conf.client_dev, "cell0");
	conf.circuit_ms = 600000;
	for (int i = 0; i < RELAYS; i++) {
		relay[i] = (struct peer){ .identity = { (uint8_t)(i + 1) } };
		relay[i].name[0] = (char)('a' + i);
		randombytes_buf(secret[i], 32);
		crypto_scalarmult_base(relay[i].key, secret[i]);
	}
	memset(dead, 0, sizeof(dead));
	memset(sim, 0, sizeof(sim));
	memset(has_address, 0, sizeof(has_address));
	memset(away_until, 0, sizeof(away_until));
	for (int i = 0; i < 2; i++) {
		guard_link[i].large = CR_CELL_LARGE;
		guard_link[i].peer = &relay[i];
	}
	sims = event_n = pings = 0;
	leases = preferred = flow = 0;
	traffic = no_link = cut = both_middles = false;
	memset(pong_ms, 0, sizeof(pong_ms));
	lag_ms = 0;
	resuming = lose_seeds = false;
	waiting = NULL;
	return 0;
}

static int done(void **state)
{
	(void)state;
	tunnels_down();
	assert_false(is_up);
	for (int i = 0; i < 256; i++)
		assert_false(has_address[i]);
	assert_int_equal(running_n, 0);
	return 0;
}

/* Online, with a connection over what takes new flows. */
static struct tunnel *up(unsigned int spares)
{
	const struct wish any = { .max_price = UINT64_MAX };

	conf.spares = spares;
	assert_int_equal(tunnels_up(NULL, &any), RC_OK);
	pass(1000);
	assert_true(tunnels_ready());
	assert_int_equal(active->step, STEP_READY);
	flow = active->inner[0].bytes[3];
	assert_int_equal(flow, preferred);
	traffic = true;
	pass(3000);
	return active;
}

/* The flow is where it was, on a circuit that works. */
static void carried(const struct tunnel *t, uint8_t address)
{
	assert_int_equal(flow, address);
	assert_int_equal(t->step, STEP_READY);
	assert_int_equal(t->inner[0].bytes[3], address);
	assert_true(has_address[address]);
}

static void built(void **state)
{
	struct tunnel *t = up(1);

	(void)state;
	assert_ptr_equal(t->path.relay[0], &relay[0]);
	assert_ptr_equal(t->path.relay[2], &relay[EXIT]);
	assert_true(has_address[2] && has_address[3]);
	assert_int_equal(leases, 2);
	tunnels_down();
	/* whoever had a connection learns it */
	assert_int_equal(flow, 0);
}

static void middle_lost(void **state)
{
	struct tunnel *t = up(0);
	uint8_t was = flow;

	(void)state;
	dead[2] = true;
	pass(6000);
	carried(t, was);
	assert_ptr_equal(t->path.relay[1], &relay[3]);
	assert_int_equal(leases, 1);
	assert_int_equal(preferred, was);
}

static void exit_lost(void **state)
{
	struct tunnel *t = up(0);
	uint8_t was = flow;

	(void)state;
	dead[EXIT] = true;
	pass(2000);
	assert_int_equal(flow, was);	/* nobody gives up that soon */
	pass(3000);
	assert_int_equal(flow, 0);
	assert_false(has_address[was]);
	dead[EXIT] = false;
	pass(40000);
	assert_int_equal(t->step, STEP_READY);
	/* another session: nothing links the two */
	assert_int_equal(leases, 2);
}

/* Answers that the kernel has counted and nobody has read yet are no packets, whenever they come. */
static void late_answers(void **state)
{
	for (uint64_t ms = 1; ms < 1100; ms += 4) {
		uint8_t was;

		done(state);
		fresh(state);
		lag_ms = 8;
		pong_ms[0] = ms;
		pong_ms[2] = ms;
		up(0);
		was = flow;
		dead[EXIT] = true;
		pass(4500);
		assert_int_equal(flow, 0);
		assert_false(has_address[was]);
	}
}

/* A middle relay that takes its time is not what failed. */
static void slow_middle(void **state)
{
	(void)state;
	up(0);
	pong_ms[2] = 2200;
	dead[EXIT] = true;
	pass(4500);
	assert_int_equal(flow, 0);
}

/* The exit of two circuits: what one of them finds is true of both. */
static void exit_of_both_lost(void **state)
{
	(void)state;
	both_middles = true;
	up(1);
	assert_true(has_address[2] && has_address[3]);
	dead[EXIT] = true;
	pass(4500);
	assert_int_equal(flow, 0);
	assert_false(has_address[2] || has_address[3]);
	dead[EXIT] = false;
	pass(60000);
	for (const struct tunnel *t = tunnels; t; t = t->next)
		assert_int_equal(t->step, STEP_READY);
}

/* Middle and exit live, and do not reach each other; another circuit shows that it is not the exit. */
static void way_lost(void **state)
{
	struct tunnel *t;
	uint8_t was;

	(void)state;
	both_middles = true;
	t = up(1);
	if (t->path.relay[1] != &relay[2]) {
		t = t->next ? t->next : tunnels;
		flow = t->inner[0].bytes[3];
		pass(2000);
	}
	was = flow;
	assert_ptr_equal(t->path.relay[1], &relay[2]);
	cut = true;
	pass(6000);
	carried(t, was);
	assert_ptr_equal(t->path.relay[1], &relay[3]);
}

static void guard_lost(void **state)
{
	struct tunnel *t = up(0);
	uint8_t was = flow;

	(void)state;
	dead[0] = true;
	pass(12000);
	carried(t, was);
	assert_ptr_equal(t->path.relay[0], &relay[1]);
}

static void ended(void **state)
{
	struct tunnel *t = up(0);
	uint8_t was = flow;

	(void)state;
	circ_end(t->c, NULL);
	pass(500);
	carried(t, was);
	/* and where the exit is what ended it, and is gone */
	dead[EXIT] = true;
	circ_end(t->c, NULL);
	pass(5000);
	assert_int_equal(flow, 0);
	assert_false(has_address[was]);
}

/* No network at all for half a minute, as after a suspend: nobody but ourselves is to blame. */
static void network_lost(void **state)
{
	struct tunnel *t = up(0);
	uint8_t was = flow;

	(void)state;
	no_link = true;
	circ_end(t->c, NULL);
	pass(30000);
	assert_int_equal(flow, was);
	assert_true(has_address[was]);
	no_link = false;
	pass(10000);
	carried(t, was);
	/* longer than an exit waits */
	no_link = true;
	circ_end(t->c, NULL);
	pass(70000);
	assert_int_equal(flow, 0);
}

/* Two circuits by the same middle, one of them idle. */
static void both_lost(void **state)
{
	struct tunnel *t = up(1);
	uint8_t was = flow;

	(void)state;
	dead[2] = true;
	pass(10000);
	carried(t, was);
	for (t = tunnels; t; t = t->next) {
		assert_int_equal(t->step, STEP_READY);
		assert_ptr_equal(t->path.relay[1], &relay[3]);
	}
}

static void grown_old(void **state)
{
	struct tunnel *t;
	uint8_t was;

	(void)state;
	conf.circuit_ms = 8000;
	t = up(0);
	was = flow;
	pass(6000);
	assert_true(t->old);
	assert_ptr_not_equal(active, t);
	assert_int_not_equal(preferred, was);
	carried(t, was);
	pass(20000);
	carried(t, was);
	flow = 0;
	pass(2000);
	for (const struct tunnel *other = tunnels; other; other = other->next)
		assert_ptr_not_equal(other, t);
	assert_false(has_address[was]);
	assert_true(tunnels_ready());
}

static void turns(void **state)
{
	unsigned int changes = 0;
	uint8_t was;

	(void)state;
	conf.turn_ms = 2000;
	up(2);
	was = preferred;
	for (int i = 0; i < 20; i++) {
		pass(1000);
		changes += preferred != was;
		was = preferred;
	}
	assert_in_range(changes, 5, 11);
	assert_int_equal(leases, 3);
}

/* The daemon dies, another one goes on; the circuits stay in the kernel. */
static struct tunnel *restarted(uint8_t address)
{
	struct tunnel *t;

	tunnels_free();
	assert_int_equal(running_n, 0);
	for (unsigned int i = 0; i < sims; i++)
		if (!sim[i].ended) {
			const struct kcirc k = { .id = i + 1, .ifindex = 9, .hops = 3 };

			tunnel_adopt(&sim[i].c, &k);
		}
	resuming = true;
	tunnels_start();
	pass(1000);
	for (t = tunnels; t && t->inner[0].bytes[3] != address; t = t->next)
		;
	assert_non_null(t);
	carried(t, address);
	return t;
}

static void restart_then_middle_lost(void **state)
{
	struct tunnel *t;
	uint8_t was;

	(void)state;
	up(1);
	was = flow;
	t = restarted(was);
	dead[2] = true;
	pass(7000);
	carried(t, was);
	assert_ptr_equal(t->path.relay[1], &relay[3]);
	assert_int_equal(leases, 2);
}

/* Without the session's key nobody can prove that it is the same client: flows learn it. */
static void restart_without_key(void **state)
{
	uint8_t was;

	(void)state;
	up(0);
	was = flow;
	lose_seeds = true;
	restarted(was);
	dead[2] = true;
	pass(7000);
	assert_int_equal(flow, 0);
	assert_false(has_address[was]);
}

/* An idle client asks every 15 s, and that is all. */
static void idle(void **state)
{
	(void)state;
	up(0);
	traffic = false;
	pass(40000);	/* until it counts as idle */
	pings = 0;
	pass(150000);
	assert_in_range(pings, 3, 3 * 11);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(built), TEST(middle_lost), TEST(exit_lost), TEST(late_answers), TEST(slow_middle),
		TEST(exit_of_both_lost), TEST(way_lost), TEST(guard_lost), TEST(ended), TEST(network_lost),
		TEST(both_lost), TEST(grown_old), TEST(turns), TEST(restart_then_middle_lost),
		TEST(restart_without_key), TEST(idle),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd: tunnels", tests, NULL, NULL);
}
