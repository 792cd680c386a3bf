/* SPDX-License-Identifier: MIT */
/*
 * A network namespace that is client, relay and exit at once, on its loopback
 * device, and a process that keeps it busy:
 *
 *	cell0 - circuit 1 - link 1 | link 2 - circuit 2 - link 3 | link 4 - circuit 3 - cell1
 *	       socket 1                      socket 2                      socket 3
 *
 * All numbers are fixed, so that what was deleted can be made again while
 * everything else goes on.
 */
#ifndef NLT_LANE_H
#define NLT_LANE_H

#include <sys/types.h>

#include "nlt.h"

#define LANE_SOCKS	3
#define LANE_LINKS	4
#define LANE_CIRCS	3
#define LANE_DEVS	2

/* A lane; its process is in the namespace. */
struct lane {
	struct nlt nl;
	int rt;			/* rtnetlink socket */
	uint8_t idx_key[16];
	uint16_t keys;		/* links' keys and circuits' keys contain this */
	pid_t traffic;		/* 0: none */
};

/* A new namespace with nothing but a loopback device; bails out when that fails. */
void lane_unshare(struct lane *l);
/* Finds the module (again), in the namespace where the lane is. */
void lane_open(struct lane *l);
void lane_close(struct lane *l);

/*
 * One object. All return 0 or -errno, and say nothing: whoever injects failures
 * expects some. Sockets, links and circuits count from 1, devices from 0.
 */
int lane_sock(struct lane *l, uint32_t id);
int lane_link(struct lane *l, uint32_t id);
int lane_link_sock(struct lane *l, uint32_t id);	/* give a link its socket again */
int lane_key(struct lane *l, uint32_t link, uint8_t gen, uint32_t expires_ms);
int lane_key_del(struct lane *l, uint32_t link, uint8_t gen);
int lane_circ(struct lane *l, uint32_t id);		/* without hops and device */
int lane_hop(struct lane *l, uint8_t pos);		/* of circuit 1 */
int lane_circ_dev(struct lane *l, uint32_t id);		/* 1 and 3: bind it to its device */
int lane_circ_rate(struct lane *l, uint32_t id, uint64_t rate);
int lane_dev(struct lane *l, unsigned int dev);		/* and up */
int lane_dev_del(struct lane *l, unsigned int dev);
int lane_dev_up(struct lane *l, unsigned int dev, bool up);
const char *lane_dev_name(unsigned int dev);

/* The socket of a link. */
uint32_t lane_link_sock_id(uint32_t link);

/* Several: all sockets, all links with keys, all circuits with hops and devices. */
int lane_socks(struct lane *l);
int lane_links(struct lane *l);
int lane_circs(struct lane *l);
int lane_devs(struct lane *l);
/* Everything, in order. */
int lane_build(struct lane *l);

/*
 * A process that sends packets of all sizes and TCP trains into both devices and
 * junk to the sockets, whatever of them exists, until lane_quiet(). @bursts 0: for
 * ever, else so many.
 */
void lane_traffic(struct lane *l, unsigned int bursts);
void lane_quiet(struct lane *l);
/* The same bursts, from this process. */
void lane_send(unsigned int bursts);

/* Waits until cells are delivered; false after 30 s. */
bool lane_flows(struct lane *l);
/* Waits until in + originated = out + delivered + drops; false after 30 s. */
bool lane_rests(struct lane *l);

#endif /* NLT_LANE_H */
