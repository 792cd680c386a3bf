// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Onion layers and link control bodies. */
#include "aead.h"
#include "layer.h"

bool cr_layer_open(u8 *body, size_t body_len, unsigned int pos, const struct cr_cipher *c,
		   u64 ctr, struct cr_trailer *tr)
{
	const u8 *p = body + cr_payload_len(body_len, pos);
	size_t n = cr_layer_len(body_len, pos);

	if (!cr_cipher_open(c, body, n, body_len - n, ctr))
		return false;
	tr->ctr = get_unaligned_le32(p) | (u64)get_unaligned_le16(p + 4) << 32;
	tr->type = p[6];
	return true;
}

void cr_layer_seal(u8 *body, size_t body_len, unsigned int pos, const struct cr_cipher *c,
		   u64 ctr, const struct cr_trailer *tr)
{
	size_t n = cr_payload_len(body_len, pos);
	u8 *p = body + n;

	put_unaligned_le32((u32)tr->ctr, p);
	put_unaligned_le16((u16)(tr->ctr >> 32), p + 4);
	p[6] = tr->type;
	cr_cipher_seal(c, body, n + CR_TRAILER_LEN, body_len - n - CR_LAYER_OVERHEAD, ctr);
}

bool cr_ctl_open(u8 *body, size_t body_len, const u8 *key, u64 ctr)
{
	return cr_aead_open(body, body_len, 0, key, ctr);
}

void cr_ctl_seal(u8 *body, size_t body_len, const u8 *key, u64 ctr)
{
	cr_aead_seal(body, body_len - CR_CTL_OVERHEAD, 0, key, ctr);
}

bool cr_ctl_parse(const u8 *plain, size_t len, u8 *type, u16 *msg_len)
{
	size_t n, i;

	if (len < CR_CTL_HDR_LEN || plain[0] > CR_CTL_TYPE_MAX)
		return false;
	n = get_unaligned_le16(plain + 1);
	if (n > len - CR_CTL_HDR_LEN)
		return false;
	for (i = CR_CTL_HDR_LEN + n; i < len; i++)
		if (plain[i])
			return false;
	*type = plain[0];
	*msg_len = (u16)n;
	return true;
}

bool cr_ctl_build(u8 *plain, size_t len, u8 type, const void *msg, size_t msg_len)
{
	if (type > CR_CTL_TYPE_MAX || len < CR_CTL_HDR_LEN ||
	    msg_len > len - CR_CTL_HDR_LEN || msg_len > 0xffff)
		return false;
	plain[0] = type;
	put_unaligned_le16((u16)msg_len, plain + 1);
	if (msg_len)
		memcpy(plain + CR_CTL_HDR_LEN, msg, msg_len);
	memset(plain + CR_CTL_HDR_LEN + msg_len, 0, len - CR_CTL_HDR_LEN - msg_len);
	return true;
}
