// SPDX-License-Identifier: MIT
#include "market_place.h"
#include "market_server.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

static char folder[64], bin[256], where[192], admin[192];
static pid_t server;

/* In a child: PostgreSQL refuses to be root. */
static void unprivileged(void)
{
	const struct passwd *pw = getuid() == 0 ? getpwnam("postgres") : NULL;

	if (getuid() == 0 && (!pw || setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0))
		_exit(126);
	/* after the change of user, which would clear it: no server outlives its test */
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

static pid_t start(char *const argv[])
{
	char program[512];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	snprintf(program, sizeof(program), "%s/%s", bin, argv[0]);
	if (!freopen("log", "a", stdout) || !freopen("log", "a", stderr))
		_exit(125);
	unprivileged();
	if (chdir(folder) != 0)
		_exit(124);
	execv(program, argv);
	_exit(127);
}

static bool ran(char *const argv[])
{
	int status = 0;
	pid_t pid = start(argv);

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The newest that is installed. */
static bool find_programs(void)
{
	glob_t g;
	bool ok = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &g) == 0 && g.gl_pathc > 0;

	if (ok) {
		snprintf(bin, sizeof(bin), "%s", g.gl_pathv[g.gl_pathc - 1]);
		*strrchr(bin, '/') = 0;
	}
	globfree(&g);
	return ok;
}

static bool wait_until_up(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	/* it comes up or it dies */
	for (;;) {
		if (PQping(admin) == PQPING_OK)
			return true;
		if (waitpid(server, NULL, WNOHANG) == server) {
			server = 0;
			return false;
		}
		nanosleep(&moment, NULL);
	}
}

const char *server_start(void)
{
	char data[80], *initdb[] = { "initdb", "-D", data, "-A", "trust", "-U", "market", "-E", "UTF8", "--locale=C", "-N", NULL };
	char *postgres[] = { "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off",
			     "-c", "full_page_writes=off", "-c", "shared_buffers=16MB", "-c", "autovacuum=off", NULL };
	const struct passwd *pw = getuid() == 0 ? getpwnam("postgres") : NULL;

	if (!find_programs())
		return "PostgreSQL's server programs (package postgresql)";
	if (getuid() == 0 && !pw)
		return "user postgres (package postgresql)";
	/* in a small container there may be less room in memory than a server takes */
	snprintf(folder, sizeof(folder), "%s/cellrelay-pg.XXXXXX", place_memory(512));
	if (!mkdtemp(folder))
		return "a temporary folder";
	if (pw && chown(folder, pw->pw_uid, pw->pw_gid) != 0)
		return "a temporary folder of user postgres";
	snprintf(data, sizeof(data), "%s/data", folder);
	snprintf(where, sizeof(where), "postgresql:///market?host=%s&user=market", folder);
	snprintf(admin, sizeof(admin), "postgresql:///postgres?host=%s&user=market", folder);
	if (chdir(folder) != 0 || !ran(initdb))
		return "a PostgreSQL that initdb can set up";
	server = start(postgres);
	return server > 0 && wait_until_up() ? NULL : "a PostgreSQL server that starts";
}

static void silent(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

static void sql(const char *text)
{
	PGconn *c = PQconnectdb(admin);
	PGresult *result;

	assert_non_null(c);
	PQsetNoticeReceiver(c, silent, NULL);
	result = PQexec(c, text);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		print_error("%s: %s\n", text, PQerrorMessage(c));
	assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
	PQclear(result);
	PQfinish(c);
}

void server_fresh(void)
{
	sql("DROP DATABASE IF EXISTS market WITH (FORCE)");
	sql("CREATE DATABASE market");
}

const char *server_where(void)
{
	return where;
}

void server_save(void)
{
	sql("DROP DATABASE IF EXISTS saved WITH (FORCE)");
	sql("CREATE DATABASE saved TEMPLATE market");
}

void server_restore(void)
{
	/* a killed client's session may still be there */
	sql("DROP DATABASE IF EXISTS market WITH (FORCE)");
	sql("CREATE DATABASE market TEMPLATE saved");
}

void server_stop(void)
{
	char cmd[128];

	if (server > 0) {
		kill(server, SIGQUIT);
		waitpid(server, NULL, 0);
		server = 0;
	}
	if (folder[0]) {
		snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
		if (chdir("/") || system(cmd))
			print_error("%s is left\n", folder);
		folder[0] = 0;
	}
}
