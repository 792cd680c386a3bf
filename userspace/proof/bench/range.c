// SPDX-License-Identifier: MIT
/* Range proofs: the shapes that figures are named for, and batches. */
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "bench.h"
#include "proof/range.h"

#define LABEL		"bench-proofs"
#define BATCH_MAX	1000

struct shape {
	unsigned int bits;
	size_t count;
	uint64_t values[CR_RANGE_MAX_VALUES];
	struct cr_scalar blindings[CR_RANGE_MAX_VALUES];
	uint8_t commitments[CR_RANGE_MAX_VALUES][32];
	uint8_t proof[CR_RANGE_MAX_BYTES];
	size_t proof_len;
};

static void begin(struct cr_transcript *t)
{
	cr_transcript_init(t, LABEL, sizeof(LABEL) - 1);
}

static void prove(void *arg)
{
	struct shape *s = arg;
	struct cr_transcript t;
	int err;

	begin(&t);
	err = cr_range_prove(&t, s->bits, s->values, s->blindings, s->count,
			     s->commitments, s->proof, s->proof_len);
	if (err)
		bench_die("prove", err);
}

static void verify(void *arg)
{
	struct shape *s = arg;
	struct cr_transcript t;
	int err;

	begin(&t);
	err = cr_range_verify(&t, s->bits, (const uint8_t (*)[32])s->commitments,
			      s->count, s->proof, s->proof_len);
	if (err)
		bench_die("verify", err);
}

static void shape_set(struct shape *s, unsigned int bits, size_t count)
{
	s->bits = bits;
	s->count = count;
	s->proof_len = cr_range_proof_bytes(bits, count);
	for (size_t j = 0; j < count; j++) {
		randombytes_buf(&s->values[j], sizeof(s->values[j]));
		s->values[j] >>= 64 - bits;
		cr_scalar_random(&s->blindings[j]);
	}
}

static void single(struct shape *s, unsigned int bits, size_t count,
		   double prove_limit, double verify_limit)
{
	char name[64];

	shape_set(s, bits, count);
	snprintf(name, sizeof(name), "%u bits x %zu: prove", bits, count);
	bench_row(name, bench_median(prove, s), 0, prove_limit);
	snprintf(name, sizeof(name), "%u bits x %zu: verify", bits, count);
	bench_row(name, bench_median(verify, s), 0, verify_limit);
}

struct batch {
	struct cr_range_item *items;
	size_t n;
};

static void verify_batch(void *arg)
{
	struct batch *b = arg;
	int err;

	for (size_t i = 0; i < b->n; i++)
		begin(&b->items[i].transcript);
	err = cr_range_verify_batch(b->items, b->n);
	if (err)
		bench_die("verify batch", err);
}

void bench_range(void)
{
	struct shape *s = calloc(BATCH_MAX, sizeof(*s));
	struct cr_range_item *items = calloc(BATCH_MAX, sizeof(*items));
	struct batch b = { .items = items, .n = 64 };

	if (!s || !items)
		abort();
	bench_heading("range proofs");
	single(s, 64, 1, 16e-3, 2.5e-3);
	single(s, 32, 16, 120e-3, 10e-3);
	single(s, 8, 1, 0, 0);
	single(s, 64, 16, 0, 0);
	single(s, 64, 64, 0, 0);

	for (size_t i = 0; i < BATCH_MAX; i++) {
		shape_set(&s[i], 32, 16);
		prove(&s[i]);
		items[i] = (struct cr_range_item){
			.bits = 32, .count = 16,
			.commitments = (const uint8_t (*)[32])s[i].commitments,
			.proof = s[i].proof, .proof_len = s[i].proof_len,
		};
	}
	bench_row("32 bits x 16: each of a batch of 64",
		  bench_median(verify_batch, &b) / 64, 0, 1.5e-3);
	b.n = BATCH_MAX;
	bench_row("32 bits x 16: batch of 1000",
		  bench_median(verify_batch, &b), 0, 1.5);
	free(items);
	free(s);
}
