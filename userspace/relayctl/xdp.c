// SPDX-License-Identifier: MIT
/* relayctl xdp: the fast path, device by device. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "acct.h"
#include "fmt.h"
#include "json.h"
#include "object.h"
#include "xdp_attach.h"
#include "xdp_refused.h"

const char *xdp_off(const struct ns_info *ns)
{
	if (!ns->kfunc)
		return "the module was built without type information (BTF), so XDP programs cannot call it: build it again with pahole installed";
	if (access("/sys/kernel/btf/cellrelay", F_OK) != 0)
		return "the kernel did not take the module's type information: it was built for another kernel; dmesg says more";
	return NULL;
}

/* Module, its state, and whether programs can call it. */
static enum rc check(struct ns_info *ns)
{
	const char *off;
	enum rc rc = ns_get(ns);

	if (rc)
		return rc;
	if (ns->abi != CELLRELAY_ACCT_ABI)
		return fail(RC_REFUSED, "the module has ABI %u, this relayctl is for %u", ns->abi, CELLRELAY_ACCT_ABI);
	off = xdp_off(ns);
	return off ? fail(RC_REFUSED, "XDP is off: %s; the socket path carries everything", off) : RC_OK;
}

static enum rc print(const struct xdp_dev *d, void *arg)
{
	(void)arg;
	if (opt.json) {
		json_open(NULL, '{');
		json_str("dev", d->name);
		json_u64("ifindex", d->ifindex);
		json_str("mode", xdp_mode_name(d->mode));
		json_u64("program", d->prog);
		json_bool("spread", d->spread);
		json_close();
		return RC_OK;
	}
	fprintf(opt.out, "%sxdp %s%s: %s mode, program %u%s\n", fmt_bold(), d->name, fmt_plain(),
		xdp_mode_name(d->mode), d->prog, d->spread ? ", spread over CPUs" : "");
	return RC_OK;
}

static const struct choice modes[] = {
	{ "native", XDP_MODE_NATIVE }, { "generic", XDP_MODE_GENERIC }, { NULL, 0 },
};

static const struct arg attach_args[] = {
	{ .name = "dev", .kind = ARG_IFACE, .width = 4, .flags = ARG_POS | ARG_REQ, .meta = "DEVICE",
	  .help = "where cells come in" },
	{ .name = "mode", .kind = ARG_CHOICE, .choices = modes, .meta = "native|generic",
	  .help = "in the driver, or in the stack; without, native if the driver can" },
	{ .name = "spread", .kind = ARG_UINT, .width = 4, .min = 1, .max = 4096, .meta = "CPUS",
	  .help = "hand circuits to so many CPUs (native mode)" },
	{ .name = NULL },
};

static enum rc attach(const struct verb *verb, const struct argval *v)
{
	struct xdp_dev got;
	struct ns_info ns;
	enum rc rc = check(&ns);

	(void)verb;
	if (!rc)
		rc = xdp_attach(ns.cookie, v[0].word, (uint32_t)v[0].num,
				v[1].set ? (enum xdp_mode)v[1].num : XDP_MODE_ANY,
				v[2].set ? (uint32_t)v[2].num : 0, &got);
	if (rc)
		return rc;
	if (got.mode == XDP_MODE_GENERIC && !v[1].set)
		err("%s: native mode is not possible with its driver or settings; attached in generic mode, which saves little", v[0].word);
	if (opt.json) {
		json_open("xdp", '[');
		print(&got, NULL);
		json_close();
	}
	return RC_OK;
}

static const struct arg detach_args[] = {
	{ .name = "dev", .kind = ARG_IFACE, .width = 4, .flags = ARG_POS | ARG_REQ, .meta = "DEVICE",
	  .help = "which" },
	{ .name = NULL },
};

static enum rc detach(const struct verb *verb, const struct argval *v)
{
	struct ns_info ns;
	enum rc rc = ns_get(&ns);

	(void)verb;
	return rc ? rc : xdp_detach(ns.cookie, v[0].word, (uint32_t)v[0].num);
}

static enum rc count(const struct xdp_dev *d, void *arg)
{
	(void)d;
	++*(unsigned int *)arg;
	return RC_OK;
}

static void print_passed(const uint64_t n[CELLRELAY_XDP_WHYS])
{
	static const char *const why[CELLRELAY_XDP_WHYS] = {
		[CELLRELAY_XDP_NOT_UDP] = "not_cell", [CELLRELAY_XDP_BAD_CALL] = "bad_call",
		[CELLRELAY_XDP_OTHER] = "other", [CELLRELAY_XDP_CONTROL] = "link_control",
		[CELLRELAY_XDP_ENDS] = "ends_here", [CELLRELAY_XDP_NOT_READY] = "next_not_ready",
		[CELLRELAY_XDP_NO_ROUTE] = "no_route", [CELLRELAY_XDP_NO_NEIGH] = "no_neighbour",
		[CELLRELAY_XDP_EGRESS] = "egress", [CELLRELAY_XDP_TOO_BIG] = "too_big",
		[CELLRELAY_XDP_NO_ROOM] = "no_room",
	};

	if (opt.json)
		json_open("xdp_passed", '{');
	for (unsigned int i = 0; i < CELLRELAY_XDP_WHYS; i++) {
		if (opt.json && n[i])
			json_u64(why[i], n[i]);
		else if (n[i])
			fprintf(opt.out, "  passed:%-16s %14llu frames\n", why[i], (unsigned long long)n[i]);
	}
	if (opt.json)
		json_close();
}

static void print_refused(const char *dev, uint32_t ifindex, const struct cellrelay_xdp_refused *n, void *arg)
{
	(void)arg;
	if (opt.json) {
		json_open(NULL, '{');
		json_str("dev", dev);
		json_u64("ifindex", ifindex);
		json_u64("xmit", n->xmit);
		json_u64("redirect", n->redirect);
		json_u64("tx", n->tx);
		json_close();
		return;
	}
	fprintf(opt.out, "  refused:%-15s %14llu frames by its driver, %llu received not redirected, %llu not sent back\n",
		dev ? dev : ifindex ? "(gone)" : "(others)", (unsigned long long)n->xmit,
		(unsigned long long)n->redirect, (unsigned long long)n->tx);
}

static enum rc show(const struct verb *verb, const struct argval *v)
{
	uint64_t passed[CELLRELAY_XDP_WHYS];
	unsigned int n = 0;
	struct ns_info ns;
	const char *off;
	enum rc rc = ns_get(&ns);

	(void)verb;
	(void)v;
	if (rc)
		return rc;
	if (opt.json)
		json_open("xdp", '[');
	rc = xdp_each(ns.cookie, print, NULL);
	if (opt.json)
		json_close();
	rc = rc ? rc : xdp_each(ns.cookie, count, &n);
	rc = rc ? rc : xdp_passed(ns.cookie, passed);
	if (rc)
		return rc;
	off = xdp_off(&ns);
	if (opt.json)
		json_str("xdp_off", off);
	else if (off)
		fprintf(opt.out, "XDP is off: %s\n", off);
	else if (!n)
		fputs("XDP is not attached to any device here; to do that: relayctl xdp attach DEVICE\n", opt.out);
	print_passed(passed);
	if (opt.json)
		json_open("xdp_refused", '[');
	rc = xdp_refused(ns.cookie, print_refused, NULL);
	if (opt.json)
		json_close();
	return rc;
}

static const struct verb verbs[] = {
	{ .name = "attach", .run = attach, .args = attach_args,
	  .help = "forward cells that come in by a device before the stack sees them" },
	{ .name = "detach", .run = detach, .args = detach_args, .help = "leave them to the stack again" },
	{ .name = "show", .run = show, .help = "devices, their mode, why frames were left to the stack, and what drivers refused" },
	{ .name = NULL },
};

const struct object obj_xdp = { "xdp", NULL, verbs, 2, "the fast path" };
