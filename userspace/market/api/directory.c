// SPDX-License-Identifier: MIT
/* Descriptors, evidence, snapshots. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/api/api.h"
#include "market/books/terms.h"
#include "market/directory/roll.h"
#include "market/settle/evidence.h"

static bool stored(struct http_answer *a, enum db_result r)
{
	if (r)
		api_refuse(NULL, a, mkt_from_db(r), NULL);
	return !r;
}

static void refuse_verdict(struct http_answer *a, enum http_code code, const char *what, enum cr_verdict v)
{
	http_refuse(a, code, NULL, cr_verdict_name(v), "%s %s", what, cr_verdict_text(v));
	if (code == HTTP_UNAVAILABLE)
		a->retry_after = 1;
}

/* ------------------------------------------------------------- descriptors */

static const char *outcome_name(enum roll_outcome o)
{
	return o == ROLL_NEW ? "new" : o == ROLL_NEWER ? "newer" : "same";
}

/* The relay sells at the tariff of its descriptor; from when on, the books say. */
static void taken(struct api *api, const struct roll_entry *e, struct http_answer *a)
{
	uint64_t first = 0;
	enum mkt_verdict v = mkt_terms_set(&api->m, e->d.identity, e->d.tariff, e->d.operator_key, &first);

	if (v) {
		api_refuse(api, a, v, NULL);
		return;
	}
	http_answer_json(a, e->outcome == ROLL_NEW ? 201 : 200,
			 json_pack("{s:s,s:o,s:I,s:I}", "outcome", outcome_name(e->outcome),
				   "identity", api_hex(e->d.identity, CR_PUBLIC_BYTES),
				   "serial", (json_int_t)e->d.serial, "tariff_from_epoch", (json_int_t)first));
}

static void forked(struct api *api, const struct http_request *q, const struct roll_entry *e, struct http_answer *a)
{
	int64_t burned;
	enum mkt_verdict v = mkt_slash(&api->m, MKT_TWO_DESCRIPTORS, e->other, e->other_len, q->body, q->body_len, &burned);

	if (v) {
		api_refuse(api, a, v, NULL);
		return;
	}
	http_refuse(a, HTTP_CONFLICT, NULL, "fork", "another descriptor of this relay has this serial number and other content: both are kept as evidence");
}

void api_descriptor_add(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;
	struct roll_entry e = { .ledger = api->m.ledger, .private = api->private, .now = api->m.clock(api->m.clock_context) };

	if (!api_ready(q, a) || !stored(a, roll_add(api->m.db, &e, q->body, q->body_len)))
		return;
	switch (e.outcome) {
	case ROLL_NEW:
	case ROLL_NEWER:
	case ROLL_SAME:
		taken(api, &e, a);
		return;
	case ROLL_FORK:
		forked(api, q, &e, a);
		return;
	case ROLL_OLD:
		http_refuse(a, HTTP_CONFLICT, NULL, "rollback", "a descriptor of this relay with a larger serial number is here");
		return;
	case ROLL_FULL:
		http_refuse(a, HTTP_REFUSED, NULL, "limit", "there are as many relays as there can be");
		return;
	case ROLL_WRONG:
		refuse_verdict(a, e.verdict == CR_DIR_MEMORY ? HTTP_UNAVAILABLE : HTTP_REFUSED, "this descriptor", e.verdict);
		return;
	}
}

void api_descriptor_get(const struct http_request *q, struct http_answer *a)
{
	uint8_t identity[CR_PUBLIC_BYTES], bytes[CR_DESCRIPTOR_MAX];
	struct api *api = q->context;
	size_t len;

	if (!api_key(q, 0, identity, a) || !stored(a, roll_get(api->m.db, identity, bytes, &len)))
		return;
	if (len)
		api_bytes(a, bytes, len);
	else
		http_refuse(a, HTTP_NOT_FOUND, NULL, NULL, "this relay is not here");
}

/* ---------------------------------------------------------------- evidence */

void api_evidence_get(const struct http_request *q, struct http_answer *a)
{
	const char *after = http_target_query(&q->target, "after");
	struct roll_fork *forks = calloc(ROLL_FORKS_MAX, sizeof(*forks));
	uint8_t identity[CR_PUBLIC_BYTES];
	struct api *api = q->context;
	json_t *list = json_array();
	size_t n = 0;

	if (!forks || !list) {
		http_refuse(a, HTTP_INTERNAL, NULL, "memory", NULL);
	} else if (after && !http_hex(identity, sizeof(identity), after)) {
		http_refuse(a, HTTP_BAD_TARGET, "after", NULL, "\"after\" is an identity: 64 lower-case hexadecimal digits");
	} else if (stored(a, roll_forks(api->m.db, after ? identity : NULL, forks, &n))) {
		for (size_t i = 0; i < n; i++)
			json_array_append_new(list, json_pack("{s:s,s:o,s:I,s:o,s:o}", "kind", "descriptors",
				"identity", api_hex(forks[i].identity, CR_PUBLIC_BYTES), "serial", (json_int_t)forks[i].serial,
				"one", api_hex(forks[i].one, forks[i].one_len), "two", api_hex(forks[i].two, forks[i].two_len)));
		http_answer_json(a, 200, json_pack("{s:o}", "evidence", list));
		list = NULL;
	}
	json_decref(list);
	free(forks);
}

void api_evidence_add(const struct http_request *q, struct http_answer *a)
{
	uint8_t one[CR_DESCRIPTOR_MAX], two[CR_DESCRIPTOR_MAX];
	size_t one_len, two_len;
	const char *kind;
	const struct http_field f[] = {
		{ "kind", HTTP_FIELD_TEXT, 1, 16, &kind, NULL, NULL },
		{ "one", HTTP_FIELD_HEX, 1, sizeof(one), one, &one_len, NULL },
		{ "two", HTTP_FIELD_HEX, 1, sizeof(two), two, &two_len, NULL },
		{ 0 },
	};
	struct api *api = q->context;
	enum mkt_evidence_kind rule;
	enum mkt_verdict v;
	int64_t burned;

	if (!http_fields(q->json, f, a))
		return;
	rule = strcmp(kind, "descriptors") == 0 ? MKT_TWO_DESCRIPTORS : strcmp(kind, "snapshots") == 0 ? MKT_TWO_SNAPSHOTS : 0;
	if (!rule) {
		http_refuse(a, HTTP_BAD_FIELD, "kind", NULL, "this is \"descriptors\" or \"snapshots\"");
		return;
	}
	if (!api_ready(q, a))
		return;
	v = mkt_slash(&api->m, rule, one, one_len, two, two_len, &burned);
	if (v)
		api_refuse(api, a, v, NULL);
	else
		http_answer_json(a, 200, json_pack("{s:I}", "burned", (json_int_t)burned));
}

/* --------------------------------------------------------------- snapshots */

void api_close(struct api *api)
{
	http_blob_put(api->snapshot);
	for (unsigned int i = 0; i < SHELF_BASES; i++)
		http_blob_put(api->deltas[i].blob);
	memset(api->deltas, 0, sizeof(api->deltas));
	api->snapshot = NULL;
	api->number = 0;
}

/* When it is valid stands in front, at fixed places. */
static void times(struct api *api)
{
	struct cr_reader r = { api->snapshot->bytes, api->snapshot->len, false };

	cr_skip(&r, CR_KIND_BYTES + 4 + CR_LEDGER_BYTES + 8);
	api->from = cr_read_le64(&r);
	api->period = cr_read_le32(&r);
}

/* Holds what is newest on the shelf. Files there never change, so they may be mapped. */
static enum cr_verdict refresh(struct api *api)
{
	char path[PATH_MAX];
	struct http_blob *b;
	uint64_t number;
	unsigned int n = 0;
	enum cr_verdict v;

	if (!api->shelf)
		return CR_DIR_OK;
	v = shelf_current(api->shelf, &number);
	if (v || number == api->number)
		return v;
	if (!shelf_name(path, sizeof(path), api->shelf, 0, number))
		return CR_DIR_STORAGE;
	b = http_blob_file(path);
	if (!b)
		return CR_DIR_STORAGE;
	api_close(api);
	api->snapshot = b;
	api->number = number;
	times(api);
	/* the numbers before it; one that was not published has no delta */
	for (uint64_t base = number; base-- > 1 && n < SHELF_BASES && number - base <= 16 * SHELF_BASES;) {
		if (!shelf_name(path, sizeof(path), api->shelf, base, number))
			break;
		b = http_blob_file(path);
		if (b)
			api->deltas[n++] = (struct api_delta){ base, b };
	}
	return CR_DIR_OK;
}

static bool fresh(struct api *api, struct http_answer *a)
{
	enum cr_verdict v = refresh(api);

	if (v)
		refuse_verdict(a, HTTP_UNAVAILABLE, "the snapshot", v);
	else if (!api->number)
		http_refuse(a, HTTP_NOT_FOUND, NULL, NULL, "there is no snapshot yet");
	return !v && api->number;
}

static void answer_blob(struct api *api, struct http_answer *a, struct http_blob *b, uint64_t base)
{
	uint64_t now = api->m.clock(api->m.clock_context), next = api->from + api->period;

	http_answer_blob(a, HTTP_BYTES, http_blob_get(b));
	/* a published snapshot never changes, so its number says all */
	if (base)
		snprintf(a->etag, sizeof(a->etag), "\"delta-%" PRIu64 "-%" PRIu64 "\"", base, api->number);
	else
		snprintf(a->etag, sizeof(a->etag), "\"snapshot-%" PRIu64 "\"", api->number);
	a->cached = true;
	a->max_age = now >= next ? 1 : next - now > api->period ? api->period : (uint32_t)(next - now);
}

void api_snapshot_get(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;

	if (fresh(api, a))
		answer_blob(api, a, api->snapshot, 0);
}

void api_delta_get(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;
	uint64_t base;

	if (!http_number(&base, q->param[0])) {
		http_refuse(a, HTTP_BAD_TARGET, NULL, NULL, "a number of a snapshot is decimal digits");
		return;
	}
	if (!fresh(api, a))
		return;
	for (unsigned int i = 0; i < SHELF_BASES && api->deltas[i].blob; i++) {
		if (api->deltas[i].base == base) {
			answer_blob(api, a, api->deltas[i].blob, base);
			return;
		}
	}
	http_refuse(a, HTTP_NOT_FOUND, NULL, NULL, "there is no change from this snapshot to the newest: take the whole");
}

void api_pending_get(const struct http_request *q, struct http_answer *a)
{
	struct api *api = q->context;
	char path[PATH_MAX];
	struct http_blob *b;

	if (!api->shelf || snprintf(path, sizeof(path), "%s/next", api->shelf) >= (int)sizeof(path)) {
		http_refuse(a, HTTP_NOT_FOUND, NULL, NULL, "there is no snapshot yet");
		return;
	}
	b = http_blob_file(path);
	if (b)
		http_answer_blob(a, HTTP_BYTES, b);
	else if (errno == ENOENT)
		http_refuse(a, HTTP_NOT_FOUND, NULL, NULL, "there is no snapshot yet");
	else
		refuse_verdict(a, HTTP_UNAVAILABLE, "the snapshot", CR_DIR_STORAGE);
}

void api_signature_add(const struct http_request *q, struct http_answer *a)
{
	uint8_t hash[CR_HASH_BYTES], sig[CR_AUTHORITY_SIG_BYTES];
	uint64_t number;
	const struct http_field f[] = {
		{ "number", HTTP_FIELD_U64, 1, INT64_MAX, &number, NULL, NULL },
		{ "hash", HTTP_FIELD_HEX, CR_HASH_BYTES, CR_HASH_BYTES, hash, NULL, NULL },
		{ "key", HTTP_FIELD_HEX, CR_PUBLIC_BYTES, CR_PUBLIC_BYTES, sig, NULL, NULL },
		{ "signature", HTTP_FIELD_HEX, CR_SIGNATURE_BYTES, CR_SIGNATURE_BYTES, sig + CR_PUBLIC_BYTES, NULL, NULL },
		{ 0 },
	};
	struct api *api = q->context;
	enum cr_verdict v;

	if (!http_fields(q->json, f, a))
		return;
	v = api->shelf ? shelf_sign(api->shelf, &api->trust, number, hash, sig) : CR_DIR_FORK;
	if (v == CR_DIR_OK)
		http_answer_json(a, 200, json_pack("{s:I}", "number", (json_int_t)number));
	else if (v == CR_DIR_FORK)
		http_refuse(a, HTTP_CONFLICT, "number", cr_verdict_name(v), "no snapshot of this number and hash wants signatures");
	else if (v == CR_DIR_STORAGE)
		refuse_verdict(a, HTTP_UNAVAILABLE, "this signature", v);
	else
		http_refuse(a, HTTP_REFUSED, v == CR_DIR_KEY ? "key" : "signature", cr_verdict_name(v),
			    v == CR_DIR_KEY ? "this is no authority's key" : "this signature does not verify");
}
