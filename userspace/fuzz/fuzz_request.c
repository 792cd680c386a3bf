// SPDX-License-Identifier: MIT
/* Requests of relayctl to relayd: any line gets one answer, which is one line of JSON with "ok". */
#include <jansson.h>
#include <string.h>

#include "config.h"
#include "fetcher.h"
#include "fuzz.h"
#include "log.h"
#include "metrics.h"
#include "relayd.h"
#include "request.h"
#include "tunnel.h"

/* What a request sets off, here nothing. */
static char said[64];

const char *log_last(void)
{
	return said;
}

enum rc tunnels_up(const char *path, const struct wish *w)
{
	snprintf(said, sizeof(said), "%.20s%u%.2s", path ? path : "", w->hops, w->country);
	return strlen(said) % 2 ? RC_OK : RC_USAGE;
}

struct config conf;

bool country_parse(char out[3], const char *word)
{
	snprintf(out, 3, "%s", word);
	return strlen(word) == 2;
}

enum rc relayd_reload(void)
{
	return RC_OK;
}

const char *cr_uri_parse(struct cr_uri *u, const char *text, size_t len)
{
	memset(u, 0, sizeof(*u));
	return len && text[0] == 'c' ? NULL : "it is none";
}

bool fetcher_hopeful(void)
{
	return strlen(said) % 3 == 2;
}

char *metrics_text(void)
{
	return strdup("a 1\n");
}

void tunnels_down(void)
{
}

void relayd_stop(bool flush)
{
	(void)flush;
}

void relayd_drain(bool on)
{
	(void)on;
}

json_t *relayd_status(void)
{
	return json_object();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1), *answer;
	const char *end;
	json_t *a;

	fuzz_assert(copy);
	memcpy(copy, data, size);
	answer = request_answer(copy, size);
	fuzz_assert(answer);
	end = strchr(answer, '\n');
	fuzz_assert(end && !end[1]);
	a = json_loads(answer, 0, NULL);
	fuzz_assert(a && json_is_boolean(json_object_get(a, "ok")));
	fuzz_assert(json_is_true(json_object_get(a, "ok")) || json_is_string(json_object_get(a, "error")));
	json_decref(a);
	free(answer);
	free(copy);
	return 0;
}
