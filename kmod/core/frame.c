// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Frames of IP packets inside a DATA plaintext. */
#include "frame.h"

int cr_frame_next(const u8 *plain, size_t len, size_t *off, struct cr_frame *f)
{
	size_t at = *off;
	size_t left, n;
	u16 head;

	if (at >= len || len - at < CR_FRAME_HDR)
		return 0;
	head = get_unaligned_le16(plain + at);
	if (!head)
		return 0;
	left = len - at - CR_FRAME_HDR;
	n = head & CR_FRAME_LEN_MASK;
	f->flags = head & (CR_FRAME_FIRST | CR_FRAME_LAST);
	if (!n || n > left ||
	    head & ~(CR_FRAME_LEN_MASK | CR_FRAME_FIRST | CR_FRAME_LAST) ||
	    f->flags == (CR_FRAME_FIRST | CR_FRAME_LAST))
		return -EBADMSG;
	if (f->flags == CR_FRAME_LAST && at)
		return -EBADMSG;
	f->data = plain + at + CR_FRAME_HDR;
	f->len = (u16)n;
	left -= n;
	if (f->flags == CR_FRAME_FIRST && left >= CR_FRAME_HDR &&
	    get_unaligned_le16(f->data + n))
		return -EBADMSG;
	*off = at + CR_FRAME_HDR + n;
	return 1;
}

u8 *cr_frame_put(u8 *plain, size_t len, size_t *off, const u8 *data, size_t n, u16 flags)
{
	u8 *p = plain + *off;

	if (!n || n > CR_FRAME_LEN_MASK || *off > len ||
	    len - *off < CR_FRAME_HDR + n)
		return NULL;
	if (flags && flags != CR_FRAME_FIRST && (flags != CR_FRAME_LAST || *off))
		return NULL;
	put_unaligned_le16((u16)n | flags, p);
	p += CR_FRAME_HDR;
	if (data)
		memcpy(p, data, n);
	*off += CR_FRAME_HDR + n;
	return p;
}

void cr_frame_end(u8 *plain, size_t len, size_t off)
{
	if (off < len)
		memset(plain + off, 0, len - off);
}

u32 cr_mtu(u32 large, unsigned int hops)
{
	u32 mtu = cr_frame_capacity(large, hops);

	return mtu < CR_MTU_MIN ? CR_MTU_MIN : mtu;
}
