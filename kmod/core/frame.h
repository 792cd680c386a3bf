/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DATA plaintext: a list of frames {LE16 head, bytes}. Head: bits 0-10 length,
 * bit 14 CR_FRAME_FIRST (first half of a split packet, the rest is the first
 * frame of the cell with the next counter), bit 15 CR_FRAME_LAST (that rest).
 * Bits 11-13 are zero. A zero head, or fewer than two bytes left, ends the list.
 *
 * A FIRST frame is the last of its cell; a LAST frame is the first of its cell.
 */
#ifndef CR_CORE_FRAME_H
#define CR_CORE_FRAME_H

#include "wire.h"

#define CR_FRAME_HDR		2u
#define CR_FRAME_LEN_MASK	0x07ffu
#define CR_FRAME_FIRST		0x4000u
#define CR_FRAME_LAST		0x8000u
#define CR_MTU_MIN		1280u

/** struct cr_frame - one frame inside a plaintext
 * @data: points into the plaintext
 * @len: 1..2047
 * @flags: 0, CR_FRAME_FIRST or CR_FRAME_LAST
 */
struct cr_frame {
	const u8 *data;
	u16 len;
	u16 flags;
};

/**
 * cr_frame_next() - take the next frame
 * @plain: plaintext
 * @len: its length
 * @off: cursor, 0 at first; advanced
 * @f: the frame
 *
 * Return: 1 a frame, 0 end of list, -EBADMSG malformed (the sender broke the
 * protocol: the circuit ends).
 */
int cr_frame_next(const u8 *plain, size_t len, size_t *off, struct cr_frame *f);

/**
 * cr_frame_put() - append a frame
 * @plain: plaintext under construction
 * @len: its capacity
 * @off: bytes used; advanced
 * @data: bytes, or NULL to leave room that the caller fills
 * @n: 1..2047
 * @flags: as in struct cr_frame
 *
 * Return: where the bytes of the frame stand, or NULL when it does not fit.
 */
u8 *cr_frame_put(u8 *plain, size_t len, size_t *off, const u8 *data, size_t n, u16 flags);

/** cr_frame_end() - terminate the list and zero the rest of the plaintext */
void cr_frame_end(u8 *plain, size_t len, size_t off);

/**
 * cr_mtu() - the device MTU for a hop count
 * @large: CR_CELL_LARGE or CR_CELL_LARGE_V6MIN
 * @hops: 1..CR_HOPS_MAX
 *
 * What fits one large cell, but at least CR_MTU_MIN.
 */
u32 cr_mtu(u32 large, unsigned int hops);

/**
 * cr_frame_capacity() - largest packet that fits one cell unsplit
 * @cell: cell length
 * @hops: position of the exit
 */
static inline u32 cr_frame_capacity(u32 cell, unsigned int hops)
{
	return (u32)cr_payload_len(cell - CR_HDR_LEN, hops) - CR_FRAME_HDR;
}

#endif /* CR_CORE_FRAME_H */
