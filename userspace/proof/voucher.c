// SPDX-License-Identifier: MIT
/* Voucher keys, and buying vouchers. */
#include <sodium.h>

#include "proof/codec.h"
#include "proof/error.h"
#include "proof/voucher.h"

void cr_voucher_key_encode(uint8_t out[CR_VOUCHER_KEY_BYTES],
			   const struct cr_voucher_key *key)
{
	uint8_t *p = cr_put_kind(out, CR_KIND_VOUCHER_KEY);

	p = cr_put(p, key->ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, key->value);
	p = cr_put_le64(p, key->issue_from);
	p = cr_put_le64(p, key->issue_until);
	p = cr_put_le64(p, key->spend_until);
	cr_put(p, key->public_key, CR_POINT_BYTES);
}

static enum cr_reason key_check(const struct cr_voucher_key *key)
{
	struct cr_point p;

	if (!key->value || key->value > CR_MONEY_MAX)
		return CR_BAD_TARIFF;
	if (key->issue_from > key->issue_until ||
	    key->issue_until > key->spend_until)
		return CR_BAD_KEYSET;
	if (!cr_point_decode(&p, key->public_key) || cr_point_is_identity(&p))
		return CR_BAD_POINT;
	return CR_ACCEPTED;
}

enum cr_reason cr_voucher_key_decode(struct cr_voucher_key *key,
				     const uint8_t *in, size_t len)
{
	if (len != CR_VOUCHER_KEY_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, CR_KIND_VOUCHER_KEY))
		return CR_BAD_FORMAT;
	in = cr_get(in + CR_KIND_BYTES, key->ledger, CR_LEDGER_BYTES);
	in = cr_get_le64(in, &key->value);
	in = cr_get_le64(in, &key->issue_from);
	in = cr_get_le64(in, &key->issue_until);
	in = cr_get_le64(in, &key->spend_until);
	cr_get(in, key->public_key, CR_POINT_BYTES);
	return key_check(key);
}

void cr_voucher_key_id(uint8_t id[CR_VOUCHER_ID_BYTES],
		       const struct cr_voucher_key *key)
{
	uint8_t encoded[CR_VOUCHER_KEY_BYTES], hash[crypto_hash_sha512_BYTES];

	cr_voucher_key_encode(encoded, key);
	crypto_hash_sha512(hash, encoded, sizeof(encoded));
	memcpy(id, hash, CR_VOUCHER_ID_BYTES);
}

enum cr_reason cr_voucher_keys_check(const struct cr_voucher_key *keys,
				     size_t n)
{
	if (n > CR_VOUCHER_KEYS_MAX)
		return CR_TOO_MANY;
	for (size_t i = 0; i < n; i++) {
		enum cr_reason reason = key_check(&keys[i]);
		unsigned int rivals = 1;

		if (reason != CR_ACCEPTED)
			return reason;
		if (memcmp(keys[i].ledger, keys[0].ledger, CR_LEDGER_BYTES) != 0)
			return CR_OTHER_LEDGER;
		/* lives that overlap do so at the start of the one that began last */
		for (size_t j = 0; j < n; j++) {
			if (j == i)
				continue;
			if (memcmp(keys[j].public_key, keys[i].public_key,
				   CR_POINT_BYTES) == 0)
				return CR_BAD_KEYSET;
			if (keys[j].value == keys[i].value &&
			    keys[j].issue_from <= keys[i].issue_from &&
			    keys[i].issue_from <= keys[j].spend_until)
				rivals++;
		}
		if (rivals > CR_VOUCHER_KEYS_VALID)
			return CR_BAD_KEYSET;
	}
	return CR_ACCEPTED;
}

long cr_voucher_key_find(const struct cr_voucher_key *keys, size_t n,
			 const uint8_t id[CR_VOUCHER_ID_BYTES])
{
	uint8_t have[CR_VOUCHER_ID_BYTES];

	for (size_t i = 0; i < n; i++) {
		cr_voucher_key_id(have, &keys[i]);
		if (memcmp(have, id, sizeof(have)) == 0)
			return (long)i;
	}
	return -1;
}

enum cr_reason cr_voucher_ask(struct cr_voucher_pending *pending,
			      uint8_t *message,
			      const struct cr_voucher_key *key,
			      uint64_t epoch, size_t n)
{
	uint8_t id[CR_VOUCHER_ID_BYTES], *p;

	if (!n || n > CR_VOUCHER_BATCH_MAX)
		return CR_TOO_MANY;
	if (epoch < key->issue_from || epoch > key->issue_until)
		return CR_KEY_EXPIRED;
	cr_voucher_key_id(id, key);
	p = cr_put_kind(message, CR_KIND_BLINDED);
	p = cr_put(p, id, sizeof(id));
	p = cr_put_le32(p, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		struct cr_voucher_pending *one = &pending[i];

		memcpy(one->key, id, sizeof(id));
		/* fails only for an input that hashes to the identity */
		do {
			randombytes_buf(one->input, sizeof(one->input));
		} while (cr_voprf_blind(one->blinded, &one->blind, one->input,
					sizeof(one->input)) != CR_OK);
		p = cr_put(p, one->blinded, CR_POINT_BYTES);
	}
	return CR_ACCEPTED;
}

/* Head of both messages; the length decides about the count before anything else. */
static enum cr_reason batch_head(uint8_t id[CR_VOUCHER_ID_BYTES], size_t *n,
				 const char *kind, size_t tail,
				 const uint8_t *in, size_t len)
{
	uint32_t count;

	if (len < CR_BLINDED_HEAD)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, kind))
		return CR_BAD_FORMAT;
	in = cr_get(in + CR_KIND_BYTES, id, CR_VOUCHER_ID_BYTES);
	cr_get_le32(in, &count);
	if (!count || count > CR_VOUCHER_BATCH_MAX)
		return CR_TOO_MANY;
	if (len != CR_BLINDED_BYTES(count) + tail)
		return CR_BAD_LENGTH;
	*n = count;
	return CR_ACCEPTED;
}

enum cr_reason cr_voucher_asked(size_t *key, size_t *n,
				const uint8_t *message, size_t len,
				const struct cr_voucher_key *keys,
				size_t n_keys, uint64_t epoch)
{
	uint8_t id[CR_VOUCHER_ID_BYTES];
	enum cr_reason reason = batch_head(id, n, CR_KIND_BLINDED, 0, message, len);
	long found;

	if (reason != CR_ACCEPTED)
		return reason;
	found = cr_voucher_key_find(keys, n_keys, id);
	if (found < 0)
		return CR_UNKNOWN_KEY;
	if (epoch < keys[found].issue_from || epoch > keys[found].issue_until)
		return CR_KEY_EXPIRED;
	*key = (size_t)found;
	return CR_ACCEPTED;
}

static enum cr_reason from_error(int err)
{
	switch (err) {
	case CR_OK:
		return CR_ACCEPTED;
	case CR_ERR_NOMEM:
		return CR_NO_MEMORY;
	case CR_ERR_SCALAR:
		return CR_BAD_SCALAR;
	case CR_ERR_POINT:
	case CR_ERR_IDENTITY:
		return CR_BAD_POINT;
	case CR_ERR_COUNT:
		return CR_TOO_MANY;
	default:
		return CR_BAD_PROOF;
	}
}

enum cr_reason cr_voucher_issue(uint8_t *answer, const uint8_t *message,
				size_t n, const struct cr_voprf_key *secret)
{
	uint8_t *elements = answer + CR_BLINDED_HEAD;

	cr_put_kind(answer, CR_KIND_ISSUED);
	memcpy(answer + CR_KIND_BYTES, message + CR_KIND_BYTES,
	       CR_BLINDED_HEAD - CR_KIND_BYTES);
	return from_error(cr_voprf_evaluate((uint8_t (*)[CR_POINT_BYTES])elements,
					    elements + n * CR_POINT_BYTES, secret,
					    (const uint8_t (*)[CR_POINT_BYTES])
					    (message + CR_BLINDED_HEAD), n));
}

/* One allocation for what cr_voprf_finalize() wants side by side. */
struct batch {
	struct cr_scalar blinds[CR_VOUCHER_BATCH_MAX];
	uint8_t inputs[CR_VOUCHER_BATCH_MAX][CR_VOUCHER_INPUT_BYTES];
	uint8_t blinded[CR_VOUCHER_BATCH_MAX][CR_POINT_BYTES];
	uint8_t outputs[CR_VOUCHER_BATCH_MAX][CR_VOPRF_OUTPUT_BYTES];
};

enum cr_reason cr_voucher_receive(struct cr_voucher *vouchers,
				  const struct cr_voucher_pending *pending,
				  size_t n, const uint8_t *answer, size_t len,
				  const struct cr_voucher_key *keys,
				  size_t n_keys)
{
	const uint8_t *elements = answer + CR_BLINDED_HEAD;
	uint8_t id[CR_VOUCHER_ID_BYTES];
	enum cr_reason reason;
	struct batch *batch;
	size_t count;
	long key;

	sodium_memzero(vouchers, n * sizeof(*vouchers));
	reason = batch_head(id, &count, CR_KIND_ISSUED, CR_VOPRF_PROOF_BYTES,
			    answer, len);
	if (reason != CR_ACCEPTED)
		return reason;
	if (count != n)
		return CR_OTHER_BATCH;
	for (size_t i = 0; i < n; i++) {
		if (memcmp(pending[i].key, id, sizeof(id)) != 0)
			return CR_OTHER_BATCH;
	}
	key = cr_voucher_key_find(keys, n_keys, id);
	if (key < 0)
		return CR_UNKNOWN_KEY;

	batch = sodium_malloc(sizeof(*batch));
	if (!batch)
		return CR_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		batch->blinds[i] = pending[i].blind;
		memcpy(batch->inputs[i], pending[i].input, CR_VOUCHER_INPUT_BYTES);
		memcpy(batch->blinded[i], pending[i].blinded, CR_POINT_BYTES);
	}
	reason = from_error(cr_voprf_finalize(batch->outputs, batch->inputs[0],
					      CR_VOUCHER_INPUT_BYTES, batch->blinds,
					      (const uint8_t (*)[CR_POINT_BYTES])
					      batch->blinded,
					      (const uint8_t (*)[CR_POINT_BYTES])
					      elements,
					      elements + n * CR_POINT_BYTES,
					      keys[key].public_key, n));
	if (reason == CR_ACCEPTED) {
		for (size_t i = 0; i < n; i++) {
			memcpy(vouchers[i].key, id, sizeof(id));
			memcpy(vouchers[i].input, batch->inputs[i],
			       CR_VOUCHER_INPUT_BYTES);
			memcpy(vouchers[i].output, batch->outputs[i],
			       CR_VOPRF_OUTPUT_BYTES);
		}
	}
	sodium_free(batch);
	return reason;
}

void cr_voucher_pending_encode(uint8_t out[CR_PENDING_BYTES],
			       const struct cr_voucher_pending *pending)
{
	uint8_t *p = cr_put_kind(out, CR_KIND_PENDING);

	p = cr_put(p, pending->key, CR_VOUCHER_ID_BYTES);
	p = cr_put(p, pending->input, CR_VOUCHER_INPUT_BYTES);
	p = cr_put(p, pending->blind.b, CR_SCALAR_BYTES);
	cr_put(p, pending->blinded, CR_POINT_BYTES);
}

enum cr_reason cr_voucher_pending_decode(struct cr_voucher_pending *pending,
					 const uint8_t *in, size_t len)
{
	if (len != CR_PENDING_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, CR_KIND_PENDING))
		return CR_BAD_FORMAT;
	in = cr_get(in + CR_KIND_BYTES, pending->key, CR_VOUCHER_ID_BYTES);
	in = cr_get(in, pending->input, CR_VOUCHER_INPUT_BYTES);
	if (!cr_scalar_parse(&pending->blind, in) ||
	    cr_scalar_is_zero(&pending->blind))
		return CR_BAD_SCALAR;
	cr_get(in + CR_SCALAR_BYTES, pending->blinded, CR_POINT_BYTES);
	return CR_ACCEPTED;
}

void cr_voucher_encode(uint8_t out[CR_VOUCHER_BYTES],
		       const struct cr_voucher *voucher)
{
	uint8_t *p = cr_put_kind(out, CR_KIND_VOUCHER);

	p = cr_put(p, voucher->key, CR_VOUCHER_ID_BYTES);
	p = cr_put(p, voucher->input, CR_VOUCHER_INPUT_BYTES);
	cr_put(p, voucher->output, CR_VOPRF_OUTPUT_BYTES);
}

enum cr_reason cr_voucher_decode(struct cr_voucher *voucher,
				 const uint8_t *in, size_t len)
{
	if (len != CR_VOUCHER_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, CR_KIND_VOUCHER))
		return CR_BAD_FORMAT;
	in = cr_get(in + CR_KIND_BYTES, voucher->key, CR_VOUCHER_ID_BYTES);
	in = cr_get(in, voucher->input, CR_VOUCHER_INPUT_BYTES);
	cr_get(in, voucher->output, CR_VOPRF_OUTPUT_BYTES);
	return CR_ACCEPTED;
}
