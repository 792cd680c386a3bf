// SPDX-License-Identifier: MIT
/*
 * relayctl circuit keygen: matching key files and batches for whole test
 * circuits. Only tests do this: whoever runs it knows every hop's keys, which
 * is what circuits are there to prevent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cellrelay.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/derive.h"
#include "fmt.h"
#include "keygen.h"
#include "object.h"

#define HOPS_MAX	8
#define LAYER_KEY	32
#define LINE_ROOM	4096	/* stdio's buffer for secrets, in guarded memory */

enum { OUT, WIRE, FIRST, COUNT, LARGE, SUITE, LIMIT, RATE, DEV, INNER4, INNER6, LINKS };

static const struct choice sizes[] = { { "1408", 1408 }, { "1232", 1232 }, { NULL, 0 } };
static const struct choice yes_no[] = { { "yes", 1 }, { "no", 0 }, { NULL, 0 } };

const struct arg keygen_args[] = {
	[OUT] = { .name = "out", .kind = ARG_FILE, .flags = ARG_POS | ARG_REQ, .meta = "FOLDER",
		  .help = "where the files go; it is made" },
	[WIRE] = { .name = "wire", .kind = ARG_WORD, .flags = ARG_REQ | ARG_MULTI, .meta = "NEAR,FAR",
		   .help = "addresses and ports of a wire's two ends, client's side first; one per hop" },
	[FIRST] = { .name = "circuit", .kind = ARG_UINT, .width = 4, .min = 1, .meta = "ID",
		    .help = "id of the first circuit (1)" },
	[COUNT] = { .name = "count", .kind = ARG_UINT, .width = 4, .min = 1, .max = 1000000, .meta = "N",
		    .help = "how many circuits (1); inner addresses count up" },
	[LARGE] = { .name = "large", .kind = ARG_CHOICE, .choices = sizes, .meta = "BYTES",
		    .help = "size of large cells (1408)" },
	[SUITE] = { .name = "suite", .kind = ARG_CHOICE, .flags = ARG_MULTI, .choices = suite_choices,
		    .meta = "SUITE", .help = "cipher suite (chacha): once for all hops, or once per hop" },
	[LIMIT] = { .name = "limit", .kind = ARG_SIZE, .meta = "SIZE", .help = "limit at every relay" },
	[RATE] = { .name = "rate", .kind = ARG_RATE, .meta = "RATE", .help = "cap at every relay" },
	[DEV] = { .name = "dev", .kind = ARG_IFNAME, .meta = "NAME",
		  .help = "make this device at client and exit, and bind the circuits to it" },
	[INNER4] = { .name = "inner4", .kind = ARG_ADDR4, .meta = "ADDRESS",
		     .help = "the first client's address inside" },
	[INNER6] = { .name = "inner6", .kind = ARG_ADDR6, .meta = "ADDRESS", .help = "likewise, IPv6" },
	[LINKS] = { .name = "links", .kind = ARG_CHOICE, .choices = yes_no, .meta = "yes|no",
		    .help = "no: circuits only, over links that a first run made (yes)" },
	{ .name = NULL },
};

/* What makes a node's circuit ids: random, but never twice. */
struct ids {
	uint32_t factor, offset, next;
};

struct wire {
	struct addr end[2];	/* nearer to the client, farther from it */
	uint32_t index[2];	/* link index that end chose */
};

/* A node's two files. */
struct node {
	struct ids ids;
	FILE *batch, *keys;
	char *buf;
};

struct gen {
	const struct argval *v;
	const char *dir;
	unsigned int hops;
	struct wire wire[HOPS_MAX];
	uint8_t suite[HOPS_MAX];
	struct node node[HOPS_MAX + 1];
	char *secret;	/* hexadecimal of one key, guarded */
};

static uint32_t next_id(struct ids *ids)
{
	uint32_t id;

	do
		id = ids->next++ * ids->factor + ids->offset;
	while (id == 0);
	return id;
}

static uint32_t nonzero(void)
{
	uint32_t n;

	do
		n = randombytes_random();
	while (n == 0);
	return n;
}

static enum rc take_wires(struct gen *g)
{
	g->hops = g->v[WIRE].count;
	for (unsigned int i = 0; i < g->hops; i++) {
		const char *comma = strchr(g->v[WIRE].words[i], ',');
		struct wire *w = &g->wire[i];
		char near[64];

		if (!comma || comma - g->v[WIRE].words[i] >= (int)sizeof(near))
			goto bad;
		memcpy(near, g->v[WIRE].words[i], comma - g->v[WIRE].words[i]);
		near[comma - g->v[WIRE].words[i]] = '\0';
		if (!addr_endpoint(near, &w->end[0]) || !addr_endpoint(comma + 1, &w->end[1]) ||
		    w->end[0].len != w->end[1].len)
			goto bad;
		w->index[0] = nonzero();
		w->index[1] = nonzero();
		continue;
bad:
		return fail(RC_USAGE, "wire: \"%s\" is not two ends such as 10.0.1.1:4000,10.0.1.2:4000 or [fd00::1]:4000,[fd00::2]:4000",
			    g->v[WIRE].words[i]);
	}
	return RC_OK;
}

static enum rc take_suites(struct gen *g)
{
	const struct argval *v = &g->v[SUITE];

	if (v->count > 1 && v->count != g->hops)
		return fail(RC_USAGE, "suite: %u are given for %u hops: give one for all, or one for each",
			    v->count, g->hops);
	for (unsigned int i = 0; i < g->hops; i++) {
		const char *word = v->count ? v->words[v->count > 1 ? i : 0] : suite_choices[0].name;
		const struct choice *c = suite_choices;

		while (c->name && strcmp(c->name, word) != 0)
			c++;
		g->suite[i] = c->value;
	}
	return RC_OK;
}

static FILE *create(const char *dir, unsigned int node, const char *ext)
{
	char path[4096];
	FILE *f = NULL;
	int fd;

	snprintf(path, sizeof(path), "%s/node%u.%s", dir, node, ext);
	fd = openat(opt.dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (!f)
		err("cannot make %s: %s", path, strerror(errno));
	return f;
}

static enum rc open_nodes(struct gen *g)
{
	if (mkdirat(opt.dirfd, g->dir, 0700) < 0 && errno != EEXIST)
		return fail(RC_USAGE, "cannot make folder %s: %s", g->dir, strerror(errno));
	for (unsigned int n = 0; n <= g->hops; n++) {
		struct node *nd = &g->node[n];

		nd->batch = create(g->dir, n, "batch");
		nd->keys = nd->batch ? create(g->dir, n, "keys") : NULL;
		nd->buf = sodium_malloc(LINE_ROOM);
		nd->ids = (struct ids){ randombytes_random() | 1, randombytes_random(), 0 };
		if (!nd->keys || !nd->buf)
			return RC_USAGE;
		setvbuf(nd->keys, nd->buf, _IOFBF, LINE_ROOM);
		fputs("# Keys of a TEST circuit. relayctl takes them once and renames this file.\n", nd->keys);
		fprintf(nd->batch, "# Node %u of a TEST circuit of %u hops (%s).\n", n, g->hops,
			n == 0 ? "client" : n == g->hops ? "exit" : "relay");
	}
	return RC_OK;
}

static enum rc close_nodes(struct gen *g)
{
	enum rc rc = RC_OK;

	for (unsigned int n = 0; n <= g->hops; n++) {
		struct node *nd = &g->node[n];
		bool bad = (nd->batch && fclose(nd->batch) != 0);

		bad |= nd->keys && fclose(nd->keys) != 0;
		if (bad)
			rc = fail(RC_USAGE, "cannot write the files of node %u in %s: %s", n, g->dir,
				  strerror(errno));
		sodium_free(nd->buf);
	}
	return rc;
}

/* A fresh key of @len bytes, written to two files. @suite: 0, or the layer's that it is for:
 * then it comes from a fresh secret as it would from a handshake's.
 */
static void key_to(struct gen *g, const char *name1, FILE *a, const char *name2, FILE *b, size_t len,
		   uint8_t suite)
{
	uint8_t *raw = (uint8_t *)g->secret + 72;

	randombytes_buf(raw, len);
	if (suite) {
		randombytes_buf(raw + 32, LAYER_KEY);
		cr_derive_layer(raw, raw + 32, suite);
	}
	sodium_bin2hex(g->secret, 72, raw, len);
	fprintf(a, "%s = %s\n", name1, g->secret);
	fprintf(b, "%s = %s\n", name2, g->secret);
}

/* Sockets of a node: one per family and port. Return: id of the one for @a. */
static unsigned int sock_for(struct node *nd, const struct addr *a, const struct addr *other)
{
	bool shared = other && other->len == a->len && other->port == a->port;

	if (!shared)
		fprintf(nd->batch, "sock add id %d addr %s port %u\n", other ? 2 : 1,
			a->len == 4 ? "0.0.0.0" : "::", a->port);
	return shared || !other ? 1 : 2;
}

static void node_links(struct gen *g)
{
	char peer[ADDR_TEXT];

	for (unsigned int n = 0; n <= g->hops; n++) {
		const struct wire *prev = n ? &g->wire[n - 1] : NULL;
		const struct wire *next = n < g->hops ? &g->wire[n] : NULL;
		struct node *nd = &g->node[n];
		unsigned int sock;

		if (prev) {
			sock = sock_for(nd, &prev->end[1], NULL);
			fprintf(nd->batch, "link add id %u sock %u peer %s\n", n, sock,
				addr_text(peer, &prev->end[0]));
			fprintf(nd->batch, "key add link %u gen 0 file node%u.keys peer-idx-file node%u.idx send\n",
				n, n, n - 1);
		}
		if (next) {
			sock = sock_for(nd, &next->end[0], prev ? &prev->end[1] : NULL);
			fprintf(nd->batch, "link add id %u sock %u peer %s\n", n + 1, sock,
				addr_text(peer, &next->end[1]));
			fprintf(nd->batch, "key add link %u gen 0 file node%u.keys peer-idx-file node%u.idx send\n",
				n + 1, n, n + 1);
		}
		if ((!prev || !next) && g->v[DEV].set)
			fprintf(nd->batch, "dev add %s\n", g->v[DEV].word);
	}
}

static void link_keys(struct gen *g)
{
	static const struct { const char *rx, *tx; size_t len; } k[] = {
		{ "rx-tag", "tx-tag", 16 }, { "rx-mask", "tx-mask", 16 }, { "rx-ctl", "tx-ctl", 32 },
	};

	for (unsigned int i = 0; i < g->hops; i++) {
		FILE *a = g->node[i].keys, *b = g->node[i + 1].keys;

		for (int e = 0; e < 2; e++)
			fprintf(e ? b : a, "[link %u gen 0]\nrx-index = %u\ntx-index = %u\n", i + 1,
				g->wire[i].index[e], g->wire[i].index[!e]);
		for (size_t j = 0; j < sizeof(k) / sizeof(k[0]); j++) {
			key_to(g, k[j].tx, a, k[j].rx, b, k[j].len, 0);
			key_to(g, k[j].rx, a, k[j].tx, b, k[j].len, 0);
		}
	}
}

/* Address @i after @first. */
static void inner_text(FILE *f, const char *name, const struct argval *v, uint32_t i)
{
	char text[INET6_ADDRSTRLEN];
	struct addr a = v->addr;
	unsigned int carry = 0;

	if (!v->set)
		return;
	for (int b = a.len - 1; b >= 0; b--) {
		carry += a.bytes[b] + (i & 0xff);
		a.bytes[b] = carry;
		carry >>= 8;
		i >>= 8;
	}
	inet_ntop(a.len == 4 ? AF_INET : AF_INET6, a.bytes, text, sizeof(text));
	fprintf(f, " %s %s", name, text);
}

static void one_circuit(struct gen *g, uint32_t id, uint32_t nth)
{
	const struct argval *v = g->v;
	const char *large = v[LARGE].set ? v[LARGE].word : "1408";
	uint32_t near[HOPS_MAX], far[HOPS_MAX];	/* ids that the ends of a wire chose */
	FILE *client = g->node[0].batch;

	for (unsigned int i = 0; i < g->hops; i++) {
		near[i] = next_id(&g->node[i].ids);
		far[i] = next_id(&g->node[i + 1].ids);
	}
	fprintf(client, "circuit add id %u role client large %s next-link 1 next-rx %u next-tx %u", id, large,
		near[0], far[0]);
	inner_text(client, "inner4", &v[INNER4], nth);
	inner_text(client, "inner6", &v[INNER6], nth);
	fputc('\n', client);

	for (unsigned int n = 1; n <= g->hops; n++) {
		struct node *nd = &g->node[n];

		fprintf(nd->batch, "circuit add id %u role relay keys node%u.keys pos %u suite %s large %s prev-link %u prev-rx %u prev-tx %u",
			id, n, n, fmt_suite(g->suite[n - 1]), large, n, far[n - 1], near[n - 1]);
		if (n < g->hops)
			fprintf(nd->batch, " next-link %u next-rx %u next-tx %u", n + 1, near[n], far[n]);
		if (v[LIMIT].set)
			fprintf(nd->batch, " limit %s", v[LIMIT].word);
		if (v[RATE].set)
			fprintf(nd->batch, " rate %s", v[RATE].word);
		if (n == g->hops) {
			if (v[DEV].set)
				fprintf(nd->batch, " dev %s", v[DEV].word);
			inner_text(nd->batch, "inner4", &v[INNER4], nth);
			inner_text(nd->batch, "inner6", &v[INNER6], nth);
		}
		fputc('\n', nd->batch);
		fprintf(client, "hop add circuit %u pos %u suite %s keys node0.keys%s\n", id, n, fmt_suite(g->suite[n - 1]),
			n == g->hops ? " exit" : "");

		fprintf(nd->keys, "[circuit %u]\n", id);
		fprintf(g->node[0].keys, "[hop %u %u]\n", id, n);
		key_to(g, "fwd", nd->keys, "fwd", g->node[0].keys, LAYER_KEY, g->suite[n - 1]);
		key_to(g, "bwd", nd->keys, "bwd", g->node[0].keys, LAYER_KEY, g->suite[n - 1]);
	}
	/* Only now it has the exit hop that its packets go to. */
	if (v[DEV].set)
		fprintf(client, "circuit set %u dev %s\n", id, v[DEV].word);
}

enum rc keygen_run(const struct verb *verb, const struct argval *v)
{
	struct gen g = { .v = v, .dir = v[OUT].word };
	uint32_t first = v[FIRST].set ? v[FIRST].num : 1, count = v[COUNT].set ? v[COUNT].num : 1;
	enum rc rc, closed;

	(void)verb;
	if (first > UINT32_MAX - count)
		return fail(RC_USAGE, "circuit: ids would pass 2^32");
	rc = take_wires(&g);
	rc = rc ? rc : take_suites(&g);
	if (rc)
		return rc;
	g.secret = sodium_malloc(72 + 32 + LAYER_KEY);
	rc = g.secret ? open_nodes(&g) : fail(RC_REFUSED, "no memory for keys");
	if (!rc && !(v[LINKS].set && !v[LINKS].num)) {
		node_links(&g);
		link_keys(&g);
	}
	for (uint32_t i = 0; i < count && !rc; i++)
		one_circuit(&g, first + i, i);
	closed = close_nodes(&g);
	sodium_free(g.secret);
	return rc ? rc : closed;
}
