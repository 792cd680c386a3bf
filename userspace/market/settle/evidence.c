// SPDX-License-Identifier: MIT
#include <string.h>

#include <sodium.h>

#include "market/books/epoch.h"
#include "market/books/money.h"
#include "market/settle/evidence.h"

#define MKT_KIND_EVIDENCE	"cr/evidence/1"
#define UNBONDING_MAX		1024

static enum mkt_verdict two_descriptors(struct mkt_finding *f, const uint8_t *a, size_t a_len,
					const uint8_t *b, size_t b_len, const uint8_t ledger[CR_LEDGER_BYTES])
{
	struct cr_descriptor x, y;

	if (cr_descriptor_decode(&x, a, a_len) != CR_DIR_OK || cr_descriptor_decode(&y, b, b_len) != CR_DIR_OK)
		return MKT_FORMAT;
	if (memcmp(x.ledger, ledger, CR_LEDGER_BYTES) != 0 || memcmp(y.ledger, ledger, CR_LEDGER_BYTES) != 0 ||
	    !cr_descriptor_conflict(&x, &y))
		return MKT_EVIDENCE;
	memcpy(f->signer, x.identity, sizeof(f->signer));
	cr_put_le64(f->serial, x.serial);
	memcpy(f->punished[0], x.operator_key, CR_PUBLIC_BYTES);
	memcpy(f->punished[1], y.operator_key, CR_PUBLIC_BYTES);
	f->n = memcmp(x.operator_key, y.operator_key, CR_PUBLIC_BYTES) == 0 ? 1 : 2;
	return MKT_OK;
}

/* Key and number of a signed word about a snapshot. */
static enum mkt_verdict word(const uint8_t *in, size_t len, const uint8_t ledger[CR_LEDGER_BYTES])
{
	const uint8_t *message = in + CR_PUBLIC_BYTES;

	if (len != MKT_SNAPSHOT_WORD || !cr_kind_is(message, CR_KIND_SNAPSHOT_SIG))
		return MKT_FORMAT;
	if (memcmp(message + CR_KIND_BYTES, ledger, CR_LEDGER_BYTES) != 0 ||
	    cr_verify(message + CR_SNAPSHOT_MESSAGE, message, CR_SNAPSHOT_MESSAGE, in) != CR_ACCEPTED)
		return MKT_EVIDENCE;
	return MKT_OK;
}

static enum mkt_verdict two_snapshots(struct mkt_finding *f, const uint8_t *a, size_t a_len,
				      const uint8_t *b, size_t b_len, const uint8_t ledger[CR_LEDGER_BYTES])
{
	const size_t number = CR_PUBLIC_BYTES + CR_KIND_BYTES + CR_LEDGER_BYTES;
	enum mkt_verdict v = word(a, a_len, ledger);

	if (!v)
		v = word(b, b_len, ledger);
	if (v)
		return v;
	/* same key, same number, another hash */
	if (memcmp(a, b, CR_PUBLIC_BYTES) != 0 || memcmp(a + number, b + number, 8) != 0 ||
	    memcmp(a + number + 8, b + number + 8, CR_HASH_BYTES) == 0)
		return MKT_EVIDENCE;
	memcpy(f->signer, a, sizeof(f->signer));
	memcpy(f->serial, a + number, sizeof(f->serial));
	memcpy(f->punished[0], a, CR_PUBLIC_BYTES);
	f->n = 1;
	return MKT_OK;
}

enum mkt_verdict mkt_evidence_check(struct mkt_finding *f, enum mkt_evidence_kind kind,
				    const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
				    const uint8_t ledger[CR_LEDGER_BYTES])
{
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	switch (kind) {
	case MKT_TWO_DESCRIPTORS:
		return two_descriptors(f, a, a_len, b, b_len, ledger);
	case MKT_TWO_SNAPSHOTS:
		return two_snapshots(f, a, a_len, b, b_len, ledger);
	}
	return MKT_FORMAT;
}

void mkt_evidence_ref(uint8_t ref[CR_HASH_BYTES], const struct mkt_finding *f,
		      const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	uint8_t head[CR_KIND_BYTES + 4 + CR_PUBLIC_BYTES + MKT_SERIAL_BYTES + 2 * CR_HASH_BYTES];
	uint8_t *p = cr_put_kind(head, MKT_KIND_EVIDENCE), hash[CR_HASH_BYTES];

	p = cr_put_le32(p, f->kind);
	p = cr_put(p, f->signer, sizeof(f->signer));
	p = cr_put(p, f->serial, sizeof(f->serial));
	cr_hash(hash, a, a_len);
	p = cr_put(p, hash, sizeof(hash));
	cr_hash(hash, b, b_len);
	cr_put(p, hash, sizeof(hash));
	cr_hash(ref, head, sizeof(head));
}

struct slashing {
	struct mkt_work work;
	struct mkt_finding finding;
	const uint8_t *a, *b;
	size_t a_len, b_len;
	uint8_t ref[CR_HASH_BYTES];
	uint64_t epoch;
	int64_t burned;
};

static enum db_result burn(struct slashing *c, enum mkt_move move, struct mkt_pot from, int64_t amount)
{
	struct mkt_entry e = { .move = move, .epoch = c->epoch, .from = from, .amount = amount,
			       .to = mkt_pot(MKT_BURNED_STAKE, NULL, 0) };

	memcpy(e.ref, c->ref, sizeof(e.ref));
	if (!mkt_add(&c->burned, c->burned, amount))
		return mkt_refuse(&c->work, MKT_AMOUNT);
	return mkt_move(&c->work, &e);
}

static enum db_result burn_unbonding(struct db *db, struct slashing *c, const uint8_t owner[CR_PUBLIC_BYTES])
{
	struct db_query *q = db_query(db, "SELECT epoch, amount FROM balance WHERE kind = $1 AND owner = $2"
				      " AND amount > 0 ORDER BY epoch LIMIT $3");
	/* one pot per epoch, and unbond_epochs is at most 1000 */
	static __thread struct {
		uint64_t epoch;
		int64_t amount;
	} pot[UNBONDING_MAX];
	size_t n = 0;
	enum db_result r;

	db_bind_int(q, 1, MKT_UNBONDING);
	db_bind_bytes(q, 2, owner, CR_PUBLIC_BYTES);
	db_bind_int(q, 3, UNBONDING_MAX);
	while (n < UNBONDING_MAX && db_next(q)) {
		pot[n].epoch = db_u64(q, 0);
		pot[n++].amount = (int64_t)db_u64(q, 1);
	}
	r = db_end(q);
	for (size_t i = 0; !r && i < n; i++)
		r = burn(c, MKT_MOVE_SLASH_UNBONDING, mkt_pot(MKT_UNBONDING, owner, pot[i].epoch), pot[i].amount);
	return r;
}

static enum db_result punish(struct db *db, struct slashing *c, const uint8_t owner[CR_PUBLIC_BYTES])
{
	struct mkt_pot stake = mkt_pot(MKT_STAKE, owner, 0);
	int64_t amount;
	enum db_result r = mkt_balance(db, &stake, &amount, NULL);

	if (!r)
		r = burn(c, MKT_MOVE_SLASH, stake, amount);
	return r ? r : burn_unbonding(db, c, owner);
}

static enum db_result slash(struct db *db, void *context)
{
	struct slashing *c = context;
	const struct mkt_finding *f = &c->finding;
	struct db_query *q = db_query(db, "SELECT 1 FROM evidence WHERE kind = $1 AND signer = $2 AND serial = $3");
	enum db_result r;
	bool used;

	c->burned = 0;
	db_bind_int(q, 1, f->kind);
	db_bind_bytes(q, 2, f->signer, sizeof(f->signer));
	db_bind_bytes(q, 3, f->serial, sizeof(f->serial));
	used = db_next(q);
	r = db_end(q);
	if (r || used)
		return r;
	q = db_query(db, "INSERT INTO evidence (kind, signer, serial, first, second) VALUES ($1, $2, $3, $4, $5)");
	db_bind_int(q, 1, f->kind);
	db_bind_bytes(q, 2, f->signer, sizeof(f->signer));
	db_bind_bytes(q, 3, f->serial, sizeof(f->serial));
	db_bind_bytes(q, 4, c->a, c->a_len);
	db_bind_bytes(q, 5, c->b, c->b_len);
	r = db_end(q);
	if (!r)
		r = mkt_epoch(db, &c->epoch);
	for (size_t i = 0; !r && i < f->n; i++)
		r = punish(db, c, f->punished[i]);
	return r;
}

enum mkt_verdict mkt_slash(struct market *m, enum mkt_evidence_kind kind, const uint8_t *a, size_t a_len,
			   const uint8_t *b, size_t b_len, int64_t *burned)
{
	struct slashing c = { .a = a, .b = b, .a_len = a_len, .b_len = b_len };
	enum mkt_verdict v = mkt_evidence_check(&c.finding, kind, a, a_len, b, b_len, m->ledger);

	*burned = 0;
	if (v)
		return v;
	mkt_evidence_ref(c.ref, &c.finding, a, a_len, b, b_len);
	v = mkt_run(m, DB_WRITE, slash, &c.work);
	if (!v)
		*burned = c.burned;
	return v;
}
