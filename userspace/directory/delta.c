// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "directory/delta.h"

#define RANK_BYTES	(3 * 8)
#define IDENTITY_AT	(RANK_BYTES + CR_KIND_BYTES + 2 + CR_LEDGER_BYTES)
/* Where the number stands in a snapshot's body. */
#define NUMBER_AT	(CR_KIND_BYTES + 4 + CR_LEDGER_BYTES)
#define STEP_MAX	(4 + 1 + CR_ENTRY_MAX)

/** struct walk - relays of a parsed snapshot as they stand; @at NULL behind the last */
struct walk {
	const uint8_t *at, *end;
	size_t len;
};

/* Length of an entry; the descriptor states its own. 0: there is no entry. */
static size_t entry_len(const uint8_t *at, size_t left)
{
	struct cr_reader r = { at, left, false };
	size_t len;

	cr_skip(&r, RANK_BYTES + CR_KIND_BYTES);
	len = RANK_BYTES + cr_read_le16(&r);
	return r.over || len < RANK_BYTES + CR_DESCRIPTOR_MIN || len > CR_ENTRY_MAX || len > left ? 0 : len;
}

static void look(struct walk *w)
{
	w->len = entry_len(w->at, (size_t)(w->end - w->at));
	if (!w->len)
		w->at = NULL;
}

static struct walk walk(const struct cr_snapshot *s)
{
	struct walk w = { .at = s->relays, .end = s->relays + s->relays_len };

	look(&w);
	return w;
}

static void go_on(struct walk *w)
{
	w->at += w->len;
	look(w);
}

/* ---------------------------------------------------------------- making */

/** struct steps - being written */
struct steps {
	uint8_t *out;
	size_t len, room;
	uint32_t count, same;
};

static bool step(struct steps *s, uint8_t what, const uint8_t *bytes, size_t len)
{
	uint8_t *p;

	if (s->room - s->len < STEP_MAX) {
		size_t room = 2 * s->room + 64 * STEP_MAX;

		p = realloc(s->out, room);
		if (!p)
			return false;
		s->out = p;
		s->room = room;
	}
	p = cr_put_le32(s->out + s->len, s->same);
	p = cr_put_u8(p, what);
	p = len ? cr_put(p, bytes, len) : p;
	s->len = (size_t)(p - s->out);
	s->count++;
	s->same = 0;
	return true;
}

static bool both(struct steps *s, const struct walk *a, const struct walk *b)
{
	bool same = a->len == b->len && memcmp(a->at + RANK_BYTES, b->at + RANK_BYTES, a->len - RANK_BYTES) == 0;

	if (!same)
		return step(s, CR_DELTA_REPLACE, b->at, b->len);
	if (memcmp(a->at, b->at, RANK_BYTES) != 0)
		return step(s, CR_DELTA_RANK, b->at, RANK_BYTES);
	s->same++;
	return true;
}

static bool compare(struct steps *s, const struct cr_snapshot *base, const struct cr_snapshot *next)
{
	struct walk a = walk(base), b = walk(next);
	bool ok = true;

	while (ok && (a.at || b.at)) {
		int c = !a.at ? 1 : !b.at ? -1 : memcmp(a.at + IDENTITY_AT, b.at + IDENTITY_AT, CR_PUBLIC_BYTES);

		if (c < 0)
			ok = step(s, CR_DELTA_REMOVE, NULL, 0);
		else if (c > 0)
			ok = step(s, CR_DELTA_INSERT, b.at, b.len);
		else
			ok = both(s, &a, &b);
		if (c <= 0)
			go_on(&a);
		if (c >= 0)
			go_on(&b);
	}
	return ok;
}

enum cr_verdict cr_delta_make(const struct cr_snapshot *base, const struct cr_snapshot *next, uint8_t **out, size_t *len)
{
	size_t head_len = (size_t)(next->relays - next->body), sigs_len = next->len - next->body_len;
	struct steps s = { .room = 0 };
	uint8_t *p;

	*out = NULL;
	if (memcmp(base->head.ledger, next->head.ledger, CR_LEDGER_BYTES) != 0)
		return CR_DIR_LEDGER;
	if (base->head.number >= next->head.number)
		return CR_DIR_NUMBER;
	if (compare(&s, base, next))
		*out = malloc(CR_DELTA_FIXED + head_len + s.len + sigs_len);
	if (!*out) {
		free(s.out);
		return CR_DIR_MEMORY;
	}
	*len = CR_DELTA_FIXED + head_len + s.len + sigs_len;
	p = cr_put_kind(*out, CR_KIND_DELTA);
	p = cr_put_le32(p, (uint32_t)*len);
	p = cr_put(p, next->head.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, base->head.number);
	p = cr_put(p, base->hash, CR_HASH_BYTES);
	p = cr_put_le64(p, next->head.number);
	p = cr_put(p, next->hash, CR_HASH_BYTES);
	p = cr_put_le32(p, (uint32_t)next->body_len);
	p = cr_put_le32(p, (uint32_t)head_len);
	p = cr_put_le32(p, s.count);
	p = cr_put(p, next->body, head_len);
	if (s.len)
		p = cr_put(p, s.out, s.len);
	cr_put(p, next->body + next->body_len, sigs_len);
	free(s.out);
	return CR_DIR_OK;
}

/* ---------------------------------------------------------------- taking */

/* Goes over the steps: they end where the signatures begin. */
static bool steps_skip(struct cr_reader *r, uint32_t count)
{
	for (uint32_t i = 0; i < count && !r->over; i++) {
		uint8_t what;

		cr_read_le32(r);
		what = cr_read_u8(r);
		if (what > CR_DELTA_RANK)
			return false;
		if (what == CR_DELTA_RANK) {
			cr_skip(r, RANK_BYTES);
		} else if (what != CR_DELTA_REMOVE) {
			size_t len = entry_len(r->at, r->left);

			if (!len)
				return false;
			cr_skip(r, len);
		}
	}
	return !r->over;
}

enum cr_verdict cr_delta_parse(struct cr_delta *d, const uint8_t *in, size_t len)
{
	struct cr_reader r = { in, len, false };
	const uint8_t *kind = cr_skip(&r, CR_KIND_BYTES);
	uint32_t length;

	memset(d, 0, sizeof(*d));
	if (!kind)
		return CR_DIR_TRUNCATED;
	if (!cr_kind_is(kind, CR_KIND_DELTA))
		return CR_DIR_FORMAT;
	length = cr_read_le32(&r);
	cr_read(&r, d->ledger, CR_LEDGER_BYTES);
	d->base = cr_read_le64(&r);
	cr_read(&r, d->base_hash, CR_HASH_BYTES);
	d->number = cr_read_le64(&r);
	cr_read(&r, d->hash, CR_HASH_BYTES);
	d->body_len = cr_read_le32(&r);
	d->head_len = cr_read_le32(&r);
	d->count = cr_read_le32(&r);
	if (r.over || length > len)
		return CR_DIR_TRUNCATED;
	if (length != len)
		return CR_DIR_TRAILING;
	if (d->base >= d->number)
		return CR_DIR_NUMBER;
	if (d->body_len > CR_SNAPSHOT_BYTES_MAX - CR_SIGNATURES_MAX || d->head_len > CR_SNAPSHOT_HEAD_MAX ||
	    d->head_len > d->body_len)
		return CR_DIR_LIMIT;
	d->head = cr_skip(&r, d->head_len);
	d->steps = r.at;
	if (!d->head || !steps_skip(&r, d->count))
		return CR_DIR_TRUNCATED;
	d->steps_len = (size_t)(r.at - d->steps);
	d->sigs = r.at;
	d->sigs_len = r.left;
	if (!r.left)
		return CR_DIR_TRUNCATED;
	if (d->sigs[0] > CR_AUTHORITIES_MAX || r.left != 1U + d->sigs[0] * CR_AUTHORITY_SIG_BYTES)
		return CR_DIR_LIMIT;
	return CR_DIR_OK;
}

size_t cr_delta_bytes(const struct cr_delta *d)
{
	return (size_t)d->body_len + d->sigs_len;
}

/** struct sink - the result, while it grows */
struct sink {
	uint8_t *at;
	size_t left;
};

static bool put(struct sink *s, const uint8_t *bytes, size_t len)
{
	if (len > s->left)
		return false;
	s->at = cr_put(s->at, bytes, len);
	s->left -= len;
	return true;
}

static bool copy(struct sink *s, struct walk *base, uint32_t relays)
{
	const uint8_t *from = base->at;
	size_t len = 0;

	for (; relays; relays--) {
		if (!base->at)
			return false;
		len += base->len;
		go_on(base);
	}
	return !len || put(s, from, len);
}

/* The relay that replaces another is the same; where one is put in, the order stays. */
static bool change(struct sink *s, struct walk *base, uint8_t what, struct cr_reader *r)
{
	size_t len = what == CR_DELTA_RANK ? RANK_BYTES : entry_len(r->at, r->left);
	const uint8_t *entry = cr_skip(r, len);
	const uint8_t *rest;
	int c;

	if (!entry || !put(s, entry, len))
		return false;
	if (what == CR_DELTA_RANK) {
		if (!base->at)
			return false;
		rest = base->at + RANK_BYTES;
		len = base->len - RANK_BYTES;
		go_on(base);
		return put(s, rest, len);
	}
	c = base->at ? memcmp(entry + IDENTITY_AT, base->at + IDENTITY_AT, CR_PUBLIC_BYTES) : -1;
	if (what == CR_DELTA_INSERT)
		return c < 0;
	if (c || !base->at)
		return false;
	go_on(base);
	return true;
}

static bool steps_apply(const struct cr_delta *d, struct walk *base, struct sink *s)
{
	struct cr_reader r = { d->steps, d->steps_len, false };

	for (uint32_t i = 0; i < d->count; i++) {
		uint32_t same = cr_read_le32(&r);
		uint8_t what = cr_read_u8(&r);

		if (r.over || !copy(s, base, same))
			return false;
		if (what != CR_DELTA_REMOVE) {
			if (!change(s, base, what, &r))
				return false;
		} else {
			if (!base->at)
				return false;
			go_on(base);
		}
	}
	return !base->at || put(s, base->at, (size_t)(base->end - base->at));
}

enum cr_verdict cr_delta_apply(const struct cr_delta *d, const struct cr_snapshot *base, uint8_t *out)
{
	struct sink s = { out, d->body_len };
	struct walk w = walk(base);
	uint8_t hash[CR_HASH_BYTES];
	uint64_t number;

	if (memcmp(d->ledger, base->head.ledger, CR_LEDGER_BYTES) != 0 || d->base != base->head.number ||
	    memcmp(d->base_hash, base->hash, CR_HASH_BYTES) != 0)
		return CR_DIR_BASE;
	if (!put(&s, d->head, d->head_len) || !steps_apply(d, &w, &s) || s.left)
		return CR_DIR_RESULT;
	/* the number outside is that inside */
	if (d->head_len < NUMBER_AT + 8)
		return CR_DIR_RESULT;
	cr_get_le64(out + NUMBER_AT, &number);
	if (number != d->number)
		return CR_DIR_RESULT;
	cr_hash(hash, out, d->body_len);
	if (memcmp(hash, d->hash, sizeof(hash)) != 0)
		return CR_DIR_RESULT;
	memcpy(out + d->body_len, d->sigs, d->sigs_len);
	return CR_DIR_OK;
}
