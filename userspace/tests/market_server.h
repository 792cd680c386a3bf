/* SPDX-License-Identifier: MIT */
/* A PostgreSQL server of the test's own: a temporary folder, a Unix socket, gone when the test ends or dies. */
#ifndef CR_TEST_MARKET_SERVER_H
#define CR_TEST_MARKET_SERVER_H

/** server_start() - once; NULL, or what is missing. Takes some seconds */
const char *server_start(void);
/** server_fresh() - an empty database "market", nobody connected to it */
void server_fresh(void);
/** server_where() - for db_open() */
const char *server_where(void);
/** server_save() - remember database "market" as it is; nobody is connected */
void server_save(void);
/** server_restore() - "market" is that again */
void server_restore(void);
void server_stop(void);

#endif /* CR_TEST_MARKET_SERVER_H */
