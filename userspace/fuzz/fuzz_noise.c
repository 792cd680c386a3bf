// SPDX-License-Identifier: MIT
/*
 * Noise: a responder and an initiator read what anyone may send. Nothing but
 * the other side's own message is taken, and a failed handshake stays dead.
 */
#include <sodium.h>
#include <string.h>

#include "fuzz.h"
#include "noise/noise.h"

static uint8_t is[32], rs[32], rs_pub[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_assert(sodium_init() >= 0);
	memset(is, 1, sizeof(is));
	memset(rs, 2, sizeof(rs));
	crypto_scalarmult_base(rs_pub, rs);
	return 0;
}

/* Changes the bytes of @msg that @data says. */
static size_t damage(uint8_t *msg, size_t len, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		msg[(data[i] | (i / 512) << 8) % len] ^= data[i + 1];
	return size % 3 == 2 && len > 1 ? len - 1 : len;
}

static void handshake(enum noise_pattern p, bool second, const uint8_t *data, size_t size)
{
	uint8_t m1[256], m2[256], payload[256], send[32], recv[32], want[256];
	size_t n1 = sizeof(m1), n2 = sizeof(m2), n = sizeof(payload), cut;
	struct noise *i, *r;
	enum noise_error e;

	fuzz_assert(!noise_new(&i, p, true, "f", 1, p == NOISE_IK ? is : NULL, rs_pub));
	fuzz_assert(!noise_new(&r, p, false, "f", 1, rs, NULL));
	noise_set_ephemeral(i, is);
	noise_set_ephemeral(r, rs);
	fuzz_assert(!noise_write(i, "hello", 5, m1, &n1));
	if (second) {
		fuzz_assert(!noise_read(r, m1, n1, payload, &n));
		n = sizeof(payload);
		fuzz_assert(!noise_write(r, "there", 5, m2, &n2));
	}
	memcpy(want, second ? m2 : m1, sizeof(want));
	cut = second ? n2 : n1;
	n1 = damage(second ? m2 : m1, cut, data, size);
	e = noise_read(second ? i : r, second ? m2 : m1, n1, payload, &n);
	if (n1 == cut && memcmp(want, second ? m2 : m1, cut) == 0) {
		fuzz_assert(!e && n == 5);
	} else {
		/* the unused top bit of an X25519 key is hashed, too */
		fuzz_assert(e);
		fuzz_assert(!noise_done(second ? i : r));
		fuzz_assert(noise_split(second ? i : r, send, recv) == NOISE_E_ORDER);
		n2 = sizeof(m2);
		if (!second && e != NOISE_E_LENGTH)
			fuzz_assert(noise_write(r, NULL, 0, m2, &n2) == NOISE_E_ORDER);
	}
	noise_free(i);
	noise_free(r);
}

/* Whole messages of the fuzzer's own. */
static void raw(enum noise_pattern p, const uint8_t *data, size_t size)
{
	uint8_t payload[4096];
	size_t n = sizeof(payload);
	struct noise *r;

	fuzz_assert(!noise_new(&r, p, false, "f", 1, rs, NULL));
	fuzz_assert(noise_read(r, data, size, payload, &n) != NOISE_OK || p == NOISE_NK || noise_remote_static(r));
	noise_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum noise_pattern p;

	if (!size)
		return 0;
	p = data[0] & 1 ? NOISE_IK : NOISE_NK;
	if (data[0] & 2)
		raw(p, data + 1, size - 1);
	else
		handshake(p, data[0] & 4, data + 1, size - 1);
	return 0;
}
