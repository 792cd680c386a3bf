// SPDX-License-Identifier: MIT
/*
 * Native cost of one middle hop per cell, on the core as a userspace library:
 * header, look-up, window, bucket, counters, layer, filler, new header, with
 * circuits laid out like those of the module (kmod/circuit.h) and visited in
 * random order. No kernel, no network: it complements the instruction counts
 * from the VM with what real caches do.
 */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "aead.h"
#include "filler.h"
#include "header.h"
#include "layer.h"
#include "rate.h"
#include "replay.h"

#define BATCH	32
#define POS	2	/* a middle hop */
#define FIRST	1000	/* counter of a circuit's first cell */
#define HUGE	(2UL << 20)

/* First line as in the module: list nodes, id, lock, direction, link, window top. */
struct dir {
	struct dir *next;
	void *unused[3];
	u32 id;
	u32 lock;
	u64 d;
	struct link *link_in;
	u64 top;

	struct link *link_out;
	u32 circ_out;
	struct cr_cipher cipher;
	u64 tx_ctr;
	struct cr_bucket bucket;
	u64 count[2], dropped[2];
	struct cr_replay win;
} __attribute__((aligned(64)));

static_assert(offsetof(struct dir, link_out) == 64, "what a look-up touches is one line");

struct circuit {
	struct dir dir[2];
	u64 limit, rate;
	u8 rest[176];
};

struct link {
	u32 index, peer_index;
	struct cr_hdr_keys rx, tx;
	struct cr_siphash_key peer_idx;
};

static struct link link_prev, link_next;
static struct cr_siphash_key idx_key;
static struct cr_filler filler;
static struct circuit *circuits;
static struct dir **buckets[2];
static u32 mask;
static u64 now = 1, failures;
static u8 one_key[CR_KEY_LEN];
static struct cr_cipher one_cipher;
static u32 *ids[2];

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static u64 rng = 88172645463325252ULL;

static u64 rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	return rng ^= rng << 17;
}

static struct dir *find(unsigned int d, u32 id)
{
	struct dir *e;

	for (e = buckets[d][id & mask]; e; e = e->next)
		if (e->id == id)
			return e;
	return NULL;
}

/* Commit and charge, as under the direction's lock. */
static bool commit(struct circuit *c, struct dir *dir, u64 ctr, u32 len)
{
	bool ok;

	while (__atomic_exchange_n(&dir->lock, 1, __ATOMIC_ACQUIRE))
		;
	ok = cr_replay_commit(&dir->win, &dir->top, ctr) &&
	     c->dir[0].count[1] + c->dir[1].count[1] + len <= c->limit &&
	     cr_bucket_take(&dir->bucket, now, c->rate, len);
	if (ok) {
		dir->count[0]++;
		dir->count[1] += len;
	}
	__atomic_store_n(&dir->lock, 0, __ATOMIC_RELEASE);
	return ok;
}

/* Names without static, so that callgrind's --toggle-collect finds them. */
bool hop_forward(u8 *cell, u32 len);
bool hop_backward(u8 *cell, u32 len);
bool cipher_open(u8 *cell, u32 len);

bool __attribute__((noinline)) hop_forward(u8 *cell, u32 len)
{
	u8 *body = cell + CR_HDR_LEN;
	size_t body_len = len - CR_HDR_LEN, n = cr_payload_len(body_len, POS);
	struct cr_trailer tr;
	struct circuit *c;
	struct cr_hdr hdr;
	struct dir *dir;

	if (cr_hdr_link(cell, &idx_key) != link_prev.index ||
	    !cr_hdr_open(&hdr, cell, len, link_prev.index, &link_prev.rx))
		return false;
	dir = find(0, hdr.circ);
	if (!dir || dir->link_in != &link_prev || !cr_replay_fresh(&dir->win, dir->top, hdr.ctr))
		return false;
	c = (struct circuit *)dir;
	if (!cr_layer_open(body, body_len, POS, &dir->cipher, hdr.ctr, &tr) ||
	    tr.type != CR_CELL_RELAY || !commit(c, dir, hdr.ctr, len))
		return false;
	cr_filler_take(&filler, body + n, body_len - n);
	hdr.link = dir->link_out->peer_index;
	hdr.circ = dir->circ_out;
	hdr.ctr = tr.ctr;
	cr_hdr_seal(cell, len, &hdr, &dir->link_out->tx, &dir->link_out->peer_idx);
	return true;
}

bool __attribute__((noinline)) hop_backward(u8 *cell, u32 len)
{
	u8 *body = cell + CR_HDR_LEN;
	size_t body_len = len - CR_HDR_LEN, n = cr_layer_len(body_len, POS);
	struct cr_trailer tr = { 0, CR_CELL_RELAY };
	struct circuit *c;
	struct cr_hdr hdr;
	struct dir *dir;

	if (cr_hdr_link(cell, &idx_key) != link_next.index ||
	    !cr_hdr_open(&hdr, cell, len, link_next.index, &link_next.rx))
		return false;
	dir = find(1, hdr.circ);
	if (!dir || dir->link_in != &link_next || !cr_replay_fresh(&dir->win, dir->top, hdr.ctr))
		return false;
	c = (struct circuit *)(dir - 1);
	if (!commit(c, dir, hdr.ctr, len))
		return false;
	tr.ctr = hdr.ctr;
	hdr.ctr = __atomic_fetch_add(&dir->tx_ctr, 1, __ATOMIC_RELAXED);
	cr_layer_seal(body, body_len, POS, &dir->cipher, hdr.ctr, &tr);
	cr_filler_take(&filler, body + n, body_len - n);
	hdr.link = dir->link_out->peer_index;
	hdr.circ = dir->circ_out;
	cr_hdr_seal(cell, len, &hdr, &dir->link_out->tx, &dir->link_out->peer_idx);
	return true;
}

/* The floor: nothing but the AEAD over the same bytes, one key. */
bool __attribute__((noinline)) cipher_open(u8 *cell, u32 len)
{
	size_t n = cr_layer_len(len - CR_HDR_LEN, POS);

	return cr_aead_open(cell + CR_HDR_LEN, n, 0, one_key, get_unaligned_le64(cell));
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "bench_core: out of memory: give fewer circuits\n");
		exit(1);
	}
	return p;
}

static void random_keys(void *p, size_t n)
{
	u64 *w = p;

	for (; n >= 8; n -= 8)
		*w++ = rnd();
}

static void setup(u32 n)
{
	size_t size;
	u32 i, d;

	rng = 88172645463325252ULL;
	random_keys(&link_prev, sizeof(link_prev));
	random_keys(&link_next, sizeof(link_next));
	random_keys(&idx_key, sizeof(idx_key));
	cr_filler_seed(&filler, (const u8 *)&link_prev);
	for (mask = 1; mask < n; mask *= 2)
		;
	mask--;
	/* The kernel's own mapping has large pages, too. */
	size = (n * sizeof(*circuits) + HUGE - 1) / HUGE * HUGE;
	circuits = must(aligned_alloc(HUGE, size));
	madvise(circuits, size, MADV_HUGEPAGE);
	memset(circuits, 0, n * sizeof(*circuits));
	random_keys(one_key, sizeof(one_key));
	cr_cipher_chacha(&one_cipher, one_key);
	for (d = 0; d < 2; d++) {
		buckets[d] = must(calloc(mask + 1, sizeof(**buckets)));
		ids[d] = must(calloc(n, sizeof(**ids)));
	}
	for (i = 0; i < n; i++) {
		circuits[i].limit = ~0ULL;
		circuits[i].rate = 1ULL << 36;
		for (d = 0; d < 2; d++) {
			struct dir *e = &circuits[i].dir[d];

			do {
				e->id = (u32)rnd();
			} while (!e->id || find(d, e->id));
			e->next = buckets[d][e->id & mask];
			buckets[d][e->id & mask] = e;
			e->top = FIRST;	/* in the middle of its life */
			e->link_in = d ? &link_next : &link_prev;
			e->link_out = d ? &link_prev : &link_next;
			e->circ_out = (u32)rnd();
			e->tx_ctr = rnd() % CR_CTR_START_LIMIT;
			cr_cipher_chacha(&e->cipher, one_key);
			ids[d][i] = e->id;
		}
	}
}

static void teardown(void)
{
	unsigned int d;

	for (d = 0; d < 2; d++) {
		free(buckets[d]);
		free(ids[d]);
	}
	free(circuits);
}

enum work { FORWARD, BACKWARD, CIPHER };

/* A fresh cell for circuit @i. Nothing of the circuit is touched, or it would
 * be in the cache when the clock starts: all have a copy of the same key, and
 * ids stand in an array of their own.
 */
static void make_cell(u8 *cell, u32 len, enum work w, u32 i, u64 ctr)
{
	unsigned int d = w == BACKWARD;
	struct link *l = d ? &link_next : &link_prev;
	struct cr_trailer tr = { ctr + 7, CR_CELL_RELAY };
	struct cr_hdr hdr = { l->index, ids[d][i], ctr };

	if (w != BACKWARD)
		cr_layer_seal(cell + CR_HDR_LEN, len - CR_HDR_LEN, POS, &one_cipher, ctr, &tr);
	if (w == CIPHER)
		put_unaligned_le64(ctr, cell);
	else
		cr_hdr_seal(cell, len, &hdr, &l->rx, &idx_key);
}

/* Sorts @v, of @n. */
static double median(double *v, u32 n)
{
	u32 i, k;

	for (i = 1; i < n; i++) {
		double x = v[i];

		for (k = i; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
	return v[n / 2];
}

/* Return: ns per cell, the median of the batches. */
static double measure(enum work w, u32 len, u32 n, u32 cells)
{
	static u8 cell[BATCH][CR_CELL_LARGE] __attribute__((aligned(64)));
	u32 *used = must(calloc(n, sizeof(*used)));
	u32 batches = cells / BATCH, b, k, slot;
	double *took = must(calloc(batches, sizeof(*took))), t, med;

	memset(cell, 0x5a, sizeof(cell));
	for (b = 0; b < batches; b++) {
		for (k = 0; k < BATCH; k++) {
			slot = w == CIPHER ? 0 : (u32)(rnd() % n);
			make_cell(cell[k], len, w, slot, FIRST + used[slot]++);
		}
		now += 1000000;
		t = seconds();
		for (k = 0; k < BATCH; k++) {
			bool ok = w == FORWARD ? hop_forward(cell[k], len) :
				  w == BACKWARD ? hop_backward(cell[k], len) :
				  cipher_open(cell[k], len);

			failures += !ok;
		}
		took[b] = seconds() - t;
	}
	med = median(took, batches) / BATCH * 1e9;
	free(took);
	free(used);
	return med;
}

/* What this machine's memory takes: one access after the other to circuits at random, the
 * median of short runs.
 */
static void miss(u32 n)
{
	u64 lines = n * sizeof(*circuits) / 64, x = 0;
	u32 i, k, steps = 500, rounds = 400;
	double took[400], t;

	setup(n);
	for (k = 0; k < rounds; k++) {
		t = seconds();
		for (i = 0; i < steps; i++)
			x = READ_ONCE(((u32 *)circuits)[(rnd() + x) % lines * 16]) & 1;
		took[k] = (seconds() - t) / steps * 1e9;
	}
	printf("%-9s %5s %9u %9.0f\n", "miss", "-", n, median(took, rounds));
	fflush(stdout);
	teardown();
}

static void row(const char *name, u32 len, enum work w, u32 n, u32 cells, double floor)
{
	double ns;

	/* windows and counters of the circuits start over with their memory */
	setup(n);
	ns = measure(w, len, n, cells);
	printf("%-9s %5u %9u %9.0f %8.2f %10.2f\n", name, len, n, ns, ns / floor,
	       (double)len * 8 / ns);
	fflush(stdout);
	teardown();
}

static double cipher(u32 len, u32 cells)
{
	double ns;

	setup(1);
	ns = measure(CIPHER, len, 1, cells);
	printf("%-9s %5u %9s %9.0f %8.2f %10.2f\n", "cipher", len, "-", ns, 1.0, (double)len * 8 / ns);
	teardown();
	return ns;
}

/* For callgrind: one kind of work only, so that what is collected is its own. */
static int count_only(const char *what, u32 len, u32 cells)
{
	enum work w = !strcmp(what, "forward") ? FORWARD : !strcmp(what, "backward") ? BACKWARD :
		      CIPHER;

	setup(16);
	measure(w, len, 16, cells);
	teardown();
	return failures != 0;
}

int main(int argc, char **argv)
{
	static const u32 sizes[] = { CR_CELL_LARGE, CR_CELL_SMALL };
	u32 cells = 40000, most = 1000000, n;
	unsigned int i;

	if (sodium_init() < 0)
		return 1;
	if (argc == 5 && !strcmp(argv[1], "count"))
		return count_only(argv[2], (u32)strtoul(argv[3], NULL, 10),
				  (u32)strtoul(argv[4], NULL, 10));
	if (argc > 1)
		most = (u32)strtoul(argv[1], NULL, 10);
	if (argc > 2 || !most) {
		fprintf(stderr, "usage: bench_core [most circuits]\n       bench_core count forward|backward|cipher LENGTH CELLS\n");
		return 1;
	}
	printf("circuit: %zu bytes; position %d; libsodium %s\n", sizeof(struct circuit), POS,
	       sodium_version_string());
	printf("%-9s %5s %9s %9s %8s %10s\n", "work", "bytes", "circuits", "ns/cell", "/cipher",
	       "Gbit/s");
	for (n = 1; n <= most; n *= 10)
		miss(n);
	for (i = 0; i < 2; i++) {
		double floor = cipher(sizes[i], cells);

		for (n = 1; n <= most; n *= 10) {
			row("forward", sizes[i], FORWARD, n, cells, floor);
			row("backward", sizes[i], BACKWARD, n, cells, floor);
		}
	}
	if (failures) {
		fprintf(stderr, "bench_core: %" PRIu64 " cells were refused: the figures mean nothing\n",
			failures);
		return 1;
	}
	return 0;
}
