/* SPDX-License-Identifier: MIT */
/*
 * Country and autonomous system of an address, from a table on this machine:
 * libloc's (Debian: libloc-database). Nobody is asked over the network, and
 * never the relay itself.
 */
#ifndef CR_PATH_GEO_H
#define CR_PATH_GEO_H

#include <stdbool.h>
#include <stdint.h>

#include "directory/address.h"

#define CR_GEO_TABLE	"/usr/share/libloc-location/location.db"

/** struct cr_geo - where an address is; zeros where it is not known */
struct cr_geo {
	uint32_t as;
	char country[3];	/* "DE"; "" when not known */
};

struct cr_geo_table;

/**
 * cr_geo_open() - NULL with errno when there is no such table; ELIBACC: libloc itself is missing.
 * One thread at a time may use it.
 */
struct cr_geo_table *cr_geo_open(const char *path);
void cr_geo_close(struct cr_geo_table *table);

/** cr_geo_find() - @table may be NULL: then nothing is known */
struct cr_geo cr_geo_find(struct cr_geo_table *table, const struct cr_address *a);

#endif /* CR_PATH_GEO_H */
