/* SPDX-License-Identifier: MIT */
/*
 * The service: a parent that holds the listening socket and waits, workers that answer, and
 * the clerk that makes and publishes snapshots. When one of them fails, all end: who started
 * the service starts it again.
 */
#ifndef MARKET_SERVE_H
#define MARKET_SERVE_H

#include "market/serve/config.h"

/**
 * serve_run() - until SIGTERM or SIGINT
 * @config: what serve.conf says
 * @db: database of the books
 * @keys: folder of the market's keys
 * @shelf: folder of snapshots; made when it is not there
 *
 * Prints "listening on port N" when connections are taken.
 */
enum rc serve_run(const struct serve_config *config, const char *db, const char *keys, const char *shelf);

/* serve_worker() and serve_clerk(): bodies of the processes; they return when told to end. */

/** struct serve - what both need */
struct serve {
	const struct serve_config *config;
	const char *db, *keys, *shelf;
	struct cr_trust trust;
	int listen_fd, signal_fd;
};

enum rc serve_worker(const struct serve *s);
enum rc serve_clerk(const struct serve *s);

/** serve_told() - waits for @ms, or until the process is told to end; true: it is */
bool serve_told(const struct serve *s, int ms);

#endif /* MARKET_SERVE_H */
