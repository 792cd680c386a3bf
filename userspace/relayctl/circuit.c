// SPDX-License-Identifier: MIT
/* relayctl circuit: clients' ways through us, or ours through others. */
#include <inttypes.h>
#include <linux/cellrelay.h>
#include <net/if.h>
#include <sodium.h>

#include "fmt.h"
#include "json.h"
#include "keygen.h"
#include "layerkeys.h"
#include "object.h"

static const struct choice roles[] = {
	{ "relay", CELLRELAY_ROLE_RELAY }, { "client", CELLRELAY_ROLE_CLIENT }, { NULL, 0 },
};

static const struct choice sizes[] = { { "1408", 1408 }, { "1232", 1232 }, { NULL, 0 } };

const struct choice suite_choices[] = {
	{ "chacha", CELLRELAY_SUITE_CHACHA }, { "aesgcm", CELLRELAY_SUITE_AESGCM }, { NULL, 0 },
};

/* One side of a circuit: link and the two ids on it. */
static void side_json(const char *name, struct nlattr *const *tb, int link, int rx, int tx)
{
	if (!tb[link]) {
		json_nil(name);
		return;
	}
	json_open(name, '{');
	json_u64("link", kn_u32(tb, link, 0));
	json_u64("rx_circ", kn_u32(tb, rx, 0));
	json_u64("tx_circ", kn_u32(tb, tx, 0));
	json_close();
}

static void count_json(const char *name, struct nlattr *const *tb, int cells, int bytes)
{
	json_open(name, '{');
	json_u64("cells", kn_u64(tb, cells, 0));
	json_u64("bytes", kn_u64(tb, bytes, 0));
	json_close();
}

static const char *dev_name(char *buf, uint32_t ifindex)
{
	if (!if_indextoname(ifindex, buf))
		snprintf(buf, IF_NAMESIZE, "if%u", ifindex);
	return buf;
}

/* A client's hops: how many, and the suite of one, by name. */
static int hop_count(struct nlattr *const *tb)
{
	return tb[CELLRELAY_A_CIRC_HOP_SUITES] ? nla_len(tb[CELLRELAY_A_CIRC_HOP_SUITES]) : 0;
}

static const char *hop_suite(struct nlattr *const *tb, int hop)
{
	return fmt_suite(((const uint8_t *)nla_data(tb[CELLRELAY_A_CIRC_HOP_SUITES]))[hop]);
}

static void as_json(struct nlattr *const *tb)
{
	uint8_t role = kn_u32(tb, CELLRELAY_A_CIRC_ROLE, 0);
	uint32_t ifindex = kn_u32(tb, CELLRELAY_A_CIRC_IFINDEX, 0);
	char buf[FMT_LEN], dev[IF_NAMESIZE];

	json_open(NULL, '{');
	json_u64("id", kn_u32(tb, CELLRELAY_A_CIRC_ID, 0));
	json_u64("slot", kn_u32(tb, CELLRELAY_A_CIRC_SLOT, 0));
	json_hex64("cookie", kn_u64(tb, CELLRELAY_A_CIRC_COOKIE, 0));
	json_str("role", fmt_role(role));
	if (role == CELLRELAY_ROLE_CLIENT) {
		json_u64("hops", kn_u32(tb, CELLRELAY_A_CIRC_HOPS, 0));
		json_open("suites", '[');
		for (int i = 0; i < hop_count(tb); i++)
			json_str(NULL, hop_suite(tb, i));
		json_close();
	} else {
		json_u64("pos", kn_u32(tb, CELLRELAY_A_CIRC_POS, 0));
		json_str("suite", fmt_suite(kn_u32(tb, CELLRELAY_A_CIRC_SUITE, 0)));
	}
	json_u64("large", kn_u32(tb, CELLRELAY_A_CIRC_LARGE, 0));
	side_json("prev", tb, CELLRELAY_A_CIRC_PREV_LINK, CELLRELAY_A_CIRC_PREV_RX,
		  CELLRELAY_A_CIRC_PREV_TX);
	side_json("next", tb, CELLRELAY_A_CIRC_NEXT_LINK, CELLRELAY_A_CIRC_NEXT_RX,
		  CELLRELAY_A_CIRC_NEXT_TX);
	json_str("dev", ifindex ? dev_name(dev, ifindex) : NULL);
	json_str("inner4", tb[CELLRELAY_A_CIRC_INNER4] ? fmt_addr(buf, tb[CELLRELAY_A_CIRC_INNER4]) : NULL);
	json_str("inner6", tb[CELLRELAY_A_CIRC_INNER6] ? fmt_addr(buf, tb[CELLRELAY_A_CIRC_INNER6]) : NULL);
	json_u64_or_null("limit", kn_u64(tb, CELLRELAY_A_CIRC_LIMIT, UNLIMITED), UNLIMITED);
	json_u64_or_null("rate", kn_u64(tb, CELLRELAY_A_CIRC_RATE, UNLIMITED), UNLIMITED);
	count_json("fwd", tb, CELLRELAY_A_CIRC_FWD_CELLS, CELLRELAY_A_CIRC_FWD_BYTES);
	count_json("bwd", tb, CELLRELAY_A_CIRC_BWD_CELLS, CELLRELAY_A_CIRC_BWD_BYTES);
	json_u64("dropped_cells", kn_u64(tb, CELLRELAY_A_CIRC_DROP_CELLS, 0));
	json_close();
}

static void side_text(const char *name, struct nlattr *const *tb, int link, int rx, int tx)
{
	if (tb[link])
		fprintf(opt.out, ", %s link %u (0x%08x/0x%08x)", name, kn_u32(tb, link, 0),
			kn_u32(tb, rx, 0), kn_u32(tb, tx, 0));
}

static void as_text(struct nlattr *const *tb)
{
	uint8_t role = kn_u32(tb, CELLRELAY_A_CIRC_ROLE, 0);
	uint32_t ifindex = kn_u32(tb, CELLRELAY_A_CIRC_IFINDEX, 0);
	uint64_t drops = kn_u64(tb, CELLRELAY_A_CIRC_DROP_CELLS, 0);
	char a[FMT_LEN], b[FMT_LEN], dev[IF_NAMESIZE];

	fprintf(opt.out, "%scircuit %u%s: %s", fmt_bold(), kn_u32(tb, CELLRELAY_A_CIRC_ID, 0),
		fmt_plain(), fmt_role(role));
	if (role == CELLRELAY_ROLE_CLIENT) {
		fprintf(opt.out, ", %u hops", kn_u32(tb, CELLRELAY_A_CIRC_HOPS, 0));
		for (int i = 0; i < hop_count(tb); i++)
			fprintf(opt.out, "%s%s", i ? " " : ": ", hop_suite(tb, i));
	} else {
		fprintf(opt.out, ", position %u, %s", kn_u32(tb, CELLRELAY_A_CIRC_POS, 0),
			fmt_suite(kn_u32(tb, CELLRELAY_A_CIRC_SUITE, 0)));
	}
	side_text("prev", tb, CELLRELAY_A_CIRC_PREV_LINK, CELLRELAY_A_CIRC_PREV_RX,
		  CELLRELAY_A_CIRC_PREV_TX);
	side_text("next", tb, CELLRELAY_A_CIRC_NEXT_LINK, CELLRELAY_A_CIRC_NEXT_RX,
		  CELLRELAY_A_CIRC_NEXT_TX);
	fprintf(opt.out, "\n  cells 256/%u, slot %u, limit %s, rate %s", kn_u32(tb, CELLRELAY_A_CIRC_LARGE, 0),
		kn_u32(tb, CELLRELAY_A_CIRC_SLOT, 0),
		fmt_size(a, kn_u64(tb, CELLRELAY_A_CIRC_LIMIT, UNLIMITED)),
		fmt_rate(b, kn_u64(tb, CELLRELAY_A_CIRC_RATE, UNLIMITED)));
	if (ifindex)
		fprintf(opt.out, ", dev %s", dev_name(dev, ifindex));
	if (tb[CELLRELAY_A_CIRC_INNER4])
		fprintf(opt.out, ", inner %s", fmt_addr(a, tb[CELLRELAY_A_CIRC_INNER4]));
	if (tb[CELLRELAY_A_CIRC_INNER6])
		fprintf(opt.out, ", inner %s", fmt_addr(a, tb[CELLRELAY_A_CIRC_INNER6]));
	fprintf(opt.out, "\n  forward %s in %" PRIu64 " cells, backward %s in %" PRIu64 " cells, dropped %" PRIu64 " cells\n",
		fmt_bytes(a, kn_u64(tb, CELLRELAY_A_CIRC_FWD_BYTES, 0)),
		kn_u64(tb, CELLRELAY_A_CIRC_FWD_CELLS, 0),
		fmt_bytes(b, kn_u64(tb, CELLRELAY_A_CIRC_BWD_BYTES, 0)),
		kn_u64(tb, CELLRELAY_A_CIRC_BWD_CELLS, 0), drops);
}

enum rc circuit_print(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_CIRC_MAX + 1];

	(void)arg;
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_CIRC_MAX, NULL) < 0)
		return fail(RC_REFUSED, "the module's answer cannot be read");
	if (opt.json)
		as_json(tb);
	else
		as_text(tb);
	return RC_OK;
}

#define U32_ARG(n, a, m, h, c) \
	{ .name = n, .kind = ARG_UINT, .attr = a, .width = 4, .min = 1, .meta = m, .help = h, .complete = c }
#define NEXT_ARGS \
	U32_ARG("next-link", CELLRELAY_A_CIRC_NEXT_LINK, "ID", "link away from the client", "link"), \
	U32_ARG("next-rx", CELLRELAY_A_CIRC_NEXT_RX, "CIRC", "id on it that we chose", NULL), \
	U32_ARG("next-tx", CELLRELAY_A_CIRC_NEXT_TX, "CIRC", "id on it that the peer chose", NULL)
#define COMMON_ARGS \
	{ .name = "limit", .kind = ARG_SIZE, .attr = CELLRELAY_A_CIRC_LIMIT, .width = 8, .meta = "SIZE", \
	  .help = "limit on the bytes of both directions, absolute" }, \
	{ .name = "rate", .kind = ARG_RATE, .attr = CELLRELAY_A_CIRC_RATE, .width = 8, .meta = "RATE", \
	  .help = "cap per direction" }, \
	{ .name = "dev", .kind = ARG_IFACE, .attr = CELLRELAY_A_CIRC_IFINDEX, .width = 4, \
	  .meta = "DEVICE", .help = "cellrelay device of a client or exit; none: unbind" }, \
	{ .name = "inner4", .kind = ARG_ADDR4, .attr = CELLRELAY_A_CIRC_INNER4, .meta = "ADDRESS", \
	  .help = "the client's address inside, IPv4" }, \
	{ .name = "inner6", .kind = ARG_ADDR6, .attr = CELLRELAY_A_CIRC_INNER6, .meta = "ADDRESS", \
	  .help = "the client's address inside, IPv6" }

enum { ID, ROLE, KEYS };

static const struct arg add_args[] = {
	[ID] = { .name = "id", .kind = ARG_UINT, .flags = ARG_POS, .attr = CELLRELAY_A_CIRC_ID, .width = 4,
		 .min = 1, .meta = "ID", .help = "its number; without, the kernel chooses" },
	[ROLE] = { .name = "role", .kind = ARG_CHOICE, .flags = ARG_REQ, .attr = CELLRELAY_A_CIRC_ROLE,
		   .width = 1, .choices = roles, .meta = "ROLE", .help = "what we are on it" },
	[KEYS] = { .name = "keys", .kind = ARG_FILE, .meta = "FILE",
		   .help = "a relay's layer keys: key file; it is used once" },
	{ .name = "pos", .kind = ARG_UINT, .attr = CELLRELAY_A_CIRC_POS, .width = 1, .min = 1, .max = 8,
	  .meta = "1..8", .help = "a relay's position" },
	{ .name = "suite", .kind = ARG_CHOICE, .attr = CELLRELAY_A_CIRC_SUITE, .width = 1,
	  .choices = suite_choices, .meta = "SUITE", .help = "a relay's cipher suite" },
	{ .name = "large", .kind = ARG_CHOICE, .attr = CELLRELAY_A_CIRC_LARGE, .width = 2,
	  .choices = sizes, .meta = "BYTES", .help = "size of its large cells" },
	U32_ARG("prev-link", CELLRELAY_A_CIRC_PREV_LINK, "ID", "link towards the client", "link"),
	U32_ARG("prev-rx", CELLRELAY_A_CIRC_PREV_RX, "CIRC", "id on it that we chose", NULL),
	U32_ARG("prev-tx", CELLRELAY_A_CIRC_PREV_TX, "CIRC", "id on it that the peer chose", NULL),
	NEXT_ARGS, COMMON_ARGS,
	{ .name = NULL },
};

static enum rc add(const struct verb *verb, const struct argval *v)
{
	bool relay = v[ROLE].num == CELLRELAY_ROLE_RELAY;
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	char name[32];
	enum rc rc;

	snprintf(name, sizeof(name), v[ID].set ? "circuit %u" : "circuit", (unsigned int)v[ID].num);
	snprintf(what.doing, sizeof(what.doing), "add %s", name);
	if (relay && !v[KEYS].set)
		return fail(RC_USAGE, "a relay's circuit needs \"keys FILE\"");
	if (!relay && v[KEYS].set)
		return fail(RC_USAGE, "a client's keys are given hop by hop: relayctl help hop");
	if (opt.check)
		return relay ? layerkeys_check(v[KEYS].word, name) : RC_OK;
	msg = request(CELLRELAY_CMD_CIRC_NEW, verb, v, &rc);
	if (!msg)
		return rc;
	if (relay)
		rc = layerkeys_put(msg, v[KEYS].word, name, CELLRELAY_A_CIRC_KEY_FWD,
				   CELLRELAY_A_CIRC_KEY_BWD);
	if (rc) {
		kn_drop(msg);
		return rc;
	}
	if (!opt.json && !v[ID].set)
		return kn_do(msg, circuit_print, NULL, &what);
	return change(msg, "circuits", &what, circuit_print);
}

#define ID_ARG(f, text) \
	{ .name = "id", .kind = ARG_UINT, .flags = ARG_POS | (f), .attr = CELLRELAY_A_CIRC_ID, \
	  .width = 4, .min = 1, .meta = "ID", .help = text, .complete = "circuit" }

static const struct arg set_args[] = {
	ID_ARG(ARG_REQ, "which"), NEXT_ARGS, COMMON_ARGS, { .name = NULL },
};

static enum rc set(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	bool any = false;
	enum rc rc;

	for (int i = 1; verb->args[i].name; i++)
		any |= v[i].set;
	if (!any)
		return fail(RC_USAGE, "circuit set: nothing to set; see: relayctl help circuit");
	snprintf(what.doing, sizeof(what.doing), "change circuit %s", v[0].word);
	msg = request(CELLRELAY_CMD_CIRC_SET, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

static const struct arg del_args[] = { ID_ARG(ARG_REQ, "which"), { .name = NULL } };

static enum rc del(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "delete circuit %s", v[0].word);
	msg = request(CELLRELAY_CMD_CIRC_DEL, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

static const struct arg show_args[] = {
	ID_ARG(0, "only this one"),
	U32_ARG("prev-link", CELLRELAY_A_CIRC_PREV_LINK, "ID", "only those from this link", "link"),
	U32_ARG("next-link", CELLRELAY_A_CIRC_NEXT_LINK, "ID", "only those to this link", "link"),
	{ .name = NULL },
};

static enum rc show(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .doing = "show circuits", .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	if (v[0].set)
		snprintf(what.doing, sizeof(what.doing), "show circuit %s", v[0].word);
	msg = request(CELLRELAY_CMD_CIRC_GET, verb, v, &rc);
	if (!msg)
		return rc;
	return v[0].set ? get_one(msg, "circuits", &what, circuit_print) :
			  dump_msg(msg, "circuits", &what, circuit_print);
}

static const struct verb verbs[] = {
	{ .name = "add", .run = add, .args = add_args,
	  .help = "make a circuit from a key file: for tests; relayd makes real ones", .checks = true },
	{ .name = "set", .run = set, .args = set_args,
	  .help = "change limit, rate, device, addresses; the next hop once" },
	{ .name = "del", .run = del, .args = del_args,
	  .help = "delete it" },
	{ .name = "show", .run = show, .args = show_args,
	  .help = "list circuits" },
	{ .name = "keygen", .run = keygen_run, .args = keygen_args,
	  .help = "write key files and batches for whole TEST circuits; see relayctl(8)" },
	{ .name = NULL },
};

const struct object obj_circuit = { "circuit", NULL, verbs, 3, "clients' ways through us" };
