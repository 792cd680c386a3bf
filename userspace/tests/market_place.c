// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "market_place.h"
#include "market_server.h"

static char folder[64];
static bool postgres;

int place_server(void **state)
{
	const char *store = getenv("TEST_STORE"), *missing;

	(void)state;
	postgres = store && strcmp(store, "postgresql") == 0;
	missing = postgres ? server_start() : NULL;
	if (missing)
		print_error("these tests need %s\n", missing);
	return missing != NULL;
}

int place_server_gone(void **state)
{
	(void)state;
	if (postgres)
		server_stop();
	return 0;
}

bool place_sqlite(void)
{
	if (postgres)
		print_message("# only on SQLite\n");
	return !postgres;
}

const char *place_memory(unsigned int mib)
{
	struct statvfs fs;

	return access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize >= (uint64_t)mib << 20 ? "/dev/shm" : "/tmp";
}

int place_folder(void **state)
{
	(void)state;
	/* in memory where it can be: what is tested is what is written, not how fast a disk is */
	snprintf(folder, sizeof(folder), "%s/cellrelay-market.XXXXXX", place_memory(32));
	if (postgres)
		server_fresh();
	return !mkdtemp(folder) || chdir(folder);
}

int place_gone(void **state)
{
	char cmd[96];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
	return chdir("/") || system(cmd);
}

const char *place_where(void)
{
	return postgres ? server_where() : "market.db";
}

void expect_db_at(struct db *db, enum db_result got, enum db_result want, const char *file, int line)
{
	if (got == want)
		return;
	print_error("%s:%d: got \"%s\" (%s), want \"%s\"\n", file, line, db_result_name(got), db_message(db),
		    db_result_name(want));
	_fail(file, line);
}

struct db *place_open(unsigned int flags)
{
	struct db *db;

	expect_db(db, db_open(&db, place_where(), flags), DB_OK);
	return db;
}

/* Steps that the child still has. */
static unsigned int left;

static void step(void *context, const char *what)
{
	(void)context;
	(void)what;
	if (--left == 0)
		kill(getpid(), SIGKILL);
}

void place_arm(struct db *db)
{
	db_watch(db, step, NULL);
}

bool place_die_at(unsigned int at, void (*job)(void *context), void *context)
{
	int status;
	pid_t pid;

	fflush(NULL);
	left = at;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		job(context);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return true;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static void copy(const char *from, const char *to)
{
	static uint8_t buffer[1 << 16];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		assert_int_equal(fwrite(buffer, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

void place_save(struct db *db)
{
	if (postgres) {
		db_close(db);
		server_save();
		return;
	}
	unlink("saved.db");
	expect_db(db, db_backup(db, "saved.db"), DB_OK);
	db_close(db);
}

void place_restore(void)
{
	if (postgres) {
		server_restore();
		return;
	}
	unlink("market.db-wal");
	unlink("market.db-shm");
	copy("saved.db", "market.db");
}
