// SPDX-License-Identifier: MIT
/*
 * Snapshots from URLs: when and by which way they are asked for, what comes of answers of every kind. A server on loopback plays the
 * directory; the process that asks it is this program, started again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail	/* the daemon has one, too */

#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "control/limits.h"
#include "directory.h"
#include "directory/fetch.h"
#include "directory_fixture.h"
#include "fetcher.h"
#include "fetchproc.h"
#include "log.h"
#include "metrics.h"
#include "peers.h"
#include "relayd.h"
#include "timer.h"
#include "tunnel.h"

/* ---- the rest of the daemon ---- */

static bool wanted, ready;
static unsigned int counted[METRIC_COUNT], told;

bool tunnels_wanted(void)
{
	return wanted;
}

bool tunnels_ready(void)
{
	return ready;
}

void relayd_snapshot_taken(void)
{
	told++;
}

void metric_add(enum metric m, unsigned int n)
{
	counted[m] += n;
}

/* ---- the server ---- */

enum answer { WHOLE, NOT_FOUND, TOO_LONG, EMPTY, ELSEWHERE, NEVER };

/** struct served - what it answers, and how often it was asked */
struct served {
	enum answer answer;
	unsigned int asked;
	size_t len;
	uint8_t bytes[8192];
};

static struct served *served;
static pid_t server;
static uint16_t port;

static void serve_one(int fd)
{
	static const char *const heads[] = {
		[NOT_FOUND] = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n",
		[TOO_LONG] = "HTTP/1.1 200 OK\r\nContent-Length: 268435457\r\nConnection: close\r\n\r\n",
		[EMPTY] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		[ELSEWHERE] = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
	};
	char request[2048];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(request) - 1 && (n = read(fd, request + len, sizeof(request) - 1 - len)) > 0) {
		len += (size_t)n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	__atomic_add_fetch(&served->asked, 1, __ATOMIC_SEQ_CST);
	if (served->answer == NEVER) {
		/* until the other side has enough of it */
		n = read(fd, request, 1);
	} else if (served->answer == WHOLE) {
		dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", served->len);
		n = write(fd, served->bytes, served->len);
	} else {
		dprintf(fd, "%s", heads[served->answer]);
	}
	(void)n;
	close(fd);
}

static int start_server(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	served = mmap(NULL, sizeof(*served), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || served == MAP_FAILED || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		return -1;
	port = ntohs(a.sin_port);
	server = fork();
	if (server == 0) {
		signal(SIGPIPE, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			serve_one(accept(fd, NULL, NULL));
	}
	close(fd);
	return server < 0 ? -1 : 0;
}

static int stop_server(void **state)
{
	(void)state;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}

/* Snapshot @number, valid since @age seconds for three times 600; @spoil: a byte that is changed, or -1. */
static void offer(uint64_t number, uint64_t age, long spoil)
{
	uint64_t now = (uint64_t)time(NULL);
	struct cr_entry e[2] = { { 0 } };
	struct cr_snapshot_head head;
	uint8_t *bytes;
	size_t len;

	fix_head(&head, number);
	head.from = now - age;
	head.period = 600;
	for (uint32_t i = 0; i < 2; i++) {
		struct cr_descriptor *d = &e[i].d;

		fix_descriptor(d, i, i);
		d->from = d->onion[0].from = now - 86400;
		d->until = d->onion[0].until = now + 86400;
		assert_int_equal(fix_resign(d, i, i), CR_DIR_OK);
	}
	bytes = fix_snapshot(&head, e, 2, &len);
	fix_sign(bytes, &len, 0);
	if (spoil >= 0)
		bytes[spoil] ^= 1;
	assert_true(len <= sizeof(served->bytes));
	memcpy(served->bytes, bytes, len);
	served->len = len;
	served->answer = WHOLE;
	free(bytes);
}

/* ---- the daemon's loop ---- */

static char folder[40];
static int ep = -1;

static const char *said(const char *key)
{
	static char text[CR_FETCH_ERROR];
	json_t *o = fetcher_json();
	const char *word;

	assert_non_null(o);
	word = json_string_value(json_object_get(o, key));
	snprintf(text, sizeof(text), "%s", word ? word : "");
	json_decref(o);
	return text;
}

/* Until nothing is under way. */
static void settle(void)
{
	struct epoll_event ev;

	do {
		int n = epoll_wait(ep, &ev, 1, timers_run());

		if (n == 1)
			assert_true(fetcher_event(ev.data.ptr));
	} while (strcmp(said("state"), "fetching") == 0);
}

static void fetch(void)
{
	fetcher_now();
	settle();
}

static int fresh(void **state)
{
	char text[512], hex[2][65];
	struct cr_trust trust;
	FILE *f;

	(void)state;
	memset(&conf, 0, sizeof(conf));
	memset(counted, 0, sizeof(counted));
	memset(served, 0, sizeof(*served));
	wanted = ready = false;
	told = 0;
	fetcher_time_ms = CR_FETCH_TIME_MS;
	fetcher_look_ms = 5000;
	strcpy(folder, "/tmp/relayd-fetcher.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(conf.state, sizeof(conf.state), "%s/state", folder);
	snprintf(conf.authorities, sizeof(conf.authorities), "%s/authorities", folder);
	snprintf(conf.url[0], URL_LEN, "http://127.0.0.1:%u/snapshot", port);
	conf.url_n = 1;
	fix_trust(&trust, 1, 1);
	sodium_bin2hex(hex[0], 65, trust.ledger, 32);
	sodium_bin2hex(hex[1], 65, trust.key[0], 32);
	snprintf(text, sizeof(text), "ledger %s\nthreshold 1\nauthority %s\n", hex[0], hex[1]);
	f = fopen(conf.authorities, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		return -1;
	ep = epoll_create1(EPOLL_CLOEXEC);
	return ep < 0 || directory_open() ? -1 : 0;
}

static int done(void **state)
{
	char cmd[64];

	(void)state;
	fetcher_close();
	directory_close();
	peers_free();
	close(ep);
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
	return system(cmd);
}

/* ---- when and how ---- */

static void ways(void **state)
{
	static const struct {
		struct fetch_case c;
		enum fetch_way way;
	} cases[] = {
		/* a relay is no secret */
		{ { .relay = true, .direct = DIRECT_NO }, FETCH_DIRECT },
		/* a client that never had a snapshot, unless forbidden */
		{ { .client = true, .direct = DIRECT_FIRST }, FETCH_DIRECT },
		{ { .client = true, .direct = DIRECT_NO }, FETCH_NOT },
		/* one that had, only if allowed */
		{ { .client = true, .any = true, .direct = DIRECT_FIRST }, FETCH_NOT },
		{ { .client = true, .any = true, .direct = DIRECT_YES }, FETCH_DIRECT },
		/* online: nothing passes by the tunnel, whatever is allowed and whoever else it is */
		{ { .client = true, .wanted = true, .direct = DIRECT_YES }, FETCH_NOT },
		{ { .client = true, .relay = true, .wanted = true, .any = true, .direct = DIRECT_YES }, FETCH_NOT },
		{ { .client = true, .wanted = true, .ready = true, .any = true, .direct = DIRECT_NO }, FETCH_TUNNEL },
		{ { .client = true, .wanted = true, .ready = true, .direct = DIRECT_YES }, FETCH_TUNNEL },
		/* a relay that may be a client, too, and is not now */
		{ { .client = true, .relay = true, .any = true, .direct = DIRECT_FIRST }, FETCH_DIRECT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (fetch_way(&cases[i].c) != cases[i].way) {
			print_error("case %zu: way %d\n", i, fetch_way(&cases[i].c));
			assert_true(false);
		}
}

static void times(void **state)
{
	uint64_t low = UINT64_MAX, high = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		uint64_t due = fetch_due(1000000, 600, UINT32_MAX - i);

		low = due < low ? due : low;
		high = due > high ? due : high;
	}
	/* spread over the period that follows; a third one is left for another try */
	assert_true(low == 1000600 && high == 1001199);
	assert_true(fetch_due(5, 0, 7) == 5);
	for (unsigned int n = 1; n < 40; n++) {
		uint32_t least = fetch_wait(n, 0), most = 0;

		for (uint32_t r = 0; r < CR_FETCH_RETRY_MAX_MS; r += 997) {
			uint32_t ms = fetch_wait(n, r);

			least = ms < least ? ms : least;
			most = ms > most ? ms : most;
		}
		if (n == 1)
			assert_true(least >= CR_FETCH_RETRY_MIN_MS * 3 / 4 && most <= CR_FETCH_RETRY_MIN_MS * 5 / 4);
		else
			assert_true(least >= CR_FETCH_RETRY_MIN_MS);
		assert_true(most > least && most <= CR_FETCH_RETRY_MAX_MS / 4 * 5);
	}
	assert_true(fetch_wait(39, 0) > fetch_wait(2, UINT32_MAX));
}

/* ---- what comes ---- */

static void first_start(void **state)
{
	json_t *d;

	(void)state;
	offer(7, 10, -1);
	strcpy(conf.client_dev, "cell0");
	/* without being told to: there is none */
	fetcher_open(ep);
	settle();
	assert_true(directory_number() == 7 && directory_fresh());
	assert_int_equal(told, 1);
	assert_int_equal(counted[METRIC_FETCHES], 1);
	assert_int_equal(counted[METRIC_FETCHES_FAILED], 0);
	assert_string_equal(said("took"), "direct");
	d = directory_json();
	assert_string_equal(json_string_value(json_object_get(d, "source")), conf.url[0]);
	assert_in_range(json_integer_value(json_object_get(d, "age")), 10, 60);
	json_decref(d);
	/* it is fresh: nobody asks again by himself */
	fetcher_look_ms = 1;
	timers_run();
	assert_int_equal(counted[METRIC_FETCHES], 1);
	/* and past the tunnel not even when told to */
	fetch();
	assert_int_equal(counted[METRIC_FETCHES], 1);
	/* what is kept serves the next daemon, which asks nobody */
	fetcher_close();
	directory_close();
	peers_free();
	assert_int_equal(directory_open(), RC_OK);
	assert_true(directory_number() == 7);
	d = directory_json();
	assert_string_equal(json_string_value(json_object_get(d, "source")), "kept");
	json_decref(d);
}

static void again(void **state)
{
	(void)state;
	/* one that is past its time, if valid for another while, is renewed without being told to */
	offer(3, 1250, -1);
	fetcher_open(ep);
	settle();
	assert_true(directory_number() == 3);
	fetcher_close();
	offer(4, 1, -1);
	fetcher_open(ep);
	settle();
	assert_true(directory_number() == 4);
	/* the same once more is no failure */
	fetch();
	assert_string_equal(said("error"), "");
	assert_int_equal(counted[METRIC_FETCHES_FAILED], 0);
	assert_int_equal(counted[METRIC_FETCHES], 3);
}

static void refused(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		snprintf(conf.url[i], URL_LEN, "http://127.0.0.1:%u/%d", port, i);
	conf.url_n = 2;
	offer(20, 10, -1);
	fetcher_open(ep);
	settle();
	/* forged, rolled back, stale, of another content: said, counted, and what is there stays */
	offer(21, 10, 200);
	fetch();
	assert_string_equal(said("error"), "has a signature that does not verify: it is forged or damaged");
	offer(19, 10, -1);
	fetch();
	assert_non_null(strstr(said("error"), "older than the one that we have"));
	assert_non_null(strstr(log_last(), "older than the one that we have"));
	offer(21, 1801, -1);
	fetch();
	assert_string_equal(said("error"), "is not valid any more");
	offer(20, 11, -1);
	fetch();
	assert_int_equal(counted[METRIC_FETCHES_FAILED], 4);
	assert_int_equal(counted[METRIC_SNAPSHOTS_REFUSED], 4);
	assert_true(directory_number() == 20 && directory_fresh());
	assert_int_equal(told, 1);
	/* each time another server is asked; the next good one ends it */
	{
		char before[URL_LEN];

		snprintf(before, sizeof(before), "%s", said("url"));
		served->answer = NOT_FOUND;
		fetch();
		assert_string_not_equal(said("url"), before);
	}
	offer(22, 1, -1);
	fetch();
	assert_true(directory_number() == 22);
	assert_string_equal(said("error"), "");
}

static void answers(void **state)
{
	static const struct {
		enum answer answer;
		const char *text;
	} cases[] = {
		{ NOT_FOUND, "status 404" }, { TOO_LONG, "longer than any snapshot" }, { EMPTY, "answers with nothing" },
		{ ELSEWHERE, "status 302" },
	};

	(void)state;
	served->answer = NOT_FOUND;
	fetcher_open(ep);
	settle();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		served->answer = cases[i].answer;
		fetch();
		if (!strstr(said("error"), cases[i].text)) {
			print_error("%s: %s\n", cases[i].text, said("error"));
			assert_true(false);
		}
	}
	memcpy(served->bytes, "junk", 4);
	served->len = 4;
	served->answer = WHOLE;
	fetch();
	assert_non_null(strstr(said("error"), "ends too early"));
	/* nobody listens at port 1 */
	strcpy(conf.url[0], "http://127.0.0.1:1/");
	fetch();
	assert_non_null(strstr(said("error"), "cannot fetch"));
	assert_int_equal(counted[METRIC_FETCHES_FAILED], 7);
	/* a server that never answers is given up, and the loop goes on meanwhile */
	snprintf(conf.url[0], URL_LEN, "http://127.0.0.1:%u/", port);
	served->answer = NEVER;
	fetcher_close();
	fetcher_open(ep);
	while (strcmp(said("state"), "fetching") != 0 || !__atomic_load_n(&served->asked, __ATOMIC_SEQ_CST))
		timers_run();
	fetcher_look_ms = 1;
	fetcher_time_ms = 0;
	timers_run();
	settle();
	assert_non_null(strstr(said("error"), "takes longer"));
}

static void by_tunnel(void **state)
{
	unsigned int asked;

	(void)state;
	offer(30, 1700, -1);
	fetcher_open(ep);
	settle();
	assert_true(directory_number() == 30);
	/* it is online without a circuit: nobody is asked */
	strcpy(conf.client_dev, "lo");
	conf.direct = DIRECT_YES;
	wanted = true;
	offer(31, 1, -1);
	asked = served->asked;
	fetch();
	assert_int_equal(served->asked, asked);
	assert_true(directory_number() == 30);
	/* with one, by the device: loopback stands for it */
	ready = true;
	fetch();
	assert_true(directory_number() == 31);
	assert_string_equal(said("took"), "tunnel");
	/* a device that is not there lets nothing out, by no other way either */
	strcpy(conf.client_dev, "nodevice0");
	offer(32, 1, -1);
	asked = served->asked;
	fetch();
	assert_int_equal(served->asked, asked);
	assert_string_equal(said("error"), "cannot send by device nodevice0: No such device");
	assert_true(directory_number() == 31);
}

static void hope(void **state)
{
	(void)state;
	strcpy(conf.client_dev, "cell0");
	assert_true(fetcher_hopeful());
	conf.direct = DIRECT_NO;
	assert_false(fetcher_hopeful());
	conf.direct = DIRECT_FIRST;
	conf.url_n = 0;
	assert_false(fetcher_hopeful());
	conf.url_n = 1;
	offer(7, 10, -1);
	fetcher_open(ep);
	settle();
	/* it is here */
	assert_false(fetcher_hopeful());
}

/* ---- the process has no rights ---- */

static void rights(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child) {
		struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
		struct __user_cap_data_struct caps[2];
		int sig = 0;

		if (!fetchproc_drop_rights())
			_exit(1);
		if (syscall(SYS_capget, &head, caps) || caps[0].permitted || caps[1].permitted || caps[0].inheritable)
			_exit(2);
		if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
			_exit(3);
		if (prctl(PR_GET_PDEATHSIG, &sig) || sig != SIGKILL)
			_exit(4);
		/* root is somebody else now, and stays it */
		if (geteuid() == 0 || setresuid(0, 0, 0) == 0)
			_exit(5);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void urls(void **state)
{
	static const char *const bad[] = {
		"http://example.org/", "ftp://127.0.0.1/", "file:///etc/passwd", "https://", "https:///x", "127.0.0.1/x", "",
		"http://localhost:1@example.org/", "http://127.0.0.1@example.org/", "https://user@example.org/", "http://127.0.0.1.example.org/",
		"https://example.org/ x", "https://example.org/\"", "https://example.org/\\", "https://example.org/\n", "HTTPS://example.org/",
	};
	static const char *const good[] = {
		"https://example.org/", "https://example.org/a@b", "https://[2001:db8::1]:8443/snapshot", "http://127.0.0.1:80/",
		"http://[::1]/", "http://localhost/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!cr_fetch_url(bad[i])) {
			print_error("%s\n", bad[i]);
			assert_true(false);
		}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(cr_fetch_url(good[i]));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fresh, done)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways), cmocka_unit_test(times), cmocka_unit_test(urls), cmocka_unit_test(rights),
		TEST(first_start), TEST(again), TEST(refused), TEST(answers), TEST(by_tunnel), TEST(hope),
	};

	/* what fetcher.c starts; without rights a leak checker cannot run at the end */
	if (argc == 2 && strcmp(argv[1], "--fetch") == 0)
		_exit(fetchproc_main());
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("relayd: snapshots from URLs", tests, start_server, stop_server);
}
