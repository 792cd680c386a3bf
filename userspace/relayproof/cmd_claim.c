// SPDX-License-Identifier: MIT
/* claim: build, verify, show. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "relayproof/io.h"

/* Most items in one call: the input limit is reached before that. */
#define ITEMS_MAX	CR_CLAIM_SESSIONS_MAX
#define BATCH_MAX	65536

static bool read_item(const json_t *in, size_t i, struct cr_claim_item *item)
{
	uint8_t bytes[CR_RECEIPT_BYTES];
	enum cr_reason reason;
	uint64_t amount;

	if (!io_certificate(in, &item->certificate) ||
	    !io_hex(in, "receipt", bytes, sizeof(bytes)) ||
	    !io_u64(in, "amount", &amount) ||
	    !io_scalar(in, "blinding", &item->opening.r)) {
		complain(STATUS_MALFORMED, "in items[%zu]", i);
		return false;
	}
	reason = cr_receipt_decode(&item->receipt, bytes, sizeof(bytes));
	if (reason != CR_ACCEPTED || amount > UINT32_MAX) {
		complain(STATUS_MALFORMED, "items[%zu]: receipt %s", i,
			 amount > UINT32_MAX ? "amount does not fit 32 bits"
					     : cr_reason_text(reason));
		return false;
	}
	item->opening.v = (uint32_t)amount;
	return true;
}

static json_t *left_out(const struct cr_claim_item *items, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *one;

		if (items[i].reason == CR_ACCEPTED)
			continue;
		one = json_object();
		json_object_set_new(one, "index", json_integer((json_int_t)i));
		json_object_set_new(one, "reason",
				    json_string(cr_reason_name(items[i].reason)));
		json_array_append_new(list, one);
	}
	return list;
}

static void put_head(json_t *out, const struct cr_claim *claim)
{
	uint64_t units;

	io_put_scope(out, &claim->scope);
	io_put_u64(out, "tariff", claim->tariff);
	io_put_hex(out, "payout", claim->payout, CR_PAYOUT_BYTES);
	json_object_set_new(out, "sessions", json_integer(claim->sessions));
	io_put_u64(out, "total", claim->total);
	io_put_hex(out, "opening", claim->opening.b, CR_SCALAR_BYTES);
	if (cr_claim_amount(&units, claim->total, claim->tariff) == CR_ACCEPTED)
		io_put_u64(out, "amount", units);
}

static int build(const json_t *in, struct cr_claim_item *items, size_t n, uint8_t *secret)
{
	json_t *list = json_object_get(in, "items"), *out;
	struct cr_claim_terms terms;
	uint8_t public_key[CR_PUBLIC_BYTES], *bytes;
	enum cr_reason reason;
	struct cr_claim claim;
	size_t len;

	if (!io_terms(in, &terms) || !io_secret_key(in, "secret", public_key, secret))
		return STATUS_MALFORMED;
	for (size_t i = 0; i < n; i++) {
		if (!read_item(json_array_get(list, i), i, &items[i]))
			return STATUS_MALFORMED;
	}
	reason = cr_claim_build(&bytes, &len, items, n, &terms, secret,
				progress_terminal("proving"));
	progress_done();
	if (reason != CR_ACCEPTED) {
		out = json_object();
		json_object_set_new(out, "reason", json_string(cr_reason_name(reason)));
		if (reason == CR_EMPTY)
			json_object_set_new(out, "left_out", left_out(items, n));
		return io_write(out, refuse(reason, "no claim"));
	}
	out = json_object();
	io_put_hex(out, "claim", bytes, len);
	cr_claim_decode(&claim, bytes, len, CR_CLAIM_SESSIONS_MAX);
	put_head(out, &claim);
	json_object_set_new(out, "left_out", left_out(items, n));
	free(bytes);
	return io_write(out, STATUS_OK);
}

int cmd_claim_build(const struct options *opt, const json_t *in)
{
	json_t *list = io_array(in, "items", 0, ITEMS_MAX);
	struct cr_claim_item *items;
	int status = STATUS_FAILED;
	uint8_t *secret;
	size_t n;

	(void)opt;
	if (!list)
		return STATUS_MALFORMED;
	n = json_array_size(list);
	items = secret_new((n + 1) * sizeof(*items));
	secret = secret_new(CR_SECRET_BYTES);
	if (items && secret)
		status = build(in, items, n, secret);
	sodium_free(secret);
	sodium_free(items);
	return status;
}

static json_t *job_verdict(const struct cr_claim_job *job, int *worst)
{
	int status;
	json_t *out = io_verdict(job->reason, &status);

	if (job->where != CR_CLAIM_NOWHERE)
		json_object_set_new(out, job->reason == CR_BAD_PROOF ? "proof" : "session",
				    json_integer((json_int_t)job->where));
	if (status > *worst)
		*worst = status;
	return out;
}

int cmd_claim_verify(const struct options *opt, const json_t *in)
{
	bool batch = json_is_array(in);
	size_t n = batch ? json_array_size(in) : 1;
	struct cr_claim_terms *terms;
	struct cr_claim_job *jobs;
	int status = STATUS_OK;
	json_t *out;

	(void)opt;
	if (n > BATCH_MAX)
		return complain(STATUS_MALFORMED, "more than %d claims in a batch", BATCH_MAX);
	jobs = calloc(n + 1, sizeof(*jobs));
	terms = calloc(n + 1, sizeof(*terms));
	if (!jobs || !terms) {
		status = complain(STATUS_FAILED, "out of memory for %zu claims", n);
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *one = batch ? json_array_get(in, i) : in;

		jobs[i].terms = &terms[i];
		if (io_terms(one, &terms[i]))
			jobs[i].bytes = io_bytes(one, "claim", INPUT_MAX / 2, &jobs[i].len);
		if (!jobs[i].bytes) {
			status = batch ? complain(STATUS_MALFORMED, "in element %zu of the batch",
						  i) : STATUS_MALFORMED;
			goto out;
		}
	}
	cr_claims_verify(jobs, n, CR_CLAIM_SESSIONS_MAX, progress_terminal("verifying"));
	progress_done();
	out = batch ? json_array() : job_verdict(&jobs[0], &status);
	for (size_t i = 0; batch && i < n; i++)
		json_array_append_new(out, job_verdict(&jobs[i], &status));
	status = io_write(out, status);
out:
	for (size_t i = 0; jobs && i < n; i++)
		free((void *)jobs[i].bytes);
	free(terms);
	free(jobs);
	return status;
}

static json_t *show_sessions(const struct cr_claim *claim)
{
	json_t *list = json_array();

	for (size_t i = 0; i < claim->sessions; i++) {
		struct cr_certificate cert;
		struct cr_receipt receipt;
		json_t *one = json_object();

		cr_claim_entry(claim, i, &cert, &receipt);
		io_put_hex(one, "session", cert.session, CR_SESSION_BYTES);
		io_put_u64(one, "deposit", cert.deposit);
		io_put_hex(one, "commitment", receipt.commitment, CR_POINT_BYTES);
		json_array_append_new(list, one);
	}
	return list;
}

int cmd_claim_show(const struct options *opt, const json_t *in)
{
	enum cr_reason reason;
	struct cr_claim claim;
	uint8_t *bytes;
	int status;
	json_t *out;
	size_t len;

	(void)opt;
	bytes = io_bytes(in, "claim", INPUT_MAX / 2, &len);
	if (!bytes)
		return STATUS_MALFORMED;
	reason = cr_claim_decode(&claim, bytes, len, CR_CLAIM_SESSIONS_MAX);
	if (reason == CR_ACCEPTED) {
		out = json_object();
		put_head(out, &claim);
		json_object_set_new(out, "proofs", json_integer((json_int_t)claim.n_proofs));
		json_object_set_new(out, "entries", show_sessions(&claim));
		status = io_write(out, STATUS_OK);
	} else {
		status = complain(STATUS_MALFORMED, "member \"claim\" %s",
				  cr_reason_text(reason));
	}
	free(bytes);
	return status;
}
