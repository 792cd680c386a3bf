// SPDX-License-Identifier: MIT
#include "peers.h"

#include <errno.h>
#include <ini.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** struct known - a key, and whose it is */
struct known {
	const uint8_t *key;
	struct peer *peer;
};

static struct peer **peers;
static struct known *by_identity, *by_key;
static size_t count, room, identities, keys_n;

/* The first thing that is wrong; ini_parse() knows the line. */
struct reader {
	char wrong[256];
};

static struct peer *peer_new(const char *name)
{
	struct peer *p;

	if (count == room) {
		size_t n = room ? room * 2 : 16;
		struct peer **more = reallocarray(peers, n, sizeof(struct peer *));

		if (!more)
			return NULL;
		peers = more;
		room = n;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	strcpy(p->name, name);
	peers[count++] = p;
	return p;
}

static struct peer *section(const char *name)
{
	struct peer *p;

	/* sections come one after another */
	if (count && strcmp(peers[count - 1]->name, name) == 0)
		return peers[count - 1];
	if (strlen(name) >= PEER_NAME || peer_by_name(name))
		return NULL;
	p = peer_new(name);
	if (p)
		p->named = true;
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

static int cmp_known(const void *a, const void *b)
{
	return memcmp(((const struct known *)a)->key, ((const struct known *)b)->key, 32);
}

/* The tables to look peers up in. */
static enum rc sort(void)
{
	struct known *ids = calloc(count + 1, sizeof(*ids)), *keys = calloc(2 * count + 1, sizeof(*keys));

	if (!ids || !keys) {
		free(ids);
		free(keys);
		return fail(RC_REFUSED, "out of memory");
	}
	free(by_identity);
	free(by_key);
	by_identity = ids;
	by_key = keys;
	identities = count;
	keys_n = 0;
	for (size_t i = 0; i < count; i++) {
		ids[i] = (struct known){ peers[i]->identity, peers[i] };
		keys[keys_n++] = (struct known){ peers[i]->key, peers[i] };
		if (!sodium_is_zero(peers[i]->old_key, 32))
			keys[keys_n++] = (struct known){ peers[i]->old_key, peers[i] };
	}
	qsort(ids, identities, sizeof(*ids), cmp_known);
	qsort(keys, keys_n, sizeof(*keys), cmp_known);
	return RC_OK;
}

static enum rc complete(const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (sodium_is_zero(peers[i]->identity, 32) || sodium_is_zero(peers[i]->key, 32))
			return fail(RC_USAGE, "%s: [relay %s] needs identity and key", path, peers[i]->name);
	if (sort())
		return RC_REFUSED;
	for (size_t i = 1; i < count; i++)
		if (!cmp_known(&by_identity[i - 1], &by_identity[i]) || !cmp_known(&by_key[i - 1], &by_key[i]))
			return fail(RC_USAGE, "%s: two relays have the same identity or key", path);
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
	return complete(path);
}

/* What the snapshot says of a relay; a name from the peers file stays. */
static void take_entry(struct peer *p, const struct cr_descriptor *d, uint64_t now)
{
	const struct cr_onion_key *key = cr_descriptor_onion(d, now);

	p->listed = key;
	if (!key)
		return;
	memset(p->old_key, 0, sizeof(p->old_key));
	for (unsigned int i = 0; i < d->onion_count; i++)
		if (&d->onion[i] != key && now < d->onion[i].until)
			memcpy(p->old_key, d->onion[i].public_key, sizeof(p->old_key));
	memcpy(p->key, key->public_key, sizeof(p->key));
	p->addr_n = 0;
	for (unsigned int i = 0; i < d->address_count && !(d->roles & CR_ROLE_NAT); i++) {
		struct addr *a = &p->addr[p->addr_n++];

		*a = (struct addr){ .len = d->address[i].family == 4 ? 4 : 16, .port = d->address[i].port };
		memcpy(a->bytes, d->address[i].ip, a->len);
	}
}

struct peer *peers_name(const struct cr_uri *u)
{
	struct peer *p = peer_by_identity(u->identity);
	char name[PEER_NAME];
	bool is_new = !p;

	if (is_new) {
		sodium_bin2hex(name, 17, u->identity, 8);
		p = peer_new(name);
		if (!p) {
			err("out of memory");
			return NULL;
		}
		memcpy(p->identity, u->identity, sizeof(p->identity));
	}
	if (!p->listed && (is_new || memcmp(p->key, u->key, sizeof(p->key)) != 0 || !p->named)) {
		memcpy(p->key, u->key, sizeof(p->key));
		memset(p->old_key, 0, sizeof(p->old_key));
		p->addr_n = 1;
		p->addr[0] = (struct addr){ .len = u->address.family == 4 ? 4 : 16, .port = u->address.port };
		memcpy(p->addr[0].bytes, u->address.ip, p->addr[0].len);
		is_new = true;
	}
	p->named = true;
	return is_new && sort() ? NULL : p;
}

enum rc peers_take(const struct cr_snapshot *s, uint64_t now)
{
	struct cr_reader r = cr_snapshot_relays(s);
	struct cr_entry e;

	for (size_t i = 0; i < count; i++)
		peers[i]->listed = false;
	while (cr_snapshot_next(&e, &r)) {
		/* the table is that of before: a snapshot has no identity twice */
		struct peer *p = peer_by_identity(e.d.identity);
		char name[PEER_NAME];

		if (!p) {
			sodium_bin2hex(name, 17, e.d.identity, 8);
			p = peer_new(name);
			if (!p)
				return fail(RC_REFUSED, "out of memory");
			memcpy(p->identity, e.d.identity, sizeof(p->identity));
		}
		take_entry(p, &e.d, now);
	}
	return sort();
}

void peers_free(void)
{
	for (size_t i = 0; i < count; i++)
		free(peers[i]);
	free(peers);
	free(by_identity);
	free(by_key);
	peers = NULL;
	by_identity = by_key = NULL;
	count = room = identities = keys_n = 0;
}

static struct peer *look_up(const struct known *table, size_t n, const uint8_t key[32])
{
	const struct known want = { key, NULL };
	const struct known *k = n ? bsearch(&want, table, n, sizeof(*table), cmp_known) : NULL;

	return k ? k->peer : NULL;
}

struct peer *peer_by_identity(const uint8_t identity[32])
{
	return look_up(by_identity, identities, identity);
}

struct peer *peer_by_key(const uint8_t key[32])
{
	return look_up(by_key, keys_n, key);
}

struct peer *peer_by_name(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(peers[i]->name, name) == 0)
			return peers[i];
	return NULL;
}

struct peer *peer_by_addr(const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned int j = 0; j < peers[i]->addr_n; j++)
			if (addr_equal(&peers[i]->addr[j], a))
				return peers[i];
	return NULL;
}
