// SPDX-License-Identifier: MIT
/*
 * bench: how long this machine takes for what an operator waits for. The
 * project's own benchmark, with limits and libsodium beside it, is
 * `make bench-proofs`.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <sodium.h>

#include "relayproof/io.h"

#define DEFAULT_SESSIONS 100

/* Parties to the claim; secret. */
struct parties {
	uint8_t market[64], relay[64], session[64];
	struct cr_claim_terms terms;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void put_ms(json_t *out, const char *key, double seconds)
{
	json_object_set_new(out, key, json_real(seconds * 1e3));
}

static void make_items(struct parties *p, struct cr_claim_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cr_certificate *cert = &items[i].certificate;

		randombytes_buf(p->session, CR_SEED_BYTES);
		cert->scope = p->terms.scope;
		cert->tariff = p->terms.tariff;
		cert->deposit = 65536;
		cr_key_from_seed(cert->session, p->session, p->session);
		cr_certificate_sign(cert, p->market);
		cr_receipt_sign(&items[i].receipt, &items[i].opening, &p->terms.scope,
				randombytes_uniform(cert->deposit + 1), p->session);
	}
}

static int measure(struct parties *p, struct cr_claim_item *items, size_t n)
{
	json_t *out = json_object();
	struct rusage usage;
	enum cr_reason reason;
	uint8_t *bytes;
	double start;
	size_t len;

	json_object_set_new(out, "sessions", json_integer((json_int_t)n));
	start = now();
	make_items(p, items, n);
	put_ms(out, "sign_each_ms", (now() - start) / (double)n);

	start = now();
	reason = cr_claim_build(&bytes, &len, items, n, &p->terms, p->relay,
				progress_terminal("proving"));
	progress_done();
	if (reason != CR_ACCEPTED) {
		json_decref(out);
		return refuse(reason, "cannot build a claim");
	}
	put_ms(out, "build_ms", now() - start);
	json_object_set_new(out, "claim_bytes", json_integer((json_int_t)len));

	start = now();
	reason = cr_claim_verify(bytes, len, &p->terms, NULL);
	put_ms(out, "verify_ms", now() - start);
	free(bytes);
	if (reason != CR_ACCEPTED) {
		json_decref(out);
		return refuse(reason, "own claim does not verify");
	}
	getrusage(RUSAGE_SELF, &usage);
	json_object_set_new(out, "peak_memory_kib", json_integer(usage.ru_maxrss));
	return io_write(out, STATUS_OK);
}

int cmd_bench(const struct options *opt, const json_t *in)
{
	size_t n = opt->sessions ? opt->sessions : DEFAULT_SESSIONS;
	struct cr_claim_item *items = secret_new(n * sizeof(*items));
	struct parties *p = secret_new(sizeof(*p));
	int status = STATUS_FAILED;

	(void)in;
	if (items && p) {
		randombytes_buf(p->market, CR_SEED_BYTES);
		randombytes_buf(p->relay, CR_SEED_BYTES);
		cr_key_from_seed(p->terms.market, p->market, p->market);
		cr_key_from_seed(p->terms.scope.relay, p->relay, p->relay);
		p->terms.tariff = 1600000;
		status = measure(p, items, n);
	}
	sodium_free(p);
	sodium_free(items);
	return status;
}
