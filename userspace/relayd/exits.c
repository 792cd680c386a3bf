// SPDX-License-Identifier: MIT
#include "exits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "control/limits.h"
#include "exit/ruleset.h"
#include "metrics.h"
#include "netlink/dev.h"
#include "netlink/flows.h"
#include "netlink/sysctl.h"
#include "nft/apply.h"
#include "ruleset.h"

#define LEASES	65533u	/* host numbers 2 and up of either pool: of the smallest that is set */
#define FIRST	2u	/* 0 is the network, 1 the exit's own */
#define PARK_MS	60000u	/* a session's addresses wait for its next circuit for so long ... */
#define PARKED	8u	/* ... and take no more than this part of all */

/**
 * struct lease - addresses that belong to a session, on whichever circuit it is
 * @by_session: in the map by the first bytes of its key
 * @session: its key
 * @circ: its circuit; NULL: it has none now
 * @n: number of the addresses
 * @inner4: they themselves
 * @inner6: the same
 * @timer: gives them up
 */
struct lease {
	struct idnode by_session;
	uint8_t session[CR_SESSION_LEN];
	struct circ *circ;
	uint32_t n;
	uint8_t inner4[4], inner6[16];
	struct timer timer;
};

static uint8_t *taken;		/* a bit for each number */
static uint8_t *used;		/* the same: flows of somebody who had it before may still be tracked */
static uint32_t leases, next_lease, parked;
static uint32_t ifindex;
static struct idmap sessions;

static bool is_taken(uint32_t n)
{
	return taken[n / 8] >> (n % 8) & 1;
}

static void set_taken(uint32_t n, bool on)
{
	if (on)
		taken[n / 8] |= (uint8_t)(1u << (n % 8));
	else
		taken[n / 8] &= (uint8_t)~(1u << (n % 8));
	used[n / 8] |= (uint8_t)(1u << (n % 8));
}

static bool is_used(uint32_t n)
{
	return used[n / 8] >> (n % 8) & 1;
}

static uint64_t session_key(const uint8_t session[CR_SESSION_LEN])
{
	uint64_t key;

	memcpy(&key, session, sizeof(key));
	return key;
}

/* What may leave by this exit, NAT included: its own table, replaced as a whole. */
static enum rc rules(void)
{
	struct cr_exit e = {
		.device = conf.exit_dev, .rules = conf.rule, .rule_count = conf.rule_n, .flows_max = conf.flows_max,
		.flows_each = conf.flows_each, .dns = conf.exit_dns, .allow_private = conf.private_addresses,
	};
	struct { const struct prefix *from; struct cr_prefix *to; } pools[] = {
		{ &conf.pool4, &e.pool4 }, { &conf.pool6, &e.pool6 },
	};
	static char text[CR_EXIT_TEXT_MAX];
	struct cr_rule standard[CR_RULES_MAX];
	const char *wrong;

	for (int i = 0; i < 2; i++)
		if (pools[i].from->addr.len) {
			pools[i].to->family = pools[i].from->addr.len == 4 ? 4 : 6;
			pools[i].to->bits = pools[i].from->len;
			memcpy(pools[i].to->ip, pools[i].from->addr.bytes, pools[i].from->addr.len);
		}
	if (!conf.rule_n) {
		e.rules = standard;
		e.rule_count = cr_policy_default(standard);
	}
	wrong = cr_exit_ruleset(text, sizeof(text), &e);
	if (wrong)
		return fail(RC_USAGE, "cannot make the exit's rules: %s", wrong);
	return ruleset_apply(text, "load the exit's rules");
}

static void forwarding(const char *name)
{
	if (!kn_switch(name, true, NULL))
		err("note: cannot switch net/%s on: %s; an exit forwards packets", name, strerror(errno));
}

enum rc exits_init(void)
{
	const struct prefix *pool[] = { &conf.pool4, &conf.pool6 };
	enum rc rc;

	if (!conf.exit_dev[0])
		return RC_OK;
	/* before the first packet */
	rc = rules();
	if (!rc)
		rc = kn_dev_have(conf.exit_dev, &ifindex);
	for (int i = 0; i < 2 && !rc; i++)
		if (pool[i]->addr.len)
			rc = kn_route_add(ifindex, &pool[i]->addr, pool[i]->len, NULL);
	if (!rc && conf.pool4.addr.len)
		forwarding("ipv4/ip_forward");
	if (!rc && conf.pool6.addr.len)
		forwarding("ipv6/conf/all/forwarding");
	leases = LEASES;
	if (conf.pool4.addr.len && conf.pool4.len > 16)
		leases = (1u << (32 - conf.pool4.len)) - FIRST - 1;
	if (rc)
		return rc;
	taken = calloc(leases / 8 + 1, 1);
	used = malloc(leases / 8 + 1);
	if (!taken || !used) {
		exits_free();
		return fail(RC_REFUSED, "out of memory");
	}
	/* what the daemon before us lent nobody knows */
	memset(used, 0xff, leases / 8 + 1);
	return RC_OK;
}

static void lease_free(struct lease *l)
{
	timer_stop(&l->timer);
	idmap_del(&sessions, &l->by_session);
	free(l);
}

static void free_one(struct idnode *n, void *arg)
{
	(void)arg;
	lease_free(container(n, struct lease, by_session));
}

void exits_free(void)
{
	idmap_walk(&sessions, free_one, NULL);
	idmap_free(&sessions);
	free(taken);
	free(used);
	taken = used = NULL;
}

void exits_flush(void)
{
	char error[256];

	if (conf.exit_dev[0])
		cr_nft_apply(cr_exit_remove_text(), error, sizeof(error));
}

/* Number @n of a pool, behind its prefix. */
static void host(uint8_t *out, const struct prefix *pool, uint32_t n)
{
	uint32_t carry = n + FIRST;

	memcpy(out, pool->addr.bytes, pool->addr.len);
	for (int i = pool->addr.len - 1; i >= 0 && carry; i--) {
		carry += out[i];
		out[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

/* The number that host() made @addr from; large when it is none of the pool. */
static uint32_t number(const uint8_t *addr, const struct prefix *pool)
{
	uint32_t a = 0, base = 0;

	for (int i = pool->addr.len - 4; i < pool->addr.len; i++) {
		a = a << 8 | addr[i];
		base = base << 8 | pool->addr.bytes[i];
	}
	return a - base - FIRST;
}

static bool is_stale(const struct addr *from, void *arg)
{
	const struct prefix *pool = from->len == 4 ? &conf.pool4 : &conf.pool6;
	uint8_t same[16];
	uint32_t n;

	(void)arg;
	if (!pool->addr.len)
		return false;
	n = number(from->bytes, pool);
	if (n >= leases || is_taken(n))
		return false;
	host(same, pool, n);
	return memcmp(same, from->bytes, from->len) == 0;
}

/*
 * Before an address is lent again: whoever gets it must not get what is sent to flows of whoever had it, nor look like
 * them. All addresses that are free are cleaned at once, so that it is done once in a round through the pool.
 */
static bool clean(uint32_t n)
{
	unsigned int count;

	if (!is_used(n))
		return true;
	if (kn_flows_drop(is_stale, NULL, &count))
		return false;
	metric_add(METRIC_FLOWS_FORGOTTEN, count);
	memcpy(used, taken, leases / 8 + 1);
	return true;
}

/* Nobody came for them. */
static void lease_timer(struct timer *t)
{
	struct lease *l = container(t, struct lease, timer);

	parked--;
	set_taken(l->n, false);
	lease_free(l);
}

static bool take_number(struct circ *c, uint32_t n)
{
	if (kernel_circ_bind(circ_id(c), ifindex, c->inner4, c->inner6))
		return false;
	set_taken(n, true);
	c->lease = n;
	c->attached = true;
	return true;
}

/* The session has addresses already: they move to this circuit, and the one before ends. */
static bool move(struct circ *c, struct lease *l)
{
	struct circ *before = l->circ;

	if (before) {
		before->attached = false;
		before->held = NULL;
		l->circ = NULL;
		circ_end(before, NULL);
	} else {
		timer_stop(&l->timer);
		parked--;
	}
	memcpy(c->inner4, l->inner4, sizeof(c->inner4));
	memcpy(c->inner6, l->inner6, sizeof(c->inner6));
	if (!take_number(c, l->n)) {
		set_taken(l->n, false);
		lease_free(l);
		return false;
	}
	l->circ = c;
	c->held = l;
	metric_add(METRIC_ATTACHES_MOVED, 1);
	return true;
}

static void hold(struct circ *c, const uint8_t session[CR_SESSION_LEN])
{
	struct lease *l = calloc(1, sizeof(*l));

	/* without memory the addresses end with the circuit */
	if (!l || !idmap_put(&sessions, &l->by_session, session_key(session))) {
		free(l);
		return;
	}
	memcpy(l->session, session, sizeof(l->session));
	memcpy(l->inner4, c->inner4, sizeof(l->inner4));
	memcpy(l->inner6, c->inner6, sizeof(l->inner6));
	l->n = c->lease;
	l->timer.fn = lease_timer;
	l->circ = c;
	c->held = l;
}

bool exits_attach(struct circ *c, uint8_t wanted, const uint8_t *session)
{
	struct idnode *known = session ? idmap_get(&sessions, session_key(session)) : NULL;
	uint32_t n;

	if (!taken)
		return false;
	if (known) {
		struct lease *l = container(known, struct lease, by_session);

		return memcmp(l->session, session, sizeof(l->session)) == 0 && move(c, l);
	}
	for (n = 0; n < leases && is_taken((next_lease + n) % leases); n++)
		;
	if (n == leases)
		return false;
	n = (next_lease + n) % leases;
	if (!clean(n))
		return false;
	memset(c->inner4, 0, sizeof(c->inner4));
	memset(c->inner6, 0, sizeof(c->inner6));
	if (conf.pool4.addr.len && (wanted & CR_ATTACH_V4))
		host(c->inner4, &conf.pool4, n);
	if (conf.pool6.addr.len && (wanted & CR_ATTACH_V6))
		host(c->inner6, &conf.pool6, n);
	if (!take_number(c, n))
		return false;
	/* addresses that went are not given out again soon */
	next_lease = (n + 1) % leases;
	if (session)
		hold(c, session);
	return true;
}

bool exits_adopt(struct circ *c)
{
	uint32_t n = UINT32_MAX;

	if (!taken)
		return false;
	if (conf.pool4.addr.len && c->inner4[0])
		n = number(c->inner4, &conf.pool4);
	else if (conf.pool6.addr.len)
		n = number(c->inner6, &conf.pool6);
	/* another pool than before the restart: the circuit stays, its number is nobody's */
	if (n >= leases || is_taken(n))
		return false;
	set_taken(n, true);
	next_lease = (n + 1) % leases;
	c->lease = n;
	return true;
}

void exits_release(struct circ *c)
{
	struct lease *l = c->held;

	if (!taken)
		return;
	if (l && parked < leases / PARKED) {
		l->circ = NULL;
		parked++;
		timer_set(&l->timer, PARK_MS);
		return;
	}
	if (l)
		lease_free(l);
	set_taken(c->lease, false);
}
