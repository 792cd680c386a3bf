/* SPDX-License-Identifier: MIT */
/*
 * What the daemon counts, and all of it as Prometheus text. No address, no name and no number of a single circuit or
 * client is in it: only sums.
 */
#ifndef RELAYD_METRICS_H
#define RELAYD_METRICS_H

enum metric {
	METRIC_LINKS_ASKED,	/* handshakes that somebody began with us */
	METRIC_LINKS_MADE,	/* links that came up, whoever asked */
	METRIC_REKEYS,
	METRIC_CREATES,
	METRIC_CREATES_REFUSED,
	METRIC_EXTENDS,
	METRIC_EXTENDS_REFUSED,
	METRIC_ATTACHES,
	METRIC_ATTACHES_REFUSED,
	METRIC_ATTACHES_MOVED,	/* a session took its addresses to another circuit */
	METRIC_FLOWS_FORGOTTEN,	/* of clients that left, before their addresses were lent again */
	METRIC_TUNNELS_BUILT,
	METRIC_TUNNELS_LOST,	/* while in use */
	METRIC_FLOWS_ENDED,	/* connections that ended with their exit */
	METRIC_RESYNCS,		/* events of the kernel were lost */
	METRIC_FETCHES,		/* snapshots asked for */
	METRIC_FETCHES_FAILED,
	METRIC_SNAPSHOTS_REFUSED,	/* forged, stale, older than ours, ..., wherever they came from */
	METRIC_COUNT
};

void metric_add(enum metric m, unsigned int n);

/* Text of the exposition format 0.0.4; to be freed. NULL without memory. */
char *metrics_text(void);

#endif /* RELAYD_METRICS_H */
