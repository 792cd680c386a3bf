// SPDX-License-Identifier: MIT
/*
 * Vouchers and claims. Limits of vouchers are 1.5 times the scalar
 * multiplications that RFC 9497 writes down for the step, at this machine's
 * price for one. libsodium's column is real calls for vouchers; for a claim,
 * where they would take minutes, it is their number times the price of one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "bench.h"
#include "proof/claim.h"
#include "proof/voprf.h"

#define BATCH		64
#define SESSIONS	1000
#define MEMORY_MAX	(64 * 1024)	/* KiB */

static struct {
	struct cr_voprf_key key;
	struct cr_scalar blinds[BATCH], factors[BATCH];
	uint8_t inputs[BATCH][32], blinded[BATCH][32], evaluated[BATCH][32];
	uint8_t proof[64], outputs[BATCH][64];
	struct cr_point p;
	size_t n;
} v;

static struct {
	uint8_t public_key[32], secret[64], message[CR_RECEIPT_SIGNED], signature[64];
} s;

static void fail_on(int err, const char *what)
{
	if (err)
		bench_die(what, err);
}

static void multiply(void *arg)
{
	(void)arg;
	cr_point_mul(&v.p, &v.blinds[0], &v.p);
}

static void multiply_base(void *arg)
{
	(void)arg;
	cr_point_mul_base(&v.p, &v.blinds[0]);
}

static void blind(void *arg)
{
	(void)arg;
	fail_on(cr_voprf_blind(v.blinded[0], &v.blinds[0], v.inputs[0], 32), "blind");
}

static void issue(void *arg)
{
	(void)arg;
	fail_on(cr_voprf_evaluate(v.evaluated, v.proof, &v.key,
				  (const uint8_t (*)[32])v.blinded, v.n), "issue");
}

static void verify(void *arg)
{
	(void)arg;
	fail_on(cr_voprf_verify((const uint8_t (*)[32])v.blinded,
				(const uint8_t (*)[32])v.evaluated, v.proof,
				v.key.public_key, v.n), "verify");
}

static void receive(void *arg)
{
	(void)arg;
	fail_on(cr_voprf_finalize(v.outputs, v.inputs[0], 32, v.blinds,
				  (const uint8_t (*)[32])v.blinded,
				  (const uint8_t (*)[32])v.evaluated, v.proof,
				  v.key.public_key, v.n), "receive");
}

/* out = out + scalar * point, in libsodium's calls */
static void sodium_term(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32])
{
	uint8_t term[32];

	if (crypto_scalarmult_ristretto255(term, scalar, point) ||
	    crypto_core_ristretto255_add(out, out, term))
		abort();
}

static void sodium_mul(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32])
{
	if (crypto_scalarmult_ristretto255(out, scalar, point))
		abort();
}

static void sodium_issue(void *arg)
{
	uint8_t m[32] = { 0 }, out[32];

	(void)arg;
	for (size_t i = 0; i < v.n; i++) {
		sodium_mul(v.evaluated[i], v.key.k.b, v.blinded[i]);
		sodium_term(m, v.factors[i].b, v.blinded[i]);
	}
	sodium_mul(out, v.key.k.b, m);
	sodium_mul(out, v.blinds[0].b, m);
	if (crypto_scalarmult_ristretto255_base(out, v.blinds[0].b))
		abort();
}

static void sodium_verify(void *arg)
{
	uint8_t m[32] = { 0 }, z[32] = { 0 }, out[32];

	(void)arg;
	for (size_t i = 0; i < v.n; i++) {
		sodium_term(m, v.factors[i].b, v.blinded[i]);
		sodium_term(z, v.factors[i].b, v.evaluated[i]);
	}
	if (crypto_scalarmult_ristretto255_base(out, v.blinds[0].b))
		abort();
	sodium_term(out, v.blinds[0].b, v.key.public_key);
	sodium_mul(out, v.blinds[0].b, m);
	sodium_term(out, v.blinds[0].b, z);
}

static void sodium_one_term(void *arg)
{
	uint8_t out[32];

	(void)arg;
	memcpy(out, v.key.public_key, 32);
	sodium_term(out, v.blinds[0].b, v.blinded[0]);
}

static void one_verification(void *arg)
{
	(void)arg;
	if (cr_verify(s.signature, s.message, sizeof(s.message), s.public_key))
		abort();
}

static void sodium_one_verification(void *arg)
{
	(void)arg;
	if (crypto_sign_verify_detached(s.signature, s.message, sizeof(s.message),
					s.public_key))
		abort();
}

static void setup(void)
{
	uint8_t seed[32] = { 1 };

	fail_on(cr_voprf_key_derive(&v.key, seed, NULL, 0), "key");
	for (size_t i = 0; i < BATCH; i++) {
		randombytes_buf(v.inputs[i], 32);
		cr_scalar_random(&v.factors[i]);
		fail_on(cr_voprf_blind(v.blinded[i], &v.blinds[i], v.inputs[i], 32), "blind");
	}
	cr_point_base(&v.p);
	cr_key_from_seed(s.public_key, s.secret, seed);
	cr_sign(s.signature, s.message, sizeof(s.message), s.secret);
}

static void vouchers(size_t n)
{
	/* batch: per element k C and d C; then k M, r M, r B */
	const double mul = bench_median(multiply, NULL);
	const double base = bench_median(multiply_base, NULL);
	const double issuing = 1.5 * ((double)(2 * n + 2) * mul + base);
	/* per element d C and d D; then s B, c K, s M, c Z */
	const double checking = 1.5 * ((double)(2 * n + 3) * mul + base);
	const double each = (double)n;
	char name[64];

	v.n = n;
	snprintf(name, sizeof(name), "issue, each of %zu", n);
	bench_row(name, bench_median(issue, NULL) / each,
		  bench_median(sodium_issue, NULL) / each, issuing / each);
	issue(NULL);
	snprintf(name, sizeof(name), "verify, each of %zu", n);
	bench_row(name, bench_median(verify, NULL) / each,
		  bench_median(sodium_verify, NULL) / each, checking / each);
	snprintf(name, sizeof(name), "verify and unblind, each of %zu", n);
	bench_row(name, bench_median(receive, NULL) / each, 0,
		  (checking + 1.5 * each * mul) / each);
}

/* What the child reports. */
struct measured {
	double sign, build, verify;
};

struct claim_run {
	uint8_t market[64], relay[64], session[64], *bytes;
	size_t len;
	struct cr_claim_terms terms;
	struct cr_claim_item items[SESSIONS];
};

static void sign_all(void *arg)
{
	struct claim_run *r = arg;

	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct cr_certificate *cert = &r->items[i].certificate;

		randombytes_buf(r->session, 32);
		cert->scope = r->terms.scope;
		cert->tariff = r->terms.tariff;
		cert->deposit = 65536;
		cr_key_from_seed(cert->session, r->session, r->session);
		cr_certificate_sign(cert, r->market);
		cr_receipt_sign(&r->items[i].receipt, &r->items[i].opening,
				&r->terms.scope, 60 * i, r->session);
	}
}

static void build_claim(void *arg)
{
	struct claim_run *r = arg;

	fail_on(cr_claim_build(&r->bytes, &r->len, r->items, SESSIONS, &r->terms, r->relay,
			       NULL), "claim");
}

static void verify_claim(void *arg)
{
	struct claim_run *r = arg;

	fail_on(cr_claim_verify(r->bytes, r->len, &r->terms, NULL), "claim verification");
}

/* In a process of its own, so that its peak memory is the claim's. */
static void claim_child(int to)
{
	struct claim_run *r = sodium_malloc((sizeof(*r) + 63) / 64 * 64);
	struct measured m;

	if (!r)
		exit(2);
	memset(r, 0, sizeof(*r));
	randombytes_buf(r->market, 32);
	randombytes_buf(r->relay, 32);
	cr_key_from_seed(r->terms.market, r->market, r->market);
	cr_key_from_seed(r->terms.scope.relay, r->relay, r->relay);
	r->terms.tariff = 1600000;
	m.sign = bench_once(sign_all, r);
	m.build = bench_once(build_claim, r);
	m.verify = bench_median(verify_claim, r);
	exit(write(to, &m, sizeof(m)) == sizeof(m) ? 0 : 2);
}

static void claims(void)
{
	/* every proof of 2048 generators pairs: 10 nm to make, and in all to check: */
	const double proofs = (SESSIONS + 31) / 32, nm = 2048;
	const double terms = 2 * nm + 2 + proofs * (4 + 2 * 11 + 64);
	double term = bench_median(sodium_one_term, NULL);
	double check = bench_median(sodium_one_verification, NULL);
	struct rusage usage;
	struct measured m;
	int status, fds[2];
	pid_t child;

	if (pipe(fds))
		abort();
	fflush(stdout);
	child = fork();
	if (!child)
		claim_child(fds[1]);
	close(fds[1]);
	if (child < 0 || read(fds[0], &m, sizeof(m)) != sizeof(m) ||
	    wait4(child, &status, 0, &usage) != child || status)
		abort();
	close(fds[0]);
	bench_row("certificate and receipt, sign each", m.sign / SESSIONS, 0, 0);
	bench_row("claim of 1000: build", m.build, 10 * proofs * nm * term, 15);
	bench_row("claim of 1000: verify", m.verify,
		  terms * term + 2 * SESSIONS * check, 0.5);
	bench_memory_row("claim of 1000: peak memory", usage.ru_maxrss, MEMORY_MAX);
}

void bench_payment(void)
{
	setup();
	bench_heading("vouchers");
	bench_row("blind", bench_median(blind, NULL), 0, 0);
	vouchers(1);
	vouchers(BATCH);
	bench_heading("receipts and claims");
	bench_row("strict Ed25519 verification", bench_median(one_verification, NULL),
		  bench_median(sodium_one_verification, NULL), 0);
	claims();
}
