// SPDX-License-Identifier: MIT
/* The server over real sockets on loopback; server and clients take turns in one thread. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "http_client.h"

#define BIG	(8U << 20)

static struct http_api api;
static struct http_config config;
static char *log_text;
static size_t log_len;

static void hello(const struct http_request *q, struct http_answer *a)
{
	(void)q;
	http_answer_json(a, 200, json_pack("{s:s}", "hello", "world"));
	strcpy(a->etag, "\"h\"");
}

static void big(const struct http_request *q, struct http_answer *a)
{
	(void)q;
	http_answer_blob(a, HTTP_BYTES, http_blob_malloced(calloc(1, BIG), BIG));
}

static void count(const struct http_request *q, struct http_answer *a)
{
	http_answer_json(a, 200, json_pack("{s:I}", "got", (json_int_t)q->body_len));
}

static const struct http_route routes[] = {
	{ .method = HTTP_GET, .pattern = "/hello", .handler = hello, .class = HTTP_CLASS_READ },
	{ .method = HTTP_GET, .pattern = "/hello/{name}", .handler = hello, .class = HTTP_CLASS_READ },
	{ .method = HTTP_GET, .pattern = "/big", .handler = big, .class = HTTP_CLASS_BULK },
	{ .method = HTTP_POST, .pattern = "/count", .handler = count, .takes = HTTP_TAKES_BYTES, .body_max = 1 << 20, .class = HTTP_CLASS_WRITE },
	{ 0 },
};

static int prepare(void **state)
{
	(void)state;
	api = (struct http_api){ .routes = routes };
	config = (struct http_config){ .limits = http_limits_default };
	config.log = open_memstream(&log_text, &log_len);
	return !config.log;
}

static void start(void)
{
	char error[HTTP_SERVER_ERROR];

	config.listen_fd = http_listen("127.0.0.1", 0, error);
	if (config.listen_fd < 0)
		fail_msg("%s", error);
	port = http_listen_port(config.listen_fd);
	server = http_server_new(&config, &api, error);
	if (!server)
		fail_msg("%s", error);
}

static int end(void **state)
{
	(void)state;
	http_server_free(server);
	server = NULL;
	http_rates_free(api.rates);
	if (config.log)
		fclose(config.log);
	free(log_text);
	log_text = NULL;
	return 0;
}

#define H	" HTTP/1.1\r\nHost: x\r\n"

/* A client is served; one that this slow machine cuts off by the short limits of a test tries again. */
static void served(void)
{
	struct client c;
	unsigned int status;

	do {
		dial(&c);
		status = ask(&c, "GET /hello" H "Connection: close\r\n\r\n");
		hang_up(&c);
	} while (!status);
	assert_int_equal(status, 200);
}

static void test_talk(void **state)
{
	struct client c;

	(void)state;
	start();
	dial(&c);
	assert_int_equal(ask(&c, "GET /hello" H "\r\n"), 200);
	assert_non_null(strstr(c.got, "\r\n\r\n{\"hello\":\"world\"}"));
	assert_non_null(strstr(c.got, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(c.got, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(c.got, "ETag: \"h\"\r\n"));
	/* the same connection goes on */
	assert_int_equal(ask(&c, "GET /hello" H "If-None-Match: \"h\"\r\n\r\n"), 304);
	assert_non_null(strstr(c.got, "ETag: \"h\"\r\n"));
	assert_int_equal(ask(&c, "OPTIONS /hello" H "\r\n"), 204);
	assert_non_null(strstr(c.got, "Allow: GET, HEAD, OPTIONS\r\n"));
	assert_int_equal(ask(&c, "PUT /hello" H "Content-Length: 0\r\n\r\n"), 405);
	assert_int_equal(ask(&c, "GET /nothing" H "\r\n"), 404);
	assert_non_null(strstr(c.got, "{\"error\":{\"code\":\"not_found\""));
	assert_int_equal(ask(&c, "POST /count" H "Content-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\n12345"), 200);
	assert_non_null(strstr(c.got, "{\"got\":5}"));
	assert_false(c.closed);
	assert_int_equal(http_server_connections(server), 1);
	hang_up(&c);
}

static void test_head(void **state)
{
	struct client c;

	(void)state;
	start();
	dial(&c);
	say(&c, "HEAD /hello" H "Connection: close\r\n\r\n", strlen("HEAD /hello" H "Connection: close\r\n\r\n"));
	while (!c.closed)
		turn(&c);
	assert_non_null(strstr(c.got, "HTTP/1.1 200"));
	assert_non_null(strstr(c.got, "Content-Length: 17\r\n"));
	assert_string_equal(strstr(c.got, "\r\n\r\n"), "\r\n\r\n");
	hang_up(&c);
}

/* What is not HTTP gets an error or is cut off, and the next client is served. */
static void test_garbage(void **state)
{
	static const char *const bad[] = {
		"\r\n\r\n\r\n\r\nNONSENSE\r\n\r\n", "GET\r\n\r\n", "GET /hello\r\n\r\n\r\n", "GET /hello HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET /hello HTTP/1.1\r\n\r\n", "POST /count" H "Content-Length: -1\r\n\r\n",
		"POST /count" H "Content-Length: 99999999999999999999\r\n\r\n",
		"POST /count" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"POST /count" H "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
		"GET http://x/hello" H "\r\n", "GET /h\x01llo" H "\r\n", "GET /%zz" H "\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	};
	struct client c;

	(void)state;
	config.limits.request_s = 1;
	start();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned int status;

		dial(&c);
		say(&c, bad[i], strlen(bad[i]));
		shutdown(c.fd, SHUT_WR);
		status = ask(&c, "");
		if (status && (status < 400 || status >= 500) && status != 505)
			fail_msg("%s: %u", bad[i], status);
		hang_up(&c);
		served();
	}
}

static void test_too_large(void **state)
{
	char *text = malloc(3 << 20);
	struct client c;
	int n;

	(void)state;
	start();
	assert_non_null(text);
	/* headers without end */
	dial(&c);
	n = sprintf(text, "GET /hello" H);
	while (n < 100000)
		n += sprintf(text + n, "X-%d: %060d\r\n", n, n);
	n = (int)ask(&c, text);
	assert_true(n == 0 || n == 413 || n == 431);
	hang_up(&c);
	/* a body a little too large is heard out, and the connection lives */
	dial(&c);
	n = sprintf(text, "POST /hello" H "Content-Length: 70000\r\n\r\n");
	memset(text + n, 'x', 70000);
	text[n + 70000] = '\0';
	assert_int_equal(ask(&c, text), 405);
	assert_int_equal(ask(&c, "GET /hello" H "\r\n"), 200);
	/* nor is one waited for by who asks first */
	assert_int_equal(ask(&c, "POST /hello" H "Expect: 100-continue\r\nContent-Length: 7\r\n\r\n"), 405);
	hang_up(&c);
	dial(&c);
	/* one far too large is not waited for */
	assert_int_equal(ask(&c, "POST /count" H "Content-Type: application/octet-stream\r\nContent-Length: 900000000\r\n\r\n"), 413);
	while (!c.closed)
		turn(&c);
	hang_up(&c);
	/* a target longer than any */
	dial(&c);
	n = sprintf(text, "GET /");
	memset(text + n, 'a', 2000);
	sprintf(text + n + 2000, H "\r\n");
	assert_int_equal(ask(&c, text), 414);
	hang_up(&c);
	free(text);
}

/* All bodies together have a bound. */
static void test_body_memory(void **state)
{
	char text[512];
	struct client a, b;

	(void)state;
	config.limits.body_bytes = 1000;
	start();
	dial(&a);
	sprintf(text, "POST /count" H "Content-Type: application/octet-stream\r\nContent-Length: 800\r\n\r\n%0300d", 0);
	say(&a, text, strlen(text));
	/* the first holds its part while the second asks for too much */
	for (int i = 0; i < 5; i++)
		turn(&a);
	dial(&b);
	sprintf(text, "POST /count" H "Content-Type: application/octet-stream\r\nContent-Length: 500\r\n\r\n%0300d", 0);
	say(&b, text, strlen(text));
	sprintf(text, "%0200d", 0);
	assert_int_equal(ask(&b, text), 503);
	assert_non_null(strstr(b.got, "Retry-After: 1\r\n"));
	hang_up(&b);
	sprintf(text, "%0500d", 0);
	assert_int_equal(ask(&a, text), 200);
	assert_non_null(strstr(a.got, "{\"got\":800}"));
	hang_up(&a);
	/* what was held has been given back */
	dial(&b);
	sprintf(text, "POST /count" H "Content-Type: application/octet-stream\r\nContent-Length: 400\r\n\r\n%0400d", 0);
	assert_int_equal(ask(&b, text), 200);
	hang_up(&b);
}

/* Slow clients of every kind, until the last is cut off. Return: had all got as far as they should before? */
static bool slow_round(void)
{
	static const char *const starts[] = {
		"", "GET /he", "GET /hello HTTP/1.1\r\nHost: x\r\nX: ",
		"POST /count" H "Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nabc",
	};
	struct client slow[4], reader;
	const int small = 4096;
	bool all;

	for (int i = 0; i < 4; i++) {
		dial(&slow[i]);
		say(&slow[i], starts[i], strlen(starts[i]));
	}
	dial(&reader);
	setsockopt(reader.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(&reader, "GET /big" H "\r\n", strlen("GET /big" H "\r\n"));
	do {
		all = true;
		for (int i = 0; i < 4; i++) {
			/* a byte now and then: never silent, never done */
			if (i)
				say(&slow[i], "a", 1);
			turn(&slow[i]);
			all = all && slow[i].closed;
		}
		served();
	} while (!all || http_server_connections(server) > 0);
	for (int i = 0; i < 4; i++)
		hang_up(&slow[i]);
	hang_up(&reader);
	fflush(config.log);
	return strstr(log_text, "POST /count 408 0 ") && strstr(log_text, "GET /big 200 ");
}

/* Meanwhile others are served. */
static void test_slow(void **state)
{
	int rounds;

	(void)state;
	config.limits.request_s = 1;
	config.limits.least_rate = 64 << 20;
	start();
	for (rounds = 0; rounds < 5 && !slow_round(); rounds++)
		;
	assert_true(rounds < 5);
}

static void test_idle(void **state)
{
	struct client c;

	(void)state;
	config.limits.idle_s = 1;
	start();
	served();
	dial(&c);
	while (!c.closed)
		turn(&c);
	hang_up(&c);
}

static void test_big(void **state)
{
	struct client c;

	(void)state;
	start();
	dial(&c);
	assert_int_equal(ask(&c, "GET /big" H "\r\n"), 200);
	assert_true(c.len > BIG);
	hang_up(&c);
}

/* Method, route, status, bytes, ms; nothing else. */
static void test_log(void **state)
{
	char *line, *save = NULL, route[64], method[16];
	unsigned int status, bytes, ms;
	struct client c;
	int n = 0;

	(void)state;
	start();
	dial(&c);
	assert_int_equal(ask(&c, "GET /hello/secret" H "User-Agent: secret\r\nCookie: secret\r\n\r\n"), 200);
	assert_int_equal(ask(&c, "GET /secret?secret=1" H "\r\n"), 404);
	assert_int_equal(ask(&c, "SECRET /hello" H "\r\n"), 405);
	hang_up(&c);
	/* a line is written when its connection is free again */
	do {
		struct client none = { .fd = -1, .closed = true };

		turn(&none);
		fflush(config.log);
	} while (http_server_connections(server));
	assert_null(strcasestr(log_text, "secret"));
	assert_null(strstr(log_text, "127.0.0.1"));
	for (line = strtok_r(log_text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
		static const char *const want[] = { "GET /hello/{name} 200 17", "GET - 404", "other - 405" };

		assert_true(n < 3);
		assert_int_equal(sscanf(line, "%15s %63s %u %u %u", method, route, &status, &bytes, &ms), 5);
		assert_memory_equal(line, want[n], strlen(want[n]));
	}
	assert_int_equal(n, 3);
}

static unsigned int ask_as(const char *forwarded)
{
	unsigned int status;
	struct client c;
	char text[256];

	dial(&c);
	snprintf(text, sizeof(text), "GET /hello" H "%s\r\n", forwarded);
	status = ask(&c, text);
	hang_up(&c);
	return status;
}

static const struct http_rate one_each[HTTP_CLASSES] = { [HTTP_CLASS_READ] = { 1, 1, 0, 0 } };

/* Refilled within a second: judged by peers that differ, not by when they ask. */
static void test_forwarded(void **state)
{
	unsigned int refused = 0;

	(void)state;
	api.rates = http_rates_new(one_each);
	assert_non_null(api.rates);
	config.forwarded = "X-Forwarded-For";
	start();
	for (int i = 0; i < 20; i++) {
		char header[128];

		/* each another address: all are served */
		snprintf(header, sizeof(header), "X-Forwarded-For: 10.9.9.9, 192.0.2.%d\r\n", i);
		assert_int_equal(ask_as(header), 200);
	}
	for (int i = 0; i < 20 && !refused; i++) {
		char header[160];

		/* another first one each time, the last the same, in a header of its own */
		snprintf(header, sizeof(header), "X-Forwarded-For: 10.9.9.%d\r\nX-Forwarded-For: 198.51.100.1\r\n", i);
		refused += ask_as(header) == 429;
	}
	assert_int_equal(refused, 1);
}

static void test_not_forwarded(void **state)
{
	unsigned int refused = 0;

	(void)state;
	api.rates = http_rates_new(one_each);
	assert_non_null(api.rates);
	start();
	for (int i = 0; i < 20 && !refused; i++) {
		char header[128];

		snprintf(header, sizeof(header), "X-Forwarded-For: 192.0.2.%d\r\n", i);
		refused += ask_as(header) == 429;
	}
	assert_int_equal(refused, 1);
}

static void test_drain(void **state)
{
	static const char post[] = "POST /count" H "Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\nab";
	struct client idle, busy, late;

	(void)state;
	start();
	dial(&idle);
	assert_int_equal(ask(&idle, "GET /hello" H "\r\n"), 200);
	dial(&busy);
	say(&busy, post, strlen(post));
	for (int i = 0; i < 5; i++)
		turn(&busy);
	http_server_drain(server);
	assert_false(try_connect(&late));
	hang_up(&late);
	assert_int_equal(ask(&busy, "cd"), 200);
	assert_non_null(strstr(busy.got, "Connection: close\r\n"));
	while (http_server_connections(server))
		turn(&idle);
	hang_up(&idle);
	hang_up(&busy);
}

/* A thousand at once, all with their question out before the first is answered. */
static void test_many(void **state)
{
	enum { MANY = 1000 };
	struct client *c = calloc(MANY, sizeof(*c));
	struct rlimit files;

	(void)state;
	assert_non_null(c);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	if (files.rlim_max < 2 * MANY + 64 || setrlimit(RLIMIT_NOFILE, &files) != 0) {
		print_message("2064 file descriptors are missing\n");
		free(c);
		skip();
	}
	config.limits.per_peer = 0;
	config.limits.idle_s = config.limits.request_s = 600;
	start();
	for (int i = 0; i < MANY; i++) {
		dial(&c[i]);
		say(&c[i], "GET /hello" H "\r\n", strlen("GET /hello" H "\r\n"));
	}
	for (int i = 0; i < MANY; i++) {
		while (!whole(&c[i]) && !c[i].closed)
			turn(&c[i]);
		assert_non_null(strstr(c[i].got, "HTTP/1.1 200"));
	}
	assert_int_equal(http_server_connections(server), MANY);
	for (int i = 0; i < MANY; i++)
		hang_up(&c[i]);
	free(c);
}

/* One address holds so many connections and no more; what it closes it gets back. */
static void test_per_peer(void **state)
{
	struct client c[3];

	(void)state;
	config.limits.per_peer = 2;
	start();
	for (int i = 0; i < 2; i++) {
		dial(&c[i]);
		assert_int_equal(ask(&c[i], "GET /hello" H "\r\n"), 200);
	}
	/* the kernel takes it, the server does not */
	dial(&c[2]);
	assert_int_equal(ask(&c[2], "GET /hello" H "\r\n"), 0);
	hang_up(&c[2]);
	hang_up(&c[0]);
	while (http_server_connections(server) > 1)
		turn(&c[1]);
	dial(&c[0]);
	assert_int_equal(ask(&c[0], "GET /hello" H "\r\n"), 200);
	hang_up(&c[0]);
	hang_up(&c[1]);
}

int main(void)
{
#define TEST(t)	cmocka_unit_test_setup_teardown(t, prepare, end)
	const struct CMUnitTest tests[] = {
		TEST(test_talk),
		TEST(test_head),
		TEST(test_garbage),
		TEST(test_too_large),
		TEST(test_body_memory),
		TEST(test_slow),
		TEST(test_idle),
		TEST(test_big),
		TEST(test_log),
		TEST(test_forwarded),
		TEST(test_not_forwarded),
		TEST(test_drain),
		TEST(test_many),
		TEST(test_per_peer),
	};

	/* a test that waits for something that never comes ends, too */
	alarm(120);
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("http_server", tests, NULL, NULL);
}
