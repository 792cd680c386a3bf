// SPDX-License-Identifier: MIT
#include <sodium.h>
#include <string.h>

#include "ref_cells.h"

static void le(uint8_t *p, uint64_t v, unsigned int bytes)
{
	while (bytes--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

/* Section 3: the body is complete, write bytes 0 to 23. */
static void header(uint8_t *cell, size_t len, const struct ref_wire *w, uint32_t circ,
		   uint64_t ctr)
{
	uint8_t in[32], tag[8], mask[16], idx[8];
	unsigned int i;

	le(in, w->link, 4);
	le(in + 4, circ, 4);
	le(in + 8, ctr, 8);
	memcpy(in + 16, cell + len - 16, 16);
	crypto_shorthash_siphash24(tag, in, sizeof(in), w->tag);
	crypto_shorthash_siphashx24(mask, tag, 8, w->mask);
	crypto_shorthash_siphash24(idx, tag, 8, w->idx);
	for (i = 0; i < 4; i++)
		cell[i] = in[i] ^ idx[i];
	memcpy(cell + 4, tag, 8);
	for (i = 0; i < 12; i++)
		cell[12 + i] = in[4 + i] ^ mask[i];
}

static void aead(uint8_t *p, size_t n, const uint8_t *key, uint64_t ctr)
{
	uint8_t nonce[12] = { 0 };

	le(nonce + 4, ctr, 8);
	crypto_aead_chacha20poly1305_ietf_encrypt(p, NULL, p, n, NULL, 0, NULL, nonce, key);
}

/* Section 4: payload or inner layer of @n bytes, trailer, tag. Return: the layer's length. */
static size_t layer(uint8_t *body, size_t n, const uint8_t *key, uint64_t ctr,
		    uint64_t inner_ctr, uint8_t type)
{
	le(body + n, inner_ctr, 6);
	body[n + 6] = type;
	aead(body, n + 7, key, ctr);
	return n + 7 + 16;
}

/* Section 5: the onion is made once; on each further wire the layers that were
 * opened are gone from the front, and filler stands at the end.
 */
void ref_forward(const struct ref_circuit *c, struct ref_cell *cell)
{
	uint8_t onion[REF_HOPS][REF_CELL];
	size_t n = ref_payload(cell->len, cell->hop);
	unsigned int pos;

	for (pos = cell->hop; pos >= 1; pos--) {
		uint8_t *o = onion[pos - 1];

		if (pos == cell->hop) {
			memcpy(o, cell->payload, n);
			n = layer(o, n, c->key_fwd[pos - 1], cell->ctr[pos - 1], 0, cell->type);
		} else {
			memcpy(o, onion[pos], n);
			n = layer(o, n, c->key_fwd[pos - 1], cell->ctr[pos - 1], cell->ctr[pos], 0);
		}
	}
	for (pos = 1; pos <= cell->hop; pos++) {
		uint8_t *out = cell->wire[pos - 1];
		const struct ref_wire *w = &c->fwd[pos - 1];

		memcpy(out + 24, onion[pos - 1], n);
		if (pos > 1)
			memcpy(out + 24 + n, cell->filler[pos - 2], 23 * (pos - 1));
		header(out, cell->len, w, w->circ, cell->ctr[pos - 1]);
		n -= 23;
	}
}

/* Section 6. */
void ref_backward(const struct ref_circuit *c, struct ref_cell *cell)
{
	uint8_t body[REF_CELL];
	size_t n = ref_payload(cell->len, cell->hop);
	unsigned int pos;

	memcpy(body, cell->payload, n);
	for (pos = cell->hop; pos >= 1; pos--) {
		uint8_t *out = cell->wire[pos - 1];
		const struct ref_wire *w = &c->bwd[pos - 1];
		bool own = pos == cell->hop;

		n = layer(body, n, c->key_bwd[pos - 1], cell->ctr[pos - 1],
			  own ? 0 : cell->ctr[pos], own ? cell->type : 0);
		memcpy(out + 24, body, n);
		memcpy(out + 24 + n, cell->filler[pos - 1], 23 * (pos - 1));
		header(out, cell->len, w, w->circ, cell->ctr[pos - 1]);
	}
}

void ref_control(const struct ref_wire *w, const uint8_t k_ctl[32], uint64_t ctr, uint8_t type,
		 const uint8_t *msg, size_t msg_len, uint8_t *cell, size_t len)
{
	memset(cell, 0, len);
	cell[24] = type;
	le(cell + 25, msg_len, 2);
	memcpy(cell + 27, msg, msg_len);
	aead(cell + 24, len - 24 - 16, k_ctl, ctr);
	header(cell, len, w, 0, ctr);
}
