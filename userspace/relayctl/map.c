// SPDX-License-Identifier: MIT
/* relayctl map: the pinned accounting maps, readable. */
#include <inttypes.h>
#include <linux/cellrelay.h>
#include <stdlib.h>

#include "acct.h"
#include "fmt.h"
#include "json.h"
#include "object.h"

static void count_out(const char *name, const char *text, const struct cellrelay_count *c)
{
	if (opt.json) {
		json_open(name, '{');
		json_u64("cells", c->cells);
		json_u64("bytes", c->bytes);
		json_close();
	} else {
		fprintf(opt.out, "%-20s %14llu cells %18llu bytes\n", text, (unsigned long long)c->cells,
			(unsigned long long)c->bytes);
	}
}

static enum rc totals(const struct verb *verb, const struct argval *v)
{
	struct cellrelay_totals t;
	enum rc rc = acct_totals(&t);

	(void)verb;
	(void)v;
	if (rc)
		return rc;
	if (opt.json)
		json_open("totals", '{');
	count_out("in", "in", &t.in);
	count_out("originated", "originated", &t.originated);
	count_out("out", "out", &t.out);
	count_out("delivered", "delivered", &t.delivered);
	count_out("closed_fwd", "closed:forward", &t.closed_fwd);
	count_out("closed_bwd", "closed:backward", &t.closed_bwd);
	count_out("closed_dropped", "closed:dropped", &t.closed_dropped);
	count_out("unattributed", "unattributed", &t.unattributed);
	if (opt.json)
		json_open("drops", '{');
	for (unsigned int i = 0; i < CELLRELAY_ACCT_REASONS; i++) {
		char text[FMT_LEN];

		if (!t.drop[i].cells)
			continue;
		snprintf(text, sizeof(text), "dropped:%s", fmt_drop(i));
		count_out(fmt_drop(i), text, &t.drop[i]);
	}
	if (opt.json) {
		json_close();
		json_close();
	}
	return RC_OK;
}

/* Which slots to print. */
struct filter {
	bool has_netns;
	uint64_t netns;
};

static enum rc print(const struct acct_slot *s, void *arg)
{
	const struct filter *f = arg;

	if (f->has_netns && s->a.netns != f->netns)
		return RC_OK;
	if (opt.json) {
		json_open(NULL, '{');
		json_u64("slot", s->slot);
		json_hex64("cookie", s->a.cookie);
		json_hex64("netns", s->a.netns);
		count_out("fwd", NULL, &s->a.fwd);
		count_out("bwd", NULL, &s->a.bwd);
		count_out("dropped", NULL, &s->a.dropped);
		json_close();
		return RC_OK;
	}
	fprintf(opt.out, "%6u %016llx %16llx %12llu %16llu %12llu %16llu %10llu\n", s->slot,
		(unsigned long long)s->a.cookie, (unsigned long long)s->a.netns,
		(unsigned long long)s->a.fwd.cells, (unsigned long long)s->a.fwd.bytes,
		(unsigned long long)s->a.bwd.cells, (unsigned long long)s->a.bwd.bytes,
		(unsigned long long)s->a.dropped.cells);
	return RC_OK;
}

static const struct choice whose[] = { { "this", 0 }, { "all", 1 }, { NULL, 0 } };

static const struct arg circuit_args[] = {
	{ .name = "netns", .kind = ARG_CHOICE, .choices = whose, .meta = "this|all",
	  .help = "circuits of this network namespace, or of all (all)" },
	{ .name = NULL },
};

static enum rc circuits(const struct verb *verb, const struct argval *v)
{
	struct filter f = { .has_netns = false };
	struct ns_info ns;
	enum rc rc;

	(void)verb;
	if (v && v[0].set && v[0].num == 0) {
		rc = ns_get(&ns);
		if (rc)
			return rc;
		f = (struct filter){ true, ns.cookie };
	}
	if (opt.json)
		json_open("slots", '[');
	else
		fprintf(opt.out, "%s%6s %16s %16s %12s %16s %12s %16s %10s%s\n", fmt_bold(), "slot",
			"cookie", "netns", "fwd cells", "fwd bytes", "bwd cells", "bwd bytes",
			"dropped", fmt_plain());
	rc = acct_each(print, &f);
	if (opt.json)
		json_close();
	return rc;
}

static enum rc show(const struct verb *verb, const struct argval *v)
{
	enum rc rc = totals(verb, v);

	return rc ? rc : circuits(verb, NULL);
}

/* ----------------------------------------------------------------- verify */

/**
 * struct pair - one circuit of this namespace, twice
 * @slot: its slot
 * @id: its id
 * @cookie: its cookie
 * @mod: module's own counters: forward, backward (cells, bytes), dropped cells
 * @seen: the map has it
 */
struct pair {
	uint32_t slot, id;
	uint64_t cookie;
	uint64_t mod[5];
	bool seen;
};

struct pairs {
	struct pair *p;
	size_t count;
	uint64_t netns;
	unsigned int differ;
};

static enum rc note(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_CIRC_MAX + 1];
	struct pairs *ps = arg;

	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_CIRC_MAX, NULL) < 0)
		return fail(RC_REFUSED, "the module's answer cannot be read");
	if (!(ps->count & (ps->count - 1))) {
		struct pair *p = reallocarray(ps->p, ps->count ? 2 * ps->count : 1, sizeof(*p));

		if (!p)
			return fail(RC_REFUSED, "out of memory");
		ps->p = p;
	}
	ps->p[ps->count++] = (struct pair){
		.slot = kn_u32(tb, CELLRELAY_A_CIRC_SLOT, 0),
		.id = kn_u32(tb, CELLRELAY_A_CIRC_ID, 0),
		.cookie = kn_u64(tb, CELLRELAY_A_CIRC_COOKIE, 0),
		.mod = { kn_u64(tb, CELLRELAY_A_CIRC_FWD_CELLS, 0), kn_u64(tb, CELLRELAY_A_CIRC_FWD_BYTES, 0),
			 kn_u64(tb, CELLRELAY_A_CIRC_BWD_CELLS, 0), kn_u64(tb, CELLRELAY_A_CIRC_BWD_BYTES, 0),
			 kn_u64(tb, CELLRELAY_A_CIRC_DROP_CELLS, 0) },
	};
	return RC_OK;
}

static int by_slot(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

static void differ(struct pairs *ps, uint32_t id, const char *what, uint64_t mod, uint64_t map)
{
	if (mod == map)
		return;
	ps->differ++;
	err("circuit %u: %s: the module counts %" PRIu64 ", the map %" PRIu64, id, what, mod, map);
}

static enum rc compare(const struct acct_slot *s, void *arg)
{
	struct pair key = { .slot = s->slot }, *p;
	struct pairs *ps = arg;

	if (s->a.netns != ps->netns)
		return RC_OK;
	p = ps->count ? bsearch(&key, ps->p, ps->count, sizeof(*p), by_slot) : NULL;
	if (!p || p->cookie != s->a.cookie) {
		ps->differ++;
		err("slot %u: the map holds circuit 0x%016llx, which the module does not have", s->slot,
		    (unsigned long long)s->a.cookie);
		return RC_OK;
	}
	p->seen = true;
	differ(ps, p->id, "forward cells", p->mod[0], s->a.fwd.cells);
	differ(ps, p->id, "forward bytes", p->mod[1], s->a.fwd.bytes);
	differ(ps, p->id, "backward cells", p->mod[2], s->a.bwd.cells);
	differ(ps, p->id, "backward bytes", p->mod[3], s->a.bwd.bytes);
	differ(ps, p->id, "dropped cells", p->mod[4], s->a.dropped.cells);
	return RC_OK;
}

static enum rc verify_totals(unsigned int *differ_count)
{
	struct cellrelay_totals t;
	uint64_t gone;
	enum rc rc = acct_totals(&t);

	if (rc)
		return rc;
	gone = t.out.cells + t.delivered.cells;
	for (unsigned int i = 0; i < CELLRELAY_ACCT_REASONS; i++)
		gone += t.drop[i].cells;
	if (t.in.cells + t.originated.cells != gone) {
		++*differ_count;
		err("totals: %llu cells came, %" PRIu64 " went",
		    (unsigned long long)(t.in.cells + t.originated.cells), gone);
	}
	if (t.unattributed.cells) {
		++*differ_count;
		err("totals: %llu cells of circuits that found no slot; load with more slots",
		    (unsigned long long)t.unattributed.cells);
	}
	if (acct_misses()) {
		++*differ_count;
		err("totals: the kernel skipped %" PRIu64 " runs of the programs", acct_misses());
	}
	return RC_OK;
}

static enum rc verify(const struct verb *verb, const struct argval *v)
{
	static const struct kn_what what = { .doing = "list circuits" };
	struct pairs ps = { .p = NULL };
	struct nl_msg *msg;
	struct ns_info ns;
	enum rc rc;

	(void)verb;
	(void)v;
	rc = ns_get(&ns);
	if (rc)
		return rc;
	ps.netns = ns.cookie;
	msg = kn_new(CELLRELAY_CMD_CIRC_GET, &rc);
	rc = msg ? kn_dump(msg, note, &ps, &what) : rc;
	if (!rc) {
		if (ps.count)
			qsort(ps.p, ps.count, sizeof(*ps.p), by_slot);
		rc = acct_each(compare, &ps);
	}
	for (size_t i = 0; i < ps.count && !rc; i++) {
		const struct pair *p = &ps.p[i];

		/* one that nothing came through needs no entry */
		if (!p->seen && (p->mod[0] || p->mod[2] || p->mod[4]))
			differ(&ps, p->id, "cells", p->mod[0] + p->mod[2] + p->mod[4], 0);
	}
	rc = rc ? rc : verify_totals(&ps.differ);
	if (!rc && opt.json) {
		json_open("verify", '{');
		json_u64("circuits", ps.count);
		json_u64("differences", ps.differ);
		json_close();
	} else if (!rc && !ps.differ) {
		fprintf(opt.out, "%zu circuits: map and module agree\n", ps.count);
	}
	free(ps.p);
	return rc ? rc : ps.differ ? RC_REFUSED : RC_OK;
}

static const struct verb verbs[] = {
	{ .name = "show", .run = show, .help = "totals of the machine and all circuits" },
	{ .name = "circuits", .run = circuits, .args = circuit_args, .help = "circuits only" },
	{ .name = "totals", .run = totals, .help = "totals only" },
	{ .name = "verify", .run = verify,
	  .help = "compare with the module's own counters; exact when nothing is under way" },
	{ .name = NULL },
};

const struct object obj_map = { "map", NULL, verbs, 0, "pinned accounting maps" };
