/* SPDX-License-Identifier: MIT */
/* What the daemon asks of the module, and what the module tells it. */
#ifndef RELAYD_KERNEL_H
#define RELAYD_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/derive.h"
#include "netlink/endpoint.h"
#include "netlink/rc.h"

/* Opens netlink, becomes the daemon, joins the events. */
enum rc kernel_open(void);
void kernel_close(void);

/* Our k_idx, which peers are told. */
const uint8_t *kernel_idx_key(void);

/* Read all that waits; calls the functions below. */
enum rc kernel_read_messages(void);
enum rc kernel_read_events(void);

/* ---- told; the daemon's parts implement these ---- */

void links_on_dgram(uint32_t sock, const struct addr *from, const uint8_t *data, size_t len);
void links_on_message(uint32_t link, uint8_t type, const uint8_t *msg, size_t len, const struct addr *from);
void links_on_gone(uint32_t link);
void links_on_key_gone(uint32_t link);
void links_on_roam(uint32_t link, const struct addr *to);
void circs_on_message(uint32_t circ, uint64_t cookie, uint8_t hop, const uint8_t *data, size_t len);
void circs_on_gone(uint32_t circ, uint64_t cookie);
/* Events were lost: what exists must be looked at again. */
void relayd_resync(void);

/* ---- asked; RC_OK or after a message, unless said otherwise ---- */

/** struct ksock, klink, kcirc - objects as dumped */
struct ksock {
	uint32_t id;
	struct addr addr;
	uint32_t fwmark;
};

struct klink {
	uint32_t id, sock;
	struct addr addr;
	bool roam, keys;	/* keys: has a generation to send with */
	uint8_t gen;		/* that one */
	uint64_t cells;		/* both directions */
	uint64_t silent_ms;	/* since the last cell; all ones: none came */
};

struct kside {
	uint32_t link, rx, tx;	/* link 0: none */
};

struct kcirc {
	uint32_t id;
	uint64_t cookie;
	bool client;
	uint8_t pos, hops;
	uint16_t large;
	struct kside prev, next;
	uint32_t ifindex;
	uint8_t inner4[4], inner6[16];
	uint64_t fwd_cells, bwd_cells, bytes;
};

enum rc kernel_socks(void (*fn)(const struct ksock *s, void *arg), void *arg);
enum rc kernel_links(void (*fn)(const struct klink *l, void *arg), void *arg);
enum rc kernel_circs(void (*fn)(const struct kcirc *c, void *arg), void *arg);
/* One; quiet: false when it is not there. */
bool kernel_circ(uint32_t id, struct kcirc *c);
bool kernel_link(uint32_t id, struct klink *l);

enum rc kernel_sock_new(const struct addr *a, uint32_t fwmark, uint32_t *id);
enum rc kernel_sock_del(uint32_t id);

enum rc kernel_link_new(uint32_t sock, const struct addr *peer, bool roam, uint32_t *id);
enum rc kernel_link_move(uint32_t id, const struct addr *to);
enum rc kernel_link_del(uint32_t id);

/** struct kkey - a generation of keys to install */
struct kkey {
	uint32_t link;
	uint8_t gen;
	uint32_t rx_index, tx_index;
	uint8_t tx_idx_key[16];
	struct cr_way_keys rx, tx;
	uint32_t expires_ms;
	bool send;
};

/* Quiet: false when the kernel refused, as for an index in use. */
bool kernel_key_new(const struct kkey *k);
enum rc kernel_key_set(uint32_t link, uint8_t gen, bool send, uint32_t expires_ms);
/* Fine when there is none. */
void kernel_key_del(uint32_t link, uint8_t gen);

/* A relay's circuit, towards the client only. Quiet: false when refused. */
bool kernel_circ_new_relay(const struct kside *prev, uint8_t pos, uint16_t large, const uint8_t fwd[32],
			   const uint8_t bwd[32], uint64_t limit, uint32_t *id, uint64_t *cookie);
bool kernel_circ_new_client(const struct kside *next, uint16_t large, uint32_t *id, uint64_t *cookie);
enum rc kernel_circ_next(uint32_t id, const struct kside *next);
enum rc kernel_circ_bind(uint32_t id, uint32_t ifindex, const uint8_t *inner4, const uint8_t *inner6);
enum rc kernel_circ_unbind(uint32_t id);
enum rc kernel_circ_del(uint32_t id);
enum rc kernel_hop_new(uint32_t circ, uint8_t pos, const uint8_t fwd[32], const uint8_t bwd[32], bool exit);

/* Messages; loss is normal, so these are quiet: false when refused. */
bool kernel_send_link(uint32_t link, uint8_t type, const void *msg, size_t len, const struct addr *to);
bool kernel_send_circ(uint32_t circ, uint8_t hop, bool large, const void *data, size_t len);
/* Which datagrams come up: those with a MAC under one of @n keys of 16 bytes; the first @own are ours, with keys of 32 bytes at @streams. */
void kernel_filter(const uint8_t *macs, unsigned int n, const uint8_t *streams, unsigned int own, uint32_t rate);
bool kernel_send_dgram(uint32_t sock, const struct addr *to, const void *data, size_t len);

#endif /* RELAYD_KERNEL_H */
