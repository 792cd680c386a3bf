// SPDX-License-Identifier: MIT
#include "metrics.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relayd.h"

static uint64_t counts[METRIC_COUNT];

static const struct {
	const char *name, *help;
} about[METRIC_COUNT] = {
	[METRIC_LINKS_ASKED] = { "link_handshakes", "Link handshakes that somebody began with this host" },
	[METRIC_LINKS_MADE] = { "links_made", "Links that came up" },
	[METRIC_REKEYS] = { "rekeys", "Times that a link took fresh keys" },
	[METRIC_CREATES] = { "creates", "Circuits asked for" },
	[METRIC_CREATES_REFUSED] = { "creates_refused", "Circuits asked for and not made" },
	[METRIC_EXTENDS] = { "extends", "Circuits asked to go on to another relay" },
	[METRIC_EXTENDS_REFUSED] = { "extends_refused", "Of these, refused or failed" },
	[METRIC_ATTACHES] = { "attaches", "Circuits that asked for this exit" },
	[METRIC_ATTACHES_REFUSED] = { "attaches_refused", "Of these, refused" },
	[METRIC_ATTACHES_MOVED] = { "attaches_moved", "Of these, with addresses that came from another circuit" },
	[METRIC_FLOWS_FORGOTTEN] = { "flows_forgotten", "Tracked flows of clients that left, removed before their address was lent again" },
	[METRIC_TUNNELS_BUILT] = { "tunnels_built", "Own circuits that became ready" },
	[METRIC_TUNNELS_LOST] = { "tunnels_lost", "Own circuits lost while they were in use" },
	[METRIC_FLOWS_ENDED] = { "flows_ended", "Connections that ended with their exit" },
	[METRIC_RESYNCS] = { "resyncs", "Times that events of the kernel were lost" },
	[METRIC_FETCHES] = { "snapshot_fetches", "Times that a snapshot was asked for at a URL" },
	[METRIC_FETCHES_FAILED] = { "snapshot_fetches_failed", "Of these, those that brought none, or one that was refused" },
	[METRIC_SNAPSHOTS_REFUSED] = { "snapshots_refused", "Snapshots, from files or URLs, that were forged, stale, older or damaged" },
};

void metric_add(enum metric m, unsigned int n)
{
	counts[m] += n;
}

static void gauge(FILE *f, const char *name, const char *help, json_int_t value)
{
	fprintf(f, "# HELP cellrelay_%s %s\n# TYPE cellrelay_%s gauge\ncellrelay_%s %" JSON_INTEGER_FORMAT "\n", name, help, name,
		name, value);
}

static json_int_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : json_is_true(v);
}

char *metrics_text(void)
{
	json_t *s = relayd_status(), *directory = json_object_get(s, "directory");
	const char *source;
	char *text = NULL;
	size_t len;
	FILE *f = s ? open_memstream(&text, &len) : NULL;

	if (!f) {
		json_decref(s);
		return NULL;
	}
	for (int i = 0; i < METRIC_COUNT; i++)
		fprintf(f, "# HELP cellrelay_%s_total %s\n# TYPE cellrelay_%s_total counter\ncellrelay_%s_total %" PRIu64 "\n",
			about[i].name, about[i].help, about[i].name, about[i].name, counts[i]);
	gauge(f, "circuits_relayed", "Circuits through this relay", number(s, "relayed"));
	gauge(f, "circuits_own", "Circuits of this client", number(s, "own"));
	gauge(f, "links", "Links", (json_int_t)json_array_size(json_object_get(s, "links")));
	gauge(f, "ready", "Can a client's packets pass?", number(s, "ready"));
	gauge(f, "draining", "Are new circuits refused?", number(s, "draining"));
	if (directory) {
		gauge(f, "snapshot_number", "Number of the directory's snapshot", number(directory, "number"));
		gauge(f, "snapshot_until_seconds", "When it becomes stale, seconds since 1970", number(directory, "until"));
		gauge(f, "snapshot_age_seconds", "How long it is valid already", number(directory, "age"));
		/* neither quote nor backslash: config.c, fetch.c; a file's name may have them */
		source = json_string_value(json_object_get(directory, "source"));
		if (source && *source && !strpbrk(source, "\"\\\n"))
			fprintf(f, "# HELP cellrelay_snapshot_source Where it came from\n# TYPE cellrelay_snapshot_source gauge\n"
				"cellrelay_snapshot_source{source=\"%s\"} 1\n", source);
		gauge(f, "snapshot_relays", "Relays in it", number(directory, "relays"));
	}
	json_decref(s);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
