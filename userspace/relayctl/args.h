/* SPDX-License-Identifier: MIT */
/*
 * Arguments as tables: one table per verb gives the parser, the usage text,
 * the completion, the netlink attributes and the names in the kernel's
 * refusals.
 */
#ifndef RELAYCTL_ARGS_H
#define RELAYCTL_ARGS_H

#include "netlink/endpoint.h"
#include "relayctl.h"

struct nl_msg;

enum arg_kind {
	ARG_FLAG,	/* a word without a value */
	ARG_UINT,	/* integer, 0x allowed; within min..max */
	ARG_ADDR,	/* IPv4 or IPv6 address */
	ARG_ADDR4,
	ARG_ADDR6,
	ARG_ENDPOINT,	/* 192.0.2.1:4000, [2001:db8::1]:4000 */
	ARG_RATE,	/* bytes/s; suffixes; "unlimited" */
	ARG_SIZE,	/* bytes; suffixes; "unlimited" */
	ARG_MSEC,	/* milliseconds; suffixes ms, s, min */
	ARG_CHOICE,	/* one of choices */
	ARG_WORD,	/* anything */
	ARG_FILE,	/* a file's name, relative to opt.dirfd */
	ARG_IFACE,	/* network device; the value is its index too */
	ARG_IFNAME,	/* name of a network device that need not exist yet */
};

#define ARG_REQ		(1U << 0)	/* must be given */
#define ARG_POS		(1U << 1)	/* its name may be left out when it comes first */
#define ARG_MULTI	(1U << 2)	/* may come up to ARG_MULTI_MAX times */
#define ARG_MULTI_MAX	8
#define ARGS_MAX	24

struct choice {
	const char *name;
	uint64_t value;
};

/**
 * struct arg - one argument of a verb; a table ends with a NULL name
 * @name: the word
 * @kind: how its value is read
 * @flags: ARG_*
 * @attr: netlink attribute it becomes (args_put); 0: none
 * @width: bytes of that attribute for numbers: 1, 2, 4 or 8; 0: NLA_FLAG
 * @attr_port: attribute of an endpoint's port (u16, host order)
 * @min: smallest number
 * @max: largest number; 0: what @width holds
 * @choices: ARG_CHOICE
 * @meta: its value in the usage text
 * @help: one line
 * @complete: object whose ids complete it ("link"), or NULL
 */
struct arg {
	const char *name;
	enum arg_kind kind;
	unsigned int flags;
	uint16_t attr;
	uint16_t width;
	uint16_t attr_port;
	uint64_t min;
	uint64_t max;
	const struct choice *choices;
	const char *meta;
	const char *help;
	const char *complete;
};

/** struct argval - a parsed argument; same index as its table */
struct argval {
	bool set;
	uint64_t num;
	struct addr addr;
	const char *word;
	const char *words[ARG_MULTI_MAX];
	struct addr addrs[ARG_MULTI_MAX];
	unsigned int count;
};

struct verb {
	const char *name;	/* NULL: the object itself is the verb */
	enum rc (*run)(const struct verb *verb, const struct argval *v);
	const struct arg *args;	/* NULL: none */
	const char *help;
	bool checks;	/* runs under --check too, looking at its files only */
};

/**
 * struct object - what relayctl's first word names
 * @name: the word
 * @alias: another one, or NULL
 * @verbs: ends with run == NULL
 * @fallback: index of the verb when none is given; -1: one must be given
 * @help: one line
 */
struct object {
	const char *name;
	const char *alias;
	const struct verb *verbs;
	int fallback;
	const char *help;
};

extern const struct object *const objects[];	/* ends with NULL */

#define UNLIMITED	UINT64_MAX

/* Parse @argc words into @v (ARGS_MAX of them, zeroed here). */
enum rc args_parse(const struct object *o, const struct verb *verb, int argc, char *const *argv,
		   struct argval *v);
/* Append what is set and has an attribute. Return: 0, or RC_USAGE when it does not fit. */
enum rc args_put(struct nl_msg *msg, const struct arg *args, const struct argval *v);
/* Name of the argument that became attribute @attr, or NULL. */
const char *args_attr_name(const struct arg *args, unsigned int attr);

/* Abbreviations: the object or verb that @word names. Prints why not. */
const struct object *args_object(const char *word);
const struct verb *args_verb(const struct object *o, const char *word);

void args_usage_all(FILE *f);
void args_usage_object(FILE *f, const struct object *o);
void args_usage_verb(FILE *f, const struct object *o, const struct verb *verb);

/* For completion: position of the argument that @word names exactly or shortens; -1. */
int args_find(const struct arg *args, const char *word, bool quiet);

#endif /* RELAYCTL_ARGS_H */
