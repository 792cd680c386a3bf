// SPDX-License-Identifier: MIT
/* relayctl -b: a command per line, # comments, "quotes" around words. */
#include "batch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"

#define WORDS_MAX	64

/* Cuts @line into words, in place. Return: their number, or -1 after a message. */
static int words(char *line, char **word)
{
	int n = 0;
	char *s = line;

	for (;;) {
		s += strspn(s, " \t\r\n");
		if (!*s || *s == '#')
			return n;
		if (n == WORDS_MAX) {
			err("more than %d words", WORDS_MAX);
			return -1;
		}
		if (*s == '"') {
			word[n++] = ++s;
			s = strchr(s, '"');
			if (!s || (s[1] && !strchr(" \t\r\n", s[1]))) {
				err("a \" is not closed, or something follows it");
				return -1;
			}
		} else {
			word[n++] = s;
			s += strcspn(s, " \t\r\n");
		}
		if (*s)
			*s++ = '\0';
	}
}

static enum rc run_all(FILE *f, const char *name)
{
	unsigned int good = 0, bad = 0, line_no = 0;
	char *line = NULL, *word[WORDS_MAX];
	enum rc rc = RC_OK;
	size_t room = 0;

	while (getline(&line, &room, f) >= 0 && (!bad || opt.force)) {
		enum rc one;
		int n;

		err_at(name, ++line_no);
		n = words(line, word);
		if (n == 0)
			continue;
		if (opt.json && !opt.check) {
			json_open(NULL, '{');
			json_u64("line", line_no);
		}
		one = n < 0 ? RC_USAGE : run_words(n, word);
		if (opt.json && !opt.check) {
			json_u64("status", one);
			json_close();
		}
		if (one) {
			bad++;
			rc = rc ? rc : one;
		} else {
			good++;
		}
	}
	if (ferror(f))
		rc = fail(RC_USAGE, "cannot read on: %s", strerror(errno));
	free(line);
	err_at(NULL, 0);
	if (bad && good) {
		rc = RC_PARTIAL;
		err("%s: %u command%s done, %u failed%s", name, good, good == 1 ? "" : "s", bad,
		    opt.force ? "" : ", the rest not tried");
	}
	return rc;
}

enum rc batch_run(const char *path)
{
	bool in = strcmp(path, "-") == 0;
	char *copy = strdup(path);
	FILE *f = in ? stdin : fopen(path, "re");
	enum rc rc;

	if (!f || !copy) {
		free(copy);
		return fail(RC_USAGE, "cannot open batch %s: %s", path, strerror(errno));
	}
	/* files named in a batch are beside it, wherever it is run from */
	if (!in) {
		opt.dirfd = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (opt.dirfd < 0)
			opt.dirfd = AT_FDCWD;
	}
	if (opt.json && !opt.check) {
		json_doc_begin();
		json_open("results", '[');
	}
	rc = run_all(f, in ? "stdin" : path);
	if (opt.json && !opt.check) {
		json_close();
		json_doc_end();
	}
	if (!in)
		fclose(f);
	if (opt.dirfd != AT_FDCWD)
		close(opt.dirfd);
	free(copy);
	return rc;
}
