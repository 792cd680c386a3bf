// SPDX-License-Identifier: MIT
/*
 * The market's directory with N relays: a snapshot made from the database, published, fetched over
 * HTTP on loopback and verified by a client, and the delta after one relay in a hundred has
 * handed in a new descriptor. Descriptors are made and put into the database before, uncounted.
 *
 *	bench_market_directory [RELAYS]
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "directory/delta.h"
#include "directory/durable.h"
#include "market/api/api.h"
#include "market/directory/clerk.h"
#include "market/http/server.h"

#define NOW	1767225600ULL
#define PERIOD	600u

static uint8_t ledger[CR_LEDGER_BYTES] = { 1 };
static struct cr_trust trust = { .k = 2, .n = 3 };
static uint8_t authority[3][CR_SECRET_BYTES];

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/** struct watch - of processor and wall */
struct watch {
	double cpu, wall;
};

static struct watch now(void)
{
	return (struct watch){ seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC) };
}

static void told(const char *what, struct watch since)
{
	struct watch t = now();

	printf("%-12s %8.3f s of processor time, %8.3f s by the clock\n", what, t.cpu - since.cpu, t.wall - since.wall);
	fflush(stdout);
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_market_directory: %s\n", what);
	exit(1);
}

static size_t descriptor(uint8_t *bytes, struct cr_descriptor *d, uint32_t i, uint64_t serial)
{
	uint8_t seed[CR_SEED_BYTES] = { 1 }, relay[CR_SECRET_BYTES], operator[CR_SECRET_BYTES];
	size_t len;

	memset(d, 0, sizeof(*d));
	memcpy(d->ledger, ledger, sizeof(ledger));
	memcpy(seed + 1, &i, sizeof(i));
	cr_key_from_seed(d->identity, relay, seed);
	seed[0]++;
	cr_key_from_seed(d->operator_key, operator, seed);
	d->serial = serial;
	d->from = NOW;
	d->until = NOW + 86400;
	d->roles = CR_ROLE_ENTRY | (i % 3 ? 0 : CR_ROLE_EXIT);
	d->suites = CR_SUITE_CHACHA;
	d->onion_count = 1;
	d->onion[0] = (struct cr_onion_key){ { 9, (uint8_t)i }, NOW, NOW + 86400 };
	d->address_count = 2;
	d->address[0] = (struct cr_address){ .family = 4, .port = 9001,
		.ip = { (uint8_t)(1 + i % 9), (uint8_t)(i >> 4), (uint8_t)(i >> 12), (uint8_t)i } };
	d->address[1] = (struct cr_address){ .family = 6, .port = 9001,
		.ip = { 0x2a, 0, (uint8_t)(i >> 6), (uint8_t)(i >> 14), [15] = (uint8_t)i } };
	if (d->roles & CR_ROLE_EXIT)
		d->rule_count = (uint8_t)cr_policy_default(d->rule);
	d->capacity = 1000000 + i % 1000 * 100000;
	strcpy(d->software, "cellrelay " CELLRELAY_VERSION);
	cr_operator_sign(d, operator);
	need(cr_descriptor_sign(d, relay) == CR_DIR_OK && cr_descriptor_encode(bytes, &len, d) == CR_DIR_OK, "no descriptor");
	return len;
}

/** struct filling - relays 0, @step, 2 @step, ... below @n with this serial number, in one transaction */
struct filling {
	uint32_t n, step;
	uint64_t serial;
};

/* As roll_add() leaves them, without a transaction and a sync for each. */
static enum db_result fill(struct db *db, void *context)
{
	const struct filling *f = context;

	for (uint32_t i = 0; i < f->n; i += f->step) {
		uint8_t bytes[CR_DESCRIPTOR_MAX];
		struct cr_descriptor d;
		size_t len = descriptor(bytes, &d, i, f->serial);
		struct db_query *q;
		enum db_result r;

		if (f->serial == 1)
			q = db_query(db, "INSERT INTO descriptor (identity, serial, until, since, body) VALUES ($1, $2, $3, 0, $4)");
		else
			q = db_query(db, "UPDATE descriptor SET serial = $2, until = $3, body = $4 WHERE identity = $1");
		db_bind_bytes(q, 1, d.identity, CR_PUBLIC_BYTES);
		db_bind_u64(q, 2, d.serial);
		db_bind_u64(q, 3, d.until);
		db_bind_bytes(q, 4, bytes, len);
		r = db_end(q);
		if (r)
			return r;
	}
	return DB_OK;
}

static void sign(void)
{
	uint64_t number;
	uint8_t hash[CR_HASH_BYTES];

	need(shelf_pending("shelf", &number, hash) == CR_DIR_OK && number, "nothing wants signatures");
	for (unsigned int i = 0; i < trust.k; i++) {
		uint8_t sig[CR_AUTHORITY_SIG_BYTES], message[CR_SNAPSHOT_MESSAGE];
		struct cr_snapshot s = { .head.number = number };

		memcpy(s.head.ledger, ledger, sizeof(ledger));
		memcpy(s.hash, hash, sizeof(hash));
		cr_snapshot_message(message, &s);
		memcpy(sig, trust.key[i], CR_PUBLIC_BYTES);
		cr_sign(sig + CR_PUBLIC_BYTES, message, sizeof(message), authority[i]);
		need(shelf_sign("shelf", &trust, number, hash, sig) == CR_DIR_OK, "a signature is refused");
	}
}

static enum db_result staked(struct db *db, const uint8_t operator_key[CR_PUBLIC_BYTES], uint64_t *stake, void *context)
{
	(void)db;
	(void)operator_key;
	(void)context;
	*stake = 10000;
	return DB_OK;
}

static uint64_t make(struct db *db, uint64_t at)
{
	struct clerk_order order = { .stake = staked, .head = {
		.period = PERIOD,
		.params = { .constraints = CR_DIFFER, .prefix4 = 16, .prefix6 = 32, .hops = 3, .hops_max = 8,
			    .guard_min = 1, .guard_max = 2, .fee = 1, .epoch_seconds = 1, .claim_epochs = 1,
			    .base_weight = 131072, .stake_rate = 1000 },
	} };
	struct clerk_result r;
	struct watch t = now();

	memcpy(order.head.ledger, ledger, sizeof(ledger));
	memcpy(order.head.certificate_key, trust.key[0], CR_PUBLIC_BYTES);
	need(clerk_make(db, "shelf", &order, at, &r), "no snapshot");
	told("made", t);
	sign();
	t = now();
	need(shelf_publish("shelf", &trust, at, &r.number) == CR_DIR_OK && r.number, "not published");
	told("published", t);
	printf("             snapshot %llu: %zu relays, %zu bytes\n", (unsigned long long)r.number, r.relays, r.bytes);
	return r.number;
}

static uint64_t bench_clock(void *context)
{
	(void)context;
	return NOW;
}

static void serve(int fd)
{
	struct api api = { .shelf = "shelf", .m.clock = bench_clock };
	const struct http_api http = { .routes = api_routes, .context = &api };
	struct http_config config = { .listen_fd = fd, .limits = http_limits_default };
	char error[HTTP_SERVER_ERROR];
	struct http_server *s = http_server_new(&config, &http, error);

	need(s, error);
	for (;;) {
		struct pollfd p = { http_server_fd(s), POLLIN, 0 };

		poll(&p, 1, http_server_timeout(s));
		http_server_work(s);
	}
}

/* A body; its length in @len. */
static uint8_t *fetch(uint16_t port, const char *path, size_t *len)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	size_t room = 1 << 20, got = 0, head;
	uint8_t *bytes = malloc(room);
	char ask[128], *end;
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	n = snprintf(ask, sizeof(ask), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	need(bytes && connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 && send(fd, ask, (size_t)n, 0) == n, "no connection");
	while ((n = recv(fd, bytes + got, room - got - 1, 0)) > 0) {
		got += (size_t)n;
		if (room - got < 65536) {
			room *= 2;
			bytes = realloc(bytes, room);
			need(bytes, "out of memory");
		}
	}
	close(fd);
	bytes[got] = '\0';
	end = strstr((char *)bytes, "\r\n\r\n");
	need(strncmp((char *)bytes, "HTTP/1.1 200", 12) == 0 && end, "no answer");
	head = (size_t)(end + 4 - (char *)bytes);
	*len = got - head;
	memmove(bytes, bytes + head, *len);
	return bytes;
}

static void client(uint16_t port, uint64_t base, uint64_t newest)
{
	struct cr_snapshot s, old;
	struct cr_delta d;
	uint8_t *whole, *delta, *before, *out;
	size_t whole_len, delta_len, before_len;
	struct watch t = now();
	char path[64];

	whole = fetch(port, "/v1/snapshot", &whole_len);
	need(cr_snapshot_parse(&s, whole, whole_len) == CR_DIR_OK &&
	     cr_snapshot_verify(&s, &trust, NOW, NULL) == CR_DIR_OK && s.head.number == newest, "the snapshot does not verify");
	told("fetched", t);
	need(shelf_name(path, sizeof(path), "shelf", 0, base), "a name");
	before = cr_file_read(path, CR_SNAPSHOT_BYTES_MAX, &before_len);
	need(before && cr_snapshot_parse(&old, before, before_len) == CR_DIR_OK, "no earlier snapshot");
	t = now();
	snprintf(path, sizeof(path), "/v1/snapshot/deltas/%llu", (unsigned long long)base);
	delta = fetch(port, path, &delta_len);
	need(cr_delta_parse(&d, delta, delta_len) == CR_DIR_OK, "the delta does not parse");
	out = malloc(cr_delta_bytes(&d));
	need(out && cr_delta_apply(&d, &old, out) == CR_DIR_OK && cr_snapshot_parse(&s, out, cr_delta_bytes(&d)) == CR_DIR_OK &&
	     cr_snapshot_verify(&s, &trust, NOW, NULL) == CR_DIR_OK, "the delta does not give the snapshot");
	told("by delta", t);
	printf("             delta: %zu bytes, %.2f %% of the snapshot\n", delta_len, 100.0 * (double)delta_len / (double)whole_len);
	free(whole);
	free(before);
	free(delta);
	free(out);
}

int main(int argc, char **argv)
{
	struct filling f = { .n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000, .step = 1, .serial = 1 };
	char folder[] = "/tmp/cellrelay-bench.XXXXXX", error[HTTP_SERVER_ERROR], cmd[64];
	uint64_t first, second;
	struct db *db;
	pid_t server;
	int fd;

	need(sodium_init() >= 0 && f.n >= 100 && f.n <= CR_SNAPSHOT_RELAYS_MAX, "RELAYS is 100 to 131072");
	memcpy(trust.ledger, ledger, sizeof(ledger));
	for (unsigned int i = 0; i < 3; i++) {
		uint8_t seed[CR_SEED_BYTES] = { (uint8_t)(77 + i) };

		cr_key_from_seed(trust.key[i], authority[i], seed);
	}
	need(mkdtemp(folder) && chdir(folder) == 0 && mkdir("shelf", 0700) == 0, "no folder");
	need(db_open(&db, "market.db", DB_CREATE) == DB_OK && roll_prepare(db, true) == DB_OK, "no database");
	need(db_transact(db, DB_WRITE, fill, &f) == DB_OK, "the roll is not filled");
	first = make(db, NOW);
	f.step = 100;
	f.serial = 2;
	need(db_transact(db, DB_WRITE, fill, &f) == DB_OK, "the roll is not changed");
	second = make(db, NOW + 1);
	db_close(db);
	fd = http_listen("127.0.0.1", 0, error);
	need(fd >= 0, error);
	server = fork();
	if (server == 0)
		serve(fd);
	client(http_listen_port(fd), first, second);
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", folder);
	return chdir("/") || system(cmd) ? 1 : 0;
}
