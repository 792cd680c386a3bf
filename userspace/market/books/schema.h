/* SPDX-License-Identifier: MIT */
/* The tables of the books. */
#ifndef MARKET_BOOKS_SCHEMA_H
#define MARKET_BOOKS_SCHEMA_H

#include "market/store/store.h"

#define MKT_SCHEMA_PART	"books"

extern const struct db_migration mkt_schema[];
extern const unsigned int mkt_schema_count;

#endif /* MARKET_BOOKS_SCHEMA_H */
