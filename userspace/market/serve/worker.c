// SPDX-License-Identifier: MIT
/* A process that answers. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory/durable.h"
#include "market/api/api.h"
#include "market/http/server.h"
#include "market/issue/keyring.h"
#include "market/serve/serve.h"

#define PEM_MAX		(64U << 10)
#define DRAIN_MS	10000
/* Keys may be rotated beside us: looked at this often. */
#define KEYS_SECONDS	60u

static enum rc read_pem(char **text, const char *path)
{
	size_t len;

	*text = NULL;
	if (!path[0])
		return RC_OK;
	*text = (char *)cr_file_read(path, PEM_MAX, &len);
	return *text ? RC_OK : fail(RC_USAGE, "%s: cannot be read: %s", path, strerror(errno));
}

static enum rc load_keys(struct api *api, const struct serve *s)
{
	struct mkt_keyring *ring;
	char wrong[256] = "";
	enum mkt_verdict v = mkt_keyring_load(&ring, &api->m, s->keys, wrong, sizeof(wrong));

	if (v)
		return fail(RC_REFUSED, "the market's keys in %s: %s %s", s->keys, mkt_verdict_text(v), wrong);
	mkt_keyring_free((struct mkt_keyring *)(uintptr_t)api->m.keys);
	api->m.keys = ring;
	return RC_OK;
}

static enum rc loop(struct http_server *server, struct api *api, const struct serve *s)
{
	uint64_t keys_at = api->m.clock(api->m.clock_context) + KEYS_SECONDS;
	int left = DRAIN_MS;
	bool ending = false;

	while (!ending || (http_server_connections(server) && left > 0)) {
		struct pollfd p[2] = { { http_server_fd(server), POLLIN, 0 }, { ending ? -1 : s->signal_fd, POLLIN, 0 } };
		int ms = http_server_timeout(server);

		if (ending) {
			ms = ms < 0 || ms > 100 ? 100 : ms;
			left -= ms;
		} else if (ms < 0 || ms > 1000 * (int)KEYS_SECONDS) {
			ms = 1000 * (int)KEYS_SECONDS;
		}
		if (poll(p, 2, ms) < 0 && errno != EINTR)
			return fail(RC_REFUSED, "cannot wait: %s", strerror(errno));
		http_server_work(server);
		if (p[1].revents) {
			ending = true;
			http_server_drain(server);
		}
		if (api->m.clock(api->m.clock_context) >= keys_at) {
			keys_at += KEYS_SECONDS;
			/* those that are in use stay in use where the new ones cannot be read */
			load_keys(api, s);
		}
	}
	return RC_OK;
}

enum rc serve_worker(const struct serve *s)
{
	struct http_config config = { .listen_fd = s->listen_fd, .limits = http_limits_default, .log = stderr };
	struct api api = { .shelf = s->shelf, .trust = s->trust };
	struct http_api http = { .routes = api_routes, .context = &api };
	char error[HTTP_SERVER_ERROR], *certificate, *key;
	struct http_server *server = NULL;
	struct db *db;
	enum rc rc;

	api.private = s->config->params.constraints & CR_ALLOW_PRIVATE;
	config.forwarded = s->config->forwarded[0] ? s->config->forwarded : NULL;
	if (db_open(&db, s->db, 0) || mkt_attach(&api.m, db, false)) {
		rc = fail(RC_REFUSED, "%s: %s", s->db, db_message(db));
		db_close(db);
		return rc;
	}
	rc = load_keys(&api, s);
	http.rates = http_rates_new(http_rates_default);
	if (!rc && !http.rates)
		rc = fail(RC_REFUSED, "out of memory");
	rc = rc ? rc : read_pem(&certificate, s->config->certificate);
	rc = rc ? rc : read_pem(&key, s->config->key);
	if (!rc) {
		config.certificate = certificate;
		config.key = key;
		server = http_server_new(&config, &http, error);
		/* the server has read it */
		if (key)
			sodium_memzero(key, strlen(key));
		free(key);
		free(certificate);
		if (!server)
			rc = fail(RC_REFUSED, "%s", error);
	}
	if (!rc)
		rc = loop(server, &api, s);
	http_server_free(server);
	http_rates_free(http.rates);
	api_close(&api);
	mkt_keyring_free((struct mkt_keyring *)(uintptr_t)api.m.keys);
	db_close(db);
	return rc;
}
