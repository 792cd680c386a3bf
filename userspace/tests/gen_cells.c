// SPDX-License-Identifier: MIT
/*
 * Writes userspace/tests/vectors/cells.json to stdout, with the reference
 * implementation. Inputs come from a fixed seed: the output never changes.
 */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ref_cells.h"

#define DATA 1
#define CONTROL 2
#define PAD 3

static uint8_t pool[1 << 16];
static size_t used;

static void take(void *dst, size_t n)
{
	if (n > sizeof(pool) - used) {
		fprintf(stderr, "gen_cells: the pool of fixed bytes is too small\n");
		exit(1);
	}
	memcpy(dst, pool + used, n);
	used += n;
}

static uint64_t take_int(unsigned int bytes)
{
	uint8_t b[8] = { 0 };
	uint64_t v = 0;

	take(b, bytes);
	while (bytes--)
		v = v << 8 | b[bytes];
	return v;
}

static json_t *hex(const void *p, size_t n)
{
	static char text[2 * REF_CELL + 1];

	return json_string(sodium_bin2hex(text, sizeof(text), p, n));
}

static json_t *dec(uint64_t v)
{
	return json_sprintf("%llu", (unsigned long long)v);
}

/* One host is one receiver: all wires towards it carry its index key. */
static json_t *wire_out(struct ref_wire *w, const uint8_t *idx)
{
	memcpy(w->idx, idx, sizeof(w->idx));
	take(w->tag, sizeof(w->tag));
	take(w->mask, sizeof(w->mask));
	w->link = (uint32_t)take_int(4);
	w->circ = (uint32_t)take_int(4);
	return json_pack("{so so so so so}", "k_idx", hex(w->idx, 16), "k_tag", hex(w->tag, 16),
			 "k_mask", hex(w->mask, 16), "link", dec(w->link), "circ", dec(w->circ));
}

static json_t *circuit(struct ref_circuit *c, const char *name, unsigned int hops)
{
	json_t *keys = json_array(), *wires = json_array();
	uint8_t idx[REF_HOPS + 1][16];
	unsigned int i;

	memset(c, 0, sizeof(*c));
	c->hops = hops;
	take(idx, sizeof(idx));
	for (i = 0; i < hops; i++) {
		json_t *f, *b;

		take(c->key_fwd[i], 32);
		take(c->key_bwd[i], 32);
		json_array_append_new(keys, json_pack("{so so}",
			"key_forward", hex(c->key_fwd[i], 32), "key_backward", hex(c->key_bwd[i], 32)));
		f = wire_out(&c->fwd[i], idx[i + 1]);
		b = wire_out(&c->bwd[i], idx[i]);
		json_array_append_new(wires, json_pack("{so so}", "forward", f, "backward", b));
	}
	return json_pack("{ss so so}", "name", name, "hops", keys, "wires", wires);
}

/* A frame; @flags are those of the second byte. */
static size_t frame(uint8_t *p, const uint8_t *data, size_t n, unsigned int flags)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8 | flags);
	memcpy(p + 2, data, n);
	return n + 2;
}

/* IPv4, UDP from 10.0.0.2 port 4660 to 192.0.2.1 port 7, payload 00 01 02 ... */
static void packet(uint8_t *p, size_t n)
{
	static const uint8_t head[28] = {
		0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 2, 192, 0, 2, 1,
		0x12, 0x34, 0, 7, 0, 0, 0, 0,
	};
	unsigned int sum = 0;
	size_t i;

	memcpy(p, head, sizeof(head));
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	p[24] = (uint8_t)((n - 20) >> 8);
	p[25] = (uint8_t)(n - 20);
	for (i = 0; i < 20; i += 2)
		sum += (unsigned int)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	p[10] = (uint8_t)(~sum >> 8);
	p[11] = (uint8_t)~sum;
	for (i = 28; i < n; i++)
		p[i] = (uint8_t)(i - 28);
}

static json_t *cell(const struct ref_circuit *c, const char *circ_name, const char *name,
		    bool fwd, struct ref_cell *x)
{
	json_t *ctrs = json_array(), *filler = json_array(), *wires = json_array();
	unsigned int i;

	for (i = 0; i < x->hop; i++) {
		json_array_append_new(ctrs, dec(x->ctr[i]));
		if (fwd ? i + 1 == x->hop : i == 0) {
			json_array_append_new(filler, json_string(""));
			continue;
		}
		take(x->filler[i], 23 * (fwd ? i + 1 : i));
		json_array_append_new(filler, hex(x->filler[i], 23 * (fwd ? i + 1 : i)));
	}
	if (fwd)
		ref_forward(c, x);
	else
		ref_backward(c, x);
	for (i = 0; i < x->hop; i++)
		json_array_append_new(wires, hex(x->wire[i], x->len));
	return json_pack("{ss ss ss si si si so so so so}", "name", name, "circuit", circ_name,
			 "direction", fwd ? "forward" : "backward", "size", (int)x->len,
			 "type", x->type, "hop", (int)x->hop, "counters", ctrs,
			 "payload", hex(x->payload, ref_payload(x->len, x->hop)),
			 "filler", filler, "wires", wires);
}

static void start(struct ref_cell *x, size_t len, uint8_t type, unsigned int hop)
{
	unsigned int i;

	memset(x, 0, sizeof(*x));
	x->len = len;
	x->type = type;
	x->hop = hop;
	for (i = 0; i < hop; i++)
		x->ctr[i] = take_int(6);
}

static json_t *cells(const struct ref_circuit *three, const struct ref_circuit *eight)
{
	static struct ref_cell x;
	static uint8_t pkt[REF_CELL];
	json_t *out = json_array();
	uint64_t ctr;
	size_t n, at;

	start(&x, 256, DATA, 3);
	packet(pkt, 60);
	at = frame(x.payload, pkt, 60, 0);
	packet(pkt, 40);
	frame(x.payload + at, pkt, 40, 0);
	json_array_append_new(out, cell(three, "three", "two packets, small", true, &x));

	start(&x, 1408, DATA, 3);
	packet(pkt, 1313);
	frame(x.payload, pkt, 1313, 0);
	json_array_append_new(out, cell(three, "three", "one full packet, large", true, &x));

	start(&x, 256, DATA, 3);
	packet(pkt, 100);
	frame(x.payload, pkt, 100, 0);
	json_array_append_new(out, cell(three, "three", "one packet, small", false, &x));

	start(&x, 1408, DATA, 3);
	packet(pkt, 1280);
	frame(x.payload, pkt, 1280, 0);
	x.ctr[0] = (1ULL << 48) - 1;
	x.ctr[1] = 0;
	json_array_append_new(out, cell(three, "three", "one packet, large, extreme counters",
					false, &x));

	/* A packet of 1280 bytes in two cells of 1232: 1137 fit the first. */
	packet(pkt, 1280);
	n = ref_payload(1232, 3) - 2;
	start(&x, 1232, DATA, 3);
	ctr = x.ctr[2];
	frame(x.payload, pkt, n, 0x40);
	json_array_append_new(out, cell(three, "three", "first half, 1232", true, &x));
	start(&x, 1232, DATA, 3);
	x.ctr[2] = ctr + 1;
	frame(x.payload, pkt + n, 1280 - n, 0x80);
	json_array_append_new(out, cell(three, "three", "last half, 1232", true, &x));

	start(&x, 256, CONTROL, 2);
	take(x.payload, 100);
	json_array_append_new(out, cell(three, "three", "control to the second relay", true, &x));

	start(&x, 256, CONTROL, 1);
	take(x.payload, 100);
	json_array_append_new(out, cell(three, "three", "control from the first relay", false, &x));

	start(&x, 256, PAD, 8);
	json_array_append_new(out, cell(eight, "eight", "padding, all positions", true, &x));

	start(&x, 256, DATA, 8);
	packet(pkt, 46);
	frame(x.payload, pkt, 46, 0);
	json_array_append_new(out, cell(eight, "eight", "full, all positions", false, &x));
	return out;
}

static json_t *controls(void)
{
	static const struct {
		const char *name;
		uint8_t type;
		size_t msg, len;
	} list[] = {
		{ "ping", 1, 16, 256 }, { "padding", 0, 0, 1408 }, { "create, full", 3, 213, 256 },
	};
	json_t *out = json_array();
	uint8_t k_ctl[32], msg[256], buf[REF_CELL], idx[16];
	struct ref_wire w;
	unsigned int i;

	for (i = 0; i < sizeof(list) / sizeof(*list); i++) {
		json_t *wire;
		uint64_t ctr;

		take(idx, sizeof(idx));
		wire = wire_out(&w, idx);
		json_object_set_new(wire, "circ", dec(0));
		take(k_ctl, sizeof(k_ctl));
		take(msg, list[i].msg);
		ctr = take_int(6);
		ref_control(&w, k_ctl, ctr, list[i].type, msg, list[i].msg, buf, list[i].len);
		json_array_append_new(out, json_pack("{ss so so so si so so}",
			"name", list[i].name, "wire", wire, "k_ctl", hex(k_ctl, 32),
			"counter", dec(ctr), "type", list[i].type, "message", hex(msg, list[i].msg),
			"cell", hex(buf, list[i].len)));
	}
	return out;
}

int main(void)
{
	static const uint8_t seed[randombytes_SEEDBYTES] = "cellrelay cell vectors";
	static struct ref_circuit three, eight;
	json_t *root, *c3, *c8, *list, *control;

	if (sodium_init() < 0)
		return 1;
	randombytes_buf_deterministic(pool, sizeof(pool), seed);
	c3 = circuit(&three, "three", 3);
	c8 = circuit(&eight, "eight", 8);
	list = cells(&three, &eight);
	control = controls();
	root = json_pack("{ss si s[oo] so so}", "about", "cells of docs/protocol.md on every wire",
			 "suite", 1, "circuits", c3, c8, "cells", list, "control", control);
	if (!root || json_dumpf(root, stdout, JSON_INDENT(1))) {
		fprintf(stderr, "gen_cells: cannot write\n");
		return 1;
	}
	putchar('\n');
	json_decref(root);
	return 0;
}
