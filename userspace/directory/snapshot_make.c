// SPDX-License-Identifier: MIT
/* Snapshots: writing. */
#include <stdlib.h>
#include <string.h>

#include "directory/snapshot.h"
#include "directory/weights.h"

static uint8_t *params_put(uint8_t *out, const struct cr_params *params)
{
	uint8_t *p = cr_put_le32(out, params->constraints);

	p = cr_put_u8(p, params->prefix4);
	p = cr_put_u8(p, params->prefix6);
	p = cr_put_u8(p, params->hops);
	p = cr_put_u8(p, params->hops_max);
	p = cr_put_le32(p, params->guard_min);
	p = cr_put_le32(p, params->guard_max);
	p = cr_put_le64(p, params->base_weight);
	p = cr_put_le64(p, params->stake_rate);
	p = cr_put_le32(p, params->fee);
	p = cr_put_le32(p, params->epoch_seconds);
	p = cr_put_le32(p, params->claim_epochs);
	p = cr_put_le32(p, params->free_kib);
	return cr_put_le32(p, params->free_rate);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, CR_VOUCHER_KEY_BYTES);
}

enum cr_verdict cr_snapshot_begin(uint8_t *out, size_t *len, const struct cr_snapshot_head *head,
				  const struct cr_voucher_key *keys)
{
	enum cr_verdict v = cr_head_check(head);
	uint8_t *p, *vouchers;

	if (v)
		return v;
	if (head->voucher_count && cr_voucher_keys_check(keys, head->voucher_count) != CR_ACCEPTED)
		return CR_DIR_VOUCHER_KEY;
	p = cr_put_kind(out, CR_KIND_SNAPSHOT);
	p = cr_put_le32(p, 0);
	p = cr_put(p, head->ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, head->number);
	p = cr_put_le64(p, head->from);
	p = cr_put_le32(p, head->period);
	p = cr_put_le64(p, head->epoch);
	p = cr_put(p, head->previous, CR_HASH_BYTES);
	p = params_put(p, &head->params);
	p = cr_put(p, head->certificate_key, CR_PUBLIC_BYTES);
	p = cr_put_le64(p, head->journal_length);
	p = cr_put(p, head->journal_head, CR_HASH_BYTES);
	p = cr_put_u8(p, head->market_count);
	for (unsigned int i = 0; i < head->market_count; i++)
		p = cr_address_put(p, &head->market[i]);
	p = cr_put_le16(p, head->voucher_count);
	vouchers = p;
	for (unsigned int i = 0; i < head->voucher_count; i++, p += CR_VOUCHER_KEY_BYTES) {
		if (memcmp(keys[i].ledger, head->ledger, CR_LEDGER_BYTES) != 0)
			return CR_DIR_VOUCHER_KEY;
		cr_voucher_key_encode(p, &keys[i]);
	}
	qsort(vouchers, head->voucher_count, CR_VOUCHER_KEY_BYTES, by_bytes);
	p = cr_put_le32(p, head->relay_count);
	*len = (size_t)(p - out);
	return CR_DIR_OK;
}

enum cr_verdict cr_entry_encode(uint8_t *out, size_t *len, const struct cr_entry *entry)
{
	enum cr_verdict v;
	uint8_t *p;

	if (entry->measured > CR_CAPACITY_MAX || entry->stake > CR_MONEY_MAX ||
	    entry->weight > CR_WEIGHT_MAX)
		return CR_DIR_NUMBER;
	p = cr_put_le64(out, entry->measured);
	p = cr_put_le64(p, entry->stake);
	p = cr_put_le64(p, entry->weight);
	v = cr_descriptor_encode(p, len, &entry->d);
	*len += (size_t)(p - out);
	return v;
}

void cr_snapshot_end(uint8_t *body, size_t len)
{
	cr_put_le32(body + CR_KIND_BYTES, (uint32_t)len);
	body[len] = 0;
}

static int by_identity(const void *a, const void *b)
{
	const struct cr_entry *x = a, *y = b;

	return memcmp(x->d.identity, y->d.identity, CR_PUBLIC_BYTES);
}

static enum cr_verdict weigh(struct cr_entry *e, size_t n, const struct cr_params *params)
{
	struct cr_weighing *w = calloc(n + 1, sizeof(*w));
	enum cr_verdict v;

	if (!w)
		return CR_DIR_MEMORY;
	for (size_t i = 0; i < n; i++)
		w[i] = cr_weighing_of(&e[i]);
	v = cr_weights(w, n, params);
	for (size_t i = 0; i < n && !v; i++)
		e[i].weight = w[i].weight;
	free(w);
	return v;
}

enum cr_verdict cr_snapshot_assemble(struct cr_snapshot_head *head, const struct cr_voucher_key *keys,
				     struct cr_entry *e, size_t n, uint8_t **out, size_t *len)
{
	enum cr_verdict v;

	*out = NULL;
	if (n > CR_SNAPSHOT_RELAYS_MAX)
		return CR_DIR_LIMIT;
	if (n)
		qsort(e, n, sizeof(*e), by_identity);
	v = weigh(e, n, &head->params);
	if (v)
		return v;
	*out = malloc(CR_SNAPSHOT_HEAD_MAX + n * CR_ENTRY_MAX + CR_SIGNATURES_MAX);
	if (!*out)
		return CR_DIR_MEMORY;
	head->relay_count = (uint32_t)n;
	v = cr_snapshot_begin(*out, len, head, keys);
	for (size_t i = 0; i < n && !v; i++) {
		size_t more;

		v = cr_entry_encode(*out + *len, &more, &e[i]);
		*len += more;
	}
	if (!v && *len > CR_SNAPSHOT_BYTES_MAX - CR_SIGNATURES_MAX)
		v = CR_DIR_LIMIT;
	if (v) {
		free(*out);
		*out = NULL;
		return v;
	}
	cr_snapshot_end(*out, (*len)++);
	return CR_DIR_OK;
}
