// SPDX-License-Identifier: MIT
/* relayd: options, start, the loop, the end. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choice.h"
#include "circs.h"
#include "config.h"
#include "directory.h"
#include "exits.h"
#include "fetcher.h"
#include "fetchproc.h"
#include "init.h"
#include "keys.h"
#include "links.h"
#include "metrics.h"
#include "netlink/kn.h"
#include "notify.h"
#include "relayd.h"
#include "resume.h"
#include "rotate.h"
#include "socket.h"
#include "tunnel.h"

#define CONFIG	"/etc/cellrelay/relayd.conf"

static bool running, stopping, flushing, draining;
static void alive(struct timer *t);
static struct timer watchdog = { .fn = alive };
static int epoll_fd = -1;
static int marks[3];	/* their addresses stand for these in epoll: */
enum { MARK_MESSAGES, MARK_EVENTS, MARK_SIGNALS };

void relayd_stop(bool flush)
{
	stopping = true;
	flushing = flush;
}

void relayd_drain(bool on)
{
	draining = on;
}

bool relayd_draining(void)
{
	return draining;
}

void relayd_resync(void)
{
	metric_add(METRIC_RESYNCS, 1);
	err("events were lost: looking at what the kernel has");
	links_check();
	circs_check();
}

enum rc relayd_reload(void)
{
	fetcher_now();
	return directory_read();
}

void relayd_snapshot_taken(void)
{
	tunnels_directory();
	if (running)
		rotate_look();
}

json_t *relayd_status(void)
{
	json_t *links = json_array(), *tunnels = json_array(), *o, *directory = directory_json(), *fetch = fetcher_json();
	json_t *rotate = rotate_json();
	unsigned int through, own;

	links_json(links);
	tunnels_json(tunnels);
	circs_count(&through, &own);
	o = json_pack("{s:i,s:s,s:b,s:b,s:b,s:i,s:i,s:o,s:o}", "schema", 1, "version", CELLRELAY_VERSION, "relay",
			 conf.relay, "draining", draining, "ready", tunnels_ready(), "relayed", (int)through, "own", (int)own, "links", links,
			 "tunnels", tunnels);
	if (rotate)
		json_object_set_new(o, "static_keys", rotate);
	if (directory && fetch)
		json_object_set_new(directory, "fetch", fetch);
	if (directory)
		json_object_set_new(o, "directory", directory);
	return o;
}

static enum rc watch(int fd, int mark)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &marks[mark] };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return fail(RC_REFUSED, "cannot wait for events: %s", strerror(errno));
	return RC_OK;
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* SIGHUP: the directory is looked at; the rest end us: the kernel keeps what works; "stop" with "flush" does not. */
static void take_signals(int fd)
{
	struct signalfd_siginfo si;

	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGHUP)
			relayd_reload();
		else
			relayd_stop(false);
	}
}

static enum rc start(int sig)
{
	struct resume r;
	enum rc rc = RC_OK;

	if (conf.peers[0])
		rc = peers_read(conf.peers);
	if (!rc)
		rc = directory_open();
	if (!rc)
		rc = choice_open();
	if (!rc)
		rc = keys_load(conf.keys[0] ? conf.keys : NULL, conf.authorities[0] ? conf.state : NULL);
	/* links to a guard that only the user named are to be known again */
	if (!rc && conf.client_dev[0])
		resume_load(&r);
	if (!rc)
		rc = kernel_open();
	if (!rc)
		rc = links_init();
	if (!rc)
		rc = exits_init();
	/* what was built before goes on: the kernel kept it */
	if (!rc)
		rc = links_adopt();
	if (!rc)
		rc = circs_adopt();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!rc && (epoll_fd < 0 || sig < 0))
		rc = fail(RC_REFUSED, "cannot wait for events: %s", strerror(errno));
	if (!rc)
		rc = watch(kn_daemon_fd(), MARK_MESSAGES);
	if (!rc)
		rc = watch(kn_event_fd(), MARK_EVENTS);
	if (!rc)
		rc = watch(sig, MARK_SIGNALS);
	if (!rc)
		rc = socket_open(epoll_fd);
	if (!rc) {
		circs_start();
		tunnels_start();
		fetcher_open(epoll_fd);
		running = true;
		rotate_look();
	}
	return rc;
}

/* systemd waits for a sign of life every so often; half of that is what it recommends. */
static void alive(struct timer *t)
{
	const char *usec = getenv("WATCHDOG_USEC");
	unsigned long long n = usec ? strtoull(usec, NULL, 10) : 0;

	if (!n)
		return;
	notify("WATCHDOG=1");
	timer_set(t, n / 2000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(n / 2000));
}

static enum rc loop(int sig)
{
	enum rc rc = RC_OK;
	int wait = 0;

	/* what has come is read before timers ring: a daemon that was held up must not take answers that wait for silence */
	while (!stopping && !rc) {
		struct epoll_event ev[16];
		int n = epoll_wait(epoll_fd, ev, 16, wait);

		for (int i = 0; i < n && !rc; i++) {
			void *what = ev[i].data.ptr;

			if (what == &marks[MARK_MESSAGES])
				rc = kernel_read_messages();
			else if (what == &marks[MARK_EVENTS])
				rc = kernel_read_events();
			else if (what == &marks[MARK_SIGNALS])
				take_signals(sig);
			else if (!fetcher_event(what))
				socket_event(what, ev[i].events);
		}
		if (n < 0 && errno != EINTR)
			rc = fail(RC_REFUSED, "cannot wait for events: %s", strerror(errno));
		if (!stopping && !rc)
			wait = timers_run();
	}
	return rc;
}

static void finish(void)
{
	notify("STOPPING=1");
	socket_close();
	fetcher_close();
	rotate_stop();
	if (flushing) {
		tunnels_down();
		circs_flush();
		links_flush();
		exits_flush();
	}
	tunnels_free();
	circs_free();
	links_free();
	exits_free();
	directory_close();
	peers_free();
	kernel_close();
	keys_free();
}

static int usage(FILE *f, enum rc rc)
{
	fputs("usage: relayd [--config FILE] [--check]\n"
	      "       relayd --init FOLDER\n"
	      "       relayd --keygen FOLDER\n"
	      "       relayd [--config FILE] --uri ADDRESS:PORT\n"
	      "  -c, --config FILE    configuration (" CONFIG ")\n"
	      "      --check          look at the configuration only\n"
	      "      --init FOLDER    keys and a commented relayd.conf to begin with, in that folder\n"
	      "      --keygen FOLDER  make identity and key of a relay; prints what others need to know of it\n"
	      "      --uri ADDRESS:PORT  how others name this relay, reached there, where no directory lists it\n"
	      "  -h, --help           this text\n"
	      "  -V, --version        version\n", f);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'C' },
		{ "fetch", no_argument, NULL, 'f' }, { "keygen", required_argument, NULL, 'k' },
		{ "init", required_argument, NULL, 'i' }, { "check-config", no_argument, NULL, 'C' }, { "help", no_argument, NULL, 'h' },
		{ "uri", required_argument, NULL, 'u' }, { "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
	};
	const struct rlimit none = { 0, 0 };
	const char *config = CONFIG;
	const char *uri = NULL;
	bool check = false;
	enum rc rc;
	int o, sig;

	setrlimit(RLIMIT_CORE, &none);	/* keys must not end in a core dump */
	umask(077);
	if (sodium_init() < 0)
		return fail(RC_REFUSED, "libsodium does not start");
	while ((o = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			config = optarg;
			break;
		case 'C':
			check = true;
			break;
		case 'f':
			return fetchproc_main();
		case 'k':
			return keys_make(optarg);
		case 'i':
			return init_make(optarg);
		case 'u':
			uri = optarg;
			break;
		case 'h':
			return usage(stdout, RC_OK);
		case 'V':
			puts("relayd " CELLRELAY_VERSION);
			return RC_OK;
		default:
			return usage(stderr, RC_USAGE);
		}
	}
	if (optind < argc)
		return usage(stderr, RC_USAGE);
	rc = config_read(&conf, config);
	if (rc || check)
		return rc;
	if (uri)
		return keys_uri(conf.keys, conf.authorities[0] ? conf.state : NULL, uri);
	sig = signals();
	rc = start(sig);
	if (!rc) {
		notify("READY=1");
		alive(&watchdog);
		fprintf(stderr, "relayd: ready\n");
		rc = loop(sig);
	}
	finish();
	return rc;
}
