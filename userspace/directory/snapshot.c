// SPDX-License-Identifier: MIT
/* Snapshots: reading, verifying, signing. Making one is in snapshot_make.c. */
#include <string.h>

#include "directory/snapshot.h"
#include "directory/weights.h"

/* Where LE32 of the body's length stands. */
#define LENGTH_AT	CR_KIND_BYTES

uint64_t cr_snapshot_until(const struct cr_snapshot_head *head)
{
	return head->from + (uint64_t)head->period * CR_SNAPSHOT_PERIODS;
}

static enum cr_verdict params_check(const struct cr_params *p)
{
	if ((p->constraints & ~(CR_DIFFER | CR_ALLOW_PRIVATE)) ||
	    p->prefix4 < 8 || p->prefix4 > 32 || p->prefix6 < 16 || p->prefix6 > 64 ||
	    p->hops < 1 || p->hops > p->hops_max || p->hops_max > CR_HOPS_MAX ||
	    p->guard_min < 1 || p->guard_min > p->guard_max ||
	    p->base_weight > CR_CAPACITY_MAX || p->stake_rate > CR_CAPACITY_MAX ||
	    p->fee < 1 || p->fee > 1000000 || p->free_rate > 1000000 ||
	    !p->epoch_seconds || !p->claim_epochs)
		return CR_DIR_PARAMS;
	return CR_DIR_OK;
}

enum cr_verdict cr_head_check(const struct cr_snapshot_head *head)
{
	if (!head->number)
		return CR_DIR_NUMBER;
	if (head->from > CR_TIME_MAX || !head->period || head->period > CR_PERIOD_MAX)
		return CR_DIR_TIME;
	if (head->market_count > CR_MARKET_ADDRESSES_MAX || head->voucher_count > CR_VOUCHER_KEYS_MAX ||
	    head->relay_count > CR_SNAPSHOT_RELAYS_MAX)
		return CR_DIR_LIMIT;
	if (!cr_key_usable(head->certificate_key))
		return CR_DIR_KEY;
	for (unsigned int i = 1; i < head->market_count; i++) {
		if (cr_address_compare(&head->market[i - 1], &head->market[i]) >= 0)
			return CR_DIR_ORDER;
	}
	return params_check(&head->params);
}

static void params_read(struct cr_params *p, struct cr_reader *r)
{
	p->constraints = cr_read_le32(r);
	p->prefix4 = cr_read_u8(r);
	p->prefix6 = cr_read_u8(r);
	p->hops = cr_read_u8(r);
	p->hops_max = cr_read_u8(r);
	p->guard_min = cr_read_le32(r);
	p->guard_max = cr_read_le32(r);
	p->base_weight = cr_read_le64(r);
	p->stake_rate = cr_read_le64(r);
	p->fee = cr_read_le32(r);
	p->epoch_seconds = cr_read_le32(r);
	p->claim_epochs = cr_read_le32(r);
	p->free_kib = cr_read_le32(r);
	p->free_rate = cr_read_le32(r);
}

/* The voucher keys: each decodes, all belong here, none contradicts another. */
static enum cr_verdict vouchers_read(struct cr_snapshot *s, struct cr_reader *r)
{
	struct cr_voucher_key keys[CR_VOUCHER_KEYS_MAX];
	unsigned int n = s->head.voucher_count;

	s->vouchers = cr_skip(r, (size_t)n * CR_VOUCHER_KEY_BYTES);
	if (!s->vouchers)
		return CR_DIR_TRUNCATED;
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *at = s->vouchers + (size_t)i * CR_VOUCHER_KEY_BYTES;

		if (cr_voucher_key_decode(&keys[i], at, CR_VOUCHER_KEY_BYTES) != CR_ACCEPTED ||
		    memcmp(keys[i].ledger, s->head.ledger, CR_LEDGER_BYTES) != 0)
			return CR_DIR_VOUCHER_KEY;
		if (i && memcmp(at - CR_VOUCHER_KEY_BYTES, at, CR_VOUCHER_KEY_BYTES) >= 0)
			return CR_DIR_ORDER;
	}
	return cr_voucher_keys_check(keys, n) == CR_ACCEPTED ? CR_DIR_OK : CR_DIR_VOUCHER_KEY;
}

static enum cr_verdict head_read(struct cr_snapshot *s, struct cr_reader *r)
{
	struct cr_snapshot_head *head = &s->head;
	enum cr_verdict v = CR_DIR_OK;

	cr_read(r, head->ledger, CR_LEDGER_BYTES);
	head->number = cr_read_le64(r);
	head->from = cr_read_le64(r);
	head->period = cr_read_le32(r);
	head->epoch = cr_read_le64(r);
	cr_read(r, head->previous, CR_HASH_BYTES);
	params_read(&head->params, r);
	cr_read(r, head->certificate_key, CR_PUBLIC_BYTES);
	head->journal_length = cr_read_le64(r);
	cr_read(r, head->journal_head, CR_HASH_BYTES);
	head->market_count = cr_read_u8(r);
	if (head->market_count > CR_MARKET_ADDRESSES_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < head->market_count && !v; i++)
		v = cr_address_read(&head->market[i], r);
	if (v)
		return v;
	head->voucher_count = cr_read_le16(r);
	if (head->voucher_count > CR_VOUCHER_KEYS_MAX)
		return CR_DIR_LIMIT;
	v = vouchers_read(s, r);
	head->relay_count = cr_read_le32(r);
	if (r->over)
		return CR_DIR_TRUNCATED;
	return v ? v : cr_head_check(head);
}

static enum cr_verdict entry_read(struct cr_entry *e, struct cr_reader *r)
{
	e->measured = cr_read_le64(r);
	e->stake = cr_read_le64(r);
	e->weight = cr_read_le64(r);
	if (r->over)
		return CR_DIR_TRUNCATED;
	if (e->measured > CR_CAPACITY_MAX || e->stake > CR_MONEY_MAX || e->weight > CR_WEIGHT_MAX)
		return CR_DIR_NUMBER;
	return cr_descriptor_read(&e->d, r);
}

static enum cr_verdict relays_read(struct cr_snapshot *s, struct cr_reader *r)
{
	uint8_t last[CR_PUBLIC_BYTES];
	struct cr_entry e;

	s->relays = r->at;
	for (uint32_t i = 0; i < s->head.relay_count; i++) {
		enum cr_verdict v = entry_read(&e, r);

		if (v)
			return v;
		if (i && memcmp(last, e.d.identity, sizeof(last)) >= 0)
			return CR_DIR_ORDER;
		memcpy(last, e.d.identity, sizeof(last));
	}
	s->relays_len = (size_t)(r->at - s->relays);
	return CR_DIR_OK;
}

static enum cr_verdict sigs_read(struct cr_snapshot *s, struct cr_reader *r)
{
	s->sig_count = cr_read_u8(r);
	if (s->sig_count > CR_AUTHORITIES_MAX)
		return CR_DIR_LIMIT;
	s->sigs = cr_skip(r, s->sig_count * CR_AUTHORITY_SIG_BYTES);
	if (!s->sigs)
		return CR_DIR_TRUNCATED;
	for (unsigned int i = 1; i < s->sig_count; i++) {
		const uint8_t *key = s->sigs + i * CR_AUTHORITY_SIG_BYTES;

		if (memcmp(key - CR_AUTHORITY_SIG_BYTES, key, CR_PUBLIC_BYTES) >= 0)
			return CR_DIR_ORDER;
	}
	return r->left ? CR_DIR_TRAILING : CR_DIR_OK;
}

enum cr_verdict cr_snapshot_parse(struct cr_snapshot *s, const uint8_t *in, size_t len)
{
	struct cr_reader r = { in, len, false };
	enum cr_verdict v;
	const uint8_t *kind;
	uint32_t length;

	memset(s, 0, sizeof(*s));
	if (len > CR_SNAPSHOT_BYTES_MAX)
		return CR_DIR_LIMIT;
	kind = cr_skip(&r, CR_KIND_BYTES);
	if (!kind)
		return CR_DIR_TRUNCATED;
	if (!cr_kind_is(kind, CR_KIND_SNAPSHOT))
		return CR_DIR_FORMAT;
	length = cr_read_le32(&r);
	if (r.over || length > len)
		return CR_DIR_TRUNCATED;
	v = head_read(s, &r);
	v = v ? v : relays_read(s, &r);
	if (v)
		return v;
	if (length != r.at - in)
		return CR_DIR_TRAILING;
	s->body = in;
	s->body_len = length;
	s->len = len;
	v = sigs_read(s, &r);
	if (v == CR_DIR_OK)
		cr_hash(s->hash, s->body, s->body_len);
	return v;
}

struct cr_reader cr_snapshot_relays(const struct cr_snapshot *s)
{
	return (struct cr_reader){ s->relays, s->relays_len, false };
}

bool cr_snapshot_next(struct cr_entry *entry, struct cr_reader *r)
{
	return r->left && entry_read(entry, r) == CR_DIR_OK;
}

void cr_snapshot_voucher(struct cr_voucher_key *key, const struct cr_snapshot *s, unsigned int i)
{
	/* decoded before, by cr_snapshot_parse() */
	(void)cr_voucher_key_decode(key, s->vouchers + (size_t)i * CR_VOUCHER_KEY_BYTES,
				    CR_VOUCHER_KEY_BYTES);
}

void cr_snapshot_message(uint8_t message[CR_SNAPSHOT_MESSAGE], const struct cr_snapshot *s)
{
	uint8_t *p = cr_put_kind(message, CR_KIND_SNAPSHOT_SIG);

	p = cr_put(p, s->head.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, s->head.number);
	cr_put(p, s->hash, CR_HASH_BYTES);
}

static bool trusted(const struct cr_trust *trust, const uint8_t *key)
{
	for (unsigned int i = 0; i < trust->n; i++) {
		if (memcmp(trust->key[i], key, CR_PUBLIC_BYTES) == 0)
			return true;
	}
	return false;
}

enum cr_verdict cr_snapshot_verify(const struct cr_snapshot *s, const struct cr_trust *trust,
				   uint64_t now, unsigned int *signers)
{
	uint8_t message[CR_SNAPSHOT_MESSAGE];
	unsigned int good = 0;

	if (signers)
		*signers = 0;
	if (memcmp(s->head.ledger, trust->ledger, CR_LEDGER_BYTES) != 0)
		return CR_DIR_LEDGER;
	cr_snapshot_message(message, s);
	for (unsigned int i = 0; i < s->sig_count; i++) {
		const uint8_t *key = s->sigs + i * CR_AUTHORITY_SIG_BYTES;

		if (!trusted(trust, key))
			continue;
		if (cr_verify(key + CR_PUBLIC_BYTES, message, sizeof(message), key))
			return CR_DIR_SIGNATURE;
		good++;
	}
	if (signers)
		*signers = good;
	if (!trust->k || good < trust->k)
		return CR_DIR_TOO_FEW;
	if (now + CR_CLOCK_SKEW < s->head.from)
		return CR_DIR_EARLY;
	if (now >= cr_snapshot_until(&s->head))
		return CR_DIR_STALE;
	return CR_DIR_OK;
}

enum cr_verdict cr_snapshot_audit(const struct cr_snapshot *s, uint32_t *relay)
{
	bool private = s->head.params.constraints & CR_ALLOW_PRIVATE;
	struct cr_reader r = cr_snapshot_relays(s);
	struct cr_entry e;

	for (uint32_t i = 0; cr_snapshot_next(&e, &r); i++) {
		enum cr_verdict v = cr_descriptor_verify(&e.d);

		if (!v && memcmp(e.d.ledger, s->head.ledger, CR_LEDGER_BYTES) != 0)
			v = CR_DIR_LEDGER;
		if (!v && e.d.from > s->head.from)
			v = CR_DIR_EARLY;
		if (!v && e.d.until <= s->head.from)
			v = CR_DIR_STALE;
		if (!v && !private)
			v = cr_descriptor_public(&e.d);
		if (v) {
			*relay = i;
			return v;
		}
	}
	return cr_weights_audit(s, relay);
}

enum cr_verdict cr_snapshot_sign(uint8_t *sigs, size_t *len, const struct cr_snapshot *s,
				 const uint8_t secret[CR_SECRET_BYTES])
{
	const uint8_t *key = secret + CR_SEED_BYTES;
	uint8_t message[CR_SNAPSHOT_MESSAGE], *p = sigs + 1;
	unsigned int i = 0, n = 0;

	/* those before, ours in its place, those behind */
	for (; i < s->sig_count; i++, n++) {
		const uint8_t *old = s->sigs + i * CR_AUTHORITY_SIG_BYTES;

		if (memcmp(old, key, CR_PUBLIC_BYTES) >= 0)
			break;
		p = cr_put(p, old, CR_AUTHORITY_SIG_BYTES);
	}
	if (i < s->sig_count && memcmp(s->sigs + i * CR_AUTHORITY_SIG_BYTES, key, CR_PUBLIC_BYTES) == 0)
		i++;
	if (n + 1 + (s->sig_count - i) > CR_AUTHORITIES_MAX)
		return CR_DIR_LIMIT;
	cr_snapshot_message(message, s);
	p = cr_put(p, key, CR_PUBLIC_BYTES);
	cr_sign(p, message, sizeof(message), secret);
	p += CR_SIGNATURE_BYTES;
	n++;
	for (; i < s->sig_count; i++, n++)
		p = cr_put(p, s->sigs + i * CR_AUTHORITY_SIG_BYTES, CR_AUTHORITY_SIG_BYTES);
	sigs[0] = (uint8_t)n;
	*len = (size_t)(p - sigs);
	return CR_DIR_OK;
}
