// SPDX-License-Identifier: MIT
/* relayctl path, offers: what the last good snapshot lets one choose from, and why. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "directory/store.h"
#include "dirtext.h"
#include "fmt.h"
#include "json.h"
#include "object.h"
#include "path/path.h"

#define PPM		1000000

enum { STORE, FILE_, TABLE, HOPS, COUNTRY, PRICE, PORT, NOW, SEED, GUARD };

#define WISH_ARGS \
	[STORE] = { .name = "store", .kind = ARG_FILE, .meta = "FOLDER", \
		    .help = "where the last good snapshot is kept (" DIR_STORE ")" }, \
	[FILE_] = { .name = "file", .kind = ARG_FILE, .meta = "FILE", \
		    .help = "this snapshot instead, whoever signed it" }, \
	[TABLE] = { .name = "table", .kind = ARG_FILE, .meta = "FILE", \
		    .help = "countries and networks (" CR_GEO_TABLE ")" }, \
	[HOPS] = { .name = "hops", .kind = ARG_UINT, .width = 1, .min = 1, .max = CR_HOPS_MAX, .meta = "N", \
		   .help = "relays of the path (as the network has it)" }, \
	[COUNTRY] = { .name = "exit-country", .kind = ARG_WORD, .meta = "CC", .help = "where the exit is, as DE" }, \
	[PRICE] = { .name = "max-price", .kind = ARG_UINT, .width = 8, .max = INT64_MAX, .meta = "UNITS", \
		    .help = "ceiling for each relay's price per GiB" }, \
	[PORT] = { .name = "port", .kind = ARG_WORD, .flags = ARG_MULTI, .meta = "tcp/N|udp/N", \
		   .help = "what the exit must carry" }, \
	[NOW] = { .name = "now", .kind = ARG_UINT, .width = 8, .max = CR_TIME_MAX, .meta = "SECONDS", \
		  .help = "judge as at this time, not by the clock" }

static const struct arg offers_args[] = { WISH_ARGS, { .name = NULL } };

static const struct arg explain_args[] = {
	WISH_ARGS,
	[SEED] = { .name = "seed", .kind = ARG_WORD, .meta = "HEX",
		   .help = "64 digits: the same path again; without it one at random" },
	[GUARD] = { .name = "guard", .kind = ARG_WORD, .meta = "KEY|URI", .help = "a guard that was kept; a relay that you name, listed or not" },
	{ .name = NULL },
};

/** struct wish - arguments, and what they were applied to */
struct wish {
	struct cr_uri guard;
	struct cr_node node;
	bool named;
	struct cr_want want;
	struct cr_target target[ARG_MULTI_MAX];
	struct cr_view *view;
	bool table;
};

static bool parse_port(struct cr_target *t, const char *word)
{
	unsigned long port;
	char *end;

	memset(t, 0, sizeof(*t));
	if (strncmp(word, "tcp/", 4) == 0)
		t->proto = CR_PROTO_TCP;
	else if (strncmp(word, "udp/", 4) == 0)
		t->proto = CR_PROTO_UDP;
	else
		return false;
	if (word[4] < '1' || word[4] > '9')
		return false;
	port = strtoul(word + 4, &end, 10);
	t->port = (uint16_t)port;
	return !*end && port <= UINT16_MAX;
}

static enum rc read_wish(struct wish *w, const struct argval *v)
{
	const char *country = v[COUNTRY].set ? v[COUNTRY].word : "";

	memset(w, 0, sizeof(*w));
	w->want.hops = (unsigned int)v[HOPS].num;
	w->want.max_tariff = v[PRICE].set ? v[PRICE].num : UINT64_MAX;
	if (v[COUNTRY].set && (strlen(country) != 2 || strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2))
		return fail(RC_USAGE, "exit-country: \"%s\" is not two capital letters, as DE", country);
	memcpy(w->want.exit_country, country, strlen(country) + 1);
	for (unsigned int i = 0; i < v[PORT].count; i++) {
		if (!parse_port(&w->target[i], v[PORT].words[i]))
			return fail(RC_USAGE, "port: \"%s\" is not as tcp/443 or udp/53", v[PORT].words[i]);
	}
	w->want.targets = w->target;
	w->want.target_count = v[PORT].count;
	return RC_OK;
}

static enum rc load(struct wish *w, const struct argval *v)
{
	const char *store = v[STORE].set ? v[STORE].word : DIR_STORE;
	const char *table = v[TABLE].set ? v[TABLE].word : CR_GEO_TABLE;
	uint64_t now = v[NOW].set ? v[NOW].num : (uint64_t)time(NULL);
	char path[PATH_MAX], text[DIR_TIME_TEXT];
	struct cr_stored stored = { .bytes = NULL };
	struct cr_geo_table *geo;
	enum cr_verdict verdict;
	size_t len;

	if (v[FILE_].set) {
		stored.bytes = dir_read(v[FILE_].word, CR_SNAPSHOT_BYTES_MAX, &len);
		if (!stored.bytes)
			return RC_USAGE;
		verdict = cr_snapshot_parse(&stored.s, stored.bytes, len);
	} else {
		verdict = cr_store_load(dir_path(path, store), &stored);
		if (!verdict && !stored.bytes)
			return fail(RC_ABSENT, "%s: no snapshot yet; see: relayctl directory fetch help", store);
	}
	if (verdict) {
		cr_store_free(&stored);
		return fail(RC_REFUSED, "%s: the snapshot %s", v[FILE_].set ? v[FILE_].word : store,
			    verdict == CR_DIR_STORAGE ? strerror(errno) : cr_verdict_text(verdict));
	}
	if (now >= cr_snapshot_until(&stored.s.head))
		err("note: this snapshot is stale since %s; nothing would be built from it",
		    dir_time(text, cr_snapshot_until(&stored.s.head)));
	geo = cr_geo_open(dir_path(path, table));
	w->table = geo;
	if (!geo)
		err("note: no table of countries and networks (%s: %s); install libloc-database, or name one with \"table\"",
		    table, strerror(errno));
	w->view = cr_view_new(&stored.s, geo);
	if (w->named) {
		cr_node_of_uri(&w->node, &w->guard, geo);
		w->want.guard = &w->node;
	}
	cr_geo_close(geo);
	cr_store_free(&stored);
	return w->view ? RC_OK : fail(RC_REFUSED, "out of memory");
}

static const char *const sieve_names[CR_SIEVES] = {
	"role", "nat", "reach", "price", "country", "policy", "stock", "no_weight",
};

static uint64_t pool_weight(const struct cr_pool *pool)
{
	return pool->n ? pool->sum[pool->n - 1] : 0;
}

static void print_left_out(const struct cr_pool *pool)
{
	const char *sep = "";

	if (opt.json) {
		json_open("left_out", '{');
		for (int i = 0; i < CR_SIEVES; i++)
			json_u64(sieve_names[i], pool->out[i]);
		json_close();
		return;
	}
	for (int i = 0; i < CR_SIEVES; i++) {
		if (pool->out[i]) {
			fprintf(opt.out, "%s%u %s", sep, pool->out[i], cr_sieve_text((enum cr_sieve)i));
			sep = ", ";
		}
	}
}

/* ----------------------------------------------------------------- offers */

static enum rc offers(const struct verb *verb, const struct argval *v)
{
	struct cr_chooser all, left;
	struct cr_want anything = { .max_tariff = UINT64_MAX };
	char rate[FMT_LEN];
	struct wish w;
	enum rc rc;

	(void)verb;
	rc = read_wish(&w, v);
	rc = rc ? rc : load(&w, v);
	if (rc)
		return rc;
	anything.hops = w.want.hops;
	if (!cr_chooser_init(&all, w.view, &anything) || !cr_chooser_init(&left, w.view, &w.want)) {
		cr_view_free(w.view);
		return fail(RC_REFUSED, "out of memory");
	}
	if (opt.json) {
		json_open("offers", '{');
		json_u64("number", w.view->number);
		json_u64("relay_count", w.view->n);
	} else {
		fprintf(opt.out, "%ssnapshot %" PRIu64 "%s: %u relays\n", fmt_bold(), w.view->number,
			fmt_plain(), w.view->n);
	}
	for (int place = 0; place < CR_PLACES; place++) {
		const struct cr_pool *p = &left.pool[place];
		uint64_t of = pool_weight(&all.pool[place]);
		double share = of ? (double)pool_weight(p) / (double)of : 0;

		if (opt.json) {
			json_open(cr_place_name((enum cr_place)place), '{');
			json_u64("relays", p->n);
			json_u64("capacity", p->capacity);
			json_u64("weight_ppm", (uint64_t)(share * PPM + .5));
			print_left_out(p);
			json_close();
			continue;
		}
		fprintf(opt.out, "  %-7s %6u relays  %12s  %5.1f %% of the weight", cr_place_name((enum cr_place)place),
			p->n, fmt_rate(rate, p->capacity), share * 100);
		fputs(p->n < w.view->n ? "  (" : "", opt.out);
		print_left_out(p);
		fputs(p->n < w.view->n ? ")\n" : "\n", opt.out);
	}
	if (opt.json)
		json_close();
	cr_chooser_free(&all);
	cr_chooser_free(&left);
	cr_view_free(w.view);
	return RC_OK;
}

/* ---------------------------------------------------------------- explain */

/* What a relay sees by its place, ends with NULL; the only hop of one is all at once. */
static const char *const learns[CR_PLACES + 1][5] = {
	[CR_PLACE_GUARD] = { "your address", "when and how much you send and receive", "the next relay", NULL },
	[CR_PLACE_MIDDLE] = { "the relays before and behind it", "when and how much passes", NULL },
	[CR_PLACE_EXIT] = { "whom you talk to, by address and often by name",
			    "all that you do not encrypt end to end", "the relay before it", NULL },
	[CR_PLACES] = { "your address", "whom you talk to, and when and how much",
			"all that you do not encrypt end to end", NULL },
};

static const char *const hidden[CR_PLACES + 1][5] = {
	[CR_PLACE_GUARD] = { "whom you talk to", "what you say", "the exit", NULL },
	[CR_PLACE_MIDDLE] = { "your address", "whom you talk to", "what you say", NULL },
	[CR_PLACE_EXIT] = { "your address", "the guard", NULL },
	[CR_PLACES] = { NULL },
};

static const char *const together[] = {
	"guard and exit, or whoever watches both their networks, can match you with your traffic by its timing and volume; no low-latency network prevents that",
	"your own network sees that you talk to the guard, and when and how much",
	"each relay knows its place in the path",
	"a relay can link the circuits that you pay for with one session; at middle and exit that is one circuit unless you choose thrift",
	NULL,
};

static void print_list(const char *name, const char *title, const char *const *list)
{
	if (opt.json) {
		json_open(name, '[');
		for (; *list; list++)
			json_str(NULL, *list);
		json_close();
		return;
	}
	if (!*list)
		return;
	fprintf(opt.out, "    %-14s", title);
	for (int i = 0; list[i]; i++)
		fprintf(opt.out, "%s%s", i ? "; " : "", list[i]);
	fputc('\n', opt.out);
}

/* How likely a relay was, given those drawn before it: exit, guard, then middles in order. */
static uint64_t chance(const struct cr_chooser *c, const struct cr_path *path, unsigned int at, uint32_t *fitting)
{
	enum cr_place place = cr_place_of(at, path->hops);
	const struct cr_pool *pool = &c->pool[place];
	unsigned int taken = c->want.guard ? 1 : 0;
	uint64_t total = 0;

	if (at + 1 < path->hops)
		taken |= 1U << (path->hops - 1);
	for (unsigned int i = 0; i < at && at + 1 < path->hops; i++)
		taken |= 1U << i;
	*fitting = 0;
	for (uint32_t i = 0; i < pool->n; i++) {
		if (cr_path_fits(c, path, taken, at, pool->relay[i]))
			continue;
		total += c->view->node[pool->relay[i]].weight;
		++*fitting;
	}
	return total ? (uint64_t)((double)c->view->node[path->relay[at]].weight * PPM / (double)total + .5) : 0;
}

static void explain_hop(const struct cr_chooser *c, const struct cr_path *path, unsigned int at, bool kept)
{
	enum cr_place place = cr_place_of(at, path->hops);
	const struct cr_node *node = cr_path_node(c, path, at);
	bool named = !at && c->want.guard;
	unsigned int sees = path->hops == 1 ? CR_PLACES : place;
	char hex[2 * CR_PUBLIC_BYTES + 1], address[CR_ADDRESS_TEXT], rate[FMT_LEN];
	const char *country = node->geo[0].country;
	uint32_t fitting = 1;
	uint64_t ppm = named ? PPM : chance(c, path, at, &fitting);

	sodium_bin2hex(hex, sizeof(hex), node->identity, sizeof(node->identity));
	cr_address_text(address, &node->address[0]);
	if (opt.json) {
		json_open(NULL, '{');
		json_str("place", cr_place_name(place));
		json_str("identity", hex);
		json_str("address", address);
		json_str("country", country[0] ? country : NULL);
		json_u64_or_null("as", node->geo[0].as, 0);
		json_u64("tariff", node->tariff);
		json_u64("weight", node->weight);
		json_bool("kept_guard", kept);
		json_bool("named_guard", named);
		json_bool("listed", path->relay[at] != CR_PATH_NAMED);
		json_u64("eligible", c->pool[place].n);
		json_u64("fitting", fitting);
		json_u64("chance_ppm", ppm);
		print_left_out(&c->pool[place]);
		print_list("learns", "", learns[sees]);
		print_list("cannot_learn", "", hidden[sees]);
		json_close();
		return;
	}
	fprintf(opt.out, "%s%u %s%s  %.16s  %s  %s", fmt_bold(), at + 1, cr_place_name(place), fmt_plain(), hex,
		address, country[0] ? country : "country unknown");
	if (node->geo[0].as)
		fprintf(opt.out, "  AS%u", node->geo[0].as);
	if (path->relay[at] == CR_PATH_NAMED)
		fprintf(opt.out, "  in no directory\n");
	else
		fprintf(opt.out, "  %" PRIu64 " per GiB\n", node->tariff);
	if (named) {
		fprintf(opt.out, "    chosen        named by you; the exit was drawn to go with it\n");
		goto lists;
	}
	fprintf(opt.out, "    eligible      %u of %u relays", c->pool[place].n, c->view->n);
	if (c->pool[place].n < c->view->n) {
		fputs(" (", opt.out);
		print_left_out(&c->pool[place]);
		fputc(')', opt.out);
	}
	fprintf(opt.out, "\n    chosen        ");
	if (kept)
		fprintf(opt.out, "kept from before; it goes with the exit\n");
	else
		fprintf(opt.out, "by weight (%s) among the %u that go with the rest of the path: chance %.4f %%\n",
			fmt_rate(rate, node->weight), fitting, (double)ppm / (PPM / 100));
lists:
	print_list("learns", "learns", learns[sees]);
	print_list("cannot_learn", "cannot learn", hidden[sees]);
}

static void print_rules(const struct cr_chooser *c, bool table)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} rules[] = {
		{ CR_DIFFER_OPERATOR, "operator" }, { CR_DIFFER_FAMILY, "family" },
		{ CR_DIFFER_PREFIX, "prefix" }, { CR_DIFFER_AS, "as" }, { CR_DIFFER_COUNTRY, "country" },
	};
	const char *applied[6], *not_applied[6];
	unsigned int n = 0, m = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		bool known = table || !(rules[i].bit & (CR_DIFFER_AS | CR_DIFFER_COUNTRY));

		if ((c->view->params.constraints & rules[i].bit) && known)
			applied[n++] = rules[i].name;
		else
			not_applied[m++] = rules[i].name;
	}
	applied[n] = not_applied[m] = NULL;
	print_list("differ", "differ in", applied);
	print_list("may_agree", "may agree in", not_applied);
}

static enum rc hex_arg(const struct argval *v, const char *name, uint8_t out[32])
{
	size_t len;

	if (strlen(v->word) == 64 && sodium_hex2bin(out, 32, v->word, 64, NULL, &len, NULL) == 0 && len == 32)
		return RC_OK;
	return fail(RC_USAGE, "%s: \"%s\" is not 64 hexadecimal digits", name, v->word);
}

static enum rc no_path(enum cr_path_result result, const struct cr_chooser *c)
{
	enum cr_place place = result == CR_PATH_NO_EXIT ? CR_PLACE_EXIT :
			      result == CR_PATH_NO_GUARD ? CR_PLACE_GUARD : CR_PLACE_MIDDLE;
	const struct cr_pool *pool = &c->pool[place];
	uint32_t most = 0;
	int why = -1;

	/* what the user can change comes first; that most relays are no exits is no news */
	for (int i = CR_SIEVE_ROLE + 1; i < CR_SIEVES; i++) {
		if (pool->out[i] > most) {
			most = pool->out[i];
			why = i;
		}
	}
	if (why < 0 && pool->out[CR_SIEVE_ROLE])
		why = CR_SIEVE_ROLE;
	if (c->want.guard && c->hops < 2)
		return fail(RC_USAGE, "the guard that you name and the exit are two relays: ask for two hops or more");
	if (pool->n)
		return fail(RC_REFUSED, "no path of %u: %u relays could be %s, but none of them goes with the rest (operator, network, country); fewer hops may do",
			    c->hops, pool->n, cr_place_name(place));
	return fail(RC_REFUSED, "no path: none of %u relays can be %s: those that could %s; ask for less, see: relayctl offers",
		    c->view->n, cr_place_name(place), why < 0 ? "are not there" : cr_sieve_text((enum cr_sieve)why));
}

static enum rc explain(const struct verb *verb, const struct argval *v)
{
	uint64_t now = v[NOW].set ? v[NOW].num : (uint64_t)time(NULL);
	struct cr_guards guards = { .n = 0 };
	enum cr_path_result result;
	uint8_t seed[CR_SEED32];
	const char *wrong;
	struct cr_chooser c;
	struct cr_path path;
	struct wish w;
	enum rc rc;

	(void)verb;
	randombytes_buf(seed, sizeof(seed));
	rc = read_wish(&w, v);
	rc = rc || !v[SEED].set ? rc : hex_arg(&v[SEED], "seed", seed);
	w.named = !rc && v[GUARD].set && strncmp(v[GUARD].word, "cellrelay:", 10) == 0;
	if (w.named) {
		wrong = cr_uri_parse(&w.guard, v[GUARD].word, strlen(v[GUARD].word));
		if (wrong)
			rc = fail(RC_USAGE, "guard: \"%s\": %s", v[GUARD].word, wrong);
	} else if (!rc && v[GUARD].set) {
		guards.n = 1;
		guards.guard[0].until = UINT64_MAX;
		rc = hex_arg(&v[GUARD], "guard", guards.guard[0].identity);
	}
	rc = rc ? rc : load(&w, v);
	if (rc)
		return rc;
	if (!cr_chooser_init(&c, w.view, &w.want)) {
		cr_view_free(w.view);
		return fail(RC_REFUSED, "out of memory");
	}
	result = cr_path_choose(&path, &c, &guards, now, seed);
	if (result != CR_PATH_OK) {
		rc = no_path(result, &c);
	} else {
		if (opt.json) {
			json_open("path", '{');
			json_u64("number", w.view->number);
			json_open("hops", '[');
		}
		for (unsigned int i = 0; i < path.hops; i++)
			explain_hop(&c, &path, i, !i && v[GUARD].set && !w.named && path.hops > 1 &&
				    memcmp(cr_path_node(&c, &path, 0)->identity, guards.guard[0].identity,
					   CR_PUBLIC_BYTES) == 0);
		if (opt.json)
			json_close();
		else
			fprintf(opt.out, "%stogether%s\n", fmt_bold(), fmt_plain());
		print_rules(&c, w.table);
		print_list("together", "know", together);
		if (opt.json)
			json_close();
	}
	cr_chooser_free(&c);
	cr_view_free(w.view);
	return rc;
}

static const struct verb path_verbs[] = {
	{ .name = "explain", .run = explain, .args = explain_args,
	  .help = "choose a path and say why each relay was eligible, and what it can and cannot learn" },
	{ .name = NULL },
};

static const struct verb offers_verbs[] = {
	{ .run = offers, .args = offers_args,
	  .help = "how many relays, and how much capacity, a price ceiling or a country leaves" },
	{ .name = NULL },
};

const struct object obj_path = { "path", NULL, path_verbs, -1, "which relays a circuit would go through, and why" };
const struct object obj_offers = { "offers", NULL, offers_verbs, 0, "what there is to choose from" };
