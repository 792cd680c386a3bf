// SPDX-License-Identifier: MIT
#include "choice.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "config.h"
#include "directory.h"
#include "directory/durable.h"
#include "path/path.h"
#include "timer.h"

#define GUARDS_FILE_MAX	4096
#define AWAY_MS		60000u	/* a guard that did not answer is passed over for so long */
#define DRAWS		64	/* until a path without the relay that failed is given up */

static struct cr_guards guards;
/* by the place in @guards; 0: it is there */
static uint64_t away_until[CR_GUARDS_MAX];

/* the guard that the user names, as path choice has it */
static struct cr_uri named;
static struct cr_node named_node;
static bool named_located;

static const char *file_name(void)
{
	static char path[sizeof(conf.state) + 8];

	snprintf(path, sizeof(path), "%s/guards", conf.state);
	return path;
}

/* One line for each: identity, since, until, tries, failures. */
enum rc choice_open(void)
{
	uint8_t *text;
	char *line, *rest;
	size_t len;

	if (!conf.client_dev[0] || !conf.authorities[0])
		return RC_OK;
	if (conf.wish.named && !peers_name(&conf.wish.guard))
		return RC_REFUSED;
	text = cr_file_read(file_name(), GUARDS_FILE_MAX, &len);
	if (!text)
		return errno == ENOENT ? RC_OK : fail(RC_USAGE, "cannot read the guards in %s: %s", file_name(), strerror(errno));
	guards.n = 0;
	for (rest = (char *)text; (line = strsep(&rest, "\n")) && *line;) {
		struct cr_guard *g = &guards.guard[guards.n];
		char hex[65];
		size_t n;

		if (guards.n == CR_GUARDS_MAX ||
		    sscanf(line, "%64[0-9a-f] %" SCNu64 " %" SCNu64 " %" SCNu32 " %" SCNu32, hex, &g->since, &g->until,
			   &g->tries, &g->failures) != 5 ||
		    sodium_hex2bin(g->identity, 32, hex, strlen(hex), NULL, &n, NULL) || n != 32) {
			free(text);
			return fail(RC_USAGE, "%s: a damaged line; remove the file to choose new guards", file_name());
		}
		guards.n++;
	}
	free(text);
	return RC_OK;
}

static void save(void)
{
	char text[GUARDS_FILE_MAX], hex[65];
	size_t len = 0;

	for (unsigned int i = 0; i < guards.n; i++) {
		const struct cr_guard *g = &guards.guard[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32 "\n",
					sodium_bin2hex(hex, sizeof(hex), g->identity, 32), g->since, g->until, g->tries,
					g->failures);
	}
	if (!cr_durable_write(file_name(), text, len, 0600))
		err("cannot keep the guards in %s: %s; after a restart others would be chosen", file_name(), strerror(errno));
}

static long place(const struct peer *p)
{
	for (unsigned int i = 0; i < guards.n; i++)
		if (memcmp(guards.guard[i].identity, p->identity, 32) == 0)
			return i;
	return -1;
}

void choice_guard_result(const struct peer *p, bool ok)
{
	long i = place(p);

	if (i < 0)
		return;
	if (ok)
		away_until[i] = 0;
	cr_guard_result(&guards, p->identity, ok);
	save();
}

void choice_guard_away(const struct peer *p)
{
	long i = place(p);

	if (i >= 0)
		away_until[i] = now_ms() + AWAY_MS;
}

/* Where it is matters only where paths differ in that: the table is large. */
static const struct cr_node *node_of_guard(const struct wish *w, const struct cr_view *view)
{
	bool locate = view->params.constraints & (CR_DIFFER_AS | CR_DIFFER_COUNTRY);
	struct cr_geo_table *table = NULL;

	if (memcmp(&named, &w->guard, sizeof(named)) == 0 && named_located >= locate)
		return &named_node;
	if (locate)
		table = cr_geo_open(conf.table[0] ? conf.table : CR_GEO_TABLE);
	named = w->guard;
	named_located = locate;
	cr_node_of_uri(&named_node, &named, table);
	cr_geo_close(table);
	return &named_node;
}

static struct cr_want want_of(const struct wish *w, const struct cr_view *view)
{
	struct cr_want want = { .hops = w->hops, .max_tariff = w->max_price };

	if (w->named)
		want.guard = node_of_guard(w, view);

	memcpy(want.exit_country, w->country, sizeof(want.exit_country));
	return want;
}

static enum rc no_directory(void)
{
	if (!conf.authorities[0])
		return fail(RC_USAGE, "there is no directory to choose from: name a path, or set \"authorities\" and \"snapshot\"");
	if (conf.url_n)
		return fail(RC_ABSENT, "there is no valid snapshot of the directory yet; what becomes of fetching one says: relayctl status");
	return fail(RC_ABSENT, "there is no valid snapshot of the directory; see: relayctl directory fetch help");
}

static enum rc no_path(enum cr_path_result r, const struct cr_chooser *c)
{
	enum cr_place p = r == CR_PATH_NO_EXIT ? CR_PLACE_EXIT : r == CR_PATH_NO_GUARD ? CR_PLACE_GUARD : CR_PLACE_MIDDLE;

	if (c->want.guard && c->hops < 2)
		return fail(RC_USAGE, "the guard that you name and the exit are two relays: ask for two hops or more");
	return fail(RC_REFUSED, "no path of %u relays: of %u only %u could be %s, and none of them goes with the rest; see: relayctl offers",
		    c->hops, c->view->n, c->pool[p].n, cr_place_name(p));
}

static void drop_old(void)
{
	uint64_t now = (uint64_t)time(NULL);
	unsigned int n = 0;

	for (unsigned int i = 0; i < guards.n; i++)
		if (now < guards.guard[i].until) {
			guards.guard[n] = guards.guard[i];
			away_until[n++] = away_until[i];
		}
	guards.n = n;
}

/* Guards that are there. */
static struct cr_guards present(void)
{
	struct cr_guards g = { .n = 0 };
	uint64_t now = now_ms();

	drop_old();
	for (unsigned int i = 0; i < guards.n; i++)
		if (away_until[i] <= now)
			g.guard[g.n++] = guards.guard[i];
	return g;
}

/* Those that path choice took anew are kept; where all places are taken the newest gives way. */
static void keep_new(const struct cr_guards *now)
{
	bool changed = false;

	for (unsigned int i = 0; i < now->n; i++) {
		struct peer p;

		memcpy(p.identity, now->guard[i].identity, 32);
		if (place(&p) >= 0)
			continue;
		if (guards.n == CR_GUARDS_MAX)
			guards.n--;
		away_until[guards.n] = 0;
		guards.guard[guards.n++] = now->guard[i];
		changed = true;
	}
	if (changed)
		save();
}

/* There is no other than the guard that the user named. */
static bool has(const struct cr_chooser *c, const struct cr_path *path, const struct peer *p)
{
	for (unsigned int i = c->want.guard ? 1 : 0; i < path->hops; i++)
		if (memcmp(cr_path_node(c, path, i)->identity, p->identity, 32) == 0)
			return true;
	return false;
}

static bool is_away(const struct cr_view *view, uint32_t relay)
{
	uint64_t now = now_ms();

	for (unsigned int i = 0; i < guards.n; i++)
		if (away_until[i] > now && memcmp(guards.guard[i].identity, view->node[relay].identity, 32) == 0)
			return true;
	return false;
}

/*
 * Draws until no relay that failed is in it. *@all: there are paths, but only through those.
 */
static enum cr_path_result draw(struct cr_path *path, struct cr_chooser *c, struct cr_guards *g, const struct peer *not_this,
				bool *all)
{
	enum cr_path_result r = CR_PATH_NO_MIDDLE;

	*all = false;
	for (int i = 0; i < DRAWS; i++) {
		uint8_t seed[CR_SEED32];
		struct cr_guards try = *g;

		randombytes_buf(seed, sizeof(seed));
		r = cr_path_choose(path, c, &try, (uint64_t)time(NULL), seed);
		sodium_memzero(seed, sizeof(seed));
		if (r == CR_PATH_OK && ((not_this && has(c, path, not_this)) ||
					(path->hops > 1 && !c->want.guard && is_away(c->view, path->relay[0])))) {
			r = CR_PATH_NO_MIDDLE;
			*all = true;
			continue;
		}
		*all = false;
		*g = try;
		break;
	}
	return r;
}

enum rc choice_possible(const struct wish *w)
{
	const struct cr_view *view = directory_view(w->country[0]);
	struct cr_guards g = present();
	enum cr_path_result r;
	struct cr_chooser c;
	struct cr_path path;
	struct cr_want want;
	bool all;

	if (!view)
		return no_directory();
	if (w->named && !peers_name(&w->guard))
		return RC_REFUSED;
	want = want_of(w, view);
	if (w->hops > view->params.hops_max)
		return fail(RC_USAGE, "this network has paths of at most %u relays", view->params.hops_max);
	if (!cr_chooser_init(&c, view, &want))
		return fail(RC_REFUSED, "out of memory");
	r = draw(&path, &c, &g, NULL, &all);
	if (r != CR_PATH_OK && !all)
		no_path(r, &c);
	else if (r != CR_PATH_OK)
		fail(RC_REFUSED, "no path: none of the guards answered; they are tried again in a minute");
	cr_chooser_free(&c);
	return r == CR_PATH_OK ? RC_OK : RC_REFUSED;
}

bool choice_make(struct route *out, const struct wish *w, const struct peer *exit, const struct peer *not_this)
{
	const struct cr_view *view = directory_view(w->country[0]);
	struct cr_guards g = present();
	struct cr_pool all = { .n = 0 };
	uint32_t only;
	uint64_t weight;
	enum cr_path_result r;
	struct cr_chooser c;
	struct cr_path path;
	struct cr_want want;
	bool only_failed;

	if (!view) {
		no_directory();
		return false;
	}
	want = want_of(w, view);
	if (!cr_chooser_init(&c, view, &want)) {
		err("out of memory");
		return false;
	}
	if (exit) {
		long at = cr_view_find(view, exit->identity);

		/* the exit that flows are bound to is no choice any more */
		all = c.pool[CR_PLACE_EXIT];
		only = (uint32_t)at;
		weight = at < 0 ? 0 : view->node[at].weight;
		c.pool[CR_PLACE_EXIT] = (struct cr_pool){ .n = at >= 0 && weight, .relay = &only, .sum = &weight };
	}
	r = draw(&path, &c, &g, not_this, &only_failed);
	if (r == CR_PATH_OK) {
		keep_new(&g);
		out->n = (uint8_t)path.hops;
		for (unsigned int i = 0; i < path.hops; i++)
			out->relay[i] = peer_by_identity(cr_path_node(&c, &path, i)->identity);
	} else if (only_failed) {
		err("no path but through relays that do not answer; they are tried again");
	} else {
		no_path(r, &c);
	}
	if (exit)
		c.pool[CR_PLACE_EXIT] = all;
	cr_chooser_free(&c);
	return r == CR_PATH_OK;
}

enum rc choice_named(const char *path, struct route *out)
{
	const char *at = path;

	for (out->n = 0; *at; out->n++) {
		size_t len = strcspn(at, ",");
		char name[PEER_NAME];

		if (out->n == CR_HOPS_MAX)
			return fail(RC_USAGE, "the path has more than %u relays", CR_HOPS_MAX);
		if (!len || len >= sizeof(name))
			return fail(RC_USAGE, "\"%s\" is not a path such as alice,bob,carol", path);
		memcpy(name, at, len);
		name[len] = '\0';
		out->relay[out->n] = peer_by_name(name);
		if (!out->relay[out->n])
			return fail(RC_USAGE, "no relay is known by the name \"%s\"; see the peers file", name);
		for (uint8_t i = 0; i < out->n; i++)
			if (out->relay[i] == out->relay[out->n])
				return fail(RC_USAGE, "relay %s is twice in the path", name);
		at += len + (at[len] == ',');
	}
	return out->n ? RC_OK : fail(RC_USAGE, "the path is empty");
}
