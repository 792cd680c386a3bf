// SPDX-License-Identifier: MIT
/* The journal, line by line, and the balances that follow from it. */
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "market/audit/work.h"

struct walk {
	struct audit_work *a;
	enum mkt_chain chain;
	struct mkt_head head;
};

/* Epochs below this were closed when the line was written. */
static uint64_t floor_now(const struct audit_work *a)
{
	size_t back = a->work.m->params.claim_epochs;

	return back < a->n_seen ? a->seen[back] : 0;
}

static void epoch_begins(struct audit_work *a, uint64_t epoch)
{
	memmove(a->seen + 1, a->seen, sizeof(a->seen) - sizeof(a->seen[0]));
	a->seen[0] = epoch;
	if (a->n_seen < sizeof(a->seen) / sizeof(a->seen[0]))
		a->n_seen++;
}

static bool in_time(const struct audit_work *a, const struct mkt_entry *e)
{
	switch (e->move) {
	case MKT_MOVE_UNBOND:
		return e->to.epoch == e->epoch + a->work.m->params.unbond_epochs;
	case MKT_MOVE_RELEASE:
		return e->from.epoch <= e->epoch;
	case MKT_MOVE_PAYMENT:
	case MKT_MOVE_FEE:
		return e->from.epoch < e->epoch && e->from.epoch >= floor_now(a);
	case MKT_MOVE_DEPOSIT_EXPIRED:
		return e->from.epoch < floor_now(a);
	case MKT_MOVE_CERTIFICATE:
		return e->to.epoch == e->epoch || e->to.epoch == e->epoch + 1;
	default:
		return true;
	}
}

static enum db_result add_up(struct audit_work *a, const struct mkt_entry *e)
{
	struct pot_sum *from = pots_at(&a->pots, &e->from, true), *to;

	if (!from)
		return DB_MEMORY;
	from->sum -= e->amount;
	/* the table may have moved */
	to = pots_at(&a->pots, &e->to, true);
	if (!to)
		return DB_MEMORY;
	to->sum += e->amount;
	return DB_OK;
}

static enum db_result line(struct db *db, const struct mkt_entry *e, void *context)
{
	struct walk *w = context;
	struct audit_work *a = w->a;
	const struct mkt_rule *rule = mkt_rule(e->move);
	const char *table = mkt_chain_table(w->chain);
	uint8_t want[CR_HASH_BYTES];

	(void)db;
	a->out->lines[w->chain]++;
	a->moves[e->move]++;
	if (e->seq != w->head.seq + 1)
		audit_found(a, "table %s: after line %" PRIu64 " comes line %" PRIu64, table, w->head.seq, e->seq);
	mkt_entry_hash(want, w->chain, e, w->head.hash);
	if (memcmp(want, e->hash, sizeof(want)) != 0)
		audit_found(a, "table %s, line %" PRIu64 ": its hash is not that of its content and the line before",
			    table, e->seq);
	if (e->epoch < w->head.epoch)
		audit_found(a, "table %s, line %" PRIu64 ": time runs backwards", table, e->seq);
	if (rule->chain != w->chain || e->from.kind != rule->from || e->to.kind != rule->to)
		audit_found(a, "table %s, line %" PRIu64 ": \"%s\" does not look like this", table, e->seq, rule->name);
	if ((e->move == MKT_MOVE_LEDGER) != (w->chain == MKT_ACCOUNTS && e->seq == 1))
		audit_found(a, "table %s, line %" PRIu64 ": the ledger begins here, or should", table, e->seq);
	if (e->move == MKT_MOVE_LEDGER && memcmp(e->ref, a->work.m->ledger, sizeof(e->ref)) != 0)
		audit_found(a, "table %s, line 1: names another ledger than table network", table);
	if (e->from.kind == MKT_NONE && e->amount)
		audit_found(a, "table %s, line %" PRIu64 ": an announcement with an amount", table, e->seq);
	if (e->move == MKT_MOVE_EPOCH) {
		if (a->n_seen && e->epoch <= a->seen[0])
			audit_found(a, "table %s, line %" PRIu64 ": an epoch begins twice", table, e->seq);
		epoch_begins(a, e->epoch);
	}
	if (!in_time(a, e))
		audit_found(a, "table %s, line %" PRIu64 ": \"%s\" is not possible in epoch %" PRIu64, table, e->seq,
			    rule->name, e->epoch);
	if (e->move == MKT_MOVE_DEPOSIT)
		audit_add(a, &a->out->sums.in, e->amount);
	if (e->move == MKT_MOVE_PAYOUT)
		audit_add(a, &a->out->sums.out, e->amount);
	w->head = (struct mkt_head){ .seq = e->seq, .epoch = e->epoch };
	memcpy(w->head.hash, e->hash, sizeof(w->head.hash));
	return e->from.kind == MKT_NONE ? DB_OK : add_up(a, e);
}

enum db_result audit_chains(struct db *db, struct audit_work *a)
{
	enum db_result r = DB_OK;

	for (unsigned int i = 0; !r && i < MKT_CHAINS; i++) {
		struct walk w = { .a = a, .chain = (enum mkt_chain)i };

		memcpy(w.head.hash, a->work.m->ledger, sizeof(w.head.hash));
		r = mkt_journal_each(db, w.chain, 0, line, &w);
	}
	return r;
}

static void into_sums(struct audit_work *a, enum mkt_pot_kind kind, int64_t amount)
{
	struct mkt_sums *s = &a->out->sums;

	switch (kind) {
	case MKT_BEARER:
		return audit_add(a, &s->codes, amount);
	case MKT_ACCOUNT:
		return audit_add(a, &s->accounts, amount);
	case MKT_STAKE:
		return audit_add(a, &s->stake, amount);
	case MKT_UNBONDING:
		return audit_add(a, &s->unbonding, amount);
	case MKT_VOUCHERS:
		return audit_add(a, &s->unspent, amount);
	case MKT_DEPOSITS:
		return audit_add(a, &s->deposits, amount);
	case MKT_BURNED_ROUNDING:
		return audit_add(a, &s->rounding, amount);
	case MKT_BURNED_DEPOSIT:
		return audit_add(a, &s->expired_deposits, amount);
	case MKT_BURNED_VOUCHER:
		return audit_add(a, &s->expired_vouchers, amount);
	case MKT_BURNED_STAKE:
		return audit_add(a, &s->burned_stake, amount);
	case MKT_BURNED_VERIFICATION:
		return audit_add(a, &s->verification, amount);
	default:
		/* fees are counted by the acknowledgements */
		return;
	}
}

static void compare(struct audit_work *a, const struct mkt_pot *pot, int64_t amount)
{
	struct pot_sum *s = pots_at(&a->pots, pot, false);

	if (!s) {
		audit_found(a, "table balance: %s of %s, epoch %" PRIu64 ": the journal does not know it",
			    mkt_pot_name(pot->kind), audit_hex(pot->owner), pot->epoch);
		return;
	}
	s->seen = true;
	if (s->sum != amount)
		audit_found(a, "table balance: %s of %s, epoch %" PRIu64 ": %" PRId64 ", but by the journal %" PRId64,
			    mkt_pot_name(pot->kind), audit_hex(pot->owner), pot->epoch, amount, (int64_t)s->sum);
}

enum db_result audit_balances(struct db *db, struct audit_work *a)
{
	struct db_query *q = db_query(db, "SELECT kind, owner, epoch, amount FROM balance");
	struct mkt_pot pot;
	enum db_result r;

	while (db_next(q)) {
		uint64_t kind = db_u64(q, 0);
		int64_t amount = (int64_t)db_u64(q, 3);

		if (kind <= MKT_WORLD || kind >= MKT_POTS) {
			audit_found(a, "table balance: a row of kind %" PRIu64, kind);
			continue;
		}
		pot.kind = (enum mkt_pot_kind)kind;
		db_bytes(q, 1, pot.owner, sizeof(pot.owner));
		pot.epoch = db_u64(q, 2);
		into_sums(a, pot.kind, amount);
		compare(a, &pot, amount);
	}
	r = db_end(q);
	for (size_t i = 0; !r && i < a->pots.size; i++) {
		const struct pot_sum *s = &a->pots.slot[i];

		if (s->pot.kind != MKT_NONE && s->pot.kind != MKT_WORLD && !s->seen)
			audit_found(a, "table balance: %s of %s, epoch %" PRIu64 ": missing; by the journal %" PRId64,
				    mkt_pot_name(s->pot.kind), audit_hex(s->pot.owner), s->pot.epoch,
				    (int64_t)s->sum);
	}
	return r;
}
