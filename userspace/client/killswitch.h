/* SPDX-License-Identifier: MIT */
/*
 * The client's kill switch: one nftables table, "inet cellrelay_client", that
 * is there before the first packet and stays when every process dies. Pure:
 * settings to text.
 *
 * Out of this host, and through it, goes: what leaves by the tunnel device or
 * stays on this host; DHCPv4 and DHCPv6 of a client; neighbour discovery,
 * router solicitation and multicast listener reports; and UDP from our own
 * socket (its port, and the mark that it puts on what it sends) to the guards.
 * ARP and EAPOL are no IP and pass beside it. Nothing else, unless the user
 * named a prefix, or a control group whose programs are not to go through the
 * tunnel: their connections get the mark, by which they are routed as if there
 * were none, and the address of the device that they leave by.
 */
#ifndef CR_CLIENT_KILLSWITCH_H
#define CR_CLIENT_KILLSWITCH_H

#include "directory/address.h"
#include "nft/text.h"

#define CR_CLIENT_TABLE		"cellrelay_client"
#define CR_KILLSWITCH_TEXT_MAX	16384
#define CR_KILLSWITCH_GUARDS	64
#define CR_KILLSWITCH_ALLOWED	32

/**
 * struct cr_killswitch - settings
 * @device: the tunnel device
 * @mark: fwmark of our socket; not 0
 * @port: its port; 0: any port, as long as the mark is right
 * @guards: where guards are
 * @guard_count: 0: none yet, nothing goes out
 * @allowed: prefixes that the user named: the local network, or what is not to
 *	go through the tunnel
 * @allowed_count: how many
 * @cgroup: of version 2, below its root, without a slash in front, there already; NULL: none
 */
struct cr_killswitch {
	const char *device;
	uint32_t mark;
	uint16_t port;
	const struct cr_address *guards;
	size_t guard_count;
	const struct cr_prefix *allowed;
	size_t allowed_count;
	const char *cgroup;
};

#define CR_KILLSWITCH_CGROUP	200	/* characters */
#define CR_KILLSWITCH_LEVELS	16

/** cr_killswitch_cgroup() - number of folders in the path of a control group; 0: it is none that a ruleset takes */
unsigned int cr_killswitch_cgroup(const char *path);

/**
 * cr_killswitch_ruleset() - text that replaces the whole table, atomically
 *
 * Return: NULL, or what is wrong with the settings, one clause.
 */
const char *cr_killswitch_ruleset(char *out, size_t room, const struct cr_killswitch *ks);

/** cr_killswitch_guard_text() - "add" or "delete" a guard in the running table */
const char *cr_killswitch_guard_text(char *out, size_t room, const struct cr_address *guard, bool add);

/** cr_killswitch_remove_text() - takes the table away; no error when it is not there */
const char *cr_killswitch_remove_text(void);

#endif /* CR_CLIENT_KILLSWITCH_H */
