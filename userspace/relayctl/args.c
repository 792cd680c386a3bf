// SPDX-License-Identifier: MIT
/* Parsing by table: words to values, values to netlink attributes. */
#include "args.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

struct suffix {
	const char *name;
	uint64_t num, den;
};

static const struct suffix rate_suffixes[] = {
	{ "bit", 1, 8 }, { "kbit", 1000, 8 }, { "mbit", 1000000, 8 }, { "gbit", 1000000000, 8 },
	{ "KiB", 1 << 10, 1 }, { "MiB", 1 << 20, 1 }, { "GiB", 1 << 30, 1 }, { "", 1, 1 },
	{ NULL, 0, 0 },
};

static const struct suffix size_suffixes[] = {
	{ "KiB", 1 << 10, 1 }, { "MiB", 1 << 20, 1 }, { "GiB", 1 << 30, 1 },
	{ "TiB", 1ULL << 40, 1 }, { "", 1, 1 },
	{ NULL, 0, 0 },
};

static const struct suffix msec_suffixes[] = {
	{ "ms", 1, 1 }, { "s", 1000, 1 }, { "min", 60000, 1 }, { "", 1, 1 },
	{ NULL, 0, 0 },
};

/* A whole number with a suffix. */
static bool scaled(const char *word, const struct suffix *s, uint64_t *value)
{
	unsigned long long n;
	char *end;

	if (word[0] < '0' || word[0] > '9')
		return false;
	n = strtoull(word, &end, 10);
	for (; s->name; s++) {
		if (strcmp(end, s->name) == 0)
			return !__builtin_mul_overflow(n, s->num, value) && (*value /= s->den, true);
	}
	return false;
}

static bool number(const char *word, uint64_t *value)
{
	char *end;

	if (word[0] < '0' || word[0] > '9')
		return false;
	*value = strtoull(word, &end, 0);
	return *end == '\0' && !(*value == ULLONG_MAX && strlen(word) > 20);
}

static uint64_t width_max(const struct arg *a)
{
	if (a->max)
		return a->max;
	if (a->width == 0 || a->width == 8)
		return UINT64_MAX;
	return (1ULL << (a->width * 8)) - 1;
}

static enum rc bad(const struct arg *a, const char *word, const char *want)
{
	return fail(RC_USAGE, "%s: \"%s\" is not %s", a->name, word, want);
}

static enum rc value(const struct arg *a, struct argval *v, const char *word)
{
	uint64_t max = width_max(a);
	char want[96];
	size_t n;

	v->word = word;
	switch (a->kind) {
	case ARG_FLAG:
		return RC_OK;
	case ARG_WORD:
	case ARG_FILE:
		return *word ? RC_OK : bad(a, word, "a name");
	case ARG_UINT:
		snprintf(want, sizeof(want), "a number from %" PRIu64 " to %" PRIu64, a->min, max);
		if (!number(word, &v->num) || v->num < a->min || v->num > max)
			return bad(a, word, want);
		return RC_OK;
	case ARG_RATE:
	case ARG_SIZE:
		v->num = UNLIMITED;
		if (strcmp(word, "unlimited") == 0)
			return RC_OK;
		if (!scaled(word, a->kind == ARG_RATE ? rate_suffixes : size_suffixes, &v->num) ||
		    v->num == UNLIMITED)
			return bad(a, word, a->kind == ARG_RATE ?
				   "a rate: bytes/s, or with bit, kbit, mbit, gbit, KiB, MiB, GiB; or \"unlimited\"" :
				   "a size: bytes, or with KiB, MiB, GiB, TiB; or \"unlimited\"");
		return RC_OK;
	case ARG_MSEC:
		if (!scaled(word, msec_suffixes, &v->num) || v->num > max)
			return bad(a, word, "a time: milliseconds, or with ms, s, min");
		return RC_OK;
	case ARG_CHOICE:
		want[n = 0] = '\0';
		for (const struct choice *c = a->choices; c->name; c++) {
			if (strcmp(word, c->name) == 0) {
				v->num = c->value;
				return RC_OK;
			}
			n += snprintf(want + n, sizeof(want) - n, "%s%s", n ? ", " : "one of ", c->name);
			if (n >= sizeof(want))
				n = sizeof(want) - 1;
		}
		return bad(a, word, want);
	case ARG_ADDR:
		return addr_parse(word, &v->addr) ? RC_OK : bad(a, word, "an IPv4 or IPv6 address");
	case ARG_ADDR4:
		return addr_parse(word, &v->addr) && v->addr.len == 4 ? RC_OK :
		       bad(a, word, "an IPv4 address");
	case ARG_ADDR6:
		return addr_parse(word, &v->addr) && v->addr.len == 16 ? RC_OK :
		       bad(a, word, "an IPv6 address");
	case ARG_ENDPOINT:
		return addr_endpoint(word, &v->addr) ? RC_OK :
		       bad(a, word, "an address and port such as 192.0.2.1:4000 or [2001:db8::1]:4000");
	case ARG_IFACE:
		if (strcmp(word, "none") == 0)
			v->num = 0;
		else if (!opt.check && (v->num = if_nametoindex(word)) == 0)
			return bad(a, word, "a network device of this namespace");
		return RC_OK;
	case ARG_IFNAME:
		return *word && strlen(word) < IFNAMSIZ && !strpbrk(word, "/ \t") ? RC_OK :
		       bad(a, word, "a device name of 1 to 15 characters");
	}
	return RC_USAGE;
}

int args_find(const struct arg *args, const char *word, bool quiet)
{
	size_t len = strlen(word);
	int found = -1;

	if (!args || !len)
		return -1;
	for (int i = 0; args[i].name; i++)
		if (strcmp(args[i].name, word) == 0)
			return i;
	for (int i = 0; args[i].name; i++) {
		if (strncmp(args[i].name, word, len) != 0)
			continue;
		if (found >= 0) {
			if (!quiet)
				err("\"%s\" could be \"%s\" or \"%s\"", word, args[found].name,
				    args[i].name);
			return -2;
		}
		found = i;
	}
	return found;
}

static bool names_exactly(const struct arg *args, const char *word)
{
	int i = args_find(args, word, true);

	return i >= 0 && strcmp(args[i].name, word) == 0;
}

static enum rc unknown(const struct object *o, const struct verb *verb, const char *word)
{
	if (word[0] == '-')
		return fail(RC_USAGE, "\"%s\": options come before the object, as in: relayctl %s %s",
			    word, word, o->name);
	return fail(RC_USAGE, "\"%s\" is no argument of \"%s%s%s\"; see: relayctl help %s", word,
		    o->name, verb->name ? " " : "", verb->name ? verb->name : "", o->name);
}

enum rc args_parse(const struct object *o, const struct verb *verb, int argc, char *const *argv,
		   struct argval *v)
{
	static const struct arg none;
	const struct arg *args = verb->args ? verb->args : &none;
	enum rc rc;

	memset(v, 0, ARGS_MAX * sizeof(*v));
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		int n;

		if (i == 0 && args[0].name && (args[0].flags & ARG_POS) && !names_exactly(args, word) &&
		    word[0] != '-') {
			n = 0;
		} else {
			/* "--hops 3" as well as "hops 3" */
			n = args_find(args, strncmp(word, "--", 2) == 0 ? word + 2 : word, false);
			if (n == -2)
				return RC_USAGE;
			if (n < 0)
				return unknown(o, verb, word);
			if (args[n].kind != ARG_FLAG) {
				if (i + 1 >= argc)
					return fail(RC_USAGE, "\"%s\" wants a value: %s", args[n].name,
						    args[n].meta);
				word = argv[++i];
			}
		}
		if (v[n].set && !(args[n].flags & ARG_MULTI))
			return fail(RC_USAGE, "\"%s\" is given twice", args[n].name);
		rc = value(&args[n], &v[n], word);
		if (rc)
			return rc;
		if (args[n].flags & ARG_MULTI) {
			if (v[n].count == ARG_MULTI_MAX)
				return fail(RC_USAGE, "\"%s\" may come %d times at most", args[n].name,
					    ARG_MULTI_MAX);
			v[n].words[v[n].count++] = word;
		}
		v[n].set = true;
	}
	for (int i = 0; args[i].name; i++)
		if ((args[i].flags & ARG_REQ) && !v[i].set)
			return fail(RC_USAGE, "\"%s%s%s\" needs \"%s%s%s\": %s", o->name,
				    verb->name ? " " : "", verb->name ? verb->name : "",
				    args[i].name, args[i].meta ? " " : "",
				    args[i].meta ? args[i].meta : "", args[i].help);
	return RC_OK;
}

static int put_number(struct nl_msg *msg, const struct arg *a, uint64_t num)
{
	switch (a->width) {
	case 0:
		return nla_put_flag(msg, a->attr);
	case 1:
		return nla_put_u8(msg, a->attr, num);
	case 2:
		return nla_put_u16(msg, a->attr, num);
	case 4:
		return nla_put_u32(msg, a->attr, num);
	default:
		return nla_put_u64(msg, a->attr, num);
	}
}

enum rc args_put(struct nl_msg *msg, const struct arg *args, const struct argval *v)
{
	int ret = 0;

	for (int i = 0; args && args[i].name && ret == 0; i++) {
		const struct arg *a = &args[i];

		if (!a->attr || !v[i].set)
			continue;
		switch (a->kind) {
		case ARG_ADDR:
		case ARG_ADDR4:
		case ARG_ADDR6:
		case ARG_ENDPOINT:
			ret = nla_put(msg, a->attr, v[i].addr.len, v[i].addr.bytes);
			if (ret == 0 && a->attr_port)
				ret = nla_put_u16(msg, a->attr_port, v[i].addr.port);
			break;
		default:
			ret = put_number(msg, a, v[i].num);
			break;
		}
	}
	return ret ? fail(RC_USAGE, "the request is too long for one message") : RC_OK;
}

const char *args_attr_name(const struct arg *args, unsigned int attr)
{
	for (; args && args->name; args++)
		if (attr && args->attr && (args->attr == attr || args->attr_port == attr))
			return args->name;
	return NULL;
}

const struct object *args_object(const char *word)
{
	const struct object *found = NULL;
	size_t len = strlen(word);

	for (int i = 0; objects[i]; i++)
		if (strcmp(objects[i]->name, word) == 0 ||
		    (objects[i]->alias && strcmp(objects[i]->alias, word) == 0))
			return objects[i];
	for (int i = 0; objects[i] && len; i++) {
		if (strncmp(objects[i]->name, word, len) != 0)
			continue;
		if (found) {
			err("\"%s\" could be \"%s\" or \"%s\"", word, found->name, objects[i]->name);
			return NULL;
		}
		found = objects[i];
	}
	if (!found)
		err("there is no object \"%s\"; see: relayctl help", word);
	return found;
}

const struct verb *args_verb(const struct object *o, const char *word)
{
	const struct verb *found = NULL;
	size_t len = strlen(word);

	for (const struct verb *v = o->verbs; v->run; v++)
		if (v->name && strcmp(v->name, word) == 0)
			return v;
	for (const struct verb *v = o->verbs; v->run && len; v++) {
		if (!v->name || strncmp(v->name, word, len) != 0)
			continue;
		if (found) {
			err("\"%s\" could be \"%s\" or \"%s\"", word, found->name, v->name);
			return NULL;
		}
		found = v;
	}
	if (!found && word[0] == '-')
		err("\"%s\": options come before the object, as in: relayctl %s %s", word, word, o->name);
	else if (!found)
		err("\"%s\" has no verb \"%s\"; see: relayctl help %s", o->name, word, o->name);
	return found;
}

/* ------------------------------------------------------------------ usage */

void args_usage_verb(FILE *f, const struct object *o, const struct verb *verb)
{
	fprintf(f, "relayctl %s%s%s", o->name, verb->name ? " " : "", verb->name ? verb->name : "");
	for (const struct arg *a = verb->args; a && a->name; a++) {
		bool req = a->flags & ARG_REQ;

		fprintf(f, " %s%s%s%s%s%s%s%s", req ? "" : "[",
			a->flags & ARG_POS ? "[" : "", a->name, a->flags & ARG_POS ? "]" : "",
			a->kind == ARG_FLAG ? "" : " ", a->kind == ARG_FLAG ? "" : a->meta,
			req ? "" : "]", a->flags & ARG_MULTI ? "..." : "");
	}
	fprintf(f, "\n    %s\n", verb->help);
	for (const struct arg *a = verb->args; a && a->name; a++) {
		fprintf(f, "      %-14s %s", a->name, a->help);
		if (a->kind == ARG_CHOICE) {
			fputs(" (", f);
			for (const struct choice *c = a->choices; c->name; c++)
				fprintf(f, "%s%s", c == a->choices ? "" : "|", c->name);
			fputc(')', f);
		}
		fputc('\n', f);
	}
}

void args_usage_object(FILE *f, const struct object *o)
{
	for (const struct verb *v = o->verbs; v->run; v++)
		args_usage_verb(f, o, v);
}

void args_usage_all(FILE *f)
{
	fputs("usage: relayctl [OPTION...] OBJECT [VERB] [ARGUMENT...]\n\n"
	      "objects:\n", f);
	for (int i = 0; objects[i]; i++)
		fprintf(f, "  %-10s %s\n", objects[i]->name, objects[i]->help);
	fputs("\noptions:\n"
	      "  -j, --json       one JSON document on stdout, see relayctl-json(5)\n"
	      "  -p, --pretty     indent it\n"
	      "  -n, --netns NAME act in the network namespace /run/netns/NAME\n"
	      "  -b, --batch FILE a command per line; - is stdin\n"
	      "      --force      a batch goes on after a failure\n"
	      "      --check      look at the command line, or batch, and the key files only\n"
	      "  -t, --timestamp  monitor: seconds since 1970 before each event\n"
	      "  -ts, --tshort    monitor: date and time before each event\n"
	      "  -V, --version    version\n"
	      "  -h, --help       this text; help OBJECT says more\n"
	      "\nObjects, verbs and arguments may be shortened while they stay unambiguous.\n"
	      "Exit status: 0 done, 1 usage, 2 refused, 3 not running, 4 part of a batch failed.\n", f);
}
