// SPDX-License-Identifier: MIT
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/fetch.h"

#define CLIENT_MARK	0xce11u

struct config conf;

bool prefix_parse(const char *word, struct prefix *p)
{
	const char *slash = strchr(word, '/');
	char host[INET6_ADDRSTRLEN];
	unsigned long bits;
	char *end;

	if (!slash || (size_t)(slash - word) >= sizeof(host) || slash[1] < '0' || slash[1] > '9')
		return false;
	memcpy(host, word, slash - word);
	host[slash - word] = '\0';
	bits = strtoul(slash + 1, &end, 10);
	if (*end || !addr_parse(host, &p->addr) || bits > p->addr.len * 8u)
		return false;
	p->len = (uint8_t)bits;
	return true;
}

static bool text(char *out, size_t room, const char *value)
{
	if (strlen(value) >= room)
		return false;
	strcpy(out, value);
	return true;
}

static bool number(uint64_t *out, const char *value, uint64_t max)
{
	unsigned long long n;
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	n = strtoull(value, &end, 0);
	if (*end || errno || n > max)
		return false;
	*out = n;
	return true;
}

static bool boolean(bool *out, const char *value)
{
	*out = strcmp(value, "yes") == 0;
	return *out || strcmp(value, "no") == 0;
}

static bool hex(uint8_t *out, size_t len, const char *value)
{
	size_t n = 0;

	return strlen(value) == 2 * len && sodium_hex2bin(out, len, value, 2 * len, NULL, &n, NULL) == 0 && n == len;
}

bool country_parse(char out[3], const char *word)
{
	if (strlen(word) != 2 || strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
		return false;
	memcpy(out, word, 3);
	return true;
}

/* One setting. Return: NULL, or what is wrong. */
static const char *take_relayd(struct config *c, const char *name, const char *value)
{
	uint64_t n;

	if (strcmp(name, "keys") == 0)
		return text(c->keys, sizeof(c->keys), value) ? NULL : "the name is too long";
	if (strcmp(name, "peers") == 0)
		return text(c->peers, sizeof(c->peers), value) ? NULL : "the name is too long";
	if (strcmp(name, "authorities") == 0)
		return text(c->authorities, sizeof(c->authorities), value) ? NULL : "the name is too long";
	if (strcmp(name, "snapshot") == 0)
		return text(c->snapshot, sizeof(c->snapshot), value) ? NULL : "the name is too long";
	if (strcmp(name, "snapshot-url") == 0) {
		const char *wrong = cr_fetch_url(value);

		if (wrong)
			return wrong;
		if (c->url_n == URLS_MAX)
			return "at most 8 URLs";
		return text(c->url[c->url_n++], URL_LEN, value) ? NULL : "a URL of at most 255 characters";
	}
	if (strcmp(name, "snapshot-ca") == 0)
		return text(c->url_ca, sizeof(c->url_ca), value) ? NULL : "the name is too long";
	if (strcmp(name, "table") == 0)
		return text(c->table, sizeof(c->table), value) ? NULL : "the name is too long";
	if (strcmp(name, "state") == 0)
		return text(c->state, sizeof(c->state) - 32, value) ? NULL : "the name is too long";
	if (strcmp(name, "socket") == 0)
		return text(c->socket, sizeof(c->socket), value) ? NULL : "the name of a socket has at most 107 characters";
	if (strcmp(name, "group") == 0)
		return text(c->group, sizeof(c->group), value) ? NULL : "the name of a group has at most 32 characters";
	if (strcmp(name, "ledger") == 0)
		return hex(c->ledger, sizeof(c->ledger), value) ? NULL : "a ledger id has 64 hexadecimal digits";
	if (strcmp(name, "fwmark") == 0) {
		if (!number(&n, value, UINT32_MAX))
			return "a mark is a number below 2^32";
		c->fwmark = (uint32_t)n;
		return NULL;
	}
	if (strcmp(name, "rekey-seconds") == 0) {
		if (!number(&n, value, CR_LINK_REKEY_MS / 1000) || !n)
			return "a number of seconds, 1 to 600";
		c->rekey_ms = (uint32_t)n * 1000;
		return NULL;
	}
	if (strcmp(name, "listen") == 0) {
		if (c->listen_n == LISTEN_MAX)
			return "more addresses than sockets can be";
		return addr_endpoint(value, &c->listen[c->listen_n++]) ? NULL :
			"an address and port such as 0.0.0.0:4000 or [::]:4000";
	}
	return "there is no such setting in [relayd]";
}

static const char *take_relay(struct config *c, const char *name, const char *value)
{
	uint64_t n;

	if (strcmp(name, "enabled") == 0)
		return boolean(&c->relay, value) ? NULL : "yes or no";
	if (strcmp(name, "private-addresses") == 0)
		return boolean(&c->private_addresses, value) ? NULL : "yes or no";
	if (strcmp(name, "rotate") == 0)
		return boolean(&c->rotate, value) ? NULL : "yes or no";
	if (strcmp(name, "descriptor") == 0)
		return text(c->descriptor, sizeof(c->descriptor), value) ? NULL : "the name is too long";
	if (strcmp(name, "nat") == 0)
		return boolean(&c->nat, value) ? NULL : "yes or no";
	if (strcmp(name, "free-bytes") == 0) {
		if (strcmp(value, "unlimited") == 0)
			c->free_bytes = UINT64_MAX;
		else if (!number(&c->free_bytes, value, UINT64_MAX))
			return "a number of bytes, or unlimited";
		return NULL;
	}
	if (strcmp(name, "idle-seconds") == 0) {
		if (!number(&n, value, 86400) || n * 1000 <= CR_CIRCUIT_ALIVE_MS)
			return "a number of seconds above 15, how often clients ask";
		c->idle_ms = (uint32_t)n * 1000;
		return NULL;
	}
	if (strcmp(name, "cookie-above") == 0) {
		if (!number(&n, value, UINT32_MAX) || !n)
			return "a number of handshakes per second, 1 or more";
		c->cookie_above = (uint32_t)n;
		return NULL;
	}
	if (strcmp(name, "circuits-max") == 0) {
		if (!number(&n, value, 1048576) || !n)
			return "a number from 1 to 1048576";
		c->circuits_max = (uint32_t)n;
		return NULL;
	}
	return "there is no such setting in [relay]";
}

static const char *take_exit(struct config *c, const char *name, const char *value)
{
	if (strcmp(name, "device") == 0)
		return text(c->exit_dev, sizeof(c->exit_dev), value) ? NULL : "a device's name has at most 15 characters";
	if (strcmp(name, "pool4") == 0)
		return prefix_parse(value, &c->pool4) && c->pool4.addr.len == 4 && c->pool4.len >= 8 && c->pool4.len <= 29 ?
			NULL : "an IPv4 prefix of 8 to 29 bits such as 10.99.0.0/16";
	if (strcmp(name, "pool6") == 0)
		return prefix_parse(value, &c->pool6) && c->pool6.addr.len == 16 && c->pool6.len <= 96 ?
			NULL : "an IPv6 prefix of at most 96 bits such as fd00:99::/64";
	if (strcmp(name, "rule") == 0) {
		if (c->rule_n == CR_RULES_MAX)
			return "a policy has at most 32 rules";
		return cr_rule_parse(&c->rule[c->rule_n++], value) ? NULL :
			"a rule such as \"reject tcp any 25\" or \"accept any 0.0.0.0/0 any\"";
	}
	if (strcmp(name, "dns") == 0)
		return boolean(&c->exit_dns, value) ? NULL : "yes or no";
	if (strcmp(name, "flows-max") == 0 || strcmp(name, "flows-each") == 0) {
		uint64_t n;

		if (!number(&n, value, UINT32_MAX))
			return "a number of flows; 0: no limit";
		*(name[6] == 'm' ? &c->flows_max : &c->flows_each) = (uint32_t)n;
		return NULL;
	}
	return "there is no such setting in [exit]";
}

static const char *take_client(struct config *c, const char *name, const char *value)
{
	uint64_t n;

	if (strcmp(name, "device") == 0)
		return text(c->client_dev, sizeof(c->client_dev), value) ? NULL : "a device's name has at most 15 characters";
	if (strcmp(name, "path") == 0)
		return text(c->path, sizeof(c->path), value) ? NULL : "the path is too long";
	if (strcmp(name, "spares") == 0) {
		if (!number(&n, value, 8))
			return "a number from 0 to 8";
		c->spares = (unsigned int)n;
		return NULL;
	}
	if (strcmp(name, "route") == 0) {
		if (c->route_n == ROUTES_MAX)
			return "too many routes";
		return prefix_parse(value, &c->route[c->route_n++]) ? NULL : "a prefix such as 192.0.2.0/24";
	}
	if (strcmp(name, "hops") == 0) {
		if (!number(&n, value, CR_HOPS_MAX) || !n)
			return "a number from 1 to 8";
		c->wish.hops = (unsigned int)n;
		return NULL;
	}
	if (strcmp(name, "exit-country") == 0)
		return country_parse(c->wish.country, value) ? NULL : "two capital letters such as DE";
	if (strcmp(name, "max-price") == 0)
		return number(&c->wish.max_price, value, INT64_MAX) ? NULL : "a price per GiB";
	if (strcmp(name, "up") == 0)
		return boolean(&c->up, value) ? NULL : "yes or no";
	if (strcmp(name, "guard") == 0) {
		c->wish.named = true;
		return cr_uri_parse(&c->wish.guard, value, strlen(value));
	}
	if (strcmp(name, "direct-fetch") == 0) {
		static const char *const words[] = { [DIRECT_FIRST] = "first", [DIRECT_YES] = "yes", [DIRECT_NO] = "no" };

		for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strcmp(value, words[i]) == 0) {
				c->direct = (enum direct)i;
				return NULL;
			}
		return "first, yes or no";
	}
	if (strcmp(name, "turn-seconds") == 0) {
		if (!number(&n, value, CR_CIRCUIT_OLD_MS / 1000))
			return "a number of seconds, 0 to 600";
		c->turn_ms = (uint32_t)n * 1000;
		return NULL;
	}
	if (strcmp(name, "circuit-seconds") == 0) {
		if (!number(&n, value, CR_CIRCUIT_OLD_MS / 1000) || !n)
			return "a number of seconds, 1 to 600";
		c->circuit_ms = (uint32_t)n * 1000;
		return NULL;
	}
	if (strcmp(name, "dns") == 0) {
		if (c->dns_n == DNS_MAX)
			return "resolvers look at three name servers only";
		return addr_parse(value, &c->dns[c->dns_n++]) ? NULL : "an address such as 192.0.2.53";
	}
	if (strcmp(name, "resolv-conf") == 0)
		return text(c->resolv_conf, sizeof(c->resolv_conf), value) ? NULL : "the name is too long";
	if (strcmp(name, "outside-cgroup") == 0)
		return cr_killswitch_cgroup(value) && text(c->outside, sizeof(c->outside), value) ? NULL :
			"a control group below the root, without a slash in front, such as system.slice/backup.service";
	if (strcmp(name, "allow") == 0) {
		if (c->allow_n == ALLOW_MAX)
			return "at most 32 prefixes";
		return cr_prefix_parse(&c->allow[c->allow_n++], value) ? NULL : "a prefix such as 192.168.1.0/24";
	}
	return "there is no such setting in [client]";
}

/* The first thing that is wrong; ini_parse() knows the line. */
struct reader {
	struct config *c;
	char wrong[256];
};

static int take(void *arg, const char *section, const char *name, const char *value)
{
	static const struct {
		const char *name;
		const char *(*take)(struct config *c, const char *name, const char *value);
	} sections[] = {
		{ "relayd", take_relayd }, { "relay", take_relay }, { "exit", take_exit }, { "client", take_client },
	};
	struct reader *r = arg;
	const char *wrong = "there is no such section";

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strcmp(section, sections[i].name) == 0)
			wrong = sections[i].take(r->c, name, value);
	if (wrong && !r->wrong[0])
		snprintf(r->wrong, sizeof(r->wrong), "[%s] %s = %s: %s", section, name, value, wrong);
	return !wrong;
}

enum rc config_read(struct config *c, const char *path)
{
	struct reader r = { .c = c };
	int line;

	*c = (struct config){ .free_bytes = CR_FREE_BYTES, .circuits_max = 65536, .cookie_above = CR_COOKIE_ABOVE,
			      .idle_ms = CR_CIRCUIT_IDLE_MS, .rekey_ms = CR_LINK_REKEY_MS,
			      .wish.max_price = UINT64_MAX, .circuit_ms = CR_CIRCUIT_OLD_MS,
			      .rotate = true, .state = "/var/lib/cellrelay", .resolv_conf = "/etc/resolv.conf",
			      .socket = "/run/cellrelay/relayd.sock", .group = "cellrelay" };
	line = ini_parse(path, take, &r);
	if (line < 0)
		return fail(RC_USAGE, "cannot read %s: %s", path, strerror(errno));
	if (line)
		return fail(RC_USAGE, "%s:%d: %s", path, line, r.wrong[0] ? r.wrong :
			    "this is neither \"name = value\" nor a [section] nor a # comment");
	if (c->relay && !c->keys[0])
		return fail(RC_USAGE, "%s: a relay needs \"keys\" in [relayd]; make them with: relayd --keygen FOLDER", path);
	if (c->relay && !c->listen_n)
		return fail(RC_USAGE, "%s: a relay needs \"listen\" in [relayd]", path);
	if (c->exit_dev[0] && !c->pool4.addr.len && !c->pool6.addr.len)
		return fail(RC_USAGE, "%s: an exit needs \"pool4\" or \"pool6\" in [exit]", path);
	if ((c->snapshot[0] || c->url_n) && !c->authorities[0])
		return fail(RC_USAGE, "%s: a snapshot needs \"authorities\", the file that says whose signatures count", path);
	if (c->outside[0] && c->route_n)
		return fail(RC_USAGE, "%s: \"outside-cgroup\" is for a tunnel that takes everything, not for \"route\" lines", path);
	if (c->path[0] && c->wish.named)
		return fail(RC_USAGE, "%s: \"path\" names the guard already: \"guard\" is for paths that are chosen", path);
	/* the mark by which routing and kill switch know our own packets */
	if (c->client_dev[0] && !c->fwmark)
		c->fwmark = CLIENT_MARK;
	if (!c->listen_n) {
		/* a client sends from any port, in both families */
		addr_parse("0.0.0.0", &c->listen[0]);
		addr_parse("::", &c->listen[1]);
		c->listen_n = 2;
	}
	return RC_OK;
}
