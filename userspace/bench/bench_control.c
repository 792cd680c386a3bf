// SPDX-License-Identifier: MIT
/*
 * What a circuit handshake costs the relay, and how much of that is X25519:
 * everything between a CREATE and its CREATED but netlink, against the three
 * curve operations in it, in turns of the same run.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/bytes.h"
#include "control/derive.h"
#include "control/message.h"
#include "noise/noise.h"

#define TURNS	20
#define EACH	250	/* handshakes per turn */

static uint8_t secret[32], public[32], identity[32], ledger[32];

static double cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void must(int ok)
{
	if (ok)
		return;
	fputs("bench_control: a handshake failed\n", stderr);
	exit(1);
}

static void client(uint8_t create[CR_CREATE_LEN])
{
	struct cr_circ_hello hello = { .suite = 1, .pos = 1, .large = CR_CELL_LARGE };
	uint8_t prologue[CR_PROLOGUE_LEN], payload[CR_CIRC_HELLO_LEN];
	size_t len = CR_CIRC_MSG1_LEN;
	struct noise *n;

	cr_prologue(prologue, CR_FOR_CIRCUIT, ledger, identity);
	cr_circ_hello_put(payload, &hello);
	must(!noise_new(&n, NOISE_NK, true, prologue, sizeof(prologue), NULL, public));
	must(!noise_write(n, payload, sizeof(payload), create + CR_CREATE_NOISE, &len));
	put32(create, 7);
	noise_free(n);
}

static void relay(const uint8_t create[CR_CREATE_LEN])
{
	uint8_t prologue[CR_PROLOGUE_LEN], payload[CR_CELL_LARGE], reply[CR_CREATED_LEN], a[32], b[32], fwd[32], bwd[32];
	size_t n = sizeof(payload), out = CR_CIRC_MSG2_LEN;
	struct cr_circ_hello hello;
	struct cr_create msg;
	struct noise *noise;

	must(cr_create_get(&msg, create, CR_CREATE_LEN));
	cr_prologue(prologue, CR_FOR_CIRCUIT, ledger, identity);
	must(!noise_new_pair(&noise, NOISE_NK, false, prologue, sizeof(prologue), secret, public, NULL));
	must(!noise_read(noise, msg.noise, msg.noise_len, payload, &n));
	must(cr_circ_hello_get(&hello, payload, n));
	hello.pos = CR_STATUS_OK;
	cr_circ_hello_put(payload, &hello);
	must(!noise_write(noise, payload, CR_CIRC_HELLO_LEN, reply + CR_CREATED_NOISE, &out));
	must(!noise_split(noise, a, b));
	cr_derive_layer(fwd, b, hello.suite);
	cr_derive_layer(bwd, a, hello.suite);
	noise_free(noise);
}

/* ee, es and a fresh key pair. */
static void curve(void)
{
	static uint8_t e[32], e_pub[32], dh[32];

	randombytes_buf(e, sizeof(e));
	must(!crypto_scalarmult_base(e_pub, e));
	must(!crypto_scalarmult(dh, e, public));
	must(!crypto_scalarmult(dh, secret, e_pub));
}

int main(void)
{
	static uint8_t create[EACH][CR_CREATE_LEN];
	double handshakes = 0, curves = 0;

	must(sodium_init() >= 0);
	randombytes_buf(secret, sizeof(secret));
	crypto_scalarmult_base(public, secret);
	randombytes_buf(identity, sizeof(identity));
	for (int t = 0; t < TURNS; t++) {
		double t0, t1, t2;

		for (int i = 0; i < EACH; i++)
			client(create[i]);
		t0 = cpu_now();
		for (int i = 0; i < EACH; i++)
			relay(create[i]);
		t1 = cpu_now();
		for (int i = 0; i < EACH; i++)
			curve();
		t2 = cpu_now();
		handshakes += t1 - t0;
		curves += t2 - t1;
	}
	printf("circuit handshakes per second and core (no netlink)\t%.0f\n", TURNS * EACH / handshakes);
	printf("their X25519 operations alone\t%.0f\n", TURNS * EACH / curves);
	printf("share\t%.1f %%\n", 100 * curves / handshakes);
	return 0;
}
