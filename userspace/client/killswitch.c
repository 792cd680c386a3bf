// SPDX-License-Identifier: MIT
#include <string.h>

#include "client/killswitch.h"

static void put_address(struct cr_text *t, const struct cr_address *a)
{
	struct cr_prefix p = { .family = a->family, .bits = a->family == 4 ? 32 : 128 };

	memcpy(p.ip, a->ip, sizeof(p.ip));
	cr_text_prefix(t, &p);
	cr_text_add(t, " . %u", a->port);
}

static void put_sets(struct cr_text *t, const struct cr_killswitch *ks)
{
	for (unsigned int f = 4; f <= 6; f += 2) {
		bool any = false;

		cr_text_add(t, "\tset guards%u {\n\t\ttype ipv%u_addr . inet_service\n", f, f);
		for (size_t i = 0; i < ks->guard_count; i++) {
			if (ks->guards[i].family != f)
				continue;
			cr_text_add(t, any ? ", " : "\t\telements = { ");
			put_address(t, &ks->guards[i]);
			any = true;
		}
		cr_text_add(t, any ? " }\n\t}\n" : "\t}\n");
		any = false;
		cr_text_add(t, "\tset allowed%u {\n\t\ttype ipv%u_addr\n\t\tflags interval\n\t\tauto-merge\n", f, f);
		for (size_t i = 0; i < ks->allowed_count; i++) {
			if (ks->allowed[i].family != f)
				continue;
			cr_text_add(t, any ? ", " : "\t\telements = { ");
			cr_text_prefix(t, &ks->allowed[i]);
			any = true;
		}
		cr_text_add(t, any ? " }\n\t}\n" : "\t}\n");
	}
}

/* What may leave this host beside the tunnel. */
static void put_pass(struct cr_text *t, const struct cr_killswitch *ks)
{
	char port[32] = "";
	struct cr_text p;

	cr_text_init(&p, port, sizeof(port));
	if (ks->port)
		cr_text_add(&p, "udp sport %u ", ks->port);
	cr_text_add(t, "\tchain pass {\n");
	cr_text_add(t, "\t\tmeta mark 0x%x %sip daddr . udp dport @guards4 counter name to_guards accept\n",
		    ks->mark, port);
	cr_text_add(t, "\t\tmeta mark 0x%x %sip6 daddr . udp dport @guards6 counter name to_guards accept\n",
		    ks->mark, port);
	cr_text_add(t, "\t\tip daddr @allowed4 counter name allowed accept\n"
		    "\t\tip6 daddr @allowed6 counter name allowed accept\n");
	/* ports below 1024: of root's programs only. A renewal goes to the server itself. */
	cr_text_add(t, "\t\tmeta nfproto ipv4 udp sport 68 udp dport 67 counter name dhcp accept\n"
		    "\t\tip6 saddr fe80::/10 ip6 daddr { ff02::1:2, fe80::/10 } udp sport 546 udp dport 547 counter name dhcp accept\n");
	/* hop limit 255: never from beyond this link, so never beyond it either */
	cr_text_add(t, "\t\ticmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } "
		    "ip6 hoplimit 255 counter name neighbours accept\n"
		    "\t\tip6 daddr ff02::/16 icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } "
		    "ip6 hoplimit 1 counter name neighbours accept\n");
	cr_text_add(t, "\t}\n");
}

unsigned int cr_killswitch_cgroup(const char *path)
{
	unsigned int levels = 0;

	if (strlen(path) > CR_KILLSWITCH_CGROUP)
		return 0;
	while (levels < CR_KILLSWITCH_LEVELS) {
		size_t len = strcspn(path, "/");

		/* what systemd names units with, and nothing that means something to nft */
		if (!len || len != strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@:-") ||
		    strspn(path, ".") == len)
			return 0;
		levels++;
		if (!path[len])
			return levels;
		path += len + 1;
	}
	return 0;
}

static void put_outside(struct cr_text *t, const struct cr_killswitch *ks)
{
	/*
	 * Which group a socket is of is known where it sends; what follows goes by the connection, for answers and for packets
	 * without a socket. The address was chosen before the mark was there: it may be one of the tunnel's.
	 */
	cr_text_add(t, "\tchain outside_mark {\n\t\ttype route hook output priority mangle; policy accept;\n"
		    "\t\tsocket cgroupv2 level %u \"%s\" ct mark set 0x%x\n"
		    "\t\tct mark 0x%x meta mark set 0x%x\n\t}\n", cr_killswitch_cgroup(ks->cgroup), ks->cgroup, ks->mark, ks->mark, ks->mark);
	cr_text_add(t, "\tchain outside_address {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		    "\t\tct mark 0x%x oifname != { \"lo\", \"%s\" } masquerade\n\t}\n", ks->mark, ks->device);
}

static const char *check(const struct cr_killswitch *ks)
{
	if (!cr_nft_name(ks->device))
		return "the device's name is not one";
	if (!ks->mark)
		return "without a mark anybody's packets to a guard would pass";
	if (ks->guard_count > CR_KILLSWITCH_GUARDS || ks->allowed_count > CR_KILLSWITCH_ALLOWED)
		return "there are too many guards or allowed prefixes";
	for (size_t i = 0; i < ks->guard_count; i++) {
		if ((ks->guards[i].family != 4 && ks->guards[i].family != 6) || !ks->guards[i].port)
			return "a guard's address is none";
	}
	for (size_t i = 0; i < ks->allowed_count; i++) {
		/* everything is no exception but the end of the switch */
		if (!cr_prefix_good(&ks->allowed[i]) || !ks->allowed[i].bits)
			return "an allowed prefix is none, or everything";
	}
	if (ks->cgroup && !cr_killswitch_cgroup(ks->cgroup))
		return "the control group is not a path below the root such as system.slice/backup.service";
	return NULL;
}

const char *cr_killswitch_ruleset(char *out, size_t room, const struct cr_killswitch *ks)
{
	const char *wrong = check(ks);
	struct cr_text t;

	if (wrong)
		return wrong;
	cr_text_init(&t, out, room);
	/* one transaction: there is no moment without the switch */
	cr_text_add(&t, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", CR_CLIENT_TABLE,
		    CR_CLIENT_TABLE, CR_CLIENT_TABLE);
	cr_text_add(&t, "\tcounter to_guards { }\n\tcounter allowed { }\n\tcounter dhcp { }\n"
		    "\tcounter neighbours { }\n\tcounter stopped { }\n\tcounter stopped_forward { }\n");
	if (ks->cgroup)
		cr_text_add(&t, "\tcounter outside { }\n");
	put_sets(&t, ks);
	put_pass(&t, ks);
	/* programs of this host learn at once; the message goes over loopback and nowhere else */
	cr_text_add(&t, "\tchain output {\n\t\ttype filter hook output priority filter; policy drop;\n");
	/* first: here the device is the one that the packet had before the mark gave it another way */
	if (ks->cgroup)
		cr_text_add(&t, "\t\tct mark 0x%x meta mark 0x%x counter name outside accept\n", ks->mark, ks->mark);
	cr_text_add(&t, "\t\toifname { \"lo\", \"%s\" } accept\n\t\tjump pass\n"
		    "\t\tcounter name stopped reject with icmpx admin-prohibited\n\t}\n", ks->device);
	/*
	 * What containers and neighbours send through us: by the tunnel, or to what the user
	 * named; from the tunnel only answers, or the exit could have us send for it. Nothing of
	 * the list above is ever forwarded: a container's "DHCP" to the Internet would be a leak.
	 */
	cr_text_add(&t, "\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n"
		    "\t\toifname \"%s\" accept\n\t\tiifname \"%s\" ct state established,related accept\n"
		    "\t\tip daddr @allowed4 counter name allowed accept\n"
		    "\t\tip6 daddr @allowed6 counter name allowed accept\n"
		    "\t\tcounter name stopped_forward drop\n\t}\n", ks->device, ks->device);
	/* a strict reverse path filter looks for the way back as our own packets go, not through the tunnel */
	cr_text_add(&t, "\tchain prerouting {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n"
		    "\t\tip saddr . udp sport @guards4 meta mark set 0x%x\n"
		    "\t\tip6 saddr . udp sport @guards6 meta mark set 0x%x\n", ks->mark, ks->mark);
	if (ks->cgroup)
		cr_text_add(&t, "\t\tct mark 0x%x meta mark set 0x%x\n", ks->mark, ks->mark);
	cr_text_add(&t, "\t}\n");
	if (ks->cgroup)
		put_outside(&t, ks);
	cr_text_add(&t, "}\n");
	return t.over ? "the ruleset is too long" : NULL;
}

const char *cr_killswitch_guard_text(char *out, size_t room, const struct cr_address *guard, bool add)
{
	struct cr_text t;

	if ((guard->family != 4 && guard->family != 6) || !guard->port)
		return "a guard's address is none";
	cr_text_init(&t, out, room);
	cr_text_add(&t, "%s element inet %s guards%u { ", add ? "add" : "delete", CR_CLIENT_TABLE, guard->family);
	put_address(&t, guard);
	cr_text_add(&t, " }\n");
	return t.over ? "the text is too long" : NULL;
}

const char *cr_killswitch_remove_text(void)
{
	return "add table inet " CR_CLIENT_TABLE "\ndelete table inet " CR_CLIENT_TABLE "\n";
}
