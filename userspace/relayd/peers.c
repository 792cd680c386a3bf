// SPDX-License-Identifier: MIT
#include "peers.h"

#include <errno.h>
#include <ini.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct peer *peers;
static struct peer **by_identity, **by_key;
static size_t count, room;

/* The first thing that is wrong; ini_parse() knows the line. */
struct reader {
	char wrong[256];
};

static struct peer *section(const char *name)
{
	struct peer *p;

	/* sections come one after another */
	if (count && strcmp(peers[count - 1].name, name) == 0)
		return &peers[count - 1];
	if (strlen(name) >= PEER_NAME || peer_by_name(name))
		return NULL;
	if (count == room) {
		size_t n = room ? room * 2 : 16;

		p = reallocarray(peers, n, sizeof(*p));
		if (!p)
			return NULL;
		peers = p;
		room = n;
	}
	p = &peers[count++];
	*p = (struct peer){ .addr_n = 0 };
	strcpy(p->name, name);
	return p;
}

static bool base64(uint8_t out[32], const char *value)
{
	size_t len = 0;

	return sodium_base642bin(out, 32, value, strlen(value), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       len == 32;
}

static const char *setting(struct peer *p, const char *name, const char *value)
{
	if (strcmp(name, "identity") == 0)
		return base64(p->identity, value) ? NULL : "an Ed25519 key in base64";
	if (strcmp(name, "key") == 0)
		return base64(p->key, value) ? NULL : "an X25519 key in base64";
	if (strcmp(name, "address") != 0)
		return "there is no such setting";
	if (p->addr_n == PEER_ADDRS)
		return "a relay has at most 4 addresses";
	return addr_endpoint(value, &p->addr[p->addr_n++]) ? NULL :
		"an address and port such as 192.0.2.1:4000 or [2001:db8::1]:4000";
}

static int take(void *arg, const char *sec, const char *name, const char *value)
{
	struct reader *r = arg;
	struct peer *p = strncmp(sec, "relay ", 6) == 0 && sec[6] ? section(sec + 6) : NULL;
	const char *wrong = p ? setting(p, name, value) : "not a section such as [relay NAME], or the same name again";

	if (wrong && !r->wrong[0])
		snprintf(r->wrong, sizeof(r->wrong), "[%s] %s: %s", sec, name, wrong);
	return !wrong;
}

static int cmp_identity(const void *a, const void *b)
{
	return memcmp((*(struct peer *const *)a)->identity, (*(struct peer *const *)b)->identity, 32);
}

static int cmp_key(const void *a, const void *b)
{
	return memcmp((*(struct peer *const *)a)->key, (*(struct peer *const *)b)->key, 32);
}

static enum rc sort(const char *path)
{
	by_identity = calloc(count ? count : 1, sizeof(*by_identity));
	by_key = calloc(count ? count : 1, sizeof(*by_key));
	if (!by_identity || !by_key)
		return fail(RC_REFUSED, "out of memory");
	for (size_t i = 0; i < count; i++)
		by_identity[i] = by_key[i] = &peers[i];
	qsort(by_identity, count, sizeof(*by_identity), cmp_identity);
	qsort(by_key, count, sizeof(*by_key), cmp_key);
	for (size_t i = 0; i < count; i++) {
		if (sodium_is_zero(peers[i].identity, 32) || sodium_is_zero(peers[i].key, 32))
			return fail(RC_USAGE, "%s: [relay %s] needs identity and key", path, peers[i].name);
		if (i && (!cmp_identity(&by_identity[i - 1], &by_identity[i]) || !cmp_key(&by_key[i - 1], &by_key[i])))
			return fail(RC_USAGE, "%s: two relays have the same identity or key", path);
	}
	return RC_OK;
}

enum rc peers_read(const char *path)
{
	struct reader r = { .wrong = "" };
	int line = ini_parse(path, take, &r);

	if (line < 0)
		return fail(RC_USAGE, "cannot read %s: %s", path, strerror(errno));
	if (line)
		return fail(RC_USAGE, "%s:%d: %s", path, line, r.wrong[0] ? r.wrong :
			    "this is neither \"name = value\" nor a [section] nor a # comment");
	return sort(path);
}

void peers_free(void)
{
	free(peers);
	free(by_identity);
	free(by_key);
	peers = NULL;
	by_identity = by_key = NULL;
	count = room = 0;
}

struct peer *peer_by_identity(const uint8_t identity[32])
{
	struct peer want, *w = &want, **p;

	memcpy(want.identity, identity, 32);
	p = count ? bsearch(&w, by_identity, count, sizeof(*by_identity), cmp_identity) : NULL;
	return p ? *p : NULL;
}

struct peer *peer_by_key(const uint8_t key[32])
{
	struct peer want, *w = &want, **p;

	memcpy(want.key, key, 32);
	p = count ? bsearch(&w, by_key, count, sizeof(*by_key), cmp_key) : NULL;
	return p ? *p : NULL;
}

struct peer *peer_by_name(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(peers[i].name, name) == 0)
			return &peers[i];
	return NULL;
}

struct peer *peer_by_addr(const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned int j = 0; j < peers[i].addr_n; j++)
			if (addr_equal(&peers[i].addr[j], a))
				return &peers[i];
	return NULL;
}
