// SPDX-License-Identifier: MIT
/* The process that makes snapshots and publishes them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "market/books/epoch.h"
#include "market/directory/clerk.h"
#include "market/issue/keyring.h"
#include "market/serve/serve.h"

#define LOOK_MS		500

static enum db_result stake_of(struct db *db, const uint8_t operator_key[CR_PUBLIC_BYTES], uint64_t *stake, void *context)
{
	struct mkt_pot pot = mkt_pot(MKT_STAKE, operator_key, 0);
	enum db_result r;
	int64_t amount;
	bool there;

	(void)context;
	r = mkt_balance(db, &pot, &amount, &there);
	*stake = !r && there && amount > 0 ? (uint64_t)amount : 0;
	return r;
}

/* What the ledger fixes, and what the books say now. */
static enum mkt_verdict fill(struct clerk_order *o, struct market *m, const struct serve_config *c, struct cr_voucher_key *keys)
{
	struct mkt_now now;
	enum mkt_verdict v = mkt_turn(m);
	size_t n = 0;

	v = v ? v : mkt_now(m, &now);
	v = v ? v : mkt_keys_public(m, o->head.certificate_key, keys, &n);
	if (v)
		return v;
	memcpy(o->head.ledger, m->ledger, CR_LEDGER_BYTES);
	o->head.period = c->period;
	o->head.epoch = now.epoch;
	o->head.params = c->params;
	o->head.params.fee = m->params.fee;
	o->head.params.epoch_seconds = m->params.epoch_seconds;
	o->head.params.claim_epochs = m->params.claim_epochs;
	o->head.journal_length = now.length;
	memcpy(o->head.journal_head, now.head, CR_HASH_BYTES);
	o->head.market_count = c->market_count;
	memcpy(o->head.market, c->market, sizeof(o->head.market));
	o->head.voucher_count = (uint16_t)n;
	o->keys = keys;
	o->stake = stake_of;
	return MKT_OK;
}

/* Return: when the next is due. What goes wrong is said, and tried again. */
static uint64_t make(struct market *m, const struct serve *s, uint64_t now)
{
	struct cr_voucher_key keys[CR_VOUCHER_KEYS_MAX];
	struct clerk_order order = { .context = NULL };
	struct clerk_result r;
	enum mkt_verdict v = fill(&order, m, s->config, keys);

	if (v)
		err("no snapshot: %s: %s", mkt_verdict_text(v), mkt_message(m));
	else if (!clerk_make(m->db, s->shelf, &order, now, &r))
		err("no snapshot: %s", r.storage ? db_message(m->db) : cr_verdict_text(r.verdict));
	return now + s->config->period;
}

/* When the newest one is old enough for the next. */
static uint64_t due_of(const struct serve *s)
{
	struct shelf_head head;

	return shelf_newest(s->shelf, &head) || !head.number ? 0 : head.from + s->config->period;
}

/* Did anything change on the shelf since the last look? To look means to read the whole of a snapshot. */
static bool changed(const struct serve *s, struct timespec *seen, uint64_t now)
{
	struct stat st;
	bool same;

	if (stat(s->shelf, &st) < 0)
		return true;
	same = st.st_mtim.tv_sec == seen->tv_sec && st.st_mtim.tv_nsec == seen->tv_nsec;
	*seen = st.st_mtim;
	/* what is this young may have changed once more within one tick of the clock */
	return !same || now <= (uint64_t)st.st_mtim.tv_sec + 1;
}

enum rc serve_clerk(const struct serve *s)
{
	struct timespec seen = { 0 };
	uint64_t due = due_of(s), number, now;
	enum cr_verdict v, said = CR_DIR_OK;
	struct market m;
	struct db *db;
	enum rc rc;

	if (db_open(&db, s->db, 0) || mkt_attach(&m, db, false)) {
		rc = fail(RC_REFUSED, "%s: %s", s->db, db_message(db));
		db_close(db);
		return rc;
	}
	do {
		now = m.clock(m.clock_context);
		/* a clock that was set back must not stop us for as long */
		if (now >= due || due > now + s->config->period)
			due = make(&m, s, now);
		if (!changed(s, &seen, (uint64_t)time(NULL)))
			continue;
		v = shelf_publish(s->shelf, &s->trust, now, &number);
		/* waiting for signatures is no event; the same trouble is told once */
		if (v && v != CR_DIR_TOO_FEW && v != said)
			err("the next snapshot is not published: it %s", cr_verdict_text(v));
		said = v;
	} while (!serve_told(s, LOOK_MS));
	db_close(db);
	return RC_OK;
}
