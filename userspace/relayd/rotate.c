// SPDX-License-Identifier: MIT
#include "rotate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "directory.h"
#include "directory/durable.h"
#include "directory/serial.h"
#include "directory/snapshot.h"
#include "keys.h"
#include "links.h"
#include "timer.h"

#define LOOK_MS	3600000u
#define SECONDS(ms)	((ms) / 1000u)

static void ring(struct timer *t);
static struct timer timer = { .fn = ring };
static bool waiting;		/* the authorities have not taken our newest descriptor */
static bool listed;

/* ---- pure ---- */

static long newest(const struct rotate_key *k, unsigned int n)
{
	long at = -1;

	for (unsigned int i = 0; i < n; i++)
		if (k[i].until && (at < 0 || k[i].from > k[at].from))
			at = i;
	return at;
}

/* Of a key that the directory has forgotten before it said when it ends: a day after the next one's beginning, as everywhere. */
static uint64_t end_of(const struct rotate_key *k, unsigned int n, unsigned int i)
{
	for (unsigned int j = 0; j < n && !k[i].until && !k[i].listed; j++)
		if (k[j].listed && k[j].until)
			return k[j].from + SECONDS(CR_STATIC_OVERLAP_MS);
	return k[i].until;
}

struct rotate_plan rotate_plan(const struct rotate_key *k, unsigned int n, unsigned int use, uint64_t now, uint32_t period)
{
	struct rotate_plan p = { .use = use };
	long last = newest(k, n);
	unsigned int left = n;

	if (last < 0)
		return p;
	for (unsigned int i = 0; i < n; i++) {
		/* the newest that others may use; not before the snapshot tells them whose it is */
		if (k[i].until && k[i].listed && k[i].from <= now && (!k[p.use].listed || k[i].from > k[p.use].from))
			p.use = i;
	}
	for (unsigned int i = 0; i < n; i++) {
		uint64_t end = end_of(k, n, i);

		/* a snapshot that named it as usable began before its end */
		if ((long)i != last && i != p.use && end &&
		    now >= end + (uint64_t)CR_SNAPSHOT_PERIODS * period + CR_CLOCK_SKEW) {
			p.drop |= 1u << i;
			left--;
		}
	}
	if (now + SECONDS(CR_STATIC_EARLY_MS) >= k[last].until && left < CR_STATIC_KEYS) {
		p.make = true;
		p.from = k[last].until - SECONDS(CR_STATIC_OVERLAP_MS);
		/* too late for an overlap */
		if (p.from < now)
			p.from = now;
		p.until = p.from + SECONDS(CR_STATIC_LIFE_MS) + SECONDS(CR_STATIC_OVERLAP_MS);
	}
	return p;
}

static int by_from(const void *a, const void *b)
{
	const struct cr_onion_key *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

bool rotate_describe(struct cr_descriptor *d, const struct cr_onion_key *k, unsigned int n, uint64_t now, uint64_t serial)
{
	struct cr_onion_key sorted[CR_STATIC_KEYS];
	unsigned int m = 0;

	for (unsigned int i = 0; i < n && i < CR_STATIC_KEYS; i++)
		if (k[i].until > now)
			sorted[m++] = k[i];
	if (!m)
		return false;
	qsort(sorted, m, sizeof(*sorted), by_from);
	memset(d->onion, 0, sizeof(d->onion));
	memcpy(d->onion, sorted, m * sizeof(*sorted));
	d->onion_count = (uint8_t)m;
	d->serial = serial;
	d->from = now > d->onion[0].from ? now : d->onion[0].from;
	d->until = d->onion[m - 1].until;
	if (d->until - d->from > CR_DESCRIPTOR_LIFE_MAX)
		d->until = d->from + CR_DESCRIPTOR_LIFE_MAX;
	return true;
}

/* ---- what there is ---- */

static const char *file_name(void)
{
	static char path[sizeof(conf.state) + 16];

	if (conf.descriptor[0])
		return conf.descriptor;
	snprintf(path, sizeof(path), "%s/descriptor", conf.state);
	return path;
}

/* The one that was written last, if it is newer than what the snapshot has. */
static bool written(struct cr_descriptor *d, const struct cr_descriptor *known)
{
	size_t len;
	uint8_t *bytes = cr_file_read(file_name(), CR_DESCRIPTOR_MAX, &len);
	bool ok = bytes && cr_descriptor_decode(d, bytes, len) == CR_DIR_OK && cr_descriptor_verify(d) == CR_DIR_OK &&
		  memcmp(d->identity, keys->identity, sizeof(d->identity)) == 0 && d->serial > known->serial;

	free(bytes);
	return ok;
}

static const struct cr_onion_key *onion_of(const struct cr_descriptor *d, const uint8_t x[32])
{
	for (unsigned int i = 0; i < d->onion_count; i++)
		if (memcmp(d->onion[i].public_key, x, 32) == 0)
			return &d->onion[i];
	return NULL;
}

/* ---- and what is done ---- */

static void publish(const struct cr_descriptor *base, uint64_t now)
{
	struct cr_descriptor d = *base;
	struct cr_onion_key k[CR_STATIC_KEYS];
	uint8_t bytes[CR_DESCRIPTOR_MAX];
	uint64_t serial, least = now > base->serial ? now : base->serial + 1;
	char counter[sizeof(conf.state) + 16];
	size_t len;

	for (unsigned int i = 0; i < keys->n; i++) {
		memcpy(k[i].public_key, keys->s[i].x, sizeof(k[i].public_key));
		k[i].from = keys->s[i].from;
		k[i].until = keys->s[i].until;
	}
	snprintf(counter, sizeof(counter), "%s/serial", conf.state);
	if (cr_serial_next(counter, least, &serial)) {
		err("cannot keep the descriptor's number in %s: %s", counter, strerror(errno));
		return;
	}
	if (!rotate_describe(&d, k, keys->n, now, serial) || cr_descriptor_sign(&d, keys->identity_secret) ||
	    cr_descriptor_encode(bytes, &len, &d))
		err("cannot describe this relay with its new key: the descriptor in the directory does not go with it; see: relayctl directory describe help");
	else if (!cr_durable_write(file_name(), bytes, len, 0644))
		err("cannot write the descriptor %s: %s", file_name(), strerror(errno));
	else
		err("there is a new circuit key: give the descriptor %s to the directory's authorities", file_name());
}

void rotate_look_at(uint64_t now)
{
	struct cr_descriptor known, draft;
	struct rotate_key k[CR_STATIC_KEYS] = { { 0 } };
	uint64_t since;
	const struct cr_onion_key *o;
	struct rotate_plan p;
	bool have_draft, changed = false;
	uint32_t period;

	if (!conf.relay || !conf.rotate || !keys->has)
		return;
	timer_set(&timer, LOOK_MS);
	listed = directory_fresh() && directory_own(&known, keys->identity);
	if (!listed)
		return;
	directory_times(&since, &period);
	have_draft = written(&draft, &known);
	for (unsigned int i = 0; i < keys->n; i++) {
		struct static_key *s = &keys->s[i];

		o = onion_of(&known, s->x);
		k[i].listed = o;
		/* the operator's word on the first key, which says nothing itself */
		if (o && !s->until) {
			s->from = o->from;
			s->until = o->until;
		}
		k[i].from = s->from;
		k[i].until = s->until;
	}
	p = rotate_plan(k, keys->n, keys->use, now, period);
	if (p.use != keys->use) {
		keys->use = p.use;
		err("the new circuit key is in use");
	}
	for (unsigned int i = keys->n; i-- > 0;)
		if (p.drop >> i & 1) {
			keys_drop(i);
			changed = true;
		}
	if (p.make && keys_add(conf.state, p.from, p.until) == RC_OK)
		changed = true;
	if (changed)
		links_keys_changed();
	/* also after a crash between key and descriptor */
	waiting = false;
	for (unsigned int i = 0; i < keys->n; i++)
		waiting |= keys->s[i].until > now && !onion_of(&known, keys->s[i].x);
	for (unsigned int i = 0; i < keys->n; i++)
		if (keys->s[i].until > now && !onion_of(&known, keys->s[i].x) && !(have_draft && onion_of(&draft, keys->s[i].x))) {
			publish(have_draft ? &draft : &known, now);
			break;
		}
}

void rotate_look(void)
{
	rotate_look_at((uint64_t)time(NULL));
}

static void ring(struct timer *t)
{
	(void)t;
	rotate_look();
}

void rotate_stop(void)
{
	timer_stop(&timer);
}

json_t *rotate_json(void)
{
	uint64_t until = 0;
	json_t *o;

	if (!conf.relay || !conf.rotate || !keys || !listed)
		return NULL;
	for (unsigned int i = 0; i < keys->n; i++)
		until = keys->s[i].until > until ? keys->s[i].until : until;
	o = json_pack("{s:i,s:I}", "keys", (int)keys->n, "until", (json_int_t)until);
	if (waiting)
		json_object_set_new(o, "descriptor", json_string(file_name()));
	return o;
}
