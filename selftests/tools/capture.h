/* SPDX-License-Identifier: MIT */
/*
 * Reads UDP datagrams out of a capture file (classic pcap, Ethernet link
 * type, optional VLAN tags, IPv4 and IPv6 without extension headers but with
 * IPv4 options), with what the outer header said.
 * Format: the libpcap file format, draft-ietf-opsawg-pcap.
 */
#ifndef SELFTESTS_CAPTURE_H
#define SELFTESTS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct datagram - one captured UDP datagram; pointers end with the next read
 * @payload: UDP payload
 * @len: its length
 * @family: 4 or 6
 * @ttl: TTL or hop limit
 * @tos: TOS or traffic class byte, DSCP and ECN
 * @id: IPv4 identification
 * @df: IPv4 don't-fragment
 * @frag: IPv4 fragment (any)
 * @options: IPv4 options or IPv6 extension headers present
 * @flow: IPv6 flow label
 * @vlan: VLAN tag control, 0: untagged
 * @sport: source port
 * @dport: destination port
 * @src: source address, 4 or 16 bytes
 * @dst: destination address
 * @csum: UDP checksum field
 * @csum_ok: checksum is right
 */
struct datagram {
	const uint8_t *payload;
	size_t len;
	int family;
	uint8_t ttl, tos;
	uint16_t id;
	bool df, frag, options;
	uint32_t flow;
	uint16_t vlan;
	uint16_t sport, dport;
	uint8_t src[16], dst[16];
	uint16_t csum;
	bool csum_ok;
};

struct capture;

/** capture_open() - NULL with a message on stderr when @path is no capture */
struct capture *capture_open(const char *path);
/** capture_next() - 1: a datagram; 0: end; -1: damaged file. Other packets are counted and skipped. */
int capture_next(struct capture *c, struct datagram *d);
/** capture_others() - packets seen so far that were not UDP over IP: ARP, ND, TCP, … */
unsigned long capture_others(const struct capture *c);
void capture_close(struct capture *c);

#endif
