// SPDX-License-Identifier: MIT
#include "request.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fetcher.h"
#include "log.h"
#include "metrics.h"
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

/* What is not said is as configured. */
static const char *take_wish(struct wish *w, const json_t *q)
{
	const json_t *hops = json_object_get(q, "hops"), *country = json_object_get(q, "exit_country");
	const json_t *price = json_object_get(q, "max_price"), *guard = json_object_get(q, "guard");
	const char *wrong;

	if (hops && (!json_is_integer(hops) || json_integer_value(hops) < 1 || json_integer_value(hops) > CR_HOPS_MAX))
		return "\"hops\" is a number from 1 to 8";
	if (country && (!json_is_string(country) || !country_parse(w->country, json_string_value(country))))
		return "\"exit_country\" is two capital letters such as DE";
	if (price && (!json_is_integer(price) || json_integer_value(price) < 0))
		return "\"max_price\" is a price per GiB";
	if (guard && !json_is_string(guard))
		return "\"guard\" is a relay's URI";
	if (guard) {
		wrong = cr_uri_parse(&w->guard, json_string_value(guard), json_string_length(guard));
		if (wrong)
			return wrong;
		w->named = true;
	}
	if (hops)
		w->hops = (unsigned int)json_integer_value(hops);
	if (price)
		w->max_price = (uint64_t)json_integer_value(price);
	return NULL;
}

static json_t *do_up(const json_t *q)
{
	const json_t *path = json_object_get(q, "path");
	struct wish w = conf.wish;
	const char *wrong = take_wish(&w, q), *words = json_string_value(path);

	if (!wrong && path && !words)
		wrong = "\"path\" is names of relays with commas between";
	if (!wrong && words && json_object_get(q, "guard"))
		wrong = "a path names the guard already: \"guard\" is for paths that are chosen";
	if (wrong)
		return no(wrong);
	/* the configured path, unless something is asked of it */
	if (!words && conf.path[0] && memcmp(&w, &conf.wish, sizeof(w)) == 0)
		words = conf.path;
	/* whoever asks may wait for it: the loop must not */
	if (!words && fetcher_hopeful())
		return json_pack("{s:b,s:b,s:s}", "ok", 0, "again", 1, "error",
				 "there is no valid snapshot of the directory yet; see: relayctl status");
	return result(tunnels_up(words, &w));
}

static json_t *do_down(const json_t *q)
{
	(void)q;
	tunnels_down();
	return result(RC_OK);
}

static json_t *do_metrics(const json_t *q)
{
	char *text = metrics_text();
	json_t *a = text ? json_pack("{s:b,s:s}", "ok", 1, "text", text) : no("out of memory");

	(void)q;
	free(text);
	return a;
}

static json_t *do_reload(const json_t *q)
{
	(void)q;
	return result(relayd_reload());
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
	{ "drain", do_drain }, { "reload", do_reload }, { "metrics", do_metrics },
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
