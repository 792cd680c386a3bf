// SPDX-License-Identifier: MIT
#include <string.h>

#include "market/books/epoch.h"
#include "market/books/terms.h"
#include "market/issue/issue.h"

#define MKT_KIND_SPENT	"cr/spent/1"

void mkt_certificate_ref(uint8_t ref[CR_HASH_BYTES], const uint8_t voucher_key[CR_VOUCHER_ID_BYTES],
			 const uint8_t input[CR_VOUCHER_INPUT_BYTES],
			 const uint8_t certificate[CR_CERTIFICATE_BYTES])
{
	uint8_t message[CR_KIND_BYTES + CR_VOUCHER_ID_BYTES + CR_VOUCHER_INPUT_BYTES + CR_CERTIFICATE_BYTES];
	uint8_t *p = cr_put_kind(message, MKT_KIND_SPENT);

	p = cr_put(p, voucher_key, CR_VOUCHER_ID_BYTES);
	p = cr_put(p, input, CR_VOUCHER_INPUT_BYTES);
	cr_put(p, certificate, CR_CERTIFICATE_BYTES);
	cr_hash(ref, message, sizeof(message));
}

int64_t mkt_certificate_worth(const struct cr_certificate *certificate)
{
	unsigned __int128 product = (unsigned __int128)certificate->deposit * certificate->tariff;

	/* never above the voucher's value, which is an int64_t and not less than this sum's floor */
	return (int64_t)((product + (1u << 20) - 1) >> 20);
}

struct spending {
	struct mkt_work work;
	const struct cr_spend *spend;
	const struct cr_voucher_key *key;
	uint8_t certificate[CR_CERTIFICATE_BYTES];
	bool again;
};

/* Was the voucher spent? Then for this very request, or not at all. */
static enum db_result before(struct db *db, struct spending *c)
{
	const struct cr_request *want = &c->spend->request;
	struct db_query *q = db_query(db, "SELECT body FROM certificate WHERE voucher_key = $1 AND input = $2");
	struct cr_certificate have;
	uint8_t body[CR_CERTIFICATE_BYTES];
	bool same = false;
	enum db_result r;

	db_bind_bytes(q, 1, c->spend->key, sizeof(c->spend->key));
	db_bind_bytes(q, 2, c->spend->input, sizeof(c->spend->input));
	c->again = db_next(q);
	if (c->again) {
		db_bytes(q, 0, body, sizeof(body));
		if (cr_certificate_decode(&have, body, sizeof(body)) != CR_ACCEPTED)
			db_fail(q, "table certificate: a certificate is malformed");
		else
			same = cr_scope_check(&have.scope, &want->scope) == CR_ACCEPTED &&
			       have.tariff == want->tariff &&
			       memcmp(have.session, want->session, sizeof(have.session)) == 0;
	}
	r = db_end(q);
	if (r || !c->again)
		return r;
	if (!same)
		return mkt_refuse(&c->work, MKT_SPENT);
	memcpy(c->certificate, body, sizeof(body));
	return DB_OK;
}

static enum db_result check(struct db *db, struct spending *c, uint64_t epoch)
{
	const struct cr_request *want = &c->spend->request;
	struct mkt_terms terms;
	enum db_result r;
	bool there;

	if (want->scope.epoch < epoch || want->scope.epoch > epoch + MKT_EPOCHS_AHEAD)
		return mkt_refuse(&c->work, MKT_EPOCH);
	if (epoch > c->key->spend_until)
		return mkt_refuse(&c->work, MKT_EXPIRED);
	r = mkt_terms_find(db, want->scope.relay, want->scope.epoch, &terms, &there);
	if (r)
		return r;
	if (!there || !terms.tariff)
		return mkt_refuse(&c->work, MKT_RELAY);
	return terms.tariff == want->tariff ? DB_OK : mkt_refuse(&c->work, MKT_TARIFF);
}

static enum db_result book(struct spending *c, uint64_t epoch)
{
	struct mkt_entry e = { .move = MKT_MOVE_CERTIFICATE, .epoch = epoch };
	struct cr_certificate cert;
	enum db_result r;

	if (cr_request_certify(&cert, &c->spend->request, c->key->value, c->work.m->keys->certificate) != CR_ACCEPTED)
		return mkt_refuse(&c->work, MKT_FAULT);
	cr_certificate_encode(c->certificate, &cert);
	mkt_certificate_ref(e.ref, c->spend->key, c->spend->input, c->certificate);
	e.from = mkt_pot(MKT_VOUCHERS, c->spend->key, 0);
	e.to = mkt_pot(MKT_DEPOSITS, cert.scope.relay, cert.scope.epoch);
	e.amount = mkt_certificate_worth(&cert);
	r = mkt_move(&c->work, &e);
	e.amount = (int64_t)c->key->value - e.amount;
	if (!r && e.amount) {
		e.move = MKT_MOVE_ROUNDING;
		e.to = mkt_pot(MKT_BURNED_ROUNDING, NULL, 0);
		r = mkt_move(&c->work, &e);
	}
	/* every voucher was sold, or somebody else has the key */
	return r == DB_UNDO && c->work.v == MKT_FUNDS ? mkt_refuse(&c->work, MKT_FAULT) : r;
}

static enum db_result record(struct db *db, const struct spending *c)
{
	struct db_query *q = db_query(db, "INSERT INTO certificate (voucher_key, input, body) VALUES ($1, $2, $3)");

	db_bind_bytes(q, 1, c->spend->key, sizeof(c->spend->key));
	db_bind_bytes(q, 2, c->spend->input, sizeof(c->spend->input));
	db_bind_bytes(q, 3, c->certificate, sizeof(c->certificate));
	return db_end(q);
}

static enum db_result certify(struct db *db, void *context)
{
	struct spending *c = context;
	enum db_result r = before(db, c);
	uint64_t epoch;

	if (r || c->again)
		return r;
	r = mkt_epoch(db, &epoch);
	if (!r)
		r = check(db, c, epoch);
	if (!r)
		r = book(c, epoch);
	return r ? r : record(db, c);
}

enum mkt_verdict mkt_certify(struct market *m, const uint8_t *bytes, size_t len,
			     uint8_t certificate[CR_CERTIFICATE_BYTES], enum cr_reason *reason)
{
	struct cr_spend spend;
	struct spending c = { .spend = &spend };
	enum mkt_verdict v;
	size_t key;

	*reason = CR_ACCEPTED;
	if (!m->keys)
		return MKT_KEYS;
	if (cr_spend_decode(&spend, bytes, len) != CR_ACCEPTED)
		return MKT_FORMAT;
	*reason = cr_spend_check(&key, &spend, m->keys->key, m->keys->secret, m->keys->n, m->ledger);
	if (*reason != CR_ACCEPTED)
		return MKT_PROOF;
	c.key = &m->keys->key[key];
	v = mkt_run(m, DB_WRITE, certify, &c.work);
	if (!v)
		memcpy(certificate, c.certificate, sizeof(c.certificate));
	return v;
}
