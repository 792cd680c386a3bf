// SPDX-License-Identifier: MIT
#include "request.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "relayd.h"
#include "tunnel.h"

static json_t *no(const char *why)
{
	return json_pack("{s:b,s:s}", "ok", 0, "error", why);
}

/* What a function says by err() becomes the answer. */
static json_t *result(enum rc rc)
{
	return rc ? no(log_last()) : json_pack("{s:b}", "ok", 1);
}

static json_t *do_up(const json_t *q)
{
	const char *path = json_string_value(json_object_get(q, "path"));

	return path ? result(tunnels_up(path)) : no("\"up\" needs \"path\", names of relays with commas between");
}

static json_t *do_down(const json_t *q)
{
	(void)q;
	tunnels_down();
	return result(RC_OK);
}

static json_t *do_stop(const json_t *q)
{
	relayd_stop(json_is_true(json_object_get(q, "flush")));
	return result(RC_OK);
}

static json_t *do_drain(const json_t *q)
{
	relayd_drain(!json_is_false(json_object_get(q, "on")));
	return result(RC_OK);
}

static json_t *do_status(const json_t *q)
{
	json_t *a = relayd_status();

	(void)q;
	json_object_set_new(a, "ok", json_true());
	return a;
}

static const struct {
	const char *name;
	json_t *(*fn)(const json_t *q);
} requests[] = {
	{ "status", do_status }, { "up", do_up }, { "down", do_down }, { "stop", do_stop },
	{ "drain", do_drain },
};

char *request_answer(const char *line, size_t len)
{
	json_error_t e;
	json_t *q = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e), *a = NULL;
	const char *what = json_string_value(json_object_get(q, "do"));
	char *text = NULL, *whole;
	size_t n;

	if (!q) {
		a = no(e.text);
	} else if (!what) {
		a = no("a request is an object with \"do\"");
	} else {
		for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && !a; i++)
			if (strcmp(what, requests[i].name) == 0)
				a = requests[i].fn(q);
		if (!a)
			a = no("there is no such request");
	}
	json_decref(q);
	text = a ? json_dumps(a, JSON_COMPACT) : NULL;
	json_decref(a);
	if (!text)
		return NULL;
	n = strlen(text);
	whole = realloc(text, n + 2);
	if (!whole) {
		free(text);
		return NULL;
	}
	whole[n] = '\n';
	whole[n + 1] = '\0';
	return whole;
}
