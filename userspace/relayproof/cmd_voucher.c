// SPDX-License-Identifier: MIT
/* key and voucher: buying vouchers and turning them into certificates. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "proof/voucher.h"
#include "relayproof/io.h"

/* Keys as they come in; @secrets only where the market speaks. */
struct keyset {
	size_t n;
	struct cr_voucher_key keys[CR_VOUCHER_KEYS_MAX];
	struct cr_voprf_key *secrets;
	uint8_t bytes[CR_SCALAR_BYTES];
};

int cmd_key(const struct options *opt, const json_t *in)
{
	uint8_t public_key[CR_PUBLIC_BYTES];
	uint8_t *secret = secret_new(CR_SECRET_BYTES);
	json_t *out;

	(void)opt;
	(void)in;
	if (!secret)
		return STATUS_FAILED;
	randombytes_buf(secret, CR_SEED_BYTES);
	out = json_object();
	io_put_hex(out, "secret", secret, CR_SEED_BYTES);
	cr_key_from_seed(public_key, secret, secret);
	io_put_hex(out, "public", public_key, sizeof(public_key));
	sodium_free(secret);
	return io_write(out, STATUS_OK);
}

static void put_key(json_t *out, const struct cr_voucher_key *key)
{
	uint8_t bytes[CR_VOUCHER_KEY_BYTES], id[CR_VOUCHER_ID_BYTES];

	cr_voucher_key_encode(bytes, key);
	cr_voucher_key_id(id, key);
	io_put_hex(out, "key", bytes, sizeof(bytes));
	io_put_hex(out, "id", id, sizeof(id));
}

int cmd_voucher_key(const struct options *opt, const json_t *in)
{
	struct cr_voucher_key key = { 0 };
	struct cr_voprf_key *secret;
	enum cr_reason reason;
	uint8_t *seed;
	int status = STATUS_FAILED;
	json_t *out;

	(void)opt;
	if (!io_hex(in, "ledger", key.ledger, CR_LEDGER_BYTES) ||
	    !io_u64(in, "value", &key.value) ||
	    !io_u64(in, "issue_from", &key.issue_from) ||
	    !io_u64(in, "issue_until", &key.issue_until) ||
	    !io_u64(in, "spend_until", &key.spend_until))
		return STATUS_MALFORMED;
	secret = secret_new(sizeof(*secret));
	seed = secret_new(CR_SEED_BYTES);
	if (!secret || !seed)
		goto out;
	randombytes_buf(seed, CR_SEED_BYTES);
	if (cr_voprf_key_derive(secret, seed, NULL, 0)) {
		complain(status, "cannot derive a key");
		goto out;
	}
	memcpy(key.public_key, secret->public_key, CR_POINT_BYTES);
	reason = cr_voucher_keys_check(&key, 1);
	if (reason != CR_ACCEPTED) {
		status = complain(STATUS_MALFORMED, "voucher key: %s", cr_reason_text(reason));
		goto out;
	}
	out = json_object();
	put_key(out, &key);
	io_put_hex(out, "secret", secret->k.b, CR_SCALAR_BYTES);
	status = io_write(out, STATUS_OK);
out:
	sodium_free(seed);
	sodium_free(secret);
	return status;
}

static bool decode_key(const json_t *hex, size_t i, struct cr_voucher_key *key)
{
	uint8_t bytes[CR_VOUCHER_KEY_BYTES];
	enum cr_reason reason;

	if (!io_item_hex(hex, "keys", i, bytes, sizeof(bytes)))
		return false;
	reason = cr_voucher_key_decode(key, bytes, sizeof(bytes));
	if (reason != CR_ACCEPTED)
		complain(STATUS_MALFORMED, "keys[%zu] %s", i, cr_reason_text(reason));
	return reason == CR_ACCEPTED;
}

/* One of the market's: {"key":hex,"secret":hex} */
static bool decode_pair(const json_t *pair, size_t i, struct keyset *set)
{
	if (!json_is_object(pair)) {
		complain(STATUS_MALFORMED, "keys[%zu] is not an object", i);
		return false;
	}
	if (!decode_key(json_object_get(pair, "key"), i, &set->keys[i]) ||
	    !io_hex(pair, "secret", set->bytes, sizeof(set->bytes)))
		return false;
	if (cr_voprf_key_load(&set->secrets[i], set->bytes) ||
	    memcmp(set->secrets[i].public_key, set->keys[i].public_key,
		   CR_POINT_BYTES) != 0) {
		complain(STATUS_MALFORMED, "secret of keys[%zu] does not belong to it", i);
		return false;
	}
	return true;
}

static void keyset_free(struct keyset *set)
{
	if (set)
		sodium_free(set->secrets);
	sodium_free(set);
}

/* Member "keys"; a set no wallet may work under is refused for everybody. */
static struct keyset *keyset_read(const json_t *in, bool with_secrets, int *status)
{
	json_t *list = io_array(in, "keys", 1, CR_VOUCHER_KEYS_MAX);
	struct keyset *set = list ? secret_new(sizeof(*set)) : NULL;
	enum cr_reason reason;

	*status = list ? STATUS_FAILED : STATUS_MALFORMED;
	if (!set)
		return NULL;
	set->n = json_array_size(list);
	if (with_secrets) {
		set->secrets = secret_new(set->n * sizeof(*set->secrets));
		if (!set->secrets)
			goto fail;
	}
	*status = STATUS_MALFORMED;
	for (size_t i = 0; i < set->n; i++) {
		json_t *item = json_array_get(list, i);

		if (with_secrets ? !decode_pair(item, i, set)
				 : !decode_key(item, i, &set->keys[i]))
			goto fail;
	}
	reason = cr_voucher_keys_check(set->keys, set->n);
	if (reason != CR_ACCEPTED) {
		*status = refuse(reason, "voucher keys");
		goto fail;
	}
	return set;
fail:
	keyset_free(set);
	return NULL;
}

int cmd_voucher_ask(const struct options *opt, const json_t *in)
{
	struct cr_voucher_pending *pending = NULL;
	uint8_t bytes[CR_PENDING_BYTES], *message = NULL;
	uint64_t epoch, n;
	struct keyset *set;
	enum cr_reason reason;
	int status;
	json_t *out, *list;

	(void)opt;
	set = keyset_read(in, false, &status);
	if (!set)
		return status;
	status = STATUS_MALFORMED;
	if (!io_u64(in, "epoch", &epoch) || !io_u64(in, "count", &n))
		goto out;
	if (!n || n > CR_VOUCHER_BATCH_MAX) {
		complain(status, "member \"count\" is not from 1 to %d", CR_VOUCHER_BATCH_MAX);
		goto out;
	}
	status = STATUS_FAILED;
	pending = secret_new((size_t)n * sizeof(*pending));
	message = malloc(CR_BLINDED_BYTES(n));
	if (!pending || !message)
		goto out;
	reason = cr_voucher_ask(pending, message, &set->keys[0], epoch, (size_t)n);
	if (reason != CR_ACCEPTED) {
		status = refuse(reason, "cannot ask");
		goto out;
	}
	out = json_object();
	io_put_hex(out, "message", message, CR_BLINDED_BYTES(n));
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		cr_voucher_pending_encode(bytes, &pending[i]);
		json_array_append_new(list, io_new_hex(bytes, sizeof(bytes)));
	}
	json_object_set_new(out, "pending", list);
	sodium_memzero(bytes, sizeof(bytes));
	status = io_write(out, STATUS_OK);
out:
	free(message);
	sodium_free(pending);
	keyset_free(set);
	return status;
}

int cmd_voucher_issue(const struct options *opt, const json_t *in)
{
	uint8_t *message = NULL, *answer = NULL;
	size_t len, key, n;
	uint64_t epoch;
	struct keyset *set;
	enum cr_reason reason;
	int status;
	json_t *out;

	(void)opt;
	set = keyset_read(in, true, &status);
	if (!set)
		return status;
	status = STATUS_MALFORMED;
	if (!io_u64(in, "epoch", &epoch))
		goto out;
	message = io_bytes(in, "message", CR_BLINDED_BYTES(CR_VOUCHER_BATCH_MAX), &len);
	if (!message)
		goto out;
	reason = cr_voucher_asked(&key, &n, message, len, set->keys, set->n, epoch);
	if (reason == CR_ACCEPTED) {
		answer = malloc(CR_ISSUED_BYTES(n));
		reason = answer ? cr_voucher_issue(answer, message, n, &set->secrets[key])
				: CR_NO_MEMORY;
	}
	if (reason != CR_ACCEPTED) {
		status = refuse(reason, "cannot issue");
		goto out;
	}
	out = json_object();
	io_put_hex(out, "answer", answer, CR_ISSUED_BYTES(n));
	json_object_set_new(out, "count", json_integer((json_int_t)n));
	io_put_u64(out, "value", set->keys[key].value);
	status = io_write(out, STATUS_OK);
out:
	free(answer);
	free(message);
	keyset_free(set);
	return status;
}

/* What the buyer holds while the market answers, and after. */
struct wallet {
	struct cr_voucher_pending pending[CR_VOUCHER_BATCH_MAX];
	struct cr_voucher vouchers[CR_VOUCHER_BATCH_MAX];
	uint8_t bytes[CR_PENDING_BYTES];
};

static bool read_pending(const json_t *list, struct wallet *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum cr_reason reason;

		if (!io_item_hex(json_array_get(list, i), "pending", i, w->bytes,
				 sizeof(w->bytes)))
			return false;
		reason = cr_voucher_pending_decode(&w->pending[i], w->bytes,
						   sizeof(w->bytes));
		if (reason != CR_ACCEPTED) {
			complain(STATUS_MALFORMED, "pending[%zu] %s", i,
				 cr_reason_text(reason));
			return false;
		}
	}
	return true;
}

static int receive(const json_t *in, const struct keyset *set, struct wallet *w)
{
	json_t *pending = io_array(in, "pending", 1, CR_VOUCHER_BATCH_MAX), *out, *list;
	uint8_t bytes[CR_VOUCHER_BYTES], *answer;
	size_t n = json_array_size(pending), len;
	enum cr_reason reason;

	if (!pending || !read_pending(pending, w, n))
		return STATUS_MALFORMED;
	answer = io_bytes(in, "answer", CR_ISSUED_BYTES(CR_VOUCHER_BATCH_MAX), &len);
	if (!answer)
		return STATUS_MALFORMED;
	reason = cr_voucher_receive(w->vouchers, w->pending, n, answer, len, set->keys,
				    set->n);
	free(answer);
	if (reason != CR_ACCEPTED)
		return refuse(reason, "answer not taken");
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		cr_voucher_encode(bytes, &w->vouchers[i]);
		json_array_append_new(list, io_new_hex(bytes, sizeof(bytes)));
	}
	sodium_memzero(bytes, sizeof(bytes));
	out = json_object();
	json_object_set_new(out, "vouchers", list);
	return io_write(out, STATUS_OK);
}

int cmd_voucher_receive(const struct options *opt, const json_t *in)
{
	int status;
	struct keyset *set = keyset_read(in, false, &status);
	struct wallet *w;

	(void)opt;
	if (!set)
		return status;
	w = secret_new(sizeof(*w));
	status = w ? receive(in, set, w) : STATUS_FAILED;
	sodium_free(w);
	keyset_free(set);
	return status;
}

static bool read_request(const json_t *in, struct cr_request *request)
{
	const json_t *r = io_object(in, "request");

	return r && io_scope(r, &request->scope) &&
	       io_hex(r, "session", request->session, CR_SESSION_BYTES) &&
	       io_u64(r, "tariff", &request->tariff);
}

/* A voucher, and the bytes it came in. */
struct hand {
	struct cr_voucher voucher;
	uint8_t bytes[CR_VOUCHER_BYTES];
};

static int spend(const json_t *in, const struct keyset *set, struct hand *h)
{
	uint8_t message[CR_SPEND_BYTES];
	struct cr_request request;
	enum cr_reason reason;
	json_t *out;

	if (!io_hex(in, "voucher", h->bytes, sizeof(h->bytes)) ||
	    !read_request(in, &request))
		return STATUS_MALFORMED;
	reason = cr_voucher_decode(&h->voucher, h->bytes, sizeof(h->bytes));
	if (reason != CR_ACCEPTED)
		return complain(STATUS_MALFORMED, "member \"voucher\" %s",
				cr_reason_text(reason));
	reason = cr_voucher_spend(message, &h->voucher, &request, set->keys, set->n);
	if (reason != CR_ACCEPTED)
		return refuse(reason, "cannot spend");
	out = json_object();
	io_put_hex(out, "spend", message, sizeof(message));
	return io_write(out, STATUS_OK);
}

int cmd_voucher_spend(const struct options *opt, const json_t *in)
{
	int status;
	struct keyset *set = keyset_read(in, false, &status);
	struct hand *h;

	(void)opt;
	if (!set)
		return status;
	h = secret_new(sizeof(*h));
	status = h ? spend(in, set, h) : STATUS_FAILED;
	sodium_free(h);
	keyset_free(set);
	return status;
}

static int certify(const json_t *in, const struct keyset *set, uint8_t *secret)
{
	uint8_t message[CR_SPEND_BYTES], bytes[CR_CERTIFICATE_BYTES];
	uint8_t market[CR_PUBLIC_BYTES];
	struct cr_certificate cert;
	struct cr_spend parsed;
	enum cr_reason reason;
	size_t key;
	json_t *out;

	if (!io_hex(in, "spend", message, sizeof(message)) ||
	    !io_secret_key(in, "secret", market, secret))
		return STATUS_MALFORMED;
	reason = cr_spend_decode(&parsed, message, sizeof(message));
	if (reason != CR_ACCEPTED)
		return complain(STATUS_MALFORMED, "member \"spend\" %s",
				cr_reason_text(reason));
	reason = cr_spend_check(&key, &parsed, set->keys, set->secrets, set->n,
				set->keys[0].ledger);
	if (reason == CR_ACCEPTED)
		reason = cr_request_certify(&cert, &parsed.request, set->keys[key].value,
					    secret);
	if (reason != CR_ACCEPTED)
		return refuse(reason, "voucher not taken");
	cr_certificate_encode(bytes, &cert);
	out = json_object();
	io_put_hex(out, "certificate", bytes, sizeof(bytes));
	io_put_u64(out, "deposit", cert.deposit);
	io_put_hex(out, "voucher_key", parsed.key, sizeof(parsed.key));
	io_put_hex(out, "serial", parsed.input, sizeof(parsed.input));
	return io_write(out, STATUS_OK);
}

int cmd_voucher_certify(const struct options *opt, const json_t *in)
{
	int status;
	struct keyset *set = keyset_read(in, true, &status);
	uint8_t *secret;

	(void)opt;
	if (!set)
		return status;
	secret = secret_new(CR_SECRET_BYTES);
	status = secret ? certify(in, set, secret) : STATUS_FAILED;
	sodium_free(secret);
	keyset_free(set);
	return status;
}
