// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "market/audit/work.h"
#include "market/books/money.h"

void audit_found(struct audit_work *a, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	a->out->differences++;
	if (a->out->found)
		a->out->found(a->out->context, text);
}

const char *audit_hex(const uint8_t *bytes)
{
	static __thread char text[8][17];
	static __thread unsigned int next;
	char *t = text[next++ % 8];

	return sodium_bin2hex(t, sizeof(text[0]), bytes, 8);
}

void audit_add(struct audit_work *a, int64_t *sum, int64_t amount)
{
	if (!mkt_add(sum, *sum, amount))
		audit_found(a, "a sum is negative or larger than can be");
}

/* Lines without a record, or records that share one. */
static void compare_counts(struct audit_work *a)
{
	static const enum mkt_move recorded[] = {
		MKT_MOVE_KEY, MKT_MOVE_TERMS, MKT_MOVE_WITHDRAW, MKT_MOVE_STAKE, MKT_MOVE_UNBOND,
		MKT_MOVE_PURCHASE, MKT_MOVE_CERTIFICATE, MKT_MOVE_ROUNDING, MKT_MOVE_PAYMENT, MKT_MOVE_FEE,
		MKT_MOVE_VERIFICATION, MKT_MOVE_SLASH, MKT_MOVE_SLASH_UNBONDING,
	};

	for (size_t i = 0; i < sizeof(recorded) / sizeof(*recorded); i++) {
		enum mkt_move move = recorded[i];

		if (a->moves[move] != a->matched[move])
			audit_found(a, "table %s has %" PRIu64 " lines \"%s\", and there are records for %" PRIu64,
				    mkt_chain_table(mkt_rule(move)->chain), a->moves[move], mkt_rule(move)->name,
				    a->matched[move]);
	}
}

static void equations(struct audit_work *a)
{
	const struct mkt_sums *s = &a->out->sums;
	__int128 spent = (__int128)s->unspent + s->deposits + s->paid + s->fee + s->rounding +
			 s->expired_deposits + s->expired_vouchers;
	/* what relays were paid is in their accounts by now, or gone on from there */
	__int128 inside = (__int128)s->codes + s->accounts + s->stake + s->unbonding + s->unspent + s->deposits +
			  s->fee + s->rounding + s->expired_deposits + s->expired_vouchers + s->burned_stake +
			  s->verification;

	if (spent != s->sold)
		audit_found(a, "sold %" PRId64 ", but unspent, deposits, paid and burned together are %" PRId64,
			    s->sold, (int64_t)spent);
	if (inside != (__int128)s->in - s->out)
		audit_found(a, "coins taken less coins given are %" PRId64 ", but what is in the books is %" PRId64,
			    s->in - s->out, (int64_t)inside);
}

static enum db_result all(struct db *db, void *context)
{
	struct audit_work *a = context;
	enum db_result r;

	/* a body may run again */
	pots_free(&a->pots);
	memset(a->moves, 0, sizeof(a->moves));
	memset(a->matched, 0, sizeof(a->matched));
	memset(a->out->lines, 0, sizeof(a->out->lines));
	memset(&a->out->sums, 0, sizeof(a->out->sums));
	a->n_seen = 0;
	a->has_certificate = false;
	a->out->differences = 0;

	r = audit_chains(db, a);
	if (!r)
		r = audit_balances(db, a);
	if (!r)
		r = audit_keys(db, a);
	if (!r)
		r = audit_terms(db, a);
	if (!r)
		r = audit_orders(db, a);
	if (!r)
		r = audit_certificates(db, a);
	if (!r)
		r = audit_claims(db, a);
	if (!r)
		r = audit_refused(db, a);
	if (!r)
		r = audit_evidence(db, a);
	if (!r) {
		compare_counts(a);
		equations(a);
	}
	return r;
}

enum mkt_verdict mkt_audit(struct market *m, struct mkt_audit *out)
{
	struct audit_work a = { .out = out };
	enum mkt_verdict v;

	out->differences = 0;
	v = mkt_run(m, DB_READ, all, &a.work);
	if (v == MKT_CORRUPT)
		audit_found(&a, "%s", mkt_message(m));
	pots_free(&a.pots);
	return v;
}
