// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Inner IP packets: whole or not, and the MSS of TCP SYNs. */
#include "inner.h"

#define IP4_HDR		20u
#define IP6_HDR		40u
#define TCP_HDR		20u
#define PROTO_HOPOPTS	0
#define PROTO_TCP	6
#define PROTO_ROUTING	43
#define PROTO_FRAGMENT	44
#define PROTO_DSTOPTS	60
#define TCP_SYN		0x02
#define TCPOPT_EOL	0
#define TCPOPT_NOP	1
#define TCPOPT_MSS	2
#define TCPOLEN_MSS	4
#define IP6_EXT_MAX	8	/* more extension headers than any honest SYN has */

static u16 be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

int cr_inner_check(const u8 *p, size_t len)
{
	size_t ihl;

	if (len < IP4_HDR)
		return 0;
	switch (p[0] >> 4) {
	case 4:
		ihl = (p[0] & 15) * 4;
		if (ihl < IP4_HDR || ihl > len || be16(p + 2) != len)
			return 0;
		return 4;
	case 6:
		if (len < IP6_HDR || be16(p + 4) + IP6_HDR != len)
			return 0;
		return 6;
	}
	return 0;
}

/* Offset of the TCP header, or 0. */
static size_t find_tcp(const u8 *p, size_t len, int ver)
{
	size_t at = IP6_HDR;
	u8 next = p[6];
	int i;

	if (ver == 4) {
		if (p[9] != PROTO_TCP || be16(p + 6) & 0x1fff)
			return 0;
		return (p[0] & 15) * 4;
	}
	for (i = 0; next != PROTO_TCP; i++) {
		if (i == IP6_EXT_MAX || len - at < 8)
			return 0;
		switch (next) {
		case PROTO_HOPOPTS:
		case PROTO_ROUTING:
		case PROTO_DSTOPTS:
			next = p[at];
			at += 8 + p[at + 1] * 8;
			break;
		case PROTO_FRAGMENT:
			if (be16(p + at + 2) & 0xfff8)
				return 0;
			next = p[at];
			at += 8;
			break;
		default:
			return 0;
		}
		if (at > len)
			return 0;
	}
	return at;
}

/* Replace the 16 bits at @p and update the checksum at @csum (RFC 1624,
 * equation 3). At an odd offset the bytes stand swapped in the sum.
 */
static void replace16(u8 *p, u8 *csum, u16 val, bool odd)
{
	u16 old = be16(p), new = val;
	u32 sum;

	p[0] = (u8)(val >> 8);
	p[1] = (u8)val;
	if (odd) {
		old = (u16)(old << 8 | old >> 8);
		new = (u16)(new << 8 | new >> 8);
	}
	sum = (u16)~be16(csum);
	sum += (u16)~old;
	sum += new;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	csum[0] = (u8)~(sum >> 8);
	csum[1] = (u8)~sum;
}

bool cr_inner_clamp_mss(u8 *p, size_t len, u32 mtu)
{
	int ver = cr_inner_check(p, len);
	size_t at, opt, end;
	bool changed = false;
	u32 max;

	if (!ver)
		return false;
	max = (ver == 4 ? IP4_HDR : IP6_HDR) + TCP_HDR;
	if (mtu <= max)
		return false;
	max = mtu - max;
	at = find_tcp(p, len, ver);
	if (!at || len - at < TCP_HDR || !(p[at + 13] & TCP_SYN))
		return false;
	end = at + (p[at + 12] >> 4) * 4;
	if (end > len)
		return false;
	for (opt = at + TCP_HDR; opt < end; ) {
		u8 kind = p[opt];
		u8 n;

		if (kind == TCPOPT_EOL)
			break;
		if (kind == TCPOPT_NOP) {
			opt++;
			continue;
		}
		if (end - opt < 2)
			break;
		n = p[opt + 1];
		if (n < 2 || n > end - opt)
			break;
		if (kind == TCPOPT_MSS && n == TCPOLEN_MSS && be16(p + opt + 2) > max) {
			replace16(p + opt + 2, p + at + 16, (u16)max, (opt - at) & 1);
			changed = true;
		}
		opt += n;
	}
	return changed;
}
