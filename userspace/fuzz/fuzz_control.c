// SPDX-License-Identifier: MIT
/* Datagrams and messages between daemons, from anyone: what is read is what would be written. */
#include <sodium.h>
#include <string.h>

#include "control/bytes.h"
#include "control/dgram.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_assert(sodium_init() >= 0);
	return 0;
}

static void messages(const uint8_t *in, size_t len)
{
	uint8_t again[CR_LINK_HELLO_LEN];
	struct cr_link_hello l;
	struct cr_circ_hello c;
	struct cr_create create;
	struct cr_created created;
	struct cr_extend extend;
	struct cr_attached attached;
	struct cr_attach attach;

	if (cr_link_hello_get(&l, in, len)) {
		cr_link_hello_put(again, &l);
		fuzz_assert(memcmp(again, in, CR_LINK_HELLO_LEN) == 0);
	}
	if (cr_circ_hello_get(&c, in, len)) {
		cr_circ_hello_put(again, &c);
		fuzz_assert(memcmp(again, in, CR_CIRC_HELLO_LEN) == 0);
	}
	if (cr_create_get(&create, in, len))
		fuzz_assert(create.circ && create.noise + create.noise_len == in + len);
	if (cr_created_get(&created, in, len))
		fuzz_assert(created.circ && created.noise + created.noise_len == in + len);
	if (cr_extend_get(&extend, in, len))
		fuzz_assert(extend.relay == in && extend.noise + extend.noise_len == in + len);
	if (cr_attach_get(&attach, in, len) && attach.session)
		fuzz_assert(attach.signature + CR_SESSION_SIG_LEN <= in + len);
	if (cr_attached_get(&attached, in, len))
		fuzz_assert(memcmp(attached.inner6, in + 4, 16) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[] = { CR_CELL_SMALL, CR_CELL_LARGE_V6MIN, CR_CELL_LARGE };
	uint8_t dgram[CR_CELL_LARGE], plain[CR_CELL_LARGE], random[32] = { 3 }, type;
	struct cr_dgram_keys k = { .mac = { 1 }, .stream = { 2 } };
	uint8_t *copy = malloc(size ? size : 1);	/* its own, so that one byte too far is seen */
	const uint8_t *msg;
	size_t len, n;

	fuzz_assert(copy);
	memcpy(copy, data, size);
	messages(copy, size);
	if (cr_frame_get(copy, size, &type, &msg, &len)) {
		uint8_t *back = malloc(size);

		fuzz_assert(back && cr_frame_put(back, size, type, msg, len));
		fuzz_assert(memcmp(back, copy, size) == 0);
		free(back);
	}
	/* as a datagram, as it is */
	cr_dgram_is(copy, size, k.mac);
	if (cr_dgram_open(copy, size, k.stream, plain, &type, &msg, &len))
		messages(msg, len);
	/* and as the content of one that is */
	n = size ? sizes[copy[0] % 3] : CR_CELL_SMALL;
	if (cr_dgram_seal_with(dgram, n, &k, 1, copy, size, NULL, random)) {
		fuzz_assert(cr_dgram_is(dgram, n, k.mac));
		fuzz_assert(cr_dgram_open(dgram, n, k.stream, plain, &type, &msg, &len));
		fuzz_assert(len == size && memcmp(msg, copy, size) == 0);
	}
	free(copy);
	return 0;
}
