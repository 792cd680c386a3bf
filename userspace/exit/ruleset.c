// SPDX-License-Identifier: MIT
#include <string.h>

#include "directory/address.h"
#include "exit/ruleset.h"

/* Left to the policy where the network has private addresses. */
static bool may_be_allowed(enum cr_bogon why)
{
	return why == CR_BOGON_PRIVATE || why == CR_BOGON_CGN || why == CR_BOGON_RESERVED;
}

static bool denied(const struct cr_exit *e, enum cr_bogon why)
{
	return why != CR_BOGON_NONE && !(e->allow_private && may_be_allowed(why));
}

/* nft's identifiers have no dash. */
static const char *set_name(enum cr_bogon why)
{
	switch (why) {
	case CR_BOGON_THIS:
		return "this_host";
	case CR_BOGON_LINK_LOCAL:
		return "link_local";
	default:
		return cr_bogon_name(why);
	}
}

/* A kind of address that is not public, as a set; false when no network of this family is of it. */
static bool put_bogons(struct cr_text *t, enum cr_bogon why, unsigned int family)
{
	bool any = false;

	for (size_t i = 0; i < cr_bogon_net_count; i++) {
		const struct cr_bogon_net *net = &cr_bogon_nets[i];
		struct cr_prefix p = { .family = net->family, .bits = net->bits };

		if (net->family != family || net->why != why)
			continue;
		memcpy(p.ip, net->ip, sizeof(p.ip));
		if (!t)
			return true;
		if (!any)
			cr_text_add(t, "\tset deny%u_%s {\n\t\ttype ipv%u_addr\n\t\tflags interval\n\t\tauto-merge\n\t\telements = { ",
				    family, set_name(why), family);
		cr_text_add(t, any ? ", " : "");
		cr_text_prefix(t, &p);
		any = true;
	}
	if (any && t)
		cr_text_add(t, " }\n\t}\n");
	return any;
}

static const char *family_word(unsigned int family)
{
	return family == 4 ? "ip" : "ip6";
}

static void put_sets(struct cr_text *t, const struct cr_exit *e)
{
	for (int why = 1; why < CR_BOGONS; why++) {
		if (!denied(e, (enum cr_bogon)why))
			continue;
		cr_text_add(t, "\tcounter deny_%s { }\n", set_name((enum cr_bogon)why));
		put_bogons(t, (enum cr_bogon)why, 4);
		put_bogons(t, (enum cr_bogon)why, 6);
	}
	for (unsigned int f = 4; f <= 6; f += 2) {
		bool any = false;

		cr_text_add(t, "\tset market%u {\n\t\ttype ipv%u_addr . inet_service\n", f, f);
		for (size_t i = 0; i < e->market_count; i++) {
			struct cr_prefix p = { .family = e->market[i].family, .bits = f == 4 ? 32 : 128 };

			if (e->market[i].family != f)
				continue;
			memcpy(p.ip, e->market[i].ip, sizeof(p.ip));
			cr_text_add(t, any ? ", " : "\t\telements = { ");
			cr_text_prefix(t, &p);
			cr_text_add(t, " . %u", e->market[i].port);
			any = true;
		}
		cr_text_add(t, any ? " }\n\t}\n" : "\t}\n");
		any = false;
		cr_text_add(t, "\tset free%u {\n\t\ttype ipv%u_addr\n", f, f);
		for (size_t i = 0; i < e->free_count; i++) {
			if (e->free[i].family != f)
				continue;
			cr_text_add(t, any ? ", " : "\t\telements = { ");
			cr_text_prefix(t, &e->free[i]);
			any = true;
		}
		cr_text_add(t, any ? " }\n\t}\n" : "\t}\n");
		any = false;
		cr_text_add(t, "\tmap source%u {\n\t\ttype ipv%u_addr : ipv%u_addr\n", f, f, f);
		for (size_t i = 0; i < e->source_count; i++) {
			if (e->sources[i].inner.family != f)
				continue;
			cr_text_add(t, any ? ", " : "\t\telements = { ");
			cr_text_prefix(t, &e->sources[i].inner);
			cr_text_add(t, " : ");
			cr_text_prefix(t, &e->sources[i].outer);
			any = true;
		}
		cr_text_add(t, any ? " }\n\t}\n" : "\t}\n");
		/* filled by the rule that counts flows per address */
		if (e->flows_each)
			cr_text_add(t, "\tset flows%u {\n\t\ttype ipv%u_addr\n\t\tsize 65535\n\t\tflags dynamic\n\t}\n", f, f);
	}
}

static void put_counters(struct cr_text *t, const struct cr_exit *e)
{
	static const char *const names[] = {
		"spoofed", "between_clients", "protocol", "to_host", "unsolicited", "flows_all", "flows_one",
		"free_elsewhere", "policy_rest", "answers", "dns",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_text_add(t, "\tcounter %s { }\n", names[i]);
	for (size_t i = 0; i < e->rule_count; i++)
		cr_text_add(t, "\tcounter rule_%zu { }\n", i);
}

/* A rule of the policy; for both families and both protocols it needs no more than one line. */
static void put_rule(struct cr_text *t, const struct cr_rule *rule, size_t number)
{
	struct cr_prefix p = { .family = rule->family, .bits = rule->bits };

	memcpy(p.ip, rule->ip, sizeof(p.ip));
	cr_text_add(t, "\t\t");
	if (rule->family && rule->bits) {
		cr_text_add(t, "%s daddr ", family_word(rule->family));
		cr_text_prefix(t, &p);
		cr_text_add(t, " ");
	} else if (rule->family) {
		cr_text_add(t, "meta nfproto ipv%u ", rule->family);
	}
	if (rule->proto != CR_PROTO_ANY) {
		const char *proto = rule->proto == CR_PROTO_TCP ? "tcp" : "udp";

		if (rule->low == rule->high)
			cr_text_add(t, "%s dport %u ", proto, rule->low);
		else if (rule->low == 1 && rule->high == UINT16_MAX)
			cr_text_add(t, "meta l4proto %s ", proto);
		else
			cr_text_add(t, "%s dport %u-%u ", proto, rule->low, rule->high);
	}
	cr_text_add(t, "counter name rule_%zu %s\n", number,
		    rule->accept ? "accept" : "reject with icmpx admin-prohibited");
}

/* From clients to the Internet. */
static void put_outward(struct cr_text *t, const struct cr_exit *e)
{
	cr_text_add(t, "\tchain outward {\n");
	for (unsigned int f = 4; f <= 6; f += 2) {
		const struct cr_prefix *pool = f == 4 ? &e->pool4 : &e->pool6;

		if (pool->family) {
			cr_text_add(t, "\t\t%s saddr != ", family_word(f));
			cr_text_prefix(t, pool);
			cr_text_add(t, " counter name spoofed drop\n");
		} else {
			cr_text_add(t, "\t\tmeta nfproto ipv%u counter name spoofed drop\n", f);
		}
	}
	cr_text_add(t, "\t\toifname \"%s\" counter name between_clients drop\n", e->device);
	for (int why = 1; why < CR_BOGONS; why++) {
		for (unsigned int f = 4; f <= 6 && denied(e, (enum cr_bogon)why); f += 2) {
			if (put_bogons(NULL, (enum cr_bogon)why, f))
				cr_text_add(t, "\t\t%s daddr @deny%u_%s counter name deny_%s reject with icmpx admin-prohibited\n",
					    family_word(f), f, set_name((enum cr_bogon)why), set_name((enum cr_bogon)why));
		}
	}
	/* a change of policy ends no flow that it once allowed; a change of what is public does */
	cr_text_add(t, "\t\tct state established,related accept\n");
	/* what NAT cannot tell apart cannot be answered to the right client */
	cr_text_add(t, "\t\tct state invalid counter name protocol drop\n"
		    "\t\tmeta l4proto != { tcp, udp, icmp, icmpv6 } counter name protocol reject with icmpx admin-prohibited\n"
		    "\t\tmeta l4proto icmp icmp type != echo-request counter name protocol drop\n"
		    "\t\tmeta l4proto icmpv6 icmpv6 type != echo-request counter name protocol drop\n");
	cr_text_add(t, "\t\tip saddr @free4 ip daddr . tcp dport @market4 accept\n"
		    "\t\tip6 saddr @free6 ip6 daddr . tcp dport @market6 accept\n"
		    "\t\tip saddr @free4 counter name free_elsewhere reject with icmpx admin-prohibited\n"
		    "\t\tip6 saddr @free6 counter name free_elsewhere reject with icmpx admin-prohibited\n");
	if (e->flows_each)
		cr_text_add(t, "\t\tct state new add @flows4 { ip saddr ct count over %u } counter name flows_one drop\n"
			    "\t\tct state new add @flows6 { ip6 saddr ct count over %u } counter name flows_one drop\n",
			    e->flows_each, e->flows_each);
	if (e->flows_max)
		cr_text_add(t, "\t\tct state new ct count over %u counter name flows_all drop\n", e->flows_max);
	for (size_t i = 0; i < e->rule_count; i++)
		put_rule(t, &e->rules[i], i);
	cr_text_add(t, "\t\tcounter name policy_rest reject with icmpx admin-prohibited\n\t}\n");
}

static void put_chains(struct cr_text *t, const struct cr_exit *e)
{
	put_outward(t, e);
	/* flows of forwarding hosts that are not ours are none of our business: other tables judge them */
	cr_text_add(t, "\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n"
		    "\t\tiifname \"%s\" jump outward\n"
		    "\t\toifname \"%s\" ct state established,related counter name answers accept\n"
		    "\t\toifname \"%s\" counter name unsolicited drop\n\t}\n", e->device, e->device, e->device);
	cr_text_add(t, "\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n"
		    "\t\tiifname != \"%s\" accept\n", e->device);
	if (e->dns)
		cr_text_add(t, "\t\tip saddr @free4 counter name free_elsewhere drop\n"
			    "\t\tip6 saddr @free6 counter name free_elsewhere drop\n"
			    "\t\tmeta l4proto { tcp, udp } th dport 53 counter name dns accept\n");
	cr_text_add(t, "\t\tcounter name to_host drop\n\t}\n");
	cr_text_add(t, "\tchain nat {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
		    "\t\toifname \"%s\" accept\n", e->device);
	for (unsigned int f = 4; f <= 6; f += 2) {
		const struct cr_prefix *pool = f == 4 ? &e->pool4 : &e->pool6;

		if (!pool->family)
			continue;
		/* ports at random: whoever shares the exit's address cannot guess a neighbour's */
		cr_text_add(t, "\t\t%s saddr ", family_word(f));
		cr_text_prefix(t, pool);
		cr_text_add(t, " snat %s to %s saddr map @source%u fully-random\n\t\t%s saddr ", family_word(f),
			    family_word(f), f, family_word(f));
		cr_text_prefix(t, pool);
		cr_text_add(t, " masquerade fully-random\n");
	}
	cr_text_add(t, "\t}\n");
}

static bool whole(const struct cr_prefix *p)
{
	return cr_prefix_good(p) && p->bits == (p->family == 4 ? 32 : 128);
}

static const char *check(const struct cr_exit *e)
{
	if (!cr_nft_name(e->device))
		return "the device's name is not one";
	if (!e->pool4.family && !e->pool6.family)
		return "there is no pool of inner addresses";
	if ((e->pool4.family && (e->pool4.family != 4 || !cr_prefix_good(&e->pool4))) ||
	    (e->pool6.family && (e->pool6.family != 6 || !cr_prefix_good(&e->pool6))))
		return "a pool is not a prefix of its family";
	if (e->rule_count > CR_RULES_MAX)
		return "the policy has too many rules";
	for (size_t i = 0; i < e->rule_count; i++) {
		uint8_t bytes[CR_RULE_BYTES];
		struct cr_reader r = { bytes, sizeof(bytes), false };
		struct cr_rule again;

		cr_rule_put(bytes, &e->rules[i]);
		if (cr_rule_read(&again, &r) != CR_DIR_OK)
			return "the policy has a malformed rule";
	}
	for (size_t i = 0; i < e->source_count; i++) {
		if (!whole(&e->sources[i].inner) || !whole(&e->sources[i].outer) ||
		    e->sources[i].inner.family != e->sources[i].outer.family)
			return "a source is not two addresses of one family";
	}
	for (size_t i = 0; i < e->free_count; i++) {
		if (!whole(&e->free[i]))
			return "a free circuit's address is none";
	}
	return NULL;
}

const char *cr_exit_ruleset(char *out, size_t room, const struct cr_exit *exit)
{
	const char *wrong = check(exit);
	struct cr_text t;

	if (wrong)
		return wrong;
	cr_text_init(&t, out, room);
	/* one transaction: there is no moment without rules, and none with half of them */
	cr_text_add(&t, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", CR_EXIT_TABLE,
		    CR_EXIT_TABLE, CR_EXIT_TABLE);
	put_counters(&t, exit);
	put_sets(&t, exit);
	put_chains(&t, exit);
	cr_text_add(&t, "}\n");
	return t.over ? "the ruleset is too long" : NULL;
}

const char *cr_exit_source_text(char *out, size_t room, const struct cr_exit_source *source, bool add)
{
	struct cr_text t;

	if (!whole(&source->inner) || !whole(&source->outer) || source->inner.family != source->outer.family)
		return "a source is not two addresses of one family";
	cr_text_init(&t, out, room);
	cr_text_add(&t, "%s element inet %s source%u { ", add ? "add" : "delete", CR_EXIT_TABLE,
		    source->inner.family);
	cr_text_prefix(&t, &source->inner);
	if (add) {
		cr_text_add(&t, " : ");
		cr_text_prefix(&t, &source->outer);
	}
	cr_text_add(&t, " }\n");
	return t.over ? "the text is too long" : NULL;
}

const char *cr_exit_free_text(char *out, size_t room, const struct cr_prefix *inner, bool add)
{
	struct cr_text t;

	if (!whole(inner))
		return "a free circuit's address is none";
	cr_text_init(&t, out, room);
	cr_text_add(&t, "%s element inet %s free%u { ", add ? "add" : "delete", CR_EXIT_TABLE, inner->family);
	cr_text_prefix(&t, inner);
	cr_text_add(&t, " }\n");
	return t.over ? "the text is too long" : NULL;
}

const char *cr_exit_remove_text(void)
{
	return "add table inet " CR_EXIT_TABLE "\ndelete table inet " CR_EXIT_TABLE "\n";
}
