/* SPDX-License-Identifier: MIT */
/* Relays that we know: from the directory's snapshot, and from the peers file. A peer stays where it is in memory. */
#ifndef RELAYD_PEERS_H
#define RELAYD_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "directory/snapshot.h"
#include "directory/uri.h"
#include "netlink/endpoint.h"
#include "netlink/rc.h"

#define PEER_NAME	32
#define PEER_ADDRS	4

struct link;

/**
 * struct peer - a relay
 * @name: for people; unique
 * @identity: Ed25519
 * @key: X25519, for handshakes with it
 * @old_key: one that it still answers to, while keys rotate; zeros: none
 * @named: the peers file has it, or the user named it as a guard
 * @listed: the snapshot has it; of neither: links that are there go on, and nothing begins
 * @addr: where it is reached
 * @addr_n: their number; 0: it comes to us
 * @links: links with it, in links.c's list
 */
struct peer {
	char name[PEER_NAME];
	uint8_t identity[32];
	uint8_t key[32], old_key[32];
	bool named, listed;
	struct addr addr[PEER_ADDRS];
	unsigned int addr_n;
	struct link *links;
};

/* Reads sections [relay NAME] with identity, key (base64) and address. */
enum rc peers_read(const char *path);
/* Takes the relays of a verified snapshot, with the keys that are valid at @now; those of the one before that it has no more are unlisted. */
enum rc peers_take(const struct cr_snapshot *s, uint64_t now);
/* A relay that the user names: as the URI has it, unless the snapshot knows it better. NULL after a message. */
struct peer *peers_name(const struct cr_uri *u);
void peers_free(void);

struct peer *peer_by_identity(const uint8_t identity[32]);
/* Either key. */
struct peer *peer_by_key(const uint8_t key[32]);
struct peer *peer_by_name(const char *name);
/* The relay that has this address. */
struct peer *peer_by_addr(const struct addr *a);

#endif /* RELAYD_PEERS_H */
