// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libloc/database.h>
#include <libloc/libloc.h>
#include <libloc/network.h>

#include "directory/library.h"
#include "path/geo.h"

/* What is used of libloc, as it declares it. */
static struct {
	__typeof__(&loc_new) new;
	__typeof__(&loc_unref) unref;
	__typeof__(&loc_set_log_priority) set_log_priority;
	__typeof__(&loc_database_new) database_new;
	__typeof__(&loc_database_unref) database_unref;
	__typeof__(&loc_database_lookup) database_lookup;
	__typeof__(&loc_network_get_asn) network_get_asn;
	__typeof__(&loc_network_get_country_code) network_get_country_code;
	__typeof__(&loc_network_unref) network_unref;
} loc;

static const char *loc_load(void)
{
	static const struct cr_function functions[] = {
		{ "loc_new", &loc.new }, { "loc_unref", &loc.unref },
		{ "loc_set_log_priority", &loc.set_log_priority },
		{ "loc_database_new", &loc.database_new }, { "loc_database_unref", &loc.database_unref },
		{ "loc_database_lookup", &loc.database_lookup },
		{ "loc_network_get_asn", &loc.network_get_asn },
		{ "loc_network_get_country_code", &loc.network_get_country_code },
		{ "loc_network_unref", &loc.network_unref },
	};
	static void *handle;

	return cr_library(&handle, "libloc.so.1", functions, sizeof(functions) / sizeof(functions[0]));
}

struct cr_geo_table {
	struct loc_ctx *ctx;
	struct loc_database *db;
};

struct cr_geo_table *cr_geo_open(const char *path)
{
	struct cr_geo_table *t = calloc(1, sizeof(*t));
	FILE *f = fopen(path, "re");
	int error = errno;

	if (t && f && loc_load()) {
		error = ELIBACC;
	} else if (t && f) {
		error = EBADMSG;
		if (loc.new(&t->ctx) == 0) {
			/* it would write to standard error */
			loc.set_log_priority(t->ctx, -1);
			if (loc.database_new(t->ctx, &t->db, f) == 0) {
				fclose(f);	/* the library has its own descriptor */
				return t;
			}
		}
	}
	if (f)
		fclose(f);
	cr_geo_close(t);
	errno = error;
	return NULL;
}

void cr_geo_close(struct cr_geo_table *table)
{
	if (!table)
		return;
	if (table->db)
		loc.database_unref(table->db);
	if (table->ctx)
		loc.unref(table->ctx);
	free(table);
}

struct cr_geo cr_geo_find(struct cr_geo_table *table, const struct cr_address *a)
{
	struct loc_network *net = NULL;
	struct cr_geo geo = { 0 };
	struct in6_addr ip = { { { 0 } } };
	const char *country;

	if (!table)
		return geo;
	if (a->family == 4) {
		ip.s6_addr[10] = ip.s6_addr[11] = 0xff;
		memcpy(ip.s6_addr + 12, a->ip, 4);
	} else {
		memcpy(ip.s6_addr, a->ip, 16);
	}
	if (loc.database_lookup(table->db, &ip, &net) != 0 || !net)
		return geo;
	geo.as = loc.network_get_asn(net);
	country = loc.network_get_country_code(net);
	/* A1 to A3, T1 and XD are libloc's marks for "anycast", "satellite" and the like: no country */
	if (country && strlen(country) == 2 && country[0] >= 'A' && country[0] <= 'Z' &&
	    country[1] >= 'A' && country[1] <= 'Z' && strcmp(country, "XD") != 0)
		memcpy(geo.country, country, 3);
	loc.network_unref(net);
	return geo;
}
