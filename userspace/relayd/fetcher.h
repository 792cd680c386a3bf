/* SPDX-License-Identifier: MIT */
/*
 * Snapshots from the configured URLs: when, by which way, and by whom. A process of its own does it (fetchproc.c): TLS, HTTP
 * and name resolution are far more code than the rest of this daemon and speak with strangers, the daemon holds keys and
 * CAP_NET_ADMIN; resolving a name may block; and a process can be killed when its time is over. libcurl's multi interface
 * would bring all of that into the daemon, and the resolver's threads. It is started anew from this very program, so
 * nothing of our memory is in it; it gives up its rights, hands the bytes over in a file without a name, and the
 * daemon judges them as it judges those of a file.
 */
#ifndef RELAYD_FETCHER_H
#define RELAYD_FETCHER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

enum fetch_way {
	FETCH_NOT,	/* not now */
	FETCH_DIRECT,	/* as this host's routes say */
	FETCH_TUNNEL,	/* bound to the tunnel's device */
};

/**
 * struct fetch_case - what decides about the way
 * @client: this host may go online through relays
 * @relay: it forwards for others, and so is known
 * @wanted: it is to be online: nothing may pass by the tunnel
 * @ready: a circuit carries packets
 * @any: there is a snapshot, if a stale one
 * @direct: what the user allows
 */
struct fetch_case {
	bool client, relay, wanted, ready, any;
	enum direct direct;
};

enum fetch_way fetch_way(const struct fetch_case *c);

/*
 * Second from which the next snapshot is asked for: some time of the period after the one of the snapshot that was valid from
 * @from on, so that not all ask at once, and a whole period is left to try again.
 */
uint64_t fetch_due(uint64_t from, uint32_t period, uint32_t random);

/* Milliseconds until what failed @failures times (1 or more) is tried again. */
uint32_t fetch_wait(unsigned int failures, uint32_t random);

/* After directory_open(). Does nothing where no URL is configured. */
void fetcher_open(int epoll_fd);
void fetcher_close(void);
/* @what of an epoll event. Return: false: it is not the fetcher's. */
bool fetcher_event(void *what);
/* Asks at once, whatever there is and whatever failed before. */
void fetcher_now(void);

/* Is there no snapshot to build on, but one on its way, or soon? */
bool fetcher_hopeful(void);

/* url, state, failures, error; NULL: no URL is configured */
json_t *fetcher_json(void);

/* For tests: how long it may take, CR_FETCH_TIME_MS; and how often is looked whether it is time. */
extern uint32_t fetcher_time_ms, fetcher_look_ms;

#endif /* RELAYD_FETCHER_H */
