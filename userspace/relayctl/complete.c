// SPDX-License-Identifier: MIT
/* relayctl complete: candidates for the last word, from the tables; for completion.bash. */
#include <linux/cellrelay.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "object.h"

static const char *const options[] = {
	"-j", "--json", "-p", "--pretty", "-n", "--netns", "-b", "--batch", "--force", "--check", "-t",
	"--timestamp", "-ts", "--tshort", "-V", "--version", "-h", "--help", NULL,
};

static void offer(const char *candidate, const char *word)
{
	if (strncmp(candidate, word, strlen(word)) == 0)
		fprintf(opt.out, "%s\n", candidate);
}

static enum rc offer_id(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[2];
	char text[16];

	/* id is attribute 1 of every object */
	if (genlmsg_parse(nlh, 0, tb, 1, NULL) == 0 && tb[1]) {
		snprintf(text, sizeof(text), "%u", kn_u32(tb, 1, 0));
		offer(text, arg);
	}
	return RC_OK;
}

/* Ids that exist. Silent when the kernel has no answer. */
static void offer_ids(const char *object, const char *word)
{
	uint8_t cmd = strcmp(object, "sock") == 0 ? CELLRELAY_CMD_SOCK_GET :
		      strcmp(object, "link") == 0 ? CELLRELAY_CMD_LINK_GET : CELLRELAY_CMD_CIRC_GET;
	struct nl_msg *msg;
	enum rc rc;

	if (strcmp(object, "dev") == 0 || kn_probe(NULL))
		return;
	msg = kn_new(cmd, &rc);
	if (msg)
		kn_dump(msg, offer_id, (void *)word, NULL);
}

static void offer_value(const struct arg *a, const char *word)
{
	if (a->kind == ARG_CHOICE)
		for (const struct choice *c = a->choices; c->name; c++)
			offer(c->name, word);
	else if (a->kind == ARG_RATE || a->kind == ARG_SIZE)
		offer("unlimited", word);
	else if (a->kind == ARG_FILE)
		fputs("@file\n", opt.out);	/* the shell knows files */
	else if (a->kind == ARG_IFACE || (a->complete && strcmp(a->complete, "dev") == 0))
		fputs("@device\n", opt.out);
	else if (a->complete)
		offer_ids(a->complete, word);
}

static const struct object *object_of(const char *word)
{
	for (int i = 0; objects[i]; i++)
		if (strcmp(objects[i]->name, word) == 0)
			return objects[i];
	return NULL;
}

static const struct verb *verb_of(const struct object *o, const char *word)
{
	for (const struct verb *v = o->verbs; v->run; v++)
		if (v->name && strcmp(v->name, word) == 0)
			return v;
	return NULL;
}

/* @word: words behind "relayctl"; the last, maybe empty, is to be completed. */
void complete_words(int n, char *const *word)
{
	const char *last = n ? word[n - 1] : "";
	const struct object *o;
	const struct verb *verb;
	bool given[ARGS_MAX] = { false };
	int i = 0;

	while (i < n - 1 && word[i][0] == '-') {
		bool takes = strcmp(word[i], "-n") == 0 || strcmp(word[i], "--netns") == 0 ||
			     strcmp(word[i], "-b") == 0 || strcmp(word[i], "--batch") == 0;

		if (takes && i == n - 2) {
			fputs(strchr("n-", word[i][1]) && !strstr(word[i], "batch") ? "@netns\n" : "@file\n",
			      opt.out);
			return;
		}
		i += takes ? 2 : 1;
	}
	if (i >= n - 1) {
		if (last[0] == '-')
			for (int j = 0; options[j]; j++)
				offer(options[j], last);
		else
			for (int j = 0; objects[j]; j++)
				offer(objects[j]->name, last);
		return;
	}
	o = object_of(word[i++]);
	if (!o)
		return;
	if (o == &obj_help) {
		for (int j = 0; objects[j]; j++)
			offer(objects[j]->name, last);
		return;
	}
	verb = &o->verbs[0];
	if (verb->name) {
		if (i == n - 1) {
			for (; verb->run; verb++)
				offer(verb->name, last);
			offer("help", last);
			return;
		}
		verb = verb_of(o, word[i++]);
	}
	if (!verb || !verb->args)
		return;
	for (bool first = true; i < n - 1; i++, first = false) {
		int a = args_find(verb->args, word[i], true);

		if (a < 0 && first && (verb->args[0].flags & ARG_POS)) {
			given[0] = true;
			continue;
		}
		if (a < 0)
			return;
		given[a] = !(verb->args[a].flags & ARG_MULTI);
		if (verb->args[a].kind == ARG_FLAG)
			continue;
		if (++i == n - 1) {
			offer_value(&verb->args[a], last);
			return;
		}
	}
	for (int a = 0; verb->args[a].name; a++)
		if (!given[a])
			offer(verb->args[a].name, last);
}

static enum rc complete(const struct verb *verb, const struct argval *v)
{
	(void)verb;
	(void)v;
	return fail(RC_USAGE, "complete: give the words behind \"--\", as in: relayctl complete -- sock a");
}

static const struct verb verbs[] = {
	{ .run = complete, .help = "candidates for the last word behind --; for shells" },
	{ .name = NULL },
};

const struct object obj_complete = { "complete", NULL, verbs, 0, "candidates for the shell's completion" };
