// SPDX-License-Identifier: MIT
/* relayctl ns: limits and state of this network namespace. */
#include <inttypes.h>
#include <linux/cellrelay.h>
#include <sodium.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "object.h"

static enum rc take(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_NS_MAX + 1];
	struct ns_info *ns = arg;

	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_NS_MAX, NULL) < 0)
		return fail(RC_REFUSED, "the module's answer cannot be read");
	ns->abi = kn_u32(tb, CELLRELAY_A_NS_ABI, 0);
	if (tb[CELLRELAY_A_NS_VERSION])
		nla_strlcpy(ns->version, tb[CELLRELAY_A_NS_VERSION], sizeof(ns->version));
	ns->cookie = kn_u64(tb, CELLRELAY_A_NS_COOKIE, 0);
	if (tb[CELLRELAY_A_NS_IDX_KEY])
		nla_memcpy(ns->idx_key, tb[CELLRELAY_A_NS_IDX_KEY], sizeof(ns->idx_key));
	ns->rate = kn_u64(tb, CELLRELAY_A_NS_RATE, UNLIMITED);
	ns->fair = kn_u64(tb, CELLRELAY_A_NS_FAIR, UNLIMITED);
	ns->event_seq = kn_u64(tb, CELLRELAY_A_NS_EVENT_SEQ, 0);
	ns->circ_max = kn_u32(tb, CELLRELAY_A_NS_CIRC_MAX, 0);
	ns->link_max = kn_u32(tb, CELLRELAY_A_NS_LINK_MAX, 0);
	ns->circs = kn_u32(tb, CELLRELAY_A_NS_CIRCS, 0);
	ns->links = kn_u32(tb, CELLRELAY_A_NS_LINKS, 0);
	ns->socks = kn_u32(tb, CELLRELAY_A_NS_SOCKS, 0);
	ns->kfunc = kn_u32(tb, CELLRELAY_A_NS_KFUNC, 0);
	ns->suites = kn_u32(tb, CELLRELAY_A_NS_SUITES, 1);
	if (tb[CELLRELAY_A_NS_AES_DRIVER])
		nla_strlcpy(ns->aes_driver, tb[CELLRELAY_A_NS_AES_DRIVER], sizeof(ns->aes_driver));
	return RC_OK;
}

enum rc ns_get(struct ns_info *ns)
{
	static const struct kn_what what = { .doing = "read the namespace's state" };
	enum rc rc;
	struct nl_msg *msg = kn_new(CELLRELAY_CMD_NS_GET, &rc);

	memset(ns, 0, sizeof(*ns));
	return msg ? kn_do(msg, take, ns, &what) : rc;
}

/* Also the head of "relayctl show". */
static enum rc show(const struct verb *verb, const struct argval *v)
{
	char a[FMT_LEN], b[FMT_LEN];
	struct ns_info ns;
	enum rc rc = ns_get(&ns);

	(void)verb;
	(void)v;
	if (rc)
		return rc;
	if (opt.json) {
		json_open("namespace", '{');
		json_str("version", ns.version);
		json_u64("abi", ns.abi);
		json_hex64("cookie", ns.cookie);
		json_u64_or_null("rate", ns.rate, UNLIMITED);
		json_u64_or_null("fair_rate", ns.fair, UNLIMITED);
		json_u64("circuits", ns.circs);
		json_u64("circuits_max", ns.circ_max);
		json_u64("links", ns.links);
		json_u64("links_max", ns.link_max);
		json_u64("sockets", ns.socks);
		json_u64("event_seq", ns.event_seq);
		json_bool("kfunc", ns.kfunc);
		json_open("suites", '[');
		for (const struct choice *c = suite_choices; c->name; c++)
			if (ns_suite(&ns, c->value))
				json_str(NULL, c->name);
		json_close();
		json_str("aes_driver", *ns.aes_driver ? ns.aes_driver : NULL);
		json_close();
		return RC_OK;
	}
	fprintf(opt.out, "%snamespace%s 0x%016" PRIx64 ": module %s, ABI %u\n", fmt_bold(), fmt_plain(),
		ns.cookie, ns.version, ns.abi);
	fprintf(opt.out, "  circuits %u of %u  links %u of %u  sockets %u\n", ns.circs, ns.circ_max,
		ns.links, ns.link_max, ns.socks);
	fprintf(opt.out, "  rate %s  fair rate %s  events %" PRIu64 "  XDP functions %s\n",
		fmt_rate(a, ns.rate), fmt_rate(b, ns.fair), ns.event_seq, ns.kfunc ? "yes" : "no");
	fprintf(opt.out, "  suites");
	for (const struct choice *c = suite_choices; c->name; c++)
		if (ns_suite(&ns, c->value))
			fprintf(opt.out, " %s", c->name);
	fprintf(opt.out, *ns.aes_driver ? " (%s)\n" : "\n", ns.aes_driver);
	return RC_OK;
}

static const struct arg set_args[] = {
	{ .name = "rate", .kind = ARG_RATE, .attr = CELLRELAY_A_NS_RATE, .width = 8, .meta = "RATE",
	  .help = "cap on what all circuits move together" },
	{ .name = "circ-max", .kind = ARG_UINT, .attr = CELLRELAY_A_NS_CIRC_MAX, .width = 4,
	  .meta = "N", .help = "most circuits" },
	{ .name = "link-max", .kind = ARG_UINT, .attr = CELLRELAY_A_NS_LINK_MAX, .width = 4,
	  .meta = "N", .help = "most links" },
	{ .name = NULL },
};

static enum rc set(const struct verb *verb, const struct argval *v)
{
	const struct kn_what what = { .doing = "set the namespace's limits", .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	if (!v[0].set && !v[1].set && !v[2].set)
		return fail(RC_USAGE, "ns set: nothing to set; see: relayctl help ns");
	msg = request(CELLRELAY_CMD_NS_SET, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

/* On request only: who knows it can read the link indexes on our wires. */
static enum rc idx_key(const struct verb *verb, const struct argval *v)
{
	struct ns_info ns;
	char hex[33];
	enum rc rc = ns_get(&ns);

	(void)verb;
	(void)v;
	if (rc)
		return rc;
	sodium_bin2hex(hex, sizeof(hex), ns.idx_key, sizeof(ns.idx_key));
	if (opt.json)
		json_str("idx_key", hex);
	else
		fprintf(opt.out, "%s\n", hex);
	sodium_memzero(hex, sizeof(hex));
	return RC_OK;
}

static const struct verb verbs[] = {
	{ .name = "show", .run = show,
	  .help = "limits, numbers and rates of this namespace" },
	{ .name = "set", .run = set, .args = set_args,
	  .help = "change the limits" },
	{ .name = "idx-key", .run = idx_key,
	  .help = "print the index key, which our peers need to reach us" },
	{ .name = NULL },
};

const struct object obj_ns = { "ns", NULL, verbs, 0, "this network namespace: a host" };
