/* SPDX-License-Identifier: MIT */
/*
 * Allowances: so many requests of a class per second and peer, and so many saved up.
 *
 * Peers are known by a keyed hash only, in a table of fixed size in memory: nothing
 * of them is stored or can be read out. Who is new when the table is full takes the
 * place of the one that has waited longest among a few, and starts with what a new
 * one has: so a flood from many addresses makes others' debts forgotten, not honest
 * peers refused. What bounds such a flood is the allowance of all peers together.
 */
#ifndef CR_MARKET_HTTP_RATE_H
#define CR_MARKET_HTTP_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "market/http/header.h"
#include "market/http/route.h"

/**
 * struct http_rate - allowance of a class
 * @per_second: requests that a peer gets per second; 0: no limit
 * @burst: requests that it may have saved up, 1 or more
 * @all_per_second: the same for all peers together; 0: no limit
 * @all_burst: what all together may have saved up
 */
struct http_rate {
	uint32_t per_second, burst, all_per_second, all_burst;
};

struct http_rates;

/**
 * http_rates_new() - a table in which nobody has asked yet
 * @rate: of each class
 *
 * Return: NULL without memory.
 */
struct http_rates *http_rates_new(const struct http_rate rate[HTTP_CLASSES]);
void http_rates_free(struct http_rates *r);

/**
 * http_rates_take() - may this peer ask for this now?
 * @r: the table
 * @peer: who
 * @class: what
 * @now_ms: of a clock that never goes back
 *
 * Return: 0 when it may; else after how many seconds it may, 1 or more.
 */
unsigned int http_rates_take(struct http_rates *r, const struct http_peer *peer, enum http_class class,
			     uint64_t now_ms);

#endif /* CR_MARKET_HTTP_RATE_H */
