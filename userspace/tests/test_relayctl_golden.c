// SPDX-License-Identifier: MIT
/*
 * What relayctl prints, compared with files; every JSON key must be described
 * in relayctl-json(5). To accept a change: CELLRELAY_GOLDEN_UPDATE=1.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include "relayctl_mock.h"	/* before cmocka.h, which makes a macro of fail */
#include <cmocka.h>

#include <jansson.h>
#include <linux/cellrelay.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN	"userspace/tests/golden/relayctl"
#define NETWORK	GOLDEN "/network.snapshot"
#define SEED	"0101010101010101010101010101010101010101010101010101010101010101"
#define SCHEMA	"docs/man/relayctl-json.5.scd"

/**
 * struct golden - one run and the file it must equal
 * @file: its name; .json or .txt
 * @words: command line
 * @circuits: circuits in the mock
 * @set: changes the mock further
 * @rc: expected exit status
 */
struct golden {
	const char *file;
	const char *words[12];
	unsigned int circuits;
	void (*set)(void);
	enum rc rc;
};

static void gap(void)
{
	mock.gap = true;
}

static void overrun(void)
{
	mock.overrun = true;
}

static void interrupted(void)
{
	mock.interrupt = true;
}

static void refuse_link_new(void)
{
	mock.refuse_cmd = CELLRELAY_CMD_LINK_NEW;
}

static const struct golden goldens[] = {
	{ "show.txt", { "show" }, 2, NULL, RC_OK },
	{ "show.json", { "-jp" }, 2, NULL, RC_OK },
	{ "ns.json", { "-jp", "ns" }, 0, NULL, RC_OK },
	{ "idx-key.json", { "-jp", "ns", "idx-key" }, 0, NULL, RC_OK },
	{ "sock.json", { "-jp", "sock", "show" }, 0, NULL, RC_OK },
	{ "sock-add.json", { "-jp", "sock", "add", "1", "addr", "0.0.0.0", "port", "4000" }, 0, NULL, RC_OK },
	{ "sock-add.txt", { "sock", "add", "addr", "0.0.0.0" }, 0, NULL, RC_OK },
	{ "link.json", { "-jp", "link" }, 0, NULL, RC_OK },
	{ "link-refused.json", { "-jp", "link", "add", "5" }, 0, refuse_link_new, RC_REFUSED },
	{ "circuit.json", { "-jp", "circuit" }, 2, NULL, RC_OK },
	{ "circuit-one.json", { "-j", "circuit", "show", "2" }, 0, NULL, RC_OK },
	{ "circuit-none.json", { "-j", "circuit" }, 0, NULL, RC_OK },
	{ "circuit-interrupted.json", { "-j", "circuit" }, 1, interrupted, RC_OK },
	{ "dev.json", { "-jp", "dev" }, 0, NULL, RC_OK },
	{ "dev.txt", { "dev" }, 0, NULL, RC_OK },
	{ "stats.json", { "-jp", "stats" }, 0, NULL, RC_OK },
	{ "stats.txt", { "stats" }, 0, NULL, RC_OK },
	{ "map.json", { "-jp", "map" }, 0, NULL, RC_OK },
	{ "map.txt", { "map" }, 0, NULL, RC_OK },
	{ "map-this.json", { "-j", "map", "circuits", "netns", "this" }, 0, NULL, RC_OK },
	{ "map-verify.json", { "-j", "map", "verify" }, 1, NULL, RC_OK },
	{ "xdp.json", { "-jp", "xdp" }, 0, NULL, RC_OK },
	{ "xdp.txt", { "xdp", "show" }, 0, NULL, RC_OK },
	{ "load.json", { "-j", "load" }, 0, NULL, RC_OK },
	{ "monitor.txt", { "monitor", "count", "4" }, 1, NULL, RC_OK },
	{ "monitor.json", { "-j", "monitor", "count", "4" }, 1, NULL, RC_OK },
	{ "monitor-gap.txt", { "monitor", "count", "2" }, 1, gap, RC_OK },
	{ "monitor-gap.json", { "-j", "monitor", "count", "2" }, 1, gap, RC_OK },
	{ "monitor-overrun.json", { "-j", "monitor", "count", "2" }, 1, overrun, RC_OK },
	{ "directory-snapshot.json", { "-jp", "directory", "inspect", GOLDEN "/directory.snapshot" }, 0, NULL, RC_OK },
	{ "directory-snapshot.txt", { "directory", "inspect", GOLDEN "/directory.snapshot" }, 0, NULL, RC_OK },
	{ "directory-descriptor.json", { "-jp", "directory", "inspect", GOLDEN "/relay.descriptor" }, 0, NULL, RC_OK },
	{ "directory-descriptor.txt", { "directory", "inspect", GOLDEN "/relay.descriptor" }, 0, NULL, RC_OK },
	{ "directory-verify.json", { "-jp", "directory", "verify", GOLDEN "/directory.snapshot", "authorities",
	  GOLDEN "/authorities", "now", "1767225600", "full" }, 0, NULL, RC_OK },
	{ "directory-verify.txt", { "directory", "verify", GOLDEN "/directory.snapshot", "authorities",
	  GOLDEN "/authorities", "now", "1767225600" }, 0, NULL, RC_OK },
	{ "directory-stale.json", { "-j", "directory", "verify", GOLDEN "/directory.snapshot", "authorities",
	  GOLDEN "/authorities", "now", "1767229200" }, 0, NULL, RC_REFUSED },
	{ "path.json", { "-jp", "path", "explain", "file", NETWORK, "table", "/dev/null", "now", "1767225600",
	  "seed", SEED }, 0, NULL, RC_OK },
	{ "path.txt", { "path", "explain", "file", NETWORK, "table", "/dev/null", "now", "1767225600",
	  "seed", SEED }, 0, NULL, RC_OK },
	{ "offers.json", { "-jp", "offers", "file", NETWORK, "table", "/dev/null", "now", "1767225600",
	  "port", "udp/53" }, 0, NULL, RC_OK },
	{ "offers.txt", { "offers", "file", NETWORK, "table", "/dev/null", "now", "1767225600",
	  "max-price", "300" }, 0, NULL, RC_OK },
	{ "batch.json", { "-jp", "-b", GOLDEN "/batch" }, 1, NULL, RC_PARTIAL },
};

/* What differs from run to run becomes T. */
static void normalise(char *text)
{
	regmatch_t m[2];
	regex_t re;
	char *at = text;

	assert_int_equal(regcomp(&re, "\"time\":\"([0-9.]+)\"", REG_EXTENDED), 0);
	while (regexec(&re, at, 2, m, 0) == 0) {
		at[m[1].rm_so] = 'T';
		memmove(at + m[1].rm_so + 1, at + m[1].rm_eo, strlen(at + m[1].rm_eo) + 1);
		at += m[1].rm_so;
	}
	regfree(&re);
}

static char *slurp(const char *path)
{
	char *text = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "r");

	if (f) {
		if (getdelim(&text, &room, '\0', f) < 0) {
			free(text);
			text = strdup("");
		}
		fclose(f);
	}
	return text;
}

/* Every key in @v stands in the schema as *key*; drop reasons are a list of their own. */
static void described(json_t *v, const char *schema, const char *parent)
{
	char wanted[80];
	const char *key;
	json_t *child;
	size_t i;

	json_array_foreach(v, i, child)
		described(child, schema, parent);
	if (!json_is_object(v))
		return;
	json_object_foreach(v, key, child) {
		if (strcmp(parent, "drops") != 0) {
			snprintf(wanted, sizeof(wanted), "*%s*", key);
			if (!strstr(schema, wanted))
				fail_msg("relayctl-json(5) does not describe \"%s\" (in \"%s\")", key, parent);
		}
		described(child, schema, key);
	}
}

static void valid_json(char *text, const char *file)
{
	char *schema = slurp(SCHEMA), *line, *save = NULL;
	bool lines = strncmp(file, "monitor", 7) == 0;

	assert_non_null(schema);
	for (line = lines ? strtok_r(text, "\n", &save) : text; line;
	     line = lines ? strtok_r(NULL, "\n", &save) : NULL) {
		json_error_t e;
		json_t *v = json_loads(line, JSON_REJECT_DUPLICATES, &e);

		if (!v)
			fail_msg("%s: %s at byte %d", file, e.text, e.position);
		assert_int_equal(json_integer_value(json_object_get(v, "schema")), 1);
		described(v, schema, "");
		json_decref(v);
	}
	free(schema);
}

static void run_golden(void **state)
{
	const struct golden *g = *state;
	char path[256], *want;
	struct ran r;

	mock = (struct mock){ .circuits = g->circuits };
	if (g->set)
		g->set();
	r = relayctl_run(g->words);
	if (r.rc != g->rc)
		fail_msg("%s: exit status %d, not %d: %s", g->file, r.rc, g->rc, r.err);
	normalise(r.out);
	snprintf(path, sizeof(path), GOLDEN "/%s", g->file);
	if (getenv("CELLRELAY_GOLDEN_UPDATE")) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		fputs(r.out, f);
		fclose(f);
	}
	want = slurp(path);
	if (!want)
		fail_msg("no file %s", path);
	assert_string_equal(r.out, want);
	free(want);
	if (strstr(g->file, ".json"))
		valid_json(r.out, g->file);
	ran_free(&r);
}

/* 100 000 circuits: one document, one object each. */
static void many(void **state)
{
	static const char *const words[] = { "-j", "circuit", NULL };
	struct ran r;
	json_t *v;

	(void)state;
	mock = (struct mock){ .circuits = 100000 };
	r = relayctl_run(words);
	assert_int_equal(r.rc, RC_OK);
	v = json_loads(r.out, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(v, "circuits")), 100000);
	json_decref(v);
	ran_free(&r);
}

/* Secrets never appear, whatever is shown. */
static void no_secrets(void **state)
{
	static const char *const words[] = { "-j", "show", NULL };
	struct ran r;

	(void)state;
	mock = (struct mock){ .circuits = 2 };
	r = relayctl_run(words);
	assert_null(strstr(r.out, "a0a1a2a3"));	/* the index key */
	ran_free(&r);
}

int main(void)
{
	enum { N = sizeof(goldens) / sizeof(goldens[0]) };
	struct CMUnitTest tests[N + 2];

	for (int i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = goldens[i].file, .test_func = run_golden,
						.initial_state = (void *)&goldens[i] };
	tests[N] = (struct CMUnitTest){ .name = "100000 circuits stream", .test_func = many };
	tests[N + 1] = (struct CMUnitTest){ .name = "no secrets", .test_func = no_secrets };
	return cmocka_run_group_tests_name("relayctl golden", tests, NULL, NULL);
}
