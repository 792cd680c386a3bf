// SPDX-License-Identifier: MIT
/*
 * Range proofs, verifier's side: parse and replay each proof's transcript,
 * then one multiscalar product for any number of them.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/error.h"
#include "proof/generators.h"
#include "proof/pedersen.h"
#include "proof/range_transcript.h"

/* Points waiting for the product; 16 Ki of them are 4.5 MiB with scalars. */
#define PENDING_MAX	16384
/* What one proof adds at most: commitments, A S T_1 T_2, L and R. */
#define ITEM_POINTS	(CR_RANGE_MAX_VALUES + 4 + 2 * CR_RANGE_MAX_ROUNDS)

/**
 * struct replay - one proof after its transcript was replayed
 * @item: where it came from
 * @verdict: 0 while nothing speaks against it
 * @rounds: log2(n m)
 * @u: challenges of the inner product argument, first round first
 * @u_inv: their inverses
 * @y_inv: 1/y
 * @c: batches the two equations of one proof
 * @weight: batches the proofs
 */
struct replay {
	const struct cr_range_item *item;
	int verdict;
	unsigned int rounds;
	struct cr_scalar y, z, x, w, c, a, b, t_x, t_x_blinding, e_blinding;
	struct cr_scalar y_inv, weight;
	struct cr_scalar u[CR_RANGE_MAX_ROUNDS], u_inv[CR_RANGE_MAX_ROUNDS];
};

/**
 * struct sums - the product in the making
 * @acc: sum of what was flushed
 * @scalars: pending
 * @points: pending, with @pending entries
 * @g_scalars: of G_j[i] at j * CR_GENERATORS_PER_PARTY + i, then H alike
 * @base: scalar of B
 * @blinding: scalar of Bt
 * @bits: largest of the batch
 * @parties: largest of the batch
 * @s_values: scratch of a proof
 */
struct sums {
	struct cr_point acc;
	struct cr_scalar *scalars;
	struct cr_point *points;
	size_t pending, capacity;
	struct cr_scalar *g_scalars, *h_scalars;
	struct cr_scalar base, blinding;
	unsigned int bits;
	size_t parties;
	struct cr_scalar *s_a, *s_b;
};

static const uint8_t *field(const struct cr_range_item *item, size_t f)
{
	return item->proof + 32 * f;
}

static int append_point(struct cr_transcript *t, const char *label,
			const uint8_t bytes[CR_POINT_BYTES])
{
	if (sodium_is_zero(bytes, CR_POINT_BYTES))
		return CR_ERR_IDENTITY;
	cr_transcript_append(t, label, bytes, CR_POINT_BYTES);
	return 0;
}

/* Everything malformed about lengths and scalars, before anything is spent. */
static int parse(struct replay *r, const struct cr_range_item *item)
{
	const size_t len = cr_range_proof_bytes(item->bits, item->count);
	size_t tail;
	int err;

	err = range_check_shape(item->bits, item->count);
	if (err)
		return err;
	if (item->proof_len != len)
		return CR_ERR_LENGTH;
	r->item = item;
	r->rounds = range_rounds(item->bits, item->count);
	tail = RANGE_LR + 2 * (size_t)r->rounds;
	if (!cr_scalar_parse(&r->t_x, field(item, RANGE_TX)) ||
	    !cr_scalar_parse(&r->t_x_blinding,
			     field(item, RANGE_TX_BLINDING)) ||
	    !cr_scalar_parse(&r->e_blinding, field(item, RANGE_E_BLINDING)) ||
	    !cr_scalar_parse(&r->a, field(item, tail)) ||
	    !cr_scalar_parse(&r->b, field(item, tail + 1)))
		return CR_ERR_SCALAR;
	return 0;
}

/* Inverses of y and all u with one inversion; none of them is zero. */
static void invert_challenges(struct replay *r)
{
	struct cr_scalar before[CR_RANGE_MAX_ROUNDS], product = r->y, inv;

	for (unsigned int q = 0; q < r->rounds; q++) {
		before[q] = product;
		cr_scalar_mul(&product, &product, &r->u[q]);
	}
	cr_scalar_invert(&inv, &product);
	for (unsigned int q = r->rounds; q-- > 0;) {
		cr_scalar_mul(&r->u_inv[q], &inv, &before[q]);
		cr_scalar_mul(&inv, &inv, &r->u[q]);
	}
	r->y_inv = inv;
}

/*
 * Challenges of one proof, and a digest that binds all of it: drawn, like c,
 * from a copy of the transcript that a and b were appended to, so the
 * caller's transcript ends where the `bulletproofs` crate's does.
 */
static int replay(struct replay *r, struct cr_transcript *t,
		  uint8_t digest[64])
{
	const struct cr_range_item *item = r->item;
	struct cr_transcript end;
	int err;

	range_begin(t, item->bits, item->commitments, item->count);
	err = append_point(t, "A", field(item, RANGE_A));
	if (!err)
		err = append_point(t, "S", field(item, RANGE_S));
	if (!err)
		err = range_challenge(t, "y", &r->y);
	if (!err)
		err = range_challenge(t, "z", &r->z);
	if (!err)
		err = append_point(t, "T_1", field(item, RANGE_T1));
	if (!err)
		err = append_point(t, "T_2", field(item, RANGE_T2));
	if (!err)
		err = range_challenge(t, "x", &r->x);
	if (err)
		return err;
	cr_transcript_append_scalar(t, "t_x", &r->t_x);
	cr_transcript_append_scalar(t, "t_x_blinding", &r->t_x_blinding);
	cr_transcript_append_scalar(t, "e_blinding", &r->e_blinding);
	err = range_challenge(t, "w", &r->w);
	if (err)
		return err;
	range_begin_ipp(t, item->bits * item->count);
	for (unsigned int q = 0; q < r->rounds; q++) {
		err = append_point(t, "L", field(item, RANGE_LR + 2 * q));
		if (!err)
			err = append_point(t, "R",
					   field(item, RANGE_LR + 2 * q + 1));
		if (!err)
			err = range_challenge(t, "u", &r->u[q]);
		if (err)
			return err;
	}
	invert_challenges(r);

	end = *t;
	cr_transcript_append_scalar(&end, "ipp_a", &r->a);
	cr_transcript_append_scalar(&end, "ipp_b", &r->b);
	err = range_challenge(&end, "c", &r->c);
	cr_transcript_challenge(&end, "digest", digest, 64);
	return err;
}

/* Add what is pending to the running sum. */
static int flush(struct sums *m)
{
	struct cr_point part;
	int err;

	if (!m->pending)
		return 0;
	err = cr_msm_vartime(&part, m->scalars, m->points, m->pending);
	if (err)
		return err;
	cr_point_add(&m->acc, &m->acc, &part);
	m->pending = 0;
	return 0;
}

static int add_point(struct sums *m, const struct cr_scalar *s,
		     const uint8_t bytes[CR_POINT_BYTES])
{
	if (!cr_point_decode(&m->points[m->pending], bytes))
		return CR_ERR_POINT;
	m->scalars[m->pending++] = *s;
	return 0;
}

/*
 * out[i] = first * s_i, where s_i is the product over the rounds of u or 1/u,
 * by the bits of i: s_0 = product of all 1/u, and setting bit h multiplies by
 * the square of u of round (rounds - 1 - h).
 */
static void s_vector(struct cr_scalar *out, const struct replay *r,
		     const struct cr_scalar *first, const struct cr_scalar *u,
		     const struct cr_scalar *u_inv)
{
	struct cr_scalar square;

	out[0] = *first;
	for (unsigned int q = 0; q < r->rounds; q++)
		cr_scalar_mul(&out[0], &out[0], &u_inv[q]);
	for (unsigned int h = 0; h < r->rounds; h++) {
		const size_t half = (size_t)1 << h;

		cr_scalar_mul(&square, &u[r->rounds - 1 - h],
			      &u[r->rounds - 1 - h]);
		for (size_t i = 0; i < half; i++)
			cr_scalar_mul(&out[half + i], &out[i], &square);
	}
}

/* Scalars of G and H, and of B what depends on the sums over i and j. */
static void add_generators(struct sums *m, const struct replay *r)
{
	const unsigned int bits = r->item->bits;
	const size_t count = r->item->count;
	struct cr_scalar wz, z_power, y_power, y_sum, y_inv_power, pow2, delta;
	struct cr_scalar wa, wb, t;

	cr_scalar_mul(&wz, &r->weight, &r->z);
	cr_scalar_mul(&wa, &r->weight, &r->a);
	cr_scalar_mul(&wb, &r->weight, &r->b);
	s_vector(m->s_a, r, &wa, r->u, r->u_inv);
	/* s_(nm-1-i) is 1/s_i: the same with u and 1/u swapped */
	s_vector(m->s_b, r, &wb, r->u_inv, r->u);

	cr_scalar_mul(&z_power, &wz, &r->z);
	y_inv_power = cr_scalar_one;
	y_power = cr_scalar_one;
	y_sum = cr_scalar_zero;
	pow2 = cr_scalar_zero;
	delta = cr_scalar_zero;
	for (size_t j = 0; j < count; j++) {
		struct cr_scalar *g = m->g_scalars +
				      j * CR_GENERATORS_PER_PARTY;
		struct cr_scalar *h = m->h_scalars +
				      j * CR_GENERATORS_PER_PARTY;
		struct cr_scalar term = z_power;

		for (unsigned int k = 0; k < bits; k++) {
			const size_t i = j * bits + k;

			cr_scalar_sub(&g[k], &g[k], &wz);
			cr_scalar_sub(&g[k], &g[k], &m->s_a[i]);
			cr_scalar_sub(&t, &term, &m->s_b[i]);
			cr_scalar_muladd(&t, &t, &y_inv_power, &wz);
			cr_scalar_add(&h[k], &h[k], &t);
			cr_scalar_add(&term, &term, &term);
			cr_scalar_mul(&y_inv_power, &y_inv_power, &r->y_inv);
			cr_scalar_add(&y_sum, &y_sum, &y_power);
			cr_scalar_mul(&y_power, &y_power, &r->y);
		}
		cr_scalar_mul(&z_power, &z_power, &r->z);
		/* here z_power is weight z^(3+j) */
		cr_scalar_add(&pow2, &pow2, &z_power);
	}
	/* delta, times weight: (z - z^2) sum y^i - (2^n - 1) sum z^(3+j) */
	cr_scalar_sub(&t, &cr_scalar_one, &r->z);
	cr_scalar_mul(&t, &t, &wz);
	cr_scalar_mul(&delta, &t, &y_sum);
	cr_scalar_u64(&t, bits == 64 ? UINT64_MAX : (1ULL << bits) - 1);
	cr_scalar_mul(&t, &t, &pow2);
	cr_scalar_sub(&delta, &delta, &t);
	cr_scalar_muladd(&m->base, &r->c, &delta, &m->base);
}

/*
 * All that a proof adds to the product. Its own points come first, so that
 * after CR_ERR_POINT nothing of it remains.
 */
static int add_proof(struct sums *m, const struct replay *r)
{
	const struct cr_range_item *item = r->item;
	struct cr_scalar wx, wc, s, t;
	size_t before;
	int err;

	if (m->pending + ITEM_POINTS > m->capacity) {
		err = flush(m);
		if (err)
			return err;
	}
	before = m->pending;
	cr_scalar_mul(&wx, &r->weight, &r->x);
	cr_scalar_mul(&wc, &r->weight, &r->c);
	err = add_point(m, &r->weight, field(item, RANGE_A));
	if (!err)
		err = add_point(m, &wx, field(item, RANGE_S));
	cr_scalar_mul(&s, &wc, &r->x);
	if (!err)
		err = add_point(m, &s, field(item, RANGE_T1));
	cr_scalar_mul(&s, &s, &r->x);
	if (!err)
		err = add_point(m, &s, field(item, RANGE_T2));
	for (unsigned int q = 0; !err && q < r->rounds; q++) {
		cr_scalar_mul(&s, &r->u[q], &r->u[q]);
		cr_scalar_mul(&s, &s, &r->weight);
		err = add_point(m, &s, field(item, RANGE_LR + 2 * q));
		if (err)
			break;
		cr_scalar_mul(&s, &r->u_inv[q], &r->u_inv[q]);
		cr_scalar_mul(&s, &s, &r->weight);
		err = add_point(m, &s, field(item, RANGE_LR + 2 * q + 1));
	}
	cr_scalar_mul(&s, &r->z, &r->z);
	cr_scalar_mul(&s, &s, &wc);
	for (size_t j = 0; !err && j < item->count; j++) {
		err = add_point(m, &s, item->commitments[j]);
		cr_scalar_mul(&s, &s, &r->z);
	}
	if (err) {
		m->pending = before;
		return err;
	}

	/* Bt: -weight (e_blinding + c t_x_blinding) */
	cr_scalar_muladd(&t, &r->c, &r->t_x_blinding, &r->e_blinding);
	cr_scalar_mul(&t, &t, &r->weight);
	cr_scalar_sub(&m->blinding, &m->blinding, &t);
	/* B: weight (w (t_x - a b) - c t_x), and c delta added elsewhere */
	cr_scalar_mul(&t, &r->a, &r->b);
	cr_scalar_sub(&t, &r->t_x, &t);
	cr_scalar_mul(&t, &t, &r->w);
	cr_scalar_mul(&t, &t, &r->weight);
	cr_scalar_add(&m->base, &m->base, &t);
	cr_scalar_mul(&t, &wc, &r->t_x);
	cr_scalar_sub(&m->base, &m->base, &t);
	add_generators(m, r);
	return 0;
}

/* B, Bt and the generators; they go into the same product as the rest. */
static int finish(struct sums *m, bool *identity)
{
	const size_t nm = m->bits * m->parties, total = 2 * nm + 2;
	struct cr_point *p;
	int err;

	if (m->pending + total > m->capacity) {
		err = flush(m);
		if (err)
			return err;
	}
	p = m->points + m->pending;
	err = cr_generators(p, p + nm, m->parties, m->bits);
	if (err)
		return err;
	for (size_t j = 0; j < m->parties; j++) {
		const size_t from = j * CR_GENERATORS_PER_PARTY;
		struct cr_scalar *to = m->scalars + m->pending + j * m->bits;

		memcpy(to, m->g_scalars + from, m->bits * sizeof(*to));
		memcpy(to + nm, m->h_scalars + from, m->bits * sizeof(*to));
	}
	m->pending += 2 * nm;
	cr_point_base(&m->points[m->pending]);
	m->scalars[m->pending++] = m->base;
	m->points[m->pending] = *cr_pedersen_blinding_base();
	m->scalars[m->pending++] = m->blinding;
	err = flush(m);
	if (!err)
		*identity = cr_point_is_identity(&m->acc);
	return err;
}

static int sums_new(struct sums *m, struct replay *const *list, size_t n)
{
	const size_t pairs = CR_GENERATORS_PER_PARTY;
	size_t own = 0, slots;

	memset(m, 0, sizeof(*m));
	cr_point_identity(&m->acc);
	for (size_t i = 0; i < n; i++) {
		const struct cr_range_item *item = list[i]->item;

		if (item->bits > m->bits)
			m->bits = item->bits;
		if (item->count > m->parties)
			m->parties = item->count;
		if (own < PENDING_MAX)
			own += ITEM_POINTS;
	}
	m->capacity = own + 2 * m->bits * m->parties + 2;
	slots = m->parties * pairs;
	m->points = aligned_alloc(_Alignof(struct cr_point),
				  m->capacity * sizeof(*m->points));
	m->scalars = malloc(m->capacity * sizeof(*m->scalars));
	m->g_scalars = calloc(4 * slots, sizeof(*m->g_scalars));
	if (!m->points || !m->scalars || !m->g_scalars)
		return CR_ERR_NOMEM;
	m->h_scalars = m->g_scalars + slots;
	m->s_a = m->h_scalars + slots;
	m->s_b = m->s_a + slots;
	return 0;
}

static void sums_free(struct sums *m)
{
	free(m->points);
	free(m->scalars);
	free(m->g_scalars);
}

/*
 * The product over those of the list that nothing speaks against yet: 0,
 * CR_ERR_REJECTED or CR_ERR_NOMEM. A point that does not decode settles its
 * proof's verdict and leaves the product as it was.
 */
static int check(struct replay *const *list, size_t n)
{
	struct sums m;
	bool identity = false;
	int err = sums_new(&m, list, n);

	for (size_t i = 0; !err && i < n; i++) {
		if (list[i]->verdict)
			continue;
		err = add_proof(&m, list[i]);
		if (err == CR_ERR_POINT) {
			list[i]->verdict = err;
			err = 0;
		}
	}
	if (!err)
		err = finish(&m, &identity);
	if (!err && !identity)
		err = CR_ERR_REJECTED;
	sums_free(&m);
	return err;
}

/* Halve a failing list until each culprit stands alone. */
static int find_culprits(struct replay *const *list, size_t n)
{
	const size_t half = n / 2;
	int err = check(list, n);

	if (err != CR_ERR_REJECTED)
		return err;
	if (n == 1) {
		list[0]->verdict = CR_ERR_REJECTED;
		return 0;
	}
	err = find_culprits(list, half);
	if (!err)
		err = find_culprits(list + half, n - half);
	return err;
}

int cr_range_verify(struct cr_transcript *t, unsigned int bits,
		    const uint8_t (*commitments)[CR_POINT_BYTES],
		    size_t count, const uint8_t *proof, size_t proof_len)
{
	const struct cr_range_item item = {
		.bits = bits, .commitments = commitments, .count = count,
		.proof = proof, .proof_len = proof_len,
	};
	struct replay r, *list = &r;
	uint8_t digest[64];
	int err;

	err = parse(&r, &item);
	if (!err)
		err = replay(&r, t, digest);
	if (err)
		return err;
	r.verdict = 0;
	r.weight = cr_scalar_one;
	err = check(&list, 1);
	return err ? err : r.verdict;
}

/* Independent weights from a hash over all proofs, in order. */
static void draw_weights(struct replay **list, size_t n,
			 const uint8_t (*digests)[64])
{
	static const char label[] = "cellrelay range proof batch v1";
	struct cr_transcript t;

	cr_transcript_init(&t, label, sizeof(label) - 1);
	cr_transcript_append_u64(&t, "proofs", n);
	for (size_t i = 0; i < n; i++)
		cr_transcript_append(&t, "digest", digests[i],
				     sizeof(digests[i]));
	for (size_t i = 0; i < n; i++)
		cr_transcript_challenge_scalar(&t, "weight", &list[i]->weight);
}

int cr_range_verify_batch(struct cr_range_item *items, size_t n)
{
	struct replay *replays = NULL, **list = NULL;
	uint8_t (*digests)[64] = NULL;
	size_t good = 0;
	int err = CR_ERR_NOMEM;

	for (size_t i = 0; i < n; i++)
		items[i].verdict = CR_ERR_REJECTED;
	if (n == 0)
		return 0;
	if (n > CR_RANGE_BATCH_MAX)
		return CR_ERR_LIMIT;
	replays = malloc(n * sizeof(*replays));
	list = malloc(n * sizeof(*list));
	digests = malloc(n * sizeof(*digests));
	if (!replays || !list || !digests)
		goto out_free;

	for (size_t i = 0; i < n; i++) {
		struct replay *r = &replays[i];

		r->verdict = parse(r, &items[i]);
		if (!r->verdict)
			r->verdict = replay(r, &items[i].transcript,
					    digests[good]);
		if (!r->verdict)
			list[good++] = r;
	}
	err = 0;
	if (good) {
		draw_weights(list, good, (const uint8_t (*)[64])digests);
		err = find_culprits(list, good);
	}
	if (err)
		goto out_free;
	for (size_t i = 0; i < n; i++) {
		items[i].verdict = replays[i].verdict;
		if (items[i].verdict)
			err = CR_ERR_REJECTED;
	}
out_free:
	free(replays);
	free(list);
	free(digests);
	return err;
}
