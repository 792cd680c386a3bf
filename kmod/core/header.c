// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The cell header: unmask, check, mask. */
#include "header.h"

static __always_inline u64 hdr_tag(const u8 *cell, size_t len, const struct cr_hdr *hdr,
				   const struct cr_siphash_key *key)
{
	struct cr_sip s;

	cr_sip_begin(&s, key, false);
	cr_sip_word(&s, hdr->link | (u64)hdr->circ << 32);
	cr_sip_word(&s, hdr->ctr);
	cr_sip_word(&s, get_unaligned_le64(cell + len - 16));
	cr_sip_word(&s, get_unaligned_le64(cell + len - 8));
	return cr_sip_end(&s, 4, NULL);
}

/* circ and the low half of ctr are masked by the first word, the high half of
 * ctr by the low half of the second: twelve bytes in wire order.
 */
static __always_inline void hdr_mask(u64 tag, const struct cr_siphash_key *key, u32 *circ,
				     u64 *ctr)
{
	u64 m0, m1;

	m0 = cr_siphash_words(&tag, 1, key, &m1);
	*circ ^= (u32)m0;
	*ctr ^= m0 >> 32 | m1 << 32;
}

u32 cr_hdr_link(const u8 *cell, const struct cr_siphash_key *idx)
{
	u64 tag = get_unaligned_le64(cell + CR_OFF_TAG);

	return get_unaligned_le32(cell + CR_OFF_LINK) ^
	       (u32)cr_siphash_words(&tag, 1, idx, NULL);
}

bool cr_hdr_open(struct cr_hdr *hdr, const u8 *cell, size_t len, u32 link,
		 const struct cr_hdr_keys *keys)
{
	u64 tag = get_unaligned_le64(cell + CR_OFF_TAG);

	hdr->link = link;
	hdr->circ = get_unaligned_le32(cell + CR_OFF_CIRC);
	hdr->ctr = get_unaligned_le64(cell + CR_OFF_CTR);
	hdr_mask(tag, &keys->mask, &hdr->circ, &hdr->ctr);

	/* One comparison of whole words: no time that depends on where they differ. */
	return hdr_tag(cell, len, hdr, &keys->tag) == tag;
}

void cr_hdr_seal(u8 *cell, size_t len, const struct cr_hdr *hdr,
		 const struct cr_hdr_keys *keys,
		 const struct cr_siphash_key *peer_idx)
{
	u64 tag = hdr_tag(cell, len, hdr, &keys->tag);
	u32 circ = hdr->circ;
	u64 ctr = hdr->ctr;

	hdr_mask(tag, &keys->mask, &circ, &ctr);
	put_unaligned_le32(hdr->link ^ (u32)cr_siphash_words(&tag, 1, peer_idx, NULL),
			   cell + CR_OFF_LINK);
	put_unaligned_le64(tag, cell + CR_OFF_TAG);
	put_unaligned_le32(circ, cell + CR_OFF_CIRC);
	put_unaligned_le64(ctr, cell + CR_OFF_CTR);
}
