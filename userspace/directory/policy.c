// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/address.h"
#include "directory/policy.h"

uint8_t *cr_rule_put(uint8_t *p, const struct cr_rule *rule)
{
	p = cr_put_u8(p, rule->accept);
	p = cr_put_u8(p, rule->family);
	p = cr_put_u8(p, rule->proto);
	p = cr_put_u8(p, rule->bits);
	p = cr_put(p, rule->ip, sizeof(rule->ip));
	p = cr_put_le16(p, rule->low);
	return cr_put_le16(p, rule->high);
}

static bool rule_good(const struct cr_rule *rule)
{
	unsigned int width = rule->family == 4 ? 32 : rule->family == 6 ? 128 : 0;

	if (rule->family != 0 && rule->family != 4 && rule->family != 6)
		return false;
	if (rule->proto != CR_PROTO_ANY && rule->proto != CR_PROTO_TCP && rule->proto != CR_PROTO_UDP)
		return false;
	if (rule->bits > width || !cr_prefix_clean(rule->ip, sizeof(rule->ip), rule->bits))
		return false;
	if (!rule->low || rule->low > rule->high)
		return false;
	return rule->proto != CR_PROTO_ANY || (rule->low == 1 && rule->high == UINT16_MAX);
}

enum cr_verdict cr_rule_read(struct cr_rule *rule, struct cr_reader *r)
{
	uint8_t accept = cr_read_u8(r);

	rule->accept = accept == 1;
	rule->family = cr_read_u8(r);
	rule->proto = cr_read_u8(r);
	rule->bits = cr_read_u8(r);
	cr_read(r, rule->ip, sizeof(rule->ip));
	rule->low = cr_read_le16(r);
	rule->high = cr_read_le16(r);
	if (r->over)
		return CR_DIR_TRUNCATED;
	return accept <= 1 && rule_good(rule) ? CR_DIR_OK : CR_DIR_POLICY;
}

static bool matches(const struct cr_rule *rule, uint8_t family, const struct cr_target *want)
{
	if (rule->family && rule->family != family)
		return false;
	if (want->known ? !cr_prefix_equal(rule->ip, want->ip, rule->bits) : rule->bits != 0)
		return false;
	if (rule->proto == CR_PROTO_ANY)
		return true;
	return rule->proto == want->proto && rule->low <= want->port && want->port <= rule->high;
}

static bool family_allows(const struct cr_rule *rules, size_t n, uint8_t family,
			  const struct cr_target *want)
{
	for (size_t i = 0; i < n; i++) {
		if (matches(&rules[i], family, want))
			return rules[i].accept;
	}
	return false;
}

bool cr_policy_allows(const struct cr_rule *rules, size_t n, const struct cr_target *want)
{
	if (want->known && cr_bogon_of(want->family, want->ip) != CR_BOGON_NONE)
		return false;
	if (want->family)
		return family_allows(rules, n, want->family, want);
	return family_allows(rules, n, 4, want) || family_allows(rules, n, 6, want);
}

size_t cr_policy_default(struct cr_rule rules[CR_RULES_MAX])
{
	/* Tor's default exit policy (tor(1), ExitPolicy), for TCP and UDP alike */
	static const struct {
		uint16_t low, high;
	} refused[] = {
		{ 25, 25 }, { 119, 119 }, { 135, 139 }, { 445, 445 }, { 563, 563 }, { 1214, 1214 },
		{ 4661, 4666 }, { 6346, 6429 }, { 6699, 6699 }, { 6881, 6999 },
	};
	size_t n = 0;

	memset(rules, 0, CR_RULES_MAX * sizeof(*rules));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		for (int udp = 0; udp < 2; udp++) {
			rules[n].proto = udp ? CR_PROTO_UDP : CR_PROTO_TCP;
			rules[n].low = refused[i].low;
			rules[n++].high = refused[i].high;
		}
	}
	rules[n].accept = true;
	rules[n].low = 1;
	rules[n++].high = UINT16_MAX;
	return n;
}

const char *cr_rule_text(char buf[CR_RULE_TEXT], const struct cr_rule *rule)
{
	char ip[INET6_ADDRSTRLEN + 4] = "any", ports[16] = "any";

	if (rule->family) {
		inet_ntop(rule->family == 4 ? AF_INET : AF_INET6, rule->ip, ip, INET6_ADDRSTRLEN);
		snprintf(ip + strlen(ip), 5, "/%u", rule->bits);
	}
	if (rule->low == rule->high)
		snprintf(ports, sizeof(ports), "%u", rule->low);
	else if (rule->low != 1 || rule->high != UINT16_MAX)
		snprintf(ports, sizeof(ports), "%u-%u", rule->low, rule->high);
	snprintf(buf, CR_RULE_TEXT, "%s %s %s %s", rule->accept ? "accept" : "reject",
		 rule->proto == CR_PROTO_TCP ? "tcp" : rule->proto == CR_PROTO_UDP ? "udp" : "any",
		 ip, ports);
	return buf;
}

/* A decimal number of at most five digits, no sign; NULL when there is none. */
static const char *decimal(const char *text, unsigned int *value)
{
	const char *p = text;

	for (*value = 0; *p >= '0' && *p <= '9' && p - text < 5; p++)
		*value = *value * 10 + (unsigned int)(*p - '0');
	return p == text ? NULL : p;
}

static bool parse_ports(struct cr_rule *rule, const char *text)
{
	unsigned int low, high;

	rule->low = 1;
	rule->high = UINT16_MAX;
	if (strcmp(text, "any") == 0)
		return true;
	text = decimal(text, &low);
	high = low;
	if (text && *text == '-')
		text = decimal(text + 1, &high);
	if (!text || *text || high > UINT16_MAX)
		return false;
	rule->low = (uint16_t)low;
	rule->high = (uint16_t)high;
	return low <= high;
}

static bool parse_prefix(struct cr_rule *rule, char *text)
{
	char *slash = strchr(text, '/');
	unsigned int bits;
	const char *end;

	if (strcmp(text, "any") == 0)
		return true;
	if (!slash)
		return false;
	*slash = '\0';
	rule->family = strchr(text, ':') ? 6 : 4;
	end = decimal(slash + 1, &bits);
	if (!end || *end || bits > 128)
		return false;
	rule->bits = (uint8_t)bits;
	return inet_pton(rule->family == 4 ? AF_INET : AF_INET6, text, rule->ip) == 1;
}

bool cr_rule_parse(struct cr_rule *rule, const char *text)
{
	char action[8], proto[8], prefix[64], ports[16];
	int end = 0;

	memset(rule, 0, sizeof(*rule));
	if (sscanf(text, "%7s %7s %63s %15s%n", action, proto, prefix, ports, &end) != 4 || text[end])
		return false;
	rule->accept = strcmp(action, "accept") == 0;
	if (!rule->accept && strcmp(action, "reject") != 0)
		return false;
	if (strcmp(proto, "tcp") == 0)
		rule->proto = CR_PROTO_TCP;
	else if (strcmp(proto, "udp") == 0)
		rule->proto = CR_PROTO_UDP;
	else if (strcmp(proto, "any") != 0)
		return false;
	return parse_prefix(rule, prefix) && parse_ports(rule, ports) && rule_good(rule);
}
