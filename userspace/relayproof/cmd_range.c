// SPDX-License-Identifier: MIT
/* prove, verify, commit: range proofs as any user of the crate has them. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "proof/pedersen.h"
#include "proof/range.h"
#include "relayproof/io.h"

#define MAX CR_RANGE_MAX_VALUES

/* The prover's input; secret. */
struct opened {
	uint64_t values[MAX];
	struct cr_scalar blindings[MAX];
	uint8_t bytes[CR_SCALAR_BYTES];
};

static bool read_values(const json_t *in, struct opened *o, size_t *n)
{
	json_t *values = io_array(in, "values", 1, MAX);

	if (!values)
		return false;
	*n = json_array_size(values);
	for (size_t i = 0; i < *n; i++) {
		if (!io_item_u64(json_array_get(values, i), "values", i, &o->values[i]))
			return false;
	}
	return true;
}

static bool read_blindings(const json_t *in, struct opened *o, size_t n)
{
	json_t *blindings = io_array(in, "blindings", n, n);

	if (!blindings)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!io_item_hex(json_array_get(blindings, i), "blindings", i, o->bytes,
				 sizeof(o->bytes)))
			return false;
		if (!cr_scalar_parse(&o->blindings[i], o->bytes)) {
			complain(STATUS_MALFORMED, "blindings[%zu] is not below the group order",
				 i);
			return false;
		}
	}
	return true;
}

static json_t *hex_array(const uint8_t (*bytes)[32], size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, io_new_hex(bytes[i], 32));
	return list;
}

static int prove(const struct options *opt, const json_t *in, struct opened *o)
{
	uint8_t commitments[MAX][CR_POINT_BYTES], proof[CR_RANGE_MAX_BYTES];
	struct cr_transcript t;
	size_t n, len;
	json_t *out;
	int err;

	if (!read_values(in, o, &n) || !read_blindings(in, o, n))
		return STATUS_MALFORMED;
	for (size_t i = 0; opt->bits < 64 && i < n; i++) {
		if (o->values[i] >> opt->bits)
			return complain(STATUS_MALFORMED, "values[%zu] does not fit %u bits", i,
					opt->bits);
	}
	len = cr_range_proof_bytes(opt->bits, n);
	if (!len)
		return complain(STATUS_MALFORMED, "%s", cr_err_text(CR_ERR_COUNT));
	cr_transcript_init(&t, opt->label, strlen(opt->label));
	err = cr_range_prove(&t, opt->bits, o->values, o->blindings, n, commitments, proof,
			     len);
	if (err)
		return complain(STATUS_FAILED, "cannot prove: %s", cr_err_text(err));
	out = json_object();
	io_put_hex(out, "proof", proof, len);
	json_object_set_new(out, "commitments",
			    hex_array((const uint8_t (*)[32])commitments, n));
	return io_write(out, STATUS_OK);
}

int cmd_prove(const struct options *opt, const json_t *in)
{
	struct opened *o = secret_new(sizeof(*o));
	int status = o ? prove(opt, in, o) : STATUS_FAILED;

	sodium_free(o);
	return status;
}

/* One proof to verify, and the memory behind it. */
struct checked {
	uint8_t proof[CR_RANGE_MAX_BYTES + 64];
	uint8_t commitments[MAX][CR_POINT_BYTES];
};

/* Lengths that no proof has, whatever its shape, make the input malformed. */
static bool plausible(size_t len)
{
	return len % 32 == 0 && len >= 9 * 32 && (len / 32 - 9) % 2 == 0;
}

static bool read_proof(const struct options *opt, const json_t *in,
		       struct cr_range_item *item, struct checked *c)
{
	json_t *commitments = io_array(in, "commitments", 0, MAX);
	size_t len, n;
	uint8_t *proof;

	if (!commitments)
		return false;
	n = json_array_size(commitments);
	for (size_t i = 0; i < n; i++) {
		if (!io_item_hex(json_array_get(commitments, i), "commitments", i,
				 c->commitments[i], CR_POINT_BYTES))
			return false;
	}
	proof = io_bytes(in, "proof", 1 << 16, &len);
	if (!proof)
		return false;
	if (!plausible(len)) {
		complain(STATUS_MALFORMED, "member \"proof\" has %zu bytes, which no proof has",
			 len);
		free(proof);
		return false;
	}
	/* too long for any shape: what fits is enough for the verdict */
	memcpy(c->proof, proof, len < sizeof(c->proof) ? len : sizeof(c->proof));
	free(proof);
	cr_transcript_init(&item->transcript, opt->label, strlen(opt->label));
	item->bits = opt->bits;
	item->commitments = (const uint8_t (*)[CR_POINT_BYTES])c->commitments;
	item->count = n;
	item->proof = c->proof;
	item->proof_len = len < sizeof(c->proof) ? len : sizeof(c->proof);
	return true;
}

static json_t *verdict(int err)
{
	json_t *out = json_object();

	json_object_set_new(out, "valid", json_boolean(!err));
	return out;
}

int cmd_verify(const struct options *opt, const json_t *in)
{
	size_t n = json_is_array(in) ? json_array_size(in) : 1;
	struct cr_range_item *items;
	int status = STATUS_OK, err;
	struct checked *memory;
	json_t *out;

	if (n > CR_RANGE_BATCH_MAX)
		return complain(STATUS_MALFORMED, "more than %d proofs in a batch",
				CR_RANGE_BATCH_MAX);
	items = calloc(n + 1, sizeof(*items));
	memory = calloc(n + 1, sizeof(*memory));
	if (!items || !memory) {
		status = complain(STATUS_FAILED, "out of memory for %zu proofs", n);
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_is_array(in) ? json_array_get(in, i) : in;

		if (!read_proof(opt, one, &items[i], &memory[i])) {
			status = json_is_array(in) ?
				 complain(STATUS_MALFORMED, "in element %zu of the batch", i) :
				 STATUS_MALFORMED;
			goto out;
		}
	}
	err = cr_range_verify_batch(items, n);
	if (err == CR_ERR_NOMEM || err == CR_ERR_LIMIT) {
		status = complain(STATUS_FAILED, "cannot verify: %s", cr_err_text(err));
		goto out;
	}
	out = json_is_array(in) ? json_array() : verdict(items[0].verdict);
	for (size_t i = 0; i < n; i++) {
		if (json_is_array(in))
			json_array_append_new(out, verdict(items[i].verdict));
		if (items[i].verdict)
			status = STATUS_INVALID;
	}
	status = io_write(out, status);
out:
	free(memory);
	free(items);
	return status;
}

static int commit(const json_t *in, struct opened *o)
{
	uint8_t commitments[MAX][CR_POINT_BYTES];
	bool drawn = !json_object_get(in, "blindings");
	json_t *out;
	size_t n;

	if (!read_values(in, o, &n) || (!drawn && !read_blindings(in, o, n)))
		return STATUS_MALFORMED;
	out = json_object();
	for (size_t i = 0; i < n; i++) {
		if (drawn)
			cr_scalar_random(&o->blindings[i]);
		cr_pedersen_commit_u64(commitments[i], o->values[i], &o->blindings[i]);
	}
	json_object_set_new(out, "commitments",
			    hex_array((const uint8_t (*)[32])commitments, n));
	if (drawn) {
		json_t *list = json_array();

		for (size_t i = 0; i < n; i++)
			json_array_append_new(list, io_new_hex(o->blindings[i].b, 32));
		json_object_set_new(out, "blindings", list);
	}
	return io_write(out, STATUS_OK);
}

int cmd_commit(const struct options *opt, const json_t *in)
{
	struct opened *o = secret_new(sizeof(*o));
	int status = o ? commit(in, o) : STATUS_FAILED;

	(void)opt;
	sodium_free(o);
	return status;
}
