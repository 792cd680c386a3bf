// SPDX-License-Identifier: MIT
/* relayctl link: our sessions with peers. */
#include <inttypes.h>
#include <linux/cellrelay.h>

#include "fmt.h"
#include "json.h"
#include "object.h"

static const struct choice on_off[] = {
	{ "on", CELLRELAY_LINK_F_ROAM }, { "off", 0 }, { NULL, 0 },
};

static void key_print(struct nlattr *const *k)
{
	uint32_t expires = kn_u32(k, CELLRELAY_A_KEY_EXPIRES_MS, 0);
	uint32_t gen = kn_u32(k, CELLRELAY_A_KEY_GEN, 0);
	bool send = k[CELLRELAY_A_KEY_SEND];

	if (opt.json) {
		json_open(NULL, '{');
		json_u64("gen", gen);
		json_u64("rx_index", kn_u32(k, CELLRELAY_A_KEY_RX_INDEX, 0));
		json_u64("tx_index", kn_u32(k, CELLRELAY_A_KEY_TX_INDEX, 0));
		json_u64_or_null("expires_ms", expires, 0);
		json_bool("send", send);
		json_close();
		return;
	}
	fprintf(opt.out, "  key %u: rx index 0x%08x, tx index 0x%08x, secrets (hidden)", gen,
		kn_u32(k, CELLRELAY_A_KEY_RX_INDEX, 0), kn_u32(k, CELLRELAY_A_KEY_TX_INDEX, 0));
	if (expires)
		fprintf(opt.out, ", expires in %.1f s", expires / 1000.0);
	fprintf(opt.out, "%s\n", send ? ", sending" : "");
}

static void keys_print(struct nlmsghdr *nlh)
{
	struct nlattr *a, *k[CELLRELAY_A_KEY_MAX + 1];
	int rem;

	if (opt.json)
		json_open("keys", '[');
	nlmsg_for_each_attr(a, nlh, GENL_HDRLEN, rem)
		if (nla_type(a) == CELLRELAY_A_LINK_KEY &&
		    nla_parse_nested(k, CELLRELAY_A_KEY_MAX, a, NULL) == 0)
			key_print(k);
	if (opt.json)
		json_close();
}

enum rc link_print(struct nlmsghdr *nlh, void *arg)
{
	char peer[FMT_LEN], a[FMT_LEN], b[FMT_LEN], ago[FMT_LEN];
	struct nlattr *tb[CELLRELAY_A_LINK_MAX + 1];
	uint64_t last, rx, tx;
	uint32_t id, sock, flags;
	uint16_t port;

	(void)arg;
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_LINK_MAX, NULL) < 0)
		return fail(RC_REFUSED, "the module's answer cannot be read");
	id = kn_u32(tb, CELLRELAY_A_LINK_ID, 0);
	sock = kn_u32(tb, CELLRELAY_A_LINK_SOCK, 0);
	flags = kn_u32(tb, CELLRELAY_A_LINK_FLAGS, 0);
	port = kn_u32(tb, CELLRELAY_A_LINK_PORT, 0);
	last = kn_u64(tb, CELLRELAY_A_LINK_LAST_RX_MS, UINT64_MAX);
	rx = kn_u64(tb, CELLRELAY_A_LINK_RX_BYTES, 0);
	tx = kn_u64(tb, CELLRELAY_A_LINK_TX_BYTES, 0);

	if (opt.json) {
		json_open(NULL, '{');
		json_u64("id", id);
		json_u64_or_null("sock", sock, 0);
		json_str("peer", tb[CELLRELAY_A_LINK_ADDR] ? fmt_addr(peer, tb[CELLRELAY_A_LINK_ADDR]) : NULL);
		json_u64_or_null("port", tb[CELLRELAY_A_LINK_ADDR] ? port : 0, 0);
		json_bool("roam", flags & CELLRELAY_LINK_F_ROAM);
		keys_print(nlh);
		json_u64("circuits", kn_u32(tb, CELLRELAY_A_LINK_CIRCS, 0));
		json_u64("rx_cells", kn_u64(tb, CELLRELAY_A_LINK_RX_CELLS, 0));
		json_u64("rx_bytes", rx);
		json_u64("tx_cells", kn_u64(tb, CELLRELAY_A_LINK_TX_CELLS, 0));
		json_u64("tx_bytes", tx);
		json_u64_or_null("last_rx_ms", last, UINT64_MAX);
		json_close();
		return RC_OK;
	}
	fprintf(opt.out, "%slink %u%s: peer %s", fmt_bold(), id, fmt_plain(),
		fmt_endpoint(peer, tb[CELLRELAY_A_LINK_ADDR], port));
	if (sock)
		fprintf(opt.out, " sock %u", sock);
	else
		fputs(" sock none", opt.out);
	fprintf(opt.out, "%s\n", flags & CELLRELAY_LINK_F_ROAM ? " roam on" : "");
	fprintf(opt.out, "  circuits %u, received %s, sent %s, last heard %s\n",
		kn_u32(tb, CELLRELAY_A_LINK_CIRCS, 0), fmt_bytes(a, rx), fmt_bytes(b, tx),
		last == UINT64_MAX ? "never" : fmt_ago(ago, last));
	keys_print(nlh);
	return RC_OK;
}

#define PEER_ARG \
	{ .name = "peer", .kind = ARG_ENDPOINT, .attr = CELLRELAY_A_LINK_ADDR, \
	  .attr_port = CELLRELAY_A_LINK_PORT, .meta = "ADDRESS:PORT", .help = "where the peer is" }
#define SOCK_ARG \
	{ .name = "sock", .kind = ARG_UINT, .attr = CELLRELAY_A_LINK_SOCK, .width = 4, .min = 1, \
	  .meta = "ID", .help = "socket it sends from", .complete = "sock" }
#define ROAM_ARG \
	{ .name = "roam", .kind = ARG_CHOICE, .attr = CELLRELAY_A_LINK_FLAGS, .width = 4, \
	  .choices = on_off, .meta = "on|off", .help = "the peer is a client: report its new addresses" }

static const struct arg add_args[] = {
	{ .name = "id", .kind = ARG_UINT, .flags = ARG_POS, .attr = CELLRELAY_A_LINK_ID, .width = 4,
	  .min = 1, .meta = "ID", .help = "its number; without, the kernel chooses" },
	SOCK_ARG, PEER_ARG, ROAM_ARG,
	{ .name = NULL },
};

static enum rc add(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "add link %s", v[0].set ? v[0].word : "");
	msg = request(CELLRELAY_CMD_LINK_NEW, verb, v, &rc);
	if (!msg)
		return rc;
	if (!opt.json && !v[0].set)
		return kn_do(msg, link_print, NULL, &what);
	return change(msg, "links", &what, link_print);
}

#define ID_ARG(f, text) \
	{ .name = "id", .kind = ARG_UINT, .flags = ARG_POS | (f), .attr = CELLRELAY_A_LINK_ID, \
	  .width = 4, .min = 1, .meta = "ID", .help = text, .complete = "link" }

static const struct arg set_args[] = {
	ID_ARG(ARG_REQ, "which"), SOCK_ARG, PEER_ARG, ROAM_ARG,
	{ .name = NULL },
};

static enum rc set(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	if (!v[1].set && !v[2].set && !v[3].set)
		return fail(RC_USAGE, "link set: nothing to set; see: relayctl help link");
	snprintf(what.doing, sizeof(what.doing), "change link %s", v[0].word);
	msg = request(CELLRELAY_CMD_LINK_SET, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

static const struct arg del_args[] = { ID_ARG(ARG_REQ, "which"), { .name = NULL } };

static enum rc del(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "delete link %s", v[0].word);
	msg = request(CELLRELAY_CMD_LINK_DEL, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

static const struct arg show_args[] = { ID_ARG(0, "only this one"), { .name = NULL } };

static enum rc show(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	if (!v[0].set)
		return dump_all(CELLRELAY_CMD_LINK_GET, "links", "show links", link_print);
	snprintf(what.doing, sizeof(what.doing), "show link %s", v[0].word);
	msg = request(CELLRELAY_CMD_LINK_GET, verb, v, &rc);
	return !msg ? rc : get_one(msg, "links", &what, link_print);
}

static const struct verb verbs[] = {
	{ .name = "add", .run = add, .args = add_args,
	  .help = "make a link; it needs keys to carry cells" },
	{ .name = "set", .run = set, .args = set_args,
	  .help = "change its socket, peer or roaming" },
	{ .name = "del", .run = del, .args = del_args,
	  .help = "delete it and the circuits that use it" },
	{ .name = "show", .run = show, .args = show_args,
	  .help = "list links with their keys (never the secrets)" },
	{ .name = NULL },
};

const struct object obj_link = { "link", NULL, verbs, 3, "sessions with peers" };
