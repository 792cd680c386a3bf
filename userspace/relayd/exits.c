// SPDX-License-Identifier: MIT
#include "exits.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "control/limits.h"
#include "netlink/dev.h"

#define LEASES	65533u	/* host numbers 2 and up of either pool: of the smallest that is set */
#define FIRST	2u	/* 0 is the network, 1 the exit's own */

static uint8_t *taken;		/* a bit for each number */
static uint32_t leases, next_lease;
static uint32_t ifindex;

static bool is_taken(uint32_t n)
{
	return taken[n / 8] >> (n % 8) & 1;
}

enum rc exits_init(void)
{
	const struct prefix *pool[] = { &conf.pool4, &conf.pool6 };
	enum rc rc;

	if (!conf.exit_dev[0])
		return RC_OK;
	rc = kn_dev_add(conf.exit_dev, 0, false);
	ifindex = rc ? 0 : if_nametoindex(conf.exit_dev);
	if (!rc && !ifindex)
		rc = fail(RC_REFUSED, "device %s went as soon as it was made", conf.exit_dev);
	if (!rc)
		rc = kn_dev_up(ifindex);
	for (int i = 0; i < 2 && !rc; i++)
		if (pool[i]->addr.len)
			rc = kn_route_add(ifindex, &pool[i]->addr, pool[i]->len, NULL);
	leases = LEASES;
	if (conf.pool4.addr.len && conf.pool4.len > 16)
		leases = (1u << (32 - conf.pool4.len)) - FIRST - 1;
	taken = rc ? NULL : calloc(leases / 8 + 1, 1);
	if (!rc && !taken)
		rc = fail(RC_REFUSED, "out of memory");
	return rc;
}

void exits_free(void)
{
	free(taken);
	taken = NULL;
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

bool exits_attach(struct circ *c, uint8_t wanted)
{
	uint32_t n;

	if (!taken)
		return false;
	for (n = 0; n < leases && is_taken((next_lease + n) % leases); n++)
		;
	if (n == leases)
		return false;
	n = (next_lease + n) % leases;
	memset(c->inner4, 0, sizeof(c->inner4));
	memset(c->inner6, 0, sizeof(c->inner6));
	if (conf.pool4.addr.len && (wanted & CR_ATTACH_V4))
		host(c->inner4, &conf.pool4, n);
	if (conf.pool6.addr.len && (wanted & CR_ATTACH_V6))
		host(c->inner6, &conf.pool6, n);
	if (kernel_circ_bind(circ_id(c), ifindex, c->inner4, c->inner6))
		return false;
	taken[n / 8] |= (uint8_t)(1u << (n % 8));
	/* addresses that went are not given out again soon */
	next_lease = (n + 1) % leases;
	c->lease = n;
	c->attached = true;
	return true;
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
	taken[n / 8] |= (uint8_t)(1u << (n % 8));
	next_lease = (n + 1) % leases;
	c->lease = n;
	return true;
}

void exits_release(struct circ *c)
{
	if (taken)
		taken[c->lease / 8] &= (uint8_t)~(1u << (c->lease % 8));
}
