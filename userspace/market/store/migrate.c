// SPDX-License-Identifier: MIT
/* Numbered changes of the schema, applied once and recorded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "market/store/engine.h"

#define HASH_BYTES	32
#define SCRIPT_MAX	(1u << 20)

struct job {
	const char *part;
	const struct db_migration *list;
	unsigned int n;
	bool apply;
};

static const struct db_migration record[] = { {
	"record of migrations",
	"CREATE TABLE IF NOT EXISTS migration ("
	" part {text} NOT NULL,"
	" number {int} NOT NULL,"
	" name {text} NOT NULL,"
	" hash {bytes} NOT NULL,"
	" PRIMARY KEY (part, number)"
	"){strict};",
} };

/* The words in braces, as this database has them. NULL: no memory, or an unknown word. */
static char *translate(const struct db_engine *engine, const char *sql)
{
	const struct {
		const char *word, *means;
	} words[] = {
		{ "{int}", engine->words.integer },
		{ "{bytes}", engine->words.bytes },
		{ "{text}", engine->words.text },
		{ "{strict}", engine->words.strict },
	};
	size_t room = 4 * strlen(sql) + 1, used = 0, i;
	char *out = room <= SCRIPT_MAX ? malloc(room) : NULL;

	while (out && *sql) {
		if (*sql != '{') {
			out[used++] = *sql++;
			continue;
		}
		for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
			if (strncmp(sql, words[i].word, strlen(words[i].word)) == 0)
				break;
		}
		if (i == sizeof(words) / sizeof(*words)) {
			free(out);
			return NULL;
		}
		/* no word means more than four times its own length */
		memcpy(out + used, words[i].means, strlen(words[i].means));
		used += strlen(words[i].means);
		sql += strlen(words[i].word);
	}
	if (out)
		out[used] = 0;
	return out;
}

static enum db_result apply(struct db *db, const char *sql)
{
	char *text = translate(db->engine, sql);
	enum db_result r;

	if (!text)
		return db_say(db, DB_MISUSE, "a migration with an unknown word, or no memory for it");
	r = db->engine->script(db, text);
	free(text);
	return r;
}

static void hash_of(uint8_t hash[HASH_BYTES], const struct db_migration *m)
{
	uint8_t full[crypto_hash_sha512_BYTES];
	crypto_hash_sha512_state h;

	crypto_hash_sha512_init(&h);
	/* with the 0 between them */
	crypto_hash_sha512_update(&h, (const uint8_t *)m->name, strlen(m->name) + 1);
	crypto_hash_sha512_update(&h, (const uint8_t *)m->sql, strlen(m->sql));
	crypto_hash_sha512_final(&h, full);
	memcpy(hash, full, HASH_BYTES);
}

/* How many are recorded; each must be the one that we have. */
static enum db_result recorded(struct db *db, const struct job *job, unsigned int *count)
{
	struct db_query *q = db_query(db, "SELECT number, name, hash FROM migration"
				      " WHERE part = $1 ORDER BY number");
	uint8_t want[HASH_BYTES], have[HASH_BYTES];

	*count = 0;
	db_bind_text(q, 1, job->part);
	while (db_next(q)) {
		uint64_t number = db_u64(q, 0);

		db_bytes(q, 2, have, sizeof(have));
		if (number != *count + 1u) {
			db_fail(q, "table migration: after number %u of \"%s\" comes %llu", *count, job->part,
				(unsigned long long)number);
			break;
		}
		if (number > job->n) {
			db_say(db, DB_OTHER, "the database is newer than this program: it has migration %llu \"%s\" of \"%s\"",
			       (unsigned long long)number, db_text(q, 1), job->part);
			db_end(q);
			return DB_OTHER;
		}
		hash_of(want, &job->list[*count]);
		if (strcmp(db_text(q, 1), job->list[*count].name) != 0 || memcmp(have, want, sizeof(want)) != 0) {
			db_say(db, DB_OTHER, "table migration: number %llu of \"%s\" is not the one that this program has (\"%s\")",
			       (unsigned long long)number, job->part, job->list[*count].name);
			db_end(q);
			return DB_OTHER;
		}
		(*count)++;
	}
	return db_end(q);
}

static enum db_result note(struct db *db, const struct job *job, unsigned int number)
{
	struct db_query *q = db_query(db, "INSERT INTO migration (part, number, name, hash) VALUES ($1, $2, $3, $4)");
	uint8_t hash[HASH_BYTES];

	hash_of(hash, &job->list[number - 1]);
	db_bind_text(q, 1, job->part);
	db_bind_int(q, 2, number);
	db_bind_text(q, 3, job->list[number - 1].name);
	db_bind_bytes(q, 4, hash, sizeof(hash));
	return db_end(q);
}

static enum db_result migrate(struct db *db, void *context)
{
	const struct job *job = context;
	enum db_result r = DB_OK;
	unsigned int count;

	if (job->apply)
		r = apply(db, record[0].sql);
	if (!r)
		r = recorded(db, job, &count);
	if (r || count == job->n)
		return r;
	if (!job->apply)
		return db_say(db, DB_OTHER, "the database has %u of %u migrations of \"%s\": run relaymarket upgrade",
			      count, job->n, job->part);
	while (!r && count < job->n) {
		r = apply(db, job->list[count].sql);
		if (!r)
			r = note(db, job, ++count);
	}
	return r;
}

enum db_result db_migrate(struct db *db, const char *part, const struct db_migration *list, unsigned int n)
{
	struct job job = { .part = part, .list = list, .n = n, .apply = true };

	return db_transact(db, DB_WRITE, migrate, &job);
}

enum db_result db_migrated(struct db *db, const char *part, const struct db_migration *list, unsigned int n)
{
	struct job job = { .part = part, .list = list, .n = n };

	return db_transact(db, DB_READ, migrate, &job);
}
