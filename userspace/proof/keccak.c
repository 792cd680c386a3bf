// SPDX-License-Identifier: MIT
/* Keccak-f[1600], SHA3-512 and SHAKE256 as FIPS 202 has them. */
#include <endian.h>
#include <string.h>

#include <sodium.h>

#include "proof/keccak.h"

#define SHA3_512_RATE	72

static const uint64_t round_constants[24] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a,
	0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
	0x8000000080008081, 0x8000000000008009, 0x000000000000008a,
	0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
	0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
	0x000000000000800a, 0x800000008000000a, 0x8000000080008081,
	0x8000000000008080, 0x0000000080000001, 0x8000000080008008
};

static inline uint64_t rotl(uint64_t v, unsigned int n)
{
	return v << n | v >> ((64 - n) % 64);
}

/*
 * rho and pi as one walk: lane pi_lane[i] receives its predecessor on the
 * walk, turned left by the i-th triangular number.
 */
static const uint8_t pi_lane[24] = {
	10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4,
	15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1
};

static const uint8_t rho[24] = {
	1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14,
	27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44
};

void cr_keccak_f1600(uint8_t state[CR_KECCAK_BYTES])
{
	uint64_t a[25], c[5], d;

	memcpy(a, state, CR_KECCAK_BYTES);
	for (int i = 0; i < 25; i++)
		a[i] = le64toh(a[i]);

	for (int round = 0; round < 24; round++) {
		uint64_t carried;

		for (int x = 0; x < 5; x++)
			c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^
			       a[x + 20];
#pragma GCC unroll 5
		for (int x = 0; x < 5; x++) {
			d = c[(x + 4) % 5] ^ rotl(c[(x + 1) % 5], 1);
			for (int y = 0; y < 25; y += 5)
				a[y + x] ^= d;
		}
		carried = a[1];
#pragma GCC unroll 24
		for (int i = 0; i < 24; i++) {
			uint64_t next = a[pi_lane[i]];

			a[pi_lane[i]] = rotl(carried, rho[i]);
			carried = next;
		}
#pragma GCC unroll 5
		for (int y = 0; y < 25; y += 5) {
			for (int x = 0; x < 5; x++)
				c[x] = a[y + x];
			for (int x = 0; x < 5; x++)
				a[y + x] = c[x] ^
					   (~c[(x + 1) % 5] & c[(x + 2) % 5]);
		}
		a[0] ^= round_constants[round];
	}

	for (int i = 0; i < 25; i++)
		a[i] = htole64(a[i]);
	memcpy(state, a, CR_KECCAK_BYTES);
	sodium_memzero(a, sizeof(a));
	sodium_memzero(c, sizeof(c));
}

static size_t absorb(uint8_t *state, size_t pos, size_t rate, const void *in,
		     size_t len)
{
	const uint8_t *bytes = in;

	for (size_t i = 0; i < len; i++) {
		state[pos++] ^= bytes[i];
		if (pos == rate) {
			cr_keccak_f1600(state);
			pos = 0;
		}
	}
	return pos;
}

void cr_sha3_512(uint8_t out[CR_SHA3_512_BYTES], const void *in, size_t len)
{
	uint8_t state[CR_KECCAK_BYTES] __attribute__((aligned(8))) = { 0 };
	size_t pos = absorb(state, 0, SHA3_512_RATE, in, len);

	state[pos] ^= 0x06;
	state[SHA3_512_RATE - 1] ^= 0x80;
	cr_keccak_f1600(state);
	memcpy(out, state, CR_SHA3_512_BYTES);
	sodium_memzero(state, sizeof(state));
}

void cr_shake256_init(struct cr_shake256 *h)
{
	memset(h, 0, sizeof(*h));
}

void cr_shake256_absorb(struct cr_shake256 *h, const void *in, size_t len)
{
	h->pos = absorb(h->state, h->pos, CR_SHAKE256_RATE, in, len);
}

void cr_shake256_finish(struct cr_shake256 *h)
{
	h->state[h->pos] ^= 0x1f;
	h->state[CR_SHAKE256_RATE - 1] ^= 0x80;
	cr_keccak_f1600(h->state);
	h->pos = 0;
}

void cr_shake256_squeeze(struct cr_shake256 *h, void *out, size_t len)
{
	uint8_t *bytes = out;

	for (size_t i = 0; i < len; i++) {
		if (h->pos == CR_SHAKE256_RATE) {
			cr_keccak_f1600(h->state);
			h->pos = 0;
		}
		bytes[i] = h->state[h->pos++];
	}
}
