// SPDX-License-Identifier: MIT
/*
 * A circuit of any length: cells both ways, through every hop, with filler,
 * and with the input's changes on one of the wires.
 */
#include <sodium.h>

#include "fuzz_core.h"
#include "filler.h"
#include "../tests/suite1.h"

static const size_t bodies[] = {
	CR_CELL_SMALL - CR_HDR_LEN, CR_CELL_LARGE_V6MIN - CR_HDR_LEN, CR_CELL_LARGE - CR_HDR_LEN,
};

struct run {
	size_t body_len;
	unsigned int hops;
	u8 keys[CR_HOPS_MAX][CR_KEY_LEN];
	u64 ctrs[CR_HOPS_MAX];
	struct cr_filler filler;
	unsigned int bad_wire;	/* 1..hops: changed on the wire before that hop */
	size_t bad_at;
	u8 bad_bits;
	u8 type;
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return sodium_init() < 0;
}

/* Does a change on the wire before @pos hit the layer that starts there? */
static bool hits(const struct run *r, unsigned int pos)
{
	return r->bad_bits && r->bad_wire == pos &&
	       r->bad_at < cr_layer_len(r->body_len, pos);
}

static void touch(const struct run *r, u8 *body, unsigned int wire)
{
	if (r->bad_wire == wire)
		body[r->bad_at] ^= r->bad_bits;
}

static void forward(struct run *r, u8 *body, const u8 *plain)
{
	struct cr_trailer tr = { 0, r->type };
	u8 *before = malloc(r->body_len);
	unsigned int pos;

	fuzz_assert(before);
	memcpy(body, plain, r->body_len);
	for (pos = r->hops; pos >= 1; pos--) {
		suite1_seal(body, r->body_len, pos, r->keys[pos - 1], r->ctrs[pos - 1], &tr);
		tr.ctr = r->ctrs[pos - 1];
		tr.type = CR_CELL_RELAY;
	}
	for (pos = 1; pos <= r->hops; pos++) {
		size_t n = cr_payload_len(r->body_len, pos);

		touch(r, body, pos);
		memcpy(before, body, r->body_len);
		if (!suite1_open(body, r->body_len, pos, r->keys[pos - 1], r->ctrs[pos - 1],
				   &tr)) {
			fuzz_assert(hits(r, pos));
			fuzz_assert(!memcmp(body, before, r->body_len));
			free(before);
			return;
		}
		fuzz_assert(!hits(r, pos));
		fuzz_assert(tr.type == (pos == r->hops ? r->type : CR_CELL_RELAY));
		fuzz_assert(tr.ctr == (pos == r->hops ? 0 : r->ctrs[pos]));
		cr_filler_take(&r->filler, body + n, r->body_len - n);
	}
	fuzz_assert(!memcmp(body, plain, cr_payload_len(r->body_len, r->hops)));
	free(before);
}

static void backward(struct run *r, u8 *body, const u8 *plain)
{
	struct cr_trailer tr = { 0, r->type };
	unsigned int pos;
	bool hurt = false;

	memcpy(body, plain, r->body_len);
	for (pos = r->hops; pos >= 1; pos--) {
		size_t n = cr_layer_len(r->body_len, pos);

		suite1_seal(body, r->body_len, pos, r->keys[pos - 1], r->ctrs[pos - 1], &tr);
		tr.ctr = r->ctrs[pos - 1];
		tr.type = CR_CELL_RELAY;
		cr_filler_take(&r->filler, body + n, r->body_len - n);
		touch(r, body, pos);
		hurt |= hits(r, pos);
	}
	for (pos = 1; pos <= r->hops; pos++) {
		u64 ctr = pos == 1 ? r->ctrs[0] : tr.ctr;

		if (!suite1_open(body, r->body_len, pos, r->keys[pos - 1], ctr, &tr)) {
			/* the layer that was hit is found by its own hop's key, no sooner */
			fuzz_assert(hurt && pos == r->bad_wire);
			return;
		}
		fuzz_assert(!hits(r, pos));
	}
	fuzz_assert(!hurt && tr.type == r->type && !tr.ctr);
	fuzz_assert(!memcmp(body, plain, cr_payload_len(r->body_len, r->hops)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	u8 *body, *plain, seed[32], pick;
	struct run r;
	unsigned int i;
	struct cr_trailer tr;

	memset(&r, 0, sizeof(r));
	pick = (u8)fuzz_u64(&in, 1);
	r.hops = pick % CR_HOPS_MAX + 1;
	r.body_len = bodies[pick / CR_HOPS_MAX % 3];
	r.bad_wire = (unsigned int)fuzz_u64(&in, 1) % r.hops + 1;
	r.bad_at = fuzz_u64(&in, 2) % r.body_len;
	r.bad_bits = (u8)fuzz_u64(&in, 1);
	r.type = (u8)fuzz_u64(&in, 1);
	fuzz_bytes(&in, seed, sizeof(seed));
	cr_filler_seed(&r.filler, seed);
	for (i = 0; i < r.hops; i++) {
		r.ctrs[i] = fuzz_u64(&in, 6);
		cr_filler_take(&r.filler, r.keys[i], CR_KEY_LEN);
	}
	plain = malloc(r.body_len);
	body = malloc(r.body_len);
	fuzz_assert(plain && body);
	fuzz_bytes(&in, plain, r.body_len);

	/* foreign bytes are no layer and no control body, and stay as they are */
	memcpy(body, plain, r.body_len);
	for (i = 1; i <= CR_HOPS_MAX; i++)
		fuzz_assert(!suite1_open(body, r.body_len, i, r.keys[0], r.ctrs[0], &tr));
	fuzz_assert(!cr_ctl_open(body, r.body_len, r.keys[0], r.ctrs[0]));
	fuzz_assert(!memcmp(body, plain, r.body_len));
	cr_ctl_seal(body, r.body_len, r.keys[0], r.ctrs[0]);
	fuzz_assert(cr_ctl_open(body, r.body_len, r.keys[0], r.ctrs[0]));
	fuzz_assert(!memcmp(body, plain, r.body_len - CR_CTL_OVERHEAD));

	forward(&r, body, plain);
	backward(&r, body, plain);
	free(plain);
	free(body);
	return 0;
}
