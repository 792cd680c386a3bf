// SPDX-License-Identifier: MIT
#include "control/message.h"

#include "control/bytes.h"
#include "control/limits.h"

static const char protocol[11] = "cellrelay 1";

void cr_prologue(uint8_t out[CR_PROLOGUE_LEN], enum cr_purpose purpose,
		 const uint8_t ledger[CR_LEDGER_LEN], const uint8_t responder[CR_ID_LEN])
{
	memcpy(out, protocol, sizeof(protocol));
	out[11] = (uint8_t)purpose;
	memcpy(out + 12, ledger, CR_LEDGER_LEN);
	memcpy(out + 12 + CR_LEDGER_LEN, responder, CR_ID_LEN);
}

bool cr_snapshot_agrees(const struct cr_snapshot_id *a, const struct cr_snapshot_id *b)
{
	return !a->number || a->number != b->number || memcmp(a->hash, b->hash, CR_HASH_LEN) == 0;
}

static void snapshot_put(uint8_t *p, const struct cr_snapshot_id *s)
{
	put64(p, s->number);
	memcpy(p + 8, s->hash, CR_HASH_LEN);
}

static void snapshot_get(struct cr_snapshot_id *s, const uint8_t *p)
{
	s->number = get64(p);
	memcpy(s->hash, p + 8, CR_HASH_LEN);
}

static bool large_ok(uint16_t large)
{
	return large == CR_CELL_LARGE || large == CR_CELL_LARGE_V6MIN;
}

void cr_link_hello_put(uint8_t out[CR_LINK_HELLO_LEN], const struct cr_link_hello *h)
{
	out[0] = h->suite;
	out[1] = h->status;
	put16(out + 2, h->large);
	put32(out + 4, h->index);
	memcpy(out + 8, h->idx_key, CR_IDX_KEY_LEN);
	snapshot_put(out + 24, &h->snapshot);
}

bool cr_link_hello_get(struct cr_link_hello *h, const uint8_t *in, size_t len)
{
	if (len < CR_LINK_HELLO_LEN || !large_ok(get16(in + 2)))
		return false;
	h->suite = in[0];
	h->status = in[1];
	h->large = get16(in + 2);
	h->index = get32(in + 4);
	memcpy(h->idx_key, in + 8, CR_IDX_KEY_LEN);
	snapshot_get(&h->snapshot, in + 24);
	return true;
}

void cr_circ_hello_put(uint8_t out[CR_CIRC_HELLO_LEN], const struct cr_circ_hello *h)
{
	out[0] = h->suite;
	out[1] = h->pos;
	put16(out + 2, h->large);
	snapshot_put(out + 4, &h->snapshot);
}

bool cr_circ_hello_get(struct cr_circ_hello *h, const uint8_t *in, size_t len)
{
	if (len < CR_CIRC_HELLO_LEN || !large_ok(get16(in + 2)))
		return false;
	h->suite = in[0];
	h->pos = in[1];
	h->large = get16(in + 2);
	snapshot_get(&h->snapshot, in + 4);
	return true;
}

bool cr_create_get(struct cr_create *c, const uint8_t *in, size_t len)
{
	if (len < CR_CREATE_LEN || !get32(in))
		return false;
	c->circ = get32(in);
	c->noise = in + CR_CREATE_NOISE;
	c->noise_len = len - CR_CREATE_NOISE;
	return true;
}

bool cr_created_get(struct cr_created *c, const uint8_t *in, size_t len)
{
	if (len < CR_CREATED_LEN || !get32(in))
		return false;
	c->circ = get32(in);
	c->mine = get32(in + 4);
	c->noise = in + CR_CREATED_NOISE;
	c->noise_len = len - CR_CREATED_NOISE;
	return true;
}

bool cr_extend_get(struct cr_extend *e, const uint8_t *in, size_t len)
{
	if (len < CR_EXTEND_LEN)
		return false;
	e->relay = in;
	e->noise = in + CR_EXTEND_NOISE;
	e->noise_len = len - CR_EXTEND_NOISE;
	return true;
}

bool cr_attach_get(struct cr_attach *a, const uint8_t *in, size_t len)
{
	if (len < CR_ATTACH_LEN)
		return false;
	*a = (struct cr_attach){ .wanted = in[0] };
	if (!(in[0] & CR_ATTACH_SESSION))
		return true;
	if (len < CR_ATTACH_SESSION_LEN)
		return false;
	a->session = in + CR_ATTACH_LEN;
	a->signature = a->session + CR_SESSION_LEN;
	return true;
}

void cr_attach_signed(uint8_t out[CR_ATTACH_SIGNED_LEN], const uint8_t hash[NOISE_HASH_LEN])
{
	memcpy(out, "cr/attach/1\0\0\0\0", 16);
	memcpy(out + 16, hash, NOISE_HASH_LEN);
}

bool cr_attached_get(struct cr_attached *a, const uint8_t *in, size_t len)
{
	if (len < CR_ATTACHED_LEN)
		return false;
	memcpy(a->inner4, in, sizeof(a->inner4));
	memcpy(a->inner6, in + sizeof(a->inner4), sizeof(a->inner6));
	return true;
}

bool cr_frame_put(uint8_t *out, size_t room, uint8_t type, const void *msg, size_t len)
{
	if (room < CR_CTL_HDR_LEN || len > room - CR_CTL_HDR_LEN || len > UINT16_MAX)
		return false;
	if (len)
		memmove(out + CR_CTL_HDR_LEN, msg, len);
	out[0] = type;
	put16(out + 1, (uint16_t)len);
	memset(out + CR_CTL_HDR_LEN + len, 0, room - CR_CTL_HDR_LEN - len);
	return true;
}

bool cr_frame_get(const uint8_t *in, size_t room, uint8_t *type, const uint8_t **msg, size_t *len)
{
	size_t n;

	if (room < CR_CTL_HDR_LEN)
		return false;
	n = get16(in + 1);
	if (n > room - CR_CTL_HDR_LEN)
		return false;
	for (size_t i = CR_CTL_HDR_LEN + n; i < room; i++)
		if (in[i])
			return false;
	*type = in[0];
	*msg = in + CR_CTL_HDR_LEN;
	*len = n;
	return true;
}
