// SPDX-License-Identifier: MIT
#include "resume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "directory/durable.h"

#define RESUME_MAX	65536
#define SEEDS_LEN	(RESUME_CIRCS * sizeof(struct resume_seed))

static const char *in_folder(char *path, size_t room, const char *name)
{
	const char *slash = strrchr(conf.socket, '/');

	snprintf(path, room, "%.*s%s", slash ? (int)(slash - conf.socket + 1) : 0, conf.socket, name);
	return path;
}

static const char *file_name(void)
{
	static char path[sizeof(conf.socket) + 8];

	return in_folder(path, sizeof(path), "online");
}

static const char *seeds_name(void)
{
	static char path[sizeof(conf.socket) + 16];

	return in_folder(path, sizeof(path), "online.sessions");
}

struct resume_seed *resume_seeds(void)
{
	struct resume_seed *s = sodium_malloc(SEEDS_LEN);

	if (s)
		memset(s, 0, SEEDS_LEN);
	else
		err("no locked memory for sessions' keys; see: ulimit -l");
	return s;
}

/* In place and always as long, so that nothing stays of what was there before. Without @seed: only if there is a file. */
static bool seeds_write(const struct resume_seed *seed)
{
	static const uint8_t zeros[SEEDS_LEN];
	int fd = open(seeds_name(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (seed ? O_CREAT : 0), 0600);
	bool ok;

	if (fd < 0)
		return false;
	ok = pwrite(fd, seed ? (const void *)seed : zeros, SEEDS_LEN, 0) == (ssize_t)SEEDS_LEN && fsync(fd) == 0;
	close(fd);
	return ok;
}

struct resume_seed *resume_seeds_load(void)
{
	int fd = open(seeds_name(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct resume_seed *seed = fd < 0 ? NULL : resume_seeds();

	if (seed && pread(fd, seed, SEEDS_LEN, 0) != (ssize_t)SEEDS_LEN) {
		sodium_free(seed);
		seed = NULL;
	}
	if (fd >= 0)
		close(fd);
	return seed;
}

void resume_save(const struct resume *r)
{
	json_t *circs = json_array();
	char *text, uri[CR_URI_TEXT];
	json_t *o;

	for (unsigned int i = 0; i < r->n; i++) {
		json_t *relays = json_array();
		char hex[65], cookie[24];

		for (uint8_t j = 0; j < r->circ[i].route.n; j++)
			json_array_append_new(relays, json_string(sodium_bin2hex(hex, sizeof(hex),
										 r->circ[i].route.relay[j]->identity, 32)));
		snprintf(cookie, sizeof(cookie), "%" PRIu64, r->circ[i].cookie);
		json_array_append_new(circs, json_pack("{s:s,s:o}", "cookie", cookie, "relays", relays));
	}
	o = json_pack("{s:s,s:b,s:i,s:s,s:I,s:o}", "path", r->path, "mark_changed", r->mark_changed,
		      "hops", (int)r->wish.hops, "country", r->wish.country, "max_price",
		      r->wish.max_price > INT64_MAX ? (json_int_t)-1 : (json_int_t)r->wish.max_price, "circuits", circs);
	if (o && r->wish.named)
		json_object_set_new(o, "guard", json_string(cr_uri_text(uri, &r->wish.guard)));
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (!text || !cr_durable_write(file_name(), text, strlen(text), 0600))
		err("cannot write %s: %s; after a restart the circuits would end", file_name(), strerror(errno));
	free(text);
	if (r->seed && !seeds_write(r->seed))
		err("cannot write %s: %s; after a restart flows could not move to another circuit", seeds_name(), strerror(errno));
}

static bool take_circ(struct resume *r, const json_t *o)
{
	const char *cookie = json_string_value(json_object_get(o, "cookie")), *hex;
	const json_t *relays = json_object_get(o, "relays"), *one;
	struct route *route = &r->circ[r->n].route;
	uint8_t identity[32];
	size_t i, len;

	*route = (struct route){ .n = 0 };
	if (!cookie)
		return false;
	r->circ[r->n].cookie = strtoull(cookie, NULL, 10);
	json_array_foreach(relays, i, one) {
		hex = json_string_value(one);
		if (!hex || i == CR_HOPS_MAX || sodium_hex2bin(identity, 32, hex, strlen(hex), NULL, &len, NULL) || len != 32)
			return false;
		route->relay[route->n] = peer_by_identity(identity);
		if (!route->relay[route->n++])
			return false;
	}
	return route->n;
}

bool resume_load(struct resume *r)
{
	const char *path, *country, *guard;
	const json_t *circs, *one;
	json_int_t price;
	uint8_t *text;
	size_t len, i;
	json_t *o;

	memset(r, 0, sizeof(*r));
	text = cr_file_read(file_name(), RESUME_MAX, &len);
	if (!text)
		return false;
	o = json_loadb((const char *)text, len, 0, NULL);
	free(text);
	path = json_string_value(json_object_get(o, "path"));
	country = json_string_value(json_object_get(o, "country"));
	if (!path || strlen(path) >= sizeof(r->path) || !country || strlen(country) >= sizeof(r->wish.country)) {
		err("%s is damaged: the client begins anew", file_name());
		json_decref(o);
		return false;
	}
	strcpy(r->path, path);
	strcpy(r->wish.country, country);
	r->mark_changed = json_is_true(json_object_get(o, "mark_changed"));
	r->wish.hops = (unsigned int)json_integer_value(json_object_get(o, "hops"));
	price = json_integer_value(json_object_get(o, "max_price"));
	r->wish.max_price = price < 0 ? UINT64_MAX : (uint64_t)price;
	/* circuits through a relay that only the user knows: it is known from here on */
	guard = json_string_value(json_object_get(o, "guard"));
	r->wish.named = guard && !cr_uri_parse(&r->wish.guard, guard, strlen(guard)) && peers_name(&r->wish.guard);
	circs = json_object_get(o, "circuits");
	json_array_foreach(circs, i, one)
		if (r->n < RESUME_CIRCS && take_circ(r, one))
			r->n++;
	json_decref(o);
	return true;
}

void resume_forget(void)
{
	unlink(file_name());
	seeds_write(NULL);
	unlink(seeds_name());
}
