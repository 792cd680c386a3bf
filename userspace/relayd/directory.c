// SPDX-License-Identifier: MIT
#include "directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "config.h"
#include "directory/durable.h"
#include "directory/store.h"
#include "directory/trust.h"
#include "metrics.h"
#include "peers.h"
#include "relayd.h"
#include "timer.h"

#define LOOK_MS		5000u	/* how often the file is looked at */

static struct cr_trust trust;
static struct cr_snapshot_id have;	/* number 0: none */
static uint64_t from, until;
static uint32_t period;
static char source[URL_LEN + 1];	/* of what we have */
static const char *refused = "is good";
static struct cr_view *view;
static char store[sizeof(conf.state) + 16];
static struct stat seen;		/* the file when it was last read */
static uint32_t relays;
static bool stale_said, countries;

static void look(struct timer *t);
static struct timer timer = { .fn = look };

const struct cr_snapshot_id *relayd_snapshot(void)
{
	return &have;
}

static uint64_t seconds(void)
{
	return (uint64_t)time(NULL);
}

static enum rc read_trust(void)
{
	char error[CR_TRUST_ERROR_TEXT];
	static const uint8_t zeros[CR_LEDGER_LEN];
	unsigned int line;
	size_t len;
	uint8_t *text = cr_file_read(conf.authorities, CR_TRUST_FILE_MAX, &len);
	bool ok;

	if (!text)
		return fail(RC_USAGE, "cannot read the authorities in %s: %s", conf.authorities, strerror(errno));
	ok = cr_trust_parse(&trust, (const char *)text, len, &line, error);
	free(text);
	if (!ok)
		return fail(RC_USAGE, "%s:%u: %s", conf.authorities, line, error);
	if (memcmp(conf.ledger, zeros, sizeof(zeros)) != 0 && memcmp(conf.ledger, trust.ledger, sizeof(zeros)) != 0)
		return fail(RC_USAGE, "%s is about another ledger than the configuration", conf.authorities);
	memcpy(conf.ledger, trust.ledger, sizeof(conf.ledger));
	return RC_OK;
}

/* What path choice goes by. The table of countries is large: it is opened only where something depends on it. */
static enum rc view_of(const struct cr_snapshot *s)
{
	bool differ = s->head.params.constraints & (CR_DIFFER_AS | CR_DIFFER_COUNTRY);
	struct cr_geo_table *table = NULL;
	struct cr_view *v;

	if (differ || countries || conf.wish.country[0]) {
		table = cr_geo_open(conf.table[0] ? conf.table : CR_GEO_TABLE);
		if (!table)
			err("note: no table of countries and networks (%s): %s; install libloc-database", strerror(errno),
			    differ ? "paths do not differ in them" : "no relay is known to be anywhere");
	}
	v = cr_view_new(s, table);
	cr_geo_close(table);
	if (!v)
		return fail(RC_REFUSED, "out of memory for the snapshot's relays");
	cr_view_free(view);
	view = v;
	return RC_OK;
}

/* Peers and path choice go by this one from now on. */
static enum rc use(const struct cr_snapshot *s)
{
	if ((conf.client_dev[0] && view_of(s)) || peers_take(s, seconds()))
		return RC_REFUSED;
	relays = s->head.relay_count;
	have.number = s->head.number;
	memcpy(have.hash, s->hash, sizeof(have.hash));
	from = s->head.from;
	period = s->head.period;
	until = cr_snapshot_until(&s->head);
	stale_said = false;
	return RC_OK;
}

/* What an earlier run kept, or relayctl directory fetch meanwhile: the floor, and good for as long as it is valid. */
static enum rc load_kept(void)
{
	struct cr_stored stored = { .bytes = NULL };
	enum cr_verdict v = cr_store_load(store, &stored);
	enum rc rc = RC_OK;

	if (v) {
		rc = fail(RC_USAGE, "the snapshot kept in %s %s; restore it, or remove the file to begin anew", store,
			  v == CR_DIR_STORAGE ? strerror(errno) : cr_verdict_text(v));
	} else if (stored.bytes && stored.s.head.number != have.number) {
		v = cr_snapshot_verify(&stored.s, &trust, seconds(), NULL);
		/* a stale one stays the floor */
		if (v == CR_DIR_OK || v == CR_DIR_STALE) {
			rc = use(&stored.s);
			strcpy(source, "kept");
			if (!rc)
				relayd_snapshot_taken();
		} else {
			err("the snapshot kept in %s is not used: it %s", store, cr_verdict_text(v));
		}
	}
	cr_store_free(&stored);
	return rc;
}

enum rc directory_offer(const uint8_t *bytes, size_t len, const char *name)
{
	struct cr_snapshot s;
	enum rc rc = RC_OK;
	enum cr_verdict v;
	uint64_t floor = have.number;
	bool kept;

	v = cr_snapshot_parse(&s, bytes, len);
	if (!v)
		v = cr_store_offer(store, &s, &trust, seconds(), &floor, &kept);
	if (v) {
		refused = v == CR_DIR_STORAGE ? "cannot be kept in the state folder" : cr_verdict_text(v);
		metric_add(METRIC_SNAPSHOTS_REFUSED, 1);
		if (v == CR_DIR_STORAGE)
			return fail(RC_REFUSED, "the snapshot %s is not taken: %s: %s", name, store, strerror(errno));
		return fail(RC_REFUSED, "the snapshot %s is not taken: it %s", name, refused);
	}
	if (s.head.number == have.number)
		return RC_OK;
	rc = use(&s);
	if (rc) {
		refused = "does not fit into memory";
		return rc;
	}
	snprintf(source, sizeof(source), "%s", name);
	relayd_snapshot_taken();
	return RC_OK;
}

const char *directory_refused(void)
{
	return refused;
}

uint64_t directory_number(void)
{
	return have.number;
}

void directory_times(uint64_t *since, uint32_t *every)
{
	*since = from;
	*every = period;
}

bool directory_own(struct cr_descriptor *d, const uint8_t identity[CR_PUBLIC_BYTES])
{
	struct cr_stored stored = { .bytes = NULL };
	bool found = false;

	if (have.number && cr_store_load(store, &stored) == CR_DIR_OK && stored.bytes) {
		struct cr_reader r = cr_snapshot_relays(&stored.s);
		struct cr_entry e;

		while (!found && cr_snapshot_next(&e, &r))
			found = memcmp(e.d.identity, identity, CR_PUBLIC_BYTES) == 0;
		if (found)
			*d = e.d;
	}
	cr_store_free(&stored);
	return found;
}

enum rc directory_read(void)
{
	enum rc rc = conf.authorities[0] ? load_kept() : RC_OK;
	uint8_t *bytes;
	size_t len;

	if (rc || !conf.snapshot[0])
		return rc;
	bytes = cr_file_read(conf.snapshot, CR_SNAPSHOT_BYTES_MAX, &len);
	if (!bytes)
		return fail(RC_REFUSED, "cannot read the snapshot %s: %s", conf.snapshot, strerror(errno));
	rc = directory_offer(bytes, len, conf.snapshot);
	free(bytes);
	return rc;
}

bool directory_fresh(void)
{
	return !conf.authorities[0] || (have.number && seconds() < until);
}

const struct cr_view *directory_view(bool with_countries)
{
	struct cr_stored stored = { .bytes = NULL };

	if (!directory_fresh())
		return NULL;
	if (with_countries && !countries) {
		countries = true;
		if (cr_store_load(store, &stored) == CR_DIR_OK && stored.bytes)
			view_of(&stored.s);
		cr_store_free(&stored);
	}
	return view;
}

static void look(struct timer *t)
{
	struct stat now;

	timer_set(t, LOOK_MS);
	if (conf.snapshot[0] && stat(conf.snapshot, &now) == 0 &&
	    (now.st_ino != seen.st_ino || now.st_size != seen.st_size || now.st_mtim.tv_sec != seen.st_mtim.tv_sec ||
	     now.st_mtim.tv_nsec != seen.st_mtim.tv_nsec)) {
		seen = now;
		directory_read();
	}
	if (have.number && !directory_fresh() && !stale_said) {
		stale_said = true;
		err("the snapshot is stale: no new circuits until a newer one comes; %s", conf.url_n ? "see: relayctl status" :
		    "see: relayctl directory fetch help");
	}
}

enum rc directory_open(void)
{
	enum rc rc;

	if (!conf.authorities[0])
		return RC_OK;
	snprintf(store, sizeof(store), "%s/directory", conf.state);
	if ((mkdir(conf.state, 0700) < 0 && errno != EEXIST) || (mkdir(store, 0700) < 0 && errno != EEXIST))
		return fail(RC_USAGE, "cannot make folder %s for snapshots: %s", store, strerror(errno));
	rc = read_trust();
	if (!rc)
		rc = load_kept();
	if (!rc)
		look(&timer);
	return rc;
}

void directory_close(void)
{
	timer_stop(&timer);
	cr_view_free(view);
	view = NULL;
	have.number = from = until = 0;
	source[0] = '\0';
	relays = 0;
	memset(&seen, 0, sizeof(seen));
}

json_t *directory_json(void)
{
	if (!conf.authorities[0])
		return NULL;
	return json_pack("{s:I,s:i,s:I,s:I,s:b,s:s,s:I}", "number", (json_int_t)have.number, "relays", (int)relays,
			 "from", (json_int_t)from, "until", (json_int_t)until, "fresh", directory_fresh(), "source", source,
			 "age", (json_int_t)(have.number ? (int64_t)(seconds() - from) : 0));
}
