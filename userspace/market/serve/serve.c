// SPDX-License-Identifier: MIT
#include "market/serve/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory/durable.h"
#include "directory/trust.h"
#include "market/books/market.h"
#include "market/directory/roll.h"
#include "market/http/server.h"

#define END_SECONDS	15	/* that children get to finish */

bool serve_told(const struct serve *s, int ms)
{
	struct pollfd p = { s->signal_fd, POLLIN, 0 };

	return poll(&p, 1, ms) > 0;
}

static enum rc read_trust(struct cr_trust *trust, const char *path)
{
	char error[CR_TRUST_ERROR_TEXT];
	unsigned int line;
	size_t len;
	uint8_t *text = cr_file_read(path, CR_TRUST_FILE_MAX, &len);
	bool ok;

	if (!text)
		return fail(RC_USAGE, "%s: cannot be read: %s", path, strerror(errno));
	ok = cr_trust_parse(trust, (const char *)text, len, &line, error);
	free(text);
	return ok ? RC_OK : fail(RC_USAGE, "%s:%u: %s", path, line, error);
}

/* Looks at everything once, so that what is wrong is said once and not by every worker. */
static enum rc look(const struct serve *s)
{
	struct market m;
	struct db *db;
	enum rc rc = RC_OK;

	if (db_open(&db, s->db, 0))
		rc = fail(RC_ABSENT, "cannot open the market's database %s: %s", s->db, db_message(db));
	else if (mkt_attach(&m, db, false))
		rc = fail(RC_REFUSED, "%s: %s", s->db, db_message(db));
	else if (roll_prepare(db, true))
		rc = fail(RC_REFUSED, "%s: %s", s->db, db_message(db));
	else if (memcmp(m.ledger, s->trust.ledger, CR_LEDGER_BYTES) != 0)
		rc = fail(RC_USAGE, "%s: the authorities are of another ledger than these books", s->config->authorities);
	db_close(db);
	return rc;
}

static pid_t begin(const struct serve *s, enum rc (*body)(const struct serve *s))
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* it may have ended before that line */
	_exit(getppid() != parent ? RC_REFUSED : (int)body(s));
}

/* Until told to end, or a child ends by itself. */
static enum rc watch(const struct serve *s)
{
	struct signalfd_siginfo si;

	for (;;) {
		if (read(s->signal_fd, &si, sizeof(si)) != (ssize_t)sizeof(si)) {
			if (errno == EINTR)
				continue;
			return fail(RC_REFUSED, "cannot wait for signals: %s", strerror(errno));
		}
		if (si.ssi_signo == SIGCHLD)
			return fail(RC_REFUSED, "a worker ended: the service ends, to be started again");
		return RC_OK;
	}
}

/* Tells all to end, and waits; who does not is killed. */
static void finish(pid_t *pids, unsigned int n)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < n; i++)
		kill(pids[i], SIGTERM);
	for (int tenths = 0; tenths < 10 * END_SECONDS; tenths++) {
		left = 0;
		for (unsigned int i = 0; i < n; i++) {
			if (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) != 0)
				pids[i] = 0;
			left += pids[i] > 0;
		}
		if (!left)
			return;
		poll(NULL, 0, 100);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	}
}

static int signals(int more)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (more)
		sigaddset(&set, more);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

enum rc serve_run(const struct serve_config *config, const char *db, const char *keys, const char *shelf)
{
	struct serve s = { .config = config, .db = db, .keys = keys, .shelf = shelf };
	const struct rlimit none = { 0, 0 };
	struct rlimit files = { 0 };
	pid_t pids[SERVE_WORKERS_MAX + 1];
	char error[HTTP_SERVER_ERROR];
	unsigned int n = 0;
	enum rc rc;
	int watcher;

	setrlimit(RLIMIT_CORE, &none);	/* keys must not end in a core dump */
	if (mkdir(shelf, 0755) < 0 && errno != EEXIST)
		return fail(RC_REFUSED, "%s: cannot be made: %s", shelf, strerror(errno));
	rc = read_trust(&s.trust, config->authorities);
	rc = rc ? rc : look(&s);
	if (rc)
		return rc;
	/* a connection is a descriptor */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	s.listen_fd = http_listen(config->listen, config->port, error);
	if (s.listen_fd < 0)
		return fail(RC_REFUSED, "%s", error);
	s.signal_fd = signals(0);
	watcher = signals(SIGCHLD);
	if (s.signal_fd < 0 || watcher < 0)
		return fail(RC_REFUSED, "cannot wait for signals: %s", strerror(errno));
	for (unsigned int i = 0; i <= config->workers; i++) {
		pids[n] = begin(&s, i ? serve_worker : serve_clerk);
		if (pids[n] < 0)
			rc = fail(RC_REFUSED, "cannot start a worker: %s", strerror(errno));
		else
			n++;
	}
	if (!rc) {
		printf("listening on port %u\n", http_listen_port(s.listen_fd));
		fflush(stdout);
		s.signal_fd = watcher;
		rc = watch(&s);
	}
	close(s.listen_fd);
	finish(pids, n);
	return rc;
}
