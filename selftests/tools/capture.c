// SPDX-License-Identifier: MIT
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCAP_MAGIC_US	0xa1b2c3d4u
#define PCAP_MAGIC_NS	0xa1b23c4du
#define DLT_ETHERNET	1
#define SNAP_MAX	(256 * 1024)

struct capture {
	FILE *f;
	uint8_t *buf;
	unsigned long others;
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t sum16(uint32_t s, const uint8_t *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		s += be16(p);
	if (n)
		s += (uint32_t)p[0] << 8;
	return s;
}

struct capture *capture_open(const char *path)
{
	struct capture *c = calloc(1, sizeof(*c));
	uint32_t head[6];

	if (!c)
		return NULL;
	c->buf = malloc(SNAP_MAX);
	c->f = fopen(path, "rb");
	if (!c->buf || !c->f) {
		perror(path);
		capture_close(c);
		return NULL;
	}
	if (fread(head, sizeof(head), 1, c->f) != 1 ||
	    (head[0] != PCAP_MAGIC_US && head[0] != PCAP_MAGIC_NS) ||
	    (head[5] & 0xffff) != DLT_ETHERNET) {
		fprintf(stderr, "%s: not a capture file in host byte order with Ethernet frames\n", path);
		capture_close(c);
		return NULL;
	}
	return c;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->f)
		fclose(c->f);
	free(c->buf);
	free(c);
}

unsigned long capture_others(const struct capture *c)
{
	return c->others;
}

/* Fill @d from the UDP header at @p with @n bytes behind the IP header. */
static bool parse_udp(struct datagram *d, const uint8_t *p, size_t n)
{
	size_t alen = d->family == 4 ? 4 : 16;
	uint32_t s;
	uint16_t ulen;

	if (n < 8)
		return false;
	ulen = be16(p + 4);
	if (ulen < 8 || ulen > n)
		return false;
	d->sport = be16(p);
	d->dport = be16(p + 2);
	d->csum = be16(p + 6);
	d->payload = p + 8;
	d->len = ulen - 8u;
	s = sum16(0, d->src, alen);
	s = sum16(s, d->dst, alen);
	s += 17u + ulen;
	s = sum16(s, p, ulen);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	d->csum_ok = s == 0xffff;
	return true;
}

static bool parse_ip(struct datagram *d, uint16_t proto, const uint8_t *p, size_t n)
{
	if (proto == 0x0800 && n >= 20 && p[0] >> 4 == 4) {
		size_t ihl = (p[0] & 15u) * 4u, tot = be16(p + 2);

		if (ihl < 20 || tot < ihl || tot > n || p[9] != 17)
			return false;
		d->family = 4;
		d->tos = p[1];
		d->id = be16(p + 4);
		d->df = p[6] & 0x40;
		d->frag = (be16(p + 6) & 0x3fff) != 0;
		d->ttl = p[8];
		d->options = ihl > 20;
		memcpy(d->src, p + 12, 4);
		memcpy(d->dst, p + 16, 4);
		return !d->frag && parse_udp(d, p + ihl, tot - ihl);
	}
	if (proto == 0x86dd && n >= 40 && p[0] >> 4 == 6) {
		size_t plen = be16(p + 4), off = 40;
		uint8_t next = p[6];

		if (40 + plen > n)
			return false;
		d->family = 6;
		d->tos = (uint8_t)(p[0] << 4 | p[1] >> 4);
		d->flow = (p[1] & 15u) << 16 | be16(p + 2);
		d->ttl = p[7];
		memcpy(d->src, p + 8, 16);
		memcpy(d->dst, p + 24, 16);
		/* hop-by-hop and destination options only: what a sender may add to UDP */
		while ((next == 0 || next == 60) && off + 8 <= 40 + plen) {
			d->options = true;
			next = p[off];
			off += (p[off + 1] + 1u) * 8u;
		}
		return next == 17 && off <= 40 + plen && parse_udp(d, p + off, 40 + plen - off);
	}
	return false;
}

int capture_next(struct capture *c, struct datagram *d)
{
	for (;;) {
		uint32_t head[4];
		uint16_t proto;
		size_t n, off = 14;

		if (fread(head, sizeof(head), 1, c->f) != 1)
			return feof(c->f) ? 0 : -1;
		n = head[2];
		if (n > SNAP_MAX || fread(c->buf, 1, n, c->f) != n)
			return -1;
		memset(d, 0, sizeof(*d));
		if (n >= 14) {
			proto = be16(c->buf + 12);
			if ((proto == 0x8100 || proto == 0x88a8) && n >= 18) {
				d->vlan = be16(c->buf + 14);
				proto = be16(c->buf + 16);
				off = 18;
			}
			if (parse_ip(d, proto, c->buf + off, n - off))
				return 1;
		}
		c->others++;
	}
}
