// SPDX-License-Identifier: MIT
/*
 * Fuzzing of the range proof verifier, alone and in a batch.
 *
 * First byte even: the rest is shape, commitments and proof as they come.
 * Odd: the rest is a list of edits (offset, byte) to a proof that is valid;
 * it must be rejected unless the edits change nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "fuzz.h"
#include "proof/error.h"
#include "proof/range.h"

/*
 * A proof of the bulletproofs crate, n = 8, m = 2: commitments, then proof
 * (dalek-cryptography/bulletproofs be67b6d, MIT, (c) 2018 Chain, Inc.).
 */
static const char valid_hex[] =
	"90b0c2fe57934dff9f5396e135e7d72b82b3c5393e1843178918eb2cf28a5f3c"
	"74256a3e2a7fe948210c4095195ae4db3e3498c6c5fddc2afb226c0f1e97e468"
	"96cb7f843c95f494b5b97d74d29ad855eda25a9b09a51c04275d5f79b988055d"
	"ee65c2accc2d77f281ff9e1933a470f40d467ae7a557e922a6d0cf07db09e365"
	"5a7d82cfe9262b7ad49953b765f0e85ff71730526d43b902b9e50e88f1b13a1c"
	"a0fed50530b4a22307a4eebf2d49127f1899a5b6b0b68f25d078972ec53a555f"
	"a371422ef112b34b08d45c37cca5bd6039f7644162e073918502a0585f9e3803"
	"e59f6e6b1646e38716a0704b8232f397c9ee6222a971dec8b8518b5dc6101308"
	"e188f22a47baf5139d069183a657287cabfe744e7f4871676d5b85321374710f"
	"d4f69cd96053c09ee529fe1e235765d3410593c7b8caff21c13d8efb175f5403"
	"06bf4a841d05a2f78dae3e2382d4d0662f15f282b47a435a2b1d3f9bcaff0d14"
	"a4d44ba466ea0e63664656e715d60b42866626cd3a039d08c6428b3c4f601066"
	"10d97ead55e1af253353ddb313c65b4a6dd65ec4555c62dde57653db51db111e"
	"f42cfb0bf7621e14509634d3616ec9b46a12ab2b187668a6207a4838d04e0b01"
	"aca5f4002ee00a901319d876ab8ebb6619c81f2afc2016e48b7e1cf14577af1a"
	"bccea0100f3ee10cbc1b2ea5f46e0a4a25519f5c58ef15c2c38549e9240a615f"
	"c87210c68e6128476cb02dd5ce2b8fdbd407f23013ed1ab3fa86ff441788b31a"
	"b5375e5442e825ecf5d7f3060e3b2bbf96074f5dc121ec6f3460d8d27f2e4101"
	"f5d910181c6012f6345da390055929f6c6ba243b6f8ef2a1a62c49e9ae036703";

#define VALID_LABEL	"Deserialize-And-Verify Test"
#define VALID_BITS	8
#define VALID_COUNT	2
#define VALID_PROOF	(32 * (9 + 2 * 4))
#define VALID_BYTES	(32 * VALID_COUNT + VALID_PROOF)

static uint8_t valid[VALID_BYTES];

static struct cr_range_item item_of(const uint8_t *commitments,
				    unsigned int bits, size_t count,
				    const uint8_t *proof, size_t len)
{
	struct cr_range_item item = {
		.bits = bits, .count = count, .proof = proof, .proof_len = len,
		.commitments = (const uint8_t (*)[32])commitments,
	};

	cr_transcript_init(&item.transcript, VALID_LABEL,
			   sizeof(VALID_LABEL) - 1);
	return item;
}

/* The verdict, after checking that single and batch agree on it. */
static int verdict(const uint8_t *commitments, unsigned int bits, size_t count,
		   const uint8_t *proof, size_t len)
{
	struct cr_range_item items[2] = {
		item_of(valid, VALID_BITS, VALID_COUNT,
			valid + 32 * VALID_COUNT, VALID_PROOF),
		item_of(commitments, bits, count, proof, len),
	};
	struct cr_transcript t = items[1].transcript;
	int err = cr_range_verify(&t, bits, items[1].commitments, count, proof,
				  len);
	int batch = cr_range_verify_batch(items, 2);

	fuzz_assert(items[0].verdict == 0);
	fuzz_assert(items[1].verdict == err);
	fuzz_assert(batch == (err ? CR_ERR_REJECTED : 0));
	return err;
}

static void raw(const uint8_t *data, size_t size)
{
	static const unsigned int all_bits[] = { 8, 16, 32, 64 };
	uint8_t *commitments, *proof;
	unsigned int bits;
	size_t count, len;

	if (!size)
		return;
	bits = all_bits[data[0] & 3];
	count = (size_t)1 << (data[0] >> 2 & 7);
	data++;
	size--;
	if (size < 32 * count)
		return;
	/* exact allocations, so that a read beyond one is seen */
	len = size - 32 * count;
	commitments = malloc(32 * count);
	proof = malloc(len + !len);
	fuzz_assert(commitments && proof);
	memcpy(commitments, data, 32 * count);
	memcpy(proof, data + 32 * count, len);
	(void)verdict(commitments, bits, count, proof, len);
	free(commitments);
	free(proof);
}

static void edits(const uint8_t *data, size_t size)
{
	uint8_t copy[VALID_BYTES];
	int err;

	memcpy(copy, valid, sizeof(copy));
	for (; size >= 3; data += 3, size -= 3)
		copy[(data[0] | data[1] << 8) % VALID_BYTES] ^= data[2];
	err = verdict(copy, VALID_BITS, VALID_COUNT, copy + 32 * VALID_COUNT,
		      VALID_PROOF);
	fuzz_assert(!err == !memcmp(copy, valid, sizeof(copy)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		edits(data + 1, size - 1);
	else
		raw(data + 1, size - 1);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t len;

	(void)argc;
	(void)argv;
	fuzz_assert(cr_proof_init() == 0);
	fuzz_assert(sodium_hex2bin(valid, sizeof(valid), valid_hex,
				   sizeof(valid_hex) - 1, NULL, &len,
				   NULL) == 0);
	fuzz_assert(len == sizeof(valid));
	return 0;
}
