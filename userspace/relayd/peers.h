/* SPDX-License-Identifier: MIT */
/* Relays that we know: from the peers file, until a snapshot of the directory brings them. */
#ifndef RELAYD_PEERS_H
#define RELAYD_PEERS_H

#include <stdint.h>

#include "netlink/endpoint.h"
#include "netlink/rc.h"

#define PEER_NAME	32
#define PEER_ADDRS	4

struct link;

/**
 * struct peer - a relay
 * @name: for people; unique
 * @identity: Ed25519
 * @key: X25519
 * @addr: where it is reached
 * @addr_n: their number; 0: it comes to us
 * @links: links with it, in links.c's list
 */
struct peer {
	char name[PEER_NAME];
	uint8_t identity[32];
	uint8_t key[32];
	struct addr addr[PEER_ADDRS];
	unsigned int addr_n;
	struct link *links;
};

/* Reads sections [relay NAME] with identity, key (base64) and address. */
enum rc peers_read(const char *path);
void peers_free(void);

struct peer *peer_by_identity(const uint8_t identity[32]);
struct peer *peer_by_key(const uint8_t key[32]);
struct peer *peer_by_name(const char *name);
/* The relay that has this address. */
struct peer *peer_by_addr(const struct addr *a);

#endif /* RELAYD_PEERS_H */
