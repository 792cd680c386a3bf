// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "directory/durable.h"
#include "market/books/epoch.h"
#include "market/issue/keyring.h"
#include "proof/error.h"

#define VALUES_MAX	32
#define HEX_BYTES	(2 * 32 + 1)

void mkt_key_body(uint8_t body[MKT_MARKET_KEY_BYTES], const uint8_t public_key[CR_PUBLIC_BYTES])
{
	cr_put(cr_put_kind(body, MKT_KIND_MARKET_KEY), public_key, CR_PUBLIC_BYTES);
}

/* Files: 32 bytes as hexadecimal digits and a newline. */

static bool file_name(char name[PATH_MAX], const char *folder, const uint8_t *id)
{
	char hex[HEX_BYTES] = "";

	if (id)
		sodium_bin2hex(hex, sizeof(hex), id, CR_VOUCHER_ID_BYTES);
	return snprintf(name, PATH_MAX, "%s/%s%s", folder, id ? "voucher-" : "certificate", hex) < PATH_MAX;
}

static bool file_write(const char *folder, const uint8_t *id, const uint8_t secret[32])
{
	char name[PATH_MAX], *hex = sodium_malloc(HEX_BYTES + 1);
	bool ok = false;

	if (hex && file_name(name, folder, id)) {
		sodium_bin2hex(hex, HEX_BYTES, secret, 32);
		hex[HEX_BYTES - 1] = '\n';
		ok = cr_durable_write(name, hex, HEX_BYTES, 0600);
	}
	sodium_free(hex);
	return ok;
}

static bool file_read(const char *folder, const uint8_t *id, uint8_t secret[32], char *wrong, size_t room)
{
	char name[PATH_MAX];
	uint8_t *text = NULL;
	struct stat st;
	size_t len, bin;
	bool ok = false;

	if (!file_name(name, folder, id)) {
		snprintf(wrong, room, "the path of the folder of keys is too long");
		return false;
	}
	if (stat(name, &st) != 0)
		snprintf(wrong, room, "cannot read the key %s: %s", name, strerror(errno));
	else if (st.st_mode & 077)
		snprintf(wrong, room, "the key %s can be read by others: chmod 600, and consider it known", name);
	else if (!(text = cr_file_read(name, HEX_BYTES, &len)))
		snprintf(wrong, room, "cannot read the key %s: %s", name, strerror(errno));
	else if (len != HEX_BYTES || text[len - 1] != '\n' ||
		 sodium_hex2bin(secret, 32, (char *)text, len - 1, NULL, &bin, NULL) != 0 || bin != 32)
		snprintf(wrong, room, "%s is not a key: it should hold 64 hexadecimal digits", name);
	else
		ok = true;
	if (text)
		sodium_memzero(text, len);
	free(text);
	return ok;
}

/* The books' side. */

struct listing {
	struct mkt_work work;
	uint8_t certificate[CR_PUBLIC_BYTES];
	bool has_certificate;
	uint64_t epoch;
	struct cr_voucher_key *key;
	size_t n;
	bool all;		/* also those whose time is over */
};

static enum db_result list(struct db *db, void *context)
{
	struct listing *c = context;
	struct db_query *q;
	enum db_result r = mkt_epoch(db, &c->epoch);

	c->n = 0;
	c->has_certificate = false;
	if (r)
		return r;
	/* in the order in which they were announced */
	q = db_query(db, "SELECT k.body FROM journal_account j JOIN market_key k ON k.id = j.ref WHERE j.move = $1"
		     " ORDER BY j.seq");
	db_bind_int(q, 1, MKT_MOVE_KEY);
	while (db_next(q)) {
		struct cr_voucher_key key;
		size_t len;
		const uint8_t *body = db_blob(q, 0, CR_VOUCHER_KEY_BYTES, &len);

		if (len == MKT_MARKET_KEY_BYTES && cr_kind_is(body, MKT_KIND_MARKET_KEY)) {
			memcpy(c->certificate, body + CR_KIND_BYTES, CR_PUBLIC_BYTES);
			c->has_certificate = true;
		} else if (cr_voucher_key_decode(&key, body, len) != CR_ACCEPTED ||
			   memcmp(key.ledger, c->work.m->ledger, sizeof(key.ledger)) != 0) {
			db_fail(q, "table market_key: a key is malformed, or of another ledger");
		} else if (c->all || key.spend_until >= c->epoch) {
			if (c->n == CR_VOUCHER_KEYS_MAX)
				db_fail(q, "table market_key: more than %u keys in use", CR_VOUCHER_KEYS_MAX);
			else
				c->key[c->n++] = key;
		}
	}
	if (!c->has_certificate)
		db_fail(q, "table market_key: there is no certificate key");
	return db_end(q);
}

struct adding {
	struct mkt_work work;
	const uint8_t *body;
	size_t len;
	const struct cr_voucher_key *key;	/* NULL: a certificate key */
	bool needless;
};

/* Has another process just made a key for this value and time? */
static enum db_result is_needless(struct db *db, struct adding *c)
{
	struct db_query *q = db_query(db, "SELECT body FROM market_key");
	struct cr_voucher_key have;
	size_t len;

	c->needless = false;
	while (c->key && db_next(q)) {
		const uint8_t *body = db_blob(q, 0, CR_VOUCHER_KEY_BYTES, &len);

		if (cr_voucher_key_decode(&have, body, len) == CR_ACCEPTED && have.value == c->key->value &&
		    have.issue_until >= c->key->issue_from)
			c->needless = true;
	}
	return db_end(q);
}

static enum db_result add(struct db *db, void *context)
{
	struct adding *c = context;
	uint8_t id[CR_HASH_BYTES];
	struct db_query *q;
	uint64_t epoch;
	enum db_result r = mkt_epoch(db, &epoch);

	cr_hash(id, c->body, c->len);
	if (!r)
		r = is_needless(db, c);
	if (r || c->needless)
		return r;
	q = db_query(db, "INSERT INTO market_key (id, body) VALUES ($1, $2)");
	db_bind_bytes(q, 1, id, sizeof(id));
	db_bind_bytes(q, 2, c->body, c->len);
	r = db_end(q);
	return r ? r : mkt_announce(&c->work, MKT_MOVE_KEY, epoch, id);
}

static enum mkt_verdict make_voucher_key(struct market *m, const char *folder, int64_t value, uint64_t from,
					 size_t *made)
{
	struct cr_voucher_key key = { .value = (uint64_t)value, .issue_from = from };
	struct cr_voprf_key *secret = sodium_malloc(sizeof(*secret));
	uint8_t *seed = sodium_malloc(CR_SEED_BYTES), body[CR_VOUCHER_KEY_BYTES], id[CR_VOUCHER_ID_BYTES];
	struct adding c = { .body = body, .len = sizeof(body), .key = &key };
	enum mkt_verdict v = MKT_MEMORY;
	char name[PATH_MAX];

	if (secret && seed) {
		randombytes_buf(seed, CR_SEED_BYTES);
		v = cr_voprf_key_derive(secret, seed, NULL, 0) == CR_OK ? MKT_OK : MKT_FAULT;
	}
	if (!v) {
		memcpy(key.ledger, m->ledger, sizeof(key.ledger));
		key.issue_until = from + m->params.issue_epochs - 1;
		key.spend_until = key.issue_until + m->params.spend_epochs;
		memcpy(key.public_key, secret->public_key, sizeof(key.public_key));
		cr_voucher_key_encode(body, &key);
		cr_voucher_key_id(id, &key);
		/* first the secret: a public key in the books that nobody can use would be worse */
		v = file_write(folder, id, secret->k.b) ? mkt_run(m, DB_WRITE, add, &c.work) : MKT_KEYS;
		if (!v && !c.needless)
			(*made)++;
		else if (!v && file_name(name, folder, id))
			unlink(name);
	}
	sodium_free(secret);
	sodium_free(seed);
	return v;
}

static enum mkt_verdict make_certificate_key(struct market *m, const char *folder)
{
	uint8_t *secret = sodium_malloc(CR_SECRET_BYTES), public_key[CR_PUBLIC_BYTES], body[MKT_MARKET_KEY_BYTES];
	struct adding c = { .body = body, .len = sizeof(body) };
	enum mkt_verdict v = MKT_MEMORY;

	if (secret) {
		randombytes_buf(secret, CR_SEED_BYTES);
		cr_key_from_seed(public_key, secret, secret);
		mkt_key_body(body, public_key);
		v = file_write(folder, NULL, secret) ? mkt_run(m, DB_WRITE, add, &c.work) : MKT_KEYS;
	}
	sodium_free(secret);
	return v;
}

enum mkt_verdict mkt_keys_make(struct market *m, const char *folder, const int64_t *values, size_t n)
{
	uint64_t epoch = m->clock(m->clock_context) / m->params.epoch_seconds;
	enum mkt_verdict v = n && n <= VALUES_MAX ? MKT_OK : MKT_AMOUNT;
	size_t made = 0;

	for (size_t i = 0; !v && i < n; i++) {
		if (values[i] <= 0)
			v = MKT_AMOUNT;
		for (size_t j = 0; j < i; j++) {
			if (values[j] == values[i])
				v = MKT_AMOUNT;
		}
	}
	if (!v)
		v = make_certificate_key(m, folder);
	for (size_t i = 0; !v && i < n; i++)
		v = make_voucher_key(m, folder, values[i], epoch, &made);
	return v;
}

/* The last key of each denomination. */
static bool is_last(const struct listing *l, size_t i)
{
	for (size_t j = 0; j < l->n; j++) {
		if (l->key[j].value == l->key[i].value && l->key[j].issue_until > l->key[i].issue_until)
			return false;
	}
	return true;
}

static size_t remove_old(const struct listing *l, const char *folder)
{
	uint8_t id[CR_VOUCHER_ID_BYTES];
	char name[PATH_MAX];
	size_t removed = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->key[i].spend_until >= l->epoch)
			continue;
		cr_voucher_key_id(id, &l->key[i]);
		if (file_name(name, folder, id) && unlink(name) == 0)
			removed++;
	}
	return removed;
}

enum mkt_verdict mkt_keys_rotate(struct market *m, const char *folder, size_t *made, size_t *removed)
{
	/* wallets learn of a key some time before they need it */
	uint64_t early = (m->params.issue_epochs + 3) / 4;
	struct listing l = { .key = calloc(CR_VOUCHER_KEYS_MAX, sizeof(*l.key)), .all = true };
	enum mkt_verdict v = l.key ? mkt_turn(m) : MKT_MEMORY;

	*made = *removed = 0;
	if (!v)
		v = mkt_run(m, DB_READ, list, &l.work);
	for (size_t i = 0; !v && i < l.n; i++) {
		const struct cr_voucher_key *k = &l.key[i];
		uint64_t next = k->issue_until + 1;

		if (!is_last(&l, i) || k->issue_until >= l.epoch + early)
			continue;
		v = make_voucher_key(m, folder, (int64_t)k->value, next > l.epoch ? next : l.epoch, made);
	}
	if (!v)
		*removed = remove_old(&l, folder);
	free(l.key);
	return v;
}

enum mkt_verdict mkt_keys_public(struct market *m, uint8_t certificate[CR_PUBLIC_BYTES],
				 struct cr_voucher_key *keys, size_t *n)
{
	struct listing l = { .key = keys };
	enum mkt_verdict v = mkt_run(m, DB_READ, list, &l.work);

	memcpy(certificate, l.certificate, CR_PUBLIC_BYTES);
	*n = v ? 0 : l.n;
	return v;
}

static enum mkt_verdict load(struct mkt_keyring *ring, const char *folder, const uint8_t want[CR_PUBLIC_BYTES],
			     uint8_t secret[32], char *wrong, size_t len)
{
	uint8_t id[CR_VOUCHER_ID_BYTES];

	if (!file_read(folder, NULL, ring->certificate, wrong, len))
		return MKT_KEYS;
	cr_key_from_seed(ring->certificate_public, ring->certificate, ring->certificate);
	if (memcmp(ring->certificate_public, want, CR_PUBLIC_BYTES) != 0) {
		snprintf(wrong, len, "%s/certificate is not the certificate key that stands in the books", folder);
		return MKT_KEYS;
	}
	for (size_t i = 0; i < ring->n; i++) {
		cr_voucher_key_id(id, &ring->key[i]);
		if (!file_read(folder, id, secret, wrong, len))
			return MKT_KEYS;
		if (cr_voprf_key_load(&ring->secret[i], secret) != CR_OK ||
		    memcmp(ring->secret[i].public_key, ring->key[i].public_key, CR_POINT_BYTES) != 0) {
			snprintf(wrong, len, "the file of the voucher key of %llu units holds another key",
				 (unsigned long long)ring->key[i].value);
			return MKT_KEYS;
		}
	}
	return MKT_OK;
}

enum mkt_verdict mkt_keyring_load(struct mkt_keyring **out, struct market *m, const char *folder,
				  char *wrong, size_t len)
{
	/* a multiple of the alignment keeps the guarded block aligned */
	struct mkt_keyring *ring = sodium_malloc((sizeof(*ring) + 63) / 64 * 64);
	uint8_t *secret = sodium_malloc(64), certificate[CR_PUBLIC_BYTES];
	enum mkt_verdict v = ring && secret ? MKT_OK : MKT_MEMORY;

	*out = NULL;
	*wrong = 0;
	if (!v) {
		memset(ring, 0, sizeof(*ring));
		v = mkt_keys_public(m, certificate, ring->key, &ring->n);
	}
	if (!v && cr_voucher_keys_check(ring->key, ring->n) != CR_ACCEPTED)
		v = MKT_CORRUPT;
	if (!v)
		v = load(ring, folder, certificate, secret, wrong, len);
	sodium_free(secret);
	if (v)
		mkt_keyring_free(ring);
	else
		*out = ring;
	return v;
}

void mkt_keyring_free(struct mkt_keyring *ring)
{
	sodium_free(ring);
}
