/* SPDX-License-Identifier: MIT */
/*
 * Every limit of the control plane, by name. docs/protocol.md (part II) repeats those that both sides must agree
 * on; test_control_limits holds them to what the design asks.
 */
#ifndef CELLRELAY_CONTROL_LIMITS_H
#define CELLRELAY_CONTROL_LIMITS_H

#include "wire.h"	/* sizes of cells, which are those of handshake datagrams, and CR_HOPS_MAX */

#define CR_EXTENDS_MAX		8u	/* EXTENDs that one relay takes on one circuit, failed ones included */

/* Links */
#define CR_LINK_REKEY_MS	600000u	/* fresh keys after 10 minutes ... */
#define CR_LINK_REKEY_CELLS	(UINT64_C(1) << 31)	/* ... or so many cells, either direction */
#define CR_LINK_KEY_LIFE_MS	900000u	/* keys that nobody renewed are refused */
#define CR_LINK_OLD_KEY_MS	30000u	/* what was under way with the keys before */
#define CR_LINK_CONFIRM_MS	5000u	/* a handshake from outside without a cell under its keys is forgotten */
#define CR_LINK_IDLE_MS		600000u	/* a link that we opened and no circuit uses is closed */
#define CR_LINK_UNCONFIRMED_MAX	1024u	/* links that wait for their first cell */
#define CR_HELLO_TRY_MS		1000u	/* until a handshake datagram is repeated */
#define CR_HELLO_TRIES		3u	/* per size */
#define CR_KEEPALIVE_MS		25000u	/* where NAT needs it */
#define CR_ROAM_PING_BYTES	16u	/* what a new address must return */
#define CR_ROAM_TRY_MS		1000u

/* Circuits */
#define CR_CREATE_TRY_MS	1000u	/* until CREATE or EXTEND is repeated */
#define CR_CREATE_TRIES		5u
#define CR_CIRCUIT_ALIVE_MS	15000u	/* a client asks its exit so often whether it is there ... */
#define CR_CIRCUIT_IDLE_MS	120000u	/* ... so a circuit without a cell for so long has no client any more */
#define CR_FORGET_MS		10000u	/* a circuit without a cell or without credit */
#define CR_CIRCUIT_OLD_MS	600000u	/* past this, or ... */
#define CR_CIRCUIT_OLD_BYTES	(UINT64_C(64) << 30)	/* ... this, a circuit takes no new flows */
#define CR_FREE_BYTES		(UINT64_C(256) << 10)	/* what a circuit carries that nobody pays for */

/* Cookies */
#define CR_COOKIE_LIFE_MS	120000u	/* the module draws a new secret every minute and takes the one before */
#define CR_COOKIE_ABOVE		100u	/* questions a second that need none; some hundredth of a core */

/* Identity */
#define CR_STATIC_LIFE_MS	604800000u	/* X25519 keys rotate weekly */
#define CR_STATIC_EARLY_MS	172800000u	/* the next one is made two days before the last one's end, for the directory to know it, */
#define CR_STATIC_OVERLAP_MS	86400000u	/* and used from a day before that end on */
#define CR_STATIC_KEYS		2u	/* that a relay answers to at a time, as many as a descriptor names */
#define CR_SNAPSHOT_PERIODS	3u	/* a snapshot is valid for this many periods */
#define CR_SNAPSHOT_PERIOD_MS	600000u
#define CR_FETCH_RETRY_MIN_MS	10000u	/* a snapshot that did not come is asked for again, after twice as long each time ... */
#define CR_FETCH_RETRY_MAX_MS	300000u	/* ... but twice a period at least */
#define CR_FETCH_TIME_MS	300000u	/* and no longer than this may it take to come */

#endif /* CELLRELAY_CONTROL_LIMITS_H */
