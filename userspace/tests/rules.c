// SPDX-License-Identifier: MIT
/*
 * Rulesets from the command line, for the network suites, which load them and
 * send packets:
 *
 *	cr-rules exit DEVICE POOL4 POOL6 [rule "TEXT"]... [flows N] [each N] [dns]
 *		[private] [market ADDRESS:PORT]... [source INNER OUTER]... [free INNER]...
 *	cr-rules exit-source add|delete INNER OUTER
 *	cr-rules killswitch DEVICE MARK PORT [guard ADDRESS:PORT]... [allow PREFIX]... [cgroup PATH]
 *	cr-rules killswitch-guard add|delete ADDRESS:PORT
 *	cr-rules exit-remove|killswitch-remove
 *
 * The text goes to standard output; behind "load" as first word it is loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/killswitch.h"
#include "exit/ruleset.h"
#include "nft/apply.h"

#define MANY	64

static char text[CR_EXIT_TEXT_MAX];

static int die(const char *what, const char *word)
{
	fprintf(stderr, "cr-rules: %s%s%s\n", what, word ? ": " : "", word ? word : "");
	exit(1);
}

static struct cr_prefix prefix(const char *word)
{
	struct cr_prefix p;

	if (!word || !cr_prefix_parse(&p, word))
		die("this is no prefix or address", word);
	return p;
}

static struct cr_address address(const char *word)
{
	struct cr_address a;

	if (!word || !cr_address_parse(&a, word))
		die("this is no address and port", word);
	return a;
}

static const char *exit_rules(char **w)
{
	static struct cr_exit_source sources[MANY];
	static struct cr_address market[MANY];
	static struct cr_rule rules[CR_RULES_MAX];
	static struct cr_prefix free_inner[MANY];
	struct cr_exit e = { .rules = rules, .market = market, .sources = sources, .free = free_inner };

	if (!w[0] || !w[1] || !w[2])
		die("exit wants a device and two pools", NULL);
	e.device = *w++;
	e.pool4 = prefix(*w++);
	e.pool6 = prefix(*w++);
	for (; *w; w++) {
		if (strcmp(*w, "rule") == 0) {
			if (!w[1] || e.rule_count == CR_RULES_MAX || !cr_rule_parse(&rules[e.rule_count++], *++w))
				die("this is no rule", *w);
		} else if (strcmp(*w, "flows") == 0) {
			e.flows_max = (uint32_t)atoi(w[1] ? *++w : "0");
		} else if (strcmp(*w, "each") == 0) {
			e.flows_each = (uint32_t)atoi(w[1] ? *++w : "0");
		} else if (strcmp(*w, "dns") == 0) {
			e.dns = true;
		} else if (strcmp(*w, "private") == 0) {
			e.allow_private = true;
		} else if (strcmp(*w, "market") == 0 && e.market_count < MANY) {
			market[e.market_count++] = address(*++w);
		} else if (strcmp(*w, "source") == 0 && e.source_count < MANY) {
			sources[e.source_count].inner = prefix(*++w);
			sources[e.source_count++].outer = prefix(*++w);
		} else if (strcmp(*w, "free") == 0 && e.free_count < MANY) {
			free_inner[e.free_count++] = prefix(*++w);
		} else {
			die("exit does not know", *w);
		}
	}
	return cr_exit_ruleset(text, sizeof(text), &e);
}

static const char *killswitch_rules(char **w)
{
	static struct cr_prefix allowed[CR_KILLSWITCH_ALLOWED];
	static struct cr_address guards[CR_KILLSWITCH_GUARDS];
	struct cr_killswitch ks = { .guards = guards, .allowed = allowed };

	if (!w[0] || !w[1] || !w[2])
		die("killswitch wants a device, a mark and a port", NULL);
	ks.device = *w++;
	ks.mark = (uint32_t)strtoul(*w++, NULL, 0);
	ks.port = (uint16_t)strtoul(*w++, NULL, 0);
	for (; *w; w++) {
		if (strcmp(*w, "guard") == 0 && ks.guard_count < CR_KILLSWITCH_GUARDS)
			guards[ks.guard_count++] = address(*++w);
		else if (strcmp(*w, "allow") == 0 && ks.allowed_count < CR_KILLSWITCH_ALLOWED)
			allowed[ks.allowed_count++] = prefix(*++w);
		else if (strcmp(*w, "cgroup") == 0)
			ks.cgroup = *++w;
		else
			die("killswitch does not know", *w);
	}
	return cr_killswitch_ruleset(text, sizeof(text), &ks);
}

int main(int argc, char **argv)
{
	bool load = argc > 1 && strcmp(argv[1], "load") == 0;
	char **w = argv + 1 + load, error[4096];
	const char *wrong = NULL;
	const char *what = *w ? *w++ : "";

	if (strcmp(what, "exit") == 0) {
		wrong = exit_rules(w);
	} else if (strcmp(what, "killswitch") == 0) {
		wrong = killswitch_rules(w);
	} else if (strcmp(what, "exit-remove") == 0) {
		strcpy(text, cr_exit_remove_text());
	} else if (strcmp(what, "killswitch-remove") == 0) {
		strcpy(text, cr_killswitch_remove_text());
	} else if (strcmp(what, "killswitch-guard") == 0 && w[0] && w[1]) {
		struct cr_address guard = address(w[1]);

		wrong = cr_killswitch_guard_text(text, sizeof(text), &guard, strcmp(w[0], "add") == 0);
	} else if (strcmp(what, "exit-source") == 0 && w[0] && w[1] && w[2]) {
		struct cr_exit_source source = { prefix(w[1]), prefix(w[2]) };

		wrong = cr_exit_source_text(text, sizeof(text), &source, strcmp(w[0], "add") == 0);
	} else {
		die("see the head of rules.c", NULL);
	}
	if (wrong)
		die(wrong, NULL);
	if (!load)
		fputs(text, stdout);
	else if (!cr_nft_apply(text, error, sizeof(error)))
		die("libnftables refuses", error);
	return 0;
}
