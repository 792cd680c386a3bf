/* SPDX-License-Identifier: MIT */
/*
 * Where a test's database lives: the same tests run on every kind. A fresh
 * place for each test; nothing is left. SQLite, or PostgreSQL where environment
 * variable TEST_STORE is "postgresql".
 */
#ifndef CR_TEST_MARKET_PLACE_H
#define CR_TEST_MARKET_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "market/store/store.h"

/** place_sqlite() - is it a file of SQLite, which a test may damage? */
bool place_sqlite(void);

/** place_run() - cmocka_run_group_tests_name(), with a server around it where one is wanted */
#define place_run(name, tests) \
	_cmocka_run_group_tests((name), (tests), sizeof(tests) / sizeof((tests)[0]), place_server, place_server_gone)
int place_server(void **state);
int place_server_gone(void **state);

/** place_memory() - "/dev/shm" if it has that much room, else "/tmp" */
const char *place_memory(unsigned int mib);

/** place_folder() - a new folder, and we are in it; cmocka set-up */
int place_folder(void **state);
/** place_gone() - the folder is removed; cmocka teardown */
int place_gone(void **state);

/** place_where() - what db_open() takes for a database of this test; the same each time it is asked */
const char *place_where(void);

/** place_open() - open, or fail the test; with DB_CREATE the first time */
struct db *place_open(unsigned int flags);

/** expect_db() - compare, and give the database's message */
#define expect_db(db, got, want) expect_db_at((db), (got), (want), __FILE__, __LINE__)
void expect_db_at(struct db *db, enum db_result got, enum db_result want, const char *file, int line);

/** place_die_at() - run @job in a child that is killed at step number @step after place_arm(); true: it was */
bool place_die_at(unsigned int step, void (*job)(void *context), void *context);
/** place_arm() - in the child: the steps of this connection count from here on */
void place_arm(struct db *db);

/** place_save() - close @db, and remember it as it is */
void place_save(struct db *db);
/** place_restore() - it is again as it was then; nobody has it open */
void place_restore(void);

#endif /* CR_TEST_MARKET_PLACE_H */
