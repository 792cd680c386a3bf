/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Looks at inner IP packets: length and version checks, addresses, TCP MSS.
 * The bytes come from the network; nothing is trusted.
 */
#ifndef CR_CORE_INNER_H
#define CR_CORE_INNER_H

#include "env.h"

/**
 * cr_inner_check() - is this one whole IPv4 or IPv6 packet?
 * @p: packet
 * @len: bytes there; must equal the packet's own length field
 *
 * Return: 4 or 6, or 0 for anything else (bad version, header length, total length).
 */
int cr_inner_check(const u8 *p, size_t len);

/**
 * cr_inner_clamp_mss() - lower the MSS option of a TCP SYN, fixing its checksum
 * @p: whole IP packet, checked by cr_inner_check(), checksum complete
 * @len: its length
 * @mtu: largest packet that should result
 *
 * IPv6: looks behind hop-by-hop, routing and destination options. Fragments
 * other than the first are left alone.
 * Return: true when the packet was changed.
 */
bool cr_inner_clamp_mss(u8 *p, size_t len, u32 mtu);

#endif /* CR_CORE_INNER_H */
