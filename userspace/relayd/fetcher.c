// SPDX-License-Identifier: MIT
#include "fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/limits.h"
#include "directory.h"
#include "directory/fetch.h"
#include "directory/snapshot.h"
#include "fetchproc.h"
#include "metrics.h"
#include "timer.h"
#include "tunnel.h"

uint32_t fetcher_time_ms = CR_FETCH_TIME_MS, fetcher_look_ms = 5000;

static int epoll_fd = -1;
/* the process under way; pid 0: there is none */
static pid_t pid;
static int pid_fd = -1, body_fd = -1, error_fd = -1;
static uint64_t began_ms;
static bool late;
static unsigned int url;		/* the one that is asked, or will be next */
static unsigned int failures;		/* one after another */
static uint64_t not_before_ms;
static uint32_t jitter;
static uint64_t jitter_for;		/* the snapshot that it was drawn for */
static enum fetch_way way, took;	/* of the process under way; of what was taken last */
static char why[CR_FETCH_ERROR];	/* it failed last */

static void look(struct timer *t);
static struct timer timer = { .fn = look };

enum fetch_way fetch_way(const struct fetch_case *c)
{
	if (c->client && c->wanted)
		return c->ready ? FETCH_TUNNEL : FETCH_NOT;
	/* what a relay is everybody may know */
	if (!c->client || c->relay)
		return FETCH_DIRECT;
	return c->direct == DIRECT_YES || (c->direct == DIRECT_FIRST && !c->any) ? FETCH_DIRECT : FETCH_NOT;
}

uint64_t fetch_due(uint64_t from, uint32_t period, uint32_t random)
{
	return from + period + random % (period ? period : 1);
}

uint32_t fetch_wait(unsigned int n, uint32_t random)
{
	uint32_t ms = CR_FETCH_RETRY_MAX_MS;

	if (n < 8 && CR_FETCH_RETRY_MIN_MS << (n - 1) < ms)
		ms = CR_FETCH_RETRY_MIN_MS << (n - 1);
	/* a quarter less or more: those who failed together do not come back together */
	return ms - ms / 4 + random % (ms / 2 + 1);
}

static enum fetch_way way_now(void)
{
	const struct fetch_case c = {
		.client = conf.client_dev[0], .relay = conf.relay, .wanted = tunnels_wanted(), .ready = tunnels_ready(),
		.any = directory_number(), .direct = conf.direct,
	};

	return fetch_way(&c);
}

static bool is_due(void)
{
	uint64_t from, number = directory_number();
	uint32_t period;

	if (now_ms() < not_before_ms)
		return false;
	if (!number || !directory_fresh())
		return true;
	if (number != jitter_for) {
		jitter_for = number;
		jitter = randombytes_random();
	}
	directory_times(&from, &period);
	return (uint64_t)time(NULL) >= fetch_due(from, period, jitter);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Whoever is asked next: another one. @say: nobody did yet. */
static void failed(const char *text, bool say)
{
	metric_add(METRIC_FETCHES_FAILED, 1);
	/* the same again, and again, is said once */
	if (say && (strcmp(text, why) != 0 || failures < conf.url_n))
		err("no snapshot from %s: %s", conf.url[url], text);
	snprintf(why, sizeof(why), "%s", text);
	not_before_ms = now_ms() + fetch_wait(++failures, randombytes_random());
	url = (url + 1) % conf.url_n;
}

/* ---- the process ---- */

static bool spawn(int order)
{
	char *argv[] = { "relayd", "--fetch", NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int e, pipe_fd[2];

	sigemptyset(&none);
	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	e = posix_spawn_file_actions_adddup2(&files, order, 0);
	e = e ? e : posix_spawn_file_actions_adddup2(&files, body_fd, 1);
	e = e ? e : posix_spawn_file_actions_adddup2(&files, pipe_fd[1], 2);
	e = e ? e : posix_spawn_file_actions_addclosefrom_np(&files, 3);
	e = e ? e : posix_spawnattr_setsigmask(&attr, &none);
	e = e ? e : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	e = e ? e : posix_spawn(&pid, "/proc/self/exe", &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	close(pipe_fd[1]);
	error_fd = pipe_fd[0];
	errno = e;
	return !e;
}

/* Reaps it; it was killed or has ended. */
static bool reap(int *status)
{
	bool ok = waitpid(pid, status, 0) == pid;

	pid = 0;
	close_fd(&pid_fd);
	return ok;
}

static void begin(enum fetch_way by)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &pid_fd };
	char order[FETCH_ORDER_MAX];
	int len, fd[2] = { -1, -1 }, status;
	bool ok;

	way = by;
	late = false;
	metric_add(METRIC_FETCHES, 1);
	len = snprintf(order, sizeof(order), "%s\n%s\n%s\n", conf.url[url], by == FETCH_TUNNEL ? conf.client_dev : "",
		       conf.url_ca);
	body_fd = memfd_create("snapshot", MFD_CLOEXEC);
	/* a pipe takes at least a page without anybody who reads it */
	ok = len < (int)sizeof(order) && body_fd >= 0 && pipe2(fd, O_CLOEXEC) == 0 && write(fd[1], order, (size_t)len) == len;
	close_fd(&fd[1]);
	ok = ok && spawn(fd[0]);
	close_fd(&fd[0]);
	if (ok) {
		began_ms = now_ms();
		pid_fd = pidfd_open(pid, 0);
		ok = pid_fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pid_fd, &ev) == 0;
		if (!ok) {
			kill(pid, SIGKILL);
			reap(&status);
		}
	}
	if (!ok) {
		char text[96];

		snprintf(text, sizeof(text), "cannot start a process for it: %s", strerror(errno));
		pid = 0;
		close_fd(&body_fd);
		close_fd(&error_fd);
		failed(text, true);
	}
}

static uint8_t *body(size_t *len)
{
	struct stat st;
	uint8_t *bytes;

	if (fstat(body_fd, &st) < 0 || st.st_size <= 0 || st.st_size > CR_SNAPSHOT_BYTES_MAX)
		return NULL;
	*len = (size_t)st.st_size;
	bytes = malloc(*len);
	for (size_t at = 0; bytes && at < *len;) {
		ssize_t n = pread(body_fd, bytes + at, *len - at, (off_t)at);

		if (n <= 0) {
			free(bytes);
			return NULL;
		}
		at += (size_t)n;
	}
	return bytes;
}

static void ended(void)
{
	char text[CR_FETCH_ERROR] = "";
	uint8_t *bytes = NULL;
	uint64_t had = directory_number();
	int status = 0;
	ssize_t n;
	size_t len;
	bool ok;

	ok = reap(&status) && WIFEXITED(status) && !WEXITSTATUS(status);
	n = read(error_fd, text, sizeof(text) - 1);
	if (n > 0)
		text[n] = '\0';
	/* it is a stranger's text, if one went through libcurl */
	for (char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	if (ok)
		bytes = body(&len);
	close_fd(&body_fd);
	close_fd(&error_fd);
	if (late)
		snprintf(text, sizeof(text), "it takes longer than %u s", fetcher_time_ms / 1000);
	else if (ok && !bytes)
		snprintf(text, sizeof(text), "out of memory");
	else if (!ok && !text[0])
		snprintf(text, sizeof(text), "its process died");
	if (!bytes) {
		failed(text, true);
		return;
	}
	if (directory_offer(bytes, len, conf.url[url])) {
		failed(directory_refused(), false);
	} else {
		failures = 0;
		why[0] = '\0';
		/* the one that we have: the next is late, and whoever is asked too early asks again */
		if (directory_number() == had)
			not_before_ms = now_ms() + fetch_wait(1, randombytes_random());
		else
			took = way;
	}
	free(bytes);
}

static void look(struct timer *t)
{
	enum fetch_way by;

	timer_set(t, fetcher_look_ms);
	if (pid) {
		if (now_ms() - began_ms >= fetcher_time_ms) {
			late = true;
			kill(pid, SIGKILL);	/* not reaped yet, so it is still its own */
		}
		return;
	}
	by = is_due() ? way_now() : FETCH_NOT;
	if (by != FETCH_NOT)
		begin(by);
}

/* ---- from outside ---- */

void fetcher_open(int epoll)
{
	if (!conf.url_n)
		return;
	epoll_fd = epoll;
	url = randombytes_uniform(conf.url_n);
	failures = 0;
	not_before_ms = 0;
	why[0] = '\0';
	took = FETCH_NOT;
	timer_set(&timer, 0);
}

void fetcher_close(void)
{
	int status;

	timer_stop(&timer);
	if (pid) {
		kill(pid, SIGKILL);
		reap(&status);
	}
	close_fd(&body_fd);
	close_fd(&error_fd);
}

bool fetcher_event(void *what)
{
	if (what != &pid_fd)
		return false;
	if (pid)
		ended();
	return true;
}

void fetcher_now(void)
{
	enum fetch_way by = way_now();

	if (!conf.url_n || pid)
		return;
	not_before_ms = 0;
	if (by != FETCH_NOT)
		begin(by);
}

bool fetcher_hopeful(void)
{
	return conf.url_n && !directory_fresh() && way_now() != FETCH_NOT;
}

json_t *fetcher_json(void)
{
	static const char *const ways[] = { NULL, "direct", "tunnel" };
	const char *state = pid ? "fetching" : failures ? "failed" : "waiting";
	json_t *o;

	if (!conf.url_n)
		return NULL;
	if (!pid && is_due() && way_now() == FETCH_NOT)
		state = tunnels_wanted() ? "until a circuit is ready" : "not allowed past the tunnel (direct-fetch)";
	o = json_pack("{s:s,s:s,s:i,s:s?}", "url", conf.url[url], "state", state, "failures", (int)failures, "took",
		      ways[took]);
	if (why[0])
		json_object_set_new(o, "error", json_string(why));
	return o;
}
