// SPDX-License-Identifier: MIT
#include "derive.h"

#include <sodium.h>

void derive_layer(uint8_t key[DERIVE_LEN], const uint8_t split[DERIVE_LEN], uint8_t suite)
{
	static const uint8_t label[] = "cellrelay 1 layer";
	crypto_generichash_state st;

	crypto_generichash_init(&st, split, DERIVE_LEN, DERIVE_LEN);
	crypto_generichash_update(&st, label, sizeof(label) - 1);
	crypto_generichash_update(&st, &suite, 1);
	crypto_generichash_final(&st, key, DERIVE_LEN);
	sodium_memzero(&st, sizeof(st));
}
