// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "directory/fetch.h"
#include "directory/library.h"

/* What is used of libcurl, as it declares it. */
static struct {
	__typeof__(&curl_easy_init) init;
	__typeof__(&curl_easy_setopt) setopt;
	__typeof__(&curl_easy_perform) perform;
	__typeof__(&curl_easy_getinfo) getinfo;
	__typeof__(&curl_easy_strerror) strerror;
	__typeof__(&curl_easy_cleanup) cleanup;
} curl_easy;

static const char *curl_load(void)
{
	static const struct cr_function functions[] = {
		{ "curl_easy_init", &curl_easy.init }, { "curl_easy_setopt", &curl_easy.setopt },
		{ "curl_easy_perform", &curl_easy.perform }, { "curl_easy_getinfo", &curl_easy.getinfo },
		{ "curl_easy_strerror", &curl_easy.strerror }, { "curl_easy_cleanup", &curl_easy.cleanup },
	};
	static void *handle;

	return cr_library(&handle, "libcurl.so.4", functions, sizeof(functions) / sizeof(functions[0]));
}

/** struct body - what has come so far */
struct body {
	uint8_t *bytes;
	size_t len, room, max;
	bool over;
};

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct body *b = arg;

	n *= size;
	if (n > b->max - b->len) {
		b->over = true;
		return 0;
	}
	if (b->len + n > b->room) {
		size_t room = b->room ? b->room : 65536;
		uint8_t *p;

		while (room < b->len + n)
			room *= 2;
		p = realloc(b->bytes, room);
		if (!p)
			return 0;
		b->bytes = p;
		b->room = room;
	}
	memcpy(b->bytes + b->len, data, n);
	b->len += n;
	return n;
}

/* Plain http shows to everybody on the way who asks for what; on loopback nobody is. */
static bool is_loopback(const char *url)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]", "localhost" };
	const char *host = strstr(url, "://") + 3;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t n = strlen(hosts[i]);

		if (strncmp(host, hosts[i], n) == 0 && (!host[n] || strchr(":/?", host[n])))
			return true;
	}
	return false;
}

const char *cr_fetch_url(const char *url)
{
	const char *host;

	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"'\\`", *p))
			return "it has a blank, a quote, a backslash, or what is not ASCII";
	if (strncmp(url, "https://", 8) != 0 && !(strncmp(url, "http://", 7) == 0 && is_loopback(url)))
		return "only https:// is fetched, and http:// from this machine itself";
	host = strstr(url, "://") + 3;
	if (!strcspn(host, ":/?#"))
		return "it names no host";
	/* http://localhost:1@elsewhere/ is elsewhere; and a password would stand in logs */
	if (memchr(host, '@', strcspn(host, "/?#")))
		return "it has a user name";
	return NULL;
}

/** struct binding - the device to send by, and why that does not go */
struct binding {
	const char *device;
	int error;
};

/* A socket that cannot be bound to the device asked for is not used: its packets would go past the tunnel. */
static int bind_to(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct binding *b = arg;

	(void)purpose;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, b->device, (socklen_t)strlen(b->device) + 1) == 0)
		return CURL_SOCKOPT_OK;
	b->error = errno;
	return CURL_SOCKOPT_ERROR;
}

/* Whether the transfer went well; else @error says why not. */
static bool transfer(CURL *curl, struct body *body, char *error)
{
	char text[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	curl_easy.setopt(curl, CURLOPT_ERRORBUFFER, text);
	code = curl_easy.perform(curl);
	curl_easy.getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	/* its buffer is ours */
	curl_easy.setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	if (body->over || code == CURLE_FILESIZE_EXCEEDED)
		snprintf(error, CR_FETCH_ERROR, "what comes is longer than any snapshot");
	else if (code != CURLE_OK)
		snprintf(error, CR_FETCH_ERROR, "cannot fetch: %s", text[0] ? text : curl_easy.strerror(code));
	else if (status != 200)
		snprintf(error, CR_FETCH_ERROR, "the server answers with status %ld", status);
	else if (!body->len)
		snprintf(error, CR_FETCH_ERROR, "the server answers with nothing");
	else
		return true;
	return false;
}

uint8_t *cr_fetch(const char *url, const struct cr_fetch_how *how, size_t max, size_t *len, char error[CR_FETCH_ERROR])
{
	struct body body = { .max = max };
	struct binding binding = { .device = how && how->device ? how->device : "" };
	const char *why = cr_fetch_url(url);
	CURL *curl;
	bool ok;

	if (why) {
		snprintf(error, CR_FETCH_ERROR, "%s", why);
		return NULL;
	}
	why = curl_load();
	if (why) {
		snprintf(error, CR_FETCH_ERROR, "libcurl is needed for this (package libcurl4): %s", why);
		return NULL;
	}
	curl = curl_easy.init();
	if (!curl) {
		snprintf(error, CR_FETCH_ERROR, "libcurl does not start");
		return NULL;
	}
	curl_easy.setopt(curl, CURLOPT_URL, url);
	curl_easy.setopt(curl, CURLOPT_PROTOCOLS_STR, is_loopback(url) ? "http,https" : "https");
	curl_easy.setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy.setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L);
	/* slower than 1 kB/s for half a minute is broken; how long a slow line takes is its own business */
	curl_easy.setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1000L);
	curl_easy.setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
	curl_easy.setopt(curl, CURLOPT_TIMEOUT, 1800L);
	curl_easy.setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)max);
	curl_easy.setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy.setopt(curl, CURLOPT_WRITEDATA, &body);
	/* no proxy from the environment: whoever sets one up sees who asks */
	curl_easy.setopt(curl, CURLOPT_PROXY, "");
	if (binding.device[0]) {
		curl_easy.setopt(curl, CURLOPT_SOCKOPTFUNCTION, bind_to);
		curl_easy.setopt(curl, CURLOPT_SOCKOPTDATA, &binding);
	}
	if (how && how->ca && how->ca[0])
		curl_easy.setopt(curl, CURLOPT_CAINFO, how->ca);
	ok = transfer(curl, &body, error);
	curl_easy.cleanup(curl);
	if (!ok && binding.error)
		snprintf(error, CR_FETCH_ERROR, "cannot send by device %s: %s", binding.device, strerror(binding.error));
	if (ok) {
		*len = body.len;
		return body.bytes;
	}
	free(body.bytes);
	return NULL;
}
