/* SPDX-License-Identifier: MIT */
/* serve.conf: how a market serves. Everything has a default but the authorities. */
#ifndef MARKET_SERVE_CONFIG_H
#define MARKET_SERVE_CONFIG_H

#include <limits.h>

#include "directory/snapshot.h"
#include "netlink/rc.h"

#define SERVE_WORKERS_MAX	64

/**
 * struct serve_config - what it says
 * @listen: address, numeric
 * @port: TCP
 * @workers: processes that answer
 * @forwarded: header of the proxy in front; empty: nobody is in front
 * @certificate: file, PEM; empty: no TLS
 * @key: file, PEM
 * @authorities: file of the authorities (directory/trust.h)
 * @period: seconds between snapshots
 * @market: addresses that free circuits may reach
 * @market_count: how many
 * @params: the snapshot's parameters but those that the ledger fixes
 */
struct serve_config {
	char listen[64], forwarded[64];
	uint16_t port;
	unsigned int workers;
	char certificate[PATH_MAX], key[PATH_MAX], authorities[PATH_MAX];
	uint32_t period;
	struct cr_address market[CR_MARKET_ADDRESSES_MAX];
	uint8_t market_count;
	struct cr_params params;
};

/** serve_config_read() - RC_OK, or a message that names file and line */
enum rc serve_config_read(struct serve_config *c, const char *path);

#endif /* MARKET_SERVE_CONFIG_H */
