// SPDX-License-Identifier: MIT
#include "online.h"

#include <errno.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "client/killswitch.h"
#include "config.h"
#include "netlink/dev.h"
#include "netlink/rule.h"
#include "netlink/sysctl.h"
#include "resolv.h"
#include "ruleset.h"

#define CGROUPS		"/sys/fs/cgroup"
#define TABLE		52737u	/* of our routes: 0xce01 */
#define RULE_LOCAL	30100u	/* what main knows a way to, but not by its default route */
#define RULE_TUNNEL	30101u	/* all that our socket did not send */
#define METRIC_TUNNEL	100u
#define METRIC_NONE	4278198272u	/* there is no tunnel: nobody else's default route, either */

static const uint8_t lens[] = { 4, 16 };

static uint32_t ifindex;
static bool up;
static bool not_ours;		/* the device of our name */
static bool mark_changed;	/* src_valid_mark was 0 before */
static struct cr_address guards[CR_KILLSWITCH_GUARDS];
static size_t guard_n;

bool online_whole(void)
{
	return !conf.route_n;
}

bool online_mark_changed(void)
{
	return mark_changed;
}

void online_mark_was_changed(bool was)
{
	mark_changed = was;
}

uint32_t online_device(void)
{
	return ifindex;
}

static bool has_ipv6(void)
{
	return access("/proc/net/if_inet6", F_OK) == 0;
}

/* ---- kill switch ---- */

static struct cr_address address(const struct addr *a)
{
	struct cr_address out = { .family = a->len == 4 ? 4 : 6, .port = a->port };

	memcpy(out.ip, a->bytes, a->len);
	return out;
}

/* The kernel must have the group: nft knows it by number, and one that is made later has another. */
static enum rc outside_there(void)
{
	char path[sizeof(CGROUPS) + sizeof(conf.outside) + 1];
	struct statfs fs;

	if (!conf.outside[0])
		return RC_OK;
	if (statfs(CGROUPS, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return fail(RC_REFUSED, "\"outside-cgroup\" needs control groups of version 2, and they are not mounted at " CGROUPS);
	snprintf(path, sizeof(path), "%s/%s", CGROUPS, conf.outside);
	if (access(path, F_OK) < 0)
		return fail(RC_REFUSED, "\"outside-cgroup\": there is no control group %s: %s; make it, or start what makes it, first", path,
			    strerror(errno));
	return RC_OK;
}

static enum rc load_killswitch(void)
{
	struct cr_killswitch ks = {
		.device = conf.client_dev, .mark = conf.fwmark, .port = 0, .guards = guards,
		.guard_count = guard_n, .allowed = conf.allow, .allowed_count = conf.allow_n,
		.cgroup = conf.outside[0] ? conf.outside : NULL,
	};
	char text[CR_KILLSWITCH_TEXT_MAX];
	const char *wrong;

	wrong = cr_killswitch_ruleset(text, sizeof(text), &ks);
	return wrong ? fail(RC_REFUSED, "cannot make the kill switch: %s", wrong) : ruleset_apply(text, "load the kill switch");
}

void online_guards(const struct peer *const *list, size_t n)
{
	struct cr_address now[CR_KILLSWITCH_GUARDS] = { 0 };
	size_t now_n = 0;

	for (size_t i = 0; i < n; i++)
		for (unsigned int j = 0; j < list[i]->addr_n && now_n < CR_KILLSWITCH_GUARDS; j++) {
			struct cr_address a = address(&list[i]->addr[j]);
			size_t k = 0;

			while (k < now_n && cr_address_compare(&now[k], &a) != 0)
				k++;
			if (k == now_n)
				now[now_n++] = a;
		}
	if (now_n == guard_n && memcmp(now, guards, sizeof(now)) == 0)
		return;
	memcpy(guards, now, sizeof(guards));
	guard_n = now_n;
	/* a load replaces the whole table at once: there is no moment without it */
	if (up && online_whole())
		load_killswitch();
}

/* ---- routes ---- */

/* What the user wants outside the tunnel is routed as if there were none. */
static enum rc passed_by(bool add)
{
	enum rc rc = RC_OK;

	for (unsigned int i = 0; i < conf.allow_n && !rc; i++) {
		struct addr a = { .len = conf.allow[i].family == 4 ? 4 : 16 };

		memcpy(a.bytes, conf.allow[i].ip, a.len);
		if (a.len == 4 || has_ipv6())
			rc = kn_throw_change(add, &a, conf.allow[i].bits, TABLE);
	}
	return rc;
}

static enum rc rules(bool add)
{
	enum rc rc = passed_by(add);

	for (int i = 0; i < 2 && !(rc && add); i++) {
		const struct kn_rule local = { .len = lens[i], .priority = RULE_LOCAL, .table = 254, .no_default = true };
		const struct kn_rule tunnel = { .len = lens[i], .priority = RULE_TUNNEL, .table = TABLE, .mark = conf.fwmark };
		enum rc one;

		if (lens[i] == 16 && !has_ipv6())
			continue;
		/* a table without a way ends the search: it is filled before it is asked */
		one = add ? kn_default_change(true, lens[i], TABLE, METRIC_NONE, 0, NULL) : RC_OK;
		if (!one)
			one = kn_rule_change(add, &tunnel);
		if (!one)
			one = kn_rule_change(add, &local);
		if (!add) {
			kn_default_change(false, lens[i], TABLE, METRIC_TUNNEL, ifindex, NULL);
			kn_default_change(false, lens[i], TABLE, METRIC_NONE, 0, NULL);
		}
		rc = rc ? rc : one;
	}
	return rc;
}

/*
 * Answers of guards come in by another way than their addresses would be routed: a strict reverse path filter must
 * see our mark on them (the kill switch's table puts it there).
 */
static void src_valid_mark(bool on)
{
	bool changed;

	if (!on && !mark_changed)
		return;
	if (!kn_switch("ipv4/conf/all/src_valid_mark", on, &changed))
		err("note: cannot switch net.ipv4.conf.all.src_valid_mark: %s; a strict rp_filter would drop what guards send",
		    strerror(errno));
	mark_changed = on && (changed || mark_changed);
}

enum rc online_up(void)
{
	enum rc rc = RC_OK;

	if (online_whole())
		rc = outside_there();
	if (!rc && online_whole())
		rc = load_killswitch();
	up = true;
	not_ours = false;
	if (!rc) {
		rc = kn_dev_have(conf.client_dev, &ifindex);
		not_ours = rc && !ifindex;
	}
	if (!rc && online_whole()) {
		src_valid_mark(true);
		rc = rules(true);
	}
	if (!rc && online_whole())
		rc = resolv_set();
	if (rc)
		online_down();
	return rc;
}

void online_down(void)
{
	if (!up)
		return;
	up = false;
	if (online_whole()) {
		resolv_restore();
		rules(false);
		src_valid_mark(false);
	}
	if (!not_ours && if_nametoindex(conf.client_dev))
		kn_dev_del(conf.client_dev);
	ifindex = 0;
	guard_n = 0;
	if (online_whole())
		ruleset_apply(cr_killswitch_remove_text(), "remove the kill switch");
}

/* ---- addresses ---- */

static void change(bool add, const struct addr inner[2])
{
	for (int i = 0; i < 2 && ifindex; i++)
		if (inner[i].len)
			kn_addr_change(add, ifindex, &inner[i]);
}

void online_add(const struct addr inner[2])
{
	change(true, inner);
}

void online_del(const struct addr inner[2])
{
	change(false, inner);
}

void online_prefer(const struct addr inner[2])
{
	if (!ifindex)
		return;
	for (int i = 0; i < 2 && online_whole(); i++) {
		if (inner[i].len)
			kn_default_change(true, lens[i], TABLE, METRIC_TUNNEL, ifindex, &inner[i]);
		else if (lens[i] == 4 || has_ipv6())
			kn_default_change(false, lens[i], TABLE, METRIC_TUNNEL, ifindex, NULL);
	}
	for (unsigned int i = 0; i < conf.route_n; i++) {
		const struct prefix *r = &conf.route[i];
		const struct addr *src = &inner[r->addr.len == 16];

		if (src->len)
			kn_route_add(ifindex, &r->addr, r->len, src);
	}
}
