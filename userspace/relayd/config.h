/* SPDX-License-Identifier: MIT */
/* relayd.conf (relayd.conf(5)) and the peers file. */
#ifndef RELAYD_CONFIG_H
#define RELAYD_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/limits.h"
#include "control/message.h"
#include "netlink/endpoint.h"
#include "netlink/rc.h"

#define LISTEN_MAX	8
#define ROUTES_MAX	16
#define PATH_WORDS	256

/** struct prefix - an address and how many of its bits count */
struct prefix {
	struct addr addr;
	uint8_t len;
};

/** struct config - everything that the file says; strings are the struct's own */
struct config {
	/* [relayd] */
	char keys[256];		/* folder of identity.key and static.key; empty: a client without identity */
	char peers[256];	/* file of relays, until a snapshot brings them */
	char socket[108];
	char group[33];
	struct addr listen[LISTEN_MAX];
	unsigned int listen_n;
	uint32_t fwmark;
	uint32_t rekey_ms;	/* age of a link's keys; less than CR_LINK_REKEY_MS in tests */
	uint8_t ledger[CR_LEDGER_LEN];
	/* [relay] */
	bool relay;		/* forward for others */
	uint64_t free_bytes;	/* what a circuit carries until somebody pays for it */
	uint32_t circuits_max;
	uint32_t idle_ms;	/* without a cell; less than CR_CIRCUIT_IDLE_MS in tests */
	uint32_t cookie_above;	/* handshakes per second that need no cookie */
	bool private_addresses;	/* EXTEND may go to private addresses: test and community networks */
	bool nat;		/* keep links open from behind NAT */
	/* [exit] */
	char exit_dev[IFNAMSIZ];	/* empty: no exit */
	struct prefix pool4, pool6;	/* addr.len 0: none */
	/* [client] */
	char client_dev[IFNAMSIZ];
	char path[PATH_WORDS];	/* names with commas between; empty: none until told */
	struct prefix route[ROUTES_MAX];
	unsigned int route_n;
	unsigned int spares;	/* circuits kept ready beside the one in use */
};

extern struct config conf;

/* Fills @c, with defaults for what is not there. Messages name file and line. */
enum rc config_read(struct config *c, const char *path);

/* "10.0.0.0/8". Return: false when it is none. */
bool prefix_parse(const char *word, struct prefix *p);

#endif /* RELAYD_CONFIG_H */
