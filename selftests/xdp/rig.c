// SPDX-License-Identifier: MIT
#include "rig.h"

#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/if.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

void rig_random(void *buf, size_t len)
{
	randombytes_buf(buf, len);
}

static bool hex(u8 *out, size_t len, const char *text)
{
	size_t got;
	const char *end;

	return !sodium_hex2bin(out, len, text, strlen(text), NULL, &got, &end) && got == len;
}

static void load_idx(struct cr_siphash_key *key, const char *dir, const char *name)
{
	char path[4096], line[64] = "";
	u8 k[16];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		err(2, "%s", path);
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	if (!hex(k, sizeof(k), line))
		errx(2, "%s holds no index key", path);
	cr_siphash_key_load(key, k);
}

static void take_link(struct rig_link *l, const char *name, const char *value)
{
	static const char *const names[] = { "rx-tag", "rx-mask", "tx-tag", "tx-mask" };
	struct cr_siphash_key *keys[] = { &l->rx.tag, &l->rx.mask, &l->tx.tag, &l->tx.mask };
	u8 k[16];

	if (!strcmp(name, "rx-index"))
		l->rx_index = (u32)strtoul(value, NULL, 10);
	else if (!strcmp(name, "tx-index"))
		l->tx_index = (u32)strtoul(value, NULL, 10);
	else if (!strcmp(name, "rx-ctl") && !hex(l->rx_ctl, CR_KEY_LEN, value))
		errx(2, "bad key %s", name);
	for (unsigned int i = 0; i < 4; i++) {
		if (strcmp(name, names[i]))
			continue;
		if (!hex(k, sizeof(k), value))
			errx(2, "bad key %s", name);
		cr_siphash_key_load(keys[i], k);
	}
}

static struct rig_circ *circ_of(struct rig *r, u32 id)
{
	for (unsigned int i = r->circs; i-- > 0;)
		if (r->circ[i].id == id)
			return &r->circ[i];
	return NULL;
}

static void load_batch(struct rig *r, const char *path, unsigned int node)
{
	char line[512];
	FILE *f = fopen(path, "re");

	if (!f)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		struct rig_circ c = { .id = 0 };
		char suite[16];
		unsigned int pos;

		if (sscanf(line, "circuit add id %u role relay keys %*s pos %u suite %15s large %*u prev-link %*u prev-rx %u prev-tx %u next-link %*u next-rx %u next-tx %u",
			   &c.id, &pos, suite, &c.prev_rx, &c.prev_tx, &c.next_rx, &c.next_tx) != 7)
			continue;
		c.aesgcm = !strcmp(suite, "aesgcm");
		if (!(r->circs & (r->circs - 1))) {
			r->circ = reallocarray(r->circ, r->circs ? 2 * r->circs : 1, sizeof(c));
			if (!r->circ)
				err(2, "circuits");
		}
		r->circ[r->circs++] = c;
		r->pos = pos;
	}
	fclose(f);
	if (!r->circs || r->pos != node)
		errx(2, "%s: no circuit of a middle relay", path);
}

static void take_key(const struct rig_circ *c, struct cr_cipher *to, const u8 *key)
{
	if (!c->aesgcm) {
		cr_cipher_chacha(to, key);
		return;
	}
	to->aes = aligned_alloc(_Alignof(struct cr_aes_key), sizeof(struct cr_aes_key));
	if (!to->aes || !cr_aes_prepare(to->aes, key))
		errx(2, "suite 2: no memory, or this processor has no instructions for it");
}

static void load_keys(struct rig *r, const char *path, unsigned int node)
{
	char line[256], name[32], value[160];
	struct rig_circ *c = NULL;
	struct rig_link *l = NULL;
	u8 k[CR_KEY_LEN];
	unsigned int id;
	FILE *f = fopen(path, "re");

	if (!f)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "[link %u gen 0]", &id) == 1) {
			l = id == node ? &r->prev : &r->next;
			c = NULL;
		} else if (sscanf(line, "[circuit %u]", &id) == 1) {
			c = circ_of(r, id);
			l = NULL;
		} else if (sscanf(line, "%31[a-z-] = %159s", name, value) == 2) {
			if (l)
				take_link(l, name, value);
			else if (c && !hex(k, CR_KEY_LEN, value))
				errx(2, "%s: bad key %s", path, name);
			else if (c)
				take_key(c, !strcmp(name, "fwd") ? &c->fwd : &c->bwd, k);
		}
	}
	fclose(f);
	if (!r->prev.rx_index || !r->next.rx_index)
		errx(2, "%s: keys of a link are missing", path);
}

/* DEV,ADDRESS,PEER,MAC */
static void load_place(struct rig_link *l, const char *text)
{
	char dev[IFNAMSIZ], addr[64], peer[64];
	struct ifreq ifr;
	int fd, af;

	memset(&ifr, 0, sizeof(ifr));
	if (sscanf(text, "%15[^,],%63[^,],%63[^,],%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", dev, addr, peer, &l->peer_mac[0],
		   &l->peer_mac[1], &l->peer_mac[2], &l->peer_mac[3], &l->peer_mac[4], &l->peer_mac[5]) != 9)
		errx(2, "\"%s\" is not DEV,ADDRESS,PEER,MAC", text);
	l->family = strchr(addr, ':') ? 6 : 4;
	af = l->family == 6 ? AF_INET6 : AF_INET;
	l->ifindex = if_nametoindex(dev);
	if (!l->ifindex || inet_pton(af, addr, l->addr) != 1 || inet_pton(af, peer, l->peer) != 1)
		errx(2, "\"%s\": no such device, or not an address", text);
	memcpy(ifr.ifr_name, dev, sizeof(dev));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
		err(2, "address of %s", dev);
	close(fd);
	memcpy(l->mac, ifr.ifr_hwaddr.sa_data, 6);
}

void rig_load(struct rig *r, const char *dir, unsigned int node, const char *idx, const char *prev,
	      const char *next)
{
	char path[4096], name[32];

	if (sodium_init() < 0)
		errx(2, "libsodium does not start");
	memset(r, 0, sizeof(*r));
	snprintf(path, sizeof(path), "%s/node%u.batch", dir, node);
	load_batch(r, path, node);
	snprintf(path, sizeof(path), "%s/node%u.keys.used", dir, node);
	load_keys(r, path, node);
	load_idx(&r->idx, dir, idx);
	snprintf(name, sizeof(name), "node%u.idx", node - 1);
	load_idx(&r->prev.peer_idx, dir, name);
	snprintf(name, sizeof(name), "node%u.idx", node + 1);
	load_idx(&r->next.peer_idx, dir, name);
	load_place(&r->prev, prev);
	load_place(&r->next, next);
}

/* ---------------------------------------------------------------- cells in */

static void seal_header(const struct rig *r, const struct rig_link *l, u8 *cell, size_t len, u32 circ,
			u64 ctr)
{
	struct cr_hdr hdr = { .link = l->rx_index, .circ = circ, .ctr = ctr };

	cr_hdr_seal(cell, len, &hdr, &l->rx, &r->idx);
}

void rig_forward(const struct rig *r, const struct rig_circ *c, u8 *cell, size_t len, u64 ctr,
		 u64 inner_ctr, u8 type)
{
	struct cr_trailer tr = { .ctr = inner_ctr, .type = type };

	rig_random(cell, len);
	cr_layer_seal(cell + CR_HDR_LEN, len - CR_HDR_LEN, r->pos, &c->fwd, ctr, &tr);
	seal_header(r, &r->prev, cell, len, c->prev_rx, ctr);
}

void rig_backward(const struct rig *r, const struct rig_circ *c, u8 *cell, size_t len, u64 ctr)
{
	rig_random(cell, len);
	seal_header(r, &r->next, cell, len, c->next_rx, ctr);
}

void rig_control(const struct rig *r, u8 *cell, size_t len, u64 ctr, u8 type)
{
	cr_ctl_build(cell + CR_HDR_LEN, len - CR_HDR_LEN - CR_CTL_OVERHEAD, type, NULL, 0);
	cr_ctl_seal(cell + CR_HDR_LEN, len - CR_HDR_LEN, r->prev.rx_ctl, ctr);
	seal_header(r, &r->prev, cell, len, 0, ctr);
}

/* --------------------------------------------------------------- cells out */

static const char *open_header(const struct rig_link *l, const u8 *out, size_t len, u32 circ,
			       struct cr_hdr *hdr)
{
	u32 link = cr_hdr_link(out, &l->peer_idx);

	if (link != l->tx_index)
		return "another link index";
	if (!cr_hdr_open(hdr, out, len, link, &l->tx))
		return "a header that the next hop cannot open";
	return hdr->circ == circ ? NULL : "another circuit id";
}

const char *rig_check_forward(const struct rig *r, const struct rig_circ *c, const u8 *in, size_t len,
			      u64 ctr, u64 inner_ctr, const u8 *out, const u8 **fresh, size_t *fresh_len)
{
	size_t body_len = len - CR_HDR_LEN, plain = cr_payload_len(body_len, r->pos);
	u8 body[CR_CELL_LARGE];
	struct cr_trailer tr;
	struct cr_hdr hdr;
	const char *wrong = open_header(&r->next, out, len, c->next_tx, &hdr);

	if (wrong)
		return wrong;
	if (hdr.ctr != inner_ctr)
		return "another counter than the trailer's";
	memcpy(body, in + CR_HDR_LEN, body_len);
	if (!cr_layer_open(body, body_len, r->pos, &c->fwd, ctr, &tr))
		return "(the test's own cell does not open)";
	if (memcmp(out + CR_HDR_LEN, body, plain))
		return "another inner layer";
	*fresh = out + CR_HDR_LEN + plain;
	*fresh_len = body_len - plain;
	if (!memcmp(*fresh, body + plain, *fresh_len) || !memcmp(*fresh, in + CR_HDR_LEN + plain, *fresh_len))
		return "old bytes where filler belongs";
	return NULL;
}

const char *rig_check_backward(const struct rig *r, const struct rig_circ *c, const u8 *in, size_t len,
			       u64 ctr, u64 *own_ctr, const u8 *out, const u8 **fresh, size_t *fresh_len)
{
	size_t body_len = len - CR_HDR_LEN, layer = cr_layer_len(body_len, r->pos);
	u8 body[CR_CELL_LARGE];
	struct cr_trailer tr;
	struct cr_hdr hdr;
	const char *wrong = open_header(&r->prev, out, len, c->prev_tx, &hdr);

	if (wrong)
		return wrong;
	memcpy(body, out + CR_HDR_LEN, body_len);
	if (!cr_layer_open(body, body_len, r->pos, &c->bwd, hdr.ctr, &tr))
		return "a layer that the client cannot open";
	if (tr.type != CR_CELL_RELAY || tr.ctr != ctr)
		return "another trailer";
	if (memcmp(body, in + CR_HDR_LEN, cr_payload_len(body_len, r->pos)))
		return "another inner layer";
	*own_ctr = hdr.ctr;
	*fresh = out + CR_HDR_LEN + layer;
	*fresh_len = body_len - layer;
	if (*fresh_len && !memcmp(*fresh, in + CR_HDR_LEN + layer, *fresh_len))
		return "old bytes where filler belongs";
	return NULL;
}

/* ------------------------------------------------------------------ frames */

static u32 sum16(const void *data, size_t len, u32 sum)
{
	const u8 *p = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (u32)p[i] << 8 | p[i + 1];
	return len & 1 ? sum + ((u32)p[len - 1] << 8) : sum;
}

static u16 folded(u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

void rig_checksums(u8 *frame, size_t l3, size_t frame_len)
{
	bool v6 = frame[l3] >> 4 == 6;
	size_t l4 = l3 + (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)), n = frame_len - l4;
	u8 *udp = frame + l4;
	u32 sum;
	u16 c;

	if (!v6) {
		memset(frame + l3 + 10, 0, 2);
		c = htons(folded(sum16(frame + l3, sizeof(struct iphdr), 0)));
		memcpy(frame + l3 + 10, &c, 2);
	}
	memset(udp + 6, 0, 2);
	sum = v6 ? sum16(frame + l3 + 8, 32, 0) : sum16(frame + l3 + 12, 8, 0);
	sum = sum16(udp, n, sum + (u32)n + IPPROTO_UDP);
	c = folded(sum);
	c = htons(c ? c : 0xffff);
	memcpy(udp + 6, &c, 2);
}

size_t rig_frame(const struct rig_link *l, bool out, const struct rig_outer *outer, const u8 *cell,
		 size_t len, u8 *frame, size_t *off)
{
	const u8 *src = out ? l->addr : l->peer, *dst = out ? l->peer : l->addr;
	struct udphdr udp = { .source = htons(RIG_PORT), .dest = htons(RIG_PORT),
			      .len = htons((u16)(sizeof(udp) + len)) };
	u16 proto = htons(l->family == 6 ? ETH_P_IPV6 : ETH_P_IP), tag[2] = { htons(ETH_P_8021Q), htons(outer->vlan) };
	size_t l3, at = 12;

	memcpy(frame, out ? l->peer_mac : l->mac, 6);
	memcpy(frame + 6, out ? l->mac : l->peer_mac, 6);
	if (outer->vlan) {
		memcpy(frame + at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	memcpy(frame + at, &proto, 2);
	l3 = at + 2;
	if (l->family == 6) {
		u8 *ip = frame + l3;
		u32 first = htonl(6u << 28 | (u32)outer->tos << 20 | (outer->id & 0xfffff));
		u16 n = htons((u16)(sizeof(udp) + len));

		memcpy(ip, &first, 4);
		memcpy(ip + 4, &n, 2);
		ip[6] = IPPROTO_UDP;
		ip[7] = outer->ttl;
		memcpy(ip + 8, src, 16);
		memcpy(ip + 24, dst, 16);
		at = l3 + sizeof(struct ipv6hdr);
	} else {
		struct iphdr ip = { .version = 4, .ihl = 5, .tos = outer->tos, .id = htons((u16)outer->id),
				    .frag_off = htons(0x4000), .ttl = outer->ttl, .protocol = IPPROTO_UDP,
				    .tot_len = htons((u16)(sizeof(ip) + sizeof(udp) + len)) };

		memcpy(&ip.saddr, src, 4);
		memcpy(&ip.daddr, dst, 4);
		memcpy(frame + l3, &ip, sizeof(ip));
		at = l3 + sizeof(ip);
	}
	memcpy(frame + at, &udp, sizeof(udp));
	*off = at + sizeof(udp);
	memcpy(frame + *off, cell, len);
	rig_checksums(frame, l3, *off + len);
	return *off + len;
}
