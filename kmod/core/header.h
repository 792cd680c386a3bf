/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The masked, authenticated cell header (design: section 3.1, docs/protocol.md).
 * The tag authenticates the header, not the body; it lets junk, forgeries and
 * replays die before any cipher work.
 */
#ifndef CR_CORE_HEADER_H
#define CR_CORE_HEADER_H

#include "siphash.h"
#include "wire.h"

/** struct cr_hdr - an unmasked header
 * @link: receiver's link index
 * @circ: receiver's circuit id on that link; 0 is the link itself
 * @ctr: counter of the outermost layer; below CR_CTR_LIMIT in a cell that is not refused
 */
struct cr_hdr {
	u32 link;
	u32 circ;
	u64 ctr;
};

/** struct cr_hdr_keys - one link generation's header keys for one direction */
struct cr_hdr_keys {
	struct cr_siphash_key tag;
	struct cr_siphash_key mask;
};

/**
 * cr_hdr_link() - unmask the link index: all that junk costs
 * @cell: at least CR_HDR_LEN bytes
 * @idx: the receiver's own index key
 */
u32 cr_hdr_link(const u8 *cell, const struct cr_siphash_key *idx);

/**
 * cr_hdr_open() - unmask and authenticate a header
 * @hdr: result; valid only when true is returned
 * @cell: the cell
 * @len: its length; cr_cell_len_ok() must hold
 * @link: index as cr_hdr_link() gave it
 * @keys: receiving keys of the generation that owns @link
 *
 * The counter may have any value; cr_replay_fresh() refuses CR_CTR_LIMIT and more.
 *
 * Return: true when the tag is right.
 */
bool cr_hdr_open(struct cr_hdr *hdr, const u8 *cell, size_t len, u32 link,
		 const struct cr_hdr_keys *keys);

/**
 * cr_hdr_seal() - write the header of a cell whose body is complete
 * @cell: the cell; its last 16 bytes enter the tag
 * @len: its length
 * @hdr: what to write; @hdr->link is the peer's index
 * @keys: sending keys
 * @peer_idx: the peer's index key
 */
void cr_hdr_seal(u8 *cell, size_t len, const struct cr_hdr *hdr,
		 const struct cr_hdr_keys *keys,
		 const struct cr_siphash_key *peer_idx);

#endif /* CR_CORE_HEADER_H */
