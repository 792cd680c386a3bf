// SPDX-License-Identifier: MIT
/*
 * cellstat: what a capture of one wire tells an observer.
 *
 *	cellstat check  [options] FILE		sizes, uniform bytes, outer header
 *	cellstat pair   [options] IN OUT	the same cells on both sides of a hop
 *	cellstat absent NEEDLE FILE...		nothing of NEEDLE occurs in any datagram: of 79 bytes of it
 *						that stand together, one piece that is looked for is whole
 *
 * check: every datagram must have one of --sizes; at every position, the first
 * included, the bytes must be uniform: Pearson's chi-square with 255 degrees of
 * freedom (Wilson-Hilferty's normal approximation), at a level of 1e-6 for the
 * whole capture, corrected for the number of positions (Bonferroni). With
 * --outer the IP and UDP headers must be the constant ones of docs/protocol.md.
 * pair: cells are matched in order; at no position may the two sides agree more
 * often than chance (1/256) allows at the same level. At most one pair in a
 * hundred may be of unequal sizes.
 *
 * Exit: 0 as it should be, 1 not, 2 usage or unreadable input.
 */
#include "capture.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX	1408
#define LEVEL		1e-6
#define NEEDLE_LEN	16
#define NEEDLE_STEP	64
#define SLOT_BITS	22
#define SLOTS		(1 << SLOT_BITS)

struct options {
	size_t sizes[4];
	unsigned int n_sizes;
	unsigned long min_cells;
	int sport, dport;
	bool outer;
};

struct pieces {
	uint32_t *slot;
	uint8_t *text;
};

/* One-sided tail of the normal distribution at z is p: z by bisection. */
static double z_of(double p)
{
	double lo = 0, hi = 40;

	for (int i = 0; i < 200; i++) {
		double mid = (lo + hi) / 2;

		if (0.5 * erfc(mid / sqrt(2)) > p)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Wilson-Hilferty: (X/k)^(1/3) is nearly normal. */
static double chi2_z(double x, double k)
{
	return (cbrt(x / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
}

static bool wanted(const struct options *o, const struct datagram *d)
{
	return (o->sport < 0 || d->sport == o->sport) && (o->dport < 0 || d->dport == o->dport);
}

static int size_class(const struct options *o, size_t len)
{
	for (unsigned int i = 0; i < o->n_sizes; i++)
		if (o->sizes[i] == len)
			return (int)i;
	return -1;
}

static bool outer_ok(const struct datagram *d, unsigned long n)
{
	const char *why = NULL;

	if (d->ttl != 64)
		why = "TTL or hop limit is not 64";
	else if (d->tos)
		why = "DSCP or ECN is not 0";
	else if (d->family == 4 && d->id)
		why = "IPv4 identification is not 0";
	else if (d->family == 4 && !d->df)
		why = "DF is not set";
	else if (d->options)
		why = "options or extension headers";
	else if (d->flow)
		why = "flow label is not 0";
	else if (!d->csum)
		why = "no UDP checksum";
	else if (!d->csum_ok)
		why = "wrong UDP checksum";
	if (why)
		fprintf(stderr, "cellstat: datagram %lu: %s\n", n, why);
	return !why;
}

static int check(const struct options *o, const char *path)
{
	static uint32_t hist[4][CELL_MAX][256];
	unsigned long cells[4] = { 0 }, total = 0, bad_size = 0, bad_outer = 0;
	unsigned int tested = 0;
	struct capture *c = capture_open(path);
	struct datagram d;
	double worst = 0, z_max;
	size_t worst_pos = 0, worst_size = 0;
	int r, failed = 0;

	if (!c)
		return 2;
	while ((r = capture_next(c, &d)) > 0) {
		int k;

		if (!wanted(o, &d))
			continue;
		total++;
		k = size_class(o, d.len);
		if (k < 0) {
			if (!bad_size++)
				fprintf(stderr, "cellstat: datagram %lu: %zu bytes is not a size of this circuit\n", total, d.len);
			continue;
		}
		if (o->outer && bad_outer < 5 && !outer_ok(&d, total))
			bad_outer++;
		cells[k]++;
		for (size_t i = 0; i < d.len; i++)
			hist[k][i][d.payload[i]]++;
	}
	if (r < 0) {
		fprintf(stderr, "cellstat: %s: damaged capture\n", path);
		capture_close(c);
		return 2;
	}
	for (unsigned int k = 0; k < o->n_sizes; k++)
		if (cells[k] >= 2560)
			tested += (unsigned int)o->sizes[k];
	z_max = z_of(LEVEL / (tested ? tested : 1));
	for (unsigned int k = 0; k < o->n_sizes; k++) {
		double expect = (double)cells[k] / 256;

		/* under ten expected per value the approximation is poor */
		if (cells[k] < 2560)
			continue;
		for (size_t i = 0; i < o->sizes[k]; i++) {
			double x = 0, z;

			for (int v = 0; v < 256; v++) {
				double diff = hist[k][i][v] - expect;

				x += diff * diff / expect;
			}
			z = chi2_z(x, 255);
			if (z > worst) {
				worst = z;
				worst_pos = i;
				worst_size = o->sizes[k];
			}
		}
	}
	printf("%s: %lu datagrams", path, total);
	for (unsigned int k = 0; k < o->n_sizes; k++)
		printf(", %lu of %zu bytes", cells[k], o->sizes[k]);
	printf(", %lu other packets; largest deviation %.2f sigma (position %zu of %zu), allowed %.2f over %u positions\n",
	       capture_others(c), worst, worst_pos, worst_size, z_max, tested);
	capture_close(c);
	if (bad_size) {
		fprintf(stderr, "cellstat: %lu datagrams are no cells\n", bad_size);
		failed = 1;
	}
	if (bad_outer)
		failed = 1;
	if (total < o->min_cells) {
		fprintf(stderr, "cellstat: %lu cells, but the test needs %lu\n", total, o->min_cells);
		failed = 1;
	}
	if (o->min_cells && !tested) {
		fprintf(stderr, "cellstat: no size has the 2560 cells that the chi-square test needs\n");
		failed = 1;
	}
	if (worst > z_max) {
		fprintf(stderr, "cellstat: bytes at position %zu are not uniform\n", worst_pos);
		failed = 1;
	}
	return failed;
}

/* Next wanted cell whose size is a cell's. */
static int next_cell(const struct options *o, struct capture *c, struct datagram *d)
{
	int r;

	while ((r = capture_next(c, d)) > 0)
		if (wanted(o, d) && size_class(o, d->len) >= 0)
			return 1;
	return r;
}

static int pair(const struct options *o, const char *in, const char *out)
{
	static unsigned long agree[CELL_MAX], n[CELL_MAX];
	struct capture *a = capture_open(in), *b = capture_open(out);
	unsigned long pairs = 0, sizes_differ = 0;
	double z_max = z_of(LEVEL / CELL_MAX), worst = 0;
	struct datagram x, y;
	size_t worst_pos = 0;
	int failed = 0;

	if (!a || !b) {
		capture_close(a);
		capture_close(b);
		return 2;
	}
	while (next_cell(o, a, &x) > 0 && next_cell(o, b, &y) > 0) {
		pairs++;
		if (x.len != y.len) {
			sizes_differ++;
			continue;
		}
		for (size_t i = 0; i < x.len; i++) {
			n[i]++;
			agree[i] += x.payload[i] == y.payload[i];
		}
	}
	for (size_t i = 0; i < CELL_MAX; i++) {
		double mean = n[i] / 256.0, z;

		if (n[i] < 256)
			continue;
		/* Poisson's upper tail is heavier than the normal's: square-root transform */
		z = 2 * (sqrt((double)agree[i] + 0.375) - sqrt(mean + 0.375));
		if (z > worst) {
			worst = z;
			worst_pos = i;
		}
	}
	printf("%s | %s: %lu cells matched, %lu of unequal size; most agreeing position %zu, %.2f sigma, allowed %.2f\n",
	       in, out, pairs, sizes_differ, worst_pos, worst, z_max);
	capture_close(a);
	capture_close(b);
	/* two processors may pass neighbours in another order; a lost cell would shift all that follow */
	if (sizes_differ > pairs / 100) {
		fprintf(stderr, "cellstat: cells changed size or order between the two sides\n");
		failed = 1;
	}
	if (pairs < o->min_cells || !pairs) {
		fprintf(stderr, "cellstat: %lu pairs, but the test needs %lu\n", pairs, o->min_cells);
		failed = 1;
	}
	if (worst > z_max) {
		fprintf(stderr, "cellstat: position %zu agrees on both sides more often than chance\n", worst_pos);
		failed = 1;
	}
	return failed;
}

static uint64_t slot_of(const uint8_t *piece)
{
	uint64_t h;

	memcpy(&h, piece, 8);
	return (h * 0x9e3779b97f4a7c15ull) >> (64 - SLOT_BITS);
}

/* Pieces of NEEDLE_LEN bytes, one every NEEDLE_STEP: their numbers from 1, by open addressing. */
static int pieces_read(struct pieces *p, const char *path)
{
	FILE *f = fopen(path, "rb");
	long size = 0;
	int err = -1;

	p->slot = calloc(SLOTS, sizeof(*p->slot));
	if (!p->slot || !f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < NEEDLE_LEN ||
	    size / NEEDLE_STEP > SLOTS / 2)
		goto out;
	rewind(f);
	p->text = malloc((size_t)size);
	if (!p->text || fread(p->text, 1, (size_t)size, f) != (size_t)size)
		goto out;
	for (uint32_t i = 0; (size_t)i * NEEDLE_STEP + NEEDLE_LEN <= (size_t)size; i++) {
		uint64_t h = slot_of(p->text + (size_t)i * NEEDLE_STEP);

		while (p->slot[h])
			h = (h + 1) % SLOTS;
		p->slot[h] = i + 1;
	}
	err = 0;
out:
	if (f)
		fclose(f);
	return err;
}

static int absent_in(const struct pieces *p, const char *path)
{
	struct capture *c = capture_open(path);
	unsigned long found = 0, seen = 0;
	struct datagram d;
	int r = -1;

	while (c && (r = capture_next(c, &d)) > 0) {
		seen++;
		for (size_t i = 0; i + NEEDLE_LEN <= d.len; i++)
			for (uint64_t h = slot_of(d.payload + i); p->slot[h]; h = (h + 1) % SLOTS)
				found += !memcmp(d.payload + i, p->text + (size_t)(p->slot[h] - 1) * NEEDLE_STEP,
						 NEEDLE_LEN);
	}
	capture_close(c);
	if (r < 0) {
		fprintf(stderr, "cellstat: cannot read %s\n", path);
		return 2;
	}
	printf("%s: %lu datagrams, %lu pieces of the content found\n", path, seen, found);
	return found || !seen;
}

/* Does any piece of the needle occur in any datagram? */
static int absent(const char *needle, char **paths, int n)
{
	struct pieces p = { 0 };
	int status = 2;

	if (pieces_read(&p, needle)) {
		fprintf(stderr, "cellstat: cannot read %s, or it has not %d bytes to %d MiB\n", needle, NEEDLE_LEN,
			SLOTS / 2 / (1 << 20) * NEEDLE_STEP);
	} else {
		status = 0;
		for (int i = 0; i < n; i++) {
			int r = absent_in(&p, paths[i]);

			status = r > status ? r : status;
		}
	}
	free(p.slot);
	free(p.text);
	return status;
}

static int usage(void)
{
	fprintf(stderr, "Usage: cellstat check [--sizes A,B] [--sport P] [--dport P] [--min N] [--outer] FILE\n"
		"       cellstat pair  [--sizes A,B] [--sport P] [--dport P] [--min N] IN OUT\n"
		"       cellstat absent NEEDLE FILE...\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "sizes", required_argument, NULL, 's' }, { "sport", required_argument, NULL, 'S' },
		{ "dport", required_argument, NULL, 'D' }, { "min", required_argument, NULL, 'm' },
		{ "outer", no_argument, NULL, 'o' }, { NULL, 0, NULL, 0 }
	};
	struct options o = { .sizes = { 256, 1408 }, .n_sizes = 2, .sport = -1, .dport = -1 };
	const char *verb = argc > 1 ? argv[1] : "";
	int ch;

	optind = 2;
	while ((ch = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		char *p = optarg;

		switch (ch) {
		case 's':
			for (o.n_sizes = 0; o.n_sizes < 4 && *p; p += *p == ',') {
				o.sizes[o.n_sizes] = strtoul(p, &p, 10);
				if (!o.sizes[o.n_sizes] || o.sizes[o.n_sizes++] > CELL_MAX || (*p && *p != ','))
					return usage();
			}
			break;
		case 'S':
			o.sport = atoi(optarg);
			break;
		case 'D':
			o.dport = atoi(optarg);
			break;
		case 'm':
			o.min_cells = strtoul(optarg, NULL, 10);
			break;
		case 'o':
			o.outer = true;
			break;
		default:
			return usage();
		}
	}
	if (!strcmp(verb, "check") && argc - optind == 1)
		return check(&o, argv[optind]);
	if (!strcmp(verb, "pair") && argc - optind == 2)
		return pair(&o, argv[optind], argv[optind + 1]);
	if (!strcmp(verb, "absent") && argc - optind >= 2)
		return absent(argv[optind], argv + optind + 1, argc - optind - 1);
	return usage();
}
