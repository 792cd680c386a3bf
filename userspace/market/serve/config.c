// SPDX-License-Identifier: MIT
#include "market/serve/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As docs/directory.md, section 5. */
static const struct serve_config defaults = {
	.listen = "127.0.0.1", .port = 8080, .workers = 2, .period = 600,
	.params = {
		.constraints = CR_DIFFER, .prefix4 = 16, .prefix6 = 32, .hops = 3, .hops_max = CR_HOPS_MAX,
		.guard_min = 60 * 86400, .guard_max = 120 * 86400, .base_weight = 131072, .stake_rate = 1000,
		.free_kib = 256, .free_rate = 10000,
	},
};

/** struct reading - a file being read */
struct reading {
	struct serve_config *c;
	const char *wrong;
};

static bool text(char *out, size_t room, const char *value)
{
	if (strlen(value) >= room)
		return false;
	strcpy(out, value);
	return true;
}

static bool number(uint64_t *out, const char *value, uint64_t min, uint64_t max)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && !errno && *out >= min && *out <= max;
}

static int by_address(const void *a, const void *b)
{
	return cr_address_compare(a, b);
}

static const char *take_serve(struct serve_config *c, const char *name, const char *value)
{
	uint64_t n;

	if (strcmp(name, "listen") == 0)
		return text(c->listen, sizeof(c->listen), value) ? NULL : "an address is meant";
	if (strcmp(name, "forwarded") == 0)
		return text(c->forwarded, sizeof(c->forwarded), value) ? NULL : "the name is too long";
	if (strcmp(name, "certificate") == 0)
		return text(c->certificate, sizeof(c->certificate), value) ? NULL : "the name is too long";
	if (strcmp(name, "key") == 0)
		return text(c->key, sizeof(c->key), value) ? NULL : "the name is too long";
	if (strcmp(name, "port") == 0) {
		if (!number(&n, value, 0, UINT16_MAX))
			return "a port is a number up to 65535";
		c->port = (uint16_t)n;
		return NULL;
	}
	if (strcmp(name, "workers") == 0) {
		if (!number(&n, value, 1, SERVE_WORKERS_MAX))
			return "\"workers\" is a number from 1 to 64";
		c->workers = (unsigned int)n;
		return NULL;
	}
	return "there is no such setting";
}

static const char *take_directory(struct serve_config *c, const char *name, const char *value)
{
	const struct {
		const char *name;
		uint32_t *to;
		uint32_t min, max;
	} small[] = {
		{ "period", &c->period, 1, CR_PERIOD_MAX },
		{ "guard_min", &c->params.guard_min, 1, UINT32_MAX },
		{ "guard_max", &c->params.guard_max, 1, UINT32_MAX },
		{ "free_kib", &c->params.free_kib, 0, UINT32_MAX },
		{ "free_rate", &c->params.free_rate, 0, 1000000 },
	};
	uint64_t n;

	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		if (strcmp(name, small[i].name) != 0)
			continue;
		if (!number(&n, value, small[i].min, small[i].max))
			return "this is a number, or not one of this size";
		*small[i].to = (uint32_t)n;
		return NULL;
	}
	if (strcmp(name, "authorities") == 0)
		return text(c->authorities, sizeof(c->authorities), value) ? NULL : "the name is too long";
	if (strcmp(name, "base_weight") == 0)
		return number(&c->params.base_weight, value, 0, CR_CAPACITY_MAX) ? NULL : "a rate in bytes per second is meant";
	if (strcmp(name, "stake_rate") == 0)
		return number(&c->params.stake_rate, value, 0, CR_CAPACITY_MAX) ? NULL : "a rate in bytes per second is meant";
	if (strcmp(name, "constraints") == 0) {
		if (!number(&n, value, 0, UINT32_MAX) || (n & ~(uint64_t)(CR_DIFFER | CR_ALLOW_PRIVATE)))
			return "\"constraints\" is a sum of 1, 2, 4, 8, 16 and 65536";
		c->params.constraints = (uint32_t)n;
		return NULL;
	}
	if (strcmp(name, "address") == 0) {
		if (c->market_count == CR_MARKET_ADDRESSES_MAX)
			return "there are more than 16 addresses";
		return cr_address_parse(&c->market[c->market_count++], value) ? NULL : "an address is 192.0.2.1:443 or [2001:db8::1]:443";
	}
	return "there is no such setting";
}

static int take(void *context, const char *section, const char *name, const char *value)
{
	struct reading *r = context;
	const char *wrong;

	wrong = strcmp(section, "serve") == 0 ? take_serve(r->c, name, value) :
		strcmp(section, "directory") == 0 ? take_directory(r->c, name, value) : "there is no such section";
	/* the line that is told is the first, too */
	if (!r->wrong)
		r->wrong = wrong;
	return !wrong;
}

enum rc serve_config_read(struct serve_config *c, const char *path)
{
	struct reading r = { .c = c };
	int line;

	*c = defaults;
	line = ini_parse(path, take, &r);
	if (line < 0)
		return fail(RC_USAGE, "%s: cannot be read: %s", path, strerror(errno));
	if (line)
		return fail(RC_USAGE, "%s:%d: %s", path, line, r.wrong ? r.wrong : "this is no setting");
	if (!c->authorities[0])
		return fail(RC_USAGE, "%s: section [directory] needs \"authorities\": a file that says whose signatures make a snapshot good", path);
	if (!c->certificate[0] != !c->key[0])
		return fail(RC_USAGE, "%s: \"certificate\" and \"key\" go together", path);
	qsort(c->market, c->market_count, sizeof(c->market[0]), by_address);
	return RC_OK;
}
