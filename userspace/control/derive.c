// SPDX-License-Identifier: MIT
#include "control/derive.h"

#include <sodium.h>
#include <string.h>

/* BLAKE2b keyed with @key of "cellrelay 1 " | label | tail. */
static void derive(uint8_t *out, size_t out_len, const uint8_t *key, size_t key_len, const char *label,
		   const uint8_t *tail, size_t tail_len)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, key, key_len, out_len);
	crypto_generichash_update(&st, (const uint8_t *)"cellrelay 1 ", 12);
	crypto_generichash_update(&st, (const uint8_t *)label, strlen(label));
	crypto_generichash_update(&st, tail, tail_len);
	crypto_generichash_final(&st, out, out_len);
	sodium_memzero(&st, sizeof(st));
}

void cr_derive_way(struct cr_way_keys *k, const uint8_t split[32], uint8_t suite)
{
	derive(k->tag, sizeof(k->tag), split, 32, "k_tag", &suite, 1);
	derive(k->mask, sizeof(k->mask), split, 32, "k_mask", &suite, 1);
	derive(k->ctl, sizeof(k->ctl), split, 32, "k_ctl", &suite, 1);
}

void cr_derive_layer(uint8_t key[32], const uint8_t split[32], uint8_t suite)
{
	derive(key, 32, split, 32, "layer", &suite, 1);
}

void cr_derive_first(struct cr_dgram_keys *k, const uint8_t responder[32])
{
	derive(k->mac, sizeof(k->mac), responder, 32, "first mac", NULL, 0);
	derive(k->stream, sizeof(k->stream), responder, 32, "first stream", NULL, 0);
}

void cr_derive_reply_mac(uint8_t mac[16], const uint8_t idx_key[CR_IDX_KEY_LEN])
{
	derive(mac, 16, idx_key, CR_IDX_KEY_LEN, "reply mac", NULL, 0);
}

void cr_derive_reply(struct cr_dgram_keys *k, const uint8_t idx_key[CR_IDX_KEY_LEN],
		     const uint8_t ck[NOISE_HASH_LEN])
{
	cr_derive_reply_mac(k->mac, idx_key);
	derive(k->stream, sizeof(k->stream), ck, NOISE_HASH_LEN, "reply stream", NULL, 0);
}
